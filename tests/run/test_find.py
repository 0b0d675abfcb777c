"""find: what is found is an ordinary network file with its certificate; the known smallest examples."""

import json
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.cli import run
from symverify.errors import Usage
from symverify.kernel.__main__ import verify
from symverify.kernel.core.network import Problem
from symverify.run.find import TRIED, find, template
from symverify.search.global_minimum.relaxation import plain

LINE = template("0,1,2,3", 2, "relu", True)


@pytest.mark.parametrize(("claim", "width", "labels", "key"), [
    ("no_exchange", 2, ["0", "-1", "0", "0"], "orbits"),
    ("not_spurious", 1, ["0", "1", "1", "2"], None),
])  # fmt: skip
def test_the_smallest_examples(claim: str, width: int, labels: list[str], key: str | None, tmp_path: Path) -> None:
    found = find(claim, template("0,1,2,3", width, "relu", True), True, 120, None)
    assert found.problem is not None
    assert found.result is not None
    assert [str(y) for (y,) in found.problem.problem.targets] == labels
    if key is not None:
        assert found.result["cell_minima"].statement == {
            "cell": "0111,1111", "components": 2, "orbits": 2, "risk": "1/12"
        }  # fmt: skip


def test_three_samples_have_no_two_valleys_of_positive_risk() -> None:
    found = find("two_valleys", template("0,1,2", 2, "relu", True), False, 60, None)
    assert found.problem is None
    assert "for no real labels the minima strictly inside a cell without dead units have positive risk" in found.reason


def test_what_is_too_large_is_said_in_the_same_way(capsys: Any) -> None:
    assert run(["find", "--claim", "two_valleys", "--inputs", "0,1,2", "--width", "3"]) == 3
    out = capsys.readouterr().out
    assert "none found: too many types of signs in a cell: at most two units" in out
    assert out.splitlines()[-1] == "s UNDECIDED two_valleys"


def test_where_nothing_is_found_the_json_is_whole(capsys: Any, tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    arguments = ["find", "--claim", "no_exchange", "--inputs", "0,1", "-o", str(target), "--format", "json"]
    assert run(arguments) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["labels"], found["network"], found["claims"]) == ("undecided", None, None, [])
    assert "so says the solver" in found["reason"]
    assert not target.exists()


def test_where_labels_were_only_tried_it_says_how_far() -> None:
    """Two samples are always on a line."""
    found = find("not_spurious", template("0,1", 1, "relu", True), True, 60, None)
    assert (
        "no whole labels of size up to 12 were seen to have a best affine fit that is a global minimum" in found.reason
    )
    late = find("not_attained", template("0,1,2", 1, "relu", True), True, 1e-3, None)
    assert "stopped there, as the time was up" in late.reason


@pytest.mark.parametrize("quick", [True, False])
def test_labels_are_tried_plainly_where_there_is_no_time_to_compile(
    quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, seen = list[float](), set[bool]()
    monkeypatch.setattr("symverify.run.find.prepare", lambda _problem, _say, left: bool(asked.append(left)) or quick)
    monkeypatch.setitem(TRIED, "not_attained", (lambda *_: bool(seen.add(plain())), "exist"))
    assert find("not_attained", template("0,1", 1, "relu", True), True, 60, None).problem is None
    assert (len(asked), 0 < asked[0] <= 60, seen) == (1, True, {not quick})


def test_an_interruption_ends_the_search_for_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for one global minimum turns it into a result, so the next one must not begin."""
    seen, left = list[Problem](), list[float]()

    def tried(problem: Problem, seconds: float) -> bool:
        seen.append(problem)
        left.append(seconds)
        return False

    monkeypatch.setitem(TRIED, "not_attained", (tried, "exist"))
    stopped = find("not_attained", template("0,1,2", 1, "relu", True), True, 60, None, lambda: len(seen) > 2)
    assert stopped.reason == "none yet exist; stopped there, as asked to"
    assert len(seen) == 3
    assert 60 > left[0] > left[2] > 50


def test_an_infimum_that_is_not_attained() -> None:
    late = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}
    found = find("not_attained", template("1,2", 1, late, False), True, 60, None)
    assert found.result is not None
    assert found.result["infimum"].statement["attained"] is False


def test_the_command_writes_both_files(tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "found.json"
    arguments = [
        "find",
        "--claim",
        "not_spurious",
        "--inputs",
        "0,1,2,3",
        "--integers",
        "--width",
        "1",
        "-o",
        str(target),
    ]
    assert run(arguments) == 0
    assert "labels 0, 1, 1, 2 on the inputs 0,1,2,3" in capsys.readouterr().out
    assert verify(target, tmp_path / "found.symcert.json")[0] == 10
    assert symverify.load(target).problem.widths == (1, 1, 1)


@pytest.mark.parametrize(("claim", "document", "whole", "reason"), [
    ("three_valleys", LINE, True, "nothing of that name to find"),
    ("not_spurious", LINE, False, "is not a matter of linear forms"),
    ("two_valleys", LINE | {"loss": "huber"}, True, "squared loss"),
])  # fmt: skip
def test_usage(claim: str, document: Any, whole: bool, reason: str) -> None:
    with pytest.raises(Usage, match=reason):
        find(claim, document, whole, 5, None)


@pytest.mark.parametrize("arguments", [
    ["--claim", "x", "--inputs", "0,1"], ["--claim", "two_valleys", "--inputs", "a"], ["--claim", "two_valleys"],
    ["--claim", "two_valleys", "--inputs", "0,1", "--activation", "{"], ["--claim", "two_valleys", "--inputs", "0,1:2"],
])  # fmt: skip
def test_faulty_command_lines_end_with_2(arguments: list[str]) -> None:
    assert run(["find", *arguments]) == 2
