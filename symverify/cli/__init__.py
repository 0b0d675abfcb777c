"""The command line: argument parsing and printing; everything heavy is imported inside the commands."""

import sys

from symverify.cli import bring, prove, read
from symverify.cli.common import Stop, app

__all__ = ["app", "bring", "main", "prove", "read"]


def main() -> None:
    """The entry point: every outcome becomes a documented exit code."""
    sys.exit(_run())


def _run() -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        outcome = app(standalone_mode=False)
        sys.stdout.flush()
        return outcome if isinstance(outcome, int) else 0
    except Stop as stop:
        print(stop.message, file=sys.stderr)
        return stop.code
    except (KeyboardInterrupt, EOFError):
        return _interrupted()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 70
    except BrokenPipeError:
        sys.stdout = None  # nobody reads on; do not fail again at exit
        return 70
    except BaseException as error:
        return _failed(error)


def _failed(error: BaseException) -> int:
    """The exit code of an exception that no command expected."""
    name = type(error).__name__
    show = getattr(error, "show", None)
    if callable(show) and hasattr(error, "exit_code"):  # a usage error
        show()
        return 2
    if name == "Abort":  # what the command line's library makes of Ctrl-C
        return _interrupted()
    from symverify.kernel import Declined, Malformed, Rejected

    for kind, code in ((Malformed, 2), (Rejected, 11), (Declined, 3)):
        if isinstance(error, kind):
            print(str(error), file=sys.stderr)
            return code
    print(f"internal error: {name}: {error}", file=sys.stderr)
    return 70


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return 130
