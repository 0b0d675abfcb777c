"""More small files that ask for a lot of work: in evaluating networks, programs and polynomials."""

from tests.campaigns.meter import CASES as CASES
from tests.campaigns.meter import GIVEN, Case, at, case
from tests.campaigns.meter import files as files
from tests.examples import layer, network, samples


@case
def point_with_many_breakpoints() -> Case:
    n, m = 1000, 3000
    shape = {"breakpoints": list(range(m)), "slopes": [k % 2 for k in range(m + 1)], "anchor": [0, 0]}
    theta = [layer([["1/3"]]), layer([["1/3"]]), layer([["1"]])]
    return network([1, 1, 1, 1], shape, samples(range(n), [0] * n), bias=False, parameters=theta), [GIVEN] * 100


def moving(shape: object, weight: list[str]) -> Case:
    """Units that are off on all samples, and move."""
    n, h = 60, 20
    theta, path = (
        [layer([["-1"]] * h), layer([["0"] * h])],
        [{"weight": [[weight]] * h}, {"weight": [["0"] * h]}],
    )
    document = network([1, h, 1], shape, samples(range(1, n + 1), [0] * n), bias=False, parameters=theta)
    return document, [GIVEN, at("interior_minimum", "point", 0), *[at("valley", "minimum", 1, path=path)] * 6]


@case
def valley_of_high_degree() -> Case:
    return moving("relu", ["-1"] * 129)


@case
def valley_with_many_breakpoints() -> Case:
    m = 3000
    shape = {"breakpoints": list(range(m)), "slopes": [0] + [1 + k % 2 for k in range(m)], "anchor": [0, 0]}
    return moving(shape, ["-1", "-1/3"])


@case
def sums_of_sums() -> Case:
    """The k-th affine node is made of all paths to it, as many as the k-th Fibonacci number."""
    nodes: list[object] = [{"name": "x", "op": "input", "shape": [1]}]
    before, weights = "x", {}
    for name in ("a", "s0", "s1"):
        nodes.append({"name": name, "op": "affine", "from": before, "units": 1})
        weights[name], before = {"weight": [["1"]], "bias": ["1"]}, "h" if name == "a" else name
        nodes += [{"name": "h", "op": "activation", "from": "a", "activation": "relu"}] * (name == "a")
    nodes += [{"name": f"s{k}", "op": "sum", "from": [f"s{k - 1}", f"s{k - 2}"]} for k in range(2, 36)]
    document = network([1, 1, 1], "relu", samples([1, 2], [0, 0]), parameters=weights) | {"program": nodes}
    for key in ("layers", "activation", "bias"):
        document.pop(key, None)
    return document, [GIVEN, at("interior_minimum", "point", 0)]
