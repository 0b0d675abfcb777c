"""Exact SMT-LIB 2 text: symbols, numbers, polynomial (in)equalities and whole scripts.

No division and no decimal fraction is ever written: a relation between a rational polynomial and 0 is
multiplied by the least common denominator, which is positive. The text is pure ASCII and a function of the
arguments only.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from symverify.errors import SymverifyError

Number = Fraction | int
Monomial = tuple[tuple[str, int], ...]
"""x²y is (("x", 2), ("y", 1)); the constant monomial is ()."""
Polynomial = Mapping[Monomial, Number]

_RELATIONS = frozenset({"=", "<", "<=", ">", ">=", "distinct"})

# One letter, then digits and index punctuation: no solver has a built-in symbol of this shape.
_CLEAR = re.compile(r"[A-Za-z][0-9_,\[\]]*")
_LONGEST = 10**4300
_ESCAPE = re.compile(r"%([0-9a-f]+)\.")


def _escaped(character: str) -> str:
    plain = " " <= character <= "~" and character not in "|\\%'"
    return character if plain else f"%{ord(character):x}."


def symbol(name: str) -> str:
    """The quoted symbol of the variable `name`: different names, different symbols, whatever they contain.

    Names such as `x`, `w_1_2` or `W1[0,1]` are kept. Any other gets a leading `'`, which keeps it clear of
    theory symbols (`and`, `+`) and of those reserved for solvers (`@x`, `.x`).
    """
    if _CLEAR.fullmatch(name):
        return f"|{name}|"
    return "|'" + "".join(map(_escaped, name)) + "|"


def name_of(symbol_text: str) -> str:
    """The variable that `symbol` wrote, with or without the bars (solvers report models without them)."""
    inner = symbol_text.removeprefix("|").removesuffix("|")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), inner.removeprefix("'"))


class TooLong(SymverifyError, ValueError):
    """A number has more digits than Python writes (4,300)."""


def number(value: int) -> str:
    """The integer `value` as a literal: `3.0`, `(- 3.0)`. Raises TooLong."""
    if abs(value) >= _LONGEST:
        raise TooLong(f"a number of {value.bit_length()} bits")
    return f"(- {-value}.0)" if value < 0 else f"{value}.0"


def _integral(poly: Polynomial) -> dict[Monomial, int]:
    """`poly` times its least common denominator, without zero terms; TypeError for inexact coefficients."""
    for coefficient in poly.values():
        if not isinstance(coefficient, Fraction | int):
            raise TypeError(f"not an exact coefficient: {coefficient!r}")
    scale = lcm(*(coefficient.denominator for coefficient in poly.values()))
    return {monomial: int(coefficient * scale) for monomial, coefficient in poly.items() if coefficient}


def _term(coefficient: int, monomial: Monomial) -> str:
    factors = []
    for variable, exponent in monomial:
        if exponent < 1:
            raise ValueError(f"exponent {exponent} in a monomial")
        factors += [symbol(variable)] * exponent
    if coefficient != 1 or not factors:
        factors.insert(0, number(coefficient))
    return factors[0] if len(factors) == 1 else f"(* {' '.join(factors)})"


def polynomial(poly: Polynomial) -> str:
    """`poly` times its least common denominator, by rising degree. Powers are written as products."""
    terms = sorted(_integral(poly).items(), key=lambda term: (sum(power for _, power in term[0]), term[0]))
    match [_term(coefficient, monomial) for monomial, coefficient in terms]:
        case []:
            return number(0)
        case [term]:
            return term
        case written:
            return f"(+ {' '.join(written)})"


def relation(poly: Polynomial, op: str) -> str:
    """`poly` op 0, where op is one of = < <= > >= distinct, with integer coefficients."""
    if op not in _RELATIONS:
        raise ValueError(f"not a relation: {op!r}")
    return f"({op} {polynomial(poly)} {number(0)})"


def _joined(connective: str, parts: Iterable[str], empty: str) -> str:
    match list(parts):
        case []:
            return empty
        case [part]:
            return part
        case several:
            return f"({connective} {' '.join(several)})"


def conjunction(parts: Iterable[str]) -> str:
    """All of `parts`; `true` if there are none."""
    return _joined("and", parts, "true")


def disjunction(parts: Iterable[str]) -> str:
    """At least one of `parts`; `false` if there are none."""
    return _joined("or", parts, "false")


def negation(part: str) -> str:
    """Not `part`."""
    return f"(not {part})"


def _comment(line: str) -> str:
    # Every character that could end the line, or that a solver might not read, is spelled out.
    return "; " + "".join(c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in line)


@dataclass(frozen=True, slots=True)
class Script:
    """One query: are there real values of `variables` that meet all of `assertions`?

    `assertions` are formulas written by this module; `comments` are header lines of any text. Raises
    ValueError for a logic that is not a name of SMT-LIB's.
    """

    logic: str
    variables: Collection[str]
    assertions: Sequence[str]
    comments: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z_]+", self.logic):
            raise ValueError(f"not a logic: {self.logic!r}")

    def text(self) -> str:
        """The SMT-LIB 2 text; declarations are sorted by name."""
        return "".join(
            line + "\n"
            for line in (
                *map(_comment, self.comments),
                f"(set-logic {self.logic})",
                *(f"(declare-const {symbol(v)} Real)" for v in sorted(set(self.variables))),
                *(f"(assert {formula})" for formula in self.assertions),
                "(check-sat)",
            )
        )
