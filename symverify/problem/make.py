"""Problems from Python: samples and labels as lists, arrays or data frames, with an architecture, as `problem` takes.

What comes out is a network file's bytes, read back like every other: each float is the dyadic rational that it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from symverify.errors import Malformed
from symverify.kernel.core.text import shown
from symverify.kernel.losses import LOSSES
from symverify.kernel.network_file import FORMAT
from symverify.problem.arrays import Table, number, numbers, table
from symverify.problem.load import LoadedProblem, loads
from symverify.problem.write import network_text
from symverify.text import plain

_LAYERS = "say the widths of all layers, inputs and outputs among them, for instance layers=[2, 3, 1]"


def problem(
    X: Any,
    y: Any,
    *,
    layers: Sequence[int] | None = None,
    activation: object = "relu",
    loss: Any = "squared",
    parameters: Any = None,
    bias: bool | Mapping[str, bool] | None = None,
    weight_decay: object = None,
    name: str = "",
) -> LoadedProblem:
    """The problem of a network on data.

    `X` has a row per sample (n × inputs; one-dimensional: one input), `y` a row per sample (n × outputs) or a label:
    lists, NumPy arrays, tensors, pandas frames and series. Floats are the dyadic rationals that they are: 0.1 is not
    1/10; text ("1/10", "0.1"), Fraction, Decimal and int are what they say. Where the loss has classes, labels are
    numbers from 0, or names. `layers` are all widths, [inputs, hidden, …, outputs]. `activation`, `loss` and
    `weight_decay` are as in network files (by name, or a dict), `loss` also a loss of PyTorch (nn.MSELoss()); the risk
    is the mean over the samples unless the loss says "sum". `parameters`, the point that claims are about: a list with
    (weight, bias), {"weight": …, "bias": …} or a weight alone for each affine map, each weight out × in as PyTorch has
    it; a state_dict; or a point of a result. `bias` is that of network files; by default as the parameters have it.

    Raises Malformed with every fault found, at its place: "X[3, 'age']", "layers", "parameters[0].weight".
    """
    from symverify.problem.imports.losses import loss_of

    given, names = (None, ()) if parameters is None else _parameters(parameters)
    if layers is None:
        if not given:
            raise Malformed(("layers", f"is missing: {_LAYERS}"))
        layers = [len(given[0]["weight"][0]), *(len(each["weight"]) for each in given)]
    widths = _widths(layers)
    biased = (_biases(given) if given else True) if bias is None else bias
    parts: dict[str, object] = {
        "bias": dict(biased) if isinstance(biased, Mapping) else biased,
        "activation": exactly(activation, "activation"),
        "loss": exactly(loss_of(loss, widths[-1]).loss, "loss"),
    }
    if weight_decay is not None:
        parts["weight_decay"] = exactly(weight_decay, "weight_decay")
    if given is not None:
        parts["parameters"] = given
    return replace(
        assembled(X, y, widths, parts, name), state=chain_state(names, ["bias" in each for each in given or ()])
    )


def chain_state(names: Sequence[str], biased: Sequence[bool]) -> tuple[tuple[str, str, str], ...]:
    """The parameters of a chain as a model calls them, of the names of its affine maps; () where it has none."""
    return tuple(
        (f"{name}.{part}", str(m), part)
        for m, (name, bias) in enumerate(zip(names, biased, strict=False))
        for part in ("weight", "bias")[: 1 + bias]
    )


def assembled(X: Any, y: Any, widths: Sequence[int], parts: dict[str, Any], name: str) -> LoadedProblem:
    """The problem of the fields of a network file, without its data, on given data. Raises Malformed."""
    if type(name) is not str:
        raise Malformed(("name", f"expected text, got {shown(name)}"))
    inputs, labels = _samples(X, y, widths)
    loss, targets = _labelled(parts["loss"], labels, widths[-1])
    rows = zip(numbers(inputs), targets, strict=True)
    data = [{"x": list(map(str, x)), "y": target} for x, target in rows]
    head = {"format": FORMAT, **({"name": name} if name else {})}
    kinds = ("program",) if "program" in parts else ("layers", "bias", "activation")
    network = {"layers": list(widths), **parts}
    tail = {key: value for key, value in parts.items() if key not in (*kinds, "loss")}
    body = {**{key: network[key] for key in kinds}, "loss": loss, "data": data}
    try:
        return loads(network_text({**head, **body, **tail}))
    except Malformed as error:
        raise Malformed(*((_placed(where, inputs, labels), what) for where, what in error.faults)) from None


def _placed(where: str, inputs: Table, labels: Table) -> str:
    """A place in the network file as one in the arguments: "data[3].y" is "y[3]"."""
    match = re.fullmatch(r"data\[([0-9]+)\]\.(x|y)(?:\[([0-9]+)\])?", where)
    if match is None:
        return where
    side = inputs if match[2] == "x" else labels
    return side.at(int(match[1]), int(match[3] or 0)) if match[3] or side.flat else f"{side.what}[{match[1]}]"


def _samples(X: Any, y: Any, widths: Sequence[int]) -> tuple[Table, Table]:
    """Both tables, of as many samples and as wide as the network. Raises Malformed."""
    inputs, labels = table(X, "X"), table(y, "y")
    if len(inputs.rows) != len(labels.rows):
        what = f"has {len(labels.rows)} samples, and X has {len(inputs.rows)}: give a label for each sample"
        raise Malformed(("y", what))
    if inputs.width != widths[0]:
        what = f"has {inputs.width} columns, and the network takes {widths[0]} inputs"
        raise Malformed(("X", f"{what}: choose the columns, or begin layers with {inputs.width}"))
    if labels.width not in (1, widths[-1]):
        what = f"has {labels.width} columns, and the network has {widths[-1]} outputs"
        raise Malformed(("y", f"{what}: choose the columns, or end layers with {labels.width}"))
    return inputs, labels


def _labelled(loss: Any, labels: Table, outputs: int) -> tuple[object, list[object]]:
    """The loss, with the names of its classes where labels are names, and the labels as network files spell them."""
    kind = loss.get("name") if isinstance(loss, dict) else loss
    known = LOSSES.get(kind) if isinstance(kind, str) else None
    cells = [row[0] for row in labels.rows]
    named = labels.width == 1 and known is not None and any(map(_is_name, cells))
    if named and known is not None:
        stated = loss.get("classes") if isinstance(loss, dict) else None
        classes = list(stated) if isinstance(stated, list) else sorted(set(map(str, cells)))
        if (
            known.of(Fraction(1), *(default for _, default in known.options.values())).named(0, len(classes), outputs)
            is None
        ):
            where = next(i for i, cell in enumerate(cells) if _is_name(cell))
            what = (
                f"is the text {plain(cells[where], 40)!r}, one of {len(classes)}, and the loss is {kind} with {outputs}"
            )
            raise Malformed((labels.at(where, 0), f"{what} outputs: {_CLASSES}"))
        document = dict(loss) if isinstance(loss, dict) else {"name": loss}
        return document | {"classes": classes}, [str(cell) for cell in cells]
    if labels.width == 1 and (outputs > 1 or (isinstance(loss, dict) and "classes" in loss)):
        return loss, [int(x) if x.denominator == 1 else str(x) for (x,) in numbers(labels)]
    return loss, [list(map(str, row)) for row in numbers(labels)]


_CLASSES = (
    "labels as text need cross_entropy with an output per class, or logistic or hinge with two classes, one output"
)


def _is_name(cell: object) -> bool:
    """Whether a label is a name: text that is no number."""
    if not isinstance(cell, str):
        return False
    try:
        number(cell, "")
    except Malformed:
        return True
    return False


def _widths(layers: Any) -> list[int]:
    """The widths as integers; what they may be is the reader's to say, but that there are some."""
    try:
        widths = [int(each) for each in layers]
    except (TypeError, ValueError):
        raise Malformed(("layers", f"expected whole numbers, got {plain(layers, 60)}: {_LAYERS}")) from None
    if len(widths) < 3 or min(widths) < 1:
        found = f"expected three or more widths, each at least 1, got {plain(widths, 60)}"
        raise Malformed(("layers", f"{found}: {_LAYERS}"))
    return widths


