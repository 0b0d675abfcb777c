"""Losses over the reals against mpmath: values, entropies, derivatives; domains and directions by hand."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import mpmath
import pytest

from symverify.kernel.reals.enclosure import PLACES, Bounds
from symverify.kernel.reals.interval import interval
from symverify.kernel.reals.losses import RealLoss, cross_entropy, logistic, poisson
from tests.kernel.reals.made import mp, mp_loss

F = Fraction
LOGISTIC, SOFTMAX, POISSON = logistic(F(1)), cross_entropy(F(1), F(0)), poisson(F(1))
LOSSES: dict[str, RealLoss] = {
    each.name: each for each in (LOGISTIC, SOFTMAX, POISSON) if isinstance(each, RealLoss)
}  # fmt: skip
POINTS = [
    ("logistic", "0 1 2/3", "0 1 1/4"),
    ("cross_entropy", "0 1 -2/3", "1/4 1/2 1/4"),
    ("poisson", "0 1 -2", "0 3 1/2"),
]


def row(text: str) -> list[Fraction]:
    return [F(x) for x in text.split()]


def holds(bounds: Bounds, value: mpmath.mpf, slack: int = 10**6) -> bool:
    """The value, in an interval that is not wide."""
    unit = mpmath.mpf(2) ** PLACES
    return bool(bounds[0] <= value * unit <= bounds[1]) and bounds[1] - bounds[0] <= slack


@pytest.mark.parametrize(("name", "f", "y"), POINTS)
def test_values_and_derivatives(name: str, f: str, y: str) -> None:
    """By numerical differentiation; on a box of one point."""
    loss, at, label = LOSSES[name], row(f), row(y)
    with mpmath.workdps(120):

        def value(*there: mpmath.mpf) -> mpmath.mpf:
            return mp_loss(name, there, list(map(mp, label)))

        here = tuple(map(mp, at))
        assert holds(loss.enclosed(at, label), value(*here))
        jet = loss.jet([interval(x) for x in at], label)
        assert holds(jet.value.bounds, value(*here))
        for k, slope in enumerate(jet.slopes):
            assert near(slope.bounds, mpmath.diff(value, here, unit(k)))
            for j, bend in enumerate(jet.bends[k]):
                assert near(
                    bend.bounds, mpmath.diff(value, here, [a + b for a, b in zip(unit(k), unit(j), strict=True)])
                )


def unit(k: int) -> list[int]:
    return [int(j == k) for j in range(3)]


def near(bounds: Bounds, value: mpmath.mpf) -> bool:
    """Up to the error of a numerical derivative."""
    scale = mpmath.mpf(2) ** PLACES
    return bool(abs(bounds[0] / scale - value) < 1e-20 and abs(bounds[1] / scale - value) < 1e-20)


@pytest.mark.parametrize(("name", "f", "y"), POINTS)
def test_a_box_holds_what_its_points_have(name: str, f: str, y: str) -> None:
    loss, at, label = LOSSES[name], row(f), row(y)
    box = loss.jet([interval(x, F(1, 2)) for x in at], label)
    for signs in ((1, 1, 1), (-1, -1, -1), (1, -1, 1), (-1, 1, -1), (1, 1, -1), (-1, -1, 1)):
        corner = loss.jet([interval(x + F(s, 2)) for x, s in zip(at, signs, strict=True)], label)
        pairs = [(box.value, corner.value), *zip(box.slopes, corner.slopes, strict=True)]
        pairs += [pair for rows in zip(box.bends, corner.bends, strict=True) for pair in zip(*rows, strict=True)]
        assert all(a.lo <= b.lo and b.hi <= a.hi for a, b in pairs)


ENTROPIES: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "logistic": lambda q: -xlogx(q) - xlogx(1 - q),
    "cross_entropy": lambda q: -xlogx(q),
    "poisson": lambda q: q - xlogx(q),
}


def xlogx(q: mpmath.mpf) -> mpmath.mpf:
    return q * mpmath.log(q) if q else mpmath.mpf(0)


@pytest.mark.parametrize("name", ENTROPIES)
@pytest.mark.parametrize("p", ["1/3 2/3", "0 1", "1 0", "1/7 6/7"])
def test_entropies(name: str, p: str) -> None:
    with mpmath.workdps(120):
        assert holds(LOSSES[name].entropy(row(p)), sum(ENTROPIES[name](mp(q)) for q in row(p)))


INSIDE = [  # in the closed domain, strictly inside
    ("logistic", "1/2 1/3", True, True), ("logistic", "0 1", True, False), ("logistic", "1/2 0", True, False),
    ("logistic", "1/2 1", True, False), ("logistic", "1/2 -1/9", False, False), ("logistic", "10/9 1/2", False, False),
    ("cross_entropy", "1/2 1/2", True, True), ("cross_entropy", "0 1", True, False),
    ("cross_entropy", "1/2 1/3", False, False), ("cross_entropy", "-1/2 3/2", False, False),
    ("cross_entropy", "1/2 2/3", False, False),
    ("poisson", "1/2 9", True, True), ("poisson", "0 9", True, False), ("poisson", "9 -1/9", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "p", "closed", "strictly"), INSIDE)
def test_domains(name: str, p: str, closed: bool, strictly: bool) -> None:
    assert (LOSSES[name].inside(row(p), False), LOSSES[name].inside(row(p), True)) == (closed, strictly)


RECESSION = [  # the direction, the labels: recedes, changes
    ("logistic", "1 -1", "1 0", True, True), ("logistic", "0 0", "1/2 0", True, False),
    ("logistic", "1 0", "0 0", False, True), ("logistic", "-1 0", "1 0", False, True),
    ("logistic", "1 0", "1/2 0", False, True), ("logistic", "0 -1", "1/2 0", True, True),
    ("cross_entropy", "1 0 0", "1 0 0", True, True), ("cross_entropy", "0 1 0", "1 0 0", False, True),
    ("cross_entropy", "1 1 0", "1/2 1/2 0", True, True), ("cross_entropy", "1 0 0", "1/2 1/2 0", False, True),
    ("cross_entropy", "2 2 2", "1/2 1/2 0", True, False), ("cross_entropy", "-1 0 -2", "0 1 0", True, True),
    ("poisson", "-1 0", "0 5", True, True), ("poisson", "1 0", "0 5", False, True),
    ("poisson", "0 -1", "0 5", False, True), ("poisson", "0 0", "0 5", True, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "t", "y", "recedes", "changes"), RECESSION)
def test_directions_of_recession(name: str, t: str, y: str, recedes: bool, changes: bool) -> None:
    """By the table, and by the loss far along the direction; where it recedes, its limit there."""
    loss, move, label, start = LOSSES[name], row(t), row(y), row(" ".join(["1/3", "-1", "2"][: len(t.split())]))
    assert (loss.recedes(move, label), loss.changes(move)) == (recedes, changes)
    with mpmath.workdps(60):

        def far(s: int) -> mpmath.mpf:
            there = [mp(a + s * b) for a, b in zip(start, move, strict=True)]
            return mp_loss(name, there, list(map(mp, label)))

        assert bool(far(1000) < far(100) + 1) == recedes
        assert bool(abs(far(1) - far(0)) > 1e-30) == changes
        if recedes:
            low, high = loss.limit(start, move, label)
            scale = mpmath.mpf(2) ** PLACES
            assert abs(low / scale - far(1000)) < 1e-30
            assert low <= high


WINS = [
    ("logistic", "1 -1", "1 0", True), ("logistic", "0 -1", "1 0", False), ("logistic", "1 0", "1 0", False),
    ("logistic", "-1 -1", "1 0", False), ("logistic", "1 1", "1 0", False), ("logistic", "1 -1", "1/2 0", False),
    ("logistic", "1 -1", "1 1/2", False),
    ("cross_entropy", "2 1 0", "1 0 0", True), ("cross_entropy", "2 2 0", "1 0 0", False),
    ("cross_entropy", "2 1 2", "1 0 0", False), ("cross_entropy", "1 2 0", "0 1 0", True),
    ("cross_entropy", "2 1 0", "2/3 1/3 0", False),
    ("poisson", "-1 -2", "0 0", True), ("poisson", "-1 0", "0 0", False), ("poisson", "-1 -1", "0 1", False),
    ("poisson", "-1 1", "0 0", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f", "y", "wins"), WINS)
def test_labels_predicted_with_a_margin(name: str, f: str, y: str, wins: bool) -> None:
    assert LOSSES[name].wins(row(f), row(y)) == wins


LABELS: list[tuple[str, Sequence[str], Sequence[str]]] = [
    ("logistic", ["0 1", "1/2 1/3"], ["0 -1", "1 2", "1 10/9"]),
    ("cross_entropy", ["0 1", "1/2 1/2"], ["1/2 1/3", "3/2 -1/2", "1 1"]),
    ("poisson", ["0 1", "7 1/3"], ["0 -1"]),
]


@pytest.mark.parametrize(("name", "good", "bad"), LABELS)
def test_labels(name: str, good: Sequence[str], bad: Sequence[str]) -> None:
    for label in good:
        assert LOSSES[name].fault(row(label)) is None
    for label in bad:
        assert f"for the {name} loss" in (LOSSES[name].fault(row(label)) or "")


def test_classes_and_smoothing() -> None:
    assert [LOGISTIC.named(k, 2, 1) for k in (0, 1)] == [[0], [1]]
    assert LOGISTIC.named(0, 3, 1) is None
    assert LOGISTIC.named(0, 2, 2) is None
    assert SOFTMAX.named(1, 3, 3) == [0, 1, 0]
    assert SOFTMAX.named(1, 2, 3) is None
    assert [(SOFTMAX.shape_fault(k) is None) for k in (1, 2, 3)] == [False, True, True]
    smooth = cross_entropy(F(1), F(1, 10))
    assert smooth.target(row("0 1 0 0")) == row("1/40 37/40 1/40 1/40")
    assert [each.gauge for each in LOSSES.values()] == [0, 1, 0]


@pytest.mark.parametrize("name", LOSSES)
def test_the_least_of_a_constant(name: str) -> None:
    """The entropy of the mean label, times their number, from below."""
    labels = [tuple(row(x)) for x in ("0 1", "1 0", "1 0")]
    with mpmath.workdps(120):
        value = 3 * sum(ENTROPIES[name](mp(q)) for q in row("2/3 1/3"))
        assert 0 <= value - mp(LOSSES[name].least(labels)) < 1e-30
