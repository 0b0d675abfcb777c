"""Damaged files and command lines: every one ends in a documented way, soon, and without much memory."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.campaigns import CAMPAIGNS, ROOT, words
from tests.fuzz.tally import CODES, Tally

MOST = 800.0  # MiB beyond what other tests have left
FEW, MANY = 600, 300_000
FEW_RUNS, MANY_RUNS = 6, 2_000


def campaign(name: str, total: int, folder: Path) -> Tally:
    if name in ("onnx", "safetensors", "tables"):
        pytest.importorskip("safetensors" if name == "tables" else name, reason=f"the extra for {name} is missing")
    run, share = CAMPAIGNS[name]
    tally = Tally()
    run(tally, total * share // 1000, 0, folder)
    print(tally.figures())
    assert not tally.faults, tally.figures()
    assert tally.peak() < MOST
    return tally


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_slice(name: str, tmp_path: Path) -> None:
    tally = campaign(name, FEW, tmp_path)
    assert len(set().union(*tally.outcomes.values())) > 1  # both accepted and refused


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_all(name: str, tmp_path: Path) -> None:
    campaign(name, MANY, tmp_path)


def commands(count: int, folder: Path) -> None:
    """Command lines as processes of their own: documented codes, no traceback, no raw text."""
    codes, wrong = Counter[int](), list[str]()
    for k in range(count):
        arguments = words(Random(f"process {k}"), folder)
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "symverify.cli",
            *map(os.fsencode, arguments),
        ]
        done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=False)
        codes[done.returncode] += 1
        said = done.stdout + done.stderr
        if done.returncode not in CODES or b"Traceback" in said or b"\x1b" in said:
            wrong.append(f"{done.returncode} {arguments!a}: {said[-300:]!r}")
    print(f"{count} command runs, {len(wrong)} wrong: {dict(codes)}")
    assert not wrong


def test_a_slice_of_command_runs(tmp_path: Path) -> None:
    commands(FEW_RUNS, tmp_path)


@pytest.mark.long
def test_all_command_runs(tmp_path: Path) -> None:
    commands(MANY_RUNS, tmp_path)
