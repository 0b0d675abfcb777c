"""The rule `not_attained`: accepted and corrupted separators; no separators at all where the infimum is attained."""

import json
from fractions import Fraction
from itertools import pairwise, product
from random import Random

import pytest

from symverify.kernel.cells import not_attained as rule
from symverify.kernel.core.errors import Rejected
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json, edited, no_data, outcome
from tests.kernel.rules import suite
from tests.oracles.network import Oracle
from tests.oracles.tree import bound

LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
STEEP = {"breakpoints": [1], "slopes": ["1/2", 2], "anchor": [0, 0]}
TWO_SIDED = samples([1, 2, -1, -2], [1, 2, 1, 2])
OUTPUT = {"hidden": False, "output": True}
BOUND = {"rule": "function_bound"}
SKEW = network([1, 1, 1], STEEP, samples([4, 4, 3, -2, 3], [1, -2, 3, -1, 0]), bias=OUTPUT)


def limit(units: list[tuple[str, str, str]], constant: str = "0") -> Json:
    """Units (sign, u, ν) of one input."""
    parts = [{"sign": sign, "u": [u], "nu": nu} for sign, u, nu in units]
    return {"rule": "limit", "constant": constant, "units": parts}


def steps(bound: Json, reached: Json, separators: Json) -> list[Json]:
    """The whole proof."""
    infimum = {"rule": "infimum", "from": {"bound": 0, "limit": 1}}
    return [bound, reached, infimum, {"rule": "not_attained", "from": {"infimum": 2}, "separators": separators}]


def approached(risk: str) -> Json:
    """The claim."""
    return claim("infimum", 3, risk=risk, attained=False)


