"""Points of deep and vector-valued networks, cell by cell: sixty stationary points, and what must not be accepted.

`stationary_points.json` has points of Theorem 1, dead layers, exact fits, points strictly inside cells and on kinks,
saddles, and points with flat directions beside the symmetries; with ReLU, leaky ReLU, |z|, hard tanh and ReLU6.
`points_on_faces.json` has minima that need flows on faces, minorants that are constant on faces only, or cells that are
empty by kinks beyond the first layer.
"""

import json
import random
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import symverify
from symverify.certify.chains import local_minimum
from symverify.certify.session import Decision, Session
from symverify.kernel.core.network import Point, Problem, coordinates, predictions, rational, risk, risk_along
from symverify.search.answers import Descends, Unknown
from symverify.search.kkt import Minimum, decide_by_cells
from symverify.search.snap_equations import as_point
from tests.examples import layer, network, samples

POINTS = json.loads((Path(__file__).parent / "stationary_points.json").read_text())
ON_FACES = json.loads((Path(__file__).parent / "points_on_faces.json").read_text())


def attacked(problem: Problem, theta: Point, rng: random.Random, tries: int = 150) -> bool:
    """Whether a random point very near has lower risk, exactly."""
    start, here = [rational(x) for x in coordinates(theta)], risk(problem, predictions(problem, theta))
    for _ in range(tries):
        size = Fraction(1, rng.choice([10**3, 10**5, 10**8]))
        moved = [x + size * rng.randint(-9, 9) * (rng.random() < 0.5) for x in start]
        if risk(problem, predictions(problem, as_point(problem, moved))) < here:
            return True
    return False


@pytest.mark.parametrize("document", POINTS, ids=lambda document: document["name"])
def test_stationary_points_are_decided(document: Any) -> None:
    """The kernel proves or refutes each; what is proved withstands an attack."""
    problem = symverify.loads(document).problem
    assert problem.parameters is not None
    session = Session(problem, time.monotonic() + 60)
    found = local_minimum(session, session.certificate.point(problem.parameters), problem.parameters)
    assert isinstance(found, Decision), found
    if not found.refuted:
        assert not attacked(problem, problem.parameters, random.Random(document["name"]))


@pytest.mark.parametrize("document", ON_FACES, ids=lambda document: document["name"])
def test_minima_on_faces_are_proved(document: Any) -> None:
    problem, theta = point(document)
    session = Session(problem, time.monotonic() + 60)
    found = local_minimum(session, session.certificate.point(theta), theta)
    assert isinstance(found, Decision), found
    assert not found.refuted
    assert not attacked(problem, theta, random.Random(document["name"]))


def test_no_time_is_left() -> None:
    """Cells are not looked at beyond a deadline, and the reason says so."""
    found = decide_by_cells(*point(ON_FACES[0]), expired=lambda: True)
    assert isinstance(found, Unknown)
    assert found.reason == "cell 1 of 8 around the point: not looked at in time"


def point(document: Any) -> tuple[Problem, Point]:
    problem = symverify.loads(document).problem
    assert problem.parameters is not None
    return problem, problem.parameters


def test_a_flat_direction_of_fourth_order() -> None:
    """R = ½ (u w)² at 0: all second derivatives vanish, and it is a minimum, as the minorant is constant."""
    data = samples([1], [0])
    theta = [layer([["0"]]), layer([["0"]])]
    problem, at = point(network([1, 1, 1], "identity", data, "1/2", bias=False, parameters=theta))
    found = decide_by_cells(problem, at)
    assert isinstance(found, Minimum)
    assert [entry.kind for entry in found.entries] == ["flat"]


def test_a_rise_along_every_line_is_not_enough() -> None:
    """1-1-1-1 identity at w = (0, 0, 0), label 1: ∇ = 0 and ∇² = 0, but u v w grows along (t, t, t)."""
    data = samples([1], [1])
    theta = [layer([["0"]]), layer([["0"]]), layer([["0"]])]
    problem, at = point(network([1, 1, 1, 1], "identity", data, "1/2", bias=False, parameters=theta))
    found = decide_by_cells(problem, at)
    assert isinstance(found, Descends)
    assert (risk_along(problem, found.curve) - risk(problem, predictions(problem, at))).sign_after_zero() < 0


def test_the_reason_names_the_cell() -> None:
    """A saddle of high order that no tried curve leaves is open, with the cell and the condition."""
    found = [decide_by_cells(*point(document)) for document in POINTS[:3]]
    assert all(isinstance(each, Minimum | Descends | Unknown) for each in found)
    for each in found:
        if isinstance(each, Unknown):
            assert each.reason.startswith("cell ")
