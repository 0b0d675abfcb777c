"""ONNX files that are no chains: as the exporter makes them, and operator by operator.

models/residual.onnx and models/lenet.onnx are kept with the script that made them, models/programs.py.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symverify
from symverify.api.points import ExactPoint
from symverify.kernel.core.network import predictions
from symverify.kernel.programs.network import Programmed
from symverify.problem.imports import NotImportable

onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
MODELS = Path(__file__).parent / "models"
SAID = json.loads((MODELS / "programs.json").read_text())


def labels(count: int) -> list[list[int]]:
    return [[0] * count for _ in SAID["inputs"]]


@pytest.mark.parametrize("name", ["residual", "lenet"])
def test_the_exporters_models_compute_what_they_did(name: str) -> None:
    outputs = SAID["outputs"][name]
    loaded = symverify.from_onnx(MODELS / f"{name}.onnx", SAID["inputs"], labels(len(outputs[0])))
    problem = loaded.problem
    assert isinstance(problem, Programmed)
    assert problem.parameters is not None
    for f, told in zip(predictions(problem, problem.parameters), outputs, strict=True):
        assert [float(x) for x in f] == pytest.approx(told, rel=1e-4, abs=1e-5)
    assert any("batch norm" in note for note in loaded.notes) == (name == "lenet")


def test_import_writes_the_same_network_file(tmp_path: Path) -> None:
    table = tmp_path / "data.csv"
    header = [f"p{k}" for k in range(16)]
    rows = [",".join(map(str, [*x, 0])) for x in SAID["inputs"]]
    table.write_text("\n".join([",".join([*header, "y"]), *rows]) + "\n")
    symverify.problem.imports.import_model(MODELS / "residual.onnx", table, tmp_path / "net.json")
    loaded = symverify.load(tmp_path / "net.json")
    direct = symverify.from_onnx(MODELS / "residual.onnx", SAID["inputs"], labels(1)).problem
    assert loaded.problem.parameters == direct.parameters
    assert loaded.problem.inputs == direct.inputs


def saved(path: Path, nodes: list[Any], shape: list[int], **arrays: Any) -> Path:
    """A model with the input x and the output y."""
    kind = onnx.TensorProto.FLOAT
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", *shape])],
        [helper.make_tensor_value_info("y", kind, None)],
        tensors,
    )
    onnx.save(helper.make_model(graph), path)
    return path


ROW = np.array([[1.0, 2.0]], dtype=np.float32)


def read(path: Path, inputs: list[list[int]]) -> list[tuple[Fraction, ...]]:
    problem = symverify.from_onnx(path, inputs, [[0] for _ in inputs]).problem
    assert problem.parameters is not None
    return list(predictions(problem, problem.parameters))


def test_a_skip_connection_and_a_joint(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "b"], ["z"]),
        helper.make_node("Relu", ["z"], ["a"]),
        helper.make_node("Add", ["a", "x"], ["s"]),
        helper.make_node("Concat", ["s", "a"], ["c"], axis=1),
        helper.make_node("Gemm", ["c", "v"], ["y"], transB=1),
    ]
    arrays = {"w": np.eye(2, dtype=np.float32), "b": np.array([-1, 0.5], dtype=np.float32),
              "v": np.array([[1, 1, 10, 10]], dtype=np.float32)}  # fmt: skip
    path = saved(tmp_path / "skip.onnx", nodes, [2], **arrays)
    # a = relu(x + b); y = Σ (a + x) + 10 Σ a
    assert read(path, [[2, 0], [0, -3]]) == [(Fraction(37, 2),), (Fraction(-3),)]
    program = json.loads(symverify.from_onnx(path, [[2, 0]], [[0]]).network)["program"]
    assert [node["op"] for node in program] == ["input", "affine", "activation", "sum", "concat", "affine"]


def test_pooling_and_reshaping(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MaxPool", ["x"], ["m"], kernel_shape=[2], strides=[2]),
        helper.make_node("AveragePool", ["m"], ["p"], kernel_shape=[2], strides=[1], pads=[1, 1]),
        helper.make_node("Transpose", ["p"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Reshape", ["t", "s"], ["r"]),
        helper.make_node("Gemm", ["r", "v"], ["y"], transB=1),
    ]
    arrays = {"s": np.array([0, -1], dtype=np.int64), "v": np.array([[1, 10, 100]], dtype=np.float32)}
    path = saved(tmp_path / "pool.onnx", nodes, [1, 4], **arrays)
    assert read(path, [[1, 3, 8, 2]]) == [(Fraction(3) + 10 * Fraction(11, 2) + 100 * 8,)]


def test_arithmetic_with_constants_and_maxima(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Sub", ["b", "z"], ["u"]),  # b - x
        helper.make_node("Mul", ["u", "c"], ["v"]),
        helper.make_node("Neg", ["v"], ["n"]),
        helper.make_node("Max", ["n", "x"], ["m"]),
        helper.make_node("Sub", ["m", "x"], ["d"]),
        helper.make_node("Gemm", ["d", "r"], ["y"], transB=1),
    ]
    arrays = {"w": np.eye(2, dtype=np.float32), "b": np.array([1, 2], dtype=np.float32),
              "c": np.array(2, dtype=np.float32), "r": np.array([[1, 10]], dtype=np.float32)}  # fmt: skip
    path = saved(tmp_path / "m.onnx", nodes, [2], **arrays)
    # d = max(2 (x - b), x) - x = max(x - 2 b, 0)
    assert read(path, [[3, 5], [1, 9]]) == [(Fraction(1 + 10),), (Fraction(50),)]


def ending(*more: Any) -> list[Any]:
    return [
        helper.make_node("MaxPool", ["x"], ["m"], kernel_shape=[2], strides=[2]),
        helper.make_node("Flatten", ["m"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["z"], transB=1),
        *more,
    ]


SQUARE = np.array([[1, 2], [3, -1]], dtype=np.float32)


def test_the_end_of_a_program_belongs_to_the_loss(tmp_path: Path) -> None:
    kinds = {"Softmax": "cross_entropy", "LogSoftmax": "cross_entropy", "Sigmoid": "logistic", "Exp": "poisson"}
    for kind, loss in kinds.items():
        path = saved(tmp_path / "m.onnx", ending(helper.make_node(kind, ["z"], ["y"])), [1, 4], w=SQUARE)
        loaded = symverify.from_onnx(path, [[1, 2, 3, 4]], [[1, 0]])
        assert loaded.problem.loss.name == loss
        assert loaded.notes[0].startswith(f"the {kind} ")
        assert loaded.problem.parameters is not None
        assert list(predictions(loaded.problem, loaded.problem.parameters)) == [(10, 2)]
    argmax = helper.make_node("ArgMax", ["z"], ["y"], axis=1)
    loaded = symverify.from_onnx(saved(tmp_path / "a.onnx", ending(argmax), [1, 4], w=SQUARE), [[1, 2, 3, 4]], [[1, 0]])
    assert loaded.notes == ("what makes labels of the outputs is left out (ArgMax)",)
    wrong = ending(helper.make_node("Softmax", ["z"], ["y"], axis=0))
    with pytest.raises(NotImportable, match=r"Softmax 'y': it is not over the outputs; take it over axis 1"):
        symverify.from_onnx(saved(tmp_path / "w.onnx", wrong, [1, 4], w=SQUARE), [[1, 2, 3, 4]], [[1, 0]])


def test_points_of_programs_have_the_names_of_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", ending(helper.make_node("Identity", ["z"], ["y"])), [1, 4], w=SQUARE)
    loaded = symverify.from_onnx(path, np.array([[[1, 2, 3, 4]]]), [[1, 0]])
    assert loaded.problem.parameters is not None
    arrays = ExactPoint(loaded.problem.parameters, Fraction(0), loaded).arrays()
    assert list(arrays) == ["w"]
    assert arrays["w"].tolist() == SQUARE.tolist()


REFUSED = {
    "ceil_mode": ([helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2], ceil_mode=1)], "ceil_mode is 1"),
    "auto_pad": (
        [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2], auto_pad="SAME_UPPER")],
        "padding is chosen automatically",
    ),
    "one-sided padding": (
        [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2], pads=[0, 1])],
        "pads the two ends of an axis differently",
    ),
    "training": (
        [helper.make_node("BatchNormalization", ["x", "b", "b", "b", "b"], ["y"], training_mode=1)],
        "statistics of a batch",
    ),
    "attention": (
        [helper.make_node("Mul", ["x", "x"], ["q"]), helper.make_node("MaxPool", ["q"], ["y"], kernel_shape=[2])],
        "it multiplies computed values; products are not piecewise linear",
    ),
    "shapes": (
        [helper.make_node("MaxPool", ["x"], ["q"], kernel_shape=[2]), helper.make_node("Add", ["x", "q"], ["y"])],
        r"adds values of the shapes \[1, 4\] and \[1, 3\]",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    nodes, reason = REFUSED[name]
    path = saved(tmp_path / "bad.onnx", nodes, [1, 4], b=np.ones(1, dtype=np.float32))
    with pytest.raises(NotImportable, match=reason):
        read(path, [[1, 2, 3, 4]])
