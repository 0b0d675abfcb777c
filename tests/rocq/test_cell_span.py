"""`span_minimum` and `no_minimum` at a point's cell: the extracted checker's verdicts are the kernel's, and Coq's."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from symverify.kernel.core.errors import KernelError
from symverify.problem.load import loads
from symverify.run.rocq import export_rocq
from tests.examples import layer, network
from tests.kernel.accepted import Case
from tests.kernel.corruption import Json, certificate, edited, text
from tests.kernel.reals.made import control, document
from tests.rocq.agreement import accepted, agree, extracted, refused
from tests.rocq.cases import from_seeds
from tests.rocq.test_export import as_one, exports, failing_at, proved

XS, HALVES = [0, 1, 2, 3], [["1/2"]] * 4
XOR = document([1, 2, 1], "relu", "logistic", XS, [[0], [1], [1], [0]])
ALL_ON = [layer([["1"], ["-1"]], ["1", "9"]), layer([["1", "0"]], ["0"])]
BETTER = [layer([["1"], ["1"]], ["0", "-3/2"]), layer([["2", "-4"]], ["-1"])]
SOFT = document([1, 2, 1], "relu", "logistic", [0, 1, 2], [["1/3"], ["1/2"], ["1/4"]])
APART = [layer([["1"], ["-1"]], ["-3/2", "1/2"]), layer([["0", "0"]], ["0"])]
DEEP = document([1, 2, 1, 1], "hardtanh", "poisson", [0, 1, 1], [[1], [2], [0]])
THROUGH = [layer([["1/4"], ["0"]], ["0", "1/2"]), layer([["1/2", "0"]], ["1/8"]), layer([["1"]], ["0"])]
TWICE = document([1, 1, 2], "relu", "cross_entropy", [0, 0, 1, 1], [0, 1, 1, 0])


def span(point: Json, dual: Json, **more: Json) -> list[Json]:
    """The steps that prove it."""
    rule = {"rule": "no_minimum" if more else "span_minimum", "from": {"point": 0}, "dual": dual}
    return [{"rule": "enclosed_point", "parameters": point}, rule | more]


SPURIOUS = [
    *span(ALL_ON, HALVES),
    {"rule": "enclosed_point", "parameters": BETTER},
    {"rule": "spurious_real", "from": {"minimum": 1, "better": 2}},
]
WHOLE = document([1, 2, 1], "relu", "logistic", [0, 1], [[0], [1]])
ALIKE = document([1, 2, 1], "relu", "logistic", [3, 3, 3], [[1], [1], [1]])
TOWARDS: Json = {"direction": [["2", "0", "-1"]], "near": [["0", "0", "0"]]}
CONTROLS: dict[str, Case] = {
    "affine": control(XOR, SPURIOUS[:2], {"valley": 1}),
    "spurious": control(XOR, SPURIOUS, {"spurious_minimum": 3, "valley": 3}),
    "any predictions": control(SOFT, span(APART, [["1/3"], ["1/2"], ["1/4"]]), {"valley": 1}),
    "deep": control(DEEP, span(THROUGH, [["1"], ["1"], ["1"]]), {"valley": 1}),
    "equal samples, unequal duals": control(
        TWICE,
        span(
            [layer([["1"]], ["1"]), layer([["1"], ["0"]], ["0", "0"])],
            [["1/3", "2/3"], ["2/3", "1/3"], ["1/2", "1/2"], ["1/2", "1/2"]],
        ),
        {"valley": 1},
    ),
    "equal samples by pieces": control(
        document([1, 2, 1], "relu", "logistic", [0, 0, 1, 1], HALVES),
        [{"rule": "span_minimum", "pieces": [1], "near": [["0", "0"]], "dual": [["1/3"], ["2/3"], ["1/4"], ["3/4"]]}],
        {"valley": 0},
    ),
    "no best map": control(WHOLE, span(ALL_ON, [["0"], ["1"]], **TOWARDS), {"affine_infimum": 1}),
    "no best constant": control(
        ALIKE,
        [{"rule": "no_minimum", "pieces": [0], "direction": [["1"]], "near": [["0"]], "dual": [["1"]] * 3}],
        {"affine_infimum": 0},
    ),
}
CHANGES: list[tuple[str, str, Json]] = [
    ("affine", "steps[1].dual[0][0]", "1/3"),
    ("affine", "steps[1].dual", [["0"], ["1"], ["1"], ["0"]]),
    ("affine", "steps[1].dual", [["1/2"]] * 3),
    ("affine", "steps[1].near", [["0", "0"]]),
    ("affine", "steps[0].parameters[0].weight[0][0]", "0"),
    ("affine", "steps[0].parameters[0].bias[0]", "0"),
    ("affine", "claims[0].claim", "spurious_minimum"),
    ("affine", "claims[0].risk.lower", "0"),
    ("spurious", "steps[2].parameters[1].weight[0][0]", "4"),
    ("spurious", "claims[0].better_risk.upper", "0"),
    ("any predictions", "steps[1].dual[1][0]", "1/3"),
    ("any predictions", "steps[0].parameters[0].bias[0]", "-2"),
    ("any predictions", "claims[0].claim", "spurious_minimum"),
    ("deep", "steps[1].dual[0][0]", "3/2"),
    ("deep", "steps[0].parameters[0].weight[0][0]", "1"),
    ("deep", "steps[0].parameters[1].weight[0][0]", "0"),
    ("equal samples, unequal duals", "steps[1].dual[0]", ["1/2", "1/2"]),
    ("no best map", "steps[1].direction[0][2]", "1"),
    ("no best map", "steps[1].direction", [["2", "-1"]]),
    ("no best map", "steps[1].dual[0][0]", "1/2"),
    ("no best map", "steps[0].parameters[0].bias[0]", "-1"),
    ("no best constant", "steps[0].direction[0][0]", "-1"),
    ("no best constant", "steps[0].near[0]", []),
]


@pytest.mark.parametrize("name", CONTROLS)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    accepted(checker, tmp_path, CONTROLS[name])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("affine", "valley.dimension, valley.exact, valley.path"),
        ("spurious", "valley.dimension, valley.exact, valley.path"),
        ("equal samples by pieces", "valley.dimension, valley.exact"),
    ],
)
def test_that_minima_in_a_cell_form_a_path_is_named_as_not_covered(
    checker: Path, tmp_path: Path, name: str, what: str
) -> None:
    found = extracted(checker, tmp_path, CONTROLS[name].network, CONTROLS[name].proof)
    assert found.rest[0] == f"not covered: {what}"


@pytest.mark.parametrize(("of", "path", "new"), CHANGES)
def test_corrupted(checker: Path, tmp_path: Path, of: str, path: str, new: Json) -> None:
    refused(checker, tmp_path, CONTROLS[of].network, edited(CONTROLS[of].proof, path, new))


def random_case(rng: Random) -> tuple[Json, Json]:
    """A point, and a dual over its cell that is often right: the labels, or their mean, changed at two samples."""
    loss = rng.choice(["logistic", "cross_entropy", "poisson"])
    inputs, outputs = rng.choice([1, 1, 2]), 2 if loss == "cross_entropy" else rng.choice([1, 1, 2])
    hidden = [rng.choice([1, 2, 2, 3]) for _ in range(rng.choice([1, 1, 2]))]
    xs = [[rng.randint(-1, 2) for _ in range(inputs)] for _ in range(rng.randint(1, 5))]
    data = [{"x": x, "y": soft_labels(rng, loss, outputs)} for x in xs]
    if rng.random() < 0.3:
        data.append(json.loads(json.dumps(data[0])))
    activation = rng.choice(["relu", "relu", "hardtanh", "abs", {"name": "leaky_relu", "negative_slope": "1/3"}])
    document_ = network([inputs, *hidden, outputs], activation, data)
    document_["loss"] = {"name": loss, "reduction": rng.choice(["mean", "sum"])}
    if rng.random() < 0.2:
        document_["bias"] = {"hidden": rng.random() < 0.3, "output": rng.random() < 0.7}
    biased = document_.get("bias", {"hidden": True, "output": True})
    point = []
    for m, (a, b) in enumerate(zip([inputs, *hidden], [*hidden, outputs], strict=True)):
        weight = [[rng.choice(["0", "1", "-1", "1/2", "1/3"]) for _ in range(a)] for _ in range(b)]
        bias = [rng.choice(["0", "4", "1/2", "-1/2", "-3"]) for _ in range(b)]
        has_one = biased["output" if m == len(hidden) else "hidden"]
        point.append(layer(weight, bias if has_one else None))
    labels = [each["y"] for each in data]
    mean = [str(sum(map(Fraction, column)) / len(data)) for column in zip(*labels, strict=True)]
    dual = json.loads(json.dumps(labels if rng.random() < 0.6 else [mean] * len(data)))
    if len(data) > 1 and rng.random() < 0.4:  # moved between two samples
        step = Fraction(1, 7)
        dual[0], dual[-1] = moved(dual[0], step), moved(dual[-1], -step)
    if rng.random() < 0.25:
        rows = [[rng.choice(["0", "1", "-1"]) for _ in range(rng.choice([2, 3, 3, 4]))] for _ in range(outputs)]
        return document_, settled(document_, span(point, dual, direction=rows, near=rows), "affine_infimum")
    return document_, settled(document_, span(point, dual), "valley")


def soft_labels(rng: Random, loss: str, outputs: int) -> list[str]:
    """Labels that are mostly strictly inside the domain."""
    if loss == "poisson":
        return [rng.choice(["1", "2", "1/2", "0"]) for _ in range(outputs)]
    first = rng.choice(["1/2", "1/3", "3/4", "1"])
    return [first, str(1 - Fraction(first))][:outputs]


def moved(p: Sequence[str], step: Fraction) -> list[str]:
    """A dual point with the same sum, if it has two entries."""
    return [str(Fraction(x) + (step if k == 0 else -step)) for k, x in enumerate(p)]


def settled(document_: Json, steps: list[Any], name: str) -> Json:
    """The certificate for a claim about the last step, with made-up numbers if the kernel refuses it."""
    try:
        return control(document_, steps, {name: len(steps) - 1}).proof
    except (KernelError, AssertionError):  # the latter where the step does not settle the claim
        claim = {"claim": name, "verdict": "proved", "step": len(steps) - 1, "risk": "0", "attained": False}
        return certificate(document_, steps, [claim])


def test_agreement(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(60), 1, random_case), {0: 10, 11: 15})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(1000, 3000), 3, random_case), {0: 300})


REFUSED = {  # a control, the step, a text of its theorem, another
    "another dual": ("affine", "step1", "[[(1 # 2)]; [(1 # 2)]; [(1 # 2)]", "[[(1 # 3)]; [(1 # 2)]; [(1 # 2)]"),
    "another left inverse": ("affine", "step1", "[[2; (-1); 0]", "[[2; (-1); 1]"),
    "another change of the last layer": ("affine", "step1", "[1; 0]\n   [1; 0; 0]", "[1; 0]\n   [1; 1; 0]"),
    "no direction": ("affine", "step1", "th0 0\n   [1; 0]\n   [1; 0; 0]", "th0 0\n   [0; 0]\n   [0; 0; 0]"),
    "another unit": ("affine", "step1", "th0 0\n", "th0 2\n"),
    "a higher bound": ("affine", "step1", "low1", "(low1 + (1 # 2 ^ 127))"),
    "other maps to the inputs": ("affine", "step1", "[[1; 0; 0]; [(-1); 1; 0]]", "[[1; 0; 0]; [1; 1; 0]]"),
    "other maps back": ("affine", "step1", "[[1; 0]; [1; 1]; [9; (-1)]]", "[[1; 0]; [1; 1]; [9; 1]]"),
    "a direction turned round": ("no best map", "step1", "[[(-1); 2]]", "[[1; (-2)]]"),
}


def test_coq(built: Path, tmp_path: Path) -> None:
    """All controls are proved; with any one thing wrong in the theorem `Qed` fails."""
    written = exports(CONTROLS, tmp_path, built)
    parts = [failing_at(written[name], f"Theorem {step} ", old, new) for name, step, old, new in REFUSED.values()]
    proved(tmp_path, built, as_one([*written.values(), *parts]))


def test_that_minima_form_a_path_is_left_out(tmp_path: Path) -> None:
    """Coq has infinitely many of them; a claim says that they are a path where a cell has no rational point of them."""
    lacking = "claim valley: that its infinitely many points form a path has no verified checker"
    for name, is_lacking in (("affine", True), ("equal samples by pieces", False)):
        case = CONTROLS[name]
        made = export_rocq(loads(text(case.network)), json.dumps(case.proof).encode(), tmp_path, tmp_path)
        assert (lacking in made.left_out) == is_lacking
        assert (lacking in made.file.read_text()) == is_lacking
