"""Problems from Python: every number exactly, from every kind of table; faults at their place, with a remedy."""

from decimal import Decimal
from fractions import Fraction
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pytest

import symverify
from symverify.errors import Malformed
from symverify.kernel.core.network import predictions
from symverify.problem.arrays import numbers, table

TENTH = Fraction(0.1)
X = [[0, 1], [2, 3], [4, 5.5]]


def problem(inputs=X, labels=(0, 1, 2), layers=(2, 2, 1), **more):
    return symverify.problem(inputs, labels, layers=layers, **more)


# numbers


@pytest.mark.parametrize(
    ("given", "exact"),
    [
        (0.1, TENTH),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.float16(0.1), Fraction(float(np.float16(0.1)))),
        ("0.1", Fraction(1, 10)),
        ("1/10", Fraction(1, 10)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(1, 3), Fraction(1, 3)),
        (2**70 + 1, 2**70 + 1),
        (np.int64(2**62 + 1), 2**62 + 1),
        (True, 1),
        (np.bool_(False), 0),
    ],
)
def test_numbers_are_what_they_are(given, exact):
    assert problem([[given, 0]], [given]).problem.inputs == ((exact, 0),)
    assert problem([[0, 0]], [given]).problem.targets == ((exact,),)


def test_every_kind_of_table_says_the_same():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = np.array(X)
    frame = pandas.DataFrame(rows, columns=["a", "b"])
    made = []
    for given in (X, tuple(map(tuple, X)), rows, list(rows), frame, frame.convert_dtypes()):
        for labels in ([0, 1, 2], [[0], [1], [2]], np.arange(3), pandas.Series([0, 1, 2]), pandas.DataFrame([0, 1, 2])):
            made.append(problem(given, labels))
    assert len({each.sha256 for each in made}) == 1
    assert made[0].problem.inputs[2] == (4, Fraction(11, 2))


def test_columns_of_several_types_keep_their_numbers():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"big": [2**60 + 1, 1], "part": [0.1, 0.2], "flag": [True, False]})
    found = problem(frame, [0, 1], layers=[3, 1, 1]).problem.inputs
    assert found == ((2**60 + 1, TENTH, 1), (1, Fraction(0.2), 0))


def test_one_dimensional_inputs_are_one_input():
    assert problem([1, 2], [3, 4], layers=[1, 1, 1]).problem.inputs == ((1,), (2,))


def test_tensors_are_taken_without_their_framework():
    class Tensor:
        def __init__(self, array):
            self.array = array

        def detach(self):
            return self

        cpu = double = detach

        def is_floating_point(self):
            return self.array.dtype.kind == "f"

        def numpy(self):
            return self.array

    assert problem(Tensor(np.array(X)), Tensor(np.arange(3))).sha256 == problem().sha256


# faults

NAN = float("nan")


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"inputs": [[0, 1], [2]]}, {"X[1]": "has 1 numbers, and X[0] has 2: give every sample as many"}),
        ({"inputs": [[0, 1], 2]}, {"X[1]": "some samples are lists and some are not"}),
        ({"inputs": []}, {"X": "is empty: give at least one sample"}),
        ({"inputs": 3}, {"X": "is of type int: expected a list, an array or a data frame"}),
        ({"inputs": {"a": [1]}}, {"X": "is a dict: give samples in rows, or a pandas.DataFrame of it"}),
        ({"inputs": np.zeros((2, 2, 2))}, {"X": "has the shape 2 x 2 x 2: give samples x features"}),
        ({"inputs": SimpleNamespace(toarray=list)}, {"X": "is a sparse matrix: give it as a dense one, .toarray()"}),
        (
            {"inputs": [[0, "Paris"], [NAN, 1], [None, 2j]]},
            {
                "X[0, 1]": "is the text 'Paris', not a number: encode it as numbers",
                "X[1, 0]": "is missing (nan): drop such samples (dropna), or fill them in",
                "X[2, 0]": "is missing",
                "X[2, 1]": "is of type complex: expected a number",
            },
        ),
        ({"inputs": [[0, float("inf")]], "labels": [0]}, {"X[0, 1]": "is inf: only finite numbers are exact"}),
        ({"inputs": [[0, np.datetime64("2026-01-01")]], "labels": [0]}, {"X[0, 1]": "is of type datetime64"}),
        ({"labels": [0, 1]}, {"y": "has 2 samples, and X has 3: give a label for each sample"}),
        ({"layers": [3, 2, 1]}, {"X": "has 2 columns, and the network takes 3 inputs: choose the columns, or begin"}),
        ({"labels": X, "layers": [2, 2, 3]}, {"y": "has 2 columns, and the network has 3 outputs: choose the columns"}),
        ({"layers": None}, {"layers": "is missing: say the widths of all layers"}),
        ({"layers": [2, 1]}, {"layers": "expected three or more widths"}),
        ({"layers": "2-2-1"}, {"layers": "expected whole numbers"}),
        ({"activation": "ReLU"}, {"activation": "'ReLU'"}),
        ({"activation": "tanh"}, {"activation": "not piecewise linear"}),
        ({"loss": "mean squared"}, {"loss.name": "unknown loss"}),
        ({"loss": 3}, {"loss": "int is not supported: give nn.MSELoss"}),
        ({"labels": ["a", "b", "c"]}, {"y[0]": "labels as text need cross_entropy with an output per class"}),
        ({"labels": [0, 1, 2], "loss": "logistic"}, {"y[2]": "expected labels between 0 and 1"}),
        ({"labels": [0, 1, 7], "layers": [2, 2, 3], "loss": "ce"}, {"y[2]": "expected a class from 0 to 2, got 7"}),
        ({"parameters": 3}, {"parameters": "expected a list with weight and bias for each affine map"}),
        ({"parameters": [([[1, 2], [3, 4]], [0, 0]), ([[1]], [0])]}, {"parameters[1].weight[0]": "expected 2 numbers"}),
        ({"parameters": [{"weights": [[1]]}]}, {"parameters[0]": "unknown key 'weights'; the keys here are"}),
        ({"weight_decay": -0.5}, {"weight_decay": "must not be negative"}),
        ({"name": 3}, {"name": "expected text, got 3"}),
    ],
)  # fmt: skip
def test_faults_name_their_place_and_remedy(options, faults):
    assert problem().problem.widths == (2, 2, 1)
    with pytest.raises(Malformed) as caught:
        problem(**options)
    found = dict(caught.value.faults)
    assert found.keys() == faults.keys()
    for where, what in faults.items():
        assert what in found[where]


