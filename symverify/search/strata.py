"""Types of output signs on a face of one hidden layer: which predictions they reach, exactly, with proofs.

A slot is a class of units on the same face together with a sign, a type a set of slots (as a bit mask), as in
`symverify.kernel.strata`. A slot's vector z = (|v| w, |v|) = B y has y in the cone A y > 0 of its class and adds s F y
to the predictions, n numbers. A unit can be cut into several of the same class and sign, and those put together
again, so one vector per slot stands for all units there. In a cell z and y are the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.ground.cone_qp import minimise_over_cone
from symverify.ground.linear import primitive
from symverify.ground.lp import Constraint, Farkas, dot, solve_system
from symverify.kernel.cells.cell_minima import level
from symverify.kernel.cells.strata import Face, UnitClass, loss_gradient, unit_classes
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.loss import Loss
from symverify.kernel.core.network import Layer, Pattern, Point, Problem

Row = tuple[Fraction, ...]


def tube(loss: Loss) -> Fraction:
    """The delta of ℓ(e) = e²/2 on [−delta, delta], linear beyond. Declined where the loss is of another form."""
    if len(loss.cuts) != 2 or [a for a, _, _ in loss.parts] != [ZERO, Fraction(1, 2), ZERO] or loss.parts[1][1]:
        raise Declined(f"the least risk over a cone is not computed for the {loss.name} loss")
    return loss.cuts[1]


@dataclass(frozen=True, slots=True)
class Dual:
    """A vector over the samples, and for each slot that it admits the multipliers of the cone's rows that show it."""

    vector: Row
    multipliers: tuple[Row | None, ...]

    def admits(self, mask: int) -> bool:
        """Whether all slots of a type are admitted."""
        return all(self.multipliers[slot] is not None for slot in slots_of(mask))


@dataclass(frozen=True, slots=True)
class Reached:
    """A vector z for each slot of a type, and the output bias (0 without one)."""

    vectors: Mapping[int, Row]
    bias: Fraction


def slots_of(mask: int) -> list[int]:
    """The slots of a type."""
    return [slot for slot in range(mask.bit_length()) if mask >> slot & 1]


def sign_of(slot: int) -> int:
    """The sign of the output weights in a slot."""
    return -1 if slot % 2 else 1


