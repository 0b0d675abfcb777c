"""What evaluating a network costs: long numbers are counted before they are made, and short ones cost little."""

import random
import tracemalloc
from fractions import Fraction

import pytest

from symverify.kernel.core.activation import Activation
from symverify.kernel.core.algebra import echelon, whole
from symverify.kernel.core.errors import Declined, metered
from symverify.kernel.core.network import Layer, pieces_at, run
from symverify.kernel.core.poly import Poly, apart, positive_on_unit_interval
from symverify.kernel.losses import LOSSES
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.places import Wired
from tests.examples import layer, network, samples
from tests.kernel.corruption import no_data, text

RNG = random.Random(1)


def odd(bits: int) -> int:
    return RNG.getrandbits(bits) | 1 | 1 << (bits - 1)


def test_a_long_row_is_declined_before_it_is_made() -> None:
    row = [Fraction(1)] * 2000 + [Fraction(1, odd(13_000)) for _ in range(7)]
    tracemalloc.start()
    try:
        with metered(10**6), pytest.raises(Declined):
            whole(row)
        assert tracemalloc.get_traced_memory()[1] < 2 * 10**6
    finally:
        tracemalloc.stop()


def test_many_unlike_denominators_are_affordable() -> None:
    rows = tuple(tuple(Fraction(1, odd(57)) for _ in range(70)) for _ in range(10))
    with metered(2 * 10**7):
        assert Layer(rows, None).rows[1].bit_length() > 30_000


def test_nodes_have_a_common_denominator_within_the_budget_on_numbers() -> None:
    values = [([1], odd(60_000), 60_000) for _ in range(3)]
    with pytest.raises(Declined, match="common multiple"):
        Wired(2, 0, False, ((0, 0), (1, 0), (2, 0))).arriving(values)


def test_wires_of_one_node_are_free() -> None:
    over = odd(60_000)
    with metered(0):
        assert Wired(0, 0, False, ((0, 1), (0, 0))).arriving([([1, 2], over, 60_000)]) == ([2, 1], over, 60_000)


def test_long_slopes_are_counted() -> None:
    kinked = {"breakpoints": [0], "slopes": [f"1/{odd(13_000)}", f"1/{odd(13_000)}"], "anchor": [0, 0]}
    theta = [layer([["1"] * 4] * 50), layer([["1"] * 50])]
    data = samples([[f"1/{odd(13_000)}" for _ in range(4)]], [0])
    problem = read_problem(text(network([4, 50, 1], kinked, data, bias=False, parameters=theta)), no_data)
    assert problem.parameters is not None
    with metered(10**8), pytest.raises(Declined, match="work"):
        run(problem, problem.parameters, 0)


def test_breakpoints_are_counted() -> None:
    h = {"breakpoints": list(range(1000)), "slopes": [k % 2 for k in range(1001)], "anchor": [0, 0]}
    document = network([1, 1, 1], h, samples([1], [0]), bias=False, parameters=[layer([["1"]]), layer([["1"]])])
    problem = read_problem(text(document), no_data)
    assert problem.parameters is not None
    run(problem, problem.parameters, 0)  # the breakpoints in integers are made once
    with metered(20_000), pytest.raises(Declined):
        run(problem, problem.parameters, 0)


def test_the_pieces_of_many_samples_take_little_memory() -> None:
    theta = [layer([["1" + "0" * 3000]]), layer([["1"]] * 100), layer([["1"] * 100])]
    document = network([1, 1, 100, 1], "relu", samples([1] * 30, [0] * 30), bias=False, parameters=theta)
    problem = read_problem(text(document), no_data)
    assert problem.parameters is not None
    tracemalloc.start()
    try:
        pieces_at(problem, problem.parameters)
        assert tracemalloc.get_traced_memory()[1] < 2 * 10**6
    finally:
        tracemalloc.stop()


def test_reducing_long_values_is_counted() -> None:
    with metered(10**6), pytest.raises(Declined):
        apart(([odd(90_000)], odd(90_000), 90_000))
    with metered(2000), pytest.raises(Declined):
        LOSSES["squared"].of(Fraction(1)).value(Fraction(odd(10_000), odd(10_000)))


def test_long_rows_that_cancel_are_counted() -> None:
    """⟨p y − q s⟩ less p times y is short again."""
    n, p, q = 5, odd(90_000), odd(90_000)
    y, s = ([RNG.randint(1, 9) for _ in range(n)] for _ in range(2))
    first = [p * a - q * b * bool(k) for k, (a, b) in enumerate(zip(y, s, strict=True))]
    with metered(45 * 10**6), pytest.raises(Declined):
        echelon([first, *[y] * 300])


def test_polynomials_of_high_degree_are_counted_before_their_sign_is_known() -> None:
    p = Poly.of([Fraction(1)] * 129)
    with metered(10**5), pytest.raises(Declined):
        positive_on_unit_interval(p)


def test_sums_of_long_polynomials_are_affordable() -> None:
    over = odd(10_000)
    p = Poly.of([Fraction(odd(10_000), over) for _ in range(40)])
    with metered(8 * 10**6):
        assert len((p + p).numerators) == 40


def test_the_pieces_are_those_of_the_activation() -> None:
    h = Activation((Fraction(0), Fraction(1, 3)), (Fraction(0), Fraction(1), Fraction(2)), (Fraction(0),) * 3)
    assert h.pieces_of(([-1, 0, 1, 2, 3], 6, 3)) == [(0,), (0, 1), (1,), (1, 2), (2,)]
