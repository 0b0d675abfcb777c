"""Stationary points of deep and vector-valued networks, planted: how many are decided; minima are attacked.

Run from the repository's root: python benchmarks/stationary.py [points] [seed]. Labels are chosen so that a random
point is stationary on its cell, or has strict multipliers on every cell around it. What is proved a minimum is
attacked from random points so near that only its kinks change sides, in floats, and by exact curves.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from symverify.certify.certificate import parameters
from symverify.ground.linear import nullspace
from symverify.ground.lp import Constraint, Farkas, solve_system
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.curvature.cell_kkt import Cell, cells
from symverify.kernel.curvature.hessian import slope
from symverify.problem.load import loads
from symverify.run.check import check
from symverify.search.descent import descent
from symverify.search.float_network import Array, FloatNetwork, as_floats
from symverify.search.snap_equations import as_point

Document = dict[str, object]
Shape = tuple[list[int], str, bool, int]
SHAPES: list[Shape] = [  # layers, activation, biases, samples
    ([2, 2, 2], "relu", True, 7),
    ([2, 2, 2], "leaky_relu", True, 7),
    ([1, 2, 2, 1], "relu", True, 9),
    ([1, 2, 2, 1], "leaky_relu", True, 12),
    ([2, 2, 2, 1], "relu", False, 10),
    ([1, 1, 2], "relu", True, 4),
    ([2, 1, 2], "abs", True, 5),
    ([1, 2, 1, 1], "leaky_relu", True, 8),
    ([1, 1, 1, 1], "relu", True, 5),
    ([2, 2, 1, 1], "hardtanh", True, 8),
]
MAX_KINKS, ATTACKS, STEPS = 4, 60, 80


def document(shape: Shape, xs: Sequence[Sequence[int]], ys: Sequence[Sequence[Fraction]]) -> Document:
    """Squared loss with factor 1/2, so that r = f − y."""
    layers, activation, bias, _ = shape
    data = [{"x": list(x), "y": [str(b) for b in y]} for x, y in zip(xs, ys, strict=True)]
    form: Document = {"format": "symverify-network/1", "layers": layers, "activation": activation, "bias": bias}
    return form | {"data": data, "loss": {"name": "squared", "reduction": "sum", "factor": "1/2"}}


def planted(noise: random.Random, shape: Shape) -> tuple[Document, int] | None:
    """A network at a point that is stationary for its labels, and the number of kinks; None if the draw does not do."""
    layers, _, _, n = shape
    xs = [[noise.randint(-3, 3) for _ in range(layers[0])] for _ in range(n)]
    plain = loads(json.dumps(document(shape, xs, [[Fraction(0)] * layers[-1]] * n))).problem
    parts = noise.choice([1, 1, 3])  # integers, so that there are kinks
    theta = as_point(plain, [Fraction(noise.randint(-2 * parts, 2 * parts), parts) for _ in range(plain.size())])
    f = predictions(plain, theta)
    try:
        _, around = cells(plain, Evaluated(theta, f, risk(plain, f), False))
    except Declined:
        return None
    first = next(around)
    kinks = len(first.kinks)
    if kinks > MAX_KINKS or (r := pulls(noise, plain, theta, [first, *around])) is None:
        return None
    size = noise.choice([Fraction(1, 50), Fraction(1), Fraction(4)]) / max(map(abs, r))
    k = layers[-1]
    ys = [[b - size * r[i * k + c] for c, b in enumerate(row)] for i, row in enumerate(f)]
    return document(shape, xs, ys) | {"parameters": parameters(theta)}, kinks


def pulls(noise: random.Random, problem: Problem, theta: Point, every: Sequence[Cell]) -> list[Fraction] | None:
    """r with ∇R_s = Σ λ_b N_b and λ ≥ 1 in all cells; not 0."""
    n, k, count = len(problem.inputs), problem.widths[-1], len(every[0].kinks)
    width, equal, least = n * k + count * len(every), list[Constraint](), list[Constraint]()
    units = [[[Fraction((a, b) == (i, c)) for b in range(k)] for a in range(n)] for i in range(n) for c in range(k)]
    for q, cell in enumerate(every):
        columns = [slope(problem, theta, cell.pattern, unit) for unit in units]
        normals = [cell.kink(b)[0] for b in range(count)]
        for c in range(problem.size()):
            row = [Fraction(0)] * width
            row[: n * k] = [column[c] for column in columns]
            row[n * k + q * count : n * k + (q + 1) * count] = [-normal[c] for normal in normals]
            if any(row):
                equal.append((row, Fraction(0)))
        for b in range(count):
            row = [Fraction(0)] * width
            row[n * k + q * count + b] = Fraction(1)
            least.append((row, Fraction(1)))
    if count:
        found = solve_system(equal, least, [], width)
        r = None if isinstance(found, Farkas) else list(found.x[: n * k])
    else:
        free = nullspace([row for row, _ in equal], width)
        r = [sum((noise.randint(-3, 3) * b[a] for b in free), Fraction(0)) for a in range(n * k)]
    return r if r and any(r) else None


def attacked(problem: Problem, theta: Point, seed: int) -> Fraction | None:
    """A point of lower risk so near that strict pre-activations keep their sides; its exact gain."""
    net, v, noise = FloatNetwork(problem), as_floats(problem, theta), np.random.default_rng(seed)
    z, best = net.forward(v)[1], risk(problem, predictions(problem, theta))
    gaps = [np.abs(a[:, :, None] - t) for a, t in zip(z, net.breaks, strict=False)]
    margins = [float(x) for gap in gaps for x in gap.ravel() if x > 1e-12]
    room = 0.1 * min(margins, default=1.0) / max(1.0, float(np.abs(v).max()) * float(np.abs(net.inputs).max()))
    for size in np.repeat([room, room / 10, room / 100], ATTACKS // 3):
        there = fallen(net, v + size * noise.normal(size=net.size), float(size))
        exact = risk(problem, predictions(problem, as_point(problem, map(Fraction, there.tolist()))))
        if exact < best and near(net, v, there, gaps):
            return exact - best
    return None


def fallen(net: FloatNetwork, v: Array, size: float) -> Array:
    """Some steps down the gradient, the longer ones first."""
    before = net.risk(v)
    for _ in range(STEPS):
        g = net.gradient(v, net.pieces(v))[0]
        length = float(np.linalg.norm(g))
        if not length or size < 1e-18:
            break
        there = v - size * g / length
        if (after := net.risk(there)) < before:
            v, before = there, after
        else:
            size /= 2
    return v


def near(net: FloatNetwork, v: Array, there: Array, gaps: Sequence[Array]) -> bool:
    """Whether no pre-activation that is strictly inside its piece has moved by more than half of its way out."""
    moves = [np.abs(a - b)[:, :, None] for a, b in zip(net.forward(there)[1], net.forward(v)[1], strict=True)]
    return all(bool(((move < gap / 2) | (gap < 1e-12)).all()) for move, gap in zip(moves, gaps, strict=False))


def flagged(problem: Problem, seed: int) -> str:
    """What speaks against a local minimum at the given point."""
    if problem.parameters is None:
        raise ValueError("the network has parameters")
    if (curve := descent(problem, problem.parameters)) is not None:
        return f"the risk falls along {curve[0]}"
    gain = attacked(problem, problem.parameters, seed)
    return "" if gain is None else f"a point nearby has a risk that is lower by {float(-gain):.3g}"


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    noise, tally, begun = (
        random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1),
        Counter[str](),
        time.process_time(),
    )
    for number in range(wanted):
        drawn = None
        while drawn is None:
            drawn = planted(noise, noise.choice(SHAPES))
        form, kinks = drawn
        loaded = loads(json.dumps(form))
        verdict = (claim := check(loaded, ["point"], smt=False, timeout=120)["point"]).verdict.value
        tally[verdict] += 1
        tally["on kinks"] += kinks > 0
        if verdict == "undecided":
            print(f"open, {kinks} kinks: {claim.reason}: {json.dumps(form)}", flush=True)
        elif verdict == "proved" and (found := flagged(loaded.problem, number)):
            tally["flagged"] += 1
            print(f"flag: {found}: {json.dumps(form)}", flush=True)
    print(", ".join(f"{name} {count}" for name, count in sorted(tally.items())), f"{time.process_time() - begun:.0f} s")


if __name__ == "__main__":
    main()
