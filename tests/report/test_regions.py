"""Phase diagrams of label space: known shares, exact walls, well-formed pictures."""

import json
import random
from fractions import Fraction
from math import atan, pi, sqrt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from symverify.cli import run
from symverify.ground.lp import dot
from symverify.kernel.core.errors import Declined
from symverify.problem.load import loads
from symverify.report.regions import as_json, summary, svg
from symverify.search.diagram import Diagram, diagram
from symverify.search.half_sphere import cut, labels_of
from tests.examples import network, samples

LEAKY = {"name": "leaky_relu", "negative_slope": "1/4"}


LATE = {"breakpoints": ["0", "1"], "slopes": ["0", "1", "2"], "anchor": ["0", "0"]}


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
    assert any("different risks" in title and "·y > 0" in title for title in titles)
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
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "t.csv").write_text("x,y\n0,0\n1,0\n2,1\n")
    table = {"csv": "t.csv", "inputs": ["x"], "targets": ["y"]}
    network_file.write_text(json.dumps(json.loads(network_file.read_text()) | {"data": table}))
    assert run(["regions", str(network_file)]) == 2
    assert run(["regions", str(network_file), "--data", str(tmp_path / "far" / "t.csv")]) == 3


@pytest.mark.parametrize(
    ("h", "n", "reason"), [("relu", 6, "three or four labels"), (LATE, 3, "least risk is attained")]
)
def test_what_has_no_diagram_is_declined(h: Any, n: int, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        made(h, n)
    with pytest.raises(Declined, match="squared loss without weight decay"):
        made("relu", 3, weight_decay="1/10")


@pytest.mark.parametrize("h", ["relu", LEAKY, "hardtanh"])
def test_regions_of_the_half_sphere_are_exact(h: Any) -> None:
    """Every direction is in one region, and there the sheets with minima are the region's, by their exact forms."""
    found, rng = made(h, 4), random.Random(1)
    for region in found.regions:
        assert region.inside[2] > 0
        labels = [Fraction(x) for x in labels_of(found.axes, region.inside)]
        assert region.sheets == tuple(k for k, sheet in enumerate(found.sheets) if sheet.cone.holds(labels))
    for _ in range(60):
        d = (rng.randint(-99, 99), rng.randint(-99, 99), rng.randint(1, 99))
        around = [region for region in found.regions if contains(region.corners, d)]
        labels = [Fraction(x) for x in labels_of(found.axes, d)]
        there = {k for k, sheet in enumerate(found.sheets) if sheet.cone.holds(labels)}
        if all(dot(g, labels) for sheet in found.sheets for g in (*sheet.cone.strict, *sheet.cone.weak)):
            assert {region.sheets for region in around} == {tuple(sorted(there))}
        assert around


def contains(corners: Any, d: tuple[int, int, int]) -> bool:
    """Whether a direction is in the polygon of these: on the same side of all its sides, or on one."""
    sides = []
    for a, b in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        normal = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
        sides.append(sum(x * y for x, y in zip(normal, d, strict=True)))
    return min(sides) >= 0 or max(sides) <= 0


def test_the_picture_of_the_half_sphere_has_its_corners_and_its_gold() -> None:
    found = made("relu", 4)
    text = svg(found)
    titles = [each.text or "" for each in ElementTree.fromstring(text).iter() if each.tag.endswith("title")]
    assert sum("different risks; corners" in title for title in titles) == len(found.regions)
    assert any("here the affine fit is the global minimum" in title for title in titles)
    assert "right: (-3, -1, 1, 3), a straight line" in text
    assert "the affine fit is the global" not in svg(made(LEAKY, 4))
    document = json.loads(as_json(found))
    assert len(document["regions"]) == len(found.regions)
    assert all(len(region["corners"]) > 2 for region in document["regions"])


def test_a_cut_of_a_polygon() -> None:
    square = [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, 1)]
    above, below = cut(square, (1, 0, 0))
    assert set(above) == {(1, 1, 1), (1, -1, 1), (0, 1, 1), (0, -1, 1)}
    assert set(below) == {(-1, 1, 1), (-1, -1, 1), (0, 1, 1), (0, -1, 1)}
    assert cut(square, (0, 0, 1)) == (square, [])
    assert len(cut(square, (1, 0, -1))[0]) == 2
