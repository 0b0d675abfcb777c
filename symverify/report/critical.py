"""The critical points in a cell as text and JSON."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import assert_never

from symverify.certify.certificate import parameters
from symverify.kernel.core.network import Pattern, Point, Problem
from symverify.report.claims import OBSERVED
from symverify.report.rationals import abridged
from symverify.search.answers import Unknown
from symverify.search.cell_minima import EmptyCell
from symverify.search.critical import Affine, Families, Family, Number, Search, Solution, critical_points
from symverify.search.expand import pattern_text, variables

Found = Families | Search | EmptyCell | Unknown
Json = dict[str, object]
PLAIN = Context(prec=10)


def listing(problem: Problem, pattern: Pattern, as_json: bool, timeout: float, whole: bool = False) -> str:
    """The critical points strictly inside the cell of a pattern, found within `timeout` seconds.

    There is no certificate: all of it is observed by the search, and says so. As text a table, numbers of many digits
    rounded unless `whole`; as JSON, all numbers exact and as text,
        {"certified": false, "pattern": [[[piece, … per sample], … per unit], … per hidden layer],
         "status": "complete" (these are all, by exact algebra) | "found" (by a solver) | "empty" | "undecided",
         "reason": why it is empty, undecided, or not known to be all; else "",
         "families": [family, …], "points": [point, …]}
    A family (one hidden layer, scalar output), lowest risk first, is
        {"risk": "1/12", "dimension": 4, "character": "local minimum" | "saddle",
         "signs": [1, -1, 0, … of the output weights, per unit], "copies": by exchanging units of equal pieces,
         "witness": parameters, "products": space, "idle": [{"unit": 1, "weights": space}, …], "descent": curve or null}
    where a space is {"base": vector, "directions": [vector, …]}; "products" holds (v_j w_j, v_j) for one unit with
    v_j ≠ 0 after the other, w_j with its bias, and last the output bias; "idle" w_j for the others, counted from 1.
    Parameters are as in network files; in a curve of descent a list is a polynomial, constant first.
    A point (other networks) is
        {"risk": number, "character": … | "unknown", "why": text, "values": {"w1_1_1": number, …},
         "verified": whether the kernel's rules confirm it, "witness": parameters or null, "descent": curve or null}
    where a number is text or {"polynomial": ["-2", "0", "1"], "root": 2, "low": …, "high": …}, an isolated real root.
    """
    found = critical_points(problem, pattern, timeout)
    if as_json:
        return json.dumps(_document(problem, pattern, found))
    first, *rest = _lines(problem, pattern, found, str if whole else partial(abridged, whole=True))
    return "\n".join([OBSERVED + first, *rest])


def _document(problem: Problem, pattern: Pattern, found: Found) -> Json:
    status, reason = _status(found)
    families = [_family(each) for each in found.families] if isinstance(found, Families) else []
    points = [_point(problem, each) for each in found.solutions] if isinstance(found, Search) else []
    return {
        "certified": False,
        "pattern": pattern,
        "status": status,
        "reason": reason,
        "families": families,
        "points": points,
    }


def _status(found: Found) -> tuple[str, str]:
    """The status, and its reason in words."""
    match found:
        case Families():
            return "complete", ""
        case EmptyCell(unit):
            return "empty", f"no input weights of unit {unit + 1} of hidden layer 1 are inside it"
        case Unknown(reason):
            return "undecided", reason
        case Search(_, solutions, closed, reason):
            some = "another risk" if solutions else "any kind"
            none = f"that there is no critical point of {some} in the cell is the solver's word, not a proof"
            return "found" if solutions else "undecided", none if closed else reason
    assert_never(found)


def _family(each: Family) -> Json:
    return {
        "risk": str(each.risk),
        "dimension": each.dimension,
        "character": each.character,
        "signs": each.signs,
        "copies": each.copies,
        "witness": parameters(each.witness),
        "products": _space(each.products),
        "idle": [{"unit": j + 1, "weights": _space(space)} for j, space in each.idle],
        "descent": None if each.curve is None else parameters(each.curve),
    }


def _space(space: Affine) -> Json:
    return {"base": [*map(str, space.base)], "directions": [[*map(str, row)] for row in space.directions]}


def _point(problem: Problem, each: Solution) -> Json:
    return {
        "risk": _exact(each.risk),
        "character": each.character,
        "why": each.why,
        "values": {name: _exact(each.values[name]) for name in variables(problem)},
        "verified": each.point is not None,
        "witness": None if each.point is None else parameters(each.point),
        "descent": None if each.curve is None else parameters(each.curve),
    }


def _exact(x: Number) -> str | Json:
    if isinstance(x, Fraction):
        return str(x)
    return {"polynomial": [*map(str, x.polynomial)], "root": x.root, "low": str(x.low), "high": str(x.high)}


def _lines(problem: Problem, pattern: Pattern, found: Found, shown: Callable[[str], str]) -> list[str]:
    name = "the cell"
    with suppress(ValueError):  # too many pieces for digits
        name = f"cell {pattern_text(pattern)}"
    status, reason = _status(found)
    match found:
        case Families(_, ()):
            return [f"{name}: no critical point is strictly inside, by exact algebra"]
        case Families(_, families):
            count = sum(each.copies for each in families)
            head = f"{name}: all critical points strictly inside, by exact algebra, in {count} affine families"
            if count > len(families):
                head += "; a row stands for those that exchanging units carries into one another"
            columns = ["risk", "dimension", "signs", "copies", "character", "witness"]
            return [head, *_table(columns, [list(map(shown, _row(each))) for each in families])]
        case Search(_, solutions):
            rows = [
                list(map(shown, [_told(x.risk), x.character, x.why, _judge(x), _values(problem, x)])) for x in solutions
            ]
            table = _table(["risk", "character", "why", "by", "values"], rows) if rows else []
            return [f"{name}: {status}: critical points of {len(rows)} different risks strictly inside", *table, reason]
        case EmptyCell() | Unknown():
            return [f"{name}: {status}: {reason}"]
    assert_never(found)


def _row(each: Family) -> list[str]:
    signs = "".join("0+-"[sign] for sign in each.signs)
    kind = "local minima" if each.character == "local minimum" else "saddles"
    return [str(each.risk), str(each.dimension), signs, str(each.copies), kind, _shown(each.witness)]


def _judge(each: Solution) -> str:
    return "solver" if each.point is None else "kernel"


def _values(problem: Problem, each: Solution) -> str:
    return ", ".join(f"{name} = {_told(each.values[name])}" for name in variables(problem))


def _told(x: Number) -> str:
    """A number for readers: exact, or rounded with the polynomial it is a root of."""
    if isinstance(x, Fraction):
        return str(x)
    middle = (x.low + x.high) / 2
    about = PLAIN.divide(Decimal(middle.numerator), Decimal(middle.denominator))
    powers = [f"{c:+d}*x^{e}" if e else f"{c:+d}" for e, c in enumerate(x.polynomial) if c]
    return f"about {about} (root {x.root} of {' '.join(reversed(powers))})"


def _shown(point: Point) -> str:
    """A rational point on one line."""
    text = []
    for m, layer in enumerate(point, 1):
        text.append(f"W{m} = [{', '.join('[' + ', '.join(map(str, row)) + ']' for row in layer.weight)}]")
        text += [] if layer.bias is None else [f"b{m} = [{', '.join(map(str, layer.bias))}]"]
    return ", ".join(text)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Left-aligned columns, two blanks apart."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (header, *rows)]
