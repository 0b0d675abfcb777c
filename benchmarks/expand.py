"""Expansion of predictions and risk on a cell: `symverify.search.expand` against plain `sympy.expand`, in one run.

    python benchmarks/expand.py [--naive-terms 5000]

Both start from the same problem and pattern and end with every prediction and the risk multiplied out; the results
are compared term by term. Where the risk has more than `--naive-terms` terms plain expansion is left out.
"""

import argparse
import os
import random
import time
from typing import Any

os.environ.setdefault("SYMPY_GROUND_TYPES", "flint")

import sympy
from sympy.external.gmpy import GROUND_TYPES

from symverify.kernel.core.network import Pattern, Problem
from symverify.problem import loads
from symverify.search.expand import Expansion, expand, variables

SHAPES: list[tuple[list[int], int]] = [
    ([1, 2, 1], 4),
    ([2, 4, 3, 2], 5),
    ([2, 10, 1], 20),
    ([1, 3, 3, 3, 1], 10),
    ([5, 20, 1], 20),
    ([10, 25, 1], 20),
]


def random_problem(widths: list[int], n: int) -> tuple[Problem, Pattern]:
    """Leaky ReLU, data with small denominators, a random pattern."""
    rng = random.Random(0)

    def vector(width: int) -> list[str]:
        return [f"{rng.randint(-9, 9)}/{rng.randint(1, 5)}" for _ in range(width)]

    problem = loads(
        {
            "format": "symverify-network/1",
            "layers": widths,
            "activation": {"name": "leaky_relu", "negative_slope": "1/3"},
            "loss": "squared",
            "data": [{"x": vector(widths[0]), "y": vector(widths[-1])} for _ in range(n)],
        }
    ).problem
    pattern = tuple(tuple(tuple(rng.randint(0, 1) for _ in range(n)) for _ in range(w)) for w in widths[1:-1])
    return problem, pattern


def rational(x: Any) -> Any:
    return sympy.Rational(x.numerator, x.denominator)


def naive(problem: Problem, pattern: Pattern) -> tuple[list[list[Any]], Any]:
    """The same as expression trees, each expanded by `sympy.expand`."""
    predictions = []
    for i, x in enumerate(problem.inputs):
        symbols, a = iter(sympy.symbols(variables(problem))), [rational(value) for value in x]
        for m, width in enumerate(problem.widths[1:]):
            z = [sum(next(symbols) * value for value in a) + next(symbols) for _ in range(width)]
            if m < len(pattern):
                h = problem.activations[m]
                a = [
                    rational(h.slopes[u[i]]) * v + rational(h.offsets[u[i]]) for u, v in zip(pattern[m], z, strict=True)
                ]
        predictions.append([sympy.expand(value) for value in z])
    errors = [
        f - rational(y) for p, t in zip(predictions, problem.targets, strict=True) for f, y in zip(p, t, strict=True)
    ]
    return predictions, sympy.expand(rational(problem.loss.factor) * sum(e**2 for e in errors))


def same(expansion: Expansion, predictions: list[list[Any]], risk: Any) -> bool:
    ours = [f for row in expansion.predictions for f in row] + [expansion.risk]
    theirs = [f for row in predictions for f in row] + [risk]
    return all(a.ring.from_expr(b) == a for a, b in zip(ours, theirs, strict=True) if a is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naive-terms", type=int, default=5000, help="largest risk that plain sympy.expand is given")
    limit = parser.parse_args().naive_terms
    expand(*random_problem([1, 1, 1], 1))  # imports
    print(f"SymPy {sympy.__version__}, ground types {GROUND_TYPES}")
    print(f"{'network':>12} {'n':>3} {'parameters':>10} {'risk terms':>10} {'ours s':>9} {'sympy s':>9} {'ratio':>7}")
    for widths, n in SHAPES:
        problem, pattern = random_problem(widths, n)
        start = time.perf_counter()
        expansion = expand(problem, pattern)
        ours = time.perf_counter() - start
        size = len(expansion.risk)
        line = f"{'-'.join(map(str, widths)):>12} {n:>3} {problem.size():>10} {size:>10} {ours:>9.4f}"
        if size <= limit:
            start = time.perf_counter()
            result = naive(problem, pattern)
            theirs = time.perf_counter() - start
            line += f" {theirs:>9.3f} {theirs / ours:>6.0f}x" + ("" if same(expansion, *result) else "  DIFFERENT")
        print(line, flush=True)


if __name__ == "__main__":
    main()
