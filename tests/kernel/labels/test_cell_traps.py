"""The rule `cell_traps`: every cell of one unit has a minimum for all labels; these labels' risks are checked."""

import random
from fractions import Fraction
from itertools import product

import pytest

from symverify.kernel.cells.cell_cover import unit_pattern
from symverify.kernel.core.network import predictions, risk
from symverify.problem.load import loads
from symverify.search.traps import best_fit, trap
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim, point
from tests.kernel.corruption import Json, certificate, outcome, text
from tests.kernel.rules import check_step, of, suite

F = Fraction
ONE = network([1, 2, 1], "relu", samples([1], [1]), bias=False)  # cells: on (f = 1), off (f = 0)
ON = [layer([["1"], ["1"]]), layer([["2", "-1"]])]
TRAPS = [{"weights": ["1"], "best": ["1"]}, {"weights": ["-1"], "best": ["0"]}]
TWO = network([1, 3, 1], "relu", samples([0, 1, 2], [0, 0, 3]))  # L_p: affine on the samples that are on, else constant
WEIGHTS = [["0", "-1"], ["1", "-3/2"], ["1", "-1/2"], ["0", "1"], ["-1", "3/2"], ["-1", "1/2"]]
BESTS = [
    ["1", "1", "1"],
    ["0", "0", "3"],
    ["0", "0", "3"],
    ["-1/2", "1", "5/2"],
    ["0", "0", "3"],
    ["0", "3/2", "3/2"],
]
ABSOLUTE = network([1, 2, 1], "relu", samples([1, 1], [0, -1]), bias=False) | {
    "loss": {"name": "absolute", "reduction": "sum"}
}  # on: the median, any number from −1 to 0; off: 0
KINKED = [
    {"weights": ["1"], "best": ["-1/2", "-1/2"], "subgradient": ["-1", "1"]},
    {"weights": ["-1"], "best": ["0", "0"], "subgradient": ["0", "1"]},
]
HALVES = [
    {"weights": ["1"], "best": ["-1/2", "-1/2"], "subgradient": ["-1/2", "1/2"]},
    {"weights": ["-1"], "best": ["0", "0"], "subgradient": ["0", "1/2"]},
]
HUBER = ONE | {"loss": {"name": "huber", "reduction": "sum", "delta": 1}}


@pytest.mark.parametrize("document", [
    ONE | {"layers": [1, 1, 1]}, network([1, 2, 2], "relu", samples([1], [[1, 1]]), bias=False),
])  # fmt: skip
def test_one_unit_or_two_outputs_are_refused(document: Json) -> None:
    steps: Json = [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}}]
    check_step(document, steps, "needs scalar output and two hidden units")


def stated(cells: int, risks: tuple[int, str, str], lower: Json = (None, None), one: Json = (None, None)) -> Json:
    """The claim's statement."""
    count, lowest, highest = risks
    return {
        "cells": cells, "cell": one[0], "risk": one[1], "distinct_risks": count, "lowest": lowest, "highest": highest,
        "spurious_cells": lower[0], "better_risk": lower[1],
    }  # fmt: skip


def all_of(bests: Json) -> Json:
    """The traps of TWO with these predictions."""
    return [{"weights": w, "best": f} for w, f in zip(WEIGHTS, bests, strict=True)]


