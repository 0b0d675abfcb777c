"""Mutation testing of the kernel by cosmic-ray: of the drawn mutants that change something 95 in 100 are killed.

A few mutants of two files in the default run; with `-m long` the whole sample, storey by storey.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import symverify.kernel
from symverify.kernel.table import STOREYS

ROOT = Path(symverify.kernel.__file__).parents[2]
KERNEL, SCRIPT = ROOT / "symverify" / "kernel", ROOT / ".ci" / "mutate.py"
BESIDE = ("check.py", "losses.py", "network_file.py")


def script() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("mutate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    return module


def score(*options: str) -> None:
    """The script's own verdict on the mutants that it runs."""
    done = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 drawn" not in done.stdout.splitlines()[-1]


def test_a_few_mutants_are_killed() -> None:
    score("core/descent.py", "core/function_minimum.py", "--sample", "2", "--least", "100")


@pytest.mark.long
@pytest.mark.parametrize("storey", [*STOREYS, "beside"])
def test_a_sample_of_mutants_is_killed(storey: str) -> None:
    score(*([storey] if storey in STOREYS else BESIDE), "--sample", "8", "--least", "95")


def test_mutants_called_equivalent_are_those_of_a_line_and_have_a_reason() -> None:
    for (name, line, mutant), why in script().equivalents().items():
        assert line in {each.strip() for each in (KERNEL / name).read_text(encoding="utf-8").splitlines()}, line
        assert mutant != line
        assert len(why) > 20


SOURCE = """
MAX_CELLS = 1 + 1
Row = tuple[int | None, ...]
def rule(x: int | None, z: int = 1) -> int | None:
    cost = 1 + 1
    spend(1 + 1)
    found = list[int | None]()
    x = within_budget(3 - z, 1 + 1)
    if x > MAX_CELLS + 1:
        raise Declined("much")
    if 4 - x > z:
        raise Rejected(f"[{1 + 1}]", "no")
    if z > MAX_CELLS + 1 or z < x - 6:
        raise Malformed((f"[{1 + 1}]", "large"))
    self.room(z + 1, "here")
    self.places -= z + 1
    return 5 - z
"""


def test_what_is_left_out() -> None:
    """Every sum and every type here is; no difference, and no comparison that rejects."""
    mutate = script()
    spans = [span for span, _ in mutate.spans_left_out(SOURCE)]
    left = {
        (start, end)
        for _, _, (start, end) in mutate.places(SOURCE)
        if not any(first <= start and end <= last for first, last in spans)
    }
    rows = SOURCE.splitlines()
    kept = {(start[0], rows[start[0] - 1][start[1] : end[1]]) for start, end in left}
    assert kept == {
        *((4, "1"), (8, "-"), (8, "3"), (11, "-"), (11, "4"), (11, ">"), (11, "4 - x > z"), (17, "-"), (17, "5")),
        *((13, each) for each in ("z > MAX_CELLS + 1 or z < x - 6", "or", "<", "-", "6")),
    }
