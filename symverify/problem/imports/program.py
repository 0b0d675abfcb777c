"""Networks that are no chains: convolutions, poolings, batch norms, skip connections, as a program.

The operators are those of ONNX, whatever framework a model comes from. The shapes are those of one sample: the first
axis of every value are the samples. Weights are free parameters, each float exactly; what an operator computes from
constants is frozen.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite, prod, sqrt
from typing import Any

import numpy as np

from .chain import OPERATORS as OF_CHAINS
from .chain import Chain, Node, whole_numbers
from .common import NotImportable, exact, quoted, spelled, vector

Array = np.ndarray[Any, Any]
_ACTIVATIONS = ("Abs", "Clip", "HardSigmoid", "LeakyRelu", "PRelu", "Relu")
_WHOLE = "export the model with a fixed number of entries for each axis but the samples"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the graph: the node that makes it, and the shape of one sample."""

    name: str
    shape: tuple[int, ...]


@dataclass(slots=True)
class Program:
    """The nodes of a network file and the parameters so far, of a model's values by their names there.

    `input` and `output` are two of these names, `uses` says how often operators read each. `link` is what makes
    probabilities or rates of the output: it belongs to the loss. `state` are the parameters as the model calls them:
    the key, the node that has it, and "weight" or "bias". `notes` say what was assumed.
    """

    input: str
    output: str
    uses: Mapping[str, int]
    nodes: list[dict[str, object]] = field(default_factory=list)
    parameters: dict[str, dict[str, object]] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    state: list[tuple[str, str, str]] = field(default_factory=list)
    link: str = ""

    @staticmethod
    def begun(name: str, shape: Sequence[int], output: str, uses: Mapping[str, int]) -> "Program":
        """A program that has its input alone."""
        made = Program(name, output, uses)
        made.values[name] = made.add("input", shape, shape=list(shape))
        return made

    @property
    def inputs(self) -> int:
        """d_X."""
        return prod(self.values[self.input].shape)

    @property
    def outputs(self) -> int:
        """d_Y."""
        return prod(self.values[self.output].shape)

    def step(self, node: Node, output: str) -> Value:
        """One more operator: of its operands those are computed that are None and have a name. Raises NotImportable."""
        entering = [self.values[name] for name in self.computed(node)]
        constant = sum(each is not None or not name for each, name in zip(node.operands, node.names, strict=True))
        if not entering or constant + len(entering) < len(node.names):
            raise node.fail("not all that enters it is known", "export the model again")
        self.values[output] = OPERATIONS[node.kind](self, node, entering)
        return self.values[output]

    def computed(self, node: Node) -> list[str]:
        """The names of the operands that are values of the model."""
        return [
            name
            for name, operand in zip(node.names, node.operands, strict=True)
            if operand is None and name in self.values
        ]

    def ended(self) -> "Program":
        """The program itself, with its output last. Raises NotImportable where the model has no such end."""
        if self.output not in self.values:
            raise NotImportable("nothing makes the output", "export the model again")
        if self.nodes[-1]["name"] != self.values[self.output].name:
            raise NotImportable("an operator makes what nothing uses", "export the model again")
        return self

    def fresh(self, kind: str) -> str:
        """A name for a node."""
        plain = re.sub(r"[^A-Za-z0-9]", "", kind)[:20] or "node"
        return f"{plain.lower()}{len(self.nodes)}"

    def add(self, kind: str, sample: Sequence[int], /, **fields: object) -> Value:
        """A node of the file, and the shape of one sample of it."""
        name = self.fresh(kind)
        self.nodes.append({"name": name, "op": kind, **fields})
        return Value(name, tuple(sample))

    def weighed(self, value: Value, weight: Array, bias: Array | None, node: Node) -> Value:
        """The parameters of the node that was just added."""
        if bias is None:
            self.nodes[-1]["bias"] = False
        given: dict[str, object] = {"weight": texts(exact(weight, f"{node.name}.weight"))}
        if bias is not None:
            given["bias"] = texts(exact(bias, f"{node.name}.bias"))
        self.parameters[value.name] = given
        called = zip(("weight", "bias"), (node.called(1), node.called(2)), strict=True)
        self.state += [(key, value.name, part) for part, key in called if part in given]
        return value


