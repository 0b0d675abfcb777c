"""Branch and bound for the global minimum of one hidden layer and scalar output under a loss that is not the squared.

As for the squared loss (`search.global_minimum`): a node gives every unit a sign and a closed cone, its bound is the
least loss of all combinations of its rays, and the node of the lowest bound is split where its combination is least
like a network. A node whose bound is not below the lowest risk known is a leaf once an exact vector proves that. For
losses over the reals "not below" leaves the gap that was asked for. A search that ends early proves a lower bound with
what it has: vectors for the nodes that are left.
"""

import heapq
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from symverify.kernel.core.activation import ZERO
from symverify.kernel.core.network import Point, Problem, predictions, risk
from symverify.kernel.reals.enclosed_point import enclosed_risk
from symverify.kernel.reals.losses import RealLoss
from symverify.search.global_minimum.generators import Generators, Node, generators
from symverify.search.global_minimum.network import Split, conflicts, local_search, random_units, shares, start_units
from symverify.search.global_minimum.tasks import children, roots
from symverify.search.global_minimum.tree import written
from symverify.search.loss_tree.networks import network
from symverify.search.loss_tree.relaxation import Relaxation, Relaxed, Unfinished, floors, relaxation_of
from symverify.search.loss_tree.vectors import Proof, proof_of

NEAR, TRIED, STARTS = 1e-9, 3, 16
GRACE = 10.0  # seconds for the proof of a bracket after Ctrl-C
HOPE = 24  # descents in vain after which there are no more
SEARCHING = 0.6  # share of the time for the search; the rest is for the proof of a bracket
MILESTONE, SLIGHTLY, PLACES = 1.3, 1e-7, 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """lower ≤ inf R ≤ the risk of `point`; the vectors, their scales and the tree that prove `lower`, if any do.

    complete: nothing is left to search, and the two are equal, or as near as was asked.
    """

    lower: Fraction
    point: Point
    vectors: tuple[tuple[int, ...], ...]
    scales: tuple[Fraction, ...]
    tree: tuple[int, ...]
    complete: bool


@dataclass(order=True, slots=True)
class Open:
    """A node to split, by its bound."""

    value: float
    number: int
    node: Node = field(compare=False)
    found: Relaxed = field(compare=False)
    splits: tuple[Split, ...] = field(compare=False)


