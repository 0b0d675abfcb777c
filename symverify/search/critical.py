"""The critical points of the risk strictly inside a cell, on which it is a polynomial.

One hidden layer, scalar output, squared loss: exactly, and all of them. Let Z be the units with output weight v_j = 0,
and M_j w_j + o_j (n numbers) what unit j gives on the cell. The gradient is 0 exactly if the loss gradient r sums to 0
(output bias), M_jᵀ r = 0 where v_j ≠ 0, and φ_j(w_j) = ⟨r, M_j w_j + o_j⟩ = 0. So the predictions are the projection
of the targets onto the features of the units outside Z; r depends on Z alone. Predictions are linear in (v_j w_j, v_j),
so for each choice of signs of the v_j the critical points are what strict linear inequalities cut out of an affine
space, times, for each unit of Z, the part of its cell where the affine φ_j is 0. Where M_jᵀ r = 0 for all of Z they are
local minima, global in the cell. Otherwise they are saddles: ∂²R/∂v_j∂w_j = M_jᵀ r ≠ 0 while ∂²R/∂w_j² = 0, which is
negative curvature. Neither depends on the point of the family.

Other networks: z3's nlsat looks for ∇R = 0 in the cell. What it finds in rational numbers the kernel's rules judge;
the rest is the solver's word. A critical point in a cell that is no local minimum is a saddle, at any depth: R rises
at least as Ψ = Σ ⟨r_i, f_i(θ) − f_i(θ*)⟩ does, and Ψ, of degree at most 1 in each parameter, is harmonic.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import chain, combinations, islice, product
from math import comb, factorial, prod
from random import Random
from typing import Any, Literal

from symverify.ground.linear import least_squares, nullspace
from symverify.ground.lp import Farkas, dot, solve_system
from symverify.ground.time_limit import OutOfTime, timed, until
from symverify.kernel.cells.strata import loss_gradient, types
from symverify.kernel.check import apply
from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Pattern, Point, Problem, cell_of, predictions, risk, risk_along
from symverify.kernel.core.poly import Poly
from symverify.kernel.core.proof import Proof, Step
from symverify.opinion.solve import Answer, Solver
from symverify.opinion.text import Script, disjunction, relation
from symverify.search.snap_equations import as_point

from .answers import Descends, Unknown
from .cell_minima import EmptyCell, named_pattern
from .decide import Stays, decide_shallow, moved, places
from .descent import descent
from .expand import Expansion, expand, variables
from .strata import Reached, Row, Strata, sign_of, slots_of

MAX_FAMILIES, MAX_TERMS, MAX_SOLUTIONS, MAX_TRIES = 4096, 20_000, 16, 200
WIDTH = Fraction(1, 2**40)  # of isolating intervals
Split = tuple[int, int, int]  # how many units of a class have v > 0, v < 0, v = 0
Terms = dict[tuple[tuple[str, int], ...], Fraction]
RISK: Terms = {(("R", 1),): ONE}
Character = Literal["local minimum", "saddle", "unknown"]


@dataclass(frozen=True, slots=True)
class Affine:
    """The affine space base + span(directions)."""

    base: Row
    directions: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """The critical points inside the cell with given signs of the output weights: all local minima, or all saddles.

    `products` is the space of (v_j w_j, v_j), one unit with v_j ≠ 0 after the other (w_j with its bias last), and the
    output bias; `idle` that of w_j for each unit with v_j = 0. The family is what lies in the cell with these signs;
    `witness` is the base point. Exchanging units of equal pieces makes `copies` families of it. Along `curve`, from
    the witness of saddles, the risk falls.
    """

    signs: tuple[int, ...]
    copies: int
    risk: Fraction
    dimension: int
    character: Character
    witness: Point
    products: Affine
    idle: tuple[tuple[int, Affine], ...]
    curve: Point | None


@dataclass(frozen=True, slots=True)
class Families:
    """All critical points strictly inside the cell, up to exchanging units of equal pieces; lowest risk first."""

    pattern: Pattern
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class Algebraic:
    """The `root`-th real root, from 1, of an integer polynomial (constant first), and the only one in [low, high]."""

    polynomial: tuple[int, ...]
    root: int
    low: Fraction
    high: Fraction


Number = Fraction | Algebraic


@dataclass(frozen=True, slots=True)
class Solution:
    """A critical point that the solver found; the names are those of `expand`.

    With rational coordinates it is also a `point`, which the kernel's rules have found critical and of this
    character; otherwise it is the solver's word. `curve` is one of descent from a saddle.
    """

    values: Mapping[str, Number]
    risk: Number
    point: Point | None
    character: Character
    why: str
    curve: Point | None


@dataclass(frozen=True, slots=True)
class Search:
    """Critical points of different risks. `closed`: the solver says that there are no other risks; else the reason."""

    pattern: Pattern
    solutions: tuple[Solution, ...]
    closed: bool
    reason: str


def critical_points(
    problem: Problem, pattern: Pattern, seconds: float = 30.0, budget: int = MAX_FAMILIES
) -> Families | Search | EmptyCell | Unknown:
    """The critical points strictly inside the cell of `pattern`, within a time and a number of families.

    Raises ValueError for a pattern that does not fit the problem.
    """
    deadline = time.monotonic() + seconds
    if not problem.loss.quadratic:
        return Unknown("the risk is a polynomial on the whole cell for the squared loss only")
    if problem.decays:
        return Unknown("critical points are listed without weight decay only")
    try:
        with until(deadline):
            return _in_cell(problem, pattern, deadline, budget)
    except Declined as error:
        return Unknown(str(error))


def _in_cell(
    problem: Problem, pattern: Pattern, deadline: float, budget: int
) -> Families | Search | EmptyCell | Unknown:
    strata = Strata.of(problem, named_pattern(problem, pattern[:1]))
    interiors = list[Row]()
    for k, each in enumerate(strata.classes):
        found = strata.interior(k)
        if isinstance(found, Farkas):
            return EmptyCell(each.units[0], tuple(found.strict))
        interiors.append(found)
    if len(problem.widths) != 3 or problem.widths[-1] != 1:
        return _search(problem, (*strata.pattern, *pattern[1:]), deadline)
    count = prod(comb(len(each.units) + 2, 2) for each in strata.classes)
    if count > budget:
        return Unknown(f"{count} choices of signs of the output weights are more than the budget of {budget}")
    families = sorted(_families(strata, interiors), key=lambda each: (each.risk, -each.dimension))
    return Families(strata.pattern, tuple(families))


def _families(strata: Strata, interiors: Sequence[Row]) -> Iterator[Family]:
    """All families, by the classes that have units with v ≠ 0, then by the signs in each class."""
    every = range(len(strata.classes))
    both = [(1, 2, 3) if len(each.units) > 1 else (1, 2) for each in strata.classes]
    for used in timed(chain.from_iterable(combinations(every, size) for size in reversed(range(len(every) + 1)))):
        f = _projection(strata, used)
        r = loss_gradient(strata.problem, f)
        pulls = [tuple(dot(r, column) for column in each.columns) for each in strata.classes]
        rows = [_stationary(strata, k, pull) if any(pull) else interiors[k] for k, pull in enumerate(pulls)]
        for mask in types([both[k] if k in used else (0,) for k in every]) if all(rows) else ():
            reached = strata.reach(f, slots_of(mask)) if mask else Reached({}, f[0])
            if isinstance(reached, Reached):
                sides = [_splits(mask >> 2 * k & 3, len(each.units)) for k, each in enumerate(strata.classes)]
                for split in timed(product(*sides)):
                    yield _family(strata, f, pulls, rows, reached, split)


def _projection(strata: Strata, used: Sequence[int]) -> Row:
    """The targets projected onto the features of some classes and the output bias."""
    rows = strata.effects([2 * k for k in used])
    if not rows[0]:
        return (ZERO,) * len(rows)
    weights = [b for (b,) in least_squares(rows, strata.problem.targets)]
    return tuple(dot(row, weights) for row in rows)


def _stationary(strata: Strata, k: int, pull: Row) -> Row:
    """Input weights inside the cell of class k where φ = ⟨pull, (w, 1)⟩ is 0; () if there are none."""
    found = solve_system([(pull, 0)], [], [(row, 0) for row in strata.classes[k].rows], len(pull))
    return () if isinstance(found, Farkas) else tuple(x / found.x[-1] for x in found.x[:-1])


def _splits(sides: int, units: int) -> list[Split]:
    """The numbers of positive, negative and zero output weights, with just these sides (1 plus, 2 minus) present."""
    numbers = product(range(units + 1), repeat=2)
    return [(p, m, units - p - m) for p, m in numbers if p + m <= units and (p > 0) + 2 * (m > 0) == sides]


def _family(
    strata: Strata, f: Row, pulls: Sequence[Row], rows: Sequence[Row], reached: Reached, split: Sequence[Split]
) -> Family:
    """The family with the first units of each class positive, the next negative, the last 0."""
    problem, size = strata.problem, strata.problem.widths[0] + strata.problem.hidden_bias
    weights, v = dict[int, Row](), [ZERO] * problem.widths[1]
    owner = {j: k for k, each in enumerate(strata.classes) for j in each.units}
    for k, each in enumerate(strata.classes):
        units = iter(each.units)
        for slot, number in ((2 * k, split[k][0]), (2 * k + 1, split[k][1])):
            for j in islice(units, number):
                *u, eta = reached.vectors[slot]
                weights[j], v[j] = tuple(x / eta for x in u), sign_of(slot) * eta / number
        weights |= dict.fromkeys(units, rows[k])
    bias = reached.bias if problem.output_bias else ZERO
    witness = strata.parameters([weights[j] for j in range(len(v))], v, bias)
    working = [j for j, x in enumerate(v) if x]
    base = [x for j in working for x in (*(v[j] * w for w in weights[j]), v[j])] + [bias] * problem.output_bias
    directions = nullspace(strata.effects([2 * owner[j] for j in working]), len(base))
    free = [tuple(map(tuple, nullspace([pull[:size]], size))) for pull in pulls]
    idle = {j: Affine(weights[j], free[owner[j]]) for j, x in enumerate(v) if not x}
    _critical(problem, witness)
    decided, flat = decide_shallow(problem, witness), not any(map(any, pulls))
    if not isinstance(decided, Stays if flat else Descends):
        raise ArithmeticError("a critical point inside a cell is a minimum exactly if the minorant is constant")
    return Family(
        signs=tuple((x > 0) - (x < 0) for x in v),
        copies=prod(factorial(sum(s)) // prod(map(factorial, s)) for s in split),
        risk=risk(problem, [(x,) for x in f]),
        dimension=len(directions) + sum(len(space.directions) for space in idle.values()),
        character="local minimum" if flat else "saddle",
        witness=witness,
        products=Affine(tuple(base), tuple(map(tuple, directions))),
        idle=tuple(idle.items()),
        curve=decided.curve if isinstance(decided, Descends) else None,
    )


def _critical(problem: Problem, point: Point) -> Proof:
    """A proof of the point alone, which the kernel has found critical. ArithmeticError if it does not."""
    f = predictions(problem, point)
    proof = Proof(problem, [Step("point", {}, {}, Evaluated(point, f, risk(problem, f), False))])
    try:
        apply(proof, {"rule": "critical_point", "from": {"point": 0}}, "")
    except Rejected as error:
        raise ArithmeticError(f"the kernel does not find the point critical: {error.reason}") from None
    return proof


def _search(problem: Problem, pattern: Pattern, deadline: float) -> Search | Unknown:
    """Critical points of ever new risks, until the solver knows of no other or the time is up."""
    expansion = expand(problem, pattern)
    names, whole = expansion.variables, expansion.risk  # not None for the squared loss
    slopes = [] if whole is None else [whole.diff(x) for x in whole.ring.gens]
    if sum(map(len, slopes)) > MAX_TERMS:
        return Unknown(f"the gradient has more than {MAX_TERMS} terms")
    formulas = [relation(_terms(slope, names), "=") for slope in slopes]
    formulas += _region(problem, expansion)
    formulas.append(relation(_terms(whole, names) | {(("R", 1),): -ONE}, "="))
    found = list[Solution]()
    while len(found) < MAX_SOLUTIONS:
        script = Script("QF_NRA", [*names, "R"], formulas)
        with Solver("z3", seconds=min(max(deadline - time.monotonic(), 0.01), 10**6)) as solver:
            reply = solver.solve(script.text(), model=True, deadline=deadline)
        if reply.answer is not Answer.SAT:
            return Search(pattern, tuple(found), reply.answer is Answer.UNSAT, reply.reason)
        try:
            found.append(_solution(problem, pattern, reply.model or {}))
        except OutOfTime as error:
            return Search(pattern, tuple(found), False, str(error))
        formulas.append(_other(found[-1].risk))
    return Search(pattern, tuple(found), False, f"there may be more than {MAX_SOLUTIONS} different risks")


def _terms(polynomial: Any, names: Sequence[str]) -> Terms:
    """A polynomial of `expand` as the SMT texts take it."""
    terms = ((powers, Fraction(int(c.numerator), int(c.denominator))) for powers, c in polynomial.terms())
    return {tuple((name, int(e)) for name, e in zip(names, powers, strict=True) if e): c for powers, c in terms}


def _against(polynomial: Terms, value: Fraction, op: str) -> str:
    """polynomial op value."""
    return relation(polynomial | {(): polynomial.get((), ZERO) - value}, op)


def _region(problem: Problem, expansion: Expansion) -> list[str]:
    """The strict inequalities of the cell, and z = ±1 on one sample for each unit of a positively homogeneous layer.

    Rescaling a unit carries every critical point to one with that, of equal risk.
    """
    formulas, fixed = list[str](), set[tuple[int, int]]()
    for each in expansion.region:
        z, h = _terms(each.polynomial, expansion.variables), problem.activations[each.layer - 1]
        formulas += [] if each.above is None else [_against(z, each.above, ">")]
        formulas += [] if each.below is None else [_against(z, each.below, "<")]
        if h.breakpoints == (ZERO,) and not any(h.offsets) and (each.layer, each.unit) not in fixed:
            formulas.append(_against(z, -ONE if each.above is None else ONE, "="))
            fixed.add((each.layer, each.unit))
    return formulas


def _other(value: Number) -> str:
    """R is not this number."""
    if isinstance(value, Fraction):
        return _against(RISK, value, "distinct")
    powers: Terms = {((("R", e),) if e else ()): Fraction(c) for e, c in enumerate(value.polynomial)}
    another = relation(powers, "distinct")
    return disjunction([another, _against(RISK, value.low, "<"), _against(RISK, value.high, ">")])


def _solution(problem: Problem, pattern: Pattern, model: Mapping[str, str]) -> Solution:
    """A model as a point, judged by the kernel's rules if it is rational."""
    values = {name: number(text) for name, text in model.items()}
    value = values.pop("R")
    numbers = {name: x for name, x in values.items() if isinstance(x, Fraction)}
    if len(numbers) < len(values):
        return Solution(values, value, None, "unknown", "not all coordinates are rational", None)
    point = as_point(problem, [numbers[name] for name in variables(problem)])
    if cell_of(problem, point) != pattern or risk(problem, predictions(problem, point)) != value:
        raise ArithmeticError("the solver's point is in another cell, or has another risk")
    return Solution(values, value, point, *_judged(problem, point))


