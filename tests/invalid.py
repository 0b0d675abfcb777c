"""Network files with something wrong: the document, every fault the reader reports, and whether the schema sees it."""

import copy
from dataclasses import dataclass
from typing import Any

from tests.examples import EXAMPLES, Document

KNOWN_LOSSES = (
    '"squared", "huber", "absolute", "quantile", "hinge", "mse", "mae", "l1", "smooth_l1", "pinball", '
    '"logistic", "cross_entropy", "poisson", "bce", "bce_with_logits", "ce"'
)

CONTROL: Document = EXAMPLES["four-points-given"].document


@dataclass(frozen=True, slots=True)
class Invalid:
    """faults: path in the file → a part of what is reported there, for all faults; schema: whether it rejects too."""

    document: Any
    faults: dict[str, str]
    schema: bool = True


def put(*changes: tuple[str, object]) -> Document:
    """The control with values replaced, or with `...` removed, at paths like data/0/x."""
    document = copy.deepcopy(CONTROL)
    for path, value in changes:
        *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
        node: Any = document
        for key in way:
            node = node[key]
        if value is ...:
            del node[last]
        elif isinstance(node, list) and last == len(node):
            node.append(value)
        else:
            node[last] = value
    return document


NUMBER = "expected a number"
ACTIVATIONS = "known: relu, abs, hardtanh, relu6, hardsigmoid, identity, leaky_relu, two_piece; or give breakpoints"
PIECES = {"breakpoints": [0, 1], "slopes": [0, 1, 2], "anchor": [0, 0]}

