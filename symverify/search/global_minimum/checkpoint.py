"""The state of a search as JSON, so that a long run can be continued to the same result."""

import hashlib
import json
import math
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from symverify.errors import BadCheckpoint, Malformed
from symverify.kernel.core.network import Problem
from symverify.kernel.core.text import Literal, canonical, strict_json
from symverify.problem.regular import read_regular
from symverify.problem.write import write_atomically
from symverify.search.global_minimum.candidate import Candidate, Unit, evaluated
from symverify.search.global_minimum.dual import DualVector, known
from symverify.search.global_minimum.generators import Generators, Node, Slot
from symverify.search.global_minimum.search import Search
from symverify.search.global_minimum.tasks import BURST, Solved
from symverify.search.global_minimum.trail import Trail
from symverify.text import plain

FORMAT = "symverify-search/8"


def fingerprint(problem: Problem) -> str:
    """SHA-256 of what the search depends on."""
    biases = problem.hidden_bias, problem.output_bias
    parts = problem.widths, biases, problem.activations, problem.loss.factor, problem.inputs, problem.targets
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def save(path: Path, search: Search) -> None:
    """Write the state, replacing the file at once. Where that fails the search goes on without a checkpoint."""
    with suppress(OSError, ValueError):  # a full disk, a number with too many digits to be written
        write_atomically(path, json.dumps(_state(search)).encode("ascii"))


def _state(search: Search) -> dict[str, object]:
    best = search.best
    return {
        "format": FORMAT,
        "problem": fingerprint(search.problem),
        "best": [
            str(best.loss),
            [[sign, [str(x) for x in u], str(nu)] for sign, u, nu in best.units],
            str(best.c0),
        ],
        "open": [[number, _node(solved)] for _, number, solved in sorted(search.open)],
        "sent": [[sent.cut, sent.most, [_node(solved) for solved in sent.nodes]] for sent in search.sent],
        "leaves": [_node(solved) for solved in search.leaves],
        "tree": [[node, split] for node, split in search.tree.items()],
        "nodes": search.nodes,
        "seconds": round(search.elapsed, 3),
        "covered": [[found.vector for found in vectors] for vectors in search.trail.covered],
    }


def restore(path: Path, search: Search) -> bool:
    """Continue from the file; False if there is none, or none with a node (the start was interrupted).

    BadCheckpoint if it is not this problem's.
    """
    try:
        state = _read(path)
        if state["problem"] != fingerprint(search.problem):
            raise ValueError("it is of another problem")
        return _restored(state, search)
    except FileNotFoundError:
        return False
    except (OSError, Malformed, ValueError, TypeError, KeyError) as error:
        raise bad(path, error) from None


def peek(path: Path) -> tuple[str, int]:
    """Whose state a file is (see `fingerprint`), and with how many nodes. Raises BadCheckpoint, FileNotFoundError."""
    try:
        state = _read(path)
        return str(state["problem"]), _natural(state["nodes"])
    except FileNotFoundError:
        raise
    except (OSError, Malformed, ValueError, TypeError, KeyError) as error:
        raise bad(path, error) from None


def bad(path: Path, error: Exception) -> BadCheckpoint:
    """What is wrong with a checkpoint, in words."""
    why = error.strerror or str(error) if isinstance(error, OSError) else f"{error}" or type(error).__name__
    return BadCheckpoint(
        f"{str(path)!a} is not a checkpoint of this problem ({plain(why, 200)})",
        "remove it, or start without --resume",
    )


def _read(path: Path) -> dict[str, Any]:
    state = strict_json(read_regular(path))
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    return state


def _restored(state: dict[str, Any], search: Search) -> bool:
    """Take in a state; ValueError, TypeError or KeyError where something of it cannot be one of this search."""
    shape = search.shape
    found, nodes = _candidate(state["best"], search), _natural(state["nodes"])
    if (seconds := _real(state["seconds"])) < 0:
        raise ValueError("it took less than no time")

    def solved(data: object) -> Solved:
        return _solved(data, search)

    numbered = [(_natural(number, nodes + 1), solved(data)) for number, data in _pairs(state["open"])]
    leaves = [solved(data) for data in _list(state["leaves"])]
    sent = [
        (_real(cut), _natural(most, BURST + 1), [solved(data) for data in _list(batch)])
        for cut, most, batch in (_list(each, 3) for each in _list(state["sent"]))
    ]
    tree = dict(_branch(node, split, shape) for node, split in _pairs(state["tree"]))
    covered = [tuple(_dual(g, shape) for g in _list(vectors)) for vectors in _list(state["covered"])]
    if len({number for number, _ in numbered}) < len(numbered):
        raise ValueError("two nodes have one number")
    search.improve(found)
    search.open = sorted((each.value, number, each) for number, each in numbered)
    search.leaves, search.nodes, search.tree, search.before = leaves, nodes, tree, seconds
    for cut, most, batch in sent:
        search.send(batch, cut, most)
    search.trail = Trail(covered)
    return nodes > 0


