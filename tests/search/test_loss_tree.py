"""Global minima under losses other than the squared one: known answers, and an oracle that shares no code with them.

The oracle enumerates, for inputs on a line, which samples each unit is on, and solves every case in floats.
"""

import json
import random
import time
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import inf
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from symverify.certify.certificate import Certificate
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.reals.enclosed_point import enclosed_risk
from symverify.kernel.reals.losses import RealLoss
from symverify.problem.load import loads
from symverify.search.better import zero_point
from symverify.search.global_minimum.generators import generators
from symverify.search.loss_tree import Outcome, Search, search
from symverify.search.loss_tree.relaxation import Relaxed, relaxation_of
from tests.kernel.reals.made import mp, mp_loss

LEAKY = {"name": "leaky_relu", "negative_slope": "1/4"}
LABELS = {"hinge": (-1, 1), "logistic": (0, 1), "poisson": (0, 1, 2, 4)}
GAP = Fraction(1, 10**6)


def made(loss: Any, xs: list[Any], ys: list[Any], width: int, activation: Any = "relu", bias: Any = True) -> Problem:
    rows = [x if isinstance(x, list) else [x] for x in xs]
    data = [{"x": x, "y": [y]} for x, y in zip(rows, ys, strict=True)]
    spelled = {"name": loss} if isinstance(loss, str) else loss
    document = {"format": "symverify-network/1", "layers": [len(rows[0]), width, 1], "activation": activation,
                "loss": {"reduction": "sum"} | spelled, "bias": bias, "data": data}  # fmt: skip
    return loads(json.dumps(document).encode()).problem


def searched(problem: Problem, seconds: float = 60.0, start: Point | None = None) -> tuple[Outcome, Fraction]:
    """What the search finds, its lower bound accepted by the kernel; and the risk of its point, from above."""
    found = Search(problem, start or zero_point(problem), GAP).run(Fraction(-(10**9)), time.monotonic() + seconds)
    fields: dict[str, object] = {"risk": str(found.lower), "tree": list(found.tree)}
    fields["vectors"] = [list(g) for g in found.vectors]
    f = predictions(problem, found.point)
    if isinstance(problem.loss, RealLoss):
        if found.vectors:
            fields["scales"] = [str(q) for q in found.scales]
            Certificate(problem).step("real_lower_bound", {}, **fields)
        return found, enclosed_risk(problem, f).upper
    if found.vectors:
        Certificate(problem).step("global_lower_bound", {}, **fields)
    return found, risk(problem, f)


