"""The entry point: search, certify, and say what is proved."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from fractions import Fraction
from math import comb
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from symverify.cells.arrangement import count_chambers
from symverify.ground import linear
from symverify.kernel.core.errors import Declined
from symverify.search.global_minimum import checkpoint as saved
from symverify.search.global_minimum.attain import Separators, always_attained, attained
from symverify.search.global_minimum.instance import Form, Instance, Network
from symverify.search.global_minimum.model import Model, model
from symverify.search.global_minimum.network import Candidate, attaining, evaluated, family
from symverify.search.global_minimum.relaxation import project
from symverify.search.global_minimum.result import Result, Statistics
from symverify.search.global_minimum.search import Progress, Search

Watch = Callable[[Progress], None]
SAVE_EVERY = 20.0  # seconds between checkpoints
SEARCHING = 0.7  # share of a deadline for the search; the rest is for the certificate
CLOSING = 0.8  # share of the time left for the certificate of a complete search
FEWER = 2  # times fewer nodes in the next attempt at a certificate
DEARER = 3.0  # about so many times the time per node of the search is what one takes in a certificate
GRACE = 10.0  # seconds for the certificate after Ctrl-C


def global_minimum(
    inst: Instance,
    *,
    incumbent: Network | None = None,
    executor: Executor | None = None,
    progress: Watch | None = None,
    deadline: float | None = None,
    checkpoint: Path | None = None,
) -> Result:
    """inf Σ(f − y)² over all parameters, exactly, with the dual vectors that prove it.

    incumbent: a network to beat. executor: where to run the tasks; the result does not depend on it.
    deadline: seconds; when they are over, or at Ctrl-C, the result is a proved bracket. checkpoint: a file to
    save the search in, and to continue from if it exists.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # its threads cost more than they bring on small matrices
        return _global_minimum(inst, incumbent, executor, progress, deadline, checkpoint)


def prepare(inst: Instance) -> float:
    """The seconds that it takes to compile what the search uses: in its first run on a machine some ten."""
    shape = model(inst)
    begun, none = time.monotonic(), np.zeros(0, dtype=np.int64)
    project(shape, none, none)
    return time.monotonic() - begun


def _global_minimum(
    inst: Instance,
    incumbent: Network | None,
    executor: Executor | None,
    progress: Watch | None,
    deadline: float | None,
    checkpoint: Path | None,
) -> Result:
    begun = time.monotonic()
    shape = model(inst)
    search = Search(inst, shape, min(inst.width, len(inst.y)), evaluated(shape, []), executor=executor)
    if incumbent is not None:
        search.improve(evaluated(shape, points(shape, incumbent)))
    floor, residual = inst.within()
    until = None if deadline is None else begun + deadline
    started = checkpoint is not None and saved.restore(checkpoint, search)  # Ctrl-C in here leaves the file as it is
    try:
        if not started:
            search.start(floor)
        complete = _searched(search, floor, begun, deadline, progress, checkpoint)
    except KeyboardInterrupt:
        complete, until = False, min(until or math.inf, time.monotonic() + GRACE)
    if checkpoint is not None and search.nodes:
        saved.save(checkpoint, search)
    lower = floor
    trivial = [linear.primitive(residual)] if floor else []
    vectors = [tuple(vector) for vector in trivial]
    if search.best.loss > floor:
        pace = (time.monotonic() - begun) / max(search.nodes, 1)
        lower, vectors = _certified(search, complete, floor, vectors, until, pace)
        if checkpoint is not None and complete and lower < search.best.loss:
            saved.save(checkpoint, search)
    return _result(search, complete, lower, vectors, begun, until)


def points(shape: Model, network: Network) -> list[tuple[int, tuple[Fraction, ...]]]:
    """(σ, point in integer coordinates) of a network's units; ValueError if it has too many."""
    form, inst = shape.form, shape.instance
    if len(network.v) > inst.width:
        raise ValueError("the incumbent has more hidden units than the instance")
    units = []
    for w, b, v in zip(network.W, network.b, network.v, strict=True):
        if not v:
            continue
        u = [*w, b - form.shift] if inst.hidden_bias else list(w)
        z = [abs(v) * sum((a * c for a, c in zip(u, x, strict=True)), Fraction(0)) for x in inst.inputs]
        point = linear.solve(form.rows, z, len(form.basis)) if form.basis else []
        if point is None:
            raise ArithmeticError("pre-activations lie in the column space of the inputs")
        tail = [abs(v) / form.scale[-1]] if form.perspective else []
        units.append((1 if v > 0 else -1, (*point, *tail)))
    return units


def _searched(
    search: Search,
    floor: Fraction,
    begun: float,
    deadline: float | None,
    progress: Watch | None,
    path: Path | None,
) -> bool:
    """Run until no open node is below the incumbent (or the incumbent meets the floor); False if time ran out."""
    last = time.monotonic()
    while search.unfinished and search.best.loss > floor:
        now = time.monotonic()
        if deadline is not None and now - begun > SEARCHING * deadline:
            return False
        if path is not None and now - last > SAVE_EVERY:
            saved.save(path, search)
            last = now
        search.step()
        if progress is not None:
            progress(search.report(time.monotonic() - begun))
    return True


