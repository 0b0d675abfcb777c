"""Network files with a program: what is read, and every fault of it with its place and remedy; the schema agrees."""

import json
from typing import Any

import jsonschema
import pytest

from symverify.errors import Malformed
from symverify.problem import loads, network_schema
from symverify.problem.faults import network_faults

Json = Any
VALIDATOR = jsonschema.Draft202012Validator(network_schema())
X: Json = {"name": "x", "op": "input", "shape": [1, 4]}
CONV: Json = {"name": "c", "op": "conv1d", "from": "x", "channels": 2, "kernel": 2}
RELU: Json = {"name": "r", "op": "activation", "from": "c", "activation": "relu"}
F: Json = {"name": "f", "op": "affine", "from": "r", "units": 1}
NODES: Json = [X, CONV, RELU, F]


def document(nodes: Json, **more: Json) -> Json:
    base = {
        "format": "symverify-network/1",
        "program": nodes,
        "loss": "squared",
        "data": [{"x": [1, 2, 3, 4], "y": [0]}],
    }
    return base | more


def put(k: int, **changes: Json) -> Json:
    """The control with fields of a node replaced, or with `...` removed."""
    nodes = [dict(node) for node in NODES]
    nodes[k] |= changes
    nodes[k] = {key: value for key, value in nodes[k].items() if value is not ...}
    return document(nodes)


def faults(value: Json) -> dict[str, str]:
    return dict(network_faults(json.dumps(value).encode(), lambda name: b""))


