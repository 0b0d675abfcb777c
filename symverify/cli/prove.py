"""Commands that prove: check, atlas, cells, critical, expand."""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symverify.cli.common import (
    Format,
    Network,
    Progress,
    SolverName,
    app,
    load_network,
    named_cell,
    positive,
    print_result,
    print_table,
    share,
    tell,
    writable,
    writing,
)
from symverify.cli.process import interrupted
from symverify.errors import Usage

if TYPE_CHECKING:
    from symverify.problem.load import LoadedProblem


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
    timeout: Annotated[float, typer.Option(callback=positive, help="Seconds for the search.")] = 60.0,
    no_smt: Annotated[bool, typer.Option("--no-smt", help="Skip the solver's second opinion.")] = False,
    solver: Annotated[SolverName, typer.Option(help="The solver for the second opinion.")] = SolverName.Z3,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes for a large search.")] = 1,
    dask: Annotated[str | None, typer.Option(help="A Dask scheduler's address, for a large search.")] = None,
    cell: Annotated[str | None, typer.Option(help="The cell for cell_minima, e.g. '0111,0011'.")] = None,
    snap: Annotated[
        bool, typer.Option("--snap", help="First move the given point to the exact local minimum near it.")
    ] = False,
    robust: Annotated[
        bool, typer.Option("--robust", help="Also how far the labels may move before each theorem fails.")
    ] = False,
    gap: Annotated[
        str,
        typer.Option(
            callback=share, help="How wide the bracket of an infimum that is not rational may be, as a share of it."
        ),
    ] = "1e-6",
    resume: Annotated[bool, typer.Option("--resume", help="Continue a search that ended early.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace a certificate that is there, do not add to it.")
    ] = False,
) -> None:
    """Prove what can be proved about a network file, write a certificate, and have the kernel verify it.

    The exit code answers --claims; without it, whether the given parameters are a local minimum, or else whether the
    network has a spurious one.
    """
    from symverify.kernel.core.text import liberal
    from symverify.report.render import as_json, as_junit
    from symverify.run.check import check as run
    from symverify.run.cluster import dask as cluster

    problem = load_network(network, form)
    target = writable(output if output is not None else _beside(network, "symcert.json"))
    near = _snapped(problem, network, output, timeout) if snap else None
    if near is not None and near.problem is problem and claims is None:
        claims = "minimum_in_box"
    with writing(target), Progress() as progress:
        result = run(
            problem if near is None else near.problem,
            None if claims is None else [name.strip() for name in claims.split(",")],
            timeout=timeout,
            smt=not no_smt,
            solver=solver.value,
            output=target,
            workers=workers,
            executor=None if dask is None else partial(cluster, dask),
            resume=resume,
            fresh=fresh,
            cell=cell,
            robust=robust,
            gap=liberal(gap, "--gap"),
            progress=progress.say,
            stopped=interrupted,
        )
    match form:
        case Format.JSON:
            more = {} if near is None else {"snap": near.numbers}
            print(as_json(result, more | ({"kept": list(result.kept)} if result.kept else {})))
        case Format.JUNIT:
            print(as_junit(result))
        case Format.TEXT:
            tell(*(near.numbers["told"] if near is not None else ()))
            print_result(result)
    raise typer.Exit(result.verdict.exit_code)


def _beside(network: Path, ending: str) -> Path:
    """The default place of what is made of a network file."""
    if not network.name:
        raise Usage(f"{str(network)!a} is no network file")
    return network.with_name(f"{network.stem}.{ending}")


@dataclass(frozen=True, slots=True)
class _Snapped:
    """The problem of the exact local minimum near a given point, and what is told about it."""

    problem: "LoadedProblem"
    numbers: dict[str, Any]


