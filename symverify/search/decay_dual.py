"""Dual vectors for `decay_bound`: the convex problem of networks of any width, solved unit by unit.

Units of weights w and v cost √μ |v| ‖w‖ at best, with ‖w‖² = μ |weights|² + ν bias². So the least risk of all widths is
that of a convex problem: nonnegative multiples of units ±h(X̃w) with ‖w‖ = 1, each at the cost √μ. A unit is added where
one lowers the risk most: in each chamber that is a nonnegative least-squares problem.
"""

import time
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symverify.kernel.cells.sides import sides_of
from symverify.kernel.core.network import Point, Problem
from symverify.search.float_network import Array, FloatNetwork
from symverify.search.snap_equations import as_point

PLACES, ROUNDS, ENOUGH, SLACK = 44, 80, 1e-8, 1e-8
HEAVY, LARGE = 1e5, 1e5
Sparse = list[tuple[int, Fraction]]


@dataclass(frozen=True, slots=True)
class Dual:
    """A vector over the samples with the multipliers of every chamber and sign; the network, where it is no wider."""

    g: list[Fraction]
    multipliers: list[Sparse]
    attained: Point | None


@dataclass(slots=True)
class Convex:
    """The convex problem: chambers, scaled rows, and the units so far with their signs, norms 1 and multiples."""

    problem: Problem
    net: FloatNetwork
    rows: Array  # x̃ in coordinates in which ‖w‖ is Euclidean
    scale: Array
    sides: Array
    units: Array
    signs: Array
    multiples: Array
    bias: float = 0.0

    def heights(self) -> Array:
        """The units on the samples, with their signs (n × units)."""
        z = self.rows @ self.units.T
        return np.asarray(np.where(z > 0, self.net.slopes[0][-1], self.net.slopes[0][0]) * z * self.signs)

    def g(self) -> Array:
        """−∂R/∂f."""
        f = self.heights() @ self.multiples + self.bias
        return 2 * self.net.factor * (self.net.targets[:, 0] - f)

    def solve(self) -> None:
        """The best multiples, and the output bias; units that are not used are dropped."""
        problem, factor, cost = self.problem, self.net.factor, float(self.problem.decay[0]) ** 0.5
        columns, costs = self.heights() * factor**0.5, np.full(len(self.units), cost)
        right = self.net.targets[:, 0] * factor**0.5
        if problem.output_bias:
            one = np.full((len(right), 1), factor**0.5)
            columns, costs = np.hstack([columns, one, -one]), np.concatenate([costs, [0, 0]])
            ridge = np.zeros((1, columns.shape[1]))
            ridge[0, -2:] = (float(problem.decay[1]) / 2) ** 0.5 * np.array([1, -1])
            columns, right = np.vstack([columns, ridge]), np.append(right, 0.0)
        # costs·a is (costs·a/2M + M)² − M² up to (costs·a/2M)²
        columns, right = np.vstack([columns, costs / (2 * LARGE)]), np.append(right, -LARGE)
        found = nonnegative(columns, right)
        count = len(self.units)
        self.bias = float(found[count] - found[count + 1]) if problem.output_bias else 0.0
        kept = found[:count] > 0
        self.units, self.signs, self.multiples = self.units[kept], self.signs[kept], found[:count][kept]

    def steepest(self, g: Array) -> tuple[list[Array], float, Array, int]:
        """The multipliers of all chambers and signs; the largest ⟨g, ±h(X̃w)⟩ over ‖w‖ = 1, its w and its sign."""
        multipliers, best, where, which = list[Array](), 0.0, np.zeros(self.rows.shape[1]), 1
        slopes = self.net.slopes[0]
        for side in self.sides:
            turned = (self.rows * side[:, None]).T
            slope = np.where(side > 0, slopes[-1], slopes[0]) * (side != 0)
            for sign in (1, -1):
                start = self.rows.T @ (sign * g * slope)
                multipliers.append(nonnegative(turned, -start))
                part = start + turned @ multipliers[-1]
                if (length := float(np.linalg.norm(part))) > best:
                    best, where, which = length, part / length, sign
        return multipliers, best, where, which

    def point(self) -> Point | None:
        """The network with these units; None if they are more than it has."""
        problem, cost = self.problem, float(self.problem.decay[0]) ** 0.5
        width, columns = problem.widths[1], self.rows.shape[1]
        used = [each for each in zip(self.units, self.signs, self.multiples, strict=True) if each[2] > 0]
        if len(used) > width:
            return None
        first, last = np.zeros((width, columns)), np.zeros(width)
        for k, (unit, sign, a) in enumerate(used):
            size = (cost * a) ** 0.5
            first[k], last[k] = size * unit * self.scale, sign * a / size
        v = np.concatenate([first.ravel(), last, [self.bias] * problem.output_bias])
        return as_point(problem, [Fraction(round(x * 2**PLACES), 2**PLACES) for x in v.tolist()])


