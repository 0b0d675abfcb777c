"""Compiled loops: the same values as the source, one version a loop, kept across runs where there is a place for it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

numba = pytest.importorskip("numba")

from symverify.ground import loops  # noqa: E402

ROOT = Path(__file__).parents[2]


def added(x: Any, y: Any) -> Any:
    return x + y


def test_one_version_for_all_constants() -> None:
    inner = loops.loop(lambda x, y: x - y)
    outer = loops.loop(lambda x: inner(x, 1) + inner(x, 2) + inner(3, x))
    assert outer(5) == 4 + 3 - 2
    assert len(inner.signatures) == 1


def test_without_a_place_to_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def refuse(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", refuse)
    for make in (loops.loop, loops.quick_loop):
        compiled = make(added)
        assert not loops.kept(compiled)
        assert compiled(2, 3) == 5
        assert loops.kept(compiled)


def test_kept_across_runs_beside_a_source_that_cannot_be_written(tmp_path: Path) -> None:
    """NUMBA_CACHE_DIR stands for the user's directory, which numba takes where the source's cannot be written."""
    script = (
        "from symverify.ground.loops import kept\n"
        "from symverify.search.global_minimum.compiled import _subtract as f, workspace\n"
        "import numpy as np\n"
        "print(kept(f)); f(workspace(np.zeros((2, 3)), 0), np.zeros(3), np.zeros(3), 0); print(kept(f))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    told = [
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert [each.split() for each in told] == [["False", "True"], ["True", "True"]]
