"""ONNX files that are no chains, as programs: operator by operator, without the end that belongs to the loss."""

from collections import Counter
from typing import Any

from .chain import Node
from .common import NotImportable, quoted
from .onnx import DECIDERS, ENDS, Graph, attributes, body
from .program import OPERATIONS, Program

_WHOLE = "export the model with a fixed number of entries for each axis but the samples"
_LINKS = {"Exp": "exp", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "Softmax": "softmax"}
BEYOND_CHAINS = frozenset(
    {
        "AveragePool",
        "BatchNormalization",
        "Concat",
        "Conv",
        "GlobalAveragePool",
        "Max",
        "MaxPool",
        "Neg",
        "ReduceMean",
        "Transpose",
    }
)


def read_program(graph: Graph) -> Program:
    """The program of a graph. Raises NotImportable."""
    nodes, shape = body(graph), sample_shape(graph)
    computed = {graph.input, *(name for node in graph.nodes for name in node.output)}
    uses = Counter(name for node in nodes for name in node.input)
    made = Program.begun(graph.input, shape, _output(graph, nodes), uses)
    for proto in nodes:
        kind = proto.op_type
        if kind not in OPERATIONS or proto.domain not in ("", "ai.onnx"):
            raise NotImportable(
                f"the operator {quoted(kind)} (node {quoted(proto.name or proto.output[0])}) is not supported",
                f"these are: {', '.join(sorted(OPERATIONS))}",
            )
        operands = [None if not name or name in computed else graph.constant(name) for name in proto.input]
        node = Node(kind, proto.name or proto.output[0], operands, list(proto.input), 0, attributes(proto))
        made.step(node, proto.output[0])
    made = made.ended()
    _end(graph, made, nodes)
    return made


def _output(graph: Graph, nodes: list[Any]) -> str:
    """The value that the model computes, before what belongs to the loss or makes labels."""
    rest = [node for node in graph.nodes if node not in nodes]
    final = str(rest[0].input[0]) if rest else graph.outputs[0]
    made = {final, *(name for node in rest for name in node.output)}
    if other := [name for name in graph.outputs if name not in made]:
        raise NotImportable(f"the model has the output {quoted(other[0])} beside the last one", "export it with one")
    return final


def _end(graph: Graph, made: Program, nodes: list[Any]) -> None:
    """What the model ends in: a link of the loss, labels. Raises NotImportable."""
    rest = [node for node in graph.nodes if node not in nodes]
    links = [node for node in rest if node.op_type in ENDS]
    if len(links) > 1:
        raise NotImportable(f"the model ends in {' and '.join(node.op_type for node in links)}", "leave one of them")
    for node in links:
        name = node.name or node.output[0]
        flat = len(made.values[made.output].shape) == 1
        if not flat or (node.op_type.endswith("Softmax") and attributes(node).get("axis", -1) not in (-1, 1)):
            raise NotImportable(f"{node.op_type} {quoted(name)}: it is not over the outputs", "take it over axis 1")
        made.link = _LINKS[node.op_type]
        made.notes.append(f"the {node.op_type} {quoted(name)} at the end belongs to the loss; the network is without")
    if any(node.op_type in DECIDERS for node in rest):
        kinds = ", ".join(dict.fromkeys(str(node.op_type) for node in rest if node not in links))
        made.notes.append(f"what makes labels of the outputs is left out ({kinds})")


def sample_shape(graph: Graph) -> tuple[int, ...]:
    """The shape of one sample of the input."""
    sides = [int(side.dim_value) for side in graph.kind.shape.dim][1:]
    if not sides or any(side < 1 for side in sides) or len(sides) > 3:
        raise NotImportable(f"the input {quoted(graph.input)} has the shape {sides} per sample", _WHOLE)
    return tuple(sides)


def beyond_chains(graph: Graph) -> bool:
    """Whether a graph has what a chain has not: one of these operators, or a value that is used twice.

    What belongs to the loss at its end, or makes labels there, does not count.
    """
    nodes = body(graph)
    read = Counter(name for node in nodes for name in node.input)
    made = [graph.input, *(name for node in nodes for name in node.output)]
    return any(node.op_type in BEYOND_CHAINS for node in nodes) or any(read[name] > 1 for name in made)
