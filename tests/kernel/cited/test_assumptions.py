"""The rule `assumptions`: each is decided from the problem, whatever the certificate says."""

import random
from itertools import product

import pytest

from symverify.kernel.check import apply
from symverify.kernel.cited.assumptions import Assumptions
from symverify.kernel.core.proof import Proof
from symverify.kernel.network_file import read_problem
from tests.examples import EXAMPLES, Example, network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json, no_data, outcome, text
from tests.kernel.rules import cases, check, of, suite
from tests.oracles.network import Oracle, assumptions

NAMES = ("A1", "A2", "A3", "A4", "AL")


CONTROLS = cases("theorem 1", "assumptions")


@pytest.mark.parametrize(("name", "wrong"), list(product(NAMES, (True, False))))
def test_each_truth_value_is_checked(name: str, wrong: bool) -> None:
    """The other truth value is rejected, for the two certificates where all hold and where almost none does."""
    for whole in ("theorem 1", "assumptions"):
        truth = CONTROLS[whole].proof["claims"][0][name]
        if truth is not wrong:
            reason = f"claims[0].{name}: claimed {str(wrong).lower()}, proved {str(truth).lower()}"
            check(CONTROLS, (whole, name, f"claims[0].{name}", wrong, "Rejected", reason))


CORRUPTIONS = of("theorem 1", [
    ("absent", "claims[0].A2", ..., "Malformed", "claims[0].A2: is missing"),
    ("number", "claims[0].A2", 1, "Rejected", "claims[0].A2: claimed 1, proved true"),
    ("text", "claims[0].A2", "true", "Rejected", "claims[0].A2: claimed 'true', proved true"),
    ("list", "claims[0].A2", [True], "Rejected", "claims[0].A2: claimed [True], proved true"),
    ("another", "claims[0].A5", True, "Malformed", "claims[0].A5: unknown key"),
    ("evidence", "steps[0].twins", [0, 1], "Malformed", "steps[0].twins: unknown key"),
    ("refuted", "claims[0].verdict", "refuted", "Rejected", "claimed 'refuted', proved 'proved'"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def decided(document: Json) -> tuple[str, str]:
    statement = assumptions(Oracle(document))
    whole = case(document, [{"rule": "assumptions"}], claim("assumptions", 0, **statement))
    return outcome(whole.network, whole.proof)


@pytest.mark.parametrize("example", [e for e in EXAMPLES.values() if e.assumptions], ids=lambda e: e.name)
def test_known_problems(example: Example) -> None:
    statement = example.assumptions | {"AL": True}
    whole = case(example.document, [{"rule": "assumptions"}], claim("assumptions", 0, **statement))
    assert outcome(whole.network, whole.proof)[0] == "Accepted"


def documents() -> list[Json]:
    rng, found = random.Random(3), []
    even = {"breakpoints": [0, 1, 2], "slopes": [1, -1, -1, 1], "anchor": [0, 0]}
    for activation in ("relu", "abs", "identity", even, ["abs", "relu"], ["relu", "relu"]):
        for _ in range(8):
            inputs, outputs = rng.randint(1, 2), rng.randint(1, 2)
            hidden = [rng.randint(1, 3) for _ in range(2)] if isinstance(activation, list) else [rng.randint(1, 3)]
            count = rng.randint(1, 4)
            xs, ys = ([[rng.randint(0, 2) for _ in range(k)] for _ in range(count)] for k in (inputs, outputs))
            found.append(network([inputs, *hidden, outputs], activation, samples(xs, ys)))
    return found


@pytest.mark.parametrize("document", documents())
def test_random_problems(document: Json) -> None:
    assert decided(document)[0] == "Accepted"


@pytest.mark.parametrize(
    ("widths", "activation", "xs", "twins", "narrow", "even"),
    [
        ([1, 2, 1], "relu", [0, 1, 2], (), (), ()),
        ([1, 2, 1], "relu", [0, 1, 1], (2, 3), (), ()),
        ([1, 1, 1], "abs", [2, 2, 2], (1, 2), (1,), (1,)),
        ([1, 2, 1, 1], ["relu", "abs"], [0, 1, 0], (1, 3), (2,), (2,)),
    ],
)
def test_evidence(widths: Json, activation: Json, xs: Json, twins: Json, narrow: Json, even: Json) -> None:
    """The first two samples of equal inputs, the first narrow layer, the first whose slopes cancel; from 1."""
    problem = read_problem(text(network(widths, activation, samples(xs, [0, 1, 3]))), no_data)
    fact = apply(Proof(problem), {"rule": "assumptions"}, "").fact
    assert isinstance(fact, Assumptions)
    assert {name: found for name, _, found in fact.holds} == {
        "A1": (), "A2": twins, "A3": narrow, "A4": even, "AL": (),
    }  # fmt: skip
    assert [so for name, so, _ in fact.holds if name in ("A2", "A3", "A4")] == [not twins, not narrow, not even]
