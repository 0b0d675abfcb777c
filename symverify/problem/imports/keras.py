"""Networks from Keras models: a chain of Dense layers and piecewise linear activations."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from symverify.kernel.losses import LOSSES
from symverify.problem.load import LoadedProblem
from symverify.text import plain

from .chain import OPERATORS, Chain, Node
from .common import Model, NotImportable, quoted, spelled
from .model import of_model

_LOSSES = {  # by the letters of Keras's names: that of network files, whether its mean is over the outputs as well, and
    # what it takes the model to end in
    "mse": ("squared", True, ""),
    "meansquarederror": ("squared", True, ""),
    "mae": ("absolute", True, ""),
    "meanabsoluteerror": ("absolute", True, ""),
    "huber": ("huber", True, ""),
    "binarycrossentropy": ("logistic", True, "sigmoid"),
    "categoricalcrossentropy": ("cross_entropy", False, "softmax"),
    "sparsecategoricalcrossentropy": ("cross_entropy", False, "softmax"),
}
_PLAIN = {"label_smoothing": 0, "axis": -1, "ignore_class": None}  # what a loss object may be set to
_SUPPORTED = "Dense, ReLU, LeakyReLU, Activation, Flatten, Dropout, InputLayer; activations linear, relu, leaky_relu"


def from_keras(
    model: Any, X: Any, y: Any, *, loss: Any = None, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of a Keras model on data; its parameters, each float exactly, are the point.

    `model` is Sequential, or functional without branches, of Dense layers with relu, leaky_relu or linear activations;
    at the end a softmax or sigmoid belongs to the loss. `loss` is as for `problem`, or one of Keras's names or objects
    (mse, mae, huber, binary_crossentropy, categorical_crossentropy, …); without one it is that of the compiled model,
    or of one that is not compiled squared or the one that the end means. Regularisers are left out. `.notes` say what
    was assumed. Raises NotImportable, Malformed.
    """
    chain = _read(model)
    given = getattr(model, "loss", None) if loss is None else loss
    if loss is None and given is not None and (model.get_compile_config() or {}).get("loss_weights"):
        raise NotImportable("the model was compiled with loss_weights", "name the loss that is meant, with loss=")
    if given is not None and not isinstance(given, Mapping) and (loss is None or _known(given)):
        given = _stated(given, chain)
    if model.losses:
        note = "the model's regularisers are left out; weight_decay= would add one of all parameters"
        chain = replace(chain, notes=(*chain.notes, note))
    names = [layer.name for layer in chain.layers]
    return of_model(chain, X, y, given, weight_decay=weight_decay, name=name or str(model.name), names=names)


def _named(loss: Any) -> str:
    """What Keras calls a loss: a name, a function, an object."""
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", type(loss).__name__))


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _known(loss: Any) -> bool:
    return _letters(_named(loss)) in _LOSSES


def _stated(loss: Any, chain: Model) -> dict[str, Any]:
    """A loss of Keras as network files have it. Raises NotImportable where they have none, or it takes another end."""
    named = quoted(_named(loss))
    if not _known(loss):
        raise NotImportable(f"the loss {named} is not supported", "name the one that is meant, with loss=")
    kind, elementwise, link = _LOSSES[_letters(_named(loss))]
    bounded = "delta" in LOSSES[kind].options
    settings = dict(loss.get_config()) if callable(getattr(loss, "get_config", None)) else {"delta": 1}
    settings |= getattr(loss, "_fn_kwargs", {})  # a Huber loss does not say its delta elsewhere
    reduction, delta = settings.pop("reduction", "mean"), settings.pop("delta", None)
    link = "" if settings.pop("from_logits", False) else link
    odd = [key for key, value in _PLAIN.items() if settings.pop(key, value) != value]
    odd += [key for key in settings if key not in ("name", "dtype")]
    odd += ["an unknown delta"] if bounded and delta is None else []
    if odd or reduction not in ("mean", "sum", "sum_over_batch_size"):
        raise NotImportable(f"the loss {named} has {odd[0] if odd else 'no reduction'}", "leave it at its default")
    if chain.link != link:
        ends = f"after a {link}" if link else "of the values themselves"
        raise NotImportable(
            f"the loss {named} is {ends}, and the model ends {f'in a {chain.link}' if chain.link else 'without one'}",
            "name the loss that is meant, with loss=, as network files do",
        )
    outputs = chain.layers[-1].outputs
    stated = {"name": kind, "reduction": "sum" if reduction == "sum" else "mean"}
    stated |= {"delta": spelled(Fraction(float(delta)))} if bounded else {}
    return stated | ({"factor": f"1/{outputs}"} if elementwise and outputs > 1 else {})


