"""The rule `linear_collapse`: affine activations, and a theorem that covers the shape and the data."""

import random
from fractions import Fraction

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import FOUR, case, claim, point
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import cases, of, suite
from tests.oracles.network import Oracle

SHALLOW = "converse of interior_minimum; no rank condition"
WIDE = "Laurent and von Brecht 2018; hidden widths at least min(inputs, outputs), no rank condition"
FULL_RANK = "Lu and Kawaguchi 2017; squared loss, inputs and targets of full row rank"
SHIFTED = {"breakpoints": [], "slopes": [2], "anchor": [0, 1]}
PLANE = samples([[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1], [0, 0]])
ON_A_LINE = samples([[1, 1], [2, 2], [3, 3]], [[1, 0], [0, 1], [0, 0]])
LABELS_ON_A_LINE = samples([[1, 0], [0, 1], [1, 1]], [[1, 1], [0, 0], [0, 0]])
CUBE = samples([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
HUBER = {"loss": {"name": "huber", "reduction": "sum"}}
CONTROLS = cases("linear")
CORRUPTIONS = of("linear", [
    ("another theorem", "claims[0].theorem", FULL_RANK, "Rejected", "claims[0].theorem: claimed"),
    ("no theorem", "claims[0].theorem", ..., "Malformed", "claims[0].theorem: is missing"),
    ("null", "claims[0].theorem", None, "Rejected", "claims[0].theorem: claimed null"),
    ("unknown key", "steps[0].theorem", SHALLOW, "Malformed", "steps[0].theorem: unknown key"),
])  # fmt: skip


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def decided(document: Json, theorem: str = "") -> tuple[str, str]:
    whole = case(document, [{"rule": "linear_collapse"}], claim("linear_collapse", 0, theorem=theorem))
    return outcome(whole.network, whole.proof)


COVERED = [
    (network([1, 1, 1], "identity", FOUR), SHALLOW),
    (network([1, 3, 1], SHIFTED, FOUR, bias=False), SHALLOW),
    (network([1, 1, 1], "identity", FOUR, **HUBER), SHALLOW),
    (network([1, 1, 1, 1], "identity", FOUR), WIDE),
    (network([1, 1, 1, 1], "identity", FOUR, bias=False), WIDE),
    (network([2, 2, 2], SHIFTED, ON_A_LINE), WIDE),
    (network([3, 3, 3, 3], "identity", CUBE, **HUBER), WIDE),
    (network([2, 1, 2], "identity", PLANE), FULL_RANK),
    (network([3, 2, 1, 3], "identity", CUBE), FULL_RANK),
    (network([2, 1, 2], "identity", PLANE, bias=False), FULL_RANK),
]
NOT_COVERED = [
    (network([1, 2, 1], "relu", FOUR), "the activation of hidden layer 1 is not affine"),
    (network([1, 2, 2, 1], ["identity", "abs"], FOUR), "the activation of hidden layer 2 is not affine"),
    (network([2, 1, 2], "identity", ON_A_LINE), "narrow layers, and the inputs do not have full rank"),
    (network([2, 1, 2], "identity", LABELS_ON_A_LINE), "narrow layers, and the targets do not have full rank"),
    (network([3, 2, 3], "identity", CUBE, **HUBER), "narrow layers and a loss other than the squared"),
    (network([1, 1, 1, 1], SHIFTED, FOUR, bias=False), "an inner shift and no output bias"),
    (network([2, 2, 2], "identity", PLANE, bias={"output": False}), "an inner shift and no output bias"),
    (network([3, 2, 3], "identity", samples([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])),
     "narrow layers, and the inputs do not have full rank"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "theorem"), COVERED)
def test_covered(document: Json, theorem: str) -> None:
    assert decided(document, theorem)[0] == "Accepted"
    assert decided(document, theorem + " ")[1].startswith("claims[0].theorem")


@pytest.mark.parametrize(("document", "reason"), NOT_COVERED)
def test_not_covered(document: Json, reason: str) -> None:
    verdict, what = decided(document)
    assert (verdict, reason in what) == ("Rejected", True), what


@pytest.mark.parametrize("seed", range(20))
def test_a_minimum_of_a_covered_network_predicts_the_best_affine_fit(seed: int) -> None:
    """On a linear network interior_minimum accepts the best affine fit, moved or not it accepts nothing else."""
    labels = [random.Random(seed * 4 + k).randint(-2, 2) for k in range(4)]
    slope = sum((Fraction(2 * x - 3, 2) * y for x, y in enumerate(labels)), Fraction(0)) / 5
    height = Fraction(sum(labels), 4) - slope * Fraction(3, 2)
    for change, reason in ((0, "does not settle"), (1, "the first-order minorant is not constant")):
        parameters = [layer([[str(slope)], ["1"]], ["0", "0"]), layer([["1", "0"]], [str(height + change)])]
        document = network([1, 2, 1], "identity", samples([0, 1, 2, 3], labels))
        assert (Oracle(document).lower_nearby(parameters) is None) == (change == 0)
        steps = [point(parameters), {"rule": "interior_minimum", "from": {"point": 0}}]
        verdict, what = outcome(document, certificate(document, steps, [claim("spurious_minimum", 1)]))
        assert (verdict, reason if reason in what else what) == ("Rejected", reason)
