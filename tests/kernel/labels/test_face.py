"""What keeps a moving point a local minimum on its face: each form by its definition, on random networks.

The points are solved for backwards: pre-activations at kinks, residuals that no direction and no weight pulls at, then
the labels that leave these residuals.
"""

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Layer, predictions
from symverify.kernel.curvature.forms import nullspace
from symverify.kernel.labels.face import Moving
from symverify.kernel.labels.forms import value
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.corruption import no_data, text

F = Fraction
SIZE = 2
BENT: Any = {"breakpoints": [-1, 2], "slopes": ["1/2", 3, -1], "anchor": [0, "2/3"]}
ACTIVATIONS = (BENT, "abs", {"name": "two_piece", "negative_slope": "1/3", "positive_slope": 5})
Rows = list[list[Fraction]]


def dot(a: Any, b: Any) -> Fraction:
    return sum((F(x) * F(y) for x, y in zip(a, b, strict=True)), F(0))


def solutions(noise: Random, rows: Rows, width: int, count: int) -> Rows | None:
    """Random vectors with all rows 0 on them, as `width` columns of `count`; None where there is only 0."""
    ways = nullspace([tuple(row) for row in rows], width)
    if not ways:
        return None
    sizes = [[F(noise.randint(-3, 3)) for _ in ways] for _ in range(count)]
    return [[dot(size, [way[c] for way in ways]) for size in sizes] for c in range(width)]


SUM, GRADIENT, FIRST, IDLE = (
    "the residuals do not sum to 0 for all labels",
    "has multipliers that do not combine to its gradient for all labels",
    "has a first-order term in its output weight for some labels",
    "has output weight 0, and a kink that some labels pull at",
)


def random_moving(seed: int, broken: str = "") -> Moving | None:
    """Two units, one of which may have output weight 0, on six samples of one or two inputs.

    With one of the equations, by the reason, left out; None where it then holds all the same.
    """
    noise = Random(seed)
    width, n = noise.randint(1, 2), 6
    bias = {"hidden": noise.random() < 0.7, "output": noise.random() < 0.7}
    xs = [[noise.randint(-2, 2) for _ in range(width)] for _ in range(n)]
    document = network([width, 2, 1], noise.choice(ACTIVATIONS), samples(xs, [0] * n), bias=bias)
    problem = read_problem(text(document), no_data)
    h = problem.activations[0]
    rows = [problem.row(i) for i in range(n)]
    w = [[F(noise.randint(-2, 2)) for _ in rows[0]] for _ in range(2)]
    v = [F(noise.choice((-2, 1, 3))), F(noise.choice((-1, 2, 0)))]
    c0 = F(noise.randint(-2, 2)) if problem.output_bias else F(0)
    z = [[dot(each, row) for row in rows] for each in w]
    lower = [[sum(x > t for t in h.breakpoints) for x in each] for each in z]
    kinks = [[i for i, x in enumerate(each) if x in h.breakpoints and any(rows[i])] for each in z]
    places = [(j, i) for j in range(2) for i in kinks[j]]

    def unknown(residuals: list[Fraction], multipliers: dict[tuple[int, int], Fraction]) -> list[Fraction]:
        return [*residuals, *(multipliers.get(place, F(0)) for place in places)]

    unit = lambda i: [F(k == i) for k in range(n)]  # noqa: E731
    equations = [(SUM, unknown([F(1)] * n, {}))] if problem.output_bias else []
    for j in range(2):
        slopes, offsets = ([part[p] for p in lower[j]] for part in (h.slopes, h.offsets))
        for c in range(len(rows[0])):
            equations.append(
                (
                    GRADIENT,
                    unknown(
                        [s * row[c] for s, row in zip(slopes, rows, strict=True)],
                        {(j, i): -rows[i][c] for i in kinks[j]},
                    ),
                )
            )
        equations.append((FIRST, unknown(list(offsets), {(j, i): h.breakpoints[lower[j][i]] for i in kinks[j]})))
        for i in kinks[j] if not v[j] else ():
            equations += [(IDLE, unknown(unit(i), {})), (IDLE, unknown([F(0)] * n, {(j, i): F(1)}))]
    pulls = solutions(noise, [row for why, row in equations if why != broken], n + len(places), SIZE + 1)
    units: list[Any] = []
    for j in range(2):
        held = [[*rows[i], -h.breakpoints[lower[j][i]]] for i in kinks[j]]
        moves = solutions(noise, held, len(rows[0]) + 1, SIZE) or [[F(0)] * SIZE] * (len(rows[0]) + 1)
        start = [abs(v[j]) * x for x in (*w[j], F(1))]
        units.append(tuple((a, *more) for a, more in zip(start, moves, strict=True)) if v[j] else None)
    if pulls is None:
        return None
    left = [row for why, row in equations if why == broken]
    if broken and not any(dot(row, column) for row in left for column in zip(*pulls, strict=True)):
        return None
    hidden = Layer(
        tuple(tuple(each[: len(xs[0])]) for each in w), tuple(each[-1] for each in w) if problem.hidden_bias else None
    )
    start = (hidden, Layer((tuple(v),), (c0,) if problem.output_bias else None))
    shift = (c0, *(F(noise.randint(-2, 2)) * problem.output_bias for _ in range(SIZE)))
    held = tuple(tuple(tuple(pulls[n + places.index((j, i))]) for i in kinks[j]) for j in range(2))
    found = Moving(problem, start, ((F(0),) * (SIZE + 1),) * n, tuple(units), shift, held)
    labels = [
        tuple(f - e for f, e in zip(a, b, strict=True)) for a, b in zip(found.predictions, pulls[:n], strict=True)
    ]
    return replace(found, labels=tuple(labels))


