"""The rule critical_point: accepted points of several architectures, and corruptions rejected for the stated reason."""

import json
from fractions import Fraction
from typing import Any

import pytest

from symverify.kernel.core.errors import Malformed, Rejected
from symverify.kernel.core.file import read_problem
from symverify.kernel.core.interior_minimum import interior_minimum
from symverify.kernel.core.point import point
from symverify.kernel.core.proof import Proof
from symverify.kernel.curvature.critical_point import CriticalPoint, critical_point
from tests.cell_cases import run
from tests.examples import layer, network, samples
from tests.kernel.corruption import Oracle, edited, moved, numbers

SADDLE = [layer([[0]], [7]), layer([[0]], [1])]  # the linear net 1-1-1 on a line: output weight and slope 0
LINE, STEP = samples([0, 1, 2], [0, 1, 2]), Fraction(1, 2**20)
CONTROLS: list[tuple[str, Any, Any]] = [
    ("linear saddle", network([1, 1, 1], "identity", LINE), SADDLE),
    ("minimum", network([1, 1, 1], "relu", LINE), [layer([[2]], [1]), layer([["1/2"]], ["-1/2"])]),
    ("huber", network([1, 1, 1], "identity", LINE, loss={"name": "huber", "delta": "1/2"}), SADDLE),
    (
        "deep, all weights 0",
        network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 2, 1])),
        [layer([[0]], [1]), layer([[0]], [1]), layer([[0]], [1])],
    ),
    (
        "vector output, no bias",
        network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[1, 0], [0, 1]]), bias=False),
        [layer([[0, -1]]), layer([[0], [-1]])],
    ),
    (
        "a zero row without bias",
        network([1, 1, 1], "relu", samples([0, 1], [3, 1]), bias=False),
        [layer([[1]]), layer([[1]])],
    ),
]


def steps(document: Any, parameters: Any, **fields: Any) -> Any:
    problem = read_problem(json.dumps(document).encode(), lambda _: b"")
    proof = Proof(problem, [], set())
    run(proof, point, parameters=json.loads(json.dumps(parameters), parse_int=str))
    return run(proof, critical_point, **{"point": 0, **fields})


@pytest.mark.parametrize(("name", "document", "parameters"), CONTROLS, ids=[name for name, _, _ in CONTROLS])
def test_accepted(name, document, parameters):
    fact = steps(document, parameters)
    assert isinstance(fact, CriticalPoint)
    assert fact.words().startswith(f"a point of risk {fact.at.risk} is a critical point")


@pytest.mark.parametrize(("name", "document", "parameters"), CONTROLS, ids=[name for name, _, _ in CONTROLS])
def test_every_coordinate_moved_is_accepted_exactly_where_the_oracle_finds_no_slope(name, document, parameters):
    oracle, seen = Oracle(document), {True: 0, False: 0}
    for m, each in enumerate(parameters):
        for j, row in enumerate(each["weight"]):
            places = [f"[{m}].weight[{j}][{c}]" for c in range(len(row))] + [f"[{m}].bias[{j}]"] * ("bias" in each)
            for place in places:
                near = edited({"p": parameters}, f"p{place}", lambda x: "-1/5" if str(x) == "0" else "1/3")["p"]
                flat = is_critical(oracle, near)
                seen[flat] += 1
                if flat:
                    steps(document, near)
                else:
                    with pytest.raises(Rejected, match=r"the gradient in layer \d is not 0"):
                        steps(document, near)
    assert seen[False]


def is_critical(oracle: Oracle, parameters: Any) -> bool:
    """By exact central differences of the risk, which is of degree at most 2 in each parameter (squared loss)."""
    size = len(numbers(parameters))
    for c in range(size):
        up, down = (moved(parameters, [s * (k == c) for k in range(size)]) for s in (STEP, -STEP))
        if oracle.risk(up) != oracle.risk(down):
            return False
    return True


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ([layer([[0]], [7]), layer([[0]], [2])], "the gradient in layer 2 is not 0"),
        ([layer([[1]], [7]), layer([[0]], [1])], "the gradient in layer 2 is not 0"),
        ([layer([["1/2"]], [0]), layer([[1]], ["1/2"])], "the gradient in layer 1 is not 0"),
    ],
)
def test_not_critical(parameters, reason):
    with pytest.raises(Rejected, match=reason):
        steps(network([1, 1, 1], "identity", LINE), parameters)


def test_a_point_on_a_boundary_is_in_no_cell():
    with pytest.raises(Rejected, match="unit 1 of hidden layer 1 is at a breakpoint on sample 1"):
        steps(network([1, 1, 1], "relu", LINE), [layer([[1]], [0]), layer([[1]], [0])])


@pytest.mark.parametrize(
    ("fields", "error", "reason"),
    [
        ({"point": 1}, Rejected, "step 1 does not come before this one"),
        ({"point": "0"}, Malformed, "expected a whole number"),
        ({"gradient": "0"}, Malformed, "unknown key"),
    ],
)
def test_a_step_of_the_wrong_form(fields, error, reason):
    with pytest.raises(error, match=reason):
        steps(network([1, 1, 1], "identity", LINE), SADDLE, **fields)


def test_a_premise_of_another_kind():
    problem = read_problem(json.dumps(network([1, 1, 1], "relu", LINE)).encode(), lambda _: b"")
    proof = Proof(problem, [], set())
    minimum = [layer([["2"]], ["1"]), layer([["1/2"]], ["-1/2"])]
    run(proof, point, parameters=minimum)
    run(proof, interior_minimum, point=0)
    with pytest.raises(Rejected, match="step 1 proves LocalMinimum, expected Evaluated"):
        run(proof, critical_point, point=1)
