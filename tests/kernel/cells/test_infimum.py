"""The rule `infimum`: a lower bound that a limit of points has."""

from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import checked
from tests.kernel.rules import of, suite

LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
BOUND = {"rule": "function_bound"}
GROWS = {"rule": "limit", "constant": "0", "units": [{"sign": "1", "u": ["1"], "nu": "0"}]}
REACHED = {"rule": "infimum", "from": {"bound": 0, "limit": 1}}
CONTROLS = {
    "not attained": case(
        network([1, 1, 1], LATE, samples([1, 2], [1, 2]), bias=False), [BOUND, GROWS, REACHED],
        claim("infimum", 2, risk="0", attained=None),
    ),
    "of a tree": case(
        network([1, 1, 1], LATE, samples([1, 2, -1, -2], [1, 2, 1, 2]), 3, bias=False),
        [{"rule": "global_lower_bound", "risk": "15", "vectors": [[0, 0, 1, 2], [1, 2, 0, 0]],
          "tree": [-1, 0, -3, 1, 0]}, GROWS, REACHED],
        claim("infimum", 2, risk="15", attained=None),
    ),
}  # fmt: skip
CORRUPTIONS = of("not attained", [
    ("said to be attained", "claims[0].attained", True, "Rejected", "claims[0].attained: claimed true, proved null"),
    ("said not to be", "claims[0].attained", False, "Rejected", "claims[0].attained: claimed false, proved null"),
    ("nothing said", "claims[0].attained", ..., "Malformed", "claims[0].attained: is missing"),
    ("as a global minimum", "claims[0].claim", "global_minimum", "Rejected",
     "Infimum, which does not settle 'global_minimum'"),
    ("another risk", "claims[0].risk", "1", "Rejected", "claims[0].risk: claimed '1', proved '0'"),
    ("refuted", "claims[0].verdict", "refuted", "Rejected", "claimed 'refuted', proved 'proved'"),
    ("a limit elsewhere", "steps[1].units[0].u", ["2"], "Rejected",
     "steps[2].from.limit: infimum: its risk 5 is not the bound 0"),
    ("a bound as limit", "steps[2].from.limit", 0, "Rejected", "step 0 proves LowerBound, expected Limit"),
    ("a limit as bound", "steps[2].from.bound", 1, "Rejected", "step 1 proves Limit, expected LowerBound"),
    ("no limit", "steps[2].from.limit", ..., "Malformed", "steps[2].from.limit: is missing"),
    ("itself", "steps[2].from.limit", 2, "Rejected", "step 2 does not come before this one"),
    ("unknown key", "steps[2].risk", "0", "Malformed", "steps[2].risk: unknown key"),
]) + of("of a tree", [
    ("a lower bound", "steps[0].risk", "14", "Rejected", "its risk 15 is not the bound 14"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_it_rests_on_the_storey_of_cells() -> None:
    assert checked(CONTROLS["of a tree"].network, CONTROLS["of a tree"].proof).theorems[0].storey == "cells"