MADE = [each for each in map(random_moving, range(60)) if each is not None]
SOME = [each for each in MADE if any(each.multipliers)]


def test_there_are_many() -> None:
    assert len(MADE) > 30
    assert sum(any(any(mu) for own in each.multipliers for mu in own) for each in MADE) > 10
    assert sum(None in each.units for each in MADE) > 5


def test_the_predictions_are_those_of_the_moving_point() -> None:
    """Near d = 0, where the pieces are those of the face."""
    for moving in MADE:
        for d in ([F(0), F(0)], [F(1, 10**6), F(-2, 10**6)], [F(-3, 10**6), F(1, 10**6)]):
            weight, out = [list(row) for row in moving.start[0].weight], [F(0), F(0)]
            bias = list(moving.start[0].bias or [])
            for j, unit in enumerate(moving.units):
                if unit is None:
                    continue
                nu = value(unit[-1], d)
                row = [value(u, d) / nu for u in unit[:-1]]
                out[j] = nu * moving.signs[j]
                weight[j] = row[: len(weight[j])]  # type: ignore[assignment]
                if bias:
                    bias[j] = row[-1]
            last = Layer((tuple(out),), (value(moving.shift, d),) if moving.problem.output_bias else None)
            point = (Layer(tuple(map(tuple, weight)), tuple(bias) if bias else None), last)
            if moving.signs == tuple((x > 0) - (x < 0) for x in out):
                assert [f for (f,) in predictions(moving.problem, point)] == [value(f, d) for f in moving.predictions]


def expected(moving: Moving) -> list[tuple[Any, bool]]:
    """ν; at each kink −σ μ and σ (μ + r (s⁺ − s⁻)); the distances to the breakpoints on both sides, times ν."""
    h, found = moving.problem.activations[0], list[tuple[Any, bool]]()
    for j, unit in enumerate(moving.units):
        if unit is None:
            continue
        s = 1 if moving.start[1].weight[0][j] > 0 else -1  # type: ignore[operator]
        z = [
            dot((*moving.start[0].weight[j], *(moving.start[0].bias or ())[j : j + 1]), moving.problem.row(i))
            for i in range(6)
        ]
        kinks = [i for i, x in enumerate(z) if x in h.breakpoints and any(moving.problem.row(i))]
        found.append((unit[-1], True))
        for i, mu in zip(kinks, moving.multipliers[j], strict=True):
            p = h.breakpoints.index(z[i])
            residual = [f - y for f, y in zip(moving.predictions[i], moving.labels[i], strict=True)]
            found.append(([-s * x for x in mu], False))
            found.append(
                ([s * (x + (h.slopes[p + 1] - h.slopes[p]) * r) for x, r in zip(mu, residual, strict=True)], False)
            )
        for i, x in enumerate(z):
            if i in kinks or not any(moving.problem.row(i)):
                continue
            along = [dot(moving.problem.row(i), [u[k] for u in unit[:-1]]) for k in range(SIZE + 1)]
            below, above = [t for t in h.breakpoints if t < x][-1:], [t for t in h.breakpoints if t > x][:1]
            found += [([a - t * nu for a, nu in zip(along, unit[-1], strict=True)], True) for t in below]
            found += [([t * nu - a for a, nu in zip(along, unit[-1], strict=True)], True) for t in above]
    return found


def test_the_conditions() -> None:
    for moving in MADE:
        given = [(each.form, each.strict) for each in moving.conditions()]
        assert given == [(tuple(form), strict) for form, strict in expected(moving)]


def spoilt(forms: Any, k: int, part: int) -> Any:
    return tuple(tuple(x + (a == k and c == part) for c, x in enumerate(form)) for a, form in enumerate(forms))


@pytest.mark.parametrize("reason", [SUM, GRADIENT, FIRST, IDLE])
def test_what_does_not_hold_for_all_labels(reason: str) -> None:
    """One equation fails, all others hold."""
    broken = [each for each in (random_moving(seed, reason) for seed in range(80)) if each is not None]
    assert len(broken) > 5
    for moving in broken:
        with pytest.raises(Rejected, match=reason):
            list(moving.conditions())


@pytest.mark.parametrize("count", [0, 2])
def test_as_many_multipliers_as_kinks(count: int) -> None:
    moving = next(each for each in MADE if len(each.multipliers[0]) == 1)
    own = moving.multipliers[0] * count
    with pytest.raises(Rejected, match=f"needs 1 multipliers, one for each kink, got {count}"):
        list(replace(moving, multipliers=(own, *moving.multipliers[1:])).conditions())


def test_a_unit_that_leaves_its_kink() -> None:
    for moving in SOME:
        for j, unit in enumerate(moving.units):
            if unit is None or not moving.multipliers[j]:
                continue
            changed = replace(
                moving, units=(*moving.units[:j], spoilt(unit, len(unit) - 1, SIZE), *moving.units[j + 1 :])
            )
            t = moving.problem.activations[0].breakpoints
            if t == (0,):
                continue
            errors = [
                tuple(f - y for f, y in zip(a, b, strict=True))
                for a, b in zip(moving.predictions, moving.labels, strict=True)
            ]
            labels = tuple(
                tuple(f - e for f, e in zip(a, b, strict=True))
                for a, b in zip(changed.predictions, errors, strict=True)
            )
            with pytest.raises(Rejected, match="leaves its kink at sample"):
                list(replace(changed, labels=labels).conditions())
