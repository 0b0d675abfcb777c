"""Chains of linear layers and activations in PyTorch's modules."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from .chain import OPERATORS, Chain, Node
from .common import Model, NotImportable, quoted, spelled
from .torch_graph import Settings, array, number, operation, setting, stand_in

SUPPORTED = (
    "Linear, Conv1d, Conv2d, MaxPool, AvgPool, BatchNorm, ReLU, LeakyReLU, PReLU, Hardtanh, ReLU6, Hardsigmoid, abs, "
    "clamp, max, Flatten, Unflatten, sums, cat, Identity, Dropout; at the end Sigmoid, Softmax, LogSoftmax"
)
_CHAIN = "only chains of nn.Linear layers and activations, without branches, can be read"
Reader = Callable[[Chain, str, Settings], None]


def read_chain(graph: Any, modules: Mapping[str, Any]) -> tuple[Model, tuple[str, ...]]:
    """The chain of a traced module, and the names of its linear layers. Raises NotImportable."""
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
                where, kind, settings = operation(node, modules)
                if node.args[:1] != (current,) or len(current.users) != 1 or len(node.all_input_nodes) != 1:
                    raise NotImportable(f"{where}: it does not take the layer before it alone", _CHAIN)
                layer_reader(kind, settings)(chain, where, settings)
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


def layer_reader(kind: str, settings: Settings) -> Reader:
    """How a kind of layer is read. Raises NotImportable where it is not supported."""
    if kind in LAYERS:
        return LAYERS[kind]

    def refuse(chain: Chain, where: str, settings: Settings) -> None:
        raise NotImportable(f"{where} is not supported", REMEDIES.get(kind, f"these are: {SUPPORTED}"))

    return refuse


_SMOOTH = "it is not piecewise linear, and every proof here is about pieces: train with ReLU, LeakyReLU or Hardtanh"
REMEDIES = {
    **dict.fromkeys(("Tanh", "tanh", "GELU", "gelu", "SiLU", "silu", "ELU", "elu", "Softplus", "softplus"), _SMOOTH),
    **dict.fromkeys(("SELU", "selu", "CELU", "celu", "Mish", "mish", "LogSigmoid", "logsigmoid"), _SMOOTH),
    **dict.fromkeys(
        ("LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d"), "use a batch norm, or train without"
    ),
}


def _linear(chain: Chain, where: str, settings: Settings) -> None:
    module = settings.get("module")
    if module is None:
        raise NotImportable(f"{where}: its weight is no layer's own", "use nn.Linear")
    stem = where.partition("'")[2].rpartition("'")[0]
    bias = None if module.bias is None else array(module.bias)
    names = ["", f"{stem}.weight", f"{stem}.bias"]
    node = Node("Gemm", stem, [None, array(module.weight), bias], names, 0, {"transB": 1})
    OPERATORS["Gemm"](chain, node)


def _as(activation: object) -> Reader:
    return lambda chain, where, settings: chain.activate(stand_in(where), activation)


def _leaky(chain: Chain, where: str, settings: Settings) -> None:
    slope = spelled(number(settings, "negative_slope", 1, 0.01, where))
    chain.activate(stand_in(where), {"name": "leaky_relu", "negative_slope": slope})


def _prelu(chain: Chain, where: str, settings: Settings) -> None:
    weight = getattr(settings.get("module"), "weight", None)
    values = set() if weight is None else set(array(weight).reshape(-1).tolist())
    if len(values) != 1:
        raise NotImportable(f"{where}: it has {len(values)} slopes", "use nn.PReLU() with one slope for the layer")
    chain.activate(stand_in(where), {"name": "leaky_relu", "negative_slope": spelled(Fraction(values.pop()))})
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
        chain.activate(stand_in(where), pieces)

    return read


def _ends(
    settings: Settings, low: tuple[str, float | None], high: tuple[str, float | None], where: str
) -> list[Fraction | None]:
    found: list[Fraction | None] = []
    for place, (name, default) in enumerate((low, high), 1):
        value = setting(settings, name, place, default)
        found.append(None if value is None else number({name: value}, name, place, 0.0, where))
    return found


def _nothing(chain: Chain, where: str, settings: Settings) -> None:
    """The values as they are."""


def _dropout(chain: Chain, where: str, settings: Settings) -> None:
    if "module" not in settings and setting(settings, "training", 2, True):
        raise NotImportable(f"{where}: it drops values in evaluation, too", "give it training=self.training")
    if setting(settings, "p", 1, 0.5):
        chain.notes.append(f"the {where} does nothing, as in evaluation")


def _flatten(chain: Chain, where: str, settings: Settings) -> None:
    if setting(settings, "start_dim", 1, 0) != 1:
        raise NotImportable(f"{where}: it mixes the samples (start_dim is not 1)", "use nn.Flatten()")


def _squeeze(chain: Chain, where: str, settings: Settings) -> None:
    if setting(settings, "dim", 1, None) not in (1, -1) or chain.width != 1 or not chain.fresh:
        raise NotImportable(f"{where}: it may do more than drop the dimension of a single output", "use squeeze(-1)")


def _ending(kind: str) -> Reader:
    def read(chain: Chain, where: str, settings: Settings) -> None:
        if kind != "Sigmoid" and setting(settings, "dim", 1, None) not in (1, -1):
            raise NotImportable(f"{where}: its dim is not 1, that of the classes", "set dim=1")
        OPERATORS[kind](chain, stand_in(where, kind))

    return read


LAYERS: dict[str, Reader] = {
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
