"""The rule `bracket`: a lower bound, and a point or a limit above it."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, checked
from tests.kernel.rules import of, suite
from tests.oracles.tree import bound

LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
LINE = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 3, -1, 2]), 3)
COVER = [[-1, 1, 0, 0], [-1, 2, -1, 0], [0, 0, -1, 1], [0, 1, -2, 1], [0, 1, -1, 0]]
ZERO = [layer([["0"], ["0"]], ["0", "0"]), layer([["0", "0"]], ["1"])]
NOTHING = {"rule": "limit", "constant": "0", "units": []}
BETWEEN = {"rule": "bracket", "from": {"bound": 0, "point": 1}}


def both(lower: str, upper: str) -> Json:
    """The claim."""
    return claim("global_bounds", 2, lower=lower, upper=upper)


CONTROLS = {
    "a point": case(LINE, [bound(LINE, "27/2", COVER), point(ZERO), BETWEEN], both("27/2", "30")),
    "a limit": case(
        network([1, 1, 1], LATE, samples([1, 2], [1, 2]), bias=False), [{"rule": "function_bound"}, NOTHING, BETWEEN],
        both("0", "5"),
    ),
    "deep": case(
        network([1, 1, 1, 1], "relu", samples([0, 1], [0, 2])),
        [{"rule": "function_bound"}, point([layer([["0"]], ["0"]), layer([["0"]], ["0"]), layer([["0"]], ["1"])]),
         BETWEEN],
        both("0", "2"),
    ),
}  # fmt: skip
CORRUPTIONS = of("a point", [
    ("lower", "claims[0].lower", "14", "Rejected", "claims[0].lower: claimed '14', proved '27/2'"),
    ("upper", "claims[0].upper", "29", "Rejected", "claims[0].upper: claimed '29', proved '30'"),
    ("a bound as point", "steps[2].from.point", 0, "Rejected",
     "steps[2].from.point: bracket: step 0 proves LowerBound, expected Reached"),
    ("a point as bound", "steps[2].from.bound", 1, "Rejected", "proves Evaluated, expected LowerBound"),
    ("no bound", "steps[2].from.bound", ..., "Malformed", "steps[2].from.bound: is missing"),
    ("itself", "steps[2].from.point", 2, "Rejected", "step 2 does not come before this one"),
    ("unknown key", "steps[2].lower", "27/2", "Malformed", "steps[2].lower: unknown key"),
    ("as a minimum", "claims[0].claim", "global_minimum", "Rejected", "Bracket, which does not settle"),
    ("another bound", "steps[0].risk", "9/2", "Rejected", "claims[0].lower: claimed '27/2', proved '9/2'"),
    ("another point", "steps[1].parameters[1].bias[0]", "0", "Rejected", "claimed '30', proved '42'"),
]) + of("a limit", [
    ("another limit", "steps[1].units", [{"sign": "1", "u": ["1"], "nu": "0"}], "Rejected", "claimed '5', proved '0'"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(("name", "storey"), [("a point", "core"), ("a limit", "cells"), ("deep", "core")])
def test_a_limit_takes_it_to_another_storey(name: str, storey: str) -> None:
    (theorem,) = checked(CONTROLS[name].network, CONTROLS[name].proof).theorems
    assert theorem.storey == storey
