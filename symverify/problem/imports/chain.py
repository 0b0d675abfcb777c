"""The operators of an ONNX chain: each adds itself to the layers and activations found so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from .common import FLOATS, Affine, Matrix, Model, NotImportable, Vector, exact, matrix, quoted, shape, spelled, vector

Array = np.ndarray[Any, Any]
REALS = (1, 10, 11, 16)  # the numbers of float32, float16, float64 and bfloat16 among ONNX's types
_CHAIN = "only chains of fully connected layers and activations can be imported"


@dataclass(frozen=True, slots=True)
class Node:
    """An operator: its constant operands (None for the computed one, at `place`, and absent ones), their names."""

    kind: str
    name: str
    operands: Sequence[Array | None]
    names: Sequence[str]
    place: int
    attributes: dict[str, Any]

    def fail(self, problem: str, remedy: str) -> NotImportable:
        """The exception about this operator."""
        return NotImportable(f"{self.kind} {quoted(self.name)}: {problem}", remedy)

    def operand(self, index: int, what: str) -> Array:
        """A constant operand that must be there."""
        value = self.operands[index] if index < len(self.operands) else None
        if value is None:
            raise self.fail(f"its {what} is not a constant", _CHAIN)
        return value

    def optional(self, index: int) -> Array | None:
        """A constant operand that may be absent."""
        return self.operands[index] if index < len(self.operands) else None

    def called(self, index: int) -> str:
        """The name of an operand, "" if it is absent."""
        return self.names[index] if index < len(self.names) else ""

    def number(self, key: str, default: float) -> Fraction:
        """A float32 attribute, exactly."""
        value = self.attributes.get(key, default)
        if type(value) not in (int, float):
            raise self.fail(f"its attribute {key} is not a number", "export the model again")
        with np.errstate(over="ignore"):  # too large is infinite, which is refused
            return only(exact(np.float32(value), f"{self.name}.{key}"))

    def whole(self, key: str, default: int) -> int:
        """An integer attribute."""
        value = self.attributes.get(key, default)
        if type(value) is not int:
            raise self.fail(f"its attribute {key} is not a whole number", "export the model again")
        return value

    def other(self) -> tuple[Array, str]:
        """The constant of a binary operator, and its name."""
        if self.place > 1 or len(self.names) > 2:
            raise self.fail("it has more than two operands", _CHAIN)
        index = 1 - self.place
        return self.operand(index, "other operand"), self.called(index)


@dataclass(slots=True)
class Chain:
    """What has been read so far. `fresh`: the current value leaves an affine map, no activation since.

    `pending` are scales and shifts of a value that the next affine map will take in; `width` its channels, if known.
    """

    layers: list[Affine] = field(default_factory=list)
    activations: list[object] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pending: list[tuple[str, Array, str]] = field(default_factory=list)
    width: int | None = None
    fresh: bool = False
    squeezed: bool = False
    link: str = ""

    def finished(self) -> Model:
        """The model, at its output. Raises NotImportable if it does not end in an affine map."""
        if not self.fresh:
            end = "an activation" if self.layers else "its input"
            raise NotImportable(f"the model ends in {end}", "its output must be that of a fully connected layer")
        return Model(tuple(self.layers), tuple(self.activations), tuple(self.notes), self.link)

    def affine(self, node: Node, weight: Matrix, bias: Vector | None) -> None:
        """Another affine map, which takes in the pending scales and shifts."""
        inputs = len(weight[0])
        if self.width is not None and self.width != inputs:
            raise node.fail(f"it takes {inputs} numbers, but {self.width} arrive", "check the shapes of the layers")
        scale, shift = [Fraction(1)] * inputs, [Fraction(0)] * inputs
        for what, array, name in self.pending:
            by = vector(exact(array, name), inputs, name)
            if what == "scale":
                scale, shift = ([x * s for x, s in zip(part, by, strict=True)] for part in (scale, shift))
            else:
                shift = [x + s for x, s in zip(shift, by, strict=True)]
        if not all(scale):
            raise node.fail("what enters it is multiplied by 0", "remove the scaling")
        if any(shift):
            if bias is None:
                raise node.fail("a constant is added to what enters it, and it has no bias", "give it a bias")
            moved = (sum((w * s for w, s in zip(row, shift, strict=True)), Fraction(0)) for row in weight)
            bias = [b + m for b, m in zip(bias, moved, strict=True)]
        if self.pending:
            self.notes.append(f"a scale or shift before {quoted(node.name)} is folded into its weights")
        if self.fresh:
            self.activations.append("identity")
        weight = [[w * s for w, s in zip(row, scale, strict=True)] for row in weight]
        self.layers.append(Affine(node.name, weight, bias))
        self.pending, self.fresh, self.width = [], True, len(weight)

    def rescale(self, node: Node, array: Array, name: str) -> None:
        """Multiply by a constant per channel."""
        if not self.fresh:
            self.pending.append(("scale", array, name))
            return
        last = self.layers[-1]
        by = vector(exact(array, name), last.outputs, name)
        if not all(by):
            raise node.fail("it multiplies by 0", "remove the scaling")
        last.weight = [[w * s for w in row] for row, s in zip(last.weight, by, strict=True)]
        self.notes.append(f"the scale {quoted(node.name)} is folded into the weights before it")
        last.bias = None if last.bias is None else [b * s for b, s in zip(last.bias, by, strict=True)]

    def translate(self, node: Node, array: Array, name: str) -> None:
        """Add a constant per channel: the bias, or part of it."""
        if not self.fresh:
            self.pending.append(("shift", array, name))
            return
        last = self.layers[-1]
        by = vector(exact(array, name), last.outputs, name)
        last.bias = by if last.bias is None else [b + s for b, s in zip(last.bias, by, strict=True)]

    def activate(self, node: Node, activation: object) -> None:
        """An activation, as network files spell it."""
        if not self.fresh:
            raise node.fail("it does not follow a fully connected layer directly", "one activation per hidden layer")
        self.activations.append(activation)
        self.fresh = False

    def end(self, node: Node, link: str) -> None:
        """What makes probabilities or rates of the last values: no part of the network, but of the loss."""
        if not self.fresh:
            raise node.fail("it does not follow a fully connected layer directly", "it must be what the model ends in")
        if len(self.layers) < 2:
            raise node.fail("it is no piecewise linear activation", "use one that is, as relu, or abs, or hardsigmoid")
        self.link = link
        self.notes.append(f"the {node.kind} {quoted(node.name)} at the end belongs to the loss; the network is without")


def gemm(chain: Chain, node: Node) -> None:
    """alpha · a · B (transposed as told) + beta · C."""
    alpha, beta = node.number("alpha", 1.0), node.number("beta", 1.0)
    if node.place != 0 or node.whole("transA", 0):
        raise node.fail("it mixes the samples (the computed operand must come first, transA = 0)", _CHAIN)
    name = node.called(1)
    weight = matrix(exact(node.operand(1, "weight"), name), name)
    if not node.whole("transB", 0):
        weight = [list(column) for column in zip(*weight, strict=True)]
    bias, added = None, node.optional(2)
    if not alpha or (added is not None and not beta):
        raise node.fail("alpha or beta is 0", "remove what is multiplied by 0")
    if added is not None:
        bias = [beta * b for b in vector(exact(added, node.called(2)), len(weight), node.called(2))]
    chain.affine(node, [[alpha * w for w in row] for row in weight], bias)


def matmul(chain: Chain, node: Node) -> None:
    """a · B."""
    array, name = node.other()
    if node.place != 0:
        raise node.fail("the weight stands on the left, where it mixes the samples", _CHAIN)
    chain.affine(node, [list(column) for column in zip(*matrix(exact(array, name), name), strict=True)], None)


def add(chain: Chain, node: Node) -> None:
    """Plus a constant."""
    chain.translate(node, *node.other())


def sub(chain: Chain, node: Node) -> None:
    """Minus a constant, or a constant minus."""
    array, name = node.other()
    if node.place:
        chain.rescale(node, np.array(-1.0), node.name)
        chain.translate(node, array, name)
    else:
        chain.translate(node, -array, name)


def mul(chain: Chain, node: Node) -> None:
    """Times a constant."""
    chain.rescale(node, *node.other())


def relu(chain: Chain, node: Node) -> None:
    """max(z, 0)."""
    chain.activate(node, "relu")


def absolute(chain: Chain, node: Node) -> None:
    """|z|."""
    chain.activate(node, "abs")


def leaky_relu(chain: Chain, node: Node) -> None:
    """alpha · z below 0."""
    chain.activate(node, {"name": "leaky_relu", "negative_slope": spelled(node.number("alpha", 0.01))})


def prelu(chain: Chain, node: Node) -> None:
    """slope · z below 0, where the slope is the same for all channels."""
    if node.place != 0:
        raise node.fail("its slope is computed", _CHAIN)
    slopes = set(exact(node.operand(1, "slope"), node.called(1)).reshape(-1).tolist())
    if len(slopes) != 1:
        raise node.fail(f"its channels have {len(slopes)} different slopes", "use one slope per layer")
    chain.activate(node, {"name": "leaky_relu", "negative_slope": spelled(slopes.pop())})


def clip(chain: Chain, node: Node) -> None:
    """Between two bounds; either may be absent or infinite."""
    if node.place != 0:
        raise node.fail("its bounds are computed", _CHAIN)
    low, high = (_bound(node, index, key) for index, key in ((1, "min"), (2, "max")))
    bounds = [x for x in (low, high) if x is not None]
    if low is not None and high is not None and low >= high:
        raise node.fail("its bounds leave nothing between them", "the lower bound must be below the upper one")
    slopes = [*(["0"] if low is not None else []), "1", *(["0"] if high is not None else [])]
    anchor = spelled(bounds[0] if bounds else Fraction(0))
    shape_of = {"breakpoints": list(map(spelled, bounds)), "slopes": slopes, "anchor": [anchor, anchor]}
    chain.activate(node, shape_of)


def _bound(node: Node, index: int, key: str) -> Fraction | None:
    array = node.optional(index)
    if array is None and key in node.attributes:
        given = node.attributes[key]
        if type(given) not in (int, float):
            raise node.fail(f"its attribute {key} is not a number", "export the model again")
        with np.errstate(over="ignore"):
            array = np.asarray(given, dtype=np.float32)
    if array is None or (
        array.size == 1
        and array.dtype.name in FLOATS
        and np.isinf(array.item())
        and (array.item() < 0) == (key == "min")
    ):
        return None
    return only(exact(array, f"{node.name}.{key}"))


def hard_sigmoid(chain: Chain, node: Node) -> None:
    """alpha · z + beta between 0 and 1."""
    alpha, beta = node.number("alpha", 0.2), node.number("beta", 0.5)
    if alpha <= 0:
        raise node.fail("its alpha is not positive", "use a positive one")
    ends = [spelled(-beta / alpha), spelled((1 - beta) / alpha)]
    slopes = ["0", spelled(alpha), "0"]
    chain.activate(node, {"breakpoints": ends, "slopes": slopes, "anchor": [ends[0], "0"]})


def identity(chain: Chain, node: Node) -> None:
    """Nothing."""


def cast(chain: Chain, node: Node) -> None:
    """Nothing, where numbers stay what they are; rounding to fewer digits is not part of the exact network."""
    if node.whole("to", 0) not in REALS:
        raise node.fail("it does not keep numbers as they are", "leave it out")


def dropout(chain: Chain, node: Node) -> None:
    """Nothing, as in use; in training it is random."""
    training = node.optional(2)
    if training is not None and training.any():
        raise node.fail("it drops values at random (training mode)", "export the model in evaluation mode")


def softmax(chain: Chain, node: Node) -> None:
    """Probabilities of a sample's classes, or their logarithms, at the end."""
    if node.whole("axis", -1) not in (-1, 1):
        raise node.fail("it mixes the samples (axis is not 1)", _CHAIN)
    chain.end(node, "log_softmax" if node.kind == "LogSoftmax" else "softmax")


