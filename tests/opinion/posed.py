"""Proofs by hand, one or more for each rule that something is posed for, each with a change that makes it false."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symverify.kernel.check import apply
from symverify.kernel.core.facts import Evaluated
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Proof, Step
from symverify.kernel.network_file import read_problem
from tests.examples import Document, layer, network, samples

Json = Any
Change = Callable[[Step], Step]
HALF = Fraction(1, 2)
FOUR = samples([0, 1, 2, 3], [0, 0, 0, 1])
TENT = samples([0, 1, 2, 3], [0, 2, 0, -1])
FIT = [layer([["3/10"], ["0"]], ["14/5", "1"]), layer([["1", "0"]], ["-3"])]
BETTER = [layer([["3/10"], ["1"]], ["14/5", "-2"]), layer([["0", "1"]], ["0"])]


@dataclass(frozen=True, slots=True)
class Case:
    """A network file, steps that follow, and a change of step `where` that makes the last one false.

    `contradicted` are the statements of the last step that are then wrong, by a part of their names. `idle`: as it
    follows nothing is posed.
    """

    network: Document
    steps: tuple[Json, ...]
    change: Change | None
    contradicted: tuple[str, ...]
    where: int = -1
    idle: bool = False

    @property
    def rule(self) -> str:
        """The rule of the last step."""
        return str(self.steps[-1]["rule"])


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


def walked(case: Case) -> tuple[Problem, tuple[Step, ...]]:
    """The steps with their facts; raises what the kernel raises where one does not follow."""
    problem = read_problem(json.dumps(case.network).encode(), no_data)
    proof = Proof(problem)
    for index, step in enumerate(case.steps):
        proof.steps.append(apply(proof, step, f"steps[{index}]"))
    return problem, tuple(proof.steps)


def changed(case: Case) -> tuple[Problem, tuple[Step, ...]]:
    """The same with a step changed, as no kernel would have it."""
    problem, steps = walked(case)
    if case.change is None:
        raise ValueError("nothing is to be changed")
    others = list(steps)
    others[case.where] = case.change(others[case.where])
    return problem, tuple(others)


def point(parameters: Json = "given") -> Json:
    """A point step."""
    return {"rule": "point", "parameters": parameters}


def step(rule: str, premises: Json = None, **fields: Json) -> Json:
    """A step with its premises."""
    return {"rule": rule, **({} if premises is None else {"from": premises}), **fields}


def curved(weight: Json, bias: Json = None) -> Json:
    """A layer of a path: numbers, or the coefficients of polynomials in t."""
    return layer(weight, bias)


def fact(**fields: Any) -> Change:
    """Some fields of the step's fact replaced; a function maps the old value."""

    def change(old: Step) -> Step:
        new = {k: v(getattr(old.fact, k)) if callable(v) else v for k, v in fields.items()}
        return replace(old, fact=replace(old.fact, **new))  # type: ignore[type-var]

    return change


def written(**fields: Json) -> Change:
    """Some fields of the step as written replaced."""
    return lambda old: replace(old, fields={**old.fields, **fields})


def moved(by: Fraction) -> Callable[[Evaluated], Evaluated]:
    """A point with its first bias moved, and all else as it was."""

    def move(at: Evaluated) -> Evaluated:
        first = at.point[0]
        return replace(at, point=(replace(first, bias=(first.bias[0] + by, *first.bias[1:])), *at.point[1:]))  # type: ignore

    return move


def retargeted(at: Evaluated) -> Evaluated:
    """A point with its first prediction changed, and so its residuals."""
    (first, *rest), *others = at.predictions
    return replace(at, predictions=((first + 1, *rest), *others))


