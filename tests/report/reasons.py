"""Are the search's reasons true? They stand beside theorems that are not about a minimum at the given point."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.oracles.network import at, moved, numbers
from tests.report.truth import TINY, Json, Judge, Untrue, holds, real_breakpoints


def reason_holds(judge: Judge, words: str) -> None:
    """Judge the search's reason beside a theorem that is not about a minimum at the given point."""
    for pattern, check in REASONS.items():
        if (match := re.fullmatch(pattern, words)) is not None:
            check(judge, match)
            return
    raise Untrue(f"nobody judges: {words}")


def _changes(judge: Judge, layer: int, unit: int | None) -> None:
    """The derivative by an output weight, or by the output bias, is not 0."""
    point, oracle = judge.document["parameters"], judge.oracle
    new = [{key: [list(row) if isinstance(row, list) else row for row in rows] for key, rows in each.items()}
           for each in point]  # fmt: skip
    if unit is None:
        new[layer]["bias"][0] = str(Fraction(new[layer]["bias"][0]) + TINY)
    else:
        new[layer]["weight"][0][unit] = str(Fraction(new[layer]["weight"][0][unit]) + TINY)
    holds(abs(oracle.risk(new) - oracle.risk(point)) > TINY / 10**6, "the derivative is 0")


def _curve(judge: Judge) -> Json:
    """The curve of descent."""
    return judge.step("descent")["curve"]


def _only_unit(judge: Judge, found: Any) -> None:
    """The curve moves the input weights of this unit alone, which lie on so many boundaries."""
    unit, start, path = int(found["unit"]) - 1, judge.document["parameters"], _curve(judge)
    after = at(path, TINY)
    for j in range(len(start[0]["weight"])):
        same = numbers([{"weight": [start[0]["weight"][j]]}]) == numbers([{"weight": [after[0]["weight"][j]]}])
        if "bias" in start[0]:
            same = same and Fraction(start[0]["bias"][j]) == Fraction(after[0]["bias"][j])
        holds(same == (j != unit), "the curve moves another unit")
    if found["count"]:
        rows, oracle = set(), judge.oracle
        for x, _ in oracle.samples():
            if oracle.pre_activations(start, x)[0][unit] in real_breakpoints(oracle, 0):
                row = [*x, *([Fraction(1)] if "bias" in start[0] else [])]
                lead = next((v for v in row if v), None)
                if lead is not None:
                    rows.add(tuple(v / lead for v in row))
        holds(len(rows) == int(found["count"]), "there are more or fewer boundaries")


def _idle(judge: Judge, found: Any) -> None:
    """The unit's output weight is 0."""
    holds(Fraction(judge.document["parameters"][-1]["weight"][0][int(found["unit"]) - 1]) == 0, "it is not 0")


def _one_sided(judge: Judge, _: Any) -> None:
    """Some one-sided directional derivative is not 0."""
    point, oracle = judge.document["parameters"], judge.oracle
    size, here = len(numbers(point)), oracle.risk(point)
    steps = [[sign * TINY * (c == k) for c in range(size)] for k in range(size) for sign in (1, -1)]
    holds(any(abs(oracle.risk(moved(point, step)) - here) > TINY / 10**6 for step in steps), "all are 0")


def _bends_down(judge: Judge, _: Any) -> None:
    """The second difference along the curve's direction is negative."""
    path, oracle = _curve(judge), judge.oracle
    risks = [oracle.risk(at(path, t)) for t in (-TINY, Fraction(0), TINY)]
    holds(risks[0] + risks[2] < 2 * risks[1], "the second difference is not negative")


def _falls(low: int, high: int) -> Callable[[Judge, Any], None]:
    """Along the curve the risk falls, at an order between these."""

    def check(judge: Judge, _: Any) -> None:
        path, oracle = _curve(judge), judge.oracle
        here, there = (oracle.risk(at(path, t)) for t in (Fraction(0), TINY))
        holds(TINY**high / 10**6 < here - there < TINY**low * 10**6, "the risk falls at another order, or not at all")

    return check


def _least(judge: Judge, _: Any) -> None:
    """The affine fit has the least risk of all."""
    step = next(each for each in judge.certificate["claims"] if each["claim"] == "spurious_minimum")["step"]
    judge.nothing_below(judge.oracle.risk(judge.point_of(step)))


REASONS: dict[str, Callable[[Judge, Any], None]] = {
    "the output bias has a non-zero derivative": lambda judge, _: _changes(judge, -1, None),
    r"the output weight of unit (?P<unit>\d+) has a non-zero derivative": (
        lambda judge, found: _changes(judge, -1, int(found["unit"]) - 1)
    ),
    r"unit (?P<unit>\d+) has output weight 0: moving its input weights first makes that weight worth changing": _idle,
    r"the input weights of unit (?P<unit>\d+) have a descent direction( among the (?P<count>\d+) boundaries they lie "
    r"on)?": _only_unit,
    "a one-sided gradient is not zero": _one_sided,
    "the Hessian has a negative eigenvalue": _bends_down,
    "a curve found by search": _falls(1, 12),
    "the risk falls at first order into a cell around it": _falls(1, 1),
    "the Lagrangian of a cell around it has negative curvature along the active kinks": _falls(2, 2),
    "the risk falls at higher order along a flat direction": _falls(3, 12),
    "no (function of the inputs|network of this architecture) has lower risk than the affine fit": _least,
    "the infimum over the cell is (attained on its boundary|not seen to be attained)": lambda *_: None,
    "whether it is attained is open": lambda *_: None,
}  # fmt: skip
