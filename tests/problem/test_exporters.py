"""Models as the exporters make them: both of PyTorch, tf2onnx, skl2onnx. The same outputs, the loss that they mean.

The files of PyTorch and TensorFlow are kept in models/, with the scripts that made them; skl2onnx makes its own here.
"""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import symverify
from symverify.cli import run as command
from symverify.kernel.core.network import predictions
from symverify.problem.imports import NotImportable

onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")

MODELS = Path(__file__).parent / "models"
SAID = json.loads((MODELS / "outputs.json").read_text()) | json.loads((MODELS / "outputs_tensorflow.json").read_text())
KEPT = [
    *((f"torch_{name}_{exporter}", SAID["torch"][name]) for name in SAID["torch"] for exporter in ("old", "new")),
    *((f"tensorflow_{name}", outputs) for name, outputs in SAID["tensorflow"].items()),
]
LINKS = {"log_softmax": "cross_entropy", "softmax": "cross_entropy", "sigmoid": "logistic"}


def labels(outputs):
    """Labels that every loss takes."""
    return [0] * len(SAID["inputs"]) if outputs == 1 else [[1] + [0] * (outputs - 1)] * len(SAID["inputs"])


def ours(loaded):
    return np.array([list(map(float, row)) for row in predictions(loaded.problem, loaded.problem.parameters)])


@pytest.mark.parametrize(("name", "outputs"), KEPT, ids=[name for name, _ in KEPT])
def test_kept_models_have_their_outputs_and_their_loss(name, outputs):
    loaded = symverify.from_onnx(MODELS / f"{name}.onnx", SAID["inputs"], labels(len(outputs[0])))
    tolerance = 1e-3 if "half" in name else 1e-6
    assert ours(loaded) == pytest.approx(np.array(outputs), abs=tolerance)
    end = name.split("_", 1)[1].removesuffix("_old").removesuffix("_new")
    assert loaded.problem.loss.name == LINKS.get(end, "squared")
    assert len(loaded.notes) == (end in LINKS or end == "argmax")
    if end == "argmax":
        assert loaded.notes == ("what makes labels of the outputs is left out (ArgMax)",)


def test_half_floats_are_exact():
    half = symverify.from_onnx(MODELS / "torch_half_new.onnx", SAID["inputs"], labels(1)).problem
    assert all(x == Fraction(float(np.float16(float(x)))) for row in half.parameters[0].weight for x in row)


def test_weights_outside_are_refused_by_name():
    told = r"'0\.weight' is stored in another file, 'torch_external\.onnx\.data'; export .*external_data=False"
    with pytest.raises(NotImportable, match=told):
        symverify.from_onnx(MODELS / "torch_external.onnx", SAID["inputs"], labels(1))


def test_no_file_says_where_it_was_made():
    for path in MODELS.glob("*.onnx"):
        assert not any(sign in path.read_bytes() for sign in (b"/tmp/", b"/home/", b"/root/", b"site-packages"))


# skl2onnx

ROWS = np.random.default_rng(1).normal(size=(12, 2)).astype(np.float32)
CLASSES = np.array(["a", "b", "c"])[np.arange(12) % 3]


def scikit(kind, y, **options):
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    settings = {"hidden_layer_sizes": (3,), "max_iter": 30, "random_state": 0, "solver": "lbfgs"} | options
    return getattr(networks, kind)(**settings).fit(ROWS, y)


SCIKIT = {
    "regressor": ("MLPRegressor", ROWS[:, 0], "squared"),
    "deep": ("MLPRegressor", ROWS[:, 0], "squared"),
    "two classes": ("MLPClassifier", (ROWS[:, 0] > 0).astype(int), "logistic"),
    "three classes": ("MLPClassifier", CLASSES, "cross_entropy"),
    "several labels": ("MLPClassifier", (ROWS > 0).astype(int), "logistic"),
}


@pytest.mark.parametrize("name", SCIKIT)
@pytest.mark.filterwarnings("ignore")
def test_models_of_skl2onnx_have_their_outputs_and_their_loss(name, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    kind, y, loss = SCIKIT[name]
    estimator = scikit(kind, y, **({"hidden_layer_sizes": (3, 2)} if name == "deep" else {}))
    path = tmp_path / "model.onnx"
    path.write_bytes(skl2onnx.to_onnx(estimator, ROWS[:1]).SerializeToString())
    given = np.arange(12) % 3 if name == "three classes" else y
    loaded = symverify.from_onnx(path, ROWS, given)
    direct = symverify.from_sklearn(estimator, ROWS, y, alpha=0)
    assert loaded.problem.loss.name == loss
    assert ours(loaded) == pytest.approx(ours(direct), abs=1e-5)  # skl2onnx writes float32
    if kind == "MLPClassifier":
        assert loaded.notes[-1].startswith("what makes labels of the outputs is left out (")


@pytest.mark.filterwarnings("ignore")
def test_what_skl2onnx_makes_of_two_outputs_is_refused(tmp_path):
    """It lays the outputs of all samples one after the other, so that their number is lost."""
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    path = tmp_path / "model.onnx"
    path.write_bytes(skl2onnx.to_onnx(scikit("MLPRegressor", ROWS), ROWS[:1]).SerializeToString())
    with pytest.raises(NotImportable, match=r"its shape -1 x 1 may mix samples or their numbers"):
        symverify.from_onnx(path, ROWS, ROWS)


# what only looks like an end


def model(folder, nodes, outputs=("y",)):
    """Two layers of 3 units with these operators on the second one's values, z."""
    from onnx import TensorProto, helper, numpy_helper

    head = [("MatMul", ("x", "w"), "u", {}), ("Relu", ("u",), "v", {}), ("Gemm", ("v", "m", "b"), "z", {})]
    made = [helper.make_node(kind, list(to), [of], name=of, **more) for kind, to, of, more in (*head, *nodes)]
    arrays = {"w": np.ones((2, 3), np.float32), "m": np.eye(3, dtype=np.float32), "b": np.ones(3, np.float32)}
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 2))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    path = folder / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph(made, "g", [x], ends, constants)), path)
    return path


