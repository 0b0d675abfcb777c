"""The rules `real_face_minimum` and `real_descent`: every rational point of a shallow logistic or Poisson net."""

import random
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import mpmath
import pytest

from symverify.kernel.check import apply
from symverify.kernel.core.algebra import rank, sign
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Layer
from symverify.kernel.core.proof import Proof
from symverify.kernel.reals.real_face_minimum import null_space, unit_stays
from tests.kernel.reals.made import (
    Json,
    Malformed,
    checked,
    control,
    corruption,
    document,
    layer,
    mp_risk,
    problem_of,
    refused,
)
from tests.kernel.rules import suite

STEPS = [{"rule": "enclosed_point", "parameters": "given"}, {"rule": "real_face_minimum", "from": {"point": 0}}]


def small(xs: list[Json], ys: list[Json], w: Json, b: Json, v: Json, c: Json, loss: str = "logistic") -> Json:
    return document([1, 1, 1], "relu", loss, xs, ys, parameters=[layer([[w]], [b]), layer([[v]], [c])])


def test_a_zero_unit_at_a_breakpoint() -> None:
    """All weights 0: every hyperplane passes through the unit; the residuals of XOR cancel in no half space."""
    corners, labels = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    dead = [layer([[0, 0], [0, 0]], [0, 0]), layer([[0, 0]], [0])]
    refused(document([2, 2, 1], "relu", "logistic", corners, labels, parameters=dead), STEPS, "makes a difference")
    twins = small([0, 0, 1, 1], [[0], [1], [0], [1]], 0, 0, 0, 0)
    checked(twins, STEPS, {"point": 1})


def test_a_kink_that_holds() -> None:
    """The unit bends at x = 1, whose residual the bend keeps from falling."""
    doc = small([0, 1, 2], [[0], [1], [0]], 1, -1, 1, 0)
    refused(doc, STEPS, "the residuals do not sum to 0")
    held = small([0, 1, 1], [["1/2"], [0], [1]], 1, -1, 1, 0)
    checked(held, STEPS, {"point": 1})
    uneven = small([0, 1, 1], [["1/2"], [1], ["1/2"]], 1, -1, 1, 0)
    refused(uneven, STEPS, "do not sum to 0")
    rising = small([0, 1, 2], [[1], [0], ["1/2"]], 1, -1, 0, 0)
    refused(rising, STEPS, "has output weight 0, but moving its input weights first makes a difference")


def test_each_first_order_condition() -> None:
    """A unit that is 1 everywhere, whose output weight has a pull; one that is 1 at w = 0, where w has; two layers."""
    flat = document([1, 1, 1], "hardtanh", "logistic", [1], [["1/2"]], bias={"output": False},
                    parameters=[layer([[0]], [2]), layer([[1]])])  # fmt: skip
    refused(flat, STEPS, "has a first-order term in its output weight")
    refused(small([0, 1], [[0], [1]], 0, 1, 1, -1), STEPS, "has a gradient that is not spanned by its boundaries")
    deep = document([1, 1, 1, 1], "relu", "logistic", [0, 0], [[0], [1]], parameters=[layer([[0]], [0])] * 3)
    refused(deep, STEPS, "needs one hidden layer and scalar output")


def test_descent() -> None:
    doc = small([0, 1, 2], [[1], [0], ["1/2"]], 1, -1, 0, 0)
    falls = {"rule": "real_descent", "from": {"point": 0}}
    two_step = [layer([["1"]], [["-1", "1"]]), layer([[["0", "0", "-1"]]], ["0"])]
    found = checked(doc, [STEPS[0], falls | {"curve": two_step}], {"point": 1})
    assert found.theorems[0].verdict == "refuted"
    away = [layer([["1"]], [["-1", "1"]]), layer([[["0", "0", "1"]]], ["0"])]
    refused(doc, [STEPS[0], falls | {"curve": away}], "is not seen to fall")
    still = [layer([["1"]], [["-1", "-1"]]), layer([["0"]], ["0"])]
    refused(doc, [STEPS[0], falls | {"curve": still}], "is not seen to fall")
    elsewhere = [layer([["2"]], [["-1", "1"]]), layer([["0"]], ["0"])]
    refused(doc, [STEPS[0], falls | {"curve": elsewhere}], "does not start at the point")


