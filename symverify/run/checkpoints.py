"""The checkpoints of a search beside the certificate that it is for: each run writes one of its own name.

All of them are written whole, so a run may read and remove those of others: one that is still alive saves its state
again, one that continues another's takes it over by renaming it.
"""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from symverify.certify.global_minimum import applicable
from symverify.errors import BadCheckpoint
from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed
from symverify.search.global_minimum.checkpoint import fingerprint, peek

_LONGEST = 200  # bytes of the certificate's name that a checkpoint's name repeats


def own(output: Path) -> Path:
    """A new name for the checkpoint of one run."""
    return output.with_name(f"{_stem(output)}.{secrets.token_hex(4)}.search")


def found(output: Path) -> list[Path]:
    """The checkpoints beside a certificate, by name."""
    named = re.compile(re.escape(_stem(output)) + r"(\.[0-9a-f]{8})?\.search")
    try:
        return sorted(output.with_name(name) for name in os.listdir(output.parent) if named.fullmatch(name))
    except OSError:
        return []


def take_over(output: Path, problem: Problem, path: Path) -> Path | None:
    """Give the checkpoint of this problem with the most nodes the name `path`; what it was called, None without one.

    Raises BadCheckpoint where there are only others.
    """
    wanted, wrong = _fingerprint(problem), list[BadCheckpoint]()
    fitting = list[tuple[int, Path]]()
    for candidate in found(output):
        try:
            whose, nodes = peek(candidate)
            if whose == wanted:
                fitting.append((nodes, candidate))
            else:
                wrong.append(BadCheckpoint(*_foreign(candidate)))
        except FileNotFoundError:  # its run has ended
            continue
        except BadCheckpoint as error:
            wrong.append(error)
    for _, candidate in sorted(fitting, reverse=True):
        with suppress(FileNotFoundError):
            candidate.rename(path)
            return candidate
    if wrong:
        raise wrong[0]
    return None


def tidy(output: Path, problem: Problem, solved: bool) -> None:
    """Of this problem's checkpoints leave the one with the most nodes; none where the problem is solved."""
    fitting = list[tuple[int, Path]]()
    for candidate in found(output):
        with suppress(FileNotFoundError, BadCheckpoint):
            whose, nodes = peek(candidate)
            if whose == _fingerprint(problem):
                fitting.append((nodes, candidate))
    fitting.sort()
    for _, candidate in fitting if solved else fitting[:-1]:
        with suppress(OSError):
            candidate.unlink()


def remove(output: Path) -> None:
    """Remove all of them."""
    for candidate in found(output):
        with suppress(OSError):
            candidate.unlink()


def _stem(output: Path) -> str:
    return os.fsdecode(os.fsencode(output.name)[:_LONGEST])


def _fingerprint(problem: Problem) -> str:
    if isinstance(problem, Programmed) or applicable(problem) is not None:
        return ""  # there is no search of it that a file could be about
    return fingerprint(problem)


def _foreign(path: Path) -> tuple[str, str]:
    return f"{str(path)!a} is not a checkpoint of this problem", "remove it, or start without --resume"
