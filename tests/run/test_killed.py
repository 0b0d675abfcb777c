"""Runs that are killed, terminated or interrupted at random times: no half file, nothing left after the next run."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

import symverify
from symverify.errors import SymverifyError
from symverify.kernel.check import check as kernel_check
from symverify.search.global_minimum.checkpoint import peek

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
FEW, MANY = 4, 500
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
NAMES = re.compile(r"[a-z-]+(\.[a-z_]+)*\.json(\.[0-9a-f]{8}\.search)?")
N = 22
SEARCH = {
    "format": "symverify-network/1",
    "layers": [2, 3, 1],
    "activation": "relu",
    "loss": "squared",
    "data": [{"x": [(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97], "y": [(11 * i * i + i) % 19]} for i in range(N)],
}
RUNS = {  # the arguments, and the codes of a run that comes to its end
    "check": (["check", "four-points.json"], {0}),
    "atlas": (["atlas", "--faces", "two-valleys.json"], {0}),
    "search": (["check", "search.json", "--claims", "global_minimum", "--no-smt"], {0}),
    "workers": (["check", "search.json", "--claims", "global_minimum", "--no-smt", "--workers", "2"], {0}),
    "resume": (["check", "search.json", "--claims", "global_minimum", "--no-smt", "--resume"], {0}),
    "verify": (["verify", "proofs", "--summary", "summary.md.json"], {0}),
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder with the networks, some proofs, and the checkpoint of a search that has ended early."""
    folder = tmp_path_factory.mktemp("killed")
    for name in ("four-points", "two-valleys"):
        shutil.copy(ROOT / "examples" / f"{name}.json", folder)
        shutil.copytree(ROOT / "proofs" / name, folder / "proofs" / name)
    (folder / "search.json").write_text(json.dumps(SEARCH))
    output = folder / "search.symcert.json"
    network = symverify.load(folder / "search.json")
    for timeout in (1.0, 0.5, 0.25, 0.1):  # until the search does not come to its end
        symverify.check(network, ["global_minimum"], smt=False, output=output, timeout=timeout)
        output.unlink(missing_ok=True)
        if list(folder.glob("*.search")):
            return folder
    raise AssertionError("no search ended early")


def one(start, folder, rng, faults):
    """One run that gets a signal at a random time, and the next run after it; what happened in a word."""
    name = rng.choice(list(RUNS))
    number, after = rng.choice(SIGNALS), rng.uniform(0.03, 2.5)
    arguments, codes = RUNS[name]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        [sys.executable, "-m", "symverify.cli", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder, env=environment, preexec_fn=listening,
    )  # fmt: skip
    while not _handles(running.pid, signal.SIGTERM):
        time.sleep(0.002)
    time.sleep(after)
    running.send_signal(number)
    said, begun = running.communicate(timeout=60)[1], time.monotonic()
    allowed = codes | ({-number} if number == signal.SIGKILL else {130})
    where = f"{name} {number.name} {after:.3f}"
    if running.returncode not in allowed or b"Traceback" in said:
        faults.append(f"{where}: {running.returncode} {said[-300:]!r}")
    if time.monotonic() - begun > 20:
        faults.append(f"{where}: took {time.monotonic() - begun:.0f} s to end")
    _whole(folder, where, faults)
    small = symverify.load(folder / "four-points.json")  # the next run in this folder
    symverify.check(small, ["assumptions"], smt=False, output=folder / "next.symcert.json")
    left = [path.name for path in folder.iterdir() if path.is_file() and not NAMES.fullmatch(path.name)]
    if left:
        faults.append(f"{where}: left {left}")
    return f"{number.name} {running.returncode}"


def listening():
    """In a child: signals that the tests themselves ignore, as in the background of a shell, are not ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _whole(folder, where, faults):
    """Every certificate there is proves something, every checkpoint can be read."""
    for path in folder.glob("*.symcert.json"):
        problem = symverify.load(folder / (path.name.split(".")[0] + ".json"))
        try:
            kernel_check(problem.network, path.read_bytes(), problem.open_data)
        except SymverifyError as error:
            faults.append(f"{where}: {path.name}: {error}")
    for path in folder.glob("*.search"):
        peek(path)


def _handles(process, number):
    """Whether a process has a handler of its own for a signal, or is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True
    return "SigCgt" not in status or int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1


def campaign(count, start, folder):
    rng, faults, seen = Random(count), [], Counter()
    for _ in range(count):
        seen[one(start, folder, rng, faults)] += 1
    print(f"{count} runs with a signal, {len(faults)} faults: {dict(seen)}")
    assert not faults, "\n".join(faults)


def test_a_few(start, tmp_path):
    campaign(FEW, start, tmp_path / "run")


@pytest.mark.long
def test_many(start, tmp_path):
    campaign(MANY, start, tmp_path / "run")