def sigmoid(chain: Chain, node: Node) -> None:
    """A probability, at the end."""
    chain.end(node, "sigmoid")


def exponential(chain: Chain, node: Node) -> None:
    """A rate, at the end."""
    chain.end(node, "exp")


def flatten(chain: Chain, node: Node) -> None:
    """Nothing, where samples stay rows."""
    if node.whole("axis", 1) != 1:
        raise node.fail("it mixes the samples (axis is not 1)", _CHAIN)


def reshape(chain: Chain, node: Node) -> None:
    """Nothing, where samples certainly stay rows and keep their numbers."""
    sides = whole_numbers(node, node.operand(1, "shape"))
    width = chain.width
    if len(sides) == 2 and node.place == 0 and not (sides[0] == 0 and node.whole("allowzero", 0)):
        rows, columns = sides
        same = columns > 0 and (columns == width or (rows == 0 and width is None))
        if (rows == 0 and columns == -1) or (rows in (0, -1) and same):
            chain.width = columns if columns > 0 else width
            return
    raise node.fail(f"its shape {shape(sides)} may mix samples or their numbers", "use Flatten, or the shape (0, -1)")


def whole_numbers(node: Node, array: Array) -> list[int]:
    """An array of integers as a list. Raises NotImportable for numbers of another type."""
    if array.dtype.kind not in "iu":
        raise node.fail("what must be whole numbers are none", "export the model again")
    return [int(x) for x in array.reshape(-1)[:100]]


