"""What is decided about a point, and how certificates spell the entries of cells."""

from symverify.certify.certificate import spelled
from symverify.kernel.core.network import Problem
from symverify.search.kkt import Entry


class Decision:
    """A step about the point, whether it refutes, and the reason or the kind in words."""

    __slots__ = ("refuted", "step", "why")

    def __init__(self, step: int, refuted: bool, why: str) -> None:
        self.step, self.refuted, self.why = step, refuted, why


def entry_fields(problem: Problem, entry: Entry) -> dict[str, object]:
    """A cell's entry as certificates spell it."""
    numbers = [str(x) for x in entry.numbers]
    match entry.kind:
        case "flat":
            return {"flat": True}
        case "eliminate":
            parts = {"held": list(entry.held), "place": entry.place, "curve": spelled(problem, entry.curve)}
            return {"eliminate": {"multipliers": numbers, **parts}}
        case kind:
            return {kind: numbers}
