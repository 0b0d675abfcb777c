"""The rule `hull`: one face's minima are spurious for all values of the symbols."""

from fractions import Fraction

import pytest

from tests.examples import layer, network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json
from tests.kernel.labels.made import FOUR, ONE, at, drawn
from tests.kernel.labels.test_face_radius import moved
from tests.kernel.labels.test_face_region import BENT, FIT, SLIDE
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle

OFF: Json = {"rule": "face_region", "parameters": [layer([["-1"]]), layer([["1"]])], "moves": [[["0"], ["0"]]],
             "multipliers": [[]]}  # fmt: skip
HULL: Json = {"rule": "hull", "from": {"minimum": 0, "better": 1}}
# One unit, on at x = −1 with error a there and at x = 1 with error b here: a² > b² is to hold in the whole box.
SIDES = network([1, 1, 1], "relu", samples([1, -1], ["a", "b"]), 1, bias=False,
                symbols={"a": [2, 3], "b": [1, "19/10"]})  # fmt: skip
LEFT: Json = {"rule": "face_region", "parameters": [layer([["-29/20"]]), layer([["1"]])], "multipliers": [[]],
              "moves": [[["0", "-1"], ["0", "0"]]]}  # fmt: skip
RIGHT: Json = {"rule": "face_region", "parameters": [layer([["5/2"]]), layer([["1"]])], "multipliers": [[]],
               "moves": [[["1", "0"], ["0", "0"]]]}  # fmt: skip
# Both units off, or one for each label: at the two ends of the symbol the errors (2, 0) and (0, 2) are orthogonal.
TURNED = network([1, 2, 1], "relu", samples([1, -1], ["1 + s", "1 - s"]), "1/2", bias={"hidden": True, "output": False},
                 symbols={"s": [-1, 1]}) | {"where": ["1 + s", "1 - s"]}  # fmt: skip
STILL: Json = {"rule": "face_region", "parameters": [layer([["0"], ["0"]], ["-1", "-1"]), layer([["1", "1"]])],
               "moves": [[["0"]] * 3] * 2, "multipliers": [[], []]}  # fmt: skip
FITTED: Json = {"rule": "face_region", "parameters": [layer([["1"], ["-1"]], ["0", "0"]), layer([["1", "1"]])],
                "moves": [[["1"], ["0"], ["0"]]] * 2, "multipliers": [[], []],
                "weights": [[], ["1"], ["1"], [], ["0", "1"], ["0", "1"]]}  # fmt: skip
# The same with seven symbols, 128 corners: a² > b² by the sizes of the terms.
MANY = network([1, 1, 1], "relu", samples([1, -1], ["a", "b"]), 1, bias=False,
               symbols={"a": [2, 3], "b": [1, "3/2"]} | {name: [0, 1] for name in "cdfgh"})  # fmt: skip
