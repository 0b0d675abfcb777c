"""Trained deep and vector-valued networks: at how many ends of trainings a minimum is enclosed, and why at others not.

Run from the repository's root: python benchmarks/trainings.py SEED [NUMBERS], such as 101 or 202 3,29.

Data are drawn from the seed: twelve networks, of three shapes each under squared loss, then logistic and cross-entropy
loss, without and with weight decay; three trainings each, by L-BFGS from random parameters. They depend on the BLAS.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from scipy.optimize import minimize

from symverify.certify.certificate import Certificate
from symverify.kernel.core.network import Problem
from symverify.kernel.reals.minimum_in_box import BoxMinimum
from symverify.problem.load import loads
from symverify.search.box import enclose
from symverify.search.box_numbers import NotEnclosed
from symverify.search.float_network import Array, FloatNetwork
from symverify.search.snap_equations import as_point

SECONDS, STARTS = 60, 3
LEAKY, RELU = "1/10", "0"
SHAPES = [  # layers, negative slope, samples, loss, decay of every parameter
    ([2, 2, 2], LEAKY, 12, "squared", "1/50"),
    ([2, 2, 2], RELU, 14, "squared", "1/50"),
    ([2, 2, 2, 1], LEAKY, 16, "squared", "1/50"),
    ([2, 2, 1], LEAKY, 16, "logistic", "1/100"),
    ([2, 2, 2, 1], RELU, 20, "logistic", "1/100"),
    ([2, 2, 3], LEAKY, 18, "cross_entropy", "1/100"),
]


def problems(seed: int) -> Iterator[Problem]:
    """The twelve networks."""
    noise = np.random.default_rng(seed)
    for layers, slope, samples, loss, decay in SHAPES:
        xs = noise.integers(-6, 7, (samples, layers[0])).tolist()
        if loss == "squared":
            ys = [[f"{y}/2" for y in row] for row in noise.integers(-4, 5, (samples, layers[-1])).tolist()]
        else:
            classes = noise.integers(0, 2 if loss == "logistic" else layers[-1], samples).tolist()
            ys = [[y] if loss == "logistic" else y for y in classes]
        form = {
            "format": "symverify-network/1",
            "layers": layers,
            "activation": {"name": "two_piece", "negative_slope": slope, "positive_slope": 1},
            "loss": loss,
            "data": [{"x": [f"{a}/2" for a in x], "y": y} for x, y in zip(xs, ys, strict=True)],
        }
        yield loads(json.dumps(form)).problem
        yield loads(json.dumps(form | {"weight_decay": decay})).problem


def trained(problem: Problem, start: int) -> Array:
    """Two runs of L-BFGS, the second from the end of the first."""
    net = FloatNetwork(problem)
    v = np.random.default_rng(start).normal(size=net.size) * 0.9
    options = {"maxiter": 3000, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}

    def along(u: Array) -> tuple[float, Array]:
        return net.risk(u), net.gradient(u, net.pieces(u))[0]

    with np.errstate(over="ignore"):
        for _ in range(2):
            v = minimize(along, v, jac=True, method="L-BFGS-B", options=options).x
    return np.asarray(v)


def judged(problem: Problem, v: Array) -> tuple[str, str]:
    """ "enclosed", "to infinity" or "open", and the words for it."""
    certificate = Certificate(problem)
    point = as_point(problem, map(Fraction, v.tolist()))
    try:
        found = enclose(problem, point, certificate.centred, time.monotonic() + SECONDS)
    except NotEnclosed as error:
        return ("to infinity" if "infinity" in str(error) else "open"), str(error)
    fact = certificate.fact(found.step)
    if not isinstance(fact, BoxMinimum):
        raise TypeError("the step proves a minimum in a box")
    kinks = f"{len(fact.kinks)} kinks, {len(fact.held)} held, {len(fact.collapsed)} collapsed"
    return "enclosed", f"{certificate.steps[found.step]['rule']}, {kinks}, distance {found.distance:.3g}"


def main() -> None:
    seed = int(sys.argv[1])
    chosen = list(map(int, sys.argv[2].split(","))) if len(sys.argv) > 2 else list(range(2 * STARTS * len(SHAPES)))
    counts, every = Counter[str](), list(problems(seed))
    for k in chosen:
        problem = every[k // STARTS]
        v = trained(problem, k % STARTS)
        begun = time.process_time()
        result, words = judged(problem, v)
        counts[result] += 1
        shape = f"{'-'.join(map(str, problem.widths)):8}{problem.loss.name:14}{'decay' if problem.decays else '-':6}"
        risk = FloatNetwork(problem).risk(v)
        print(f"{k:3} {shape}{risk:11.7f} {result:12}{time.process_time() - begun:6.1f} s  {words}", flush=True)
    told = counts["enclosed"] + counts["to infinity"]
    print(
        f"seed {seed}: {counts['enclosed']} enclosed, {counts['to infinity']} told to run to infinity, {told} of",
        end=" ",
    )
    print(f"{len(chosen)} decided, {counts['open']} open")


if __name__ == "__main__":
    main()