def nonnegative(columns: Array, right: Array) -> Array:
    """min |columns · a − right| over a ≥ 0; SciPy aborts where there are no columns, and may not converge."""
    from scipy.optimize import nnls  # SciPy loads slowly, and most problems do without it

    count = columns.shape[1]
    if not count:
        return np.zeros(0)
    try:
        return np.asarray(nnls(columns, right, maxiter=100 * count)[0])
    except RuntimeError:
        return np.maximum(np.linalg.lstsq(columns, right, rcond=None)[0], 0)


def best_dual(problem: Problem, deadline: float) -> Dual | None:
    """Units are added until none lowers the risk; None where no multipliers make up for a bias without decay."""
    convex = posed(problem)
    limit = float(problem.decay[0]) ** 0.5
    for _ in range(ROUNDS):
        convex.solve()
        g = convex.g()
        multipliers, largest, unit, sign = convex.steepest(g)
        if largest <= limit * (1 + ENOUGH) or time.monotonic() > deadline:
            break
        convex.units = np.vstack([convex.units, unit])
        convex.signs, convex.multiples = np.append(convex.signs, sign), np.append(convex.multiples, 0.0)
    return rounded(convex, g, multipliers, largest)


def posed(problem: Problem) -> Convex:
    """The convex problem without units."""
    exact = [problem.row(i) for i in range(len(problem.inputs))]
    weights, biases = map(float, problem.decay)
    scale = np.full(len(exact[0]), weights**-0.5)
    if problem.hidden_bias:
        scale[-1] = biases**-0.5 if biases else HEAVY * weights**-0.5
    rows = np.array([[float(x) for x in row] for row in exact]) * scale
    empty = np.zeros(0)
    none = np.zeros((0, len(exact[0])))
    return Convex(problem, FloatNetwork(problem), rows, scale, np.array(sides_of(exact)), none, empty, empty)


def rounded(convex: Convex, g: Array, multipliers: list[Array], largest: float) -> Dual | None:
    """The numbers as rationals, shrunk until every chamber allows them."""
    problem, limit = convex.problem, float(convex.problem.decay[0]) ** 0.5
    free = problem.output_bias and not problem.decay[1]
    shrunk = min(1.0, (1 - SLACK) * limit / max(largest, 1e-300))
    exact = [Fraction(round(x * shrunk * 2**PLACES), 2**PLACES) for x in (g - g.mean() * free).tolist()]
    if free:
        exact[-1] -= sum(exact)
    sparse = [
        [(i, Fraction(round(x * shrunk * 2**PLACES), 2**PLACES)) for i, x in enumerate(each.tolist()) if x > 1e-12]
        for each in multipliers
    ]
    if problem.hidden_bias and not problem.decay[1] and not balanced(convex, exact, sparse):
        return None
    return Dual(exact, sparse, convex.point())


def balanced(convex: Convex, g: list[Fraction], multipliers: list[Sparse]) -> bool:
    """Make the part along the bias exactly 0, where it is only nearly so."""
    slopes = convex.problem.activations[0].slopes
    for k, row in enumerate(multipliers):
        side, sign = convex.sides[k // 2].tolist(), 1 - 2 * (k % 2)
        terms = (sign * x * (slopes[-1] if s > 0 else slopes[0]) for x, s in zip(g, side, strict=True) if s)
        part = sum(terms, Fraction(0)) + sum((m * side[i] for i, m in row), Fraction(0))
        place = next((i for i, s in enumerate(side) if s == (-1 if part > 0 else 1)), None)
        if part and place is None:
            return False
        if part and place is not None:
            row.append((place, abs(part)))
    return True
