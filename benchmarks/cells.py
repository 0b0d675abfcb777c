"""Cells of one hidden unit: chambers per second against sign trees on z3 and on HiGHS, in one run.

    OPENBLAS_NUM_THREADS=1 python benchmarks/cells.py [--seconds 5]

The trees fix one row's sign after the other, depth first. Both re-use the last solution: the side on which it
lies needs no call. They get `--seconds` per instance, and their rate is that of the cells listed until then
(a tree that ends in time must agree on the count). Our time is from rows to all sign vectors as an int8 matrix.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import z3

from symverify.cells.arrangement import arrangement, count_chambers

Rows = list[list[int]]


@dataclass(frozen=True, slots=True)
class Tree:
    """What a sign tree found: cells, seconds, and whether it came to its end."""

    cells: int
    seconds: float
    finished: bool


def with_bias(points: Sequence[Sequence[int]]) -> Rows:
    return [[*point, 1] for point in points]


def random_points(count: int, dimension: int, seed: int = 0) -> Rows:
    return with_bias(np.random.default_rng(seed).integers(-1000, 1001, (count, dimension)).tolist())


def grid(side: int, dimension: int) -> Rows:
    return with_bias(list(itertools.product(range(side), repeat=dimension)))


def z3_tree(rows: Rows, seconds: float) -> Tree:
    """Linear real arithmetic with one push per row; the model decides one side of each row for free."""
    solver = z3.SolverFor("QF_LRA")
    weights = z3.Reals([f"w{i}" for i in range(len(rows[0]))])
    forms = [z3.Sum([a * w for a, w in zip(row, weights, strict=True)]) for row in rows]

    def value(model: z3.ModelRef, form: z3.ArithRef) -> int:
        number = model.eval(form, model_completion=True).as_fraction()
        return (number > 0) - (number < 0)

    def cells(depth: int, model: z3.ModelRef | None) -> Iterator[None]:
        if depth == len(rows):
            yield None
            return
        known = value(model, forms[depth]) if model is not None else 0
        for sign in (1, -1):
            solver.push()
            solver.add(forms[depth] > 0 if sign > 0 else forms[depth] < 0)
            if sign == known:
                yield from cells(depth + 1, model)
            elif solver.check() == z3.sat:
                yield from cells(depth + 1, solver.model())
            solver.pop()

    return timed(cells(0, None), seconds)


def highs_tree(rows: Rows, seconds: float) -> Tree:
    """One LP, s_i ⟨a_i, w⟩ ≥ 1 for the rows so far, by changing row bounds from a warm basis."""
    count, width = len(rows), len(rows[0])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")
    infinity = highspy.kHighsInf
    for _ in range(width):
        solver.addVar(-infinity, infinity)
    matrix = np.array(rows, dtype=np.float64)
    columns = np.arange(width, dtype=np.int32)
    for row in matrix:
        solver.addRow(-infinity, infinity, width, columns, row)

    def cells(depth: int, point: np.ndarray | None) -> Iterator[None]:
        if depth == count:
            yield None
            return
        known = 0.0 if point is None else float(matrix[depth] @ point)
        for sign in (1, -1):
            solver.changeRowBounds(depth, *((1.0, infinity) if sign > 0 else (-infinity, -1.0)))
            if point is not None and sign * known >= 1.0:
                yield from cells(depth + 1, point)
            else:
                solver.run()
                if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                    yield from cells(depth + 1, np.array(solver.getSolution().col_value))
        solver.changeRowBounds(depth, -infinity, infinity)

    return timed(cells(0, None), seconds)


def timed(cells: Iterator[None], seconds: float) -> Tree:
    """Count what the iterator yields in the time."""
    start, found = time.perf_counter(), 0
    for _ in cells:
        found += 1
        if time.perf_counter() - start > seconds:
            return Tree(found, time.perf_counter() - start, finished=False)
    return Tree(found, time.perf_counter() - start, finished=True)


def best_of(work: Callable[[], object], repeats: int = 3) -> float:
    """The shortest wall-clock time of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def compare(name: str, rows: Rows, seconds: float) -> None:
    """Print one line: our rate, the trees' rates, and the ratios."""
    found = len(arrangement(rows))
    ours = found / best_of(lambda: arrangement(rows).signs)
    line = f"{name:<22}{found:>9}{ours:>12,.0f}"
    for tree in (z3_tree(rows, seconds), highs_tree(rows, seconds)):
        if tree.finished and tree.cells != found:
            line += f"   (wrong: {tree.cells})"
            continue
        rate = tree.cells / tree.seconds
        line += f"{rate:>9,.0f}{ours / rate:>9,.0f}x"
    print(line, flush=True)


def growth() -> None:
    """Print how our time grows with the number of samples."""
    print("\ngeneral position      cells   seconds   cells/s   extreme rays (s)   count only (s)")
    for dimension, count in itertools.product((2, 3), (20, 40, 60, 80, 100)):
        rows = random_points(count, dimension, seed=1)
        chambers = arrangement(rows)
        seconds = best_of(lambda rows=rows: arrangement(rows).signs)
        incidence = best_of(lambda rows=rows: arrangement(rows).chamber_rays(), 1)
        counting = best_of(lambda rows=rows: count_chambers(rows), 1)
        print(
            f"n={count:<4} d={dimension}{len(chambers):>16}{seconds:>10.4f}{len(chambers) / seconds:>10,.0f}"
            f"{incidence:>19.3f}{counting:>17.3f}",
            flush=True,
        )


def cubes() -> None:
    """Print the linear threshold functions of {0, 1}^d."""
    print("\n{0,1}^d         cells   listed (s)   counted (s)")
    for dimension in range(2, 7):
        rows = grid(2, dimension)
        listed = f"{best_of(lambda rows=rows: arrangement(rows).signs, 1):.3f}" if dimension < 6 else "-"
        start = time.perf_counter()
        found = count_chambers(rows)
        print(f"d={dimension}{found:>18}{listed:>13}{time.perf_counter() - start:>14.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each tree on each instance")
    seconds = parser.parse_args().seconds
    print(f"{'':<22}{'cells':>9}{'ours/s':>12}{'z3/s':>9}{'ratio':>10}{'HiGHS/s':>9}{'ratio':>10}")
    for dimension, count in ((2, 20), (2, 60), (3, 20), (3, 40), (3, 100), (4, 30)):
        compare(f"random n={count} d={dimension}", random_points(count, dimension, seed=1), seconds)
    for side, dimension in ((6, 2), (10, 2), (4, 3), (5, 3), (2, 4), (2, 5), (3, 4)):
        compare(f"grid {side}^{dimension}", grid(side, dimension), seconds)
    growth()
    cubes()


if __name__ == "__main__":
    main()
