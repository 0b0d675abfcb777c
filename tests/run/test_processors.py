"""Problems have the same certificates on every processor: BLAS kernels, vector units; small ones without numba, too."""

import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

ROOT = Path(__file__).parents[2]
CERTIFICATES = "*/network.symcert.json"
EXAMPLES = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").glob("*.json") if len(path.suffixes) == 1
)

# Certificates by their names. As a program it prints a JSON object: the kind of BLAS, whether numba is there, and each
# certificate's SHA-256.
SCRIPT = """
import hashlib, json, sys
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_info

import symverify
from symverify.certify.emitters import CLAIMS
from symverify.certify.snap import snap
from symverify.kernel.core.network import coordinates
from symverify.search.snap_equations import as_point

try:
    numba = bool(import_module("numba"))
except ImportError:
    numba = False


def proofs():
    made = {}
    for network in sorted(Path("proofs").glob("*/network.json")):
        stated = json.loads((network.parent / "network.symcert.json").read_text())["claims"]
        names = list(dict.fromkeys(claim["claim"] for claim in stated if claim["claim"] in CLAIMS))
        cell = next((claim["cell"] for claim in stated if "cell" in claim), None)
        loaded = symverify.load(network)
        made[str(network)] = symverify.check(loaded, names, cell=cell, smt=False, timeout=600).certificate
    return made


def others(examples, texts):
    made = {name: symverify.check(symverify.load(name), smt=False).certificate for name in examples}
    for number, text in enumerate(texts):
        names = ["spurious_minimum", "valley", "global_minimum", "cell_minima"]
        made[f"random {number}"] = symverify.check(symverify.loads(text), names, smt=False).certificate
    if numba:
        samples = [{"x": [(7 * i * i + k * i**3) % 101 for k in range(3)], "y": [11 * i * i % 19]} for i in range(18)]
        network = {"format": "symverify-network/1", "layers": [3, 2, 1], "activation": "relu", "loss": "squared"}
        loaded = symverify.loads({**network, "data": samples})
        made["large"] = symverify.check(loaded, ["global_minimum"], smt=False, timeout=600).certificate
    for name in ("four-points", "boundary", "dead-unit"):
        problem = symverify.load(f"examples/{name}.json").problem
        near = as_point(problem, [x + Fraction(k % 5 - 2, 500) for k, x in enumerate(coordinates(problem.parameters))])
        made[f"snapped {name}"] = repr([(found.where, found.point) for found in snap(problem, near)]).encode()
    return made


if __name__ == "__main__":
    made = proofs() | others(*map(json.loads, sys.argv[1:]))
    blas = sorted({each["architecture"] for each in threadpool_info() if "architecture" in each})
    json.dump([blas, numba, {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}], sys.stdout)
"""


def random_networks(count):
    rng = random.Random(5)
    texts = []
    for number in range(count):
        outputs, width, hidden = 1 + (number % 4 == 3), rng.randint(1, 2), 1 + (number % 5 == 4)
        data = [
            {
                "x": [f"{rng.randint(-30, 30)}/{rng.randint(1, 9)}" for _ in range(width)],
                "y": [str(rng.randint(-3, 3)) for _ in range(outputs)],
            }
            for _ in range(rng.randint(4, 7))
        ]
        network = {
            "format": "symverify-network/1",
            "layers": [width, *[2] * hidden, outputs],
            "activation": rng.choice(["relu", "hardtanh", "abs"]),
            "loss": {"name": "squared"},
            "data": data,
        }
        texts.append(json.dumps(network))
    return texts


def made(extra, everything):
    environment = {
        **os.environ,
        **extra,
        "PYTHONPATH": os.pathsep.join([*extra.get("PYTHONPATH", "").split(), str(ROOT)]),
    }
    more = (EXAMPLES, random_networks(20)) if everything else ([], [])
    command = [sys.executable, "-c", SCRIPT, *map(json.dumps, more)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    blas, numba, hashes = json.loads(done.stdout)
    return blas, numba, hashes


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.long)], ids=["proofs", "more"])
def here(request):
    """Whether more than the proofs are made, and their hashes with what is found here.

    Of the proofs they are those of the files, which another test holds what is made here against.
    """
    if request.param:
        return True, made({}, True)[2]
    names = {"__name__": "made"}
    exec(SCRIPT, names)
    with contextlib.chdir(ROOT):
        found = names["others"]([], [])
        found |= {str(path.with_name("network.json")): path.read_bytes() for path in Path("proofs").glob(CERTIFICATES)}
    return False, {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def features():
    return {name for name, there in np._core._multiarray_umath.__cpu_features__.items() if there}


def chosen(kind):
    """The environment in which OpenBLAS takes the kernels of this processor; skips where they would not run."""
    either = {"Prescott": {"SSE3", "X86_V2"}, "Haswell": {"AVX2", "X86_V3"}, "SkylakeX": {"AVX512_SKX", "X86_V4"}}[kind]
    if not either & features():
        pytest.skip("the processor lacks its instructions")
    if "architecture" not in str(threadpool_info()):
        pytest.skip("NumPy's BLAS does not choose its kernels by the processor")
    return {"OPENBLAS_CORETYPE": kind}


@pytest.mark.parametrize("kind", [pytest.param("Prescott", marks=pytest.mark.long), "Haswell", "SkylakeX"])
def test_whatever_kernels_blas_has(kind, here):
    everything, expected = here
    environment = chosen(kind)
    if kind in str(threadpool_info()) and not everything:
        return  # what is expected was made by these
    blas, _, hashes = made(environment, everything)
    assert {"Prescott": "Katmai"}.get(kind, kind) in blas  # OpenBLAS says so of kernels for SSE3 alone
    assert hashes == expected


def test_without_wide_vectors(here):
    """BLAS and NumPy's own loops at the baseline, and a C library without fused multiplication."""
    everything, expected = here
    wide = [name for name in ("X86_V3", "X86_V4", "AVX512_ICL", "AVX2", "FMA3", "AVX512_SKX") if name in features()]
    disabled = {"NPY_DISABLE_CPU_FEATURES": " ".join(wide), "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"}
    _, _, hashes = made(disabled | {"OPENBLAS_CORETYPE": "Prescott"}, everything)
    assert hashes == expected


def test_without_numba(tmp_path, here):
    everything, expected = here
    (tmp_path / "numba.py").write_text("raise ImportError\n")
    _, numba, hashes = made({"PYTHONPATH": str(tmp_path)}, everything)
    assert not numba
    assert hashes == {name: found for name, found in expected.items() if name != "large"}


@pytest.mark.long
def test_whatever_processor_numba_compiles_for(tmp_path):
    pytest.importorskip("numba")
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert made(generic, False)[2] == made({}, False)[2]
