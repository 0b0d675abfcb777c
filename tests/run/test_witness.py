"""Points of lower risk that the user names: the teacher of a study, another run, ..."""

import json
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import symverify
from symverify.run.verdict import Verdict
from tests.run.inside import inside

LINE = [["-3/2"], ["-1/2"], ["1/2"], ["3/2"]]  # x − 5/2 on x = 1, 2, 3, 4, whose best constant is 0
LABELS: dict[str, list[Any]] = {
    "hinge": [["-1"], ["-1"], ["1"], ["1"]],
    "logistic": [["0"], ["0"], ["1"], ["1"]],
    "poisson": [["0"], ["0"], ["2"], ["2"]],
    "cross_entropy": [["0", "1"], ["0", "1"], ["1", "0"], ["1", "0"]],
}
WIDTHS = {"shallow": [1, 2, 1], "deep": [1, 2, 2, 1], "vector": [1, 2, 2], "deep vector": [1, 2, 2, 2]}


def network(shape: str, loss: str, point: str) -> dict[str, Any]:
    """A student whose units are all dead, predicting 0; or a teacher that predicts x − 5/2, its second output less."""
    widths = WIDTHS[shape]
    layers = []
    for a, b in pairwise(widths):
        if point == "student":
            layers.append({"weight": [["0"] * a] * b, "bias": ["-1" if len(layers) < len(widths) - 2 else "0"] * b})
        else:
            layers.append({"weight": [["1", "0"][:a], ["0", "0"][:a]][:b], "bias": ["0"] * b})
    if point == "teacher":
        layers[-1] = {"weight": [["1", "0"], ["-1", "0"]][: widths[-1]], "bias": ["-5/2", "5/2"][: widths[-1]]}
    rows = LABELS.get(loss, LINE)
    if loss not in LABELS and widths[-1] == 2:
        rows = [[y, str(y).removeprefix("-") if y.startswith("-") else f"-{y}"] for (y,) in LINE]
    data = [{"x": [str(i + 1)], "y": y} for i, y in enumerate(rows)]
    head = {"format": "symverify-network/1", "layers": widths, "activation": "relu", "loss": loss, "data": data}
    return head | {"parameters": layers}


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search for lower points: only what is named is there to be compared with."""
    monkeypatch.setattr("symverify.certify.session.better_point", lambda *_: None)
    monkeypatch.setattr("symverify.certify.boxes.better_point", lambda *_: None)
    monkeypatch.setattr("symverify.certify.reals.lowest_point", lambda *_: None)
    monkeypatch.setattr("symverify.certify.session.applicable", lambda *_: "not tried")


@pytest.mark.parametrize(
    ("shape", "loss", "claim"),
    [
        *((shape, loss, "point") for shape in WIDTHS for loss in ("squared", "huber", "absolute")),
        *((shape, loss, "point") for shape in ("shallow", "deep") for loss in ("hinge", "logistic", "poisson")),
        *((shape, "cross_entropy", "minimum_in_box") for shape in ("vector", "deep vector")),
        ("deep vector", "squared", "minimum_in_box"),
    ],
)
@pytest.mark.usefixtures("no_search")
def test_spurious_against_a_named_point(shape: str, loss: str, claim: str) -> None:
    """The same point is a local minimum of which nothing more is known where nobody names a better one."""
    problem, teacher = (symverify.loads(network(shape, loss, point)) for point in ("student", "teacher"))
    alone = symverify.check(problem, [claim], smt=False)[claim]
    named = symverify.check(problem, [claim], smt=False, witnesses=[problem, teacher])[claim]
    assert alone.verdict is named.verdict is Verdict.PROVED
    assert "spurious=true" not in alone.line
    assert "spurious=true" in named.line
    if loss in ("squared", "huber", "absolute"):
        assert named.better_risk == 0


@pytest.mark.usefixtures("no_search")
def test_a_network_file_names_them() -> None:
    """And an error in one of them is told with its place."""
    student, teacher = (network("deep vector", "squared", point) for point in ("student", "teacher"))
    named = student | {"witnesses": [student["parameters"], teacher["parameters"]]}
    found = symverify.check(symverify.loads(named), ["point"], smt=False)["point"]
    assert "spurious=true better=0" in found.line
    for change, message in (
        (teacher["parameters"][:2], r"witnesses\[0\]: expected 3 layers of parameters, got 2"),
        ([*teacher["parameters"][:2], {"weight": [["1"]], "bias": ["0"]}], r"witnesses\[0\]\[2\]\.weight: expected 2"),
        ("x", r"witnesses\[0\]: expected a list"),
    ):
        with pytest.raises(symverify.Malformed, match=message):
            symverify.loads(student | {"witnesses": [change]})


@pytest.mark.usefixtures("no_search")
def test_a_named_point_may_be_the_global_minimum() -> None:
    problem, teacher = (symverify.loads(network("deep", "squared", point)) for point in ("student", "teacher"))
    found = symverify.check(problem, ["global_minimum"], smt=False, witnesses=[teacher])["global_minimum"]
    assert (found.verdict, found.risk) == (Verdict.PROVED, 0)


@pytest.mark.usefixtures("no_search")
def test_a_named_point_that_is_no_better_proves_nothing() -> None:
    problem = symverify.loads(network("deep", "squared", "student"))
    found = symverify.check(problem, ["point"], smt=False, witnesses=[problem])["point"]
    assert found.verdict is Verdict.PROVED
    assert "spurious=true" not in found.line


def test_the_command_line_names_them_and_refuses_other_shapes(tmp_path: Path) -> None:
    documents = {
        "student": network("deep", "squared", "student"),
        "teacher": network("deep", "squared", "teacher"),
        "other": network("vector", "squared", "teacher"),
        "bare": {key: value for key, value in network("deep", "squared", "teacher").items() if key != "parameters"},
    }
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))

    def check(*names: str) -> CompletedProcess[str]:
        named = [word for name in names for word in ("--witness", str(tmp_path / f"{name}.json"))]
        return inside("check", tmp_path / "student.json", "--no-smt", "--claims", "point", *named)

    done = check("student", "teacher")
    assert done.returncode == 0
    assert "spurious=true better=0" in done.stdout
    for name, message in (
        ("other", "the witness other is a network of another shape"),
        ("bare", "the witness bare gives no parameters"),
        ("none", "none.json"),
    ):
        done = check(name)
        assert done.returncode == 2
        assert message in done.stderr
