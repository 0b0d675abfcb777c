"""The rule `cell_minima`: steps by an independent oracle, against brute force over the signs; corrupted steps."""

import random
from fractions import Fraction

import pytest

from symverify.kernel.cells.cell_minima import cell_minima, level
from symverify.kernel.cells.strata import nullspace, spelled
from symverify.kernel.core.algebra import dot, rank
from symverify.kernel.core.errors import Declined, KernelError
from symverify.kernel.core.point import point as point_rule
from symverify.kernel.core.proof import Proof
from symverify.kernel.network_file import read_problem
from tests.cell_cases import run
from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, claim, point
from tests.kernel.corruption import Json, certificate, mutations, no_data, outcome, text
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle, matrix_rank
from tests.oracles.problems import drawn
from tests.oracles.strata import Strata, minima

TENT = samples([0, 1, 2, 3], [0, 2, 0, -1])
HUBER = {"name": "huber", "delta": "1/2", "reduction": "sum"}
STEP = {"rule": "cell_minima", "from": {"point": 0}}


def alike(width: int, w: str, b: str) -> Json:
    """A point whose units are all the same."""
    return [layer([[w]] * width, [b] * width), layer([["0"] * width], ["0"])]


def minima_of(document: Json, at: Json, cell: str, components: int, orbits: int, risk: str | None) -> Case:
    """The oracle's step for the face of a point, with what it should prove."""
    statement = {"cell": cell, "components": components, "orbits": orbits, "risk": risk}
    return case(document, [point(at), STEP | minima(document, at)], claim("cell_minima", 1, **statement))