@dataclass(frozen=True, slots=True)
class Strata:
    """The classes and slots of one face or cell; one hidden layer, scalar output."""

    problem: Problem
    face: Face
    classes: list[UnitClass]

    @staticmethod
    def of(problem: Problem, pattern: Pattern) -> "Strata":
        """The cell with this pattern."""
        return Strata.on(problem, tuple(tuple(2 * p for p in unit) for unit in pattern[0]))

    @staticmethod
    def on(problem: Problem, face: Face) -> "Strata":
        """This face."""
        return Strata(problem, face, unit_classes(problem, face))

    @property
    def pattern(self) -> Pattern:
        """The pieces that the samples are on; at a breakpoint the lower one."""
        return (tuple(tuple(at // 2 for at in unit) for unit in self.face),)

    def effects(self, slots: Iterable[int]) -> list[Row]:
        """n rows: each sample's prediction from the slots' vectors, one after the other, and the output bias."""
        columns = [[sign_of(slot) * x for x in f] for slot in slots for f in self.classes[slot // 2].columns]
        columns += [[ONE] * len(self.problem.inputs)] * self.problem.output_bias
        return [tuple(column[i] for column in columns) for i in range(len(self.problem.inputs))]

    def cone(self, slots: Sequence[int]) -> list[Row]:
        """The rows of the slots' cones, on the same coordinates as `effects`; each cone's first row is η."""
        rows, before, width = [], 0, self.width(slots)
        for slot in slots:
            each = self.classes[slot // 2]
            after = width - before - len(each.basis)
            rows += [(*[ZERO] * before, *row, *[ZERO] * after) for row in each.rows]
            before += len(each.basis)
        return rows

    def width(self, slots: Sequence[int]) -> int:
        """The number of coordinates of `effects`."""
        return sum(len(self.classes[slot // 2].basis) for slot in slots) + self.problem.output_bias

    def split(self, slots: Sequence[int], x: Sequence[Fraction]) -> Reached:
        """The vectors z with these coordinates of `effects`, by slot."""
        vectors, start = dict[int, Row](), 0
        for slot in slots:
            basis = self.classes[slot // 2].basis
            y, start = x[start : start + len(basis)], start + len(basis)
            vectors[slot] = tuple(dot(y, column) for column in zip(*basis, strict=True))
        return Reached(vectors, x[-1] if self.problem.output_bias else ZERO)

    def interior(self, k: int) -> Row | Farkas:
        """Input weights on the face of class k, or the multipliers of its rows that prove it empty."""
        rows = self.classes[k].rows
        found = solve_system([], [], [(row, 0) for row in rows], len(rows[0]))
        if isinstance(found, Farkas):
            return found
        *u, eta = self.split([2 * k], found.x).vectors[2 * k]
        return tuple(a / eta for a in u)

    def best(self) -> Row:
        """The predictions of least risk in the span of the features: over all parameters, not only the cell's."""
        effects = self.effects(range(0, 2 * len(self.classes), 2))
        return self._fit(effects, [])[0]

    def least(self, slots: Sequence[int]) -> tuple[Reached, Dual]:
        """The least risk over the closed cones of `slots`: vectors that attain it, and its predictions with their dual.

        With r the loss gradient at the predictions b, ⟨r, b⟩ = 0, and r admits the slots.
        """
        effects, cone = self.effects(slots), self.cone(slots)
        b, x, weights = self._fit(effects, cone)
        multipliers = list[Row | None]([None] * (2 * len(self.classes)))
        start = 0
        for slot in slots:
            rows = len(self.classes[slot // 2].rows)
            multipliers[slot], start = tuple(weights[start : start + rows]), start + rows
        return self.split(slots, x), Dual(b, tuple(multipliers))

    def _fit(self, effects: Sequence[Row], cone: Sequence[Row]) -> tuple[Row, list[Fraction], list[Fraction]]:
        """Predictions, coordinates and multipliers of the cone's rows where the risk of `effects`·x is least.

        Huber's ℓ(e) = min {½ (e − a + b)² + delta (a + b) : a, b ≥ 0} makes it a quadratic program, too. Declined for a
        loss of another form.
        """
        n, width, loss = len(effects), len(effects[0]), self.problem.loss
        targets = [y for (y,) in self.problem.targets]
        if loss.quadratic:
            optimum = minimise_over_cone(effects, targets, [ZERO] * width, cone, width)
            scale = 2 * loss.factor
        else:
            delta = tube(loss)
            unit = [[ONE if j == i else ZERO for j in range(n)] for i in range(n)]
            wide = [(*row, *(-a for a in e), *e) for row, e in zip(effects, unit, strict=True)]
            signs = [(*[ZERO] * width, *([ONE if j == i else ZERO for j in range(2 * n)])) for i in range(2 * n)]
            rows = [*((*row, *[ZERO] * (2 * n)) for row in cone), *signs]
            linear = [ZERO] * width + [delta] * (2 * n)
            optimum = minimise_over_cone(wide, targets, linear, rows, width + 2 * n)
            scale = loss.factor
        x = optimum.x[:width]
        return tuple(dot(row, x) for row in effects), x, [scale * m for m in optimum.multipliers[: len(cone)]]

    def reach(self, best: Row, slots: Sequence[int], closed: bool = False) -> Reached | Farkas:
        """Vectors strictly in the cones of `slots` with best predictions, or the proof that there are none.

        Best are the predictions with the loss gradient of `best`: for Huber's loss, where it is linear, a half
        line. If `closed`, the cones are closed, except that η > 0, and `best` minimises over them: with the loss
        gradient r of `best`, the risk is then least where also ⟨r, f⟩ = 0.
        """
        equalities, inequalities, strict = list[Constraint](), list[Constraint](), list[Constraint]()
        for row, f, (y,) in zip(self.effects(slots), best, self.problem.targets, strict=True):
            low, high = level(self.problem, f, y)
            if low is not None and low == high:
                equalities.append((row, low))
                continue
            for side, value in ((1, low), (-1, high)):
                if value is not None:
                    inequalities.append(([side * x for x in row], side * value))
        if closed:
            r = loss_gradient(self.problem, best)
            equalities.append(([dot(r, column) for column in zip(*self.effects(slots), strict=True)], ZERO))
        first = [index == 0 for slot in slots for index in range(len(self.classes[slot // 2].rows))]
        for row, is_eta in zip(self.cone(slots), first, strict=True):
            (strict if is_eta or not closed else inequalities).append((row, 0))
        found = solve_system(equalities, inequalities, strict, self.width(slots))
        return found if isinstance(found, Farkas) else self.split(slots, found.x)

    def separator(self, best: Row, proof: Farkas) -> Dual:
        """The dual in a refutation of `reach`, with the multipliers of every slot that it admits."""
        vector, equalities, inequalities = [], iter(proof.equalities), iter(proof.inequalities)
        for f, (y,) in zip(best, self.problem.targets, strict=True):
            low, high = level(self.problem, f, y)
            if low is not None and low == high:
                vector.append(-next(equalities))
            else:
                sides = [side for side, value in ((1, low), (-1, high)) if value is not None]
                vector.append(sum((-side * next(inequalities) for side in sides), ZERO))
        g = tuple(Fraction(x) for x in primitive(vector))
        return Dual(g, tuple(self.admission(g, slot) for slot in range(2 * len(self.classes))))

    def admission(self, g: Sequence[Fraction], slot: int) -> Row | None:
        """κ ≥ 0 with s g F = κ A, if there is one: a proof that s ⟨g, F z⟩ ≥ 0 on the slot's cone."""
        rows = self.classes[slot // 2].rows
        pull = [sign_of(slot) * dot(g, f) for f in self.classes[slot // 2].columns]
        found = solve_system([], [(row, 0) for row in rows], [([-x for x in pull], 0)], len(pull))
        if not isinstance(found, Farkas):
            return None
        return tuple(m / found.strict[0] for m in found.inequalities)

    def point(self, reached: Reached, interiors: Sequence[Row]) -> Point:
        """Parameters with these vectors (η > 0): every unit of a class in use works, the others have weight 0.

        A class with both signs gives the plus to its first unit and the minus to all others.
        """
        width, rows, v = self.problem.widths[1], dict[int, Row](), [ZERO] * self.problem.widths[1]
        for k, each in enumerate(self.classes):
            parts = [slot for slot in (2 * k, 2 * k + 1) if slot in reached.vectors]
            units = [list(each.units[:1]), list(each.units[1:])] if len(parts) == 2 else [list(each.units)]
            rows.update(dict.fromkeys(each.units, interiors[k]))
            for slot, share in zip(parts, units, strict=False):
                *u, eta = reached.vectors[slot]
                for j in share:
                    rows[j], v[j] = tuple(a / eta for a in u), sign_of(slot) * eta / len(share)
        return self.parameters([rows[j] for j in range(width)], v, reached.bias)

    def parameters(self, rows: Sequence[Row], v: Sequence[Fraction], bias: Fraction) -> Point:
        """The point with input weights `rows` (each with its bias, if there is one), output weights v and bias."""
        d = self.problem.widths[0]
        first = Layer(
            tuple(row[:d] for row in rows), tuple(row[d] for row in rows) if self.problem.hidden_bias else None
        )
        return first, Layer((tuple(v),), (bias,) if self.problem.output_bias else None)
