"""Certificates that the kernel accepts, by name: at least one for each rule, small enough to read.

Every case is a network file and its certificate; `proof(name)` copies the certificate for a test to corrupt.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.examples import Number, layer, network, samples
from tests.kernel.corruption import Json, certificate

FOUR = samples([0, 1, 2, 3], [0, 0, 0, 1])
FIT = [layer([["3/10"], ["0"]], ["14/5", "1"]), layer([["1", "0"]], ["-3"])]
BETTER = [layer([["3/10"], ["1"]], ["14/5", "-2"]), layer([["0", "1"]], ["0"])]
PATH: Json = [layer([["3/10"], ["0"]], [["14/5", "1"], "1"]), layer([["1", "0"]], [["-3", "-1"]])]
THIRD = {"name": "leaky_relu", "negative_slope": "1/3"}


@dataclass(frozen=True)
class Case:
    """A network file and a certificate about it, which is made when it is first read."""

    network: Json
    made: Callable[[], Json]

    @cached_property
    def proof(self) -> Json:
        """The certificate."""
        return self.made()


def case(document: Json, steps: Sequence[Json], *claims: Json) -> Case:
    """The certificate with these steps and claims."""
    return Case(document, lambda: certificate(document, steps, claims))


def point(parameters: Json = "given") -> Json:
    """A point step."""
    return {"rule": "point", "parameters": parameters}


def claim(name: str, step: int, verdict: str = "proved", **statement: Json) -> Json:
    """A claim."""
    return {"claim": name, "verdict": verdict, "step": step} | statement


def given(
    step: int, risk: str, verdict: str = "proved", spurious: bool | None = None, better: str | None = None
) -> Json:
    """The claim about the given point."""
    return claim("point", step, verdict, risk=risk, spurious=spurious, better_risk=better)


def small(numbers: Sequence[Number], **more: Json) -> Json:
    """1-1-1, ReLU with biases, at [w, b, v, c]."""
    w, b, v, c = numbers
    return {"parameters": [layer([[w]], [b]), layer([[v]], [c])], **more}


def theorem_1() -> Case:
    """The whole of a usual certificate: assumptions, a spurious minimum, its valley, the given point."""
    steps: list[Json] = [
        {"rule": "assumptions"},
        point(FIT),
        {"rule": "interior_minimum", "from": {"point": 1}},
        point(BETTER),
        {"rule": "spurious_minimum", "from": {"minimum": 2, "better": 3}},
        {"rule": "valley", "from": {"minimum": 4}, "path": PATH},
        point(),
        {"rule": "interior_minimum", "from": {"point": 6}},
        {"rule": "spurious_minimum", "from": {"minimum": 7, "better": 3}},
    ]
    parameters = [layer([["3/10"], [0]], ["4/5", 1]), layer([[1, 0]], [-1])]
    return case(
        network([1, 2, 1], "relu", FOUR, "1/2", parameters=parameters),
        steps,
        claim("assumptions", 0, A1=True, A2=True, A3=True, A4=True, AL=True),
        claim("spurious_minimum", 4, risk="3/20", better_risk="0"),
        claim("valley", 5, risk="3/20", better_risk="0", dimension=5, exact=True),
        given(8, "3/20", spurious=True, better="0"),
    )


def interior() -> dict[str, Case]:
    """Minima strictly inside a cell: deep, vector-valued, dead, several pieces, Huber, mean."""
    deep = [
        layer([["3/10"], ["0"]], ["14/5", "1"]),
        layer([["1", "0"], ["0", "0"]], ["0", "1"]),
        layer([["1", "0"]], ["-3"]),
    ]
    vector = [layer([["1"], ["0"], ["0"]], ["1", "1", "1"]), layer([["0", "0", "0"], ["0", "1", "2"]], ["1/2", "-3"])]
    dead = [layer([["0"], ["0"]], ["-1", "-2"]), layer([["1", "5"]], ["1/4"])]
    flat = [layer([["1/10"], ["0"]], ["0", "1/2"]), layer([["3", "0"]], ["-1/5"])]
    steps: list[Json] = [point(deep), {"rule": "interior_minimum", "from": {"point": 0}}]
    path = [
        layer([["3/10"], ["0"]], [["14/5", "1"], "1"]),
        layer([["1", "0"], ["0", "0"]], [["0", "0", "1/2"], "1"]),
        layer([["1", "0"]], [["-3", "-1", "-1/2"]]),
    ]
    valley = {"rule": "valley", "from": {"minimum": 1}, "path": path}
    given_minimum = [point(), {"rule": "interior_minimum", "from": {"point": 0}}]
    huber = network([1, 2, 1], "relu", samples([0, 0, 0], [0, 0, 3]), parameters=[
        layer([[1], [1]], [1, 1]), layer([[1, 1]], ["-3/2"])
    ])  # fmt: skip
    huber["loss"] = {"name": "huber", "reduction": "sum", "delta": 1}
    means = network([1, 2, 1], THIRD, FOUR, parameters=[layer([["3/10"], [0]], ["4/5", 1]), layer([[1, 0]], [-1])])
    means["loss"] = "squared"
    return {
        "deep": case(
            network([1, 2, 2, 1], THIRD, FOUR, "1/2"), [*steps, valley],
            claim("valley", 2, risk="3/20", better_risk=None, dimension=11, exact=True),
        ),
        "vector": case(
            network([1, 3, 2], "relu", samples([0, 0], [[0, -1], [1, 1]]), parameters=vector), given_minimum,
            given(1, "5/2"),
        ),
        "dead": case(
            network([1, 2, 1], "relu", FOUR, parameters=dead), [*given_minimum, {
                "rule": "valley", "from": {"minimum": 1}, "path": [layer([["0"], ["0"]], [["-1", "-1"], "-2"]), dead[1]]
            }],
            given(1, "3/4"), claim("valley", 2, risk="3/4", better_risk=None, dimension=6, exact=True),
        ),
        "hardtanh": case(network([1, 2, 1], "hardtanh", FOUR, parameters=flat), given_minimum, given(1, "3/10")),
        "huber": case(huber, given_minimum, given(1, "9/4")),
        "mean": case(means, given_minimum, given(1, "3/40")),
    }  # fmt: skip


def faces() -> dict[str, Case]:
    """Minima on boundaries: with multipliers, by rays, units of weight 0, repeated boundaries, no biases."""
    kink = samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3])
    one = [point(), {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [["0"]]}]
    two = [layer([[1], [0]], [-3, -1]), layer([[1, 0]], [0])]
    origin = network([1, 1, 1], "relu", samples([0, 1, 2], [-1, -1, -1]), bias={"hidden": True, "output": False})
    origin["parameters"] = [layer([[0]], [0]), layer([[1]])]
    lower = [layer([["0"]], ["1"]), layer([["-1"]])]
    plane = network([2, 1, 1], "relu", samples([[1, 0], [0, 1], [1, 1]], [-1, -1, -2]), bias=False)
    plane["parameters"] = [layer([[0, 0]]), layer([[1]])]
    by_rays = {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [None]}
    return {
        "kink": case(network([1, 1, 1], "relu", kink, parameters=[layer([[1]], [-3]), layer([[1]], [0])]), one,
                     given(1, "18")),
        "kink by rays": case(
            network([1, 1, 1], "relu", kink, parameters=[layer([[1]], [-3]), layer([[1]], [0])]), [point(), by_rays],
            given(1, "18"),
        ),
        "kink and idle unit": case(
            network([1, 2, 1], "relu", kink, parameters=two),
            [point(), {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [["0"], []]}], given(1, "18"),
        ),
        "origin": case(
            origin,
            [point(), by_rays, point(lower), {"rule": "spurious_minimum", "from": {"minimum": 1, "better": 2}}],
            given(3, "3", spurious=True, better="0"),
        ),
        "plane": case(plane, [point(), by_rays], given(1, "6")),
        "plane by multipliers": case(
            plane, [point(), {"rule": "face_minimum", "from": {"point": 0}, "multipliers": [["1", "1", "2"]]}],
            given(1, "6")
        ),
    }  # fmt: skip


def descents() -> dict[str, Case]:
    """Points that are no local minima: straight curves, a bent one, one that stays at a breakpoint."""
    moving = [layer([[1], [1]], [2, -5]), layer([[1, 1]], [0])]
    clusters = samples([-1, 0, 1, 10, 11, 12], [0, 1, 0, 1, 0, 2])
    lower = [layer([["1"], ["1"]], ["2", "-5"]), layer([["1", "1"]], [["0", "-1"]])]
    origin = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), bias=False, parameters=[layer([[0]]), layer([[0]])])
    bent = [layer([[["0", "1"]]]), layer([[["0", "1"]]])]
    at_kink = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), parameters=[layer([[0]], [0]), layer([[1]], [0])])
    return {
        "straight": case(
            network([1, 2, 1], "relu", clusters, "1/2", parameters=moving),
            [point(), {"rule": "descent", "from": {"point": 0}, "curve": lower}], given(1, "989/2", "refuted"),
        ),
        "bent": case(origin, [point(), {"rule": "descent", "from": {"point": 0}, "curve": bent}],
        given(1, "1", "refuted")),
        "leaves a breakpoint": case(
            at_kink,
            [point(), {"rule": "descent", "from": {"point": 0},
            "curve": [layer([[["0", "1"]]], ["0"]), layer([["1"]], ["0"])]}],
            given(1, "1", "refuted"),
        ),
    }  # fmt: skip


def others() -> dict[str, Case]:
    """Minima over all functions, assumptions that fail, linear networks."""
    twins = network([1, 2, 1], "relu", samples([0, 0, 1], [0, 1, 5]), parameters=[
        layer([["9/2"], [0]], ["1/2", -1]), layer([[1, 1]], [0])
    ])  # fmt: skip
    even = network([2, 2, 3], "abs", samples([[0, 1], [0, 1], [1, 2]], [[0, 0, 0], [0, 0, 0], [1, 1, 1]]))
    return {
        "function": case(twins, [point(), {"rule": "function_minimum", "from": {"point": 0}}],
        given(1, "1/2", spurious=False)),
        "assumptions": case(
            even, [{"rule": "assumptions"}],
            claim("assumptions", 0, A1=False, A2=False, A3=False, A4=False, AL=True),
        ),
        "linear": case(
            network([1, 2, 1], "identity", FOUR), [{"rule": "linear_collapse"}],
            claim("linear_collapse", 0, theorem="converse of interior_minimum; no rank condition"),
        ),
    }  # fmt: skip


CASES: dict[str, Case] = {"theorem 1": theorem_1()} | interior() | faces() | descents() | others()


def proof(name: str) -> Json:
    """A copy of the certificate, to corrupt."""
    return copy.deepcopy(CASES[name].proof)
