"""Results as text, JSON and JUnit XML. Renders, decides nothing."""

import json
from collections.abc import Mapping
from decimal import Context, Decimal
from types import MappingProxyType
from xml.etree import ElementTree

from symverify.report.words import claim_words
from symverify.run.check import CheckResult, ClaimResult
from symverify.run.verdict import Verdict


def as_json(result: CheckResult, more: Mapping[str, object] = MappingProxyType({})) -> str:
    """The machine-readable result, with further keys; rationals are strings, seconds a number."""
    claims = [
        {
            "name": claim.name,
            "verdict": claim.verdict.value,
            "risk": claim.statement.get("risk"),
            "better_risk": claim.statement.get("better_risk"),
            **{key: value for key, value in claim.statement.items() if key not in ("risk", "better_risk")},
            **claim.notes,
            "reason": claim.reason,
            "seconds": round(claim.seconds, 3),
            "smt": {
                "confirmed": claim.smt.confirmed,
                "unanswered": claim.smt.unanswered,
                "contradicted": claim.smt.contradicted,
            },
        }
        for claim in result.claims
    ]
    document: dict[str, object] = {
        "problem_sha256": result.problem.problem.sha256,
        "verdict": result.verdict.value,
        "claims": claims,
        "certificate": None if result.path is None else str(result.path),
    }
    if result.skipped:
        document["skipped"] = [{"name": name, "reason": reason} for name, reason in result.skipped]
    if result.alarms:
        document["alarms"] = list(result.alarms)
    return json.dumps({**document, **more}, indent=2)


def malformed_json(faults: list[tuple[str, str]]) -> str:
    """The machine-readable result for a file that cannot be read."""
    listed = [{"path": where, "problem": what} for where, what in faults]
    empty: dict[str, object] = {"problem_sha256": None, "verdict": "malformed", "claims": [], "certificate": None}
    return json.dumps({**empty, "faults": listed}, indent=2)


def as_junit(result: CheckResult) -> str:
    """JUnit XML: a test case per claim, refuted is a failure, undecided an error."""
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(f"symverify {result.problem.problem.name or result.problem.problem.sha256[:12]}"),
        tests=str(len(result.claims)),
        failures=str(sum(claim.verdict is Verdict.REFUTED for claim in result.claims)),
        errors=str(sum(claim.verdict not in (Verdict.PROVED, Verdict.REFUTED) for claim in result.claims)),
    )
    for claim in result.claims:
        case = ElementTree.SubElement(
            suite, "testcase", classname="symverify", name=claim.name, time=f"{claim.seconds:.3f}"
        )
        if claim.verdict is not Verdict.PROVED:
            kind = "failure" if claim.verdict is Verdict.REFUTED else "error"
            node = ElementTree.SubElement(case, kind, message=_xml(f"{claim.verdict.value}: {claim.reason}"))
            node.text = _xml(claim_words(result, claim) or claim.reason)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(c if c in "\t\n" or 0x20 <= ord(c) < 0xD800 or ord(c) > 0xFFFD else "�" for c in text)


def verdict_lines(result: CheckResult) -> list[str]:
    """One greppable line per claim; proved ones first, the headline last."""
    ranked = sorted(
        result.claims, key=lambda claim: (_RANK[claim.verdict], claim.name == "spurious_minimum"), reverse=False
    )
    return [
        claim.line or f"s {claim.verdict.value.upper()} {claim.name} problem={result.problem.problem.sha256}"
        for claim in ranked
    ]


_RANK = {verdict: index for index, verdict in enumerate(Verdict)} | {Verdict.UNDECIDED: 1, Verdict.REFUTED: 2}


def short(text: str | None, width: int = 24) -> str:
    """A rational as a table shows it: whole when short, else its beginning and a decimal value."""
    if text is None:
        return ""
    if len(text) <= width:
        return text
    top, _, bottom = text.partition("/")
    value = Context(prec=10).divide(Decimal(top), Decimal(bottom or "1"))  # floats may overflow
    return f"≈ {value.normalize():.10g}"


HEADINGS = ("claim", "verdict", "risk", "better", "solver", "seconds")


def rows(claims: tuple[ClaimResult, ...]) -> list[tuple[str, ...]]:
    """The cells of the claims' table, as in HEADINGS."""
    table: list[tuple[str, ...]] = []
    for claim in claims:
        counts = claim.smt
        opinion = f"{counts.confirmed} confirmed" if counts.confirmed else ""
        opinion += f", {counts.unanswered} unanswered" if counts.unanswered else ""
        opinion += f", {counts.contradicted} CONTRADICTED" if counts.contradicted else ""
        table.append(
            (
                claim.name,
                claim.verdict.value,
                short(_text(claim.statement.get("risk"))),
                short(_text(claim.statement.get("better_risk"))),
                opinion.removeprefix(", "),
                f"{claim.seconds:.2f}",
            )
        )
    return table


def _text(value: str | int | bool | None) -> str | None:
    return value if isinstance(value, str) else None
