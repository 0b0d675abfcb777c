"""The exact global minimum with one worker and with two: python benchmarks/workers.py [--runs N] [SIZE …].

Data as in `global_minimum.py`, random labels. Wall time of the search with its certificate, without the kernel's check
(which stays in one thread; its time stands beside), one after the other in turns, medians of so many runs; both must
give the same certificate. `all` is the ratio with the kernel's check. Nothing else should run meanwhile: `idle` is what
two busy processes reach over one on this machine, at most 2.
"""

import argparse
import multiprocessing
import statistics
import time

from global_minimum import problem

from symverify.certify.certificate import Certificate
from symverify.kernel.core.errors import metered
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Helpers, Result, global_minimum

Size = tuple[int, int, int]  # samples, inputs, hidden units
SIZES: tuple[Size, ...] = ((20, 2, 2), (40, 2, 2), (80, 2, 2), (100, 2, 2), (30, 3, 2))
SPUN = 50_000_000  # steps of a loop to see how idle the machine is
HEAD = "   n  d  h  seed      one      two  ratio   kernel    all   nodes  vectors"


def searched(inst: Problem, workers: int) -> tuple[float, Result]:
    begun = time.perf_counter()
    with Helpers(threads=workers) as helpers:
        result = global_minimum(inst, helpers=helpers)
    return time.perf_counter() - begun, result


def verified(inst: Problem, result: Result) -> float:
    """The seconds of the kernel's check."""
    begun = time.perf_counter()
    if result.lower > 0:
        vectors, tree = [list(g) for g in result.vectors], list(result.tree)
        with metered():
            Certificate(inst).step("global_lower_bound", risk=str(result.lower_risk), vectors=vectors, tree=tree)
    return time.perf_counter() - begun


def line(size: Size, seed: int, runs: int) -> str:
    seconds: dict[int, list[float]] = {1: [], 2: []}
    found: list[Result] = []
    for _ in range(runs):
        for workers, times in seconds.items():
            took, result = searched(problem(size, seed), workers)
            times.append(took)
            found.append(result)
    first = found[0]
    if any((each.vectors, each.tree, each.upper) != (first.vectors, first.tree, first.upper) for each in found):
        raise ArithmeticError("the certificate depends on the number of workers")
    one, two = (statistics.median(times) for times in seconds.values())
    kernel = min(verified(problem(size, seed), first) for _ in range(2))
    text = f"{size[0]:4}{size[1]:3}{size[2]:3}{seed:6}{one:9.2f}{two:9.2f}{one / two:7.2f}{kernel:9.3f}"
    return text + f"{(one + kernel) / (two + kernel):7.2f}{first.statistics.nodes:8}{len(first.vectors):9}"


def spin() -> None:
    for _ in range(SPUN):
        pass


def spun(count: int) -> float:
    """The seconds that so many processes take at once, each with the same work."""
    processes = [multiprocessing.get_context("spawn").Process(target=spin) for _ in range(count)]
    begun = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", help="n,d,h; by default some", metavar="SIZE")
    parser.add_argument("--runs", type=int, default=5, help="of each")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [tuple(map(int, size.split(","))) for size in arguments.sizes] or SIZES
    spun(1)  # the first one also reads its files
    print(f"idle: two processes get {2 * spun(1) / spun(2):.2f} times as much done as one")
    global_minimum(problem((20, 2, 2), 0))  # compiled, and loaded
    print(HEAD)
    for n, d, h in sizes:
        for seed in range(arguments.seeds):
            print(line((n, d, h), seed, arguments.runs), flush=True)


if __name__ == "__main__":
    main()