def _certified(
    search: Search, complete: bool, floor: Fraction, trivial: list[tuple[int, ...]], until: float | None, pace: float
) -> tuple[Fraction, list[tuple[int, ...]]]:
    """A lower bound and vectors that prove it: the incumbent's loss, or one that the search has passed.

    Where the search is complete most of the time is for its leaves. An attempt at a lower bound may take half of the
    time that is left, the next one is at fewer nodes; so is the first, where time will not do for more. Ctrl-C ends an
    attempt, too.
    """
    scale, attempts = search.shape.label_scale**2, [*search.past, (search.lower, search.left)]
    if complete:
        reset = search.snapshot()
        with suppress(TimeoutError, KeyboardInterrupt):
            search.close(floor, _part(until, CLOSING))
            if search.best.loss == floor:
                return floor, trivial
            return search.best.loss, sorted({one.vector for one in search.vectors})
        reset()  # also where the interruption came after the last leaf
        attempts.pop()
    seconds = math.inf if until is None else (until - time.monotonic()) / 2
    most = max(seconds / (pace * DEARER), min((len(leaves) for _, leaves in attempts), default=0))
    for share, leaves in reversed(attempts):
        threshold = search.shape.loss(share * (1 - 1e-6)) * scale
        if not search.nodes or threshold <= floor * scale:
            break
        if len(leaves) > most:
            continue
        most = len(leaves) / FEWER
        with suppress(TimeoutError, KeyboardInterrupt):
            search.vectors = []
            if not search.certify(threshold, leaves, _part(until, 0.5)):
                bounds = [
                    Fraction(sum(g * y for g, y in zip(one.vector, search.shape.labels, strict=True)) ** 2)
                    / (sum(g * g for g in one.vector) * scale)
                    for one in search.vectors
                ]
                found = min(bounds, default=floor)
                # That the minimum is proved depends on no clock: such a proof has the same bytes always.
                proved = found if found < search.best.loss else threshold / scale
                return proved, sorted({one.vector for one in search.vectors})
    return floor, trivial


def _part(until: float | None, share: float) -> float | None:
    """When this share of the time that is left will be over."""
    return None if until is None else time.monotonic() * (1 - share) + until * share


def _result(
    search: Search, complete: bool, lower: Fraction, vectors: list[tuple[int, ...]], begun: float, until: float | None
) -> Result:
    shape, best, separators = search.shape, search.best, None
    network, known = attaining(shape, best), True if always_attained(shape) else None
    if network is None and lower == best.loss:
        found = _attainment(search, vectors, until)
        if isinstance(found, Candidate):
            best, network = found, attaining(shape, found)
        separators = found if isinstance(found, tuple) else None
        known = None if found is None else network is not None
    elif network is not None and lower == best.loss:
        known = True
    if network is not None and search.inst.loss(network) != best.loss:
        raise ArithmeticError("the network does not have the loss it was found with")
    units = 2 * _chambers(shape.form)
    width = search.inst.width
    return Result(
        factor=search.inst.factor,
        complete=complete,
        lower=lower,
        upper=best.loss,
        network=network,
        family=family(shape, best) if network is None else None,
        attained=known,
        vectors=tuple(vectors),
        separators=separators,
        statistics=Statistics(units, comb(units + width - 1, width), search.nodes, time.monotonic() - begun),
    )


def _attainment(search: Search, vectors: list[tuple[int, ...]], until: float | None) -> Candidate | Separators | None:
    """An attaining candidate, or the separators that show that there is none; None: not decided."""
    inst, least = search.inst, search.best.loss
    floor, residual = inst.within()
    residuals = [residual] if least == floor else tight(inst.y, vectors, least)
    try:
        return attained(search.shape, residuals, least, until)
    except (TimeoutError, Declined, KeyboardInterrupt):
        return None


def _chambers(form: Form) -> int:
    """The number of cells of one unit."""
    rows = [row for row, _, _ in form.hyperplanes]
    if form.perspective:
        rows.append([0] * (form.dimension - 1) + [1])
    return count_chambers(rows, len(rows) - 1 if form.perspective else None) if rows else 1


def tight(y: Sequence[Fraction], vectors: Sequence[Sequence[int]], rho: Fraction) -> list[tuple[Fraction, ...]]:
    """The residuals y − f of which a network with Σ_i (f(x_i) − y_i)² = ρ has one: by vectors that prove ρ."""
    found = dict[tuple[Fraction, ...], None]()
    for g in vectors:
        gain, square = sum((a * b for a, b in zip(g, y, strict=True)), Fraction(0)), sum(x * x for x in g)
        if gain * gain == rho * square:
            found[tuple(gain * x / square for x in g)] = None
    return list(found)
