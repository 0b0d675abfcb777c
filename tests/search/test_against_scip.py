"""The exact global minimum agrees with SCIP, an independent solver in floats, on problems of many kinds."""

import itertools
import random
from fractions import Fraction

import pytest

from symverify.search.global_minimum import global_minimum
from tests.shallow import height, labels, shallow, table

RELU = {"breakpoints": [0], "slopes": [0, 1], "anchor": (0, 0)}
LEAKY = {"breakpoints": [0], "slopes": [Fraction(1, 4), 1], "anchor": (0, 0)}
HARDTANH = {"breakpoints": [-1, 1], "slopes": [0, 1, 0], "anchor": (0, 0)}
ABS = {"breakpoints": [0], "slopes": [-1, 1], "anchor": (0, 0)}
PROBLEMS = [
    (5, 1, 1, RELU, True, True),
    (6, 1, 2, RELU, True, True),
    (6, 2, 1, RELU, True, True),
    (7, 3, 1, LEAKY, True, True),
    (6, 1, 2, LEAKY, True, False),
    (5, 2, 2, LEAKY, False, True),
    (5, 1, 3, RELU, True, True),
    (6, 1, 4, RELU, False, True),
    (5, 1, 1, HARDTANH, True, True),
    (6, 1, 2, ABS, True, True),
    (4, 1, 3, RELU, True, True),
    (4, 1, 4, RELU, False, True),
]
SLOW = (6, 7)  # three and four units: with fewer samples in the last two


def scip_minimum(pyscipopt, inst, signs):
    """min Σ (f − y)² with fixed output signs: units (u, ν) = |v| (w, 1), a piece chosen for each unit and sample."""
    model = pyscipopt.Model()
    model.hideOutput()
    slopes, t = inst.activations[0].slopes, inst.activations[0].breakpoints
    offsets = [float(height(inst, x) - s * x) for x, s in zip([t[0], *t], slopes, strict=True)]
    outputs = [[] for _ in inst.inputs]
    for j, sign in enumerate(signs):
        u = [model.addVar(f"u{j}_{c}", lb=-50, ub=50) for c in range(len(table(inst)[0]))]
        nu = model.addVar(f"nu{j}", lb=0, ub=50)
        for i, x in enumerate(table(inst)):
            z = pyscipopt.quicksum(float(a) * b for a, b in zip(x, u, strict=True))
            p = model.addVar(f"p{i}_{j}", lb=None)
            pieces = [model.addVar(f"b{i}_{j}_{q}", vtype="B") for q in range(len(slopes))]
            model.addCons(pyscipopt.quicksum(pieces) == 1)
            for q, chosen in enumerate(pieces):
                value = float(slopes[q]) * z + offsets[q] * nu
                model.addConsIndicator(p <= value, chosen)
                model.addConsIndicator(-p <= -value, chosen)
                if q > 0:
                    model.addConsIndicator(float(t[q - 1]) * nu - z <= 0, chosen)
                if q < len(t):
                    model.addConsIndicator(z - float(t[q]) * nu <= 0, chosen)
            outputs[i].append(sign * p)
    c0 = model.addVar("c0", lb=None) if inst.output_bias else 0
    squares = []
    for i, y in enumerate(labels(inst)):
        e = model.addVar(f"e{i}", lb=None)
        model.addCons(e == c0 + pyscipopt.quicksum(outputs[i]) - float(y))
        squares.append(e * e)
    total = model.addVar("total", lb=0)
    model.addCons(pyscipopt.quicksum(squares) <= total)
    model.setObjective(total, "minimize")
    model.setParam("limits/time", 60)
    model.optimize()
    assert model.getStatus() == "optimal"
    return model.getObjVal()


@pytest.mark.parametrize(
    "number", [pytest.param(k, marks=pytest.mark.long if k in SLOW else ()) for k in range(len(PROBLEMS))]
)
def test_scip_finds_the_same_minimum(number):
    pyscipopt = pytest.importorskip("pyscipopt", reason="needs the bench extra")
    n, d, width, shape, hidden, output = PROBLEMS[number]
    rng = random.Random(number)
    X = [[rng.randint(-4, 4) for _ in range(d)] for _ in range(n)]
    y = [rng.randint(-3, 3) for _ in range(n)]
    inst = shallow(X, y, width, hidden_bias=hidden, output_bias=output, **shape)
    exact = global_minimum(inst)
    assert exact.closed
    splits = itertools.combinations_with_replacement((1, -1), width)
    found = min(scip_minimum(pyscipopt, inst, signs) for signs in splits)
    assert found == pytest.approx(float(exact.lower), abs=1e-4, rel=1e-4)
