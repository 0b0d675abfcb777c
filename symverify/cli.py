"""The command line: argument parsing and printing; everything heavy is imported inside the commands."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from symverify.kernel.model import Pattern, Problem
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


@app.command()
def check(
    network: Network,
    claims: Annotated[
        str | None, typer.Option(help="Claims to try, separated by commas; default: all that fit.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write the certificate; default NETWORK.symcert.json."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TEXT,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for the search.")] = 60.0,
    no_smt: Annotated[bool, typer.Option("--no-smt", help="Skip the solver's second opinion.")] = False,
    solver: Annotated[SolverName, typer.Option(help="The solver for the second opinion.")] = SolverName.Z3,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes for a large search; default: one per core.")
    ] = None,
    dask: Annotated[str | None, typer.Option(help="A Dask scheduler's address, for a large search.")] = None,
    cell: Annotated[str | None, typer.Option(help="The cell for cell_minima, e.g. '0111,0011'.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a search that ended early.")] = False,
) -> None:
    """Prove what can be proved about a network file, write a certificate, and have the kernel verify it."""
    from symverify.report.render import as_json, as_junit
    from symverify.run.check import check as run
    from symverify.run.cluster import ClusterMissing
    from symverify.run.cluster import dask as cluster

    problem = _load(network, form)
    target = output if output is not None else network.with_name(f"{network.stem}.symcert.json")
    names = None if claims is None else [name.strip() for name in claims.split(",")]
    try:
        with _Progress() as progress:
            result = run(
                problem,
                names,
                timeout=timeout,
                smt=not no_smt,
                solver=solver.value,
                output=target,
                workers=workers,
                executor=None if dask is None else partial(cluster, dask),
                resume=resume,
                cell=cell,
                progress=progress.say,
            )
    except (ValueError, ClusterMissing) as error:
        raise _Stop(2, str(error)) from None
    except OSError as error:
        raise _Stop(
            2, f"cannot write {error.filename or target}: {error.strerror}; choose another place with -o"
        ) from None
    match form:
        case Format.JSON:
            print(as_json(result))
        case Format.JUNIT:
            print(as_junit(result))
        case Format.TEXT:
            _print_result(result)
    raise typer.Exit(result.verdict.exit_code)


@app.command()
def verify(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")],
    network: Network,
) -> None:
    """Have the kernel verify a certificate about a network file."""
    from symverify.kernel.__main__ import verify as kernel_verify

    code, lines = kernel_verify(network, certificate)
    print("\n".join(lines))
    raise typer.Exit(code)


@app.command()
def export(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")],
    network: Network,
    smt2: Annotated[Path, typer.Option("--smt2", metavar="DIR", help="The folder to write the queries to.")],
) -> None:
    """Write every step's obligation as SMT-LIB 2 files, each with the answer that confirms it in its first lines."""
    from symverify.run.export import export as run

    problem = _load(network, Format.TEXT)
    try:
        count = run(problem, certificate, smt2)
    except OSError as error:
        raise _Stop(2, f"{error.filename}: {error.strerror}") from None
    print(f"{count} queries in {smt2}")


@app.command()
def expand(
    network: Network,
    at: Annotated[str | None, typer.Option("--at", help="'point': the cell of the given parameters.")] = None,
    pattern: Annotated[
        str | None, typer.Option("--pattern", help="Piece numbers per sample; ',' between units, ';' between layers.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, latex or json.")] = "text",
) -> None:
    """Print the predictions and the risk on a cell as multilinear polynomials in the parameters."""
    from symverify.landscape.expand import expand as run

    problem = _load(network, Format.TEXT).problem
    if form not in ("text", "latex", "json"):
        raise _Stop(2, "--format is text, latex or json")
    expansion = run(problem, _cell(problem, at, pattern))
    print(getattr(expansion, form)())


@app.command()
def cells(
    network: Network,
    count: Annotated[bool, typer.Option("--count", help="Only count, without listing.")] = False,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    where: Annotated[
        str | None, typer.Option(help="Only cells with these pieces, e.g. '1=0,4=1' (sample=piece, samples from 1).")
    ] = None,
    rays: Annotated[bool, typer.Option("--rays", help="Also the extreme rays of each cell.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many cells; 0: all.")] = 100,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the list to a file.")] = None,
) -> None:
    """List or count the cells of one hidden unit: the patterns of pieces that its weights can have on the data."""
    from symverify.report.cells import counts, listing
    from symverify.run.check import write_atomically

    problem = _load(network, form).problem
    if form is Format.JUNIT:
        raise _Stop(2, "--format is text or json")
    try:
        as_json = form is Format.JSON
        text = counts(problem, as_json) if count else listing(problem, as_json, where, rays, limit)
    except ValueError as error:
        raise _Stop(2, str(error)) from None
    if output is None:
        print(text)
        return
    try:
        write_atomically(output, (text + "\n").encode())
    except OSError as error:
        raise _Stop(2, f"cannot write {output}: {error.strerror}") from None


@app.command()
def critical(
    network: Network,
    at: Annotated[str | None, typer.Option("--at", help="'point': the cell of the given parameters.")] = None,
    pattern: Annotated[str | None, typer.Option("--pattern", help="The cell, as for expand.")] = None,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for the search in deep cells.")] = 30.0,
) -> None:
    """The critical points inside a cell: all families for one hidden layer, what a solver finds for tiny deep ones."""
    from symverify.report.critical import listing

    if form is Format.JUNIT:
        raise _Stop(2, "--format is text or json")
    problem = _load(network, form).problem
    cell = _cell(problem, at, pattern)
    text, complete = listing(problem, cell, form is Format.JSON, timeout)
    print(text)
    raise typer.Exit(0 if complete else 3)


