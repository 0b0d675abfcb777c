"""Every script in examples/ runs, without warnings."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if path.name != "dask_cluster.py")
NEEDED = {"from_sklearn.py": "sklearn", "from_torch.py": "torch"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_it_runs(script):
    if script.name in NEEDED:
        pytest.importorskip(NEEDED[script.name], reason=f"needs {NEEDED[script.name]}")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=EXAMPLES.parent, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_cluster_loses_a_worker_and_nothing_else():
    pytest.importorskip("distributed", reason="needs the cluster extra")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "dask_cluster.py"], capture_output=True, text=True, check=True, timeout=180
    )
    assert "workers killed on the way: 1" in done.stdout
    assert "same certificate as from one process: True" in done.stdout
