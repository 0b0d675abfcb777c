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
    modes = [(each, each.training) for each in module.modules()]
    try:
        module.eval()  # what its forward does only in training is not traced
        found = fx.symbolic_trace(module)
    except Exception as error:  # whatever tracing a stranger's forward raises
        raise NotImportable(
            f"torch.fx cannot trace the module: {plain(error, 200)}",
            "write its forward without conditions on values, or copy its layers into an nn.Sequential",
        ) from None
    finally:
        for each, mode in modes:
            each.training = mode
    modules = dict(found.named_modules())
    for name, layer in module.named_modules():
        if layer._forward_hooks or layer._forward_pre_hooks:
            raise NotImportable(
                f"{type(layer).__name__} {quoted(name)} has hooks, which may change its values or weights",
                "remove them, as with torch.nn.utils.remove_weight_norm",
            )
    _check_overwritten(found.graph, modules)
    return found.graph, modules


def _check_overwritten(graph: Any, modules: Mapping[str, Any]) -> None:
    """Nothing reads what an operation in place has overwritten, but the operation's own result. Raises NotImportable.

    Views share the memory of what they are made of.
    """
    memory, lost = dict[Any, Any](), dict[Any, str]()
    for node in graph.nodes:
        for each in node.all_input_nodes:
            if each in lost:
                raise NotImportable(
                    f"{lost[each]} overwrites {quoted(each.name)}, which {quoted(node.name)} reads afterwards",
                    "set inplace=False, or write it without an operation in place",
                )
        memory[node] = node
        if node.op not in ("call_module", "call_function", "call_method") or not node.all_input_nodes:
            continue
        where, kind, settings = operation(node, modules)
        source = memory[node.all_input_nodes[0]]
        if _in_place(node, settings):
            lost |= {each: where for each, place in memory.items() if place is source and each is not node}
            memory[node] = source
        elif kind in VIEWS:
            memory[node] = source


def _in_place(node: Any, settings: Settings) -> bool:
    """Whether an operation writes its result where what it reads first was."""
    if "module" in settings:
        return bool(getattr(settings["module"], "inplace", False))
    called = str(getattr(node.target, "__name__", node.target))
    written = called.endswith("_") or called in ("iadd", "isub", "imul")
    return written or (called in INPLACE and any(each is True for each in settings.values()))


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


VIEWS = frozenset(  # share memory with what they are made of, at least where nothing is to be done
    ("Dropout", "dropout", "Flatten", "flatten", "Identity", "Unflatten", "contiguous", "double", "expand", "float",
     "getitem", "permute", "reshape", "squeeze", "transpose", "unflatten", "unsqueeze", "view")
)  # fmt: skip
INPLACE = ("dropout", "hardsigmoid", "hardtanh", "leaky_relu", "relu", "relu6", "threshold")  # by an argument True
FUNCTIONS = {
    "relu_": "relu", "hardtanh_": "hardtanh", "leaky_relu_": "leaky_relu", "clip": "clamp", "absolute": "abs",
    "linear": "Linear",
}  # fmt: skip
