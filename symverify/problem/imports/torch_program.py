"""PyTorch's modules that are no chains, as programs: branches, convolutions, poolings, shared and frozen parameters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .chain import Chain
from .common import NotImportable
from .program import Program
from .torch_chain import LAYERS, REMEDIES, SUPPORTED
from .torch_graph import operation, setting
from .torch_operations import OPERATIONS
from .torch_reading import At, Reading

ENDS = {"Sigmoid": "sigmoid", "sigmoid": "sigmoid", "Softmax": "softmax", "softmax": "softmax",
        "LogSoftmax": "log_softmax", "log_softmax": "log_softmax"}  # fmt: skip


def read_program(graph: Any, modules: Mapping[str, Any], shape: Sequence[int]) -> Program:
    """The program of a traced module on samples of a shape. Raises NotImportable."""
    nodes = [node for node in graph.nodes if node.op != "get_attr"]
    inputs = [node for node in nodes if node.op == "placeholder"]
    if len(inputs) != 1:
        raise NotImportable("the module takes several inputs", "give one that takes the samples alone")
    final, link = _end(nodes, modules)
    uses = Counter(each.name for node in nodes for each in _read(node))
    free = [each.requires_grad for layer in modules.values() for each in layer.parameters(recurse=False)]
    reading = Reading(Program.begun(inputs[0].name, shape, final.name, uses), modules, any(free) and not all(free))
    for node in nodes[: nodes.index(final) + 1]:
        if node.op in ("call_module", "call_function", "call_method"):
            where, kind, settings = operation(node, modules)
            first = node.args[0] if node.args else None
            _step(reading, node, At(where, kind, node.name, settings, tuple(_read(node)), first))
    made = reading.made.ended()
    if link:
        _linked(made, link, modules)
    return made


def _read(node: Any) -> list[Any]:
    """The values that an operation reads, in order, as often as it does."""
    found: list[Any] = []

    def look(value: Any) -> None:
        if isinstance(value, list | tuple):
            for each in value:
                look(each)
        elif callable(getattr(value, "format_node", None)):
            found.append(value)

    look(list(node.args))
    look(list(node.kwargs.values()))
    return found


def _end(nodes: Sequence[Any], modules: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value that the module computes before what belongs to the loss, and the operation that does, if any."""
    final = nodes[-1].args[0]
    if not callable(getattr(final, "format_node", None)):
        raise NotImportable(
            "the module does not give one tensor", "give one that returns its last layer's values alone"
        )
    if final.op not in ("call_module", "call_function", "call_method"):
        return final, None
    kind = operation(final, modules)[1]
    return (final.args[0], final) if kind in ENDS else (final, None)


def _linked(made: Program, link: Any, modules: Mapping[str, Any]) -> None:
    where, kind, settings = operation(link, modules)
    if kind.lower() != "sigmoid" and setting(settings, "dim", 1, None) not in (1, -1):
        raise NotImportable(f"{where}: its dim is not 1, that of the classes", "set dim=1")
    if len(made.values[made.output].shape) != 1:
        raise NotImportable(f"{where}: it is not over the outputs", "flatten them first")
    made.link = ENDS[kind]
    made.notes.append(f"the {where} at the end belongs to the loss; the network is without")


def _step(reading: Reading, node: Any, at: At) -> None:
    """Read one operation: a size, a layer, an activation."""
    sources = [each for each in at.sources if each.name in reading.made.values]
    if at.kind in ("size", "getattr", "getitem", "floordiv", "mul") and _sized(reading, node, at):
        return
    if not sources:
        raise at.fail("what enters it is not known", "make values by layers alone")
    if at.kind in OPERATIONS:
        OPERATIONS[at.kind](reading, replace(at, sources=tuple(sources)))
    elif at.kind in LAYERS and at.kind not in ENDS:
        _activated(reading, at, sources)
    elif at.kind in ENDS:
        raise at.fail(
            "it is no piecewise linear activation", "use one that is; a softmax or sigmoid can only be the end"
        )
    else:
        raise NotImportable(f"{at.where} is not supported", REMEDIES.get(at.kind, f"these are: {SUPPORTED}"))


def _sized(reading: Reading, node: Any, at: At) -> bool:
    """Whether an operation only asks for sizes of a value; it is remembered."""
    first, *rest = [reading.plain(each) for each in node.args]
    known = getattr(first, "name", None)
    if at.kind == "getattr" and rest == ["shape"] and known in reading.made.values:
        reading.sizes[node] = [-1, *reading.shape(first)]
    elif at.kind == "size" and known in reading.made.values:
        sides = [-1, *reading.shape(first)]
        dim = at.set(reading, "dim", 1, None)
        reading.sizes[node] = sides if dim is None else sides[dim]
    elif at.kind == "getitem" and isinstance(first, list) and type(rest[0]) is int:
        reading.sizes[node] = first[rest[0]]
    elif at.kind in ("floordiv", "mul") and type(first) is int and type(rest[0]) is int:
        reading.sizes[node] = first // rest[0] if at.kind == "floordiv" else first * rest[0]
    else:
        return False
    return True


def _activated(reading: Reading, at: At, sources: Sequence[Any]) -> None:
    """An activation as chains have it; what does nothing."""
    chain, made = Chain(fresh=True), reading.made
    if len(sources) != 1:
        raise at.fail("it takes several values", "use one")
    value = made.values[sources[0].name]
    chain.width = value.shape[0]
    LAYERS[at.kind](chain, at.where, at.settings)
    made.notes += chain.notes
    for spec in chain.activations:
        value = made.add("activation", value.shape, **{"from": value.name}, activation=spec)
    made.values[at.name] = value
