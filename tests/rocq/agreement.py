"""The Python kernel and the extracted checker on the same certificate, and where they may differ."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from symverify.kernel import Declined, Malformed, Rejected, check
from symverify.kernel.__main__ import MALFORMED, REJECTED, UNDECIDED, outcome
from tests.kernel.corruption import Json, no_data, text

UNVERIFIED = re.compile(r" (?:dimension|exact)=\S+(?=.* storey=reals )")


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code, verdict lines without the numbers that have no verified checker, the other lines."""

    code: int
    lines: frozenset[str]
    rest: tuple[str, ...]

    @property
    def incomplete(self) -> bool:
        """Whether something is named as not covered, or as beyond the budget."""
        return any(line.startswith(("not covered: ", "beyond the budget: ")) for line in self.rest)


def of_lines(code: int, lines: list[str]) -> Answer:
    """The answer in an exit code and printed lines."""
    verdicts = frozenset(UNVERIFIED.sub("", line) for line in lines if line.startswith(("s PROVED", "s REFUTED")))
    return Answer(code, verdicts, tuple(line for line in lines if not line.startswith(("s PROVED", "s REFUTED"))))


def python(network: bytes, proof: bytes) -> Answer:
    """What the Python kernel says."""
    try:
        checked = check(network, proof, no_data)
    except Malformed as error:
        return Answer(MALFORMED, frozenset(), (str(error),))
    except Rejected as error:
        return Answer(REJECTED, frozenset(), (str(error),))
    except Declined as error:
        return Answer(UNDECIDED, frozenset(), (str(error),))
    return of_lines(*outcome(checked, False))


def run(checker: Path, network: Path, certificate: Path, *options: str) -> Answer:
    """What the extracted checker says about two files."""
    command = [str(checker), *options, str(network), str(certificate)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == "", done.stderr
    return of_lines(done.returncode, done.stdout.splitlines())


def kernel(network: Json, proof: Json) -> Answer:
    """The same for documents."""
    return python(text(network), json.dumps(proof).encode())


def extracted(checker: Path, folder: Path, network: Json, proof: Json) -> Answer:
    """The same for documents, of what is covered."""
    files = folder / "network.json", folder / "certificate.json"
    files[0].write_bytes(text(network))
    files[1].write_text(json.dumps(proof))
    return run(checker, *files, "--covered")


def differ(one: Answer, other: Answer) -> str:
    """How the extracted checker's answer contradicts the kernel's; "" if it does not.

    What has no verified checker, or takes it too long, may be left open, and with it what the kernel finds wrong there;
    nothing may be proved that the kernel does not prove, and nothing rejected that it accepts.
    """
    if not other.lines <= one.lines and one.code in (0, 10):
        return f"proves {sorted(other.lines - one.lines)}"
    if one.code == other.code or other.incomplete:
        return ""
    return f"{one.code} {one.rest} against {other.code} {other.rest}"
