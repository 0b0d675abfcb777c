"""Branch and bound over cones of units: an exact global minimum and the dual vectors that prove it.

A node restricts every unit to (σ, a closed cone of the arrangement); its bound is one projection (`relaxation`).
The node of lowest bound is split on the hyperplane where the projection is least like a network. What is left
when no bound is below the incumbent are the leaves, and one vector per leaf, if no earlier one covers it, is the
certificate. A fixed number of tasks under way makes the result independent of the number of workers.
"""

import heapq
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import TypeVar

import numpy as np

from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Problem
from symverify.search.global_minimum import tasks
from symverify.search.global_minimum.candidate import Candidate
from symverify.search.global_minimum.covering import Covering, admitted, cover, reached, slices
from symverify.search.global_minimum.dual import DualVector, exact_projection
from symverify.search.global_minimum.generators import Generators, Node, binary
from symverify.search.global_minimum.helpers import Helpers
from symverify.search.global_minimum.network import Split, candidate, conflicts, from_weights, shares
from symverify.search.global_minimum.tasks import Branch, Expanded, Guess, Solved
from symverify.search.global_minimum.trail import Trail
from symverify.search.global_minimum.tree import written

CHUNK = 4  # nodes per task
WINDOW = 8  # tasks under way
FIRST = 2  # splits of a compiled task that others have to wait for
STARTS = 24  # random descents before the search
AGREEING = 3  # compiled tasks of descents that reach one value
TINY, MILESTONE = 1e-3, 1.2  # the first lower bound to remember (as a share), and by how much more the next ones
CERTIFYING = 1.0  # so many times the search's time takes the certificate
SOON, SEEN = 5.0, 0.01  # seconds, and share of the tree, after which the rest is estimated
NEAR = 1e-9  # relative distance at which float bounds count as equal


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """lower ≤ inf Σ(f − y)² ≤ upper (lower up to rounding), and how far the search is.

    elapsed: seconds, those of earlier runs included. left: about so many more, with those for the certificate, None
    where that cannot be said yet.
    """

    lower: Fraction
    upper: Fraction
    elapsed: float
    left: float | None
    covered: float
    nodes: int
    open: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Nodes sent to be split, with the `cut` of that time, and how often that may be done at most.

    `result` waits for their children and networks near them.
    """

    nodes: tuple[Solved, ...]
    cut: float
    most: int
    result: Callable[[], Expanded]


@dataclass(slots=True)
class Search:
    """The state of one search. `open` is a heap by (bound, serial number); `proof` are the leaves certified.

    `tree` are all nodes so far, with their splits; one that is reached again is in it already. `served` are leaves with
    the number of a vector that they admit. `past` are lower bounds that were reached, each with the nodes that were
    left then: fewer prove a lower bound.
    """

    problem: Problem
    shape: Generators
    best: Candidate
    open: list[tuple[float, int, Solved]] = field(default_factory=list)
    leaves: list[Solved] = field(default_factory=list)
    tree: dict[Node, Split | None] = field(default_factory=dict)
    vectors: list[DualVector] = field(default_factory=list)
    served: dict[Node, int] = field(default_factory=dict)
    proof: list[Solved] = field(default_factory=list)
    nodes: int = 0
    sent: deque[Sent] = field(default_factory=deque)
    past: list[tuple[float, list[Solved]]] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)
    journal: list[Node] = field(default_factory=list)  # the nodes of the tree that were split, in order
    helpers: Helpers = field(default_factory=lambda: Helpers(after=math.inf))
    share: float = field(init=False)  # the incumbent's loss as a share of the labels' square
    before: float = 0.0  # seconds that earlier runs took, which this one continues
    begun: float = field(default_factory=time.monotonic)
    stopped: bool = False  # by Ctrl-C
    marks: list[tuple[float, float]] = field(default_factory=list)  # seconds, and the share of the tree left then

    def __post_init__(self) -> None:
        self.share = self.shape.share(self.best.loss)

    @property
    def elapsed(self) -> float:
        """Seconds of searching, those of earlier runs included."""
        return self.before + time.monotonic() - self.begun

    @property
    def cut(self) -> float:
        """Nodes with at least this bound are leaves."""
        return self.share * (1 - NEAR) - 1e-13

    @property
    def lower(self) -> float:
        """The proved share so far (up to rounding)."""
        under_way = (one.value for sent in self.sent for one in sent.nodes)
        return min([self.share, *(value for value, _, _ in self.open[:1]), *under_way])

    @property
    def unfinished(self) -> bool:
        """Whether some node is open or sent to be split."""
        return bool(self.open or self.sent)

    @property
    def pending(self) -> list[Solved]:
        """The nodes that are open or sent to be split."""
        return [*(one for sent in self.sent for one in sent.nodes), *(one for _, _, one in self.open)]

    @property
    def left(self) -> list[Solved]:
        """Nodes that contain all networks below the incumbent, up to rounding: leaves and pending ones."""
        return [*self.leaves, *self.pending]

    def submit(self, work: Callable[..., T], part: object, *rest: object) -> Callable[[], T]:
        """work(problem, part, *rest), perhaps begun elsewhere; call what it returns for the result."""
        return self.helpers.submit(self.problem, work, part, *rest)

    def calls(self, work: Callable[..., T], parts: Sequence[object], *rest: object) -> Iterator[T]:
        """work(problem, part, *rest) for every part, in order."""
        running = [self.submit(work, part, *rest) for part in parts]
        return (result() for result in running)

    def consider(self, guesses: Sequence[Guess]) -> None:
        """Make the best guess exact if it may improve the incumbent."""
        for value, parts in sorted(guesses)[:1]:
            if value < self.share * (1 - NEAR):
                self.improve(candidate(self.shape, parts))

    def improve(self, found: Candidate) -> None:
        if found.loss < self.best.loss:
            self.best, self.share = found, self.shape.share(found.loss)

    def add(self, solved: Solved) -> None:
        """A solved node: a leaf, a new incumbent, or one to split."""
        if solved.node in self.tree:
            return
        self.tree[solved.node] = None
        self.nodes += 1
        self.place(solved)

    def place(self, solved: Solved) -> None:
        """Put a node that is not split where it belongs."""
        if self.tree[solved.node] is not None:
            return
        if not solved.splits and solved.value < self.cut:
            self.improve(candidate(self.shape, solved.parts))
        if not solved.splits or solved.value >= self.cut:
            self.leaves.append(solved)
        else:
            heapq.heappush(self.open, (solved.value, self.nodes, solved))

    def solved(self, node: Node, warm: Sequence[int], weights: Sequence[float], weight: float) -> Solved:
        """A node of its own, with its bound."""
        return tasks.solve(self.shape, node, tasks.bound(self.shape, node, warm, weights), 0.0, self.cut, weight)

    def start(self, floor: Fraction) -> None:
        """Random descents, then the root nodes. Near the floor guesses are made exact at once: they may meet it.

        Compiled tasks of many descents each end where enough of them agree.
        """
        seeds, reached = range(STARTS), list[float]()
        for guesses in self.calls(
            tasks.explore, [seeds[k :: STARTS // CHUNK] for k in range(STARTS // CHUNK)], self.shape.width
        ):
            self.consider(guesses)
            if self.best.loss == floor:
                return
            reached += [value for value, _ in guesses]
            agreeing = sum(value < min(reached) * (1 + NEAR) + NEAR * NEAR for value in reached)
            if agreeing >= AGREEING and tasks.compiled(self.shape):
                self.helpers.withdraw()
                break
        with self.undone():
            for node in tasks.roots(self.shape.width):
                self.add(self.solved(node, (), (), 1.0 / (self.shape.width + 1)))
        self.remember()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is interrupted in here leaves the state as it was: every network stays in some node or leaf."""
        reset = self.snapshot()
        try:
            yield
        except BaseException:
            reset()
            raise

    def snapshot(self) -> Callable[[], None]:
        """Call what it returns to have the state as it is now."""
        state = [*self.open], [*self.leaves], [*self.proof], self.best, self.share, self.nodes, deque(self.sent)
        known, mark = len(self.tree), len(self.journal)

        def reset() -> None:
            self.open, self.leaves, self.proof, self.best, self.share, self.nodes, self.sent = state
            for node in self.journal[mark:]:
                self.tree[node] = None
            del self.journal[mark:]
            while len(self.tree) > known:
                self.tree.popitem()

        return reset

    def step(self) -> None:
        """Take in the children of the nodes that were sent first, after sending those of lowest bound.

        So many are under way at any time, whoever works on them, and results come in the order of sending: the search
        does not depend on the executor.
        """
        with self.undone():
            while len(self.sent) < WINDOW:
                few = self.few()
                batch = self.batch(1 if few else CHUNK)
                if not batch:
                    break
                self.send(batch, self.cut, FIRST if few else tasks.BURST)
            if not self.sent:  # all that was open are leaves by now
                return
            found, kept, guesses = self.sent[0].result()
            self.sent.popleft()
            self.consider(guesses)
            for one in kept:
                self.place(one)
            self.attach(found)
        self.remember()

    def remember(self) -> None:
        """Keep the nodes that are left if the lower bound has risen by so much."""
        if self.lower > MILESTONE * self.past[-1][0] if self.past else self.lower > TINY:
            self.past.append((self.lower, self.left))

    def attach(self, found: Sequence[Branch]) -> None:
        """Take in the nodes that were split, parents first."""
        split = {node for node, _, _ in found}
        for node, cut, solved in found:
            if self.tree.get(node, cut) is not None:  # split before, or below such a node
                continue
            self.journal.append(node)
            self.tree[node] = cut
            for one in solved:
                if one.node not in split:
                    self.add(one)
                elif one.node not in self.tree:
                    self.tree[one.node] = None
                    self.nodes += 1

    def batch(self, most: int) -> list[Solved]:
        """The next open nodes to split; those that are leaves by now are put there."""
        chosen: list[Solved] = []
        while self.open and len(chosen) < most:
            value, _, solved = heapq.heappop(self.open)
            if self.tree[solved.node] is None:  # else it was split below another node
                (self.leaves if value >= self.cut else chosen).append(solved)
        return chosen

    def few(self) -> bool:
        """Whether so few nodes are left that others would have to wait for a long task's results."""
        short = tasks.compiled(self.shape) is None or tasks.burst(self.shape) == tasks.BURST
        return not short and len(self.open) + len(self.sent) < WINDOW

    def send(self, batch: Sequence[Solved], cut: float, most: int) -> None:
        """Have these nodes split, and those below them, so many at most."""
        self.sent.append(Sent(tuple(batch), cut, most, self.submit(tasks.expand, batch, cut, most)))

    def certify(
        self, threshold: Fraction, leaves: Sequence[Solved], until: float | None = None, trail: Trail | None = None
    ) -> list[Solved]:
        """Extend `vectors` until every leaf is covered; returns the leaves whose exact bound is lower.

        `threshold` is for the integer labels. Raises TimeoutError at the time `until`.
        """
        trail, leaves = trail or Trail(), self.unserved(leaves, 0)
        failed, under_way = list[Solved](), deque[tuple[list[Solved], Callable[[], Covering]]]()
        waiting = deque(slices(self.shape, leaves))
        while waiting or under_way:
            in_time(until)
            while waiting and len(under_way) < WINDOW:
                part = waiting.popleft()
                under_way.append((part, trail.ask(partial(self.submit, cover, part, threshold))))
            (part, result), known = under_way.popleft(), len(self.vectors)
            self.vectors += result()
            failed += self.unserved(part, known)
        return failed

    def unserved(self, leaves: Sequence[Solved], since: int) -> list[Solved]:
        """The leaves that admit none of the vectors from number `since` on; the others get theirs."""
        found = admitted(self.shape, reached(self.shape, leaves), range(len(leaves)), self.vectors[since:])
        pairs = list(zip(leaves, found, strict=True))
        self.served.update((leaf.node, since + number) for leaf, number in pairs if number >= 0)
        return [leaf for leaf, number in pairs if number < 0]

    def close(self, floor: Fraction, until: float | None = None) -> None:
        """Certify all leaves at the incumbent's loss, refining where exact bounds are lower than floats said.

        Raises TimeoutError at the time `until`. What `trail` knows from an earlier call in the same state is used.
        """
        self.trail.rewind()
        while self.leaves and self.best.loss > floor:
            asked = self.best.loss
            failed = self.certify(asked * self.shape.label_scale**2, self.leaves, until, self.trail)
            refused = {leaf.node for leaf in failed}
            self.proof += [leaf for leaf in self.leaves if leaf.node not in refused]
            self.leaves = []
            for leaf in failed:
                self.refine(leaf, asked)
            while self.unfinished:
                in_time(until)
                self.step()

    def report(self) -> Progress:
        """The state for a progress display."""
        pending = self.pending
        left = sum(solved.weight for solved in pending)
        lower, upper = self.shape.loss(self.lower), self.best.loss
        rest = self.rest(now := self.elapsed, left)
        return Progress(lower, upper, now, rest, 1.0 - left, self.nodes, len(pending))

    def rest(self, now: float, left: float) -> float | None:
        """The seconds for the share of the tree that is left, at the rate of the second half of the time so far.

        And for the certificate, which takes about as long as the search in the end.
        """
        if not self.marks or now > self.marks[-1][0] * 1.05:
            self.marks.append((now, left))
        half = next(((then, share) for then, share in reversed(self.marks) if then <= now / 2), self.marks[0])
        then, share = half
        if now < SOON or share - left < SEEN:
            return None
        rest = left * (now - then) / (share - left)
        return rest + CERTIFYING * (now + rest)

    def written(self) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
        """The certificate: the vectors that serve the leaves, and the tree that leads to them."""
        splits = {node: split for node, split in self.tree.items() if split is not None}
        return written(self.shape, splits, self.served, self.vectors)

    def refine(self, leaf: Solved, asked: Fraction) -> None:
        """A leaf whose exact bound is below `asked`, the incumbent's loss at that time: a network of it, or a split."""
        shape = self.shape
        cones = [shape.cone(slot) for slot in leaf.node]
        plus, minus = shape.reach(leaf.node)
        exact = exact_projection(shape, plus, minus, np.array(leaf.support, dtype=np.int64))
        support = np.array(sorted(exact.weights), dtype=np.int64)
        top, most = binary(exact.weights.values()), binary(exact.residual)
        weights = np.array([float(exact.weights[int(k)] / top) for k in support])
        weights *= shape.lengths[support % max(shape.count, 1)]
        residual = np.array([float(r / most) for r in exact.residual])
        splits = conflicts(shape, leaf.node, cones, support, weights, residual)
        if not splits:
            found = from_weights(shape, shares(shape, leaf.node, cones, support), exact.weights)
            if found.loss >= asked:
                raise Declined("the numbers of the search are too far apart for floats")
            self.improve(found)
            self.leaves.append(leaf)
            return
        self.journal.append(leaf.node)
        self.tree[leaf.node] = splits[0]
        for node in tasks.children(shape, leaf.node, splits[0]):
            self.add(self.solved(node, leaf.support, leaf.weights, leaf.weight))


def in_time(until: float | None) -> None:
    """TimeoutError from the time.monotonic() value `until` on."""
    if until is not None and time.monotonic() > until:
        raise TimeoutError("out of time")