def minima() -> dict[str, Case]:
    """Local minima: in a cell (deep, vector-valued, Huber), around a point (deep, vector-valued), on a face."""
    four = network([1, 2, 1], "relu", FOUR, "1/2")
    interior = step("interior_minimum", {"point": 0})
    huber = network([1, 2, 1], "relu", samples([0, 0, 0], [0, 0, 3]))
    huber["loss"] = {"name": "huber", "reduction": "sum", "delta": 1}
    median, margin = (dict(huber, loss={"name": name, "reduction": "sum"}) for name in ("absolute", "hinge"))
    margin["data"] = samples([0, 0, 0], [1, 1, -1])
    balanced = interior | {"subgradient": [["1/2"], ["1/2"], ["-1"]]}
    leaning = interior | {"subgradient": [["-1/2"], ["-1/2"], ["1"]]}
    dead = [layer([["0"], ["0"], ["0"]], ["-1", "1", "1"]), layer([["0", "0", "0"], ["0", "1", "2"]], ["1/2", "-3"])]
    deep = network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 3]))
    one = [layer([["1"]], ["0"]), layer([["-1"]], ["-1"]), layer([["1"]], ["1"])]
    vector = network([1, 1, 2], "relu", samples([0, 1, 2], [[-1, -1], [1, 1], [0, 0]]))
    two = [layer([["1"]], ["-2"]), layer([["1"], ["1"]], ["0", "0"])]
    kink = network([1, 2, 1], "relu", samples([5, 4, 3, 1, -1], [2, 1, 0, -3, 3]))
    at_kink = [layer([["1"], ["0"]], ["-3", "-1"]), layer([["1", "0"]], ["0"])]
    plane = network([2, 1, 1], "relu", samples([[1, 0], [0, 1], [1, 1]], [-1, -1, -2]), bias=False)
    origin = [layer([["0", "0"]]), layer([["1"]])]
    moves = fact(at=retargeted)
    return {
        "point": Case(four, (point(FIT),), fact(risk=Fraction(1, 7)), ("predictions and its risk",)),
        "point, Huber": Case(
            huber, (point([layer([["1"], ["1"]], ["1", "1"]), layer([["1", "1"]], ["-3/2"])]),),
            fact(predictions=lambda f: ((f[0][0] + 2,), *f[1:])), ("predictions and its risk",),
        ),
        "interior, absolute": Case(
            median, (point([layer([["1"], ["1"]], ["1", "1"]), layer([["1", "1"]], ["-2"])]), balanced),
            written(subgradient=[["2"], ["-1"], ["-1"]]), ("some of the loss",),
        ),
        "interior, hinge": Case(
            margin, (point([layer([["1"], ["1"]], ["1", "1"]), layer([["1", "1"]], ["-1"])]), leaning),
            written(subgradient=[["-1"], ["0"], ["1/2"]]), ("some of the loss",),
        ),
        "interior": Case(four, (point(FIT), interior), moves, ("minorant is constant",)),
        "interior, elsewhere": Case(
            four, (point(FIT), interior), fact(at=moved(Fraction(-20))), ("strictly inside",)
        ),
        "interior, lower risk said": Case(
            four, (point(FIT), interior), fact(at=lambda at: replace(at, risk=Fraction(1))), ("have lower risk",)
        ),
        "interior, vector-valued": Case(
            network([1, 3, 2], "relu", samples([0, 0], [[0, -1], [1, 1]])), (point(dead), interior), moves,
            ("minorant is constant",),
        ),
        "interior, Huber": Case(
            huber, (point([layer([["1"], ["1"]], ["1", "1"]), layer([["1", "1"]], ["-3/2"])]), interior), moves,
            ("minorant is constant",),
        ),
        "adjacent cells, deep": Case(
            deep, (point(one), step("adjacent_cells", {"point": 0})), moves, ("minorant is constant",)
        ),
        "adjacent cells, vector-valued": Case(
            vector, (point(two), step("adjacent_cells", {"point": 0})), fact(at=moved(Fraction(1))),
            ("minorant is constant",),
        ),
        "face": Case(
            kink, (point(at_kink), step("face_minimum", {"point": 0}, multipliers=[["0"], []])), moves,
            ("unit 1 has no direction",),
        ),
        "face, without biases": Case(
            plane, (point(origin), step("face_minimum", {"point": 0}, multipliers=[None])),
            fact(at=lambda at: replace(at, predictions=((Fraction(-5),), *at.predictions[1:]))),
            ("unit 1 has no direction",),
        ),
    }  # fmt: skip


