"""Every cell traps, where best fits are real: on random problems, against best fits and points found in floats."""

import json
import random
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import symverify
from symverify.kernel.reals.real_cell_traps import RealCellTraps
from symverify.report.claims import lines
from symverify.run.verdict import Verdict
from tests.examples import network, samples

F = Fraction
Json = Any
SPANS: dict[str, tuple[list[float], list[float], list[float]]] = {  # breakpoints, slopes, offsets
    "relu": ([0.0], [0.0, 1.0], [0.0, 0.0]), "abs": ([0.0], [-1.0, 1.0], [0.0, 0.0]),
    "hardtanh": ([-1.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]),
}  # fmt: skip


def made(rng: random.Random) -> Json:
    """A random problem with soft and hard labels, repeated inputs among them."""
    loss, d, n = rng.choice(["logistic", "poisson", "cross_entropy"]), rng.choice([1, 1, 2]), rng.randint(2, 4)
    outputs = rng.choice([2, 3]) if loss == "cross_entropy" else 1
    width = outputs + (loss != "cross_entropy") + rng.randint(0, 1)
    hidden, output = rng.choice(list(product([True, False], repeat=2)))
    xs = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(n)]

    def label() -> Json:
        if loss == "cross_entropy":
            shares = [rng.randint(0, 3) for _ in range(outputs - 1)]
            return [str(F(s, 9)) for s in shares] + [str(1 - F(sum(shares), 9))]
        return [str(F(rng.randint(0, 4), 4 if loss == "logistic" else 2))]

    shape, h = [d, width, outputs], rng.choice(list(SPANS))
    found = network(shape, h, samples(xs, [label() for _ in xs]), bias={"hidden": hidden, "output": output})
    return found | {"loss": {"name": loss, "reduction": "sum"}}


def loss_of(document: Json, f: Any) -> float:
    """The risk of predictions (n × d_Y), in floats."""
    y = np.array([[float(F(v)) for v in each["y"]] for each in document["data"]])
    match document["loss"]["name"]:
        case "logistic":
            return float((np.logaddexp(0, f) - y * f).sum())
        case "poisson":
            return float((np.exp(f) - y * f).sum())
    top = f.max(axis=1, keepdims=True)
    return float((top[:, 0] + np.log(np.exp(f - top).sum(axis=1)) - (y * f).sum(axis=1)).sum())


def inputs(document: Json) -> Any:
    """x̃, in floats."""
    rows = [[float(v) for v in each["x"]] + [1.0] * document["bias"]["hidden"] for each in document["data"]]
    return np.array(rows)


def best(document: Json, pieces: tuple[int, ...]) -> float:
    """The least risk over the span of a cell's features."""
    _, slopes, offsets = SPANS[document["activation"]]
    p = list(pieces)
    columns = [np.array(slopes)[p][:, None] * inputs(document), np.array(offsets)[p][:, None]]
    phi = np.hstack(columns + [np.ones((len(p), 1))] * document["bias"]["output"])
    outputs = document["layers"][-1]

    def risk(beta: Any) -> float:
        return loss_of(document, phi @ beta.reshape(phi.shape[1], outputs))

    return float(minimize(risk, np.zeros(phi.shape[1] * outputs), method="BFGS", options={"gtol": 1e-9}).fun)


@pytest.mark.parametrize("seed", range(12))
def test_risks_of_cells_are_those_of_best_fits_in_floats(seed: int) -> None:
    document = made(random.Random(seed))
    result = symverify.check(symverify.loads(json.dumps(document)), ["cell_traps"], smt=False)
    found = result["cell_traps"]
    assert found.verdict is Verdict.PROVED
    fact = next(step.fact for step in reversed(result.checked.steps) if isinstance(step.fact, RealCellTraps))
    assert len(fact.traps) == fact.count
    for pieces, risk in fact.traps:
        least = best(document, pieces)
        if risk is not None:
            assert float(risk.lower) - 1e-6 <= least <= float(risk.upper) + 1e-6
    if all(F(v) > 0 and (document["loss"]["name"] == "poisson" or F(v) < 1)
           for each in document["data"] for v in each["y"]):  # fmt: skip
        assert len(fact.risks) == fact.count
    words = lines(result, found)[0]
    assert f"for all labels {fact.inner}, each of the {fact.count} cells" in words


@pytest.mark.parametrize("seed", range(8))
def test_a_minimum_is_there_for_labels_inside_the_domain(seed: int) -> None:
    """Built by hand: K + 1 units of one cell that predict nearly the best fit; no point nearby is lower."""
    rng = random.Random(seed)
    document = made(rng)
    for each in document["data"]:
        k = len(each["y"])
        each["y"] = [str(F(1, k + 1))] if k == 1 else [str(F(1, k))] * k
    h, slopes, offsets = SPANS[document["activation"]]
    x, outputs, width = inputs(document), document["layers"][-1], document["layers"][1]
    w = np.array([rng.uniform(-2, 2) for _ in range(x.shape[1])])
    p = np.array([sum(t < z for t in h) for z in x @ w])
    if any(abs(z - t) < 1e-2 for z in x @ w for t in h):
        return
    columns = [np.array(slopes)[p][:, None] * x, np.array(offsets)[p][:, None]]
    phi = np.hstack(columns + [np.ones((len(p), 1))] * document["bias"]["output"])
    size = x.shape[1] + 1

    def risk(beta: Any) -> float:
        return loss_of(document, phi @ beta.reshape(phi.shape[1], outputs))

    beta = minimize(risk, np.zeros(phi.shape[1] * outputs), method="BFGS", options={"gtol": 1e-10}).x
    beta = beta.reshape(phi.shape[1], outputs)
    beta = beta - beta[:, -1:] if document["loss"]["name"] == "cross_entropy" else beta
    kinds = outputs - (document["loss"]["name"] == "cross_entropy")
    far = 1.0
    while True:  # u_0 + g_k, in the cell
        units = [far * np.array([*w, 1.0])] + [far * np.array([*w, 1.0]) + beta[:size, k] for k in range(kinds)]
        if all(u[-1] > 0 and (np.array([sum(t < z for t in h) for z in x @ (u[:-1] / u[-1])]) == p).all()
               and all(abs(z - t) > 1e-4 for z in x @ (u[:-1] / u[-1]) for t in h) for u in units):  # fmt: skip
            break
        far *= 2
    while len(units) < width:
        units = [units[0] / 2, units[0] / 2, *units[1:]]
    first = np.array([u[:-1] / u[-1] for u in units])
    shared = len(units) - kinds
    last = np.zeros((outputs, len(units)))
    for k in range(kinds):
        last[k, :shared] = [-u[-1] for u in units[:shared]]
        last[k, shared + k] = units[shared + k][-1]
    shift = beta[-1] if document["bias"]["output"] else np.zeros(outputs)

    def forward(a: Any, b: Any, c: Any) -> float:
        z = x @ a.T
        q = (z[..., None] > np.array(h)).sum(axis=-1)
        return loss_of(document, (np.array(slopes)[q] * z + np.array(offsets)[q]) @ b.T + c)

    least = forward(first, last, shift)
    assert abs(least - risk(beta.ravel())) < 1e-6
    draw = np.random.default_rng(seed)
    for _ in range(200):
        moved = [v + 1e-4 * draw.standard_normal(v.shape) for v in (first, last)]
        c = shift + 1e-4 * draw.standard_normal(outputs) * document["bias"]["output"]
        assert forward(*moved, c) >= least - 1e-9
