"""Linear algebra in floats whose results do not depend on the processor.

BLAS and LAPACK add in an order that depends on the vector units they find, and one last digit may choose another,
equally valid proof. Here each sum has a fixed order: elementwise IEEE operations, NumPy's pairwise `add.reduce`, loops.
So equal problems give equal bytes on every processor, as long as a product of two matrices has at most `SAME` terms.
Larger ones go to BLAS and LAPACK: the same theorems, not always the same bytes.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any
from warnings import catch_warnings

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
quiet = partial(catch_warnings, action="ignore", category=RuntimeWarning)  # floats may overflow: nothing rests on them
SAME = 1 << 14  # multiplications in a product of two matrices
LEAST = 1e-11  # a column of length 1 whose squared distance from the others' span is at most this depends on them
SWEEPS = 60  # of Jacobi's method, which needs about eight


def product(a: Array, b: Array) -> Any:
    """a @ b for vectors and matrices of floats."""
    if b.ndim == 1:
        if a.ndim == 1 or a.size <= SAME:
            return (a * b).sum(axis=-1)
        rows = max(SAME // len(b), 1)  # what is multiplied stays in fast memory
        return np.concatenate([(a[k : k + rows] * b).sum(axis=-1) for k in range(0, len(a), rows)])
    if a.size * b.shape[1] > SAME:
        return a @ b
    if a.ndim == 1:
        return (a[:, None] * b).sum(axis=0)
    return (a[:, :, None] * b[None]).sum(axis=1)


def norm(vector: Array) -> float:
    """The Euclidean length."""
    return math.sqrt(product(vector, vector))


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    total = 0.0  # the built-in sum compensates in some versions of Python
    for x, y in zip(a, b, strict=False):  # up to the end of the shorter one
        total += x * y
    return total


class Cholesky:
    """The lower triangular factor of a Gram matrix, row by row."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []

    def push(self, products: Sequence[float], least: float = LEAST) -> bool:
        """Append a vector, given by its products with the earlier ones and itself; False if it depends on them."""
        row: list[float] = []
        for value, other in zip(products, self.rows, strict=False):
            row.append((value - _dot(row, other)) / other[-1])
        pivot = products[len(row)] - _dot(row, row)
        if not pivot > least:
            return False
        self.rows.append([*row, math.sqrt(pivot)])
        return True

    def solve(self, moments: Sequence[float]) -> list[float]:
        """The x with Gram matrix · x = moments."""
        x: list[float] = []
        for value, row in zip(moments, self.rows, strict=True):
            x.append((value - _dot(x, row)) / row[-1])
        for i in reversed(range(len(x))):
            x[i] /= self.rows[i][i]
            for k in range(i):
                x[k] -= self.rows[i][k] * x[i]
        return x


def solve(gram: Array, moments: Array, least: float = LEAST) -> Array:
    """Some x with gram · x = moments, gram positive semidefinite: 0 for vectors that depend on earlier ones."""
    factor, kept, rows = Cholesky(), list[int](), gram.tolist()
    for k, row in enumerate(rows):
        if factor.push([*(row[j] for j in kept), row[k]], least):
            kept.append(k)
    x = np.zeros(len(rows))
    x[kept] = factor.solve(moments[kept].tolist())
    return x


def solve_wide(gram: Array, moments: Array, least: float = LEAST) -> Array:
    """`solve`, quicker for more than a few vectors: a column at a time."""
    left, x, kept, factors = np.array(gram, dtype=float), np.zeros(len(gram)), list[int](), list[Array]()
    for k in range(len(left)):
        pivot = left[k, k]
        if pivot > least:
            factor = left[:, k] / math.sqrt(pivot)
            left -= factor[:, None] * factor[None, :]
            kept.append(k)
            factors.append(factor)
    rest = np.array(moments, dtype=float)
    for place, (k, factor) in enumerate(zip(kept, factors, strict=True)):
        x[place] = rest[k] / factor[k]
        rest -= x[place] * factor
    for place in reversed(range(len(kept))):
        x[place] /= factors[place][kept[place]]
        for other in range(place):
            x[other] -= factors[other][kept[place]] * x[place]
    found = np.zeros(len(x))
    found[kept] = x[: len(kept)]
    return found


def spanning(rows: Array, least: float = 1e-9) -> tuple[list[int], Array]:
    """A maximal independent subset of the rows, each time the one farthest from the span so far; orthonormal basis.

    What is nearer to the span than `least` depends on it.
    """
    left, chosen, basis = np.array(rows, dtype=float), list[int](), np.zeros((0, rows.shape[1]))
    while len(chosen) < min(rows.shape):
        sizes = (left * left).sum(axis=1)
        sizes[chosen] = 0.0
        best = int(sizes.argmax())
        if not sizes[best] > least * least:
            break
        new = left[best]
        new = new - product(product(basis, new), basis)
        chosen.append(best)
        basis = np.vstack([basis, new / norm(new)])
        left = left - product(left, basis[-1])[:, None] * basis[-1]
    return chosen, basis


def finite(matrix: Array) -> Array:
    """The matrix itself; LinAlgError where an entry is infinite or none: LAPACK may then never end."""
    if not np.isfinite(matrix).all():
        raise np.linalg.LinAlgError("numbers beyond the range of floats")
    return matrix


