"""Writing a certificate as a Rocq file: data, network and points in plain sight, and one theorem for each claim.

The statements are those of `Spec.v`, `Statements.v` and `Programs.v` in `proofs/rocq`; the proofs are computations of
the verified checkers. What has no verified checker is named in the file as left out, and so is every claim that rests
on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symverify.kernel.check import Theorem
from symverify.kernel.check import check as kernel_check
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.programs.network import Programmed
from symverify.problem.load import LoadedProblem
from symverify.problem.write import write_atomically

from .programs import program_definition, program_fit, write_program_step
from .sizes import write_size
from .steps import write_step
from .terms import affine_map, definition, log_loss, loss_term
from .writer import Writer, lifted

THEORY = Path(__file__).parents[3] / "proofs" / "rocq" / "_build"


@dataclass(frozen=True, slots=True)
class Exported:
    """The file written, the claims in it, and what was left out, in words."""

    file: Path
    claims: tuple[str, ...]
    left_out: tuple[str, ...]


def statements(out: Writer, theorem: Theorem) -> Iterator[tuple[str, str]]:
    """What a claim says, part by part, each with its proof."""
    index, steps = theorem.step, out.checked.steps
    step = steps[index]
    yield out.done[index], f"exact step{index}"
    if theorem.claim in ("global_bounds", "infimum"):
        return
    if log_loss(out.problem):
        if theorem.claim == "point":  # the others say what their risks are
            th = out.point_of(index)
            yield out.done[th], f"exact step{th}"
        if step.rule == "spurious_real":
            better = out.premise(step, "better")
            yield out.done[better], f"exact step{better}"
        return
    th = out.point_of(index)
    if theorem.claim == "valley":
        path = f"path{index}"
        yield f"path_at 0 {path} = real th{th}", f"rewrite path_start; exact (f_equal real (eq_refl th{th}))"
        step = steps[out.premise(step, "minimum")]
    yield out.done[th], f"exact step{th}"
    if step.rule == "spurious_minimum":
        better = out.premise(step, "better")
        yield out.done[better], f"exact step{better}"
    at = steps[th].fact
    if isinstance(out.problem, Programmed):
        yield from program_fit(out, theorem)
    elif theorem.claim == "spurious_minimum" and isinstance(at, Evaluated):
        checker = f"apply (ok_affine_fit_sound {{}} th{th} {affine_map(out.problem, at)})"
        yield f"affine_fit p th{th}", lifted("fit", f"th{th}", out.slopes.get(index), checker)


def write_claim(out: Writer, theorem: Theorem) -> None:
    """The theorem of a claim, if all that it rests on is there."""
    if theorem.step not in out.done:
        out.left_out.append(f"claim {theorem.claim}: rests on step {theorem.step}")
        return
    if theorem.claim == "spurious_linear_minimum" and not isinstance(out.problem, Programmed):
        lacking = "that the network is linear on the data has no verified checker for chains of layers"
        out.left_out.append(f"claim {theorem.claim}: {lacking}")
        return
    parts = list(statements(out, theorem))
    if theorem.claim == "valley":
        if size := write_size(out, theorem.step, out.checked.steps[theorem.step]):
            parts.append(size)
        else:
            out.left_out.append("claim valley: dimension, exact have no verified checker")
            if "many_minima" in parts[0][0]:
                out.left_out.append("claim valley: that its infinitely many points form a path has no verified checker")
    name = f"claim_{theorem.claim}"
    while name in out.claims:
        name += "'"
    if theorem.verdict == "refuted":
        out.parts.append(f"(* The claim {theorem.claim} is refuted: this holds instead. *)")
    joined = " /\\\n  ".join(f"({statement})" for statement, _ in parts)
    splits = "".join(f"split; [{proof} | ]. " for _, proof in parts[:-1])
    out.theorem(name, joined, f"{splits}{parts[-1][1]}")
    out.claims.append(name)


def export_rocq(problem: LoadedProblem, certificate: bytes, folder: Path, theory: Path = THEORY) -> Exported:
    """Write FOLDER/certificate.v and FOLDER/_CoqProject; `theory` is where proofs/rocq/build.sh compiled the theory.

    Raises OSError, and what the kernel raises for a certificate that it does not accept.
    """
    checked = kernel_check(problem.network, certificate, problem.open_data)
    out, programmed = Writer(checked), checked.problem if isinstance(checked.problem, Programmed) else None
    for index, step in enumerate(out.checked.steps):
        if why := (write_step if programmed is None else write_program_step)(out, index, step):
            out.left_out.append(f"step {index}, {step.rule}: {why}")
    for theorem in out.checked.theorems:
        write_claim(out, theorem)
    if out.claims:
        out.parts.append(f"Definition claims := ({', '.join(out.claims)}).\nPrint Assumptions claims.\n")
    more = "" if programmed is None else " Programs ProgramRules"
    # Whatever is imported needlessly, each certificate waits for: 0.05 s for the reals, 0.1 s for lists.
    numerals = " Rdefinitions" * any("path_at 0" in part for part in out.parts)
    more += " Rank RankRules" * any("predictions_leave" in part for part in out.parts)
    head = [
        f"(* Written from a certificate about the problem with SHA-256\n   {problem.sha256}.",
        *[f"   Left out: {each}." for each in out.left_out],
        "   Theorems of steps come first, then one for each claim. *)",
        f"Require List Rdefinitions. Require Import QArith_base{numerals}.",
        f"From Symverify Require Import Spec Statements Numbers ValleyCheck Main{more}.",
        "Import List.ListNotations. Open Scope list_scope. Open Scope Q_scope. Notation Q2R := Rdefinitions.Q2R.\n",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    loss = None if out.problem.decays else log_loss(out.problem) or loss_term(out.problem.loss)
    problem_text = (
        "" if loss is None else program_definition(programmed) if programmed else definition(out.problem, loss)
    )
    file = folder / "certificate.v"
    write_atomically(file, "\n".join([*head, problem_text, *out.parts]).encode("ascii"))
    write_atomically(folder / "_CoqProject", f"-Q {theory} Symverify\n-Q . Certificate\ncertificate.v\n".encode())
    return Exported(file, tuple(out.claims), tuple(out.left_out))
