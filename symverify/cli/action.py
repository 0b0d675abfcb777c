"""What the GitHub Action does: verify certificates, compare them with those of an earlier commit, write the summary.

Standard library only: the action runs this from its own checkout, with nothing installed. Its settings come in the
environment: SYMVERIFY_PATHS, a line each, SYMVERIFY_REQUIRE_PROVED, SYMVERIFY_REQUIRE_KEPT and SYMVERIFY_SINCE, the
commit to compare with; the summary and the output go to the files GITHUB_STEP_SUMMARY and GITHUB_OUTPUT.
"""

import io
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from symverify.errors import Usage
from symverify.kernel.__main__ import MALFORMED, PROVED, REFUTED, UNDECIDED
from symverify.problem.write import append
from symverify.report.escape import markdown, terminal
from symverify.report.summary import markdown_changes, markdown_summary
from symverify.run.diff import Diff
from symverify.run.since import compared
from symverify.run.verify import WORDS, report, verify_many, worst_code, worst_of
from symverify.text import SPELLED, plain


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Verify, compare, tell; the exit code of `symverify verify`, or another where what was proved is not all kept."""
    try:
        proved = _is(environment, "SYMVERIFY_REQUIRE_PROVED")
        kept = _is(environment, "SYMVERIFY_REQUIRE_KEPT")
    except Usage as error:
        return _told(
            environment, [f"s MALFORMED {error}"], f"### symverify\n\n{markdown(terminal(str(error)))}\n", MALFORMED
        )
    paths = [Path(line.strip()) for line in environment.get("SYMVERIFY_PATHS", "").splitlines() if line.strip()]
    results = verify_many(paths, proved)
    code, past = worst_code(results), _past(paths, environment.get("SYMVERIFY_SINCE", "").strip())
    *lines, verdict = report(results)
    lines += [*past.lines(), verdict]
    summary = "\n".join(filter(None, [markdown_summary(results), markdown_changes(past.changes, past.since)]))
    last = [past.told] if past.why else []
    if kept and worst_of([code, past.code]) != code:
        code = past.code
        lines.append(past.verdict())
        last.append(past.verdict())
    if last:
        summary += "\n" + "\n\n".join(markdown(terminal(each, 500)) for each in last) + "\n"
    return _told(environment, lines, summary, code)


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of an earlier commit, "" for none: what has changed, and why not all was compared, if so."""

    since: str
    changes: Sequence[tuple[str, Diff]]
    why: str

    @property
    def code(self) -> int:
        """0 where nothing is lost, or there is no such commit; 10 where something is; else the reason's."""
        codes = [found.code for _, found in self.changes]
        if REFUTED in codes:
            return REFUTED
        return worst_of([PROVED, *codes, *([UNDECIDED] if self.since and self.why else [])])

    @property
    def told(self) -> str:
        """That not all was compared, and why."""
        return f"not compared: {self.why}"

    def lines(self) -> list[str]:
        """A line for each claim that is not as it was."""
        found = [(folder, line) for folder, found in self.changes for line in found.report()[:-1] if line[0] != "="]
        changed = [": ".join(filter(None, (plain(folder), line))) for folder, line in found]
        return [*([self.told] if self.why else []), *changed]

    def verdict(self) -> str:
        """The last line of a step that fails for what was there before."""
        counts = Counter(line.change.name.lower() for _, found in self.changes for line in found.lines)
        listed = ", ".join(f"{count} {change}" for change, count in counts.items())
        word = "LOST" if self.code == REFUTED else WORDS[self.code].upper()
        why = "" if self.code == REFUTED else self.told if self.why else "what some certificates proved is not known"
        return f"s {word} since={plain(self.since[:12])}: {'; '.join(filter(None, (why, listed)))}"


def _past(paths: Sequence[Path], since: str) -> _Past:
    """What has become of what an earlier commit proved."""
    if not since.strip("0"):  # as for the first push of a branch, for a new tag, and where nothing was pushed
        return _Past("", (), "no earlier commit is named")
    changes = list[tuple[str, Diff]]()
    try:
        for each in compared(paths, since):
            changes.append(each)
    except (Usage, OSError) as error:
        return _Past(since, changes, str(error))
    return _Past(since, changes, "")


def _is(environment: Mapping[str, str], name: str) -> bool:
    """Whether an input is true. Raises Usage for anything but true and false."""
    value = environment.get(name, "").strip()
    if value.lower() not in ("true", "false", ""):
        raise Usage(f"{name.removeprefix('SYMVERIFY_').lower().replace('_', '-')} is {value!a:.60}, not true or false")
    return value.lower() == "true"


def _told(environment: Mapping[str, str], lines: Sequence[str], summary: str, code: int) -> int:
    """Print the lines, the last of which is the verdict; write the summary and the output; the code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=SPELLED)  # on Windows not all characters can be written
    for line in lines:
        print(plain(line, letters=True))
    _written(environment.get("GITHUB_STEP_SUMMARY", ""), summary)
    _written(environment.get("GITHUB_OUTPUT", ""), f"verdict={plain(lines[-1])}\n")
    return code


def _written(path: str, text: str) -> None:
    if path:
        append(Path(path), text.encode())
