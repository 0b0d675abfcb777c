"""Random small problems with certificates by every rule of the core, right and wrong; and mutants of the right ones."""

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from random import Random

from symverify.kernel import check
from symverify.kernel.core.errors import KernelError
from symverify.kernel.core.network import predictions
from symverify.problem.load import loads
from symverify.run.check import check as search
from tests.examples import layer, network
from tests.kernel.corruption import Json, certificate, no_data, text
from tests.rocq.cases import Case, from_seeds

ACTIVATIONS: list[Json] = [
    "relu", "relu", "abs", "hardtanh", {"name": "leaky_relu", "negative_slope": "1/3"},
    {"breakpoints": [-1, 0, "1/2"], "slopes": [0, 1, -1, 2], "anchor": [0, 1]}, "hardsigmoid", "identity",
]  # fmt: skip


LOSSES: list[Json] = [
    *[{"name": "squared"}] * 4,
    *[{"name": "huber", "delta": delta} for delta in (1, "1/2", 2)],
    {"name": "absolute"}, {"name": "quantile", "tau": "1/3"}, {"name": "hinge"},
]  # fmt: skip


def random_point(rng: Random, widths: list[int], biases: tuple[bool, bool], zero: float) -> Json:
    """Small numbers, many of them 0, so that breakpoints are met."""

    def entry() -> str:
        return "0" if rng.random() < zero else str(Fraction(rng.randint(-4, 4), rng.choice([1, 1, 1, 2, 3])))

    point = []
    for m, (columns, rows) in enumerate(pairwise(widths)):
        biased = biases[m == len(widths) - 2]
        weight = [[entry() for _ in range(columns)] for _ in range(rows)]
        point.append(layer(weight, [entry() for _ in range(rows)] if biased else None))  # type: ignore[arg-type]
    return point


def random_problem(rng: Random) -> tuple[Json, list[int], tuple[bool, bool]]:
    """One or two hidden layers, one or two outputs, up to five samples, a loss with rational values."""
    shallow = rng.random() < 0.7
    widths = [
        rng.randint(1, 2),
        rng.randint(1, 3),
        *([] if shallow else [rng.randint(1, 2)]),
        1 if rng.random() < 0.8 else 2,
    ]
    biases = (rng.random() < 0.8, rng.random() < 0.8)
    count = rng.randint(1, 5)
    data = [
        {"x": [rng.randint(-2, 2) for _ in range(widths[0])], "y": [rng.randint(-3, 3) for _ in range(widths[-1])]}
        for _ in range(count)
    ]
    document = network(widths, rng.choice(ACTIVATIONS), data, bias={"hidden": biases[0], "output": biases[1]})
    document["loss"] = rng.choice(LOSSES) | {"reduction": rng.choice(["mean", "sum"])}
    if document["loss"]["name"] == "hinge":
        for sample in data:
            sample["y"] = [rng.choice([-1, 1]) for _ in sample["y"]]
    return document, widths, biases


def subgradient(document: Json) -> Json:
    """Slopes of the loss at the given parameters, for a loss that has several; they add up to 0 where they can."""
    problem = loads(text(document)).problem
    if problem.loss.smooth or problem.parameters is None:
        return {}
    columns = []
    at = zip(*predictions(problem, problem.parameters), strict=True)
    for f, y in zip(at, zip(*problem.targets, strict=True), strict=True):
        ends = [problem.loss.at(b).slopes(a - b) for a, b in zip(f, y, strict=True)]
        low, high = (sum(end[k] for end in ends) for k in (0, 1))
        share = min(Fraction(1), max(Fraction(0), -low / (high - low))) if high > low else Fraction(0)
        columns.append([str((u + share * (v - u)) * problem.loss.factor) for u, v in ends])
    return {"subgradient": [list(row) for row in zip(*columns, strict=True)]}


