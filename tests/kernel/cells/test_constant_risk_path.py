"""The rule `constant_risk_path`: minima of one cell, joined in (v w, v, c_0) and in w where v is 0."""

from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, claim, point
from tests.kernel.corruption import Json, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle
from tests.oracles.strata import minima

TENT = network([1, 3, 1], "relu", samples([0, 1, 2, 3], [0, 2, 0, -1]), "1/2")
LINE = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 2]))
FAR = network([1, 1, 1], "relu", samples([0, 0], [9, -9]), loss={"name": "huber", "reduction": "sum"})
MINIMUM = {"rule": "interior_minimum", "from": {"point": 0}}


def units(*parts: tuple[str, str, str], shift: str) -> Json:
    """The network of units (w, b, v)."""
    return [layer([[w] for w, _, _ in parts], [b for _, b, _ in parts]), layer([[v for _, _, v in parts]], [shift])]


def joined(document: Json, risk: str, start: Json, *nodes: Json) -> Case:
    """The certificate of the path."""
    steps = [point(start), MINIMUM, {"rule": "constant_risk_path", "from": {"minimum": 1}, "nodes": list(nodes)}]
    return case(document, steps, claim("constant_risk_path", 2, risk=risk, nodes=len(nodes) + 1))


def swapped() -> list[Json]:
    """Minima in the cell 0111,0111,0111: from signs (+, −, −) to (−, −, +), through units of weight 0."""
    fit = minima(TENT, [layer([["2"]] * 3, ["-1"] * 3), layer([["0"] * 3], ["0"])])["witnesses"]
    start = next(w for w in fit if sum(v.startswith("-") for v in w[1]["weight"][0]) == 1)
    signs = start[1]["weight"][0]
    minus = next(j for j, v in enumerate(signs) if v.startswith("-"))
    one, two = (j for j in range(3) if j != minus)
    shift = start[1]["bias"][0]
    at = [(start[0]["weight"][j][0], start[0]["bias"][j], signs[j]) for j in (one, two, minus)]
    double = str(2 * Fraction(at[0][2]))  # both plus units are alike
    half = str(Fraction(at[2][2]) / 2)
    plus, less = (at[0][0], at[0][1]), (at[2][0], at[2][1])
    return [
        units((*plus, at[0][2]), (*plus, at[1][2]), (*less, at[2][2]), shift=shift),
        units((*plus, "0"), (*plus, double), (*less, at[2][2]), shift=shift),
        units((*less, "0"), (*plus, double), (*less, at[2][2]), shift=shift),
        units((*less, half), (*plus, double), (*less, half), shift=shift),
        units((*less, at[2][2]), (*plus, double), (*less, "0"), shift=shift),
        units((*less, at[2][2]), (*plus, double), (*plus, "0"), shift=shift),
        units((*less, at[2][2]), (*plus, at[0][2]), (*plus, at[1][2]), shift=shift),
    ]


