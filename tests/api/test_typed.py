"""mypy sees precise types through the lazy names of the package."""

import re
import subprocess
import sys

import pytest

SCRIPT = """
import symverify
p = symverify.problem([[0]], [1], layers=[1, 2, 1])
r = symverify.check(p, ["point"], timeout=3.0)
reveal_type(p)
reveal_type(r)
reveal_type(r.risk)
reveal_type(r.point().numpy())
reveal_type(symverify.check("a.json"))
reveal_type(symverify.atlas({}).minima)
reveal_type(symverify.cells(p).patterns)
reveal_type(symverify.verify("a").theorems)
reveal_type(symverify.snap(p).distance)
reveal_type(symverify.from_sklearn(None, [], []))
"""
TYPES = [
    "LoadedProblem", "CheckResult", "Fraction | None",
    "list[tuple[ndarray[tuple[Any, ...], dtype[float64]], ndarray[tuple[Any, ...], dtype[float64]] | None]]",
    "CheckResult", "list[dict[str, object]]", "list[str]", "tuple[Theorem, ...]", "float | None", "LoadedProblem",
]  # fmt: skip


@pytest.mark.long
def test_types_are_precise(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "script.py"],
        capture_output=True, text=True, cwd=tmp_path, check=False, timeout=300,
    )  # fmt: skip
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert [re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", each) for each in revealed] == TYPES
    assert "error" not in done.stdout


def test_wrong_arguments_are_errors():
    """At runtime, too: the functions take what they say and nothing else."""
    import symverify

    with pytest.raises(TypeError, match="unexpected keyword argument 'layer'"):
        symverify.problem([[0]], [1], layer=[1, 2, 1])
    with pytest.raises(TypeError, match="unexpected keyword argument 'count'"):
        symverify.cells({}, count=True)
