"""Subgradients in `interior_minimum`, `face_minimum`, `function_minimum`, `global_minimum`: losses with kinks."""

import random
from fractions import Fraction

import pytest

from symverify.kernel.losses import RATIONAL_LOSSES
from tests.kernel.reals.made import Json, Malformed, checked, document, edited, layer, refused

POINT = {"rule": "point", "parameters": "given"}
FLAT = [layer([[0]], [1]), layer([[0]], [1])]


def net(loss: Json, xs: list[Json], ys: list[Json], theta: Json = FLAT, width: int = 1) -> Json:
    options = {"name": loss} if isinstance(loss, str) else loss
    labels = [[y] for y in ys]
    return document([1, width, 1], "relu", options | {"reduction": "sum"}, xs, labels, parameters=theta)


INTERIOR = {"rule": "interior_minimum", "from": {"point": 0}}
"""On the cell where the unit is on at all samples: r is orthogonal to x and 1."""
ACTIVE = [layer([[1]], [1]), layer([[1]], [-1])]


@pytest.mark.parametrize(
    ("loss", "ys", "r"),
    [
        ("absolute", [0, 2, 2], [["1/2"], ["-1"], ["1/2"]]),
        ({"name": "quantile", "tau": "1/3"}, [0, 4, 2], [["1/6"], ["-1/3"], ["1/6"]]),
        ({"name": "pinball"}, [0, 4, 2], [["1/4"], ["-1/2"], ["1/4"]]),
    ],
)
def test_interior(loss: Json, ys: list[Json], r: Json) -> None:
    doc = net(loss, [0, 1, 2], ys, ACTIVE)
    (theorem,) = checked(doc, [POINT, INTERIOR | {"subgradient": r}], {"point": 1}).theorems
    assert theorem.verdict == "proved"
    refused(doc, [POINT, INTERIOR], "subgradient: is missing", Malformed)
    refused(doc, [POINT, INTERIOR | {"subgradient": [["0"], r[1], ["0"]]}], "is not constant on the cell")
    refused(doc, [POINT, INTERIOR | {"subgradient": r[:2]}], "expected 3 rows", Malformed)
    refused(doc, [POINT, INTERIOR | {"subgradient": [[x[0], x[0]] for x in r]}], "expected 1 numbers", Malformed)
    doubled = [[str(2 * Fraction(x[0]))] for x in r]
    refused(doc, [POINT, INTERIOR | {"subgradient": doubled}], r"subgradient\[1\]\[0\].*is not a subgradient")
    zero = [["0"]] * 3
    refused(doc, [POINT, INTERIOR | {"subgradient": zero}], r"subgradient\[1\]\[0\].*is not a subgradient")


def test_hinge() -> None:
    theta = [layer([[0]], [1]), layer([[0]], [0])]
    doc = net("hinge", [0, 1, 2, 3], [1, -1, -1, 1], theta)
    checked(doc, [POINT, INTERIOR | {"subgradient": [["-1"], ["1"], ["1"], ["-1"]]}], {"point": 1})
    refused(doc, [POINT, INTERIOR | {"subgradient": [["-1"], ["1"], ["1"], ["1"]]}], r"\[3\]\[0\].*not a subgradient")
    at_margin = net("hinge", [0, 1, 1], [1, -1, 1], [layer([[0]], [1]), layer([[0]], [1])])
    half = {"subgradient": [["0"], ["1"], ["-1"]]}
    checked(at_margin, [POINT, INTERIOR | half], {"point": 1})
    refused(at_margin, [POINT, INTERIOR | {"subgradient": [["1"], ["1"], ["-2"]]}], "not a subgradient")


def test_differentiable_losses_take_none() -> None:
    for loss in ("squared", "huber"):
        doc = net(loss, [0, 0], [0, 2])
        checked(doc, [POINT, INTERIOR], {"point": 1})
        refused(doc, [POINT, INTERIOR | {"subgradient": [["0"], ["0"]]}], "unknown key", Malformed)