@app.command()
def atlas(
    network: Network,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The certificate to write.")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for the search.")] = 120.0,
) -> None:
    """All local minima inside the cells of a small network, grouped into valleys, with a certificate that it is all."""
    from symverify.report.atlas import HEADINGS, as_json, rows
    from symverify.run.check import check as run

    if form is Format.JUNIT:
        raise _Stop(2, "--format is text or json")
    problem = _load(network, form)
    target = output if output is not None else network.with_name(f"{network.stem}.atlas.symcert.json")
    with _Progress() as progress:
        result = run(
            problem, ["atlas", "global_minimum"], timeout=timeout, smt=False, output=target, progress=progress.say
        )
    if form is Format.JSON:
        print(as_json(result))
    else:
        _print_table("", HEADINGS, rows(result), right=("risk", "components"))
        _print_result(result)
    raise typer.Exit(result["atlas"].verdict.exit_code)


class Form(StrEnum):
    """How an explanation is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"


@app.command()
def explain(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")],
    network: Network,
    form: Annotated[Form, typer.Option("--format", help="text, markdown, latex or html.")] = Form.TEXT,
    html: Annotated[bool, typer.Option("--html", help="The same as --format html: one self-contained page.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to a file.")] = None,
) -> None:
    """Tells a certificate's proof as a mathematician would write it, with the numbers; as a page, with pictures."""
    from symverify.report.explain import explain as run
    from symverify.report.explain import render
    from symverify.run.check import write_atomically

    problem = _load(network, Format.TEXT)
    try:
        explanation = run(problem, _contents(certificate))
        text = render(explanation, "html" if html else form.value)
        if output is None:
            print(text)
        else:
            write_atomically(output, text.encode())
            print(f"{explanation.verdict.value}: {output}")
    except OSError as error:
        raise _Stop(2, f"{ascii(error.filename)}: {error.strerror}") from None
    raise typer.Exit(explanation.verdict.exit_code)


class Picture(StrEnum):
    """What to plot."""

    SLICE = "slice"
    SEGMENT = "segment"
    FIT = "fit"
    ALL = "all"


@app.command()
def plot(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="The certificate (*.symcert.json).")],
    network: Network,
    output: Annotated[Path, typer.Option("--output", "-o", help="The figure: .pdf, .svg or .png.")],
    what: Annotated[
        Picture, typer.Option(help="The loss on a slice, along the segment, the fits, or all.")
    ] = Picture.ALL,
) -> None:
    """Draws a certificate's pictures for papers (needs the plot extra)."""
    from symverify.report.plots import CannotPlot
    from symverify.report.plots import plot as run

    problem = _load(network, Format.TEXT)
    try:
        print(run(problem, _contents(certificate), output, what.value))
    except CannotPlot as error:
        raise _Stop(2, str(error)) from None
    except OSError as error:
        raise _Stop(2, f"{ascii(error.filename)}: {error.strerror}") from None


def _contents(path: Path) -> bytes:
    from symverify.kernel.__main__ import contents

    return contents(path)


@app.command()
def schema() -> None:
    """Print the JSON Schema of network files."""
    import json

    from symverify.problem.load import network_schema

    print(json.dumps(network_schema(), indent=2))


def _cell(problem: "Problem", at: str | None, pattern: str | None) -> "Pattern":
    """The cell that --at or --pattern names."""
    from symverify.kernel import Rejected
    from symverify.landscape.expand import parse_pattern, pattern_of_point

    if (at is None) == (pattern is None) or at not in (None, "point"):
        raise _Stop(2, "give either --at point or --pattern")
    if pattern is None and problem.parameters is None:
        raise _Stop(2, "the network file gives no parameters: use --pattern")
    try:
        point = problem.parameters
        return pattern_of_point(problem, point) if pattern is None and point else parse_pattern(problem, pattern or "")
    except (ValueError, Rejected) as error:
        raise _Stop(2, str(error)) from None


class _Stop(Exception):
    """End the command with an exit code and a message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _load(network: Path, form: Format) -> "LoadedProblem":
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
        raise _Stop(2, f"{ascii(str(network))[1:-1]} is not a network file that can be read:\n{faults}") from None


class _Progress:
    """One status line on a terminal, nothing elsewhere."""

    def __enter__(self) -> "_Progress":
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


def _print_result(result: "CheckResult") -> None:
    from rich.text import Text

    from symverify.report.render import HEADINGS, rows, verdict_lines

    problem = result.problem.problem
    console = _console()
    widths = "-".join(map(str, problem.widths))
    title = f"{ascii(problem.name)[1:-1] or 'network'}: {widths}, {len(problem.inputs)} samples"
    _print_table(title, HEADINGS, rows(result.claims), right=("risk", "better", "seconds"))
    for claim in result.claims:
        gap = f"above the global minimum by exactly {claim.notes['gap']}" if "gap" in claim.notes else ""
        told = "; ".join(filter(None, (claim.reason, claim.words, gap)))
        console.print(Text(f"{claim.name}: ", style="bold") + Text(told))
    for alarm in result.alarms:
        console.print(Text(f"ALARM: {alarm}"))
    if result.path is not None:
        console.print(Text(f"certificate: {result.path}"), soft_wrap=True)
    for line in verdict_lines(result):
        print(line)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def _print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _console().print(table)


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
    except _Stop as stop:
        print(stop.message, file=sys.stderr)
        return stop.code
    except (KeyboardInterrupt, EOFError):
        return 130
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
    if name == "Abort":
        return 130
    from symverify.kernel import Declined, Malformed, Rejected

    for kind, code in ((Malformed, 2), (Rejected, 11), (Declined, 3)):
        if isinstance(error, kind):
            print(str(error), file=sys.stderr)
            return code
    print(f"internal error: {name}: {error}", file=sys.stderr)
    return 70
