"""Polynomials as obligations need them: sparse ones in named variables, and those in t along a path."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from symverify.kernel.core.activation import ONE, ZERO
from symverify.kernel.core.network import Pattern, Point, Problem, trace
from symverify.kernel.core.poly import Poly, positive_on_unit_interval
from symverify.opinion.text import Monomial, Polynomial

Terms = dict[Monomial, Fraction]


def monomial(*names: str) -> Monomial:
    """The product of variables."""
    return tuple(sorted((name, names.count(name)) for name in set(names)))


def combine(*parts: tuple[Fraction | int, Polynomial]) -> Terms:
    """A linear combination of polynomials."""
    total: Terms = {}
    for factor, poly in parts:
        for term, coefficient in poly.items():
            total[term] = total.get(term, ZERO) + factor * coefficient
    return total


def constant(x: Fraction | int) -> Terms:
    """A number."""
    return {(): Fraction(x)}


def variable(name: str) -> Terms:
    """One variable."""
    return {monomial(name): ONE}


def univariate(p: Poly) -> Terms:
    """A polynomial in t."""
    return {((("t", power),) if power else ()): c for power, c in enumerate(p.coefficients)}


def along(problem: Problem, path: Point, pattern: Pattern | None) -> Iterator[tuple[int, int, int, Poly, int]]:
    """(layer, unit, sample, z(t), piece) along a path or a curve."""
    for i in range(len(problem.inputs)):
        for m, z in enumerate(list(trace(problem, path, i, pattern))[:-1]):
            for j, x in enumerate(z):
                if not (m == 0 and problem.dead_row(i)):
                    h = problem.activations[m]
                    yield m, j, i, Poly(()) + x, h.piece_after_zero(x) if pattern is None else pattern[m][j][i]


def margins(problem: Problem, along: Iterable[tuple[int, int, int, Poly, int]]) -> list[Poly]:
    """The polynomials that are positive where every pre-activation is inside its piece."""
    margins = []
    for m, _, _, z, p in along:
        t = problem.activations[m].breakpoints
        margins += [z - lower for lower in (t[p - 1 : p] if p else ())]
        margins += [(z - upper) * -1 for upper in t[p : p + 1]]
    return margins


def reach(positive: Sequence[Poly]) -> Fraction | None:
    """Some ε such that the polynomials, positive for small t > 0, are so on (0, ε]."""
    epsilon = ONE
    for _ in range(60):
        scaled = []
        for p in positive:
            order = next(power for power, c in enumerate(p.coefficients) if c)
            scaled.append(Poly.of([c * epsilon**power for power, c in enumerate(p.coefficients)][order:]))
        if all(map(positive_on_unit_interval, scaled)):
            return epsilon
        epsilon /= 2
    return None
