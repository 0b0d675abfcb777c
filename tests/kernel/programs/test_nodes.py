"""The operations of a program, against an independent evaluation; ties; every fault of the reader."""

import re
from itertools import product
from math import prod
from random import Random
from typing import Any

import pytest

from symverify.kernel import Malformed
from symverify.kernel.core.network import predictions
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.build import Window
from symverify.kernel.programs.network import Programmed
from symverify.kernel.programs.nodes import read_name, read_shape
from tests.kernel.corruption import edited, no_data, text
from tests.oracles.programs import prediction

Json = Any


def node(name: str, op: str, source: Json, **more: Json) -> Json:
    """A node of the file."""
    return {"name": name, "op": op, "from": source, **more}


def document(shape: Json, *nodes: Json, outputs: int = 1, samples: int = 3) -> Json:
    """A network file with these nodes after the input "x", and data of small numbers of both signs."""
    count = prod(shape)
    data = [{"x": [(7 * i + 5 * j + i * j) % 11 - 5 for j in range(count)], "y": [0] * outputs} for i in range(samples)]
    program = [{"name": "x", "op": "input", "shape": shape}, *nodes]
    return {"format": "symverify-network/1", "program": program, "loss": "squared", "data": data}


def full(*shape: int) -> Json:
    """Nested lists of this shape; each "?" is a number to be drawn."""
    return [full(*shape[1:]) for _ in range(shape[0])] if shape else "?"


def drawn(rng: Random, value: Json) -> Json:
    """The same with numbers in place of each "?"."""
    if isinstance(value, dict):
        return {key: drawn(rng, each) for key, each in value.items()}
    if isinstance(value, list):
        return [drawn(rng, each) for each in value]
    return f"{rng.randint(-5, 5)}/{rng.choice((1, 2, 3))}" if value == "?" else value


