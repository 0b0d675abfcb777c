"""The entry point: search, certify, and say what is proved."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from math import comb
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from symverify.cells.unit import planes
from symverify.ground import linear
from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.function_bound import mean_residuals
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.search.global_minimum import checkpoint as saved
from symverify.search.global_minimum.attain import Separators, always_attained, attained
from symverify.search.global_minimum.candidate import Candidate, evaluated, units_of
from symverify.search.global_minimum.few_samples import Parts, Written
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.helpers import Helpers
from symverify.search.global_minimum.relaxation import large
from symverify.search.global_minimum.result import Result, Statistics
from symverify.search.global_minimum.search import Progress, Search
from symverify.search.global_minimum.tasks import Solved

Watch = Callable[[Progress], None]
SAVE_EVERY = 20.0  # seconds between checkpoints
SEARCHING = 0.55  # share of the time left for more search; the rest is for the certificate, which takes about as long
LEAST = 0.1  # share of a deadline that is too little for more of both
CLOSING = 0.75  # share of the time left for the certificate of a complete search
EASIER = (1 - 1e-6, 0.8, 0.5, 0.2)  # shares of a bound that are tried one after the other: the vectors found stay
DEARER = 3.0  # about so many times the time per node of the search is what one takes in a certificate
PARTS = 0.4  # share of the time that a search for a bracket leaves for parts of the samples
EARLY, SOON = 0.1, 1.0  # the same before a bulky search begins, and seconds that are enough for it
PATIENCE = 0.3  # the share that the first part may take, as it also loads what is compiled
BULKY = 1_000_000  # entries of the columns of all rays
GRACE = 10.0  # seconds for the certificate after Ctrl-C


def global_minimum(
    problem: Problem,
    *,
    incumbent: Point | None = None,
    executor: Executor | None = None,
    helpers: Helpers | None = None,
    progress: Watch | None = None,
    deadline: float | None = None,
    checkpoint: Path | None = None,
) -> Result:
    """inf Σ(f − y)² over all parameters, exactly, with the dual vectors that prove it.

    incumbent: a network to beat. executor: where to run the tasks; helpers: an executor that is asked for when the
    search has shown to be long. The result does not depend on them.
    deadline: seconds; when they are over, or at Ctrl-C, the result is a proved bracket. checkpoint: a file to
    save the search in, and to continue from if it exists.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # its threads cost more than they bring on small matrices
        if helpers is None:
            helpers = Helpers(after=math.inf) if executor is None else Helpers(lambda: nullcontext(executor), None)
        return _global_minimum(problem, incumbent, helpers, progress, deadline, checkpoint)


def bulky(problem: Problem) -> bool:
    """Whether even the columns of all rays may take seconds."""
    rows, _ = planes(problem)
    return bool(rows) and 2 * comb(len(rows), len(rows[0]) - 1) * len(problem.inputs) > BULKY


def _global_minimum(
    problem: Problem,
    incumbent: Point | None,
    helpers: Helpers,
    progress: Watch | None,
    deadline: float | None,
    checkpoint: Path | None,
) -> Result:
    begun, (floor, residual) = time.monotonic(), within_groups(problem)
    trivial: Written = ((tuple(linear.primitive(residual)),), (0,)) if floor else ((), ())
    parts = Parts(problem, floor, trivial)
    if deadline is not None and bulky(problem):
        parts.search(begun + min(EARLY * deadline, SOON), _of_part, PATIENCE * deadline)
    shape = generators(problem)
    search = Search(problem, shape, evaluated(problem, []), helpers=helpers)
    if incumbent is not None:
        search.improve(evaluated(problem, units_of(problem, incumbent)))
    until = None if deadline is None else begun + deadline
    started = checkpoint is not None and saved.restore(checkpoint, search)  # Ctrl-C in here leaves the file as it is
    lower, proof, last = floor, trivial, until is None
    while True:
        try:
            if not started:
                search.start(floor)
            started = True
            complete = _searched(search, floor, _part(until, SEARCHING), progress, checkpoint)
        except KeyboardInterrupt:
            complete, until, last = False, min(until or math.inf, time.monotonic() + GRACE), True
        if checkpoint is not None and search.nodes:
            saved.save(checkpoint, search)
        if search.best.loss > floor:
            pace = search.elapsed / max(search.nodes, 1)
            closing = complete and len(search.leaves) * pace * DEARER < (until or math.inf) - time.monotonic()
            if not (last or closing) and large(shape):
                parts.search(_part(until, PARTS) or 0.0, _of_part)
            lower, proof = max((lower, proof), (parts.lower, parts.proof), key=_bound)
            found = _certified(search, complete, (floor, trivial), lower, until, pace)
            lower, proof = max((lower, proof), found, key=_bound)
            if checkpoint is not None and complete and lower < search.best.loss:
                saved.save(checkpoint, search)
        if complete or last or search.stopped or time.monotonic() > (until or 0.0) - LEAST * (deadline or 0.0):
            return _result(search, complete, lower, proof, until)


