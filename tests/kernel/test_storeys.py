"""The kernel's storeys: each rule in one file of one of them, imports that lead down, and how much code each has."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import symverify.kernel
from symverify.kernel.table import RULES, STOREY, STOREYS

KERNEL = Path(symverify.kernel.__file__).parent
ROOT = KERNEL.parents[1]
FILES = sorted(path.relative_to(KERNEL).as_posix() for path in KERNEL.rglob("*.py"))
CORE_LINES, BESIDE_LINES = 1_200, 600  # beside: check, the tables, the network file


def counting() -> ModuleType:
    """The script that counts lines of code."""
    spec = importlib.util.spec_from_file_location("kernel_lines", ROOT / ".ci" / "kernel_lines.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_rule_is_in_exactly_one_storey() -> None:
    every = [rule.__name__ for rules in STOREYS.values() for rule in rules]
    assert len(set(every)) == len(every)
    assert list(RULES) == list(STOREY) == every
    assert next(iter(STOREYS)) == "core"
    assert {name.split("/")[0] for name in FILES if "/" in name} == set(STOREYS)


def test_the_package_names_its_storeys_in_their_order() -> None:
    assert re.findall(r"^(\w+)/ ", symverify.kernel.__doc__ or "", flags=re.MULTILINE) == list(STOREYS)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_file_a_figure_and_a_test_file_of_its_name(rule: str) -> None:
    function = RULES[rule]
    assert function.__module__ == f"symverify.kernel.{STOREY[rule]}.{rule}"
    assert re.findall(r"^ *-{20,} \[(\w+)\]$", inspect.getdoc(function) or "", flags=re.MULTILINE) == [rule]
    assert (ROOT / "tests" / "kernel" / STOREY[rule] / f"test_{rule}.py").is_file()


def test_a_test_file_in_a_storey_is_that_of_a_file_in_it() -> None:
    for path in (ROOT / "tests" / "kernel").glob("*/test_*.py"):
        assert (KERNEL / path.parent.name / path.name.removeprefix("test_")).is_file(), path


def imports(name: str) -> set[str]:
    """The files of the kernel that a file imports from, as paths without the ending."""
    found, package = set[str](), name.split("/")[:-1]
    for node in ast.walk(ast.parse((KERNEL / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(package) + 1, "leads out of the kernel"
            base = package[: len(package) + 1 - node.level]
            assert node.module is not None, "imports a package whole"
            found.add("/".join([*base, *node.module.split(".")]))
    return found


@pytest.mark.parametrize("name", FILES)
def test_imports_lead_to_the_same_storey_or_down(name: str) -> None:
    """A storey uses itself and those before it; only what stands beside the storeys uses all of them."""
    if "/" not in name:
        return
    order, storey = list(STOREYS), name.split("/")[0]
    allowed = set(order[: order.index(storey) + 1])
    for imported in imports(name):
        assert imported.split("/")[0] in allowed, f"{name} imports {imported}"


@pytest.mark.parametrize("name", FILES)
def test_what_is_imported_is_there(name: str) -> None:
    assert {f"{imported}.py" for imported in imports(name)} <= set(FILES)


PLAIN = {"cited/assumptions.py": "h.slopes, h.slopes[1:]", "cells/tree_bound.py": "case.first, held"}  # by construction


@pytest.mark.parametrize("name", FILES)
def test_every_zip_is_strict(name: str) -> None:
    """With a plain zip a ragged row is accepted as a proof; only those listed are plain."""
    for node in ast.walk(ast.parse((KERNEL / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            flags = {each.arg: ast.unparse(each.value) for each in node.keywords}
            plain = ", ".join(map(ast.unparse, node.args)) == PLAIN.get(name)
            assert flags == {"strict": str(not plain)}, f"{name}:{node.lineno}"


def test_the_budget_of_lines() -> None:
    found = counting().by_file()
    assert set(found) == {"check", *STOREYS}
    assert sum(found["core"].values()) <= CORE_LINES
    assert sum(found["check"].values()) <= BESIDE_LINES
    for files in found.values():
        assert max(files.values()) <= 400


def test_code_is_counted_without_words() -> None:
    source = '"""Two lines\nof words."""\n\nx = 1  # one\n\n\ndef f():\n    """Words."""\n    return (\n        x\n'
    source += "    )\n# end\n"
    assert counting().code_lines(source) == 5
    assert counting().code_lines('x = """\n\n"""\n') == 3
    assert counting().code_lines("") == 0