def _biases(given: Sequence[Mapping[str, object]]) -> object:
    """Where parameters have biases, as network files say it."""
    hidden, output = "bias" in given[0], "bias" in given[-1]
    return hidden if hidden == output else {"hidden": hidden, "output": output}


def _parameters(value: Any) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """A point as network files spell it, and the names of its affine maps, if they have some. Raises Malformed."""
    point = getattr(value, "exact", value)
    if isinstance(point, Mapping):
        from symverify.problem.imports.safetensors import affine_maps

        maps = affine_maps({str(key): np.asarray(_plain(each)) for key, each in point.items()})
        return [_spelled(each.weight, each.bias) for each in maps], tuple(m.name.removesuffix(".weight") for m in maps)
    if not isinstance(point, Sequence) or isinstance(point, str):
        raise Malformed(("parameters", "expected a list with weight and bias for each affine map, or a state_dict"))
    return [_layer(each, f"parameters[{m}]") for m, each in enumerate(point)], ()


def _plain(value: Any) -> Any:
    """A tensor as an array."""
    return value.detach().cpu().numpy() if callable(getattr(value, "detach", None)) else value


def _layer(value: Any, where: str) -> dict[str, Any]:
    """One affine map of a point."""
    weight, bias = value, None
    if isinstance(value, Mapping):
        weight, bias = value.get("weight"), value.get("bias")
        if extra := [key for key in value if key not in ("weight", "bias")]:
            raise Malformed((where, f"unknown key {shown(extra[0])}; the keys here are weight, bias"))
    elif hasattr(value, "weight"):
        weight, bias = value.weight, getattr(value, "bias", None)
    elif isinstance(value, tuple | list) and len(value) == 2 and _depth(value[0]) == 2 and _depth(value[1]) < 2:
        weight, bias = value
    rows = numbers(table(_plain(weight), f"{where}.weight"))
    return _spelled(rows, None if bias is None else [row[0] for row in numbers(table(_plain(bias), f"{where}.bias"))])


def _depth(value: Any) -> int:
    """How many levels of lists there are, None being of level 0."""
    sides = getattr(value, "ndim", None)
    if isinstance(sides, int):
        return sides
    return 1 + (_depth(value[0]) if len(value) else 0) if isinstance(value, list | tuple) else 0


def _spelled(weight: Sequence[Sequence[Fraction]], bias: Sequence[Fraction] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"weight": [[str(x) for x in row] for row in weight]}
    return found if bias is None else found | {"bias": [str(x) for x in bias]}


def exactly(value: Any, where: str) -> Any:
    """A value in JSON's types as network files have them, each float as the dyadic rational that it is."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): exactly(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [exactly(item, f"{where}[{index}]") for index, item in enumerate(value)]
    return str(number(value, where))


__all__ = ["assembled", "exactly", "problem"]
