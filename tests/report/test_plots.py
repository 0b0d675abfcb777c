"""Figures for papers: written whole or not at all, the same bytes each time, clear errors."""

import builtins
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.kernel.core.errors import Rejected
from symverify.problem.load import load, loads
from symverify.report import plots
from symverify.report.plots import WHATS, CannotPlot, What, plot
from tests.examples import network, samples
from tests.kernel.accepted import CASES
from tests.report.told import accepted, told

THEOREM = "theorem 1"
needs_matplotlib = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib")
MAGIC = {".pdf": b"%PDF-", ".svg": b"<?xml", ".png": b"\x89PNG"}


@needs_matplotlib
@pytest.mark.parametrize("suffix", MAGIC)
def test_each_kind_is_written_and_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    first, second = (plot(*accepted(THEOREM), tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
    assert first.startswith(MAGIC[suffix])
    assert first == second
    assert b"CreationDate" not in first
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


@needs_matplotlib
@pytest.mark.parametrize("what", ["slice", "segment", "fit"])
def test_each_picture_by_itself(what: What, tmp_path: Path) -> None:
    drawn = plot(*accepted(THEOREM), tmp_path / "one.svg", what).read_text()
    assert "<path" in drawn
    assert "<dc:date>" not in drawn


@needs_matplotlib
@pytest.mark.parametrize("name", [name for name in CASES if told(name).scenes][1::4])
def test_certificates_about_points_can_be_plotted(name: str, tmp_path: Path) -> None:
    assert plot(*accepted(name), tmp_path / "all.svg").stat().st_size > 1000


@needs_matplotlib
def test_numbers_of_which_matplotlib_makes_no_ticks(tmp_path: Path) -> None:
    data = samples([0, 1, 2, "1e308", 4, 5], [-1, 1, -1, -1, 1, 1])
    problem = loads(json.dumps(network([1, 2, 1], "relu", data, loss="hinge")))
    certificate = symverify.check(problem, ["spurious_minimum"], smt=False).certificate
    with pytest.raises(CannotPlot, match="its numbers are too large for a plot"):
        plot(problem, certificate, tmp_path / "one.svg", "fit")


@needs_matplotlib
def test_a_rejected_certificate_is_not_plotted(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="malformed: nothing to plot"):
        plot(accepted(THEOREM)[0], b"{}", tmp_path / "x.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "what", "message"), [
    ("x.gif", "all", r"cannot write '\.gif'; use \.pdf, \.svg, \.png"),
    ("x", "all", "a file without suffix"),
    ("x.pdf", "everything", "no plot 'everything'; choose one of slice, segment, fit, atlas, cells, all"),
])  # fmt: skip
def test_wrong_requests_say_what_to_do(name: str, what: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(CannotPlot, match=message):
        plot(*accepted(THEOREM), tmp_path / name, what)


@needs_matplotlib
def test_a_certificate_about_no_point(tmp_path: Path) -> None:
    name = next(name for name in CASES if not told(name).scenes)
    with pytest.raises(CannotPlot, match="about no point"):
        plot(*accepted(name), tmp_path / "x.pdf")


@needs_matplotlib
def test_atlases_and_cells_are_plotted_and_no_panel_is_empty(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "proofs/two-valleys"
    problem, proof = load(folder / "network.json"), (folder / "network.symcert.json").read_bytes()
    panels = {
        what: plot(problem, proof, tmp_path / f"{what}.svg", what).read_text().count('id="axes_') for what in WHATS
    }
    assert panels == {"slice": 1, "segment": 1, "fit": 1, "atlas": 1, "cells": 1, "all": 5}
    with pytest.raises(CannotPlot, match="the certificate has no atlas; make one with: symverify atlas"):
        plot(*accepted(THEOREM), tmp_path / "x.svg", "atlas")


def test_without_matplotlib_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *rest: Any) -> Any:
        if name == "matplotlib":
            raise ImportError(name)
        return builtins.__import__(name, *rest)

    monkeypatch.setattr(plots, "import_module", missing)
    with pytest.raises(CannotPlot, match=r"pip install matplotlib") as caught:
        plot(*accepted(THEOREM), tmp_path / "x.pdf")
    assert "pip install matplotlib" in caught.value.remedy


@needs_matplotlib
def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.pdf"
    target.write_bytes(b"old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        plot(*accepted(THEOREM), target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.pdf"]


def test_explaining_loads_no_matplotlib() -> None:
    program = (
        "import sys; from tests.report.told import shown; shown('theorem 1', 'html'); "
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
