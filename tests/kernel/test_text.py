"""The strict reader: JSON text, exact numbers, objects and lists field by field, the first fault at its place."""

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symverify.kernel.core.text as read
from symverify.kernel.core.errors import Malformed
from symverify.kernel.core.text import (
    Fields,
    Literal,
    anything,
    boolean,
    canonical,
    integer,
    liberal,
    listed,
    natural,
    optional,
    shown,
    text,
)

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def faults(error: pytest.ExceptionInfo[Malformed]) -> dict[str, str]:
    return dict(error.value.faults)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON: Expecting value"),
        (b"{", "not JSON"),
        (b"[1, 2", "not JSON"),
        (b"{} {}", "not JSON: Extra data"),
        (b"[1,]", "not JSON"),
        (b"// note\n{}", r"not JSON: .* \(line 1, column 1\)"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' occurs twice in one object"),
        (b'[{"b": {"a": 1, "\\u0061": 3}}]', "the key 'a' occurs twice in one object"),
        (b"NaN", "NaN is not a number that a file may contain"),
        (b'{"a": [1, Infinity]}', "Infinity is not a number that a file may contain"),
        (b"-Infinity", "-Infinity is not a number that a file may contain"),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark: save it as UTF-8 without one"),
        (b'{"a": "\xff"}', "not UTF-8 text, at byte 7: save it as UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8 text, at byte 0"),
        ('{"é": 1}'.encode("latin-1"), "not UTF-8 text, at byte 2"),
        (b'"\xed\xa0\x80"', "not UTF-8 text"),
        (b'"\\ud800"', "a string contains half of a surrogate pair"),
        (b'{"\\udfff": 1}', "a string contains half of a surrogate pair"),
        (b"[" * 33 + b"]" * 33, "nested deeper than 32 levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested deeper than 32 levels"),
        (b"[" * 1_000_000, "nested deeper than 32 levels"),
        (b"9" * 5000, "an integer has more than 4000 digits"),
        (b"[-" + b"9" * 4001 + b"]", "an integer has more than 4000 digits"),
        (b'"a\nb"', "not JSON: Invalid control character"),
        (b'"\x00"', "not JSON: Invalid control character"),
        (b"01", "not JSON"),
        (b"1.", "not JSON"),
        (b"'a'", "not JSON"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_text_that_is_not_strict_json(data: bytes, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        read.strict_json(data)


def test_text_that_is() -> None:
    assert read.strict_json(b' {"a": [1, -2, true, null, "x\\ud83d\\ude00"], "b": {}} ') == {
        "a": [1, -2, True, None, "x😀"],
        "b": {},
    }
    assert read.strict_json(b"[" * 32 + b"]" * 32) is not None
    assert read.strict_json(b'["' + b"[" * 1000 + b'\\"' + b'{"]') == ["[" * 1000 + '"{']
    assert read.strict_json(b"9" * 4000) == 10**4000 - 1


def test_decimals_keep_their_spelling() -> None:
    value = read.strict_json(b"[0.10, 1E5, -0.0]")
    assert isinstance(value, list)
    assert [str(x) for x in value] == ["0.10", "1E5", "-0.0"]
    assert all(type(x) is Literal for x in value)


def test_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_BYTES", 4)
    assert read.strict_json(b"[12]") == [12]
    with pytest.raises(Malformed, match="the file is larger than 4 bytes"):
        read.strict_json(b"[123]")


HOSTILE: dict[str, Callable[[int], object]] = {
    "escaped quotes": lambda n: read.strict_json(b'"' + b'\\"' * n),
    "quotes and backslashes": lambda n: read.strict_json(b'"' + b'\\"' * n + b"\\"),
    "many strings": lambda n: read.strict_json(b'"",' * n),
    "one key of many twice": lambda n: read.strict_json(
        b"{" + b",".join(b'"%d":1' % i for i in range(n // 4)) + b',"%d":1}' % (n // 4 - 1)
    ),
    "brackets": lambda n: read.strict_json(b"[" * n),
    "closing brackets": lambda n: read.strict_json(b"]" * n),
    "wrong numbers": lambda n: listed(liberal)(["9" * 3999 + "x"] * (n // 4000), ""),
    "wrong digits": lambda n: listed(liberal)(["9" * 3990 + ".9e+x"] * (n // 4000), ""),
    "unknown keys": lambda n: Fields({str(i): 1 for i in range(n // 10)}, "").done(),
}


@pytest.mark.parametrize("build", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_linear_time(build: Callable[[int], object]) -> None:
    start = time.process_time()
    with pytest.raises(Malformed):
        build(400_000)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, Fraction(3)),
        (-0, Fraction(0)),
        (10**3999, Fraction(10**3999)),
        (Literal("0.1"), Fraction(1, 10)),
        (Literal("-1.5e-3"), Fraction(-3, 2000)),
        (Literal("1E2"), Fraction(100)),
        ("0.1", Fraction(1, 10)),
        ("+.5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("3/10", Fraction(3, 10)),
        ("-6/4", Fraction(-3, 2)),
        ("+006/004", Fraction(3, 2)),
        ("0/7", Fraction(0)),
        ("1e4000", Fraction(10**4000)),
        ("1e-4000", Fraction(1, 10**4000)),
        ("0.1000000000000000055511151231257827021181583404541015625", Fraction(0.1)),
        ("9" * 4000, Fraction(10**4000 - 1)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_numbers_are_exact(value: object, number: Fraction) -> None:
    result = liberal(value, "x")
    assert (result, type(result)) == (number, Fraction)


@pytest.mark.parametrize(
    "value",
    [
        True, False, None, 0.5, math.nan, [], {}, "", " 1", "1 ", "1\n", "one", "0x10", "1_000", "1/2/3", "1 / 2",
        "1/-2", "1/2.0", "1e5/3", "/2", "1/", ".", "e5", "1e", "+", "--1", "NaN", "inf", "-Infinity", "١", "1/٢",
        "½", "1,5", "1e999999", "1e-999999", "1e" + "9" * 3000, "9" * 4001, "0." + "1" * 4000, Literal("1e999999"),
        Literal("0." + "1" * 5000), b"1", 1j,
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_what_is_not_a_number(value: object) -> None:
    with pytest.raises(Malformed) as error:
        liberal(value, "a.b")
    assert faults(error)["a.b"].startswith('expected a number (3, 0.25, "3/10"; 4000 digits at most), got ')


@pytest.mark.parametrize("value", ["1/0", "-5/000", "0/0"])
def test_zero_denominators(value: str) -> None:
    with pytest.raises(Malformed, match=f"x: the denominator is zero: '{value}'"):
        liberal(value, "x")


@FUZZ
@given(st.fractions())
def test_canonical_numbers_read_back(number: Fraction) -> None:
    assert canonical(str(number), "x") == liberal(str(number), "x") == number


@pytest.mark.parametrize(
    "value",
    [
        1, True, None, Literal("1.5"), "", "+1", "-0", "01", "0/1", "2/4", "1/1", "3/01", "1/-2", "-1/0", "1/0", "1.0",
        "1e3", " 1", "1\n", "١", "1/2/3", "9" * 4001, "1/" + "9" * 4001, [],
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_other_spellings_are_not_canonical(value: object) -> None:
    with pytest.raises(Malformed, match="x: expected a rational in lowest terms as text"):
        canonical(value, "x")


@FUZZ
@given(st.text(max_size=30) | st.from_regex(r"[+-]?[0-9./eE+-]{1,12}", fullmatch=True))
def test_any_text_is_a_number_or_malformed(value: str) -> None:
    for reader in (liberal, canonical):
        with suppress(Malformed):
            assert reader(value, "x") == Fraction(value)


@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (text, ["", "a", "0.5"], [Literal("0.5"), 1, None, True, ["a"], {}]),
        (integer, [0, -5, 10**100], [True, "1", Literal("1.0"), None, 1.0, []]),
        (natural, [0, 1, 2**31 - 1], [-1, 2**31, True, False, "1", Literal("1.0"), None, 1.0, []]),
        (boolean, [True, False], [0, 1, "true", None, []]),
    ],
)
def test_plain_readers(reader: Callable[[object, str], object], good: list[object], bad: list[object]) -> None:
    for value in good:
        result = reader(value, "x")
        assert (result, type(result)) == (value, type(value))
    for value in bad:
        with pytest.raises(Malformed, match="x: expected "):
            reader(value, "x")


def test_lists_end_at_the_first_fault() -> None:
    assert listed(natural)([], "x") == []
    assert listed(natural, 2)([1, 2], "x") == [1, 2]
    for value, fault in (
        ([1, 2, 3], ("x", "expected 2 numbers, got 3")),
        ([1], ("x", "expected 2 numbers, got 1")),
        ([1, True], ("x[1]", "expected a whole number, got true")),
        (["a", True], ("x[0]", "expected a whole number, got 'a'")),
    ):
        with pytest.raises(Malformed) as error:
            listed(natural, 2, "numbers")(value, "x")
        assert error.value.faults == (fault,)
    for wrong in ("ab", {"a": 1}, None, 3):
        with pytest.raises(Malformed, match="x: expected a list, got "):
            listed(natural)(wrong, "x")


def test_optional_reads_null_and_nothing_else() -> None:
    assert (optional(natural)(None, "x"), optional(natural)(0, "x")) == (None, 0)
    with pytest.raises(Malformed, match="x: expected a whole number, got false"):
        optional(natural)(False, "x")


def test_fields_are_taken_once_and_what_is_left_is_unknown() -> None:
    fields = Fields({"a": 3, "b": [1], "c": None}, "top")
    assert (fields.need("a", natural), fields.take("missing", natural, 7)) == (3, 7)
    assert fields.take("b", listed(natural), []) == [1]
    assert fields.take("c", anything, 5) is None
    fields.done()
    with pytest.raises(Malformed) as error:
        fields.need("a", natural)
    assert error.value.faults == (("top.a", "is missing"),)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({}, ("top.a", "is missing")),
        ({"a": "x"}, ("top.a", "expected a whole number, got 'x'")),
        ({"a": 1, "b": -1}, ("top.b", "expected a whole number from 0 to 2^31 - 1, got -1")),
        ({"a": 1, "f": 0}, ("top.f", "unknown key; the keys here are a, b")),
        ({"a": 1, "c d": 0}, ("top.'c d'", "unknown key; the keys here are a, b")),
        ({"a": 1, "e\n": 0}, ("top.'e\\n'", "unknown key; the keys here are a, b")),
        ({"a": 1, "": 0}, ("top.''", "unknown key; the keys here are a, b")),
        ({"a": 1, "x" * 61: 0}, ("top.'" + "x" * 56 + "...", "unknown key; the keys here are a, b")),
    ],
)
def test_faults_of_fields(value: dict[str, object], fault: tuple[str, str]) -> None:
    with pytest.raises(Malformed) as error:
        read_two(Fields(value, "top"))
    assert error.value.faults == (fault,)


def read_two(fields: Fields) -> None:
    """An object of a needed and an optional number."""
    fields.need("a", natural)
    fields.take("b", natural, 0)
    fields.done()


def test_an_object_without_keys() -> None:
    Fields({}, "").done()
    with pytest.raises(Malformed, match=r"^x: unknown key; the keys here are none$"):
        Fields({"x": 0}, "").done()


def test_paths() -> None:
    assert [Fields({}, where).at(name) for where in ("", "a") for name in ("", "b")] == ["", "b", "a", "a.b"]


@pytest.mark.parametrize("value", [None, 1, "a", [], [{}], True])
def test_what_is_not_an_object(value: object) -> None:
    with pytest.raises(Malformed, match="x: expected an object, got "):
        Fields(value, "x")


def test_shown_is_short_and_plain() -> None:
    assert shown("a\nb\x1b[31m‮") == "'a\\nb\\x1b[31m\\u202e'"
    assert shown(Literal("0.10")) == "0.10"
    assert len(shown("x" * 1000)) == 60
    assert len(shown([1] * 1000)) == 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@FUZZ
def test_any_bytes_are_json_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        assert json.dumps(read.strict_json(data)) is not None


def test_the_longest_rational_of_a_certificate() -> None:
    """8,000 characters, of which 4,000 are digits of the numerator."""
    top, bottom = "9" * 4000, "1" + "0" * 3998
    assert canonical(f"{top}/{bottom}", "") == Fraction(int(top), int(bottom))
    for longer in (f"9{top}", f"1/{top}0", f"{top}/{bottom}1"):
        with pytest.raises(Malformed, match="expected a rational in lowest terms"):
            canonical(longer, "")
