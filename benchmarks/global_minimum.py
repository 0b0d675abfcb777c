"""The exact global minimum against Gurobi and SCIP, side by side: python benchmarks/global_minimum.py [--limit S].

Data: X uniform in −20…20; labels either uniform in −10…10 (random, the hard kind) or those of a network of the same
width with noise of a tenth of their range (teacher); ReLU with both biases. All times are CPU seconds of one process.
Ours is exact, and all in: starts, search, certificate, and the kernel's check of it. The peers (`peers.py`: floats,
one thread) run in several forms, of which the quickest counts, and twice: with our minimum as a cutoff, which we do not
get, and without. A ratio above 1 says how many times longer they take; one with > is of a peer that was stopped. At the
end of a row the medians over its seeds. `share` is the kernel's time over the search's. Needs the extra `bench`;
without a peer's package that peer is left out.
"""

import argparse
import gc
import json
import random
import resource
import statistics
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

from peers import PEERS, Found, raced

from symverify import loads
from symverify.certify.certificate import Certificate
from symverify.kernel.core.errors import metered
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Result, global_minimum

Size = tuple[int, int, int]  # samples, inputs, hidden units
SIZES: tuple[Size, ...] = (
    *((20, 1, 3), (20, 2, 2), (14, 2, 3), (20, 3, 2), (30, 2, 2)),
    *((16, 2, 3), (20, 2, 3), (15, 4, 2), (30, 3, 2), (40, 2, 2)),
)
LARGE: tuple[Size, ...] = ((60, 2, 2), (100, 2, 2), (200, 2, 2), (40, 2, 3), (60, 3, 2))
GROWTH: dict[str, tuple[Size, ...]] = {
    "n": ((10, 2, 2), (20, 2, 2), (40, 2, 2), (80, 2, 2)),
    "d": ((16, 1, 2), (16, 2, 2), (16, 3, 2), (16, 4, 2)),
    "h": ((12, 2, 1), (12, 2, 2), (12, 2, 3), (12, 2, 4)),
}
LABELS = ("random", "teacher")
LEAST = 2.0  # CPU seconds that a peer has at least, if the limit allows


class Ours(NamedTuple):
    """CPU seconds of the search with its certificate and of the kernel, and the result."""

    search: float
    kernel: float
    result: Result

    @property
    def total(self) -> float:
        return self.search + self.kernel


def problem(size: Size, seed: int, labels: str = "random") -> Problem:
    (n, d, h), rng = size, random.Random(seed)
    X = [[rng.randint(-20, 20) for _ in range(d)] for _ in range(n)]
    y = [rng.randint(-10, 10) for _ in range(n)] if labels == "random" else taught(X, h, rng)
    network = {
        "format": "symverify-network/1",
        "layers": [d, h, 1],
        "activation": "relu",
        "loss": {"name": "squared", "reduction": "sum"},
        "data": [{"x": x, "y": [label]} for x, label in zip(X, y, strict=True)],
    }
    return loads(json.dumps(network)).problem


def taught(X: list[list[int]], h: int, rng: random.Random) -> list[int]:
    """Labels in a range of about 100, with noise of up to 10."""
    d = len(X[0])
    W, b = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(h)], [rng.randint(-60, 60) for _ in range(h)]
    v = [rng.choice((-1, 1)) for _ in range(h)]
    f = [sum(v[j] * max(0, b[j] + sum(a * c for a, c in zip(W[j], x, strict=True))) for j in range(h)) for x in X]
    return [round(100 * t / max(1, max(f) - min(f))) + rng.randint(-10, 10) for t in f]


def ours(inst: Problem) -> Ours:
    begun = time.process_time()
    result = global_minimum(inst)
    found = time.process_time()
    if result.lower > 0:
        vectors, tree = [list(g) for g in result.vectors], list(result.tree)
        with metered():
            Certificate(inst).step("global_lower_bound", risk=str(result.lower_risk), vectors=vectors, tree=tree)
    return Ours(found - begun, time.process_time() - found, result)


