#!/usr/bin/env python3
"""Mutation testing of the kernel by cosmic-ray: how many of the mutants of its files the tests kill.

    python .ci/mutate.py STOREY | [STOREY/]FILE.py [--sample N]

Works on a copy of the repository. The mutants of a file run against the test file of its name; those of one that is no
rule against the general tests and those of its storey. With --sample they are drawn with one seed.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = "symverify/kernel"
GENERAL = (
    "test_text.py", "test_network_file.py", "test_algebra.py", "test_poly.py", "test_losses.py", "test_check.py",
    "test_walk.py",
)  # fmt: skip
CONFIG = """[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"
"""


def tests_of(name: str) -> str:
    """The test files for a file of the kernel, the quickest first."""
    storey, _, file = name.rpartition("/")
    own = Path("tests") / "kernel" / storey / f"test_{file}"
    general = [f"tests/kernel/{each}" for each in GENERAL]
    return " ".join([own.as_posix()] if (ROOT / own).is_file() else [*general, f"tests/kernel/{storey}"])


def run(name: str, sample: int | None, timeout: int) -> tuple[int, int, list[str]]:
    """Mutants run, killed, and the survivors of one file, as "line: operator"."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        ignore = shutil.ignore_patterns("__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache")
        shutil.copytree(ROOT, copy, ignore=ignore)
        config = CONFIG.format(module=f"{KERNEL}/{name}", timeout=timeout, python=sys.executable, tests=tests_of(name))
        (copy / "mutate.toml").write_text(config, encoding="utf-8")
        here = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        tool = [sys.executable, "-m", "cosmic_ray.cli"]
        subprocess.run([*tool, "init", "mutate.toml", "session.sqlite"], cwd=copy, env=here, check=True)
        with sqlite3.connect(copy / "session.sqlite") as session:
            jobs = [row[0] for row in session.execute("SELECT job_id FROM work_items ORDER BY job_id")]
            order = session.execute(
                "SELECT job_id FROM mutation_specs ORDER BY operator_name, occurrence, start_pos_row, start_pos_col"
            )
            jobs = [row[0] for row in order]
            kept = jobs if sample is None else random.Random(0).sample(jobs, min(sample, len(jobs)))
            for job in set(jobs) - set(kept):
                session.execute("DELETE FROM mutation_specs WHERE job_id = ?", (job,))
                session.execute("DELETE FROM work_items WHERE job_id = ?", (job,))
        subprocess.run([*tool, "exec", "mutate.toml", "session.sqlite"], cwd=copy, env=here, check=True)
        with sqlite3.connect(copy / "session.sqlite") as session:
            rows = session.execute(
                "SELECT r.test_outcome, m.start_pos_row, m.operator_name FROM work_results r JOIN mutation_specs m "
                "ON r.job_id = m.job_id"
            ).fetchall()
    lived = [f"{row}: {operator.partition('/')[2]}" for outcome, row, operator in rows if "SURVIVED" in str(outcome)]
    return len(rows), len(rows) - len(lived), sorted(lived)


def main() -> int:
    """Print a line for each file, and its survivors."""
    parser = argparse.ArgumentParser(description="Mutation testing of the kernel.")
    parser.add_argument("what", help="a storey, or a file, as core/valley.py or losses.py")
    parser.add_argument("--sample", type=int, help="so many mutants of each file")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for the tests of one mutant")
    given = parser.parse_args()
    files = sorted(path.relative_to(ROOT / KERNEL).as_posix() for path in (ROOT / KERNEL).rglob("*.py"))
    for name in files:
        if (name == given.what or name.startswith(f"{given.what}/")) and not name.endswith("__init__.py"):
            every, killed, lived = run(name, given.sample, given.timeout)
            print(f"{name}: {killed} of {every} killed", *lived, sep="\n    ", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