def _of_part(problem: Problem, seconds: float) -> Result:
    """The minimum on a part of the samples, or a bracket."""
    return _global_minimum(problem, None, Helpers(after=math.inf), None, seconds, None)


def _bound(found: tuple[Fraction, Written]) -> Fraction:
    """What a certificate proves."""
    return found[0]


def within_groups(problem: Problem) -> tuple[Fraction, list[Fraction]]:
    """min Σ(f − y)² over *all* functions f of x, and its residual y − f."""
    residual = list(mean_residuals(problem))
    return sum((r * r for r in residual), ZERO), residual


def _searched(search: Search, floor: Fraction, until: float | None, progress: Watch | None, path: Path | None) -> bool:
    """Run until no open node is below the incumbent (or the incumbent meets the floor); False if time ran out."""
    last = time.monotonic()
    while search.unfinished and search.best.loss > floor:
        now = time.monotonic()
        if until is not None and now > until:
            return False
        if path is not None and now - last > SAVE_EVERY:
            saved.save(path, search)
            last = now
        search.step()
        if progress is not None:
            progress(search.report())
    return True


@contextmanager
def attempt(search: Search) -> Iterator[None]:
    """What may end for want of time, or by Ctrl-C, which then ends the search, too."""
    try:
        yield
    except TimeoutError:
        pass
    except KeyboardInterrupt:
        search.stopped = True


def _certified(
    search: Search,
    complete: bool,
    trivial: tuple[Fraction, Written],
    known: Fraction,
    until: float | None,
    pace: float,
) -> tuple[Fraction, Written]:
    """A lower bound and the certificate that proves it: the incumbent's loss, or one that the search has passed.

    trivial: the bound for all functions of x. known: a bound that is proved already, as no lower one is of use.

    Where the search is complete most of the time is for its leaves. An attempt at a lower bound may take half of the
    time that is left; the next one is at less, or at more if there is time. Ctrl-C ends an attempt, too.
    """
    attempts, (floor, _) = [*search.past, (search.lower, search.left)], trivial
    search.vectors, search.served = [], {}
    search.helpers.withdraw()
    if complete:
        reset = search.snapshot()
        with attempt(search):
            search.close(floor, _part(until, CLOSING))
            if search.best.loss == floor:
                return trivial
            return search.best.loss, search.written()
        reset()  # also where the interruption came after the last leaf
    return _best_bracket(search, attempts, complete, until, pace * DEARER, known) or trivial


