"""Phase diagrams of label space: known shares, exact walls, well-formed pictures."""

import json
from fractions import Fraction
from math import atan, pi, sqrt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from symverify.cli import run
from symverify.kernel.core.errors import Declined
from symverify.problem.load import loads
from symverify.report.regions import as_json, summary, svg
from symverify.search.diagram import Diagram, diagram
from tests.examples import network, samples

LEAKY = {"name": "leaky_relu", "negative_slope": "1/4"}


def made(h: Any, n: int, widths: list[int] | None = None, **more: Any) -> Diagram:
    document = network(widths or [1, 1, 1], h, samples(list(range(n)), [0] * (n - 1) + [1]), **more)
    return diagram(loads(json.dumps(document)).problem)


def test_three_levels_are_within_an_angle_of_a_pure_bend() -> None:
    """With slopes s and 1 it is arctan((1 − s)/(√3 (1 + s))), and the walls are exact label vectors."""
    found = made(LEAKY, 3)
    turns = 2 * np.pi * (np.arange(40_000) + 0.5) / 40_000
    levels, _, _ = found.at(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    assert set(levels.tolist()) == {2, 3}
    assert abs(np.mean(levels == 3) - 2 * atan(0.75 / (sqrt(3) * 1.25)) / pi) < 1e-3
    assert (1, -5, 4) in {arc.start for arc in found.arcs}
    assert {arc.levels for arc in found.arcs} == {2, 3}


def test_arcs_agree_with_the_exact_forms() -> None:
    for found in (made("relu", 3), made("abs", 3)):
        for arc in found.arcs:
            y = [Fraction(x) for x in arc.inside]
            assert arc.sheets == tuple(k for k, sheet in enumerate(found.sheets) if sheet.cone.holds(y))


def test_four_samples_are_a_half_sphere() -> None:
    found = made("relu", 4)
    assert found.dimension == 3
    assert any("affine fit is the global minimum: about 2.0%" in line for line in summary(found))
    assert ElementTree.fromstring(svg(found)).tag.endswith("svg")


def test_pictures_and_json_are_well_formed(tmp_path: Path) -> None:
    found = made("relu", 3, [1, 2, 1])
    tree = ElementTree.fromstring(svg(found))
    titles = [each.text or "" for each in tree.iter() if each.tag.endswith("title")]
    assert any("levels of risk" in title and "·y > 0" in title for title in titles)
    document = json.loads(as_json(found))
    assert document["certified"] is False
    assert len(document["arcs"]) == len(found.arcs)


def test_the_command(tmp_path: Path, capsys: Any) -> None:
    network_file, picture = tmp_path / "n.json", tmp_path / "p.svg"
    network_file.write_text(json.dumps(network([1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 1]))))
    assert run(["regions", str(network_file), "-o", str(picture)]) == 3
    assert "observed, not certified" in capsys.readouterr().out
    assert picture.read_text().startswith("<svg")
    assert run(["regions", str(network_file), "-o", str(tmp_path / "p.gif")]) == 2


@pytest.mark.parametrize(("h", "n", "reason"), [("relu", 6, "three or four labels"), ("hardtanh", 3, "homogeneous")])
def test_what_has_no_diagram_is_declined(h: str, n: int, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        made(h, n)
