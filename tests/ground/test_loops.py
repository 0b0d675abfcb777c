"""Compiled loops: the same values as the source, one version a loop, kept across runs where there is a place for it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
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


def summed(x: Any, y: Any) -> Any:
    total, top = 0.0, -1.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
        top = max(top, x[i])
    return total / top


def in_lanes(x: Any, y: Any) -> Any:
    whole = len(x) - len(x) % 4
    lanes = [0.0] * 4
    for k in range(whole):
        lanes[k % 4] += x[k] * y[k]
    total = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    for k in range(whole, len(x)):
        total += x[k] * y[k]
    return total


def test_floats_are_those_of_the_source() -> None:
    """No sum in another order, no product fused with it: so inlined or not, on whatever processor."""
    rng = np.random.default_rng(1)
    for make in (loops.loop, loops.quick_loop):
        compiled: Any = make(summed)
        outer = make(lambda x, y, inner=compiled: inner(x, y) + inner(y, x))
        for size in range(1, 70):
            x, y = rng.random((2, size)) - 0.1 * (size > 5)
            assert compiled(x, y) == summed(x, y)
            assert outer(x, y) == summed(x, y) + summed(y, x)


def test_products_are_added_in_four_lanes() -> None:
    rng = np.random.default_rng(2)
    differs = 0
    for size in range(70):
        x, y = rng.standard_normal((2, size))
        exact, written = in_lanes(x, y), 0.0
        for k in range(size):
            written += x[k] * y[k]
        assert loops.dot(x, y) == loops.dot(y, x) == exact
        assert abs(exact - written) <= 1e-12
        differs += exact != written
    assert differs > 20
    assert loops.dot(np.ones((3, 8))[1], np.arange(8.0)) == 28.0


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
    """NUMBA_CACHE_DIR stands for the user's directory, which numba takes where the source's cannot be written.

    What an interrupted run has compiled, or one of another version or on another processor, does not count.
    """
    script = (
        "from symverify.ground.loops import keep, kept\n"
        "from symverify.search.global_minimum.compiled import _subtract as f, workspace\n"
        "import numpy as np, sys\n"
        "print(kept(f)); f(workspace(np.zeros((2, 3)), 0), np.zeros(3), np.zeros(3), 0); print(kept(f))\n"
        "keep(f) if sys.argv[1:] else None"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def run(*arguments: str, **other: str) -> list[str]:
        command, where = [sys.executable, "-c", script, *arguments], environment | other
        return subprocess.run(command, env=where, capture_output=True, text=True, check=True).stdout.split()

    assert [run(), run("keep"), run()] == [["False", "True"], ["False", "True"], ["True", "True"]]
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert [run("keep", **generic), run()] == [["False", "True"], ["True", "True"]]
    (note,) = tmp_path.rglob("compiled.txt")
    note.write_text(note.read_text().replace("lattice.py ", "lattice.py 1"))
    assert run() == ["False", "True"]
    note.write_bytes(b"\xff")
    assert run() == ["False", "True"]