def least_norm(matrix: Array, target: Array, least: float) -> Array:
    """The shortest x among those that minimise ‖matrix · x − target‖; rows count from `least` of the largest up."""
    if matrix.size > SAME:
        return np.asarray(np.linalg.lstsq(finite(matrix), finite(target), rcond=least)[0])
    top = math.sqrt((matrix * matrix).sum(axis=1).max(initial=0.0))
    _, space = spanning(matrix, least * top)  # x is in the rows' span
    inside = product(matrix, space.T.copy()).T.copy()  # one row a coordinate there
    order, basis = spanning(inside, least * top)
    goal, x = product(basis, target), np.zeros(len(space))
    for i in reversed(range(len(order))):
        row = inside[order[i:]]
        products = product(row, basis[i])
        x[order[i]] = (goal[i] - product(products[1:], x[order[i + 1 :]])) / products[0]
    return np.asarray(product(x, space))


def nonnegative(columns: Array, target: Array) -> Array:
    """x ≥ 0 that minimises ‖target − Σ x_k columns_k‖, by Lawson and Hanson's method; columns are k × n."""
    if columns.size > SAME:
        from scipy.optimize import nnls  # SciPy loads slowly, and small problems do without it

        return np.asarray(nnls(columns.T, target)[0])
    sizes = np.sqrt((columns * columns).sum(axis=1))
    units = columns / np.where(sizes > 0, sizes, 1.0)[:, None]
    moments, tiny = product(units, target), 1e-13 * (1.0 + norm(target))
    factor, passive, weights, residual = Cholesky(), list[int](), np.zeros(len(units)), target
    for _ in range(3 * len(units) + 10):
        prices = product(units, residual)
        prices[passive] = 0.0
        entering = int(prices.argmax()) if len(prices) else -1
        if entering < 0 or not prices[entering] > tiny:
            break
        passive, factor = _entered(units, moments, weights, factor, [*passive, entering])
        residual = target - product(weights[passive], units[passive])
        if weights[entering] <= 0.0:  # by rounding only
            break
    return np.where(sizes > 0, weights / np.where(sizes > 0, sizes, 1.0), 0.0)


def _entered(
    units: Array, moments: Array, weights: Array, factor: Cholesky, passive: list[int]
) -> tuple[list[int], Cholesky]:
    """Least squares on the passive columns, the last one new; those whose weights would turn negative leave."""
    while passive:
        for place in range(len(factor.rows), len(passive)):
            if not factor.push(product(units[passive[: place + 1]], units[passive[place]]).tolist(), 1e-14):
                weights[passive[place:]] = 0.0
                passive = passive[:place]
                break
        best = np.array(factor.solve(moments[passive].tolist()))
        now = weights[passive]
        if (best > 0.0).all():
            weights[passive] = best
            return passive, factor
        steps = np.where(best <= 0.0, now / np.maximum(now - best, 1e-300), np.inf)
        leaving = int(steps.argmin())
        weights[passive] = now + steps[leaving] * (best - now)
        weights[passive[leaving]] = 0.0
        passive = passive[:leaving] + passive[leaving + 1 :]
        del factor.rows[leaving:]
    return passive, factor


def triangular(factor: Cholesky, rows: Array) -> Array:
    """X with (lower triangular factor) · X = rows."""
    x = np.zeros(rows.shape)
    for i, row in enumerate(factor.rows):
        x[i] = (rows[i] - product(np.array(row[:-1]), x[:i])) / row[-1]
    return x


def eigenvectors(matrix: Array) -> tuple[Array, Array]:
    """The eigenvalues of a symmetric matrix, the least first, and the eigenvectors as columns (Jacobi's method)."""
    if len(matrix) ** 3 > SAME:
        values, vectors = np.linalg.eigh(finite(matrix))
        return np.asarray(values), np.asarray(vectors)
    a, vectors, size = np.array(matrix, dtype=float), np.eye(len(matrix)), len(matrix)
    for _ in range(SWEEPS):
        off = np.abs(np.triu(a, 1)).max(initial=0.0)
        if not off > 1e-15 * np.abs(a).max(initial=0.0):
            break
        for p in range(size):
            for q in range(p + 1, size):
                if a[p, q] != 0.0:
                    _rotate(a, vectors, p, q)
    order = np.argsort(a.diagonal(), kind="stable")
    return a.diagonal()[order], vectors[:, order]


def _rotate(a: Array, vectors: Array, p: int, q: int) -> None:
    """The rotation of coordinates p and q that makes a[p, q] zero."""
    half = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
    tangent = math.copysign(1.0, half) / (abs(half) + math.sqrt(half * half + 1.0))
    cosine = 1.0 / math.sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for m in (a, a.T, vectors):
        old = m[:, p].copy()
        m[:, p] = cosine * old - sine * m[:, q]
        m[:, q] = sine * old + cosine * m[:, q]
    a[p, q] = a[q, p] = 0.0


def exp(x: Array) -> Any:
    """e^x elementwise, for |x| ≤ 700, within a few units in the last place: x = n log 2 + r, |r| ≤ log 2 / 2."""
    turns = np.rint(x * 1.4426950408889634)
    r = (x - turns * 0.6931471803691238) - turns * 1.9082149292705877e-10
    total = np.ones_like(r)
    for k in range(14, 0, -1):
        total = 1.0 + total * r / k
    return np.ldexp(total, turns.astype(np.int64))


def log(y: Array) -> Any:
    """log y elementwise for y > 0, as precisely: y = 2^n μ with μ near 1, log μ = 2 artanh((μ − 1)/(μ + 1))."""
    mantissa, power = np.frexp(y)
    low = mantissa < 0.7071067811865476
    mantissa, power = np.where(low, 2.0 * mantissa, mantissa), power - low
    s = (mantissa - 1.0) / (mantissa + 1.0)
    total, square = np.zeros_like(s), s * s
    for k in range(27, 0, -2):
        total = total * square + 1.0 / k
    return power * 0.6931471803691238 + (power * 1.9082149292705877e-10 + 2.0 * s * total)
