"""Several network files in one command: names with * expanded, one after the other, and the worst of all at the end."""

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

from symverify.cli.common import Format, print_result, read_network, tell
from symverify.cli.outcome import faulty, say
from symverify.errors import Declined, Malformed, Rejected, SymverifyError, Usage
from symverify.problem.load import LoadedProblem
from symverify.report.junit import document, failed_suite, suite, together
from symverify.report.render import as_json, failed_fields
from symverify.run.check import CheckResult
from symverify.run.verdict import SEVERITY, Verdict, worst
from symverify.text import leading, plain


class Run(Protocol):
    """The check of a network, and what is told of the last one beside its result."""

    def __call__(self, network: Path, problem: LoadedProblem) -> CheckResult: ...
    def words(self, exact: bool) -> Sequence[str]: ...
    def more(self, result: CheckResult) -> Mapping[str, object]: ...


def expanded(paths: Sequence[Path]) -> list[Path]:
    """The files that paths name, each once; patterns with * and ? that no shell has expanded are, in order of names.

    Raises Usage for a pattern that fits nothing.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if str(path) == "-" or os.path.exists(path) or not has_magic(str(path)):
            found[path] = None
            continue
        fitting = sorted(map(Path, glob(str(path), recursive=True)))
        if not fitting:
            raise Usage(f"no file fits {str(path)!a}", "check the pattern and the folder")
        found |= dict.fromkeys(each for each in fitting if not each.name.endswith(".symcert.json"))
    return list(found)


@dataclass(frozen=True, slots=True)
class Failure:
    """A network whose run has no result: the verdict, and why."""

    network: Path
    verdict: Verdict
    faults: Sequence[tuple[str, str]]

    def fields(self) -> dict[str, object]:
        """It as JSON has it."""
        return failed_fields(self.faults, self.verdict)

    def suite(self) -> Element:
        """It as JUnit XML has it."""
        lines = [": ".join(filter(None, fault)) for fault in self.faults]
        return failed_suite(str(self.network), f"{self.verdict.value}: {lines[0]}", lines)


def failure(network: Path, error: SymverifyError) -> Failure:
    """What an error says about the run that it ended."""
    match error:
        case Rejected():
            verdict = Verdict.REJECTED
        case Declined():
            verdict = Verdict.UNDECIDED
        case _:
            verdict = Verdict.MALFORMED
    return Failure(network, verdict, error.faults if isinstance(error, Malformed) else [("", str(error))])


def print_failure(network: Path, error: SymverifyError, form: str) -> None:
    """Print, as JSON or JUnit XML, that a single network has no result."""
    failed = failure(network, error)
    text = document(failed.suite()) if form == Format.JUNIT else json.dumps(failed.fields(), indent=2)
    print(text)


def check_all(
    networks: Sequence[Path],
    data: Path | None,
    form: Format,
    check: Run,
    stopped: Callable[[], bool],
    exact: bool,
) -> int:
    """Check network files one after the other, tell each result, and last the counts; the worst exit code.

    What is wrong with one file is told, and the others go on, until `stopped`; those that are left are undecided.
    `exact`: text has all digits.
    """
    found = list[tuple[Verdict, dict[str, object], Element]]()
    for network in networks:
        try:
            if stopped():
                raise Declined("not begun: the run was interrupted")
            result = check(network, read_network(network, data))
        except SymverifyError as error:
            failed = failure(network, error)
            found.append((failed.verdict, {"network": str(network), **failed.fields()}, failed.suite()))
            if form is not Format.JSON and isinstance(error, Malformed):
                faulty(network, error)
            elif form is not Format.JSON:
                say(f"{leading(network)}: {plain(error)}")
            continue
        fields = {"network": str(network), **json.loads(as_json(result, check.more(result)))}
        found.append((result.verdict, fields, suite(result, stopped())))
        if form is Format.TEXT:
            tell(f"{leading(network)}:", *check.words(exact))
            print_result(result, exact)
            tell("")
    verdicts = [verdict for verdict, _, _ in found]
    overall = worst(verdicts)
    match form:
        case Format.JSON:
            print(json.dumps([fields for _, fields, _ in found], indent=2))
        case Format.JUNIT:
            text = document(together([each for _, _, each in found]))
            print(text)
        case Format.TEXT:
            counts = Counter(verdicts)
            listed = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in SEVERITY if counts[verdict])
            tell(f"s {overall.value.upper()} networks={len(networks)}: {listed}")
    return overall.exit_code


__all__ = ["check_all", "expanded", "print_failure"]
