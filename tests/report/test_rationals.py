"""Numbers for people: rounded to the side that keeps a sentence true, apart where they differ, exact on demand."""

import json
import random
import re
from fractions import Fraction

import pytest

from symverify.kernel.core.facts import Bracket, LowerBound
from symverify.kernel.reals.enclosure import Enclosure
from symverify.problem.load import loads
from symverify.report.context import context_words
from symverify.report.explain import render
from symverify.report.rationals import (
    LONGEST,
    Toward,
    View,
    abridged,
    abridged_line,
    apart,
    decimal,
    enclosed,
    is_short,
    short,
)
from symverify.report.words import flat, told
from tests.examples import network, samples
from tests.kernel.accepted import CASES
from tests.report.told import accepted, precise, shown
from tests.report.told import told as explained

LONG = Fraction(10**20 + 1, 3 * 10**20)


def long_fractions(text: str) -> list[str]:
    """The fractions of more than twelve digits in a text."""
    found = re.findall(r"(?<![\w/])[0-9]+/[0-9]+(?![\w/])", text)
    return [each for each in found if len(each) > LONGEST + 1]


def test_twelve_digits_are_shown_whole_and_thirteen_are_not() -> None:
    assert is_short(Fraction(-123457, 654321))
    assert short(Fraction(-123457, 654321)) == "−123457/654321"
    assert short(Fraction(1234567, 654321)) == "≈ 1.88679"
    assert short(Fraction(10**12 - 1)) == "999999999999"
    assert short(Fraction(10**12 + 1)) == "≈ 1e+12"


@pytest.mark.parametrize("toward", ["nearest", "down", "up"])
def test_decimals_are_rounded_to_the_side_that_is_asked_for(toward: Toward) -> None:
    source = random.Random(5)
    for _ in range(300):
        x = Fraction(source.randint(-(10**30), 10**30), source.randint(1, 10 ** source.randint(1, 40)))
        if not x:
            continue
        digits = source.randint(1, 9)
        view = Fraction(decimal(x, View(digits, toward)))
        size = Fraction(10) ** (len(str(abs(x.numerator))) - len(str(x.denominator)) - digits + 1)
        assert abs(view - x) <= (size / 2 if toward == "nearest" else size)
        assert toward != "down" or view <= x
        assert toward != "up" or view >= x


def test_bounds_are_rounded_outward() -> None:
    said = flat(told(Bracket(LONG, LONG + Fraction(1, 10**30))))
    low, high = map(Fraction, re.findall(r"≈ ([0-9.]+)", said))
    assert low < LONG < high
    assert "at least ≈ 0.3333" in said
    assert Fraction(flat(told(LowerBound(-LONG, ()))).split("≈ ")[1].replace("−", "-")) < -LONG
    assert flat(told(Bracket(LONG, LONG + 1)), whole=True).endswith(f"at least {LONG} and at most {LONG + 1}")


def test_different_numbers_in_a_sentence_look_different() -> None:
    close = LONG + Fraction(1, 10**11)
    assert apart([LONG, LONG]) == 6
    assert short(LONG) == short(close)
    digits = apart([LONG, close])
    assert short(LONG, View(digits)) != short(close, View(digits))
    assert short(LONG, View(digits - 1)) == short(close, View(digits - 1))
    assert apart([LONG, LONG + Fraction(1, 10**60)]) == 30


def test_messages_keep_everything_but_long_fractions() -> None:
    keep = "cell 0111011101110111,1 at 3/20 of network.json, 2026-01-02/03, path a/12345678901234/56, 12345678901234"
    assert abridged(keep) == keep
    assert abridged(f"risk {LONG}, then -{LONG};") == "risk ≈ 0.333333, then ≈ −0.333333;"


def test_verdict_lines_on_a_terminal_are_cut_off_and_never_wrong() -> None:
    line = (
        f"s PROVED point at=given risk={LONG} better=-{LONG}e spurious=true cells=123456789012345 problem=" + "1" * 64
    )
    cut = abridged_line(line)
    assert "risk=0.3333333333.. " in cut
    assert cut.replace("0.3333333333..", str(LONG)) == line
    assert abridged_line(f"x={-LONG / 10**9}") == "x=-3.333333333..e-10"
    assert abridged_line("x=1234567/1000000 y=3/20") == "x=1.234567 y=3/20"


@pytest.mark.parametrize("name", CASES)
def test_text_and_latex_show_no_long_fraction(name: str) -> None:
    assert long_fractions(shown(name, "text")) == []
    assert long_fractions(re.sub(r"\\frac\{(-?\d+)\}\{(\d+)\}", r"\1/\2", shown(name, "latex"))) == []


def test_the_exact_values_are_there_on_demand() -> None:
    told_exactly = render(explained("theorem 1"), "text", whole=True)
    assert told_exactly.count("Exact values") == shown("theorem 1", "html").count("<summary>Exact values")


def test_every_form_has_the_line_of_context() -> None:
    words = context_words(accepted("theorem 1")[0].problem)
    assert words == "1-2-1 network, ReLU, 4 samples, 1/2 × summed squared loss"
    for form in ("text", "markdown", "latex", "html"):
        assert "4 samples" in shown("theorem 1", form).split("What is proved")[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slope", "anchor", "words"), [(1, 0, "linear"), (2, 0, "linear"), (2, 1, "affine"), (0, 1, "constant activation")]
)
def test_an_activation_without_a_breakpoint_is_called_by_its_slope(slope: int, anchor: int, words: str) -> None:
    activation = {"breakpoints": [], "slopes": [slope], "anchor": [0, anchor]}
    document = network([1, 1, 1], activation, samples([0, 1], [0, 1]))
    assert f" network, {words}, " in context_words(loads(json.dumps(document)).problem)


def test_json_is_exact() -> None:
    from symverify.report.render import as_json
    from symverify.run.check import check

    words = json.loads(as_json(check(precise()[0], ["point"], smt=False)))["claims"][0]
    assert words["risk"] == "0"


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ("2255/100000000", "3534/100000000", "[2.255e-5, 3.534e-5]"),
        ("22551/1000000000", "35341/1000000000", "[2.255e-5, 3.535e-5]"),
        ("123456/1000000", "123457/1000000", "0.12345.."),
        ("0", "1/1000000000000", "[0, 1.000e-12]"),
        (
            "382/10000000000000000000000000000000000000000",
            "4115/100000000000000000000000000000000000000000",
            "[3.820e-38, 4.115e-38]",
        ),
        ("3/10", "4/10", "[0.300000, 0.400000]"),
    ],
)
def test_an_enclosure_of_which_no_digit_is_known_is_its_ends(lower: str, upper: str, expected: str) -> None:
    assert enclosed(Enclosure(Fraction(lower), Fraction(upper))) == expected


def test_long_whole_numbers_of_a_message_are_rounded_too() -> None:
    long = 12345678901234567890
    assert abridged(f"W1 = [[-{long}, 5]], {long}/7", True) == "W1 = [[≈ −1.23457e+19, 5]], ≈ 1.76367e+18"
    kept = f"x{long} 2^-{long} {long}e5 0.{long} a/{long} 123456789012"
    assert abridged(kept, True) == kept