def curvature() -> dict[str, Case]:
    """Critical points; minima of second order, with residuals that bend the risk."""
    line = network([1, 1, 1], "relu", samples([0, 1], [0, 1]))
    fit = point([layer([["1"]], ["1"]), layer([["1"]], ["-1"])])
    rank_one = network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[2, 0], [0, 1]]), bias=False)
    best = point([layer([["1", "0"]]), layer([["2"], ["0"]])])
    saddle = network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[2, 0], [0, 9]]), bias=False)
    deep = network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 3]))
    flat = point([layer([["1"]], ["0"]), layer([["-1"]], ["-1"]), layer([["1"]], ["1"])])
    bias = {"hidden": False, "output": True}
    kinked = network([1, 1, 1], "abs", samples([1, 1, 0], [-1, -1, 2]), bias=bias)
    crest = point([layer([["0"]]), layer([["1"]], ["0"])])
    up, empty, on_face = {"multipliers": ["2", "2"]}, {"empty": ["1", "1"]}, {"face": ["2", "2"]}
    steep = {"multipliers": ["3", "2"]}
    one = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
    ridge = point([layer([["1"]]), layer([["1"]])])
    higher = {"multipliers": [], "held": [0], "place": 1, "curve": [layer([["1"]]), curved([[["1", "1"]]])]}
    kkt = (crest, step("cell_kkt", {"point": 0}, cells=[up, empty, empty, up]))
    return {
        "cells, flat": Case(
            deep, (flat, step("cell_kkt", {"point": 0}, cells=[{"flat": True}, {"flat": True}])), fact(at=retargeted),
            ("minorant is constant",),
        ),
        "cells, other multipliers": Case(
            kinked, kkt, written(cells=[steep, empty, empty, up]), ("cell 1: the multipliers",)
        ),
        "cells, a face": Case(
            kinked, (crest, step("cell_kkt", {"point": 0}, cells=[on_face, empty, empty, on_face])),
            written(cells=[{"face": ["2", "0"]}, empty, empty, on_face]), ("cell 1: the multipliers",),
        ),
        "cells, a face, another point": Case(
            kinked, (crest, step("cell_kkt", {"point": 0}, cells=[on_face, empty, empty, on_face])),
            fact(at=retargeted), ("cell 1: the minorant is constant on the face",),
        ),
        "cells, one parameter left": Case(
            one, (ridge, step("cell_kkt", {"point": 0}, cells=[{"eliminate": higher}])),
            fact(at=lambda at: replace(at, risk=HALF)), ("cell 1: the risk is higher along the curve",),
        ),
        "cells, one parameter left, other multipliers": Case(
            kinked, kkt, written(cells=[{"eliminate": steep}, empty, empty, up]), ("cell 1: the multipliers",)
        ),
        "cells, not empty": Case(kinked, kkt, written(cells=[empty, empty, empty, up]), ("cell 1: no direction",)),
        "critical point": Case(
            rank_one, (best, step("critical_point", {"point": 0})), fact(at=retargeted), ("to first order in any",)
        ),
        "critical point, a saddle": Case(
            saddle, (best, step("critical_point", {"point": 0})), fact(at=retargeted), ("to first order in any",)
        ),
        "second order": Case(
            line, (fit, step("second_order", {"point": 0})), fact(at=retargeted), ("to first order in any",)
        ),
        "second order, rank one": Case(
            rank_one, (best, step("second_order", {"point": 0})),
            fact(at=lambda at: replace(at, predictions=(at.predictions[0], (Fraction(0), Fraction(-8))))),
            ("is a sum of squares",),
        ),
    }  # fmt: skip


