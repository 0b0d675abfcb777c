"""Statements that would have more digits than can be stated are declined; none is an internal error."""

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import point
from tests.kernel.corruption import Json, certificate, outcome

RULES = [
    "face_region", "closed_list", "every_slope", "slope_region", "spurious_labels", "spurious_region", "face_radius",
]  # fmt: skip


def made(b: int) -> dict[str, tuple[Json, list[Json], str]]:
    """Per rule a network file, steps, and the claim that the last one settles, with numbers like b b in it."""
    twice = network([1, 1, 1], "relu", samples([1, 1], [f"{b} a", 0]), bias=False, symbols={"a": [1, 2]})
    half = [str(3 * b // 4), str(b // 2)]
    face: Json = {
        "rule": "face_region", "parameters": [layer([[half[0]]]), layer([["1"]])],
        "moves": [[[half[1]], ["0"]]], "multipliers": [[]],
    }  # fmt: skip
    listed: Json = {"rule": "closed_list", "fit": [half, half], "strata": [
        {"fit": [["0", "0"]] * 2, "unit": 0, "direction": ["1"], "sign": 1}, {}, {}]}  # fmt: skip
    far = network([1, 2, 1], "relu", samples([0, b, 2 * b, 3 * b], [0, 0, 0, 1]))
    kink: Json = {"rule": "every_slope", "kink": str(2 * b + 1), "fit": ["-1/5", "1/10", "2/5", "7/10"]}
    steep = network(
        [1, 2, 1], {"breakpoints": [0], "slopes": ["a", f"{b} a - {b}"], "anchor": [0, 0]},
        samples([0, 1, 2, 3], [0, 0, 0, 1]), symbols={"a": [2, 3]},
    )  # fmt: skip
    long = network([1, 2, 1], "relu", samples([0, b, f"1/{b + 1}"], [0, 0, 1]))
    large = network([1, 2, 1], "relu", samples([0, 1, b], [0, f"- {b} a", 0]), symbols={"a": [1, 2]})
    one = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
    moving: Json = {  # ν = 1 + b d, so that the room at other labels is a quotient by b
        "rule": "face_radius", "from": {"point": 0}, "moves": [[["1"], [str(b)]]], "multipliers": [[]],
        "neighbour": [f"1/{b + 1}"],
    }  # fmt: skip
    return {
        "face_region": (twice, [face], "minimum_for_all"),
        "closed_list": (twice | {"activation": "identity"}, [listed], "no_spurious_for_all"),
        "every_slope": (far, [kink], "every_slope"),
        "slope_region": (steep, [kink | {"rule": "slope_region", "kink": "2"}], "spurious_for_all"),
        "spurious_labels": (long, [{"rule": "spurious_labels"}], "spurious_labels"),
        "spurious_region": (large, [{"rule": "spurious_region", "form": [b - 1, -b, 1]}], "spurious_for_all"),
        "face_radius": (one, [point([layer([["1"]]), layer([["1"]])]), moving], "face_radius"),
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_statement_of_too_many_digits_is_declined(rule: str) -> None:
    """5,000 digits, which Python does not spell; with few digits only the claim's numbers are missing."""
    for b, expected, why in ((400, "Malformed", "is missing"), (4 * 10**2500, "Declined", "bits to be stated")):
        document, steps, claim = made(b)[rule]
        stated = {"claim": claim, "verdict": "proved", "step": len(steps) - 1}
        verdict, reason = outcome(document, certificate(document, steps, [stated]))
        assert (verdict, why if reason.endswith(why) else reason) == (expected, why)
