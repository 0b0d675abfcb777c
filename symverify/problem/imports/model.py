"""From a model file and a table of data to a network file, exactly: each float is the dyadic rational that it is."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from symverify.kernel.core.activation import ONE
from symverify.kernel.core.errors import Declined, Malformed
from symverify.kernel.core.text import liberal
from symverify.kernel.losses import LOSSES
from symverify.kernel.network_file import FORMAT, Labels, read_table
from symverify.problem.arrays import rows_of
from symverify.problem.faults import read_network
from symverify.problem.load import LoadedProblem
from symverify.problem.make import assembled, chain_state, exactly
from symverify.problem.regular import read_regular
from symverify.problem.write import network_text, write_atomically
from symverify.text import plain

from .common import Affine, Model, NotImportable, quoted, spelled
from .losses import linked, loss_of
from .onnx import graph_of, read_onnx
from .onnx_program import beyond_chains, read_program
from .program import Program
from .safetensors import read_safetensors

DEFAULT_ACTIVATION = "relu"
_CHECK = "check the path and its permissions"
_FOLD = "fold them, for instance with the exporter's constant folding"


def import_model(
    model: Path,
    data: Path,
    output: Path,
    *,
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    activation: object = None,
    loss: Any = None,
    force: bool = False,
) -> tuple[str, ...]:
    """Write the network file of a trained model and its data to `output`; what was assumed, in sentences.

    `inputs` and `targets` are columns of the CSV file `data`; by default the last d_Y columns are targets and all
    others inputs. A CSV file in the output's own folder is named in the network file, otherwise its numbers are copied.
    `activation` and `loss` are as network files spell them, in JSON's types; ONNX files say their activations. The loss
    is by default the one that the model ends in (cross_entropy after a softmax, logistic after a sigmoid), or squared.
    The file is written whole or not at all, over an existing one only with `force`. Raises NotImportable.
    """
    try:
        if output.resolve() in (model.resolve(), data.resolve()):
            raise NotImportable(f"{quoted(output)} is the model or the data itself", "choose another name with -o")
        if not force and os.path.exists(output):
            raise NotImportable(f"{quoted(output)} exists", "choose another name with -o, or replace it with --force")
        fields, sizes, notes = _fields(model, activation, loss)
        table = read_regular(data)
        document = {"format": FORMAT, "name": model.stem, **fields}
        labels = _labels(document["loss"], sizes[1])
        columns = _columns(table, data.name, sizes, labels, inputs, targets)
        document["data"] = {"csv": data.name, **columns}
        if os.path.islink(output) or data.absolute().parent != output.absolute().parent:
            document["data"] = _inline(columns, table, data.name, labels)
        text = network_text(document)
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
        raise NotImportable(f"{where}: {error.strerror or error}", _CHECK) from None
    return notes


def _fields(path: Path, activation: object, loss: Any) -> tuple[dict[str, Any], tuple[int, int], tuple[str, ...]]:
    """The fields of a network file that a model file says, with the loss; d_X and d_Y; what was assumed."""
    chain = read_any(path, activation)
    if isinstance(chain, Program):
        return program_parts(chain, loss), (chain.inputs, chain.outputs), tuple(chain.notes)
    parts, stated = parts_of(chain), None if loss is None else loss_of(loss, chain.layers[-1].outputs)
    fields = {
        "layers": [chain.layers[0].inputs, *(layer.outputs for layer in chain.layers)],
        **{key: value for key, value in parts.items() if key != "parameters"},
        "loss": linked(chain.link, stated),
        "parameters": parts["parameters"],
    }
    return fields, (chain.layers[0].inputs, chain.layers[-1].outputs), chain.notes


def read_any(path: Path, activation: object) -> Model | Program:
    """The chain in a model file, or else the general program in an ONNX file that is none. Raises NotImportable."""
    try:
        return read_model(path, activation)
    except NotImportable:
        if path.suffix != ".onnx" or activation is not None or not beyond_chains(graph := graph_of(path)):
            raise
        return read_program(graph)


def program_parts(program: Program, loss: Any) -> dict[str, Any]:
    """The fields of a network file with a program, without the data."""
    stated = linked(program.link, None if loss is None else loss_of(loss, program.outputs))
    return {"program": program.nodes, "loss": stated, "parameters": program.parameters}


def read_model(path: Path, activation: object) -> Model:
    match path.suffix:
        case ".onnx":
            if activation is not None:
                raise NotImportable("an ONNX file says its activations itself", "leave out --activation")
            chain = read_onnx(path)
        case ".safetensors":
            chain = read_safetensors(path, DEFAULT_ACTIVATION if activation is None else activation)
            if activation is None:
                how = "say it with --activation, or activation= in Python"
                note = f"the file does not say the activation: {DEFAULT_ACTIVATION} is assumed ({how})"
                chain = replace(chain, notes=(*chain.notes, note))
        case _:
            raise NotImportable(f"{quoted(path.name)} is neither *.onnx nor *.safetensors", "export the model as one")
    check_chain(chain.layers)
    return chain


def check_chain(layers: Sequence[Affine]) -> None:
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


def parts_of(chain: Model) -> dict[str, Any]:
    """The fields of a network file that a model says: biases, activations, parameters. Raises NotImportable."""
    check_chain(chain.layers)
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
        "bias": hidden if hidden == last else {"hidden": hidden, "output": last},
        "activation": chain.activations[0] if same else list(chain.activations),
        "parameters": parameters,
    }


def of_model(
    chain: Model, X: Any, y: Any, loss: Any, *, weight_decay: object = None, name: str = "", names: Sequence[str] = ()
) -> LoadedProblem:
    """The problem of a model that has been read, on data; `names` are what it calls its affine maps.

    `loss` is as for `problem`; None is the one that the model ends in, or squared. Raises NotImportable, Malformed.
    """
    parts, widths = parts_of(chain), [chain.layers[0].inputs, *(layer.outputs for layer in chain.layers)]
    stated = None if loss is None else loss_of(loss, widths[-1])
    parts["loss"] = exactly(linked(chain.link, stated), "loss")
    if weight_decay is not None:
        parts["weight_decay"] = exactly(weight_decay, "weight_decay")
    state = chain_state(names, [layer.bias is not None for layer in chain.layers])
    return replace(assembled(X, y, widths, parts, name), notes=chain.notes, state=state)


def of_program(
    program: Program, X: Any, y: Any, loss: Any, *, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The same of a model that is no chain; samples may have several axes."""
    if weight_decay is not None:
        raise NotImportable("weight decay of a network that is no chain is not supported", "leave it out")
    parts = program_parts(program, loss)
    parts["loss"] = exactly(parts["loss"], "loss")
    made = assembled(rows_of(X), y, (program.inputs, program.outputs), parts, name)
    return replace(made, notes=tuple(program.notes), state=tuple(program.state))


