"""The operations of PyTorch that programs have, each as the operators of ONNX that it is."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from .chain import Node
from .common import exact, quoted
from .program import texts
from .torch_graph import array
from .torch_reading import At, Reading, onnx

_AXES = "give X with its axes, samples x channels x …, or begin the module with nn.Unflatten"


def weighed(kind: str) -> "Operation":
    """A linear layer or a convolution, with the parameters of its module."""

    def read(reading: Reading, at: At) -> None:
        layer, made = at.settings.get("module"), reading.made
        if layer is None or len(at.sources) != 1:
            raise at.fail("its weight is no layer's own", f"use nn.{kind}")
        attributes: dict[str, Any] = {"transB": 1}
        if kind == "Conv":
            attributes = _window(at, layer, layer.kernel_size) | {"group": layer.groups}
        before = len(made.state)
        constants = [array(layer.weight), *([] if layer.bias is None else [array(layer.bias)])]
        value = onnx(reading, at, kind, constants, **attributes)
        del made.state[before:]
        for part in ("weight", "bias"):
            if (parameter := getattr(layer, part)) is not None:
                _owned(reading, f"{at.where.partition(' ')[2].strip(chr(39))}.{part}", parameter, value.name, part)
        if not made.parameters[value.name]:
            del made.parameters[value.name]

    return read


def _owned(reading: Reading, key: str, parameter: Any, node: str, part: str) -> None:
    """Who has a parameter: this node, an earlier one that it is shared with, or nobody, as it is frozen."""
    made, owner = reading.made, reading.owners.get(id(parameter))
    if owner is not None:
        made.nodes[-1][part] = {"like": owner}
    elif reading.held and not parameter.requires_grad:
        made.nodes[-1][part] = texts(exact(array(parameter), key))
        made.notes.append(f"{quoted(key)} is frozen, as it has no requires_grad")
    else:
        reading.owners[id(parameter)] = node
        made.state.append((key, node, part))
        return
    del made.parameters[node][part]
    if owner is not None and key not in [each for each, _, _ in made.state]:
        made.state.append((key, owner, part))


def _window(at: At, layer: Any, kernel: Any, axes: int | None = None) -> dict[str, Any]:
    """The attributes of a window, of a module or of a function's settings."""
    count = len(kernel) if isinstance(kernel, list | tuple) else axes or 1

    def sides(value: Any) -> list[int]:
        return [int(x) for x in value] if isinstance(value, list | tuple) else [int(value)] * count

    if getattr(layer, "padding_mode", "zeros") != "zeros" or getattr(layer, "transposed", False):
        raise at.fail("it pads with something else than zeros, or is transposed", "use padding_mode zeros")
    size, dilation = sides(kernel), sides(getattr(layer, "dilation", 1))
    padding = getattr(layer, "padding", 0)
    if padding == "valid":
        padding = 0
    if padding == "same":
        spread = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]
        if any(x % 2 for x in spread):
            raise at.fail("it pads the two ends of an axis differently", "use an odd kernel")
        padding = [x // 2 for x in spread]
    stride = getattr(layer, "stride", None)
    return {
        "kernel_shape": size,
        "strides": sides(size if stride is None else stride),
        "pads": sides(padding) * 2,
        "dilations": dilation,
        "ceil_mode": int(bool(getattr(layer, "ceil_mode", False))),
    }


class _Given:
    """The settings of a function, as a module has them."""

    def __init__(self, reading: Reading, at: At, names: Mapping[str, Any]) -> None:
        for place, (name, default) in enumerate(names.items(), 1):
            setattr(self, name, at.set(reading, name, place, default))


def pooled(kind: str, axes: int) -> "Operation":
    """Max-pooling and average pooling."""
    rest: dict[str, Any] = {"padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}
    if kind == "AveragePool":
        rest = {"padding": 0, "ceil_mode": False, "count_include_pad": True, "divisor_override": None}

    def read(reading: Reading, at: At) -> None:
        _inner(reading, at, axes)
        layer: Any = at.settings.get("module") or _Given(reading, at, {"kernel_size": None, "stride": None, **rest})
        if getattr(layer, "return_indices", False) or getattr(layer, "divisor_override", None) is not None:
            raise at.fail("it has return_indices or divisor_override", "leave them out")
        attributes = _window(at, layer, layer.kernel_size, axes)
        if kind == "AveragePool":
            attributes["count_include_pad"] = int(layer.count_include_pad)
        onnx(reading, at, kind, **attributes)

    return read


def adaptive(kind: str, axes: int) -> "Operation":
    """Pooling to a given number of entries, which divides that of what enters."""

    def read(reading: Reading, at: At) -> None:
        inner = _inner(reading, at, axes)
        given = at.set(reading, "output_size", 1, None)
        wanted = list(given) if isinstance(given, list | tuple) else [given] * axes
        wanted = [size if want is None else int(want) for want, size in zip(wanted, inner, strict=True)]
        if any(want < 1 or size % want for want, size in zip(wanted, inner, strict=True)):
            raise at.fail(f"its output size {wanted} does not divide {list(inner)}", "choose one that does")
        if kind == "AveragePool" and all(want == 1 for want in wanted):
            onnx(reading, at, "GlobalAveragePool")
            return
        size = [n // want for want, n in zip(wanted, inner, strict=True)]
        onnx(reading, at, kind, kernel_shape=size, strides=size)

    return read


def _inner(reading: Reading, at: At, axes: int) -> tuple[int, ...]:
    shape = reading.shape(at.sources[0])
    if len(shape) != axes + 1:
        raise at.fail(f"a sample that enters it has the shape {list(shape)}", _AXES)
    return shape[1:]


def normed(reading: Reading, at: At) -> None:
    """A batch norm, as in evaluation."""
    layer = at.settings["module"]
    if layer.running_mean is None:
        raise at.fail("it uses the statistics of a batch", "use track_running_stats=True")
    ones = np.ones(layer.num_features)
    scale, shift = (ones, 0 * ones) if layer.weight is None else (array(layer.weight), array(layer.bias))
    constants = [scale, shift, array(layer.running_mean), array(layer.running_var)]
    onnx(reading, at, "BatchNormalization", constants, epsilon=float(layer.eps))


def plus(kind: str) -> "Operation":
    """A sum, a difference, a product, of values and constants."""

    def read(reading: Reading, at: At) -> None:
        if at.set(reading, "alpha", 3, 1) != 1:
            raise at.fail("its alpha is not 1", "multiply first")
        if len(at.sources) == 2:
            onnx(reading, at, kind)
            return
        first, constant = at.first, at.set(reading, "other", 1, None)
        swapped = type(first) in (int, float)
        if type(first if swapped else constant) not in (int, float):
            raise at.fail("one of its operands is neither a value nor a number", "use values and numbers")
        number, name = np.array(float(first if swapped else constant)), f"{at.name}.constant"
        if kind == "Add":  # subtracted, so that it is no bias, which would be a parameter
            number, swapped = -number, False
        operands, names = [None, number], [at.sources[0].name, name]
        order = slice(None, None, -1 if swapped else 1)
        done = "Sub" if kind == "Add" else kind
        reading.made.step(Node(done, at.name, operands[order], names[order], 0, {}), at.name)

    return read


def joined(reading: Reading, at: At) -> None:
    """One after the other along the channels."""
    dim = at.set(reading, "dim", 1, 0)
    rank = len(reading.shape(at.sources[0])) + 1
    onnx(reading, at, "Concat", axis=dim + rank if dim < 0 else dim)


def flattened(reading: Reading, at: At) -> None:
    """Samples as rows."""
    in_module = 1 if "module" in at.settings else 0
    if at.set(reading, "start_dim", 1, in_module) != 1 or at.set(reading, "end_dim", 2, -1) not in (
        -1,
        len(reading.shape(at.sources[0])),
    ):
        raise at.fail("it does not keep the samples and join all else", "use nn.Flatten()")
    onnx(reading, at, "Flatten", axis=1)


def unflattened(reading: Reading, at: At) -> None:
    """Another shape of rows."""
    if at.set(reading, "dim", 1, None) not in (1, -1) or len(reading.shape(at.sources[0])) != 1:
        raise at.fail("it does more than shape rows", "use nn.Unflatten(1, …) on rows")
    sides = at.set(reading, "unflattened_size", 2, None) or at.set(reading, "sizes", 2, None)
    onnx(reading, at, "Reshape", [np.array([0, *sides], dtype=np.int64)])


def viewed(reading: Reading, at: At) -> None:
    """Another shape, the samples staying what they are."""
    given = [reading.plain(value) for key, value in at.settings.items() if key.isdigit()]
    sides = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    inner, whole = sides[1:], prod(reading.shape(at.sources[0]))
    if not all(type(x) is int for x in sides) or inner.count(-1) > 1 or not inner:
        raise at.fail("its shape is not known", "use x.flatten(1), or x.view(len(x), …)")
    if sides[0] == -1 and -1 not in inner and prod(inner) != whole:
        raise at.fail(f"its shape {sides} mixes the samples", "keep the first axis")
    if -1 in inner:
        if sides[0] != -1 or not at_samples(at):
            raise at.fail(f"its shape {sides} may mix the samples", "use x.flatten(1), or x.view(x.size(0), -1)")
        rest = prod(x for x in inner if x != -1)
        inner = [whole // rest if x == -1 and rest else x for x in inner]
    onnx(reading, at, "Reshape", [np.array([0, *inner], dtype=np.int64)])


def at_samples(at: At) -> bool:
    """Whether the first side of a shape is the number of samples, asked for, not a −1 that stands for anything."""
    first = at.settings.get("1")
    first = first[0] if isinstance(first, list | tuple) else first
    return callable(getattr(first, "format_node", None))


def permuted(reading: Reading, at: At) -> None:
    """Another order of the axes."""
    given = [reading.plain(value) for key, value in at.settings.items() if key.isdigit() or key == "dims"]
    order = list(given[0]) if len(given) == 1 and isinstance(given[0], list) else given
    rank = len(reading.shape(at.sources[0])) + 1
    if at.kind == "transpose":
        one, two = (x % rank for x in order)
        order = list(range(rank))
        order[one], order[two] = two, one
    onnx(reading, at, "Transpose", perm=[x % rank for x in order])


def meant(reading: Reading, at: At) -> None:
    """The mean over all inner axes of each channel."""
    dims = at.set(reading, "dim", 1, None)
    axes = [] if dims is None else dims if isinstance(dims, list) else [dims]
    onnx(reading, at, "ReduceMean", axes=axes, keepdims=int(at.set(reading, "keepdim", 2, False)))


def compared(reading: Reading, at: At) -> None:
    """The greater of two values."""
    if len(at.sources) != 2:
        raise at.fail("it is not over two values", "use torch.maximum of two")
    onnx(reading, at, "Max")


def squeezed(reading: Reading, at: At) -> None:
    """Without an axis of one entry."""
    shape, dim = list(reading.shape(at.sources[0])), at.set(reading, "dim", 1, None)
    if type(dim) is not int:
        raise at.fail("it may drop the axis of the samples", "say which axis")
    axis = dim % (len(shape) + 1) - 1
    value = reading.made.values[at.sources[0].name]
    if axis >= 0 and len(shape) > 1 and shape[axis] == 1:
        left = shape[:axis] + shape[axis + 1 :]
        value = reading.made.add("reshape", left, **{"from": value.name}, shape=left)
    elif axis < 0 or shape != [1]:
        raise at.fail("it does more than drop an axis of one entry", "leave it out")
    reading.made.values[at.name] = value


def negated(reading: Reading, at: At) -> None:
    """Times −1."""
    onnx(reading, at, "Neg")


Operation = Callable[[Reading, At], None]
OPERATIONS: dict[str, Operation] = {
    "Linear": weighed("Gemm"),
    **dict.fromkeys(("Conv1d", "Conv2d"), weighed("Conv")),
    **{name: pooled("MaxPool", k) for k in (1, 2) for name in (f"MaxPool{k}d", f"max_pool{k}d")},
    **{name: pooled("AveragePool", k) for k in (1, 2) for name in (f"AvgPool{k}d", f"avg_pool{k}d")},
    **{name: adaptive("MaxPool", k) for k in (1, 2) for name in (f"AdaptiveMaxPool{k}d", f"adaptive_max_pool{k}d")},
    **{name: adaptive("AveragePool", k) for k in (1, 2) for name in (f"AdaptiveAvgPool{k}d", f"adaptive_avg_pool{k}d")},
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), normed),
    **dict.fromkeys(("add", "iadd", "add_"), plus("Add")),
    **dict.fromkeys(("sub", "isub", "sub_"), plus("Sub")),
    **dict.fromkeys(("mul", "imul", "mul_"), plus("Mul")),
    **dict.fromkeys(("cat", "concat", "concatenate"), joined),
    **dict.fromkeys(("Flatten", "flatten"), flattened),
    **dict.fromkeys(("Unflatten", "unflatten"), unflattened),
    **dict.fromkeys(("view", "reshape"), viewed),
    **dict.fromkeys(("permute", "transpose"), permuted),
    **dict.fromkeys(("maximum", "max"), compared),
    "mean": meant,
    "neg": negated,
    "squeeze": squeezed,
}
