"""Writing certificates: claims first, then the steps, as canonical JSON; equal inputs give equal bytes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symverify.kernel.check import FORMAT, stated
from symverify.kernel.facts import Fact
from symverify.kernel.model import Point, Problem, Scalar
from symverify.kernel.read import Fields
from symverify.kernel.rules import Proof
from symverify.kernel.table import RULES


def coordinate(x: Scalar) -> object:
    """A number, or a polynomial as its coefficients, as certificates spell it."""
    if isinstance(x, Fraction):
        return str(x)
    if x.is_constant():
        return str(x.at_zero())
    return [str(c) for c in x.coefficients]


def parameters(point: Point) -> list[dict[str, object]]:
    """A point or a path as certificates spell it."""
    return [
        {"weight": [[coordinate(x) for x in row] for row in layer.weight]}
        | ({} if layer.bias is None else {"bias": [coordinate(x) for x in layer.bias]})
        for layer in point
    ]


@dataclass(slots=True)
class Certificate:
    """A proof under construction. Each step runs through its kernel rule as it is added, so a wrong one fails here.

    That is an early check by the same code, not the verdict: that comes from the kernel reading the file.
    """

    problem: Problem
    proof: Proof = field(init=False)
    steps: list[dict[str, object]] = field(default_factory=list)
    claims: list[dict[str, object]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)  # of the steps, by their text
    _unchecked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.proof = Proof(self.problem, [], set())

    def step(self, rule: str, **fields: object) -> int:
        """Add a step, or find the equal one; its index. Raises what the kernel's rule raises."""
        step: dict[str, object] = {"rule": rule, **fields}
        if (known := self._places.get(json.dumps(step, sort_keys=True))) is not None:
            return known
        with Fields(fields, f"steps[{len(self.steps)}]") as reading:
            fact = RULES[rule](self.proof, reading)
        return self._added(step, fact)

    def unchecked(self, fact: Fact, rule: str, **fields: object) -> int:
        """Add a step whose rule is too costly to run twice: what it will establish once the kernel reads the file."""
        self._unchecked.add(len(self.steps))
        return self._added({"rule": rule, **fields}, fact)

    def _added(self, step: dict[str, object], fact: Fact) -> int:
        self.proof.facts.append(fact)
        self.steps.append(step)
        return self._places.setdefault(json.dumps(step, sort_keys=True), len(self.steps) - 1)

    def point(self, point: Point) -> int:
        """The step that evaluates a point."""
        given = point == self.problem.parameters
        return self.step("point", parameters="given" if given else parameters(point))

    def fact(self, index: int) -> Fact:
        """What a step proves."""
        return self.proof.facts[index]

    def claim(self, name: str, step: int) -> None:
        """State a claim that a step settles."""
        outcome = stated(name, self.fact(step))
        if outcome is None:
            raise ValueError(f"step {step} does not settle {name}")
        self.claims.append({"claim": name, "verdict": outcome[0], "step": step, **outcome[1]})

    def withdraw(self) -> set[str]:
        """Take back the claims that rest on unchecked steps; their names."""
        unsure = [claim for claim in self.claims if self._unchecked & set(self._needed([claim]))]
        self.claims = [claim for claim in self.claims if claim not in unsure]
        return {str(claim["claim"]) for claim in unsure}

    def text(self) -> bytes:
        """The certificate file: only the steps that some claim rests on, renumbered in order."""
        needed = self._needed(self.claims)
        number = {old: new for new, old in enumerate(needed)}
        steps = [renumbered(self.steps[index], number) for index in needed]
        claims = [{**claim, "step": number[claim["step"]]} for claim in self.claims]  # type: ignore[index]
        return lines({"format": FORMAT, "problem": self.problem.sha256}, claims=claims, steps=steps)

    def _needed(self, claims: Sequence[Mapping[str, object]]) -> list[int]:
        pending = [claim["step"] for claim in claims]
        needed: set[int] = set()
        while pending:
            index = pending.pop()
            if isinstance(index, int) and index not in needed:
                needed.add(index)
                pending += references(self.steps[index])
        return sorted(needed)


_NAMING = frozenset({"point", "minimum", "better", "step", "bound", "limit", "infimum", "cells", "minima"})


def references(step: Mapping[str, object]) -> list[int]:
    """The earlier steps that a step names: the whole numbers, or lists of them, in the fields that name steps."""
    return [index for key, value in step.items() for index in _named(key, value)]


def _named(key: str, value: object) -> list[int]:
    each = value if isinstance(value, list) else [value]
    named = [index for index in each if type(index) is int]
    return named if key in _NAMING and len(named) == len(each) else []


def renumbered(step: Mapping[str, object], number: Mapping[int, int]) -> dict[str, object]:
    """The step with the steps that it names renumbered."""
    changed = dict(step)
    for key, value in step.items():
        if named := _named(key, value):
            changed[key] = [number[index] for index in named] if isinstance(value, list) else number[named[0]]
    return changed


def lines(head: dict[str, object], **lists: list[dict[str, object]]) -> bytes:
    """JSON with one line per claim and per step, so that certificates diff well."""

    def spelled(value: object) -> str:
        return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))

    parts = [f"{spelled(key)}: {spelled(value)}" for key, value in head.items()]
    for name, items in lists.items():
        body = ",\n    ".join(spelled(item) for item in items)
        parts.append(f"{spelled(name)}: [\n    {body}\n  ]")
    return ("{\n  " + ",\n  ".join(parts) + "\n}\n").encode("ascii")
