"""The last layer's fit in integers, against the kernel's evaluation and FLINT's rational least squares."""

import json
from fractions import Fraction
from random import Random

import pytest

from symverify import loads
from symverify.ground import linear
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Layer, Point, Problem, predictions, rational, risk
from symverify.kernel.programs.values import evaluate
from symverify.search import better
from symverify.search import last_layer as fast
from tests.examples import network, samples

ACTIVATIONS: list[object] = [
    "relu", "hardtanh", "identity",
    {"breakpoints": ["-1/2", "2/3"], "slopes": ["1/3", 2, "-1/7"], "anchor": ["1/5", "1/11"]},
]  # fmt: skip


def fraction(rng: Random) -> Fraction:
    return Fraction(rng.randint(-9, 9), rng.choice([1, 1, 2, 3, 8]))


def case(rng: Random) -> tuple[Problem, Point]:
    """A chain with equal and zero samples among others, with or without biases, and a point of it."""
    widths = [rng.randint(1, 3), *(rng.randint(1, 3) for _ in range(rng.randint(1, 2))), rng.randint(1, 2)]
    bias = {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6}
    xs = [[str(fraction(rng)) for _ in range(widths[0])] for _ in range(rng.randint(1, 6))]
    xs += [*xs[:1], ["0"] * widths[0]]
    ys = [[str(fraction(rng)) for _ in range(widths[-1])] for _ in xs]
    loss = rng.choice(["squared", {"name": "huber", "delta": "1/2"}])
    document = network(widths, rng.choice(ACTIVATIONS), samples(xs, ys), bias=bias) | {"loss": loss}
    problem = loads(json.dumps(document)).problem

    def layer(m: int) -> Layer:
        weight = tuple(tuple(fraction(rng) for _ in range(widths[m])) for _ in range(widths[m + 1]))
        return Layer(weight, tuple(fraction(rng) for _ in weight) if problem.has_bias(m) else None)

    return problem, tuple(layer(m) for m in range(len(widths) - 1))


@pytest.mark.parametrize("seed", range(40))
def test_values_are_those_of_the_kernel(seed: int) -> None:
    problem, point = case(Random(seed))
    entering = [list(map(rational, evaluate(problem, point, i)[-2])) for i in range(len(problem.inputs))]
    given = fast.arriving(problem, point)
    assert given.fractions() == [[*row, *[Fraction(1)] * problem.output_bias] for row in entering]
    assert fast.predictions(problem, point) == predictions(problem, point)


@pytest.mark.parametrize("seed", range(40))
def test_the_fit_is_the_best_and_its_risk_is_the_kernels(seed: int) -> None:
    problem, point = case(Random(seed))
    given = fast.arriving(problem, point)
    kept = fast.independent(given, problem.output_bias)
    rows = [[row[j] for j in kept] for row in given.fractions()]
    assert len(kept) == linear.rank(given.fractions())
    found = better.refit(problem, point)
    assert found is not None
    if not kept:
        assert found.risk == risk(problem, [(Fraction(0),) * len(problem.targets[0])] * len(problem.targets))
        return
    assert found.risk == risk(problem, predictions(problem, found.point))
    fit = fast.least_squares(given, kept, problem.targets)
    assert fit is not None
    assert fit.coefficients == linear.least_squares(rows, problem.targets)
    left = [
        [y - sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for y, column in pairs]
        for row, pairs in zip(
            rows,
            [list(zip(y, zip(*fit.coefficients, strict=True), strict=True)) for y in problem.targets],
            strict=True,
        )
    ]
    assert fit.distance == sum((e * e for row in left for e in row), Fraction(0))


def test_where_nothing_arrives_the_best_prediction_is_0() -> None:
    data = samples([["1"], ["2"]], [["3"], ["-1"]])
    problem = loads(json.dumps(network([1, 2, 1], "relu", data, bias=False))).problem
    off = Layer(((Fraction(-1),), (Fraction(-2),)), None)
    found = better.refit(problem, (off, Layer(((Fraction(5), Fraction(7)),), None)))
    assert found is not None
    assert found.point == (off, Layer(((Fraction(0), Fraction(0)),), None))
    assert found.risk == risk(problem, predictions(problem, found.point)) == 10


def test_of_units_with_long_numbers_one_candidate_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others differ in one unit only; those of trainings do not stem from the point."""
    tried, short = list[Point](), Layer(((Fraction(1),),) * 3, (Fraction(0), Fraction(-1), Fraction(-2)))
    problem = loads(
        json.dumps(network([1, 3, 1], "relu", samples([["0"], ["1"], ["3"]], [["1"], ["0"], ["2"]])))
    ).problem
    start = (short, Layer(((Fraction(1),) * 3,), (Fraction(0),)))
    monkeypatch.setattr(better, "refit", lambda _, point: tried.append(point))
    monkeypatch.setattr(better, "trained", lambda _: iter([start, start]))
    assert better.better_point(problem, start, float("inf")) is None
    assert len(list(better.extra_units(problem, start, predictions(problem, start)))) > 1
    assert len(tried) == 3


def test_numbers_too_long_for_a_certificate_are_no_fit() -> None:
    """Weights of 300 digits and 20 units: the coefficients would have some ten thousand digits."""
    rng, n, h = Random(1), 24, 20
    data = samples([[str(k), str(k * k % 7)] for k in range(n)], [[str(k % 5)] for k in range(n)])
    problem = loads(json.dumps(network([2, h, 1], "relu", data))).problem

    def layer(digits: int) -> Layer:
        long = 10**digits
        weight = tuple(tuple(Fraction(rng.randint(-long, long), long) for _ in range(2)) for _ in range(h))
        return Layer(weight, tuple(Fraction(rng.randint(-20 * long, 20 * long), long) for _ in range(h)))

    last = Layer(((Fraction(0),) * h,), (Fraction(0),))
    assert better.refit(problem, (layer(2), last)) is not None
    assert better.refit(problem, (layer(300), last)) is None
    with pytest.raises(Declined, match="budget on numbers"):
        fast.arriving(problem, (layer(40_000), last))
