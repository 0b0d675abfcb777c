"""Rules for losses with logarithms: the extracted checker's verdicts are the kernel's, and Coq's."""

import copy
import json
import re
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from symverify.problem.load import loads
from symverify.run.rocq import export_rocq
from tests.examples import layer, network
from tests.kernel.accepted import Case
from tests.kernel.corruption import Json, edited, text
from tests.kernel.reals import made as by_hand
from tests.kernel.reals import test_no_minimum, test_real_interior_minimum, test_zero_infimum
from tests.rocq.agreement import accepted, agree, kernel, refused
from tests.rocq.cases import from_seeds
from tests.rocq.test_cell_span import settled, soft_labels
from tests.rocq.test_export import as_one, exports, failing_at, proved

MODULES = {
    "no_minimum": test_no_minimum,
    "zero_infimum": test_zero_infimum,
    "real_interior_minimum": test_real_interior_minimum,
}
CONTROLS: dict[str, Case] = {
    f"{rule}, {name}": case
    for rule, module in MODULES.items()
    for name, case in module.CONTROLS.items()
    if "layers" in case.network
}


def far(loss: str, label: Json, *outputs: str) -> Case:
    """The infimum 0 from a point with these predictions at one sample."""
    doc = by_hand.document([1, 1, len(outputs)], "relu", loss, [0], [label])
    point = [layer([["1"]], ["0"]), layer([["0"]] * len(outputs), list(outputs))]
    steps: Json = [{"rule": "enclosed_point", "parameters": point}, {"rule": "zero_infimum", "from": {"point": 0}}]
    return by_hand.control(doc, steps, {"infimum": 1})


CONTROLS |= {  # risks whose lower ends are 0; exponents just above a negative multiple of ln 2
    "far, poisson": far("poisson", [0], "-1000"),
    "far, logistic": far("logistic", [1], "400"),
    "far, cross-entropy": far("cross_entropy", 0, "400", "1/3"),
    "above -58 ln 2, poisson": far("poisson", [0], "-2634737/65536"),
    "above -58 ln 2, logistic": far("logistic", [0], "-2634737/65536"),
}
CHANGED = {
    f"{rule}, {each[0]}: {each[1]}": (f"{rule}, {each[0]}", *each[2:5])
    for rule, module in MODULES.items()
    for each in module.CORRUPTIONS
    if f"{rule}, {each[0]}" in CONTROLS
}


@pytest.mark.parametrize("name", CONTROLS)
def test_accepted(checker: Path, tmp_path: Path, name: str) -> None:
    accepted(checker, tmp_path, CONTROLS[name])


@pytest.mark.parametrize("name", CHANGED)
def test_corrupted(checker: Path, tmp_path: Path, name: str) -> None:
    of, path, new, _ = CHANGED[name]
    refused(checker, tmp_path, CONTROLS[of].network, edited(CONTROLS[of].proof, path, new))


def hard_labels(rng: Random, loss: str, outputs: int) -> list[str]:
    """Labels of which most are hard: at an end of the domain."""
    soft = rng.random() < 0.15
    if loss == "logistic":
        return [rng.choice(["0", "1"]) if not soft else "1/3" for _ in range(outputs)]
    if loss == "poisson":
        return ["2" if soft else "0" for _ in range(outputs)]
    label = [str(int(k == rng.randrange(outputs))) for k in range(outputs)]
    return label if label.count("1") == 1 else ["1", *["0"] * (outputs - 1)]


def random_span(rng: Random) -> tuple[Json, Json]:
    """Minima at a best affine map or at best constants, right or wrong; the dual is the labels, or their mean."""
    loss = rng.choice(["logistic", "cross_entropy", "poisson"])
    inputs, outputs = rng.choice([1, 2]), 2 if loss == "cross_entropy" else rng.choice([1, 1, 2])
    hidden = [rng.choice([2, 3]) for _ in range(rng.choice([1, 1, 2]))]
    data = [
        {"x": [rng.randint(-2, 2) for _ in range(inputs)], "y": soft_labels(rng, loss, outputs)}
        for _ in range(rng.randint(1, 4))
    ]
    activation = rng.choice(["relu", "hardtanh", {"name": "leaky_relu", "negative_slope": "1/3"}])
    document = network([inputs, *hidden, outputs], activation, data)
    document["loss"] = {"name": loss, "reduction": rng.choice(["mean", "sum"])}
    pieces = [rng.choice([0, 1]) for _ in hidden]
    flat = activation in ("relu", "hardtanh") and 0 in pieces
    labels = [sample["y"] for sample in data]
    mean = [str(sum(map(Fraction, column)) / len(data)) for column in zip(*labels, strict=True)]
    step = {
        "rule": "span_minimum",
        "pieces": pieces,
        "dual": [mean] * len(data) if flat and rng.random() < 0.8 else labels,
    }
    step["near"] = [[str(rng.randint(-1, 1)) for _ in range(1 if flat else inputs + 1)] for _ in range(outputs)]
    return document, settled(document, [step], "valley")