WIDE = [
    step | {"parameters": [layer([[w]]), layer([["1"]])], "moves": [[[*row, *["0"] * 5] for row in step["moves"][0]]]}
    for step, w in ((LEFT, "-5/4"), (RIGHT, "5/2"))
]
CONTROLS = {
    "seven symbols": case(MANY, [*WIDE, HULL], claim(
        "spurious_face_for_all", 2, face="01", formula="a^2", better_formula="b^2",
        domain="a in [2, 3], b in [1, 3/2], " + ", ".join(f"{name} in [0, 1]" for name in "cdfgh"))),
    "two symbols": case(SIDES, [LEFT, RIGHT, HULL], claim(
        "spurious_face_for_all", 2, domain="a in [2, 3], b in [1, 19/10]", face="01", formula="a^2",
        better_formula="b^2")),
    "orthogonal errors": case(TURNED, [STILL, FITTED, HULL], claim(
        "spurious_face_for_all", 2, domain="s in [-1, 1] with 1 + s > 0 and 1 - s > 0", face="00,00",
        formula="1 + s^2", better_formula="0")),
    "off": case(ONE, [OFF, SLIDE, HULL],
                claim("spurious_face_for_all", 2, domain="a in [1, 2]", face="0", formula="a^2", better_formula="0")),
    "the affine fit": case(FOUR, [FIT, BENT, HULL], claim(
        "spurious_face_for_all", 2, domain="a in [0, 1]", face="1111,1111", formula="3/80 + 3/20 a + 3/20 a^2",
        better_formula="0")),
}  # fmt: skip
CORRUPTIONS = of("seven symbols", [
    ("the other way", "steps[2].from", {"minimum": 1, "better": 0}, "Rejected", "values of so many symbols"),
    ("itself", "steps[2].from", {"minimum": 0, "better": 0}, "Rejected", "values of so many symbols"),
]) + of("off", [
    ("the other way", "steps[2].from", {"minimum": 1, "better": 0}, "Rejected", "is not shown to be lower"),
    ("itself", "steps[2].from", {"minimum": 0, "better": 0}, "Rejected", "is not shown to be lower"),
    ("no premise", "steps[2].from.better", ..., "Malformed", "is missing"),
    ("unknown key", "steps[2].corners", [], "Malformed", "unknown key"),
    ("the risks", "claims[0].better_formula", "1", "Rejected", "claimed '1', proved '0'"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


def test_with_many_symbols_the_sizes_of_all_terms_count() -> None:
    """It fails where b may come up to 2, a² − b² ≥ 0 only just; and at 19/10, where the corners would do."""
    for top, weight in (("2", "-3/2"), ("19/10", "-29/20")):
        there = MANY | {"symbols": MANY["symbols"] | {"b": [1, top]}}
        left = WIDE[0] | {"parameters": [layer([[weight]]), layer([["1"]])]}
        check_step(there, [left, WIDE[1], HULL], "for all values of so many symbols")


def test_at_every_corner() -> None:
    """At one of the four, or between two of them, it is not so."""
    for symbols in ({"a": [2, 3], "b": [1, "5/2"]}, {"a": ["9/10", 4], "b": [1, "19/10"]}):
        low, high = (Fraction(x) for x in symbols["a"])
        middle = (low + high) / 2, (Fraction(symbols["b"][0]) + Fraction(symbols["b"][1])) / 2
        left = LEFT | {"parameters": [layer([[str(-middle[1])]]), layer([["1"]])]}
        right = RIGHT | {"parameters": [layer([[str(middle[0])]]), layer([["1"]])]}
        check_step(SIDES | {"symbols": symbols}, [left, right, HULL], "is not shown to be lower for all values")


def test_where_the_risks_meet_it_is_refused() -> None:
    """With labels down to 0 both faces have risk 0 there."""
    wider = ONE | {"symbols": {"a": [0, 2]}}
    check_step(wider, [OFF, SLIDE | {"parameters": [layer([["1"]]), layer([["1"]])]}], "may give way")
    flat = network([1, 1, 1], "abs", samples([1, -1], ["a", "a"]), bias=False, symbols={"a": [1, 2]})
    one = SLIDE | {"moves": [[["1"], ["0"]]]}
    check_step(flat, [one, one | {"parameters": [layer([["-3/2"]]), layer([["1"]])], "moves": [[["-1"], ["0"]]]}, HULL],
               "is not shown to be lower")  # fmt: skip


def test_at_many_values_the_risks_are_so() -> None:
    for values in drawn(FOUR, 25):
        d = [values["a"] - type(values["a"])(1, 2)]
        oracle = Oracle(at(FOUR, values))
        first, second = (oracle.risk(moved(step, step["parameters"], d)) for step in (FIT, BENT))
        a = values["a"]
        assert (first, second) == (type(a)(3, 80) + a * 3 / 20 + a * a * 3 / 20, 0)


def crossed(labels: list[str], symbols: dict[str, list[int | str]]) -> tuple[Json, Json, Json]:
    """Two units at x = 1 and −1 that both fit the second label, or both the first; the other one is the error."""
    half = [(Fraction(high) - Fraction(low)) / 2 for low, high in symbols.values()]
    middle = [Fraction(low) + h for (low, _), h in zip(symbols.values(), half, strict=True)]
    sided = network([1, 2, 1], "relu", samples([1, -1], labels), 1, bias=False, symbols=symbols)
    steps = []
    for label, way in ((labels[1], -1), (labels[0], 1)):
        rates = [way * label.split().count(name) for name in symbols]
        fitted = sum((x * c for x, c in zip(middle, rates, strict=True)), Fraction(way * (label == "3") * 3))
        start = [layer([[str(fitted + 90 * way)], [str(90 * way)]]), layer([["1", "-1"]])]
        moves = [[[str(x) for x in rates], ["0"] * len(rates)], [["0"] * len(rates)] * 2]
        steps.append({"rule": "face_region", "parameters": start, "moves": moves, "multipliers": [[], []]})
    return sided, steps[0], steps[1]


@pytest.mark.parametrize(
    ("labels", "symbols", "reason"),
    [
        (["s", "3"], {"s": [2, 4]}, "values of the symbols"),  # 9 at every value, s² is less at the first end
        (["s", "3"], {"s": [-4, -2]}, "values of the symbols"),  # and here at the other
        (["s", "3"], {"s": [-4, 4]}, "values of the symbols"),  # more at both ends, and less between them
        (["3", " + ".join("abcdfgh")], {name: [-1, 1] for name in "abcdfgh"}, "values of so many symbols"),
    ],
)
def test_each_corner_counts_and_each_pair_of_them(labels: Json, symbols: Json, reason: str) -> None:
    """The one with the error of the first label is not always above that with the error of the second."""
    sided, first, second = crossed(labels, symbols)
    check_step(sided, [first, second, HULL], f"is not shown to be lower for all {reason}")