def _snapped(problem: "LoadedProblem", network: Path, output: Path | None, timeout: float) -> _Snapped:
    """The exact local minimum nearest to the given point; its network file stands beside the certificate.

    Where the certificate goes to no file, there is none for the network either. Where no exact one is found the
    problem stays as it is, for a minimum that is enclosed.
    """
    from symverify.certify.snap import snap
    from symverify.kernel.reals.losses import RealLoss
    from symverify.problem.load import load, loads
    from symverify.problem.write import is_file, write_atomically
    from symverify.run.snap import snapped_network, snapped_path, told

    point = problem.problem.parameters
    if point is None:
        raise Usage("--snap needs parameters in the network file")
    if isinstance(problem.problem.loss, RealLoss) or problem.problem.decays:
        why = "weight decay" if problem.problem.decays else "this loss"
        return _Snapped(problem, {"told": [f"minima under {why} are hardly ever rational: one is enclosed"]})
    found = snap(problem.problem, point, deadline=time.monotonic() + timeout)
    words = told(found)
    nearest = found[0]
    if nearest.point is None:
        return _Snapped(problem, {"told": ["no exact local minimum was found near the given point", *words]})
    target = snapped_path(network, output)
    made = snapped_network(problem, nearest.point, target)
    if output is None or is_file(output):
        with writing(writable(target, network)):
            write_atomically(target, made)
        snapped = load(target)
    else:
        snapped, target = loads(made), output
    numbers = {
        "network": str(target),
        "distance": nearest.distance,
        "squared_distance": str(nearest.squared_distance),
        "risk": str(nearest.risk),
        "given_risk": str(nearest.given_risk),
        "told": words,
    }
    return _Snapped(snapped, numbers)


@app.command()
def atlas(
    network: Network,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The certificate to write.")] = None,
    timeout: Annotated[float, typer.Option(callback=positive, help="Seconds for the search.")] = 120.0,
    faces: Annotated[
        bool, typer.Option("--faces", help="Also those on the boundaries of cells: all local minima, as valleys.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace a certificate that is there, do not add to it.")
    ] = False,
) -> None:
    """All local minima inside the cells of a small network, grouped into valleys, with a certificate that it is all."""
    from symverify.report.atlas import HEADINGS, VALLEY_HEADINGS, as_json, rows, valley_rows
    from symverify.run.check import check as run

    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    problem = load_network(network, form)
    claim = "face_atlas" if faces else "atlas"
    target = writable(output if output is not None else _beside(network, f"{claim}.symcert.json"))
    with writing(target), Progress() as progress:
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
        if faces and (found := valley_rows(result)):
            print_table("", VALLEY_HEADINGS, found, right=VALLEY_HEADINGS[:4])
        if not faces and (found := rows(result)):
            print_table("", HEADINGS, found, right=("risk", "components"))
        print_result(result)
    raise typer.Exit(result.verdict.exit_code)


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
    from symverify.problem.write import write_atomically
    from symverify.report.cells import counts, listing

    if output is not None:
        writable(output, network)
    problem = load_network(network, form).problem
    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    try:
        as_json = form is Format.JSON
        text = counts(problem, as_json) if count else listing(problem, as_json, where, rays, limit)
    except ValueError as error:
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
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    timeout: Annotated[float, typer.Option(callback=positive, help="Seconds for the search in deep cells.")] = 30.0,
) -> None:
    """The critical points inside a cell: all families for one hidden layer, what a solver finds for tiny deep ones."""
    from symverify.report.critical import listing

    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    problem = load_network(network, form, symbols=False).problem
    cell = named_cell(problem, at, pattern)
    print(listing(problem, cell, form is Format.JSON, timeout))
    raise typer.Exit(3)  # there is no certificate


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
    from symverify.search.expand import expand as run

    problem = load_network(network, Format.TEXT, symbols=False).problem
    if form not in ("text", "latex", "json"):
        raise Usage("--format is text, latex or json")
    expansion = run(problem, named_cell(problem, at, pattern))
    print(getattr(expansion, form)())
