"""Several network files in one command: names with * expanded, one after the other, and the worst of all at the end."""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from glob import glob, has_magic
from pathlib import Path

from symverify.cli.common import Format, faulty, read_network, tell
from symverify.cli.outcome import say
from symverify.errors import Declined, Malformed, Rejected, SymverifyError, Usage
from symverify.problem.load import LoadedProblem
from symverify.run.check import CheckResult
from symverify.run.verify import WORDS, worst_of
from symverify.text import leading, plain

Check = Callable[[Path, LoadedProblem], CheckResult]


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


def check_all(
    networks: Sequence[Path],
    data: Path | None,
    form: Format,
    check: Check,
    stopped: Callable[[], bool],
    before: Callable[[], Sequence[str]],
) -> int:
    """Check network files one after the other, tell each result, and last the counts; the worst exit code.

    What is wrong with one file is told, and the others go on, until `stopped`. `before` is said before a result.
    """
    from symverify.cli.common import print_result
    from symverify.report.render import as_json, as_junit, malformed_json

    codes, documents, suites = list[int](), list[object](), list[str]()
    for network in networks:
        if stopped():
            break
        try:
            result = check(network, read_network(network, data))
        except SymverifyError as error:
            codes.append(_code(error))
            faults = list(error.faults) if isinstance(error, Malformed) else [("", str(error))]
            documents.append({"network": str(network), **json.loads(malformed_json(faults))})
            if form is not Format.JSON and isinstance(error, Malformed):
                faulty(network, error)
            elif form is not Format.JSON:
                say(f"{leading(network)}: {plain(error)}")
            continue
        codes.append(result.verdict.exit_code)
        documents.append({"network": str(network), **json.loads(as_json(result))})
        suites.append(as_junit(result).partition("?>")[2].strip())
        if form is Format.TEXT:
            tell(f"{leading(network)}:", *before())
            print_result(result)
            tell("")
    worst = worst_of(codes)
    match form:
        case Format.JSON:
            print(json.dumps(documents, indent=2))
        case Format.JUNIT:
            text = f"<?xml version='1.0'?>\n<testsuites>{''.join(suites)}</testsuites>"
            print(text)
        case Format.TEXT:
            counts = Counter(WORDS[code] for code in codes)
            listed = ", ".join(f"{counts[word]} {word}" for word in WORDS.values() if counts[word])
            tell(f"s {WORDS[worst].upper()} networks={len(networks)}: {listed}")
    return worst


def _code(error: SymverifyError) -> int:
    """The exit code of a command that ends with an error."""
    match error:
        case Rejected():
            return 11
        case Declined():
            return 3
        case _:
            return 2


__all__ = ["check_all", "expanded"]
