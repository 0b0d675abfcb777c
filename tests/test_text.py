"""The one door for text from outside."""

import ast
from pathlib import Path

import pytest

from symverify.text import SPELLED, lasting, leading, plain, word

ROOT = Path(__file__).parents[1] / "symverify"
NASTY = "a\ns PROVED global_minimum risk=0\x1b[31m\u202e\u2028\x00\x7f\x9b\udce9é"


def test_times_are_told_in_one_or_two_units() -> None:
    times = {-1: "0 s", 59.4: "59 s", 59.6: "1 min 0 s", 125: "2 min 5 s", 3599.4: "59 min 59 s", 13200: "3 h 40 min"}
    assert [lasting(x) for x in times] == list(times.values())


def test_what_comes_through_is_one_line_of_ascii() -> None:
    assert plain("four points") == "four points"
    assert plain(NASTY) == r"a\ns PROVED global_minimum risk=0\x1b[31m\u202e\u2028\x00\x7f\x9b\udce9\xe9"
    assert plain(Path("a\nb")) == r"a\nb"
    assert plain(ValueError("x\x1b")) == r"x\x1b"


def test_letters_may_stay_where_they_do_no_harm() -> None:
    assert plain("∑ é\u202e\n", letters=True) == r"∑ é\u202e\n"


@pytest.mark.parametrize(("limit", "expected"), [(3, "abc..."), (5, "abcde"), (6, "abcde")])
def test_it_is_cut(limit: int, expected: str) -> None:
    assert plain("abcde", limit) == expected


def test_no_name_looks_like_a_verdict() -> None:
    assert leading("s PROVED point") == r"s\x20PROVED point"
    assert leading("solved") == "solved"
    assert word("a proved=point risk=0") == r"a\x20proved=point\x20risk=0"


def test_the_command_line_prints_through_it() -> None:
    """Every print in the commands has a text of ours, or JSON, XML or a rendered document."""
    own = {"as_json", "as_junit", "text", "getattr", "dumps", "message", "listing"}
    for path in (ROOT / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                (said,) = node.args
                if isinstance(said, ast.Constant):
                    continue
                while isinstance(said, ast.Call) and not isinstance(said.func, ast.Name):
                    said = said.func
                name = getattr(getattr(said, "func", said), "id", getattr(said, "attr", ""))
                assert name in own | {"plain"}, f"{path.name}:{node.lineno}"


SIGNS = "θ* ≈ 3·10⁻⁶ x⁴ w₁₂ ≤ ½ × Σ ⟨r, φ⟩ ∈ ℝ λᵀ"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", "theta* ~ 3*10^-6 x^4 w_12 <= 1/2 x Sigma <r, phi> in R lambda^T"),
        ("cp1252", "theta* ~ 3·10^-6 x^4 w_12 <= ½ × Sigma <r, phi> in R lambda^T"),
        ("cp437", "theta* ≈ 3·10^-6 x^4 w_12 ≤ ½ x Σ <r, φ> in R lambda^T"),
        ("utf-8", SIGNS),
    ],
)
def test_signs_that_an_encoding_lacks_are_spelled_out(encoding: str, expected: str) -> None:
    assert SIGNS.encode(encoding, SPELLED).decode(encoding) == expected


def test_other_characters_stay_what_they_are_known_by() -> None:
    whole = "".join(map(chr, range(0x110000)))
    assert whole.encode("ascii", SPELLED).decode().isascii()
    printable = "".join(c for c in whole if c.isprintable())
    assert printable.encode("ascii", SPELLED).decode().isprintable()
    assert "你 ᵝ \udce9".encode("ascii", SPELLED) == rb"\u4f60 ^beta \udce9"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", SPELLED)
