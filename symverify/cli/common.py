"""What the commands share: the app, options, loading, progress, tables, and the end of a command."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symverify.errors import Malformed, NotLoaded, NotWritable, Usage
from symverify.problem.write import destination, precious
from symverify.text import leading, plain

if TYPE_CHECKING:
    from rich.console import Console

    from symverify.kernel.core.network import Pattern, Problem
    from symverify.problem.load import LoadedProblem
    from symverify.run.check import CheckResult

app = typer.Typer(
    name="symverify",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Prove statements about the loss surfaces of small piecewise linear networks, with certificates.",
    epilog="Exit codes: 0 proved, 10 refuted, 11 certificate rejected, 2 malformed input or usage, 3 undecided, "
    "70 internal error or a solver's contradiction, 130 interrupted. `symverify help` explains the words.",
)


def _version(asked: bool) -> None:
    if asked:
        from symverify import __version__
        from symverify.kernel import VERSION

        tell(f"symverify {__version__}, kernel {VERSION}, Python {sys.version.split()[0]}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options before a command."""


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"


def printed(*forms: Format, help: str) -> Any:
    """The option of a command that prints its result in one of these ways."""

    def chosen(name: str) -> Format:
        if name not in forms:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, map(str, forms)))}.")
        return Format(name)

    names = list(map(str, forms))
    return typer.Option(
        "--format", parser=chosen, metavar=f"<{'|'.join(names)}>", autocompletion=lambda: names, help=help
    )


Plain = Annotated[Format, printed(Format.TEXT, Format.JSON, help="text or json.")]


class SolverName(StrEnum):
    """A solver for the second opinion."""

    Z3 = "z3"
    CVC5 = "cvc5"


Network = Annotated[Path, typer.Argument(metavar="NETWORK", help="The network file (JSON); - reads it from the input.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="CSV", help="The data file, where it does not lie beside the network file."),
]
Exact = Annotated[bool, typer.Option("--exact", help="Print all digits of long fractions, not rounded values.")]
Certificate = Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")]


def claim_names(incomplete: str) -> list[str]:
    """For the shell's completion: the names of claims, after those that are there already."""
    from symverify.certify.emitters import CLAIMS

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in CLAIMS if name.startswith(begun)]


def positive(seconds: float) -> float:
    """A time limit as an option takes it."""
    from symverify.run import limits

    try:
        return limits.seconds(seconds)
    except Usage as error:
        raise typer.BadParameter(str(error)) from None


Timeout = Annotated[float, typer.Option(callback=positive, help="Seconds for the search.")]


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


def writable(target: Path, *sources: Path, proofs: bool = False, option: str = "-o") -> Path:
    """The path itself, if it can be written to and is none of the sources: to be asked before long work.

    Nor is it a network file or a certificate, unless `proofs` says that whoever writes looks at these. `option` is the
    one that names it. Raises NotWritable.
    """
    remedy = f"choose another place with {option}"
    with writing(target, option):
        destination(target)
        for source in sources:
            if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
                raise NotWritable(f"{str(target)!a} is what is read here", remedy)
        if not proofs and precious(target):
            raise NotWritable(f"{str(target)!a} is a network file or a certificate", remedy)
    return target


def beside(network: Path, ending: str) -> Path:
    """The default place of what is made of a network file."""
    if not network.name:
        raise Usage(f"{str(network)!a} is no network file")
    return network.with_name(f"{network.stem}.{ending}")


def inside(output: Path | None, network: Path, ending: str) -> Path | None:
    """The place itself, or of a folder the file in it with the network's name; the standard input has none."""
    if output is None or str(network) == "-" or not os.path.isdir(output):
        return output
    return output / beside(network, ending).name


@contextmanager
def writing(target: Path, option: str = "-o") -> Iterator[None]:
    """Around work that ends with writing a file, which an option names. Raises NotWritable where that fails."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise NotWritable(f"cannot write {str(target)!a}: {why}", f"choose another place with {option}") from None


def load_network(network: Path, data: Path | None = None) -> "LoadedProblem":
    """The problem in a network file. Raises NotLoaded."""
    try:
        return read_network(network, data)
    except Malformed as error:
        raise NotLoaded(network, *error.faults) from None


def load_chain(network: Path, command: str, data: Path | None = None) -> "LoadedProblem":
    """The same of a chain of dense layers with labels that are numbers. Raises NotLoaded, NotChain, Usage."""
    from symverify.problem.shape import require_chain

    loaded = load_network(network, data)
    require_chain(loaded.problem, command)
    require_labels(loaded)
    return loaded


def require_labels(loaded: "LoadedProblem") -> None:
    """Raises Usage where labels have symbols."""
    from symverify.kernel.labels.symbols import SymbolicProblem

    if isinstance(loaded.problem, SymbolicProblem):
        raise Usage("the file has symbols, and this is about one label vector", "put numbers in their place")


def read_network(network: Path, data: Path | None = None) -> "LoadedProblem":
    """The problem in a network file, in the standard input for "-", with its data file if named. Raises Malformed."""
    from symverify.kernel.core.text import MAX_BYTES
    from symverify.problem.load import DataFile, load, loads

    if str(network) != "-":
        return load(network, data)
    text = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin is not None else b""
    return loads(text, open_data=DataFile(Path.cwd(), data))


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
    """The bytes of a certificate. Raises Unreadable, Usage for a network file."""
    from symverify.problem.regular import contents

    found = contents(path, "certificate")
    if b'"symverify-network/' in found[:1000] and b'"symverify-certificate/' not in found[:1000]:
        raise Usage(
            f"{str(path)!a} is a network file", "the certificate (*.symcert.json) comes first, then its network file"
        )
    return found


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


def tell_verdicts(lines: Sequence[str], exact: bool = False) -> None:
    """Print verdict lines: for other programs whole; on a terminal with long fractions cut off, unless `exact`."""
    from symverify.report.rationals import abridged_line

    tell(*(lines if exact or not sys.stdout.isatty() else map(abridged_line, lines)))


def print_result(result: "CheckResult", exact: bool = False) -> None:
    """The table of claims, a sentence for each, and the verdict lines; `exact`: with all digits."""
    from rich.text import Text

    from symverify.report.claims import lines
    from symverify.report.context import context_words
    from symverify.report.render import HEADINGS, rows, verdict_lines
    from symverify.run.verdict import Verdict

    problem = result.problem.problem
    console = console_of()
    title = ": ".join(filter(None, [leading(problem.name), context_words(problem)]))
    print_table(title, HEADINGS, rows(result.claims, exact), right=("risk", "better", "seconds"))
    for claim in result.claims:
        first, *more = lines(result, claim, exact) or [claim.verdict.value]
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
        tell_verdicts(verdict_lines(replace(result, claims=tuple(claims))), exact)
    about = result.problem.sha256
    for name in result.asked:
        if all(claim.name != name for claim in answers):  # what was left out has no line of its own
            tell(f"s {Verdict.UNDECIDED.value.upper()} {name} problem={about}")
    if result.alarms:  # no line above may be the last word
        tell(f"s {Verdict.CONTRADICTED.value.upper()} {','.join(result.asked)} problem={about}")


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
