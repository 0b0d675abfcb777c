"""What people do wrong, and what they are told: the place and the remedy, never a traceback."""

import json

import pytest

from symverify.cli import run as command

NETWORK = {
    "format": "symverify-network/1", "layers": [2, 2, 1], "activation": "relu", "loss": "squared",
    "data": {"csv": "train.csv", "inputs": ["age", "size"], "targets": ["price"]},
}  # fmt: skip
TABLE = "age,size,price\n1,2,3\n4,5,6\n7,8,10\n"
POINT = [{"weight": [[1, 0], [0, 1]], "bias": [0, 0]}, {"weight": [[1, 1]], "bias": [0]}]


def network(**changes):
    return json.dumps({key: value for key, value in (NETWORK | changes).items() if value is not None})


def table(**changes):
    return network(data=NETWORK["data"] | changes)


GOOD = network()
# name: the file's name and content, the table, the arguments before it, what is told: place, problem, remedy
MISTAKES = {
    "two widths": (network(layers=[2, 1]), ["layers: expected three or more widths", "inputs, hidden layers, outputs"]),
    "wrong widths": (network(layers=[3, 2, 1]), ["data.inputs: expected 3 columns, one per input, got 2"]),
    "header typo": (table(inputs=["aeg", "size"]), ["data.inputs[0]: 'aeg' is not a column", 'did you mean "age"?']),
    "capitals": (network(activation="ReLU"), ["activation: unknown activation 'ReLU'", 'did you mean "relu"?']),
    "a key of other files": (
        network(symbol={}, where=["1"]),
        ["symbol: unknown key; the", 'did you mean "symbols"?', "witnesses; where is for files with symbols\n"],
    ),
    "LeakyReLU": (network(activation="LeakyReLU"), ["activation: unknown", 'did you mean "leaky_relu"?']),
    "smooth": (network(activation="tanh"), ["activation: unknown activation 'tanh'", "not piecewise linear"]),
    "key typo": (
        network(activation=None, activaton="relu"),
        ["activaton: unknown key", 'did you mean "activation"?', "activation: is missing"],
    ),
    "option typo": (
        network(loss={"name": "squared", "reductoin": "sum"}),
        ["loss.reductoin: unknown key", 'did you mean "reduction"?'],
    ),
    "loss by its long name": (network(loss="mean_squared_error"), ["loss.name: unknown", 'did you mean "squared"?']),
    "loss of Keras": (network(loss="binary_crossentropy"), ["loss.name: unknown loss", 'did you mean "logistic"?']),
    "Windows path": (
        table(csv="C:\\data\\train.csv"),
        ["data.csv: expected the name of a file beside this one", 'write "train.csv" here', "--data"],
    ),
    "path": (table(csv="../train.csv"), ["data.csv: expected the name of a file beside this one", "--data"]),
    "no such table": (table(csv="trian.csv"), ["data.csv: cannot read 'trian.csv': No such file"]),
    "labels as text": (network(), ["'train.csv', line 2, column 'price'", "expected a number", "got 'cheap'"]),
    "decimal comma": (network(), ["'train.csv', line 2, column 'price'", "got '0,5'; write it with a point"]),
    "missing cell": (network(), ["'train.csv', line 2, column 'size'", "got ''; drop this line, or fill it in"]),
    "semicolons": (network(), ["data.inputs[0]: 'age' is not a column", "separated by ';': save it with commas"]),
    "weights transposed": (
        network(layers=[2, 3, 1], parameters=[{"weight": [[1, 0, 1], [0, 1, 1]], "bias": [0, 0, 0]}, POINT[1]]),
        ["parameters[0].weight: expected 3 rows", "parameters[1].weight[0]: expected 3 numbers, got 2"],
    ),
    "no bias": (
        network(parameters=[{"weight": POINT[0]["weight"]}, POINT[1]]),
        ["parameters[0].bias: is missing"],
    ),
    "next version": (network(format="symverify-network/2"), ['format: expected "symverify-network/1"']),
    "trailing comma": (GOOD.replace("}}", "},}"), ["not JSON", "line 1", "remove the comma before '}'"]),
    "Python's dict": (str(NETWORK), ["not JSON", 'JSON has double quotes: write "..." for it']),
    "comment": (GOOD.replace('"layers"', '// widths\n"layers"'), ["not JSON", "JSON has no comments: remove it"]),
    "empty": ("", ["not JSON", "the file is empty"]),
    "blank": (" \n", ["not JSON", "the file is empty"]),
    "cut off": (GOOD[:-1], ["not JSON", "the end of the file is missing: close its brackets"]),
}  # fmt: skip
TABLES = {
    "labels as text": "age,size,price\n1,2,cheap\n4,5,6\n",
    "decimal comma": 'age,size,price\n1,2,"0,5"\n4,5,6\n',
    "missing cell": "age,size,price\n1,,3\n4,5,6\n",
    "semicolons": "age;size;price\n1;2;3\n",
}
KINDS = {
    "net.yaml": ("layers: [2, 2, 1]\n", "is YAML, not a network file; write it as JSON"),
    "net.toml": ("layers = [2, 2, 1]\n", "is TOML, not a network file; write it as JSON"),
    "yaml.json": ("layers:\n - 2\n", "is YAML, not a network file; write it as JSON"),
    "toml.json": ("[network]\nlayers = [2]\n", "is TOML, not a network file; write it as JSON"),
    "model.onnx": (b"\x08\x0a\x12\x07pytorch", "is an ONNX file, not a network file; make a network file of it: "
                   "symverify import model.onnx --data DATA.csv -o network.json"),
    "model.safetensors": (b"\x10\0\0\0\0\0\0\0{}", "is a safetensors file, not a network file; make a network file"),
    "model.pt": (b"PK\x03\x04" + b"\0" * 30 + b"model/data.pkl", "is a file of PyTorch, not a network file; in Python, "
                 "symverify.from_torch(module, X, y)"),
    "model.pkl": (b"\x80\x04\x95", "is a pickle, not a network file; it is never opened here; in Python"),
    "model.keras": (b"PK\x03\x04", "is a file of Keras, not a network file; in Python, symverify.from_keras"),
    "train.csv": ("age,size\n1,2\n", 'is a table, not a network file; it can be the data of a network file: {"csv"'),
    "net.symcert.json": ('{"format": "symverify-certificate/2"}', "is a certificate, not a network file; give its "
                         "network file: symverify verify net.symcert.json NETWORK"),
    "net.json.gz": (b"\x1f\x8b\x08", "is compressed, not a network file; unpack it first"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.csv").write_text(TABLE)
    (tmp_path / "good.json").write_text(GOOD)
    return tmp_path


def said(capsys, *arguments):
    """The exit code and what was printed on standard error."""
    code = command(list(arguments))
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.err


def test_the_control_is_accepted(folder, capsys):
    assert said(capsys, "check", "good.json", "--claims", "spurious_minimum,assumptions", "--no-smt")[1] == ""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_its_remedy(folder, capsys, name):
    content, told = MISTAKES[name]
    (folder / "net.json").write_text(content)
    (folder / "train.csv").write_text(TABLES.get(name, TABLE))
    code, message = said(capsys, "check", "net.json")
    assert code == 2
    assert message.startswith("net.json is not a network file that can be read:\n")
    for part in told:
        assert part in message, message


@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_another_kind_is_named_with_its_remedy(folder, capsys, name):
    content, told = KINDS[name]
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    code, message = said(capsys, "check", name)
    assert code == 2
    assert told in message
    assert len(message.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek", "good.json"], "Did you mean 'check'"),
        (["check", "good.json", "--claim", "point"], "--claims"),
        (["check", "good.json", "--claims", "spurious_minima"], 'did you mean "spurious_minimum"?'),
        (["check", "good.json", "--claims", "global-minimum"], 'did you mean "global_minimum"?'),
        (["check", "godo.json"], "cannot read 'godo.json': No such file or directory; check the path"),
        (["check", "."], "it is a folder; give the path of the network file inside it"),
        (["check", "n*.json"], "no file fits 'n*.json'; check the pattern and the folder"),
        (["check", "good.json", "--timeout", "soon"], "--timeout"),
        (
            ["check", "good.json", "--cell", "01,0", "--claims", "cell_minima"],
            "unit 1: expected 3 digits, one for each sample, got 2",
        ),
        (["check", "good.json", "--snap"], "--snap needs parameters in the network file"),
        (["explain", "good.json", "proof.symcert.json"], "'good.json' is a network file; the certificate"),
        (["plot", "good.json", "good.json", "-o", "a.png"], "'good.json' is a network file; the certificate"),
        (["expand", "good.json"], "give either --at point or --pattern"),
        (
            ["import", "model.pt", "--data", "train.csv", "-o", "n.json"],
            "'model.pt' is neither *.onnx nor",
        ),
        (["help", "valey"], "there is no word 'valey' here; symverify help lists them; did you mean \"valley\"?"),
    ],
)
def test_a_wrong_command_is_told_with_its_remedy(folder, capsys, arguments, told):
    code, message = said(capsys, *arguments)
    assert code == 2
    assert told in message


def test_every_fault_is_in_the_json_too(folder, capsys):
    (folder / "net.json").write_text(network(activaton="relu"))
    assert command(["check", "net.json", "--format", "json"]) == 2
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert [fault["path"] for fault in faults] == ["activaton"]
    assert faults[0]["problem"].endswith('did you mean "activation"?')


@pytest.mark.parametrize(
    "arguments",
    [
        ["atlas", "good.json", "-o", "nowhere/x.json"],
        ["cells", "good.json", "--where", "x"],
        ["check", "good.json", "--claims", "x"],
        ["critical", "good.json"],
        ["expand", "good.json", "--pattern", "x"],
        ["expand", "nowhere.json", "--at", "point"],
        ["find", "--claim", "x", "--inputs", "0,1"],
        ["regions", "good.json", "-o", "x.txt"],
        ["check"],
        ["check", "good.json", "--timeout", "soon"],
        ["atlas", "good.json", "another.json"],
        ["cells", "good.json", "--limit", "-1"],
        ["critical", "good.json", "--nothing"],
        ["find", "--inputs", "0,1"],
        ["regions"],
        ["chek", "good.json"],
        ["--nothing"],
        ["verify", "good.json"],
    ],
    ids=" ".join,
)
def test_whatever_ends_a_command_is_in_its_json(folder, capsys, arguments):
    (folder / "good.json").write_text(GOOD)
    (folder / "train.csv").write_text(TABLE)
    assert command([*arguments, "--format", "json"]) == 2
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["verdict"] == "malformed"
    assert len(found["faults"]) == 1
    assert "internal" not in told.err


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep")])
def test_what_is_beyond_the_budget_is_in_the_json_too(folder, capsys, monkeypatch, error):
    def ends(*_):
        raise error

    (folder / "good.json").write_text(GOOD)
    monkeypatch.setattr("symverify.cli.survey.named_cell", ends)
    assert command(["expand", "good.json", "--pattern", "0", "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "undecided"


def test_only_check_writes_junit(folder, capsys):
    for name in ("atlas", "cells", "critical", "expand", "regions"):
        code, message = said(capsys, name, "good.json", "--format", "junit")
        assert code == 2
        assert "'junit' is not one of 'text', " in message
        assert command([name, "--help"]) == 0
        assert "junit" not in capsys.readouterr().out
