"""What the GitHub Action does: verify certificates, compare them with those of an earlier commit, write the summary.

Standard library only: the action runs this from its own checkout, with nothing installed. Its settings come in the
environment: SYMVERIFY_PATHS, a line each, SYMVERIFY_REQUIRE_PROVED, SYMVERIFY_REQUIRE_KEPT and SYMVERIFY_SINCE, the
commit to compare with; the summary and the output go to the files GITHUB_STEP_SUMMARY and GITHUB_OUTPUT.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from symverify.problem.write import append
from symverify.report.summary import markdown_changes, markdown_summary
from symverify.run.diff import Diff, diff
from symverify.run.verify import report, verify_many, worst_code, worst_of
from symverify.text import SPELLED, plain

LONGEST = 300.0  # seconds for one command of git


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Verify, compare, tell; the exit code of `symverify verify`, or 10 where something lost fails the step."""
    paths = [Path(line.strip()) for line in environment.get("SYMVERIFY_PATHS", "").splitlines() if line.strip()]
    results = verify_many(paths, _is(environment, "SYMVERIFY_REQUIRE_PROVED"))
    lines, summary, codes = report(results), markdown_summary(results), [worst_code(results)]
    since = environment.get("SYMVERIFY_SINCE", "").strip()
    changes = list(compared(paths, since)) if since.strip("0") else []
    if told := markdown_changes(changes, since):
        summary += "\n" + told
        verdict = lines.pop()
        lines += [f"{folder}: {line}" for folder, found in changes for line in found.report()[:-1] if line[0] != "="]
        lines.append(verdict)
    if _is(environment, "SYMVERIFY_REQUIRE_KEPT"):
        codes += [found.code for _, found in changes if found.code == 10]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=SPELLED)  # on Windows not all characters can be written
    for line in lines:
        print(plain(line, letters=True))
    _written(environment.get("GITHUB_STEP_SUMMARY", ""), summary)
    _written(environment.get("GITHUB_OUTPUT", ""), f"verdict={plain(lines[-1])}\n")
    return worst_of(codes)


def _is(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").strip().lower() == "true"


def _written(path: str, text: str) -> None:
    if path:
        append(Path(path), text.encode())


def compared(paths: Sequence[Path], since: str) -> Iterator[tuple[str, Diff]]:
    """The folders of these paths that differ from those of a commit, with what their certificates lost and gained.

    Where the commit cannot be had there is nothing to compare, and that is told.
    """
    if not _known(since):
        print(plain(f"there is no commit {plain(since, 60)} to compare with"))
        return
    folders = dict.fromkeys(path if os.path.isdir(path) else path.parent for path in paths)
    for folder in folders:
        inside = ["--", folder.as_posix()]
        if _git("diff", "--quiet", since, *inside) is not None:
            continue
        listed = _git("ls-tree", "-r", "-z", "--full-name", "--name-only", since, *inside) or b""
        files = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
        if not files:
            continue
        top = Path((_git("rev-parse", "--show-toplevel") or b"").decode().strip())
        with TemporaryDirectory() as old:
            for name in files:
                place = Path(old, os.path.relpath(top / name, folder.absolute()))
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_git("cat-file", "blob", f"{since}:{name}") or b"")
            yield folder.as_posix(), diff(Path(old), folder)


def _known(commit: str) -> bool:
    """Whether a commit is here, after fetching it if need be."""
    if commit.startswith("-"):
        return False
    name = f"{commit}^{{commit}}"
    if _git("rev-parse", "--verify", "--quiet", name) is not None:
        return True
    _git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit)
    return _git("rev-parse", "--verify", "--quiet", name) is not None


def _git(*arguments: str) -> bytes | None:
    """What git says, None where it fails or is not there."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, timeout=LONGEST, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
