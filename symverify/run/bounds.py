"""The bounds that a search for a global minimum saw, as JSON lines: observed, not certified."""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from symverify.errors import Malformed, NotWritable
from symverify.kernel.core.text import Fields, canonical, liberal, natural, strict_json
from symverify.problem.write import destination, is_file, precious

EVERY = 0.05  # seconds at least between two lines in which only the lower bound differs
MOST_BITS = 13_000  # of a numerator or denominator that is written, just below the digits that a file may have
OBSERVED = {"observed": "not certified"}
REMEDY = "choose another place with --log"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen after so many seconds and nodes: lower ≤ inf R ≤ upper up to rounding, None if not known."""

    elapsed: Fraction
    nodes: int
    lower: Fraction | None
    upper: Fraction | None


@dataclass(slots=True)
class Log:
    """What a search sees, the best bounds so far: upper ones never rise, lower ones never fall but to these, rounded.

    `problem` is the SHA-256 of the problem that it is about.
    """

    problem: str
    clock: Callable[[], float] = time.monotonic
    lines: list[Seen] = field(default_factory=list)
    begun: float = field(init=False)
    last: Seen | None = None

    def __post_init__(self) -> None:
        self.begun = self.clock()

    def watch(self, nodes: int, lower: Fraction | None, upper: Fraction | None) -> None:
        """Take what a search has seen; it becomes a line if the upper bound fell or some time is over."""
        before = self.last
        if before is not None:
            upper = min((x for x in (before.upper, upper) if x is not None), default=None)
            lower = max((x for x in (before.lower, lower) if x is not None), default=None)
        if lower is not None and upper is not None:
            lower = min(lower, upper)  # rounded, it may be above
        seen = Seen(Fraction(round((self.clock() - self.begun) * 10**6), 10**6), nodes, lower, upper)
        self.last, written = seen, self.lines[-1] if self.lines else None
        late = written is None or (seen.lower != written.lower and seen.elapsed - written.elapsed >= EVERY)
        if written is None or late or seen.upper != written.upper:
            self.lines.append(seen)

    def text(self) -> bytes:
        """The file: what it is, then a line for each time, the last one included."""
        lines = self.lines if self.last in (None, *self.lines[-1:]) else [*self.lines, self.last]
        head = json.dumps({**OBSERVED, "problem": self.problem}) + "\n"
        return "".join([head, *(_line(each) for each in lines if each is not None)]).encode("ascii")


def read_log(data: bytes) -> list[Seen]:
    """What a log says, in its order. Raises Malformed."""
    found: list[Seen] = []
    head, *lines = data.splitlines() or [b""]
    _head(_fields(head, "line 1"))
    for number, line in enumerate(lines, 2):
        fields = _fields(line, f"line {number}")
        seen = Seen(
            fields.need("elapsed", liberal),
            fields.need("nodes", natural),
            fields.need("lower", _bound),
            fields.need("upper", _bound),
        )
        fields.done()
        if seen.elapsed < (found[-1].elapsed if found else 0):
            raise Malformed((fields.at("elapsed"), "is before the line above"))
        if seen.lower is not None and seen.upper is not None and seen.lower > seen.upper:
            raise Malformed((fields.at("lower"), "is above the upper bound"))
        found.append(seen)
    return found


def _fields(line: bytes, where: str) -> Fields:
    try:
        return Fields(strict_json(line), where)
    except Malformed as error:
        raise Malformed(*((at or where, what) for at, what in error.faults)) from None


def _head(fields: Fields) -> None:
    """The first line says that the others are observed, and about which problem."""
    for key, known in OBSERVED.items():
        if fields.need(key, _as_it_is) != known:
            raise Malformed((fields.at(key), f"expected {known!a}"))
    problem = fields.need("problem", _as_it_is)
    if not isinstance(problem, str) or not re.fullmatch(r"[0-9a-f]{64}", problem):
        raise Malformed((fields.at("problem"), "expected the SHA-256 of a problem"))
    fields.done()


def _as_it_is(value: object, _: str) -> object:
    return value


def log_place(log: str | os.PathLike[str], *sources: Path | None) -> Path:
    """Where a log goes: a regular file, none of those that the run reads or writes. Raises NotWritable."""
    path = Path(log)
    try:
        place = destination(path)
        if not is_file(path):
            raise NotWritable(f"{str(path)!a} is no regular file", REMEDY)
        for source in sources:
            if source is not None and os.path.realpath(source) == os.path.realpath(place):
                raise NotWritable(f"{str(path)!a} is another file of this run", REMEDY)
        if precious(place):
            raise NotWritable(f"{str(path)!a} is a network file or a certificate", REMEDY)
    except OSError as error:
        raise log_failed(path, error) from None
    return path


def log_failed(path: Path, error: OSError) -> NotWritable:
    """The log could not be written."""
    return NotWritable(f"cannot write {str(path)!a}: {error.strerror or str(error) or type(error).__name__}", REMEDY)


def _bound(value: object, where: str) -> Fraction | None:
    return None if value is None else canonical(value, where)


def _line(seen: Seen) -> str:
    lower, upper = _written(seen.lower), _written(seen.upper)
    fields = {"elapsed": float(seen.elapsed), "nodes": seen.nodes, "lower": lower, "upper": upper}
    return json.dumps(fields) + "\n"


def _written(bound: Fraction | None) -> str | None:
    """The bound as text; None where it has more digits than a file may."""
    if bound is None or max(bound.numerator.bit_length(), bound.denominator.bit_length()) > MOST_BITS:
        return None
    return str(bound)
