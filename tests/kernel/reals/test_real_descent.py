"""The rule `real_descent`: curves along which the risk falls at first."""

import pytest

from tests.kernel.reals import made
from tests.kernel.reals.made import Malformed, Rejected, control, corruption, layer
from tests.kernel.reals.test_real_face_minimum import small
from tests.kernel.rules import suite

DOC = small([0, 1, 2], [[1], [0], ["1/2"]], 1, -1, 0, 0)
CURVE = [layer([["1"]], [["-1", "1"]]), layer([[["0", "0", "-1"]]], ["0"])]
STEPS = [
    {"rule": "enclosed_point", "parameters": "given"},
    {"rule": "real_descent", "from": {"point": 0}, "curve": CURVE},
]
SLOW = small([0, 1], [[0], [1]], 0, 1, 1, -1)
CONTROLS = {
    "two steps": control(DOC, STEPS, {"point": 1}),
    "straight": control(SLOW, [STEPS[0], STEPS[1] | {"curve": [layer([[["0", "1"]]], ["1"]), layer([["1"]], ["-1"])]}],
                        {"point": 1}),
}  # fmt: skip
LATE = [layer([[["0", "0", "1"]]], ["1"]), layer([["1"]], [["-1", "1"]])]
# Predictions t³ and t³ + t⁶/4: −t⁶/8 by the residuals, t⁶/4 by the curvature.
HIDDEN = [layer([[[*["0"] * 6, "1/4"]]], ["1"]), layer([["1"]], [["-1", "0", "0", "1"]])]
CORRUPTIONS = [
    corruption("two steps", 1, ["curve", 1, "weight", 0, 0], ["0", "0", "1"], Rejected, "is not seen to fall"),
    corruption("two steps", 1, ["curve", 0, "bias", 0], ["-1", "-1"], Rejected, "is not seen to fall"),
    corruption("two steps", 1, ["curve", 0, "weight", 0, 0], "2", Rejected, "does not start at the point"),
    corruption("straight", 1, ["curve"], LATE, Rejected, "is not seen to fall"),
    corruption("straight", 1, ["curve"], HIDDEN, Rejected, "is not seen to fall"),
    corruption("two steps", 1, ["curve"], ..., Malformed, "curve: is missing"),
    corruption("two steps", 1, ["from", "point"], 1, Rejected, "step 1 does not come before this one"),
]
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_a_control_is_made_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in a rule then fails this file's tests, and does not end the collection of all."""

    def broken(*_: object) -> None:
        raise Rejected("steps[1]", "planted")

    monkeypatch.setattr(made, "apply", broken)
    one = control(DOC, STEPS, {"point": 1})
    with pytest.raises(Rejected, match="planted"):
        _ = one.proof
