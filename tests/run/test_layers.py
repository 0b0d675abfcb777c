"""Imports point downward only: problem, cells, opinion, search, certify, run, report, api; kernel, ground below."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "symverify"
BELOW = ["text", "called", "kernel", "errors", "ground", "problem"]
ORDER = [*BELOW, "cells", "opinion", "search", "certify", "run", "report", "api", "cli"]
LEVEL = {name: level for level, name in enumerate(ORDER)}
FILES = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0].removesuffix(".py") in LEVEL)


def imported(path):
    """Top-level imports of the package's parts; those inside functions are loaded late, on purpose."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("symverify."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (name.name.split(".")[1] for name in node.names if name.name.startswith("symverify."))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downward(path):
    own = LEVEL[path.relative_to(ROOT).parts[0].removesuffix(".py")]
    upward = [part for part in imported(path) if LEVEL[part] > own]
    assert not upward
