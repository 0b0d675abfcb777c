"""Network files with symbols: labels that are affine in some numbers, each in an interval, with side conditions.

Such a file is a network file with "symbols", {"a": [low, high], …}, perhaps "where", a list of affine texts that are
> 0, and labels like "1/2 + a"; or numbers as labels, and affine texts as the two slopes of the activation. Its problem
is that of the centre of the intervals; but that is not what it is about, so its loss allows the rules for all values of
the symbols, and no others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from ..core.activation import ONE, ZERO
from ..core.algebra import dot, rank
from ..core.errors import Declined, Malformed, Rejected, spend
from ..core.network import Problem
from ..core.text import Fields, anything, liberal, listed, shown
from .forms import Form, combined, numeral

FOR_ALL = frozenset({"face_region", "spurious_region", "hull", "global_region", "closed_list"})
FOR_ALL_SLOPES = frozenset({"slope_region"})
MAX_SYMBOLS, FEW_SYMBOLS = 12, 7
NAME = re.compile(r"(?![eE][0-9]*\Z)[A-Za-z][A-Za-z0-9_]{0,20}")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TERM = re.compile(r"\s*([+-]?)\s*(?:([0-9][0-9./]*)?\s*\*?\s*([A-Za-z][A-Za-z0-9_]*)?)")


@dataclass(frozen=True, slots=True)
class Family:
    """Symbols a_k = centre_k + d_k, |d_k| ≤ half_k, with the forms in `where` > 0; the labels are forms in d.

    So are the two `slopes`, if they are what the symbols are about; else there are none. On a part of the domain forms
    in `weak` are ≥ 0.
    """

    names: tuple[str, ...]
    centre: tuple[Fraction, ...]
    half: tuple[Fraction, ...]
    where: tuple[Form, ...]
    labels: tuple[Form, ...]
    slopes: tuple[Form, ...] = ()
    weak: tuple[Form, ...] = ()

    @property
    def size(self) -> int:
        """The number of symbols."""
        return len(self.names)

    def least(self, form: Form, weights: Sequence[Fraction] = ()) -> tuple[Fraction, bool]:
        """
        λ ≥ 0      m = the least value of form − Σ λ_k side_k on the box, the sides being `where`, then `weak`
        ---------------------------------------------------------------------------------------------------- [least]
          form ≥ m on the domain, and > m if some λ_k > 0 of `where`

        m, and whether the form is more than that.
        """
        sides = (*self.where, *self.weak)
        if len(weights) > len(sides):
            raise Rejected("", "has more weights than there are side conditions")
        given = [*weights, *[ZERO] * (len(sides) - len(weights))]
        if min(given, default=ZERO) < 0:
            raise Rejected("", "weights of side conditions must not be negative")
        rest = combined([(ONE, form), *((-w, each) for w, each in zip(given, sides, strict=True))], self.size)
        return rest[0] - dot([abs(x) for x in rest[1:]], self.half), any(given[: len(self.where)])

    def same(self, first: Form, second: Form) -> bool:
        """Whether two forms agree on the domain: they differ by a combination of forms that are ≥ 0 and ≤ 0 there."""
        zero = [form for form in self.weak if tuple(-x for x in form) in self.weak]
        return first == second or rank([*zero, combined([(ONE, first), (-ONE, second)], self.size)]) == rank(zero)

    def split(self, form: Form) -> tuple["Family", "Family"]:
        """The parts of the domain where the form is ≥ 0, and where it is < 0."""
        below = tuple(-x for x in form)
        return replace(self, weak=(*self.weak, form)), replace(self, where=(*self.where, below))

    def positive(self, form: Form, strict: bool, weights: Sequence[Fraction] = ()) -> bool:
        """Whether the form is > 0, or ≥ 0, on the whole domain, as the weights show."""
        low, more = self.least(form, weights)
        return low > 0 or (low == 0 and (more or not strict))

    def spelled(self, form: Form) -> str:
        """A form in d as an affine text in the symbols."""
        constant = form[0] - dot(form[1:], self.centre)
        parts = [numeral(constant)] if constant or not any(form[1:]) else []
        for name, x in zip(self.names, form[1:], strict=True):
            if x:
                size = "" if abs(x) == 1 else f"{numeral(abs(x))} "
                parts.append(f"{'- ' if x < 0 else '+ ' if parts else ''}{size}{name}")
        return " ".join(parts)

    @property
    def slope_words(self) -> str:
        """The slopes, if they are what the symbols are about: "slopes a and 1"."""
        try:
            return f"slopes {' and '.join(map(self.spelled, self.slopes))}" if self.slopes else ""
        except Declined:  # too many digits
            return "slopes affine in the symbols"

    def domain(self) -> str:
        """For which values: "a in [0, 1], b in [0, 2] with 1 - a - b > 0"."""
        boxes = ", ".join(
            f"{name} in [{numeral(c - h)}, {numeral(c + h)}]"
            for name, c, h in zip(self.names, self.centre, self.half, strict=True)
        )
        sides = " and ".join(f"{self.spelled(form)} > 0" for form in self.where)
        return f"{boxes} with {sides}" if sides else boxes


@dataclass(frozen=True)
class SymbolicProblem(Problem):
    """The problem at the centre of the symbols, with all that they stand for."""

    family: Family = Family((), (), (), (), ())


def family_of(problem: Problem) -> Family:
    """The symbols of a problem that has some."""
    if not isinstance(problem, SymbolicProblem):
        raise Rejected("", "needs a network file with symbols")
    return problem.family


def without_symbols(value: object) -> tuple[object, Family | None]:
    """A network file's JSON value as that of an ordinary one, with labels 0, and what its symbols are; None if none.

    Raises Malformed at the first fault.
    """
    if not isinstance(value, dict) or "symbols" not in value:
        return value, None
    if "parameters" in value:
        why = "a fixed point is a local minimum for a null set of labels only (radius 0); leave it out: faces are meant"
        raise Malformed(("parameters", why))
    for key in ("witnesses", "program"):
        if key in value:
            raise Malformed((key, "a file with symbols is about a chain of dense layers and all its parameters"))
    rest = {key: part for key, part in value.items() if key not in ("symbols", "where")}
    boxes = read_symbols(value["symbols"], "symbols")
    names = tuple(boxes)
    where = listed(lambda each, at: affine(each, at, names))(value.get("where", []), "where")
    labels, plain = list[Form](), list[object]()
    for k, sample in enumerate(listed(anything)(value.get("data"), "data")):
        each = Fields(sample, f"data[{k}]")
        x = each.need("x", anything)
        one = listed(lambda label, at: affine(label, at, names), 1, "label, as symbols need one output")
        (y,) = each.need("y", one)
        each.done()
        labels.append(y)
        plain.append({"x": x, "y": [0]})
    centre = tuple((low + high) / 2 for low, high in boxes.values())
    half = tuple((high - low) / 2 for low, high in boxes.values())
    slopes = read_slopes(value.get("activation"), "activation", names)
    if slopes and any(any(form[1:]) for form in labels):
        raise Malformed(("symbols", "either the labels or the slopes may be affine in them, not both"))
    sides, targets, bends = (tuple(centred(form, centre) for form in part) for part in (where, labels, slopes))
    require_inhabited(sides, half)
    if slopes and isinstance(rest["activation"], dict):
        rest["activation"] = rest["activation"] | {"slopes": [numeral(form[0]) for form in bends]}
    return rest | {"data": plain}, Family(names, centre, half, sides, targets, bends)


def read_slopes(value: object, where: str, names: Sequence[str]) -> list[Form]:
    """The two slopes of an activation, if one of them is a text with a symbol."""
    given = value.get("slopes") if isinstance(value, dict) else None

    def symbolic_text(each: object) -> bool:
        return isinstance(each, dict) or (type(each) is str and any(name in names for name in WORD.findall(each)))

    if not isinstance(given, list) or not any(map(symbolic_text, given)):
        return []
    return listed(lambda each, at: affine(each, at, names), 2, "slopes")(given, f"{where}.slopes")


def require_inhabited(sides: Sequence[Form], half: Sequence[Fraction]) -> None:
    """Some symbols satisfy the side conditions: theorems about none would be empty.

    Looked for on the lines from the centre to the corners of the box, at every eighth; with few symbols also to the
    middles of its edges and faces.
    """
    ends_of = (-1, 0, 1) if len(half) <= FEW_SYMBOLS else (-1, 1)
    for signs in product(ends_of, repeat=len(half) if sides else 0):
        spend(100 * len(sides) * len(half))
        ends = [dot(form[1:], [s * h for s, h in zip(signs, half, strict=True)]) for form in sides]
        if any(all(form[0] + end * t / 8 > 0 for form, end in zip(sides, ends, strict=True)) for t in range(9)):
            return
    raise Malformed(("where", "no symbols were found that satisfy it, on the lines from the centre to the corners"))


def symbolic(problem: Problem, family: Family | None) -> Problem:
    """The problem at the centre of the symbols, with the rules for all their values only; without symbols itself."""
    if family is None:
        return problem
    exact = problem.loss.quadratic and problem.shallow and not problem.decays
    rules = FOR_ALL_SLOPES if family.slopes else FOR_ALL
    loss = replace(problem.loss, rules=rules if exact else frozenset())
    targets = tuple((form[0],) for form in family.labels)
    shape = (problem.name, problem.widths, problem.hidden_bias, problem.output_bias, problem.activations, loss)
    return SymbolicProblem(*shape, problem.inputs, targets, None, problem.sha256, problem.decay, (), family)


def centred(form: Form, centre: Sequence[Fraction]) -> Form:
    """A form in the symbols as one in their distances from the centre."""
    return (form[0] + dot(form[1:], centre), *form[1:])


def read_symbols(value: object, where: str) -> dict[str, tuple[Fraction, Fraction]]:
    """{"a": [low, high], …}, low < high."""
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_SYMBOLS:
        raise Malformed((where, f"expected an object of 1 to {MAX_SYMBOLS} symbols with their intervals"))
    found = dict[str, tuple[Fraction, Fraction]]()
    for name, ends in value.items():
        if not NAME.fullmatch(name):
            raise Malformed((where, f"not a name of a symbol: {shown(name)}"))
        low, high = listed(liberal, 2, "ends of an interval")(ends, f"{where}.{name}")
        if low >= high:
            raise Malformed((f"{where}.{name}", "the lower end is not below the upper one"))
        found[name] = low, high
    return found


def affine(value: object, where: str, names: Sequence[str]) -> Form:
    """A number; "1/2 + 3 a - b"; or {"1": "1/2", "a": "3", "b": "-1"}: the constant and the coefficients."""
    if isinstance(value, dict):
        if unknown := [name for name in value if name != "1" and name not in names]:
            raise Malformed((where, f"unknown symbol {shown(unknown[0])}"))
        return tuple(liberal(value.get(name, "0"), f"{where}.{name}") for name in ("1", *names))
    if type(value) is not str:
        return (liberal(value, where), *[ZERO] * len(names))
    found, place, source = [ZERO] * (len(names) + 1), 0, value.strip()
    while place < len(source) or not source:
        match = TERM.match(source, place)
        if (
            match is None
            or not (match[2] or match[3])
            or (place and not match[1])
            or ("*" in match[0] and not (match[2] and match[3]))
        ):
            like = 'expected an affine expression in the symbols, such as "1/2 + 3 a"'
            raise Malformed((where, f"{like}, got {shown(value)}"))
        if match[3] and match[3] not in names:
            raise Malformed((where, f"unknown symbol {shown(match[3])}"))
        size = liberal(match[2], where) if match[2] else ONE
        found[names.index(match[3]) + 1 if match[3] else 0] += -size if match[1] == "-" else size
        place = match.end()
    return tuple(found)
