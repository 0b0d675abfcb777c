"""Networks from ONNX files: a chain of affine operators and piecewise linear activations, read exactly.

What is claimed afterwards is about the exact real-arithmetic network with these weights, not about float32 inference.
Scales and shifts by constants are folded into the neighbouring affine map: an invertible change of its parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from symverify.problem.regular import read_regular
from symverify.text import plain

from .chain import OPERATORS, Chain, Node
from .common import Model, NotImportable, quoted

MAX_NODES = 1000
_NO_CONSTANT = "replace it by constants, for instance with the exporter's constant folding"


def read_onnx(path: Path) -> Model:
    """The chain of layers and activations in an ONNX file. Raises NotImportable; OSError if it cannot be read."""
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError:
        raise NotImportable("reading ONNX files needs the package onnx", "run: pip install 'symverify[onnx]'") from None
    try:
        proto = onnx.load_model_from_string(read_regular(path))
    except (DecodeError, ValueError) as error:
        raise NotImportable(
            f"{quoted(path.name)} is not an ONNX file: {plain(error, 200)}", "export the model again"
        ) from None
    graph = Graph.of(proto.graph)
    current, chain = graph.input, Chain()
    for _ in range(len(graph.nodes) + 1):
        if current == graph.output:
            return chain.finished()
        current = _step(graph, chain, current)
    raise NotImportable("the operators form a cycle", "export the model again")


def _step(graph: "Graph", chain: Chain, current: str) -> str:
    """Add the one operator that uses a value to the chain; the name of its result."""
    users = [node for node in graph.nodes if current in node.input]
    if len(users) != 1:
        what = "nothing uses" if not users else f"{len(users)} operators use"
        raise NotImportable(f"{what} the value {quoted(current)}", "only chains without branches can be imported")
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
    node = Node(proto.op_type, proto.name or proto.output[0], operands, list(proto.input), place, _attributes(proto))
    OPERATORS[proto.op_type](chain, node)
    return str(proto.output[0])


def _attributes(proto: Any) -> dict[str, Any]:
    from onnx import helper

    try:
        return {attribute.name: helper.get_attribute_value(attribute) for attribute in proto.attribute}
    except ValueError as error:
        raise NotImportable(
            f"an attribute of {quoted(proto.name)} is damaged: {plain(error, 200)}", "export the model again"
        ) from None


@dataclass(slots=True)
class Graph:
    """The one input, the one output, the operators that compute something from it, and the constants by name."""

    input: str
    output: str
    nodes: Sequence[Any]
    tensors: dict[str, Any]
    makers: dict[str, Any]
    _arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @staticmethod
    def of(proto: Any) -> "Graph":
        """The graph of a model. Raises NotImportable unless it has one input and one output."""
        if len(proto.node) > MAX_NODES:
            raise NotImportable(f"the model has {len(proto.node)} operators", f"use one with at most {MAX_NODES}")
        tensors = {tensor.name: tensor for tensor in proto.initializer}
        if proto.sparse_initializer:
            raise NotImportable("the model has sparse weights", "export them as dense ones")
        inputs = [value for value in proto.input if value.name not in tensors]
        if len(inputs) != 1 or len(proto.output) != 1:
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
        graph = Graph(inputs[0].name, proto.output[0].name, nodes, tensors, makers)
        graph._check_rank(inputs[0].type.tensor_type)
        return graph

    def _check_rank(self, kind: Any) -> None:
        """Samples are rows of the input, or are flattened to rows first."""
        sides = len(kind.shape.dim) if kind.HasField("shape") else 2
        flattened = any(node.op_type in ("Flatten", "Reshape") and self.input in node.input for node in self.nodes)
        if sides < 2 or (sides > 2 and not flattened):
            raise NotImportable(
                f"the input {quoted(self.input)} has {sides} dimensions", "export it as samples x features"
            )

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
        values = _attributes(node)
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
        raise NotImportable(f"{quoted(name)} is made by the operator {quoted(node.op_type)}", _NO_CONSTANT)


def _are(values: object, kind: type) -> bool:
    """Whether an attribute is a number of this type, or a list of such."""
    return all(type(value) is kind for value in (values if isinstance(values, list) else [values]))


def _array(tensor: Any, name: str) -> np.ndarray[Any, Any]:
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        raise NotImportable(f"{quoted(name)} is stored in another file", "export the weights inside the ONNX file")
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # whatever a damaged tensor makes of it
        raise NotImportable(f"{quoted(name)} cannot be read: {plain(error, 200)}", "export the model again") from None
