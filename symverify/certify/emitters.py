"""From claims to steps: the table of claims, which of them a problem has, and the attempt at one."""

from collections.abc import Callable, Mapping
from importlib import import_module

from symverify.certify.session import Outcome, Proved, Session, Skipped, Undecided
from symverify.errors import unspelled
from symverify.ground.time_limit import within
from symverify.kernel import Theorem
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Problem
from symverify.kernel.labels.symbols import SymbolicProblem
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.losses import RealLoss

Emitter = Callable[[Session], Outcome]


def of(name: str) -> Emitter:
    """The emitter `module.function` of this package; its module is loaded when it is called: a run needs few."""

    def settle(session: Session) -> Outcome:
        return emitter(name)(session)

    settle.__name__ = name
    return settle


def emitter(name: str) -> Emitter:
    """The function `module.function` of this package."""
    module, function = name.split(".")
    found: Emitter = getattr(import_module(f"symverify.certify.{module}"), function)
    return found


FOR_ALL = {
    name: of(f"regions.{name}")
    for name in (
        "spurious_for_all",
        "minimum_for_all",
        "spurious_face_for_all",
        "global_minimum_for_all",
        "no_spurious_for_all",
    )
}
FOR_ALL_SLOPES = {"spurious_for_all": of("regions.spurious_for_all_slopes")}
CLAIMS: dict[str, Emitter] = {
    "assumptions": of("chains.assumptions"),
    "linear_collapse": of("chains.linear_collapse"),
    "cells": of("theorem2.cells"),
    "cell_minima": of("theorem2.minima_of_cell"),
    "cell_infimum": of("theorem2.cell_infimum"),
    "constant_risk_path": of("theorem2.constant_risk_path"),
    "atlas": of("theorem2.atlas"),
    "face_atlas": of("theorem2.face_atlas"),
    "cell_traps": of("labels.cell_traps"),
    "spurious_labels": of("labels.spurious_labels"),
    "every_slope": of("labels.every_slope"),
    "spurious_radius": of("labels.spurious_radius"),
    "face_radius": of("labels.face_radius"),
    "cell_radius": of("labels.cell_radius"),
    "global_radius": of("labels.global_radius"),
    "global_minimum": of("chains.global_minimum"),
    "infimum": of("chains.global_minimum"),
    "global_bounds": of("chains.global_bounds"),
    "affine_infimum": of("chains.affine_infimum"),
    "valley": of("chains.valley"),
    "point": of("chains.point"),
    "critical_point": of("decisions.critical_point"),
    "spurious_minimum": of("chains.spurious_minimum"),
    "spurious_linear_minimum": of("chains.spurious_linear_minimum"),
    "minimum_in_box": of("boxes.minimum_in_box"),
    **FOR_ALL,
}
OF_REAL_LOSSES: dict[str, Emitter] = {
    "global_minimum": of("reals.global_minimum"),
    "infimum": of("reals.global_minimum"),
    "global_bounds": of("reals.global_bounds"),
    "affine_infimum": of("reals.affine_infimum"),
    "valley": of("reals.valley"),
    "point": of("reals.point"),
    "spurious_minimum": of("reals.spurious_minimum"),
    "cell_traps": of("real_traps.cell_traps"),
    **{name: CLAIMS[name] for name in ("assumptions", "linear_collapse", "cells", "minimum_in_box")},
}
OF_DECAY: dict[str, Emitter] = {"minimum_in_box": CLAIMS["minimum_in_box"], "global_bounds": of("boxes.decayed_bounds")}
OF_PROGRAMS: dict[str, Emitter] = {
    "valley": of("programs.valley"),
    "spurious_minimum": of("programs.spurious_minimum"),
    "spurious_linear_minimum": of("programs.spurious_linear_minimum"),
    "point": of("programs.point"),
    "critical_point": CLAIMS["critical_point"],
    "global_minimum": of("programs.global_minimum"),
    "global_bounds": of("programs.global_bounds"),
    "minimum_in_box": CLAIMS["minimum_in_box"],
}
OF_REAL_PROGRAMS: dict[str, Emitter] = {
    "valley": of("real_programs.valley"),
    "spurious_minimum": of("real_programs.spurious_minimum"),
    "point": of("real_programs.point"),
    "global_minimum": of("real_programs.global_minimum"),
    "infimum": of("real_programs.global_minimum"),
    "global_bounds": of("real_programs.global_bounds"),
    "minimum_in_box": CLAIMS["minimum_in_box"],
}


ROBUST = {
    "spurious_minimum": "spurious_radius",
    "point": "face_radius",
    "cell_minima": "cell_radius",
    "global_minimum": "global_radius",
}  # how far the labels may move before a claim fails


