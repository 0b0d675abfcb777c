"""Small ONNX models, most of them wrong in one way or another."""

from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPERATORS = [
    "Gemm", "MatMul", "Add", "Sub", "Mul", "Relu", "Abs", "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "Identity",
    "Flatten", "Reshape", "Squeeze", "Conv", "Sin", "Transpose", "Constant",
]  # fmt: skip
_ATTRIBUTES = [
    "alpha", "beta", "transA", "transB", "axis", "axes", "min", "max", "perm", "value", "value_float", "value_ints",
    "allowzero", "\x1b",
]  # fmt: skip
_VALUES: list[Any] = [
    0, 1, -1, 7, 2**31, 0.5, 0.0, float("nan"), float("inf"), "text", b"\xff", [], [1], [0, 1], [1, 0], [5, 5],
    [0.5, 1.5], ["a"],
]  # fmt: skip
_SHAPES = [(), (1,), (2,), (3,), (1, 2), (2, 3), (3, 2), (3, 1), (1, 3), (0, 2), (2, 0), (1,) * 50, (1, 1, 1)]
_TYPES = [np.float32] * 6 + [np.float16, np.float64, np.int64, np.bool_, np.complex64]


def model_bytes(rng: Random) -> bytes:
    """A chain 2-3-1 with a few things changed."""
    nodes = [
        helper.make_node("Gemm", ["x", "W1", "B1"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "W2", "B2"], ["y"], transB=1),
    ]
    tensors = {"W1": (3, 2), "B1": (3,), "W2": (1, 3), "B2": (1,)}
    arrays = {name: _numbers(rng, shape, np.float32) for name, shape in tensors.items()}
    names = ["x", "h", "r", "y", "W1", "B1", "W2", "B2", "", "c", "\x1b[31m"]
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        _change(rng, nodes, arrays, names)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, rng.choice([["n", 2]] * 9 + [None, [], [1] * 50]))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return onnx.helper.make_model(graph).SerializeToString()


def _change(rng: Random, nodes: list[Any], arrays: dict[str, Any], names: list[str]) -> None:
    node = rng.choice(nodes)
    match rng.randrange(9):
        case 0:
            node.op_type = rng.choice(_OPERATORS)
        case 1:
            node.attribute.append(helper.make_attribute(rng.choice(_ATTRIBUTES), _value(rng)))
        case 2 if node.input:
            del node.input[rng.randrange(len(node.input)) :]
        case 3:
            node.input.append(rng.choice(names))
        case 4 if node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(names)
        case 5:
            name = rng.choice(list(arrays))
            arrays[name] = _numbers(rng, rng.choice(_SHAPES), rng.choice(_TYPES))
        case 6:
            made = helper.make_node(rng.choice(_OPERATORS), ["h", rng.choice(names)], ["z"])
            made.attribute.append(helper.make_attribute(rng.choice(_ATTRIBUTES), _value(rng)))
            nodes.insert(1, made)
            nodes[-1].input.append("z") if not nodes[2].input else nodes[2].input.__setitem__(0, "z")
        case 7 if node.output:
            del node.output[:]
        case _:
            constant = helper.make_node("Constant", [], ["c"])
            constant.attribute.append(helper.make_attribute(rng.choice(_ATTRIBUTES), _value(rng)))
            nodes.insert(0, constant)
            if nodes[-1].input:
                nodes[-1].input[-1] = "c"


def _value(rng: Random) -> Any:
    if rng.random() < 0.2:
        return numpy_helper.from_array(_numbers(rng, rng.choice(_SHAPES), rng.choice(_TYPES)), "t")
    value = rng.choice(_VALUES)
    return value if value != [] else [1, 2, 3]


def _numbers(rng: Random, shape: tuple[int, ...], kind: Any) -> Any:
    size = int(np.prod(shape))
    values = [rng.choice([0.0, 0.5, -1.25, 3.0, float(rng.randrange(-9, 9)), rng.random()]) for _ in range(size)]
    if rng.random() < 0.05 and size and kind in (np.float16, np.float32, np.float64):
        values[0] = rng.choice([float("nan"), float("inf")])
    return np.array(values).reshape(shape).astype(kind)