def certificate_bytes(result: Result) -> int:
    return len(json.dumps([result.vectors, result.tree], separators=(",", ":")))


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def quickest(name: str, inst: Problem, best: float | None, limit: float) -> Found:
    """The quickest of a peer's forms; each has as long as the quickest so far has taken."""
    _, solve, forms = PEERS[name]
    top = Found(limit, None, "time")
    for form in forms:
        found = raced(solve, inst, form, best, limit if top.value is None else 3 * top.seconds + 0.5)
        if found.why == "no licence" and top.why:  # forms with more variables may be beyond it
            top = found if form == forms[0] else top
        if found.value is not None and (top.value is None or found.seconds < top.seconds):
            top = found
    return top


def told(found: Found, mine: Ours) -> tuple[str, float | None]:
    """A peer's seconds with their ratio, and that ratio; where the peer was stopped, the least that it can be."""
    if found.why == "no licence":
        return f"{'no licence':>17}", None
    ratio, more = found.seconds / mine.total, ">" if found.value is None else " "
    upper = float(mine.result.upper)
    wrong = found.value is not None and found.value != float("inf") and abs(found.value - upper) > 1e-4 * max(1, upper)
    return f" {more}{found.seconds:7.2f} {ratio:6.2f}×{'!' if wrong else ' '}", ratio


HEAD = "   n  d  h  labels  seed  search  kernel  share   total  vectors    bytes   nodes      minimum   MB"


def line(
    size: Size, labels: str, seed: int, peers: Sequence[str], limit: float, times: float
) -> tuple[str, list[float | None]]:
    inst = problem(size, seed, labels)
    mine = ours(inst)
    result = mine.result
    text = f"{size[0]:4}{size[1]:3}{size[2]:3}  {labels:8}{seed:3}{mine.search:8.2f}{mine.kernel:8.3f}"
    text += f"{mine.kernel / mine.search:7.3f}{mine.total:8.2f}"
    text += (
        f"{len(result.vectors):9}{certificate_bytes(result):9}{result.statistics.nodes:8}{float(result.upper):13.4f}"
    )
    text += f"{peak():5.0f}" + ("" if result.closed else "   not closed")
    ratios: list[float | None] = []
    for name in peers:
        for best in (float(result.upper), None):
            part, ratio = told(quickest(name, inst, best, min(limit, max(LEAST, times * mine.total))), mine)
            text += part
            ratios.append(ratio)
    return text, ratios


def medians(rows: Sequence[list[float | None]]) -> str:
    """Of the ratios of each column, with > where a peer was stopped in half of the rows: their least is known then."""
    columns = ([ratio for ratio in column if ratio is not None] for column in zip(*rows, strict=True))
    return "".join(f"{statistics.median(column):15.2f}× " if column else f"{'–':>17}" for column in columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="CPU seconds for a peer per problem; 0: no peers")
    parser.add_argument(
        "--times", type=float, default=20.0, help="a peer has at most so many times as long as ours took"
    )
    parser.add_argument("--seeds", type=int, default=3, help="problems per size and kind of labels")
    parser.add_argument("--large", action="store_true", help="the large sizes, without peers")
    parser.add_argument("--growth", action="store_true", help="how time and memory grow with n, d and h, without peers")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--labels", nargs="*", choices=LABELS, default=LABELS)
    parser.add_argument("--sizes", nargs="*", help="n,d,h instead of the built-in list")
    options = parser.parse_args()
    given = [tuple(map(int, size.split(","))) for size in options.sizes or ()]
    sizes = [(n, d, h) for n, d, h in given]
    for size in ((20, 2, 2), (20, 3, 2)):
        ours(problem(size, 1))  # compile and import before the clock runs
    gc.freeze()  # nobody pays for a collector that passes through all that was imported
    peers = [name for name in options.peers if options.limit and find_spec(PEERS[name][0])]
    if options.large or options.growth:
        print(HEAD)
        rows = {"": LARGE} if options.large else GROWTH
        for what, growing in rows.items():
            print(f"growth with {what}") if what else None
            for size in growing:
                print(line(size, "random", 0, (), 0.0, 0.0)[0], flush=True)
        return
    print(HEAD + "".join(f"{name + ' ' + how:>17}" for name in peers for how in ("cutoff", "without")))
    for size in sizes or SIZES:
        for labels in options.labels:
            rows = [line(size, labels, seed, peers, options.limit, options.times) for seed in range(options.seeds)]
            for text, _ in rows:
                print(text, flush=True)
            if peers:
                print(f"{'median ratio':>{len(HEAD)}}" + medians([ratios for _, ratios in rows]), flush=True)


if __name__ == "__main__":
    main()
