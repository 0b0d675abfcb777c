"""Lower bounds, limits, and what follows from both: global minimum, infimum, bracket."""

import json
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from symverify.kernel import cover
from symverify.kernel.cells.limit import limit
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Limit
from symverify.kernel.core.file import read_problem
from symverify.kernel.core.proof import Proof
from tests.cell_cases import run
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, check_step, claim, given, point
from tests.kernel.corruption import Json, Oracle, certificate, edited, least_of_functions, mutations, outcome

BOUND = {"rule": "function_bound"}
CUT = network([1, 1, 1], {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}, samples([1, 2], [1, 2]), bias=False)
GROWS = {"rule": "limit", "constant": "0", "units": [{"sign": "1", "u": ["1"], "nu": "0"}]}
RAMP = network([1, 1, 1], "relu", samples([1, 2], [2, 1]), bias=False)
LOWEST = [
    {"rule": "global_lower_bound", "risk": "9/5", "vectors": [[2, -1]]},
    point([layer([["1"]]), layer([["4/5"]])]),
]
TWINS = network([1, 2, 1], "relu", samples([0, 0, 1], [0, 1, 5]), 2, parameters=[
    layer([["9/2"], [0]], ["1/2", -1]), layer([[1, 1]], [0])
])  # fmt: skip
LINE = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 3, -1, 2]), 3)
COVER = [[-1, 1, 0, 0], [-1, 2, -1, 0], [0, 0, -1, 1], [0, 1, -2, 1], [0, 1, -1, 0]]
ZERO = [layer([["0"], ["0"]], ["0", "0"]), layer([["0", "0"]], ["1"])]
ACTIVATIONS: list[Json] = [
    "relu", "abs", "hardtanh", "identity", {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]},
    {"breakpoints": [-1, 2], "slopes": [1, 0, -2], "anchor": [0, 1]},
    {"breakpoints": [], "slopes": [0], "anchor": [0, 1]}, {"breakpoints": [0], "slopes": [-1, 2], "anchor": [0, -1]},
]  # fmt: skip


def both(step: int, lower: str, upper: str) -> Json:
    """The claim of a bracket."""
    return claim("global_bounds", step, lower=lower, upper=upper)


