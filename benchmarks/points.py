"""Theorem 1 and given points at size: CPU seconds and peak memory of the whole check, and of the kernel alone.

Whole numbers as data, no point (Theorem 1); the same with a point of decimals, as training leaves them. Each size is
one run of each command, the start of the interpreter included.

Run from the repository's root: python benchmarks/points.py [2-10-1:5000 10-100-1:500 …]
"""

import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
SIZES = ("2-10-1:5000", "10-100-1:500", "784-32-1:100", "50-100-1:500")
COMMAND = [sys.executable, "-c", "from symverify.cli import main; main()"]
LIMIT = 600  # seconds of a command


def network(layers: list[int], samples: int, point: bool, seed: int = 1) -> dict[str, object]:
    """A network file."""
    rng = Random(seed)

    def numbers(count: int) -> list[str]:
        return [str(rng.randint(-50, 50)) for _ in range(count)]

    data = [{"x": numbers(layers[0]), "y": numbers(layers[-1])} for _ in range(samples)]
    document: dict[str, object] = {"format": "symverify-network/1", "layers": layers, "activation": "relu"}
    document |= {"loss": "squared", "data": data}
    if point:
        document["parameters"] = [
            {
                "weight": [[repr(rng.gauss(0, 1) / columns**0.5) for _ in range(columns)] for _ in range(rows)],
                "bias": [repr(rng.gauss(0, 1)) for _ in range(rows)],
            }
            for columns, rows in pairwise(layers)
        ]
    return document


def measured(command: list[str]) -> tuple[float, float, str]:
    """CPU seconds, peak MB and the last line of a command."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(["timeout", str(LIMIT), *command], stdout=out, stderr=subprocess.DEVNULL, cwd=ROOT)
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0  # it has been waited for
        out.seek(0)
        lines = out.read().decode().splitlines() or ["no answer"]
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, " ".join(lines[-1].split()[:3])


def main() -> None:
    print(f"{'network':14} {'samples':>7} {'point':>6} {'command':8} {'CPU s':>7} {'MB':>6}  last line")
    for size in sys.argv[1:] or SIZES:
        name, _, samples = size.partition(":")
        for point in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                file, certificate = Path(folder) / "network.json", Path(folder) / "network.symcert.json"
                file.write_text(json.dumps(network([int(x) for x in name.split("-")], int(samples), point)))
                paths = [str(certificate), str(file)]
                commands = {
                    "check": [*COMMAND, "check", str(file), "-o", str(certificate), "--no-smt"],
                    "verify": [*COMMAND, "verify", *paths],
                    "explain": [*COMMAND, "explain", *paths],
                    "kernel": [sys.executable, "-m", "symverify.kernel", *reversed(paths)],
                }
                for label, command in commands.items():
                    cpu, memory, last = measured(command)
                    given = "given" if point else "-"
                    print(f"{name:14} {samples:>7} {given:>6} {label:8} {cpu:7.2f} {memory:6.0f}  {last}")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
