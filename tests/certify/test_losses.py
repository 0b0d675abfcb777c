"""From problems to theorems for every loss: planted and random problems against independent evaluations."""

import json
import random
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from symverify.kernel import check as kernel_check
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import EnclosedPoint
from symverify.problem.load import loads
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict
from tests.kernel.reals.made import document, layer, mp, mp_loss, mp_risk, problem_of

HT = {"breakpoints": [-1, 1], "slopes": ["0", "1", "1/4"], "anchor": [0, 0]}
LEAKY = {"name": "leaky_relu", "negative_slope": "1/10"}
TWO = [[-6, 3], [-2, 5], [4, -3], [1, 6], [-5, -4], [3, 3], [2, -6], [-1, -1], [6, 1], [-3, 2]]
SIX: list[tuple[str, Any, str, str]] = [
    ("line", document([1, 2, 1], "relu", "logistic", list(range(6)), [[v] for v in (0, 1, 0, 0, 1, 1)]),
     "0.564403169857", "0.189"),
    ("xor", document([2, 2, 1], "relu", "logistic", [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]),
     "0.693147180560", "0.692"),
    ("classes", document([1, 4, 4, 3], HT, "cross_entropy", list(range(9)), [0, 1, 2, 1, 0, 2, 1, 0, 2]),
     "1.05861325424", "0.319"),
    ("counts", document([1, 2, 1], "relu", "poisson", list(range(7)), [[v] for v in (1, 3, 0, 5, 2, 0, 4)]),
     "0.479851331541", "0.086"),
]  # fmt: skip


def proved(doc: Any, claims: list[str] | None = None, timeout: float = 60) -> CheckResult:
    return check(loads(doc), claims, smt=False, timeout=timeout)


@pytest.mark.parametrize("case", SIX, ids=[each[0] for each in SIX])
def test_theorem_1(case: tuple[str, Any, str, str]) -> None:
    _, doc, affine, gap = case
    result = proved(doc, ["spurious_minimum", "valley"])
    statement = result["spurious_minimum"].statement
    risk, better = statement["risk"], statement["better_risk"]
    assert isinstance(risk, Enclosure)
    assert isinstance(better, Enclosure)
    assert abs(risk.lower - Fraction(affine)) < Fraction(1, 10**11)
    assert risk.upper - risk.lower < Fraction(1, 10**20)
    assert risk.lower - better.upper > Fraction(gap)
    assert result["valley"].statement["exact"] is True


def test_absolute_loss_has_no_theorem_1_without_a_witness() -> None:
    """The affine fit 0 of a spike is the global minimum, though its residual is not 0 on a group."""
    doc = document([1, 2, 1], "relu", {"name": "absolute", "reduction": "sum"}, list(range(11)),
                   [[int(k == 5)] for k in range(11)])  # fmt: skip
    result = proved(doc)
    assert (result["global_minimum"].statement["risk"], result["spurious_minimum"].verdict) == ("1", Verdict.REFUTED)


@pytest.mark.parametrize(
    ("loss", "xs", "ys", "affine", "least"),
    [
        ("absolute", list(range(5)), [0, 2, 1, 0, 5], "6", "2"),
        ("hinge", list(range(6)), [-1, 1, -1, -1, 1, 1], "4", "2"),
        ("hinge", [[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]], [-1, 1, 1, -1, 1], "4", "0"),
        ("huber", list(range(5)), [0, 2, -1, 1, 3], "40/13", "1"),
    ],
)
def test_global_minima(loss: str, xs: list[Any], ys: list[int], affine: str, least: str) -> None:
    width = len(xs[0]) if isinstance(xs[0], list) else 1
    doc = document([width, 2, 1], "relu", {"name": loss, "reduction": "sum"}, xs, [[y] for y in ys])
    result = proved(doc)
    assert result["global_minimum"].statement == {"risk": least, "attained": True}
    assert result["spurious_minimum"].statement["risk"] == affine


REAL = ("logistic", "cross_entropy", "poisson")
EXACT = ("squared", "huber", "absolute", "quantile", "hinge")
PLANTS = ("", "separable", "quasi", "twins", "one class")


