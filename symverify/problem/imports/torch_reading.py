"""What is known while a module of PyTorch is read as a program, and of each of its operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .chain import Node
from .common import NotImportable
from .program import Program, Value
from .torch_graph import Settings, setting


@dataclass(slots=True)
class Reading:
    """A module that is read: the program so far, sizes that its forward asks for, and who has each parameter."""

    made: Program
    modules: Mapping[str, Any]
    held: bool  # whether parameters without requires_grad are frozen
    sizes: dict[Any, Any] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)

    def shape(self, node: Any) -> tuple[int, ...]:
        """The shape of one sample of a value."""
        return self.made.values[node.name].shape

    def plain(self, value: Any) -> Any:
        """A setting with the sizes that stand in it; −1 for the number of samples."""
        if isinstance(value, list | tuple):
            return [self.plain(each) for each in value]
        return self.sizes.get(value, value) if callable(getattr(value, "format_node", None)) else value


@dataclass(frozen=True, slots=True)
class At:
    """One operation: where it is, in words, what it is set to, and the values that enter it."""

    where: str
    kind: str
    name: str
    settings: Settings
    sources: tuple[Any, ...]
    first: Any  # what stands first, a value or a number

    def set(self, reading: Reading, name: str, place: int, default: Any) -> Any:
        """A setting."""
        return reading.plain(setting(self.settings, name, place, default))

    def fail(self, problem: str, remedy: str) -> NotImportable:
        """The exception about this operation."""
        return NotImportable(f"{self.where}: {problem}", remedy)


def onnx(reading: Reading, at: At, kind: str, constants: Sequence[Any] = (), **attributes: Any) -> Value:
    """The operation as the operator of ONNX that it is."""
    sources = [each.name for each in at.sources]
    operands = [*[None] * len(sources), *constants]
    names = [*sources, *[f"{at.name}.constant{k}" for k in range(len(constants))]]
    return reading.made.step(Node(kind, at.name, operands, names, 0, attributes), at.name)
