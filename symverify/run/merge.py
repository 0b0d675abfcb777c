"""Two certificates about one problem as one, which keeps what either proves; and writing it over the first.

The kernel verifies what is joined, as it does every certificate. Nothing that it accepted before is lost: a claim
gives way to one that implies it only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symverify.certify.certificate import lines, references, renumbered
from symverify.errors import Declined, Malformed, NotWritable, Rejected
from symverify.kernel import Theorem
from symverify.kernel.check import check as kernel_check
from symverify.kernel.read import strict_json
from symverify.problem.load import LoadedProblem
from symverify.problem.regular import read_regular
from symverify.problem.write import is_file, locked, write_atomically
from symverify.run.diff import implies
from symverify.run.verify import SUFFIX

_ATTEMPTS = 10  # to write over a certificate that others write over, too


@dataclass(frozen=True, slots=True)
class Proved:
    """A certificate and the theorems that the kernel seals from it, one for each claim."""

    text: bytes
    theorems: tuple[Theorem, ...]


def proved(problem: LoadedProblem, text: bytes) -> Proved:
    """What a certificate proves about a problem. Raises what the kernel raises."""
    return Proved(text, tuple(kernel_check(problem.network, text, problem.open_data)))


def replaceable(output: Path, problem: LoadedProblem, fresh: bool) -> None:
    """Raises NotWritable where writing a certificate would replace something else: the problem, a stranger's file."""
    for name in _sources(problem):
        if name.exists() and output.exists() and name.samefile(output):
            raise NotWritable(f"{str(output)!a} is the network file or its data", "choose another place with -o")
    if fresh or not output.exists() or not is_file(output) or output.name.endswith(SUFFIX):
        return
    head = b""
    with suppress(OSError):
        head = read_regular(output)
    if head.strip() and b'"symverify-certificate/' not in head[:1000]:
        raise NotWritable(
            f"{str(output)!a} exists, and is no certificate", "choose another place with -o, or replace it with --fresh"
        )


def stored(output: Path, problem: LoadedProblem) -> tuple[bytes | None, Proved | None]:
    """The file at a certificate's place, and what it proves about this problem, if the kernel accepts it."""
    try:
        text = read_regular(output)
        return text, proved(problem, text)
    except OSError:
        return None, None
    except (Malformed, Rejected, Declined, RecursionError):
        return text, None


def store(output: Path, problem: LoadedProblem, new: Proved | None, fresh: bool) -> Proved | None:
    """Write a certificate over the one that is there, joined with it if both are about this problem; what is there now.

    What others write meanwhile is kept, too. Raises OSError; Declined where the kernel would not accept what is joined.
    """
    if not is_file(output) or fresh:
        if new is not None:
            write_atomically(output, new.text)
        return new
    for _ in range(_ATTEMPTS):
        text, old = stored(output, problem)
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


def _joined(problem: LoadedProblem, old: Proved, new: Proved) -> Proved:
    """What keeps all that two certificates prove: one of them, if it will do."""
    choice = list(chosen(old.theorems, new.theorems))
    for one, number in ((new, 1), (old, 0)):
        if {side for side, _ in choice} == {number} and len(choice) == len(one.theorems):
            return one
    text = joined((old.text, new.text), choice)
    try:
        return proved(problem, text)
    except Declined as error:
        raise Declined(
            f"{error}; so the certificate was left as it is: write to another one with -o, or replace it with --fresh"
        ) from None


def chosen(old: Sequence[Theorem], new: Sequence[Theorem]) -> Iterator[tuple[int, int]]:
    """The claims to keep, as (0 for old or 1 for new, index): the old ones in their places, then what is new."""
    kept = [not any(_covers(b, a) for b in new) for a in old]
    needed = [not any(_covers(a, b) and not _covers(b, a) for a in old) for b in new]
    placed = set[int]()
    for i, a in enumerate(old):
        if kept[i]:
            yield 0, i
        for j, b in enumerate(new):
            if needed[j] and j not in placed and not kept[i] and _covers(b, a):
                placed.add(j)
                yield 1, j
    yield from ((1, j) for j in range(len(new)) if needed[j] and j not in placed)


def settling(whole: Proved, new: Proved | None, claim: str) -> tuple[Theorem, bool] | None:
    """The theorem that settles a claim of this run, and whether an earlier run has proved it; None: there is none."""
    mine = [theorem for theorem in (new.theorems if new is not None else ()) if theorem.claim == claim]
    there = [theorem for theorem in whole.theorems if theorem.claim == claim]
    for theorem in there:
        if any(_covers(theorem, own) for own in mine):
            return theorem, theorem not in mine
    return (there[0], True) if there else None


def _covers(stronger: Theorem, weaker: Theorem) -> bool:
    """Whether a theorem implies another one about the same problem, so that this need not be stated beside it."""
    has, says = dict(stronger.statement), dict(weaker.statement)
    if (stronger.claim, weaker.claim) == ("global_minimum", "global_bounds"):
        return stronger.verdict == "proved"
    return (stronger.claim, stronger.verdict) == (weaker.claim, weaker.verdict) and implies(has, says)


def joined(texts: Sequence[bytes], choice: Sequence[tuple[int, int]]) -> bytes:
    """One certificate with the claims chosen from several, (which one, index), and the steps that they rest on.

    Equal steps become one. All are about the same problem, and accepted by the kernel.
    """
    documents = [_document(text) for text in texts]
    steps, places, moved = list[dict[str, Any]](), dict[str, int](), [dict[int, int]() for _ in documents]
    for which, document in enumerate(documents):
        ends = [document["claims"][index]["step"] for side, index in choice if side == which]
        for index in _needed(document["steps"], ends):
            step = renumbered(document["steps"][index], moved[which])
            text = json.dumps(step, sort_keys=True)
            if text not in places:
                places[text] = len(steps)
                steps.append(step)
            moved[which][index] = places[text]
    claims = [documents[side]["claims"][index] for side, index in choice]
    numbered = [{**claim, "step": moved[side][claim["step"]]} for claim, (side, _) in zip(claims, choice, strict=True)]
    head = {"format": documents[0]["format"], "problem": documents[0]["problem"]}
    return lines(head, claims=numbered, steps=steps)


def _document(text: bytes) -> dict[str, Any]:
    value = strict_json(text)
    if not isinstance(value, dict):
        raise Malformed(("", "expected an object"))
    return value


def _needed(steps: Sequence[Mapping[str, object]], ends: Sequence[int]) -> list[int]:
    """These steps and all that they rest on, in order."""
    pending, needed = list(ends), set[int]()
    while pending:
        index = pending.pop()
        if index not in needed:
            needed.add(index)
            pending += references(steps[index])
    return sorted(needed)


def _sources(problem: LoadedProblem) -> list[Path]:
    """The network file, and the data file that it names."""
    if problem.path is None:
        return []
    value = strict_json(problem.network)
    data = value.get("data") if isinstance(value, dict) else None
    named = data.get("csv") if isinstance(data, dict) else None
    return [problem.path, *([problem.path.parent / named] if isinstance(named, str) else [])]