def count(value: Json) -> int:
    """How many numbers are to be drawn."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(count, parts)) + (value == "?")


def read(given: Json) -> Programmed:
    problem = read_problem(text(given), no_data)
    assert isinstance(problem, Programmed)
    return problem


def last(columns: int, source: str, units: int = 1) -> tuple[Json, Json]:
    """A free affine node "f", and its own parameters."""
    return node("f", "affine", source, units=units), {"weight": full(units, columns), "bias": full(units)}


def windowed(shape: Json, op: str, out: int, **more: Json) -> tuple[Json, Json]:
    """One window and an affine node on the `out` entries that it gives."""
    f, own = last(out, "p")
    return document(shape, node("p", op, "x", **more), f), {"f": own}


def convolved(shape: Json, op: str, out: int, weight: tuple[int, ...], **more: Json) -> tuple[Json, Json]:
    """A free convolution with biases, ReLU and an affine node."""
    f, own = last(out, "r")
    c = {"weight": full(*weight), "bias": full(weight[0])}
    nodes = node("c", op, "x", channels=weight[0], **more), node("r", "activation", "c", activation="relu"), f
    return document(shape, *nodes), {"c": c, "f": own}


def shaped(shape: Json, *nodes: Json, out: int, source: str) -> tuple[Json, Json]:
    """Nodes without parameters, and an affine node."""
    f, own = last(out, source)
    return document(shape, *nodes, f), {"f": own}


TIES = document(
    [2],
    node("a", "affine", "x", units=2, weight=[["s", None], ["t", "1/2"]], bias=["t", 3]),
    node("b", "affine", "a", units=2, weight={"like": "a"}, bias={"like": "a"}),
    node("c", "affine", "b", units=2, weight="free", bias=-1),
    node("d", "affine", "c", units=2, weight=[["s", 0], ["s", "u"]], bias=False),
    node("e", "sum", ["a", "b", "d"]),
    outputs=2,
)
PROGRAMS: dict[str, tuple[Json, Json]] = {
    "affine": (document([3], last(3, "x", 2)[0], outputs=2), {"f": last(3, "x", 2)[1]}),
    "ties": (TIES, {
        "a": {"weight": [["?", "?"], [None, None]], "bias": ["?", None]},
        "c": {"weight": full(2, 2)}, "d": {"weight": [[None, None], [None, "?"]]},
    }),
    "one convolution": convolved([2, 5], "conv1d", 12, (3, 2, 2), kernel=2),
    "steps and gaps": convolved([2, 7], "conv1d", 12, (4, 1, 3), kernel=[3], stride=3, padding=2, dilation=2, groups=2),
    "three channels to a group": convolved([6, 3], "conv1d", 4, (2, 3, 2), kernel=2, groups=2),
    "two axes": convolved([2, 3, 4], "conv2d", 8, (2, 2, 2, 3), kernel=[2, 3], stride=[2, 1], padding=[1, 0],
                          dilation=[1, 1]),
    "two axes apart": convolved([2, 5, 4], "conv2d", 18, (2, 1, 2, 2), kernel=2, stride=[2, 1], padding=1,
                                dilation=[2, 3], groups=2),
    "means": windowed([2, 5], "average_pool1d", 4, kernel=2),
    "means with padding": windowed([2, 5], "average_pool1d", 6, kernel=3, stride=2, padding=1),
    "means without padding": windowed([2, 5], "average_pool1d", 6, kernel=3, stride=2, padding=1, count_padding=False),
    "means of two axes": windowed([1, 4, 3], "average_pool2d", 6, kernel=2, stride=[1, 2], padding=[0, 1],
                                  count_padding=False),
    "global means": windowed([3, 2, 2], "global_average_pool", 3),
    "greatest": windowed([2, 7], "max_pool1d", 4, kernel=3),
    "greatest with padding": windowed([2, 6], "max_pool1d", 6, kernel=3, stride=2, padding=1, dilation=1),
    "greatest of two axes": windowed([1, 4, 5], "max_pool2d", 4, kernel=[2, 3], stride=2, dilation=1),
    "greatest apart": windowed([1, 5, 3], "max_pool2d", 3, kernel=[3, 1], stride=1, dilation=[2, 1]),
    "greatest of five": shaped([5], node("p", "maxout", "x", pieces=5), out=1, source="p"),
    "greatest of pieces": shaped([4, 3], node("p", "maxout", "x", pieces=2), out=6, source="p"),
    "greatest of nodes": shaped(
        [3], node("a", "batch_norm", "x", scale=[-1, 2, 1], shift=[1, 0, -2]),
        node("b", "batch_norm", "x", scale=[1, -1, 0], shift=[0, 0, 1]), node("p", "max", ["x", "a", "b"]),
        out=3, source="p"),
    "normalised": shaped([2, 3], node("p", "batch_norm", "x", scale=["2", "-1/3"], shift=[1, "1/2"]),
                         out=6, source="p"),
    "sums": shaped([2, 2], node("a", "batch_norm", "x", scale=[2, 3], shift=[0, 1]),
                   node("p", "sum", ["x", "a", "x"]), out=4, source="p"),
    "joined": shaped([2, 2], node("a", "activation", "x", activation="abs"), node("p", "concat", ["a", "x", "a"]),
                     out=12, source="p"),
    "flat": shaped([2, 2], node("p", "flatten", "x"), out=4, source="p"),
    "turned": shaped([2, 3, 4], node("t", "permute", "x", axes=[2, 0, 1]), node("p", "max_pool2d", "t", kernel=[2, 1]),
                     out=12, source="p"),
    "shaped anew": shaped([2, 6], node("s", "reshape", "x", shape=[4, 3]), node("p", "average_pool1d", "s", kernel=3),
                          out=4, source="p"),
    "bent inputs": shaped([3], node("a", "activation", "x", activation="relu"), out=3, source="a"),
    "bent parts": (document([2], last(2, "x", 2)[0], node("j", "concat", ["f", "x"]),
                            node("o", "activation", "j", activation="hardtanh"), outputs=4), {"f": last(2, "x", 2)[1]}),
    "joined at the end": (document([2], last(2, "x", 2)[0], node("o", "concat", ["x", "f"]), outputs=4),
                          {"f": last(2, "x", 2)[1]}),
    "turned at the end": (
        document([2], last(2, "x", 4)[0], node("s", "reshape", "f", shape=[2, 2]),
                 node("o", "permute", "s", axes=[1, 0]), outputs=4), {"f": last(2, "x", 4)[1]}),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_predictions_are_those_of_an_independent_evaluation(name: str) -> None:
    program, own = PROGRAMS[name]
    rng = Random(name)
    for _ in range(3):
        point = drawn(rng, own)
        problem = read(program | {"parameters": point})
        assert problem.size() == count(own)
        assert problem.parameters is not None
        known = [prediction(program["program"], point, sample["x"]) for sample in program["data"]]
        assert [list(f) for f in predictions(problem, problem.parameters)] == known
        values = problem.free(problem.parameters)
        assert problem.expand(values) == problem.parameters


@pytest.mark.parametrize(("name", "nodes"), [
    ("affine", 1), ("one convolution", 3), ("flat", 1), ("bent inputs", 2), ("bent parts", 3), ("joined at the end", 2),
    ("greatest of five", 10),
])  # fmt: skip
def test_no_more_nodes_than_it_takes(name: str, nodes: int) -> None:
    """A maximum of five: three rounds of two affine nodes and a comparison, then the affine node."""
    assert len(read(PROGRAMS[name][0]).program) == nodes


CONTROL = document(
    [2, 4],
    node("c", "conv1d", "x", channels=4, kernel=2, padding=1, dilation=2, groups=2),
    node("m", "max_pool1d", "c", kernel=2),
    node("s", "sum", ["m", "m"]),
    node("k", "concat", ["s", "m"]),
    node("b", "batch_norm", "k", scale=[1] * 8, shift=[0] * 8),
    node("o", "maxout", "b", pieces=4),
    node("r", "reshape", "o", shape=[2, 1, 2]),
    node("t", "permute", "r", axes=[2, 0, 1]),
    node("f", "affine", "t", units=1, weight=[["w", 0, "v", None]], bias=["v"]),
)
# The place in the file, what is put there, the path and a part of the fault.
FAULTS: dict[str, tuple[str, Json, str, str]] = {
    "no nodes": ("program", CONTROL["program"][:1], "program", "expected an input and at least one node more"),
    "two of a name": ("program[2].name", "c", "program[2].name", "'c' is the name of two nodes"),
    "two of the first name": ("program[9].name", "x", "program[9].name", "'x' is the name of two nodes"),
    "no input": ("program[0].op", "flatten", "program[0].op", 'the first node, and no other, is the "input"'),
    "two inputs": ("program[3].op", "input", "program[3].op", 'the first node, and no other, is the "input"'),
    "unknown": ("program[1].op", "conv3d", "program[1].op", "unknown operation 'conv3d'; known: input, affine"),
    "unknown key": ("program[3].axis", 0, "program[3].axis", "unknown key; the keys here are name, op, from"),
    "not used": ("program[9].from", "r", "program", "nothing uses the node 't'; the last node is the prediction"),
    "too early": ("program[1].from", "t", "program[1].from", "'t' is used before it is made"),
    "itself": ("program[2].from", "m", "program[2].from", "'m' is used before it is made"),
    "no such node": ("program[2].from", "q", "program[2].from", "'q' is not the name of a node"),
    "one source": ("program[3].from", ["m"], "program[3].from", "expected the names of two or more nodes"),
    "no name": ("program[0].name", "1x", "program[0].name", "expected a letter, then letters, digits"),
    "no units": ("program[9].units", 0, "program[9].units", "expected at least 1, got 0"),
    "no shape": ("program[0].shape", [], "program[0].shape", "expected from 1 to 4 sizes"),
    "too many sizes": ("program[0].shape", [2, 2, 2, 1, 1], "program[0].shape", "expected from 1 to 4 sizes"),
    "an axis more": ("program[0].shape", [2, 2, 2], "program[1].from", "expected channels and 1 more"),
    "an axis less": ("program[0].shape", [8], "program[1].from", "has shape [8], expected channels and 1 more"),
    "groups of inputs": ("program[1].groups", 4, "program[1].groups", "4 does not divide the 2 channels that enter"),
    "groups of outputs": ("program[1].channels", 3, "program[1].groups", "2 does not divide the 3 channels"),
    "two sizes": ("program[1].kernel", [2, 2], "program[1].kernel", "expected 1 numbers, one per axis, got 2"),
    "no stride": ("program[1].stride", 0, "program[1].stride", "expected at least 1, got 0"),
    "too wide": ("program[1].dilation", 6, "program[1].kernel", "a window of [2] does not fit into [4]"),
    "all padding": ("program[1].padding", 4, "program[1].padding", "must be smaller than the window"),
    "unequal shapes": ("program[3].from[1]", "x", "program[3].from[1]", "has shape [2, 4], the first has [4, 2]"),
    "not joined": ("program[4].from[1]", "x", "program[4].from[1]", "has shape [2, 4], which does not join"),
    "too many scales": ("program[5].scale", [1] * 9, "program[5].scale", "expected 8 numbers, one per channel, got 9"),
    "pieces": ("program[6].pieces", 3, "program[6].pieces", "3 does not divide the 8 channels"),
    "no pieces": ("program[6].pieces", 0, "program[6].pieces", "expected at least 1, got 0"),
    "another size": ("program[7].shape", [2, 3], "program[7].shape", "has 6 entries, what enters has 4"),
    "an axis twice": ("program[8].axes", [2, 0, 0], "program[8].axes", "expected the numbers 0 to 2 in some order"),
    "two axes": ("program[8].axes", [1, 0], "program[8].axes", "expected the numbers 0 to 2 in some order"),
    "a fourth axis": ("program[8].axes", [1, 0, 3], "program[8].axes", "expected the numbers 0 to 2 in some order"),
    "weights": ("program[9].weight", [[1, 2, 3]], "program[9].weight[0]", "expected 4 entries, got 3"),
    "rows": ("program[9].weight", [], "program[9].weight", "expected 1 entries, got 0"),
    "a reserved name": ("program[9].weight[0][0]", "NaN", "program[9].weight[0][0]", "is no name of a shared"),
    "no number": ("program[9].weight[0][1]", "1/x", "program[9].weight[0][1]", "expected a number"),
    "no bias": ("program[9].bias", [], "program[9].bias", "expected 1 entries, got 0"),
    "like nothing": ("program[9].weight", {"like": "q"}, "program[9].weight.like", "'q' is not an earlier node with a"),
    "like a pool": ("program[9].bias", {"like": "m"}, "program[9].bias.like", "is not an earlier node with a bias"),
    "like another shape": ("program[9].weight", {"like": "c"}, "program[9].weight.like",
                           "the weight of c has shape [4, 1, 2], here it is [1, 4]"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str) -> None:
    path, new, where, what = FAULTS[name]
    assert read(CONTROL).size() == 4 * 1 * 2 + 4 + 3
    with pytest.raises(Malformed) as found:
        read(edited(CONTROL, path, new))
    ((place, said),) = found.value.faults
    assert (place, what if what in said else said) == (where, what)


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_places_of_a_window(kernel: int, dilation: int) -> None:
    """By moving it step by step over the padded entries."""
    for size, padding, stride in product(range(1, 9), range(3), (1, 2, 3)):
        window = Window((kernel, 1), (stride, 1), (padding, 0), (dilation, 1))
        ends = [start + o * dilation for start in range(0, 20, stride) for o in range(kernel)][kernel - 1 :: kernel]
        found = sum(end < size + 2 * padding for end in ends)
        assert window.fits((size, 1)) is (found > 0)
        assert window.fits((size, 0)) is False
        if found:
            assert window.places((size, 1)) == (found, 1)


def test_sizes_of_the_input() -> None:
    assert read_shape([2**18, 1, 2, 2], "") == (2**18, 1, 2, 2)
    assert read_shape([2**20], "") == (2**20,)
    for shape in ([2**20 + 1], [2**18, 4, 1, 2], [1] * 5, []):
        with pytest.raises(Malformed, match=r"expected from 1 to 4 sizes, of at most 1048576 entries in all"):
            read_shape(shape, "")


def test_names_of_nodes() -> None:
    for name in ("a", "Z9_.-", "a" * 60):
        assert read_name(name, "") == name
    for name in ("", "9", "_a", "a b", "a" * 61, "a\n", "é"):
        with pytest.raises(Malformed, match="expected a letter, then letters, digits"):
            read_name(name, "")


SUM = node("s", "sum", ["x", "x"])
LARGE: dict[str, tuple[Json, Json, str]] = {
    "parameters": ([1023], [node("f", "affine", "x", units=1025)], "program[1].units: too many parameters"),
    "weights": ([1, 1023], [node("f", "conv1d", "x", channels=2**11, kernel=513)],
                "program[1].channels: too many parameters"),
    "units": ([2**19, 1], [node("f", "average_pool1d", "x", kernel=3, padding=2, stride=1)],
              "program[1]: too many units"),
    "entries of a convolution": ([1, 1023], [node("f", "conv1d", "x", channels=2, kernel=1)],
                                 "program[1]: more than 1048576 entries"),
    "entries of a sum": ([1023], [SUM], "program[1]: more than 1048576 entries"),
    "entries of all nodes": ([500], [SUM, SUM | {"name": "t"}, SUM | {"name": "u"}],
                             "program[3]: more than 1048576 entries of weight matrices, or 4096 nodes"),
    "nodes": ([1], [node(f"a{k}", "activation", f"a{k - 1}" if k else "x", activation="relu") for k in range(4097)],
              "program[4097]: more than 1048576 entries of weight matrices, or 4096 nodes"),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_too_large(name: str) -> None:
    shape, nodes, reason = LARGE[name]
    with pytest.raises(Malformed, match=re.escape(reason)):
        read(document([1], *nodes) | {"program": [{"name": "x", "op": "input", "shape": shape}, *nodes]})
