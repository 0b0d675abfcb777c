"""Networks from PyTorch modules: what torch.fx traces to a chain of linear layers and piecewise linear activations."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np

from symverify.problem.load import LoadedProblem
from symverify.text import plain

from .chain import OPERATORS, Chain, Node
from .common import Model, NotImportable, quoted, spelled
from .model import of_model

_SUPPORTED = (
    "Linear, ReLU, LeakyReLU, PReLU, Hardtanh, ReLU6, Hardsigmoid, abs, clamp, Identity, Flatten, Dropout; "
    "at the end Sigmoid, Softmax, LogSoftmax"
)
_CHAIN = "only chains of nn.Linear layers and activations, without branches, can be read"


def from_torch(
    module: Any, X: Any, y: Any, *, loss: Any = None, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of a PyTorch module on data; its parameters, each float exactly, are the point.

    `module` is an nn.Sequential, or any module that torch.fx traces to a chain of supported layers: Linear, ReLU,
    LeakyReLU, PReLU of one slope, Hardtanh, ReLU6, Hardsigmoid, abs, clamp, Identity, Flatten, Dropout (nothing, as in
    evaluation). `X` and `y` are tensors or as for `problem`. `loss` is a loss object (nn.MSELoss(), …), whose mean over
    samples and outputs is kept, or a name as in network files, whose mean is over the samples of the sum over outputs;
    without one it is squared, or the one that a final Softmax or Sigmoid means. `weight_decay` μ is that of
    torch.optim.SGD: ½ μ times the sum of all parameters' squares. `.notes` say what was assumed.

    Raises NotImportable for a module that is no such chain, Malformed for data, each with its place.
    """
    chain, names = read_torch(module)
    return of_model(chain, X, y, loss, weight_decay=weight_decay, name=name or type(module).__name__, names=names)


def read_torch(module: Any) -> tuple[Model, tuple[str, ...]]:
    """The chain of a module, and the names of its linear layers. Raises NotImportable."""
    graph, modules = _traced(module)
    chain, names, ended = Chain(), list[str](), False
    current: Any = None
    for node in graph.nodes:
        match node.op:
            case "placeholder" if current is None:
                current = node
            case "placeholder":
                raise NotImportable("the module takes several inputs", "give one that takes the samples alone")
            case "get_attr":
                pass
            case "output":
                ended = node.args[0] is current
            case "call_module" | "call_function" | "call_method":
                where, kind, settings = _operation(node, modules)
                if node.args[:1] != (current,) or len(current.users) != 1 or len(node.all_input_nodes) != 1:
                    raise NotImportable(f"{where}: it does not take the layer before it alone", _CHAIN)
                _layer(kind, settings)(chain, where, settings)
                if kind == "Linear":
                    names.append(str(node.target))
                    if names.count(names[-1]) > 1:
                        raise NotImportable(f"{where}: it is used twice", "give each place a layer of its own")
                current = node
            case _:
                raise NotImportable(f"the operation {quoted(node.op)} is not supported", _CHAIN)
    if not ended:
        raise NotImportable("the module does not give the values of its last layer alone", _CHAIN)
    return chain.finished(), tuple(names)


def _traced(module: Any) -> tuple[Any, dict[str, Any]]:
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
        traced = fx.symbolic_trace(module)
    except Exception as error:  # whatever tracing a stranger's forward raises
        raise NotImportable(
            f"torch.fx cannot trace the module: {plain(error, 200)}",
            "write its forward without conditions on values, or copy its layers into an nn.Sequential",
        ) from None
    return traced.graph, dict(traced.named_modules())


Settings = Mapping[str, Any]
Reader = Callable[[Chain, str, Settings], None]


