"""The global minimum on a Dask cluster of two local processes, one of which is killed on the way.

Needs Dask: pip install distributed. The certificate is the one that a single process writes.
"""

import os
import signal
from functools import partial

from distributed import LocalCluster

import symverify
from symverify.run.cluster import dask

SAMPLES = [{"x": [(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97], "y": [(11 * i * i + i) % 19]} for i in range(30)]
NETWORK = {
    "format": "symverify-network/1",
    "layers": [2, 2, 1],
    "activation": "relu",
    "loss": "squared",
    "data": SAMPLES,
}


def main() -> None:
    problem = symverify.loads(NETWORK)
    alone = symverify.check(problem, ["global_minimum"], smt=False, workers=1, timeout=600)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed = []

        def watch(what: str) -> None:
            if "is between" in what and not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

        together = symverify.check(
            problem,
            ["global_minimum"],
            smt=False,
            timeout=600,  # a worker's start takes a while
            executor=partial(dask, cluster.scheduler_address),
            progress=watch,
        )
    print(together["global_minimum"].line)
    print(f"workers killed on the way: {len(killed)}")
    print(f"same certificate as from one process: {alone.certificate == together.certificate}")


if __name__ == "__main__":
    main()
