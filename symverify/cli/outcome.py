"""From what a command returns or raises to its exit code, and the message on standard error."""

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from symverify.cli.process import BEGUN, INTERRUPTED, interrupted
from symverify.text import leading, plain

if TYPE_CHECKING:
    from symverify.errors import Malformed

MALFORMED, UNDECIDED, REJECTED, INTERNAL = 2, 3, 11, 70


class Call:
    """A command that was called: since when it is waited for, the format asked for, and the network that it is about.

    The format is read without the parser, which may have failed; the network is, at first, the command's name.
    """

    def __init__(self, begun: float, arguments: Sequence[str]) -> None:
        self.begun, self.network = begun, Path(next(iter(arguments), ""))
        self.form = ["", *re.findall(r"(?:^|\0)--format[=\0]([^\0]*)", "\0".join(arguments))][-1]


def exit_code(arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name; its exit code. Whatever is raised becomes one."""
    call = Call(BEGUN, sys.argv[1:]) if arguments is None else Call(time.monotonic(), arguments)
    try:
        from symverify.cli import bring, prove, read, seek, survey, words  # noqa: F401  # the commands
        from symverify.cli.common import app

        outcome = app(arguments, prog_name="symverify", standalone_mode=False, obj=call)
        code = outcome if isinstance(outcome, int) else 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) and stop.code != 1 else INTERNAL
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException as error:
        code = INTERRUPTED if interrupted() or type(error).__name__ == "Abort" else _failed(error, call)
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


def _failed(error: BaseException, call: Call) -> int:
    """The exit code of an exception that ends a command; what is read by programs says so, too."""
    from symverify.errors import Declined, NotLoaded, Rejected, SymverifyError, Usage

    usage = callable(getattr(error, "format_message", None))  # of the command line's library
    failed = Usage(plain(cast(Any, error).format_message())) if usage else beyond(error) or error
    if not isinstance(failed, SymverifyError):
        say(plain(f"internal error: {type(error).__name__}: {error}"))
        return INTERNAL
    if call.form in ("json", "junit"):
        from symverify.cli.several import print_failure

        print_failure(getattr(failed, "network", call.network), failed, call.form)
    if not isinstance(failed, NotLoaded):
        say(_usage(error) if usage else plain(failed))
    elif call.form != "json":
        faulty(failed.network, failed)
    match failed:
        case Rejected():
            return REJECTED
        case Declined():
            return UNDECIDED
        case _:
            return MALFORMED


def faulty(network: Path, error: "Malformed") -> None:
    """Say what is wrong with a network file."""
    name = "the standard input" if str(network) == "-" else leading(network)
    say(f"{name} is not a network file that can be read:")
    for where, what in error.faults:
        say(plain(f"  {where or 'file'}: {what}"))


def _usage(error: Any) -> str:
    """What is wrong with the arguments, and how to get help."""
    context = getattr(error, "ctx", None)
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":  # its message is the help itself
        return str(context.get_help())
    told = plain(f"Error: {error.format_message()}")
    return (
        told if context is None else f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n{told}"
    )