PLANE = network([2, 2, 1], "relu", samples([[1, 0], [0, 1]], [1, 3]), bias=False)  # on or off on each sample
FOUR_TRAPS = [
    {"weights": [str(a), str(2 * b)], "best": ["1" if a > 0 else "0", "3" if b > 0 else "0"]}
    for a, b in product((1, -1), repeat=2)
]
CONTROLS = {
    "two inputs": case(
        PLANE, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}, "traps": FOUR_TRAPS}],
        claim("cell_traps", 1, **stated(4, (4, "0", "10"))),
    ),
    "two cells": case(
        ONE, [{"rule": "cell_cover"}, point(ON), {"rule": "interior_minimum", "from": {"point": 1}},
              {"rule": "cell_traps", "from": {"cells": 0, "better": 1, "minimum": 2}, "traps": TRAPS}],
        claim("cell_traps", 3, **stated(2, (2, "0", "1"), (1, "0"), ("1,1", "0"))),
    ),
    "six cells": case(
        TWO, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}, "traps": all_of(BESTS)}],
        claim("cell_traps", 1, **stated(6, (4, "0", "6"))),
    ),
    "six cells, two of them spurious": case(
        TWO, [{"rule": "cell_cover"}, point([layer([["1"]] * 3, ["1"] * 3), layer([["3/2", "0", "0"]], ["-2"])]),
              {"rule": "cell_traps", "from": {"cells": 0, "better": 1}, "traps": all_of(BESTS)}],
        claim("cell_traps", 2, **stated(6, (4, "0", "6"), (2, "3/2"))),
    ),
    "not listed": case(
        ONE, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}}],
        claim("cell_traps", 1, **stated(2, (None, None, None))),  # type: ignore[arg-type]
    ),
    "absolute": case(
        ABSOLUTE, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}, "traps": KINKED}],
        claim("cell_traps", 1, **stated(2, (1, "1", "1"))),
    ),
    "absolute, the mean": case(
        ABSOLUTE | {"loss": "absolute"},
        [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}, "traps": HALVES}],
        claim("cell_traps", 1, **stated(2, (1, "1/2", "1/2"))),
    ),
    "Huber": case(
        HUBER, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}, "traps": TRAPS}],
        claim("cell_traps", 1, **stated(2, (2, "0", "1/2"))),
    ),
}  # fmt: skip
CORRUPTIONS = of("two cells", [
    ("a cell left out", "steps[3].traps", TRAPS[:1], "Rejected", "expected one for each of the 2 cells, got 1"),
    ("a cell twice", "steps[3].traps[1].weights", ["5"], "Rejected", "are not the best predictions"),
    ("the same cell", "steps[3].traps", [TRAPS[0], TRAPS[0]], "Rejected", "two of them lie in the same cell"),
    ("no best fit", "steps[3].traps[0].best", ["1/2"], "Rejected", "are not the best predictions"),
    ("outside the span", "steps[3].traps[1].best", ["1"], "Rejected", "are not the best predictions"),
    ("on a boundary", "steps[3].traps[0].weights", ["0"], "Rejected", "is on the boundary of sample 1"),
    ("a bias", "steps[3].traps[0].weights", ["1", "0"], "Rejected", "expected 1 numbers, got 2"),
    ("too few", "steps[3].traps[0].best", [], "Malformed", "expected 1 predictions, got 0"),
    ("unknown key", "steps[3].traps[0].risk", "0", "Malformed", "unknown key"),
    ("better is no point", "steps[3].from.better", 0, "Rejected", "expected Evaluated"),
    ("a point as minimum", "steps[3].from.minimum", 1, "Rejected", "expected LocalMinimum"),
    ("no cover", "steps[3].from.cells", 1, "Rejected", "expected UnitCells"),
    ("better without cells", "steps[3].traps", ..., "Rejected", "is of no use without the cells"),
    ("more spurious", "claims[0].spurious_cells", 2, "Rejected", "claimed 2, proved 1"),
    ("another cell", "claims[0].cell", "0,0", "Rejected", "claimed '0,0', proved '1,1'"),
]) + of("absolute", [
    ("no subgradient", "steps[1].traps[0].subgradient", ..., "Malformed", "subgradient: is missing"),
    ("too steep", "steps[1].traps[0].subgradient", ["2", "-1"], "Rejected", "is not a subgradient of the loss there"),
    ("the other side", "steps[1].traps[1].subgradient", ["1", "-1"], "Rejected", "is not a subgradient of the loss"),
    ("not orthogonal", "steps[1].traps[0]", KINKED[1] | {"weights": ["1"]}, "Rejected", "are not the best predictions"),
    ("outside the span", "steps[1].traps[0].best", ["-1/2", "-3/4"], "Rejected", "are not the best predictions"),
    ("not best", "steps[1].traps[0].best", ["1", "1"], "Rejected", "is not a subgradient of the loss there"),
]) + of("absolute, the mean", [
    ("too low", "steps[1].traps[0].subgradient[0]", "-1", "Rejected", "[0]: cell_traps: is not a subgradient"),
    ("too high", "steps[1].traps[0].subgradient[1]", "1", "Rejected", "[1]: cell_traps: is not a subgradient"),
]) + of("two cells", [
    ("a subgradient of a smooth loss", "steps[3].traps[0].subgradient", ["0"], "Malformed", "unknown key"),
]) + of("six cells", [
    ("a cell's fit for another's", "steps[1].traps[0].best", BESTS[3], "Rejected", "are not the best predictions"),
    ("not orthogonal", "steps[1].traps[0].best", ["2", "2", "2"], "Rejected", "are not the best predictions"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_one_unit_traps_nothing_for_all_labels() -> None:
    single = network([1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 3]))
    check_step(single, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}}], "two hidden units")