def _best_bracket(
    search: Search,
    attempts: Sequence[tuple[float, Sequence[Solved]]],
    complete: bool,
    until: float | None,
    rate: float,
    known: Fraction,
) -> tuple[Fraction, Written] | None:
    """The highest lower bound above `known` that there is time to prove; `rate` is about how long a leaf takes.

    attempts: bounds that the search has passed, as shares, with the nodes that were left then, in order.
    """
    best, high = None, len(attempts) if search.nodes else 0
    low = sum(search.shape.loss(share) <= known for share, _ in attempts)
    while low < high and not search.stopped:
        left = math.inf if until is None else until - time.monotonic()
        sizes = [len(leaves) * rate for _, leaves in attempts[low:high]]
        fitting = [low + k for k, size in enumerate(sizes) if size <= (0.5 if best is None else 0.8) * left]
        if complete and high == len(attempts):  # many of its leaves have their vectors
            fitting = [high - 1]
        if not fitting and best is not None:
            break
        place = max(fitting) if fitting else low + sizes.index(min(sizes))
        begun, (share, leaves) = time.monotonic(), attempts[place]
        found = _bracketed(search, share, leaves, known if best is None else best[0], until)
        rate = (time.monotonic() - begun) / max(len(leaves), 1)
        if found is None:
            high = place
        else:
            best, low = found, place + 1
            search.vectors, search.served = [], {}
    return best


def _bracketed(
    search: Search, share: float, leaves: Sequence[Solved], floor: Fraction, until: float | None
) -> tuple[Fraction, Written] | None:
    """A lower bound that these leaves prove, as near to their `share` as there is time for, and its certificate."""
    scale = search.shape.label_scale**2
    for part in EASIER:
        threshold = search.shape.loss(share * part) * scale
        if search.stopped or threshold <= floor * scale:
            return None
        with attempt(search):
            if not search.certify(threshold, leaves, _part(until, 0.5)):
                proof = search.written()
                least = min(search.shape.bound(vector) for vector in proof[0])
                # That the minimum is proved depends on no clock: such a proof has the same bytes always.
                return (least if least < search.best.loss else threshold / scale), proof
    return None


def _part(until: float | None, share: float) -> float | None:
    """When this share of the time that is left will be over."""
    return None if until is None else time.monotonic() * (1 - share) + until * share


def _result(search: Search, complete: bool, lower: Fraction, proof: Written, until: float | None) -> Result:
    problem, best, separators = search.problem, search.best, None
    point, known = best.point(problem), True if always_attained(problem) else None
    if point is None and lower == best.loss:
        found = _attainment(search, proof[0], until)
        if isinstance(found, Candidate):
            best, point = found, found.point(problem)
        separators = found if isinstance(found, tuple) else None
        known = None if found is None else point is not None
    elif point is not None and lower == best.loss:
        known = True
    if point is not None and risk(problem, predictions(problem, point)) != problem.loss.factor * best.loss:
        raise ArithmeticError("the network does not have the loss it was found with")
    return Result(
        factor=problem.loss.factor,
        complete=complete,
        lower=lower,
        upper=best.loss,
        best=best,
        point=point,
        attained=known,
        vectors=proof[0],
        tree=proof[1],
        separators=separators,
        statistics=Statistics(search.nodes, search.elapsed),
    )


def _attainment(
    search: Search, vectors: Sequence[tuple[int, ...]], until: float | None
) -> Candidate | Separators | None:
    """An attaining candidate, or the separators that show that there is none; None: not decided."""
    least = search.best.loss
    floor, residual = within_groups(search.problem)
    residuals = [residual] if least == floor else tight(search.problem, vectors, least)
    try:
        return attained(search.shape, residuals, least, until)
    except (TimeoutError, Declined, KeyboardInterrupt):
        return None


def tight(problem: Problem, vectors: Sequence[Sequence[int]], rho: Fraction) -> list[tuple[Fraction, ...]]:
    """The residuals y − f of which a network with Σ_i (f(x_i) − y_i)² = ρ has one: by vectors that prove ρ."""
    found = dict[tuple[Fraction, ...], None]()
    for g in vectors:
        gain, square = sum((a * y for a, (y,) in zip(g, problem.targets, strict=True)), ZERO), sum(x * x for x in g)
        if gain * gain == rho * square:
            found[tuple(gain * x / square for x in g)] = None
    return list(found)
