"""Results as text and JSON. Renders, decides nothing."""

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from types import MappingProxyType

from symverify.kernel.core.proof import Quantity, Value
from symverify.kernel.reals.enclosure import Enclosure
from symverify.report import claims
from symverify.report.rationals import enclosed, short
from symverify.run.check import CheckResult, ClaimResult
from symverify.run.verdict import Verdict


def as_json(result: CheckResult, more: Mapping[str, object] = MappingProxyType({})) -> str:
    """The machine-readable result, with further keys; rationals are strings, seconds a number.

    Per claim its verdict, the numbers that the kernel proved, "words" for them; under "observed" what it did not check.
    "about" names the claims that the verdict is about.
    """
    document: dict[str, object] = {
        "problem_sha256": result.problem.problem.sha256,
        "verdict": result.verdict.value,
        "about": list(result.asked),
        "claims": [_claim(result, claim) for claim in result.claims],
        "certificate": None if result.path is None else str(result.path),
    }
    if result.skipped:
        document["skipped"] = [{"name": name, "reason": reason} for name, reason in result.skipped]
    if result.alarms:
        document["alarms"] = list(result.alarms)
    return json.dumps({**document, **more}, indent=2, default=decimal_ends)


def _claim(result: CheckResult, claim: ClaimResult) -> dict[str, object]:
    return {
        "name": claim.name,
        "verdict": claim.verdict.value,
        "risk": claim.statement.get("risk"),
        "better_risk": claim.statement.get("better_risk"),
        **{key: value for key, value in claim.statement.items() if key not in ("risk", "better_risk")},
        **claims.gap(result, claim),
        "words": claims.proved_words(result, claim, whole=True),
        "storey": None if claim.theorem is None else claim.theorem.storey,
        "reason": claims.open_words(claim),
        "observed": claims.observed(claim),
        "before": claim.before,
        "seconds": round(claim.seconds, 3),
        "smt": {
            "confirmed": claim.smt.confirmed,
            "unanswered": claim.smt.unanswered,
            "contradicted": claim.smt.contradicted,
            "unposed_steps": claim.smt.unposed,
        },
    }


def decimal_ends(value: object) -> dict[str, str]:
    """The ends of an enclosure in decimals, rounded outward; the certificate has them exactly."""
    if not isinstance(value, Quantity):
        raise TypeError(f"no JSON for {type(value).__name__}")
    ends = zip(value.stated().items(), (ROUND_FLOOR, ROUND_CEILING), strict=True)
    found = {}
    for (name, text), rounding in ends:
        top, _, bottom = text.partition("/")
        found[name] = str(Context(prec=DIGITS, rounding=rounding).divide(Decimal(top), Decimal(bottom or "1")))
    return found


def failed_fields(faults: Sequence[tuple[str, str]], verdict: Verdict) -> dict[str, object]:
    """The fields of the machine-readable result for a file that cannot be read, or whose run has no result."""
    listed = [{"path": where, "problem": what} for where, what in faults]
    empty: dict[str, object] = {"problem_sha256": None, "verdict": verdict.value, "claims": [], "certificate": None}
    return {**empty, "faults": listed}


def verdict_lines(result: CheckResult) -> list[str]:
    """One greppable line per claim; proved ones first, the headline last."""
    ranked = sorted(result.claims, key=lambda claim: (_RANK[claim.verdict], claim.name == "spurious_minimum"))
    return [
        claim.line or f"s {claim.verdict.value.upper()} {claim.name} problem={result.problem.problem.sha256}"
        for claim in ranked
    ]


_RANK = {verdict: index for index, verdict in enumerate(Verdict)} | {Verdict.UNDECIDED: 1, Verdict.REFUTED: 2}


def number(value: Value, whole: bool = False) -> str:
    """A number of a statement as a table shows it; "" for none. `whole`: with all digits."""
    if isinstance(value, str):
        return value if whole else short(Fraction(value))
    if isinstance(value, Enclosure) and not whole:
        return enclosed(value)
    return str(value) if isinstance(value, Quantity) else ""


DIGITS = 20  # of the ends of an enclosure, in JSON
HEADINGS = ("claim", "verdict", "risk", "better", "solver", "seconds")


def rows(claims: tuple[ClaimResult, ...], whole: bool = False) -> list[tuple[str, ...]]:
    """The cells of the claims' table, as in HEADINGS."""
    return [
        (
            claim.name,
            claim.verdict.value,
            number(claim.statement.get("risk"), whole),
            number(claim.statement.get("better_risk"), whole),
            opinion(claim),
            f"{claim.seconds:.2f}",
        )
        for claim in claims
    ]


def opinion(claim: ClaimResult) -> str:
    """What the solver said about the claim's obligations, in a few words, and how many steps it was not asked about."""
    counts = {
        "confirmed": claim.smt.confirmed,
        "unanswered": claim.smt.unanswered,
        "CONTRADICTED": claim.smt.contradicted,
        f"step{'s' * (claim.smt.unposed != 1)} not posed": claim.smt.unposed,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
