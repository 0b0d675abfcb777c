"""The command line: argument parsing and printing; everything heavy is imported inside the commands.

This module is what a process begins with, so it imports next to nothing: an interruption finds `main` running.
"""

import sys

TYPE_CHECKING = False  # importing typing costs milliseconds; type checkers take the name
if TYPE_CHECKING:
    from collections.abc import Sequence

    from symverify.cli.common import app

__all__ = ["app", "main", "run"]


def main() -> None:
    """The entry point: every outcome becomes a documented exit code."""
    try:
        from symverify.cli.process import process
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(process(run))


def run(arguments: "Sequence[str] | None" = None) -> int:
    """The command that some arguments (by default the process's own) name; its exit code. Prints, raises nothing."""
    from symverify.cli.outcome import exit_code

    return exit_code(arguments)


def __getattr__(name: str) -> object:
    if name == "app":
        from symverify.cli import bring, common, prove, read, seek, survey, words

        return common.app if bring and prove and read and seek and survey and words else None
    raise AttributeError(f"module 'symverify.cli' has no attribute {name!r}")