def moved(rng: Random, point: Json) -> Json:
    """A curve from the point: some coordinates get a linear or quadratic part."""

    def entry(x: str) -> Json:
        parts = [str(rng.randint(-2, 2)) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
        return [x, *parts] if parts and parts[-1] != "0" else x

    return [
        {"weight": [[entry(x) for x in row] for row in each["weight"]]}
        | ({"bias": [entry(x) for x in each["bias"]]} if "bias" in each else {})
        for each in point
    ]


def settled(document: Json, steps: list[Json], step: int, name: str) -> Json:
    """The certificate for a claim, with the numbers that the kernel proves; plausible ones if it proves nothing."""
    claim = {"claim": name, "verdict": "proved", "step": step, "risk": "1", "spurious": None, "better_risk": None}
    proof = certificate(document, steps, [claim])
    for _ in range(12):
        try:
            check(text(document), json.dumps(proof).encode(), no_data)
        except KernelError as error:
            proved = str(error).partition(", proved ")[2]
            where = str(error).partition(": claimed")[0].rpartition(".")[2]
            if not proved or not str(error).startswith("claims[0]."):
                if "unknown key" in str(error) and str(error).startswith("claims[0]."):
                    del claim[str(error).partition(":")[0].rpartition(".")[2]]
                elif "is missing" in str(error) and str(error).startswith("claims[0]."):
                    claim[str(error).partition(":")[0].rpartition(".")[2]] = None
                else:
                    break
            else:
                claim[where] = json.loads(proved.replace("'", '"'))
        else:
            break
        proof = certificate(document, steps, [claim])
    return proof


def dead(rng: Random, document: Json, widths: list[int]) -> Json:
    """A point whose hidden units are all off or constant and whose outputs are the best constants: often a minimum."""
    problem = loads(text(document)).problem
    means = [problem.loss.best(column) for column in zip(*problem.targets, strict=True)]
    point = []
    for columns, rows in pairwise(widths):
        point.append(layer([["0"] * columns for _ in range(rows)], [str(-rng.randint(1, 3)) for _ in range(rows)]))  # type: ignore[list-item]
    point[-1]["bias"] = [str(m) for m in means]
    return point


def random_case(rng: Random) -> tuple[Json, Json]:
    """A problem, and a certificate by one of the rules."""
    document, widths, biases = random_problem(rng)
    given = random_point(rng, widths, biases, rng.choice([0.2, 0.5, 0.8]))
    if all(biases) and rng.random() < 0.4:
        given = dead(rng, document, widths)
    document["parameters"] = given
    start, slopes = [{"rule": "point", "parameters": "given"}], subgradient(document)
    kind = rng.choice(
        ["interior_minimum", "face_minimum", "descent", "function_minimum", "spurious", "valley", "adjacent", "bracket"]
    )
    at = {"from": {"point": 0}}
    match kind:
        case "face_minimum":
            return document, settled(
                document, [*start, {"rule": kind, **at, **slopes, "multipliers": [None] * widths[1]}], 1, "point"
            )
        case "descent":
            return document, settled(document, [*start, {"rule": kind, **at, "curve": moved(rng, given)}], 1, "point")
        case "adjacent":
            return document, settled(document, [*start, {"rule": "adjacent_cells", **at}], 1, "point")
        case "spurious":
            better = {"rule": "point", "parameters": random_point(rng, widths, biases, 0.2)}
            rule = {"rule": rng.choice(["interior_minimum", "adjacent_cells"]), **at}
            rule |= slopes if rule["rule"] == "interior_minimum" else {}
            last = {"rule": "spurious_minimum", "from": {"minimum": 1, "better": 2}}
            return document, settled(
                document, [*start, rule, better, last], 3, rng.choice(["point", "spurious_minimum"])
            )
        case "valley":
            path = {"rule": "valley", "from": {"minimum": 1}, "path": moved(rng, given)}
            return document, settled(
                document, [*start, {"rule": "interior_minimum", **at, **slopes}, path], 2, "valley"
            )
        case "bracket":
            steps = [{"rule": "function_bound"}, *start, {"rule": "bracket", "from": {"bound": 0, "point": 1}}]
            return document, settled(document, steps, 2, "global_bounds")
    return document, settled(
        document, [*start, {"rule": kind, **at, **slopes}], 1, rng.choice(["point", "point", "spurious_minimum"])
    )


def searched_case(rng: Random) -> tuple[Json, Json] | None:
    """The same with the certificate that the search finds: valleys by Theorem 1, trees of dual vectors."""
    document, _, _ = random_problem(rng)
    found = search(loads(text(document)), ["valley", "global_minimum"], smt=False, timeout=10).certificate
    return None if found is None else (document, json.loads(found))


def random_cases(seeds: Iterable[int], mutants: int = 0) -> Iterator[Case]:
    """Name, network file and certificate; with `mutants` of each beside it."""
    return from_seeds(seeds, mutants, random_case)


def searched_cases(seeds: Iterable[int], mutants: int = 0) -> Iterator[Case]:
    """The same of certificates that are found."""
    return from_seeds(seeds, mutants, searched_case, name="search")
