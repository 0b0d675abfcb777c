"""The exact global minimum against SCIP, side by side: python benchmarks/global_minimum.py [--limit SECONDS].

Data: X uniform in −20…20, y uniform in −10…10 (random integer labels, the hard kind), ReLU with both biases.
Ours is exact; search and kernel (the certificate's step, within its budget of work) are in CPU time. SCIP (floats, one
thread) gets the form that suits it best: product variables u_j = |v_j| w_j with fixed output signs, SOS1 for the
pattern, one model per split of the signs, the most mixed first, and our minimum as a cutoff. Needs PySCIPOpt; without
it only ours runs.
"""

import argparse
import json
import random
import time
from fractions import Fraction
from typing import Any, NamedTuple

from symverify import loads
from symverify.certify.certificate import Certificate
from symverify.kernel.core.errors import metered
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import Result, global_minimum

SIZES = ((20, 1, 3), (20, 2, 2), (14, 2, 3), (20, 3, 2), (30, 2, 2), (40, 2, 2), (16, 2, 3), (20, 2, 3), (60, 2, 2))
LARGE = (100, 2, 2)
GROWTH = {
    "n": ((10, 2, 2), (20, 2, 2), (40, 2, 2), (80, 2, 2)),
    "d": ((16, 1, 2), (16, 2, 2), (16, 3, 2), (16, 4, 2)),
    "h": ((12, 2, 1), (12, 2, 2), (12, 2, 3), (12, 2, 4)),
}
ABOVE = 1e-6  # SCIP's cutoff lies this far (relatively) above the minimum, so that it has to find it, too


class Ours(NamedTuple):
    """CPU seconds of search and kernel, and the result."""

    search: float
    kernel: float
    result: Result


def problem(n: int, d: int, h: int, seed: int) -> Problem:
    rng = random.Random(seed)
    X = [[rng.randint(-20, 20) for _ in range(d)] for _ in range(n)]
    network = {
        "format": "symverify-network/1",
        "layers": [d, h, 1],
        "activation": "relu",
        "loss": {"name": "squared", "reduction": "sum"},
        "data": [{"x": x, "y": [rng.randint(-10, 10)]} for x in X],
    }
    return loads(json.dumps(network)).problem


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


def scip_model(inst: Problem, positive: int, cutoff: float) -> Any:
    """min Σ r² with r = c0 + Σ_j σ_j p_ij − y, p − q = ⟨u_j, x̃_i⟩, p, q ≥ 0, at most one of them non-zero."""
    from pyscipopt import Model, quicksum

    model = Model()
    model.hideOutput()
    loss, c0 = model.addVar(lb=0, ub=cutoff), model.addVar(lb=None)
    residuals = [model.addVar(lb=None) for _ in inst.targets]
    terms: list[list[Any]] = [[] for _ in inst.targets]
    for j in range(inst.widths[1]):
        u = [model.addVar(lb=None) for _ in inst.row(0)]
        for i, x in enumerate(map(inst.row, range(len(inst.inputs)))):
            p, q = model.addVar(lb=0), model.addVar(lb=0)
            model.addCons(quicksum(float(a) * w for a, w in zip(x, u, strict=True)) == p - q)
            model.addConsSOS1([p, q])
            terms[i].append(p if j < positive else -p)
    for r, parts, (y,) in zip(residuals, terms, inst.targets, strict=True):
        model.addCons(r == c0 + quicksum(parts) - float(y))
    model.addCons(quicksum(r * r for r in residuals) <= loss)
    model.setObjective(loss)
    return model


def scip(inst: Problem, best: Fraction, limit: float) -> tuple[float, float | None]:
    """(seconds, its minimum), or (the limit, None) if some split of the signs is not closed by then."""
    begun, lowest = time.perf_counter(), float("inf")
    middle = inst.widths[1] / 2
    for positive in sorted(range(inst.widths[1] + 1), key=lambda k: abs(k - middle)):
        model = scip_model(inst, positive, min(lowest, float(best) * (1 + ABOVE)))
        model.setParam("limits/time", max(limit - (time.perf_counter() - begun), 0.0))
        model.optimize()
        if model.getStatus() not in ("optimal", "infeasible"):
            return limit, None
        if model.getStatus() == "optimal":
            lowest = min(lowest, model.getObjVal())
    return time.perf_counter() - begun, lowest


def line(size: tuple[int, int, int], seed: int, limit: float) -> str:
    inst = problem(*size, seed)
    mine = ours(inst)
    result, total = mine.result, mine.search + mine.kernel
    n, d, h = size
    text = f"{n:4}{d:3}{h:3}{mine.search:9.2f}{mine.kernel:8.3f}{len(result.vectors):9}{certificate_bytes(result):10}"
    text += f"{result.statistics.tuples:16,}{float(result.upper):13.4f}"
    if not result.closed:
        return text + "   not closed"
    if not limit:
        return text
    seconds, lowest = scip(inst, result.upper, limit)
    if lowest is None:
        return text + f"   > {seconds:6.1f}  > {seconds / total:5.1f}×"
    gap = abs(lowest - float(result.upper)) / max(1.0, float(result.upper))
    return text + f"{seconds:11.2f}{seconds / total:9.1f}×  {'agrees' if gap < 1e-4 else f'differs: {lowest}'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for SCIP per problem; 0: leave it out")
    parser.add_argument("--seeds", type=int, default=1, help="problems per size")
    parser.add_argument("--large", action="store_true", help="also n = 100")
    parser.add_argument("--sizes", nargs="*", help="n,d,h instead of the built-in list")
    options = parser.parse_args()
    sizes = [tuple(int(x) for x in size.split(",")) for size in options.sizes or ()]
    ours(problem(20, 2, 2, 1))  # compile and import before the clock runs
    limit = options.limit
    try:
        import pyscipopt  # noqa: F401
    except ImportError:
        print("PySCIPOpt is not installed: ours only")
        limit = 0.0
    print("   n  d  h   search  kernel  vectors     bytes          tuples      minimum       SCIP    ratio")
    for size in sizes or [*SIZES, *([LARGE] if options.large else [])]:
        for seed in range(options.seeds):
            print(line((size[0], size[1], size[2]), seed, limit), flush=True)
    if not sizes:
        for what, growing in GROWTH.items():
            print(f"growth with {what}")
            for size in growing:
                print(line(size, 0, 0.0), flush=True)


if __name__ == "__main__":
    main()
