"""python -I -m symverify.kernel [--core] NETWORK CERTIFICATE: verify with the standard library alone."""

import argparse
import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from .check import VERSION, Checked, check
from .core.errors import Declined, Malformed, Rejected
from .core.text import MAX_BYTES

PROVED, MALFORMED, UNDECIDED, REFUTED, REJECTED, INTERNAL, INTERRUPTED = 0, 2, 3, 10, 11, 70, 130


def contents(path: Path) -> bytes:
    """The bytes of a regular file of bounded size; OSError for anything else (a pipe would never end)."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if path.stat().st_size > MAX_BYTES:
        raise OSError(errno.EFBIG, f"larger than {MAX_BYTES} bytes", str(path))
    return path.read_bytes()


def sources() -> str:
    """The SHA-256 of the kernel's own sources: of each file's path and bytes, in the order of the paths."""
    found = hashlib.sha256()
    for path, content in sorted(source_files(files(__package__), "")):
        found.update(path.encode() + b"\0" + content + b"\0")
    return found.hexdigest()


def source_files(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """The paths and bytes of the Python files in a folder of the kernel's, which may lie in a zip archive."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from source_files(each, f"{path}{each.name}/")
        elif each.name.endswith(".py"):
            yield path + each.name, each.read_bytes()


def outcome(checked: Checked, core: bool) -> tuple[int, list[str]]:
    """The exit code, and the verdict lines of the theorems, the one that decides the code last."""
    ordered = sorted(checked.theorems, key=lambda theorem: (theorem.verdict == "refuted", theorem.claim == "point"))
    other = [theorem for theorem in ordered if core and theorem.storey != "core"]
    if other:
        lines = [theorem.line() for theorem in ordered if theorem not in other]
        return UNDECIDED, [*lines, *(f"s UNDECIDED {each.claim} needs storey={each.storey}" for each in other)]
    code = REFUTED if ordered[-1].verdict == "refuted" else PROVED
    return code, [theorem.line() for theorem in ordered]


def verify(network: Path, certificate: Path, core: bool = False) -> tuple[int, list[str]]:
    """The exit code and the lines to print; the last line is the verdict. With `core` other storeys are refused."""
    try:
        checked = check(contents(network), contents(certificate), lambda name: contents(network.parent / name))
    except Malformed as error:
        return MALFORMED, [f"{where or 'file'}: {what}" for where, what in error.faults] + ["s MALFORMED"]
    except OSError as error:
        return MALFORMED, [f"cannot read {error.filename!a}: {error.strerror}", "s MALFORMED"]
    except Rejected as error:
        return REJECTED, [str(error), "s REJECTED"]
    except (Declined, RecursionError, MemoryError) as error:
        return UNDECIDED, [f"beyond the kernel's budget: {error}", "s UNDECIDED"]
    return outcome(checked, core)


def main() -> int:
    """Verify and print; every stray exception is an internal error, never a verdict."""
    parser = argparse.ArgumentParser(prog="symverify.kernel", description="Verify a certificate about a network file.")
    parser.add_argument("--core", action="store_true", help="refuse what does not rest on the core alone")
    parser.add_argument("network", type=Path, metavar="NETWORK")
    parser.add_argument("certificate", type=Path, metavar="CERTIFICATE")
    arguments = parser.parse_args()
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code, lines = verify(arguments.network, arguments.certificate, arguments.core)
        print("\n".join([f"c kernel {VERSION}, sources {sources()}", *lines]), flush=True)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as error:  # an internal error must not look like a verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the interpreter's last flush fails and exits with 120
        sys.stderr.write(f"internal error: {type(error).__name__}: {error}\n")
        return INTERNAL
    return code


if __name__ == "__main__":
    sys.exit(main())
