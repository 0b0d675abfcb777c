"""Networks from ONNX and safetensors files: every float exactly, everything else refused by name."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symverify import load
from symverify.kernel.core.network import predictions
from symverify.problem.imports import NotImportable, import_model

EXAMPLE = Path(__file__).parents[2] / "examples" / "train"
F32 = np.float32
RNG = np.random.default_rng(0)
W1, B1 = RNG.normal(size=(3, 2)).astype(F32), RNG.normal(size=3).astype(F32)
W2, B2 = RNG.normal(size=(1, 3)).astype(F32), RNG.normal(size=1).astype(F32)


def exact(x):
    return Fraction(float(x))


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("a,b,y\n0.5,1,2\n-1,0.25,1/3\n3,1e-1,-2\n")
    return path


def imported(model, data, **options):
    """The problem of the network file that comes out, and the notes."""
    output = model.parent / "network.json"
    notes = import_model(model, data, output, force=True, **options)
    return load(output).problem, notes


# safetensors


def tensors(folder, values):
    numpy = pytest.importorskip("safetensors.numpy", reason="the extra [safetensors] is not installed")
    path = folder / "model.safetensors"
    numpy.save_file(values, path)
    return path


SEQUENTIAL = {"0.weight": W1, "0.bias": B1, "2.weight": W2, "2.bias": B2}


def test_every_float_is_the_dyadic_rational_that_it_is(tmp_path, data):
    problem, notes = imported(tensors(tmp_path, SEQUENTIAL), data)
    assert problem.widths == (2, 3, 1)
    assert problem.parameters[0].weight == tuple(tuple(map(exact, row)) for row in W1)
    assert problem.parameters[1].bias == tuple(map(exact, B2))
    assert problem.inputs[1] == (Fraction(-1), Fraction(1, 4))
    assert problem.targets[1] == (Fraction(1, 3),)
    assert notes == (
        "the file does not say the activation: relu is assumed (say it with --activation, or activation= in Python)",
    )


def test_layers_are_sorted_as_numbers_and_types_mix(tmp_path, data):
    square = np.eye(3, dtype=np.float64) * 0.1
    values = {f"net.layers.{m}.weight": square for m in (3, 10)}
    values |= {"net.layers.2.weight": W1.astype(np.float16), "net.layers.11.weight": W2}
    problem, notes = imported(
        tensors(tmp_path, values), data, activation={"name": "leaky_relu", "negative_slope": "1/5"}
    )
    assert problem.widths == (2, 3, 3, 3, 1)
    assert not problem.hidden_bias
    assert problem.parameters[0].weight[0][0] == exact(np.float16(W1[0][0]))
    assert problem.parameters[1].weight[0][0] == exact(0.1) != Fraction(1, 10)
    assert problem.activations[0].slopes == (Fraction(1, 5), 1)
    assert notes == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": np.array([[1, np.nan], [0, 0], [0, 0]], dtype=F32)}, r"'0.weight'\[0, 1\] is nan"),
        ({"2.bias": np.array([np.inf], dtype=F32)}, r"'2.bias'\[0\] is inf .* train again"),
        ({"0.weight": W1.astype(np.int32)}, r"'0.weight' has numbers of type I32; store it as one of float16"),
        ({"2.weight": W2[:, :2]}, r"'0.weight' has 3 outputs, but '2.weight' takes 2"),
        ({"0.bias": B1[:2]}, r"'0.bias' has the shape 2, but layer 0 has 3 outputs"),
        ({"1.weight": np.ones(1, dtype=F32)}, r"'1.weight' has the shape 1, not that of a weight matrix"),
        ({"head.weight": W2}, r"'head.weight' does not say which layer's weight or bias it is"),
        ({"head4.weight": W2}, r"do not tell the order of the layers"),
        ({"0.bias": None}, None),
        ({"2.weight": None}, r"'2.bias' has no weight beside it"),
        ({"2.weight": None, "2.bias": None}, r"the model has 1 fully connected layer; a network needs two"),
        ({"3.weight": np.eye(1, dtype=F32)}, r"2.weight and 3.weight follow each other: in nn.Sequential nothing is"),
        (
            {"4.weight": np.eye(1, dtype=F32), "0.bias": None},
            r"'0.weight' has no bias, but other hidden layers have one",
        ),
    ],
)
def test_safetensors_that_are_not_a_chain(tmp_path, data, change, message):
    values = {name: value for name, value in (SEQUENTIAL | change).items() if value is not None}
    path = tensors(tmp_path, values)
    if message is None:
        problem, _ = imported(path, data)
        assert (problem.hidden_bias, problem.output_bias) == (False, True)
        return
    with pytest.raises(NotImportable, match=message):
        imported(path, data)


# data and files


def test_data_beside_the_output_is_named_and_other_data_copied(tmp_path, data):
    path = tensors(tmp_path, SEQUENTIAL)
    import_model(path, data, tmp_path / "here.json")
    document = json.loads((tmp_path / "here.json").read_text())
    assert document["data"] == {"csv": "train.csv", "inputs": ["a", "b"], "targets": ["y"]}
    (tmp_path / "sub").mkdir()
    import_model(path, data, tmp_path / "sub" / "there.json")
    document = json.loads((tmp_path / "sub" / "there.json").read_text())
    assert document["data"][1] == {"x": ["-1", "1/4"], "y": ["1/3"]}
    assert load(tmp_path / "here.json").problem.inputs == load(tmp_path / "sub" / "there.json").problem.inputs


def test_columns_can_be_chosen(tmp_path, data):
    path = tensors(tmp_path, SEQUENTIAL)
    problem, _ = imported(path, data, inputs=["y", "a"], targets=["b"])
    assert problem.inputs[0] == (2, Fraction(1, 2))
    assert imported(path, data, inputs=["b", "y"])[0].targets[0] == (Fraction(1, 2),)
    with pytest.raises(
        NotImportable, match=r"the model has 2 inputs, but 'train.csv' gives 1 columns for them \('a'\)"
    ):
        imported(path, data, inputs=["a"])
    with pytest.raises(NotImportable, match=r"'c' is not a column of 'train.csv', which has 'a', 'b', 'y'"):
        imported(path, data, inputs=["a", "c"])
    with pytest.raises(NotImportable, match=r"the column 'a' is named twice"):
        imported(path, data, inputs=["a", "a"])
    with pytest.raises(NotImportable, match=r"the column 'y' is an input and a target"):
        imported(path, data, inputs=["a", "y"], targets=["y"])


def test_names_may_be_numbers_where_all_are_given(tmp_path, data):
    """Else the first sample of a table without names would be lost."""
    data.write_text("0,1,2\n1,2,3\n")
    path = tensors(tmp_path, SEQUENTIAL)
    problem, _ = imported(path, data, inputs=["0", "1"], targets=["2"])
    assert (problem.inputs, problem.targets) == (((1, 2),), ((3,),))
    with pytest.raises(NotImportable, match="if these are names, give them all with --inputs and --targets"):
        imported(path, data, inputs=["0", "1"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,y\n1,x,2\n", r"'train.csv', line 2, column 'b': expected a number"),
        ("a,b,y\n1,,2\n", r"line 2, column 'b': expected a number .* got ''"),
        ("a,b,y\n1,2\n", r"line 2: expected 3 cells, got 2"),
        ("a,b,y\n1,nan,2\n", r"expected a number .* got 'nan'"),
        ("a,b,y\n", r"expected at least one sample"),
        ("", r"gives 0 columns for them \(none\)"),
        ("a,a,y\n1,2,3\n", r"name of (several columns|one column)"),
        ("y\n1\n", r"the model has 2 inputs, but 'train.csv' gives 0 columns"),
        ("\xff\xfe", r"is not a CSV file in UTF-8"),
        ("1,1/2,-3e1\n1,2,3\n", r"the first line of 'train.csv' has numbers alone, where the names"),
        ("a;b;y\n1;2;3\n", r"the columns of 'train.csv' are separated by ';'; save it with commas"),
        ("a\tb\ty\n1\t2\t3\n", r"the columns of 'train.csv' are separated by '\\t'; save it with commas"),
    ],
)
def test_bad_tables(tmp_path, data, text, message):
    data.write_bytes(text.encode("latin-1"))
    for output in (tmp_path / "n.json", tmp_path / "sub" / "n.json"):
        output.parent.mkdir(exist_ok=True)
        with pytest.raises(NotImportable, match=message):
            import_model(tensors(tmp_path, SEQUENTIAL), data, output)
        assert not output.exists()


def test_nothing_is_overwritten_unasked_or_by_halves(tmp_path, data):
    path, output = tensors(tmp_path, SEQUENTIAL), tmp_path / "network.json"
    output.write_text("mine")
    with pytest.raises(NotImportable, match=r"exists; choose another name with -o, or replace it with --force"):
        import_model(path, data, output)
    with pytest.raises(NotImportable, match="unknown activation 'tanh'"):
        import_model(path, data, output, activation="tanh", force=True)
    with pytest.raises(NotImportable, match="unknown loss 'cosine'"):
        import_model(path, data, output, loss="cosine", force=True)
    for same in (path, data):
        with pytest.raises(NotImportable, match="is the model or the data itself"):
            import_model(path, data, same, force=True)
    assert output.read_text() == "mine"
    import_model(path, data, output, force=True, loss={"name": "huber", "delta": "1/2"})
    assert load(output).problem.loss.cuts[-1] == Fraction(1, 2)
    assert sorted(child.name for child in tmp_path.iterdir()) == ["model.safetensors", "network.json", "train.csv"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.pt", b"", r"'model.pt' is neither \*.onnx nor \*.safetensors"),
        ("model.safetensors", b"junk", r"'model.safetensors' is not a safetensors file"),
        ("model.onnx", b"junk\xff", r"'model.onnx' is not an ONNX file"),
        ("model.onnx", b"", r"the model has 0 inputs and 0 outputs"),
        ("missing.onnx", None, r"missing.onnx': No such file or directory; check the path"),
    ],
)
def test_files_that_are_not_models(tmp_path, data, name, content, message):
    pytest.importorskip(name.rpartition(".")[2].replace("pt", "json"), reason="the extra is not installed")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NotImportable, match=message):
        import_model(tmp_path / name, data, tmp_path / "network.json")


# ONNX


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx", reason="the extra [onnx] is not installed")


def graph(folder, nodes, constants, shape=("n", 2), output="y"):
    """An ONNX file: nodes are (operator, inputs, output, attributes), the input is x, the output y."""
    import onnx
    from onnx import helper, numpy_helper

    made = [
        helper.make_node(kind, list(entering), [to], name=f"node_{to}", **more) for kind, entering, to, more in nodes
    ]
    initialisers = [
        value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value), name)
        for name, value in constants.items()
    ]
    x = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)
    path = folder / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph(made, "g", [x], [y], initialisers)), path)
    return path


CONSTANTS = {"w1": W1, "b1": B1, "w2": W2, "b2": B2}
FIRST = ("Gemm", ("x", "w1", "b1"), "z", {"transB": 1})
LAST = ("Gemm", ("a", "w2", "b2"), "y", {"transB": 1})


def between(*nodes):
    return [FIRST, *nodes, LAST]


def reference(path, rows):
    """The model's own outputs by onnx's evaluator, in float32."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(str(path)).run(None, {"x": np.array(rows, dtype=F32)})[0]


