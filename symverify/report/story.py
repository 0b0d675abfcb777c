"""What a proof is told from: the problem, the certificate's steps, what the kernel found each to prove, and names."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from inspect import cleandoc
from typing import TypeVar, cast

from symverify.kernel import Checked
from symverify.kernel.check import rests_on
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Point, Problem, Vector, residuals
from symverify.kernel.core.poly import Poly, Scalar
from symverify.kernel.core.proof import Fact, Step, polynomial, read_point
from symverify.kernel.table import RULES
from symverify.report.document import Block, Display, Inference
from symverify.report.formula import GAP, Formula, Ident, Line, Num, m, matrix
from symverify.report.words import Names

F = TypeVar("F", bound=Fact)
_BAR = re.compile(r"^\s*-{5,}\s+\[\w+\]\s*$")


@dataclass(frozen=True)
class Story:
    """A certificate that the kernel has accepted: step by step what it says and what it proves."""

    checked: Checked

    @property
    def problem(self) -> Problem:
        """The problem that it is about."""
        return self.checked.problem

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, each with its rule, its fields, its premises and its fact."""
        return self.checked.steps

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What each step proves."""
        return tuple(step.fact for step in self.steps)

    @cached_property
    def numbers(self) -> dict[int, int]:
        """By a fact's identity the first step that established it."""
        found = dict[int, int]()
        for index, fact in enumerate(self.facts):
            found.setdefault(id(fact), index)
        return found

    @cached_property
    def points(self) -> dict[int, int]:
        """By the identity of a point's fact its place among the points, from 1."""
        found = dict.fromkeys(id(fact) for fact in self.facts if isinstance(fact, Evaluated))
        return {key: place for place, key in enumerate(found, 1)}

    @cached_property
    def first(self) -> dict[str, int]:
        """By a rule's name the first step that uses it."""
        found = dict[str, int]()
        for index, step in enumerate(self.steps):
            found.setdefault(step.rule, index)
        return found

    @property
    def names(self) -> Names:
        """What sentences call the points: their symbols."""
        return Names(self.theta)

    def fact(self, index: int, kind: type[F]) -> F:
        """What a step proves, of the kind that its rule makes."""
        fact = self.facts[index]
        if not isinstance(fact, kind):
            raise TypeError(f"{self.steps[index].rule} makes no {kind.__name__}")
        return fact

    def rule(self, index: int) -> str:
        """The name of the rule that a step uses."""
        return self.steps[index].rule

    def number(self, fact: object) -> int | None:
        """The step that established a fact."""
        return self.numbers.get(id(fact))

    def theta(self, at: Evaluated) -> Formula:
        """The name of a point, θ₁, θ₂, … in the order of the steps."""
        place = self.points.get(id(at))
        return Ident("θ") if place is None else m(f"θ_{place}").parts[0]

    def risk(self, at: Evaluated) -> Line:
        """R(θ₁) = 3/20, as a formula."""
        return m("R (", self.theta(at), ") =", at.risk)

    def premises(self, index: int) -> list[int]:
        """The earlier steps that a step names."""
        return sorted(set(rests_on(self.steps[index])))

    def slopes(self, index: int, at: Evaluated) -> list[Vector]:
        """r_k over the samples for each output k, of a step's minorant: its subgradients if it gives them."""
        given = cast(list[list[str]] | None, self.steps[index].fields.get("subgradient"))
        if given is None:
            return residuals(self.problem, at.predictions)
        return [tuple(map(Fraction, column)) for column in zip(*given, strict=True)]

    def path(self, index: int, field: str) -> Point:
        """The polynomial path in a field of a step that the kernel has accepted."""
        return read_point(self.problem, polynomial)(self.steps[index].fields[field], field)

    def raw(self, index: int, limit: int = 4000) -> str:
        """A step as the certificate has it, cut to a length."""
        step = {"rule": self.steps[index].rule, **self.steps[index].fields}
        fields = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in step.items())
        text = "{\n" + ",\n".join(fields) + "\n}"
        return text if len(text) <= limit else text[:limit] + " …"


Teller = Callable[[Story, int], list[Block]]


def inference(rule: str) -> tuple[Inference, str]:
    """The rule's inference figure, and the reason why it is sound, both from the rule's own documentation."""
    lines = cleandoc(getattr(RULES.get(rule), "__doc__", None) or "").splitlines()
    bar = next((index for index, line in enumerate(lines) if _BAR.match(line)), None)
    if bar is None:
        return Inference(rule, tuple(line for line in lines if line.strip()), ()), ""
    end = next((index for index in range(bar, len(lines)) if not lines[index].strip()), len(lines))
    reason = " ".join(line.strip() for line in lines[end:] if line.strip())
    return Inference(rule, _lines(lines[:bar]), _lines(lines[bar + 1 : end])), reason


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of one half of a figure, wide gaps kept as one."""
    return tuple(re.sub(r" {3,}", "   ", line.strip()) for line in lines if line.strip())


def scalar(x: Scalar) -> Formula:
    """A number, or a polynomial in t."""
    if not isinstance(x, Poly) or x.is_constant():
        return Num(x.at_zero() if isinstance(x, Poly) else x)
    parts: list[str | Formula | Fraction] = []
    for power, c in enumerate(x.coefficients):
        if not c:
            continue
        size: list[str | Formula | Fraction] = [] if abs(c) == 1 and power else [abs(c)]
        size += [] if not power else ["t" if power == 1 else f"t^{power}"]
        parts += (["+"] if parts and c > 0 else ["−"] if c < 0 else []) + size
    return m(*parts)


def layers(problem: Problem, point: Point) -> Display:
    """The matrices and bias vectors of a point, or of a path."""
    lines: list[Formula] = []
    for number, layer in enumerate(point, 1):
        parts: list[str | Formula | Fraction] = [f"W_{number} =", matrix([list(map(scalar, r)) for r in layer.weight])]
        if layer.bias is not None:
            parts += [",", GAP, f"b_{number} =", matrix([[scalar(x)] for x in layer.bias])]
        lines.append(m(*parts))
    return Display(tuple(lines))


def samples(chosen: Sequence[int]) -> str:
    """Sample numbers from 1, runs joined: 1–4, 7."""
    runs: list[list[int]] = []
    for i in chosen:
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ", ".join(str(a + 1) if a == b else f"{a + 1}–{b + 1}" for a, b in runs)


def step_list(numbers: Sequence[int]) -> str:
    """step 3; steps 1, 2 and 5."""
    if len(numbers) == 1:
        return f"step {numbers[0]}"
    return f"steps {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
