"""Cells of one hidden unit: chambers per CPU second against sign trees on four solvers, medians of several runs.

    OPENBLAS_NUM_THREADS=1 python benchmarks/cells.py [--seconds 1.5] [--runs 3]

The trees fix one row's sign after the other, depth first: z3, HiGHS, SciPy's NNLS on Gordan's alternative, and cddlib
where pycddlib (or pycddlib-standalone) is installed. All re-use the last point: the side on which it lies needs no
call. They get `--seconds` of CPU time per run, and their rate is that of the cells listed until then (a tree that
ends in time must agree on the count). Our time is from rows to all sign vectors as an int8 matrix. Both sides are
timed by the process's CPU clock, in turn, so many times.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import z3
from scipy.optimize import nnls

from symverify.cells.arrangement import arrangement, count_chambers

try:
    import cdd
except ImportError:
    cdd = None

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


def by_points(rows: Rows, inside: Callable[[np.ndarray], np.ndarray | None]) -> Iterator[None]:
    """The tree on a solver that gives a point w with ⟨a, w⟩ > 0 for all rows a of a matrix, or None."""
    matrix = np.array(rows, dtype=np.float64)

    def cells(depth: int, signed: np.ndarray, point: np.ndarray | None) -> Iterator[None]:
        if depth == len(matrix):
            yield None
            return
        known = 0.0 if point is None else float(matrix[depth] @ point)
        for sign in (1.0, -1.0):
            below = np.vstack([signed, sign * matrix[depth]])
            here = point if point is not None and sign * known > 1e-9 else inside(below)
            if here is not None:
                yield from cells(depth + 1, below, here)

    return cells(0, matrix[:0], None)


def gordan(signed: np.ndarray) -> np.ndarray | None:
    """λ ≥ 0 with λA = 0 and Σ λ = 1 by least squares; where there is none the residual is a point of the cone."""
    lengths = np.sqrt((signed * signed).sum(axis=1))
    system = np.vstack([(signed / lengths[:, None]).T, np.ones(len(signed))])
    target = np.append(np.zeros(signed.shape[1]), 1.0)
    weights, distance = nnls(system, target)
    return None if distance < 1e-7 else (system @ weights - target)[:-1]


def nnls_tree(rows: Rows, seconds: float) -> Tree:
    """SciPy's NNLS."""
    return timed(by_points(rows, gordan), seconds)


def by_cdd(signed: np.ndarray) -> np.ndarray | None:
    """⟨a, w⟩ ≥ ε, −1 ≤ w ≤ 1, ε ≤ 1, largest ε, by cddlib's floats."""
    width = signed.shape[1]
    box = np.hstack([np.ones((2 * width, 1)), np.vstack([np.eye(width), -np.eye(width)]), np.zeros((2 * width, 1))])
    cuts = np.hstack([np.zeros((len(signed), 1)), signed, -np.ones((len(signed), 1))])
    top = [[1.0, *[0.0] * width, -1.0]]
    matrix = cdd.matrix_from_array(
        [*cuts.tolist(), *box.tolist(), *top],
        rep_type=cdd.RepType.INEQUALITY,
        obj_type=cdd.LPObjType.MAX,
        obj_func=[*[0.0] * (width + 1), 1.0],
    )
    program = cdd.linprog_from_matrix(matrix)
    cdd.linprog_solve(program)
    return np.array(program.primal_solution[:-1]) if program.obj_value > 1e-9 else None


def cdd_tree(rows: Rows, seconds: float) -> Tree:
    """cddlib's linear programs."""
    return timed(by_points(rows, by_cdd), seconds)


PEERS = {"z3": z3_tree, "HiGHS": highs_tree, "NNLS": nnls_tree, **({} if cdd is None else {"cddlib": cdd_tree})}


def timed(cells: Iterator[None], seconds: float) -> Tree:
    """Count what the iterator yields in the CPU time."""
    start, found = time.process_time(), 0
    for _ in cells:
        found += 1
        if time.process_time() - start > seconds:
            return Tree(found, time.process_time() - start, finished=False)
    return Tree(found, time.process_time() - start, finished=True)


def once(work: Callable[[], object]) -> float:
    """The CPU time of a run; of a short one, the mean of several that take a twentieth of a second."""
    start, count = time.process_time(), 0
    while not count or time.process_time() - start < 0.05:
        work()
        count += 1
    return (time.process_time() - start) / count


def median_of(work: Callable[[], object], repeats: int = 3) -> float:
    """The median CPU time of some runs."""
    return statistics.median(once(work) for _ in range(repeats))


def compare(name: str, rows: Rows, seconds: float, runs: int) -> None:
    """Print one line: the medians of our rate, of the trees' rates, and of the ratios in each run."""
    found = len(arrangement(rows))
    ours, theirs, wrong = list[float](), {peer: list[float]() for peer in PEERS}, dict[str, int]()
    for _ in range(runs):
        ours.append(found / once(lambda: arrangement(rows).signs))
        for peer, of in PEERS.items():
            tree = of(rows, seconds)
            theirs[peer].append(tree.cells / tree.seconds)
            if tree.finished and tree.cells != found:
                wrong[peer] = tree.cells
    line = f"{name:<22}{found:>9}{statistics.median(ours):>12,.0f}"
    for peer, rates in theirs.items():
        ratio = statistics.median(a / b for a, b in zip(ours, rates, strict=True))
        told = f"{statistics.median(rates):>9,.0f}{ratio:>9,.0f}x"
        line += f"{'wrong: ' + str(wrong[peer]):>19}" if peer in wrong else told
    print(line, flush=True)


def growth() -> None:
    """Print how our time grows with the number of samples."""
    print("\ngeneral position      cells   seconds   cells/s   extreme rays (s)   count only (s)")
    for dimension, count in itertools.product((2, 3), (20, 40, 60, 80, 100)):
        rows = random_points(count, dimension, seed=1)
        chambers = arrangement(rows)
        seconds = median_of(lambda rows=rows: arrangement(rows).signs)
        incidence = median_of(lambda rows=rows: arrangement(rows).chamber_rays(), 1)
        counting = median_of(lambda rows=rows: count_chambers(rows), 1)
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
        listed = f"{median_of(lambda rows=rows: arrangement(rows).signs, 1):.3f}" if dimension < 6 else "-"
        start = time.perf_counter()
        found = count_chambers(rows)
        print(f"d={dimension}{found:>18}{listed:>13}{time.perf_counter() - start:>14.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.5, help="time for each tree on each instance")
    parser.add_argument("--runs", type=int, default=3, help="how often both sides are timed, in turn")
    given = parser.parse_args()
    peers = "".join(f"{peer + '/s':>9}{'ratio':>10}" for peer in PEERS)
    print(f"{'':<22}{'cells':>9}{'ours/s':>12}{peers}")
    for dimension, count in ((2, 20), (2, 60), (3, 20), (3, 40), (3, 100), (4, 30), (6, 16)):
        compare(f"random n={count} d={dimension}", random_points(count, dimension, seed=1), given.seconds, given.runs)
    for side, dimension in ((6, 2), (10, 2), (4, 3), (5, 3), (2, 4), (2, 5), (3, 4)):
        compare(f"grid {side}^{dimension}", grid(side, dimension), given.seconds, given.runs)
    growth()
    cubes()


if __name__ == "__main__":
    main()