def random_problem(rng: random.Random, losses: tuple[str, ...] = REAL) -> tuple[Any, str]:
    """A problem of any loss, and what was planted: "", "twins" (equal inputs), "one class", "separable" labels, or
    "quasi": separable but for samples on the wall itself, which have both labels."""
    loss = rng.choice(losses)
    d, n, depth = rng.randrange(1, 5), rng.randrange(4, 41), rng.randrange(1, 4)
    outputs = rng.randrange(2, 4) if loss == "cross_entropy" else 1
    plant = rng.choice(("", *PLANTS))
    xs = [[rng.randrange(-4, 5) for _ in range(d)] for _ in range(n)]
    if plant == "twins":
        xs = [xs[rng.randrange(1 + n // 3)] for _ in range(n)]
    wall = [rng.choice([-2, -1, 1, 2]) for _ in range(d)]
    heights = [2 * sum(a * b for a, b in zip(wall, x, strict=True)) - 1 for x in xs]
    if plant == "quasi":
        xs[:4] = [[0] * d, [0] * d, wall, [-v for v in wall]]
        heights = [sum(a * b for a, b in zip(wall, x, strict=True)) for x in xs]
        heights[0], heights[1] = 1, -1  # one input on the wall, with both labels
    drawn = {
        "": lambda: [rng.randrange(max(2, outputs)) for _ in xs],
        "twins": lambda: [rng.randrange(max(2, outputs)) for _ in xs],
        "one class": lambda: [1] * n,
        "separable": lambda: [int(h > 0) for h in heights],
        "quasi": lambda: [int(h > 0) for h in heights],
    }[plant]()  # fmt: skip
    if loss == "cross_entropy":
        ys: list[Any] = drawn
    elif loss == "poisson":
        ys = [[rng.randrange(1, 5) * v] for v in drawn] if plant else [[rng.randrange(4)] for _ in xs]
    elif loss == "logistic":
        ys = [[v] for v in drawn]
    elif loss == "hinge":
        ys = [[2 * v - 1] for v in drawn]
    else:
        ys = [[rng.randrange(-4, 5)] for _ in xs] if plant != "one class" else [[3]] * n
    widths = [d, *(rng.randrange(outputs, outputs + 3) for _ in range(depth)), outputs]
    return document(widths, rng.choice(["relu", LEAKY, HT]), loss, xs, ys), plant


@mpmath.workdps(60)
def best_affine(doc: Any) -> mpmath.mpf:
    """A nearly least risk of an affine fit, by damped Newton steps from 0 at 60 digits: an upper bound."""
    problem = problem_of(doc)
    rows = [[mp(v) for v in x] + [mpmath.mpf(1)] for x in problem.inputs]
    ys, outputs, width = [[mp(v) for v in y] for y in problem.targets], problem.widths[-1], problem.widths[0] + 1
    name, beta = problem.loss.name, mpmath.matrix(outputs * width, 1)

    def predicted(b: Any) -> list[list[Any]]:
        return [[sum(b[k * width + c] * x[c] for c in range(width)) for k in range(outputs)] for x in rows]

    def value(b: Any) -> Any:
        return sum(mp_loss(name, f, y) for f, y in zip(predicted(b), ys, strict=True)) / len(rows)

    here = value(beta)
    for _ in range(60):
        g, h = mpmath.matrix(outputs * width, 1), mpmath.eye(outputs * width) * mpmath.mpf(10) ** -40
        for f, x, y in zip(predicted(beta), rows, ys, strict=True):
            e = [mpmath.exp(a) for a in f]
            p = [a / sum(e) for a in e] if name == "cross_entropy" else e if name == "poisson" else [e[0] / (1 + e[0])]
            for a in range(outputs):
                for b in range(outputs):
                    curve = p[a] * ((a == b) - p[b]) if name != "poisson" else p[a]
                    for c in range(width):
                        for q in range(width):
                            h[a * width + c, b * width + q] += curve * x[c] * x[q]
                for c in range(width):
                    g[a * width + c] += (p[a] - y[a]) * x[c]
        step, length = mpmath.lu_solve(h, -g), mpmath.mpf(1)
        while value(beta + length * step) > here and length > mpmath.mpf(10) ** -8:
            length /= 2
        beta = beta + length * step
        before, here = here, value(beta)
        if before - here < mpmath.mpf(10) ** -50 or max(map(abs, beta)) > 60:
            break
    return here


def campaign(seeds: range) -> None:
    """Every enclosure of an affine fit's risk is right; verdicts are as planted."""
    seen = {"minimum": 0, "infimum": 0}
    for seed in seeds:
        rng = random.Random(seed)
        doc, plant = random_problem(rng)
        result = proved(doc, ["spurious_minimum", "valley"], 4)
        value = best_affine(doc)
        names, loss = {claim.name: claim for claim in result.claims}, problem_of(doc).loss.name
        if "affine_infimum" in names:
            risk = names["affine_infimum"].statement["risk"]
            assert isinstance(risk, Enclosure)
            assert within(risk.lower, value, None), seed
            seen["infimum"] += 1
            assert names["spurious_minimum"].verdict is Verdict.UNDECIDED, seed
            assert plant != "quasi" or risk.lower > 0 or loss == "poisson", seed
        elif names["spurious_minimum"].verdict is Verdict.PROVED:
            risk, better = (names["spurious_minimum"].statement[key] for key in ("risk", "better_risk"))
            assert isinstance(risk, Enclosure)
            assert isinstance(better, Enclosure)
            assert within(risk.lower, value, risk.upper), seed
            assert risk.upper - risk.lower < Fraction(1, 10**18), seed
            assert better.upper < risk.lower, seed
            seen["minimum"] += 1
        if plant in ("separable", "quasi", "one class") and loss != "poisson":
            assert "affine_infimum" in names, seed
        right_everywhere(doc, result)
    assert min(seen.values()) > len(seeds) // 10, seen


def within(lower: Fraction, value: Any, upper: Fraction | None) -> bool:
    """Whether a number of 60 digits, right to 30, is between rationals."""
    with mpmath.workdps(60):
        slack = mpmath.mpf(10) ** -30
        return bool(mp(lower) - slack <= value and (upper is None or value <= mp(upper) + slack))


def right_everywhere(doc: Any, result: CheckResult) -> None:
    """The kernel accepts the certificate, and the risks of all its points are those that 60 digits give."""
    if result.certificate is None:
        return
    problem, found = problem_of(doc), kernel_check(loads(doc).network, result.certificate, lambda _: b"")
    assert found.theorems
    with mpmath.workdps(60):
        for step in found.steps:
            if isinstance(step.fact, EnclosedPoint):
                value, slack = mp_risk(problem, step.fact.point), mpmath.mpf(10) ** -45
                size = 1 + abs(value)
                assert mp(step.fact.risk.lower) - slack * size <= value <= mp(step.fact.risk.upper) + slack * size
            if isinstance(step.fact, Evaluated):
                assert abs(mp_risk(problem, step.fact.point) - mp(step.fact.risk)) < mpmath.mpf(10) ** -45


def least_affine(doc: Any) -> float:
    """The least risk of an affine fit under a loss over the rationals, in floats by SciPy alone."""
    problem = problem_of(doc)
    design = np.array([[*map(float, x), 1.0] for x in problem.inputs])
    ys, name, n = np.array([float(y) for (y,) in problem.targets]), problem.loss.name, len(problem.inputs)
    if name == "squared":
        rest = ys - design @ np.linalg.lstsq(design, ys, rcond=None)[0]
        return float(rest @ rest / n)
    if name == "huber":  # ½(e − s)² + |s|

        def value(b: Any) -> Any:
            e = design @ b - ys
            return np.where(abs(e) <= 1, e * e / 2, abs(e) - 0.5).sum()

        fits = (minimize(value, start, method="BFGS", options={"gtol": 1e-10}).fun for start in
                (np.zeros(design.shape[1]), np.linalg.lstsq(design, ys, rcond=None)[0]))  # fmt: skip
        return float(min(fits) / n)
    sides = [(-ys[:, None] * design, -np.ones(n))] if name == "hinge" else [(design, ys), (-design, -ys)]
    above = np.vstack([np.hstack([rows, -np.eye(n)]) for rows, _ in sides])
    cost = np.concatenate([np.zeros(design.shape[1]), np.ones(n)])
    bounds = [(None, None)] * design.shape[1] + [(0, None)] * n
    found = linprog(cost, above, np.concatenate([ends for _, ends in sides]), bounds=bounds)
    return float(found.fun / n) * (0.5 if name == "quantile" else 1.0)


def campaign_over_the_rationals(seeds: range) -> None:
    """The minimum at the affine fit has the risk that SciPy finds; a point of lower risk is lower."""
    proofs = 0
    for seed in seeds:
        doc, _ = random_problem(random.Random(seed), EXACT)
        result = proved(doc, ["valley", "spurious_minimum"], 4)
        names, least = {claim.name: claim for claim in result.claims}, least_affine(doc)
        for claim in names.values():
            if claim.risk is not None:
                assert abs(float(claim.risk) - least) < 1e-6 * (1 + least), seed
                proofs += 1
            if claim.better_risk is not None and claim.risk is not None:
                assert claim.better_risk < claim.risk, seed
        right_everywhere(doc, result)
    assert proofs > len(seeds), proofs


def test_random_problems() -> None:
    campaign(range(16))


def test_random_problems_over_the_rationals() -> None:
    campaign_over_the_rationals(range(10))


@pytest.mark.long
def test_two_hundred_random_problems() -> None:
    campaign(range(1000, 1120))
    campaign_over_the_rationals(range(2000, 2080))


def test_the_minimum_in_the_given_points_cell() -> None:
    """Without hidden biases no affine fit is carried; another last layer makes the cell's minimum."""
    data = ((1, 0), (2, 1), (3, 0), (4, 1), (-1, 1), (-2, 0), (-3, 1))
    own = [{"weight": [["1"], ["-1"]]}, {"weight": [["1/3", "-1/4"]], "bias": ["1/5"]}]
    doc = document([1, 2, 1], "relu", "logistic", [x for x, _ in data], [[y] for _, y in data],
                   bias={"hidden": False, "output": True}, parameters=own)  # fmt: skip
    result = proved(doc, ["valley"])
    statement = result["valley"].statement
    risk = statement["risk"]
    assert isinstance(risk, Enclosure)
    assert risk.upper - risk.lower < Fraction(1, 10**20)
    assert statement["dimension"] == 2
    with mpmath.workdps(40):  # the three features of the cell: max(0, x), max(0, −x), 1
        right, left, one = mpmath.findroot(
            lambda a, b, c: [sum(w * (1 / (1 + mpmath.exp(-(a * max(x, 0) + b * max(-x, 0) + c))) - y)
                                 for (x, y), w in zip(data, row, strict=True))
                             for row in ([max(x, 0) for x, _ in data], [max(-x, 0) for x, _ in data], [1] * 7)],
            (0, 0, 0))  # fmt: skip
        fits = [right * max(x, 0) + left * max(-x, 0) + one for x, _ in data]
        value = sum(mpmath.log(1 + mpmath.exp(f)) - y * f for f, (_, y) in zip(fits, data, strict=True)) / 7
        assert mp(risk.lower) <= value <= mp(risk.upper)


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
def test_points_of_deep_networks_are_refuted(loss: str) -> None:
    zero = [layer([["0"], ["0"]], ["0", "0"]), layer([["0", "0"], ["0", "0"]], ["0", "0"]), layer([["0", "0"]], ["0"])]
    doc = document([1, 2, 2, 1], "relu", loss, [0, 1, 2, 4], [[0], [1], [1], [0]], parameters=zero)
    assert proved(doc, ["point"])["point"].verdict is Verdict.REFUTED


@pytest.mark.parametrize("claim", ["global_minimum", "infimum", "global_bounds", "point", None])
def test_a_network_that_fits_is_global_whichever_way_it_is_asked(claim: str | None) -> None:
    """XOR under Huber loss, at the weights of Goodfellow, Bengio and Courville's book."""
    own = [layer([["1", "1"], ["1", "1"]], ["0", "-1"]), layer([["1", "-2"]], ["0"])]
    doc = document([2, 2, 1], "relu", {"name": "huber", "delta": "1"}, [[0, 0], [0, 1], [1, 0], [1, 1]],
                   [[0], [1], [1], [0]], parameters=own)  # fmt: skip
    result = proved(doc, None if claim is None else [claim])
    assert result.verdict is Verdict.PROVED
    asked = result[result.asked[0]].statement
    assert {asked.get("risk", "0"), asked.get("upper", "0")} == {"0"}


@pytest.mark.parametrize(("loss", "ys"), [("logistic", [0, 1, 0, 0, 1, 1]), ("poisson", [1, 3, 0, 5, 2, 0])])
def test_the_infimum_is_bracketed_as_narrowly_as_asked(loss: str, ys: list[int]) -> None:
    doc = document([1, 2, 1], "relu", loss, list(range(6)), [[y] for y in ys])
    for gap in (Fraction(1, 10), Fraction(1, 10**9)):
        result = check(loads(doc), ["global_minimum"], smt=False, timeout=60, gap=gap)
        risk = result["global_bounds"].statement["risk"]
        assert result.verdict is Verdict.PROVED
        assert isinstance(risk, Enclosure)
        assert 0 < risk.upper - risk.lower <= gap * abs(risk.upper)


@pytest.mark.parametrize("loss", ["logistic", "poisson"])
@pytest.mark.parametrize("given", [True, False])
def test_a_point_that_no_function_of_the_inputs_beats_is_global(loss: str, given: bool) -> None:
    labels = [[0], [1], [1], [0]] if loss == "logistic" else [[0], [2], [1], [1]]
    point = {"parameters": [layer([[0], [1]], [0, 1]), layer([[0, 0]], [0])]} if given else {}
    result = proved(document([1, 2, 1], "relu", loss, [0, 0, 1, 1], labels, **point))
    verdicts = {claim.name: claim.verdict for claim in result.claims}
    assert verdicts["global_minimum"] is verdicts["global_bounds"] is Verdict.PROVED
    assert verdicts["spurious_minimum"] is Verdict.REFUTED
    assert verdicts.get("point") is (Verdict.PROVED if given else None)
    assert "spurious=false" in result["point"].line if given else True


def test_a_bracket_under_cross_entropy_is_wide() -> None:
    """Equal inputs of both classes: the bound for all functions of the inputs is met as nearly as the point is good."""
    doc = document([1, 2, 2], "relu", "cross_entropy", [0, 0, 1, 2, 3], [0, 1, 1, 0, 1])
    result = proved(doc, ["global_minimum"], 10)
    risk = result["global_bounds"].statement["risk"]
    assert isinstance(risk, Enclosure)
    with mpmath.workdps(60):
        assert mp(risk.lower) <= 2 * mpmath.log(2) / 5 <= mp(risk.upper)


def test_wide_data() -> None:
    """n = 200, d = 10: proved, and the kernel is quick."""
    rng = random.Random(8)
    xs = [[rng.randrange(-9, 10) for _ in range(10)] for _ in range(200)]
    doc = document([10, 3, 1], "relu", "logistic", xs, [[rng.randrange(2)] for _ in xs])
    result = proved(doc, ["valley"], 20)
    risk = result["valley"].statement["risk"]
    assert isinstance(risk, Enclosure)
    assert risk.upper - risk.lower < Fraction(1, 10**18)
    assert json.loads(result.certificate or b"")["claims"]


def test_a_given_point_under_cross_entropy_is_told_where_to_look() -> None:
    doc = document([1, 2, 2], "relu", "cross_entropy", [0, 1, 2, 3], [0, 1, 1, 0])
    doc["parameters"] = [
        {"weight": [[1], [1]], "bias": [0, -1]},
        {"weight": [[1, 0], [0, 1]], "bias": [0, 0]},
    ]
    found = proved(doc, ["point"])["point"]
    assert found.verdict is Verdict.UNDECIDED
    assert "is not decided under the cross_entropy loss; --claims minimum_in_box looks for" in found.reason
