"""The command that proves: check."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symverify.cli.common import (
    Data,
    Exact,
    Format,
    Progress,
    SolverName,
    app,
    beside,
    claim_names,
    inside,
    load_network,
    positive,
    print_result,
    printed,
    share,
    tell,
    writable,
    writing,
)
from symverify.cli.outcome import Call
from symverify.cli.process import interrupted
from symverify.errors import NotWritable, Usage

if TYPE_CHECKING:
    from symverify.problem.load import LoadedProblem
    from symverify.run.check import CheckResult


Claims = Annotated[
    str | None,
    typer.Option(help="Claims to try, separated by commas; default: all that fit.", autocompletion=claim_names),
]
Networks = Annotated[
    list[Path], typer.Argument(metavar="NETWORK...", help="Network files (JSON); * fits names; - is the input.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The certificate to write, or the folder for it; default NETWORK.symcert.json."
    ),
]
Shown = Annotated[Format, printed(Format.TEXT, Format.JSON, Format.JUNIT, help="How to print the result.")]
Seconds = Annotated[
    float, typer.Option(callback=positive, help="Seconds until the kernel has verified; the solver has as much again.")
]
NoSmt = Annotated[bool, typer.Option("--no-smt", help="Skip the solver's second opinion.")]
Second = Annotated[SolverName, typer.Option(help="The solver for the second opinion.")]
Workers = Annotated[int, typer.Option(min=1, max=256, help="Threads for a large search (processes without numba).")]
Dask = Annotated[str | None, typer.Option(help="A Dask scheduler's address, for a large search.")]
Cell = Annotated[str | None, typer.Option(help="The cell of claims that are about one, e.g. '0111,0011'.")]
Snap = Annotated[bool, typer.Option("--snap", help="First move the given point to the exact local minimum near it.")]
Witness = Annotated[
    list[Path] | None,
    typer.Option(help="A network file of the same shape, whose parameters are compared with; may be given again."),
]
Robust = Annotated[
    bool, typer.Option("--robust", help="Also how far the labels may move, at least, before a theorem fails.")
]
Gap = Annotated[
    str,
    typer.Option(
        callback=share, help="How wide the bracket of an infimum that is not rational may be, as a share of it."
    ),
]
LogFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the bounds that the global search saw (JSON lines).")
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a search that ended early.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Replace a certificate that is there, do not add to it.")]


@app.command()
def check(
    context: typer.Context,
    networks: Networks,
    claims: Claims = None,
    output: Output = None,
    form: Shown = Format.TEXT,
    timeout: Seconds = 60.0,
    no_smt: NoSmt = False,
    solver: Second = SolverName.Z3,
    workers: Workers = 1,
    dask: Dask = None,
    cell: Cell = None,
    snap: Snap = False,
    witness: Witness = None,
    robust: Robust = False,
    gap: Gap = "1e-6",
    log: LogFile = None,
    exact: Exact = False,
    resume: Resume = False,
    fresh: Fresh = False,
    data: Data = None,
) -> None:
    """Prove what can be proved, write a certificate.

    The kernel has the last word: it verifies the certificate. The exit code answers --claims; without it, it is about
    the claim in the last line: whether the given parameters are a local minimum, or else whether there is a spurious
    one, or where that was skipped, what the least risk is. Of several networks it is the worst.
    """
    from symverify.cli.several import check_all, expanded

    call: Call = context.obj
    found = expanded(networks)
    many = len(found) > 1 or found != networks
    _loggable(log, found, witness or (), many)
    options = {
        "timeout": timeout, "smt": not no_smt, "solver": solver.value, "workers": workers, "resume": resume,
        "fresh": fresh, "cell": cell, "witnesses": [load_network(each) for each in witness or ()],
        "robust": robust, "gap": _exact(gap), "log": log, "executor": _executor(dask),
    }  # fmt: skip
    places = _places(found, output) if many else {found[0]: inside(output, found[0], "symcert.json")}
    run = _Run(claims, snap, places, options, call.begun)
    if many:
        raise typer.Exit(check_all(found, data, form, run, interrupted, exact))
    call.network = found[0]
    problem = load_network(found[0], data)
    result = run(found[0], problem)
    _print(result, form, run, exact)
    raise typer.Exit(result.verdict.exit_code)


@dataclass(slots=True)
class _Run:
    """One network after the other, with the same options; `near` is the exact minimum that the last was moved to."""

    claims: str | None
    snap: bool
    places: Mapping[Path, Path | None]
    options: dict[str, Any]
    begun: float  # by time.monotonic, the wait for the next one
    near: "_Snapped | None" = None

    def __call__(self, network: Path, problem: "LoadedProblem") -> "CheckResult":
        """Check a problem, and write its certificate."""
        from symverify.run.check import check as run

        output, claims = self.places[network], self.claims
        target = _target(network, output)
        half = (time.monotonic() + self.begun + self.options["timeout"]) / 2
        self.near = _snapped(problem, network, output, half, **self.options) if self.snap else None
        if self.near is not None:
            target = _target(self.near.place, output) if self.near.place is not None else target
            claims = "minimum_in_box" if self.near.problem is problem and claims is None else claims
            problem = self.near.problem
        names = None if claims is None else [name.strip() for name in claims.split(",")]
        with nullcontext() if target is None else writing(target), Progress() as progress:
            options = self.options | {"begun": self.begun, "progress": progress.say, "stopped": interrupted}
            result = run(problem, names, output=target, **options)
        self.begun = time.monotonic()
        return result

    def words(self, exact: bool) -> list[str]:
        """What is told about a point that was moved to the exact minimum near it; `exact`: with all digits."""
        from symverify.report.rationals import abridged

        told = [] if self.near is None else [str(line) for line in self.near.numbers["told"]]
        return told if exact else [abridged(line) for line in told]

    def more(self, result: "CheckResult") -> dict[str, object]:
        """What JSON has of the last network beside its result."""
        kept: dict[str, object] = {"kept": list(result.kept)} if result.kept else {}
        return ({} if self.near is None else {"snap": self.near.numbers}) | kept


def _print(result: "CheckResult", form: Format, run: _Run, exact: bool) -> None:
    """The result of one network."""
    from symverify.report.junit import as_junit
    from symverify.report.render import as_json

    match form:
        case Format.JSON:
            print(as_json(result, run.more(result)))
        case Format.JUNIT:
            print(as_junit(result, interrupted()))
        case Format.TEXT:
            tell(*run.words(exact))
            print_result(result, exact)


def _loggable(log: Path | None, networks: Sequence[Path], witnesses: Sequence[Path], many: bool) -> None:
    """Raises Usage, or NotWritable, where the log has no place."""
    from symverify.run.bounds import log_place

    if log is None:
        return
    if many:
        raise Usage(f"--log {str(log)!a} is one place for {len(networks)} networks", "check them one by one")
    log_place(log, *networks, *witnesses)


def _exact(gap: str) -> Fraction:
    from symverify.kernel.core.text import liberal

    return liberal(gap, "--gap")


def _executor(dask: str | None) -> "Callable[[], Any] | None":
    from symverify.run.cluster import dask as cluster

    return None if dask is None else partial(cluster, dask)


def _places(networks: Sequence[Path], output: Path | None) -> dict[Path, Path | None]:
    """Where the certificate of each of several networks goes: beside it, or in the folder `output`. Raises Usage."""
    if output is None:
        return dict.fromkeys(networks)
    if not os.path.isdir(output):
        raise Usage(f"-o {str(output)!a} is one place for {len(networks)} networks", "name a folder that exists")
    places: dict[Path, Path | None] = {}
    for network in networks:
        place = output / beside(network, "symcert.json").name
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
    return writable(output if output is not None else beside(network, "symcert.json"), proofs=True)


@dataclass(frozen=True, slots=True)
class _Snapped:
    """The problem of the exact local minimum near a given point, and what is told about it."""

    problem: "LoadedProblem"
    numbers: dict[str, Any]
    place: Path | None = None  # its network file


def _snapped(
    problem: "LoadedProblem", network: Path, output: Path | None, deadline: float, fresh: bool, **_: object
) -> _Snapped:
    """The exact local minimum nearest to the given point, by the deadline; its network file is beside the certificate.

    Where the certificate goes to no file, there is none for the network either. Where no exact one is found the
    problem stays as it is, for a minimum that is enclosed.
    """
    from symverify.certify.snap import snap
    from symverify.kernel.reals.losses import RealLoss
    from symverify.problem.load import load, loads
    from symverify.problem.regular import read_regular
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
        return _Snapped(
            problem, {"told": [f"minima under {why} are hardly ever rational: see whether one is enclosed"]}
        )
    found = snap(problem.problem, point, deadline=deadline)
    words = told(found)
    nearest = found[0]
    if nearest.point is None:
        return _Snapped(problem, {"told": ["no exact local minimum was found near the given point", *words]})
    target, place = snapped_path(network, output), None
    made = snapped_network(problem, nearest.point, target)
    if output is None or is_file(output):
        with writing(writable(target, network, proofs=True)):
            if not fresh and os.path.exists(target) and read_regular(target) != made:
                remedy = "choose another place with -o, or replace it with --fresh"
                raise NotWritable(f"{str(target)!a} exists, and is another file", remedy)
            write_atomically(target, made)
        snapped, place = load(target), target
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
    return _Snapped(replace(snapped, given="the snapped point"), numbers, place)
