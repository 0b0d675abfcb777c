"""General programs from file to verdict: the published examples, and what commands for chains say."""

import json
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.cli.outcome import exit_code
from symverify.report.explain import FORMS, explain, render
from symverify.run.verdict import Verdict
from tests.as_program import program_of
from tests.examples import EXAMPLES

ROOT = Path(__file__).parents[2]


def statements(name: str, claims: list[str]) -> dict[str, dict[str, Any]]:
    """The verdict and the numbers of each claim that is settled."""
    loaded = symverify.load(ROOT / "examples" / f"{name}.json")
    result = symverify.check(loaded, claims, smt=False)
    found = {}
    for claim in json.loads(result.certificate)["claims"]:
        found[claim["claim"]] = claim
    return found


def test_a_residual_network_has_the_minimum_of_theorem_1() -> None:
    found = statements("residual", ["valley", "spurious_minimum", "spurious_linear_minimum", "point", "global_minimum"])
    assert found["spurious_minimum"]["risk"] == "1/4"
    assert found["spurious_linear_minimum"]["better_risk"] == "0"
    assert found["point"] | {"verdict": "proved", "risk": "1/4", "spurious": True} == found["point"]
    assert found["global_minimum"]["risk"] == "0"


def test_four_is_the_minimum_where_the_output_weight_is_one_and_one_where_it_is_free() -> None:
    found = statements("one-frozen", ["global_minimum", "point"])
    assert found["global_minimum"]["risk"] == "4"
    assert found["point"]["spurious"] is False
    document = json.loads((ROOT / "examples" / "one-frozen.json").read_text())
    document["program"][3]["weight"] = True
    document["parameters"]["f"] = {"weight": [[1]]}
    result = symverify.check(symverify.loads(json.dumps(document)), ["global_minimum", "point"], smt=False)
    free = {claim["claim"]: claim for claim in json.loads(result.certificate)["claims"]}
    assert free["global_minimum"]["risk"] == "1"
    assert free["point"]["spurious"] is True


def test_a_convolution_with_pooling() -> None:
    found = statements("convolution", ["valley", "spurious_linear_minimum", "spurious_minimum"])
    assert found["spurious_linear_minimum"]["risk"] == "383/427"
    assert "spurious_minimum" not in found, "the tied filters do not reach the best affine fit"


@pytest.mark.long
def test_a_small_image_network() -> None:
    found = statements("image", ["valley", "spurious_linear_minimum"])
    assert found["spurious_linear_minimum"]["risk"] == "129/590"
    assert found["valley"]["dimension"] == 14


@pytest.mark.long
def test_a_committee_machine_has_a_spurious_minimum() -> None:
    """Six units with output weights 1 and labels of a teacher, which has risk 0."""
    found = statements("committee", ["point"])
    assert found["point"]["spurious"] is True
    assert found["point"]["better_risk"] == "0"


def test_explanations_in_every_form() -> None:
    folder = ROOT / "proofs" / "residual"
    loaded = symverify.load(folder / "network.json")
    told = explain(loaded, (folder / "network.symcert.json").read_bytes())
    for form in FORMS:
        text = render(told, form)
        assert "program" in text
    page = render(told, "html")
    assert page.count("<rect") >= 5
    assert "4 | 0" in page or "8 | 0" in page or "0 | 8" in page, "pieces at a point: two units on four samples"


@pytest.mark.parametrize("command", ["atlas", "cells", "critical", "expand"])
def test_commands_for_chains_say_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = [] if command in ("atlas", "cells") else ["--at", "point"]
    assert exit_code([command, str(ROOT / "examples" / "residual.json"), *more]) == 2
    assert "is a general program, and this command is for chains" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", [name for name in ("four-points-given", "boundary", "twins") if name in EXAMPLES])
def test_a_chain_as_a_program_gives_the_same_statements(name: str) -> None:
    """The claims that both have: the verdict, and the risk of what is proved."""
    document = EXAMPLES[name].document
    chain = symverify.check(symverify.loads(json.dumps(document)), ["spurious_minimum", "point"], smt=False)
    program = symverify.check(
        symverify.loads(json.dumps(program_of(document))), ["spurious_minimum", "point"], smt=False
    )
    known = {claim["claim"]: claim for claim in json.loads(chain.certificate)["claims"]}
    for claim in json.loads(program.certificate)["claims"]:
        assert (claim["verdict"], claim["risk"]) == (known[claim["claim"]]["verdict"], known[claim["claim"]]["risk"])