def curves() -> dict[str, Case]:
    """Descent (straight, bent, Huber), a valley, a path between minima of a cell."""
    four, clusters = network([1, 2, 1], "relu", FOUR, "1/2"), samples([-1, 0, 1, 10, 11, 12], [0, 1, 0, 1, 0, 2])
    moving = [layer([["1"], ["1"]], ["2", "-5"]), layer([["1", "1"]], ["0"])]
    lower: Json = [curved([["1"], ["1"]], ["2", "-5"]), curved([["1", "1"]], [["0", "-1"]])]
    higher: Json = [curved([["1"], ["1"]], ["2", "-5"]), curved([["1", "1"]], [["0", "1"]])]
    origin = network([1, 1, 1], "relu", samples([0, 1], [0, 1]), bias=False)
    bent: Json = [curved([[["0", "1"]]]), curved([[["0", "1"]]])]
    back: Json = [curved([[["0", "1"]]]), curved([[["0", "-1"]]])]
    huber = network([1, 2, 1], "relu", clusters)
    huber["loss"] = {"name": "huber", "reduction": "sum", "delta": 1}
    path: Json = [curved([["3/10"], ["0"]], [["14/5", "1"], "1"]), curved([["1", "0"]], [["-3", "-1"]])]
    around: Json = [curved([["3/10"], ["0"]], [["14/5", "1", "-1"], "1"]), curved([["1", "0"]], [["-3", "-1", "1"]])]
    still: Json = [curved([["3/10"], ["0"]], ["14/5", "1"]), curved([["1", "0"]], ["-3"])]
    out: Json = [curved([["3/10"], ["0"]], [["14/5", "-4"], "1"]), curved([["1", "0"]], [["-3", "5"]])]
    line = network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 2]))
    start = [layer([["1"], ["1"]], ["1", "1"]), layer([["1/2", "1/2"]], ["-1"])]
    nodes = [
        [layer([["1"], ["1"]], ["1", "1"]), layer([["1", "0"]], ["-1"])],
        [layer([["1"], ["2"]], ["1", "3"]), layer([["1", "0"]], ["-1"])],
    ]
    minimum = (point(FIT), step("interior_minimum", {"point": 0}))

    def last_bias(nodes: Any) -> Any:
        *others, (first, last) = nodes
        return (*others, (first, replace(last, bias=(Fraction(0),))))

    return {
        "descent": Case(
            network([1, 2, 1], "relu", clusters, "1/2"), (point(moving), step("descent", {"point": 0}, curve=lower)),
            written(curve=higher), ("risk falls",),
        ),
        "descent, from elsewhere": Case(
            network([1, 2, 1], "relu", clusters, "1/2"), (point(moving), step("descent", {"point": 0}, curve=lower)),
            fact(at=moved(Fraction(1))), ("the curve begins at the point",),
        ),
        "descent, bent": Case(
            origin, (point([layer([["0"]]), layer([["0"]])]), step("descent", {"point": 0}, curve=bent)),
            written(curve=back), ("risk falls",),
        ),
        "descent, Huber": Case(
            huber, (point(moving), step("descent", {"point": 0}, curve=lower)), written(curve=higher), ("risk falls",),
        ),
        "valley": Case(
            four, (*minimum, step("valley", {"minimum": 1}, path=path)), written(path=out),
            ("strictly inside the cell", "predictions do not change"),
        ),
        "valley, from elsewhere": Case(
            four, (*minimum, step("valley", {"minimum": 1}, path=path)), fact(at=moved(Fraction(1))),
            ("the path begins at the minimum",), where=1,
        ),
        "valley, bent back": Case(
            four, (*minimum, step("valley", {"minimum": 1}, path=around)), written(path=still), ("is not constant",)
        ),
        "path": Case(
            line, (point(start), step("interior_minimum", {"point": 0}),
                   step("constant_risk_path", {"minimum": 1}, nodes=nodes)),
            fact(nodes=last_bias), ("node 2 is in the cell", "node 1 to node 2"),
        ),
    }  # fmt: skip


