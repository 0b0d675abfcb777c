"""When a point that is linear in the labels stays a local minimum on its face: linear forms in the labels.

One hidden layer, scalar output, squared loss. A unit of output weight v ≠ 0 is (u, ν) = |v| (w, 1) and a sign.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..cells.strata import Face, face_of, features, unit_classes
from ..core.activation import ONE, ZERO
from ..core.algebra import rank, sign
from ..core.errors import Rejected
from ..core.network import Point, Problem, rational
from ..core.proof import Reading
from ..core.text import canonical, listed, optional
from .forms import Condition, Form, combined, read_form


@dataclass(frozen=True)
class Moving:
    """A point for each d: (u, ν) of every unit with v ≠ 0, the output bias, all linear; `multipliers` at its kinks.

    `labels` are those of each d; it is the point `start` at d = 0. Units with v = 0 stay where they are.
    """

    problem: Problem
    start: Point
    labels: tuple[Form, ...]
    units: tuple[tuple[Form, ...] | None, ...]
    shift: Form
    multipliers: tuple[tuple[Form, ...], ...]

    @property
    def size(self) -> int:
        """The number of variables."""
        return len(self.labels[0]) - 1

    @cached_property
    def face(self) -> Face:
        """The face at d = 0."""
        return face_of(self.problem, self.start)

    @cached_property
    def signs(self) -> tuple[int, ...]:
        """Of the output weights."""
        return tuple(sign(rational(v)) for v in self.start[1].weight[0])

    def along(self, unit: Sequence[Form], i: int) -> Form:
        """⟨u, x̃_i⟩."""
        return combined(zip(self.problem.row(i), unit[:-1], strict=True), self.size)

    @cached_property
    def predictions(self) -> tuple[Form, ...]:
        """f_i, with the pieces of the face: at a kink both of its pieces give the same."""
        h, found = self.problem.activations[0], list[Form]()
        for i in range(len(self.labels)):
            terms = [(ONE, self.shift)]
            for unit, places, s in zip(self.units, self.face, self.signs, strict=True):
                if unit is not None:
                    p = places[i] // 2
                    terms += [(s * h.slopes[p], self.along(unit, i)), (s * h.offsets[p], unit[-1])]
            found.append(combined(terms, self.size))
        return tuple(found)

    @cached_property
    def errors(self) -> tuple[Form, ...]:
        """f_i − y_i, which the residuals are a positive multiple of."""
        pairs = zip(self.predictions, self.labels, strict=True)
        return tuple(combined([(ONE, f), (-ONE, y)], self.size) for f, y in pairs)

    def conditions(self) -> Iterator[Condition]:
        """
        Σ r_i = 0;  per unit, s_i, o_i those of the lower piece at a kink:
        Σ_i r_i s_i x̃_i = Σ_kinks μ_i x̃_i,  Σ_i r_i o_i + Σ_kinks μ_i t_i = 0,   all for every d
        v ≠ 0:  ν > 0;  t < ⟨u, x̃_i⟩/ν < t' inside a piece;  at a kink −σ μ_i ≥ 0, σ (μ_i + r_i (s⁺ − s⁻)) ≥ 0
        v = 0:  at a kink μ_i = 0, r_i (s⁺ − s⁻) = 0 for every d
        ------------------------------------------------------------------------------------ [conditions]
          where these forms are positive or not negative the point is a local minimum on the face

        They are yielded. It is face_minimum: near w, φ = φ(w) + Σ_kinks (μ_i z_i + r_i (s⁺ − s⁻) max(0, z_i)), z_i =
        ⟨δ, x̃_i⟩, and φ(w) = Σ_i r_i o_i + ⟨Σ_kinks μ_i x̃_i, w⟩. Rejected where an equation fails.
        """
        if self.problem.output_bias and any(combined([(ONE, r) for r in self.errors], self.size)):
            raise Rejected("", "the residuals do not sum to 0 for all labels")
        for j in range(len(self.units)):
            try:
                yield from self._unit(j)
            except Rejected as error:
                raise Rejected("", f"{self.problem.unit_name(0, j)} {error.reason}") from None

    def _unit(self, j: int) -> Iterator[Condition]:
        problem, h, unit, s = self.problem, self.problem.activations[0], self.units[j], self.signs[j]
        places, n = self.face[j], len(self.labels)
        kinks = [i for i in range(n) if places[i] % 2]
        if len(self.multipliers[j]) != len(kinks):
            raise Rejected("", f"needs {len(kinks)} multipliers, one for each kink, got {len(self.multipliers[j])}")
        held = list(zip(kinks, self.multipliers[j], strict=True))
        for c in range(len(problem.row(0))):
            pull = [(h.slopes[places[i] // 2] * problem.row(i)[c], self.errors[i]) for i in range(n)]
            if any(combined([*pull, *((-problem.row(i)[c], mu) for i, mu in held)], self.size)):
                raise Rejected("", "has multipliers that do not combine to its gradient for all labels")
        parts = [(h.offsets[places[i] // 2], self.errors[i]) for i in range(n)]
        if any(combined([*parts, *((h.breakpoints[places[i] // 2], mu) for i, mu in held)], self.size)):
            raise Rejected("", "has a first-order term in its output weight for some labels")
        bends = [(i, mu, h.slopes[places[i] // 2 + 1] - h.slopes[places[i] // 2]) for i, mu in held]
        if unit is None:
            if any(any(mu) or any(self.errors[i]) for i, mu, _ in bends):
                raise Rejected("", "has output weight 0, and a kink that some labels pull at")
            return
        yield Condition(f"|v| of unit {j + 1}", unit[-1], True)
        for i, mu, bend in bends:
            what = f"the multiplier of unit {j + 1} at sample {i + 1}"
            yield Condition(what, combined([(Fraction(-s), mu)], self.size), False)
            yield Condition(what, combined([(Fraction(s), mu), (s * bend, self.errors[i])], self.size), False)
        yield from self._pieces(j, unit)

    def _pieces(self, j: int, unit: Sequence[Form]) -> Iterator[Condition]:
        """The pre-activations, times ν, stay where they are on the face."""
        cuts, problem = self.problem.activations[0].breakpoints, self.problem
        for i, place in enumerate(self.face[j]):
            p, z = place // 2, self.along(unit, i)
            if place % 2:
                if any(combined([(ONE, z), (-cuts[p], unit[-1])], self.size)):
                    raise Rejected("", f"leaves its kink at sample {i + 1} for some labels")
            elif not problem.dead_row(i):
                what = f"the pre-activation of unit {j + 1} at sample {i + 1}"
                for t in cuts[max(p - 1, 0) : p]:
                    yield Condition(what, combined([(ONE, z), (-t, unit[-1])], self.size), True)
                for t in cuts[p : p + 1]:
                    yield Condition(what, combined([(-ONE, z), (t, unit[-1])], self.size), True)

    @property
    def unique(self) -> bool:
        """
        the columns of the units with v ≠ 0, and 1, are independent, but for 0s, whose coordinates only bound ν > 0,
        where the ν are constant
        the x̃ at each unit's kinks are independent
        ------------------------------------------------------------------------------------------------ [unique]
          other labels than those of the conditions have no local minimum on this face with these signs

        For every label vector the best predictions in the span, and so c_0, the multipliers and all coordinates of
        (u, ν) but those are unique, and those bind nowhere.
        """
        problem, classes = self.problem, unit_classes(self.problem, self.face)
        used = [each for each in classes if any(self.signs[j] for j in each.units)]
        if any(sum(self.signs[j] != 0 for j in each.units) > 1 for each in used):
            return False
        for each in used:
            for c, column in enumerate(each.columns):
                if any(column):
                    continue
                moves = any(any(u[-1][1:]) for j in each.units if (u := self.units[j]) is not None)
                if any(row[c] for row in each.rows[1:]) or (each.rows[0][c] and moves):
                    return False
        columns = [column for column in features(problem, used) if any(column)]
        kinks = [[problem.row(i) for i, place in enumerate(unit) if place % 2] for unit in self.face]
        return rank(columns) == len(columns) and all(rank(rows) == len(rows) for rows in kinks)


def read_moving(step: Reading, start: Point, labels: Sequence[Form]) -> Moving:
    """The fields "moves" (per unit D + 1 rows of coefficients, or null for v = 0), "shift" and "multipliers"."""
    problem, size = step.proof.problem, len(labels[0]) - 1
    row, units = listed(canonical, size, "coefficients"), problem.widths[1]
    width = len(problem.row(0)) + 1
    given = step.need("moves", listed(optional(listed(row, width, "rows: of u, then of ν")), units, "entries"))
    moved = step.need("shift", row) if problem.output_bias else [ZERO] * size
    held = step.need("multipliers", listed(listed(read_form(size)), units, "entries"))
    found = list[tuple[Form, ...] | None]()
    for j, (v, moves) in enumerate(zip(start[1].weight[0], given, strict=True)):
        if (moves is None) != (v == 0):
            raise Rejected(f"{step.at('moves')}[{j}]", "is null exactly where the output weight is 0")
        bias = () if start[0].bias is None else (start[0].bias[j],)
        at = [abs(rational(v)) * rational(x) for x in (*start[0].weight[j], *bias, ONE)]
        found.append(None if moves is None else tuple((a, *more) for a, more in zip(at, moves, strict=True)))
    c0 = ZERO if start[1].bias is None else rational(start[1].bias[0])
    return Moving(problem, start, tuple(labels), tuple(found), (c0, *moved), tuple(map(tuple, held)))
