"""Whatever computes exactly ends where the time is up, and nothing else does."""

import time
from fractions import Fraction

import pytest

from symverify.cells.arrangement import arrangement, count_chambers
from symverify.ground import linear, lp, qp, simplex
from symverify.ground.time_limit import OutOfTime, on_time, until, within
from symverify.kernel.core.algebra import rays
from symverify.kernel.core.errors import metered

ROWS = [[Fraction(1), Fraction(2)], [Fraction(3), Fraction(5)]]
ONES = [Fraction(1), Fraction(1)]
BIG = [[10**30 + i, i * i, i, 1] for i in range(1, 8)]  # Python's integers
EXACT = {
    "solve": lambda: linear.solve(ROWS, ONES, 2),
    "nullspace": lambda: linear.nullspace(ROWS, 2),
    "rank": lambda: linear.rank(ROWS),
    "independent_rows": lambda: linear.independent_rows(ROWS),
    "independent_columns": lambda: linear.independent_columns(ROWS),
    "least_squares": lambda: linear.least_squares(ROWS, [[x] for x in ONES]),
    "primitive": lambda: linear.primitive(ONES),
    "dot": lambda: lp.dot(ONES, ONES),
    "solve_system": lambda: lp.solve_system([], [], [(ONES, 0)], 2),
    "integer least_squares": lambda: qp.least_squares([1, 2], [[1, 0], [1, 1]]),
    "cone_projection": lambda: qp.cone_projection([1, 1], lambda _: [1, 0], lambda _: None),
    "maximise": lambda: simplex.maximise(ONES, ROWS, ONES),
    "arrangement": lambda: arrangement([[1, 0], [0, 1], [1, 1]]),
    "arrangement of large numbers": lambda: arrangement(BIG),
    "count_chambers": lambda: count_chambers([[1, 0], [0, 1], [1, 1]]),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_arithmetic_ends_when_the_time_is_up(name):
    with within(lambda: 0.0):
        EXACT[name]()
    with within(lambda: -1.0), pytest.raises(OutOfTime, match="out of time"):
        EXACT[name]()
    EXACT[name]()


def test_a_projection_asks_in_every_round():
    """Of thirty columns, entering one by one."""
    target, columns = [1] * 30, [[int(i == k) for i in range(30)] for k in range(30)]
    asked = []

    def worst(g):
        return max(range(30), key=lambda k: g[k]) if any(x > 0 for x in g) else None

    with within(lambda: asked.append(None) or 0.0):
        assert len(qp.cone_projection(target, columns.__getitem__, worst).weights) == 30
    rounds = len(asked)
    assert rounds >= 60
    with within(lambda: (asked.pop() and 0.0) or float(len(asked) - rounds // 2)), pytest.raises(OutOfTime):
        qp.cone_projection(target, columns.__getitem__, worst)
    assert len(asked) == rounds // 2 - 1


def test_the_kernels_own_work_asks_as_it_counts():
    """Four hyperplanes of thousands of bits: some work for its meter."""
    rows, asked = [tuple((10 + i) ** (3000 + j) for j in range(3)) for i in range(4)], []
    found = rays(rows)
    with within(lambda: asked.append(None) or 0.0):
        assert rays(rows) == found
    assert asked
    with within(lambda: -1.0), pytest.raises(OutOfTime):
        rays(rows)
    with within(lambda: -1.0), metered():  # as where it reads a certificate
        assert rays(rows) == found


def test_a_limit_within_another_leaves_that_one_as_it_is():
    with until(time.monotonic() - 1), until(time.monotonic() + 1e6), pytest.raises(OutOfTime):
        on_time()
    with until(time.monotonic() + 1e6):
        with until(time.monotonic() - 1), pytest.raises(OutOfTime):
            on_time()
        on_time()
    on_time()
