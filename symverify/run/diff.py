"""What a regression proof gained or lost: two certificates, or two folders of them, claim by claim.

Only statements that the kernel verifies count. A statement of OLD is kept if NEW proves it again about the same
problem (the same SHA-256), or proves one that implies it; everything else is lost, and the exit code says so.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

from symverify.kernel import Theorem
from symverify.kernel.__main__ import INTERNAL, MALFORMED, PROVED, REFUTED, UNDECIDED
from symverify.kernel.core.proof import Quantity, Value
from symverify.run.verify import MISSING, Problems, Verified, failed, is_certificate, verify_many, verify_one
from symverify.text import plain

Key = tuple[str, str]  # (certificate within the folder, or "" for two files; claim)


class Change(Enum):
    """What became of a claim, and the sign that begins its line."""

    KEPT = "="
    STRONGER = ">"
    GAINED = "+"
    WEAKER = "<"
    DIFFERENT = "~"
    LOST = "-"
    UNVERIFIED = "?"

    @property
    def loses(self) -> bool:
        """Whether a verified statement of OLD no longer follows."""
        return self in (Change.WEAKER, Change.DIFFERENT, Change.LOST)


@dataclass(frozen=True, slots=True)
class Line:
    """One claim's change; `detail` in words."""

    key: Key
    change: Change
    detail: str

    def __str__(self) -> str:
        name = ": ".join(map(plain, filter(None, self.key)))
        return f"{self.change.value} {name}: {self.change.name.lower()}{f': {self.detail}' if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes, sorted by certificate, and the exit code.

    0: every statement of OLD is kept or stronger; 10: something is lost, weaker or different, whatever is wrong with
    other certificates; 2: nothing is but where NEW cannot be read, and a certificate is malformed; 3: nothing is, but
    some of OLD could not be verified, so that what it proved is not known; 70: an internal error.
    """

    lines: tuple[Line, ...]
    code: int

    def report(self) -> list[str]:
        """The lines to print; the last one counts."""
        counts = {change: sum(line.change is change for line in self.lines) for change in Change}
        listed = ", ".join(f"{count} {change.name.lower()}" for change, count in counts.items() if count)
        words = {PROVED: "NOTHING LOST", REFUTED: "LOST", UNDECIDED: "UNVERIFIED", MALFORMED: "MALFORMED"}
        return [*map(str, self.lines), f"s {words.get(self.code, 'INTERNAL ERROR')}: {listed or 'no claims'}"]


def diff(old: Path, new: Path, networks: Sequence[Path] = ()) -> Diff:
    """Compare two certificates, or two folders whose certificates are paired by their path in the folder.

    Problems are found by hash among `networks` and beside each certificate.
    """
    before, after = _sides(old, new, Problems(networks))
    lines: list[Line] = []
    for name in sorted(before.keys() | after.keys()):
        lines += _changes(name, before.get(name), after.get(name))
    return Diff(tuple(lines), _code(before, after, lines))


def _sides(old: Path, new: Path, problems: Problems) -> tuple[dict[str, Verified], dict[str, Verified]]:
    if os.path.isdir(old) and os.path.isdir(new):
        return _folder(old, problems), _folder(new, problems)
    if os.path.isdir(old) or os.path.isdir(new):
        wrong = "give two certificates or two folders"
        one, two = (
            {"": failed(side, MALFORMED, "", wrong if os.path.lexists(side) else MISSING)} for side in (old, new)
        )
        return one, two
    return {"": verify_one(old, problems)}, {"": verify_one(new, problems)}


def _folder(folder: Path, problems: Problems) -> dict[str, Verified]:
    """The certificates of a folder by their path in it; what is wrong with the folder itself under ""."""
    results = {}
    for found in verify_many([folder, *problems.given]):
        inside = is_certificate(found.certificate) and found.certificate.is_relative_to(folder)
        results[found.certificate.relative_to(folder).as_posix() if inside else ""] = found
    return results


def _changes(name: str, old: Verified | None, new: Verified | None) -> Iterator[Line]:
    """The lines about one certificate; None where it is on one side only."""
    for side, found in (("OLD", old), ("NEW", new)):
        if found is not None and not found.theorems:
            at = f" at {found.where}" if found.where else ""
            yield Line((name, f"({side})"), Change.UNVERIFIED, plain(f"{found.word}{at}: {found.reason}"))
    before, after = _by_claim(old), _by_claim(new)
    for claim in dict.fromkeys([*before, *after]):
        key, a, b = (name, claim), before.get(claim), after.get(claim)
        if a is None and b is not None:
            doubt = " (OLD is not verified)" if old is not None and not old.theorems else ""
            yield Line(key, Change.GAINED, _spelled(b) + doubt)
        elif a is not None and b is None and new is not None and (better := _covering(new, a)) is not None:
            yield Line(key, Change.STRONGER, f"{_spelled(better)} implies it")
        elif a is not None and b is None:
            why = "the certificate is gone" if new is None else "NEW does not state it"
            yield Line(key, Change.LOST, f"{_spelled(a)}; {why if new is None or new.theorems else 'NEW fails'}")
        elif a is not None and b is not None:
            change, detail = compare(a, b)
            yield Line(key, change, detail)


def _covering(found: Verified, theorem: Theorem) -> Theorem | None:
    """A theorem that implies another one under another name."""
    same = [each for each in found.theorems if each.problem_sha256 == theorem.problem_sha256]
    return next((each for each in same if covers(each, theorem)), None)


def _by_claim(found: Verified | None) -> dict[str, Theorem]:
    """Theorems by the claim's name, and its cell if it is about one; numbered where that is not unique."""
    named: dict[str, Theorem] = {}
    for theorem in found.theorems if found is not None else ():
        cell = dict(theorem.statement).get("cell")
        name = theorem.claim if cell is None else f"{theorem.claim} {cell}"
        count = sum(key.partition("#")[0] == name for key in named)
        named[name if not count else f"{name}#{count + 1}"] = theorem
    return named