def bounds() -> dict[str, Case]:
    """A lower point, functions of the inputs, dual vectors with a tree, what follows from them, limits."""
    four = network([1, 2, 1], "relu", FOUR, "1/2")
    twins = network([1, 2, 1], "relu", samples([0, 0, 1], [0, 1, 5]))
    best = point([layer([["9/2"], ["0"]], ["1/2", "-1"]), layer([["1", "1"]], ["0"])])
    huber = network([1, 2, 1], "relu", samples([0, 0, 1], [0, 1, 5]))
    huber["loss"] = {"name": "huber", "reduction": "sum", "delta": "1/4"}
    linear = network([1, 2, 1], "identity", FOUR, "1/2")
    bound = step("global_lower_bound", risk="3/20", vectors=[[2, -1, -4, 3]], tree=[0])
    affine = point([layer([["3/10"], ["0"]], ["0", "0"]), layer([["1", "0"]], ["-1/5"])])
    sides = network([1, 1, 1], "relu", samples([1, -1], [1, 1]), bias=False)
    split = step("global_lower_bound", risk="1", vectors=[[1, 0], [0, 1]], tree=[-2, 0, 1])
    constants = network([1, 1, 1], "abs", samples([0, 0], [1, -1]), bias={"hidden": False, "output": True})
    free = step("global_lower_bound", risk="1", vectors=[[1, -1]], tree=[0])
    both = network([1, 2, 1], "relu", samples([1, -1, 1], [1, 1, 3]), bias=False)
    needless = step("global_lower_bound", risk="2", vectors=[[-1, 0, 1]], tree=[-2, 0, 0, 0])
    approached = network(
        [1, 1, 1], {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}, samples([1, 2], [1, 2]), bias=False
    )
    reached = step("limit", constant="0", units=[{"sign": "1", "u": ["1"], "nu": "0"}])
    least = (step("function_bound"), reached, step("infimum", {"bound": 0, "limit": 1}))
    zero = network([1, 1, 1], "abs", samples([0], [1]), bias=False)  # a unit has no coordinates there
    twice = network([2, 1, 1], "abs", samples([[0, 0], [1, -1], [1, 0]], [5, "1/3", 5]), bias=False)
    alone = step("global_lower_bound", risk="1", vectors=[[1]], tree=[0])
    first = step("global_lower_bound", risk="25/3", vectors=[[1, 0, 0]], tree=[0])
    shifted = step("limit", constant="1/2", units=[{"sign": "-1", "u": ["1/3", "-1/2"], "nu": "1/2"}])
    return {
        "spurious": Case(
            four, (point(FIT), step("interior_minimum", {"point": 0}), point(BETTER),
                   step("spurious_minimum", {"minimum": 1, "better": 2})),
            fact(minimum=lambda m: replace(m, at=replace(m.at, risk=Fraction(0)))), ("has lower risk",),
        ),
        "function minimum": Case(
            twins, (best, step("function_minimum", {"point": 0})), fact(at=retargeted), ("changes the minorant",)
        ),
        "function minimum, Huber": Case(
            huber, (best, step("function_minimum", {"point": 0})),
            fact(at=lambda at: replace(at, risk=Fraction(4))), ("does better",),
        ),
        "function bound": Case(twins, (step("function_bound"),), fact(risk=Fraction(1)), ("does better",)),
        "lower bound": Case(linear, (bound,), fact(risk=Fraction(1, 5)), ("proves the bound",)),
        "lower bound, not orthogonal to constants": Case(
            constants, (free,), written(vectors=[[3, -1]]), ("proves the bound",)
        ),
        "lower bound, only the input 0": Case(zero, (alone,), fact(risk=Fraction(2)), ("proves the bound",)),
        "lower bound, a vector on the input 0": Case(
            twice, (first,), written(vectors=[[1, 0, 0], [0, 0, 1]], tree=[1]), ("admits region",)
        ),
        "lower bound, wrong leaf": Case(
            sides, (split,), written(tree=[-2, 1, 0]), ("admits region",)
        ),
        "lower bound, missing leaf": Case(
            sides, (split,), written(vectors=[[1, 0], [1, 0]]), ("admits region", "has a vector")
        ),
        "lower bound, two units": Case(
            both, (needless,), written(vectors=[[1, 0, 1]]), ("admits region", "has a vector")
        ),
        "global minimum": Case(
            linear, (bound, affine, step("global_minimum", {"bound": 0, "point": 1})),
            fact(at=lambda at: moved(HALF)(at)), ("no higher than the bound",),
        ),
        "limit": Case(approached, (reached,), fact(risk=Fraction(1, 3)), ("risk of the limit",)),
        "limit, with a finite unit": Case(
            network([1, 1, 1], "hardtanh", FOUR), (shifted,), fact(risk=Fraction(1, 3)), ("risk of the limit",)
        ),
        "not attained": Case(
            approached, (*least, step("not_attained", {"infimum": 2}, separators=[[[-2, 1], [-1, 0]]])),
            fact(residuals=((Fraction(1), Fraction(1)),)), ("no network with 1 output weights >= 0 and",), where=2,
        ),
    }  # fmt: skip