def squeeze(chain: Chain, node: Node) -> None:
    """Nothing, at the end of a network with one output."""
    given = node.optional(1)
    axes = node.attributes.get("axes", []) if given is None else whole_numbers(node, given)
    if axes not in ([1], [-1]) or chain.width != 1 or not chain.fresh:
        raise node.fail("it may do more than drop the dimension of a single output", "leave the output as it is")
    chain.squeezed = True


def only(values: Array) -> Fraction:
    """The one number of an array. Raises NotImportable."""
    if values.size != 1:
        raise NotImportable(f"a number was expected, and there are {values.size}", "export the model again")
    return Fraction(values.reshape(-1)[0])


Operator = Callable[[Chain, Node], None]


def unsqueezed(operator: Operator) -> Operator:
    """The operator where nothing has been squeezed: afterwards samples are no longer rows."""

    def checked(chain: Chain, node: Node) -> None:
        if chain.squeezed:
            raise node.fail("it follows a Squeeze", "leave out the Squeeze")
        operator(chain, node)

    return checked


OPERATORS: dict[str, Operator] = {"Identity": identity, "Cast": cast, "Dropout": dropout} | {
    name: unsqueezed(operator)
    for name, operator in {
        "Abs": absolute,
        "Add": add,
        "Clip": clip,
        "Exp": exponential,
        "Flatten": flatten,
        "Gemm": gemm,
        "HardSigmoid": hard_sigmoid,
        "LeakyRelu": leaky_relu,
        "LogSoftmax": softmax,
        "MatMul": matmul,
        "Mul": mul,
        "PRelu": prelu,
        "Relu": relu,
        "Reshape": reshape,
        "Sigmoid": sigmoid,
        "Softmax": softmax,
        "Squeeze": squeeze,
        "Sub": sub,
    }.items()
}
