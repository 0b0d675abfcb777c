"""Commands that read certificates: verify, explain, plot, diff, export; and the format of network files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from symverify.cli.common import Certificate, Format, Network, Stop, app, certificate_bytes, load_network


@app.command()
def verify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATHS", help="CERTIFICATE NETWORK; or certificates, networks and folders.")
    ],
    summary: Annotated[Path | None, typer.Option(help="Also append a Markdown table to this file.")] = None,
) -> None:
    """Have the kernel verify certificates. Their problems are found by hash, among the paths and beside them."""
    from symverify.report.render import markdown_summary
    from symverify.run.verify import report, verify_many, worst_code

    results = verify_many(paths)
    print("\n".join(report(results)))
    if summary is not None:
        try:
            with summary.open("a", encoding="utf-8") as file:
                file.write(markdown_summary(results))
        except OSError as error:
            raise Stop(2, f"cannot write {summary}: {error.strerror}") from None
    raise typer.Exit(worst_code(results))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A certificate, or a folder of them.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same, later.")],
    network: Annotated[list[Path] | None, typer.Option(help="Network files, where they do not lie beside.")] = None,
) -> None:
    """Say what a regression proof lost or gained; exit code 10 if it lost something."""
    from symverify.run.diff import diff as run

    found = run(old, new, network or [])
    print("\n".join(found.report()))
    raise typer.Exit(found.code)


class Form(StrEnum):
    """How an explanation is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"


@app.command()
def explain(
    certificate: Certificate,
    network: Network,
    form: Annotated[Form, typer.Option("--format", help="text, markdown, latex or html.")] = Form.TEXT,
    html: Annotated[bool, typer.Option("--html", help="The same as --format html: one self-contained page.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to a file.")] = None,
) -> None:
    """Tells a certificate's proof as a mathematician would write it, with the numbers; as a page, with pictures."""
    from symverify.problem.write import write_atomically
    from symverify.report.explain import explain as run
    from symverify.report.explain import render

    problem = load_network(network, Format.TEXT)
    try:
        explanation = run(problem, certificate_bytes(certificate))
        text = render(explanation, "html" if html else form.value)
        if output is None:
            print(text)
        else:
            write_atomically(output, text.encode())
            print(f"{explanation.verdict.value}: {output}")
    except OSError as error:
        raise Stop(2, f"{error.filename!a}: {error.strerror}") from None
    raise typer.Exit(explanation.verdict.exit_code)


class Picture(StrEnum):
    """What to plot."""

    SLICE = "slice"
    SEGMENT = "segment"
    FIT = "fit"
    ALL = "all"


@app.command()
def plot(
    certificate: Certificate,
    network: Network,
    output: Annotated[Path, typer.Option("--output", "-o", help="The figure: .pdf, .svg or .png.")],
    what: Annotated[
        Picture, typer.Option(help="The loss on a slice, along the segment, the fits, or all.")
    ] = Picture.ALL,
) -> None:
    """Draws a certificate's pictures for papers (needs the plot extra)."""
    from symverify.report.plots import CannotPlot
    from symverify.report.plots import plot as run

    problem = load_network(network, Format.TEXT)
    try:
        print(run(problem, certificate_bytes(certificate), output, what.value))
    except CannotPlot as error:
        raise Stop(2, str(error)) from None
    except OSError as error:
        raise Stop(2, f"{error.filename!a}: {error.strerror}") from None


@app.command()
def export(
    certificate: Certificate,
    network: Network,
    smt2: Annotated[Path, typer.Option("--smt2", metavar="DIR", help="The folder to write the queries to.")],
) -> None:
    """Write every step's obligation as SMT-LIB 2 files, each with the answer that confirms it in its first lines."""
    from symverify.run.export import export as run

    problem = load_network(network, Format.TEXT)
    try:
        count = run(problem, certificate, smt2)
    except OSError as error:
        raise Stop(2, f"{error.filename}: {error.strerror}") from None
    print(f"{count} queries in {smt2}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of network files."""
    import json

    from symverify.problem.load import network_schema

    print(json.dumps(network_schema(), indent=2))
