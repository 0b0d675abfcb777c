"""Weights from a safetensors file with the names of PyTorch's nn.Sequential: 0.weight, 0.bias, 2.weight, ...

Such a file says nothing about activations or the order of layers: the order is that of the number in the names, and
the activation is what the caller says.
"""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from symverify.problem.regular import read_regular
from symverify.text import plain

from .common import FLOATS, Affine, Model, NotImportable, exact, matrix, quoted, shape

_TYPES = {"F16": "float16", "F32": "float32", "F64": "float64"}
_NAME = re.compile(r"(?P<stem>(?:.*\.)?[A-Za-z_]*)(?P<number>[0-9]+)(?P<rest>(?:\.[A-Za-z_]+)?)\.(?P<part>weight|bias)")
_RENAME = "name the tensors 0.weight, 0.bias, 2.weight, ... or layers.0.weight, ...; or export the model to ONNX"


def read_safetensors(path: Path, activation: object) -> Model:
    """The chain of layers in a safetensors file, with one activation between them. Raises NotImportable."""
    layers = affine_maps(_tensors(path))
    return Model(layers, (activation,) * (len(layers) - 1))


def affine_maps(tensors: dict[str, Any]) -> tuple[Affine, ...]:
    """The affine maps whose weights and biases have names like those of nn.Sequential. Raises NotImportable."""
    layers, numbered = [], _numbered(tensors)
    for number, parts in sorted(numbered.items()):
        if "weight" not in parts:
            raise NotImportable(f"{quoted(parts['bias'])} has no weight beside it", _RENAME)
        weight = matrix(exact(tensors[parts["weight"]], parts["weight"]), parts["weight"])
        bias = None
        if "bias" in parts:
            values = exact(tensors[parts["bias"]], parts["bias"])
            if values.shape != (len(weight),):
                raise NotImportable(
                    f"{quoted(parts['bias'])} has the shape {shape(values.shape)}, but layer {number} has "
                    f"{len(weight)} outputs",
                    "check that the layers fit together",
                )
            bias = list(values)
        layers.append(Affine(parts["weight"], weight, bias))
    for (before, _), (after, parts) in pairwise(sorted(numbered.items())):
        if parts["weight"] == f"{after}.weight" and after == before + 1:
            raise NotImportable(
                f"{before}.weight and {after}.weight follow each other: in nn.Sequential nothing is between them",
                "put an activation between them; if there is one, name the tensors layers.0.weight, ...",
            )
    return tuple(layers)


def _tensors(path: Path) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError, deserialize
    except ImportError:
        raise NotImportable(
            "reading safetensors files needs the package safetensors", "run: pip install safetensors"
        ) from None
    data = read_regular(path)
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError) as error:
        raise NotImportable(
            f"{quoted(path.name)} is not a safetensors file: {plain(error, 200)}", "export the weights again"
        ) from None
    return {name: _array(name, parts) for name, parts in found}


def _array(name: str, parts: dict[str, Any]) -> Any:
    kind = parts["dtype"]
    if kind == "BF16":  # the upper half of a float32
        halves = np.frombuffer(parts["data"], dtype="<u2").astype(np.uint32) << 16
        return halves.view(np.float32).reshape(parts["shape"])
    if kind not in _TYPES:
        raise NotImportable(
            f"{quoted(name)} has numbers of type {plain(kind, 60)}", f"store it as one of {', '.join(FLOATS)}"
        )
    flat = np.frombuffer(parts["data"], dtype=np.dtype(_TYPES[kind]).newbyteorder("<"))
    return flat.astype(_TYPES[kind]).reshape(parts["shape"])


def _numbered(tensors: dict[str, Any]) -> dict[int, dict[str, str]]:
    """Per layer number, the tensors' names by part; all names must differ in one number and the part only."""
    found: dict[int, dict[str, str]] = {}
    forms: dict[tuple[str, str], str] = {}
    for name in sorted(tensors):
        match = _NAME.fullmatch(name)
        if match is None:
            raise NotImportable(f"{quoted(name)} does not say which layer's weight or bias it is", _RENAME)
        forms.setdefault((match["stem"], match["rest"]), name)
        parts = found.setdefault(int(match["number"]), {})
        if match["part"] in parts:
            raise NotImportable(f"{quoted(parts[match['part']])} and {quoted(name)} are the same layer", _RENAME)
        parts[match["part"]] = name
    if len(forms) > 1:
        first, second = list(forms.values())[:2]
        raise NotImportable(f"{quoted(first)} and {quoted(second)} do not tell the order of the layers", _RENAME)
    return found