PLANE = network([2, 1, 1], LATE, samples([[1, 1], [2, 2]], [1, 2]), bias=False)
CONTROLS = {
    "two inputs on a line": case(
        PLANE, steps(BOUND, {"rule": "limit", "constant": "0", "units": [{"sign": "1", "u": ["3", "-2"], "nu": "0"}]},
                     [[[-2, 1], [-1, 0]]]), approached("0"),
    ),
    "one unit": case(
        network([1, 1, 1], LATE, samples([1, 2], [1, 2]), bias=False),
        steps(BOUND, limit([("1", "1", "0")]), [[[-2, 1], [-1, 0]]]), approached("0"),
    ),
    "two residuals": case(
        network([1, 1, 1], LATE, TWO_SIDED, 3, bias=False),
        steps({"rule": "global_lower_bound", "risk": "15", "vectors": [[0, 0, 1, 2], [1, 2, 0, 0]],
               "tree": [-1, 0, -3, 1, 0]},
              limit([("1", "1", "0")]), [[[-2, 1, 0, 0], [-1, 0, 0, 0]], [[0, 0, -2, 1], [0, 0, -1, 0]]]),
        approached("15"),
    ),
    "two units": case(
        network([1, 2, 1], LATE, samples([1, 2, -1, -2], [1, 2, -2, -4]), bias=False),
        steps(BOUND, limit([("1", "1", "0"), ("-1", "-2", "0")]), [[[-2, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0]]]),
        approached("0"),
    ),
    "output bias": case(
        SKEW,
        steps(bound(SKEW, "7207/534", [[1, -2, 3, -2, 0], [7, -32, 34, -5, -4], [262, -1340, 1389, -98, -213]]),
              limit([("-1", "-59/267", "0")], "6/89"), [[[-1, 0, 0, 1, 0]]]),
        approached("7207/534"),
    ),
    "output bias, no residual": case(
        network([1, 1, 1], LATE, samples([2, 2, -1, -2], [2, 2, 4, 6]), bias=OUTPUT),
        steps(BOUND, limit([("1", "-2", "0")], "2"), [[[0, 0, 1, -1], [1, 0, -2, 1], [1, 0, -1, 0]]]), approached("0"),
    ),
    "long columns": case(
        network([1, 1, 1], LATE, samples([1, 10**6], [1, 10**6]), bias=False),
        steps(BOUND, limit([("1", "1", "0")]), [[[-(10**6), 1], [-1, 0], [0, 0]]]), approached("0"),
    ),
    "equal inputs": case(
        network([1, 1, 1], LATE, samples([1, 2, 2], [1, 1, 3]), bias=False),
        steps(BOUND, limit([("1", "1", "0")]), [[[-2, 1, 0], [-1, 0, 0]]]), approached("2"),
    ),
}  # fmt: skip
Q = "steps[3].separators"
CORRUPTIONS = [
    ("one unit", "one less", f"{Q}[0][0]", ..., "Rejected", f"{Q}[0]: not_attained: leave a set of units possible"),
    ("one unit", "the other less", f"{Q}[0][1]", ..., "Rejected", "leave a set of units possible"),
    ("one unit", "none", f"{Q}[0]", [], "Rejected", "leave a set of units possible"),
    ("one unit", "zero", f"{Q}[0][0]", [0, 0], "Rejected", "leave a set of units possible"),
    ("one unit", "a wrong entry", f"{Q}[0][0]", [-3, 1], "Rejected", "leave a set of units possible"),
    ("one unit", "turned round", f"{Q}[0][1]", [1, 0], "Rejected",
     f"{Q}[0][1]: not_attained: the product with the predictions is positive"),
    ("one unit", "longer", f"{Q}[0][1]", [-1, 0, 0], "Rejected", "[0][1]: not_attained: expected 2 integers, got 3"),
    ("one unit", "empty", f"{Q}[0][1]", [], "Rejected", "expected 2 integers, got 0"),
    ("one unit", "no list", Q, [], "Rejected", f"{Q}: not_attained: expected 1 lists, one for each residual, got 0"),
    ("one unit", "a list more", Q, lambda lists: [*lists, []], "Rejected", "expected 1 lists"),
    ("one unit", "null", Q, None, "Malformed", f"{Q}: expected a list"),
    ("one unit", "missing", Q, ..., "Malformed", f"{Q}: is missing"),
    ("one unit", "text", f"{Q}[0][1][0]", "-1", "Malformed", f"{Q}[0][1][0]: expected a whole number"),
    ("one unit", "true", f"{Q}[0][1][1]", False, "Malformed", f"{Q}[0][1][1]: expected a whole number"),
    ("one unit", "flat", Q, [[-2, 1]], "Malformed", f"{Q}[0][0]: expected a list"),
    ("one unit", "unknown key", "steps[3].risk", "0", "Malformed", "steps[3].risk: unknown key"),
    ("one unit", "a limit", "steps[3].from.infimum", 1, "Rejected", "step 1 proves Limit, expected Infimum"),
    ("one unit", "a bound", "steps[3].from.infimum", 0, "Rejected", "step 0 proves LowerBound, expected Infimum"),
    ("one unit", "itself", "steps[3].from.infimum", 3, "Rejected", "step 3 does not come before this one"),
    ("one unit", "attained", "claims[0].attained", True, "Rejected", "claimed true, proved false"),
    ("one unit", "left open", "claims[0].attained", ..., "Malformed", "claims[0].attained: is missing"),
    ("one unit", "said of the infimum", "claims[0].step", 2, "Rejected",
     "claims[0].attained: claimed false, proved null"),
    ("one unit", "higher", "claims[0].risk", "1", "Rejected", "claimed '1', proved '0'"),
    ("two residuals", "exchanged", Q, lambda lists: lists[::-1], "Rejected", "leave a set of units possible"),
    ("two residuals", "one only", f"{Q}[1]", ..., "Rejected", "expected 2 lists, one for each residual, got 1"),
    ("two residuals", "the first twice", f"{Q}[1]", [[-2, 1, 0, 0]], "Rejected", "leave a set of units possible"),
    ("two units", "for one unit", f"{Q}[0][2]", ..., "Rejected", "leave a set of units possible"),
    ("output bias", "not centred", f"{Q}[0][0]", [-1, 0, 0, 2, 0], "Rejected",
     f"{Q}[0][0]: not_attained: the entries do not sum to 0, and there is an output bias"),
    ("output bias", "equal inputs", f"{Q}[0][0]", [-1, 1, 0, 0, 0], "Rejected", "leave a set of units possible"),
    ("output bias, no residual", "another problem's", f"{Q}[0]", [[-1, 0, 0, 1]], "Rejected", "product with the pred"),
]  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_another_separator_of_the_same_faces_is_as_good() -> None:
    control = CONTROLS["output bias"]
    assert outcome(control.network, edited(control.proof, f"{Q}[0][0]", [0, 0, -1, 1, 0]))[0] == "Accepted"