def _operation(node: Any, modules: Mapping[str, Any]) -> tuple[str, str, Settings]:
    """Where an operation is, in words, its kind, and what it is set to."""
    if node.op == "call_module":
        layer = modules[str(node.target)]
        kind = type(layer).__name__
        return f"{kind} {quoted(node.target)}", kind, {"module": layer}
    kind = str(getattr(node.target, "__name__", node.target))
    home = str(getattr(node.target, "__module__", None) or "torch").partition(".")[0]
    if node.op == "call_function" and home not in ("torch", "_operator"):
        kind = f"{home}.{kind}"
    given = {f"{index}": value for index, value in enumerate(node.args[1:], 1)} | dict(node.kwargs)
    return f"{kind} (operation {quoted(node.name)})", _FUNCTIONS.get(kind, kind), given


def _layer(kind: str, settings: Settings) -> Reader:
    """How a kind of layer is read. Raises NotImportable where it is not supported."""
    if kind in _LAYERS:
        return _LAYERS[kind]

    def refuse(chain: Chain, where: str, settings: Settings) -> None:
        raise NotImportable(f"{where} is not supported", _REMEDIES.get(kind, f"these are: {_SUPPORTED}"))

    return refuse


_SMOOTH = "it is not piecewise linear, and every proof here is about pieces: train with ReLU, LeakyReLU or Hardtanh"
_REMEDIES = {
    **dict.fromkeys(("Tanh", "tanh", "GELU", "gelu", "SiLU", "silu", "ELU", "elu", "Softplus", "softplus"), _SMOOTH),
    **dict.fromkeys(("SELU", "selu", "CELU", "celu", "Mish", "mish", "LogSigmoid", "logsigmoid"), _SMOOTH),
    **dict.fromkeys(
        ("BatchNorm1d", "LayerNorm"),
        "fold it into the linear layer before it (torch.nn.utils.fusion.fuse_linear_bn_eval), or train without",
    ),
}


def _setting(settings: Settings, name: str, place: int, default: Any) -> Any:
    """What a layer or function is set to, by the attribute or argument of that name."""
    if "module" in settings:
        return getattr(settings["module"], name, default)
    return settings.get(name, settings.get(str(place), default))


def _number(settings: Settings, name: str, place: int, default: float, where: str) -> Fraction:
    value = _setting(settings, name, place, default)
    if type(value) not in (int, float) or not np.isfinite(value):
        raise NotImportable(f"{where}: its {name} is {plain(value, 40)}, not a finite number", "set it to a number")
    return Fraction(value)


def _array(value: Any) -> Any:
    """A tensor as an array of float64 or what it is, exactly."""
    value = value.detach().cpu()
    return value.double().numpy() if value.is_floating_point() else value.numpy()


def _linear(chain: Chain, where: str, settings: Settings) -> None:
    module = settings.get("module")
    if module is None:
        raise NotImportable(f"{where}: its weight is no layer's own", "use nn.Linear")
    stem = where.partition("'")[2].rpartition("'")[0]
    bias = None if module.bias is None else _array(module.bias)
    names = ["", f"{stem}.weight", f"{stem}.bias"]
    node = Node("Gemm", stem, [None, _array(module.weight), bias], names, 0, {"transB": 1})
    OPERATORS["Gemm"](chain, node)


def _as(activation: object) -> Reader:
    return lambda chain, where, settings: chain.activate(_node(where), activation)


def _leaky(chain: Chain, where: str, settings: Settings) -> None:
    slope = spelled(_number(settings, "negative_slope", 1, 0.01, where))
    chain.activate(_node(where), {"name": "leaky_relu", "negative_slope": slope})


def _prelu(chain: Chain, where: str, settings: Settings) -> None:
    weight = getattr(settings.get("module"), "weight", None)
    values = set() if weight is None else set(_array(weight).reshape(-1).tolist())
    if len(values) != 1:
        raise NotImportable(f"{where}: it has {len(values)} slopes", "use nn.PReLU() with one slope for the layer")
    chain.activate(_node(where), {"name": "leaky_relu", "negative_slope": spelled(Fraction(values.pop()))})
    chain.notes.append(f"the slope of {where} is held fixed, and is no parameter")


