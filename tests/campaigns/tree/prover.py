"""An honest prover of bounds by trees, on the oracle's own rays: branch and bound, least squares exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from .oracle import Cells, whole

Node = list[int]


class TooLarge(Exception):
    """The tree has grown beyond its limit."""


@dataclass(slots=True)
class Tree:
    """A certificate of the rule `global_lower_bound` being made; `holes` are the leaves where no vector serves."""

    cells: Cells
    risk: Fraction
    limit: int = 3000
    vectors: list[tuple[int, ...]] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    holes: int = 0

    def step(self) -> dict[str, object]:
        """The step of the certificate."""
        vectors = [list(g) for g in self.vectors]
        return {"rule": "global_lower_bound", "risk": str(self.risk), "vectors": vectors, "tree": list(self.entries)}


def split(cells: Cells, node: Node, x: dict[int, Fraction]) -> tuple[int, int] | None:
    """(unit, side) that separates most of what the relaxed solution x mixes; None if no side cuts."""
    best: tuple[tuple[Fraction, int], int, int] | None = None
    for j, unit in enumerate(node):
        if unit in node[:j]:
            continue
        for q, (high, low) in enumerate(cells.sides):
            parts = unit & high, unit & low
            if unit in parts:
                continue
            weights = [
                sum((c for k, c in x.items() if unit >> k & 1 and not part >> k & 1), Fraction(0)) for part in parts
            ]
            score = (Fraction(10**9) if q == 0 else min(weights), min(part.bit_count() for part in parts))
            if best is None or score > best[0]:
                best = score, j, q
    return None if best is None else best[1:]


def children(cells: Cells, node: Node, j: int, q: int) -> list[Node]:
    """All ways to put the units equal to unit j on the two sides."""
    high, low = cells.sides[q]
    places = [k for k, unit in enumerate(node) if unit == node[j]]
    found = []
    for count in range(len(places) + 1):
        child = list(node)
        for k, place in enumerate(places):
            child[place] = node[place] & (high if k < count else low)
        found.append(child)
    return found


def prove(cells: Cells, risk: Fraction, limit: int = 3000, hide: bool = False) -> Tree | None:
    """A tree for the bound, or None if it fails. With `hide` holes are left where it does: a false certificate."""
    tree = Tree(cells, risk, limit)
    count = min(cells.width, cells.n)
    try:
        return tree if grow(tree, [cells.everything] * count, hide) else None
    except (TooLarge, ArithmeticError):
        return None


def leaf(tree: Tree, g: tuple[int, ...]) -> None:
    """A leaf with this vector."""
    if g not in tree.vectors:
        tree.vectors.append(g)
    tree.entries.append(tree.vectors.index(g))


def grow(tree: Tree, node: Node, hide: bool) -> bool:
    """Write the subtree of a node."""
    cells = tree.cells
    if len(tree.entries) > tree.limit:
        raise TooLarge
    value, left, x = cells.least(node)
    if cells.factor * value >= tree.risk:
        leaf(tree, whole(left))
        return True
    at = split(cells, node, x)
    if at is None:
        if not hide:
            return False
        tree.holes += 1
        leaf(tree, whole(cells.centred(cells.labels)))
        return True
    tree.entries.append(-1 - (at[0] * len(cells.sides) + at[1]))
    done = [grow(tree, child, hide) for child in children(cells, node, *at)]  # all are written, also after a failure
    return all(done)


def renumbered(vectors: Sequence[tuple[int, ...]], tree: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """The vectors that a tree uses, numbered by first use."""
    order = dict[int, int]()
    for e in tree:
        if e >= 0:
            order.setdefault(e, len(order))
    return [list(vectors[e]) for e in order], [e if e < 0 else order[e] for e in tree]
