"""Two certificates about one problem as one, which keeps what either proves; and writing it over the first.

The kernel verifies what is joined, as it does every certificate. Nothing that it accepted before is lost: a claim
gives way to one that implies it only.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from symverify.certify.certificate import lines
from symverify.errors import Declined, Malformed, NotWritable, Rejected
from symverify.kernel import Checked, Theorem
from symverify.kernel.check import FORMAT, needed
from symverify.kernel.check import check as kernel_check
from symverify.kernel.core.proof import Step, stated
from symverify.kernel.core.text import strict_json
from symverify.problem.load import LoadedProblem
from symverify.problem.regular import read_regular
from symverify.problem.write import is_file, locked, write_atomically
from symverify.run.diff import covers
from symverify.run.verify import SUFFIX

SOLVED = ("global_minimum", "infimum")  # what says that the search for the global minimum is over
_ATTEMPTS = 10  # to write over a certificate that others write over, too


@dataclass(frozen=True, slots=True)
class Stored:
    """A certificate that the kernel accepts, and what it is."""

    text: bytes
    checked: Checked


def accepted(problem: LoadedProblem, text: bytes) -> Stored:
    """What a certificate proves about a problem. Raises what the kernel raises."""
    return Stored(text, kernel_check(problem.network, text, problem.open_data))


def replaceable(output: Path, problem: LoadedProblem, fresh: bool) -> None:
    """Raises NotWritable where writing a certificate would replace something else: the problem, a stranger's file."""
    for name in _sources(problem):
        if os.path.exists(name) and os.path.exists(output) and os.path.samefile(name, output):
            raise NotWritable(f"{str(output)!a} is the network file or its data", "choose another place with -o")
    if fresh or not os.path.exists(output) or not is_file(output) or output.name.endswith(SUFFIX):
        return
    head = b""
    with suppress(OSError):
        head = read_regular(output)
    if head.strip() and b'"symverify-certificate/' not in head[:1000]:
        raise NotWritable(
            f"{str(output)!a} exists, and is no certificate", "choose another place with -o, or replace it with --fresh"
        )


def _there(output: Path, problem: LoadedProblem) -> tuple[bytes | None, Stored | None]:
    """The file at a certificate's place, and what it proves about this problem, if the kernel accepts it."""
    try:
        text = read_regular(output)
        return text, accepted(problem, text)
    except OSError:
        return None, None
    except (Malformed, Rejected, Declined, RecursionError):
        return text, None


def store(output: Path, problem: LoadedProblem, new: Stored | None, fresh: bool) -> Stored | None:
    """Write a certificate over the one that is there, joined with it if both are about this problem; what is there now.

    What others write meanwhile is kept, too. Raises OSError; Declined where the kernel would not accept what is joined.
    """
    if not is_file(output) or fresh:
        if new is not None:
            write_atomically(output, new.text)
        return new
    for _ in range(_ATTEMPTS):
        text, old = _there(output, problem)
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
        raise Declined(
            f"{error}; so the certificate was left as it is: write to another one with -o, or replace it with --fresh"
        ) from None


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


def settling(whole: Stored, mine: Sequence[Theorem], claim: str) -> tuple[Theorem, bool] | None:
    """The theorem that settles a claim of a run with the theorems `mine`, and whether it is an earlier run's."""
    there = [theorem for theorem in whole.checked.theorems if theorem.claim == claim]
    own = {theorem.line(): theorem for theorem in mine if theorem.claim == claim}
    for theorem in there:
        if any(covers(theorem, each) for each in own.values()):
            return theorem, theorem.line() not in own
    return (there[0], True) if there else None


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


def _sources(problem: LoadedProblem) -> list[Path]:
    """The network file, and the data file that it names."""
    if problem.path is None:
        return []
    value = strict_json(problem.network)
    data = value.get("data") if isinstance(value, dict) else None
    named = data.get("csv") if isinstance(data, dict) else None
    return [problem.path, *([problem.path.parent / named] if isinstance(named, str) else [])]
