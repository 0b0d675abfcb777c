"""The kernel stands alone: the standard library only, exact numbers only, the same verdicts under every flag."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import symverify.kernel
from tests.kernel.accepted import CASES
from tests.kernel.corruption import mutations, outcome, text

KERNEL = Path(symverify.kernel.__file__).parent
ROOT = KERNEL.parents[1]
SOURCES = sorted(KERNEL.rglob("*.py"))
TREES = {path.relative_to(KERNEL).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def run(script: str, *flags: str, stdin: str = "") -> str:
    """What a script prints, in an interpreter of its own that finds this checkout."""
    whole = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"
    done = subprocess.run(
        [sys.executable, "-I", *flags, "-c", whole], input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_it_loads_only_the_standard_library() -> None:
    loaded = set(run("import symverify.kernel.__main__; print(*sys.modules)", "-S").split())
    outside = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outside if not name.startswith("symverify.kernel")} <= {"symverify", "__main__"}
    assert "symverify.kernel.check" in outside


def test_the_package_itself_loads_nothing_more() -> None:
    bare = set(run("print(*sys.modules)", "-S").split())
    loaded = set(run("import symverify; print(*sys.modules)", "-S").split()) - bare
    assert {name for name in loaded if name.startswith("symverify")} == {"symverify"}


@pytest.mark.parametrize("name", TREES)
def test_imports_stay_inside(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            assert all(alias.name.partition(".")[0] in sys.stdlib_module_names for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            outside = (node.module or "").partition(".")[0]
            assert node.level <= 1 + name.count("/") if node.level else outside in sys.stdlib_module_names


BANNED = {
    "float", "complex", "round", "eval", "exec", "__import__", "globals", "setattr", "delattr", "pow",
    "input", "breakpoint", "vars", "getattr", "isclose", "sqrt", "randint", "random", "environ", "getenv", "system",
}  # fmt: skip
FILES = {"open", "read_bytes", "read_text", "write_text", "write_bytes", "Path", "stdout", "stderr", "print"}
MODULES = {"os", "io", "subprocess", "pickle", "socket", "time", "random", "math", "importlib", "ctypes", "tempfile"}
EXACT = {"comb", "gcd", "lcm", "prod", "isqrt", "factorial", "perm"}


def names(tree: ast.AST) -> set[str]:
    """Every identifier that is used."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("name", TREES)
def test_no_float_no_evaluation_no_assert(name: str) -> None:
    tree = TREES[name]
    assert not names(tree) & BANNED
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert | ast.Global | ast.Nonlocal)
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex)


@pytest.mark.parametrize("name", [name for name in TREES if name != "__main__.py"])
def test_files_are_read_in_main_only(name: str) -> None:
    assert not names(TREES[name]) & FILES
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} & MODULES <= {"io"}  # for CSV text
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            assert node.module == "math"
            assert {alias.name for alias in node.names} <= EXACT


@pytest.mark.parametrize("name", TREES)
def test_division_is_exact(name: str) -> None:
    """`/` between integers would be a float: none of its operands is an integer constant over another, or a length."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            assert not isinstance(node.left, ast.Constant)
            left = node.left.func if isinstance(node.left, ast.Call) else None
            whole = isinstance(node.left, ast.Call) and len(node.left.args) < 2  # sum(…, ZERO) is a fraction
            assert not (whole and isinstance(left, ast.Name) and left.id in {"len", "sum", "int", "comb"})


OUTCOMES = """
import json
from symverify.kernel import Declined, Malformed, Rejected, check
def outcome(network, proof):
    try:
        return [t.line() for t in check(network.encode(), json.dumps(proof).encode(), None).theorems]
    except (Malformed, Rejected, Declined) as error:
        return [type(error).__name__, str(error)]
print(json.dumps([outcome(*pair) for pair in json.load(sys.stdin)]))
print(__debug__)
"""


def sampled() -> list[tuple[str, object]]:
    """Every accepted certificate and every ninth of its corruptions."""
    found: list[tuple[str, object]] = []
    for case in CASES.values():
        document = text(case.network).decode()
        found.append((document, case.proof))
        found += [(document, changed) for _, changed in list(mutations(case.proof))[::9]]
    return found


def test_flags_change_no_verdict() -> None:
    pairs = json.dumps(sampled())
    plain, debug = run(OUTCOMES, stdin=pairs).splitlines()
    assert debug == "True"
    found = json.loads(plain)
    assert sum(lines[0].startswith("s ") for lines in found) >= len(CASES)
    assert sum(lines[0] in ("Rejected", "Malformed") for lines in found) > 400
    for flags in (["-O"], ["-OO"], ["-O", "-S"], ["-X", "utf8=0"]):
        under, debug = run(OUTCOMES, *flags, stdin=pairs).splitlines()
        assert under == plain, flags
        assert debug == str("-O" not in flags and "-OO" not in flags)


def test_the_order_of_hashes_changes_no_verdict() -> None:
    """Without -I, where PYTHONHASHSEED counts."""
    pairs = json.dumps(sampled()[::5])
    whole = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{OUTCOMES}"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", whole], input=pairs, capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(outputs) == 1


def test_this_process_agrees() -> None:
    case = CASES["theorem 1"]
    line = json.loads(run(OUTCOMES, stdin=json.dumps([(text(case.network).decode(), case.proof)])).splitlines()[0])
    assert outcome(case.network, case.proof) == ("Accepted", "\n".join(line[0]))