def test_results_and_functions_of_python() -> None:
    loaded = symverify.load(ROOT / "examples" / "residual.json")
    assert "program of 6 nodes with 11 free parameters" in repr(loaded)
    result = symverify.check(loaded, ["point"], smt=False)
    assert "program of 6 nodes" in repr(result)
    for function in (symverify.snap, symverify.cells):
        with pytest.raises(ValueError, match="is a general program"):
            function(loaded)


@pytest.mark.parametrize(
    ("layers", "bias", "verdict"),
    [
        ([1, 2, 1], {"hidden": True, "output": False}, "proved"),
        ([1, 3, 2, 1], {"hidden": True, "output": False}, "proved"),
        ([1, 2, 1], {"hidden": False, "output": True}, "refuted"),
        ([1, 2, 1], False, None),
    ],
    ids=["no output bias", "deep, no output bias", "no hidden bias", "none"],
)
def test_theorem_1_without_some_biases_wherever_the_fit_is_reached(layers: Any, bias: Any, verdict: str | None) -> None:
    """On x = 0..3, y = 0, 0, 0, 1 the best fit is (3x − 2)/10, of risk 3/40: no network without biases has it at 0."""
    data = [{"x": [x], "y": [y]} for x, y in enumerate((0, 0, 0, 1))]
    document = {"format": "symverify-network/1", "layers": layers, "activation": "relu", "loss": "squared",
                "bias": bias, "data": data}  # fmt: skip
    result = symverify.check(symverify.loads(json.dumps(document)), ["spurious_minimum"], smt=False)
    found = {claim["claim"]: claim for claim in json.loads(result.certificate)["claims"]} if result.certificate else {}
    assert (found["spurious_minimum"]["verdict"] if verdict else found.get("spurious_minimum")) == verdict
    assert verdict is None or found["spurious_minimum"]["risk"] == "3/40"


@pytest.mark.parametrize("more", [{"loss": "logistic"}, {}, {"weight_decay": "1/100"}])
def test_an_activation_on_an_input_that_is_wider_than_the_output(more: dict[str, Any]) -> None:
    """The node before it is the input, not the last one of the program."""
    nodes = [
        {"name": "x", "op": "input", "shape": [2]},
        {"name": "a", "op": "activation", "from": "x", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "a", "units": 1},
    ]
    data = [{"x": [1, -1], "y": ["1/3"]}, {"x": [-1, 2], "y": ["2/3"]}, {"x": [2, 2], "y": ["1/2"]}]
    document = {"format": "symverify-network/1", "program": nodes, "loss": "squared", "data": data, **more}
    document["parameters"] = {"f": {"weight": [["1/10", "1/5"]], "bias": ["0"]}}
    result = symverify.check(document, ["minimum_in_box"], smt=False)
    assert result["minimum_in_box"].verdict == Verdict.PROVED


def unnamed(document: dict[str, Any]) -> symverify.CheckResult:
    return symverify.check(symverify.loads(json.dumps(document)), smt=False)


def test_without_parameters_the_answer_is_the_minimum_of_theorem_1(tmp_path: Path) -> None:
    """Unless its point has the least risk of all, which is then the answer."""
    nodes: list[dict[str, Any]] = [
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "h", "op": "affine", "from": "x", "units": 2},
        {"name": "bent", "op": "activation", "from": "h", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "bent", "units": 1},
    ]
    data = [{"x": [x], "y": [y]} for x, y in ((0, 0), (1, 0), (2, 0), (3, 1))]
    document = {"format": "symverify-network/1", "program": nodes, "loss": "squared", "data": data}
    result = unnamed(document)
    assert (result.asked, result.verdict) == (("spurious_linear_minimum",), Verdict.PROVED)
    (file := tmp_path / "program.json").write_text(json.dumps(document))
    assert exit_code(["check", str(file), "--no-smt"]) == 0
    data[3]["y"] = [0]
    affine = unnamed(document)
    assert (affine.asked, affine.verdict) == (("global_minimum",), Verdict.PROVED)
    assert "spurious_linear_minimum" in dict(affine.skipped)
    result = symverify.check(symverify.loads(json.dumps(document)), ["spurious_linear_minimum"], smt=False)
    assert result.verdict is Verdict.UNDECIDED
