"""From problems to theorems for every loss: planted and random problems against independent evaluations."""

import json
import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from symverify.kernel import check as kernel_check
from symverify.kernel.reals.enclosure import Enclosure
from symverify.problem.load import loads
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict
from tests.kernel.reals.made import document, mp, mp_loss, problem_of

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


def random_problem(rng: random.Random) -> tuple[Any, str]:
    """A problem of any loss, and what was planted: "", "separable" or "twins"."""
    loss = rng.choice(["logistic", "cross_entropy", "poisson"])
    d, n, depth = rng.randrange(1, 5), rng.randrange(2, 41), rng.randrange(1, 4)
    outputs = rng.randrange(2, 4) if loss == "cross_entropy" else 1
    plant = rng.choice(["", "", "separable", "twins"])
    xs = [[rng.randrange(-4, 5) for _ in range(d)] for _ in range(n)]
    if plant == "twins":
        xs = [xs[rng.randrange(1 + n // 3)] for _ in range(n)]
    wall = [rng.choice([-2, -1, 1, 2]) for _ in range(d)]
    side = [int(2 * sum(a * b for a, b in zip(wall, x, strict=True)) > 1) for x in xs]
    if loss == "cross_entropy":
        ys: list[Any] = side if plant == "separable" else [rng.randrange(outputs) for _ in xs]
    elif loss == "logistic":
        ys = [[v] for v in side] if plant == "separable" else [[rng.randrange(2)] for _ in xs]
    else:
        ys = [[rng.randrange(1, 5) * s] for s in side] if plant == "separable" else [[rng.randrange(4)] for _ in xs]
    widths = [d, *(rng.randrange(outputs, outputs + 3) for _ in range(depth)), outputs]
    return document(widths, rng.choice(["relu", LEAKY, HT]), loss, xs, ys), plant


def best_affine(doc: Any) -> mpmath.mpf:
    """A nearly least risk of an affine fit, by damped Newton steps from 0 at 40 digits: an upper bound."""
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
        g, h = mpmath.matrix(outputs * width, 1), mpmath.eye(outputs * width) * mpmath.mpf(10) ** -25
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
        if before - here < mpmath.mpf(10) ** -32 or max(map(abs, beta)) > 60:
            break
    return here


def campaign(seeds: range) -> None:
    """Every enclosure of an affine fit's risk is right; verdicts are as planted."""
    seen = {"minimum": 0, "infimum": 0}
    for seed in seeds:
        rng = random.Random(seed)
        doc, plant = random_problem(rng)
        result = proved(doc, ["spurious_minimum", "valley"], 4)
        with mpmath.workdps(40):
            value, slack = best_affine(doc), mpmath.mpf(10) ** -12
        names = {claim.name: claim for claim in result.claims}
        if "affine_infimum" in names:
            risk = names["affine_infimum"].statement["risk"]
            assert isinstance(risk, Enclosure)
            assert mp(risk.lower) <= value + slack, seed
            seen["infimum"] += 1
            assert names["spurious_minimum"].verdict is Verdict.UNDECIDED, seed
        elif names["spurious_minimum"].verdict is Verdict.PROVED:
            risk, better = (names["spurious_minimum"].statement[key] for key in ("risk", "better_risk"))
            assert isinstance(risk, Enclosure)
            assert isinstance(better, Enclosure)
            assert mp(risk.lower) - slack <= value <= mp(risk.upper) + slack, seed
            assert risk.upper - risk.lower < Fraction(1, 10**18), seed
            assert better.upper < risk.lower, seed
            seen["minimum"] += 1
            assert plant != "separable" or problem_of(doc).loss.name == "poisson", seed
        if plant == "separable" and problem_of(doc).loss.name != "poisson":
            assert "affine_infimum" in names, seed
        if result.certificate is not None:
            network = loads(doc).network
            assert kernel_check(network, result.certificate, lambda _: b"").theorems
    assert min(seen.values()) > len(seeds) // 8, seen


def test_random_problems() -> None:
    campaign(range(16))


@pytest.mark.long
def test_two_hundred_random_problems() -> None:
    campaign(range(1000, 1200))


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
