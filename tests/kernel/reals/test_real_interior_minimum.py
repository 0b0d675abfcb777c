"""The rule `real_interior_minimum`: equalities between transcendental numbers, decided."""

from tests.kernel.reals.made import Malformed, Rejected, checked, control, corruption, document, layer, refused
from tests.kernel.rules import suite

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
STUCK = [layer([[1, 0], [0, 1]], [1, 1]), layer([[0, 0]], [0])]
STEPS = [{"rule": "enclosed_point", "parameters": "given"}, {"rule": "real_interior_minimum", "from": {"point": 0}}]


def xor(theta: object, **more: object) -> object:
    return document([2, 2, 1], "relu", "logistic", CORNERS, [[0], [1], [1], [0]], parameters=theta, **more)


def test_stuck_at_log_two() -> None:
    """All logits 0, all units active: a spurious local minimum whose gap is its whole risk."""
    solved = [layer([["1", "1"], ["1", "1"]], ["0", "-1"]), layer([["2", "-4"]], ["-1"])]
    steps = [
        *STEPS,
        {"rule": "enclosed_point", "parameters": solved},
        {"rule": "spurious_real", "from": {"minimum": 1, "better": 2}},
        {"rule": "zero_infimum", "from": {"point": 2}},
    ]
    found = checked(xor(STUCK), steps, {"point": 3, "infimum": 4})
    point, infimum = (dict(theorem.statement) for theorem in found.theorems)
    assert point["spurious"] is True
    assert str(point["risk"]) == "0.69314718055994530941.."
    assert infimum == {"risk": "0", "attained": False}


def test_opposite_logits() -> None:
    """x = −1, 1 at logits ∓1/3 and a third sample that makes up for them: σ(−a) = 1 − σ(a)."""
    doc = document(
        [1, 1, 2], "relu", "logistic", [0, 0], [[1, 0], [0, 1]],
        parameters=[layer([[0]], [1]), layer([[0], [0]], [0, 0])],
    )  # fmt: skip
    checked(doc, STEPS, {"point": 1})
    off = document(
        [1, 1, 2], "relu", "logistic", [0, 0], [[1, 0], [0, 1]],
        parameters=[layer([[0]], [1]), layer([[0], [0]], [0, "1/9"])],
    )  # fmt: skip
    refused(off, STEPS, r"not constant on the cell \(output 2\)")


def test_refused() -> None:
    refused(xor([STUCK[0], layer([[0, 0]], ["1/10"])]), STEPS, r"not constant on the cell \(output 1\)")
    refused(xor([layer([[1, 0], [0, 1]], [0, 1]), layer([[0, 0]], [0])]), STEPS, "is at a breakpoint")
    classes = document([2, 2, 2], "relu", "cross_entropy", CORNERS, [0, 1, 1, 0],
                       parameters=[STUCK[0], layer([[0, 0]] * 2, [0, 0])])  # fmt: skip
    refused(classes, STEPS, "is not a rule for the cross_entropy loss")


def test_a_poisson_net_of_constant_rate() -> None:
    flat = [layer([[0]], [1]), layer([[0]], [0])]
    checked(document([1, 1, 1], "relu", "poisson", [0, 1], [[1], [1]], parameters=flat), STEPS, {"point": 1})
    refused(document([1, 1, 1], "relu", "poisson", [0, 1], [[1], [2]], parameters=flat), STEPS, "not constant")


CONTROLS = {"xor": control(xor(STUCK), STEPS, {"point": 1})}
CORRUPTIONS = [
    corruption("xor", 0, ["parameters"], [layer([["1", "0"], ["0", "1"]], ["1", "1"]), layer([["0", "0"]], ["1/10"])],
               Rejected, "the first-order minorant is not constant on the cell (output 1)"),
    corruption("xor", 0, ["parameters"], [layer([["1", "0"], ["0", "1"]], ["0", "1"]), layer([["0", "0"]], ["0"])],
               Rejected, "unit 1 of hidden layer 1 is at a breakpoint"),
    corruption("xor", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
    corruption("xor", 1, ["from"], ..., Malformed, "point: is missing"),
    corruption("xor", 1, ["multipliers"], [], Malformed, "unknown key"),
]  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