def test_dates_are_no_numbers():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(Malformed, match=r"X\[0\]: is of type Timestamp: expected a number"):
        problem(pandas.date_range("2020-01-01", periods=4), [0, 1, 2, 3], layers=[1, 2, 1])


def test_pandas_names_are_in_the_place():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"age": [1, None], "city": ["Paris", "Rome"]}, index=["ann", "bob"])
    with pytest.raises(Malformed) as caught:
        problem(frame, [0, 1])
    assert [where for where, _ in caught.value.faults] == ["X['ann', 'city']", "X['bob', 'age']", "X['bob', 'city']"]


def test_a_thousand_faults_are_ten_and_a_count():
    with pytest.raises(Malformed) as caught:
        numbers(table([[NAN]] * 1000, "X"))
    assert len(caught.value.faults) == 11
    assert caught.value.faults[-1] == ("X", "and 990 more")


# the other arguments


def test_labels_as_names_are_classes():
    classed = problem(labels=["b", "a", "c"], layers=[2, 2, 3], loss="cross_entropy")
    assert classed.problem.targets == ((0, 1, 0), (1, 0, 0), (0, 0, 1))
    assert problem(labels=["no", "yes", "no"], loss="logistic").problem.targets == ((0,), (1,), (0,))
    assert problem(labels=["no", "yes", "no"], loss="hinge").problem.targets == ((-1,), (1,), (-1,))
    named = {"name": "logistic", "classes": ["yes", "no"]}
    assert problem(labels=["no", "yes", "no"], loss=named).problem.targets == ((1,), (0,), (1,))
    assert problem(labels=[1, 0, 1], loss=named).problem.targets == ((1,), (0,), (1,))


WEIGHTS = [([[1, 0.5], [0, 1]], [0, 0]), ([[1, -1]], ["1/2"])]


@pytest.mark.parametrize(
    "given",
    [
        WEIGHTS,
        [{"weight": w, "bias": b} for w, b in WEIGHTS],
        [SimpleNamespace(weight=np.array(w, dtype=object), bias=b) for w, b in WEIGHTS],
        SimpleNamespace(exact=[SimpleNamespace(weight=w, bias=b) for w, b in WEIGHTS]),
        {"0.weight": np.array(WEIGHTS[0][0]), "0.bias": np.zeros(2), "2.weight": np.array([[1.0, -1.0]]),
         "2.bias": np.array([0.5])},
    ],
)  # fmt: skip
def test_parameters_in_every_form(given):
    found = problem(layers=None, parameters=given)
    assert found.problem.widths == (2, 2, 1)
    assert predictions(found.problem, found.problem.parameters)[1] == (2 + Fraction(3, 2) - 3 + Fraction(1, 2),)


def test_biases_are_those_of_the_parameters():
    found = problem(layers=None, parameters=[[[1, 0.5], [0, 1]], ([[1, -1]], [0])]).problem
    assert (found.hidden_bias, found.output_bias) == (False, True)
    assert not problem(bias=False).problem.hidden_bias


def test_settings_are_exact_too():
    found = problem(activation={"name": "leaky_relu", "negative_slope": 0.1}, loss={"name": "huber", "delta": 0.5})
    assert found.problem.activations[0].slopes == (TENTH, 1)
    assert found.problem.loss.cuts == (Fraction(-1, 2), Fraction(1, 2))
    assert problem(weight_decay=0.1).problem.decay == (TENTH, TENTH)
    assert problem(weight_decay={"weights": 0.1, "biases": 0}).problem.decay == (TENTH, 0)


def test_the_name_of_the_package_is_a_module_and_a_function():
    from symverify.problem import loads
    from symverify.problem.make import problem as function

    assert symverify.problem.loads is loads is symverify.loads
    assert symverify.problem(X, [0, 1, 2], layers=[2, 2, 1]).sha256 == function(X, [0, 1, 2], layers=[2, 2, 1]).sha256
    assert signature(symverify.problem) == signature(function)
    assert next(iter(signature(symverify.cells).parameters)) == "problem"


def test_equal_arguments_give_equal_bytes():
    assert problem().network == problem(np.array(X), np.arange(3)).network
    assert problem().network.count(b"\n") == 12
