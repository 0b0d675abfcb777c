"""What is written of a Rocq file so far."""

from dataclasses import dataclass, field
from fractions import Fraction

from symverify.kernel.check import Checked
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Step
from symverify.kernel.reals.enclosure import Enclosure
from symverify.kernel.reals.facts import EnclosedPoint

from .terms import is_long, long_number, number

COMPUTED = "vm_cast_no_check (eq_refl true)"


@dataclass(slots=True)
class Writer:
    """What has been written, and for each step what it states there; None for a step that is left out."""

    checked: Checked
    parts: list[str] = field(default_factory=list)
    done: dict[int, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    theorem1: bool = False  # whether Theorem 1 for the problem is among the theorems
    names: dict[Fraction, str] = field(default_factory=dict)  # of long numbers
    slopes: dict[int, str] = field(default_factory=dict)  # of the loss, where it has several: what a step rests on

    @property
    def problem(self) -> Problem:
        """The problem."""
        return self.checked.problem

    def theorem(self, name: str, statement: str, proof: str) -> None:
        """One theorem."""
        self.parts.append(f"Theorem {name} : {statement}.\nProof. {proof}. Qed.\n")

    def named(self, x: Fraction, name: str) -> str:
        """A rational in a statement; a long one is read once: its definition, with this name unless it has one."""
        if not is_long(x):
            return number(x)
        if x not in self.names:
            self.names[x] = name
            self.parts.append(f"Definition {name} : Q := {long_number(x)}.\n")
        return self.names[x]

    def ends(self, index: int, risk: Enclosure) -> str:
        """Both ends of the risk in a step."""
        return f"{self.named(risk.lower, f'low{index}')} {self.named(risk.upper, f'high{index}')}"

    def premise(self, step: Step, role: str) -> int:
        """The number of the step with this role."""
        return step.premises[role][0]

    def enclosed(self, index: int) -> EnclosedPoint:
        """What a step says about a point."""
        at = self.checked.steps[index].fact
        if not isinstance(at, EnclosedPoint):
            raise TypeError("not a point with an enclosed risk")
        return at

    def point_of(self, index: int) -> int:
        """The number of the step of the point that a minimum is about."""
        premises = self.checked.steps[index].premises
        role = next((each for each in ("minimum", "point") if each in premises), None)
        return index if role is None else self.point_of(premises[role][0])

    def state(self, index: int, statement: str, proof: str) -> None:
        """The theorem of a step."""
        self.theorem(f"step{index}", statement, proof)
        self.done[index] = statement

    def local(self, index: int, step: Step, checker: str) -> None:
        """A local minimum, by a checker; "{}" stands for the problem."""
        th = f"th{self.premise(step, 'point')}"
        self.state(index, f"local_min (risk_at p) (real {th})", lifted("local", th, self.slopes.get(index), checker))


def lifted(lemma: str, at: str, slopes: str | None, checker: str) -> str:
    """A proof by a checker, "{}" being p, or where the loss has several slopes the minorant, lifted to p."""
    if slopes is None:
        return f"{checker.format('p')}. {COMPUTED}"
    inner = checker.format(f"(minorant_of p {slopes})")
    return f"apply (ok_slopes_{lemma} p {at} {slopes}); [ | {inner}]; {COMPUTED}"
