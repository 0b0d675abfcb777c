"""Commands that list: atlas, cells, critical, expand."""

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from symverify.cli.common import (
    Data,
    Exact,
    Format,
    Network,
    Plain,
    Progress,
    Timeout,
    app,
    beside,
    inside,
    load_chain,
    named_cell,
    print_result,
    print_table,
    printed,
    writable,
    writing,
)
from symverify.cli.process import interrupted
from symverify.errors import Usage, unspelled


@app.command()
def atlas(
    network: Network,
    form: Plain = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The certificate to write, or its folder.")
    ] = None,
    timeout: Timeout = 120.0,
    faces: Annotated[
        bool, typer.Option("--faces", help="Also those on the boundaries of cells: all local minima, as valleys.")
    ] = False,
    exact: Exact = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace a certificate that is there, do not add to it.")
    ] = False,
    data: Data = None,
) -> None:
    """List all local minima of a small network.

    Those inside cells, with a certificate that it is all; with --faces those on boundaries too, joined into valleys.
    """
    from symverify.report.atlas import HEADINGS, VALLEY_HEADINGS, as_json, rows, valley_rows
    from symverify.run.check import check as run

    problem = load_chain(network, "atlas", data)
    claim = "face_atlas" if faces else "atlas"
    target = None  # of the standard input nowhere, unless it is said
    if output is not None or str(network) != "-":
        ending = f"{claim}.symcert.json"
        target = writable(inside(output, network, ending) or beside(network, ending), proofs=True)
    with nullcontext() if target is None else writing(target), Progress() as progress:
        result = run(
            problem,
            [claim, "global_minimum"],
            timeout=timeout,
            smt=False,
            output=target,
            fresh=fresh,
            progress=progress.say,
            stopped=interrupted,
        )
    result = replace(result, asked=(claim,))
    if form is Format.JSON:
        print(as_json(result, faces))
    else:
        if faces and (found := valley_rows(result, exact)):
            print_table("", VALLEY_HEADINGS, found, right=VALLEY_HEADINGS[:4])
        if not faces and (found := rows(result, exact)):
            print_table("", HEADINGS, found, right=("risk", "components"))
        print_result(result, exact)
    raise typer.Exit(result.verdict.exit_code)


@app.command()
def cells(
    network: Network,
    count: Annotated[bool, typer.Option("--count", help="Only count, without listing.")] = False,
    form: Plain = Format.TEXT,
    where: Annotated[
        str | None, typer.Option(help="Only cells with these pieces, e.g. '1=0,4=1' (sample=piece, samples from 1).")
    ] = None,
    rays: Annotated[bool, typer.Option("--rays", help="Also the extreme rays of each cell.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many cells; 0: all.")] = 100,
    exact: Exact = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the list to a file.")] = None,
    timeout: Timeout = 120.0,
    data: Data = None,
) -> None:
    """List or count the cells of a hidden unit.

    They are the patterns of pieces that its weights can have on the data.
    """
    from symverify.ground.time_limit import until
    from symverify.problem.write import write_atomically
    from symverify.report.cells import counts, listing

    loaded = load_chain(network, "cells", data)
    if output is not None:
        writable(output, *loaded.files)
    problem = loaded.problem
    try:
        with until(time.monotonic() + timeout):
            as_json = form is Format.JSON
            text = counts(problem, as_json) if count else listing(problem, as_json, where, rays, limit, exact)
    except ValueError as error:
        if unspelled(error):
            raise
        raise Usage(str(error)) from None
    if output is None:
        print(text)
        return
    with writing(output):
        write_atomically(output, (text + "\n").encode())


@app.command()
def critical(
    network: Network,
    at: Annotated[str | None, typer.Option("--at", help="'point': the cell of the given parameters.")] = None,
    pattern: Annotated[str | None, typer.Option("--pattern", help="The cell, as for expand.")] = None,
    form: Plain = Format.TEXT,
    timeout: Timeout = 30.0,
    exact: Exact = False,
    data: Data = None,
) -> None:
    """List the critical points inside a cell.

    All families for one hidden layer, what a solver finds for tiny deep networks.
    """
    from symverify.report.critical import listing

    problem = load_chain(network, "critical", data).problem
    cell = named_cell(problem, at, pattern)
    print(listing(problem, cell, form is Format.JSON, timeout, exact))
    raise typer.Exit(3)  # there is no certificate


@app.command()
def expand(
    network: Network,
    at: Annotated[str | None, typer.Option("--at", help="'point': the cell of the given parameters.")] = None,
    pattern: Annotated[
        str | None, typer.Option("--pattern", help="Piece numbers per sample; ',' between units, ';' between layers.")
    ] = None,
    form: Annotated[Format, printed(Format.TEXT, Format.LATEX, Format.JSON, help="text, latex or json.")] = Format.TEXT,
    timeout: Timeout = 120.0,
    exact: Exact = False,
    data: Data = None,
) -> None:
    """Print predictions and risk as polynomials.

    On a cell they are multilinear polynomials in the parameters.
    """
    from symverify.ground.time_limit import until
    from symverify.report.rationals import abridged
    from symverify.search.expand import expand as run

    problem = load_chain(network, "expand", data).problem
    with until(time.monotonic() + timeout):
        text = getattr(run(problem, named_cell(problem, at, pattern)), form.value)()
    if form is Format.TEXT and not exact:
        text = abridged(text, True).replace("≈ ", "≈")
    print(text)