def _node(solved: Solved) -> list[Any]:
    return [solved.value, solved.node, solved.support, solved.weights, solved.splits, solved.weight]


def _candidate(data: object, search: Search) -> Candidate:
    """The best network, with the loss that it has."""
    loss, units, c0 = _list(data, 3)
    size = len(search.problem.row(0))
    found, value = [_unit(unit, size) for unit in _list(units)], _rational(c0)
    best = evaluated(search.problem, found)
    moved = (value - best.c0) ** 2 * len(search.problem.inputs)
    fits = len(best.units) == len(found) <= search.problem.widths[1] and (search.problem.output_bias or not value)
    if not fits or _rational(loss) != best.loss + moved:
        raise ValueError("its best network does not have the loss that it states")
    return Candidate(best.loss + moved, best.units, value)


def _unit(data: object, size: int) -> Unit:
    sign, u, nu = _list(data, 3)
    if (height := _rational(nu)) < 0:
        raise ValueError("expected a number that is not negative")
    return _sign(sign), tuple(map(_rational, _list(u, size))), height


def _solved(data: object, search: Search) -> Solved:
    value, node, support, weights, splits, weight = _list(data, 6)
    slots, planes = _slots(node, search.shape), len(search.shape.kinks)
    cuts = tuple((_natural(place, len(slots)), _natural(plane, planes)) for place, plane in _pairs(splits))
    numbers = _naturals(support, 2 * search.shape.count)
    amounts = tuple(_real(each) for each in _list(weights, len(numbers)))
    return Solved(_real(value), slots, numbers, amounts, cuts, (), _real(weight))


def _branch(node: object, split: object, shape: Generators) -> tuple[Node, tuple[int, int] | None]:
    slots = _slots(node, shape)
    if split is None:
        return slots, None
    place, plane = _list(split, 2)
    return slots, (_natural(place, len(slots)), _natural(plane, len(shape.kinks)))


def _slots(data: object, shape: Generators) -> Node:
    return tuple(_slot(slot, len(shape.kinks)) for slot in _list(data, shape.width))


def _slot(data: object, planes: int) -> Slot:
    sign, cuts = _list(data, 2)
    return _sign(sign), tuple((_natural(plane, planes), _natural(side, 2)) for plane, side in _pairs(cuts))


def _dual(data: object, shape: Generators) -> DualVector:
    vector: list[int] = [_whole(g) for g in _list(data, len(shape.labels))]
    if not any(vector) or (shape.problem.output_bias and sum(vector) != 0):
        raise ValueError("a vector that proves nothing")
    return known(shape, vector)


# What a state is made of. Each raises ValueError (canonical: Malformed) for anything else.


def _list(value: object, size: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (size is not None and len(value) != size):
        raise ValueError(f"expected a list{'' if size is None else f' of {size}'}")
    return value


def _pairs(value: object) -> list[list[Any]]:
    return [_list(each, 2) for each in _list(value)]


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError("expected a whole number")
    return value


def _natural(value: object, below: int = 2**62) -> int:
    if not 0 <= _whole(value) < below:
        raise ValueError(f"expected a whole number from 0 and below {below}")
    return _whole(value)


def _naturals(value: object, below: int) -> tuple[int, ...]:
    return tuple(_natural(each, below) for each in _list(value))


def _sign(value: object) -> int:
    if _whole(value) not in (-1, 1):
        raise ValueError("expected a sign")
    return _whole(value)


def _real(value: object) -> float:
    number = float(value) if type(value) is int or isinstance(value, Literal) else math.nan
    if not math.isfinite(number):
        raise ValueError("expected a number")
    return number


def _rational(value: object) -> Fraction:
    return canonical(value, "best")
