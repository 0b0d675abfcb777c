"""Commands that read certificates: verify, explain, plot, diff, export; logs: bounds; the files' format; the kernel."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from symverify.cli.common import (
    Certificate,
    Data,
    Exact,
    Format,
    Network,
    app,
    certificate_bytes,
    load_network,
    printed,
    read_network,
    tell,
    tell_verdicts,
    writable,
    writing,
)
from symverify.text import plain

if TYPE_CHECKING:
    from symverify.report.explain import Form


@app.command()
def verify(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATHS",
            help="CERTIFICATE NETWORK; or certificates, networks, folders; - is a network from the input.",
        ),
    ],
    summary: Annotated[Path | None, typer.Option(help="Also append a Markdown table to this file.")] = None,
    require_proved: Annotated[
        bool, typer.Option("--require-proved", help="Exit with 10 where a claim is refuted, though that is verified.")
    ] = False,
    beside: Annotated[
        bool, typer.Option("--beside", help="Verify the certificates that lie beside these files, if there are any.")
    ] = False,
    core: Annotated[
        bool, typer.Option("--core", help="Refuse what does not rest on the kernel's core alone, with 3.")
    ] = False,
    exact: Exact = False,
    data: Data = None,
) -> None:
    """Have the kernel verify certificates.

    Their problems are found by hash, among the paths and beside them.
    """
    from symverify.problem.write import append
    from symverify.report.summary import markdown_summary
    from symverify.run.verify import beside_all, missing, report, verify_many, worst_code

    if summary is not None:
        writable(summary, *paths, *([] if data is None else [data]), option="--summary")
    results = missing(paths) if beside else []
    if beside and not (paths := beside_all(paths)) and not results:
        tell("s NOTHING certificates=0: there is no certificate beside these files")
        return
    results += verify_many(paths, require_proved, data, read_network, core) if paths else []
    tell_verdicts(report(results), exact)
    if summary is not None:
        with writing(summary, "--summary"):
            append(summary, markdown_summary(results).encode())
    raise typer.Exit(worst_code(results))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A certificate, or a folder of them.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same, later.")],
    network: Annotated[list[Path] | None, typer.Option(help="Network files, where they do not lie beside.")] = None,
) -> None:
    """Say what a regression proof lost or gained.

    The exit code is 10 if it lost something.
    """
    from symverify.run.diff import diff as run

    found = run(old, new, network or [])
    tell(*found.report())
    raise typer.Exit(found.code)


@app.command()
def explain(
    certificate: Certificate,
    network: Network,
    form: Annotated[
        Format,
        printed(Format.TEXT, Format.MARKDOWN, Format.LATEX, Format.HTML, help="text, markdown, latex or html."),
    ] = Format.TEXT,
    html: Annotated[bool, typer.Option("--html", help="The same as --format html: one self-contained page.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to a file.")] = None,
    exact: Exact = False,
    data: Data = None,
) -> None:
    """Tell a proof as a mathematician would, or as a page.

    With all its numbers; as a page (--html) with pictures. The exit code is 0 where the kernel verifies the
    certificate, whether it proves or refutes its claims.
    """
    from symverify.problem.write import write_atomically
    from symverify.report.explain import explain as run
    from symverify.report.explain import render
    from symverify.run.verdict import Verdict

    proof, problem = certificate_bytes(certificate), load_network(network, data)
    if output is not None:
        writable(output, certificate, *problem.files)
    explanation = run(problem, proof)
    shape = cast("Form", "html" if html else form.value)
    text = render(explanation, shape, exact)
    if output is None:
        if shape == "html":  # right in any encoding of the output
            text = text.encode("ascii", "xmlcharrefreplace").decode()
        print(text)
    else:
        with writing(output):
            write_atomically(output, text.encode())
        tell(f"{explanation.outcome}: {plain(output)}")
    verified = explanation.verdict in (Verdict.PROVED, Verdict.REFUTED)
    raise typer.Exit(0 if verified else explanation.verdict.exit_code)


class Picture(StrEnum):
    """What to plot."""

    SLICE = "slice"
    SEGMENT = "segment"
    FIT = "fit"
    ATLAS = "atlas"
    CELLS = "cells"
    ALL = "all"


@app.command()
def plot(
    certificate: Certificate,
    network: Network,
    output: Annotated[Path, typer.Option("--output", "-o", help="The figure: .pdf, .svg or .png.")],
    what: Annotated[
        Picture, typer.Option(help="The loss on a slice, along a segment, the fits, an atlas, a unit's cells.")
    ] = Picture.ALL,
    data: Data = None,
) -> None:
    """Draw a certificate's pictures for papers.

    Needs Matplotlib: pip install matplotlib.
    """
    from symverify.report.plots import plot as run

    proof, problem = certificate_bytes(certificate), load_network(network, data)
    with writing(writable(output, certificate, *problem.files)):
        tell(plain(run(problem, proof, output, what.value)))


@app.command()
def bounds(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="What check --log has written (JSON lines).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The figure: .pdf, .svg or .png.")],
) -> None:
    """Draw the bounds of a global search over time.

    Lower and upper bound of the least risk, as observed, not certified. Needs Matplotlib: pip install matplotlib.
    """
    from symverify.problem.regular import contents
    from symverify.report.plots import plot_bounds as run
    from symverify.run.bounds import read_log

    seen = read_log(contents(log, "log"))
    with writing(writable(output, log)):
        tell(plain(run(seen, output)))


@app.command()
def export(
    certificate: Certificate,
    network: Network,
    smt2: Annotated[
        Path | None, typer.Option("--smt2", metavar="DIR", help="A folder for the solvers' queries.")
    ] = None,
    rocq: Annotated[Path | None, typer.Option("--rocq", metavar="DIR", help="A folder for a Rocq file.")] = None,
    data: Data = None,
) -> None:
    """Write a proof as SMT-LIB 2 or Rocq files.

    The obligations of every step that can be posed as SMT-LIB 2 files (of a long list those of the first entries), or
    the claims as theorems of Rocq with their proofs. Steps and claims that are left out are told; the exit code is 3
    where nothing is left.
    """
    from symverify.errors import Usage
    from symverify.report.words import counted
    from symverify.run.export import export as run
    from symverify.run.rocq import export_rocq

    if smt2 is None and rocq is None:
        raise Usage("nothing to export", "name a folder with --smt2 or --rocq")
    proof, problem = certificate_bytes(certificate), load_network(network, data)
    empty = list[str]()
    if smt2 is not None:
        with writing(smt2, "--smt2"):
            queries = run(problem, proof, smt2)
        tell(*(f"not posed: {plain(each)}" for each in queries.left_out))
        tell(f"{len(queries.files)} {'query' if len(queries.files) == 1 else 'queries'} in {plain(smt2)}")
        empty += [] if queries.files else ["queries"]
    if rocq is not None:
        with writing(rocq, "--rocq"):
            made = export_rocq(problem, proof, rocq)
        tell(*(f"left out: {plain(each)}" for each in made.left_out))
        tell(f"{counted(len(made.claims), 'claim')} in {plain(made.file)}")
        empty += [] if made.claims else ["claims"]
    if empty:
        tell(f"s UNDECIDED export: no {' and no '.join(empty)}")
        raise typer.Exit(3)


@app.command()
def schema() -> None:
    """Print the JSON Schema of network files."""
    import json

    from symverify.problem.load import network_schema

    print(json.dumps(network_schema(), indent=2))


@app.command()
def kernel(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("symverify-kernel.pyz"),
) -> None:
    """Write the kernel as one file that needs Python alone.

    Then python -I symverify-kernel.pyz NETWORK CERTIFICATE verifies, where nothing is installed. Equal versions give
    equal bytes.
    """
    import hashlib

    from symverify.problem.write import write_atomically
    from symverify.run.packed import packed

    made = packed()
    with writing(writable(output)):
        write_atomically(output, made)
    tell(f"{len(made)} bytes, SHA-256 {hashlib.sha256(made).hexdigest()}: {plain(output)}")
