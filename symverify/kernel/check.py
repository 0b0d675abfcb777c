"""The kernel: walks a certificate against a problem and seals a Theorem for each claim that it proves."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from math import comb
from typing import final

from .errors import Declined, Malformed, Rejected
from .facts import (
    Assumptions,
    Atlas,
    Bracket,
    CellInfimum,
    CellMinima,
    ConstantRiskPath,
    CriticalPoint,
    FaceAtlas,
    Fact,
    GlobalMinimum,
    Infimum,
    LinearCollapse,
    LocalMinimum,
    NotAttained,
    NotLocalMinimum,
    SpuriousMinimum,
    UnitCells,
    Valley,
)
from .model import Face, Pattern, Problem
from .network import read_problem
from .read import MAX_DIGITS, Fields, listed, natural, shown, strict_json, text
from .rules import Proof
from .table import RULES

FORMAT = "symverify-certificate/1"
_SEAL = object()
Statement = dict[str, bool | int | str | None]


@final
@dataclass(frozen=True, slots=True)
class Theorem:
    """A claim about a problem that the kernel has proved or, if the verdict says so, refuted."""

    claim: str
    verdict: str
    statement: tuple[tuple[str, bool | int | str | None], ...]
    words: str
    problem_sha256: str
    seal: InitVar[object] = field(default=None)

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the kernel makes a Theorem")

    def line(self) -> str:
        """The verdict line: greppable, with the numbers and the problem's hash."""
        shown_as = {"better_risk": "better"}
        numbers = [
            f"{shown_as.get(key, key)}={str(value).lower() if isinstance(value, bool) else value}"
            for key, value in self.statement
            if value is not None and key != "theorem"
        ]
        return " ".join(["s", self.verdict.upper(), self.claim, *numbers, f"problem={self.problem_sha256}"])


def stated(claim: str, fact: Fact) -> tuple[str, Statement] | None:
    """The verdict on the claim that the fact amounts to, and the numbers of its statement; None if it is none."""
    match claim, fact:
        case "assumptions", Assumptions(holds):
            return "proved", {name: is_so for name, is_so, _ in holds}
        case "spurious_minimum", SpuriousMinimum(minimum, better, affine=True):
            return "proved", {"risk": str(minimum.at.risk), "better_risk": str(better.risk)}
        case "spurious_minimum", GlobalMinimum(at, affine=True):
            return "refuted", {"risk": str(at.risk)}
        case "valley", Valley(SpuriousMinimum(minimum, better), dimension, exact):
            risks: Statement = {"risk": str(minimum.at.risk), "better_risk": str(better.risk)}
            return "proved", {**risks, "dimension": dimension, "exact": exact}
        case "valley", Valley(LocalMinimum(at), dimension, exact):
            return "proved", {"risk": str(at.risk), "better_risk": None, "dimension": dimension, "exact": exact}
        case "linear_collapse", LinearCollapse(theorem):
            return "proved", {"theorem": theorem}
        case "global_minimum", GlobalMinimum(at):
            return "proved", {"risk": str(at.risk), "attained": True}
        case "global_minimum", Infimum(value):
            return "proved", {"risk": str(value)}
        case "global_minimum", NotAttained(value):
            return "proved", {"risk": str(value), "attained": False}
        case "global_bounds", Bracket(lower, upper):
            return "proved", {"lower": str(lower), "upper": str(upper)}
        case "cell_minima", CellMinima(_, face, value, components, orbits):
            found: Statement = {"components": components, "orbits": len(orbits), "risk": str(value) if orbits else None}
            return "proved", {"cell": spelled_face(face), **found}
        case "cell_infimum", CellInfimum(_, pattern, value):
            return "proved", {"cell": spelled(pattern), "risk": str(value)}
        case "constant_risk_path", ConstantRiskPath(minimum, nodes):
            return "proved", {"risk": str(minimum.at.risk), "nodes": len(nodes)}
        case "atlas", Atlas(count, minima):
            inside = [each for each in minima if each.orbits]
            values = sorted({each.risk for each in inside})
            lowest, highest = (str(values[0]), str(values[-1])) if values else (None, None)
            seen: Statement = {"cells": count, "cells_with_minima": len(inside), "distinct_risks": len(values)}
            valleys = sum(len(each.orbits) for each in inside)
            return "proved", {**seen, "valleys": valleys, "lowest": lowest, "highest": highest}
        case "face_atlas", FaceAtlas(count, with_minima, parts):
            levels = sorted({each.risk for each in parts})
            lowest, highest = (str(levels[0]), str(levels[-1])) if levels else (None, None)
            listed_in: Statement = {"faces": count, "faces_with_minima": with_minima, "distinct_risks": len(levels)}
            size: Statement = {"valleys": len(parts), "components": fact.components}
            return "proved", {**listed_in, **size, "lowest": lowest, "highest": highest}
        case "critical_point", CriticalPoint(at) if at.given:
            return "proved", {"risk": str(at.risk)}
        case "cells", UnitCells(count, units):
            fits = units * count.bit_length() < 3 * MAX_DIGITS
            product, multisets = (count**units, comb(count + units - 1, units)) if fits else (None, None)
            numbers: Statement = {"network_cells": product, "network_cells_up_to_permutation": multisets}
            return "proved", {"unit_cells": count, **numbers}
        case "point", SpuriousMinimum(LocalMinimum(at), better) if at.given:
            return "proved", {"risk": str(at.risk), "spurious": True, "better_risk": str(better.risk)}
        case "point", LocalMinimum(at) if at.given:
            return "proved", {"risk": str(at.risk), "spurious": None, "better_risk": None}
        case "point", GlobalMinimum(at) if at.given:
            return "proved", {"risk": str(at.risk), "spurious": False, "better_risk": None}
        case "point", NotLocalMinimum(at) if at.given:
            return "refuted", {"risk": str(at.risk), "spurious": None, "better_risk": None}
    return None


