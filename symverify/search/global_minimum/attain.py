"""Is the infimum attained, when the best candidate found needs ν = 0?

A unit at (u, 0) is the limit v → 0, w → ∞. The vectors of a lower bound cover every network, so one that attains it is
covered by a vector g with equality, and y − f is a multiple of g: each such residual fixes the predictions f, and which
rays the units may combine (the faces of `symverify.kernel.attainment`). So the infimum is attained if and only if for
one of the residuals some set S of at most `width` faces has weights x ≥ 0 on its rays with Σ x σ H = f modulo constants
and with ν > 0 in every face of S. If S has none, Farkas' lemma gives a separator: a vector q with σ ⟨q, H⟩ ≥ 0 on the
rays of S, and either ⟨q, f⟩ < 0, or ⟨q, f⟩ = 0 and a face of S on whose rays with ν > 0 it is positive. Both answers
are exact, so one of them comes out for every S; only the limits below leave the question open. The separators are the
certificate of "not attained". One often refutes many sets: floats look for such ones first.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from operator import mul

import numpy as np

from symverify.ground import linear
from symverify.ground.floats import product
from symverify.ground.lp import Constraint, Witness, solve_system
from symverify.kernel.cells.not_attained import Attainment, unrefuted
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Problem
from symverify.kernel.core.units import Units
from symverify.search.global_minimum.candidate import Candidate, Unit, evaluated, heights
from symverify.search.global_minimum.generators import Floats, Generators

MAX_FACES = 4000  # faces for one residual beyond which the question is left open
MAX_SEPARATORS = 2000  # the same for separators
VISITS = 20_000  # sets visited to leave out superfluous separators
SOFT = 400  # columns of other faces that a separator is sought to admit
SMALL = 1e-3  # the cost of a separator's entries

Separators = tuple[tuple[tuple[int, ...], ...], ...]
Weights = dict[tuple[int, int], Fraction]  # of (face, ray)


@dataclass(frozen=True, slots=True)
class Separator:
    """A vector q with the bit sets of the faces it admits, and of those it is positive on; sure: ⟨q, f⟩ < 0."""

    q: tuple[int, ...]
    admitted: int
    strict: int
    sure: bool

    def refutes(self, chosen: int) -> bool:
        """Whether no network has the faces of this set and no others."""
        return self.admitted & chosen == chosen and (self.sure or self.strict & chosen != 0)


def always_attained(problem: Problem) -> bool:
    """Whether no unit with ν = 0 contributes anything."""
    slopes = problem.activations[0].slopes
    return not Units.of(problem).cone or not (slopes[0] or slopes[-1])


def attained(
    model: Generators, residuals: Sequence[Sequence[Fraction]], loss: Fraction, until: float | None
) -> Candidate | Separators:
    """A candidate of this loss with ν > 0 in every unit that contributes, or for each residual the separators.

    `residuals` are those of a lower bound that is equal to `loss`. until: a time.monotonic() value. Raises
    TimeoutError or the kernel's Declined where the question is left open.
    """
    setting = Attainment(model.problem)
    found: list[tuple[tuple[int, ...], ...]] = []
    for residual in residuals:
        answer = Decision(model, setting, residual, until).run()
        if isinstance(answer, Candidate):
            if answer.loss != loss:
                raise ArithmeticError("a network with the predictions of the infimum has another loss")
            return answer
        found.append(answer)
    return tuple(found)


class Decision:
    """Whether the infimum is attained with one residual."""

    def __init__(
        self, model: Generators, setting: Attainment, residual: Sequence[Fraction], until: float | None
    ) -> None:
        self.model, self.setting, self.until = model, setting, until
        self.predictions = [a - b for a, b in zip(setting.labels, residual, strict=True)]
        self.goal, self.faces = setting.goal(residual), setting.faces(residual)
        self.width, self.output = model.width, model.problem.output_bias
        self.found: list[Separator] = []
        self.used: set[Separator] = set()
        if len(self.faces) > MAX_FACES:
            raise TimeoutError("too many faces to decide whether the infimum is attained")
        self.count = len(setting.directions)
        self.inner = [ray[-1] > 0 for ray in setting.directions]
        self.keys = [
            [side * self.count + ray for ray in range(self.count) if rays >> ray & 1] for side, rays in self.faces
        ]
        self.uses = Counter(key for keys in self.keys for key in keys)
        self.order = [key for key, _ in self.uses.most_common()]
        self.units: dict[int, Floats] = {}

    def run(self) -> Candidate | tuple[tuple[int, ...], ...]:
        """A candidate with these predictions, or separators of all sets of faces."""
        everything = (1 << len(self.faces)) - 1
        found = self.visited(0, everything, self.width)
        if found is not None:
            return found
        self.found.sort(key=lambda one: (max(map(abs, one.q)), one.q))
        self.used.clear()
        self.visited(0, everything, self.width)  # with all of them fewer are used
        return tuple(sorted(one.q for one in self.without([one for one in self.found if one in self.used])))

    def without(self, separators: list[Separator]) -> list[Separator]:
        """The separators without superfluous ones, as far as a few visits tell; those with long entries go first."""
        kept, steps = separators, repeat(None, VISITS)
        for one in reversed(separators):
            fewer = [other for other in kept if other is not one]
            sure = [other.admitted for other in fewer if other.sure]
            rest = [(other.admitted, other.strict) for other in fewer if not other.sure]
            try:
                if unrefuted(sure, rest, (1 << len(self.faces)) - 1, self.width, steps) is None:
                    kept = fewer
            except Declined:
                break
        return kept

    def visited(self, chosen: int, left: int, size: int) -> Candidate | None:
        """Separate all sets of the `chosen` faces and at most `size` of those `left`, or find a candidate.

        As the kernel visits them: the sets that the best separator of the chosen faces admits need no visit.
        """
        while True:
            sure = [one for one in self.found if one.refutes(chosen)]
            if not sure:
                self.check_time()
                numbers = [k for k in range(len(self.faces)) if chosen >> k & 1]
                separator = self.separated(numbers)
                if not isinstance(separator, Separator):
                    return self.candidate(numbers, separator)
                self.found.append(separator)
                continue
            best = max(sure, key=lambda one: (one.admitted & left).bit_count())
            self.used.add(best)
            outside = left & ~best.admitted
            if not size or not outside:
                return None
            element = outside & -outside
            left ^= element
            found = self.visited(chosen | element, left, size - 1)
            if found is not None:
                return found

    def check_time(self) -> None:
        """Raise TimeoutError where the question is to be left open."""
        if len(self.found) >= MAX_SEPARATORS or (self.until is not None and time.monotonic() > self.until):
            raise TimeoutError("too many sets of faces to decide whether the infimum is attained")

    def separated(self, numbers: Sequence[int]) -> Separator | Weights:
        """A separator that refutes a set of faces, or weights with the goal's predictions and ν > 0 in every face."""
        parts: list[Weights] = []
        chosen = sum([1 << k for k in numbers])
        for firm in (None, *numbers):
            for q in self.guesses(numbers, firm):
                if any(q) and sum(map(mul, q, self.goal)) <= 0 and not (self.output and sum(q) != 0):
                    separator = self.separator(q)
                    if separator.refutes(chosen):
                        return separator
            answer = self.system(numbers, firm)
            if not isinstance(answer, dict):
                return self.separator(answer)
            # A solution for τ · goal: of the goal for τ > 0, else a direction to add to one.
            tau = answer.pop((-1, -1), Fraction(0))
            start = {} if tau else parts[0]
            keys = [*answer, *(key for key in start if key not in answer)]
            parts.append({k: answer.get(k, Fraction(0)) / (tau or 1) + start.get(k, Fraction(0)) for k in keys})
        total: Weights = {}
        for part in parts:
            for key, weight in part.items():
                total[key] = total.get(key, Fraction(0)) + weight / len(parts)
        return total

    def guesses(self, numbers: Sequence[int], firm: int | None) -> Iterator[tuple[int, ...]]:
        """Short vectors that may separate the faces and admit many others, from a linear program in floats.

        The columns of the faces are constraints; those of other faces cost what they are violated by. A vertex of
        small weight has few and simple entries.
        """
        hard = {key for k in numbers for key in self.keys[k]}
        inner = {key for key in (self.keys[firm] if firm is not None else ()) if self.inner[key % self.count]}
        soft = [key for key in self.order if key not in hard][:SOFT]
        weak = sorted(hard)
        n, m = len(self.goal), len(soft)
        goal = self.floats(self.goal)
        rows = np.array([self.unit(key) for key in [*weak, *soft]]).reshape(len(weak) + m, n)
        slack = np.concatenate([np.zeros((len(weak), m)), np.eye(m)])
        above = np.array([self.level(key) if key in inner else 0.0 for key in weak] + [0.0] * m)
        upper = [np.hstack([-rows, rows, -slack])]
        equal = [np.hstack([goal, -goal, np.zeros(m)])]
        bounds, exact = [-above], [0.0 if firm is not None else -1.0]
        if firm is not None:
            upper, equal, bounds, exact = [*upper, equal[0].reshape(1, -1)], [], [*bounds, np.zeros(1)], []
        if self.output:
            equal.append(np.concatenate([np.ones(n), -np.ones(n), np.zeros(m)]))
            exact.append(0.0)
        cost = np.concatenate([np.full(2 * n, SMALL), np.array([self.uses[key] for key in soft], dtype=float)])
        from scipy.optimize import linprog  # SciPy loads slowly, and most minima do without it

        solved = linprog(
            cost,
            A_ub=np.concatenate(upper),
            b_ub=np.concatenate(bounds),
            A_eq=np.array(equal) if equal else None,
            b_eq=np.array(exact) if equal else None,
            method="highs",
            options={"time_limit": 10.0},
        )
        x = solved.x
        if solved.status != 0 or x is None:
            return
        yield from self.exact(x[:n] - x[n : 2 * n], [*weak, *soft], inner, firm is not None)

    def exact(self, q: Floats, keys: Sequence[int], inner: Set[int], firm: bool) -> Iterator[tuple[int, ...]]:
        """What the floats of a vertex may stand for: the vector with the same zeros, then simple fractions."""
        top, zero = np.abs(q).max(), 1e-9 * np.abs(q).max()
        if not top:
            return
        n = len(q)
        rows: list[list[int]] = [[1] * n + [0]] if self.output else []
        for key in keys:
            value, level = product(self.unit(key), q), self.level(key) if key in inner else 0.0
            if abs(value - level) < zero + 1e-9 * level:
                rows.append([*self.column(key), -self.setting.directions[key % self.count][-1] if key in inner else 0])
        rows += [[int(k == i) for k in range(n + 1)] for i in range(n) if abs(q[i]) < zero]
        if firm and abs(product(self.floats(self.goal), q)) < zero:
            rows.append([*self.goal, 0])
        if not firm:
            rows.append([0] * n + [1])
        guesses = linear.nullspace(rows, n + 1)
        if len(guesses) == 1:
            side = 1 if sum(float(x) * y for x, y in zip(guesses[0], q, strict=False)) > 0 else -1
            yield tuple(side * x for x in linear.primitive(guesses[0][:n]))
        for size in (1, 6, 12, 60, 360, 5040):
            yield tuple(linear.primitive([Fraction(float(x / top)).limit_denominator(size) for x in q]))

    def level(self, key: int) -> float:
        """What the product with the (moderate) column must reach where it is to be positive: ν, to the same scale."""
        column = self.setting.columns[key % self.count]
        return float(self.setting.directions[key % self.count][-1] / (max(map(abs, column)) or 1))

    def system(self, numbers: Sequence[int], firm: int | None) -> tuple[int, ...] | Weights:
        """A vector q that admits the faces, with ⟨q, goal⟩ < 0, or ≤ 0 and positive on the face `firm`.

        If there is none: weights x ≥ 0, and τ ≥ 0 at the key (−1, −1), with Σ x σ H = τ · goal modulo constants, where
        τ > 0, or ν > 0 in the face `firm`.
        """
        goal: Constraint = ([-x for x in self.goal], 0)
        weak: list[Constraint] = [] if firm is None else [goal]
        strict: list[Constraint] = [goal] if firm is None else []
        keys: dict[bool, list[tuple[int, int]]] = {False: [(-1, -1)][: len(weak)], True: [(-1, -1)][: len(strict)]}
        for k in numbers:
            for key in self.keys[k]:
                inner = k == firm and self.inner[key % self.count]
                (strict if inner else weak).append((self.column(key), 0))
                keys[inner].append((k, key % self.count))
        constants: list[Constraint] = [([1] * len(self.goal), 0)] if self.output else []
        solved = solve_system(constants, weak, strict, len(self.goal))
        if isinstance(solved, Witness):
            return tuple(linear.primitive(solved.x))
        pairs = [*zip(keys[False], solved.inequalities, strict=True), *zip(keys[True], solved.strict, strict=True)]
        return {key: weight for key, weight in pairs if weight}

    def separator(self, q: tuple[int, ...]) -> Separator:
        """The vector with what the kernel finds about it."""
        return Separator(q, *self.setting.separates(q, self.faces), sum(map(mul, q, self.goal)) < 0)

    def unit(self, key: int) -> Floats:
        """The column of a signed ray, as floats of moderate size."""
        if key not in self.units:
            column = self.floats(self.setting.columns[key % self.count])
            self.units[key] = column if key < self.count else -column
        return self.units[key]

    def floats(self, values: Sequence[int]) -> Floats:
        """The values, centred with an output bias, over the largest."""
        top = max(map(abs, values)) or 1
        array = np.array([x / top for x in values])
        return array - array.mean() if self.output else array

    def column(self, key: int) -> list[int]:
        """σ H(ray) of a signed ray, on the samples."""
        column = self.setting.columns[key % self.count]
        return list(column) if key < self.count else [-x for x in column]

    def candidate(self, numbers: Sequence[int], weights: Weights) -> Candidate:
        """The network with these weights; its predictions tell the scale."""
        problem, units = self.model.problem, list[Unit]()
        for k in numbers:
            parts = [(weight, self.setting.directions[ray]) for (face, ray), weight in weights.items() if face == k]
            point = [
                sum((w * x for (w, _), x in zip(parts, column, strict=True)), ZERO)
                for column in zip(*(ray for _, ray in parts), strict=True)
            ]
            if point:
                sign = -1 if self.faces[k][0] else 1
                units.append(self.model.chart.unit_at(sign, point, problem.hidden_bias))
        values = [[sign * x for x in heights(problem, (sign, u, nu))] for sign, u, nu in units]
        f = self.centred([sum(column, ZERO) for column in zip(*values, strict=True)]) if units else []
        known = self.centred(self.predictions)
        scale = next((b / a for a, b in zip(f, known, strict=True) if a), ONE) if units else ONE
        return evaluated(problem, [(sign, tuple(scale * x for x in u), scale * nu) for sign, u, nu in units])

    def centred(self, values: Sequence[Fraction]) -> list[Fraction]:
        """The values modulo constants, with an output bias."""
        mean = sum(values, Fraction(0)) / len(values) if self.output else Fraction(0)
        return [x - mean for x in values]
