"""Predictions and risk on a cell as polynomials in the parameters, and the inequalities that bound the cell.

On a cell the network is a polynomial map: `expand(problem, pattern)` multiplies it out, by SymPy's sparse polynomials
over the rationals (python-flint numbers where SymPy takes them). The variables, in the order of
`kernel.model.coordinates` and counted from 1, are w{layer}_{unit}_{input} and b{layer}_{unit}; layer 1 is the first
hidden layer, the last one is the output. Predictions are multilinear: of degree at most 1 in each layer's block of
variables. The pattern may be that of an empty cell: nothing here decides that.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

from symverify.errors import Declined, NoCell, Rejected
from symverify.ground.time_limit import timed
from symverify.kernel.core.errors import printable
from symverify.kernel.core.network import Pattern, Point, Problem, cell_of

MAX_SIZE = 30_000_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
Polynomial = Any  # a SymPy PolyElement; SymPy has no types


@dataclass(frozen=True, slots=True)
class Constraint:
    """above < pre-activation < below, for one unit and sample; layer, unit and sample count from 1."""

    layer: int
    unit: int
    sample: int
    above: Fraction | None
    polynomial: Polynomial
    below: Fraction | None


@dataclass(frozen=True, slots=True)
class Expansion:
    """The network on one cell.

    predictions: n × d_Y, f_k(x_i; θ). risk: R(θ) with the problem's factor and reduction; None for a loss that is not
    a polynomial on the whole cell (Huber). region: the strict inequalities that define the cell.
    """

    pattern: Pattern
    variables: tuple[str, ...]
    predictions: tuple[tuple[Polynomial, ...], ...]
    risk: Polynomial | None
    region: tuple[Constraint, ...]

    def document(self) -> dict[str, object]:
        """The expansion in JSON's types, all numbers exact and as text.

        {"pattern": [[[piece, … per sample], … per unit], … per hidden layer], "variables": ["w1_1_1", …],
         "predictions": [[polynomial, … per output], … per sample], "risk": polynomial or null,
         "region": [{"layer": 1, "unit": 1, "sample": 1, "above": "0" or null, "polynomial": …, "below": …}, …]}
        where a polynomial is [{"coefficient": "-3/2", "monomial": {"w2_1_1": 1, "b1_1": 1}}, …], [] for 0.
        """
        return {
            "pattern": self.pattern,
            "variables": list(self.variables),
            "predictions": [[self._listed(f) for f in row] for row in self.predictions],
            "risk": None if self.risk is None else self._listed(self.risk),
            "region": [
                {
                    "layer": c.layer,
                    "unit": c.unit,
                    "sample": c.sample,
                    "above": None if c.above is None else str(c.above),
                    "polynomial": self._listed(c.polynomial),
                    "below": None if c.below is None else str(c.below),
                }
                for c in self.region
            ],
        }

    def json(self) -> str:
        """The document as JSON text."""
        return json.dumps(self.document())

    def text(self) -> str:
        """The expansion in plain text, one polynomial per line, as one would type it."""
        lines = ["predictions"]
        for i, row in enumerate(self.predictions, 1):
            lines += [f"  f{k}(x{i}) = {self._spelled(f, _plain, '*')}" for k, f in enumerate(row, 1)]
        risk = None if self.risk is None else self._spelled(self.risk, _plain, "*")
        lines += ["risk", "  R is not written as one polynomial" if risk is None else f"  R = {risk}", "region"]
        for c in self.region:
            between = _between(c, self._spelled(c.polynomial, _plain, "*"), str)
            lines.append(f"  z{c.layer}_{c.unit}(x{c.sample}): {between}")
        return "\n".join(lines if self.region else [*lines, "  all parameters"])

    def latex(self) -> str:
        """The expansion as a LaTeX align* environment (amsmath)."""
        rows = [
            f"f_{{{k}}}(x_{{{i}}}) &= {self._spelled(f, _tex_power, ' ', _tex)}"
            for i, row in enumerate(self.predictions, 1)
            for k, f in enumerate(row, 1)
        ]
        if self.risk is not None:
            rows.append(f"R(\\theta) &= {self._spelled(self.risk, _tex_power, ' ', _tex)}")
        for c in self.region:
            middle = self._spelled(c.polynomial, _tex_power, " ", _tex)
            rows.append(f"& {_between(c, middle, _tex)}")
        return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"

    def _terms(self, polynomial: Polynomial) -> Iterator[tuple[Fraction, list[tuple[str, int]]]]:
        for exponents, coefficient in timed(polynomial.terms()):
            powers = [(name, int(e)) for name, e in zip(self.variables, exponents, strict=True) if e]
            if coefficient:
                yield printable(Fraction(int(coefficient.numerator), int(coefficient.denominator))), powers

    def _listed(self, polynomial: Polynomial) -> list[dict[str, object]]:
        return [{"coefficient": str(c), "monomial": dict(powers)} for c, powers in self._terms(polynomial)]

    def _spelled(
        self,
        polynomial: Polynomial,
        power: Callable[[str, int], str],
        times: str,
        number: Callable[[Fraction], str] = str,
    ) -> str:
        """The polynomial as a sum, signs in front of the terms."""
        parts: list[str] = []
        for c, powers in self._terms(polynomial):
            factors = [number(abs(c))] if abs(c) != 1 or not powers else []
            factors += [power(name, exponent) for name, exponent in powers]
            parts += ["-" if c < 0 else "+", times.join(factors)]
        if not parts:
            return "0"
        return ("-" if parts[0] == "-" else "") + " ".join(parts[1:])


def expand(problem: Problem, pattern: Pattern) -> Expansion:
    """The network and its risk on the cell of a pattern, piece[l][j][i], multiplied out.

    Raises NoCell where the pattern does not fit the problem, Declined where the result would not fit into memory.
    """
    _validate(problem, pattern)
    names = variables(problem)
    _within_size(_terms_of_prediction(problem), len(problem.inputs) * problem.widths[-1], len(names))
    sympy = _sympy()
    ring, *_ = sympy.ring(names, sympy.QQ)
    point = _generic_point(problem, ring)
    predictions, region = [], []
    for i in range(len(problem.inputs)):
        *hidden, output = _pre_activations(problem, pattern, ring, point, i)
        predictions.append(tuple(output))
        region += list(_constraints(problem, pattern, hidden, i))
    risk = _squared_risk(problem, ring, predictions) if problem.loss.quadratic else None
    return Expansion(pattern, tuple(names), tuple(predictions), risk, tuple(region))


def variables(problem: Problem) -> list[str]:
    """The names of all parameters: layer by layer, unit by unit, the weights and then the bias."""
    return [
        name
        for m, (columns, rows) in enumerate(zip(problem.widths, problem.widths[1:], strict=False))
        for j in range(rows)
        for name in (
            *(f"w{m + 1}_{j + 1}_{i + 1}" for i in range(columns)),
            *([f"b{m + 1}_{j + 1}"] if problem.has_bias(m) else []),
        )
    ]


def pattern_of_point(problem: Problem, point: Point) -> Pattern:
    """The pattern of the cell that the point is strictly inside. Raises NoCell on an activation boundary."""
    try:
        return cell_of(problem, point)
    except Rejected as error:
        raise NoCell(
            f"the point lies in no cell: {error.reason}",
            "name one of the cells that meet there with --pattern, or move the point",
        ) from None


def parse_pattern(problem: Problem, text: str) -> Pattern:
    """The pattern in text like "0111,0011;1111": ';' between hidden layers, ',' between units, a digit per sample.

    The digit is the piece of the activation, counted from the left and from 0; a … z follow 9. Breakpoints between
    equal slopes do not count. Raises NoCell where the text does not fit the problem.
    """
    widths, n = problem.widths[1:-1], len(problem.inputs)
    layers = [[unit.strip() for unit in layer.split(",")] for layer in text.split(";")]
    example = pattern_text(tuple(((0,) * min(n, 4),) * min(width, 3) for width in widths[:3]))
    remedy = f"write ';' between hidden layers, ',' between units and a digit for each sample, like {example}"
    if len(layers) != len(widths):
        raise NoCell(f"expected {len(widths)} hidden layers separated by ';', got {len(layers)}", remedy)
    for m, (layer, width) in enumerate(zip(layers, widths, strict=True), 1):
        if len(layer) != width:
            raise NoCell(f"layer {m}: expected {width} units separated by ',', got {len(layer)}", remedy)
        for j, unit in enumerate(layer, 1):
            if len(unit) != n:
                raise NoCell(f"layer {m}, unit {j}: expected {n} digits, one for each sample, got {len(unit)}", remedy)
            for i, digit in enumerate(unit, 1):
                if digit not in _DIGITS:
                    raise NoCell(f"layer {m}, unit {j}, sample {i}: {digit!a} is not a digit", remedy)
    pattern = tuple(tuple(tuple(map(_DIGITS.index, unit)) for unit in layer) for layer in layers)
    _validate(problem, pattern)
    return pattern


def pattern_text(pattern: Pattern) -> str:
    """The text that `parse_pattern` reads; ValueError where an activation has more than 36 pieces."""
    if any(piece >= len(_DIGITS) for layer in pattern for unit in layer for piece in unit):
        raise ValueError(f"a piece beyond {len(_DIGITS) - 1} has no digit")
    return ";".join(",".join("".join(_DIGITS[p] for p in unit) for unit in layer) for layer in pattern)


def _validate(problem: Problem, pattern: Pattern) -> None:
    widths, n = problem.widths[1:-1], len(problem.inputs)
    shape = [[len(unit) for unit in layer] for layer in pattern]
    if shape != [[n] * width for width in widths]:
        raise NoCell(
            "the pattern does not have the problem's shape",
            f"give a piece for each of {n} samples in each of {' + '.join(map(str, widths))} hidden units",
        )
    for m, layer in enumerate(pattern):
        last = len(problem.activations[m].breakpoints)
        for j, unit in enumerate(layer, 1):
            for i, piece in enumerate(unit, 1):
                if not 0 <= piece <= last:
                    raise NoCell(
                        f"layer {m + 1}, unit {j}, sample {i}: there is no piece {piece}",
                        f"the activation of layer {m + 1} has the pieces 0 to {last}, counted from the left",
                    )


def _terms_of_prediction(problem: Problem) -> int:
    """A bound on the number of monomials of one prediction: the paths from inputs, biases and offsets to it."""
    bias = [problem.has_bias(m) for m in range(len(problem.widths) - 1)]
    first = problem.widths[0] + bias[0]
    return list(accumulate(range(1, len(bias)), lambda t, m: problem.widths[m] * (t + 1) + bias[m], initial=first))[-1]


def _within_size(terms: int, polynomials: int, count: int) -> None:
    if terms * polynomials * count > MAX_SIZE:
        raise Declined(
            f"the expansion has up to {terms} terms in {count} parameters for each of {polynomials} polynomials: "
            "too large to write out; use fewer hidden units or fewer samples"
        )


def _generic_point(problem: Problem, ring: Any) -> list[list[tuple[list[Polynomial], Polynomial | None]]]:
    """The variables arranged as (weight row, bias) for each unit of each layer."""
    gens = iter(ring.gens)
    return [
        [([next(gens) for _ in range(columns)], next(gens) if problem.has_bias(m) else None) for _ in range(rows)]
        for m, (columns, rows) in enumerate(zip(problem.widths, problem.widths[1:], strict=False))
    ]


def _pre_activations(
    problem: Problem,
    pattern: Pattern,
    ring: Any,
    point: list[list[tuple[list[Polynomial], Polynomial | None]]],
    i: int,
) -> Iterator[list[Polynomial]]:
    """The pre-activations of sample i, layer by layer, the last being the prediction."""
    constant = _constants(ring)
    a = [ring(constant(x)) for x in problem.inputs[i]]
    for m, layer in timed(enumerate(point)):
        z = [
            sum((w * x for w, x in zip(weights, a, strict=True) if x), ring.zero if bias is None else bias)
            for weights, bias in layer
        ]
        yield z
        if m < len(pattern):
            h, at = problem.activations[m], [unit[i] for unit in pattern[m]]
            a = [x * constant(h.slopes[p]) + constant(h.offsets[p]) for x, p in zip(z, at, strict=True)]


def _constraints(problem: Problem, pattern: Pattern, hidden: list[list[Polynomial]], i: int) -> Iterator[Constraint]:
    """The bounds on the hidden pre-activations of sample i; a dead row's are constant and bound nothing."""
    for m, z in enumerate(hidden):
        at = problem.activations[m].breakpoints
        for j, polynomial in enumerate(z):
            piece = pattern[m][j][i]
            above = at[piece - 1] if piece else None
            below = at[piece] if piece < len(at) else None
            if at and not (m == 0 and problem.dead_row(i)):
                yield Constraint(m + 1, j + 1, i + 1, above, polynomial, below)


