"""The "program" of a network file: named nodes in order, each made of earlier ones; first fault only."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

from ..core.activation import ONE, ZERO, Activation
from ..core.errors import Malformed
from ..core.loss import Loss
from ..core.network import Vector
from ..core.text import Fields, Read, boolean, liberal, listed, natural, shown, text
from .build import MAX_PLACES, Builder, Shape, Value, Window
from .entries import Entries
from .network import Programmed
from .places import Slots
from .rules import ON_PROGRAMS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
MAX_RANK = 4


@dataclass(slots=True)
class Network:
    """The nodes of the file that have been read."""

    builder: Builder
    activation: Read[Activation]
    inputs: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    later: Sequence[str] = ()
    entries: Entries = field(default_factory=Entries)
    outputs: int = 0

    def source(self, value: object, where: str) -> Value:
        """The value of an earlier node."""
        name = text(value, where)
        if name not in self.values:
            what = "is used before it is made" if name in self.later else "is not the name of a node"
            raise Malformed((where, f"{shown(name)} {what}"))
        self.used.add(name)
        return self.values[name]

    def sources(self, value: object, where: str) -> list[Value]:
        """The values of two or more earlier nodes."""
        found = listed(self.source)(value, where)
        if len(found) < 2:
            raise Malformed((where, "expected the names of two or more nodes"))
        return found

    def problem(
        self, name: str, loss: Loss, inputs: tuple[Vector, ...], targets: tuple[Vector, ...], sha256: str
    ) -> Programmed:
        """The problem of this network, with the rules that cover programs."""
        rules = frozenset(rule for rule, needed in ON_PROGRAMS.items() if needed in loss.rules)
        made, data = self.builder, (replace(loss, rules=rules), inputs, targets, None, sha256, (ZERO, ZERO), ())
        parts = tuple(made.nodes), tuple(made.slots), tuple(made.bent), tuple(self.entries.owned)
        found = Programmed(name, (), False, False, (), *data, *parts, self.outputs, frozenset(made.comparing))
        if len({slot for _, slot in found.places}) != self.entries.free:
            why = "a free parameter has no place: some kernel is wider than all that it meets; freeze those entries"
            raise Malformed(("program", why))
        return found


def read_nodes(value: object, where: str, activation: Read[Activation]) -> Network:
    """[{"name": …, "op": …, "from": …, …}, …], the input first and the prediction last."""
    nodes = listed(Fields)(value, where)
    if len(nodes) < 2:
        raise Malformed((where, "expected an input and at least one node more"))
    names = [node.need("name", read_name) for node in nodes]
    network = Network(Builder([]), activation, later=names)
    for k, (node, name) in enumerate(zip(nodes, names, strict=True)):
        if names.index(name) < k:
            raise Malformed((node.at("name"), f"{shown(name)} is the name of two nodes"))
        op = node.need("op", text)
        if (op == "input") != (k == 0):
            raise Malformed((node.at("op"), 'the first node, and no other, is the "input"'))
        if op not in OPERATIONS:
            raise Malformed((node.at("op"), f"unknown operation {shown(op)}; known: {', '.join(OPERATIONS)}"))
        network.values[name] = OPERATIONS[op](network, name, node)
        node.done()
    if unused := [name for name in names[:-1] if name not in network.used]:
        raise Malformed((where, f"nothing uses the node {shown(unused[0])}; the last node is the prediction"))
    network.outputs = network.builder.finished(network.values[names[-1]], where)
    if not network.entries.free:
        raise Malformed((where, "no parameter is free"))
    return network


def read_name(value: object, where: str) -> str:
    """A plain name."""
    name = text(value, where)
    if not NAME.fullmatch(name):
        raise Malformed((where, f"expected a letter, then letters, digits, _ . or -, at most 60, got {shown(name)}"))
    return name


def positive(value: object, where: str) -> int:
    """A whole number of at least 1."""
    if (number := natural(value, where)) < 1:
        raise Malformed((where, f"expected at least 1, got {number}"))
    return number


def read_shape(value: object, where: str) -> Shape:
    """The sizes of the axes, channels first."""
    shape = tuple(listed(positive)(value, where))
    if not 1 <= len(shape) <= MAX_RANK or prod(shape) > MAX_PLACES:
        raise Malformed((where, f"expected from 1 to {MAX_RANK} sizes, of at most {MAX_PLACES} entries in all"))
    return shape


def read_input(network: Network, name: str, node: Fields) -> Value:
    """{"shape": [sizes]}: a sample's "x" row by row."""
    shape = node.need("shape", read_shape)
    network.inputs = prod(shape)
    network.builder.widths.append(network.inputs)
    return Value(shape, tuple((0, j) for j in range(network.inputs)))


