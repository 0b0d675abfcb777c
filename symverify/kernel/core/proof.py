"""A proof being walked: steps, the facts that they establish, and reading a step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .errors import Malformed, Rejected
from .network import Layer, Point, Problem, coordinates
from .poly import Poly, Scalar
from .text import Fields, Read, anything, canonical, listed, natural


class Quantity:
    """A number of a statement that is not one text."""

    __slots__ = ()

    def stated(self) -> dict[str, str]:
        """As certificates spell it."""
        raise NotImplementedError


Value = bool | int | str | Quantity | None
Statement = dict[str, Value]


def stated(value: Value) -> object:
    """A value of a statement as certificates spell it."""
    return value.stated() if isinstance(value, Quantity) else value


class Fact:
    """What a step establishes. `settles` says which claims it decides: their verdicts and the numbers they state."""

    __slots__ = ()

    def settles(self, claim: str) -> tuple[str, Statement] | None:
        """The verdict on a claim, "proved" or "refuted", and its statement; None if the fact does not decide it."""
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """A step that follows: its rule, its fields as written, the steps it rests on by their roles, and its fact."""

    rule: str
    fields: Mapping[str, object]
    premises: Mapping[str, tuple[int, ...]]
    fact: Fact


F = TypeVar("F")


@dataclass(slots=True)
class Proof:
    """The problem and the steps so far."""

    problem: Problem
    steps: list[Step] = field(default_factory=list)


class Reading(Fields):
    """A step being read by its rule: its premises under "from", each with its role, and its own fields."""

    def __init__(self, proof: Proof, fields: Fields) -> None:
        self.where, self.left, self.known = fields.where, fields.left, fields.known
        self.proof, self.premises = proof, dict[str, tuple[int, ...]]()
        self.roles = fields.take("from", Fields, Fields({}, fields.at("from")))

    def premise(self, role: str, kind: type[F]) -> F:
        """The fact of the earlier step with this role, of the kind that the rule uses."""
        index = self.roles.need(role, natural)
        self.premises[role] = (index,)
        return self.fact(index, self.roles.at(role), kind)

    def fact(self, index: int, where: str, kind: type[F]) -> F:
        """The fact of an earlier step, of the kind that the rule uses."""
        if index >= len(self.proof.steps):
            raise Rejected(where, f"step {index} does not come before this one")
        fact = self.proof.steps[index].fact
        if not isinstance(fact, kind):
            raise Rejected(where, f"step {index} proves {type(fact).__name__}, expected {kind.__name__}")
        return fact

    def point(self, name: str) -> Point:
        """The parameters in a field, of the architecture's shape."""
        return self.need(name, read_point(self.proof.problem, canonical))


def read_point(problem: Problem, number: Read[Scalar]) -> Read[Point]:
    """Reads [{"weight": [[…], …], "bias": […]}, …] of the architecture's shape, of rationals or of polynomials.

    Of a general program as the problem says.
    """
    if (own := problem.reader(number)) is not None:
        return own

    def read(value: object, where: str) -> Point:
        layers = listed(anything, len(problem.widths) - 1, "layers of parameters")(value, where)
        return tuple(read_layer(each, f"{where}[{m}]", m) for m, each in enumerate(layers))

    def read_layer(value: object, where: str, m: int) -> Layer:
        fields, (columns, rows) = Fields(value, where), problem.widths[m : m + 2]
        weight = fields.need("weight", listed(listed(number, columns, "numbers"), rows, "rows, one per unit"))
        bias = tuple(fields.need("bias", listed(number, rows, "numbers"))) if problem.has_bias(m) else None
        fields.done()
        return Layer(tuple(map(tuple, weight)), bias)

    return read


def curve(problem: Problem, fields: Fields, name: str, start: Point) -> Point:
    """The polynomial path in a field, with `start` at t = 0."""
    path = fields.need(name, read_point(problem, polynomial))
    if [x.at_zero() if isinstance(x, Poly) else x for x in coordinates(path)] != coordinates(start):
        raise Rejected(fields.at(name), "does not start at the point")
    return path


def polynomial(value: object, where: str) -> Scalar:
    """A coordinate of a path: a rational, or the list of two or more coefficients of 1, t, t², …, the last not 0."""
    if not isinstance(value, list):
        return canonical(value, where)
    coefficients = listed(canonical)(value, where)
    if len(coefficients) < 2 or not coefficients[-1]:
        raise Malformed((where, "expected at least two coefficients, the last one not 0"))
    return Poly.of(coefficients)


Rule = Callable[[Reading], Fact]
