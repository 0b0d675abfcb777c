"""The Python kernel and the extracted checker on the same certificate, and where they may differ."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from symverify.kernel import Declined, Malformed, Rejected, check
from symverify.kernel.__main__ import MALFORMED, REJECTED, UNDECIDED, outcome
from tests.kernel.accepted import Case as Control
from tests.kernel.corruption import Json, no_data, text
from tests.rocq.cases import Case

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


def both(checker: Path, folder: Path, network: Json, proof: Json) -> tuple[Answer, Answer]:
    """What both say about documents."""
    return kernel(network, proof), extracted(checker, folder, network, proof)


def accepted(checker: Path, folder: Path, control: Control, code: int = 0) -> None:
    """Both prove the same, or refute it."""
    told, answer = both(checker, folder, control.network, control.proof)
    assert (told.code, answer.code, answer.lines) == (code, code, told.lines), answer


def refused(checker: Path, folder: Path, network: Json, proof: Json) -> None:
    """Both reject it, or both call it malformed."""
    told, answer = both(checker, folder, network, proof)
    assert told.code in (REJECTED, MALFORMED)
    assert answer.code == told.code, (told, answer)


def agree(
    checker: Path, folder: Path, cases: Iterable[Case], more_than: Mapping[int, int], complete: bool = False
) -> None:
    """No case is contradicted, and both give each of these codes more often than that.

    complete: the codes are equal, unless the checker's budget ends or a mutant is in a step without a checker.
    """
    seen: Counter[tuple[int, int]] = Counter()
    for name, document, proof in cases:
        one, other = both(checker, folder, document, proof)
        assert not differ(one, other), (name, json.dumps(document), json.dumps(proof), differ(one, other))
        if complete and one.code != other.code:
            assert other.rest[0].startswith(("beyond the budget", "not covered")), (name, document, proof, other)
        seen[one.code, other.code] += 1
    assert all(seen[code, code] > least for code, least in more_than.items()), seen
