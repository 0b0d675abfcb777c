"""Mutation testing of the kernel by cosmic-ray, one file at a time: most mutants are killed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import symverify.kernel

ROOT = Path(symverify.kernel.__file__).parents[2]
KERNEL = ROOT / "symverify" / "kernel"
FILES = sorted(path.relative_to(KERNEL).as_posix() for path in KERNEL.glob("*/*.py") if path.name != "__init__.py")
FILES += ["check.py", "losses.py", "network_file.py"]


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_a_sample_of_mutants_is_killed(name: str) -> None:
    """Of 40 drawn mutants at least 8 in 10; among those that live are the ones that change nothing."""
    command = [sys.executable, str(ROOT / ".ci" / "mutate.py"), name, "--sample", "40"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r": (\d+) of (\d+) killed", done.stdout)
    assert found is not None
    assert int(found[1]) >= int(found[2]) * 8 // 10, done.stdout