INVALID: dict[str, Invalid] = {
    # the whole
    "not an object": Invalid([CONTROL], {"": "expected an object, got ["}),
    "a number": Invalid(3, {"": "expected an object, got 3"}),
    "nothing": Invalid({}, dict.fromkeys(("format", "layers", "activation", "loss", "data"), "is missing")),
    "unknown key": Invalid(put(("colour", 1)), {"colour": "unknown key; the keys here are format, name, bias, layers"}),
    "strange key": Invalid(put(("a b\n", 1)), {"'a b\\n'": "unknown key"}),
    "another format": Invalid(
        put(("format", "symverify-network/2")),
        {"format": 'expected "symverify-network/1", got \'symverify-network/2\''}
    ),
    "format a number": Invalid(put(("format", 1)), {"format": "expected text, got 1"}),
    "name a number": Invalid(put(("name", 7)), {"name": "expected text, got 7"}),
    "name null": Invalid(put(("name", None)), {"name": "expected text, got null"}),
    # layers
    "layers missing": Invalid(put(("layers", ...)), {"layers": "is missing"}),
    "layers too few": Invalid(put(("layers", [1, 1])), {"layers": "expected three or more widths"}),
    "layers none": Invalid(put(("layers", [])), {"layers": "expected three or more widths"}),
    "layers zero": Invalid(put(("layers", [1, 0, 1])), {"layers": "expected three or more widths, each at least 1"}),
    "layers no inputs": Invalid(put(("layers", [0, 2, 1])), {"layers": "each at least 1"}),
    "layers negative": Invalid(put(("layers", [1, -2, 1])), {"layers[1]": "a whole number from 0 to 2^31 - 1, got -2"}),
    "layers true": Invalid(put(("layers", [True, 2, True])), {"layers[0]": "got true", "layers[2]": "got true"}),
    "layers text": Invalid(put(("layers", ["1", 2, 1])), {"layers[0]": "expected a whole number, got '1'"}),
    "layers decimal": Invalid(put(("layers", [1, 2.5, 1])), {"layers[1]": "expected a whole number, got 2.5"}),
    "layers 2.0": Invalid(put(("layers", [1, 2.0, 1])), {"layers[1]": "a whole number, got 2.0"}, schema=False),
    "layers huge": Invalid(put(("layers", [1, 2**31, 1])), {"layers[1]": "expected a whole number"}),
    "layers a number": Invalid(put(("layers", 3)), {"layers": "expected a list, got 3"}),
    "layers too large": Invalid(
        put(("layers", [1000, 2000, 1]), ("parameters", ...), ("bias", 5)),
        {"layers": "more than 1048576 parameters", "bias": "expected true or false"},
    ),
    # bias
    "bias text": Invalid(put(("bias", "no")), {"bias": "expected true or false, got 'no'"}),
    "bias zero": Invalid(put(("bias", 0)), {"bias": "expected true or false, got 0"}),
    "bias fields": Invalid(
        put(("bias", {"hidden": 1, "out": True})),
        {"bias.hidden": "expected true or false, got 1", "bias.out": "unknown key; the keys here are hidden, output"},
    ),
    # activation
    "activation missing": Invalid(put(("activation", ...)), {"activation": "is missing"}),
    "activation unknown": Invalid(
        put(("activation", "tanh")), {"activation": f"unknown activation 'tanh'; {ACTIVATIONS}"}
    ),
    "activation a number": Invalid(put(("activation", 3)), {"activation": "expected an object, got 3"}),
    "activation a decimal": Invalid(put(("activation", 0.5)), {"activation.name": "expected text, got 0.5"}),
    "activation name null": Invalid(put(("activation", {"name": None})), {"activation.name": "text, got null"}),
    "activation extra": Invalid(
        put(("activation", {"name": "relu", "slope": 1})), {"activation.slope": "unknown key; the keys here are name"}
    ),
    "activation slope": Invalid(
        put(("activation", {"name": "leaky_relu", "negative_slope": True})), {"activation.negative_slope": NUMBER}
    ),
    "activation half": Invalid(
        put(("activation", {"name": "two_piece", "slope": 1})),
        {"activation.negative_slope": "missing", "activation.positive_slope": "missing", "activation.slope": "unknown"},
    ),
    "activation bare two_piece": Invalid(
        put(("activation", "two_piece")),
        {"activation.negative_slope": "is missing", "activation.positive_slope": "is missing"},
    ),
    "activation empty": Invalid(
        put(("activation", {})), {f"activation.{k}": "is missing" for k in ("breakpoints", "slopes", "anchor")}
    ),
    "activation misspelt": Invalid(
        put(("activation", {"nmae": "relu"})),
        {f"activation.{k}": "is missing" for k in ("breakpoints", "slopes", "anchor")}
        | {"activation.nmae": "unknown key; the keys here are name, breakpoints, slopes, anchor"},
    ),
    "activation pieces": Invalid(
        put(("activation", PIECES | {"slopes": [0, 1]})),
        {"activation.slopes": "expected 3, one more than breakpoints, got 2"},
        schema=False,
    ),
    "activation order": Invalid(
        put(("activation", PIECES | {"breakpoints": [1, "2/2"]})), {"activation.breakpoints": "must increase strictly"},
        schema=False,
    ),
    "activation all wrong": Invalid(
        put(("activation", {"breakpoints": [1, 0], "slopes": [1], "anchor": [0], "x": 0})),
        {
            "activation.slopes": "expected 3, one more than breakpoints, got 1",
            "activation.breakpoints": "must increase strictly",
            "activation.anchor": "expected 2 numbers, a point [z, h(z)] of the graph, got 1",
            "activation.x": "unknown key",
        },
    ),
    "activation anchor": Invalid(
        put(("activation", PIECES | {"anchor": [0, "a", 1]})),
        {"activation.anchor": "got 3", "activation.anchor[1]": NUMBER}
    ),
    "activations none": Invalid(put(("activation", [])), {"activation": "expected 1 activations, one per"}),
    "activations two": Invalid(
        put(("activation", ["relu", "abs"])),
        {"activation": "expected 1 activations, one per hidden layer, or one for all of them, got 2"},
        schema=False,
    ),
    "activations wrong": Invalid(
        put(("activation", ["relu", "elu"])),
        {"activation": "expected 1 activations", "activation[1]": "unknown activation"}
    ),
    "activations of unknown number": Invalid(put(("layers", 3), ("activation", ["relu", "abs"])), {"layers": "a list"}),
    # loss
    "loss missing": Invalid(put(("loss", ...)), {"loss": "is missing"}),
    "loss unknown": Invalid(put(("loss", "cosine")), {"loss.name": f"unknown loss 'cosine'; known: {KNOWN_LOSSES}"}),
    "loss null": Invalid(put(("loss", None)), {"loss": "expected an object, got null"}),
    "loss nameless": Invalid(put(("loss", {"factor": 1})), {"loss.name": "is missing"}),
    "loss all wrong": Invalid(
        put(("loss", {"name": "squared", "reduction": "max", "factor": 0, "delta": 1, "x": 1})),
        {
            "loss.reduction": 'expected "mean" or "sum", got \'max\'',
            "loss.factor": "must be positive",
            "loss.delta": "unknown key; the keys here are name, reduction, factor",
            "loss.x": "unknown key",
        },
    ),
    "loss factor": Invalid(put(("loss", {"name": "squared", "factor": "-1/2"})), {"loss.factor": "must be positive"}),
    "loss factor zero": Invalid(put(("loss", {"name": "huber", "factor": "0.0"})), {"loss.factor": "must be positive"}),
    "loss delta": Invalid(put(("loss", {"name": "huber", "delta": -1})), {"loss.delta": "must be positive"}),
    "loss reduction": Invalid(put(("loss", {"name": "huber", "reduction": None})), {"loss.reduction": "expected text"}),
    # data
    "data missing": Invalid(put(("data", ...)), {"data": "is missing"}),
    "data empty": Invalid(put(("data", [])), {"data": "expected at least one sample"}),
    "data null": Invalid(put(("data", None)), {"data": "expected a list, got null"}),
    "sample a pair": Invalid(put(("data/1", [1, 0])), {"data[1]": "expected an object, got [1, 0]"}),
    "sample half": Invalid(put(("data/1/y", ...)), {"data[1].y": "is missing"}),
    "sample extra": Invalid(put(("data/1/z", 1)), {"data[1].z": "unknown key; the keys here are x, y"}),
    "sample flat": Invalid(put(("data/0/x", 1)), {"data[0].x": "expected a list, got 1"}),
    "sample wide": Invalid(
        put(("data/0/x", [1, 2])), {"data[0].x": "expected 1 numbers, one per input, got 2"}, schema=False
    ),
    "sample empty": Invalid(put(("data/0/y", [])), {"data[0].y": "expected 1 numbers, one per output, got 0"}),
    "numbers": Invalid(
        put(
            ("data/0/x/0", True), ("data/1/x/0", None), ("data/2/y/0", "a"), ("data/3/y/0", [1]),
            ("data/3/x/0", "1/0"),
        ),
        {f"data[{at}[0]": NUMBER for at in ("0].x", "1].x", "2].y", "3].y")}
        | {"data[3].x[0]": "the denominator is zero"},
    ),
    "numbers too long": Invalid(put(("data/0/x/0", "9" * 4001)), {"data[0].x[0]": "4000 digits at most"}),
    "exponents": Invalid(
        put(("data/0/x/0", "1e999999"), ("data/1/x/0", "1e-999999")),
        {"data[0].x[0]": "4000 digits at most", "data[1].x[0]": "4000 digits at most"},
        schema=False,
    ),
    # parameters
    "parameters null": Invalid(put(("parameters", None)), {"parameters": "expected a list, got null"}),
    "parameters none": Invalid(put(("parameters", [])), {"parameters": "expected 2 layers of parameters, got 0"}),
    "parameters flat": Invalid(put(("parameters/0/weight", [1, 2])), {
        "parameters[0].weight[0]": "expected a list, got 1", "parameters[0].weight[1]": "expected a list, got 2",
    }),
    "parameters transposed": Invalid(
        put(("parameters/0/weight", [[1, 2]]), ("parameters/1/weight", [[1], [2]])),
        {
            "parameters[0].weight": "expected 2 rows, one per unit, got 1",
            "parameters[0].weight[0]": "expected 1 numbers, got 2",
            "parameters[1].weight": "expected 1 rows, one per unit, got 2",
            "parameters[1].weight[0]": "expected 2 numbers, got 1",
            "parameters[1].weight[1]": "expected 2 numbers, got 1",
        },
        schema=False,
    ),
    "parameters bias": Invalid(
        put(("parameters/0/bias", [1]), ("parameters/1/bias", ...)),
        {"parameters[0].bias": "expected 2 numbers, got 1", "parameters[1].bias": "is missing"},
        schema=False,
    ),
    "parameters without bias": Invalid(
        put(("bias", {"output": False})), {"parameters[1].bias": "this architecture has no bias here"}, schema=False
    ),
    "parameters extra": Invalid(
        put(("parameters/0/scale", 1)), {"parameters[0].scale": "unknown key; the keys here are weight, bias"}
    ),
    # many at once
    "everything": Invalid(
        put(
            ("name", 1), ("bias", 1), ("activation", "elu"), ("loss", {"name": "l3", "factor": -1}), ("extra", 0),
            ("data/0/x", [1, "q"]), ("data/2", 5), ("parameters/0/weight/0/0", "w"), ("parameters/1/weight", [[1]]),
        ),
        {
            "name": "expected text", "bias": "expected true or false", "activation": "unknown activation 'elu'",
            "loss.name": "unknown loss 'l3'", "loss.factor": "must be positive", "extra": "unknown key",
            "data[0].x": "expected 1 numbers, one per input, got 2", "data[0].x[1]": NUMBER,
            "data[2]": "expected an object, got 5", "parameters[0].weight[0][0]": NUMBER,
            "parameters[1].weight[0]": "expected 2 numbers, got 1",
        },
    ),
}  # fmt: skip
