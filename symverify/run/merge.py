"""Two certificates about one problem as one, which keeps what either proves; and writing it over the first.

The kernel verifies what is joined, as it does every certificate. Nothing that it accepted before is lost: a claim
gives way to one that implies it only.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from symverify.certify.certificate import Certificate, lines
from symverify.errors import Declined, Malformed, NotWritable, Rejected
from symverify.kernel import Checked, Theorem
from symverify.kernel.check import FORMAT, needed
from symverify.kernel.check import check as kernel_check
from symverify.kernel.core.proof import Step, stated
from symverify.problem.load import LoadedProblem
from symverify.problem.regular import read_regular
from symverify.problem.write import is_file, locked, write_atomically
from symverify.run.diff import covers
from symverify.run.verify import head

SOLVED = ("global_minimum", "infimum")  # what says that the search for the global minimum is over
_LEFT = "so the certificate was left as it is: write to another one with -o, or replace it with --fresh"
_ATTEMPTS = 10  # to write over a certificate that others write over, too


@dataclass(frozen=True, slots=True)
class Stored:
    """A certificate that the kernel accepts, and what it is."""

    text: bytes
    checked: Checked


def accepted(problem: LoadedProblem, text: bytes) -> Stored:
    """What a certificate proves about a problem. Raises what the kernel raises."""
    return Stored(text, kernel_check(problem.network, text, problem.open_data))


def fitting(certificate: Certificate, problem: LoadedProblem, asked: Sequence[str]) -> Stored | None:
    """What the certificate proves; where that takes too much work in all, what of the claims asked for fits, in order.

    Raises Declined where not even the first does.
    """
    if not certificate.claims:
        return None
    try:
        return accepted(problem, certificate.text())
    except Declined:
        kept, found = list[dict[str, object]](), None
        for name in asked:
            kept += [claim for claim in certificate.claims if claim["claim"] == name]
            try:
                found = accepted(problem, certificate.text(kept)) if kept else None
            except Declined:
                break
        if found is None:
            raise
        return found


def replaceable(output: Path, problem: LoadedProblem, fresh: bool) -> None:
    """Raises NotWritable where a certificate would replace something else: the problem, or a file not about it."""
    for name in problem.files:
        if os.path.exists(name) and os.path.exists(output) and os.path.samefile(name, output):
            raise NotWritable(f"{str(output)!a} is the network file or its data", "choose another place with -o")
    if fresh or not os.path.exists(output) or not is_file(output):
        return
    there = _bytes(output) or b""
    if there.strip() and (why := _strange(there, problem)):
        raise NotWritable(f"{str(output)!a} {why}", "choose another place with -o, or replace it with --fresh")


def _strange(text: bytes, problem: LoadedProblem) -> str:
    """Why a file may hold what is worth keeping and this problem's certificate could not: "" where it is about it."""
    if b'"symverify-certificate/' not in text[:1000]:
        return "exists, and is no certificate"
    try:
        about = head(text)[0]
    except Malformed as error:
        return f"exists, and is no certificate that can be read ({error})"
    return "" if about == problem.sha256 else "is about another problem, or about this one as it was before a change"


def _there(output: Path, problem: LoadedProblem, new: Stored | None) -> tuple[bytes | None, Stored | None]:
    """The file at a certificate's place, and what it proves about this problem, if the kernel accepts it.

    Where its bytes are those of the new one, it proves the same.

    Raises NotWritable where it is not about this problem; Declined where it may be a proof, beyond the budget.
    """
    if (text := _bytes(output)) is None:
        return None, None
    if new is not None and text == new.text:
        return text, new
    try:
        return text, accepted(problem, text)
    except (Malformed, Rejected):
        replaceable(output, problem, fresh=False)
        return text, None
    except (Declined, RecursionError) as error:
        raise Declined(f"{error}; {_LEFT}") from None


