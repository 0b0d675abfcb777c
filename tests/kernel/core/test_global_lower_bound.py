"""The rule `global_lower_bound`: trees by hand or by an oracle, corrupted, and checked against sampled networks."""

import json
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from symverify.kernel.check import apply
from symverify.kernel.core import global_lower_bound as rule
from symverify.kernel.core.errors import Declined, KernelError, metered
from symverify.kernel.core.facts import LowerBound
from symverify.kernel.core.proof import Proof
from symverify.kernel.core.units import Units
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, claim, point
from tests.kernel.corruption import Json, certificate, no_data, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle
from tests.oracles.tree import Unit, bound, grown

LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
STEEP = {"breakpoints": [1], "slopes": ["1/2", 2], "anchor": [0, 0]}
RAMP = network([1, 1, 1], "relu", samples([1, 2], [2, 1]), bias=False)
VEE = network([1, 1, 1], "relu", samples([0, 1, 2], [1, 0, 1]))
SIDES = network([1, 1, 1], LATE, samples([1, 2, -1, -2], [1, 2, 1, 2]), 3, bias=False)
LINE = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 3, -1, 2]), 3)
COVER = [[-1, 1, 0, 0], [-1, 2, -1, 0], [0, 0, -1, 1], [0, 1, -2, 1], [0, 1, -1, 0]]
OUTPUT = {"hidden": False, "output": True}
ZERO_ROWS = network([2, 1, 1], "relu", samples([[0, 0]] * 2, [1, 3]), "1/2", bias=False)
SKEW = network([1, 1, 1], STEEP, samples([4, 4, 3, -2, 3], [1, -2, 3, -1, 0]), bias=OUTPUT)
SKEW_VECTORS = [[1, -2, 3, -2, 0], [7, -32, 34, -5, -4], [262, -1340, 1389, -98, -213]]
ACTIVATIONS: list[Json] = [
    "relu", "abs", "hardtanh", "identity", LATE,
    {"breakpoints": [-1, 2], "slopes": [1, 0, -2], "anchor": [0, 1]},
    {"breakpoints": [], "slopes": [0], "anchor": [0, 1]}, {"breakpoints": [0], "slopes": [-1, 2], "anchor": [0, -1]},
]  # fmt: skip


def below(document: Json, step: Json) -> Case:
    """The bound, and above it a network whose predictions are 0."""
    d, h, _ = document["layers"]
    bias = Unit(document).oracle.document.get("bias", True)
    hidden, output = (bias, bias) if isinstance(bias, bool) else (bias["hidden"], bias["output"])
    zero = [
        layer([["0"] * d] * h, ["0"] * h if hidden else None), layer([["0"] * h], ["0"] if output else None)
    ]  # fmt: skip
    steps = [step, point(zero), {"rule": "bracket", "from": {"bound": 0, "point": 1}}]
    return case(document, steps, claim("global_bounds", 2, lower=step["risk"], upper=str(Oracle(document).risk(zero))))


def by_hand(risk: str, vectors: list[list[int]], tree: list[int]) -> Json:
    """The step."""
    return {"rule": "global_lower_bound", "risk": risk, "vectors": vectors, "tree": tree}


