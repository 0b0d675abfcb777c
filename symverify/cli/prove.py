"""Commands that prove: check, atlas, cells, critical, expand."""

import os
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symverify.cli.common import (
    Data,
    Exact,
    Format,
    Network,
    Progress,
    SolverName,
    app,
    claim_names,
    load_chain,
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
    from symverify.run.check import CheckResult


@app.command()
def check(
    networks: Annotated[
        list[Path], typer.Argument(metavar="NETWORK...", help="Network files (JSON); * fits names; - is the input.")
    ],
    claims: Annotated[
        str | None,
        typer.Option(help="Claims to try, separated by commas; default: all that fit.", autocompletion=claim_names),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The certificate to write, or a folder; default NETWORK.symcert.json."),
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
    witness: Annotated[
        list[Path] | None,
        typer.Option(help="A network file of the same shape, whose parameters are compared with; may be given again."),
    ] = None,
    robust: Annotated[
        bool, typer.Option("--robust", help="Also how far the labels may move before each theorem fails.")
    ] = False,
    gap: Annotated[
        str,
        typer.Option(
            callback=share, help="How wide the bracket of an infimum that is not rational may be, as a share of it."
        ),
    ] = "1e-6",
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the bounds that the global search saw (JSON lines).")
    ] = None,
    exact: Exact = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a search that ended early.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace a certificate that is there, do not add to it.")
    ] = False,
    data: Data = None,
) -> None:
    """Prove what can be proved, write a certificate.

    The kernel has the last word: it verifies the certificate. The exit code answers --claims; without it, whether the
    given parameters are a local minimum, or else whether the network has a spurious one. Of several networks it is the
    worst.
    """
    from symverify.cli.several import check_all, expanded
    from symverify.kernel.core.text import liberal
    from symverify.report.rationals import abridged
    from symverify.report.render import as_json, as_junit
    from symverify.run.bounds import log_place
    from symverify.run.check import check as run
    from symverify.run.cluster import dask as cluster

    found = expanded(networks)
    many = len(found) > 1 or found != networks
    if many and log is not None:
        raise Usage(f"--log {str(log)!a} is one place for {len(found)} networks", "check them one by one")
    if log is not None:
        log_place(log, *found, *(witness or ()))
    others = [load_network(each, form) for each in witness or ()]
    places = _places(found, output) if many else {found[0]: output}
    told: list[_Snapped] = []

    def checked(network: Path, problem: "LoadedProblem") -> "CheckResult":
        target = _target(network, places[network])
        near = _snapped(problem, network, places[network], timeout) if snap else None
        chosen = "minimum_in_box" if near is not None and near.problem is problem and claims is None else claims
        told[:] = [] if near is None else [near]
        with nullcontext() if target is None else writing(target), Progress() as progress:
            return run(
                problem if near is None else near.problem,
                None if chosen is None else [name.strip() for name in chosen.split(",")],
                timeout=timeout,
                smt=not no_smt,
                solver=solver.value,
                output=target,
                workers=workers,
                executor=None if dask is None else partial(cluster, dask),
                resume=resume,
                fresh=fresh,
                cell=cell,
                witnesses=others,
                robust=robust,
                gap=liberal(gap, "--gap"),
                log=log,
                progress=progress.say,
                stopped=interrupted,
            )

    if many:
        raise typer.Exit(check_all(found, data, form, checked, interrupted, lambda: _snap_words(told)))
    result = checked(found[0], load_network(found[0], form, data))
    match form:
        case Format.JSON:
            more: dict[str, Any] = {"kept": list(result.kept)} if result.kept else {}
            print(as_json(result, ({"snap": told[0].numbers} if told else {}) | more))
        case Format.JUNIT:
            print(as_junit(result))
        case Format.TEXT:
            snapped = _snap_words(told)
            tell(*(snapped if exact else map(abridged, snapped)))
            print_result(result, exact)
    raise typer.Exit(result.verdict.exit_code)


def _places(networks: Sequence[Path], output: Path | None) -> dict[Path, Path | None]:
    """Where the certificate of each of several networks goes: beside it, or in the folder `output`. Raises Usage."""
    if output is None:
        return dict.fromkeys(networks)
    if not os.path.isdir(output):
        raise Usage(f"-o {str(output)!a} is one place for {len(networks)} networks", "name a folder that exists")
    places: dict[Path, Path | None] = {}
    for network in networks:
        place = output / _beside(network, "symcert.json").name
        if place in places.values():
            raise Usage(
                f"two networks would have the certificate {str(place)!a}", "check them one by one, each with -o"
            )
        places[network] = place
    return places


def _target(network: Path, output: Path | None) -> Path | None:
    """Where the certificate goes; of the standard input nowhere, unless it is said."""
    if str(network) == "-" and output is None:
        return None
    return writable(output if output is not None else _beside(network, "symcert.json"))


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
    from symverify.problem.shape import require_chain
    from symverify.problem.write import is_file, write_atomically
    from symverify.run.snap import snapped_network, snapped_path, told

    point = problem.problem.parameters
    require_chain(problem.problem, "--snap")
    if point is None:
        raise Usage("--snap needs parameters in the network file")
    if output is None and str(network) == "-":
        raise Usage("--snap writes a network file beside the certificate", "say where with -o")
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


def _snap_words(snapped: Sequence[_Snapped]) -> list[str]:
    """What is told about a point that was moved to the exact minimum near it."""
    return [str(line) for each in snapped for line in each.numbers["told"]]


@app.command()
def atlas(
    network: Network,
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The certificate to write.")] = None,
    timeout: Annotated[float, typer.Option(callback=positive, help="Seconds for the search.")] = 120.0,
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

    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    problem = load_chain(network, form, "atlas", data)
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
    form: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    where: Annotated[
        str | None, typer.Option(help="Only cells with these pieces, e.g. '1=0,4=1' (sample=piece, samples from 1).")
    ] = None,
    rays: Annotated[bool, typer.Option("--rays", help="Also the extreme rays of each cell.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many cells; 0: all.")] = 100,
    exact: Exact = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the list to a file.")] = None,
    data: Data = None,
) -> None:
    """List or count the cells of a hidden unit.

    They are the patterns of pieces that its weights can have on the data.
    """
    from symverify.problem.write import write_atomically
    from symverify.report.cells import counts, listing

    if output is not None:
        writable(output, network)
    problem = load_chain(network, form, "cells", data).problem
    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    try:
        as_json = form is Format.JSON
        text = counts(problem, as_json) if count else listing(problem, as_json, where, rays, limit, exact)
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
    exact: Exact = False,
    data: Data = None,
) -> None:
    """List the critical points inside a cell.

    All families for one hidden layer, what a solver finds for tiny deep networks.
    """
    from symverify.report.critical import listing

    if form is Format.JUNIT:
        raise Usage("--format is text or json")
    problem = load_chain(network, form, "critical", data).problem
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
    form: Annotated[str, typer.Option("--format", help="text, latex or json.")] = "text",
    data: Data = None,
) -> None:
    """Print predictions and risk as polynomials.

    On a cell they are multilinear polynomials in the parameters.
    """
    from symverify.search.expand import expand as run

    problem = load_chain(network, Format.TEXT, "expand", data).problem
    if form not in ("text", "latex", "json"):
        raise Usage("--format is text, latex or json")
    expansion = run(problem, named_cell(problem, at, pattern))
    print(getattr(expansion, form)())
