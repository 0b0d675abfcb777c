"""From a model file and a table of data to a network file, exactly: each float is the dyadic rational that it is."""

import csv
import io
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from symverify.kernel.core.activation import ONE
from symverify.kernel.core.errors import Declined, Malformed
from symverify.kernel.losses import squared
from symverify.kernel.network_file import FORMAT, Labels, read_table
from symverify.problem.faults import read_network
from symverify.problem.regular import read_regular
from symverify.problem.write import write_atomically
from symverify.text import plain

from .common import Affine, Model, NotImportable, quoted, spelled
from .onnx import read_onnx
from .safetensors import read_safetensors

DEFAULT_ACTIVATION = "relu"
_FOLD = "fold them, for instance with the exporter's constant folding"


def import_model(
    model: Path,
    data: Path,
    output: Path,
    *,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    activation: object = None,
    loss: object = "squared",
    force: bool = False,
) -> tuple[str, ...]:
    """Write the network file of a trained model and its data to `output`; what was assumed, in sentences.

    `inputs` and `targets` are columns of the CSV file `data`; by default the last d_Y columns are targets and all
    others inputs. A CSV file in the output's own folder is named in the network file, otherwise its numbers are copied.
    `activation` and `loss` are as network files spell them, in JSON's types; ONNX files say their activations.
    The file is written whole or not at all, over an existing one only with `force`. Raises NotImportable.
    """
    try:
        if output.resolve() in (model.resolve(), data.resolve()):
            raise NotImportable(f"{quoted(output)} is the model or the data itself", "choose another name with -o")
        if not force and output.exists():
            raise NotImportable(f"{quoted(output)} exists", "choose another name with -o, or replace it with --force")
        chain = _read(model, activation)
        table = read_regular(data)
        columns = _columns(table, data.name, chain, inputs, targets)
        document = _document(model, data, output, chain, loss) | {"data": {"csv": data.name, **columns}}
        if output.is_symlink() or data.absolute().parent != output.absolute().parent:
            document["data"] = _inline(columns, table, data.name)
        text = _json(document)
        read_network(text, lambda _: table)
        write_atomically(output, text)
    except Malformed as error:
        wrong = "; ".join(f"{where}: {what}" if where else what for where, what in error.faults)
        raise NotImportable(wrong, "correct the places named") from None
    except Declined as error:
        raise NotImportable(str(error), "use a smaller network or fewer samples") from None
    except RecursionError:
        raise NotImportable("its constants are computed through too many operators", _FOLD) from None
    except OSError as error:
        where = quoted(Path(error.filename or model))
        raise NotImportable(f"{where}: {error.strerror or error}", "check the path and its permissions") from None
    return chain.notes


def _read(path: Path, activation: object) -> Model:
    match path.suffix:
        case ".onnx":
            if activation is not None:
                raise NotImportable("an ONNX file says its activations itself", "leave out --activation")
            chain = read_onnx(path)
        case ".safetensors":
            chain = read_safetensors(path, DEFAULT_ACTIVATION if activation is None else activation)
            if activation is None:
                note = f"the file does not say the activation: {DEFAULT_ACTIVATION} is assumed (see --activation)"
                chain = Model(chain.layers, chain.activations, (*chain.notes, note))
        case _:
            raise NotImportable(f"{quoted(path.name)} is neither *.onnx nor *.safetensors", "export the model as one")
    _check_chain(chain.layers)
    return chain


def _check_chain(layers: Sequence[Affine]) -> None:
    """The shapes fit, and biases are where one network file can have them: in all hidden layers or in none."""
    if len(layers) < 2:
        raise NotImportable(
            f"the model has {len(layers)} fully connected layer{'s' * (len(layers) != 1)}",
            "a network needs two or more, with an activation between them",
        )
    for before, after in pairwise(layers):
        if before.outputs != after.inputs:
            raise NotImportable(
                f"{quoted(before.name)} has {before.outputs} outputs, but {quoted(after.name)} takes {after.inputs}",
                "check the order of the layers and their shapes",
            )
    without = [layer.name for layer in layers[:-1] if layer.bias is None]
    if without and len(without) < len(layers) - 1:
        raise NotImportable(
            f"{quoted(without[0])} has no bias, but other hidden layers have one",
            "give every hidden layer a bias, or none",
        )


def _document(model: Path, data: Path, output: Path, chain: Model, loss: object) -> dict[str, object]:
    layers = chain.layers
    hidden, last = layers[0].bias is not None, layers[-1].bias is not None
    parameters = []
    for layer in layers:
        entry: dict[str, object] = {"weight": [[spelled(x) for x in row] for row in layer.weight]}
        if layer.bias is not None:
            entry["bias"] = [spelled(x) for x in layer.bias]
        parameters.append(entry)
    same = all(each == chain.activations[0] for each in chain.activations)
    return {
        "format": FORMAT,
        "name": model.stem,
        "layers": [layers[0].inputs, *(layer.outputs for layer in layers)],
        "bias": hidden if hidden == last else {"hidden": hidden, "output": last},
        "activation": chain.activations[0] if same else list(chain.activations),
        "loss": loss,
        "parameters": parameters,
    }


def _columns(
    table: bytes, name: str, chain: Model, inputs: Sequence[str] | None, targets: Sequence[str] | None
) -> dict[str, list[str]]:
    """The columns of the data by role; their number is checked here, their content by the format's own reader."""
    width, outputs = chain.layers[0].inputs, chain.layers[-1].outputs
    try:
        header = next(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotImportable(f"{quoted(name)} is not a CSV file in UTF-8: {plain(error)}", "save it as one") from None
    names = [cell.strip() for cell in header]
    chosen = (
        list(targets) if targets is not None else [c for c in names if inputs is None or c not in inputs][-outputs:]
    )
    entering = list(inputs) if inputs is not None else [c for c in names if c not in chosen]
    for what, columns, count in (("inputs", entering, width), ("targets", chosen, outputs)):
        if len(columns) != count:
            listed = ", ".join(map(quoted, columns[:10])) or "none"
            raise NotImportable(
                f"the model has {count} {what}, but {quoted(name)} gives {len(columns)} columns for them ({listed})",
                f"name the columns with --{what}; the first line of the file must name them all",
            )
    return {"inputs": entering, "targets": chosen}


def _inline(columns: dict[str, list[str]], table: bytes, name: str) -> list[dict[str, object]]:
    numbers = Labels(squared(ONE), (), len(columns["targets"]))
    samples, _ = read_table({"csv": name, **columns}, "data", len(columns["inputs"]), numbers, lambda _: table)
    return [{"x": [spelled(v) for v in x], "y": [spelled(v) for v in y]} for x, y in samples]


def _json(document: dict[str, object]) -> bytes:
    """The document as JSON, a line per field, per sample and per affine map."""
    parts = []
    for key, value in document.items():
        text = json.dumps(value)
        if key in ("data", "parameters") and isinstance(value, list):
            text = "[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n ]"
        parts.append(f"{json.dumps(key)}: {text}")
    return ("{\n " + ",\n ".join(parts) + "\n}\n").encode("ascii")
