"""Models in files, on data from Python."""

from pathlib import Path

import numpy as np
import pytest

import symverify
from symverify.problem.imports import NotImportable, import_model

TRAIN = Path(__file__).parents[2] / "examples" / "train"
TABLE = np.loadtxt(TRAIN / "train.csv", delimiter=",", skiprows=1)


@pytest.mark.parametrize("kind", ["onnx", "safetensors"])
def test_a_file_on_data_is_what_import_writes(kind, tmp_path):
    pytest.importorskip(kind, reason="the extra is not installed")
    make = symverify.from_onnx if kind == "onnx" else symverify.from_safetensors
    rows = [list(map(str, row)) for row in TABLE]
    loaded = make(TRAIN / f"model.{kind}", [row[:-1] for row in rows], [row[-1] for row in rows])
    import_model(TRAIN / f"model.{kind}", TRAIN / "train.csv", tmp_path / "network.json")
    written = symverify.load(tmp_path / "network.json").problem
    assert loaded.problem.parameters == written.parameters
    assert (loaded.problem.inputs, loaded.problem.targets) == (written.inputs, written.targets)
    assert loaded.problem.activations == written.activations
    assert (loaded.name, loaded.problem.loss.name) == ("model", "squared")


def test_a_safetensors_file_has_the_names_of_its_layers():
    pytest.importorskip("safetensors", reason="the extra is not installed")
    path = TRAIN / "model.safetensors"
    loaded = symverify.from_safetensors(path, TABLE[:, :-1], TABLE[:, -1], activation="abs", loss="mae")
    assert [key for key, _, _ in loaded.state] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert loaded.notes == ()
    assert loaded.problem.loss.name == "absolute"
    assert symverify.from_safetensors(path, TABLE[:, :-1], TABLE[:, -1]).notes == (
        "the file does not say the activation: relu is assumed (say it with --activation, or activation= in Python)",
    )


def test_files_that_are_none_are_told():
    for make in (symverify.from_onnx, symverify.from_safetensors):
        with pytest.raises(NotImportable, match=r"nowhere\.onnx': No such file or directory; check the path"):
            make("nowhere.onnx", [[1]], [1])
    with pytest.raises(NotImportable, match=r"'model.pt' is neither \*.onnx nor \*.safetensors; export"):
        symverify.from_onnx("model.pt", [[1]], [1])