RISING = network([1, 2, 1], "relu", TENT, "1/2")
ONE = RISING | {"layers": [1, 1, 1]}
FLAT = network([1, 1, 1], "relu", samples([0, 1, 2], [1, 1, 1]), "1/2")
FAR = network([1, 1, 1], "relu", samples([0, 1, 2, 3], [0, 5, 0, -1]), loss=HUBER)
BOTH_WAYS = network([2, 1, 1], "relu", samples([[1, 0], [0, 1]], [1, -1]), bias=False)
ZERO = [layer([["0", "0"]]), layer([["0"]])]
HALF_LINE = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
CONTROLS = {
    "two units": minima_of(RISING, alike(2, "2", "-1"), "0111,0111", 2, 1, "1/12"),
    "one unit": minima_of(ONE, alike(1, "2", "-1"), "0111", 0, 0, None),
    "three units": minima_of(RISING | {"layers": [1, 3, 1]}, alike(3, "2", "-1"), "0111,0111,0111", 1, 1, "1/12"),
    "flat labels": minima_of(FLAT, alike(1, "2", "-1"), "011", 1, 1, "0"),
    "huber": minima_of(FAR, alike(1, "0", "1"), "1111", 2, 2, "71/28"),
    "no sign holds": minima_of(BOTH_WAYS, ZERO, "[01][01]", 0, 0, None),
    "a face of one sign": minima_of(HALF_LINE, [layer([["0"]]), layer([["1"]])], "[01]", 1, 1, "1"),
}
W, S, B = "steps[1].witnesses", "steps[1].separators", "steps[1].best"
CORRUPTIONS = of("two units", [
    ("best predictions of another fit", B, lambda b: [str(Fraction(x) + 1) for x in b], "Rejected",
     f"{B}: cell_minima: are not the best predictions in the features' span"),
    ("best predictions out of reach", B, ["0", "2", "0", "-1"], "Rejected", "are not the best predictions"),
    ("too few predictions", B, lambda b: b[:-1], "Malformed", f"{B}: expected 4 predictions, got 3"),
    ("no best predictions", B, ..., "Malformed", f"{B}: is missing"),
    ("a type without a witness", W, [], "Rejected", "type 11 has neither a witness nor a separator"),
    ("types without a separator", S, [], "Rejected", "type 00 has neither a witness nor a separator"),
    ("a witness in another cell", f"{W}[0][0].bias", ["-99", "-99"], "Rejected",
     f"{W}[0]: cell_minima: is in another cell or on another face"),
    ("a witness on a boundary", f"{W}[0][0].bias", ["0", "0"], "Rejected", "is in another cell or on another face"),
    ("a witness with other predictions", f"{W}[0][1].bias", ["77"], "Rejected", "does not have the best predictions"),
    ("a witness of another shape", f"{W}[0][0].bias", ["0"], "Malformed", "expected 2 numbers, got 1"),
    ("a separator turned round", S, [{"vector": ["-1", "1", "0", "0"], "multipliers": [None, None]}], "Rejected",
     f"{S}[0]: cell_minima: its products with best predictions are not bounded by 0"),
    ("a separator that the output bias sees", f"{S}[0].vector[0]", "77", "Rejected", "its vector does not sum to 0"),
    ("a short separator", f"{S}[0].vector", ["0"], "Rejected", "needs 4 numbers, and 2 multipliers or nulls"),
    ("multipliers missing", f"{S}[0].multipliers", [], "Rejected", "needs 4 numbers, and 2 multipliers or nulls"),
    ("an unknown field", "steps[1].risk", "1/12", "Malformed", "steps[1].risk: unknown key"),
    ("unknown in a separator", f"{S}[0].slots", [], "Malformed", f"{S}[0].slots: unknown key"),
    ("no point", "steps[1].from", ..., "Malformed", "steps[1].from.point: is missing"),
    ("components", "claims[0].components", 1, "Rejected", "claims[0].components: claimed 1, proved 2"),
    ("orbits", "claims[0].orbits", 2, "Rejected", "claims[0].orbits: claimed 2, proved 1"),
    ("risk", "claims[0].risk", "1/6", "Rejected", "claims[0].risk: claimed '1/6', proved '1/12'"),
    ("cell", "claims[0].cell", "0111", "Rejected", "claims[0].cell: claimed '0111', proved '0111,0111'"),
]) + of("one unit", [
    ("a separator of nothing", S, [{"vector": ["0"] * 4, "multipliers": [["0"] * 5] * 2}], "Rejected",
     "type 00 has neither a witness nor a separator"),
    ("a risk without minima", "claims[0].risk", "1/12", "Rejected", "claims[0].risk: claimed '1/12', proved null"),
    ("another sign's separator alone", S, lambda each: each[:1], "Rejected", "has neither a witness nor a separator"),
]) + of("flat labels", [
    ("no output, no witness, a strict separator", W, [], "Rejected", "type 00 has neither a witness nor a separator"),
    ("a separator that admits, but nothing strictly", S,
     [{"vector": ["0"] * 3, "multipliers": [["0"] * 4, ["0"] * 4]}], "Rejected",
     "type 01 has neither a witness nor a separator"),
]) + of("huber", [
    ("unbounded towards far predictions", S, [{"vector": ["0", "-1", "1", "0"], "multipliers": [None, None]}],
     "Rejected", "its products with best predictions are not bounded by 0"),
]) + of("a face of one sign", [
    ("a witness of the other sign", f"{W}[0][1].weight[0][0]", "2", "Rejected",
     f"{W}[0]: cell_minima: unit 1 of hidden layer 1 has an output weight of a sign that no local minimum has"),
    ("a witness of weight 0", f"{W}[0][1].weight[0][0]", "0", "Rejected", "a sign that no local minimum has"),
    ("a witness in a cell", f"{W}[0][0].weight[0][0]", "1", "Rejected", "is in another cell or on another face"),
    ("no witness", W, [], "Rejected", "type 10 has neither a witness nor a separator"),
    ("a separator that is not strict", "steps[1]", STEP | {"best": ["0"], "witnesses": [], "separators": [
        {"vector": ["-1"], "multipliers": [None, ["0"]]}]}, "Rejected",
        "type 10 has neither a witness nor a separator"),
    ("multipliers of a cell", S, [{"vector": ["-1"], "multipliers": [None, ["0", "1"]]}], "Rejected",
     "multipliers[1] must be 1 numbers, none negative"),
    ("as a cell", "claims[0].cell", "0", "Rejected", "claims[0].cell: claimed '0', proved '[01]'"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda kappa: [str(Fraction(kappa[0]) + 1), *kappa[1:]], "do not combine to the vector's pull"),
        (lambda kappa: ["-1", *kappa[1:]], r"must be 5 numbers, none negative"),
        (lambda kappa: kappa[1:], r"must be 5 numbers, none negative"),
        (lambda kappa: [*kappa, "0"], r"must be 5 numbers, none negative"),
    ],
)
def test_multipliers_are_checked(change: Json, reason: str) -> None:
    control = CONTROLS["two units"]
    step = control.proof["steps"][1]
    k, slot = next(
        (k, slot)
        for k, each in enumerate(step["separators"])
        for slot, kappa in enumerate(each["multipliers"])
        if kappa is not None
    )
    wrong = [dict(each) for each in step["separators"]]
    wrong[k] = wrong[k] | {
        "multipliers": [change(x) if s == slot else x for s, x in enumerate(wrong[k]["multipliers"])]
    }
    verdict, what = outcome(control.network, control.proof | {
        "steps": [control.proof["steps"][0], step | {"separators": wrong}]
    })  # fmt: skip
    assert (verdict, reason in what) == ("Rejected", True)