CASES = {
    "function bound": case(
        TWINS, [BOUND, point(), {"rule": "global_minimum", "bound": 0, "point": 1}],
        claim("global_minimum", 2, risk="1", attained=True), given(2, "1", spurious=False),
    ),
    "dual vectors": case(
        RAMP, [*LOWEST, {"rule": "global_minimum", "bound": 0, "point": 1}],
        claim("global_minimum", 2, risk="9/5", attained=True),
    ),
    "bracket": case(
        LINE, [{"rule": "global_lower_bound", "risk": "27/2", "vectors": COVER}, point(ZERO),
               {"rule": "bracket", "bound": 0, "point": 1}],
        both(2, "27/2", "30"),
    ),
    "not attained": case(
        CUT, [BOUND, GROWS, {"rule": "infimum", "bound": 0, "limit": 1}], claim("global_minimum", 2, risk="0")
    ),
    "bracket by a limit": case(
        CUT, [BOUND, GROWS | {"units": []}, {"rule": "bracket", "bound": 0, "point": 1}], both(2, "0", "5")
    ),
    "all inputs zero": case(
        network([2, 1, 1], "relu", samples([[0, 0]] * 2, [1, 3]), "1/2", bias=False),
        [{"rule": "global_lower_bound", "risk": "5", "vectors": [[1, 3]]},
         {"rule": "limit", "constant": "0", "units": []}, {"rule": "bracket", "bound": 0, "point": 1}],
        both(2, "5", "5"),
    ),
}  # fmt: skip
VECTORS, RISK = "steps[0].vectors", "steps[0].risk"
CORRUPTIONS = [
    ("function bound", "unknown key", "steps[0].risk", "1", "Malformed", "steps[0].risk: unknown key"),
    ("function bound", "a point of higher risk", "steps[1].parameters", ZERO, "Rejected",
     "steps[2].point: global_minimum: its risk 34 is not the bound 1"),
    ("function bound", "no point", "steps[2].point", ..., "Malformed", "steps[2].point: is missing"),
    ("function bound", "bound null", "steps[2].bound", None, "Malformed", "steps[2].bound: expected a whole number"),
    ("function bound", "the point as bound", "steps[2].bound", 1, "Rejected", "proves Evaluated, expected LowerBound"),
    ("function bound", "the bound as point", "steps[2].point", 0, "Rejected", "proves LowerBound, expected Evaluated"),
    ("function bound", "itself", "steps[2].bound", 2, "Rejected", "step 2 does not come before this one"),
    ("function bound", "not attained", "claims[0].attained", False, "Rejected", "claimed False, proved True"),
    ("function bound", "attained as 1", "claims[0].attained", 1, "Rejected", "claimed 1, proved True"),
    ("function bound", "risk as number", "claims[0].risk", 1, "Rejected", "claimed 1, proved '1'"),
    ("function bound", "spurious", "claims[1].spurious", None, "Rejected", "claimed None, proved False"),
    ("dual vectors", "a larger risk", RISK, "2", "Rejected", "vectors[0]: global_lower_bound: proves less than the"),
    ("dual vectors", "slightly larger", RISK, "1800000001/1000000000", "Rejected", "proves less than the"),
    ("dual vectors", "a smaller risk", RISK, "1", "Rejected", "its risk 9/5 is not the bound 1"),
    ("dual vectors", "zero", RISK, "0", "Rejected", "risk: global_lower_bound: a bound that is not positive"),
    ("dual vectors", "negative", RISK, "-9/5", "Rejected", "risk: global_lower_bound: a bound that is not positive"),
    ("dual vectors", "risk as number", RISK, 2, "Malformed", "steps[0].risk: expected a rational"),
    ("dual vectors", "no risk", RISK, ..., "Malformed", "steps[0].risk: is missing"),
    ("dual vectors", "no vectors", VECTORS, ..., "Malformed", "steps[0].vectors: is missing"),
    ("dual vectors", "none", VECTORS, [], "Rejected", "steps[0].vectors: global_lower_bound: do not cover all units"),
    ("dual vectors", "null", VECTORS, None, "Malformed", "steps[0].vectors: expected a list"),
    ("dual vectors", "vector null", VECTORS, [None], "Malformed", "steps[0].vectors[0]: expected a list"),
    ("dual vectors", "empty", VECTORS, [[]], "Rejected", "vectors[0]: global_lower_bound: expected 2 integers, got 0"),
    ("dual vectors", "longer", VECTORS, [[2, -1, 0]], "Rejected", "expected 2 integers, got 3"),
    ("dual vectors", "zeros", VECTORS, [[0, 0]], "Rejected", "vectors[0]: global_lower_bound: is zero"),
    ("dual vectors", "turned round", VECTORS, [[-2, 1]], "Rejected", "the product with the labels is not positive"),
    ("dual vectors", "orthogonal", VECTORS, [[1, -2]], "Rejected", "the product with the labels is not positive"),
    ("dual vectors", "text", VECTORS, [["2", -1]], "Malformed", "steps[0].vectors[0][0]: expected a whole number"),
    ("dual vectors", "true", VECTORS, [[2, True]], "Malformed", "steps[0].vectors[0][1]: expected a whole number"),
    ("dual vectors", "decimal", VECTORS, [[2, -1.0]], "Malformed", "steps[0].vectors[0][1]: expected a whole number"),
    ("dual vectors", "not admissible", VECTORS, [[2, 1]], "Rejected", "do not cover all units"),
    ("dual vectors", "unknown key", "steps[0].cells", 2, "Malformed", "steps[0].cells: unknown key"),
    ("bracket", "one vector less", "steps[0].vectors[0]", ..., "Rejected", "do not cover all units"),
    ("bracket", "not centred", "steps[0].vectors[4]", [0, 1, -1, 1], "Rejected", "the entries do not sum to 0"),
    ("bracket", "lower", "claims[0].lower", "14", "Rejected", "claims[0].lower: claimed '14', proved '27/2'"),
    ("bracket", "upper", "claims[0].upper", "29", "Rejected", "claims[0].upper: claimed '29', proved '30'"),
    ("bracket", "a bound as point", "steps[2].point", 0, "Rejected", "bracket: is neither a point nor a limit"),
    ("bracket", "a point as bound", "steps[2].bound", 1, "Rejected", "proves Evaluated, expected LowerBound"),
    ("bracket", "as a minimum", "claims[0].claim", "global_minimum", "Rejected", "Bracket, which does not settle"),
    ("bracket", "another factor", RISK, "9/2", "Rejected", "claims[0].lower: claimed '27/2', proved '9/2'"),
    ("not attained", "said to be attained", "claims[0].attained", True, "Malformed", "attained: unknown key"),
    ("not attained", "a limit elsewhere", "steps[1].units[0].u", ["2"], "Rejected", "its risk 5 is not the bound 0"),
    ("not attained", "inside", "steps[1].units[0].nu", "1", "Rejected", "infimum: its risk 2 is not the bound 0"),
    ("not attained", "nu negative", "steps[1].units[0].nu", "-1", "Malformed", "units[0].nu: must not be negative"),
    ("not attained", "no nu", "steps[1].units[0].nu", ..., "Malformed", "steps[1].units[0].nu: is missing"),
    ("not attained", "sign 0", "steps[1].units[0].sign", "0", "Malformed", 'units[0].sign: expected "1" or "-1"'),
    ("not attained", "sign 2", "steps[1].units[0].sign", "2", "Malformed", 'units[0].sign: expected "1" or "-1"'),
    ("not attained", "a half", "steps[1].units[0].sign", "1/2", "Malformed", 'units[0].sign: expected "1" or "-1"'),
    ("not attained", "other sign", "steps[1].units[0].sign", "-1", "Rejected", "its risk 20 is not the bound 0"),
    ("not attained", "u empty", "steps[1].units[0].u", [], "Rejected", "units[0].u: limit: expected 1 numbers, got 0"),
    ("not attained", "a bias", "steps[1].units[0].u", ["1", "0"], "Rejected", "expected 1 numbers, got 2"),
    ("not attained", "two units", "steps[1].units", GROWS["units"] * 2, "Rejected", "needs more units, or an"),
    ("not attained", "a constant", "steps[1].constant", "1", "Rejected", "or an output bias that is not there"),
    ("not attained", "no constant", "steps[1].constant", ..., "Malformed", "steps[1].constant: is missing"),
    ("not attained", "units null", "steps[1].units", None, "Malformed", "steps[1].units: expected a list"),
    ("not attained", "unknown key", "steps[1].units[0].w", "1", "Malformed", "steps[1].units[0].w: unknown key"),
    ("not attained", "a limit is no point", "steps[2]", {"rule": "global_minimum", "bound": 0, "point": 1}, "Rejected",
     "proves Limit, expected Evaluated"),
]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_accepted(name: str) -> None:
    assert outcome(CASES[name].network, CASES[name].proof)[0] == "Accepted"


