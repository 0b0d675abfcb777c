"""What is so about the points of a certificate, by an evaluation of its own (`tests.oracles.network`).

The judge reads what a reader reads: the network file and the certificate's points and curves.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from tests.oracles.network import Oracle, matrix_rank, moved, numbers

Json = Any
TINY = Fraction(1, 2**60)


class Untrue(AssertionError):
    """Something is printed that is not so."""


def holds(so: bool, what: str) -> None:
    """Untrue unless it is so."""
    if not so:
        raise Untrue(what)


@dataclass(slots=True)
class Judge:
    """One problem with its certificate."""

    document: Json
    certificate: Json
    seed: int = 0

    @property
    def oracle(self) -> Oracle:
        """The network, evaluated plainly."""
        return Oracle(self.document)

    def point_of(self, step: int) -> Json:
        """The parameters of the point that a step is about, by following its premises."""
        entry = self.certificate["steps"][step]
        if entry["rule"] == "point":
            given = entry["parameters"] == "given"
            return self.document["parameters"] if given else entry["parameters"]
        roles = entry["from"]
        return self.point_of(roles[next(role for role in ("minimum", "point", "cell") if role in roles)])

    def points(self) -> list[Json]:
        """All points that the certificate evaluates."""
        return [self.point_of(k) for k, step in enumerate(self.certificate["steps"]) if step["rule"] == "point"]

    def step(self, rule: str) -> Json:
        """The first step of a rule."""
        return next(step for step in self.certificate["steps"] if step["rule"] == rule)

    # what a point is

    def named(self, who: str, point: Json) -> None:
        """The name fits the point."""
        given = self.document.get("parameters")
        if who == "the given point":
            holds(given is not None and numbers(given) == numbers(point), "it is not the given point")
        if who == "the affine fit":
            self.best_affine(point)

    def best_affine(self, point: Json) -> None:
        """The predictions are affine, and no better affine ones are near (the risk of affine maps is convex)."""
        oracle = self.oracle
        f, rows = oracle.predictions(point), [[*x, Fraction(1)] for x, _ in oracle.samples()]
        whole = [[*row, *values] for row, values in zip(rows, f, strict=True)]
        holds(matrix_rank(whole) == matrix_rank(rows), "the predictions are not affine in the inputs")
        here = oracle.risk_of(f)
        for k in range(len(f[0])):
            for column in range(len(rows[0])):
                for sign in (1, -1):
                    there = [
                        [v + sign * TINY * row[column] * (c == k) for c, v in enumerate(values)]
                        for values, row in zip(f, rows, strict=True)
                    ]
                    holds(oracle.risk_of(there) >= here, "another affine map is better")

    def stays(self, point: Json) -> None:
        """A local minimum: nothing lower very close by."""
        holds(self.oracle.lower_nearby(point, trials=60, seed=self.seed) is None, "a lower point is very close by")

    def inside(self, point: Json) -> bool:
        """Whether it is strictly inside a cell; pre-activations that no parameter moves bound none."""
        oracle, biased = self.oracle, self.document.get("bias", True)
        hidden = biased if isinstance(biased, bool) else biased["hidden"]
        for x, _ in oracle.samples():
            for m, z in enumerate(oracle.pre_activations(point, x)[:-1]):
                dead = m == 0 and not hidden and not any(x)
                if not dead and set(z) & set(real_breakpoints(oracle, m)):
                    return False
        return True

    def least_in_cell(self, point: Json, risk: Fraction) -> None:
        """No point of the cell of a point has lower risk, of many tried, near and far."""
        rng, pattern, oracle = Random(self.seed), self.pattern(point), self.oracle
        size = len(numbers(point))
        for k in range(60):
            scale = Fraction(1, 2 ** (k % 12))
            there = moved(point, [scale * rng.randint(-3, 3) for _ in range(size)])
            if self.pattern(there) == pattern:
                holds(oracle.risk(there) >= risk, "a point of the cell has lower risk")

    def pattern(self, point: Json) -> Json:
        """The pieces of all pre-activations, by counting the breakpoints below."""
        oracle = self.oracle
        return [
            [[sum(t < v for t in real_breakpoints(oracle, m)) for v in z] for m, z in enumerate(layers[:-1])]
            for layers in (oracle.pre_activations(point, x) for x, _ in oracle.samples())
        ]

    def nothing_below(self, risk: Fraction) -> None:
        """No network tried has lower risk: random hidden layers, the last layer fitted."""
        lowest = lowest_seen(self.oracle, self.seed)
        holds(lowest >= float(risk) - 1e-7 * (1 + float(risk)), f"a network of risk {lowest} was found")
        for point in self.points():
            holds(self.oracle.risk(point) >= risk, "a point of the certificate is lower")

    def nothing_below_it(self, point: Json) -> None:
        """No network tried has lower risk than a point that is no point of the certificate."""
        risk = float(self.oracle.risk(point))
        holds(lowest_seen(self.oracle, self.seed) >= risk - 1e-7 * (1 + risk), "a network of lower risk was found")

    def dimension(self, point: Json, claimed: int, exactly: bool) -> None:
        """Of the points of the cell with the same predictions, near a point strictly inside it."""
        oracle, size, rng = self.oracle, len(numbers(point)), Random(self.seed)
        rank = oracle.jacobian_rank(point)
        holds(size - rank == claimed, f"the dimension is not {claimed}: {size} parameters, rank {rank}")
        near = [oracle.jacobian_rank(moved(point, [TINY * rng.randint(-9, 9) for _ in range(size)])) for _ in range(4)]
        holds(not exactly or set(near) == {rank}, "the rank is not constant nearby")
        holds(min(near) >= rank, "the rank falls nearby")

    def family(self, point: Json) -> int:
        """The dimension of families of equal networks seen at a point: rescaled units, and units that nothing reads."""
        oracle, rows = self.oracle, []
        here, start = oracle.predictions(point), numbers(point)
        for there in families(oracle, point):
            if oracle.predictions(there) == here:
                rows.append([a - b for a, b in zip(numbers(there), start, strict=True)])
        return matrix_rank(rows) if rows else 0


def real_breakpoints(oracle: Oracle, layer: int) -> list[Fraction]:
    """The breakpoints at which the slope changes."""
    breakpoints, slopes, _ = oracle.activation(layer)
    return [t for t, a, b in zip(breakpoints, slopes, slopes[1:], strict=False) if a != b]


def families(oracle: Oracle, point: Json) -> list[Json]:
    """Points near a point that may have the same predictions: a unit's weights scaled or, where unread, moved."""
    found = []
    for m in range(len(point) - 1):
        for j in range(len(point[m]["weight"])):
            row, bias = point[m]["weight"][j], point[m].get("bias")
            for t in (1 + TINY, 1 - 3 * TINY):
                new = json.loads(json.dumps(point))
                new[m]["weight"][j] = [str(Fraction(w) * t) for w in row]
                if bias is not None:
                    new[m]["bias"][j] = str(Fraction(bias[j]) * t)
                for after in new[m + 1]["weight"]:
                    after[j] = str(Fraction(after[j]) / t)
                found.append(new)
            for c in range(len(row) + (bias is not None)):
                new = json.loads(json.dumps(point))
                if c < len(row):
                    new[m]["weight"][j][c] = str(Fraction(row[c]) + TINY)
                else:
                    new[m]["bias"][j] = str(Fraction(bias[j]) + TINY)
                found.append(new)
    return found


