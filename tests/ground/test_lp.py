"""Exact feasibility and linear programming: every answer is verified here, and compared with z3's."""

import random
from fractions import Fraction

import pytest
import z3

from symverify.ground import lp

Constraints = list[tuple[list[Fraction], Fraction]]


def random_system(rng: random.Random, bound: int) -> tuple[Constraints, Constraints, Constraints, int]:
    """A small system, often degenerate: zero rows, repeated rows, opposite rows, right-hand sides 0."""
    width = rng.randint(0, 4)

    def number() -> Fraction:
        return Fraction(rng.randint(-bound, bound), rng.choice((1, 1, 1, 2, 3)))

    def constraints(most: int) -> Constraints:
        made: Constraints = []
        for _ in range(rng.randint(0, most)):
            kind = rng.random()
            if made and kind < 0.2:
                row, rhs = rng.choice(made)
                factor = rng.choice((-2, -1, 1, 3))
                made.append(([factor * x for x in row], factor * rhs))
            elif kind < 0.3:
                made.append(([Fraction(0)] * width, rng.choice((Fraction(0), Fraction(-1), Fraction(1, 2)))))
            else:
                rhs = rng.choice((Fraction(0), number()))
                made.append(([number() for _ in range(width)], rhs))
        return made

    return constraints(2), constraints(4), constraints(4), width


def z3_linear(row: list[Fraction], x: list[z3.ArithRef]) -> z3.ArithRef:
    return z3.Sum([z3.RealVal(str(a)) * b for a, b in zip(row, x, strict=True)] or [z3.RealVal(0)])


def z3_feasible(equalities: Constraints, inequalities: Constraints, strict: Constraints, width: int) -> bool:
    x = [z3.Real(f"x{j}") for j in range(width)]
    solver = z3.SimpleSolver()
    for row, rhs in equalities:
        solver.add(z3_linear(row, x) == z3.RealVal(str(rhs)))
    for row, rhs in inequalities:
        solver.add(z3_linear(row, x) >= z3.RealVal(str(rhs)))
    for row, rhs in strict:
        solver.add(z3_linear(row, x) > z3.RealVal(str(rhs)))
    return bool(solver.check() == z3.sat)


def refuted(proof: lp.Farkas, equalities: Constraints, inequalities: Constraints, strict: Constraints) -> bool:
    """Motzkin's conditions, written out again, coordinate by coordinate."""
    total: dict[int, Fraction] = {}
    constant = Fraction(0)
    for weights, part in (
        (proof.equalities, equalities),
        (proof.inequalities, inequalities),
        (proof.strict, strict),
    ):
        assert len(weights) == len(part)
        for weight, (row, rhs) in zip(weights, part, strict=True):
            constant += weight * rhs
            for j, value in enumerate(row):
                total[j] = total.get(j, Fraction(0)) + weight * value
    signs = all(x >= 0 for x in [*proof.inequalities, *proof.strict])
    return signs and not any(total.values()) and (constant > 0 or (constant == 0 and any(proof.strict)))


def satisfied(x, equalities, inequalities, strict):
    return (
        all(lp.dot(row, x) == rhs for row, rhs in equalities)
        and all(lp.dot(row, x) >= rhs for row, rhs in inequalities)
        and all(lp.dot(row, x) > rhs for row, rhs in strict)
    )


@pytest.mark.parametrize(("seed", "bound"), [(0, 1), (1, 2), (2, 5), (3, 10**12)])
def test_every_answer_is_right(seed: int, bound: int) -> None:
    rng, kinds = random.Random(seed), {lp.Witness: 0, lp.Farkas: 0}
    for _ in range(400):
        *system, width = random_system(rng, bound)
        found = lp.solve_system(*system, width)
        kinds[type(found)] += 1
        match found:
            case lp.Witness(x):
                assert len(x) == width
                assert all(type(value) is Fraction for value in x)
                assert satisfied(x, *system)
            case lp.Farkas():
                assert refuted(found, *system)
                assert lp.refutes(found, *system)
        assert isinstance(found, lp.Witness) == z3_feasible(*system, width)
    assert min(kinds.values()) >= 80


@pytest.mark.parametrize("seed", range(3))
def test_without_a_floating_point_guess(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lp, "_guess", lambda columns, target: [])
    rng = random.Random(100 + seed)
    for _ in range(150):
        *system, width = random_system(rng, 2)
        found = lp.solve_system(*system, width)
        assert isinstance(found, lp.Witness) == z3_feasible(*system, width)


@pytest.mark.parametrize("seed", range(3))
def test_with_a_wrong_guess(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(200 + seed)
    monkeypatch.setattr(lp, "_guess", lambda columns, target: rng.sample(range(len(columns)), len(columns)))
    for _ in range(150):
        *system, width = random_system(rng, 2)
        found = lp.solve_system(*system, width)
        assert isinstance(found, lp.Witness) == z3_feasible(*system, width)


def test_a_gap_far_below_floating_point_is_decided() -> None:
    tiny = Fraction(1, 10**40)
    one = [Fraction(1)]
    assert isinstance(lp.solve_system([], [], [(one, Fraction(1)), ([Fraction(-1)], -1 - tiny)], 1), lp.Witness)
    assert isinstance(lp.solve_system([], [(one, 1 + tiny)], [([Fraction(-1)], Fraction(-1))], 1), lp.Farkas)
    huge = [Fraction(10**400)]
    assert isinstance(lp.solve_system([], [(huge, Fraction(1))], [([-x for x in huge], Fraction(-1))], 1), lp.Farkas)


@pytest.mark.parametrize(
    ("change", "part"), [(-1, "strict"), (-1, "inequalities"), (1, "equalities"), (1, "inequalities")]
)
def test_wrong_multipliers_refute_nothing(change: int, part: str) -> None:
    equalities = [([Fraction(1), Fraction(1)], Fraction(0))]
    inequalities = [([Fraction(1), Fraction(0)], Fraction(1))]
    strict = [([Fraction(0), Fraction(1)], Fraction(-1))]
    right = {"equalities": [Fraction(-1)], "inequalities": [Fraction(1)], "strict": [Fraction(1)]}
    assert lp.refutes(lp.Farkas(**right), equalities, inequalities, strict)
    wrong = lp.Farkas(**{**right, part: [right[part][0] + change]})
    assert not lp.refutes(wrong, equalities, inequalities, strict)


def test_zero_multipliers_refute_nothing() -> None:
    zero = [Fraction(0)]
    system = ([(zero, Fraction(0))], [(zero, Fraction(0))], [(zero, Fraction(0))])
    assert not lp.refutes(lp.Farkas(zero, zero, zero), *system)
    assert lp.refutes(lp.Farkas(zero, zero, [Fraction(1)]), *system)
    with pytest.raises(ValueError, match="zip"):
        lp.refutes(lp.Farkas(zero, zero, []), *system)
