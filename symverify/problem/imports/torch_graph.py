"""PyTorch's modules as torch.fx traces them: operations with their kind, their settings, and numbers exactly."""

from collections.abc import Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np

from symverify.text import plain

from .chain import Node
from .common import NotImportable, quoted

Settings = Mapping[str, Any]


def traced(module: Any) -> tuple[Any, dict[str, Any]]:
    """The graph of a module's operations, and its modules by their names there. Raises NotImportable."""
    try:
        fx, nn = import_module("torch.fx"), import_module("torch.nn")
    except ImportError:
        raise NotImportable("PyTorch is not installed", "run: pip install torch") from None
    if not isinstance(module, nn.Module):
        kind = plain(type(module).__name__, 40)
        raise NotImportable(f"expected an nn.Module, got {kind}", "give the module itself, such as an nn.Sequential")
    if isinstance(module, nn.Linear) or not list(module.children()):
        module = nn.Sequential(module)
    try:
        found = fx.symbolic_trace(module)
    except Exception as error:  # whatever tracing a stranger's forward raises
        raise NotImportable(
            f"torch.fx cannot trace the module: {plain(error, 200)}",
            "write its forward without conditions on values, or copy its layers into an nn.Sequential",
        ) from None
    return found.graph, dict(found.named_modules())


def operation(node: Any, modules: Mapping[str, Any]) -> tuple[str, str, Settings]:
    """Where an operation is, in words, its kind, and what it is set to."""
    if node.op == "call_module":
        layer = modules[str(node.target)]
        kind = type(layer).__name__
        return f"{kind} {quoted(node.target)}", kind, {"module": layer}
    kind = str(getattr(node.target, "__name__", node.target))
    home = str(getattr(node.target, "__module__", None) or "torch").partition(".")[0]
    if node.op == "call_function" and home not in ("torch", "_operator", "builtins"):
        kind = f"{home}.{kind}"
    given = {f"{index}": value for index, value in enumerate(node.args[1:], 1)} | dict(node.kwargs)
    return f"{kind} (operation {quoted(node.name)})", FUNCTIONS.get(kind, kind), given


def setting(settings: Settings, name: str, place: int, default: Any) -> Any:
    """What a layer or function is set to, by the attribute or argument of that name."""
    if "module" in settings:
        return getattr(settings["module"], name, default)
    return settings.get(name, settings.get(str(place), default))


def number(settings: Settings, name: str, place: int, default: float, where: str) -> Fraction:
    """A setting that is a number, exactly. Raises NotImportable."""
    value = setting(settings, name, place, default)
    if type(value) not in (int, float) or not np.isfinite(value):
        raise NotImportable(f"{where}: its {name} is {plain(value, 40)}, not a finite number", "set it to a number")
    return Fraction(value)


def array(value: Any) -> Any:
    """A tensor as an array of float64 or what it is, exactly."""
    value = value.detach().cpu()
    return value.double().numpy() if value.is_floating_point() else value.numpy()


def stand_in(where: str, kind: str = "") -> Node:
    """A stand-in, for messages that name the place."""
    what, _, name = where.partition(" ")
    return Node(kind or what, name.strip("'()"), [None], [""], 0, {})


FUNCTIONS = {
    "relu_": "relu", "hardtanh_": "hardtanh", "leaky_relu_": "leaky_relu", "clip": "clamp", "absolute": "abs",
    "linear": "Linear",
}  # fmt: skip
