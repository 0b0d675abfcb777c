"""Fields of rows: predictions and kinks stay, on random degenerate networks; where none is offered."""

from fractions import Fraction
from typing import Any

from symverify.kernel.core.network import Place, evaluate
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.hessian import places
from symverify.kernel.reals.box import Box
from symverify.kernel.reals.interval import interval
from symverify.kernel.reals.row_fields import RowField, determinant, row_fields
from tests.kernel.reals.made import document, problem_of
from tests.kernel.reals.test_fields import SUM, as_point, on_m, random_case, rate

TINY = Fraction(1, 10**60)


def test_predictions_and_kinks_stay() -> None:
    """To first order along each, at a point of M; data and exchanges, in the first layer and in deeper ones."""
    seen = dict[tuple[bool, bool], int]()
    for seed in range(900):
        problem, numbers = random_case(seed, "")
        if (found := on_m(problem, numbers)) is None:
            continue
        pieces, kinks = found
        box = Box(problem, list(map(interval, numbers)), pieces, "here")
        for field in row_fields(problem, pieces, kinks):
            moved = {p: (x.lower + x.upper) / 2 for p, x in field.velocities(box).items()}
            if not any(moved.values()):
                continue
            at = zip(places(problem), numbers, strict=True)
            curve = [Poly.of([x, moved.get(place, Fraction(0))]) for place, x in at]
            for i in range(len(problem.inputs)):
                values = evaluate(problem, as_point(problem, curve), i, pieces)
                assert all(abs(rate(f)) < TINY for f in values[-1]), (seed, field)
                assert all(abs(rate(values[2 * m + 1][j])) < TINY for m, j, own in kinks if own == i), (seed, field)
            kind = (bool(field.ratio), field.layer > 0)
            seen[kind] = seen.get(kind, 0) + 1
    assert {(False, True), (True, False), (True, True)} == set(seen)
    assert min(seen.values()) > 20


def offered(widths: list[int], pieces: Any, kinks: list[Place], xs: list[Any], **more: Any) -> list[RowField]:
    problem = problem_of(document(widths, "relu", SUM, xs, [[0] * widths[-1]] * len(xs), **more))
    return list(row_fields(problem, pieces, kinks))


def test_a_row_moves_at_right_angles_to_where_it_is_felt() -> None:
    """Two inputs of the second layer, and its bias: on up to two samples that feel it a row is free otherwise."""
    xs = [[1], [2], [3], [4]]

    def second(own: tuple[int, ...], kinks: list[Place], xs: list[Any], **more: Any) -> list[Any]:
        found = offered([1, 2, 1, 2], (((1, 1, 1, 1), (1, 1, 1, 1)), (own,)), kinks, xs, **more)
        return [(f.unit, f.samples, f.columns) for f in found if f.layer]

    assert second((1, 0, 0, 0), [], xs) == [(0, (0,), (0, 1)), (0, (0,), (0, 2)), (0, (0,), (1, 2))]
    assert second((1, 0, 0, 0), [(1, 0, 2)], xs) == [(0, (0, 2), (0, 1, 2))]
    assert second((1, 1, 1, 0), [], xs) == []
    assert len(second((1, 1, 1, 0), [], [[1], [1], [1], [4]])) == 3  # equal inputs
    assert second((1, 0, 0, 0), [], xs, weight_decay="1/2") == []


def test_two_rows_exchange_where_their_slopes_are_alike() -> None:
    """All but sample 2 are alike; with two outputs their columns need not be parallel, and nothing is offered."""
    xs = [[1], [2], [3]]
    pieces = (((1, 1, 1), (1, 0, 1)),)
    found = offered([1, 2, 1], pieces, [], xs)
    assert [(f.unit, f.other, f.ratio, f.samples, f.columns) for f in found] == [(0, 1, 1, (1,), (0, 1))]
    assert not offered([1, 2, 2], pieces, [], xs)
    assert [f.samples for f in offered([1, 2, 1], (((1, 1, 1), (1, 1, 1)),), [], xs)] == [(), ()]
    assert not offered([1, 2, 1], (((1, 1, 1), (1, 0, 0)),), [], xs)  # right angles to two samples: none
    assert not offered([1, 2, 1], pieces, [(0, 0, 2)], xs)


def test_determinants() -> None:
    def of(rows: list[list[int]]) -> Fraction:
        found = determinant([[interval(Fraction(x)) for x in row] for row in rows])
        assert found.lower == found.upper
        return found.lower

    assert of([]) == 1
    assert of([[3]]) == 3
    assert of([[1, 2], [3, 4]]) == -2
    assert of([[2, 0, 1], [1, 3, 2], [1, 1, 4]]) == 18
