"""Networks from ONNX files: a chain of affine operators and piecewise linear activations, read exactly.

What is claimed afterwards is about the exact real-arithmetic network with these weights, not about float32 inference.
Scales and shifts by constants are folded into the neighbouring affine map: an invertible change of its parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from symverify.problem.regular import read_regular
from symverify.text import plain

from .chain import OPERATORS, Chain, Node
from .common import MAX_SIDES, Model, NotImportable, quoted

MAX_NODES = 1000
DECIDERS = frozenset({"ArgMax", "Binarizer", "Greater", "GreaterOrEqual", "Less", "TopK", "ZipMap"})  # make labels
CARRIERS = frozenset(  # hand labels and tables on
    {"ArrayFeatureExtractor", "Cast", "Flatten", "Gather", "Identity", "LabelEncoder", "Not", "Reshape", "Squeeze"}
)
ENDS = frozenset({"Exp", "LogSoftmax", "Sigmoid", "Softmax"})  # belong to the loss
COMPLEMENTS = frozenset({"Concat", "Sub", "Unsqueeze"})  # make the other class's probability of one
TYPES = {1: np.float32, 10: np.float16, 11: np.float64}  # by their numbers in ONNX
OWN, OLDEST = ("", "ai.onnx"), 7  # the domain of ONNX's operators, and their version that are read
_AGAIN = "export the model again"
_NO_CONSTANT = "replace it by constants, for instance with the exporter's constant folding"


def graph_of(path: Path) -> "Graph":
    """The graph in an ONNX file. Raises NotImportable; OSError if it cannot be read."""
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError:
        raise NotImportable("reading ONNX files needs the package onnx", "run: pip install onnx") from None
    try:
        proto = onnx.load_model_from_string(read_regular(path))
    except (DecodeError, ValueError) as error:
        raise NotImportable(
            f"{quoted(path.name)} is not an ONNX file: {plain(error, 200)}", "export the model again"
        ) from None
    graph = Graph.of(proto.graph)
    _check_operators(proto)
    return graph


def _check_operators(proto: Any) -> None:
    """Operators mean what is read here: ONNX's own, of a version that broadcasts as NumPy does. Raises NotImportable.

    An attribute or operand that its operator has not would be passed over.
    """
    from onnx import defs

    version = max((each.version for each in proto.opset_import if each.domain in OWN), default=0)
    if version < OLDEST:
        raise NotImportable(f"the model is of ONNX's operator set {version}", f"export it with {OLDEST} or later")
    replaced = {each.name for each in proto.functions if each.domain in OWN}
    for node in proto.graph.node:
        where = f"the operator {quoted(node.op_type)} (node {quoted(node.name or next(iter(node.output), ''))})"
        if node.domain not in (*OWN, "ai.onnx.ml") or node.op_type in replaced:
            raise NotImportable(f"{where} is not supported: it is none of ONNX's own", "export the model without it")
        try:
            schema = defs.get_schema(node.op_type, min(version, defs.onnx_opset_version()), "")
        except (defs.SchemaError, TypeError):  # there is none of that name, which is said where it matters
            continue
        if other := [each.name for each in node.attribute if each.name not in schema.attributes]:
            raise NotImportable(f"{where} has an attribute {quoted(other[0])}, unknown to ONNX", _AGAIN)
        if not schema.min_input <= len(node.input) <= schema.max_input or "" in node.input[: schema.min_input]:
            raise NotImportable(f"{where} has {len(node.input)} operands", _AGAIN)


def read_onnx(path: Path) -> Model:
    """The chain of layers and activations in an ONNX file. Raises NotImportable; OSError if it cannot be read."""
    return chain_of(graph_of(path))


def chain_of(graph: "Graph") -> Model:
    """The chain of layers and activations in a graph. Raises NotImportable."""
    graph.check_rank()
    current, chain = graph.input, Chain(width=graph.width())
    for _ in range(len(graph.nodes) + 1):
        rest = graph.after(current)
        if not rest or _only_decides(chain, rest):
            return _finished(graph, chain, current, rest)
        current = _step(graph, chain, current)
    raise NotImportable("the operators form a cycle", "export the model again")


def body(graph: "Graph") -> list[Any]:
    """The operators of a graph, without those at its end that belong to the loss or make labels."""
    for node in graph.nodes:
        if node.op_type in DECIDERS | ENDS and node.input:
            rest = graph.after(node.input[0])
            if {each.op_type for each in rest} <= DECIDERS | ENDS | CARRIERS | COMPLEMENTS:
                return [each for each in graph.nodes if each not in rest]
    return list(graph.nodes)


def _only_decides(chain: Chain, rest: Sequence[Any]) -> bool:
    """Whether the operators left make labels, or tables of probabilities, of what has been computed.

    Raises NotImportable where a link of the loss stands between layers.
    """
    kinds = [node.op_type for node in rest]
    if not chain.link:
        return chain.fresh and not DECIDERS.isdisjoint(kinds) and DECIDERS.union(CARRIERS).issuperset(kinds)
    if more := [kind for kind in kinds if kind not in DECIDERS | CARRIERS | COMPLEMENTS]:
        raise NotImportable(
            f"a {chain.link} is followed by {quoted(more[0])}: it is no piecewise linear activation",
            "use one that is, such as relu, abs or hardsigmoid; a softmax or sigmoid can only be the end",
        )
    return True


def _finished(graph: "Graph", chain: Chain, current: str, rest: Sequence[Any]) -> Model:
    """The model that ends at a value, whatever makes labels of it left out."""
    made = {current, *(name for node in rest for name in node.output)}
    if other := [name for name in graph.outputs if name not in made]:
        raise NotImportable(
            f"the model has the output {quoted(other[0])} beside the last one", "export it with one output"
        )
    if rest:
        kinds = ", ".join(dict.fromkeys(str(node.op_type) for node in rest))
        chain.notes.append(f"what makes labels of the outputs is left out ({kinds})")
    return chain.finished()


def _step(graph: "Graph", chain: Chain, current: str) -> str:
    """Add the one operator that uses a value to the chain; the name of its result."""
    users = graph.users(current)
    if len(users) != 1:
        raise NotImportable(
            f"{len(users)} operators use the value {quoted(current)}", "only chains without branches can be imported"
        )
    proto = users[0]
    if proto.op_type not in OPERATORS or proto.domain not in ("", "ai.onnx"):
        known = ", ".join(sorted(OPERATORS))
        raise NotImportable(
            f"the operator {quoted(proto.op_type)} (node {quoted(proto.name or proto.output[0])}) is not supported",
            f"these are, and Constant and Transpose for weights: {known}",
        )
    if list(proto.input).count(current) != 1:
        raise NotImportable(f"node {quoted(proto.name)} uses one value twice", "only chains can be imported")
    operands = [None if name == current or not name else graph.constant(name) for name in proto.input]
    place = list(proto.input).index(current)
    node = Node(proto.op_type, proto.name or proto.output[0], operands, list(proto.input), place, attributes(proto))
    OPERATORS[proto.op_type](chain, node)
    return str(proto.output[0])


def attributes(proto: Any) -> dict[str, Any]:
    from onnx import helper

    try:
        return {attribute.name: helper.get_attribute_value(attribute) for attribute in proto.attribute}
    except ValueError as error:
        raise NotImportable(
            f"an attribute of {quoted(proto.name)} is damaged: {plain(error, 200)}", "export the model again"
        ) from None


@dataclass(slots=True)
class Graph:
    """The one input, the outputs, the operators that compute something from it, and the constants by name."""

    input: str
    outputs: tuple[str, ...]
    nodes: Sequence[Any]
    tensors: dict[str, Any]
    makers: dict[str, Any]
    kind: Any
    _arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @staticmethod
    def of(proto: Any) -> "Graph":
        """The graph of a model. Raises NotImportable unless it has one input and some output."""
        if len(proto.node) > MAX_NODES:
            raise NotImportable(f"the model has {len(proto.node)} operators", f"use one with at most {MAX_NODES}")
        tensors = {tensor.name: tensor for tensor in proto.initializer}
        if proto.sparse_initializer:
            raise NotImportable("the model has sparse weights", "export them as dense ones")
        inputs = [value for value in proto.input if value.name not in tensors]
        if len(inputs) != 1 or not proto.output:
            raise NotImportable(
                f"the model has {len(inputs)} inputs and {len(proto.output)} outputs", "it must have one of each"
            )
        makers, nodes = {}, []
        for node in proto.node:  # in topological order
            if not node.output:
                raise NotImportable(f"the operator {quoted(node.op_type)} has no output", "export the model again")
            constant = all(not name or name in tensors or name in makers for name in node.input)
            if constant and len(node.output) == 1:
                makers[node.output[0]] = node
            else:
                nodes.append(node)
        outputs, kind = tuple(value.name for value in proto.output), inputs[0].type.tensor_type
        return Graph(inputs[0].name, outputs, nodes, tensors, makers, kind)

    def users(self, name: str) -> list[Any]:
        """The operators that use a value."""
        return [node for node in self.nodes if name in node.input]

    def after(self, name: str) -> list[Any]:
        """The operators that what comes of a value passes through, in order."""
        reached, found = {name}, []
        for node in self.nodes:
            if not reached.isdisjoint(node.input):
                found.append(node)
                reached.update(node.output)
        return found

    def check_rank(self) -> None:
        """Samples are rows of the input, or are flattened to rows first."""
        sides = len(self.kind.shape.dim) if self.kind.HasField("shape") else 2
        flattened = any(node.op_type in ("Flatten", "Reshape") and self.input in node.input for node in self.nodes)
        if sides < 2 or (sides > 2 and not flattened):
            raise NotImportable(
                f"the input {quoted(self.input)} has {sides} dimensions", "export it as samples x features"
            )

    def width(self) -> int | None:
        """How many numbers a sample has; None where the file leaves it open."""
        sides = [int(side.dim_value) for side in self.kind.shape.dim][1:]
        return prod(sides) if sides and all(side > 0 for side in sides) else None

    def constant(self, name: str) -> np.ndarray[Any, Any]:
        """The array of a constant. Raises NotImportable for computed values and for weights in other files."""
        if name not in self._arrays:
            self._arrays[name] = self._made(name)
        return self._arrays[name]

    def _made(self, name: str) -> np.ndarray[Any, Any]:
        if name in self.tensors:
            return _array(self.tensors[name], name)
        node = self.makers.get(name)
        if node is None:
            raise NotImportable(f"{quoted(name)} is computed from the input", "only chains can be imported")
        values = attributes(node)
        match node.op_type, list(values):
            case "Constant", ["value"] if hasattr(values["value"], "data_location"):
                return _array(values["value"], name)
            case "Constant", ["value_float" | "value_floats" as key] if _are(values[key], float):
                return np.asarray(values[key], dtype=np.float32)
            case "Constant", ["value_int" | "value_ints" as key] if _are(values[key], int):
                return np.asarray(values[key], dtype=np.int64)
            case "Identity", [] if len(node.input) == 1:
                return self.constant(node.input[0])
            case "Transpose", [] | ["perm"] if len(node.input) == 1:
                array = self.constant(node.input[0])
                order = values.get("perm", list(range(array.ndim)[::-1]))
                whole = isinstance(order, list) and all(type(axis) is int for axis in order)
                if whole and sorted(order) == list(range(array.ndim)):
                    return np.transpose(array, list(order))
            case "Cast", ["to", *_] if values["to"] in TYPES and len(node.input) == 1:
                with np.errstate(over="ignore"):  # too large is infinite, which is refused
                    return self.constant(node.input[0]).astype(TYPES[values["to"]])
            case "Reshape", [] if len(node.input) == 2:
                return self._reshaped(name, *map(self.constant, node.input))
        raise NotImportable(f"{quoted(name)} is made by the operator {quoted(node.op_type)}", _NO_CONSTANT)

    def _reshaped(self, name: str, array: np.ndarray[Any, Any], sides: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        try:
            return array.reshape([int(side) for side in sides.reshape(-1)[:MAX_SIDES]])
        except (TypeError, ValueError) as error:
            raise NotImportable(f"{quoted(name)} is reshaped wrongly: {plain(error, 200)}", _NO_CONSTANT) from None


def _are(values: object, kind: type) -> bool:
    """Whether an attribute is a number of this type, or a list of such."""
    return all(type(value) is kind for value in (values if isinstance(values, list) else [values]))


def _array(tensor: Any, name: str) -> np.ndarray[Any, Any]:
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        where = next((each.value for each in tensor.external_data if each.key == "location"), "")
        raise NotImportable(
            f"{quoted(name)} is stored in another file, {quoted(where)}",
            "export the weights inside the ONNX file: torch.onnx.export(..., external_data=False), or "
            "onnx.save(onnx.load(PATH), PATH, save_as_external_data=False)",
        )
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # whatever a damaged tensor makes of it
        raise NotImportable(f"{quoted(name)} cannot be read: {plain(error, 200)}", "export the model again") from None
