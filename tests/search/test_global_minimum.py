"""The exact global minimum: known answers, brute force over all tuples of cells, descent from many points.

The kernel checks every certificate. The oracle shares no code with the search: it finds cells with an LP per sign
vector and solves every tuple of cells in floats.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, pairwise, product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog, nnls

from symverify.certify.certificate import Certificate
from symverify.ground.qp import cone_projection
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import (
    BadCheckpoint,
    Progress,
    Result,
    checkpoint,
    covering,
    global_minimum,
    minimum,
    preparation,
    relaxation,
    search,
    tasks,
)
from symverify.search.global_minimum.candidate import evaluated, heights
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.search import Search
from symverify.search.global_minimum.tasks import Solved
from tests.shallow import height, labels, loss, shallow, table

F = Fraction
FREE = {"hidden_bias": False, "output_bias": False}
HARDTANH = {"breakpoints": [-1, 1], "slopes": [0, 1, 0]}
HARDSIGMOID = {"breakpoints": [-3, 3], "slopes": [0, F(1, 6), 0], "anchor": (0, F(1, 2))}
SHIFTED = {"breakpoints": [1]}
LINE = [[0], [1], [2], [3]]
FIVE = (0, 3, -1, 2, 1)
SIX = ([[k] for k in range(6)], [0, 3, -1, 2, 5, 1])

KNOWN: dict[str, tuple[Problem, Fraction]] = {
    "four points": (shallow(LINE, [0, 3, -1, 2], 2), F(9, 2)),
    "affine is best": (shallow(LINE, [k + F(e, 10) for k, e in enumerate((-1, 3, -3, 1))], 1), F(1, 5)),
    "more units than cells": (shallow([[1]], [1], 5, **FREE), F(0)),
    "two kinks": (shallow(LINE, [0, 2, 0, -1], 2), F(0)),
    "one kink": (shallow(LINE, [0, 0, 0, 1], 2), F(0)),
    "rank-deficient": (shallow([[0, 0], [1, 0], [2, 0]], [0, 1, 0], 1), F(1, 2)),
    "equal inputs": (shallow([[0], [0], [1], [1], [2]], [0, 1, 5, 7, 1], 2), F(5, 2)),
    "only equal inputs": (shallow([[0], [0]], [0, 1], 3), F(1, 2)),
    "constant labels": (shallow([[0], [4], [1]], [2, 2, 2], 3), F(0)),
    "constant labels, no bias": (shallow([[0], [4], [1]], [2, 2, 2], 3, **FREE), F(104, 17)),
    "one sample": (shallow([[3, 4]], [7], 1), F(0)),
    "one zero input": (shallow([[0, 0]], [7], 2, **FREE), F(49)),
    "linear": (shallow(LINE[:3], [0, 1, 0], 2, breakpoints=[], slopes=[1]), F(2, 3)),
    "linear, no bias": (shallow(LINE[:3], [0, 1, 0], 2, breakpoints=[], slopes=[1], **FREE), F(4, 5)),
    "affine, no bias": (
        shallow(LINE[:3], [0, 1, 0], 2, breakpoints=[], slopes=[1], anchor=(0, 1), **FREE),
        F(2, 3),
    ),
    "constant unit": (
        shallow(LINE[:3], [0, 1, 0], 2, breakpoints=[], slopes=[0], anchor=(0, 1), output_bias=False),
        F(2, 3),
    ),
    "literature": (shallow([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3], 1), F(14)),
    "literature, no bias": (shallow([[5], [4], [3], [1], [-1]], [2, 1, 0, -3, 3], 1, **FREE), F(14)),
    "hard tanh": (shallow(*SIX, 2, **HARDTANH), F(9, 2)),
    "hard sigmoid, no bias": (shallow(*SIX, 2, **HARDSIGMOID, **FREE), F(147, 10)),
    "absolute value": (shallow(*SIX, 2, slopes=[-1, 1]), F(147, 10)),
    "leaky": (shallow(*SIX, 2, slopes=[F(1, 100), 1]), F(49, 6)),
    "big numbers": (shallow([[10**30 * k] for k in range(4)], [0, 3, -1, 2], 2), F(9, 2)),
    "tiny fractions": (shallow([[F(k, 3**40)] for k in range(4)], [0, 3, -1, 2], 2), F(9, 2)),
    "big labels": (shallow(LINE, [10**200 * k for k in (0, 3, -1, 2)], 2), F(9, 2) * 10**400),
    "tiny labels": (shallow(LINE, [F(k, 10**200) for k in (0, 3, -1, 2)], 2), F(9, 2) / 10**400),
    "labels far from 0": (shallow([*LINE, [4]], [10**20 + k for k in FIVE], 2), F(14, 3)),
    "inputs far from 0": (shallow([[10**20 + k] for k in range(5)], FIVE, 2, hidden_bias=False), F(99, 10)),
    "leaves of one bound": (shallow([*LINE, [4]], [10**16 + k for k in FIVE], 2, output_bias=False), F(83, 10)),
}


def checked(inst: Problem, **options: Any) -> Result:
    """The result, after the kernel has accepted its certificate and the network has its loss."""
    result = global_minimum(inst, **options)
    if result.lower > 0:
        kernel(inst, result)
    if result.point is not None:
        assert loss(inst, result.point) == result.upper
    assert result.lower <= result.upper
    assert len(set(result.vectors)) == len(result.vectors)
    return result


def written(result: Result) -> Any:
    """What the certificate of the lower bound says."""
    return result.lower, result.vectors, result.tree


def kernel(inst: Problem, result: Result) -> None:
    vectors, tree = [list(g) for g in result.vectors], list(result.tree)
    Certificate(inst).step("global_lower_bound", risk=str(result.lower_risk), vectors=vectors, tree=tree)


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers(name: str) -> None:
    inst, expected = KNOWN[name]
    result = checked(inst)
    assert (result.lower, result.upper, result.attained) == (expected, expected, True)
    assert result.point is not None


def test_infimum_that_is_only_approached() -> None:
    inst = shallow([[1], [2]], [1, 2], 1, **SHIFTED, **FREE)
    result = checked(inst)
    assert (result.closed, result.upper, result.attained, result.point) == (True, 0, False, None)
    losses = []
    for k in (1, 3, 5):
        near = evaluated(inst, [(sign, u, nu or F(1, 10**k)) for sign, u, nu in result.best.units]).point(inst)
        assert near is not None
        losses.append(loss(inst, near))
    assert losses[0] > losses[1] > losses[2] > 0
    assert losses[2] < F(1, 10**8)


def test_a_limit_that_another_network_attains() -> None:
    """h = max(z − 1, 0), f(1) = 0, f(2) = 1: the limit v → 0 fits f = x only; here it is attained."""
    result = checked(shallow([[1], [2]], [0, 1], 1, **SHIFTED, **FREE))
    assert (result.upper, result.attained) == (0, True)


def test_factor_scales_the_risk() -> None:
    result = global_minimum(shallow(LINE, [0, 3, -1, 2], 2, factor=F(1, 4)))
    assert (result.lower_risk, result.upper_risk) == (F(9, 8), F(9, 8))


def random_problem(seed: int) -> Problem:
    """Small and degenerate: few distinct inputs, dependent coordinates, constant labels, all kinds of h."""
    rng = random.Random(seed)
    n, d = rng.randint(1, 4), rng.randint(1, 2)
    shapes: list[dict[str, Any]] = [
        {},
        {"slopes": [F(1, 3), 1]},
        {"slopes": [-1, 1]},
        HARDTANH,
        SHIFTED,
        {"anchor": (0, F(1, 2))},
    ]
    shape = rng.choice(shapes)
    X = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]
    if d == 2 and rng.random() < 0.3:
        X = [[a, 2 * a] for a, _ in X]
    y = [rng.randint(-3, 3) for _ in range(n)] if rng.random() < 0.9 else [2] * n
    biases = {"hidden_bias": rng.random() < 0.6, "output_bias": rng.random() < 0.6}
    return shallow(X, y, rng.randint(1, 2), **shape, **biases)


def oracle(inst: Problem) -> float:
    """The minimum over all multisets of cells and signs, in floats."""
    X = np.array([[float(a) for a in x] for x in table(inst)])
    kept: list[int] = []
    for k in range(X.shape[1]):
        if np.linalg.matrix_rank(X[:, [*kept, k]]) > len(kept):
            kept.append(k)
    X = X[:, kept]
    y = np.array([float(a) for a in labels(inst)])
    cuts = [float(t) for t in inst.activations[0].breakpoints]
    slopes = [float(s) for s in inst.activations[0].slopes]
    at = [inst.activations[0].breakpoints[max(p - 1, 0)] for p in range(len(slopes))]
    offsets = [float(height(inst, t)) - s * float(t) for t, s in zip(at, slopes, strict=True)]
    n, width = len(X), len(kept) + 1
    rows = [(i, [*X[i], -t]) for i in range(n) if X[i].any() for t in cuts]
    A = np.array([[0.0] * (width - 1) + [1.0], *(row for _, row in rows)])
    null = [v for subset in combinations(range(len(A)), width - 1) for v in null_vectors(A[list(subset)], width)]
    columns = []
    for signs in sign_vectors(A):
        piece = [sum(s > 0 for (k, _), s in zip(rows, signs[1:], strict=True) if k == i) for i in range(n)]
        piece = [p if X[i].any() else sum(t < 0 for t in cuts) for i, p in enumerate(piece)]
        inside = [v for v in null if (np.array(signs) * (A @ v) >= -1e-9).all()]
        cell = [[slopes[p] * (X[i] @ v[:-1]) + offsets[p] * v[-1] for i, p in enumerate(piece)] for v in inside]
        block = np.array(cell).reshape(len(cell), n)
        columns += [block, -block]
    if inst.output_bias:
        columns = [c - c.mean(axis=1, keepdims=True) for c in columns]
        y = y - y.mean()
    columns = [np.where(np.abs(c) < 1e-12, 0.0, c) for c in columns]
    best = float(y @ y)
    for chosen in combinations_with_replacement(range(len(columns)), inst.widths[1]):
        A_ = np.concatenate([columns[k] for k in chosen])
        if len(A_):
            best = min(best, nnls(A_.T, y)[1] ** 2)
    return best


def null_vectors(rows: Any, width: int) -> list[Any]:
    """±the null vector of rows of rank width − 1."""
    if not len(rows):
        return [np.ones(1), -np.ones(1)] if width == 1 else []
    _, values, right = np.linalg.svd(rows)
    if (values > 1e-9).sum() != width - 1:
        return []
    return [right[-1], -right[-1]]


def sign_vectors(A: Any) -> list[tuple[int, ...]]:
    """The sign vectors of the cells with a positive first row: one LP each, extending feasible prefixes."""
    known: list[tuple[int, ...]] = [(1,)]
    for k in range(1, len(A)):
        known = [(*signs, s) for signs, s in product(known, (-1, 1)) if strictly_feasible(A[: k + 1], (*signs, s))]
    return known


def strictly_feasible(A: Any, signs: tuple[int, ...]) -> bool:
    """Whether some u has signs·(A u) > 0."""
    rows = np.hstack([-np.array(signs)[:, None] * A, np.ones((len(A), 1))])
    cost = np.zeros(A.shape[1] + 1)
    cost[-1] = -1
    bounds = [(-1, 1)] * A.shape[1] + [(None, 1)]
    return bool(-linprog(cost, A_ub=rows, b_ub=np.zeros(len(A)), bounds=bounds).fun > 1e-7)


@pytest.mark.parametrize("seed", range(60))
def test_against_all_tuples_of_cells(seed: int) -> None:
    inst = random_problem(seed)
    result = checked(inst)
    assert result.closed
    assert float(result.upper) == pytest.approx(oracle(inst), abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_descent_never_gets_below(seed: int) -> None:
    """Gradient descent on the network itself, from random points."""
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-3, 4, (7, 2)), rng.integers(-4, 5, 7)
    result = checked(shallow(X.tolist(), y.tolist(), 2, slopes=[F(1, 10), 1]))
    assert result.closed
    W, b, v = rng.standard_normal((3, 200, 2, 2)), rng.standard_normal((200, 2)), rng.standard_normal((200, 2))
    W = W[0]
    lowest = np.inf
    for step in range(1500):
        z = np.einsum("sjd,id->sij", W, X) + b[:, None]
        a, slope = np.where(z > 0, z, z / 10), np.where(z > 0, 1.0, 0.1)
        out = np.einsum("sij,sj->si", a, v)
        r = out - y
        r = r - r.mean(axis=1, keepdims=True)
        lowest = min(lowest, float((r * r).sum(axis=1).min()))
        back = r[:, :, None] * v[:, None] * slope
        rate = 0.01 / (1 + step / 300)
        steps = (np.einsum("sij,id->sjd", back, X), back.sum(axis=1), np.einsum("sij,si->sj", a, r))
        size = np.sqrt(sum((g * g).reshape(len(W), -1).sum(axis=1) for g in steps)) + 1e-9
        scale = rate * np.minimum(1.0, 10.0 / size)
        W, b, v = W - scale[:, None, None] * steps[0], b - scale[:, None] * steps[1], v - scale[:, None] * steps[2]
    assert lowest >= float(result.lower) - 1e-9


def larger(seed: int = 0, n: int = 12, d: int = 2, width: int = 2) -> Problem:
    rng = random.Random(seed)
    X = [[rng.randint(-20, 20) for _ in range(d)] for _ in range(n)]
    return shallow(X, [rng.randint(-10, 10) for _ in range(n)], width)


@pytest.mark.parametrize("shape", [{}, HARDTANH, {"slopes": [F(1, 4), 1]}, FREE])
def test_larger_instances_are_closed_and_checked(shape: dict[str, Any]) -> None:
    base = larger()
    X, y = [list(x) for x in base.inputs], labels(base)
    for width in (1, 2) if shape is HARDTANH else (1, 2, 3):
        assert checked(shallow(X[:9], y[:9], width, **shape)).closed


def test_the_result_does_not_depend_on_the_number_of_workers() -> None:
    inst = larger(n=10)
    alone = checked(inst)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        together = global_minimum(inst, executor=pool)
    assert written(together) == written(alone)
    assert together.point == alone.point


def test_deadline_ends_the_search() -> None:
    result = checked(larger(n=25, width=3), deadline=0.2)
    assert not result.closed
    assert result.statistics.seconds < 20


@pytest.mark.parametrize("late", [1, 2])
def test_what_time_does_not_allow_to_certify_leaves_a_lower_bound_passed_before(
    late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inst, certify, calls = larger(n=20, width=2), Search.certify, list[Fraction]()

    def slow(search: Search, threshold: Fraction, leaves: list[Solved], *rest: Any) -> list[Solved]:
        calls.append(threshold)
        if len(calls) <= late:
            raise TimeoutError
        return certify(search, threshold, leaves, *rest)

    whole = checked(inst)
    monkeypatch.setattr(Search, "certify", slow)
    part = checked(inst)
    assert 0 < part.lower < part.upper == whole.upper
    assert len(calls) == late + 1
    assert all(later < earlier for earlier, later in pairwise(calls))


class Stop:
    """Interrupts like Ctrl-C at the given report, and keeps the reports."""

    def __init__(self, at: int) -> None:
        self.at, self.reports = at, list[Progress]()

    def __call__(self, report: Progress) -> None:
        self.reports.append(report)
        if len(self.reports) == self.at:
            raise KeyboardInterrupt


def test_progress_closes_in() -> None:
    watch = Stop(-1)
    result = global_minimum(larger(), progress=watch)
    lows = [report.lower for report in watch.reports]
    assert all(low <= later + 1e-9 for low, later in pairwise(lows))
    assert watch.reports[-1].upper == result.upper
    assert 0 <= watch.reports[0].covered <= watch.reports[-1].covered <= 1


def test_the_rest_is_told_from_the_later_half_of_the_time() -> None:
    """Half of the tree in 10 s, then a quarter in the next 10 s: the last quarter takes as long; at first nothing."""
    inst = larger(n=9)
    search = Search(inst, generators(inst), evaluated(inst, []))
    assert [search.rest(now, left) for now, left in ((1.0, 0.99), (3.0, 0.9), (4.0, 0.8))] == [None] * 3
    # Since 4 s, when 0.8 was left, and as long as the whole search for its certificate.
    assert search.rest(10.0, 0.5) == pytest.approx(10.0 + (10.0 + 0.5 * 6.0 / 0.3))
    assert search.rest(20.0, 0.25) == pytest.approx(10.0 + (20.0 + 10.0))
    assert search.rest(21.0, 0.25) is not None
    assert search.rest(60.0, 0.25) is None  # nothing was done since


def test_a_deadline_is_used() -> None:
    """After an early bracket the search goes on while there is time: the end comes near the deadline, not after it."""
    begun = time.monotonic()
    part = checked(larger(n=25, width=3), deadline=4.0)
    took = time.monotonic() - begun
    assert part.closed or part.statistics.seconds > 0.8 * 4.0
    assert took < 3 * 4.0  # the machine may be busy


def test_interrupt_keeps_the_bracket_and_a_checkpoint_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    inst, path = larger(), tmp_path / "search.json"
    watch = Stop(-1)
    whole = checked(inst, progress=watch)
    part = checked(inst, progress=Stop(len(watch.reports) - 1), checkpoint=path)
    assert 0 < part.lower < whole.lower == whole.upper <= part.upper
    resumed = checked(inst, checkpoint=path)
    assert written(resumed) == written(whole)
    assert resumed.point == whole.point


@pytest.mark.parametrize("after", range(4))
def test_an_interrupted_start_claims_nothing(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted at any of its root nodes, or before the first step."""
    inst, path, solved, calls = larger(n=9), tmp_path / "search.json", Search.solved, iter(range(10))

    def interrupted(*arguments: Any) -> Solved:
        if next(calls) == after:
            raise KeyboardInterrupt
        return solved(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Search, "solved", interrupted)
        part = checked(inst, progress=Stop(1), checkpoint=path)
    assert (part.lower, part.vectors) == (0, ()) or after == 3
    assert written(checked(inst, checkpoint=path)) == written(checked(inst))