def _squared_risk(problem: Problem, ring: Any, predictions: list[tuple[Polynomial, ...]]) -> Polynomial:
    """factor · Σ_ik (f_ik − y_ik)² and the weight decay, from the Gram matrix of the coefficients over the samples.

    The monomials are the same for all samples, so each pair of them is multiplied once, not once per sample.
    """
    sympy, constant = _sympy(), _constants(ring)
    total: dict[tuple[int, ...], Any] = {}
    for k in range(problem.widths[-1]):
        errors = [f[k] - constant(y[k]) for f, y in zip(predictions, problem.targets, strict=True)]
        monomials = sorted({monomial for e in errors for monomial in e})
        if not monomials:
            continue
        _within_size(len(monomials), len(monomials) // 2, ring.ngens)
        rows = [[e.get(monomial, ring.domain.zero) for monomial in monomials] for e in errors]
        matrix = sympy.DomainMatrix(rows, (len(rows), len(monomials)), ring.domain)
        gram = (matrix.transpose() * matrix).to_list()
        for a, first in timed(enumerate(monomials)):
            for b in range(a, len(monomials)):
                if gram[a][b]:
                    monomial = ring.monomial_mul(first, monomials[b])
                    total[monomial] = total.get(monomial, 0) + gram[a][b] * (1 if a == b else 2)
    decays = dict(zip("wb", map(constant, problem.decay), strict=True))
    penalty = sum((decays[str(x)[0]] * x**2 for x in ring.gens), ring.zero) if problem.decays else ring.zero
    risk = ring.from_dict({m: c for m, c in total.items() if c}) * constant(problem.loss.factor)
    return risk + penalty * constant(Fraction(1, 2))


def _constants(ring: Any) -> Callable[[Fraction], Any]:
    return lambda x: ring.domain(x.numerator, x.denominator)


@cache
def _sympy() -> SimpleNamespace:
    """The parts of SymPy in use, imported late because that takes long.

    python-flint's numbers are asked for unless the user's environment asks for others or SymPy is already loaded;
    where this SymPy does not take this python-flint it falls back to what it has, and the results are the same.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("SYMPY_GROUND_TYPES", "flint")
        domains, matrices, rings = (import_module(f"sympy.polys.{part}") for part in ("domains", "matrices", "rings"))
    return SimpleNamespace(QQ=domains.QQ, DomainMatrix=matrices.DomainMatrix, ring=rings.ring)


def _between(constraint: Constraint, middle: str, number: Callable[[Fraction], str]) -> str:
    """The chain of strict inequalities."""
    above = "" if constraint.above is None else f"{number(constraint.above)} < "
    below = "" if constraint.below is None else f" < {number(constraint.below)}"
    return above + middle + below


def _plain(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}**{exponent}"


def _tex_power(name: str, exponent: int) -> str:
    layer, *index = name[1:].split("_")
    base = f"{name[0]}^{{({layer})}}_{{{','.join(index)}}}"
    return base if exponent == 1 else f"\\left({base}\\right)^{{{exponent}}}"


def _tex(x: Fraction) -> str:
    sign = "-" if x < 0 else ""
    return sign + (str(abs(x)) if x.denominator == 1 else f"\\tfrac{{{abs(x.numerator)}}}{{{x.denominator}}}")
