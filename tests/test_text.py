"""The one door for text from outside."""

import ast
from pathlib import Path

import pytest

from symverify.text import leading, plain, word

ROOT = Path(__file__).parents[1] / "symverify"
NASTY = "a\ns PROVED global_minimum risk=0\x1b[31m\u202e\u2028\x00\x7f\x9b\udce9é"


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
    own = {"malformed_json", "as_json", "as_junit", "text", "getattr", "dumps", "message", "listing"}
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
