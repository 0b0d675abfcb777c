"""ONNX files whose constants, shapes or operators mean something else than they seem: the same network, or refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symverify
from symverify.kernel.core.network import predictions
from symverify.problem.imports import NotImportable

onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
helper = onnx.helper
F32 = np.float32
RNG = np.random.default_rng(3)


def random(*sides: int) -> Any:
    return RNG.normal(size=sides).astype(F32)


def whole(*sides: int) -> Any:
    return np.array(sides, np.int64)


def saved(path: Path, nodes: list[Any], shape: list[Any], arrays: dict[str, Any], **more: Any) -> Path:
    """A model with the input x, whose samples have this shape, and the output y."""
    kind = onnx.TensorProto.FLOAT
    tensors = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()]
    entering = [helper.make_tensor_value_info("x", kind, ["n", *shape])]
    graph = helper.make_graph(nodes, "g", entering, [helper.make_tensor_value_info("y", kind, None)], tensors)
    onnx.save(helper.make_model(graph, **more), path)
    return path


def ours(path: Path, inputs: Any) -> list[float]:
    rows = np.asarray(inputs, F32).reshape(len(inputs), -1).tolist()
    problem = symverify.from_onnx(path, rows, [[0] for _ in rows]).problem
    assert problem.parameters is not None
    return [float(f) for (f,) in predictions(problem, problem.parameters)]


def theirs(path: Path, inputs: Any) -> list[float]:
    from onnx.reference import ReferenceEvaluator

    made = ReferenceEvaluator(str(path)).run(None, {"x": np.asarray(inputs, F32)})[0]
    return [float(y) for y in made.reshape(-1)]


def image(operator: str) -> list[Any]:
    """A convolution, one operator with the constant c, and a dense layer."""
    return [
        helper.make_node("Conv", ["x", "k"], ["z"]),
        helper.make_node(operator, ["z", "c"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
    ]


def rows(*middle: Any, last: str = "a") -> list[Any]:
    """A dense layer to z, what is given, and a skip connection to a dense layer: no chain."""
    return [
        helper.make_node("Gemm", ["x", "u"], ["z"], transB=1),
        *middle,
        helper.make_node("Relu", [last], ["r"]),
        helper.make_node("Add", ["r", "x"], ["s"]),
        helper.make_node("Gemm", ["s", "w"], ["y"], transB=1),
    ]


@pytest.mark.parametrize("operator", ["Add", "Mul", "Sub"])
@pytest.mark.parametrize("sides", [(3,), (3, 1), (3, 1, 1), (1, 3, 1, 1), (1,), (1, 1, 1, 1, 1)])
def test_a_constant_is_one_number_for_each_channel_or_refused(operator: str, sides: Any, tmp_path: Path) -> None:
    # as many rows and columns as channels: (3,) is a number for each column, (3, 1) for each row
    arrays = {"k": random(3, 3, 1, 1), "c": random(*sides), "w": random(1, 27)}
    path = saved(tmp_path / "m.onnx", image(operator), [3, 3, 3], arrays)
    inputs = random(2, 3, 3, 3)
    if sides in ((3, 1, 1), (1, 3, 1, 1), (1,)):
        assert ours(path, inputs) == pytest.approx(theirs(path, inputs), abs=1e-4)
    else:
        with pytest.raises(NotImportable, match=f"{operator} 'a': its numbers are not one for each channel"):
            ours(path, inputs)


@pytest.mark.parametrize("sides", [(2, 1), (1, 1, 2)])
def test_a_constant_that_differs_between_samples_is_refused(sides: Any, tmp_path: Path) -> None:
    arrays = {"u": random(2, 2), "c": random(*sides), "w": random(1, 2)}
    path = saved(tmp_path / "m.onnx", rows(helper.make_node("Mul", ["z", "c"], ["a"])), [2], arrays)
    with pytest.raises(NotImportable, match="its numbers are not one for each channel"):
        ours(path, random(2, 2))
    (first, *rest), bias = rows(last="z"), {**arrays, "u": random(2, 2)}
    first.input.append("c")
    path = saved(tmp_path / "b.onnx", [first, *rest], [2], bias)
    with pytest.raises(NotImportable, match=r"'c' has the shape .*, where 2 numbers, one per channel, are needed"):
        ours(path, random(2, 2))


def test_more_axes_than_a_chain_has_are_refused(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "u"], ["z"], transB=1),
        helper.make_node("Relu", ["z"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["o"]),
        helper.make_node("Add", ["o", "c"], ["p"]),
        helper.make_node("Softmax", ["p"], ["y"], axis=1),  # over the samples, as c has added an axis
    ]
    path = saved(tmp_path / "m.onnx", nodes, [2], {"u": random(2, 2), "w": random(2, 2), "c": random(1, 1, 2)})
    with pytest.raises(NotImportable, match="'c' has the shape 1 x 1 x 2"):
        symverify.from_onnx(path, [[0, 1], [1, 0]], [[1, 0], [0, 1]])


WIDTHS = {
    "as declared": ([5], [], 2, "it takes 2 numbers, but 5 arrive"),
    "reshaped": ([4], [helper.make_node("Reshape", ["x", "s"], ["h"])], 2, "its shape -1 x 2 may mix samples"),
    "of several axes": ([2, 3], [helper.make_node("Reshape", ["x", "s"], ["h"])], 2, "its shape -1 x 2 may mix"),
    "left open": (["m"], [helper.make_node("Reshape", ["x", "s"], ["h"])], 2, "its shape -1 x 2 may mix samples"),
    "broadcast": ([1], [helper.make_node("Mul", ["x", "c"], ["h"])], 2, "it takes 2 numbers, but 1 arrive"),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_the_input_has_the_width_that_the_file_declares(name: str, tmp_path: Path) -> None:
    shape, before, width, reason = WIDTHS[name]
    nodes = [
        *before,
        helper.make_node("Gemm", ["h" if before else "x", "u"], ["z"], transB=1),
        helper.make_node("Relu", ["z"], ["r"]),
        helper.make_node("Gemm", ["r", "w"], ["y"], transB=1),
    ]
    arrays = {"u": random(3, width), "w": random(1, 3), "s": whole(-1, 2), "c": random(2)}
    path = saved(tmp_path / "m.onnx", nodes, shape, arrays)
    with pytest.raises(NotImportable, match=reason):
        ours(path, random(4, width))


NORM = helper.make_node("BatchNormalization", ["z", "scale", "shift", "mean", "variance"], ["a"])
REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "variance": (rows(NORM), {"variance": np.array([-1, 1], F32)}, "a variance plus epsilon is not positive"),
    "sizes": (rows(NORM), {"scale": random(3)}, r"'a.scale' has the shape 3, where 2 numbers"),
    "beyond floats": (
        rows(NORM),
        {"scale": np.array([1e308, 1]), "variance": np.array([-0.0000099, 1.0])},
        "its scale is beyond the range of floats",
    ),
    "training": (
        rows(helper.make_node("Dropout", ["z", "ratio", "training"], ["a"])),
        {"ratio": F32(0.5), "training": np.array(True)},
        "drops values at random",
    ),
    "indices": (
        [
            helper.make_node("MaxPool", ["x"], ["z", "at"], kernel_shape=[2]),
            helper.make_node("Add", ["z", "at"], ["y"]),
        ],
        {},
        "Add 'y': not all that enters it is known",
    ),
    "order": (
        [*rows(helper.make_node("Add", ["z", "late"], ["a"])), helper.make_node("Relu", ["x"], ["late"])],
        {},
        "not all that enters it is known",
    ),
    "axes": (
        [
            helper.make_node("ReduceMean", ["x", "axes"], ["g"], keepdims=0),
            helper.make_node("Gemm", ["g", "w"], ["y"], transB=1),
        ],
        {"axes": np.array([2.0], F32)},
        "what must be whole numbers are none",
    ),
    "strides": (
        [
            helper.make_node("MaxPool", ["x"], ["p"], kernel_shape=[2], strides=[0]),
            helper.make_node("Flatten", ["p"], ["y"]),
        ],
        {},
        "MaxPool 'p': its strides are not 1 whole numbers from 1 on",
    ),
    "attribute": (
        rows(helper.make_node("LeakyRelu", ["z"], ["a"], slope=0.5)),
        {},
        r"the operator 'LeakyRelu' \(node 'a'\) has an attribute 'slope', unknown to ONNX",
    ),
    "operands": (rows(helper.make_node("Softmax", [], ["a"])), {}, r"the operator 'Softmax' .* has 0 operands"),
    "domain": (
        rows(helper.make_node("Transpose", ["u"], ["t"], domain="com.other"), last="z"),
        {},
        r"the operator 'Transpose' \(node 't'\) is not supported: it is none of ONNX's own",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    nodes, arrays, reason = REFUSED[name]
    whole_set = {"u": random(2, 2), "w": random(1, 2), "scale": random(2), "shift": random(2), "mean": random(2),
                 "variance": abs(random(2))} | arrays  # fmt: skip
    path = saved(tmp_path / "m.onnx", nodes, [1, 3] if name in ("indices", "axes", "strides") else [2], whole_set)
    with pytest.raises(NotImportable, match=reason):
        ours(path, random(2, 3 if name in ("indices", "axes", "strides") else 2))


def test_operators_of_old_are_refused(tmp_path: Path) -> None:
    """Up to version 6 they broadcast by an attribute, along an axis of its own."""
    nodes = rows(helper.make_node("Add", ["z", "c"], ["a"], broadcast=1, axis=0))
    arrays = {"u": random(2, 2), "c": random(2), "w": random(1, 2)}
    old = saved(tmp_path / "m.onnx", nodes, [2], arrays, opset_imports=[helper.make_opsetid("", 6)])
    with pytest.raises(NotImportable, match="the model is of ONNX's operator set 6; export it with 7 or later"):
        ours(old, random(2, 2))


def test_an_operator_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", rows(last="z"), [2], {"u": random(2, 2), "w": random(1, 2)})
    path.write_bytes(path.read_bytes().replace(b"Relu", b"Re\xffu"))
    with pytest.raises(NotImportable, match="is not supported"):
        ours(path, random(2, 2))


def test_a_newer_version_than_is_known_is_read(tmp_path: Path) -> None:
    arrays = {"u": random(2, 2), "w": random(1, 2)}
    path = saved(tmp_path / "m.onnx", rows(last="z"), [2], arrays, opset_imports=[helper.make_opsetid("", 2**40)])
    assert len(ours(path, random(2, 2))) == 2


def test_functions_of_a_model_do_not_pass_for_operators(tmp_path: Path) -> None:
    twice = helper.make_function(
        "", "Relu", ["v"], ["w"], [helper.make_node("Add", ["v", "v"], ["w"])], [helper.make_opsetid("", 21)]
    )
    arrays = {"u": random(2, 2), "w": random(1, 2)}
    path = saved(tmp_path / "m.onnx", rows(last="z"), [2], arrays, functions=[twice])
    with pytest.raises(NotImportable, match=r"the operator 'Relu' .* is not supported: it is none of ONNX's own"):
        ours(path, random(2, 2))