# On SIDES an entry −1 splits by the sign, −2 … −5 by the sides of z = 1 on samples 1 … 4.
CONTROLS = {
    "one leaf": below(RAMP, by_hand("9/5", [[2, -1]], [0])),
    "by hand": below(SIDES, by_hand("15", [[0, 0, 1, 2], [1, 2, 0, 0]], [-1, 0, -3, 1, 0])),
    "a bias, three vectors": below(VEE, bound(VEE, "1/2", [[0, -1, 1], [1, -2, 1], [1, -1, 0]])),
    "two units": below(LINE, bound(LINE, "27/2", COVER)),
    "only zero rows": below(ZERO_ROWS, by_hand("5", [[1, 3]], [0])),
    "an output bias, two slopes": below(SKEW, bound(SKEW, "7207/534", SKEW_VECTORS)),
    "as many units as samples": below(RAMP | {"layers": [1, 7, 1]}, by_hand("9/5", [[2, -1]], [0])),
}
V, T, RISK = "steps[0].vectors", "steps[0].tree", "steps[0].risk"
CORRUPTIONS = of("one leaf", [
    ("a larger risk", RISK, "2", "Rejected", f"{V}[0]: global_lower_bound: proves less than the claimed bound"),
    ("slightly larger", RISK, "1800000001/1000000000", "Rejected", "proves less than the claimed bound"),
    ("zero", RISK, "0", "Rejected", f"{RISK}: global_lower_bound: a bound that is not positive needs no proof"),
    ("negative", RISK, "-9/5", "Rejected", f"{RISK}: global_lower_bound: a bound that is not positive"),
    ("risk as number", RISK, 2, "Malformed", f"{RISK}: expected a rational"),
    ("no risk", RISK, ..., "Malformed", f"{RISK}: is missing"),
    ("no vectors", V, ..., "Malformed", f"{V}: is missing"),
    ("none", V, [], "Rejected", f"{T}[0]: global_lower_bound: there is no vector 0"),
    ("null", V, None, "Malformed", f"{V}: expected a list"),
    ("vector null", V, [None], "Malformed", f"{V}[0]: expected a list"),
    ("empty", V, [[]], "Rejected", f"{V}[0]: global_lower_bound: needs 2 integers, with an output bias of sum 0"),
    ("longer", V, [[2, -1, 0]], "Rejected", "needs 2 integers, with an output bias of sum 0"),
    ("zeros", V, [[0, 0]], "Rejected", f"{V}[0]: global_lower_bound: proves less than the claimed bound"),
    ("turned round", V, [[-2, 1]], "Rejected", "proves less than the claimed bound"),
    ("orthogonal", V, [[1, -2]], "Rejected", "proves less than the claimed bound"),
    ("text", V, [["2", -1]], "Malformed", f"{V}[0][0]: expected a whole number"),
    ("true", V, [[2, True]], "Malformed", f"{V}[0][1]: expected a whole number"),
    ("decimal", V, [[2, -1.0]], "Malformed", f"{V}[0][1]: expected a whole number"),
    ("not admissible", V, [[2, 1]], "Rejected",
     f"{T}[0]: global_lower_bound: there is no vector 0, or it does not admit all regions"),
    ("unknown key", "steps[0].cells", 2, "Malformed", "steps[0].cells: unknown key"),
    ("no tree", T, ..., "Malformed", f"{T}: is missing"),
    ("tree null", T, None, "Malformed", f"{T}: expected a list"),
    ("a nested tree", T, [[0]], "Malformed", f"{T}[0]: expected a whole number"),
    ("a tree of text", T, ["0"], "Malformed", f"{T}[0]: expected a whole number"),
    ("false for 0", T, [False], "Malformed", f"{T}[0]: expected a whole number"),
    ("a claim of the bound", "claims[0].step", 0, "Rejected", "step 0 proves LowerBound, which does not settle"),
    ("another lower end", "claims[0].lower", "1", "Rejected", "claimed '1', proved '9/5'"),
]) + of("by hand", [
    ("empty", T, [], "Rejected", f"{T}: global_lower_bound: ends too early"),
    ("the last leaf left out", f"{T}[4]", ..., "Rejected", f"{T}: global_lower_bound: ends too early"),
    ("one leaf more", T, [-1, 0, -3, 1, 0, 0], "Rejected", f"{T}[5]: global_lower_bound: the tree ends before"),
    ("a split more", T, [-1, 0, -3, 1, 0, -1], "Rejected", f"{T}[5]: global_lower_bound: the tree ends before"),
    ("no split", T, [0], "Rejected",
     f"{T}[0]: global_lower_bound: there is no vector 0, or it does not admit all regions"),
    ("the other vector first", T, [-1, 0, -3, 0, 1], "Rejected",
     f"{T}[3]: global_lower_bound: there is no vector 0, or it does not admit all regions"),
    ("no split of the positive", T, [-1, 0, 1], "Rejected",
     f"{T}[2]: global_lower_bound: there is no vector 1, or it does not admit all regions"),
    ("a third vector", f"{T}[1]", 2, "Rejected", f"{T}[1]: global_lower_bound: there is no vector 2"),
    ("a far vector", f"{T}[1]", 2**100, "Rejected", f"there is no vector {2**100}"),
    ("a second unit", f"{T}[2]", -8, "Rejected", f"{T}[2]: global_lower_bound: there is no unit 1"),
    ("a far unit", f"{T}[2]", -(2**100), "Rejected", "there is no unit"),
    ("the sign again", f"{T}[2]", -1, "Rejected",
     f"{T}[2]: global_lower_bound: there is no unit 0, or the split does not cut its region"),
    ("a plane again", T, [-1, 0, -3, -3, 1, 0, 0], "Rejected",
     f"{T}[3]: global_lower_bound: there is no unit 0, or the split does not cut its region"),
    ("a vector unused", V, [[0, 0, 1, 2], [1, 2, 0, 0], [1, 2, 0, 0]], "Rejected", f"{V}: global_lower_bound: not all"),
    ("one vector only", f"{V}[1]", ..., "Rejected", "there is no vector 1"),
    ("a vector changed", f"{V}[1][2]", -1, "Rejected", "proves less than the claimed bound"),
]) + of("a bias, three vectors", [
    ("not centred", f"{V}[0][0]", 5, "Rejected", "needs 3 integers, with an output bias of sum 0"),
]) + of("two units", [
    ("a child left out", f"{T}[1]", ..., "Rejected",
     f"{T}[5]: global_lower_bound: there is no unit 1, or the split does not cut its region"),
    ("a leaf of two units on a side", f"{T}[1]", 1, "Rejected", "does not admit all regions of the leaf"),
    ("another unit", f"{T}[0]", -1 - 2 * 5, "Rejected", f"{T}[0]: global_lower_bound: there is no unit 2"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


@pytest.mark.parametrize(
    "changed", [network([1, 1, 1, 1], "relu", RAMP["data"]), network([1, 1, 2], "relu", samples([1], [[1, 2]]))]
)
def test_it_is_for_one_layer_and_one_output(changed: Json) -> None:
    check_step(changed, [by_hand("9/5", [[2, -1]], [0])], "needs one hidden layer and scalar output")


def test_what_a_vector_proves_depends_on_the_loss() -> None:
    """y = (2, 1), g = (2, −1): ⟨g, y⟩ = 3, ⟨g, g⟩ = 5."""
    for loss, risk in (("huber", "7/8"), ("absolute", "3/2"), ({"name": "quantile", "tau": "1/3"}, "1/2")):
        document = RAMP | {"loss": {"name": loss} if isinstance(loss, str) else loss}
        document["loss"] |= {"reduction": "sum"}
        check_step(document, [by_hand(risk, [[2, -1]], [0])], "does not settle")
        above = str(Fraction(risk) + Fraction(1, 10**9))
        check_step(document, [by_hand(above, [[2, -1]], [0])], "proves less than the claimed bound")


def test_a_vector_must_serve_both_signs_of_a_unit() -> None:
    """y = (2, 1): f = ±(1, 2) t. (1, −1) serves σ = + alone, (3, −1) σ = − alone, each with more than 1/2; and a split
    by the sign, of which one side has no vector.
    """
    for vectors, tree in (([[1, -1]], [0]), ([[3, -1]], [0]), ([[1, -1]], [-1, 0, 0]), ([[3, -1]], [-1, 0, 0])):
        check_step(RAMP, [by_hand("1/2", vectors, tree)], "does not admit all regions of the leaf")
    served = below(RAMP, by_hand("1/2", [[1, -1], [3, -1]], [-1, 1, 0]))
    other = below(RAMP, by_hand("1/2", [[1, -1], [3, -1]], [-1, 0, 1]))
    assert sorted(outcome(each.network, each.proof)[0] for each in (served, other)) == ["Accepted", "Rejected"]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_factor_and_reduction_scale_the_bound(reduction: str) -> None:
    """Σ (f − y)² ≥ 9/5 for the two samples."""
    scaled = RAMP | {"loss": {"name": "squared", "factor": "7/3", "reduction": reduction}}
    least = Fraction(9, 5) * Fraction(7, 3) / (2 if reduction == "mean" else 1)
    whole = below(scaled, by_hand(str(least), [[2, -1]], [0]))
    assert outcome(whole.network, whole.proof)[0] == "Accepted"
    above = [by_hand(str(least + Fraction(1, 10**9)), [[2, -1]], [0])]
    check_step(scaled, above, "proves less than the claimed bound")


def test_fractions_among_the_labels() -> None:
    halves = RAMP | {"data": samples([1, 2], ["1/3", "1/6"])}
    whole = below(halves, by_hand("1/20", [[2, -1]], [0]))
    assert outcome(whole.network, whole.proof)[0] == "Accepted"
    check_step(halves, [by_hand("51/1000", [[2, -1]], [0])], "proves less than the claimed bound")
    problem = read_problem(json.dumps(halves).encode(), no_data)
    fact = apply(Proof(problem), by_hand("1/20", [[2, -1]], [0]), "steps[0]").fact
    assert fact == LowerBound(Fraction(1, 20), ((Fraction(1, 5), Fraction(-1, 10)),))  # ⟨g, y⟩/⟨g, g⟩ · g
    kinked = halves | {"loss": {"name": "absolute", "reduction": "sum"}}
    check_step(kinked, [by_hand("1/4", [[2, -1]], [0])], "does not settle")
    check_step(kinked, [by_hand("251/1000", [[2, -1]], [0])], "proves less than the claimed bound")


def test_an_output_bias_needs_vectors_that_sum_to_0() -> None:
    check_step(
        RAMP | {"bias": OUTPUT}, [by_hand("1/100", [[2, -1]], [0])], "needs 2 integers, with an output bias of sum 0"
    )


def test_a_vector_that_serves_is_not_one_of_a_wider_network() -> None:
    """For LINE with a third unit the tree ends too early: each split of equal units has one child more."""
    step = CONTROLS["two units"].proof["steps"][0]
    check_step(LINE | {"layers": [1, 3, 1]}, [step], "global_lower_bound:")
    assert grown(LINE | {"layers": [1, 3, 1]}, COVER) is None


def problem_of(document: Json) -> Units:
    """The units of a problem."""
    return Units.of(read_problem(json.dumps(document).encode(), no_data))


def document_of(rng: Random, width: int) -> Json:
    """A small, often degenerate problem: zero, equal and dependent rows, any activation, biases on either side."""
    d, n = rng.choice([1, 1, 2]), rng.randint(1, 3)
    xs = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
    if d == 2 and rng.random() < 0.3:
        xs = [[a, 2 * a] for a, _ in xs]
    bias = {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6}
    ys = [rng.randint(-3, 3) for _ in xs]
    return network([d, width, 1], rng.choice(ACTIVATIONS), samples(xs, ys), bias=bias)


def test_rays_signs_and_values_are_those_of_the_oracle() -> None:
    """The kernel's rays, the sides of the planes and ⟨g, H⟩, on degenerate problems."""
    rng = Random(11)
    for _ in range(150):
        document = document_of(rng, 1)
        kernel, oracle = problem_of(document), Unit(document)
        placed = rule.arranged(kernel)
        closed = [ray for _, _, ray in placed]
        assert sorted(closed) == sorted(rule.directions(kernel))
        assert (kernel.cone, len(closed), len(kernel.planes)) == (
            oracle.cone, len(oracle.rays), len(oracle.planes)
        ), document  # fmt: skip
        if not kernel.cone:
            assert closed[1::2] == [tuple(-x for x in ray) for ray in closed[::2]]
        sides = rule.sides_of(len(kernel.planes), placed)
        n = len(document["data"])
        vectors = [[rng.randint(-5, 5) for _ in range(n)] for _ in range(5)]
        if document["bias"]["output"]:
            vectors = [[*g[:-1], -sum(g[:-1])] for g in vectors]
        fails = rule.failing(kernel, placed, vectors)
        for k, (above, below, ray) in enumerate(placed):
            at = [sum(a * b for a, b in zip(plane, ray, strict=True)) for plane in kernel.planes]
            assert above == sum((x > 0) << p for p, x in enumerate(at))
            assert below == sum((x < 0) << p for p, x in enumerate(at))
            for p, x in enumerate(at):
                for bit in (k, k + len(closed)):
                    assert [side >> bit & 1 for side in sides[p + 1]] == [x >= 0, x <= 0]
            for g, bad in zip(vectors, fails, strict=True):
                pull = sum(a * b for a, b in zip(g, value(kernel, oracle, ray), strict=True))
                assert [bad >> k & 1, bad >> k + len(closed) & 1] == [pull > 0, pull < 0], document
        assert [side.bit_count() for side in sides[0]] == [len(closed)] * 2


def drawn(rng: Random) -> Json:
    """A problem with up to a hundred rays: copies of samples, samples on lines, any activation and size of numbers."""
    d, n, wide = rng.choice([1, 2, 2, 3]), rng.randint(3, 6), rng.choice([2, 9, 10**9])
    xs = [[rng.randint(-wide, wide) for _ in range(d)] for _ in range(n)]
    match rng.randrange(4):
        case 0:
            xs = [xs[rng.randrange(2)] for _ in xs]
        case 1:
            xs = [[rng.randint(-3, 3) * x for x in xs[0]] for _ in xs]
    bias = {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6}
    activation = rng.choice(ACTIVATIONS if d < 3 else ["relu", "identity", LATE])
    return network([d, 1, 1], activation, samples(xs, [1] * n), bias=bias)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("parts", [1, 3])
def test_the_packed_walk_finds_the_signs_that_rays_have_one_by_one(
    seed: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each ⟨g, H(ray)⟩ summed sample by sample; vectors of all sizes, at once and in several parts, in any order."""
    rng, seen = Random(seed), [0, 0, 0]
    for _ in range(30):
        units = problem_of(drawn(rng))
        placed = rule.arranged(units)
        vectors = [[rng.randint(-(10**big), 10**big) for _ in units.rows] for big in rng.choices([0, 1, 1, 3, 30], k=7)]
        if parts > 1:
            monkeypatch.setattr(rule, "MAX_BYTES", len(placed) * len(vectors) // parts)
        fails = rule.failing(units, placed, vectors)
        assert len(fails) == len(vectors)
        for g, bad in zip(vectors, fails, strict=True):
            pulls = [sum(a * b for a, b in zip(g, plainly(units, ray), strict=True)) for _, _, ray in placed]
            expected = sum((x > 0) << k | (x < 0) << k + len(placed) for k, x in enumerate(pulls))
            assert bad == expected
            for x in pulls:
                seen[(x > 0) - (x < 0)] += 1
    assert min(seen) > 300


def plainly(units: Units, ray: tuple[int, ...]) -> list[int]:
    """H(ray) from its definition in `Units`."""
    found, per = [], len(units.kinks)
    for i, row in enumerate(units.rows):
        z, nu = sum(a * b for a, b in zip(row, ray, strict=False)), ray[-1] if units.cone else 0
        bent = 0
        for p in range(per):
            plane = units.planes[i * per + p]
            bent += units.kinks[p] * max(0, sum(a * b for a, b in zip(plane, ray, strict=True)))
        found.append(units.start[0] * z + units.start[1] * nu + bent)
    return found


def value(kernel: Units, oracle: Unit, ray: tuple[int, ...]) -> list[Fraction]:
    """H on the samples at a ray in the kernel's coordinates, each column of which is scaled to integers."""
    scales = [
        next((Fraction(a) / b for a, b in zip(column, other, strict=True) if b), Fraction(1))
        for column, other in zip(zip(*kernel.rows, strict=True), zip(*oracle.rows, strict=True), strict=True)
    ]
    unit = Fraction(1)
    for row, plane in zip(kernel.planes, oracle.planes, strict=True) if kernel.cone else ():
        if plane[-1]:
            unit = row[-1] / plane[-1]
    return oracle.value(tuple(a * b for a, b in zip(ray, [*scales, *[unit] * kernel.cone], strict=True)))  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 15, 16, 17, 24, 40, 48, 49])
def test_packed_signs(count: int) -> None:
    """Rows of sums of products, whose entries need fields of one or of several sizes; zeros and ones among them."""
    rng = Random(count)
    for size in (0, 1, 5, 40, 200):
        rows = [[rng.randint(-(10**size), 10**size) for _ in range(7)] for _ in range(4)]
        for big in (0, 1, 3, 60):
            factors = [[rng.choice([-1, 0, 1]) * rng.randint(0, 10**big) for _ in rows] for _ in range(count)]
            totals = [[sum(a * row[k] for a, row in zip(g, rows, strict=True)) for k in range(7)] for g in factors]
            tops = [max(map(abs, column)) for column in zip(*totals, *rows, strict=True)]
            wide = [10**9 * top if k in (2, 3, 6) else top for k, top in enumerate(tops)]  # fields of several sizes
            for bounds in ([max(tops)] * 7, tops, wide):
                packing = rule.Packing(bounds)
                packed = [packing(row) for row in rows]
                sums = [sum(a * row for a, row in zip(g, packed, strict=True)) + packing.half for g in factors]
                up, down = packing.signs(sums)
                assert up == [sum((t[k] > 0) << i for i, t in enumerate(totals)) for k in range(7)]
                assert down == [sum((t[k] < 0) << i for i, t in enumerate(totals)) for k in range(7)]


@pytest.mark.parametrize("extreme", [1, 127, 128, 255, 256, 2**15 - 1, 2**15, 2**64])
def test_packed_signs_at_the_ends_of_a_field(extreme: int) -> None:
    packing = rule.Packing([extreme] * 3)
    rows = [[extreme, -extreme, 0], [-extreme, 0, extreme], [0, 0, 0], [1, -1, 0]]
    assert packing.signs([packing(row) + packing.half for row in rows]) == ([0b1001, 0, 0b0010], [0b0010, 0b1001, 0])
    assert rule.Packing([]).signs([0]) == ([], [])


def test_no_network_is_below_an_accepted_bound() -> None:
    """The largest bound that all short vectors together prove, against networks sampled with exact best outputs."""
    rng, proved, tight = Random(2), 0, 0
    for _ in range(60):
        document = document_of(rng, rng.choice([1, 1, 2]))
        labels = [y[0] for _, y in Oracle(document).samples()]
        values: dict[tuple[int, ...], Fraction] = {}
        for g in product(range(-4, 5), repeat=len(labels)):
            gain = sum(a * b for a, b in zip(g, labels, strict=True))
            if gain > 0 and not (document["bias"]["output"] and sum(g)):
                values[g] = Fraction(gain * gain, sum(a * a for a in g))
        levels, low, high = sorted(set(values.values())), -1, len(set(values.values()))
        while high - low > 1:
            middle = (low + high) // 2
            found = grown(document, [g for g, value in values.items() if value >= levels[middle]])
            if found is None:
                high = middle
                continue
            whole = below(document, by_hand(str(levels[middle]), *found))
            assert outcome(whole.network, whole.proof)[0] == "Accepted", document
            low = middle
        if low < 0:
            continue
        proved += 1
        lowest = min(sampled(rng, document, labels) for _ in range(40))
        assert lowest >= levels[low]
        tight += lowest < levels[low] * Fraction(11, 10)
    assert proved > 15
    assert tight > 8


def sampled(rng: Random, document: Json, labels: list[Fraction]) -> Fraction:
    """The loss of a random network; with the best output weights if it has one unit, else random ones."""
    size, width = document["layers"][0] + document["bias"]["hidden"], document["layers"][1]
    columns = []
    for _ in range(width):
        u = [number(rng) * 10 ** rng.choice([0, 0, 3]) for _ in range(size)]
        lone = document | {"layers": [document["layers"][0], 1, 1]}
        first = {"weight": [list(map(str, u[: document["layers"][0]]))]}
        first |= {"bias": [str(u[-1])]} if document["bias"]["hidden"] else {}
        last = {"weight": [["1"]]} | ({"bias": ["0"]} if document["bias"]["output"] else {})
        column = [f[0] for f in Oracle(lone).predictions([first, last])]
        columns.append(centred(column) if document["bias"]["output"] else column)
    left = centred(labels) if document["bias"]["output"] else list(labels)
    for _ in range(1 if width == 1 else 8):  # exact line searches, one unit after the other
        for column in columns:
            norm = sum(a * a for a in column)
            if norm:
                best = Fraction(sum(a * b for a, b in zip(column, left, strict=True)) / norm).limit_denominator(10**6)
                left = [b - best * a for a, b in zip(column, left, strict=True)]
    return sum((x * x for x in left), Fraction(0))


def number(rng: Random) -> Fraction:
    """A number of either sign and of any size."""
    return Fraction(rng.randint(-9, 9), rng.choice([1, 2, 3])) * Fraction(10) ** rng.randint(-2, 2)


def centred(column: list[Fraction]) -> list[Fraction]:
    """The column minus its mean."""
    mean = sum(column, Fraction(0)) / len(column)
    return [x - mean for x in column]


@pytest.mark.parametrize(("n", "d", "bias"), [(40, 9, False), (600, 2, True)])
def test_too_many_rays_are_declined(n: int, d: int, bias: bool) -> None:
    xs = [[k ** (j + 1) for j in range(d)] for k in range(n)]
    document = network([d, 1, 1], "relu", samples(xs, [k % 3 for k in range(n)]), bias=bias)
    vector = [(-1, -1, 2)[k % 3] for k in range(n - n % 3)] + [0] * (n % 3)
    proof = certificate(document, [by_hand("1/100", [vector], [0])], [claim("global_bounds", 0)])
    assert outcome(document, proof) == ("Declined", "too many intersections of hyperplanes")


def test_the_work_is_metered() -> None:
    """Long vectors and long trees count, before the work is done."""
    spent = []
    for vectors, tree in (
        ([[2, -1]], [0]),
        ([[2 * 10**3000, -(10**3000)]], [0]),
        ([[2, -1]] * 300, [0]),
        ([[2, -1]], [0] * 10**5),
    ):
        problem = read_problem(json.dumps(RAMP).encode(), no_data)
        low, high = 0, 10**9
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if declined(problem, by_hand("9/5", vectors, tree), middle) else (low, middle)
        spent.append(high)
    assert spent[1] > spent[0] + 1000
    assert spent[2] > 2 * spent[0]
    assert spent[3] > 2 * spent[0]


def declined(problem: Json, step: Json, budget: int) -> bool:
    """Whether the step takes more work than this."""
    try:
        with metered(budget):
            apply(Proof(problem), step, "steps[0]")
    except Declined:
        return True
    except KernelError:
        return False
    return False
