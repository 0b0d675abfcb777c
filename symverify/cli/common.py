"""What the commands share: the app, options, loading, progress, tables, and the end of a command."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from symverify.kernel.core.network import Pattern, Problem
    from symverify.problem.load import LoadedProblem
    from symverify.run.check import CheckResult

app = typer.Typer(
    name="symverify",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Prove statements about the loss surfaces of small piecewise linear networks, with certificates.",
    epilog="Exit codes: 0 proved, 10 refuted, 11 certificate rejected, 2 malformed input or usage, 3 undecided, "
    "70 internal error or a solver's contradiction, 130 interrupted.",
)


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class SolverName(StrEnum):
    """A solver for the second opinion."""

    Z3 = "z3"
    CVC5 = "cvc5"


Network = Annotated[Path, typer.Argument(metavar="NETWORK", help="The network file (JSON).")]
Certificate = Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")]


class Stop(Exception):
    """End the command with an exit code and a message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Around work that ends with writing a file: where that fails, the command ends with exit code 2."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise Stop(2, f"cannot write {str(target)!a}: {why}; choose another place with -o") from None


def load_network(network: Path, form: Format) -> "LoadedProblem":
    from symverify.kernel import Malformed
    from symverify.problem.load import load

    try:
        return load(network)
    except Malformed as error:
        if form is Format.JSON:
            from symverify.report.render import malformed_json

            print(malformed_json(list(error.faults)))
            raise typer.Exit(2) from None
        faults = "\n".join(f"  {where or 'file'}: {what}" for where, what in error.faults)
        raise Stop(2, f"{ascii(str(network))[1:-1]} is not a network file that can be read:\n{faults}") from None


def named_cell(problem: "Problem", at: str | None, pattern: str | None) -> "Pattern":
    """The cell that --at or --pattern names."""
    from symverify.kernel import Rejected
    from symverify.search.expand import parse_pattern, pattern_of_point

    if (at is None) == (pattern is None) or at not in (None, "point"):
        raise Stop(2, "give either --at point or --pattern")
    if pattern is None and problem.parameters is None:
        raise Stop(2, "the network file gives no parameters: use --pattern")
    try:
        point = problem.parameters
        return pattern_of_point(problem, point) if pattern is None and point else parse_pattern(problem, pattern or "")
    except (ValueError, Rejected) as error:
        raise Stop(2, str(error)) from None


def certificate_bytes(path: Path) -> bytes:
    from symverify.kernel.__main__ import contents

    return contents(path)


class Progress:
    """One status line on a terminal, nothing elsewhere."""

    def __enter__(self) -> "Progress":
        self.status = None
        if sys.stderr.isatty():
            from rich.console import Console

            self.status = Console(stderr=True).status("starting")
            self.status.start()
        return self

    def say(self, what: str) -> None:
        """Show what is being done."""
        if self.status is not None:
            from rich.text import Text

            self.status.update(Text(what))

    def __exit__(self, *_: object) -> None:
        if self.status is not None:
            self.status.stop()


def print_result(result: "CheckResult") -> None:
    from rich.text import Text

    from symverify.report.render import HEADINGS, rows, verdict_lines
    from symverify.report.words import claim_words

    problem = result.problem.problem
    console = console_of()
    widths = "-".join(map(str, problem.widths))
    count = len(problem.inputs)
    title = f"{ascii(problem.name)[1:-1] or 'network'}: {widths}, {count} sample{'s' * (count != 1)}"
    print_table(title, HEADINGS, rows(result.claims), right=("risk", "better", "seconds"))
    for claim in result.claims:
        gap = f"above the global minimum by exactly {claim.notes['gap']}" if "gap" in claim.notes else ""
        told = "; ".join(filter(None, (claim.reason, claim_words(result, claim), gap)))
        console.print(Text(f"{claim.name}: ", style="bold") + Text(told))
    for name, reason in result.skipped:
        console.print(Text(f"{name}: ", style="bold") + Text(f"skipped: {reason}"))
    for alarm in result.alarms:
        console.print(Text(f"ALARM: {alarm}"))
    if result.path is not None:
        console.print(Text(f"certificate: {result.path}"), soft_wrap=True)
    for line in verdict_lines(result):
        print(line)


def console_of() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console_of().print(table)