def _judged(problem: Problem, point: Point) -> tuple[Character, str, Point | None]:
    """What the kernel's rules say of a critical point, why, and a curve of descent from a saddle."""
    proof = _critical(problem, point)
    for rule in ("interior_minimum", "second_order"):
        with suppress(Rejected, Declined):
            apply(proof, {"rule": rule, "from": {"point": 0}}, "")
            return "local minimum", f"by the kernel's rule {rule}", None
    found = descent(problem, point) or _late_descent(problem, point)
    if found is None:
        return "unknown", "neither the second order nor a search for a curve of descent decides", None
    return "saddle", found[1], found[0]


def _late_descent(problem: Problem, point: Point) -> tuple[Point, str] | None:
    """A curve θ + t δ + t^L ε along which the risk falls, L maps deep; δ moves some layers, predictions wait for ε.

    Where ∇R at θ + t δ is not 0 its order is below t^L, so ⟨∇R, ε⟩ t^L decides, and δ alone does not change R.
    """
    rng, here, depth = Random(0), risk(problem, predictions(problem, point)), len(point)
    for _ in range(MAX_TRIES):
        chosen = {m for m in range(depth) if rng.random() < 0.5}
        moves = {
            at: Poly.of(
                map(Fraction, [0, rng.randint(-2, 2) * (at[0] in chosen), *[0] * (depth - 2), rng.randint(-2, 2)])
            )
            for at in places(problem)
        }
        with suppress(Declined):
            curve = moved(point, moves)
            if (risk_along(problem, curve) - here).sign_after_zero() < 0:
                return curve, "it falls after a detour through points of equal risk"
    return None