LINEAR = ("Gemm", ("p", "m", "b"), "y", {})
ENDS = {
    "layers after a softmax": ([("Softmax", ("z",), "p", {}), LINEAR], ("y",), r"softmax is followed by 'Gemm': it is"),
    "layers after a sigmoid": ([("Sigmoid", ("z",), "p", {}), LINEAR], ("y",), r"sigmoid is followed by 'Gemm': it is"),
    "a gate": (
        [("Sigmoid", ("z",), "p", {}), ("Mul", ("p", "z"), "y", {})],
        ("y",),
        r"the operator 'Sigmoid' \(node 'p'\) is not supported",
    ),
    "softmax over samples": ([("Softmax", ("z",), "y", {"axis": 0})], ("y",), r"it mixes the samples \(axis is"),
    "another output": ([("Relu", ("z",), "y", {})], ("y", "u"), r"the model ends in an activation|output 'u'"),
    "hidden output": ([("Softmax", ("z",), "y", {})], ("y", "u"), r"the model has the output 'u' beside the last one"),
    "a cast to whole numbers": ([("Cast", ("z",), "p", {"to": 7}), LINEAR], ("y",), r"Cast 'p': it does not keep"),
    "argmax and then layers": ([("ArgMax", ("z",), "p", {}), LINEAR], ("y",), r"operator 'ArgMax' .*is not supp"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_what_only_looks_like_an_end_is_refused(name, tmp_path):
    nodes, outputs, message = ENDS[name]
    control = symverify.from_onnx(model(tmp_path, [("Softmax", ("z",), "y", {})]), SAID["inputs"], labels(3))
    assert control.problem.loss.name == "cross_entropy"
    with pytest.raises(NotImportable, match=message):
        symverify.from_onnx(model(tmp_path, nodes, outputs), SAID["inputs"], labels(3))


def test_the_loss_must_fit_the_end(tmp_path):
    path = MODELS / "torch_softmax_new.onnx"
    with pytest.raises(NotImportable, match=r"the model ends in a softmax, and the loss is 'mse'; name the loss"):
        symverify.from_onnx(path, SAID["inputs"], labels(3), loss="mse")
    assert symverify.from_onnx(path, SAID["inputs"], [0, 1, 2, 0], loss="ce").problem.targets[2] == (0, 0, 1)


def test_import_says_what_it_leaves_out(tmp_path, capsys):
    (tmp_path / "train.csv").write_text("a,b,class\n1,2,0\n3,4,2\n")
    arguments = ["--data", str(tmp_path / "train.csv"), "--targets", "class", "-o", str(tmp_path / "n.json")]
    code = command(["import", str(MODELS / "torch_softmax_old.onnx"), *arguments])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert "the Softmax '/end/Softmax' at the end belongs to the loss; the network is without" in told.out
    found = symverify.load(tmp_path / "n.json").problem
    assert (found.loss.name, found.targets) == ("cross_entropy", ((1, 0, 0), (0, 0, 1)))


@pytest.mark.parametrize("here", [True, False])
def test_classes_of_a_table_may_have_names(here, tmp_path):
    from symverify.problem.imports import import_model

    (tmp_path / "sub").mkdir()
    (tmp_path / "train.csv").write_text("a,b,class\n1,2,cat\n3,4,dog\n")
    output = tmp_path / "n.json" if here else tmp_path / "sub" / "n.json"
    loss = {"name": "cross_entropy", "classes": ["cow", "cat", "dog"], "label_smoothing": "1/4"}
    import_model(MODELS / "torch_softmax_old.onnx", tmp_path / "train.csv", output, loss=loss)
    twelfth = Fraction(1, 12)
    assert symverify.load(output).problem.targets == (
        (twelfth, Fraction(3, 4) + twelfth, twelfth), (twelfth, twelfth, Fraction(3, 4) + twelfth),
    )  # fmt: skip
