"""Networks from scikit-learn's MLPRegressor and MLPClassifier, with the risk that they descend."""

from dataclasses import replace
from typing import Any

import numpy as np

from symverify.errors import Malformed
from symverify.problem.arrays import number, table
from symverify.problem.load import LoadedProblem
from symverify.text import plain

from .common import Affine, Model, NotImportable, exact, quoted
from .model import of_model

_LOSSES: dict[str, dict[str, Any]] = {  # by the output's activation: what the estimator descends, per sample
    "identity": {"name": "squared", "factor": "1/2"},
    "exp": {"name": "poisson"},
    "logistic": {"name": "logistic"},
    "softmax": {"name": "cross_entropy"},
}
_LINKS = {"exp": "exp", "logistic": "sigmoid", "softmax": "softmax"}


def from_sklearn(
    estimator: Any, X: Any, y: Any, *, loss: Any = None, alpha: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of a fitted MLPRegressor or MLPClassifier on data; its weights, each float exactly, are the point.

    The risk is the one whose gradient the estimator descends: the mean over the samples of half the squared error
    summed over outputs, of the cross-entropy, or of the Poisson loss (but for a constant), plus alpha/2 times the sum
    of the squares of the weights, not of the biases, over the number of samples (of a batch, where the solver is adam
    or sgd). `alpha` is the estimator's own unless it is given: with one that is not 0, as by default, only a minimum
    near the point (`minimum_in_box`) and a bracket of the least risk (`global_bounds`) can be proved; `alpha=0` asks
    about the loss alone, with all claims. `loss` replaces the estimator's own, as for `problem`. Labels of a classifier
    are its own classes. `.notes` say what was assumed. Raises NotImportable for another estimator, Malformed for data.
    """
    model, kind = _read(estimator)
    stated = dict(_LOSSES[kind]) if loss is None else loss
    if hasattr(estimator, "classes_"):
        y = _classes(estimator, y, stated)
    decay = None
    notes = list(model.notes)
    strength = number(estimator.alpha if alpha is None else alpha, "alpha")
    if strength < 0:
        raise Malformed(("alpha", f"expected a number of at least 0, got {plain(alpha, 40)}"))
    if strength and (loss is None or alpha is not None):
        size = _batch(estimator, len(table(X, "X").rows), notes)
        decay = {"weights": strength / size, "biases": 0}
        kept = f"alpha = {float(strength):g} is kept, as the weight decay alpha / {size} of all weights but biases"
        claims = "with it a minimum near the point and a bracket of the least risk are claims; alpha=0 leaves it out"
        notes.append(f"{kept}: {claims}")
    model = replace(model, notes=tuple(notes))
    return of_model(model, X, y, stated, weight_decay=decay, name=name or type(estimator).__name__)


def _read(estimator: Any) -> tuple[Model, str]:
    """The chain of a fitted estimator, and its output's activation."""
    what = type(estimator).__name__
    if type(estimator).__name__ == "Pipeline":
        raise NotImportable(
            "a Pipeline is no network", "give its last step, and X as the steps before make it: pipe[:-1].transform(X)"
        )
    missing = [
        each for each in ("coefs_", "intercepts_", "out_activation_", "activation") if not hasattr(estimator, each)
    ]
    if "activation" in missing:
        raise NotImportable(f"expected an MLPRegressor or MLPClassifier, got {plain(what, 40)}", "give one of them")
    if missing:
        raise NotImportable(f"the {plain(what, 40)} is not fitted", "call .fit(X, y) first")
    if estimator.activation not in ("relu", "identity"):
        raise NotImportable(
            f"the activation {quoted(estimator.activation)} is not piecewise linear: every proof here is about pieces",
            'train with activation="relu"',
        )
    if estimator.out_activation_ not in _LOSSES:
        ends = quoted(estimator.out_activation_)
        raise NotImportable(f"the output activation {ends} is not supported", f"use one of {', '.join(_LOSSES)}")
    layers = []
    for m, (weight, bias) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        rows = exact(np.asarray(weight).T, f"coefs_[{m}]")
        layers.append(Affine(f"coefs_[{m}]", [list(row) for row in rows], list(exact(bias, f"intercepts_[{m}]"))))
    kind = str(estimator.out_activation_)
    return Model(tuple(layers), (estimator.activation,) * (len(layers) - 1), link=_LINKS.get(kind, "")), kind


def _classes(estimator: Any, y: Any, stated: Any) -> Any:
    """The labels as numbers of the estimator's classes, whose names go into the loss where they are names."""
    known = list(estimator.classes_)
    given = table(y, "y")
    if given.width > 1:  # an indicator for each of several labels
        return y
    number = {_key(each): place for place, each in enumerate(known)}
    cells = [_key(row[0]) for row in given.rows]
    if (odd := next((i for i, cell in enumerate(cells) if cell not in number), None)) is not None:
        listed = ", ".join(plain(_key(each), 40) for each in known[:10])
        raise Malformed(
            (given.at(odd, 0), f"expected one of the estimator's classes {listed}, got {plain(cells[odd], 40)}")
        )
    if isinstance(stated, dict) and all(isinstance(each, str) for each in known):
        stated["classes"] = [str(each) for each in known]
    return [number[cell] for cell in cells]


def _key(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _batch(estimator: Any, count: int, notes: list[str]) -> int:
    """The number of samples that the penalty is divided by."""
    if estimator.solver == "lbfgs":
        return count
    size = min(200, count) if estimator.batch_size == "auto" else min(int(estimator.batch_size), count)
    if size < count:
        notes.append(f"the solver {estimator.solver} sees {size} of {count} samples at a time: the risk is that of all")
    return size