def texts(values: Any) -> Any:
    """Fractions as network files spell them, in nested lists."""
    return [texts(item) for item in values] if isinstance(values, np.ndarray) else spelled(values)


def only(node: Node, entering: Sequence[Value]) -> Value:
    """The one computed operand, the first."""
    if len(entering) != 1 or (node.operands and node.operands[0] is not None):
        raise node.fail("its first operand must be the only one that is not constant", "export the model again")
    return entering[0]


def convolution(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """A convolution of one or two inner axes."""
    value, weight = only(node, entering), node.operand(1, "weight")
    axes = weight.ndim - 2
    window = windowed(node, weight.shape[2:], axes)
    shape = (weight.shape[0], *places(node, value.shape[1:], window))
    found = made.add(
        f"conv{axes}d", shape, **{"from": value.name}, channels=weight.shape[0], groups=node.whole("group", 1), **window
    )
    return made.weighed(found, weight, node.optional(2), node)


def windowed(node: Node, kernel: Sequence[int], axes: int) -> dict[str, list[int]]:
    """Kernel, stride, padding and dilation."""
    if node.attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", "NOTSET"):
        raise node.fail("its padding is chosen automatically", "give it numbers")
    if node.whole("ceil_mode", 0):
        raise node.fail("its ceil_mode is 1", "use ceil_mode 0")
    if axes not in (1, 2) or len(kernel) != axes:
        raise node.fail(f"it has {axes} inner axes", "use one or two")

    def given(key: str, default: list[int]) -> list[int]:
        found, least = node.attributes.get(key, default), int(key != "pads")
        if not isinstance(found, list) or [type(x) is int and x >= least for x in found] != [True] * len(default):
            raise node.fail(f"its {key} are not {len(default)} whole numbers from {least} on", "export it again")
        return found

    pads = given("pads", [0] * (2 * axes))
    if pads[:axes] != pads[axes:]:
        raise node.fail("it pads the two ends of an axis differently", "pad both alike")
    return {
        "kernel": [int(k) for k in kernel],
        "stride": given("strides", [1] * axes),
        "padding": pads[:axes],
        "dilation": given("dilations", [1] * axes),
    }


def places(node: Node, shape: Sequence[int], window: dict[str, list[int]]) -> list[int]:
    """The sizes of the inner axes afterwards."""
    parts = (window[key] for key in ("kernel", "stride", "padding", "dilation"))
    if len(shape) != len(window["kernel"]):
        wanted = len(window["kernel"])
        raise node.fail(f"it expects {wanted} inner axes, and there are {len(shape)}", "check the shapes")
    return [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(shape, *parts, strict=True)]


def pool(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Max-pooling and average pooling."""
    value, kernel = only(node, entering), node.attributes.get("kernel_shape")
    if not isinstance(kernel, list) or not all(type(k) is int for k in kernel):
        raise node.fail("its kernel_shape is not a list of whole numbers", "export the model again")
    axes = len(kernel)
    window = windowed(node, kernel, axes)
    shape = (value.shape[0], *places(node, value.shape[1:], window))
    if node.kind == "MaxPool":
        return made.add(f"max_pool{axes}d", shape, **{"from": value.name}, **window)
    counted = bool(node.whole("count_include_pad", 0))
    return made.add(f"average_pool{axes}d", shape, **{"from": value.name}, count_padding=counted, **window)


def global_pool(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """The mean of each channel; the axes stay, with one entry."""
    (value,) = entering
    found = made.add("global_average_pool", value.shape[:1], **{"from": value.name})
    return made.add("reshape", (*value.shape[:1], *(1 for _ in value.shape[1:])), **{"from": found.name},
                    shape=[value.shape[0], *(1 for _ in value.shape[1:])])  # fmt: skip


def mean(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """The mean over all axes of each channel."""
    value, given = only(node, entering), node.optional(1)
    rank = len(value.shape) + 1
    axes = node.attributes.get("axes", []) if given is None else whole_numbers(node, given)
    if not isinstance(axes, list) or sorted(axis % rank for axis in axes) != list(range(2, rank)):
        raise node.fail("it is not over all axes after the channels", "use a global average pooling")
    if node.whole("keepdims", 1):
        return global_pool(made, node, [value])
    return made.add("global_average_pool", value.shape[:1], **{"from": value.name})


def batch_norm(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """As in evaluation; the scale, which has a root in it, rounded to a float."""
    if node.whole("training_mode", 0):
        raise node.fail("it uses the statistics of a batch (training mode)", "export the model in evaluation mode")
    value = only(node, entering)
    scale, shift, mean, variance = (
        [float(x) for x in vector(exact(node.operand(k, what), what), value.shape[0], f"{node.name}.{what}")]
        for k, what in enumerate(("scale", "bias", "mean", "variance"), 1)
    )
    room = float(node.number("epsilon", 1e-5))
    if min(variance) + room <= 0:
        raise node.fail("a variance plus epsilon is not positive", "train again")
    factors = [s / sqrt(v + room) for s, v in zip(scale, variance, strict=True)]
    if not all(map(isfinite, factors)):
        raise node.fail("its scale is beyond the range of floats", "train again")
    ends = [Fraction(b) - Fraction(m) * Fraction(f) for b, m, f in zip(shift, mean, factors, strict=True)]
    made.notes.append(f"the batch norm {quoted(node.name)} is that of evaluation, frozen, its scale rounded to a float")
    return channels(made, value, list(map(Fraction, factors)), ends)


def channels(made: Program, value: Value, scale: Sequence[Fraction], shift: Sequence[Fraction]) -> Value:
    """Each channel times a number and plus a number."""
    numbers = {"scale": list(map(spelled, scale)), "shift": list(map(spelled, shift))}
    return made.add("batch_norm", value.shape, **{"from": value.name}, **numbers)


def activation(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """A piecewise linear activation, read as in chains."""
    value = only(node, entering)
    chain = Chain(fresh=True, width=value.shape[0])
    OF_CHAINS[node.kind](chain, node)
    (spec,) = chain.activations
    return made.add("activation", value.shape, **{"from": value.name}, activation=spec)


def gemm(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """alpha · a · B + beta · C, or a · B."""
    value = only(node, entering)
    if len(value.shape) != 1:
        raise node.fail(f"a sample that enters it has the shape {list(value.shape)}", "flatten it first")
    weight = node.operand(1, "weight")
    if weight.ndim != 2 or node.whole("transA", 0) or any(node.number(key, 1.0) != 1 for key in ("alpha", "beta")):
        raise node.fail("it is no plain affine map", "use alpha and beta 1 and a matrix that is not transposed")
    weight = weight if node.kind == "Gemm" and node.whole("transB", 0) else weight.T
    found = made.add("affine", weight.shape[:1], **{"from": value.name}, units=int(weight.shape[0]))
    bias = node.optional(2) if node.kind == "Gemm" else None
    if bias is not None:
        bias = np.array(list(map(float, vector(exact(bias, node.called(2)), weight.shape[0], node.called(2)))))
    return made.weighed(found, weight, bias, node)


def add(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """A skip connection; or a constant: the bias of the affine map before it, or a shift of each channel."""
    if len(entering) == 2:
        return joined(made, node, entering, "sum", "adds")
    value = entering[0]
    ends, last = per_channel(node, value), made.nodes[-1]
    if last["name"] == value.name and last["op"] == "affine" and last.get("bias") is False and read_once(made, node):
        del last["bias"]
        made.parameters[value.name]["bias"] = list(map(spelled, ends))
        made.state.append((next(x for x in node.names if x not in made.values), value.name, "bias"))
        return value
    return channels(made, value, [Fraction(1)] * value.shape[0], ends)


def joined(made: Program, node: Node, entering: Sequence[Value], kind: str, does: str) -> Value:
    """Values of one shape, entry by entry."""
    if len({value.shape for value in entering}) > 1:
        shapes = " and ".join(str(list(value.shape)) for value in entering)
        raise node.fail(f"it {does} values of the shapes {shapes}", "only equal shapes fit")
    return made.add(kind, entering[0].shape, **{"from": [value.name for value in entering]})


def greatest(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """The greatest of computed values, entry by entry."""
    if len(entering) != len(node.operands) or len(entering) < 2:
        raise node.fail("it compares with constants", "use a clip, or an activation")
    return joined(made, node, entering, "max", "compares")


def subtract(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """A value less another, or less a constant, or a constant less it."""
    if len(entering) == 2:
        back = channels(made, entering[1], [Fraction(-1)] * entering[1].shape[0], [Fraction(0)] * entering[1].shape[0])
        return joined(made, node, [entering[0], back], "sum", "subtracts")
    value, first = entering[0], node.operands[0] is not None
    by, one = per_channel(node, value), Fraction(1)
    return channels(made, value, [-one if first else one] * value.shape[0], by if first else [-x for x in by])


def scaled(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Each channel times a constant, frozen."""
    value = entering[0]
    if len(entering) != 1:
        raise node.fail("it multiplies computed values", "products are not piecewise linear")
    return channels(made, value, per_channel(node, value), [Fraction(0)] * value.shape[0])


def negated(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Times −1."""
    value = only(node, entering)
    return channels(made, value, [Fraction(-1)] * value.shape[0], [Fraction(0)] * value.shape[0])


def per_channel(node: Node, value: Value) -> list[Fraction]:
    """The constant operand as a number for each channel of the computed one, whose last axes are those of both."""
    constant = next(x for x in node.operands if x is not None)
    count, by = value.shape[0], exact(constant, node.name).reshape(-1)
    wanted = (1, count, *(1 for _ in value.shape[1:]))
    sides = (1,) * (len(wanted) - constant.ndim) + constant.shape
    if len(sides) > len(wanted) or (len(by) > 1 and sides != wanted):
        raise node.fail("its numbers are not one for each channel", "give one for each")
    return list(by) if len(by) == count else list(by) * count


def read_once(made: Program, node: Node) -> bool:
    """Whether nothing else reads what this operator reads."""
    return sum(made.uses[name] for name in made.computed(node)) == 1


def concat(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """One after the other along the first axis of a sample."""
    if node.whole("axis", 0) != 1 or len(entering) != len(node.operands):
        raise node.fail("it joins something else than the channels of computed values", "join along axis 1")
    shape = (sum(value.shape[0] for value in entering), *entering[0].shape[1:])
    return made.add("concat", shape, **{"from": [value.name for value in entering]})


def flatten(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Samples as rows."""
    value = only(node, entering)
    if node.whole("axis", 1) != 1:
        raise node.fail("it joins the samples (axis is not 1)", "flatten from axis 1")
    return made.add("flatten", (prod(value.shape),), **{"from": value.name})


def reshape(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Another shape of a sample, the samples staying what they are."""
    value, sides = only(node, entering), whole_numbers(node, node.operand(1, "shape"))
    inner = sides[1:]
    if inner.count(-1) == 1 and sides[0] != -1:
        rest = prod(side for side in inner if side != -1)
        inner = [prod(value.shape) // rest if side == -1 and rest else side for side in inner]
    if not inner or min(inner) < 1 or prod(inner) != prod(value.shape) or len(inner) > 4:
        raise node.fail(f"it makes the shape {sides}", "keep the first axis, the samples")
    if len(inner) == 1:
        return made.add("flatten", inner, **{"from": value.name})
    return made.add("reshape", inner, **{"from": value.name}, shape=inner)


def transpose(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """Another order of a sample's axes."""
    value, order = only(node, entering), node.attributes.get("perm")
    if not isinstance(order, list) or sorted(order) != list(range(len(value.shape) + 1)) or order[0] != 0:
        raise node.fail("it moves the axis of the samples", "keep it the first")
    axes = [axis - 1 for axis in order[1:]]
    return made.add("permute", [value.shape[axis] for axis in axes], **{"from": value.name}, axes=axes)


def nothing(made: Program, node: Node, entering: Sequence[Value]) -> Value:
    """What does nothing in evaluation."""
    OF_CHAINS[node.kind](Chain(), node)
    return only(node, entering)


Operation = Callable[[Program, Node, Sequence[Value]], Value]
OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(_ACTIVATIONS, activation),
    "Add": add,
    "AveragePool": pool,
    "BatchNormalization": batch_norm,
    "Concat": concat,
    "Conv": convolution,
    "Dropout": nothing,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": global_pool,
    "Identity": nothing,
    "MatMul": gemm,
    "Max": greatest,
    "MaxPool": pool,
    "Mul": scaled,
    "Neg": negated,
    "ReduceMean": mean,
    "Reshape": reshape,
    "Sub": subtract,
    "Transpose": transpose,
}
