"""The functions of the package: check, verify, snap, atlas, cells, global_minimum. Each takes a problem as it comes."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import update_wrapper
from inspect import Signature, signature
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from symverify.api.results import AtlasResult, Cells, CheckResult, Place, SnapResult, Verification
from symverify.certify.snap import snap as snap_points
from symverify.errors import Malformed, Usage
from symverify.kernel.reals.losses import RealLoss
from symverify.problem.load import LoadedProblem, load, loads
from symverify.problem.shape import require_chain
from symverify.report.cells import counts
from symverify.run import check as run
from symverify.run.limits import seconds
from symverify.run.snap import snapped_network
from symverify.run.verify import verify_many
from symverify.text import plain

ProblemLike = LoadedProblem | str | os.PathLike[str] | bytes | Mapping[str, object]
ANY_PROBLEM = (
    "`problem` is one that is loaded, a network file's path, its JSON text, or a dict: Malformed if it is none."
)
P = ParamSpec("P")
R = TypeVar("R", bound=CheckResult)


def as_problem(given: ProblemLike) -> LoadedProblem:
    """The problem that is given: one that is loaded, the path of a network file, its JSON text, or a dict.

    Raises Malformed with every fault found.
    """
    match given:
        case LoadedProblem():
            return given
        case str() if given.lstrip().startswith("{"):
            return loads(given)
        case str() | os.PathLike():
            return load(given)
        case bytes() | Mapping():
            return loads(given)
    kind = plain(type(given).__name__, 40)
    raise Malformed(
        ("problem", f"expected a problem, a path or a dict, got {kind}: make one with symverify.problem or from_torch")
    )


def _of(kind: type[R], result: run.CheckResult) -> R:
    """The same result as one that shows itself."""
    return kind(**{each.name: getattr(result, each.name) for each in fields(result)})


def _shown(
    make: Callable[Concatenate[LoadedProblem, P], run.CheckResult],
) -> Callable[Concatenate[ProblemLike, P], CheckResult]:
    """The same function of a problem as it comes, with results that show themselves."""

    def made(problem: ProblemLike, /, *args: P.args, **options: P.kwargs) -> CheckResult:
        return _of(CheckResult, make(as_problem(problem), *args, **options))

    update_wrapper(made, make)
    made.__doc__ = f"{make.__doc__}\n    {ANY_PROBLEM}\n    "
    first, *others = signature(make).parameters.values()
    made.__signature__ = Signature([first.replace(annotation=ProblemLike), *others])  # type: ignore[attr-defined]
    return made


check = _shown(run.check)


def verify(*paths: Place, require_proved: bool = False, core: bool = False) -> Verification:
    """Have the kernel verify certificates: (certificate, network file), or certificates, network files and folders.

    The problem of each certificate is found by its hash, among the paths and beside it. `require_proved`: a claim that
    a certificate refutes counts as a failure. `core`: what does not rest on the kernel's core alone does, too. Whatever
    is wrong with a file is its result; nothing is raised.
    """
    return Verification(tuple(verify_many([Path(path) for path in paths], require_proved, core=core)))


def snap(problem: ProblemLike, *, timeout: float = 60.0, tolerance: float = 0.02) -> SnapResult:
    """Exact local minima near the given parameters, which as trained ones are never exactly stationary.

    `timeout` is in seconds. Looked at are the point's cell, its faces, and neighbouring cells across pre-activations
    within `tolerance` of a breakpoint, times the largest of their unit. `check(result.problem)` then proves what the
    nearest one is. For squared and Huber loss; under absolute, quantile and hinge loss none is found. Raises Usage for
    the other losses, with weight decay, for general programs (NotChain), and where the problem has no parameters.
    """
    loaded = as_problem(problem)
    require_chain(loaded.problem, "snap")
    point = loaded.problem.parameters
    if point is None:
        raise Usage("the problem has no parameters", 'give them: parameters=, or the network file\'s "parameters"')
    if isinstance(loaded.problem.loss, RealLoss) or loaded.problem.decays:
        why = "with weight decay" if loaded.problem.decays else f"of the {loaded.problem.loss.name} loss"
        raise Usage(f"minima {why} are hardly ever rational", 'enclose one: check(problem, ["minimum_in_box"])')
    until = time.monotonic() + seconds(timeout)
    found = snap_points(loaded.problem, point, tolerance=tolerance, deadline=until)
    nearest, made = found[0].point, None
    if nearest is not None:
        where = loaded.path if loaded.path is not None else Path("snapped.json")
        exact = loads(snapped_network(loaded, nearest, where), open_data=loaded.open_data)
        made = replace(exact, notes=loaded.notes, state=loaded.state, held=loaded.held)
    return SnapResult(tuple(found), made)


def atlas(
    problem: ProblemLike, *, faces: bool = False, timeout: float = 120.0, output: Place | None = None
) -> AtlasResult:
    """All local minima inside the cells of a small network, with the certificate that these are all: `.minima`.

    `faces`: those on the boundaries of cells, too, joined into `.valleys`, instead. `timeout` is in seconds; the
    certificate is written to `output` if given. For one hidden layer and one output; elsewhere the verdict is
    undecided.
    """
    claim = "face_atlas" if faces else "atlas"
    result = run.check(as_problem(problem), [claim, "global_minimum"], timeout=timeout, smt=False, output=_path(output))
    return _of(AtlasResult, replace(result, asked=(claim,)))


def global_minimum(
    problem: ProblemLike,
    *,
    timeout: float = 60.0,
    workers: int = 1,
    smt: bool = False,
    output: Place | None = None,
    resume: bool = False,
) -> CheckResult:
    """The least risk over all parameters, exactly, and a network that attains it: `.risk` and `.point()`.

    Where the search ends after `timeout` seconds, `.bounds` is a proved bracket, if `.proved` is false. A large search
    runs in so many `workers`; with `output` it leaves a checkpoint from which `resume` continues.
    """
    return check(
        problem, ["global_minimum"], timeout=timeout, workers=workers, smt=smt, output=_path(output), resume=resume
    )


def cells(problem: ProblemLike) -> Cells:
    """The cells of one hidden unit: the patterns of pieces that its weights can have on the data.

    Counted at once, listed on demand (`.patterns`, `.witnesses`). Raises NotShallow for deeper networks.
    """
    loaded = as_problem(problem).problem
    require_chain(loaded, "cells")
    numbers = json.loads(counts(loaded, True))
    return Cells(loaded, *(numbers[key] for key in ("unit_cells", "network_cells", "network_cells_up_to_permutation")))


def _path(place: Place | None) -> Path | None:
    return None if place is None else Path(place)


__all__ = ["ProblemLike", "as_problem", "atlas", "cells", "check", "global_minimum", "snap", "verify"]
