"""Minima in boxes: CPU seconds of the search and of the kernel, for networks up to 60 parameters and 50 samples.

Run from the repository's root: python benchmarks/boxes.py [seconds for each search]. Data and starts are drawn; what
cannot be enclosed says why.
"""

import json
import sys
import time
from fractions import Fraction

import numpy as np

from symverify.certify.certificate import Certificate, parameters
from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import Point
from symverify.problem.load import loads
from symverify.search.box import enclose
from symverify.search.box_numbers import NotEnclosed
from symverify.search.float_network import Array, FloatNetwork
from symverify.search.snap_equations import as_point

STEPS = 8000
CASES = [  # layers, samples, loss, weight decay: 15 parameters and 20 samples, up to 60 and 50
    ([2, 2, 2, 1], 20, "squared", "1/50"),
    ([2, 2, 2, 1], 20, "logistic", "1/50"),
    ([1, 4, 4, 1], 30, "squared", "1/50"),
    ([3, 7, 3, 2], 50, "squared", "1/50"),
    ([3, 7, 3, 2], 50, "squared", ""),
    ([4, 10, 1], 50, "squared", "1/50"),
]


def network(layers: list[int], samples: int, loss: str, decay: str) -> dict[str, object]:
    """Random data, in quarters, and the end of a training from random parameters."""
    noise = np.random.default_rng(7)
    xs = noise.integers(-12, 13, (samples, layers[0])).tolist()
    labels = noise.integers(0, 2, (samples, 1)) if loss == "logistic" else noise.integers(-8, 9, (samples, layers[-1]))
    per = 1 if loss == "logistic" else 4
    data = [
        {"x": [f"{a}/4" for a in x], "y": [f"{b}/{per}" for b in y]} for x, y in zip(xs, labels.tolist(), strict=True)
    ]
    form: dict[str, object] = {"format": "symverify-network/1", "layers": layers, "activation": "relu", "loss": loss}
    form |= {"data": data} | ({"weight_decay": decay} if decay else {})
    problem = loads(json.dumps(form)).problem
    ended = trained(FloatNetwork(problem), noise.normal(size=problem.size()))
    return form | {"parameters": parameters(as_point(problem, map(Fraction, ended.tolist())))}


def trained(net: FloatNetwork, v: Array) -> Array:
    """Adam with a rate that falls to 0."""
    mean, square = np.zeros(net.size), np.zeros(net.size)
    for t in range(1, STEPS + 1):
        g = net.gradient(v, net.pieces(v))[0]
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
        rate = 0.02 * (1 - t / STEPS) / (1 - 0.9**t)
        v = v - rate * mean / (np.sqrt(square / (1 - 0.999**t)) + 1e-12)
    return v


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    print(f"{'layers':12} {'D':>3} {'n':>3} {'loss':9} {'decay':6} {'search':>7} {'kernel':>7}")
    for layers, samples, loss, decay in CASES:
        problem = loads(json.dumps(network(layers, samples, loss, decay))).problem
        certificate, kernel = Certificate(problem), [0.0]

        def prove(
            rule: str, at: Point, fields: dict[str, object], to: Certificate = certificate, spent: list[float] = kernel
        ) -> int:
            """A step, with the time that the kernel takes for it; the last one counts."""
            begun = time.process_time()
            try:
                return to.centred(rule, at, fields)
            finally:
                spent[0] = time.process_time() - begun

        begun = time.process_time()
        try:
            if problem.parameters is None:
                raise ValueError("the network has parameters")
            found = enclose(problem, problem.parameters, prove, time.monotonic() + seconds)
            rule = str(certificate.steps[found.step]["rule"])
            words = f"{rule}, {len(certificate.steps[found.step]['kinks'])} kinks"  # type: ignore[arg-type]
        except (NotEnclosed, KernelError) as error:
            words = str(error)
        whole, shape = time.process_time() - begun, "-".join(map(str, layers))
        told = f"{shape:12} {problem.size():3} {samples:3} {loss:9} {decay or '-':6} {whole:7.2f} {kernel[0]:7.2f}"
        print(f"{told}  {words}", flush=True)


if __name__ == "__main__":
    main()