@pytest.mark.parametrize(
    ("name", "path", "new", "kind", "reason"),
    [(c[0], *c[2:]) for c in CORRUPTIONS],
    ids=[f"{c[0]}: {c[1]}" for c in CORRUPTIONS],
)
def test_corrupted(name: str, path: str, new: Json, kind: str, reason: str) -> None:
    verdict, what = outcome(CASES[name].network, edited(CASES[name].proof, path, new))
    assert (verdict, reason if reason in what else what) == (kind, reason)


@pytest.mark.parametrize("name", CASES)
def test_no_mutation_proves_anything_else(name: str) -> None:
    control = CASES[name]
    right = set(outcome(control.network, control.proof)[1].splitlines())
    for where, changed in mutations(control.proof):
        verdict, what = outcome(control.network, changed)
        assert verdict in ("Rejected", "Malformed") or set(what.splitlines()) <= right, where


def test_the_function_bound_is_for_squares() -> None:
    check_step(TWINS | {"loss": "huber"}, [BOUND], "function_bound: needs the squared loss")


@pytest.mark.parametrize(
    "changed",
    [
        RAMP | {"loss": "huber"},
        network([1, 1, 1, 1], "relu", RAMP["data"]),
        network([1, 1, 2], "relu", samples([1], [[1, 2]])),
    ],
)
def test_dual_vectors_are_for_one_layer_one_output_and_squares(changed: Json) -> None:
    check_step(changed, LOWEST[:1], "needs one hidden layer, scalar output and squared loss")


@pytest.mark.parametrize(
    "changed", [network([1, 1, 1, 1], "relu", RAMP["data"]), network([1, 1, 2], "relu", samples([1], [[1, 2]]))]
)
def test_limits_are_for_one_layer_and_one_output(changed: Json) -> None:
    check_step(changed, [GROWS], "needs one hidden layer and scalar output")


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_factor_and_reduction_scale_the_bound(reduction: str) -> None:
    """Σ (f − y)² ≥ 9/5 for the two samples."""
    scaled = RAMP | {"loss": {"name": "squared", "factor": "7/3", "reduction": reduction}}
    least = Fraction(9, 5) * Fraction(7, 3) / (2 if reduction == "mean" else 1)
    steps = [LOWEST[0] | {"risk": str(least)}, LOWEST[1], {"rule": "global_minimum", "bound": 0, "point": 1}]
    minimum = claim("global_minimum", 2, risk=str(least), attained=True)
    assert outcome(scaled, certificate(scaled, steps, [minimum]))[0] == "Accepted"
    above = [LOWEST[0] | {"risk": str(least + Fraction(1, 10**9))}]
    check_step(scaled, above, "proves less than the claimed bound")