def read_affine(network: Network, name: str, node: Fields) -> Value:
    """{"from", "units", "weight": …, "bias": …}: all entries of the source to each unit."""
    value, units = node.need("from", network.source), node.need("units", positive)
    columns = len(value.wires)
    network.builder.room(0, node.where)
    if units * (columns + 1) > MAX_PLACES:
        raise Malformed((node.at("units"), "too many parameters"))
    weight, bias = network.entries.read(name, node, (units, columns))
    rows = tuple(tuple(weight[j * columns : (j + 1) * columns]) for j in range(units))
    return Value((units,), network.builder.affine(value.wires, Slots(rows, bias), node.where))


def read_convolution(axes: int) -> "Operation":
    """{"from", "channels", "kernel", "stride", "padding", "dilation", "groups", "weight", "bias"}."""

    def read(network: Network, name: str, node: Fields) -> Value:
        value = inner(node.need("from", network.source), axes, node.at("from"))
        channels, window = node.need("channels", positive), read_window(node, axes, None)
        groups = node.take("groups", positive, 1)
        for what, size in (("channels that enter", value.channels), ("channels", channels)):
            if size % groups:
                raise Malformed((node.at("groups"), f"{groups} does not divide the {size} {what}"))
        placed(window, value, node)
        shape = (channels, value.channels // groups, *window.kernel)
        if prod(shape) > MAX_PLACES:
            raise Malformed((node.at("channels"), "too many parameters"))
        weight, bias = network.entries.read(name, node, shape)
        return network.builder.convolved(value, window, groups, weight, bias, node.where)

    return read


def read_average(axes: int) -> "Operation":
    """{"from", "kernel", "stride", "padding", "count_padding"}: frozen."""

    def read(network: Network, name: str, node: Fields) -> Value:
        value = inner(node.need("from", network.source), axes, node.at("from"))
        window = placed(read_window(node, axes, "kernel"), value, node)
        return network.builder.averaged(value, window, node.take("count_padding", boolean, True), node.where)

    return read


def read_greatest(axes: int) -> "Operation":
    """{"from", "kernel", "stride", "padding", "dilation"}."""

    def read(network: Network, name: str, node: Fields) -> Value:
        value = inner(node.need("from", network.source), axes, node.at("from"))
        window = placed(read_window(node, axes, "kernel"), value, node)
        return network.builder.pooled(value, window, name, node.where)

    return read


def read_global_average(network: Network, name: str, node: Fields) -> Value:
    """{"from"}: the mean of each channel."""
    value = node.need("from", network.source)
    rows = [
        dict.fromkeys(range(c * value.inner, (c + 1) * value.inner), Fraction(1, value.inner))
        for c in range(value.channels)
    ]
    return Value((value.channels,), network.builder.frozen(value.wires, rows, node.where))


def read_batch_norm(network: Network, name: str, node: Fields) -> Value:
    """{"from", "scale": […], "shift": […]}: of each channel, as it is in evaluation."""
    value = node.need("from", network.source)
    scale, shift = (
        node.need(key, listed(liberal, value.channels, "numbers, one per channel")) for key in ("scale", "shift")
    )
    rows = [{j: scale[j // value.inner]} for j in range(len(value.wires))]
    ends = [shift[j // value.inner] for j in range(len(value.wires))]
    return Value(value.shape, network.builder.frozen(value.wires, rows, node.where, ends))


def read_bent(network: Network, name: str, node: Fields) -> Value:
    """{"from", "activation"}."""
    value, h = node.need("from", network.source), node.need("activation", network.activation)
    return network.builder.bend(value, h, name, node.where)


def read_sum(network: Network, name: str, node: Fields) -> Value:
    """{"from": [names]}: entry by entry."""
    values = alike(node.need("from", network.sources), node.at("from"))
    count = len(values[0].wires)
    wires = tuple(wire for value in values for wire in value.wires)
    rows = [{m * count + j: ONE for m in range(len(values))} for j in range(count)]
    return Value(values[0].shape, network.builder.frozen(wires, rows, node.where))


def read_max(network: Network, name: str, node: Fields) -> Value:
    """{"from": [names]}: the greatest, entry by entry."""
    values = alike(node.need("from", network.sources), node.at("from"))
    groups = list(zip(*(value.wires for value in values), strict=True))
    return Value(values[0].shape, network.builder.greatest(groups, name, node.where))


def read_maxout(network: Network, name: str, node: Fields) -> Value:
    """{"from", "pieces": k}: the greatest of each k channels that follow one another."""
    value, pieces = node.need("from", network.source), node.need("pieces", positive)
    if value.channels % pieces:
        raise Malformed((node.at("pieces"), f"{pieces} does not divide the {value.channels} channels"))
    groups = [
        [value.wires[(c * pieces + k) * value.inner + j] for k in range(pieces)]
        for c in range(value.channels // pieces)
        for j in range(value.inner)
    ]
    shape = (value.channels // pieces, *value.shape[1:])
    return Value(shape, network.builder.greatest(groups, name, node.where))


def read_concat(network: Network, name: str, node: Fields) -> Value:
    """{"from": [names]}: one after the other along the first axis."""
    values = node.need("from", network.sources)
    for k, value in enumerate(values):
        if value.shape[1:] != values[0].shape[1:]:
            what = f"has shape {list(value.shape)}, which does not join with {list(values[0].shape)}"
            raise Malformed((f"{node.at('from')}[{k}]", what))
    shape = (sum(value.channels for value in values), *values[0].shape[1:])
    return Value(shape, tuple(wire for value in values for wire in value.wires))


def read_reshape(network: Network, name: str, node: Fields) -> Value:
    """{"from", "shape"}: the same entries in the same order."""
    value, shape = node.need("from", network.source), node.need("shape", read_shape)
    if prod(shape) != len(value.wires):
        raise Malformed((node.at("shape"), f"has {prod(shape)} entries, what enters has {len(value.wires)}"))
    return Value(shape, value.wires)


def read_flatten(network: Network, name: str, node: Fields) -> Value:
    """{"from"}."""
    value = node.need("from", network.source)
    return Value((len(value.wires),), value.wires)


def read_permute(network: Network, name: str, node: Fields) -> Value:
    """{"from", "axes"}: axis k of what comes out is axis axes[k] of what enters."""
    value, axes = node.need("from", network.source), node.need("axes", listed(natural))
    if sorted(axes) != list(range(len(value.shape))):
        raise Malformed((node.at("axes"), f"expected the numbers 0 to {len(value.shape) - 1} in some order"))
    steps = [prod(value.shape[k + 1 :]) for k in range(len(value.shape))]
    starts = [0]
    for axis in axes:
        starts = [start + steps[axis] * x for start in starts for x in range(value.shape[axis])]
    return Value(tuple(value.shape[axis] for axis in axes), tuple(value.wires[start] for start in starts))


def inner(value: Value, axes: int, where: str) -> Value:
    """A value with a channel axis and so many more."""
    if len(value.shape) != axes + 1:
        raise Malformed((where, f"has shape {list(value.shape)}, expected channels and {axes} more"))
    return value


def alike(values: Sequence[Value], where: str) -> Sequence[Value]:
    """Values of one shape."""
    for k, value in enumerate(values):
        if value.shape != values[0].shape:
            what = f"has shape {list(value.shape)}, the first has {list(values[0].shape)}"
            raise Malformed((f"{where}[{k}]", what))
    return values


def read_window(node: Fields, axes: int, stride: str | None) -> Window:
    """The window of a convolution or a pooling; without a stride it is 1 or, where `stride` is given, the kernel."""

    def sizes(number: Read[int]) -> Read[Shape]:
        def read(value: object, where: str) -> Shape:
            if isinstance(value, list):
                return tuple(listed(number, axes, "numbers, one per axis")(value, where))
            return (number(value, where),) * axes

        return read

    kernel = node.need("kernel", sizes(positive))
    return Window(
        kernel,
        node.take("stride", sizes(positive), kernel if stride else (1,) * axes),
        node.take("padding", sizes(natural), (0,) * axes),
        node.take("dilation", sizes(positive), (1,) * axes),
    )


def placed(window: Window, value: Value, node: Fields) -> Window:
    """A window that fits into what enters."""
    if not window.fits(value.shape[1:]):
        what = f"a window of {list(window.kernel)} does not fit into {list(value.shape[1:])}"
        raise Malformed((node.at("kernel"), what))
    if any(p >= k * d for p, k, d in zip(window.padding, window.kernel, window.dilation, strict=True)):
        raise Malformed((node.at("padding"), "must be smaller than the window"))
    if prod(window.places(value.shape[1:])) * value.channels > MAX_PLACES:
        raise Malformed((node.where, "too many units"))
    return window


Operation = Callable[[Network, str, Fields], Value]
OPERATIONS: Mapping[str, Operation] = {
    "input": read_input,
    "affine": read_affine,
    "activation": read_bent,
    "sum": read_sum,
    "concat": read_concat,
    "conv1d": read_convolution(1),
    "conv2d": read_convolution(2),
    "average_pool1d": read_average(1),
    "average_pool2d": read_average(2),
    "global_average_pool": read_global_average,
    "max_pool1d": read_greatest(1),
    "max_pool2d": read_greatest(2),
    "max": read_max,
    "maxout": read_maxout,
    "batch_norm": read_batch_norm,
    "flatten": read_flatten,
    "reshape": read_reshape,
    "permute": read_permute,
}