def _between(low: str, high: str, lowest: float | None, highest: float | None) -> Reader:
    """The identity between two bounds, constant beyond; either may be absent."""

    def read(chain: Chain, where: str, settings: Settings) -> None:
        ends = _ends(settings, (low, lowest), (high, highest), where)
        given = [x for x in ends if x is not None]
        if len(given) == 2 and given[0] >= given[1]:
            raise NotImportable(f"{where}: its bounds leave nothing between them", "set the lower below the upper one")
        slopes = ["0"] * (ends[0] is not None) + ["1"] + ["0"] * (ends[1] is not None)
        anchor = spelled(given[0] if given else Fraction(0))
        pieces = {"breakpoints": list(map(spelled, given)), "slopes": slopes, "anchor": [anchor, anchor]}
        chain.activate(_node(where), pieces)

    return read


def _ends(
    settings: Settings, low: tuple[str, float | None], high: tuple[str, float | None], where: str
) -> list[Fraction | None]:
    found: list[Fraction | None] = []
    for place, (name, default) in enumerate((low, high), 1):
        value = _setting(settings, name, place, default)
        found.append(None if value is None else _number({name: value}, name, place, 0.0, where))
    return found


def _nothing(chain: Chain, where: str, settings: Settings) -> None:
    """The values as they are."""


def _dropout(chain: Chain, where: str, settings: Settings) -> None:
    if _setting(settings, "p", 1, 0.5):
        chain.notes.append(f"the {where} does nothing, as in evaluation")


def _flatten(chain: Chain, where: str, settings: Settings) -> None:
    if _setting(settings, "start_dim", 1, 0) != 1:
        raise NotImportable(f"{where}: it mixes the samples (start_dim is not 1)", "use nn.Flatten()")


def _squeeze(chain: Chain, where: str, settings: Settings) -> None:
    if _setting(settings, "dim", 1, None) not in (1, -1) or chain.width != 1 or not chain.fresh:
        raise NotImportable(f"{where}: it may do more than drop the dimension of a single output", "use squeeze(-1)")


def _ending(kind: str) -> Reader:
    def read(chain: Chain, where: str, settings: Settings) -> None:
        if kind != "Sigmoid" and _setting(settings, "dim", 1, None) not in (1, -1):
            raise NotImportable(f"{where}: its dim is not 1, that of the classes", "set dim=1")
        OPERATORS[kind](chain, _node(where, kind))

    return read


def _node(where: str, kind: str = "") -> Node:
    """A stand-in, for messages that name the place."""
    what, _, name = where.partition(" ")
    return Node(kind or what, name.strip("'()"), [None], [""], 0, {})


_FUNCTIONS = {
    "relu_": "relu", "hardtanh_": "hardtanh", "leaky_relu_": "leaky_relu", "clip": "clamp", "absolute": "abs",
    "linear": "Linear",
}  # fmt: skip
_LAYERS: dict[str, Reader] = {
    "Linear": _linear,
    **dict.fromkeys(("ReLU", "relu"), _as("relu")),
    **dict.fromkeys(("Abs", "abs"), _as("abs")),
    **dict.fromkeys(("ReLU6", "relu6"), _as("relu6")),
    **dict.fromkeys(("Hardsigmoid", "hardsigmoid"), _as("hardsigmoid")),
    **dict.fromkeys(("LeakyReLU", "leaky_relu"), _leaky),
    **dict.fromkeys(("PReLU", "prelu"), _prelu),
    **dict.fromkeys(("Hardtanh", "hardtanh"), _between("min_val", "max_val", -1.0, 1.0)),
    "clamp": _between("min", "max", None, None),
    **dict.fromkeys(("Identity", "contiguous", "float", "double"), _nothing),
    **dict.fromkeys(("Dropout", "dropout"), _dropout),
    **dict.fromkeys(("Flatten", "flatten"), _flatten),
    **dict.fromkeys(("squeeze",), _squeeze),
    **dict.fromkeys(("Sigmoid", "sigmoid"), _ending("Sigmoid")),
    **dict.fromkeys(("Softmax", "softmax"), _ending("Softmax")),
    **dict.fromkeys(("LogSoftmax", "log_softmax"), _ending("LogSoftmax")),
}

__all__: Sequence[str] = ["from_torch", "read_torch"]
