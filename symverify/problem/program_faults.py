"""What is wrong with the "program" of a network file: the first fault of every node, each with its place and remedy."""

from collections.abc import Iterator, Sequence

from symverify.kernel.core.activation import Activation
from symverify.kernel.core.errors import Malformed
from symverify.kernel.core.text import Fields, Read, shown
from symverify.kernel.programs.build import Builder
from symverify.kernel.programs.nodes import OPERATIONS, Network, read_name, read_nodes

Faults = list[tuple[str, str]]
MULTIPLIED = frozenset(
    {"attention", "self_attention", "multihead_attention", "mul", "multiply", "lstm", "gru", "matmul"}
)
CURVED = frozenset({"softmax", "layer_norm", "group_norm", "instance_norm", "tanh", "sigmoid", "gelu", "silu", "exp"})
RENAMED = {
    "linear": "affine",
    "dense": "affine",
    "add": "sum",
    "conv": "conv1d or conv2d",
    "relu": 'activation with "activation": "relu"',
    "max_pool": "max_pool1d or max_pool2d",
    "avg_pool": "average_pool1d or average_pool2d",
    "avg_pool2d": "average_pool2d",
    "batch_norm2d": "batch_norm",
    "transpose": "permute",
}


def program_faults(value: object, activation: Read[Activation]) -> tuple[Network | None, Faults]:
    """The network, where there is nothing wrong with it, and all faults."""
    if not isinstance(value, list) or not all(isinstance(node, dict) for node in value) or len(value) < 2:
        return whole(value, activation)
    faults: Faults = []
    names = [node.get("name") for node in value]
    network, broken = Network(Builder([]), activation, later=[str(name) for name in names]), set[object]()
    for k, node in enumerate(value):
        here = f"program[{k}]"
        if any(name in broken for name in sources(node)):
            broken.add(node.get("name"))
            continue
        found = list(node_faults(network, node, k, here, names, value))
        faults += found
        if found:
            broken.add(node.get("name"))
    return (None, faults) if faults else whole(value, activation)


def whole(value: object, activation: Read[Activation]) -> tuple[Network | None, Faults]:
    """What the kernel says."""
    try:
        return read_nodes(value, "program", activation), []
    except Malformed as error:
        return None, list(error.faults)


def node_faults(
    network: Network, node: dict[str, object], k: int, where: str, names: Sequence[object], nodes: Sequence[object]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a node whose sources are right; it is added to the network."""
    op = node.get("op")
    if isinstance(op, str) and op not in OPERATIONS:
        yield f"{where}.op", unknown_operation(op)
        return
    try:
        fields = Fields(node, where)
        name = fields.need("name", read_name)
        if names.index(name) < k:
            raise Malformed((f"{where}.name", f"{shown(name)} is the name of two nodes"))
        if (op == "input") != (k == 0):
            raise Malformed((f"{where}.op", 'the first node, and no other, is the "input"'))
        fields.need("op", lambda value, _: value)
        if not isinstance(op, str):
            raise Malformed((f"{where}.op", f"expected text, got {shown(op)}"))
        network.values[name] = OPERATIONS[op](network, name, fields)
        fields.done()
    except Malformed as error:
        for place, what in error.faults:
            yield place, what + remark(op, node, what, names, nodes)


def unknown_operation(op: str) -> str:
    """What to say about an operation that there is not."""
    lower = op.lower().replace("-", "_")
    known = f"known: {', '.join(OPERATIONS)}"
    if lower in MULTIPLIED:
        return f"{shown(op)} multiplies values with each other: it is not piecewise linear; {known}"
    if lower in CURVED:
        return f"{shown(op)} is not piecewise linear, and every proof here is about pieces; {known}"
    if lower in RENAMED:
        return f"unknown operation {shown(op)}; it is called {RENAMED[lower]} here"
    if lower in ("dropout", "identity"):
        return f"{shown(op)} does nothing in evaluation: leave it out"
    return f"unknown operation {shown(op)}; {known}"


def remark(op: object, node: dict[str, object], what: str, names: Sequence[object], nodes: Sequence[object]) -> str:
    """What may be added to a fault."""
    if op == "batch_norm" and ("is missing" in what or "unknown key" in what):
        return (
            "; batch statistics of training are no fixed map: give of each channel the scale "
            "gamma/sqrt(variance + epsilon) and the shift beta - mean * scale of evaluation"
        )
    if "is used before it is made" in what:
        ring = cycle(node.get("name"), names, nodes)
        return f": {' -> '.join(map(str, ring))} is a cycle" if ring else ": move it up"
    return ""


def cycle(start: object, names: Sequence[object], nodes: Sequence[object]) -> list[object]:
    """The names along a cycle through a node, if there is one."""
    made_of = {name: sources(node) for name, node in zip(names, nodes, strict=True) if isinstance(node, dict)}
    paths: list[list[object]] = [[start]]
    seen = set[object]()
    while paths:
        path = paths.pop()
        for name in made_of.get(path[-1], []):
            if name == start:
                return [*path, start][::-1]
            if name not in seen and isinstance(name, str):
                seen.add(name)
                paths.append([*path, name])
    return []


def sources(node: dict[str, object]) -> list[object]:
    """The names that a node is made of."""
    given = node.get("from")
    return [name for name in (given if isinstance(given, list) else [given]) if isinstance(name, str)]
