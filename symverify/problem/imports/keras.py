"""Networks from Keras models: a chain of Dense layers and piecewise linear activations."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from symverify.problem.load import LoadedProblem
from symverify.text import plain

from .chain import OPERATORS, Chain, Node
from .common import Model, NotImportable, quoted, spelled
from .model import of_model

_LOSSES = {  # by Keras's names: that of network files, and whether its mean is over the outputs as well
    "mse": ("squared", True),
    "mean_squared_error": ("squared", True),
    "mae": ("absolute", True),
    "mean_absolute_error": ("absolute", True),
    "huber": ("huber", True),
    "binary_crossentropy": ("logistic", True),
    "categorical_crossentropy": ("cross_entropy", False),
    "sparse_categorical_crossentropy": ("cross_entropy", False),
}
_SUPPORTED = "Dense, ReLU, LeakyReLU, Activation, Flatten, Dropout, InputLayer; activations linear, relu, leaky_relu"


def from_keras(
    model: Any, X: Any, y: Any, *, loss: Any = None, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of a Keras model on data; its parameters, each float exactly, are the point.

    `model` is Sequential, or functional without branches, of Dense layers with relu, leaky_relu or linear activations;
    at the end a softmax or sigmoid belongs to the loss. `loss` is as for `problem`, or one of Keras's names (mse, mae,
    huber, binary_crossentropy, categorical_crossentropy, …); without one it is that of the compiled model if it has a
    name, else squared or the one that the end means. `.notes` say what was assumed. Raises NotImportable, Malformed.
    """
    chain = _read(model)
    given = getattr(model, "loss", None) if loss is None else loss
    if isinstance(given, str) and given in _LOSSES:
        kind, elementwise = _LOSSES[given]
        outputs = chain.layers[-1].outputs
        given = {"name": kind, "factor": f"1/{outputs}"} if elementwise and outputs > 1 else kind
    elif loss is None:
        given = None
    names = [layer.name for layer in chain.layers]
    return of_model(chain, X, y, given, weight_decay=weight_decay, name=name or str(model.name), names=names)


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
    kind, node = type(layer).__name__, Node(type(layer).__name__, layer.name, [None], [""], 0, {})
    match kind:
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
