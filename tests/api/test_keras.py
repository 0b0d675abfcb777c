"""Keras's models: the same outputs and the same loss; what is no chain is refused by name."""

import os

import numpy as np
import pytest

import symverify
from symverify.kernel.core.network import predictions, risk
from symverify.problem.imports import NotImportable

os.environ.setdefault("KERAS_BACKEND", "torch")
pytest.importorskip("torch", reason="PyTorch is not installed, Keras's backend here: pip install torch")
keras = pytest.importorskip("keras", reason="Keras is not installed: pip install keras")
layers = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras's own

INPUTS = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
TARGETS = np.abs(INPUTS[:, :1])


def model(*middle, outputs=1, last=None, loss="mse"):
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((2,)), *middle, layers.Dense(outputs, activation=last)])
    made.compile(loss=loss)
    return made


MODELS = {
    "relu": [lambda: layers.Dense(3, activation="relu")],
    "leaky": [lambda: layers.Dense(3, activation="leaky_relu")],
    "layers": [lambda: layers.Flatten(), lambda: layers.Dense(3), lambda: layers.LeakyReLU(negative_slope=0.3)],
    "bounded": [lambda: layers.Dense(3), lambda: layers.ReLU(max_value=0.5, negative_slope=0.25)],
    "activation": [lambda: layers.Dense(3, use_bias=False), lambda: layers.Activation("relu")],
}


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_the_models(name):
    made = model(*(make() for make in MODELS[name]))
    loaded = symverify.from_keras(made, INPUTS, TARGETS)
    theirs = keras.ops.convert_to_numpy(made(INPUTS))[:, 0]
    ours = [float(f) for (f,) in predictions(loaded.problem, loaded.problem.parameters)]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-5)


def test_risks_are_the_losses():
    made = model(layers.Dense(3, activation="relu"), outputs=2)
    problem = symverify.from_keras(made, INPUTS, INPUTS).problem
    theirs = np.mean((keras.ops.convert_to_numpy(made(INPUTS)) - INPUTS) ** 2)
    assert float(risk(problem, predictions(problem, problem.parameters))) == pytest.approx(float(theirs), abs=1e-6)


def test_an_end_belongs_to_the_loss():
    three = model(layers.Dense(3, activation="relu"), outputs=3, last="softmax", loss="sparse_categorical_crossentropy")
    loaded = symverify.from_keras(three, INPUTS, [0, 1, 2, 0, 1, 2])
    assert (loaded.problem.loss.name, len(loaded.notes)) == ("cross_entropy", 1)
    two = model(layers.Dense(3, activation="relu"), last="sigmoid", loss="binary_crossentropy")
    assert symverify.from_keras(two, INPUTS, [0, 1, 0, 1, 0, 1]).problem.loss.name == "logistic"


def test_what_is_refused_is_named():
    with pytest.raises(NotImportable, match=r"the activation 'tanh' is not supported; these are: Dense"):
        symverify.from_keras(model(layers.Dense(3, activation="tanh")), INPUTS, TARGETS)
    with pytest.raises(NotImportable, match=r"the layer BatchNormalization '.*' is not supported; these are"):
        symverify.from_keras(model(layers.Dense(3), layers.BatchNormalization()), INPUTS, TARGETS)
    with pytest.raises(NotImportable, match=r"expected a Keras model, got str; give the model itself"):
        symverify.from_keras("model.keras", INPUTS, TARGETS)
    entering = keras.Input((2,))
    middle = layers.Dense(3)(entering)
    branched = keras.Model(entering, layers.Dense(1)(layers.Add()([middle, layers.Dense(3)(entering)])))
    with pytest.raises(NotImportable, match=r"does not take '.*' alone; use Sequential"):
        symverify.from_keras(branched, INPUTS, TARGETS)


def test_a_compiled_loss_is_kept_or_refused():
    hidden, losses = (lambda: layers.Dense(3, activation="relu")), keras.losses
    for loss in (losses.MeanSquaredError(), losses.MeanSquaredError(reduction="sum"), "MeanSquaredError",
                 losses.Huber(delta=0.3), losses.mean_absolute_error):  # fmt: skip
        made = model(hidden(), outputs=2, loss=loss)
        problem = symverify.from_keras(made, INPUTS, 3 * INPUTS).problem
        told = made.evaluate(INPUTS, 3 * INPUTS, batch_size=len(INPUTS), verbose=0)
        assert float(risk(problem, predictions(problem, problem.parameters))) == pytest.approx(told, rel=1e-5)
    logits = model(hidden(), loss=losses.BinaryCrossentropy(from_logits=True))
    assert symverify.from_keras(logits, INPUTS, [0, 1] * 3).problem.loss.name == "logistic"
    for loss, why in {
        "poisson": "the loss 'poisson' is not supported",
        losses.LogCosh(): "the loss 'LogCosh' is not supported",
        "binary_crossentropy": "is after a sigmoid, and the model ends without one",
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1): "has label_smoothing",
    }.items():
        with pytest.raises(NotImportable, match=why):
            symverify.from_keras(model(hidden(), loss=loss), INPUTS, [0, 1] * 3)
    weighted = model(hidden())
    weighted.compile(loss="mse", loss_weights=[2.0])
    with pytest.raises(NotImportable, match="was compiled with loss_weights"):
        symverify.from_keras(weighted, INPUTS, TARGETS)
    assert symverify.from_keras(weighted, INPUTS, TARGETS, loss="squared").notes == ()


def test_regularisers_are_told():
    made = model(layers.Dense(3, activation="relu", kernel_regularizer="l2"))
    assert symverify.from_keras(made, INPUTS, TARGETS).notes[0].startswith("the model's regularisers are left out")


def test_layers_that_only_have_the_name_are_refused():
    class Dense(layers.Dense):
        def call(self, x):
            return 2 * super().call(x)

    with pytest.raises(NotImportable, match=r"the layer Dense '.*' is none of Keras's own"):
        symverify.from_keras(model(Dense(3, activation="relu")), INPUTS, TARGETS)
    turned = model(layers.Flatten(data_format="channels_first"), layers.Dense(3, activation="relu"))
    with pytest.raises(NotImportable, match="it puts the channels last"):
        symverify.from_keras(turned, INPUTS, TARGETS)