ACCEPTED = {
    "plain": document(NODES),
    "all of a convolution": put(1, stride=1, padding=1, dilation=2, groups=1, weight=True, bias=[None, "1/2"]),
    "frozen": put(3, weight=1, bias=False),
    "entries": put(3, weight=[["s", "s", None, 0, "-1/2", 1.5]]),
    "pools": document(
        [
            X,
            {"name": "p", "op": "max_pool1d", "from": "x", "kernel": 2},
            {"name": "q", "op": "average_pool1d", "from": "p", "kernel": [2], "padding": 1, "count_padding": False},
            F | {"from": "q"},
        ]
    ),
    "joined": document(
        [
            X,
            {"name": "g", "op": "global_average_pool", "from": "x"},
            {"name": "l", "op": "flatten", "from": "x"},
            {"name": "j", "op": "concat", "from": ["g", "l"]},
            F | {"from": "j"},
        ]
    ),
    "a batch norm": document(
        [X, {"name": "b", "op": "batch_norm", "from": "x", "scale": [2], "shift": ["1/3"]}, F | {"from": "b"}]
    ),
    "shapes": document(
        [
            X,
            {"name": "s", "op": "reshape", "from": "x", "shape": [2, 2]},
            {"name": "t", "op": "permute", "from": "s", "axes": [1, 0]},
            {"name": "m", "op": "maxout", "from": "t", "pieces": 2},
            F | {"from": "m"},
        ]
    ),
    "ties": document(
        [
            X,
            CONV,
            CONV | {"name": "d", "weight": {"like": "c"}},
            {"name": "m", "op": "max", "from": ["c", "d"]},
            {"name": "u", "op": "sum", "from": ["m", "c"]},
            F | {"from": "u"},
        ]
    ),
    "parameters": document(
        NODES,
        parameters={
            "c": {"weight": [[[1, 2]], [["1/2", 0]]], "bias": [0, 1]},
            "f": {"weight": [[1, 2, 3, 4, 5, 6]], "bias": [0]},
        },
    ),
}
KNOWN = "known: input, affine, activation"
INVALID: dict[str, tuple[Json, dict[str, str], bool]] = {
    "a cycle": (
        document([X, CONV | {"from": "s"}, RELU, {"name": "s", "op": "sum", "from": ["r", "r"]}, F]),
        {"program[1].from": "'s' is used before it is made: c -> r -> s -> c is a cycle"},
        False,
    ),
    "before it is made": (
        document([X, F | {"from": "c"}, CONV, RELU]),
        {"program[1].from": "'c' is used before it is made: move it up"},
        False,
    ),
    "no such node": (
        put(2, **{"from": "q"}),
        {"program[2].from": "'q' is not the name of a node"},
        False,
    ),
    "two of one name": (
        put(2, name="c"),
        {"program[2].name": "'c' is the name of two nodes", "program[3].from": "'r' is not the name of a node"},
        False,
    ),
    "not used": (document([X, CONV, RELU, F | {"from": "x"}]), {"program": "nothing uses the node 'r'"}, False),
    "shapes that do not add": (
        document([X, CONV, {"name": "s", "op": "sum", "from": ["x", "c"]}, F | {"from": "s"}]),
        {"program[2].from[1]": "has shape [2, 3], the first has [1, 4]"},
        False,
    ),
    "shapes that do not join": (
        document([X, CONV, {"name": "s", "op": "concat", "from": ["x", "c"]}, F | {"from": "s"}]),
        {"program[2].from[1]": "has shape [2, 3], which does not join with [1, 4]"},
        False,
    ),
    "a tie of other shapes": (
        document(
            [
                X,
                CONV,
                CONV | {"name": "d", "kernel": 3, "weight": {"like": "c"}},
                {"name": "j", "op": "flatten", "from": "d"},
                F | {"from": "j"},
            ]
        ),
        {"program[2].weight.like": "the weight of c has shape [2, 1, 2], here it is [2, 1, 3]"},
        False,
    ),
    "too large a window": (put(1, kernel=5), {"program[1].kernel": "a window of [5] does not fit into [4]"}, False),
    "groups": (put(1, groups=2), {"program[1].groups": "2 does not divide the 1 channels that enter"}, False),
    "axes": (put(1, op="conv2d"), {"program[1].from": "has shape [1, 4], expected channels and 2 more"}, False),
    "batch statistics": (
        document([X, {"name": "b", "op": "batch_norm", "from": "x", "momentum": 0.1}, F | {"from": "b"}]),
        {"program[1].scale": "is missing; batch statistics of training are no fixed map"},
        True,
    ),
    "attention": (put(1, op="attention"), {"program[1].op": "'attention' multiplies values with each other"}, True),
    "smooth": (put(2, activation="gelu"), {"program[2].activation": "gelu is not piecewise linear"}, True),
    "softmax": (put(2, op="softmax"), {"program[2].op": "'softmax' is not piecewise linear"}, True),
    "another name": (put(3, op="linear"), {"program[3].op": "it is called affine here"}, True),
    "unknown": (put(3, op="foo"), {"program[3].op": f"unknown operation 'foo'; {KNOWN}"}, True),
    "unknown key": (put(3, width=2), {"program[3].width": "unknown key; the keys here are"}, True),
    "input again": (put(1, op="input"), {"program[1].op": 'the first node, and no other, is the "input"'}, True),
    "nothing is free": (
        put(3, weight=1, bias=0) | {"program": [X, F | {"from": "x", "weight": 1, "bias": False}]},
        {"program": "no parameter is free"},
        False,
    ),
    "layers, too": (document(NODES, layers=[1, 2, 1]), {"layers": "is not for a file with a program"}, True),
    "decay": (document(NODES, weight_decay=-1), {"weight_decay": "must not be negative"}, False),
    "labels": (
        document(NODES, data=[{"x": [1, 2, 3], "y": [0, 1]}]),
        {"data[0].x": "expected 4 numbers", "data[0].y": "expected 1 numbers"},
        False,
    ),
    "parameters": (
        document(NODES, parameters={"c": {"weight": [[[1, 2]], [["1/2"]]], "bias": [0, 1]}}),
        {"parameters.c.weight[1][0]": "expected 2 entries, got 1"},
        False,
    ),
    "several": (
        document([X, CONV | {"kernel": 9}, RELU, {"name": "g", "op": "foo", "from": "x"}, F | {"from": "g"}]),
        {"program[1].kernel": "does not fit", "program[3].op": "unknown operation"},
        True,
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    VALIDATOR.validate(ACCEPTED[name])
    loads(json.dumps(ACCEPTED[name]))


@pytest.mark.parametrize("name", INVALID)
def test_faults_are_named_with_place_and_remedy(name: str) -> None:
    value, expected, seen = INVALID[name]
    with pytest.raises(Malformed):
        loads(json.dumps(value))
    found = faults(value)
    assert found.keys() == expected.keys()
    for where, part in expected.items():
        assert part in found[where]
    assert VALIDATOR.is_valid(value) is not seen