def test_the_function_bound_is_the_least_of_all_functions() -> None:
    rng = Random(5)
    for _ in range(60):
        outputs, n = rng.choice([1, 2]), rng.randint(1, 5)
        xs = [[rng.randint(0, 1), rng.randint(0, 1)] for _ in range(n)]
        document = network([2, 1, 1, outputs], "relu", samples(xs, [[rng.randint(-3, 3)] * outputs for _ in xs]), "2/7")
        least = str(least_of_functions(Oracle(document)))
        problem = read_problem(json.dumps(document).encode(), lambda _: b"")
        assert str(run(Proof(problem, [], set()), cover_free_bound).risk) == least


def cover_free_bound(proof: Proof, step: Json) -> Json:
    """function_bound, by its name in the table."""
    from symverify.kernel.table import RULES

    return RULES["function_bound"](proof, step)


@pytest.mark.parametrize(
    ("steps", "data"),
    [
        ([GROWS | {"units": [{"sign": "1", "u": ["7" * 3990], "nu": "1"}]}], CUT["data"]),
        ([GROWS | {"units": [{"sign": "1", "u": ["1"], "nu": "1/" + "7" * 3990}]}], CUT["data"]),
        ([BOUND], samples([1, 1], ["7" * 3990, 0])),
    ],
)
def test_risks_too_long_to_print_are_declined(steps: list[Json], data: Json) -> None:
    document = CUT | {"data": data}
    verdict, what = outcome(document, certificate(document, steps, []))
    assert (verdict, what) == ("Declined", "a number of more than 12000 bits to be stated")


def document_of(rng: Random, width: int) -> Json:
    """A small, often degenerate problem: zero, equal and dependent rows, any activation, biases on either side."""
    d, n = rng.choice([1, 1, 2]), rng.randint(1, 3)
    xs = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
    if d == 2 and rng.random() < 0.3:
        xs = [[a, 2 * a] for a, _ in xs]
    bias = {"hidden": rng.random() < 0.6, "output": rng.random() < 0.6}
    ys = [rng.randint(-3, 3) for _ in xs]
    return network([d, width, 1], rng.choice(ACTIVATIONS), samples(xs, ys), bias=bias)


def number(rng: Random) -> Fraction:
    """A number of either sign and of any size."""
    return Fraction(rng.randint(-9, 9), rng.choice([1, 2, 3])) * Fraction(10) ** rng.randint(-2, 2)


def parameters(document: Json, units: list[tuple[int, list[Fraction], Fraction]], constant: Fraction) -> Json:
    """The network of these units, (σ, u, ν) as v = σν, w = u/ν."""
    bias = document["bias"]
    rows = [[str(x / nu) for x in u] for _, u, nu in units]
    first: Json = {"weight": [row[: document["layers"][0]] for row in rows]}
    second: Json = {"weight": [[str(side * nu) for side, _, nu in units]]}
    if bias["hidden"]:
        first["bias"] = [row[-1] for row in rows]
    if bias["output"]:
        second["bias"] = [str(constant)]
    return [first, second]


def test_limits_are_limits() -> None:
    """Units with ν = 0 taken at ν = 10^-30 instead: the risk differs by little; with ν > 0 it is the very same."""
    rng = Random(9)
    for _ in range(150):
        document = document_of(rng, 2)
        size = document["layers"][0] + document["bias"]["hidden"]
        units = [
            (rng.choice([1, -1]), [number(rng) for _ in range(size)], abs(number(rng)) * rng.randint(0, 1))
            for _ in "ab"
        ]
        constant = number(rng) * document["bias"]["output"]
        given_units = [{"sign": str(side), "u": list(map(str, u)), "nu": str(nu)} for side, u, nu in units]
        problem = read_problem(json.dumps(document).encode(), lambda _: b"")
        fact = run(Proof(problem, [], set()), limit, units=given_units, constant=str(constant))
        assert isinstance(fact, Limit)
        near = [(side, u, nu or Fraction(1, 10**30)) for side, u, nu in units]
        difference = Oracle(document).risk(parameters(document, near, constant)) - fact.risk
        assert abs(difference) < Fraction(1, 10**15) if any(not nu for _, _, nu in units) else difference == 0