def _read(model: Any) -> Model:
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list) or not hasattr(model, "inputs"):
        raise NotImportable(f"expected a Keras model, got {plain(type(model).__name__, 40)}", "give the model itself")
    if type(model).__name__ != "Sequential":
        for before, after in pairwise(layers):
            if after.input is not before.output:
                raise NotImportable(f"{quoted(after.name)} does not take {quoted(before.name)} alone", "use Sequential")
    chain = Chain()
    for layer in layers:
        _layer(chain, layer)
    return chain.finished()


def _layer(chain: Chain, layer: Any) -> None:
    kind, home = type(layer).__name__, type(layer).__module__.partition(".")[0]
    if home not in ("keras", "tf_keras", "tensorflow"):
        raise NotImportable(f"the layer {kind} {quoted(layer.name)} is none of Keras's own", f"use {_SUPPORTED}")
    node = Node(kind, layer.name, [None], [""], 0, {})
    match kind:
        case "Flatten" if getattr(layer, "data_format", "channels_last") != "channels_last":
            raise node.fail("it puts the channels last", 'use data_format="channels_last"')
        case "InputLayer" | "Flatten":
            pass
        case "Dropout":
            chain.notes.append(f"the Dropout {quoted(layer.name)} does nothing, as in evaluation")
        case "Dense":
            weight, *bias = (np.asarray(each) for each in layer.get_weights())
            names = ["", f"{layer.name}.kernel", f"{layer.name}.bias"]
            OPERATORS["Gemm"](chain, Node("Gemm", layer.name, [None, weight, *bias], names, 0, {}))
            _activation(chain, node, layer.activation)
        case "Activation":
            _activation(chain, node, layer.activation)
        case "LeakyReLU":
            _leaky(chain, node, getattr(layer, "negative_slope", getattr(layer, "alpha", None)))
        case "ReLU":
            _relu(chain, node, layer)
        case _:
            raise NotImportable(f"the layer {kind} {quoted(layer.name)} is not supported", f"these are: {_SUPPORTED}")


def _activation(chain: Chain, node: Node, activation: Any) -> None:
    name = str(getattr(activation, "__name__", activation))
    match name:
        case "linear":
            pass
        case "relu":
            chain.activate(node, "relu")
        case "relu6":
            chain.activate(node, "relu6")
        case "leaky_relu":
            _leaky(chain, node, 0.2)  # Keras's own default
        case "softmax" | "sigmoid":
            kind = name.capitalize()
            OPERATORS[kind](chain, Node(kind, node.name, [None], [""], 0, {}))
        case _:
            raise node.fail(f"the activation {quoted(name)} is not supported", f"these are: {_SUPPORTED}")


def _leaky(chain: Chain, node: Node, slope: Any) -> None:
    chain.activate(node, {"name": "leaky_relu", "negative_slope": spelled(Fraction(float(slope)))})


def _relu(chain: Chain, node: Node, layer: Any) -> None:
    """ReLU with a slope below 0 or a bound, but no threshold."""
    top, slope = getattr(layer, "max_value", None), Fraction(float(getattr(layer, "negative_slope", 0) or 0))
    if getattr(layer, "threshold", 0):
        raise node.fail("its threshold is not 0", "use one with threshold 0")
    if top is None:
        chain.activate(node, {"name": "leaky_relu", "negative_slope": spelled(slope)} if slope else "relu")
        return
    ends = ["0", spelled(Fraction(float(top)))]
    chain.activate(node, {"breakpoints": ends, "slopes": [spelled(slope), "1", "0"], "anchor": ["0", "0"]})
