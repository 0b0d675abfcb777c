"""Fields of general programs: exact derivatives along them, on random degenerate programs; where none is offered."""

from fractions import Fraction
from itertools import islice, product
from typing import Any

from symverify.kernel.core.network import Pattern, Place
from symverify.kernel.programs.moves import Moves
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.fields import symmetries
from symverify.kernel.reals.kinks import homogeneous
from symverify.kernel.reals.program_fields import scalings
from tests.kernel.reals.made import problem_of
from tests.kernel.reals.random_programs import located, random_case, rates

Json = Any


def speeds_of(problem: Programmed, numbers: list[Fraction], moves: Moves) -> dict[int, Fraction]:
    slots = dict(problem.places)
    return {slots[p]: q if source is None else q * numbers[slots[source]] for p, (q, source) in moves.items()}


def around(pieces: Pattern, kinks: list[Place]) -> list[Pattern]:
    """The patterns of cells that meet at a point, a few of them."""
    found = []
    for sides in islice(product((0, 1), repeat=len(kinks)), 16):
        pattern = [[list(unit) for unit in layer] for layer in pieces]
        for (m, j, i), side in zip(kinks, sides, strict=True):
            pattern[m][j][i] += side
        found.append(tuple(tuple(map(tuple, layer)) for layer in pattern))
    return found


def test_predictions_and_kinks_stay() -> None:
    """On {z_C = 0} where h is homogeneous; elsewhere on the pieces of every cell."""
    offered, tied, other = 0, 0, 0
    for seed in range(450):
        made = random_case(seed)
        if made is None:
            continue
        problem, numbers = made
        pieces, kinks = located(problem, problem.expand(list(numbers)))
        smooth = homogeneous(problem)
        patterns = [pieces] if smooth else around(pieces, kinks)
        for moves in symmetries(problem, pieces, kinks):
            speeds = speeds_of(problem, numbers, moves)
            offered += 1
            tied += any(slot in problem.tied for slot in speeds)
            other += not smooth
            for pattern in patterns:
                found = rates(problem, numbers, speeds, pattern)
                assert not any(x for row in found for x in row[-1]), (seed, moves)
                assert not any(found[i][problem.bents[m].source][j] for m, j, i in kinks), (seed, moves)
    assert (offered > 600, tied > 25, other > 120) == (True, True, True), (offered, tied, other)


def test_scalings_leave_all_predictions() -> None:
    """At any parameters, on the pieces of the point."""
    count = 0
    for seed in range(200):
        made = random_case(seed)
        if made is None:
            continue
        problem, _ = made
        numbers = [Fraction(3 * k - 4, k + 2) for k in range(problem.size())]
        pieces, _ = located(problem, problem.expand(list(numbers)))
        for moves in scalings(problem):
            count += 1
            found = rates(problem, numbers, speeds_of(problem, numbers, moves), pieces)
            assert not any(x for row in found for x in row[-1]), (seed, moves)
    assert count > 100


def program(*nodes: Json, data: Json) -> Programmed:
    document = {"format": "symverify-network/1", "program": list(nodes), "loss": "squared", "data": data}
    problem = problem_of(document)
    assert isinstance(problem, Programmed)
    return problem


def slots_of(problem: Programmed, moves: Moves) -> set[int]:
    slots = dict(problem.places)
    return {slots[place] for place in moves}


def test_a_filter_is_scaled_through_ties_and_pooling() -> None:
    """conv (w, b) → relu → max pool → affine v: each filter grows, its weights behind the pooling shrink."""
    problem = program(
        {"name": "x", "op": "input", "shape": [1, 4]},
        {"name": "c", "op": "conv1d", "from": "x", "channels": 2, "kernel": 1},
        {"name": "a", "op": "activation", "from": "c", "activation": "relu"},
        {"name": "p", "op": "max_pool1d", "from": "a", "kernel": 2},
        {"name": "v", "op": "flatten", "from": "p"},
        {"name": "f", "op": "affine", "from": "v", "units": 1},
        data=[{"x": [1, 2, 3, 4], "y": [1]}],
    )
    found = list(scalings(problem))
    assert len(found) == 2
    assert sorted(map(len, found)) == [4, 4]  # w and b of one filter, its two weights
    assert not slots_of(problem, found[0]) & slots_of(problem, found[1])


