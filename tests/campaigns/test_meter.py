"""Files below 100 kB that ask for a lot: each ends declined or rejected, soon and in little memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from symverify.kernel import Declined, Rejected, check
from symverify.kernel.core import errors
from tests.campaigns.evaluation import CASES, files

SECONDS, MEGABYTES = 10, 1000  # of CPU time, of memory
DECLINED, REJECTED = 3, 11
SHARE = 100  # the default run gives each file this part of the kernel's budget, and of the time
ROOT = Path(__file__).parents[2]


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_small(name: str) -> None:
    assert sum(map(len, files(name))) < 115_000


@pytest.mark.parametrize("name", CASES)
def test_a_part_of_the_budget_lasts_for_a_part_of_the_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys.modules["symverify.kernel.check"], "metered", lambda: errors.metered(errors.MAX_WORK // SHARE)
    )
    network, proof = files(name)
    begun = time.process_time()
    with pytest.raises((Declined, Rejected)):
        check(network, proof, no_data)
    spent = time.process_time() - begun
    assert spent < 1 + 3 * SECONDS / SHARE, f"{spent:.2f} s"


def test_unused_steps_are_found_before_any_is_checked() -> None:
    network, proof = files("unused_steps")
    begun = time.process_time()
    with pytest.raises(Rejected, match=r"steps\[0\]: no claim depends on this step"):
        check(network, proof, no_data)
    assert time.process_time() - begun < 0.5


def test_work_is_counted_and_not_timed() -> None:
    with errors.metered(10):
        errors.spend(10)
        with pytest.raises(Declined, match="more work than the kernel's budget"):
            errors.spend(1)
    errors.spend(10**12)  # unmetered it is no limit


def verified(network: Path, proof: Path, seed: int) -> tuple[int, str, float, float]:
    """Exit code, last line, CPU seconds and megabytes of the kernel in a process of its own."""
    command = [sys.executable, "-m", "symverify.kernel", str(network), str(proof)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        text = process.stdout.read().decode() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    last = text.splitlines()[-2:]
    return process.returncode, " | ".join(last), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_the_whole_budget(name: str, tmp_path: Path) -> None:
    network, proof = tmp_path / "network.json", tmp_path / "network.symcert.json"
    for path, data in zip((network, proof), files(name), strict=True):
        path.write_bytes(data)
    code, text, seconds, megabytes = verified(network, proof, 0)
    print(f"{name}: {seconds:.1f} s, {megabytes:.0f} MB, exit {code}: {text}")
    assert code in (DECLINED, REJECTED)
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert verified(network, proof, 1)[:2] == (code, text)