def test_second_order_hides_the_first() -> None:
    """A first-order term of order 2q or more proves nothing: the quadratic remainder may be larger."""
    doc = small([0, 1], [[0], [1]], 0, 1, 1, -1)
    # logits 0, residuals ±1/2, which sum to 0: c = t raises the risk at second order, whatever t² does to first order
    curve = [layer([[["0", "0", "1"]]], ["1"]), layer([["1"]], [["-1", "1"]])]
    refused(doc, [STEPS[0], {"rule": "real_descent", "from": {"point": 0}, "curve": curve}], "is not seen to fall")
    slower = [layer([[["0", "1"]]], ["1"]), layer([["1"]], ["-1"])]
    checked(doc, [STEPS[0], {"rule": "real_descent", "from": {"point": 0}, "curve": slower}], {"point": 1})


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_accepted_points_are_minima(loss: str) -> None:
    """Random degenerate points: around each that is accepted, no perturbation has lower risk at sixty digits."""
    rng, accepted = random.Random(3), 0
    for _ in range(400):
        n = rng.randrange(1, 5)
        xs = [rng.randrange(-1, 2) for _ in range(n)]
        ys = [[str(Fraction(rng.randrange(0, 3), 2))] for _ in range(n)]
        doc = small(xs, ys, *(rng.choice([-1, 0, 0, 1]) for _ in range(3)), rng.choice([0, 0, 1]), loss)
        problem = problem_of(doc)
        proof = Proof(problem)
        proof.steps.append(apply(proof, dict(STEPS[0]), ""))
        try:
            apply(proof, dict(STEPS[1]), "")
        except Rejected:
            continue
        accepted += 1
        with mpmath.workdps(60):
            here = mp_risk(problem, problem.parameters)
            for _ in range(25):
                (w, b), (v, c) = ((x.weight[0][0], x.bias[0]) for x in problem.parameters)
                size = Fraction(1, 10 ** rng.randrange(2, 7))
                w, b, v, c = (x + size * rng.randrange(-9, 10) / 9 for x in (w, b, v, c))
                there = mp_risk(problem, (Layer(((w,),), (b,)), Layer(((v,),), (c,))))
                assert there >= here - mpmath.mpf(10) ** -45
    assert accepted >= 10


CONTROLS = {
    "twins": control(small([0, 0, 1, 1], [[0], [1], [0], [1]], 0, 0, 0, 0), STEPS, {"point": 1}),
    "kink": control(small([0, 1, 1], [["1/2"], [0], [1]], 1, -1, 1, 0), STEPS, {"point": 1}),
}
CORRUPTIONS = [
    corruption("kink", 0, ["parameters"], [layer([["1"]], ["-1"]), layer([["1"]], ["1"])],
               Rejected, "the residuals do not sum to 0"),
    corruption("twins", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
    corruption("twins", 1, ["from"], ..., Malformed, "point: is missing"),
    corruption("twins", 1, ["multipliers"], [None], Malformed, "unknown key"),
]  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("rows", "dimension"),
    [([], 3), ([(1, 0, 0)], 2), ([(0, 1, 2), (0, 1, 3)], 1), ([(1, 2, 3), (0, 0, 1)], 1), ([(1, 1, 1), (2, 2, 2)], 2)],
)
def test_null_space(rows: list[tuple[int, ...]], dimension: int) -> None:
    """Independent vectors, as many as the rank leaves, orthogonal to all rows."""
    found = null_space(rows, 3)
    assert len(found) == rank(found) == dimension
    assert not any(sum(a * x for a, x in zip(row, line, strict=True)) for row in rows for line in found)


@pytest.mark.parametrize(("bend", "stays"), [(1, True), (-1, False)])
def test_a_ray_on_the_other_side_of_a_kink_counts_as_much(bend: int, stays: bool) -> None:
    """2 |δ_1| ± |δ_1 − δ_2| along the ray (0, 1), where the second kink's form is −1."""
    r: Any = SimpleNamespace(vanishes=lambda form: not any(form), sign=lambda form: sign(form[0]))
    zero, bends = (Fraction(0),), {(1, -1): (Fraction(bend),), (1, 0): (Fraction(2),)}
    if stays:
        unit_stays(r, zero, [zero, zero], bends, 1)
    else:
        with pytest.raises(Rejected, match="descent direction among its rays"):
            unit_stays(r, zero, [zero, zero], bends, 1)
