"""The rule `spurious_real`: a strictly lower enclosure."""

from tests.kernel.reals.made import Malformed, Rejected, checked, control, corruption, document, edited, layer, refused
from tests.kernel.reals.test_minimum_in_box import BRANCHES, LAST, ON_BRANCH
from tests.kernel.rules import suite

XOR = document([2, 2, 1], "relu", "logistic", [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])
MINIMUM = {"rule": "span_minimum", "pieces": [1], "near": [["0", "0", "0"]], "dual": [["1/2"]] * 4}


def solved(scale: int) -> list[object]:
    """x1 + x2 with the overlap taken off twice, times a scale."""
    hidden = layer([["1", "1"], ["1", "1"]], ["0", "-1"])
    return [hidden, layer([[str(2 * scale), str(-4 * scale)]], [str(-scale)])]


def steps(scale: int) -> list[object]:
    better = {"rule": "enclosed_point", "parameters": solved(scale)}
    return [MINIMUM, better, {"rule": "spurious_real", "from": {"minimum": 0, "better": 1}}]


def test_spurious() -> None:
    found = checked(XOR, steps(1), {"spurious_minimum": 2, "valley": 2})
    assert "risk=0.69314718055994530941.." in found.theorems[0].line()
    assert "better=0.31326168751822283404.." in found.theorems[0].line()
    assert dict(found.theorems[1].statement)["better_risk"] == dict(found.theorems[0].statement)["better_risk"]


def test_refusals() -> None:
    refused(XOR, steps(0), r"its risk 0\.6931.* is not below 0\.6931")
    refused(XOR, steps(-1), "is not below")
    last = steps(1)[2]
    refused(XOR, [*steps(1)[:2], edited(last, ["from", "better"], 0)], "step 0 proves SpanMinimum, expected Reached")
    refused(XOR, [*steps(1)[:2], edited(last, ["from", "minimum"], 1)], "proves EnclosedPoint, expected RealMinimum")
    refused(XOR, [*steps(1)[:2], edited(last, ["from", "better"], ...)], "better: is missing", Malformed)
    refused(XOR, [*steps(1)[:2], edited(last, ["gap"], "1")], "unknown key", Malformed)


def test_a_limit_is_no_point() -> None:
    """Its risk 1 is below 9, but the claim would say that a point has it."""
    limit = {"rule": "limit", "constant": "0", "units": [{"sign": "1", "u": ["-3"], "nu": "0"}]}
    refused(BRANCHES, [ON_BRANCH, limit, LAST], "expected a point")


CONTROLS = {"xor": control(XOR, steps(1), {"spurious_minimum": 2, "valley": 2})}
CORRUPTIONS = [
    corruption("xor", 2, ["from", "better"], 0, Rejected, "step 0 proves SpanMinimum, expected Reached"),
    corruption("xor", 2, ["from", "minimum"], 1, Rejected, "proves EnclosedPoint, expected RealMinimum"),
    corruption("xor", 2, ["from", "better"], ..., Malformed, "better: is missing"),
    corruption("xor", 2, ["gap"], "1", Malformed, "unknown key"),
    corruption("xor", 1, ["parameters", 1, "bias", 0], "9", Rejected, "is not below"),
    corruption("xor", 2, ["from", "better"], 2, Rejected, "step 2 does not come before this one"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)