def cells() -> dict[str, Case]:
    """All cells of a unit; minima and the infimum in the two-valley cell of the tent."""
    tent = network([1, 2, 1], "relu", TENT, "1/2")
    inside = point([layer([["2"], ["2"]], ["-1", "-1"]), layer([["0", "0"]], ["0"])])
    witnesses = [["0", "-1"], ["2", "-5"], ["2", "-3"], ["2", "-1"], ["-2", "1"], ["-2", "3"], ["-2", "5"], ["0", "1"]]
    found: Json = {
        "best": ["0", "11/6", "1/3", "-7/6"],
        "witnesses": [[layer([["13"], ["22"]], ["-1", "-21"]), layer([["1/6", "-1/6"]], ["0"])]],
        "separators": [
            {"vector": ["-9", "-2", "11", "0"], "multipliers": [["0", "1", "0", "10", "0"], None]},
            {"vector": ["9", "2", "-11", "0"], "multipliers": [None, ["0", "1", "0", "10", "0"]]},
            {"vector": ["1", "-1", "0", "0"], "multipliers": [None, ["0", "0", "1", "0", "0"]]},
        ],
    }
    wrong = [{"vector": ["9", "2", "11", "0"], "multipliers": [None, ["0", "1", "0", "10", "0"]]}]
    below = {"vector": ["-1"] * 4, "multipliers": [None, None]}
    zero = {"vector": ["0"] * 4, "multipliers": [["0"] * 5, None]}
    away = [[layer([["13"], ["22"]], ["1", "-21"]), layer([["1/6", "-1/6"]], ["0"])]]
    least: Json = {
        "limit": [["13/6", "-1/6", "1/6"], ["11/3", "-7/2", "1/6"]],
        "bounds": [{"vector": found["best"], "multipliers": [["0"] * 5, ["0"] * 5]}],
        "bias": "0",
    }
    return {
        "cells": Case(
            tent, (step("cell_cover", witnesses=witnesses),), written(witnesses=witnesses[1:]), ("no other cells",)
        ),
        "cells, a witness on a boundary": Case(
            tent, (step("cell_cover", witnesses=witnesses),), written(witnesses=[["0", "0"], *witnesses[1:]]),
            ("no other cells",),
        ),
        "cell minima, not orthogonal to constants": Case(
            tent, (inside, step("cell_minima", {"point": 0}, **found)), written(separators=[below]),
            ("admits its signs",),
        ),
        "cell minima, nothing strict": Case(
            tent, (inside, step("cell_minima", {"point": 0}, **found)), written(separators=[zero]),
            ("is negative on best predictions",),
        ),
        "cell minima": Case(
            tent, (inside, step("cell_minima", {"point": 0}, **found)), written(separators=wrong),
            ("admits its signs", "is not positive on best predictions"),
        ),
        "cell minima, other witness": Case(
            tent, (inside, step("cell_minima", {"point": 0}, **found)), written(witnesses=away), ("witness 1 is on",)
        ),
        "cell minima, other predictions": Case(
            tent, (inside, step("cell_minima", {"point": 0}, **found)), written(best=["0", "2", "1/3", "-7/6"]),
            ("do not change the minorant", "orthogonal", "predictions' risk", "witness 1 is on"),
        ),
        "cell infimum": Case(
            tent, (inside, step("cell_infimum", {"point": 0}, **least)), fact(risk=Fraction(1, 11)),
            ("proves the risk", "risk of the limit"),
        ),
        "cell infimum, other bound": Case(
            tent, (inside, step("cell_infimum", {"point": 0}, **least)),
            written(bounds=[{"vector": ["0", "2", "1/3", "-7/6"], "multipliers": [["0"] * 5, ["0"] * 5]}]),
            ("admits its signs",),
        ),
    }  # fmt: skip