@dataclass(slots=True)
class Search:
    """The state. `best` is a point of risk at most `most` (both with the loss's factor); `proofs` serve leaves.

    `cut`: values from here on are leaves (floats, above the floors of a loss over the reals); `goal`: what their
    vectors prove, without the factor. `stuck` are nodes that cannot be split and were not proved.
    `hope`: descents to try yet. `watch` is told the nodes and the bounds of the risk, as they are, up to rounding.
    """

    problem: Problem
    best: Point
    gap: Fraction
    progress: Callable[[str], None] = lambda _: None
    watch: Callable[[int, Fraction | None, Fraction | None], None] = lambda _nodes, _lower, _upper: None
    shape: Generators = field(init=False)
    relaxation: Relaxation = field(init=False)
    floor: float = field(init=False)
    most: Fraction = field(init=False)
    open: list[Open] = field(default_factory=list)
    stuck: list[Open] = field(default_factory=list)
    splits: dict[Node, Split] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)
    served: dict[Node, int] = field(default_factory=dict)
    past: list[tuple[float, list[Open]]] = field(default_factory=list)
    nodes: int = 0
    hope: int = 0
    rooted: bool = False  # whether all roots are nodes

    def __post_init__(self) -> None:
        real = isinstance(self.problem.loss, RealLoss)
        self.shape = generators(self.problem)
        self.relaxation = relaxation_of(self.shape)
        self.floor = float(floors(self.problem).sum()) if real else 0.0
        self.most = self.upper(self.best)
        self.hope = HOPE

    def upper(self, point: Point) -> Fraction:
        """An upper bound of the risk of a point; itself where it is rational."""
        f = predictions(self.problem, point)
        return (
            enclosed_risk(self.problem, f).upper if isinstance(self.problem.loss, RealLoss) else risk(self.problem, f)
        )

    @property
    def goal(self) -> Fraction:
        """What the vectors of leaves prove, without the factor."""
        width = self.gap * abs(self.most) if isinstance(self.problem.loss, RealLoss) else ZERO
        return (self.most - width) / self.problem.loss.factor

    @property
    def cut(self) -> float:
        """The least value of a leaf."""
        least = float(self.goal)
        if isinstance(self.problem.loss, RealLoss):
            least += 0.1 * float(self.gap * abs(self.most) / self.problem.loss.factor)
        else:
            least *= 1 - NEAR
        return least - self.floor

    def improve(self, parts: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        """Take the network of these rays if its risk is lower."""
        point = network(self.shape, self.relaxation, parts)
        if point is not None and (value := self.upper(point)) < self.most:
            self.best, self.most = point, value

    def start(self, until: float) -> None:
        """Descents from random units; then the roots."""
        shape, guesses = self.shape, list[tuple[float, tuple[tuple[int, tuple[int, ...]], ...]]]()
        for seed in range(STARTS if shape.count else 0):
            if time.monotonic() > until:
                break
            value, parts = local_search(shape, random_units(shape, seed, shape.width), self.fit)
            guesses.append((value, tuple(parts)))
        for _, guess in sorted(guesses)[:2]:
            self.improve(guess)
        for node in roots(shape.width):
            self.add(node, None)
        self.rooted = True

    def fit(self, plus: np.ndarray, minus: np.ndarray) -> Relaxed:
        """The least loss of the rays' combinations."""
        return self.relaxation(plus, minus, None, 0.0)

    def add(self, node: Node, known: Relaxed | None) -> None:
        """A node: a leaf, or one to split."""
        if node in self.splits or node in self.served:
            return
        self.nodes += 1
        if self.covered(node):
            return
        plus, minus = self.shape.reach(node)
        found = self.relaxation(plus, minus, known, self.cut) if known is None or known.value < self.cut else known
        self.settle(node, found)

    def covered(self, node: Node) -> bool:
        """Whether a vector known proves the node; the latest are the likeliest."""
        reach = self.shape.reach_words(node)
        for k in reversed(range(len(self.proofs))):
            if not (reach & self.proofs[k].blocked).any():
                self.served[node] = k
                return True
        return False

    def settle(self, node: Node, found: Relaxed) -> None:
        """Prove the node, or put it with those to split; one whose combination is a network may be the best."""
        if found.value >= self.cut and self.prove(node, found, self.goal):
            return
        cones = [self.shape.cone(slot) for slot in node]
        splits = conflicts(self.shape, node, cones, found.support, found.weights, found.residual)
        if not splits and found.value < self.cut:
            self.improve(shares(self.shape, node, cones, found.support))
            plus, minus = self.shape.reach(node)
            found = self.relaxation(plus, minus, None, 0.0)
            if found.value >= self.cut and self.prove(node, found, self.goal):
                return
            splits = conflicts(self.shape, node, cones, found.support, found.weights, found.residual)
        entry = Open(found.value, self.nodes, node, found, splits)
        if splits:
            heapq.heappush(self.open, entry)
        else:
            self.stuck.append(entry)

    def prove(self, node: Node, found: Relaxed, threshold: Fraction) -> bool:
        """Serve the node by a vector that proves the threshold."""
        proof = proof_of(self.shape, *self.shape.reach(node), found, threshold)
        if proof is not None:
            self.served[node] = len(self.proofs)
            self.proofs.append(proof)
        return proof is not None

    def step(self) -> None:
        """Split the node of the lowest bound."""
        parent = heapq.heappop(self.open)
        try:
            done = parent.value >= self.cut and (  # the lowest risk known has fallen
                self.covered(parent.node) or self.prove(parent.node, parent.found, self.goal)
            )
            if not done:
                self.divide(parent)
        except BaseException:  # nothing is lost: the node is open again
            self.splits.pop(parent.node, None)
            heapq.heappush(self.open, parent)
            raise

    def divide(self, parent: Open) -> None:
        """By the split that raises the children's bounds most, of a few."""
        best, chosen = -1.0, list[tuple[Node, Relaxed | None]]()
        split, gap = parent.splits[0], max(self.cut - parent.value, 1e-300)
        for tried in parent.splits[:TRIED]:
            found, least, most = list[tuple[Node, Relaxed | None]](), gap, 1e-12
            for node in children(self.shape, parent.node, tried):
                bound = None if self.known(node) else self.relaxation(*self.shape.reach(node), parent.found, self.cut)
                found.append((node, bound))
                gain = gap if bound is None else max(min(bound.value - parent.value, gap), 1e-12)
                least, most = min(least, gain), max(most, gain)
                if least * gap <= best:
                    break
            else:
                if least * most > best:
                    best, split, chosen = least * most, tried, found
            if least >= gap:
                break
        self.splits[parent.node] = split
        guess: tuple[Node, Relaxed] | None = None
        for node, bound in chosen:
            if node in self.splits or node in self.served:
                continue
            self.nodes += 1
            if bound is None or self.covered(node):
                self.covered(node)
                continue
            self.settle(node, bound)
            if guess is None and bound.value < self.cut:
                guess = node, bound
        if guess is not None and self.hope:
            self.hope -= 1
            value, parts = local_search(self.shape, start_units(self.shape, *guess), self.fit)
            if value < self.cut and parts:
                self.hope = HOPE
                self.improve(parts)

    def known(self, node: Node) -> bool:
        """Whether nothing need be found out about the node."""
        reach = self.shape.reach_words(node)
        return (
            node in self.splits or node in self.served or any(not (reach & each.blocked).any() for each in self.proofs)
        )

    @property
    def left(self) -> list[Open]:
        """The nodes that are not proved."""
        return [*self.open, *self.stuck]

    def run(self, least: Fraction, deadline: float) -> Outcome:
        """Search until time.monotonic() is `deadline`; `least` is a lower bound known. Ctrl-C ends it, too."""
        now = time.monotonic()
        until, told = now + SEARCHING * (deadline - now), now
        try:
            self.start(until)
            self.watch(self.nodes, least, self.most)
            while self.open and self.most > least and (now := time.monotonic()) < until:
                self.step()
                value = min([each.value for each in self.open[:1]] + [each.value for each in self.stuck], default=0.0)
                if self.open and (not self.past or value > MILESTONE * self.past[-1][0]) and value > SLIGHTLY:
                    self.past.append((value, self.left))
                self.watch(self.nodes, self.risk(value) if self.left else None, self.most)
                if now > told + 1:
                    told = now
                    self.progress(self.told(value))
        except (KeyboardInterrupt, Unfinished):
            deadline = min(deadline, time.monotonic() + GRACE)
        if not self.rooted:
            return Outcome(least, self.best, (), (), (), self.most <= least)
        if self.most <= least:
            return Outcome(least, self.best, (), (), (), True)
        self.stuck = [
            each for each in self.stuck if not (self.covered(each.node) or self.prove(each.node, each.found, self.goal))
        ]
        if not self.left:
            return self.outcome(True)
        return self.bracket(least, deadline)

    def risk(self, value: float) -> Fraction | None:
        """A node's bound as one of the risk, up to rounding; None where it is not finite."""
        bound = value + self.floor
        return Fraction(bound) * self.problem.loss.factor if math.isfinite(bound) else None

    def told(self, value: float) -> str:
        """How far the search is."""
        low, high = ((value + self.floor) * float(self.problem.loss.factor), float(self.most))
        return f"the global minimum: in [{low:.6g}, {high:.6g}], {self.nodes} nodes, {len(self.open)} open"

    def bracket(self, least: Fraction, deadline: float) -> Outcome:
        """A lower bound that is proved by the deadline: of the nodes that are left, or of those left earlier."""
        factor, known = self.problem.loss.factor, dict(self.served)
        attempts = [*self.past, (min(each.value for each in self.left), self.left)] if self.left else self.past
        for value, nodes in reversed(attempts):
            precise = [each for each in nodes if each.node not in self.served]
            until = (time.monotonic() + deadline) / 2
            threshold = Fraction((value + self.floor) * (1 - SLIGHTLY) - SLIGHTLY * abs(self.floor))
            if threshold * factor <= least or time.monotonic() > deadline:
                break
            if self.all_proved(sorted(precise), threshold, until):
                return self.outcome(False)
            self.served = dict(known)
        return Outcome(least, self.best, (), (), (), False)

    def all_proved(self, nodes: Sequence[Open], threshold: Fraction, until: float) -> bool:
        """Serve these nodes by vectors that prove the threshold, in time."""
        for each in nodes:
            if time.monotonic() > until:
                return False
            if self.covered(each.node):
                continue
            found = self.relaxation(*self.shape.reach(each.node), each.found, 0.0)
            if not self.prove(each.node, found, threshold):
                return False
        return True

    def outcome(self, complete: bool) -> Outcome:
        """With the tree down to the nodes that are served."""
        splits = {node: split for node, split in self.splits.items() if node not in self.served}
        vectors, tree = written(self.shape, splits, self.served, self.proofs)
        scale = {each.vector: each.scale for each in self.proofs}
        used = set(vectors)
        gain = min(each.gain for each in self.proofs if each.vector in used) * self.problem.loss.factor
        if isinstance(self.problem.loss, RealLoss):
            gain = Fraction(gain * 10**PLACES // 1, 10**PLACES)
        return Outcome(min(gain, self.most), self.best, vectors, tuple(scale[g] for g in vectors), tree, complete)
