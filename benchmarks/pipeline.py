"""Start-up, check, verify and expand as whole commands, next to the interpreter's own start: medians and ratios.

Run from the repository's root: python benchmarks/pipeline.py [repetitions]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from symverify.cli import main; main()"]


def seconds(command: list[str], repetitions: int) -> float:
    """The median wall-clock time of a command; its exit code is not looked at."""
    times = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, check=False)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    base = seconds([sys.executable, "-c", "pass"], repetitions)
    print(f"{'command':44} {'seconds':>8} {'times the interpreter':>22}")
    with tempfile.TemporaryDirectory() as folder:
        certificate = str(Path(folder) / "c.symcert.json")
        for name in ("four-points", "deep-vector", "four-pieces"):
            network = f"examples/{name}.json"
            rows = {
                f"check {name} --no-smt": [*COMMAND, "check", network, "-o", certificate, "--no-smt"],
                f"check {name}": [*COMMAND, "check", network, "-o", certificate],
                f"verify {name}": [*COMMAND, "verify", certificate, network],
                f"kernel {name} (standard library)": [sys.executable, "-m", "symverify.kernel", network, certificate],
            }
            if name == "four-points":
                rows = {
                    "python -c pass": [sys.executable, "-c", "pass"],
                    "symverify --help": [*COMMAND, "--help"],
                    f"expand {name}": [*COMMAND, "expand", network, "--at", "point"],
                    **rows,
                }
            for label, command in rows.items():
                took = seconds(command, repetitions)
                print(f"{label:44} {took:8.3f} {took / base:21.1f}×")


if __name__ == "__main__":
    main()