@pytest.mark.parametrize("sign", ["0", "1", "-1"])
def test_where_no_sign_holds_no_witness_is_one(sign: str) -> None:
    """Two samples that pull in both directions: near w = 0 the risk can fall whatever the sign of the output weight."""
    step = CONTROLS["no sign holds"].proof["steps"][1]
    witness = [[layer([["0", "0"]]), layer([[sign]])]]
    check_step(BOTH_WAYS, [point(ZERO), step | {"witnesses": witness}], "a sign that no local minimum has")


@pytest.mark.parametrize(
    ("prediction", "ends"),
    [("0", (0, 0)), ("1/4", ("1/4", "1/4")), ("1/2", ("1/2", None)), ("3", ("1/2", None)), ("-1/2", (None, "-1/2"))],
)
def test_hubers_loss_has_equal_gradients_on_half_lines(prediction: str, ends: tuple[str | None, str | None]) -> None:
    for y in (Fraction(0), Fraction(5)):
        expected = tuple(None if end is None else y + Fraction(end) for end in ends)
        huber = read_problem(text(FAR), no_data)
        assert level(huber, y + Fraction(prediction), y) == expected
        squared = read_problem(text(FLAT), no_data)
        assert level(squared, y + Fraction(prediction), y) == (y + Fraction(prediction),) * 2


@pytest.mark.parametrize(
    "document",
    [
        network([1, 1, 1, 1], "relu", samples([1], [1]), parameters=[layer([["1"]], ["1"])] * 3),
        network([1, 1, 2], "relu", samples([1], [[1, 1]]), parameters=[
            layer([["1"]], ["1"]), layer([["1"], ["1"]], ["1", "1"])
        ]),
    ],
)  # fmt: skip
def test_only_one_hidden_layer_and_scalar_output(document: Json) -> None:
    step = STEP | {"best": ["1"], "witnesses": [], "separators": []}
    check_step(document, [point(), step], "steps[1].from.point: cell_minima: needs one hidden layer and scalar output")


def test_too_many_types_are_declined() -> None:
    n = 9
    document = network([1, n - 1, 1], "relu", samples(list(range(n)), [0] * n))
    at = [layer([["2"]] * (n - 1), [str(-2 * k - 1) for k in range(n - 1)]), layer([["0"] * (n - 1)], ["0"])]
    steps = [point(at), STEP | {"best": ["0"] * n, "witnesses": [], "separators": []}]
    declined = ("Declined", "the cell has more than 4096 types of signs")
    assert outcome(document, certificate(document, steps, [claim("cell_minima", 1)])) == declined


def fact_of(document: Json, at: Json, fields: Json) -> Json:
    """What the kernel makes of a step."""
    proof = Proof(read_problem(text(document), no_data))
    run(proof, point_rule, parameters=at)
    return run(proof, cell_minima, point=0, **fields)


