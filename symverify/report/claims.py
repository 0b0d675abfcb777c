"""What is printed about each claim of a run: the proved sentence, and on a line of its own what the search observed."""

from fractions import Fraction

from symverify.kernel.core.proof import Value
from symverify.report.rationals import abridged
from symverify.report.words import Names, flat, height, height_words, theorem_words
from symverify.run.check import CheckResult, ClaimResult
from symverify.run.verdict import Verdict

OBSERVED = "observed, not certified: "
_SETTLED = (Verdict.PROVED, Verdict.REFUTED)
_STRICT = {True: "a strict minimum", False: "not a strict minimum"}


def proved_words(result: CheckResult, claim: ClaimResult, whole: bool = False) -> str:
    """What is proved about a claim, from the theorem alone; "" where nothing is. `whole`: with all digits."""
    if result.checked is None or claim.theorem is None:
        return ""
    names = Names(given=result.problem.given)
    said, above = theorem_words(result.checked, claim.theorem, names), height_words(result.checked, claim.theorem)
    return flat((*said, *(("; ", *above) if above else ())), whole)


def gap(result: CheckResult, claim: ClaimResult) -> dict[str, Value]:
    """{"gap", "gap_above": "global_minimum" or "infimum"} where both risks are proved."""
    if result.checked is None or claim.theorem is None:
        return {}
    found = height(result.checked, claim.theorem)
    if found is None:
        return {}
    above, least = found
    return {"gap": str(above) if isinstance(above, Fraction) else above, "gap_above": least}


def observed(claim: ClaimResult) -> dict[str, Value]:
    """What the search noticed beyond what is proved; the kernel has not checked it."""
    notes = {key: value for key, value in claim.notes.items() if key != "gap"}
    return notes | ({"reason": claim.reason} if claim.reason and claim.verdict in _SETTLED else {})


def observed_words(claim: ClaimResult) -> str:
    """The same in words; "" where there is nothing."""
    notes = observed(claim)
    parts = [str(notes.get("reason", ""))]
    if isinstance(strict := notes.get("strict"), bool):
        parts.append(_STRICT[strict])
    if (size := notes.get("valley_dimension")) is not None:
        least = "" if notes.get("valley_dimension_exact") else "at least "
        parts.append(f"around it the points of equal risk have dimension {least}{size}")
    return "; ".join(filter(None, parts))


def open_words(claim: ClaimResult) -> str:
    """Why a claim is not settled; "" where it is."""
    return "" if claim.verdict in _SETTLED else claim.reason or "not settled"


def lines(result: CheckResult, claim: ClaimResult, whole: bool = False) -> list[str]:
    """What is said about a claim, a line each; what begins with OBSERVED is no part of any theorem.

    Numbers of many digits are rounded unless `whole`.
    """
    message = str if whole else abridged
    said = proved_words(result, claim, whole) or message(open_words(claim))
    seen = message(observed_words(claim))
    before = "proved by an earlier run, and kept" * claim.before
    return [line for line in (said, before, OBSERVED + seen if seen else "") if line]
