"""Files and dicts to problems: what can be wrong with a file as such, data files beside it, exactness, display."""

import json
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symverify.errors import Declined, Malformed, NoCell, Rejected, SymverifyError, Unreadable, remedy
from symverify.kernel.network_file import read_problem
from symverify.problem import LoadedProblem, load, loads
from tests.examples import EXAMPLES, Example, changed, text

FOUR = EXAMPLES["four-points"]


def write(folder: Path, document: object, name: str = "network.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def with_table(folder: Path, content: bytes = b"u,v\n0,0\n1,0\n2,0\n3,1\n") -> Path:
    (folder / "train.csv").write_bytes(content)
    return write(folder, changed(FOUR, data={"csv": "train.csv", "inputs": ["u"], "targets": ["v"]}))


def test_load_gives_what_the_kernel_reads(tmp_path: Path) -> None:
    path = write(tmp_path, FOUR.document)
    for given in (path, str(path)):
        loaded = load(given)
        assert loaded.network == path.read_bytes()
        assert loaded.problem == read_problem(loaded.network, loaded.open_data)
        assert (loaded.path, loaded.sha256, loaded.name) == (path, loaded.problem.sha256, "four-points")


def test_a_data_file_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_table(tmp_path)
    inline = loads(FOUR.document).problem
    loaded = load(path)
    assert (loaded.problem.inputs, loaded.problem.targets) == (inline.inputs, inline.targets)
    assert loaded.open_data("train.csv") == (tmp_path / "train.csv").read_bytes()
    monkeypatch.chdir(tmp_path)
    relative = load("network.json")
    monkeypatch.chdir("/")
    assert relative.open_data("train.csv") == (tmp_path / "train.csv").read_bytes()
    again = pickle.loads(pickle.dumps(relative))
    assert again.problem == relative.problem
    assert again.open_data("train.csv") == relative.open_data("train.csv")


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = with_table(tmp_path)
    (tmp_path / "train.csv").rename(tmp_path / "elsewhere" / "data")
    (tmp_path / "train.csv").symlink_to(tmp_path / "elsewhere" / "data")
    (tmp_path / "link.json").symlink_to(path)
    assert load(tmp_path / "link.json").problem == load(path).problem


@pytest.mark.parametrize("name", ["../train.csv", "sub/train.csv", "/etc/passwd", ".."])
def test_data_files_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        (folder / "train.csv").write_bytes(b"u,v\n0,0\n")
    data = {"csv": name, "inputs": ["u"], "targets": ["v"]}
    path = write(tmp_path / "sub", changed(FOUR, data=data))
    with pytest.raises(Malformed, match=r"data\.csv: expected the name of a file beside this one"):
        load(path)


def unreadable(path: object) -> Unreadable:
    with pytest.raises(Unreadable) as error:
        load(path)  # type: ignore[arg-type]
    ((where, what),) = error.value.faults
    assert where == ""
    assert what.endswith(error.value.remedy)
    assert remedy(error.value) == error.value.remedy
    return error.value


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.json", "No such file or directory; check the path"),
        (".", "it is a folder; give the path of the network file inside it"),
        ("file/network.json", "Not a directory; check the path"),
        ("/dev/null", "it is not a regular file; give the path of a network file"),
        ("/dev/zero", "it is not a regular file; give the path of a network file"),
        ("a\0b", "null byte; give the path of a network file"),
        ("x" * 300, "File name too long; give the path of a network file"),
        ("", "it is a folder; give the path of the network file inside it"),
        ("new\nline\x1b[31m", r"cannot read 'new\\nline\\x1b\[31m': No such file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(b"")
    error = unreadable(path)
    with pytest.raises(Unreadable, match=message):
        raise error


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs")
def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "network.json")
    assert "it is not a regular file" in str(unreadable(tmp_path / "network.json"))
    (tmp_path / "second").mkdir()
    path = with_table(tmp_path / "second")
    (path.parent / "train.csv").unlink()
    os.mkfifo(path.parent / "train.csv")
    with pytest.raises(Malformed, match=r"data\.csv: cannot read 'train.csv': it is not a regular file"):
        load(path)


def test_permissions(tmp_path: Path) -> None:
    path = write(tmp_path, FOUR.document)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied; check the permissions" in str(unreadable(path))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    good, before = write(tmp_path, FOUR.document), len(os.listdir("/dev/fd"))
    for _ in range(5):
        load(good)
        unreadable(tmp_path)
        unreadable("/dev/null")
    assert len(os.listdir("/dev/fd")) == before


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    assert "oo many" in str(unreadable(tmp_path / "a"))


@pytest.mark.parametrize("size", [101, 1_000_000])
def test_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("symverify.problem.regular.MAX_BYTES", 100)
    path = tmp_path / "network.json"
    path.write_bytes(b"")
    os.truncate(path, size)
    assert "it is larger than 100 bytes; use fewer samples" in str(unreadable(path))


def test_a_data_file_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    path = with_table(tmp_path)
    (tmp_path / "train.csv").unlink()
    with pytest.raises(Malformed, match=r"^data\.csv: cannot read 'train.csv': No such file or directory$"):
        load(path)
    (tmp_path / "train.csv").mkdir()
    with pytest.raises(Malformed, match=r"^data\.csv: cannot read 'train.csv': it is a folder$"):
        load(path)


# Problems made in Python. ----------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_dicts_bytes_and_text_agree(example: Example) -> None:
    made = loads(example.document)
    for same in (loads(made.network), loads(made.network.decode())):
        assert same.problem == made.problem
    other = loads(text(example)).problem
    assert (other.inputs, other.targets, other.parameters) == (
        made.problem.inputs,
        made.problem.targets,
        made.problem.parameters,
    )


def test_dicts_are_written_canonically() -> None:
    document = FOUR.document
    backwards = dict(reversed(list(document.items())))
    assert loads(document).network == loads(backwards).network
    assert b": " not in loads(document).network
    assert json.loads(loads(document).network) == document
    assert loads(document).path is None


def test_exact_numbers_of_every_kind() -> None:
    xs = [3, Fraction(1, 3), Decimal("0.10"), "1/7", "0.5", np.int64(4), Decimal("1E+3"), Fraction(6, 3)]
    document = changed(FOUR, data=tuple({"x": (x,), "y": [0]} for x in xs))
    assert [x for (x,) in loads(document).problem.inputs] == [
        3, Fraction(1, 3), Fraction(1, 10), Fraction(1, 7), Fraction(1, 2), 4, 1000, 2,
    ]  # fmt: skip


def test_floats_are_refused_all_at_once() -> None:
    data = [{"x": [0.1], "y": [1]}, {"x": [1], "y": [float("nan")]}, {"x": [np.float64(2)], "y": [1]}]
    loss = {"name": "squared", "factor": 0.5}
    with pytest.raises(Malformed) as error:
        loads(changed(FOUR, data=data, loss=loss))
    found = dict(error.value.faults)
    assert found.keys() == {"data[0].x[0]", "data[1].y[0]", "data[2].x[0]", "loss.factor"}
    assert found["data[0].x[0]"] == 'a float is not exact: instead of 0.1 give "0.1" or a Fraction'


def test_what_json_cannot_hold_is_refused_at_its_place() -> None:
    deep: list[object] = []
    deep.append(deep)
    document = {
        **changed(FOUR),
        "name": {1, 2},
        "bias": {1: True},
        "layers": np.array([1, 2, 1]),
        "data": [{"x": [10**5000], "y": [Fraction(1, 10**5000)]}],
        "parameters": deep,
    }
    with pytest.raises(Malformed) as error:
        loads(document)
    found = dict(error.value.faults)
    assert found.pop("parameters" + "[0]" * 31) == "nested deeper than 32 levels"
    assert found == {
        "name": "expected int, Fraction, Decimal, text, list or dict, got set",
        "bias": "expected text as key, got 1",
        "layers": "expected int, Fraction, Decimal, text, list or dict, got ndarray",
        "data[0].x[0]": "expected a number of at most 4000 digits",
        "data[0].y[0]": "expected a number of at most 4000 digits",
    }


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+5000"), True, 10**4001, "\ud800"])
def test_other_numbers_are_left_to_the_reader(number: object) -> None:
    with pytest.raises(Malformed):
        loads(changed(FOUR, data=[{"x": [number], "y": [0]}]))


@pytest.mark.parametrize("source", [b"", "", "network.json", "[]", {}, b"\xff", "\ud800"])
def test_what_is_no_problem(source: bytes | str | dict[str, object]) -> None:
    with pytest.raises(Malformed):
        loads(source)


def test_data_files_for_problems_in_memory() -> None:
    document = changed(FOUR, data={"csv": "a.csv", "inputs": ["u"], "targets": ["v"]})
    with pytest.raises(
        Malformed, match=r"data\.csv: cannot read 'a.csv': a problem in memory has no folder: pass open_"
    ):
        loads(document)
    assert loads(document, open_data=lambda name: b"u,v\n1,2\n").problem.inputs == ((1,),)


# Display and exceptions. -----------------------------------------------------------------------------------


def test_names_are_escaped_where_they_are_shown() -> None:
    loaded = loads(changed(FOUR, name="<script>alert(1)</script>&\"' \x1b[31m ‮ 四点" + "x" * 500))
    html = loaded._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27; \\x1b[31m \\u202e 四点xxx" in html
    assert "x" * 300 not in html
    assert repr(loaded).isascii()
    assert repr(loaded).isprintable()


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_html_is_a_table(example: Example) -> None:
    html = loads(example.document)._repr_html_()
    assert html.startswith("<table><tr><th>name</th>")
    assert html.endswith("</td></tr></table>")
    assert html.count("<tr>") == html.count("</tr>") == 8


def test_loaded_problems_are_frozen() -> None:
    loaded = loads(FOUR.document)
    assert isinstance(loaded, LoadedProblem)
    with pytest.raises(AttributeError):
        loaded.network = b""  # type: ignore[misc]


@pytest.mark.parametrize(
    "error",
    [
        Malformed(("a", "b")),
        Unreadable("'x'", "it is a folder", "do that"),
        Rejected("steps[0]", "no"),
        Declined("too much"),
        NoCell("no cell", "name another"),
        SymverifyError("?"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_exception_has_a_root_and_a_remedy(error: SymverifyError) -> None:
    assert isinstance(error, SymverifyError)
    assert len(remedy(error)) > 5
    assert str(error)


@pytest.mark.parametrize("error", [Unreadable("'x'", "it is a folder", "do that"), NoCell("no cell", "name another")])
def test_package_exceptions_travel_between_processes(error: SymverifyError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_number_of_many_digits_is_not_displayed() -> None:
    """More than Python spells: in the loss's factor and in the activation."""
    long = f"1.{'3' * 400}e-3990"
    bent = {"breakpoints": [long], "slopes": [0, long], "anchor": [0, 0]}
    found = loads(json.dumps(FOUR.document | {"loss": {"name": "squared", "factor": long}, "activation": bent}))
    assert found._repr_html_().count("of more than 4000 digits") == 3


def test_loading_is_light() -> None:
    code = "import sys, symverify.problem; print(sorted({'numpy', 'sympy', 'scipy', 'z3', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
