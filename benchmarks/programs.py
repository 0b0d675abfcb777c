"""How much longer the kernel takes for a chain of dense layers that is written as a general program.

python benchmarks/programs.py [REPEATS]

Per size the CPU milliseconds of evaluating, locating and differentiating a point, of chain and program, the least of
several runs each, turn by turn, and their ratio.
"""

import sys
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from random import Random

from symverify.kernel.core.network import Point, Problem, cell_of, features, predictions, pullback, residuals
from symverify.kernel.losses import squared
from symverify.kernel.network_file import FAMILIES, read_activation
from symverify.search.programs.chains import as_program
from symverify.search.snap_equations import as_point

SIZES = (((2, 4, 1), 20), ((4, 8, 1), 50), ((2, 6, 6, 2), 20), ((10, 20, 1), 100))


def chain(widths: tuple[int, ...], samples: int) -> tuple[Problem, Point]:
    """Random data of small fractions, and a point."""
    rng = Random(str((widths, samples)))

    def number() -> Fraction:
        return Fraction(rng.randint(-99, 99), rng.randint(1, 20))

    rows = tuple(tuple(number() for _ in range(widths[0])) for _ in range(samples))
    labels = tuple(tuple(number() for _ in range(widths[-1])) for _ in range(samples))
    h = read_activation(FAMILIES["relu"], "")
    shape = ("benchmark", widths, True, True, (h,) * (len(widths) - 2))
    problem = Problem(*shape, squared(Fraction(1)), rows, labels, None, "0" * 64)
    return problem, as_point(problem, [number() for _ in range(problem.size())])


def kernel(problem: Problem, point: Point) -> None:
    """What rules about a point ask for."""
    pattern = cell_of(problem, point)
    back = list(zip(*residuals(problem, predictions(problem, point)), strict=True))
    features(problem, pattern)
    for i, row in enumerate(back):
        pullback(problem, point, i, pattern, row)


def least(work: Callable[[], None], other: Callable[[], None], repeats: int) -> tuple[float, float]:
    """The least CPU milliseconds of each, the two in turns."""
    found = [float("inf")] * 2
    for _ in range(repeats):
        for k, each in enumerate((work, other)):
            start = time.process_time()
            each()
            found[k] = min(found[k], 1000 * (time.process_time() - start))
    return found[0], found[1]


def main(repeats: int = 7) -> None:
    """Print the table."""
    print(f"{'layers':>12} {'n':>5} {'chain':>9} {'program':>9} {'ratio':>6}")
    for widths, samples in SIZES:
        problem, point = chain(widths, samples)
        program = as_program(problem)
        plain, general = least(partial(kernel, problem, point), partial(kernel, program, point), repeats)
        name = "-".join(map(str, widths))
        print(f"{name:>12} {samples:>5} {plain:9.1f} {general:9.1f} {general / plain:5.2f}×")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