ATTAINED = {
    "homogeneous": (
        case(network([1, 1, 1], "relu", samples([1, 2], [1, 2]), bias=False),
             steps(BOUND, limit([("1", "1", "0")]), [[[-2, 1], [-1, 0]]]), approached("0")),
        "steps[3]: not_attained: the units are positively homogeneous, so the infimum is attained",
    ),
    "by a network": (
        case(network([1, 1, 1], LATE, samples([1, 2], [0, 1]), bias=False),
             steps(BOUND, limit([("1", "1", "1")]), [[[0, -1], [1, -1], [-1, 0], [-1, -1]]]), approached("0")),
        "leave a set of units possible",
    ),
    "by a wider network": (
        case(network([1, 2, 1], LATE, samples([1, 2], [1, 2]), bias=False),
             steps(BOUND, limit([("1", "1", "0")]), [[[-2, 1], [-1, 0]]]), approached("0")),
        "leave a set of units possible",
    ),
    "by a constant": (
        case(network([1, 1, 1], LATE, samples([1, 2], [3, 3]), bias=OUTPUT),
             steps(BOUND, limit([], "3"), [[[-1, 1], [1, -1]]]), approached("0")),
        "leave a set of units possible",
    ),
    "bounded": (
        case(network([1, 1, 1], "hardtanh", samples([1, 2, -1], [1, 1, -1]), bias=False),
             steps(BOUND, limit([("1", "1", "1")]), [[[-1, 0, 0], [0, 0, 1], [-1, 1, 0]]]), approached("0")),
        "leave a set of units possible",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTAINED)
def test_attained_infima_are_not_refuted(name: str) -> None:
    control, reason = ATTAINED[name]
    verdict, what = outcome(control.network, control.proof)
    assert (verdict, reason if reason in what else what) == ("Rejected", reason)


def refuted(document: Json, size: int) -> bool:
    """Whether all short vectors together show that no network predicts the targets."""
    problem = read_problem(json.dumps(document).encode(), no_data)
    f = [y for (y,) in problem.targets]
    found = rule.Attainment(problem)
    vectors = [
        list(q)
        for q in product(range(-size, size + 1), repeat=len(f))
        if not (problem.output_bias and sum(q)) and sum(a * b for a, b in zip(q, f, strict=True)) <= 0
    ]
    try:
        rule.refute(problem, found, [Fraction(0)] * len(f), vectors, "")
    except Rejected:
        return False
    return not found.homogeneous


def test_what_a_network_predicts_is_never_refuted() -> None:
    """Predictions of random networks, and the same moved a little."""
    rng, seen = Random(3), [0, 0]
    for _ in range(150):
        at = sorted(rng.sample(range(-1, 3), rng.choice([1, 2])))
        slopes = [rng.randint(-2, 2) for _ in range(len(at) + 1)]
        if any(a == b for a, b in pairwise(slopes)):
            continue
        h = {"breakpoints": at, "slopes": slopes, "anchor": [0, 1]}
        width, n, d = rng.choice([1, 1, 2]), rng.randint(2, 3), rng.choice([1, 1, 2])
        hidden, output = len(at) > 1 and rng.random() < 0.3, rng.random() < 0.4
        xs = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
        document = network([d, width, 1], h, samples(xs, [0] * n), bias={"hidden": hidden, "output": output})
        first = layer([[rng.randint(-2, 2) for _ in range(d)] for _ in range(width)])
        last = layer([[rng.randint(-2, 2) for _ in range(width)]], [rng.randint(-1, 1)] if output else None)
        first |= {"bias": [rng.randint(-1, 1) for _ in range(width)]} if hidden else {}
        f = [value for (value,) in Oracle(document).predictions([first, last])]
        assert not refuted(document | {"data": samples(xs, list(map(str, f)))}, 2)
        moved = [str(a + rng.randint(-2, 2)) for a in f]
        seen[refuted(document | {"data": samples(xs, moved)}, 2)] += 1
    assert min(seen) > 15


def test_refuted_sets_are_those_of_brute_force() -> None:
    for seed in range(300):
        rng = Random(seed)
        n, size = rng.randint(0, 5), rng.randint(0, 3)
        sure = [rng.getrandbits(n) | rng.getrandbits(n) for _ in range(rng.randint(0, 4))] if n else [0]
        pairs = [(a, a & rng.getrandbits(n)) for a in (rng.getrandbits(n) | rng.getrandbits(n) for _ in range(3))]
        pairs = pairs if n else []
        open_sets = {
            s
            for s in range(1 << n)
            if s.bit_count() <= size
            and not any(s & a == s for a in sure)
            and not any(s & a == s and s & b for a, b in pairs)
        }
        found = rule.unrefuted(sure, pairs, (1 << n) - 1, size, iter([None] * 1000))
        assert found in open_sets if open_sets else found is None


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("MAX_VISITS", "too many sets of units to see whether the infimum is attained"),
        ("MAX_FACES", "too many faces to see whether the infimum is attained"),
        ("MAX_SEPARATORS", "too many separators"),
    ],
)
def test_what_would_take_too_long_is_declined(monkeypatch: pytest.MonkeyPatch, limit: str, reason: str) -> None:
    monkeypatch.setattr(rule, limit, 1)
    assert outcome(CONTROLS["two units"].network, CONTROLS["two units"].proof) == ("Declined", reason)