def lowest_seen(oracle: Oracle, seed: int, trials: int = 300) -> float:
    """The least risk of networks with random hidden layers, many kinks at samples, and the last layer fitted."""
    rng, document = np.random.default_rng(seed), oracle.document
    x = np.array([[float(v) for v in each] for each, _ in oracle.samples()])
    y = np.array([[float(v) for v in each] for _, each in oracle.samples()])
    biased = document.get("bias", True)
    hidden, output = (biased, biased) if isinstance(biased, bool) else (biased["hidden"], biased["output"])
    lowest = np.inf
    for trial in range(trials):
        a = x
        for m, width in enumerate(document["layers"][1:-1]):
            weight = rng.normal(size=(a.shape[1], width)) if trial % 2 else rng.integers(-2, 3, (a.shape[1], width))
            z = a @ weight
            if hidden:
                shift = z[rng.integers(len(z), size=width), np.arange(width)]
                z = z - (shift if trial % 3 else rng.normal(size=width))
            a = activated(oracle, m, z)
        features = np.hstack([a, np.ones((len(a), 1))]) if output else a
        best, *_ = np.linalg.lstsq(features, y, rcond=None)
        errors = features @ best - y
        lowest = min(lowest, float_risk(oracle, errors))
    return float(lowest)


def activated(oracle: Oracle, layer: int, z: Any) -> Any:
    """h(z), elementwise, in floats."""
    breakpoints, slopes, (x, y) = oracle.activation(layer)
    t, s = [float(v) for v in breakpoints], [float(v) for v in slopes]

    def integral(v: Any) -> Any:
        total = s[0] * v
        for kink, before, after in zip(t, s, s[1:], strict=False):
            total = total + (after - before) * np.maximum(v - kink, 0)
        return total

    return integral(z) - integral(np.array(float(x))) + float(y)


def float_risk(oracle: Oracle, errors: Any) -> float:
    """The risk of errors (n × d_Y)."""
    given = oracle.document["loss"]
    given = {"name": given} if isinstance(given, str) else given
    size, delta = np.abs(errors), float(Fraction(given.get("delta", 1)))
    each = errors**2
    if given["name"] == "huber":
        each = np.where(size <= delta, errors**2 / 2, delta * size - delta**2 / 2)
    mean = given.get("reduction", "mean") == "mean"
    return float(Fraction(given.get("factor", 1))) * each.sum() / (len(errors) if mean else 1)