def test_several_outputs_and_depth_are_refused() -> None:
    wide = network([1, 2, 2], "relu", samples([0, 1], [[0, 1], [1, 0]]))
    check_step(wide, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}}], "needs scalar output")
    deep = network([1, 2, 2, 1], "relu", samples([0, 1], [0, 1]))
    check_step(deep, [{"rule": "cell_cover"}], "needs one hidden layer")


def test_a_minimum_with_units_in_two_cells_is_not_of_this_kind() -> None:
    apart = [layer([["1"], ["-1"]]), layer([["1", "0"]])]
    steps = [{"rule": "cell_cover"}, point(apart), {"rule": "interior_minimum", "from": {"point": 1}},
             {"rule": "cell_traps", "from": {"cells": 0, "minimum": 2}}]  # fmt: skip
    check_step(ONE, steps, "is not inside a cell with all units alike")


def test_losses_over_the_reals_have_a_rule_of_their_own() -> None:
    real = ONE | {"loss": "logistic"}
    check_step(real, [{"rule": "cell_cover"}, {"rule": "cell_traps", "from": {"cells": 0}}], "not a rule for the")


ACTIVATIONS: list[Json] = ["relu", "abs", "hardtanh", {"name": "leaky_relu", "negative_slope": "1/10"},
                           {"breakpoints": [-2, 1], "slopes": [0, 1, "-1/2"], "anchor": [0, 1]}]  # fmt: skip


def trapped(seed: int) -> None:
    """In a random cell of random data, for random labels: the kernel accepts the minimum."""
    rng = random.Random(seed)
    d, n, width = rng.choice([1, 2]), rng.randint(2, 6), rng.choice([2, 2, 3])
    hidden, output = rng.choice(list(product([True, False], repeat=2)))
    xs = [[rng.randint(-3, 3) for _ in range(d)] for _ in range(n)]
    document = network([d, width, 1], rng.choice(ACTIVATIONS), samples(xs, [rng.randint(-5, 5) for _ in range(n)]),
                       bias={"hidden": hidden, "output": output})  # fmt: skip
    if rng.random() < 0.2:
        document["loss"] = {"name": "huber", "reduction": "sum", "delta": rng.randint(1, 2)}
    problem, pieces, weights = loads(text(document).decode()).problem, None, ()
    while pieces is None:
        weights = tuple(F(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(d + hidden))
        try:
            pieces = unit_pattern(problem, list(weights), "")
        except Exception:
            continue
    best = best_fit(problem, pieces)
    theta = trap(problem, weights, best)
    assert predictions(problem, theta) == tuple((f,) for f in best)
    spelled = [{"weight": [[str(x) for x in row] for row in each.weight]} | (
        {} if each.bias is None else {"bias": [str(x) for x in each.bias]}) for each in theta]  # fmt: skip
    document["parameters"] = spelled
    least = str(risk(problem, [(f,) for f in best]))
    steps: list[Json] = [point(), {"rule": "interior_minimum", "from": {"point": 0}}]
    found = claim("point", 1, risk=least, spurious=None, better_risk=None)
    assert outcome(document, certificate(document, steps, [found]))[0] == "Accepted"


@pytest.mark.parametrize("seed", range(20))
def test_a_random_cell_holds_a_minimum(seed: int) -> None:
    trapped(seed)


@pytest.mark.long
def test_two_hundred_random_cells_hold_minima() -> None:
    for seed in range(1000, 1200):
        trapped(seed)
