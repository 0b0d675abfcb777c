"""python -I -m symverify.kernel NETWORK CERTIFICATE: verify with the standard library alone."""

import argparse
import errno
import os
import sys
from pathlib import Path

from .check import check
from .errors import Declined, Malformed, Rejected
from .read import MAX_BYTES

PROVED, MALFORMED, UNDECIDED, REFUTED, REJECTED, INTERNAL, INTERRUPTED = 0, 2, 3, 10, 11, 70, 130


def contents(path: Path) -> bytes:
    """The bytes of a regular file of bounded size; OSError for anything else (a pipe would never end)."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if path.stat().st_size > MAX_BYTES:
        raise OSError(errno.EFBIG, f"larger than {MAX_BYTES} bytes", str(path))
    return path.read_bytes()


def verify(network: Path, certificate: Path) -> tuple[int, list[str]]:
    """The exit code and the lines to print; the last line is the verdict."""
    try:
        theorems = check(contents(network), contents(certificate), lambda name: contents(network.parent / name))
    except Malformed as error:
        return MALFORMED, [f"{where or 'file'}: {what}" for where, what in error.faults] + ["s MALFORMED"]
    except OSError as error:
        return MALFORMED, [f"cannot read {error.filename!a}: {error.strerror}", "s MALFORMED"]
    except Rejected as error:
        return REJECTED, [str(error), "s REJECTED"]
    except (Declined, RecursionError, MemoryError) as error:
        return UNDECIDED, [f"beyond the kernel's budget: {error}", "s UNDECIDED"]
    ordered = sorted(theorems, key=lambda theorem: (theorem.verdict == "refuted", theorem.claim == "spurious_minimum"))
    code = REFUTED if ordered[-1].verdict == "refuted" else PROVED
    return code, [f"{theorem.claim}: {theorem.words}" for theorem in theorems] + [theorem.line() for theorem in ordered]


def main() -> int:
    """Verify and print; every stray exception is an internal error, never a verdict."""
    parser = argparse.ArgumentParser(prog="symverify.kernel", description="Verify a certificate about a network file.")
    parser.add_argument("network", type=Path, metavar="NETWORK")
    parser.add_argument("certificate", type=Path, metavar="CERTIFICATE")
    arguments = parser.parse_args()
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code, lines = verify(arguments.network, arguments.certificate)
        print("\n".join(lines), flush=True)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as error:  # an internal error must not look like a verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the interpreter's last flush fails and exits with 120
        sys.stderr.write(f"internal error: {type(error).__name__}: {error}\n")
        return INTERNAL
    return code


if __name__ == "__main__":
    sys.exit(main())