def spike(n: int) -> list[int]:
    return [int(k == n // 2) for k in range(n)]


@pytest.mark.parametrize(("loss", "xs", "ys", "width", "least"), [
    ("absolute", list(range(11)), spike(11), 2, "1"),
    ("absolute", list(range(5)), [0, 2, 1, 0, 5], 2, "2"),
    ("hinge", list(range(6)), [-1, 1, -1, -1, 1, 1], 2, "2"),
    ("hinge", [[0, 0], [0, 1], [1, 0], [1, 1], [2, 1]], [-1, 1, 1, -1, 1], 2, "0"),
    ("huber", list(range(5)), [0, 2, -1, 1, 3], 2, "1"),
    ("squared", [0, 1], [0, 0], 1, "0"),
][:5])  # fmt: skip
def test_known_answers(loss: str, xs: list[Any], ys: list[int], width: int, least: str) -> None:
    problem = made(loss, xs, ys, width)
    found, value = searched(problem)
    assert value == Fraction(least)
    assert found.lower == value or value == 0  # 0 needs no vectors


def test_the_best_constant_of_one_dead_unit() -> None:
    """Without room to bend: absolute loss on x = 0 twice, labels 0 and 1 and 5: the median, 5 away in all."""
    problem = made("absolute", [0, 0, 0], [0, 1, 5], 1)
    assert searched(problem)[1] == 5


def cases(problem: Problem, xs: list[int]) -> Any:
    """Per unit the sign, and which samples it is on: prefixes and suffixes of the sorted inputs, or none, or all."""
    cuts = sorted(set(xs))
    patterns = {tuple(x < t for x in xs) for t in [*cuts, inf]} | {tuple(x >= t for x in xs) for t in [*cuts, inf]}
    return combinations_with_replacement(list(product(sorted(patterns), (1, -1))), problem.widths[1])


def oracle(problem: Problem, xs: list[int]) -> float:
    """The least risk over all cases, in floats."""
    n, h = len(xs), problem.activations[0]
    low, high = float(h.slopes[0]), float(h.slopes[1])
    ys = [float(y) for (y,) in problem.targets]
    best = inf
    for units in cases(problem, xs):
        columns, rows = [], []
        for on, sign in units:
            for c in range(1 + problem.hidden_bias):
                own = [float(x) if c == 0 else 1.0 for x in xs]
                columns.append([sign * v * (high if o else low) for v, o in zip(own, on, strict=True)])
        for j, (on, _) in enumerate(units):
            for i, o in enumerate(on):
                row = [0.0] * len(columns)
                for c in range(1 + problem.hidden_bias):
                    row[j * (1 + problem.hidden_bias) + c] = (1 if o else -1) * (float(xs[i]) if c == 0 else 1.0)
                rows.append(row)
        if problem.output_bias:
            columns.append([1.0] * n)
            rows = [[*row, 0.0] for row in rows]
        best = min(best, least_of(problem, np.array(columns).T, np.array(rows), np.array(ys)))
    return best


def least_of(problem: Problem, design: Any, above: Any, ys: Any) -> float:
    """min Σ ℓ(design · x) with above · x ≥ 0."""
    loss, n = problem.loss, len(ys)
    if not isinstance(loss, RealLoss) and not loss.smooth:
        lines = [[(float(b), float(c) - float(b) * y) for _, b, c in loss.at(Fraction(y)).parts] for y in ys]
        rows, ends = [-np.hstack([above, np.zeros((len(above), n))])], [np.zeros(len(above))]
        for p in range(2):
            rows.append(np.hstack([np.array([[line[p][0]] for line in lines]) * design, -np.eye(n)]))
            ends.append(np.array([-line[p][1] for line in lines]))
        cost = np.concatenate([np.zeros(design.shape[1]), np.ones(n)])
        found = linprog(cost, np.vstack(rows), np.concatenate(ends), bounds=(None, None))
        return inf if found.fun is None else float(found.fun)

    def value(x: Any) -> float:
        f = design @ x
        if not isinstance(loss, RealLoss):
            e, d = np.abs(f - ys), float(loss.cuts[-1])
            return float(np.where(e <= d, e * e / 2, d * (e - d / 2)).sum())
        f = np.clip(f, -300, 300)
        return float((np.logaddexp(0, f) - ys * f if loss.name[0] == "l" else np.exp(f) - ys * f).sum())

    start = np.zeros(design.shape[1])
    found = minimize(value, start, method="SLSQP", constraints={"type": "ineq", "fun": lambda x: above @ x},
                     options={"maxiter": 200, "ftol": 1e-12})  # fmt: skip
    return float(value(found.x)) if (above @ found.x).min(initial=0.0) > -1e-7 else inf


def drawn(rng: random.Random) -> tuple[Problem, list[int]]:
    """Few samples on a line, equal inputs among them."""
    loss = rng.choice(["absolute", "quantile", "hinge", "huber", "logistic", "poisson"])
    n, width = rng.randrange(2, 6), rng.choice([1, 1, 2])
    xs = [rng.randrange(-2, 4) for _ in range(n)]
    ys = [rng.choice(LABELS.get(loss, range(-3, 4))) for _ in range(n)]
    options = {"quantile": {"tau": "1/3"}, "huber": {"delta": rng.choice(["1/2", "1", "2"])}}.get(loss, {})
    bias = {"hidden": rng.random() < 0.8, "output": rng.random() < 0.8}
    return made({"name": loss, **options}, xs, ys, width, rng.choice(["relu", LEAKY, "abs"]), bias), xs


def campaign(seeds: range) -> None:
    closed = 0
    for seed in seeds:
        problem, xs = drawn(random.Random(seed))
        found, value = searched(problem, 10)
        least = oracle(problem, xs)
        size = 1 + abs(least)
        assert float(value) <= least + 1e-5 * size, seed
        if found.vectors:
            assert float(found.lower) <= least + 1e-9 * size, seed
            closed += found.complete
        if found.vectors and isinstance(problem.loss, RealLoss):
            with mpmath.workdps(40):  # the point's risk, by other code
                f = predictions(problem, found.point)
                own = sum(mp_loss(problem.loss.name, [mp(a) for a in u], [mp(b) for b in y])
                          for u, y in zip(f, problem.targets, strict=True))  # fmt: skip
                assert mp(found.lower) <= own <= mp(value)
    assert closed > len(seeds) // 2, closed


def test_against_the_oracle() -> None:
    campaign(range(24))


@pytest.mark.long
def test_long_against_the_oracle() -> None:
    campaign(range(1000, 1400))


TWELVE = [("absolute", 12), ("huber", 12), ("hinge", 12), ("poisson", 12)]


@pytest.mark.parametrize(
    ("loss", "n"), [*TWELVE, ("logistic", 8), pytest.param("logistic", 12, marks=pytest.mark.long)]
)
def test_two_inputs(loss: str, n: int) -> None:
    """Larger than what an enumeration reaches; the kernel accepts the tree, and the bracket is as narrow as asked."""
    rng = random.Random(3)
    xs = [[rng.randrange(-6, 7) for _ in range(2)] for _ in range(n)]
    problem = made(loss, xs, [rng.choice(LABELS.get(loss, range(-5, 6))) for _ in xs], 2)
    found, value = searched(problem)
    if found.vectors:
        assert found.complete
        assert value - found.lower <= (GAP * abs(value) if isinstance(problem.loss, RealLoss) else 0)


def test_anytime() -> None:
    """A search that ends early proves a bracket."""
    rng = random.Random(4)
    xs = [[rng.randrange(-9, 10) for _ in range(2)] for _ in range(16)]
    for loss in ("absolute", "logistic"):
        problem = made(loss, xs, [rng.choice(LABELS.get(loss, range(-5, 6))) for _ in xs], 3)
        begun = time.monotonic()
        found, value = searched(problem, 3)
        assert time.monotonic() - begun < 20
        assert found.lower <= value
        assert found.complete or not found.vectors or found.lower > 0


@pytest.mark.parametrize(("loss", "at"), [
    *((loss, at) for loss in ("absolute", "huber") for at in (1, 40, 90, 150, 260)),
    *(("logistic", at) for at in (1, 30, 60, 90)),  # each bound takes longer
    *(pytest.param("logistic", at, marks=pytest.mark.long) for at in (150, 260)),
])  # fmt: skip
def test_an_interruption_leaves_a_bracket(loss: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of any bound: the lower bound that is left is proved."""
    rng = random.Random(7)
    xs = [[rng.randrange(-6, 7) for _ in range(2)] for _ in range(9)]
    problem = made(loss, xs, [rng.choice(LABELS.get(loss, range(-5, 6))) for _ in xs], 2)
    calls, own = 0, relaxation_of(generators(problem))

    def counted(*arguments: Any) -> Relaxed:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt
        return own(*arguments)

    monkeypatch.setattr(search, "relaxation_of", lambda _: counted)
    found, value = searched(problem, 60)
    assert found.lower <= value
