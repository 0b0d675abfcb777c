"""Boxes around trained points of general programs: residual, convolutional; and of random programs, attacked."""

import json
import time
from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from symverify.certify.certificate import Certificate, spelled
from symverify.kernel import check
from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import rational
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.problem.load import loads
from symverify.report.explain import explain, render
from symverify.run.check import check as run_check
from symverify.run.verdict import Verdict
from symverify.search.box import enclose
from symverify.search.box_numbers import NotEnclosed
from symverify.search.float_network import as_floats
from symverify.search.programs.float_program import FloatProgram
from symverify.search.programs.training import ProgramTraining
from tests.kernel.corruption import no_data
from tests.search.test_programs import posed

Json = Any
SCALES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def document(shape: list[int], samples: int, seed: int, *nodes: Json, loss: Json = "squared") -> Json:
    rng, size = Random(seed), int(np.prod(shape))
    data = [
        {"x": [round(rng.uniform(-2, 2), 2) for _ in range(size)], "y": [round(rng.uniform(-2, 2), 2)]}
        for _ in range(samples)
    ]
    program = [{"name": "x", "op": "input", "shape": shape}, *nodes]
    return {"format": "symverify-network/1", "program": program, "loss": loss, "data": data}


def node(name: str, op: str, source: Any, **more: Any) -> Json:
    return {"name": name, "op": op, "from": source, **more}


RESIDUAL = document(
    [2], 10, 0,
    node("z", "affine", "x", units=2), node("a", "activation", "z", activation="relu"),
    node("s", "sum", ["a", "x"]), node("f", "affine", "s", units=1),
)  # fmt: skip
FILTERS = document(
    [1, 6], 8, 2,
    node("c", "conv1d", "x", channels=2, kernel=3), node("a", "activation", "c", activation="relu"),
    node("p", "max_pool1d", "a", kernel=2), node("v", "flatten", "p"), node("f", "affine", "v", units=1),
)  # fmt: skip
IMAGES = document(
    [1, 4, 4], 10, 0,
    node("c", "conv2d", "x", channels=2, kernel=3, padding=1), node("a", "activation", "c", activation="relu"),
    node("p", "max_pool2d", "a", kernel=2), node("v", "flatten", "p"), node("z", "affine", "v", units=2),
    node("b", "activation", "z", activation="relu"), node("f", "affine", "b", units=1),
)  # fmt: skip


def trained(network: Json, seed: int) -> Json:
    """The network at a point that training ends at, to five places."""
    problem = loads(json.dumps(network)).problem
    assert isinstance(problem, Programmed)
    *_, (theta, _) = ProgramTraining(problem).run(seed)
    point = problem.expand([Fraction(str(round(float(x), 5))) for x in theta])
    return network | {"parameters": spelled(problem, point)}


@pytest.mark.parametrize(("network", "seed"), [(RESIDUAL, 0), (FILTERS, 2), (IMAGES, 0)])
def test_trained_points_are_enclosed(network: Json, seed: int) -> None:
    given = trained(network, seed)
    result = run_check(loads(json.dumps(given)), ["minimum_in_box"], timeout=60, smt=False)
    claim = result["minimum_in_box"]
    assert claim.verdict is Verdict.PROVED, claim.reason
    assert claim.line.startswith("s PROVED minimum_in_box radius=1/")


def test_the_page_tells_of_nodes() -> None:
    file = loads(json.dumps(trained(RESIDUAL, 0)))
    problem, certificate = file.problem, Certificate(file.problem)
    assert isinstance(problem, Programmed)
    assert problem.parameters is not None
    found = enclose(problem, problem.parameters, certificate.centred, time.monotonic() + 30)
    certificate.claim("minimum_in_box", found.step)
    page = render(explain(file, certificate.text()), "text")
    assert "A local minimum in a box" in page
    assert ("passes a breakpoint" in page) != ("node  unit  sample" in page)


def attacked(seed: int, problem: Programmed, certificate: Certificate, step: int, centre: Any) -> bool:
    """Whether the risk is not seen to fall below that of the box: in steps far below the margins of pieces, signs."""
    fact, rng = certificate.fact(step), np.random.default_rng(seed)
    assert isinstance(fact, BoxMinimum)
    net, v, low = FloatProgram(problem), as_floats(problem, centre), float(fact.risk.lower)
    leaving = zip(net.forward(v)[1][:-1], net.breaks, strict=True)
    gaps = [x for x in np.abs(v).tolist() if x > 1e-9]
    gaps += [x for z, t in leaving for x in np.abs(z[..., None] - t).ravel().tolist() if x > 1e-9]
    limit = min(gaps, default=1.0) / (30 * (1 + float(np.abs(v).max())))
    for scale in SCALES:
        for _ in range(60):
            step_ = np.where(rng.random(net.size) < rng.random(), rng.normal(size=net.size) * scale, 0)
            step_ *= rng.choice([1, scale**-0.5], size=net.size)
            if np.abs(step_).max() < limit and net.risk(v + step_) < low - 1e-11:
                return False
    return True


def enclosed(seed: int) -> str | None:
    """A random program near a degenerate stationary point: the rule that encloses a minimum; it is attacked."""
    if (made := posed(seed)) is None:
        return None
    document, problem = made
    rng = Random(seed)
    start = [rational(x) + Fraction(rng.randint(-20, 20), 400) for x in problem.free(problem.parameters or ())]
    certificate = Certificate(problem)
    try:
        found = enclose(problem, problem.expand(list(start)), certificate.centred, time.monotonic() + 8)
    except (NotEnclosed, KernelError):
        return "open"
    certificate.claim("minimum_in_box", found.step)
    check(json.dumps(document).encode(), certificate.text(), no_data)
    assert attacked(seed, problem, certificate, found.step, found.centre), seed
    return str(certificate.steps[found.step]["rule"])


def test_boxes_of_random_programs_stand() -> None:
    tally = Counter(enclosed(seed) for seed in range(16))
    assert tally["face_span"] + tally["minimum_in_box"] >= 6


@pytest.mark.long
def test_boxes_of_three_hundred_random_programs_stand() -> None:
    tally = Counter(enclosed(seed) for seed in range(1000, 1300))
    print(tally)
    assert tally["face_span"] + tally["minimum_in_box"] > 150