def random_interior(rng: Random) -> tuple[Json, Json]:
    """A point that often predicts 0 everywhere, labels that often have the mean 1/2 or 1."""
    loss, inputs, width, outputs = rng.choice(["logistic", "poisson"]), rng.choice([1, 2]), 2, rng.choice([1, 1, 2])
    labels = ["0", "1", "1/2"] if loss == "logistic" else ["0", "1", "2"]
    data = [
        {"x": [rng.randint(-1, 1) for _ in range(inputs)], "y": [rng.choice(labels) for _ in range(outputs)]}
        for _ in range(rng.randint(1, 4))
    ]
    document = network([inputs, width, outputs], rng.choice(["relu", "abs", "hardtanh"]), data)
    document["loss"] = {"name": loss, "reduction": rng.choice(["mean", "sum"])}
    weights = [[rng.choice(["0", "1", "-1"]) for _ in range(inputs)] for _ in range(width)]
    flat = rng.random() < 0.7
    out = [["0" if flat else rng.choice(["0", "1", "-1"]) for _ in range(width)] for _ in range(outputs)]
    first = layer(weights, [rng.choice(["3", "-3", "1/2"]) for _ in range(width)])
    document["parameters"] = [first, layer(out, [rng.choice(["0", "0", "0", "1"]) for _ in range(outputs)])]
    return document, settled(document, copy.deepcopy(test_real_interior_minimum.STEPS), "point")


def random_case(rng: Random) -> tuple[Json, Json]:
    """A small problem with labels that are mostly hard, and a proof by one of the rules, right or wrong."""
    loss = rng.choice(["logistic", "cross_entropy", "poisson"])
    inputs, outputs = rng.choice([1, 1, 2]), 2 if loss == "cross_entropy" else rng.choice([1, 1, 2])
    width = rng.choice([2, 3])
    data = [
        {"x": [rng.randint(-2, 2) for _ in range(inputs)], "y": hard_labels(rng, loss, outputs)}
        for _ in range(rng.randint(1, 3))
    ]
    document = network([inputs, width, outputs], "relu", data)
    document["loss"] = {"name": loss, "reduction": rng.choice(["mean", "sum"])}

    def row(size: int) -> list[str]:
        return [str(rng.randint(-2, 2)) for _ in range(size)]

    if rng.random() < 0.4:
        point = [layer([row(inputs) for _ in range(width)], row(width)), layer([row(width)] * outputs, row(outputs))]
        steps: list[Any] = [
            {"rule": "enclosed_point", "parameters": point},
            {"rule": "zero_infimum", "from": {"point": 0}},
        ]
        return document, settled(document, steps, "infimum")
    rows = [row(inputs + 1) for _ in range(outputs)]
    if loss == "poisson":
        rows = [[*["0"] * inputs, "-1"] for _ in range(outputs)] if rng.random() < 0.7 else rows
    step = {"rule": "no_minimum", "pieces": [1], "direction": rows, "dual": [sample["y"] for sample in data]}
    step["near"] = [row(inputs + 1) for _ in range(outputs)]
    return document, settled(document, [step], "affine_infimum")


DRAWS = random_span, random_case, random_case, random_interior


def test_agreement(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(90), 2, *DRAWS), {0: 15, 11: 30})


@pytest.mark.long
def test_agreement_at_length(checker: Path, tmp_path: Path) -> None:
    agree(checker, tmp_path, from_seeds(range(1000, 4000), 4, *DRAWS), {0: 500})


REFUSED = {  # a control, the step, one text of its theorem, another
    "a direction turned round": ("no_minimum, quasi", "step0", "[[(-1); 1]]", "[[1; (-1)]]"),
    "no direction": ("no_minimum, quasi", "step0", "[[(-1); 1]]", "[[0; 0]]"),
    "another dual": ("no_minimum, quasi", "step0", "[[0]; [(1 # 2)]; [(1 # 2)]", "[[0]; [(1 # 3)]; [(1 # 2)]"),
    "another map nearby": ("no_minimum, quasi", "step0", "[[0; 0]]", "[[1; 0]]"),
    "another class": ("no_minimum, classes", "step0", "[[0; 0]; [(-1); 1]]", "[[(-1); 1]; [0; 0]]"),
}  # fmt: skip


def test_coq(built: Path, tmp_path: Path) -> None:
    """All controls are proved; with any one thing wrong in the theorem `Qed` fails."""
    written = exports(CONTROLS, tmp_path, built)
    parts = [failing_at(written[name], f"Theorem {step} ", old, new) for name, step, old, new in REFUSED.values()]
    before, _, rest = written["zero_infimum, hat"].partition("Theorem step0 ")
    relabelled = before.replace("samples := [([0], [0])", "samples := [([0], [1])", 1)
    assert relabelled != before
    parts.append(f"{relabelled}Theorem step1 {rest.partition('Theorem step1 ')[2].split('Qed.')[0]}Fail Qed. Abort.")
    proved(tmp_path, built, as_one([*written.values(), *parts]))


@pytest.mark.parametrize("end", [224, pytest.param(260, marks=pytest.mark.long)])  # the first have every rule and loss
def test_random_certificates_in_coq(built: Path, tmp_path: Path, end: int) -> None:
    """What the kernel accepts Coq proves; with one label changed, which the kernel rejects, it refuses."""
    true, changed, spans = list[str](), list[str](), 0
    for _, document, proof in from_seeds(range(200, end), 0, *DRAWS):
        if kernel(document, proof).code != 0:
            continue
        made = export_rocq(loads(text(document)), json.dumps(proof).encode(), tmp_path, built)
        if proof["steps"][-1]["rule"] != "span_minimum":
            assert len(made.claims) == 1, made.left_out
        source = made.file.read_text()
        if "Theorem step" not in source:
            continue
        true.append(source)
        spans += "minima_at_" in source
        before, name, theorem = source.rpartition("Theorem step")
        before = re.sub(r"Theorem step0 .*?Qed\.", "", before, flags=re.DOTALL)
        label = re.sub(r"(samples := \[\(\[.*?\], \[)(\(\d # \d\)|\d)", r"\g<1>(1 # 7)", before, count=1)
        assert label != before
        changed.append(f"{label}{name}{theorem.split('Qed.')[0]}Fail Qed. Abort.")
    assert len(true) > 8
    assert spans > 2
    proved(tmp_path, built, as_one([*true, *changed]))
