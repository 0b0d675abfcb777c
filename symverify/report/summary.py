"""A job's summary page in Markdown: what became of certificates, and what changed. Standard library only."""

from collections.abc import Sequence

from symverify.report.escape import markdown, terminal
from symverify.run.diff import Change, Diff
from symverify.run.verify import Verified, report

SIGNS = {
    Change.STRONGER: "stronger",
    Change.GAINED: "gained",
    Change.WEAKER: "**weaker**",
    Change.DIFFERENT: "**different**",
    Change.LOST: "**lost**",
    Change.UNVERIFIED: "not verified",
}


def markdown_summary(results: Sequence[Verified]) -> str:
    """A table of verified certificates; strangers' text is escaped."""
    rows = ["| certificate | network file | verdict | claims |", "|---|---|---|---|"]
    for result in results:
        proved = "; ".join(theorem.claim + " (refuted)" * (theorem.verdict == "refuted") for theorem in result.theorems)
        detail = proved or f"{result.where}: {result.reason}".removeprefix(": ")
        detail = ". Note: ".join(filter(None, (detail, result.note)))
        network = "" if result.network is None else terminal(str(result.network), 4000)
        cells = (terminal(str(result.certificate), 4000), network, result.word, terminal(detail, 1000))
        rows.append(f"| {' | '.join(map(markdown, cells))} |")
    return "\n".join(["### symverify", "", *rows, "", markdown(report(results)[-1][:500]), ""])


def markdown_changes(changes: Sequence[tuple[str, Diff]], since: str) -> str:
    """What changed in folders since a commit: a row for each claim that is not as it was; "" where all are."""
    rows = []
    for folder, found in changes:
        for line in found.lines:
            if line.change is not Change.KEPT:
                place = "/".join(filter(None, (folder, line.key[0])))
                cells = map(markdown, (terminal(place, 500), terminal(line.key[1], 200)))
                rows.append(f"| {' | '.join(cells)} | {SIGNS[line.change]} | {markdown(terminal(line.detail, 500))} |")
    if not rows:
        return ""
    head = ["| certificate | claim | change | what |", "|---|---|---|---|"]
    return "\n".join([f"#### Changes since {markdown(terminal(since[:12]))}", "", *head, *rows, ""])