def test_a_skip_connection_fixes_the_scale() -> None:
    """f = v (relu(w x) + x): what grows with w does not grow with x."""
    problem = program(
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 1, "bias": False},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "s", "op": "sum", "from": ["a", "x"]},
        {"name": "f", "op": "affine", "from": "s", "units": 1, "bias": False},
        data=[{"x": [1], "y": [1]}],
    )
    assert list(scalings(problem)) == []
    assert list(symmetries(problem, (((1,),),), [])) == []


def test_a_parameter_used_twice_grows_at_half_the_rate() -> None:
    """f = v relu(w relu(w x)): where w grows at 1 what follows it twice grows at 2, and v shrinks at 2."""
    problem = program(
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 1, "weight": [["w"]], "bias": False},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "y", "op": "affine", "from": "a", "units": 1, "weight": [["w"]], "bias": False},
        {"name": "b", "op": "activation", "from": "y", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "b", "units": 1, "bias": False},
        data=[{"x": [1], "y": [1]}],
    )
    (moves,) = scalings(problem)
    rate = dict(problem.places)
    speeds = {rate[place]: x for place, (x, source) in moves.items() if source == place}
    assert speeds.keys() == {0, 1}
    assert speeds[1] == -2 * speeds[0] != 0


def frozen(h: Json, **last: Json) -> Programmed:
    return program(
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 2, "bias": False},
        {"name": "a", "op": "activation", "from": "z", "activation": h},
        {"name": "f", "op": "affine", "from": "a", "units": 1, "bias": False, **last},
        data=[{"x": [1], "y": [1]}, {"x": [2], "y": [1]}],
    )


def test_fields_are_dropped_by_place() -> None:
    """With both output weights frozen, or one parameter, no row gains another, whatever their values."""
    pieces = (((1, 1), (1, 1)),)
    assert len(list(symmetries(frozen("relu"), pieces, []))) == 6  # four mixes, two scalings
    assert list(symmetries(frozen("relu", weight=1), pieces, [])) == []
    assert [
        slots_of(frozen("relu", weight=[["v", "v"]]), m) for m in scalings(frozen("relu", weight=[["v", "v"]]))
    ] == [{0, 1, 2}]
    half = [
        slots_of(frozen("relu", weight=[[1, None]]), m)
        for m in symmetries(frozen("relu", weight=[[1, None]]), pieces, [])
    ]
    assert half == [{1, 2}, {1, 2}]  # the second unit rescaled, as a field and as a scaling


def test_only_homogeneous_activations_are_scaled() -> None:
    assert list(scalings(frozen("hardtanh"))) == []
    inner, kink = (((1, 1), (1, 1)),), [(0, 0, 1)]
    assert len(list(symmetries(frozen("hardtanh"), inner, []))) == 4  # on their middle piece units mix
    assert len(list(symmetries(frozen("hardtanh"), inner, kink))) == 1  # at 1 neither rescaled nor mixed


def test_no_row_gains_that_of_a_unit_with_an_offset() -> None:
    """Units on z and on z − 1: both slopes are 1, but the second's column would take the 1 away, too."""
    problem = frozen({"breakpoints": [0, 1], "slopes": [1, 0, 1], "anchor": [0, 0]})
    found = symmetries(problem, (((0, 0), (2, 2)),), [])
    assert [slots_of(problem, moves) for moves in found] == [{0, 2}]  # the first unit rescaled


def test_a_dead_unit_moves_freely() -> None:
    problem = frozen("relu")
    alone = [moves for moves in symmetries(problem, (((0, 0), (1, 1)),), []) if len(moves) == 1]
    assert [slots_of(problem, moves) for moves in alone] == [{2}, {0}]
    tied = frozen("relu", weight=[["v", "v"]])
    alone = [moves for moves in symmetries(tied, (((0, 0), (1, 1)),), []) if len(moves) == 1]
    assert [slots_of(tied, moves) for moves in alone] == [{0}]