def spelled(pattern: Pattern) -> str:
    """A pattern as text: per layer (;) and unit (,) the pieces on the samples, one digit each, 0–9 then a–z."""
    return ";".join(spelled_face(tuple(tuple(2 * p for p in unit) for unit in layer)) for layer in pattern)


def spelled_face(face: Face) -> str:
    """A face of one hidden layer in the same way, both pieces in brackets for a sample at a breakpoint: 0[01]11."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    if max(at for unit in face for at in unit) > 2 * len(digits) - 2:
        raise Declined("an activation with more than 36 pieces")
    return ",".join("".join(f"[{digits[a // 2 :][:2]}]" if a % 2 else digits[a // 2] for a in unit) for unit in face)


def anything(value: object, _: str) -> object:
    """A value that is read later."""
    return value


def literal(value: object, where: str) -> bool | int | str | None:
    """A value of a statement, as it stands."""
    if value is None or type(value) in (bool, int, str):
        return value  # type: ignore[return-value]
    raise Malformed((where, f"expected text, a whole number, true, false or null, got {shown(value)}"))


def walk(problem: Problem, steps: list[object]) -> Proof:
    """All steps in order; the first one that does not follow is rejected by its path and reason."""
    proof = Proof(problem, [], set())
    for index, value in enumerate(steps):
        where = f"steps[{index}]"
        with Fields(value, where) as step:
            rule = step.need("rule", text, "")
            if rule not in RULES:
                raise Malformed((f"{where}.rule", f"unknown rule {shown(rule)}"))
            try:
                fact = RULES[rule](proof, step)
            except Rejected as error:
                raise Rejected(error.where or where, f"{rule}: {error.reason}") from None
        proof.facts.append(fact)
    return proof


def settle(proof: Proof, value: object, where: str) -> Theorem:
    """The theorem for one claim: its verdict and numbers must be the ones that its step proves."""
    with Fields(value, where) as claim:
        name, index = claim.need("claim", text, ""), claim.need("step", natural, 0)
        claim.check()
        if index >= len(proof.facts):
            raise Rejected(f"{where}.step", f"there is no step {index}")
        fact = proof.facts[index]
        outcome = stated(name, fact)
        if outcome is None:
            raise Rejected(
                f"{where}.step", f"step {index} proves {type(fact).__name__}, which does not settle {shown(name)}"
            )
        proof.used.add(index)
        expected: Statement = {"verdict": outcome[0], **outcome[1]}
        for key, proved in expected.items():
            claimed = claim.need(key, literal, None)
            if not claim.wrong(key) and (claimed != proved or type(claimed) is not type(proved)):
                raise Rejected(f"{where}.{key}", f"claimed {shown(claimed)}, proved {shown(proved)}")
    return Theorem(name, outcome[0], tuple(outcome[1].items()), fact.words(), proof.problem.sha256, _SEAL)


def check(network: bytes, certificate: bytes, open_data: Callable[[str], bytes]) -> tuple[Theorem, ...]:
    """The theorems that a certificate proves about the problem in a network file.

    Raises Malformed (either file), Rejected (the certificate does not prove its claims) or Declined.
    """
    with Fields(strict_json(certificate), "") as fields:
        if (form := fields.need("format", text, FORMAT)) != FORMAT:
            raise Malformed(("format", f'this kernel reads "{FORMAT}", the certificate is {shown(form)}'))
        sha256 = fields.need("problem", text, "")
        claims = fields.need("claims", listed(anything), list[object]())
        steps = fields.need("steps", listed(anything), list[object]())
    problem = read_problem(network, open_data)
    if sha256 != problem.sha256:
        raise Rejected("problem", f"the certificate is about another problem, {shown(sha256)}")
    proof = walk(problem, steps)
    theorems = tuple(settle(proof, value, f"claims[{index}]") for index, value in enumerate(claims))
    for index in range(len(steps)):
        if index not in proof.used:
            raise Rejected(f"steps[{index}]", "nothing depends on this step")
    if not theorems:
        raise Rejected("claims", "there is no claim")
    return theorems
