"""The state of a search as JSON, so that a long run can be continued to the same result."""

import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from symverify.kernel.core.network import Problem
from symverify.search.global_minimum.candidate import Candidate
from symverify.search.global_minimum.dual import DualVector, known
from symverify.search.global_minimum.generators import Node
from symverify.search.global_minimum.search import Search, Trail
from symverify.search.global_minimum.tasks import Solved

FORMAT = "symverify-search/5"


class BadCheckpoint(Exception):
    """A file that is no checkpoint of this search."""


def fingerprint(problem: Problem) -> str:
    """SHA-256 of what the search depends on."""
    biases = problem.hidden_bias, problem.output_bias
    parts = problem.widths, biases, problem.activations, problem.loss.factor, problem.inputs, problem.targets
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def save(path: Path, search: Search) -> None:
    """Write the state, replacing the file at once."""
    best = search.best
    state = {
        "format": FORMAT,
        "problem": fingerprint(search.problem),
        "best": [
            str(best.loss),
            [[sign, [str(x) for x in u], str(nu)] for sign, u, nu in best.units],
            str(best.c0),
        ],
        "open": [[number, _node(solved)] for _, number, solved in sorted(search.open)],
        "sent": [[sent.cut, [_node(solved) for solved in sent.nodes]] for sent in search.sent],
        "leaves": [_node(solved) for solved in search.leaves],
        "tree": [[node, split] for node, split in search.tree.items()],
        "nodes": search.nodes,
        "grown": search.trail.grown,
        "found": [_vector(found) for found in search.trail.found],
        "alone": [_vector(found) for found in search.trail.alone],
    }
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def restore(path: Path, search: Search) -> bool:
    """Continue from the file; False if there is none, or none with a node (the start was interrupted).

    BadCheckpoint if it is not this problem's.
    """
    if not path.exists():
        return False
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if state["format"] != FORMAT or state["problem"] != fingerprint(search.problem):
            raise ValueError
        return _restored(state, search)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise BadCheckpoint(
            f"{path} is not a checkpoint of this problem: remove it, or start without --resume"
        ) from None


def _restored(state: dict[str, Any], search: Search) -> bool:
    loss, units, c0 = state["best"]
    found = tuple((sign, tuple(Fraction(x) for x in u), Fraction(nu)) for sign, u, nu in units)
    search.improve(Candidate(Fraction(loss), found, Fraction(c0)))
    nodes = [(number, _solved(data)) for number, data in state["open"]]
    search.open = [(solved.value, number, solved) for number, solved in nodes]
    search.leaves = [_solved(data) for data in state["leaves"]]
    search.nodes = state["nodes"]
    search.tree = {_slots(node): None if split is None else (split[0], split[1]) for node, split in state["tree"]}
    for cut, batch in state["sent"]:
        search.send([_solved(data) for data in batch], cut)
    search.trail = Trail(
        [(tuple(taken), tuple(support)) for taken, support in state["grown"]],
        [None if g is None else known(search.shape, g) for g in state["found"]],
        [None if g is None else known(search.shape, g) for g in state["alone"]],
    )
    return search.nodes > 0


def _vector(found: DualVector | None) -> tuple[int, ...] | None:
    return None if found is None else found.vector


def _node(solved: Solved) -> list[Any]:
    return [solved.value, solved.node, solved.support, solved.weights, solved.splits, solved.weight]


def _solved(data: list[Any]) -> Solved:
    value, node, support, weights, splits, weight = data
    return Solved(
        value,
        _slots(node),
        tuple(support),
        tuple(weights),
        tuple((place, plane) for place, plane in splits),
        (),
        weight,
    )


def _slots(data: list[Any]) -> Node:
    return tuple((sign, tuple((plane, side) for plane, side in cuts)) for sign, cuts in data)
