"""The rule `enclosed_point`: risks of rational points under losses over the reals."""

import random
from fractions import Fraction

import mpmath
import pytest

from symverify.kernel.check import apply
from symverify.kernel.core.proof import Proof
from symverify.kernel.reals.enclosed_point import enclosed_risk, penalty
from symverify.kernel.reals.facts import EnclosedPoint
from tests.kernel.reals.made import (
    Declined,
    Malformed,
    Rejected,
    control,
    corruption,
    document,
    layer,
    mp,
    mp_risk,
    problem_of,
    refused,
)
from tests.kernel.rules import suite

POINT = [layer([["1"], ["-1"]], ["0", "1"]), layer([["1/2", "2"]], ["-1/3"])]


def enclosed(doc: object, parameters: object = "given") -> EnclosedPoint:
    proof = Proof(problem_of(doc))
    fact = apply(proof, {"rule": "enclosed_point", "parameters": parameters}, "steps[0]").fact
    assert isinstance(fact, EnclosedPoint)
    return fact


def label(name: str, rng: random.Random, outputs: int) -> list[str]:
    draws = [Fraction(rng.randrange(0, 4)) for _ in range(outputs)]
    if name == "cross_entropy":
        return [str(d / sum(draws)) for d in draws] if sum(draws) else ["1"] + ["0"] * (outputs - 1)
    return [str(d / 3 if name == "logistic" else d) for d in draws]


@pytest.mark.parametrize("name", ["logistic", "cross_entropy", "poisson"])
def test_against_sixty_digits(name: str) -> None:
    rng = random.Random(name)
    for _ in range(40):
        outputs = rng.randrange(2, 4) if name == "cross_entropy" else rng.randrange(1, 3)
        n, width = rng.randrange(1, 5), rng.randrange(1, 4)

        def number() -> str:
            return str(Fraction(rng.randrange(-20, 21), rng.randrange(1, 6)))

        theta = [
            layer([[number(), number()] for _ in range(width)], [number() for _ in range(width)]),
            layer([[number() for _ in range(width)] for _ in range(outputs)], [number() for _ in range(outputs)]),
        ]
        xs, ys = [[number(), number()] for _ in range(n)], [label(name, rng, outputs) for _ in range(n)]
        doc = document([2, width, outputs], "relu", {"name": name, "factor": "2/3"}, xs, ys, parameters=theta)
        fact = enclosed(doc)
        assert fact.given
        with mpmath.workdps(60):
            value, slack = mp_risk(problem_of(doc), fact.point), mpmath.mpf(10) ** -50
            size = 1 + abs(value)
            assert mp(fact.risk.lower) <= value + slack * size
            assert value <= mp(fact.risk.upper) + slack * size
            assert mp(fact.risk.upper - fact.risk.lower) <= mpmath.mpf(10) ** -30 * size


def test_refusals() -> None:
    doc = document([1, 2, 1], "relu", "logistic", [0, 1], [[0], [1]])
    refused(doc, [{"rule": "enclosed_point", "parameters": "given"}], "the network file gives no parameters")
    refused(doc, [{"rule": "enclosed_point"}], "parameters: is missing", Malformed)
    refused(doc, [{"rule": "point", "parameters": POINT}], "is not a rule for the logistic loss", Rejected)
    squared = document([1, 2, 1], "relu", "squared", [0, 1], [[0], [1]])
    refused(squared, [{"rule": "enclosed_point", "parameters": POINT}], "is not a rule where risks are rational")
    far = document([1, 1, 1], "relu", "poisson", [0], [[0]])
    steep = [layer([[0]], [9000]), layer([[1]], [0])]
    texts = [{key: [[str(v) for v in row] if isinstance(row, list) else str(row) for row in part]
              for key, part in each.items()} for each in steep]  # fmt: skip
    refused(far, [{"rule": "enclosed_point", "parameters": texts}], "beyond 8192", Declined)


XOR = document([2, 2, 1], "relu", "logistic", [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])
HALF = [layer([["1", "1"], ["1", "1"]], ["0", "-1"]), layer([["2", "-4"]], ["-1"])]
BETWEEN = [{"rule": "function_bound"}, {"rule": "enclosed_point", "parameters": HALF},
           {"rule": "bracket", "from": {"bound": 0, "point": 1}}]  # fmt: skip
CONTROLS = {"xor": control(XOR, BETWEEN, {"global_bounds": 2})}
CORRUPTIONS = [
    corruption("xor", 1, ["parameters"], ..., Malformed, "parameters: is missing"),
    corruption("xor", 1, ["parameters"], "given", Rejected, "the network file gives no parameters"),
    corruption("xor", 1, ["parameters", 0, "weight", 0], ["1"], Malformed, "expected 2 numbers"),
    corruption("xor", 1, ["parameters", 1, "bias", 0], "-2", Rejected, "claims[0].risk: claimed"),
    corruption("xor", 1, ["risk"], "1", Malformed, "unknown key"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_weight_decay_is_part_of_the_risk() -> None:
    """½ μ Σ w² + ½ ν Σ b², whatever the loss's factor; numbers that are neither 1 nor alike."""
    theta = [layer([["3/2"], ["-7/3"]], ["5/4", "-2/5"]), layer([["1/3", "7/2"]], ["-9/4"])]
    weights, biases = (sum((Fraction(x) ** 2 for x in part), Fraction(0)) for part in (
        ("3/2", "7/3", "1/3", "7/2"), ("5/4", "2/5", "9/4")))  # fmt: skip
    plain = document(
        [1, 2, 1], "relu", {"name": "logistic", "factor": "2/7"}, [2, -1], [["1/3"], ["1/2"]], parameters=theta
    )
    without, theory = enclosed(plain).risk, (Fraction(5, 3) * weights + Fraction(2, 9) * biases) / 2
    decayed = plain | {"weight_decay": {"weights": "5/3", "biases": "2/9"}}
    found = enclosed(decayed).risk
    for end in ("lower", "upper"):
        assert abs(getattr(found, end) - getattr(without, end) - theory) < Fraction(1, 10**30)
    assert penalty(problem_of(decayed), enclosed(decayed).point) == theory
    assert penalty(problem_of(plain), enclosed(plain).point) == 0
    squared, rows = (
        problem_of(decayed | {"loss": {"name": "squared", "reduction": "sum", "factor": "2/7"}}),
        [(Fraction(1),), (Fraction(2),)],
    )
    exactly = Fraction(2, 7) * (Fraction(2, 3) ** 2 + Fraction(3, 2) ** 2) + theory
    assert enclosed_risk(squared, rows, theory).lower <= exactly <= enclosed_risk(squared, rows, theory).upper
    assert enclosed_risk(squared, rows, theory).upper - exactly < Fraction(1, 10**30)