def labels() -> dict[str, Case]:
    """Every cell of a unit traps; radii in label space."""
    one = network([1, 2, 1], "relu", samples([1], [1]), bias=False)
    traps = [{"weights": ["1"], "best": ["1"]}, {"weights": ["-1"], "best": ["0"]}]
    wrong = [{"weights": ["1"], "best": ["1/2"]}, {"weights": ["-1"], "best": ["0"]}]
    steps = (step("cell_cover"), step("cell_traps", {"cells": 0}, traps=traps))
    four = network([1, 2, 1], "relu", FOUR, "1/2")
    near = step("spurious_radius", form=[1, 0, -3, 2], affine=["1/3", "-1/3"])
    doubled = network([1, 2, 1], "relu", samples([0, 0, 1, 2], [1, -1, 0, 1]), "1/2")
    twice = step("spurious_radius", form=[1, 1, -4, 2], affine=["1/2", "-1/4"])
    on = [layer([["1"]]), layer([["1"]])]
    slide = (point(on), step("face_radius", {"point": 0}, moves=[[["1"], ["0"]]], multipliers=[[]]))
    single = network([1, 1, 1], "relu", samples([1], [1]), bias=False)
    symbolic = network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, "1/2 + a"]), "1/2", symbols={"a": [0, 1]})
    bends = {"breakpoints": [0], "slopes": ["a", 1], "anchor": [0, 0]}
    slopes, unit = network([1, 2, 1], bends, FOUR, "1/2", symbols={"a": [0, 2]}), Fraction(1)
    affine = step("face_region", moves=[[["3/10"], ["-1/5"], ["0"]], None], multipliers=[[], []], shift=["0"],
                  parameters=FIT)  # fmt: skip
    bent = [layer([["-1"], ["-1"]], ["2", "3"]), layer([["1", "-1"]], ["1"])]
    exact = step("face_region", moves=[[["-1"], ["2"], ["0"]], [["-1"], ["3"], ["0"]]], shift=["1"], parameters=bent,
                 multipliers=[[["0", "0"]], [["0", "0"]]])  # fmt: skip
    return {
        "cell traps": Case(one, steps, written(traps=wrong), ("cell 1: predictions of the cell do not change",)),
        "spurious radius": Case(four, (near,), fact(radius=Fraction(1, 2)), ("labels in the box are not affine",)),
        "spurious radius, equal inputs": Case(
            doubled, (twice,), fact(radius=Fraction(1, 2)), ("labels in the box are not affine",)
        ),
        "spurious radius, another edge": Case(
            four, (near,), written(affine=["1", "0"]), ("affine labels at the distance",)
        ),
        "every slope": Case(
            four,
            (step("every_slope", kink="2", fit=["-1/5", "1/10", "2/5", "7/10"]),),
            fact(form=(Fraction(1), Fraction(1), Fraction(1, 2))),
            ("the deviation is positive",),
        ),
        "slope region": Case(
            slopes,
            (step("slope_region", kink="2", fit=["-1/5", "1/10", "2/5", "7/10"]),),
            lambda old: replace(
                old, fact=replace(old.fact, slope=replace(old.fact.slope, form=(unit, unit, unit / 2)))
            ),  # type: ignore
            ("the deviation is positive",),
        ),
        "spurious region": Case(
            symbolic,
            (step("spurious_region", form=[1, 0, -3, 2]),),
            fact(form=(Fraction(1), Fraction(4))),
            ("the product with the labels is positive",),
        ),
        "face region": Case(
            symbolic,
            (affine,),
            fact(conditions=lambda old: (replace(old[0], form=(Fraction(1, 4), Fraction(1))),)),
            ("the conditions hold",),
        ),
        "hull": Case(
            symbolic,
            (affine, exact, step("hull", {"minimum": 0, "better": 1})),
            lambda old: replace(old, fact=replace(old.fact, better=old.fact.minimum)),  # type: ignore
            ("the risk is higher",),
        ),
        "face radius": Case(single, slide, fact(radius=Fraction(2)), ("the conditions hold for all labels",)),
    }


def cited() -> dict[str, Case]:
    """Data that no affine map fits."""
    fitted = network([1, 2, 1], "relu", samples([0, 1], [0, 1]))

    def fitting(old: Step) -> Step:
        holds = [(name, True, ()) if name == "A1" else (name, is_so, at) for name, is_so, at in old.fact.holds]  # type: ignore
        return replace(old, fact=replace(old.fact, holds=tuple(holds)))  # type: ignore

    return {
        "assumptions": Case(network([1, 2, 1], "relu", FOUR), (step("assumptions"),), None, ()),
        "assumptions, A1 fails": Case(
            fitted, (step("assumptions"),), fitting, ("no affine map has the labels",), idle=True
        ),
    }


def reals() -> dict[str, Case]:
    """Dual points under losses over the reals."""
    xor = network([2, 2, 1], "relu", samples([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])) | {"loss": "logistic"}
    apart = network([1, 2, 1], "relu", samples([0, 1], [0, 1])) | {"loss": "logistic"}
    off = [["1/2"], ["1/2"], ["1/2"], ["1/3"]]
    stuck = step("span_minimum", pieces=[1], near=[["0", "0", "0"]], dual=[["1/2"]] * 4)
    none = step("no_minimum", pieces=[1], direction=[["2", "-1"]], near=[["0", "0"]], dual=[["0"], ["1"]])
    why = ("has the labels' moments",)
    return {
        "span minimum": Case(xor, (stuck,), written(dual=off), why),
        "no minimum": Case(apart, (none,), written(dual=[["1/3"], ["1"]]), why),
    }


CASES: dict[str, Case] = {
    **minima(),
    **curvature(),
    **curves(),
    **bounds(),
    **cells(),
    **labels(),
    **reals(),
    **cited(),
}