SWAPPED = swapped()
PLANE = network([2, 1, 1], "relu", samples([[1, 1]], [1]), bias=False)
CONTROLS = {
    "two inputs": joined(PLANE, "0", [layer([["1", "1"]]), layer([["1/2"]])], [layer([["3", "-1"]]), layer([["1/2"]])]),
    "no biases": joined(
        network([1, 1, 1], "relu", samples([1, 2], [1, 2]), bias=False), "0",
        [layer([["1"]]), layer([["1"]])], [layer([["1/2"]]), layer([["2"]])],
    ),
    "one unit appears while the other's bias moves": joined(
        LINE, "0", units(("1", "1", "1"), ("1", "2", "0"), shift="-1"),
        units(("1/2", "3", "1"), ("1", "2", "1/2"), shift="-4"),
    ),
    "one unit": joined(
        LINE | {"layers": [1, 1, 1]}, "0", units(("1", "1", "1"), shift="-1"), units(("1/2", "3", "2"), shift="-6")
    ),
    "an idle unit moves": joined(
        LINE, "0", units(("1", "1", "1"), ("0", "1", "0"), shift="-1"),
        units(("1", "1", "1"), ("1", "3", "0"), shift="-1"),
    ),
    "exchanged": joined(TENT, "1/12", *SWAPPED),
    "huber, other predictions": joined(FAR, "17", units(("0", "-1", "0"), shift="0"),
    units(("0", "-1", "0"), shift="8")),
}  # fmt: skip
N = "steps[2].nodes"
CORRUPTIONS = of("one unit", [
    ("nowhere", N, [], "Rejected", f"{N}: constant_risk_path: leads nowhere"),
    ("other predictions", f"{N}[0][1].bias", ["77"], "Rejected", f"{N}[0]: constant_risk_path: does not have the best"),
    ("another cell", f"{N}[0][0].bias", ["-3"], "Rejected", f"{N}[0]: constant_risk_path: is in another cell"),
    ("on a boundary", f"{N}[0][0].bias", ["-1"], "Rejected", "is in another cell or on another face"),
    ("the opposite sign", N, [units(("-1", "3", "-1"), shift="3")], "Rejected",
     f"{N}[0]: constant_risk_path: unit 1 of hidden layer 1 changes sign, or its input weights move where"),
    ("a node of another shape", f"{N}[0]", [], "Malformed", "expected 2 layers of parameters, got 0"),
    ("null", N, None, "Malformed", f"{N}: expected a list"),
    ("no nodes", N, ..., "Malformed", f"{N}: is missing"),
    ("no minimum", "steps[2].from.minimum", ..., "Malformed", "steps[2].from.minimum: is missing"),
    ("a point", "steps[2].from.minimum", 0, "Rejected", "step 0 proves Evaluated, expected LocalMinimum"),
    ("a minimum of another kind", "steps[1].rule", "adjacent_cells", "Rejected",
     "steps[2].from.minimum: constant_risk_path: needs interior_minimum, one hidden layer and scalar output"),
    ("unknown key", "steps[2].t", "1", "Malformed", "steps[2].t: unknown key"),
    ("fewer nodes", "claims[0].nodes", 1, "Rejected", "claims[0].nodes: claimed 1, proved 2"),
    ("another risk", "claims[0].risk", "1", "Rejected", "claims[0].risk: claimed '1', proved '0'"),
]) + of("exchanged", [
    (f"without node {k}", f"{N}[{k}]", ..., "Rejected",
     f"unit {unit} of hidden layer 1 changes sign, or its input weights move where its sign appears")
    for k, unit in ((0, 1), (1, 1), (3, 3), (4, 3))
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_input_weights_must_not_move_where_a_sign_appears() -> None:
    start = units(("1", "1", "1"), ("0", "1", "0"), shift="-1")
    steps = [point(start), MINIMUM]
    jump = units(("1", "1", "1/2"), ("1", "1", "1/2"), shift="-1")
    path = {"rule": "constant_risk_path", "from": {"minimum": 1}, "nodes": [jump]}
    check_step(LINE, [*steps, path], "unit 2 of hidden layer 1 changes sign, or its input weights move where its sign")
    first = units(("1", "1", "1"), ("1", "1", "0"), shift="-1")
    fine = joined(LINE, "0", start, first, jump)
    assert outcome(fine.network, fine.proof)[0] == "Accepted"
    back = joined(LINE, "0", jump, first, start)
    assert outcome(back.network, back.proof)[0] == "Accepted"
    check_step(LINE, [point(jump), MINIMUM, path | {"nodes": [start]}], "unit 2 of hidden layer 1 changes sign")


def test_nor_may_the_bias_where_there_is_no_output_bias() -> None:
    """f = x at both nodes; the second unit's weight appears while its bias goes from 1 to 1/2."""
    document = network([1, 2, 1], "relu", samples([1, 2], [1, 2]), bias={"hidden": True, "output": False})
    start = [layer([["1"], ["1"]], ["0", "1"]), layer([["1", "0"]])]
    jump = [layer([["1"], ["1"]], ["-1/2", "1/2"]), layer([["1/2", "1/2"]])]
    path = {"rule": "constant_risk_path", "from": {"minimum": 1}, "nodes": [jump]}
    check_step(document, [point(start), MINIMUM, path], "its input weights move where its sign appears")


@pytest.mark.parametrize(
    "document",
    [
        network([1, 1, 1, 1], "relu", samples([1], [1]), parameters=[layer([["0"]], ["1"])] * 3),
        network([1, 1, 2], "relu", samples([1], [[1, 1]]), parameters=[
            layer([["0"]], ["1"]), layer([["0"], ["0"]], ["1", "1"])
        ]),
    ],
)  # fmt: skip
def test_it_is_for_one_layer_and_one_output(document: Json) -> None:
    path = {"rule": "constant_risk_path", "from": {"minimum": 1}, "nodes": [document["parameters"]]}
    check_step(document, [point(), MINIMUM, path], "needs interior_minimum, one hidden layer and scalar output")


def test_all_points_of_the_curve_have_the_same_risk() -> None:
    """Between neighbours, linear in (v w, v b, v, c_0), or in (w, b) where v is 0 at both."""
    oracle, rng = Oracle(TENT), Random(1)
    for one, other in pairwise(SWAPPED):
        for _ in range(3):
            t = Fraction(rng.randint(1, 9), 10)
            rows = []
            for j in range(3):
                a, b = (
                    [Fraction(x) for x in (p[0]["weight"][j][0], p[0]["bias"][j], p[1]["weight"][0][j])]
                    for p in (one, other)
                )
                v = (1 - t) * a[2] + t * b[2]
                mixed = [
                    ((1 - t) * x * a[2] + t * y * b[2]) / v if v else (1 - t) * x + t * y
                    for x, y in zip(a[:2], b[:2], strict=True)
                ]
                rows.append((str(mixed[0]), str(mixed[1]), str(v)))
            assert oracle.risk(units(*rows, shift=one[1]["bias"][0])) == Fraction(1, 12)
