"""What the commands share: the app, options, loading, progress, tables, and the end of a command."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symverify.cli.outcome import say
from symverify.errors import Malformed, NotWritable, Usage
from symverify.problem.write import destination
from symverify.text import leading, plain

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
LONGEST = 10.0**8  # seconds; what waits for processes cannot wait for much more


def positive(seconds: float) -> float:
    """A time limit as an option takes it."""
    if not 0 < seconds <= LONGEST:
        raise typer.BadParameter(f"{seconds:g} is not a number of seconds above 0 and up to {LONGEST:g}")
    return seconds


def share(text: str) -> str:
    """A part of a value, above 0 and below 1, as an option takes it."""
    from symverify.kernel.core.errors import KernelError
    from symverify.kernel.core.text import liberal

    try:
        fits = 0 < liberal(text, "") < 1
    except KernelError:
        fits = False
    if not fits:
        raise typer.BadParameter(f"{text!a:.60} is not a number above 0 and below 1")
    return text


def tell(*lines: str) -> None:
    """Print lines, each through the door: none of them can become two."""
    for line in lines:
        print(plain(line, letters=True))


def writable(target: Path, *sources: Path) -> Path:
    """The path itself, if it can be written to and is none of the sources: to be asked before long work.

    Raises NotWritable.
    """
    with writing(target):
        destination(target)
        for source in sources:
            if source.exists() and target.exists() and source.samefile(target):
                raise NotWritable(f"{str(target)!a} is what is read here", "choose another place with -o")
    return target


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Around work that ends with writing a file. Raises NotWritable where that fails."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise NotWritable(f"cannot write {str(target)!a}: {why}", "choose another place with -o") from None


def load_network(network: Path, form: Format, symbols: bool = True) -> "LoadedProblem":
    """The problem in a network file; what is wrong with it is printed as `form` says. Raises typer.Exit.

    Without `symbols` a file with some is refused: Usage.
    """
    from symverify.kernel.labels.symbols import SymbolicProblem
    from symverify.problem.load import load

    try:
        found = load(network)
        if not symbols and isinstance(found.problem, SymbolicProblem):
            raise Usage("the file has symbols, and this is about one label vector", "put numbers in their place")
        return found
    except Malformed as error:
        if form is Format.JSON:
            from symverify.report.render import malformed_json

            print(malformed_json(list(error.faults)))
        else:
            say(f"{leading(network)} is not a network file that can be read:")
            for where, what in error.faults:
                say(plain(f"  {where or 'file'}: {what}"))
        raise typer.Exit(2) from None


def named_cell(problem: "Problem", at: str | None, pattern: str | None) -> "Pattern":
    """The cell that --at or --pattern names."""
    from symverify.search.expand import parse_pattern, pattern_of_point

    if (at is None) == (pattern is None) or at not in (None, "point"):
        raise Usage("give either --at point or --pattern")
    if pattern is not None:
        return parse_pattern(problem, pattern)
    if problem.parameters is None:
        raise Usage("the network file gives no parameters", "use --pattern")
    return pattern_of_point(problem, problem.parameters)


def certificate_bytes(path: Path) -> bytes:
    """The bytes of a certificate. Raises Unreadable."""
    from symverify.problem.regular import contents

    return contents(path, "certificate")


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

            self.status.update(Text(plain(what, letters=True)))

    def __exit__(self, *_: object) -> None:
        if self.status is not None:
            self.status.stop()


def print_result(result: "CheckResult") -> None:
    from rich.text import Text

    from symverify.report.claims import lines
    from symverify.report.render import HEADINGS, rows, verdict_lines
    from symverify.run.verdict import Verdict

    problem = result.problem.problem
    console = console_of()
    widths = "-".join(map(str, problem.widths))
    count = len(problem.inputs)
    title = f"{leading(problem.name) or 'network'}: {widths}, {count} sample{'s' * (count != 1)}"
    print_table(title, HEADINGS, rows(result.claims), right=("risk", "better", "seconds"))
    for claim in result.claims:
        first, *more = lines(result, claim) or [claim.verdict.value]
        console.print(Text(f"{claim.name}: ", style="bold") + Text(first))
        for line in more:
            console.print(Text(line))
    for name, reason in result.skipped:
        console.print(Text(f"{name}: ", style="bold") + Text(f"skipped: {reason}"))
    for alarm in result.alarms:
        console.print(Text(f"ALARM: {alarm}"))
    if result.kept:
        console.print(Text("proved before, and kept: ", style="bold") + Text(", ".join(result.kept)))
    if result.path is not None:
        console.print(Text(f"certificate: {plain(result.path)}"), soft_wrap=True)
    answers = [claim for claim in result.claims if claim.name in result.asked]
    others = [claim for claim in result.claims if claim not in answers]
    for claims in (others, answers):
        tell(*verdict_lines(replace(result, claims=tuple(claims))))
    for name in () if answers else result.asked:  # what was left out has no line of its own
        tell(f"s {Verdict.UNDECIDED.value.upper()} {name} problem={result.problem.sha256}")


def console_of() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    if title:
        tell(title)
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console_of().print(table)