def test_rules_that_a_loss_with_kinks_does_not_have() -> None:
    doc = net("absolute", [0, 1], [0, 1])
    for rule in ("critical_point", "second_order", "adjacent_cells", "cell_minima", "atlas", "linear_collapse"):
        refused(doc, [POINT, {"rule": rule, "from": {"point": 0}}], "is not a rule for the absolute loss")
    refused(doc, [{"rule": "span_minimum"}], "is not a rule for the absolute loss")
    found = checked(doc, [{"rule": "assumptions"}], {"assumptions": 0})
    assert dict(found.theorems[0].statement)["AL"] is False


def test_face() -> None:
    """The unit bends at x = 1; at x = 1 the loss has a kink, too."""
    theta = [layer([[1]], [-1]), layer([[1]], [0])]
    doc = net("absolute", [0, 1, 2, 1], [0, 0, 1, 0], theta)
    face = {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [["0"]], "subgradient": [["0"]] * 4}
    checked(doc, [POINT, face], {"point": 1})
    refused(doc, [POINT, edited(face, ["subgradient", 0, 0], "1")], "the residuals do not sum to 0")
    refused(doc, [POINT, edited(face, ["multipliers"], [["1"]])], "do not combine to the gradient")


def test_function_minimum_and_the_affine_fit() -> None:
    doc = net("absolute", [0, 0, 0], [0, 1, 5])
    step = {"rule": "function_minimum", "from": {"point": 0}, "subgradient": [["1"], ["0"], ["-1"]]}
    found = checked(doc, [POINT, step], {"point": 1, "global_minimum": 1, "spurious_minimum": 1})
    assert [theorem.verdict for theorem in found.theorems] == ["proved", "proved", "refuted"]
    refused(doc, [POINT, step | {"subgradient": [["1"], ["1"], ["-1"]]}], "do not cancel")


def test_global_minimum_by_a_bound() -> None:
    doc = net("absolute", [0, 0, 0], [0, 1, 5])
    bound = {"rule": "function_bound"}
    step = {"rule": "global_minimum", "from": {"bound": 1, "point": 0}}
    checked(doc, [POINT, bound, step], {"global_minimum": 2})
    told = step | {"subgradient": [["1"], ["0"], ["-1"]]}
    found = checked(doc, [POINT, bound, told], {"spurious_minimum": 2})
    assert found.theorems[0].verdict == "refuted"
    refused(doc, [POINT, bound, step | {"subgradient": [["1"], ["2"], ["-1"]]}], "is not a subgradient")


def test_descent_crosses_the_kinks() -> None:
    theta = [layer([[0]], [1]), layer([[0]], [2])]
    doc = net("absolute", [0, 1, 2], [0, 1, 5], theta)
    falls = {"rule": "descent", "from": {"point": 0},
             "curve": [layer([["0"]], ["1"]), layer([["0"]], [["2", "-1"]])]}  # fmt: skip
    checked(doc, [POINT, falls], {"point": 1})
    at_best = net("absolute", [0, 1, 2], [0, 1, 5], FLAT)
    for rate in ("1", "-1"):
        curve = [layer([["0"]], ["1"]), layer([["0"]], [["1", rate]])]
        refused(at_best, [POINT, falls | {"curve": curve}], "does not fall")


def test_the_best_constant_of_every_loss() -> None:
    """Σ ℓ(m − y) at `best` is not above its values at a fine grid and at all kinks."""
    rng = random.Random(5)
    for name, kind in RATIONAL_LOSSES.items():
        for _ in range(60):
            loss = kind.of(Fraction(1), *(default for _, default in kind.options.values()))
            labels = [Fraction(rng.randrange(-4, 5), rng.choice([1, 2])) for _ in range(rng.randrange(1, 7))]
            if name == "hinge":
                labels = [Fraction(rng.choice([-1, 1])) for _ in labels]
            least = loss.least([(y,) for y in labels])
            grid = [Fraction(k, 4) for k in range(-24, 25)]
            values = [sum(loss.at(y).value(m - y) for y in labels) for m in grid]
            assert least <= min(values), (name, labels)
            assert least == sum(loss.at(y).value(loss.best(labels) - y) for y in labels)
