"""The Rocq development, built once per test run in a temporary folder; skipped, with the reason, without its tools."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "proofs" / "rocq"


def _missing(*programs: str) -> str:
    return ", ".join(name for name in programs if shutil.which(name) is None)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the compiled proofs, `axioms.txt` and, where OCaml is installed, `symverify-rocq`.

    SYMVERIFY_ROCQ_BUILD names a folder to keep and reuse; make compiles only what has changed there.
    """
    if missing := _missing("coqc", "coq_makefile", "make"):
        pytest.skip(f"not installed: {missing}")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # one build for all workers
    folder = os.environ.get("SYMVERIFY_ROCQ_BUILD")
    target, made = Path(folder) if folder else shared / "rocq", shared / "rocq-is-built"
    with (shared / "rocq-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            command = ["sh", str(SOURCES / "build.sh"), str(target)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
            made.touch()
    return target


@pytest.fixture(scope="session")
def checker(built: Path) -> Path:
    """The stand-alone checker; skipped where OCaml or its library zarith is missing."""
    if missing := _missing("ocamlfind", "ocamlopt"):
        pytest.skip(f"not installed: {missing}")
    if subprocess.run(["ocamlfind", "query", "zarith"], capture_output=True, check=False).returncode != 0:
        pytest.skip("not installed: OCaml's zarith")
    return built / "symverify-rocq"
