"""The rule `critical_point`: points of several architectures, and corruptions rejected for the stated reason."""

from fractions import Fraction
from typing import Any

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, certificate, edited, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle, moved, numbers

SADDLE = [layer([[0]], [7]), layer([[0]], [1])]  # the linear net 1-1-1 on a line: output weight and slope 0
LINE, SMALL = samples([0, 1, 2], [0, 1, 2]), Fraction(1, 2**20)
STEPS = [point(), {"rule": "critical_point", "from": {"point": 0}}]
POINTS: dict[str, tuple[Any, Any, str]] = {
    "linear saddle": (network([1, 1, 1], "identity", LINE), SADDLE, "2"),
    "minimum": (network([1, 1, 1], "relu", LINE), [layer([[2]], [1]), layer([["1/2"]], ["-1/2"])], "0"),
    "huber": (network([1, 1, 1], "identity", LINE, loss={"name": "huber", "delta": "1/2"}), SADDLE, "1/4"),
    "deep, all weights 0": (
        network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 2, 1])),
        [layer([[0]], [1]), layer([[0]], [1]), layer([[0]], [1])], "2",
    ),
    "vector output, no bias": (
        network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[1, 0], [0, 1]]), bias=False),
        [layer([[0, -1]]), layer([[0], [-1]])], "1",
    ),
    "a zero row without bias": (
        network([1, 1, 1], "relu", samples([0, 1], [3, 1]), bias=False), [layer([[1]]), layer([[1]])], "9",
    ),
}  # fmt: skip
CONTROLS = {
    name: case(document | {"parameters": at}, STEPS, claim("critical_point", 1, risk=risk))
    for name, (document, at, risk) in POINTS.items()
}
CORRUPTIONS = of("linear saddle", [
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("no premises", "steps[1].from", ..., "Malformed", "steps[1].from.point: is missing"),
    ("itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("text", "steps[1].from.point", "0", "Malformed", "expected a whole number"),
    ("unknown key", "steps[1].gradient", "0", "Malformed", "steps[1].gradient: unknown key"),
    ("unknown premise", "steps[1].from.minimum", 0, "Malformed",
     "steps[1].from.minimum: unknown key; the keys here are"),
    ("not a point", "steps[0]", {"rule": "assumptions"}, "Rejected", "step 0 proves Assumptions, expected Evaluated"),
    ("another point", "steps[0].parameters", [layer([["0"]], ["7"]), layer([["0"]], ["2"])], "Rejected",
     "steps[1]: critical_point: the gradient is not 0"),
    ("not the given point", "steps[0].parameters", [layer([["0"]], ["7"]), layer([["0"]], ["1"])], "Rejected",
     "step 1 proves CriticalPoint, which does not settle 'critical_point'"),
    ("a minimum", "claims[0].claim", "point", "Rejected", "CriticalPoint, which does not settle 'point'"),
    ("another risk", "claims[0].risk", "1", "Rejected", "claims[0].risk: claimed '1', proved '2'"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def decided(document: Json, parameters: Json) -> tuple[str, str]:
    """What the kernel says about this point."""
    given = document | {"parameters": parameters}
    risk = str(Oracle(document).risk(parameters))
    return outcome(given, certificate(given, STEPS, [claim("critical_point", 1, risk=risk)]))


@pytest.mark.parametrize("name", POINTS)
def test_every_coordinate_moved_is_accepted_exactly_where_the_oracle_finds_no_slope(name: str) -> None:
    document, parameters, _ = POINTS[name]
    oracle, seen = Oracle(document), {True: 0, False: 0}
    for m, each in enumerate(parameters):
        for j, row in enumerate(each["weight"]):
            places = [f"[{m}].weight[{j}][{c}]" for c in range(len(row))] + [f"[{m}].bias[{j}]"] * ("bias" in each)
            for place in places:
                near = edited({"p": parameters}, f"p{place}", lambda x: "-1/5" if str(x) == "0" else "1/3")["p"]
                flat = is_critical(oracle, near)
                seen[flat] += 1
                verdict, what = decided(document, near)
                assert verdict == ("Accepted" if flat else "Rejected")
                assert flat or what == "steps[1]: critical_point: the gradient is not 0"
    assert seen[False]


def is_critical(oracle: Oracle, parameters: Json) -> bool:
    """By exact central differences of the risk, which is of degree at most 2 in each parameter, near the point."""
    size = len(numbers(parameters))
    for c in range(size):
        up, down = (moved(parameters, [s * (k == c) for k in range(size)]) for s in (SMALL, -SMALL))
        if oracle.risk(up) != oracle.risk(down):
            return False
    return True


@pytest.mark.parametrize(
    "parameters",
    [
        [layer([[0]], [7]), layer([[0]], [2])],
        [layer([[1]], [7]), layer([[0]], [1])],
        [layer([["1/2"]], [0]), layer([[1]], ["1/2"])],
    ],
)
def test_not_critical(parameters: Json) -> None:
    verdict, what = decided(network([1, 1, 1], "identity", LINE), parameters)
    assert (verdict, what) == ("Rejected", "steps[1]: critical_point: the gradient is not 0")


def test_a_point_on_a_boundary_is_in_no_cell() -> None:
    document = network([1, 1, 1], "relu", LINE, parameters=[layer([[1]], [0]), layer([[1]], [0])])
    check_step(document, STEPS, "steps[1]: critical_point: unit 1 of hidden layer 1 is at a breakpoint on sample 1")


def test_a_minimum_is_no_point() -> None:
    document = network([1, 1, 1], "relu", LINE, parameters=[layer([["2"]], ["1"]), layer([["1/2"]], ["-1/2"])])
    steps = [
        point(),
        {"rule": "interior_minimum", "from": {"point": 0}},
        {"rule": "critical_point", "from": {"point": 1}},
    ]
    check_step(document, steps, "step 1 proves LocalMinimum, expected Evaluated")
