"""Checkpoints are read like certificates: types, indices, sizes; and what they say is recomputed where it can be."""

import copy
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from symverify.errors import BadCheckpoint
from symverify.search.global_minimum import global_minimum
from symverify.search.global_minimum.candidate import evaluated
from symverify.search.global_minimum.checkpoint import peek, restore, save
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.search import Search
from tests.shallow import shallow

PROBLEM = shallow([[x] for x in range(9)], [3, 0, 4, -1, 5, 0, 2, 6, 1], 3)


def begun() -> Search:
    return Search(PROBLEM, generators(PROBLEM), evaluated(PROBLEM, []))


@pytest.fixture(scope="module")
def good() -> Any:
    import tempfile

    search = begun()
    search.start(Fraction(0))
    for _ in range(3):
        search.step()
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder) / "a", search)
        return json.loads((Path(folder) / "a").read_bytes())


def read(state: object, path: Path) -> Search:
    path.write_text(state if isinstance(state, str) else json.dumps(state))
    search = begun()
    assert restore(path, search)
    return search


def test_the_control_is_read(good: Any, tmp_path: Path) -> None:
    search = read(good, tmp_path / "a")
    assert search.nodes == good["nodes"] > 0
    save(tmp_path / "b", search)
    again = json.loads((tmp_path / "b").read_bytes())
    assert again.pop("seconds") >= good["seconds"] > 0  # the clock goes on
    assert again == {name: part for name, part in good.items() if name != "seconds"}
    assert peek(tmp_path / "a") == (good["problem"], good["nodes"])
    assert not restore(tmp_path / "none", begun())


def set_at(*path: Any) -> Callable[[Any], None]:
    """A change: the last of the path is put where the rest of it leads."""

    def change(state: Any) -> None:
        *way, last, value = path
        for key in way:
            state = state[key]
        state[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (set_at("format", "symverify-search/1"), "its format is not"),
        (set_at("problem", "0" * 64), "of another problem"),
        (set_at("best", 0, "1/0"), "rational in lowest terms"),
        (set_at("best", 0, "1e99999999"), "rational in lowest terms"),
        (set_at("best", 0, "1/7"), "does not have the loss"),
        (set_at("best", 1, 0, 0, 2), "expected a sign"),
        (set_at("best", 1, 0, 0, True), "expected a whole number"),
        (set_at("best", 1, 0, 1, ["0"]), "expected a list of 2"),
        (set_at("best", 1, 0, 2, "-1"), "not negative"),
        (set_at("open", 0, 0, 10**9), "below"),
        (set_at("open", 0, 1, 0, "0.5"), "expected a number"),
        (set_at("open", 0, 1, 2, [10**6]), "below"),
        (set_at("open", 0, 1, 1, 0, 1, [[9, 0]]), "below 9"),
        (set_at("open", 0, 1, 1, 0, 1, [[0, 2]]), "below 2"),
        (set_at("open", 0, 1, 4, [[3, 0]]), "below 3"),
        (set_at("open", 0, 1, 5, None), "expected a number"),
        (set_at("leaves", {}), "expected a list"),
        (set_at("nodes", -1), "expected a whole number"),
        (set_at("nodes", 2.5), "expected a whole number"),
        (set_at("seconds", -0.5), "less than no time"),
        (set_at("seconds", "1"), "expected a number"),
        (set_at("sent", [[1.0, 1, [[]]]]), "expected a list of 6"),
        (set_at("sent", [[1.0, []]]), "expected a list of 3"),
        (set_at("sent", [[1.0, 33, []]]), "below 33"),
        (set_at("tree", 0, 1, [0]), "expected a list of 2"),
        (set_at("covered", [[[0] * 9]]), "proves nothing"),
        (set_at("covered", [[[1] * 9]]), "proves nothing"),
        (set_at("covered", [[[1, -1]]]), "expected a list of 9"),
        (set_at("covered", [None]), "expected a list"),
        (lambda state: state.pop("tree"), "'tree'"),
        (lambda state: state["open"].append(state["open"][0]), "two nodes have one number"),
    ],
)
def test_what_is_wrong_is_said(good: Any, tmp_path: Path, change: Callable[[Any], None], why: str) -> None:
    state = copy.deepcopy(good)
    change(state)
    with pytest.raises(BadCheckpoint, match=f"is not a checkpoint of this problem .*{why}.*remove it"):
        read(state, tmp_path / "a")


@pytest.mark.parametrize("raw", ["1e400", "1e99999999", "NaN", "-Infinity"])
def test_numbers_beyond_floats(good: Any, tmp_path: Path, raw: str) -> None:
    state = copy.deepcopy(good)
    state["open"][0][1][0] = "HERE"
    with pytest.raises(BadCheckpoint):
        read(json.dumps(state).replace('"HERE"', raw), tmp_path / "a")


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "null", "[" * 100 + "]" * 100, '{"format": 1, "format": 2}', "\ufeff{}"]
)
def test_what_is_no_checkpoint_at_all(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadCheckpoint):
        read(text, tmp_path / "a")


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs")
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadCheckpoint):
            restore(path, begun())


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "a.part").symlink_to("precious")
    global_minimum(PROBLEM, checkpoint=tmp_path / "a")
    assert (tmp_path / "precious").read_text() == "kept"


def test_a_checkpoint_that_cannot_be_written_stops_no_search(tmp_path: Path) -> None:
    whole = global_minimum(PROBLEM)
    assert global_minimum(PROBLEM, checkpoint=tmp_path / "none" / "a").lower == whole.lower
