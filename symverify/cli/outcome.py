"""From what a command returns or raises to its exit code, and the message on standard error."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from symverify.cli.process import BEGUN, INTERRUPTED, interrupted
from symverify.text import plain

MALFORMED, UNDECIDED, REJECTED, INTERNAL = 2, 3, 11, 70


def exit_code(arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name; its exit code. Whatever is raised becomes one."""
    begun = BEGUN if arguments is None else time.monotonic()  # the wait for this command
    try:
        from symverify.cli import bring, prove, read, seek, survey, words  # noqa: F401  # the commands
        from symverify.cli.common import app

        outcome = app(arguments, prog_name="symverify", standalone_mode=False, obj=begun)
        code = outcome if isinstance(outcome, int) else 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) and stop.code != 1 else INTERNAL
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException as error:
        code = INTERRUPTED if interrupted() or type(error).__name__ == "Abort" else _failed(error)
    return code


def say(message: str) -> None:
    """A message on standard error, each of its lines through the door."""
    for line in message.splitlines() or [""]:
        print(plain(line, letters=True), file=sys.stderr)


def beyond(error: BaseException) -> Any:
    """What exceeds memory, or what Python spells, as what it is: Declined; None for another error."""
    from symverify.errors import Declined, unspelled

    if isinstance(error, MemoryError | RecursionError):
        return Declined(f"beyond the budget: {type(error).__name__}: {error}")
    return Declined("beyond the budget: a number has too many digits to be written") if unspelled(error) else None


def _failed(error: BaseException) -> int:
    """The exit code of an exception that ends a command."""
    from symverify.errors import Declined, Rejected, SymverifyError

    if callable(getattr(error, "format_message", None)):  # a usage error of the command line's library
        say(_usage(error))
        return MALFORMED
    error = beyond(error) or error
    match error:
        case Rejected():
            code = REJECTED
        case Declined():
            code = UNDECIDED
        case SymverifyError():
            code = MALFORMED
        case _:
            say(plain(f"internal error: {type(error).__name__}: {error}"))
            return INTERNAL
    say(plain(error))
    return code


def _usage(error: Any) -> str:
    """What is wrong with the arguments, and how to get help."""
    context = getattr(error, "ctx", None)
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":  # its message is the help itself
        return str(context.get_help())
    told = plain(f"Error: {error.format_message()}")
    return (
        told if context is None else f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n{told}"
    )