@pytest.mark.parametrize(
    ("seeds", "faces"),
    [(range(12), False), (range(12), True)]
    + [pytest.param(range(k, k + 100), k % 200 == 0, marks=pytest.mark.long) for k in (100, 200, 300, 400)],
)
def test_components_orbits_risk_and_dimension_are_those_of_brute_force(seeds: range, faces: bool) -> None:
    """By signs unit by unit, instead of types; the dimension at each orbit's point, by the Jacobian on its face."""
    seen = {"components": 0, "none": 0, "several": 0, "open": 0, "shared": 0}
    for seed in seeds:
        document, at = drawn(random.Random(seed), 3, 4, faces)
        fact, strata = fact_of(document, at, minima(document, at)), Strata(document, at)
        assert (fact.components, len(fact.orbits)) == strata.components(), seed
        assert fact.risk == strata.oracle.risk_of([[f] for f in strata.best()[0]])
        for theta, size in fact.orbits:
            document_point = written(theta)
            here = Strata(document, document_point)
            assert [each.place for each in here.classes] == [each.place for each in strata.classes]
            assert size is None or size == here.dimension(), seed
            seen["open"] += size is None
            seen["shared"] += size is not None and any(len(each.units) > 1 for each in here.classes)
        seen["components"] += fact.components
        seen["none"] += not fact.components
        seen["several"] += fact.components > len(fact.orbits)
    assert seen["components"] > len(seeds) // 2
    assert seen["several"] + seen["none"] > 0
    assert min(seen["open"], seen["shared"]) > 0


def written(theta: Json) -> Json:
    """A point of the kernel's as in files."""
    return [
        {"weight": [list(map(str, row)) for row in each.weight]}
        | ({} if each.bias is None else {"bias": list(map(str, each.bias))})
        for each in theta
    ]


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_gets_another_number_accepted(seed: int) -> None:
    """Numbers changed, items dropped or doubled, in the minima on random faces: rejected, or the very same theorem."""
    rng, counts = random.Random(seed), {"accepted": 0, "rejected": 0}
    for _ in range(12):
        document, at = drawn(rng, 3, 3, rng.random() < 0.5)
        fields = minima(document, at)
        right = fact_of(document, at, fields)
        every = [changed for _, changed in mutations(fields) if isinstance(changed, dict)]
        for changed in rng.sample(every, min(40, len(every))):
            try:
                fact = fact_of(document, at, changed)
            except KernelError:
                counts["rejected"] += 1
                continue
            assert (fact.risk, fact.components, fact.held) == (right.risk, right.components, right.held)
            assert (fact.types, [size for _, size in fact.orbits]) == (right.types, [size for _, size in right.orbits])
            counts["accepted"] += 1
    assert counts["rejected"] > 100


def test_minima_are_minima() -> None:
    """Near a witness nothing is lower; near a point of the face with other predictions something is."""
    for seed in range(12):
        document, at = drawn(random.Random(seed), 2, 3, True)
        oracle = Oracle(document)
        for witness in minima(document, at)["witnesses"]:
            assert oracle.lower_nearby(witness, trials=60) is None


def test_spelled() -> None:
    assert spelled(((0, 1, 2), (3, 4, 5))) == "0[01]1,[12]2[23]"
    assert spelled(((70,),)) == "z"
    with pytest.raises(Declined, match="more than 36 pieces"):
        spelled(((71,),))


@pytest.mark.parametrize("seed", range(50))
def test_nullspace(seed: int) -> None:
    rng = random.Random(seed)
    width = rng.randint(1, 5)
    rows = [[Fraction(rng.randint(-2, 2), rng.randint(1, 3)) for _ in range(width)] for _ in range(rng.randint(0, 4))]
    basis = nullspace(rows, width)
    assert len(basis) == rank(basis) == width - (matrix_rank(rows) if rows else 0)
    assert not any(dot(row, vector) for row in rows for vector in basis)


def test_nullspace_of_nothing() -> None:
    assert nullspace([], 2) == [[1, 0], [0, 1]]
