"""The log of the bounds that a search saw, and its figure."""

import importlib.util
import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

import symverify
from symverify.cli import run as command
from symverify.errors import Malformed, NotWritable
from symverify.report.plots import CannotPlot, plot_bounds
from symverify.run.bounds import Log, read_log

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES = [
    {"elapsed": 0.0, "nodes": 0, "lower": None, "upper": "3"},
    {"elapsed": 0.5, "nodes": 4, "lower": "1/2", "upper": "3"},
    {"elapsed": 1.25, "nodes": 9, "lower": "1/2", "upper": "2"},
    {"elapsed": 2.0, "nodes": 20, "lower": "2", "upper": "2"},
]
SHA = "0" * 64
HEAD = f'{{"observed": "not certified", "problem": "{SHA}"}}\n'.encode()
LOG = HEAD + "".join(json.dumps(line) + "\n" for line in LINES).encode()
needs_matplotlib = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib")


def clock(*times: float):
    return iter(times).__next__


@pytest.mark.parametrize("name", ["spike", "huber", "two-valleys", "boundary"])
def test_the_bounds_of_a_search_close_and_never_part(name: str, tmp_path: Path) -> None:
    log = tmp_path / "seen.jsonl"
    result = symverify.check(EXAMPLES / f"{name}.json", "global_minimum", smt=False, log=log)
    seen = read_log(log.read_bytes())
    lower = [each.lower for each in seen if each.lower is not None]
    upper = [each.upper for each in seen if each.upper is not None]
    assert lower == sorted(lower)
    assert upper == sorted(upper, reverse=True)
    assert [each.elapsed for each in seen] == sorted(each.elapsed for each in seen)
    assert (lower[-1], upper[-1]) == (result.risk, result.risk)
    assert len(upper) == len(seen)
    assert json.loads(log.read_text().splitlines()[0])["problem"] == result.problem.sha256


def test_what_is_written_and_what_is_left_out() -> None:
    log = Log(SHA, clock(10.0, 10.0, 10.01, 10.5, 10.51, 10.52, 10.53))
    log.watch(1, None, Fraction(3))
    log.watch(2, Fraction(1, 3), Fraction(3))  # too soon
    log.watch(3, Fraction(1, 2), Fraction(3))
    log.watch(4, Fraction(1, 4), Fraction(2))  # an upper bound is never too soon; a lower one does not fall
    log.watch(5, Fraction(9), Fraction(5))  # rounded, above; an upper one does not rise
    log.watch(6, None, None)
    assert [(each.nodes, each.lower, each.upper) for each in read_log(log.text())] == [
        (1, None, 3),
        (3, Fraction(1, 2), 3),
        (4, Fraction(1, 2), 2),
        (6, 2, 2),
    ]


def test_a_log_is_read_as_it_was_written_and_numbers_too_long_are_left_out() -> None:
    log = Log(SHA, clock(0.0, 0.0, 1.0))
    log.watch(0, Fraction(-1, 10**5000), Fraction(1, 3))
    assert log.text() == HEAD + b'{"elapsed": 0.0, "nodes": 0, "lower": null, "upper": "1/3"}\n'
    assert Log(SHA).text() == HEAD
    assert [each.nodes for each in read_log(LOG)] == [0, 4, 9, 20]


@pytest.mark.parametrize(("old", "new", "message"), [
    (b'"1/2"', b'"2/4"', r"line 3.lower: expected a rational in lowest terms"),
    (b'"nodes": 9', b'"nodes": true', r"line 4.nodes: expected a whole number"),
    (b'"elapsed": 2.0', b'"elapsed": 1.0', r"line 5.elapsed: is before the line above"),
    (b'"nodes": 0, ', b"", r"line 2.nodes: is missing"),
    (b'"nodes": 0, ', b'"nodes": 0, "more": 0, ', r"line 2.more: unknown key"),
    (b'"elapsed": 0.0', b'"elapsed": NaN', r"line 2: NaN is not a number"),
    (b"{", b"", r"line 1: not JSON"),
    (b'"lower": "2"', b'"lower": "3"', r"line 5.lower: is above the upper bound"),
    (b"not certified", b"certified", r"line 1.observed: expected 'not certified'"),
    (SHA.encode(), b"0", r"line 1.problem: expected the SHA-256 of a problem"),
    (HEAD, b"", r"line 1.observed: is missing"),
])  # fmt: skip
def test_logs_that_are_none(old: bytes, new: bytes, message: str) -> None:
    assert len(read_log(LOG)) == 4
    with pytest.raises(Malformed, match=message):
        read_log(LOG.replace(old, new, 1))


@needs_matplotlib
@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_figure_is_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    first, second = (plot_bounds(read_log(LOG), tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
    assert first == second
    other = plot_bounds(read_log(LOG.replace(b'"1/2"', b'"1"')), tmp_path / f"c{suffix}").read_bytes()
    assert other != first
    if suffix == ".svg":
        for words in (b"observed, not certified", b"upper bound", b"lower bound", b"seconds", b"least risk"):
            assert b"<!-- " + words + b" -->" in first


@needs_matplotlib
@pytest.mark.parametrize(("log", "message"), [
    (HEAD, "the log has no bounds; make one with: symverify check"),
    (LOG.replace(b'"1/2"', b'"-' + b"9" * 400 + b'"'), "too large to draw"),
])  # fmt: skip
def test_what_cannot_be_drawn(log: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(CannotPlot, match=message):
        plot_bounds(read_log(log), tmp_path / "x.svg")
    assert not list(tmp_path.iterdir())


@needs_matplotlib
def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "boundary.json", "net.json")
    assert command(["check", "net.json", "--claims", "global_minimum", "--no-smt", "--log", "seen.log"]) == 0
    assert command(["bounds", "seen.log", "-o", "seen.svg"]) == 0
    assert capsys.readouterr().out.endswith("seen.svg\n")
    before = Path("seen.log").read_bytes()
    for arguments, message in (
        (["bounds", "seen.log", "-o", "seen.log"], "is what is read here"),
        (["bounds", "seen.log", "-o", "seen.gif"], "cannot write '.gif'"),
        (["bounds", "net.json", "-o", "x.svg"], "line 1"),
        (["bounds", "none.log", "-o", "x.svg"], "cannot read 'none.log'"),
    ):
        assert command(arguments) == 2
        assert message in capsys.readouterr().err
    assert Path("seen.log").read_bytes() == before


@pytest.mark.parametrize(("log", "message"), [
    ("net.json", "'net.json' is another file of this run; choose another place with --log"),
    ("net.symcert.json", "is another file of this run"),
    ("/dev/null", "is no regular file"),
    ("missing/seen.log", "cannot write 'missing/seen.log': No such file"),
    (".", "cannot write '.'"),
])  # fmt: skip
def test_a_log_that_cannot_be_written_is_refused_before_the_search(
    log: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "boundary.json", "net.json")
    assert command(["check", "net.json", "--log", log]) == 2
    assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["net.json"]
    assert Path("net.json").read_bytes() == (EXAMPLES / "boundary.json").read_bytes()


def test_one_log_for_several_networks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(EXAMPLES / "boundary.json"), str(EXAMPLES / "linear.json")]
    assert command(["check", *names, "--log", "seen.log"]) == 2
    assert "is one place for 2 networks" in capsys.readouterr().err


def test_python_says_the_same(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="is another file of this run"):
        symverify.check(EXAMPLES / "boundary.json", smt=False, log=EXAMPLES / "boundary.json")
