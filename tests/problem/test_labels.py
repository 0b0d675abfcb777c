"""Losses and labels in network files: names, options, classes, and faults with their places."""

from fractions import Fraction
from typing import Any

import pytest

from symverify.errors import Malformed
from symverify.problem.load import loads


def document(loss: Any, labels: list[Any], outputs: int = 1) -> dict[str, Any]:
    data = [{"x": [k], "y": y} for k, y in enumerate(labels)]
    return {
        "format": "symverify-network/1",
        "layers": [1, 2, outputs],
        "activation": "relu",
        "loss": loss,
        "data": data,
    }


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("mse", "squared"), ("l1", "absolute"), ("mae", "absolute"), ("pinball", "quantile"), ("bce", "logistic"),
        ("bce_with_logits", "logistic"), ("smooth_l1", "huber"),
    ],
)  # fmt: skip
def test_names_that_people_type(alias: str, name: str) -> None:
    first, second = (loads(document(each, [[0], [1]])).problem.loss for each in (alias, name))
    assert first == second
    assert first.name == name


def test_smooth_l1_is_huber_over_beta() -> None:
    loss = loads(document({"name": "smooth_l1", "beta": "1/2", "reduction": "sum"}, [[0]])).problem.loss
    values = [loss.factor * loss.value(e) for e in (Fraction(1, 4), Fraction(3))]
    assert values == [Fraction(1, 16), Fraction(11, 4)]


def test_classes() -> None:
    names = {"name": "ce", "classes": ["cat", "dog", "eel"]}
    assert loads(document(names, ["dog", ["eel"], 0], 3)).problem.targets == ((0, 1, 0), (0, 0, 1), (1, 0, 0))
    assert loads(document("ce", [2, 0, ["1/2", "1/2", 0]], 3)).problem.targets[2] == (Fraction(1, 2), Fraction(1, 2), 0)
    smooth = loads(document({"name": "ce", "label_smoothing": "1/10"}, [1], 2)).problem.targets
    assert smooth == ((Fraction(1, 20), Fraction(19, 20)),)
    assert loads(document({"name": "logistic", "classes": ["no", "yes"]}, ["yes", "no"])).problem.targets == (
        (1,),
        (0,),
    )
    assert loads(document({"name": "hinge", "classes": ["no", "yes"]}, ["yes", "no"])).problem.targets == ((1,), (-1,))


def test_classes_in_a_table() -> None:
    table = b"a,kind\n1,eel\n2,cat\n"
    doc = document({"name": "ce", "classes": ["cat", "eel"]}, [], 2) | {
        "data": {"csv": "t.csv", "inputs": ["a"], "targets": ["kind"]}
    }
    assert loads(doc, open_data=lambda _: table).problem.targets == ((0, 1), (1, 0))
    with pytest.raises(Malformed, match=r"line 3, column .kind.: expected one of the classes .cat., .eel., got .cow."):
        loads(doc, open_data=lambda _: b"a,kind\n1,eel\n2,cow\n")
    numbers = doc | {"loss": "ce"}
    assert loads(numbers, open_data=lambda _: b"a,kind\n1,1\n2,0\n").problem.targets == ((0, 1), (1, 0))


@pytest.mark.parametrize(
    ("loss", "labels", "outputs", "reason"),
    [
        ("logistic", [[0], [2]], 1, r"data\[1\].y: expected labels between 0 and 1 for the logistic loss"),
        ("logistic", [[1], [-1]], 1, "for labels -1 and 1 write 0 and 1"),
        ("hinge", [[1], [0]], 1, r"data\[1\].y: expected -1 or 1 for the hinge loss; for labels 0 and 1 write -1 and 1"),  # noqa: E501
        ("hinge", [["1/2"]], 1, "expected -1 or 1"),
        ("poisson", [[-1]], 1, r"data\[0\].y: expected labels >= 0 for the poisson loss"),
        ("cross_entropy", [[1, 1]], 2, "numbers >= 0 that sum to 1"),
        ("cross_entropy", [2], 2, r"data\[0\].y: expected a class from 0 to 1, got 2"),
        ("cross_entropy", [[0]], 1, "needs an output per class, at least two"),
        ({"name": "ce", "classes": ["a"]}, ["a"], 2, r"loss.classes: expected distinct names, one for each class"),
        ({"name": "ce", "classes": ["a", "a"]}, ["a"], 2, "expected distinct names"),
        ({"name": "ce", "classes": ["a", "b"]}, ["c"], 2, "expected one of the classes"),
        ({"name": "squared", "classes": ["a", "b"]}, ["a"], 2, "expected distinct names, one for each class"),
        ({"name": "ce", "label_smoothing": 1}, [0], 2, "loss.label_smoothing: must be at least 0 and below 1"),
        ({"name": "quantile", "tau": 1}, [[0]], 1, "loss.tau: must be strictly between 0 and 1"),
        ({"name": "logistic", "delta": 1}, [[0]], 1, "loss.delta: unknown key"),
        ("cosine", [[0]], 1, 'loss.name: unknown loss .cosine.; known: "squared"'),
    ],
)  # fmt: skip
def test_faults(loss: Any, labels: list[Any], outputs: int, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        loads(document(loss, labels, outputs))


def test_all_faults_at_once() -> None:
    with pytest.raises(Malformed) as caught:
        loads(document({"name": "logistic"}, [[2], [0], [3], [1, 1]]))
    assert [where for where, _ in caught.value.faults] == ["data[0].y", "data[2].y", "data[3].y"]