def compare(old: Theorem, new: Theorem) -> tuple[Change, str]:
    """How a new statement relates to an old one of the same claim, and the differences in words."""
    a, b = dict(old.statement), dict(new.statement)
    parts = [_difference(key, a.get(key), b.get(key)) for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key)]
    if old.verdict != new.verdict:
        return Change.DIFFERENT, "; ".join([f"was {old.verdict}, is {new.verdict}", *parts])
    if old.problem_sha256 != new.problem_sha256:
        about = f"about another problem ({new.problem_sha256[:12]}..., was {old.problem_sha256[:12]}...)"
        return Change.DIFFERENT, "; ".join([about, *parts])
    if a == b:
        return Change.KEPT, ""
    forward, backward = implies(b, a), implies(a, b)
    change = {
        True: Change.KEPT if backward else Change.STRONGER,
        False: Change.WEAKER if backward else Change.DIFFERENT,
    }
    return change[forward], "; ".join(parts)


def covers(stronger: Theorem, weaker: Theorem) -> bool:
    """Whether a theorem implies another about the same problem, also where their claims have different names."""
    has, says = dict(stronger.statement), dict(weaker.statement)
    match stronger.claim, weaker.claim:
        case "global_minimum" | "infimum", "global_bounds":
            return True
        case "global_minimum", "infimum":
            return says["attained"] is None
        case one, other:
            return (one, stronger.verdict) == (other, weaker.verdict) and implies(has, says)


def implies(stronger: Mapping[str, Value], weaker: Mapping[str, Value]) -> bool:
    """Whether one statement's numbers imply another's, for the same claim and problem.

    A lower better point implies a higher one, any value implies one left open (null), narrower bounds imply wider
    ones, and an exact or smaller bound on a dimension implies a larger bound. Every other number has to be the same.
    """
    if not weaker.keys() <= stronger.keys():
        return False
    for key, value in weaker.items():
        has = stronger[key]
        match key:
            case "lower":
                good = _number(has) >= _number(value)
            case "upper":
                good = _number(has) <= _number(value)
            case "better_risk":
                good = value is None or (has is not None and _number(has) <= _number(value))
            case "spurious" | "attained":
                good = value is None or has is value
            case "dimension":
                exactly = weaker.get("exact") is True
                good = has == value if exactly else _number(has) <= _number(value)
            case "exact":
                good = has is True or value is False
            case _ if isinstance(has, Quantity) and isinstance(value, Quantity):
                good = _within(has, value)
            case _:
                good = has == value and type(has) is type(value)
        if not good:
            return False
    return True


def _number(value: Value) -> Fraction:
    """The number; of an enclosure its upper end."""
    return Fraction(value.stated()["upper"] if isinstance(value, Quantity) else value or 0)


def _within(inner: Quantity, outer: Quantity) -> bool:
    """Whether one enclosure lies in another."""
    a, b = inner.stated(), outer.stated()
    return Fraction(a["lower"]) >= Fraction(b["lower"]) and Fraction(a["upper"]) <= Fraction(b["upper"])


def _difference(key: str, old: Value, new: Value) -> str:
    """A number's change in words: "better_risk lower: 1/8 -> 0"."""
    rational = key in ("risk", "better_risk", "lower", "upper") and isinstance(old, str) and isinstance(new, str)
    how = (" lower" if _number(new) < _number(old) else " higher") if rational else ""
    return f"{key}{how}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Value) -> str:
    return "open" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _spelled(theorem: Theorem) -> str:
    """The statement as in the kernel's verdict line, without the problem."""
    return theorem.line().removeprefix("s ").rpartition(" problem=")[0]


def _unread(found: Verified) -> bool:
    """Whether a certificate is malformed or missing, not only without its problem."""
    return found.code == MALFORMED and found.where != "problem"


def _code(before: Mapping[str, Verified], after: Mapping[str, Verified], lines: Sequence[Line]) -> int:
    results = [*before.values(), *after.values()]
    if any(result.code == INTERNAL for result in results):
        return INTERNAL
    unread = {name for name, found in after.items() if _unread(found)}
    if any(line.change.loses and line.key[0] not in unread for line in lines):
        return REFUTED
    if any(map(_unread, results)):
        return MALFORMED
    unknown = any(not result.theorems for result in before.values())
    return UNDECIDED if unknown or not before else PROVED