def store(output: Path, problem: LoadedProblem, new: Stored | None, fresh: bool) -> Stored | None:
    """Write a certificate over the one that is there, joined with it if both are about this problem; what is there now.

    What others write meanwhile is kept, too. Raises OSError; Declined where the kernel would not accept what is joined.
    """
    if not is_file(output) or fresh:
        if new is not None:
            write_atomically(output, new.text)
        return new
    for _ in range(_ATTEMPTS):
        text, old = _there(output, problem, new)
        if new is None:
            return old
        whole = new if old is None else _joined(problem, old, new)
        if whole.text == text:
            return whole
        with locked(output.absolute().parent):
            if _bytes(output) == text:
                write_atomically(output, whole.text)
                return whole
    raise OSError(f"other processes keep writing it, {_ATTEMPTS} times so far")


def _bytes(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except OSError:
        return None


def _joined(problem: LoadedProblem, old: Stored, new: Stored) -> Stored:
    """What keeps all that two certificates prove: one of them, if it will do."""
    sides = (old, new)
    choice = list(chosen(old.checked.theorems, new.checked.theorems))
    for number in (1, 0):
        if [side for side, _ in choice] == [number] * len(sides[number].checked.theorems):
            return sides[number]
    try:
        return accepted(problem, joined((old.checked, new.checked), choice))
    except Declined as error:
        raise Declined(f"{error}; {_LEFT}") from None


def chosen(old: Sequence[Theorem], new: Sequence[Theorem]) -> Iterator[tuple[int, int]]:
    """The claims to keep, as (0 for old or 1 for new, index): the old ones in their places, then what is new."""
    kept = [not any(covers(b, a) for b in new) for a in old]
    needed = [not any(covers(a, b) and not covers(b, a) for a in old) for b in new]
    placed = set[int]()
    for i, a in enumerate(old):
        if kept[i]:
            yield 0, i
        for j, b in enumerate(new):
            if needed[j] and j not in placed and not kept[i] and covers(b, a):
                placed.add(j)
                yield 1, j
    yield from ((1, j) for j in range(len(new)) if needed[j] and j not in placed)


def settling(
    whole: Stored, mine: Sequence[Theorem], claim: str, answers: Callable[[Theorem], bool]
) -> tuple[Theorem, bool] | None:
    """The theorem that settles a claim of a run with the theorems `mine`, and whether it is an earlier run's.

    Where the run proved nothing about the claim, an earlier theorem settles it if it `answers` what was asked.
    """
    there = [theorem for theorem in whole.checked.theorems if theorem.claim == claim]
    own = {theorem.line(): theorem for theorem in mine if theorem.claim == claim}
    for theorem in there:
        if any(covers(theorem, each) for each in own.values()):
            return theorem, theorem.line() not in own
    return next(((theorem, True) for theorem in there if answers(theorem)), None)


def joined(parts: Sequence[Checked], choice: Sequence[tuple[int, int]]) -> bytes:
    """One certificate with the claims chosen from several, (which one, index), and the steps that they rest on.

    Equal steps become one. All are about the same problem.
    """
    steps, places, moved = list[dict[str, object]](), dict[str, int](), [dict[int, int]() for _ in parts]
    for which, checked in enumerate(parts):
        ends = [checked.theorems[index].step for side, index in choice if side == which]
        for index in needed(checked.steps, ends):
            step = _moved(checked.steps[index], moved[which])
            place = places.setdefault(json.dumps(step, sort_keys=True), len(steps))
            steps += [step] if place == len(steps) else []
            moved[which][index] = place
    claims = [_claim(parts[side].theorems[index], moved[side]) for side, index in choice]
    return lines({"format": FORMAT, "problem": parts[0].problem.sha256}, claims=claims, steps=steps)


def _moved(step: Step, number: Mapping[int, int]) -> dict[str, object]:
    """A step as certificates spell it, the steps that it rests on renumbered."""
    roles = step.fields.get("from")
    if not isinstance(roles, dict):
        return {"rule": step.rule, **step.fields}
    renumbered = {
        role: number[written] if isinstance(written, int) else [number[index] for index in written]
        for role, written in roles.items()
    }
    return {"rule": step.rule, **step.fields, "from": renumbered}


def _claim(theorem: Theorem, number: Mapping[int, int]) -> dict[str, object]:
    numbers = {key: stated(value) for key, value in theorem.statement}
    return {
        "claim": theorem.claim, "verdict": theorem.verdict, "step": number[theorem.step], **numbers
    }  # fmt: skip