def test_an_interrupt_inside_compiled_code_is_one() -> None:
    def compiled() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            inner = SystemError("unpickle returned a result with an exception set")
            inner.__cause__ = error
            raise SystemError("returned a result with an exception set") from inner

    with pytest.raises(KeyboardInterrupt):
        relaxation.interruptible(compiled)()
    with pytest.raises(ZeroDivisionError):
        relaxation.interruptible(lambda: 1 // 0)()


@pytest.mark.parametrize("damage", [lambda text: text, lambda text: text[:1000], lambda _: "[1, 2]", lambda _: ""])
def test_a_checkpoint_of_another_problem_is_refused(damage: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "search.json"
    global_minimum(larger(), checkpoint=path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(BadCheckpoint, match=r"is not a checkpoint of this problem .*; remove it"):
        global_minimum(larger(1), checkpoint=path)


def test_a_certificate_begun_is_continued_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run has time for so many results more; none is computed twice."""
    inst, path = larger(n=20), tmp_path / "search.json"
    monkeypatch.setattr(covering, "SLICE", 5)
    whole, calls = checked(inst), list[int]()
    monkeypatch.setattr(search, "in_time", lambda _: late())
    compute = search.cover
    monkeypatch.setattr(search, "cover", lambda *arguments: calls.append(0) or compute(*arguments))
    runs, rounds = 0, 0

    def late() -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 5 * (runs + 1):
            raise TimeoutError

    result = checked(inst, checkpoint=path)
    while not result.closed:
        assert result.complete
        runs, rounds = runs + 1, 0
        known = len(calls)
        result = checked(inst, checkpoint=path)
        assert len(calls) - known < 20
    assert runs > 2
    assert written(result) == written(whole)
    assert result.point == whole.point


def once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, before: bool) -> None:
    """Ctrl-C comes once, right before or right after this function's work."""
    work, left = getattr(owner, name), [True]

    def interrupted(*arguments: Any) -> Any:
        result = None if before and left else work(*arguments)
        if left:
            left.clear()
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, interrupted)


def test_an_interruption_after_the_last_leaf_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inst, path = larger(), tmp_path / "search.json"
    whole = checked(inst)
    once(monkeypatch, Search, "close", before=False)
    part = checked(inst, checkpoint=path)
    assert (part.complete, part.closed) == (True, False)
    assert written(checked(inst, checkpoint=path)) == written(whole)


def test_an_interruption_while_a_checkpoint_is_read_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inst, path = larger(), tmp_path / "search.json"
    whole = checked(inst, checkpoint=path)
    text = path.read_text()
    once(monkeypatch, checkpoint, "_solved", before=True)
    with pytest.raises(KeyboardInterrupt):
        global_minimum(inst, checkpoint=path)
    assert path.read_text() == text
    assert written(checked(inst, checkpoint=path)) == written(whole)


def test_numbers_beyond_floats_are_declined() -> None:
    with pytest.raises(Declined, match="too different sizes"):
        global_minimum(shallow([[0], [1], [10**320]], [0, 1, 0], 1))


def test_incumbent_is_used() -> None:
    inst = KNOWN["two kinks"][0]
    best = global_minimum(inst).point
    assert best is not None
    assert checked(inst, incumbent=best).statistics.nodes == 0


@pytest.mark.parametrize("seed", range(8))
def test_compiled_and_plain_searches_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    kinds: list[dict[str, Any]] = [{}, {"slopes": [F(1, 4), 1]}, HARDTANH, {"hidden_bias": False}]
    base, kind = larger(seed, n=8 + seed % 3), kinds[seed % 4]
    inst = shallow(base.inputs, labels(base), 1 if kind is HARDTANH else 2 + (seed == 4), **kind)
    found = []
    for small in (0, 10**9):
        monkeypatch.setattr(relaxation, "SMALL", small)
        assert (tasks.compiled(generators(inst)) is None) == bool(small)
        result = checked(inst)
        assert result.closed
        found.append(result.upper)
    assert found[0] == found[1]


def test_both_engines_agree_with_scipy() -> None:
    shape = generators(larger())
    plus, minus = np.flatnonzero(shape.live)[::3], np.flatnonzero(shape.live)[1::5]
    columns = np.concatenate([shape.units[plus], -shape.units[minus]])
    expected = nnls(columns.T, shape.target)[1] ** 2
    none = np.zeros(0, dtype=np.int64)
    for engine in (relaxation._fastest(), relaxation.project_with_numpy):
        _, _, residual = engine(
            shape.units, shape.target, plus, minus, none, np.zeros(0), none, 0.0, relaxation.LEAST, -1.0
        )
        assert residual @ residual == pytest.approx(expected, abs=1e-9)
        stop = expected + 0.1
        _, _, residual = engine(
            shape.units, shape.target, plus, minus, none, np.zeros(0), none, 0.0, relaxation.LEAST, stop
        )
        assert expected - 1e-9 <= residual @ residual <= stop


@pytest.mark.parametrize("seed", range(20))
def test_both_engines_keep_the_margin_on_dependent_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((5, 8)) + 1.0  # in a half-space, so the margin can be kept
    rows = np.concatenate([base, base[:3] + base[1:4], base[[0]] * 2 + base[[4]], base[:2]])
    units = rows / np.linalg.norm(rows, axis=1)[:, None]
    target, none = rng.standard_normal(8), np.zeros(0, dtype=np.int64)
    target /= np.linalg.norm(target)
    for engine in (relaxation._fastest(), relaxation.project_with_numpy):
        support, weights, residual = engine(
            units, target, np.arange(len(units)), none, none, np.zeros(0), none, 0.1, 1e-10, -1.0
        )
        assert (units @ residual <= -0.1 + 1e-8).all()
        assert (weights >= 0).all()
        np.testing.assert_allclose(target - weights @ units[support], residual, atol=1e-9)
        np.testing.assert_allclose(units[support] @ residual, -0.1, atol=1e-8)


def test_cone_projection_is_optimal() -> None:
    """Karush–Kuhn–Tucker, exactly, on random integer cones with dependent columns."""
    for seed in range(30):
        rng = random.Random(seed)
        columns = [[rng.randint(-2, 2) for _ in range(4)] for _ in range(7)]
        target = [rng.randint(-5, 5) for _ in range(4)]

        def worst(g: list[int], columns: list[list[int]] = columns) -> int | None:
            prices = [sum(a * b for a, b in zip(g, c, strict=True)) for c in columns]
            return prices.index(max(prices)) if max(prices) > 0 else None

        found = cone_projection(target, columns.__getitem__, worst, range(3))
        f = [sum((w * columns[k][i] for k, w in found.weights.items()), F(0)) for i in range(4)]
        assert [t - a for t, a in zip(target, f, strict=True)] == found.residual
        assert all(w > 0 for w in found.weights.values())
        assert sum((a * r for a, r in zip(f, found.residual, strict=True)), F(0)) == 0
        assert worst([int(r * 10**9 // 1) for r in found.residual]) is None or all(
            sum((F(a) * r for a, r in zip(c, found.residual, strict=True)), F(0)) <= 0 for c in columns
        )


@pytest.mark.parametrize("seed", range(60))
def test_columns_are_what_the_units_at_the_rays_add(seed: int) -> None:
    """q·H at a ray is the column, up to a constant where there is an output bias."""
    inst = random_problem(seed)
    shape = generators(inst)
    for ray, column in zip(shape.rays.tolist(), shape.columns.tolist(), strict=True):
        values = heights(inst, shape.chart.unit_at(1, [F(x) for x in ray], inst.hidden_bias))
        apart = {a - shape.chart.q * b for a, b in zip(column, values, strict=True)}
        assert len(apart) == 1 if inst.output_bias else apart == {0}


def test_a_search_may_do_without_compiled_loops() -> None:
    pytest.importorskip("numba")
    shape = generators(larger(n=20, width=2))
    assert tasks.compiled(shape) is not None
    with relaxation.plainly():
        assert tasks.compiled(shape) is None
        assert relaxation._engine(shape) is relaxation.project_with_numpy
    assert tasks.compiled(shape) is not None


def test_nodes_of_equal_bounds_have_an_order() -> None:
    inst = shallow(LINE, [0, 3, -1, 2], 2)
    search = Search(inst, generators(inst), evaluated(inst, []))
    for sign in (1, -1):
        node = ((sign, ()), (sign, ()))
        search.tree[node] = None
        search.place(Solved(0.0, node, (), (), ((0, 0),), (), 0.5))
    assert [solved.node[0][0] for _, _, solved in sorted(search.open)] == [-1, 1]


def test_the_sample_compiles_what_is_used() -> None:
    pytest.importorskip("numba")
    sample = preparation.sample()
    assert relaxation.compiling(generators(sample))
    assert checked(sample).closed


def test_brackets_grow_with_the_time_that_is_left() -> None:
    """From nodes that the search has passed: each proved, none above the minimum, more time never a lower one."""
    inst = larger(n=20, width=2)
    search = Search(inst, generators(inst), evaluated(inst, []))
    search.start(F(0))
    while search.unfinished:
        search.step()
    attempts = [*search.past, (search.lower, search.left)]
    lower = []
    for rate, until in ((1e-9, None), (1e9, time.monotonic() + 1e6)):
        search.vectors, search.served = [], {}
        found = minimum._best_bracket(search, attempts, False, until, rate, F(0))
        assert found is not None
        bound, (vectors, tree) = found
        certificate = Certificate(inst)
        fields = {"vectors": [list(g) for g in vectors], "tree": list(tree)}
        assert certificate.step("global_lower_bound", risk=str(bound * inst.loss.factor), **fields) == 0
        assert 0 < bound <= search.best.loss
        lower.append(bound)
    assert (1 - F(1, 10**5)) * search.best.loss <= lower[0] <= search.best.loss
    assert lower[1] > F(9, 10) * lower[0]  # the first attempt was the smallest one; it told how quick it is