def test_no_network_is_below_an_accepted_bound() -> None:
    """The largest bound that all short vectors together prove, against networks sampled with exact best outputs."""
    rng, proved, tight = Random(2), 0, 0
    for _ in range(120):
        document = document_of(rng, rng.choice([1, 1, 2]))
        problem = read_problem(json.dumps(document).encode(), lambda _: b"")
        labels, biases = [y[0] for y in problem.targets], (problem.hidden_bias, problem.output_bias)
        values: dict[tuple[int, ...], Fraction] = {}
        for g in product(range(-4, 5), repeat=len(labels)):
            gain = sum(a * b for a, b in zip(g, labels, strict=True))
            if gain > 0 and not (biases[1] and sum(g)):
                values[g] = gain * gain / sum(a * a for a in g)
        levels, low, high = sorted(set(values.values())), -1, len(set(values.values()))
        while high - low > 1:
            middle = (low + high) // 2
            vectors = [g for g, value in values.items() if value >= levels[middle]]
            try:
                cover.lower_bound(
                    problem.inputs, labels, problem.activations[0], biases, problem.widths[1], vectors, levels[middle]
                )
                low = middle
            except Rejected:
                high = middle
        if low < 0:
            continue
        proved += 1
        lowest = min(sampled(rng, document, labels) for _ in range(60))
        assert lowest >= levels[low]
        tight += lowest < levels[low] * Fraction(11, 10)
    assert proved > 30
    assert tight > 20


def sampled(rng: Random, document: Json, labels: list[Fraction]) -> Fraction:
    """The loss of a random network; with the best output weights if it has one unit, else random ones."""
    size, width = document["layers"][0] + document["bias"]["hidden"], document["layers"][1]
    oracle, output = Oracle(document), document["bias"]["output"]
    columns = []
    for _ in range(width):
        u = [number(rng) * 10 ** rng.choice([0, 0, 3]) for _ in range(size)]
        lone = document | {"layers": [document["layers"][0], 1, 1]}
        column = [f[0] for f in Oracle(lone).predictions(parameters(lone, [(1, u, Fraction(1))], Fraction(0)))]
        columns.append(centred(column) if output else column)
    left = centred(labels) if output else list(labels)
    for _ in range(1 if width == 1 else 8):  # exact line searches, one unit after the other
        for column in columns:
            norm = sum(a * a for a in column)
            if norm:
                best = Fraction(sum(a * b for a, b in zip(column, left, strict=True)) / norm).limit_denominator(10**6)
                left = [b - best * a for a, b in zip(column, left, strict=True)]
    assert oracle.samples()
    return sum((x * x for x in left), Fraction(0))


def centred(column: list[Fraction]) -> list[Fraction]:
    """The column minus its mean."""
    mean = sum(column, Fraction(0)) / len(column)
    return [x - mean for x in column]


RELU = Activation.of([Fraction(0)], [Fraction(0), Fraction(1)], Fraction(0), Fraction(0))


@pytest.mark.parametrize(
    ("n", "d", "width", "vectors", "reason"),
    [
        (18, 18, 1, [], "too many intersections of hyperplanes"),
        (600, 2, 1, [], "too many intersections of hyperplanes"),
        (60, 2, 1, [[-(10**3000), 10**3000, *[0] * 58]], "a dual vector with too many digits"),
        (500, 1, 500, [], "too many units at once"),
        (60, 2, 1, [[-1, 1, *[0] * 58]] * 100_000, "too many dual vectors"),
    ],
)
def test_what_would_take_too_long_is_declined(
    n: int, d: int, width: int, vectors: list[list[int]], reason: str
) -> None:
    xs = [[Fraction((k == j) if d > 3 else k ** (j + 1)) for j in range(d)] for k in range(n)]
    ys = [Fraction(k % 3) for k in range(n)]
    with pytest.raises((Declined, Rejected), match=reason):
        cover.lower_bound(xs, ys, RELU, (d < 3, d < 3), width, vectors, Fraction(1, 100))


def test_a_hard_cover_is_declined_not_searched_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """12-subsets of 40 elements, each bar 8 random ones: the search stops at its budget."""
    rng = Random(4)
    bars = [sum(1 << k for k in rng.sample(range(40), 8)) for _ in range(300)]
    monkeypatch.setattr(cover, "MAX_VISITS", 10**5)
    with pytest.raises(Declined, match="too many steps to see whether the dual vectors cover all units"):
        cover.covered(bars, (1 << 40) - 1, 12)
    assert cover.covered(bars, (1 << 40) - 1, 1)