OF_CELLS = frozenset(("cell_minima", "cell_infimum", "cell_radius", "cell_traps", "constant_risk_path"))
OF_CELLS |= {"minimum_for_all", "spurious_face_for_all"}  # what `cell` says which theorem is wanted of


def answers(session: Session, theorem: Theorem) -> bool:
    """Whether an earlier run's theorem is about the cell that this run was asked about, if its claim is about one."""
    if theorem.claim not in OF_CELLS:
        return True
    cell: object = dict(theorem.statement).get("cell")
    if session.cell is None and (cell is None or theorem.claim == "cell_traps"):
        return True
    return cell is not None and cell == import_module("symverify.certify.theorem2").spelled_cell(session)


def claims_of(problem: Problem) -> Mapping[str, Callable[[Session], Outcome]]:
    """The claims that there are for the problem's loss; with symbols, those for all their values."""
    if isinstance(problem, Programmed) and problem.decays:
        return {"minimum_in_box": CLAIMS["minimum_in_box"]}
    if isinstance(problem, Programmed):
        return OF_REAL_PROGRAMS if isinstance(problem.loss, RealLoss) else OF_PROGRAMS
    if isinstance(problem, SymbolicProblem):
        return FOR_ALL_SLOPES if problem.family.slopes else FOR_ALL
    if problem.decays:
        return OF_DECAY
    if isinstance(problem.loss, RealLoss):
        return OF_REAL_LOSSES
    return {name: emitter for name, emitter in CLAIMS.items() if name not in FOR_ALL}


def default_claims(problem: Problem) -> list[str]:
    """The claims that `check` tries when none are named; the global minimum where it is affordable."""
    if isinstance(problem, Programmed):
        if problem.decays:
            return ["minimum_in_box"]
        claims = ["valley", "global_minimum", *(["point"] if problem.parameters is not None else [])]
        return [*claims, "spurious_minimum" if isinstance(problem.loss, RealLoss) else "spurious_linear_minimum"]
    if isinstance(problem, SymbolicProblem):
        slopes = list(FOR_ALL_SLOPES)
        return slopes if problem.family.slopes else ["spurious_for_all", "minimum_for_all", "spurious_face_for_all"]
    if problem.decays:
        return ["minimum_in_box", "global_bounds", "point", "spurious_minimum", "global_minimum"]
    linear = not any(h.breakpoints for h in problem.activations)
    claims = ["assumptions", *(["linear_collapse"] if linear else ["valley"])]
    claims += ["global_minimum", "point"] if problem.parameters is not None else ["global_minimum"]
    return claims if linear else [*claims, "spurious_minimum"]


def _beyond(error: OverflowError | ValueError) -> str | None:
    """Why a search ends whose numbers are beyond it; None for another error."""
    kind = type(error).__name__  # LinAlgError is NumPy's, which may not be loaded
    no_number = any(each in str(error) for each in ("cannot convert float NaN", "must not contain infs or NaNs"))
    if isinstance(error, OverflowError) or kind == "LinAlgError" or no_number:
        return "its numbers are beyond the range of floats"
    return "no certificate can state a number of so many digits as this takes" if unspelled(error) else None


def attempt(session: Session, name: str) -> Outcome:
    """Settle one claim and state it in the certificate, or say why not."""
    known = claims_of(session.problem)
    if name in FOR_ALL and name not in known:
        slopes = isinstance(session.problem, SymbolicProblem)
        missing = "with slopes as symbols there is spurious_for_all only" if slopes else "the network file has none"
        return Undecided(f"it is about all values of symbols: {missing}")
    if name not in known:
        if isinstance(session.problem, Programmed):
            real = isinstance(session.problem.loss, RealLoss)
            kind = f" under the {session.problem.loss.name} loss" * real + " with weight decay" * session.problem.decays
            return Undecided(f"not a claim for general programs{kind}; claims for them: {', '.join(known)}")
        if session.problem.decays and not session.insist:
            return Skipped(
                "this claim is not known under weight decay; "
                "remove weight_decay from the file to ask it of the loss alone"
            )
        loss = f"{session.problem.loss.name} loss{' with weight decay' * session.problem.decays}"
        return Undecided(f"not a claim for the {loss}; claims for it: {', '.join(known)}")
    if isinstance(session.problem, SymbolicProblem) and not (
        session.problem.shallow and session.problem.loss.quadratic
    ):
        return Undecided("with symbols only one hidden layer, scalar output and squared loss are decided")
    try:
        with within(session.overtime):
            outcome = known[name](session)
    except Declined as error:
        return Undecided(str(error))
    except (OverflowError, ValueError) as error:
        if (reason := _beyond(error)) is None:
            raise
        return Undecided(reason)
    if isinstance(outcome, Proved):
        session.certificate.claim(outcome.claim or name, outcome.step)
    return outcome
