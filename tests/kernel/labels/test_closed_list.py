"""The rule `closed_list`: no spurious minimum for any value of the symbols."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from symverify.kernel import Rejected
from symverify.kernel.cells.strata import unit_classes
from symverify.kernel.core.text import Fields
from symverify.kernel.labels.closed_list import NoSpurious, Part, State, by_vector, named_faces, part
from symverify.kernel.labels.symbols import Family, family_of
from symverify.kernel.network_file import read_problem
from tests.examples import network, samples
from tests.kernel.accepted import case, claim
from tests.kernel.corruption import Json, no_data, text
from tests.kernel.rules import check_step, of, suite

LINE = network([1, 1, 1], "identity", samples([1], ["a"]), bias=False, symbols={"a": [1, 2]})
STEP: Json = {"rule": "closed_list", "fit": [["3/2", "1"]],
              "strata": [{"fit": [["0", "0"]], "unit": 0, "direction": ["1"], "sign": 1}, {}, {}]}  # fmt: skip
AROUND = LINE | {"symbols": {"a": [-1, 1]}}  # at a = 0 the stratum v = 0 has minima, too, with the same predictions
FALLS: Json = {"fit": [["0", "0"]], "unit": 0, "direction": ["1"], "weights": ["1"]}
COMMON: Json = [["0", "1"]]
TREE: Json = [
    {"split": ["0", "1"]},
    {"split": ["0", "-1"]},
    {"fit": COMMON, "strata": [{"fit": [["0", "0"]]}, {}, {}]},
    {"fit": COMMON, "strata": [FALLS | {"sign": 1}, {}, {}]},
    {"fit": COMMON, "strata": [FALLS | {"sign": -1}, {}, {}]},
]
HELD = LINE | {"where": ["a - 3/2"]}
WHOLE: Json = {"fit": [["3/2", "1"]], "strata": STEP["strata"]}
NEVER: Json = {"unit": 0, "direction": ["1"], "weights": ["0", "1"]}  # 0 > 0, as a − 3 ≥ 0 and a ≤ 2
OUTSIDE: Json = [
    {"split": ["-3/2", "1"]},
    {"strata": [NEVER | {"fit": [["0", "0"]], "sign": 1}, *[NEVER | {"fit": [["3/2", "1"]]}] * 2]},
    WHOLE,
]
# A leaky unit on one sample: it fits y = a > 0 with w < 0 and v < 0, or both positive; from all else risk falls.
LEAKY = LINE | {"activation": {"name": "two_piece", "negative_slope": "1/2", "positive_slope": 1}}
UP: Json = {"unit": 0, "direction": ["1"]}
DOWN: Json = {"unit": 0, "direction": ["-1"]}
NONE: Json = {"fit": [["0", "0"]]}
ENTRIES: list[Json] = [
    NONE | UP | {"sign": 1}, {"vector": ["-1"], "multipliers": [["0", "1/2"], None]}, {},  # w < 0: v = 0, +, −
    NONE | DOWN | {"sign": -1}, NONE | UP, NONE | DOWN,  # w = 0
    NONE | DOWN | {"sign": -1}, {}, {"vector": ["-1"], "multipliers": [None, ["0", "1"]]},  # w > 0
]  # fmt: skip
BENT: Json = {"rule": "closed_list", "fit": [["3/2", "1"]], "strata": ENTRIES}
# The same where a > 0 is a side condition: the vectors are 0 at its end, what falls does so by its weight.
EDGE = LEAKY | {"symbols": {"a": [0, 1]}, "where": ["a"]}
CLOSED: Json = {"rule": "closed_list", "fit": [["1/2", "1"]], "strata": [
    each | ({"weights": ["1/4"]} if "direction" in each else {}) for each in ENTRIES]}  # fmt: skip
TWO = LINE | {"layers": [1, 2, 1]}
PAIRS: Json = {"rule": "closed_list", "fit": [["3/2", "1"]], "strata": [*STEP["strata"][:1], {}, {}, {}, {}, {}]}
PLANE = LINE | {"layers": [2, 1, 1], "data": samples([[1, 1]], ["a"])}
ACROSS: Json = STEP | {"strata": [{"fit": [["0", "0"]], "unit": 0, "direction": ["2", "-1"], "sign": 1}, {}, {}]}
CONTROLS = {
    "two inputs": case(
        PLANE, [ACROSS], claim("no_spurious_for_all", 0, domain="a in [1, 2]", formula="0", strata=3, excluded=1)
    ),
    "leaky": case(
        LEAKY, [BENT], claim("no_spurious_for_all", 0, domain="a in [1, 2]", formula="0", strata=9, excluded=7)
    ),
    "leaky, down to 0": case(
        EDGE,
        [CLOSED],
        claim("no_spurious_for_all", 0, domain="a in [0, 1] with a > 0", formula="0", strata=9, excluded=7),
    ),
    "two units": case(
        TWO, [PAIRS], claim("no_spurious_for_all", 0, domain="a in [1, 2]", formula="0", strata=6, excluded=1)
    ),
    "a line": case(
        LINE, [STEP], claim("no_spurious_for_all", 0, domain="a in [1, 2]", formula="0", strata=3, excluded=1)
    ),
    "a tree": case(
        AROUND, [{"rule": "closed_list", "cover": TREE}],
        claim("no_spurious_for_all", 0, domain="a in [-1, 1]", formula="0", strata=3, excluded=0),
    ),
    "a side condition": case(
        HELD, [{"rule": "closed_list", "cover": OUTSIDE}],
        claim("no_spurious_for_all", 0, domain="a in [1, 2] with -3/2 + a > 0", formula="0", strata=3, excluded=1),
    ),
}  # fmt: skip
ENTRY = "steps[0].strata[0]"
CORRUPTIONS = of("a line", [
    ("one left out", "steps[0].strata", [{}, {}], "Rejected", "expected one entry for each of the 3 strata, got 2"),
    ("not excluded", ENTRY, {"fit": [["0", "0"]]}, "Rejected", "is not excluded, and has other predictions"),
    ("with other predictions", ENTRY, {}, "Rejected", "has predictions that are not in the span"),
    ("another fit", "steps[0].fit", [["1", "1"]], "Rejected", "has predictions that are not the best for all labels"),
    ("the other way is as good", f"{ENTRY}.direction", ["0"], "Rejected", "along which it need not fall"),
    ("no sign", f"{ENTRY}.sign", ..., "Rejected", "a sign is given exactly where the output weight is 0"),
    ("the other sign", f"{ENTRY}.sign", -1, "Rejected", "along which it need not fall"),
    ("a sign too many", "steps[0].strata[1]", {"unit": 0, "direction": ["1"], "sign": 1}, "Rejected",
     "a sign is given exactly where"),
    ("excluded, but it is a minimum", "steps[0].strata[1]", {"unit": 0, "direction": ["1"]}, "Rejected",
     "along which it need not fall"),
    ("no unit", f"{ENTRY}.unit", 1, "Malformed", "there is no such unit"),
    ("far beyond", f"{ENTRY}.unit", 3, "Malformed", "there is no such unit"),
    ("a vector that separates nothing", "steps[0].strata[1]", {"vector": ["1"], "multipliers": [["1"], None]},
     "Rejected", "multipliers[0] do not combine"),
    ("a vector with multipliers 0", "steps[0].strata[1]", {"vector": ["0"], "multipliers": [["0"], None]}, "Rejected",
     "does not admit the stratum, or only with multipliers 0"),
    ("unknown key", f"{ENTRY}.why", "", "Malformed", "unknown key"),
    ("more excluded", "claims[0].excluded", 2, "Rejected", "claimed 2, proved 1"),
    ("a tree beside it", "steps[0].cover", [WHOLE], "Malformed", "unknown key"),
    ("no common fit", "steps[0].fit", ..., "Rejected", "is missing, as there is no common one"),
    ("fits of their own only", "steps[0]", {"rule": "closed_list", "strata": [
        STEP["strata"][0], *[{"fit": STEP["fit"]}] * 2]}, "Rejected", "is not excluded, and has other predictions"),
]) + of("two inputs", [
    ("along nothing", f"{ENTRY}.direction", ["1", "-1"], "Rejected", "along which it need not fall"),
    ("short", f"{ENTRY}.direction", ["1"], "Malformed", "expected 2 numbers"),
]) + of("a side condition", [
    ("an empty part kept", "steps[0].cover[1].strata[1]", {"fit": [["3/2", "1"]]}, "Rejected", "has other predictions"),
    ("not empty", "steps[0].cover[0].split", ["-1/4", "1"], "Rejected", "it need not fall"),
    ("nothing kept", "steps[0].cover", OUTSIDE[1:2], "Rejected", "more weights than there are side conditions"),
]) + of("a tree", [
    ("no cut at 0", "steps[0].cover", TREE[:1] + TREE[3:], "Rejected", "along which it need not fall"),
    ("a part left out", "steps[0].cover", TREE[:4], "Rejected", "ends before all parts are covered"),
    ("a part too many", "steps[0].cover", [*TREE, TREE[4]], "Rejected", "comes after the end of the tree"),
    ("no tree", "steps[0].cover", [], "Rejected", "ends before all parts are covered"),
    ("the parts exchanged", "steps[0].cover", [*TREE[:3], TREE[4], TREE[3]], "Rejected", "it need not fall"),
    ("not the same at 0", "steps[0].cover[2].strata[0].fit", [["1", "0"]], "Rejected", "that are not in the span"),
    ("not the same beyond 0", "steps[0].cover[3].strata[0]", {"fit": [["0", "0"]]}, "Rejected",
     "is not excluded, and has other predictions"),
    ("another cut", "steps[0].cover[0].split", ["1/2", "1"], "Rejected", "has other predictions"),
    ("a weight of the closed side", "steps[0].cover[3].strata[0].weights", ["0", "1"], "Rejected", "need not fall"),
    ("too many weights", "steps[0].cover[4].strata[0].weights", ["1", "0"], "Rejected", "more weights than there are"),
    ("a cut with a list", "steps[0].cover[0].strata", [], "Malformed", "unknown key"),
    ("a cut of another size", "steps[0].cover[0].split", ["0"], "Malformed", "expected 2 numbers"),
    ("more excluded", "claims[0].excluded", 1, "Rejected", "claimed 1, proved 0"),
]) + of("leaky", [
    ("one too many", "steps[0].strata", [*ENTRIES, {}], "Rejected", "expected one entry for each of the 9 strata"),
    ("the wrong side", "steps[0].strata[0].direction", ["-1"], "Rejected", "[0]: closed_list: has a direction along"),
    ("the wrong side of a kink", "steps[0].strata[4].direction", ["-1"], "Rejected",
     "strata[4]: closed_list: has a direction along which it need not fall"),
    ("the wrong sign", "steps[0].strata[1].multipliers", [None, ["0", "-1/2"]], "Rejected", "none negative"),
    ("the vector of a minimum", "steps[0].strata[2]", {"vector": ["-1"], "multipliers": [["0", "1/2"], None]},
     "Rejected", "strata[2]: closed_list: has a vector that does not admit the stratum"),
    ("a vector along the fit", "steps[0].strata[7]", {"vector": ["1"], "multipliers": [["0", "1"], None]},
     "Rejected", "strata[7]: closed_list: has a vector that may be positive on the best fit"),
    ("no such sign", "steps[0].strata[0].sign", 2, "Malformed", "there is no such unit, or no such sign"),
]) + of("leaky, down to 0", [
    ("no weight", "steps[0].strata[3].weights", ["0"], "Rejected", "strata[3]: closed_list: has a direction along"),
    ("too much", "steps[0].strata[0].weights", ["3/4"], "Rejected", "strata[0]: closed_list: has a direction along"),
])  # fmt: skip
test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


NOT_BEST, NOT_IN_SPAN = (
    "has predictions that are not the best for all labels",
    "has predictions that are not in the span",
)
ZEROS: Json = [["0", "0"]] * 2
FLAT_RELU = LINE | {"activation": "relu", "data": samples([1, 0], ["a", 0])}


@pytest.mark.parametrize(
    ("document", "step", "reason"),
    [
        (  # best along the first input only
            PLANE | {"data": samples([[1, 0], [0, 1]], ["a", "a"])},
            {"fit": [["3/2", "1"], ["0", "0"]], "strata": [
                {"fit": ZEROS, "unit": 0, "direction": ["1", "0"], "sign": 1}, {}, {}]},
            f"strata[1]: closed_list: {NOT_BEST}",
        ),
        (LINE, STEP | {"fit": [["3/2", "0"]]}, f"strata[1]: closed_list: {NOT_BEST}"),  # best at the centre only
        (  # no bias, where there is one: predictions a of the bias alone are as good as the others
            LINE | {"bias": {"hidden": False, "output": True}}, STEP, f"strata[0]: closed_list: {NOT_BEST}",
        ),
        (  # in the span at the centre only
            AROUND | {"data": samples([1, 1], ["a", 0])}, {"fit": [["0", "1"], ["0", "0"]], "strata": [{}] * 3},
            f"strata[0]: closed_list: {NOT_IN_SPAN}",
        ),
        (  # two columns that are the same span one dimension
            PLANE | {"data": samples([[1, 1], [1, 1]], ["a", 0])},
            {"fit": [["3/2", "1"], ["0", "0"]], "strata": [
                {"fit": ZEROS, "unit": 0, "direction": ["1", "0"], "sign": 1}, {}, {}]},
            f"strata[1]: closed_list: {NOT_IN_SPAN}",
        ),
        (  # a unit that is off is a spurious minimum, though it predicts the same on the second sample
            FLAT_RELU, {"fit": [["3/2", "1"], ["0", "0"]], "strata": [*[{"fit": ZEROS}] * 7, {}, {}]},
            "strata[0]: closed_list: is not excluded, and has other predictions",
        ),
    ],
)  # fmt: skip
def test_predictions_that_are_not_those_of_all_local_minima(document: Json, step: Json, reason: str) -> None:
    check_step(document, [{"rule": "closed_list"} | step], reason)


def test_a_vector_is_not_positive_at_any_value() -> None:
    """−a ≤ 0 at the centre, a = 1/2, and not at a = −1."""
    problem = read_problem(text(LEAKY | {"symbols": {"a": [-1, 2]}}), no_data)
    family, fields = family_of(problem), Fields({"vector": ["-1"], "multipliers": [["0", "1/2"], None]}, "here")
    face: tuple[int, ...] = (0,)
    with pytest.raises(Rejected, match="has a vector that may be positive on the best fit"):
        by_vector(problem, family, unit_classes(problem, (face,)), [(face, 1)], list(family.labels), fields)


def test_an_infimum_that_need_not_be_attained_is_refused() -> None:
    late = LINE | {"activation": {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}}
    check_step(late, [STEP], "the least risk need not be attained")


def test_the_piece_at_a_kink_is_that_of_the_direction() -> None:
    """|w| at w = 0: with v > 0 the risk falls to both sides, with v < 0 to none."""
    vee = LINE | {"activation": "abs"}
    first = NONE | DOWN | {"sign": 1}, {}, {"vector": ["-1"], "multipliers": [None, ["0", "1"]]}
    for way in (UP, DOWN):
        strata = [*first, NONE | way | {"sign": 1}, NONE | way, NONE | way, {}, {}, {}]
        reason = "steps[0].strata[5]: closed_list: has a direction along which it need not fall"
        check_step(vee, [BENT | {"strata": strata}], reason)


def test_different_risks_are_told_with_their_parts() -> None:
    """One that holds on two parts of three; at a = 0 all are the same."""
    whole = Family(("a",), (Fraction(0),), (Fraction(1),), (), ())
    a, minus = (Fraction(0), Fraction(1)), (Fraction(0), Fraction(-1))
    above, below = whole.split(a)
    zero, beyond = above.split(minus)
    twice = (tuple(2 * x for x in a),)
    parts = (
        Part(zero, ((a, False), (minus, False)), twice, 2), Part(beyond, ((a, False), (a, True)), (a,), 1),
        Part(below, ((minus, True),), twice, 3), Part(whole, (), None, 4),
    )  # fmt: skip
    found = NoSpurious(whole, parts, Fraction(1, 2), 5)
    assert found.formula == "2 a^2 where (a >= 0 and - a >= 0) or (- a > 0); 1/2 a^2 where (a > 0)"
    assert found.excluded == 1
    assert NoSpurious(whole, parts[:1], Fraction(1), 5).formula == "4 a^2"
    assert (parts[0].has((a,)), parts[1].has(twice), parts[3].has(twice)) == (True, False, False)


def test_one_stratum_that_is_left_has_the_minima_of_a_part() -> None:
    """Only where all are excluded there are no such symbols."""
    problem = read_problem(text(LINE), no_data)
    strata: list[tuple[State, ...]] = [(((0,), s),) for s in (0, 1)]
    found = part(problem, family_of(problem), (), strata, Fields({**WHOLE, "strata": STEP["strata"][:2]}, "here"))
    assert (found.errors, found.excluded) == (((Fraction(0), Fraction(0)),), 1)


LATE: Json = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
STEP_UP: Json = {"breakpoints": [0, 1], "slopes": [0, 1, 0], "anchor": [0, 0]}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("h", "bias"), [("relu", True), ("abs", False), (LATE, True), ("hardtanh", False),
                                         (STEP_UP, False), ("identity", True)])  # fmt: skip
def test_the_faces_of_a_unit(h: Json, bias: bool, seed: int) -> None:
    """Those of all weights and biases on a grid that is fine enough for one input; equal inputs and 0 among them."""
    rng = Random(seed)
    xs = [rng.randint(-2, 2) for _ in range(rng.randint(1, 4))]
    problem = read_problem(text(network([1, 1, 1], h, samples(xs, [0] * len(xs)), bias=bias)), no_data)
    seen = set[tuple[int, ...]]()
    for w, b in product(range(-24, 25), range(-24, 25) if bias else [0]):
        pieces = [problem.activations[0].pieces(Fraction(w * x + b, 8)) for x in xs]
        seen.add(tuple(2 * p[0] + (len(p) > 1) if x or bias else 2 * p[0] for p, x in zip(pieces, xs, strict=True)))
    assert named_faces(problem) == sorted(seen)


@pytest.mark.parametrize("seed", range(4))
def test_two_candidates_are_two(seed: int) -> None:
    """ReLU units that are on and off: the strata where they are off have other predictions, and minima."""
    relu = LINE | {"activation": "relu"}
    strata: Json = [{} for _ in range(9)]
    for k in range(seed, 9, 4):
        strata[k] = {"fit": [["0", "0"]]}
    check_step(relu, [STEP | {"strata": strata}], "closed_list")


FIRST_ON, SECOND_ON, ALL_OFF = (2, 0), (0, 2), (0, 0)  # on at x = 1, at x = −1, nowhere
ON_FIRST: Json = ["-1", "0"], {FIRST_ON: [None, ["0", "1", "0"]]}
ON_SECOND: Json = ["0", "1"], {SECOND_ON: [["0", "1", "0"], None]}


@pytest.mark.parametrize(
    ("stratum", "g", "admitted"),
    [
        ([(FIRST_ON, -1), (SECOND_ON, 1)], ON_FIRST, True),
        ([(SECOND_ON, -1), (FIRST_ON, -1)], ON_FIRST, True),
        ([(FIRST_ON, 1), (SECOND_ON, 1)], ON_FIRST, False),
        ([(SECOND_ON, 1), (FIRST_ON, 1)], ON_FIRST, False),
        ([(FIRST_ON, 1), (SECOND_ON, 1)], ON_SECOND, True),
        ([(SECOND_ON, 1), (FIRST_ON, -1)], ON_SECOND, True),
        ([(FIRST_ON, -1), (SECOND_ON, -1)], ON_SECOND, False),
        ([(SECOND_ON, -1), (FIRST_ON, 1)], ON_SECOND, False),
        ([(SECOND_ON, 0), (FIRST_ON, -1)], ON_FIRST, True),  # a unit of output weight 0 is of no class
        ([(FIRST_ON, 0), (FIRST_ON, -1)], ON_FIRST, True),
        ([(FIRST_ON, -1), (FIRST_ON, 0), (SECOND_ON, -1)], ON_FIRST, True),
        ([(SECOND_ON, 1), (FIRST_ON, 0), (FIRST_ON, 1)], ON_FIRST, False),
        ([(FIRST_ON, -1), (FIRST_ON, 1)], ON_FIRST, False),  # both signs on one face
        ([(SECOND_ON, 1)], ON_FIRST, False),  # only with multipliers 0
        ([(ALL_OFF, -1), (SECOND_ON, 1), (FIRST_ON, -1)], ON_FIRST, True),
        ([(ALL_OFF, 1), (SECOND_ON, 1), (FIRST_ON, 1)], ON_FIRST, False),
    ],
)  # fmt: skip
def test_which_strata_a_vector_excludes(stratum: list[State], g: Json, admitted: bool) -> None:
    """ReLU at x = 1, −1: the units' signs count class by class, in the order of their first units."""
    network_ = network([1, len(stratum), 1], "relu", samples([1, -1], ["a", "-a"]), bias=False, symbols={"a": [1, 2]})
    problem = read_problem(text(network_), no_data)
    vector, slots = g
    faces = tuple(face for face, s in stratum if s)
    classes = unit_classes(problem, faces)
    multipliers = [x for face in dict.fromkeys(faces) for x in slots.get(face, [["0"] * 3] * 2)]
    fields = Fields({"vector": vector, "multipliers": multipliers}, "here")
    middle, half = (Fraction(3, 2),), (Fraction(1, 2),)
    family = Family(("a",), middle, half, (), ())
    f = [(Fraction(3, 2), Fraction(1)), (Fraction(-3, 2), Fraction(-1))]
    if admitted:
        by_vector(problem, family, classes, stratum, f, fields)
        return
    with pytest.raises(Rejected, match="has a vector that does not admit the stratum, or only with multipliers 0"):
        by_vector(problem, family, classes, stratum, f, fields)