ACTIVATIONS = {
    "relu": (("Relu", ("z",), "a", {}), {}),
    "abs": (("Abs", ("z",), "a", {}), {}),
    "leaky default": (("LeakyRelu", ("z",), "a", {}), {}),
    "leaky": (("LeakyRelu", ("z",), "a", {"alpha": 0.3}), {}),
    "prelu": (("PRelu", ("z", "s"), "a", {}), {"s": np.full((1, 3), 0.3, F32)}),
    "clip": (("Clip", ("z", "low", "high"), "a", {}), {"low": F32(-0.1), "high": F32(0.4)}),
    "clip below": (("Clip", ("z", "low"), "a", {}), {"low": F32(0.1)}),
    "clip above": (("Clip", ("z", "", "high"), "a", {}), {"high": F32(0.1)}),
    "hard sigmoid": (("HardSigmoid", ("z",), "a", {}), {}),
    "hard sigmoid, torch": (("HardSigmoid", ("z",), "a", {"alpha": 1 / 6}), {}),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_agree_with_the_reference(onnx, tmp_path, data, name):
    node, more = ACTIVATIONS[name]
    path = graph(tmp_path, between(node), CONSTANTS | more)
    problem, notes = imported(path, data)
    assert notes == ()
    ours = [float(f) for (f,) in predictions(problem, problem.parameters)]
    theirs = reference(path, [[float(v) for v in x] for x in problem.inputs])[:, 0]
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_slopes_are_exact_float32(onnx, tmp_path, data):
    path = graph(tmp_path, between(("LeakyRelu", ("z",), "a", {})), CONSTANTS)
    assert imported(path, data)[0].activations[0].slopes == (exact(F32(0.01)), 1)
    path = graph(tmp_path, between(("HardSigmoid", ("z",), "a", {"alpha": 0.25})), CONSTANTS)
    assert imported(path, data)[0].activations[0].breakpoints == (-2, 2)


RELU = ("Relu", ("z",), "a", {})
OUT = ("Gemm", ("a", "w2", "b2"), "o", {"transB": 1})
HIDDEN = ("Gemm", ("h", "w1", "b1"), "z", {"transB": 1})
CHAINS = {
    "matmul and add": (
        [("MatMul", ("x", "w"), "m", {}), ("Add", ("b1", "m"), "z", {}), RELU, LAST],
        {"w": W1.T.copy()},
    ),
    "alpha, beta": (
        [("Gemm", ("x", "w", "b1"), "z", {"alpha": 0.5, "beta": -2.0}), RELU, LAST],
        {"w": W1.T.copy()},
    ),
    "float64": ([FIRST, RELU, LAST], {"w1": W1.astype(np.float64) / 3}),
    "float16": ([FIRST, RELU, LAST], {"w1": W1.astype(np.float16)}),
    "linear pair": (
        [FIRST, ("Gemm", ("z", "m", "b1"), "z2", {}), ("Relu", ("z2",), "a", {}), LAST],
        {"m": np.eye(3, dtype=F32)},
    ),
    "input scaled": (
        [("Sub", ("x", "m"), "c", {}), ("Mul", ("c", "s"), "h", {}), HIDDEN, RELU, LAST],
        {"m": np.array([1, 2], F32), "s": F32(0.3)},
    ),
    "output scaled": (
        [FIRST, RELU, OUT, ("Mul", ("o", "s"), "p", {}), ("Sub", ("one", "p"), "y", {})],
        {"s": F32(3), "one": F32(1)},
    ),
    "no-ops": (
        [
            ("Flatten", ("x",), "f", {}),
            ("Identity", ("f",), "g", {}),
            ("Reshape", ("g", "shape"), "h", {}),
            HIDDEN,
            RELU,
            LAST,
        ],
        {"shape": np.array([-1, 2], np.int64)},
    ),
    "constants made": (
        [
            ("Constant", (), "k", {"value_floats": [1.0, 2.0, 3.0]}),
            ("Transpose", ("w1",), "t", {"perm": [1, 0]}),
            ("MatMul", ("x", "t"), "m", {}),
            ("Add", ("m", "k"), "z", {}),
            RELU,
            LAST,
        ],
        {},
    ),
    "squeezed": ([FIRST, RELU, OUT, ("Squeeze", ("o", "axes"), "y", {})], {"axes": np.array([1], np.int64)}),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_agree_with_the_reference(onnx, tmp_path, data, name):
    nodes, more = CHAINS[name]
    path = graph(tmp_path, nodes, CONSTANTS | more)
    problem, notes = imported(path, data)
    ours = [float(f) for (f,) in predictions(problem, problem.parameters)]
    if name not in ("float64", "float16"):  # the evaluator does not mix types
        theirs = reference(path, [[float(v) for v in x] for x in problem.inputs]).reshape(-1)
        assert ours == pytest.approx(theirs, abs=1e-5)
    assert len(problem.widths) == (4 if name == "linear pair" else 3)
    assert bool(notes) == (name in ("input scaled", "output scaled"))


def test_typed_fields_and_raw_data_are_read_alike(onnx, tmp_path, data):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    typed = helper.make_tensor("w1", kind, W1.shape, W1.reshape(-1).tolist())
    raw = helper.make_tensor("w1", kind, W1.shape, W1.tobytes(), raw=True)
    found = [imported(graph(tmp_path, between(RELU), CONSTANTS | {"w1": w}), data)[0].parameters for w in (typed, raw)]
    assert found[0] == found[1]


def test_integers_are_not_weights(onnx, tmp_path, data):
    with pytest.raises(NotImportable, match=r"'w1' has numbers of type int64; store it as one of float16"):
        imported(graph(tmp_path, between(RELU), CONSTANTS | {"w1": W1.astype(np.int64)}), data)


def last(name, *more):
    """The last affine map, of another value."""
    return [*more, ("Gemm", (name, "w2", "b2"), "y", {"transB": 1})]


def first(name, *more, **attributes):
    """The whole network with its first affine map of another value or kind."""
    return [*more, ("Gemm", (name, "w1", "b1"), "z", {"transB": 1} | attributes), RELU, LAST]


ADDED = ("Add", ("a", "z"), "s", {})
ROWS = ("Reshape", ("a", "s"), "b", {})
REFUSED = {
    "operator": (
        between(("Tanh", ("z",), "a", {})),
        {},
        r"'Tanh' \(node 'node_a'\) is not supported; .*Abs, Add, Cast, Clip",
    ),
    "domain": (between(("Relu", ("z",), "a", {"domain": "mine"})), {}, r"operator 'Relu' .*not supported"),
    "nan": (between(RELU), {"b1": np.array([0, np.nan, 0], F32)}, r"'b1'\[1\] is nan"),
    "shapes": (between(RELU), {"w2": W2[:, :2]}, r"Gemm 'node_y': it takes 2 numbers, but 3 arrive"),
    "bias shape": (between(RELU), {"b1": B1[:2]}, r"'b1' has the shape 2, where 3 numbers, one per channel"),
    "channels": (between(("PRelu", ("z", "s"), "a", {})), {"s": B1}, r"its channels have 3 different slopes"),
    "transA": (first("x", transA=1), {}, r"it mixes the samples"),
    "left": ([("MatMul", ("w1", "x"), "z", {}), RELU, LAST], {}, r"the weight stands on the left"),
    "axis": (first("f", ("Flatten", ("x",), "f", {"axis": 0})), {}, r"axis is not 1"),
    "reshape": (last("b", FIRST, RELU, ROWS), {"s": np.array([3, -1])}, r"its shape 3 x -1 may mix samples"),
    "squeeze": (last("b", FIRST, RELU, ("Squeeze", ("a",), "b", {})), {}, r"it may do more than drop the dimension"),
    "clip": (between(("Clip", ("z", "l", "l"), "a", {})), {"l": F32(1)}, r"its bounds leave nothing between them"),
    "zero": (between(("Mul", ("z", "s"), "a", {})), {"s": F32(0)}, r"it multiplies by 0"),
    "two activations": (
        last("b", FIRST, RELU, ("Abs", ("a",), "b", {})),
        {},
        r"Abs 'node_b': it does not follow a fully",
    ),
    "ends": ([*last("a", FIRST, RELU)[:-1], ("Abs", ("a",), "y", {})], {}, r"Abs 'node_y': it does not follow"),
    "ends in one": ([FIRST, ("Abs", ("z",), "y", {})], {}, r"the model ends in an activation; its output must be"),
    "one layer": ([("Gemm", ("x", "w1", "b1"), "y", {"transB": 1})], {}, r"has 1 fully connected layer;"),
    "no bias": (
        [("Add", ("x", "s"), "c", {}), ("Gemm", ("c", "w1"), "z", {"transB": 1}), RELU, LAST],
        {"s": F32(1)},
        r"a constant is added to what enters it, and it has no bias",
    ),
    "made": (
        [FIRST, RELU, ("RandomNormal", (), "r", {"shape": [3, 1]}), ("MatMul", ("a", "r"), "y", {})],
        {},
        r"'r' is made by the operator 'RandomNormal'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(onnx, tmp_path, data, name):
    nodes, more, message = REFUSED[name]
    with pytest.raises(NotImportable, match=message) as caught:
        imported(graph(tmp_path, nodes, CONSTANTS | more), data)
    assert caught.value.remedy
    assert not (tmp_path / "network.json").exists()


def test_external_and_damaged_weights_and_flat_inputs(onnx, tmp_path, data):
    weight = onnx.numpy_helper.from_array(W1, "w1")
    weight.raw_data = weight.raw_data[:5]
    with pytest.raises(NotImportable, match="'w1' cannot be read"):
        imported(graph(tmp_path, between(RELU), CONSTANTS | {"w1": weight}), data)
    outside = onnx.TensorProto(name="w1", data_type=1, dims=W1.shape, data_location=onnx.TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="../secret")
    with pytest.raises(NotImportable, match=r"'w1' is stored in another file, '\.\./secret'; export the weights"):
        imported(graph(tmp_path, between(RELU), CONSTANTS | {"w1": outside}), data)
    with pytest.raises(NotImportable, match="the input 'x' has 3 dimensions; export it as samples x features"):
        imported(graph(tmp_path, between(RELU), CONSTANTS, shape=("n", 1, 2)), data)


def test_onnx_files_say_their_activation(onnx, tmp_path, data):
    with pytest.raises(NotImportable, match="an ONNX file says its activations itself; leave out --activation"):
        imported(graph(tmp_path, between(RELU), CONSTANTS), data, activation="relu")


def test_the_trained_example_is_the_same_from_both_files(onnx, tmp_path):
    pytest.importorskip("safetensors", reason="the extra [safetensors] is not installed")
    for name in ("model.onnx", "model.safetensors", "train.csv"):
        shutil.copy(EXAMPLE / name, tmp_path)
    found = [imported(tmp_path / name, tmp_path / "train.csv")[0] for name in ("model.onnx", "model.safetensors")]
    assert found[0] == found[1]
    assert found[0].widths == (2, 3, 1)


def test_a_missing_extra_is_named(tmp_path, data, monkeypatch):
    import sys

    for name, module in (("model.onnx", "onnx"), ("model.safetensors", "safetensors")):
        monkeypatch.setitem(sys.modules, module, None)
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(NotImportable, match=f"needs the package {module}; run: pip install {module}$"):
            import_model(tmp_path / name, data, tmp_path / "network.json")