def number(text: str) -> Number:
    """A number in z3's notation, "-3/2" or "(root-obj (+ (^ x 2) (- 2)) 1)". Raises Declined for another."""
    if re.fullmatch(r"-?[0-9]+(/[0-9]+)?", text):
        return Fraction(text)
    quoted, sympy = re.sub(r"\s+", ",", re.sub(r"[^\s()]+", r'"\g<0>"', text)), import_module("sympy")
    with suppress(json.JSONDecodeError):
        match json.loads(quoted.replace("(", "[").replace(")", "]")):
            case ["root-obj", tree, str(root)] if root.isdecimal():
                whole = tuple(map(int, _polynomial(tree).coefficients))
                width = sympy.Rational(WIDTH.numerator, WIDTH.denominator)
                intervals = sympy.Poly(whole[::-1], sympy.Symbol("x")).intervals(eps=width)
                if 1 <= int(root) <= len(intervals):
                    low, high = (Fraction(int(x.p), int(x.q)) for x in intervals[int(root) - 1][0])
                    return Algebraic(whole, int(root), low, high)
    raise Declined(f"the solver's number {text[:80]!r} cannot be read")


def _polynomial(tree: Any) -> Poly:
    match tree:
        case "x":
            return Poly.of([ZERO, ONE])
        case str(digits) if digits.isdecimal():
            return Poly.of([Fraction(digits)])
        case ["-", inner]:
            return _polynomial(inner) * -1
        case ["+", *several]:
            return sum(map(_polynomial, several), Poly(()))
        case ["*", *several]:
            return prod(map(_polynomial, several), start=Poly.of([ONE]))
        case ["^", inner, str(power)] if power.isdecimal():
            return prod([_polynomial(inner)] * int(power), start=Poly.of([ONE]))
    raise Declined(f"the solver's polynomial {str(tree)[:80]!r} cannot be read")