def _columns(
    table: bytes,
    name: str,
    sizes: tuple[int, int],
    labels: Labels,
    inputs: Sequence[str] | None,
    targets: Sequence[str] | None,
) -> dict[str, list[str]]:
    """The columns of the data by role; their number is checked here, their content by the format's own reader.

    One column of classes may stand for all outputs.
    """
    width, outputs = sizes
    try:
        header = next(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotImportable(f"{quoted(name)} is not a CSV file in UTF-8: {plain(error)}", "save it as one") from None
    names = [cell.strip() for cell in header]
    if (inputs is None or targets is None) and names and all(map(_is_number, names)):
        raise NotImportable(
            f"the first line of {quoted(name)} has numbers alone, where the names of the columns are expected",
            "put a line of names above; if these are names, give them all with --inputs and --targets",
        )
    if len(names) == 1 and (sign := next((each for each in ";\t" if each in names[0]), "")):
        raise NotImportable(f"the columns of {quoted(name)} are separated by {sign!a}", "save it with commas")
    left = len(names) - (width if inputs is None else len(inputs))
    if labels.classed and (left == 1 if targets is None else len(targets) == 1):
        outputs = 1
    chosen = (
        list(targets) if targets is not None else [c for c in names if inputs is None or c not in inputs][-outputs:]
    )
    entering = list(inputs) if inputs is not None else [c for c in names if c not in chosen]
    named = [*entering, *chosen]
    for what, columns, count in (("inputs", entering, width), ("targets", chosen, outputs)):
        if len(columns) != count:
            listed = ", ".join(map(quoted, columns[:10])) or "none"
            raise NotImportable(
                f"the model has {count} {what}, but {quoted(name)} gives {len(columns)} columns for them ({listed})",
                f"name the columns with --{what}; the first line of the file must name them all",
            )
    again = [column for k, column in enumerate(named) if column in named[:k] and names.count(column) < 2]
    if again:
        both = "an input and a target" if again[0] in entering and again[0] in chosen else "named twice"
        raise NotImportable(f"the column {quoted(again[0])} is {both}", "name each column once, as one of them")
    return {"inputs": entering, "targets": chosen}


def _is_number(cell: str) -> bool:
    try:
        liberal(cell, "")
    except Malformed:
        return False
    return True


def _labels(loss: object, outputs: int) -> Labels:
    """How labels are read under a loss, as they are in the file: its options do not change them here."""
    stated = loss if isinstance(loss, dict) else {"name": loss}
    kind = LOSSES[str(stated["name"])]
    made = kind.of(ONE, *(default for _, default in kind.options.values()))
    classes = stated.get("classes")
    return Labels(made, tuple(map(str, classes)) if isinstance(classes, list) else (), outputs)


def _inline(columns: dict[str, list[str]], table: bytes, name: str, labels: Labels) -> list[dict[str, object]]:
    samples, _ = read_table({"csv": name, **columns}, "data", len(columns["inputs"]), labels, lambda _: table)
    return [{"x": [spelled(v) for v in x], "y": [spelled(v) for v in y]} for x, y in samples]


def from_onnx(
    path: str | os.PathLike[str], X: Any, y: Any, *, loss: Any = None, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of an ONNX file on data; needs the extra `onnx`.

    `X`, `y` and `loss` are as for `problem`; without a loss it is the one that the model's end means (softmax:
    cross_entropy, sigmoid: logistic), else squared. `.notes` say what was assumed. Raises NotImportable, Malformed.
    """
    return _from_file(Path(path), None, X, y, loss, weight_decay, name)


def from_safetensors(
    path: str | os.PathLike[str],
    X: Any,
    y: Any,
    *,
    activation: object = None,
    loss: Any = None,
    weight_decay: object = None,
    name: str = "",
) -> LoadedProblem:
    """The same for weights in a safetensors file, named like those of nn.Sequential; needs the extra `safetensors`.

    The file does not say the `activation`, which is as for `problem`; relu if none is given.
    """
    return _from_file(Path(path), activation, X, y, loss, weight_decay, name)


def _from_file(
    path: Path, activation: object, X: Any, y: Any, loss: Any, weight_decay: object, name: str
) -> LoadedProblem:
    try:
        chain = read_any(path, None if activation is None else exactly(activation, "activation"))
    except OSError as error:
        raise NotImportable(
            f"{quoted(path)}: {error.strerror or error}", "check the path and its permissions"
        ) from None
    if isinstance(chain, Program):
        return of_program(chain, X, y, loss, weight_decay=weight_decay, name=name or path.stem)
    names = [layer.name.removesuffix(".weight") for layer in chain.layers] if path.suffix == ".safetensors" else []
    return of_model(chain, X, y, loss, weight_decay=weight_decay, name=name or path.stem, names=names)
