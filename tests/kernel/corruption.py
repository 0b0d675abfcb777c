"""Systematic corruption of certificates, and an oracle for their claims that shares no code with the kernel.

`mutations(value)` yields every small change of a JSON value, each with its path. `Oracle` evaluates a network file
by itself; `falsehoods` tells which claims of a certificate it finds wrong: by exact recomputation where it can, for
local minima by an exact search for lower points close by.
"""

import copy
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint

from symverify.kernel import Declined, Malformed, Rejected, Theorem, check

Json = Any
Numbers = list[Fraction]
FAMILIES = {
    "relu": ([0], [0, 1], (0, 0)),
    "abs": ([0], [-1, 1], (0, 0)),
    "hardtanh": ([-1, 1], [0, 1, 0], (0, 0)),
    "identity": ([], [1], (0, 0)),
}


def text(document: Json) -> bytes:
    """A network file."""
    return json.dumps(document).encode()


def certificate(network: Json, steps: Sequence[Json], claims: Sequence[Json]) -> Json:
    """A certificate about a network file."""
    return {
        "format": "symverify-certificate/1",
        "problem": hashlib.sha256(text(network)).hexdigest(),
        "claims": list(claims),
        "steps": list(steps),
    }


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


def theorems(network: Json, proof: Json) -> tuple[Theorem, ...]:
    """What the kernel makes of a certificate; raises what it raises."""
    return check(text(network), json.dumps(proof).encode(), no_data)


def outcome(network: Json, proof: Json) -> tuple[str, str]:
    """The verdict in a word, and the lines or the reason."""
    try:
        lines = [theorem.line() for theorem in theorems(network, proof)]
    except (Malformed, Rejected, Declined) as error:
        return type(error).__name__, str(error)
    return "Accepted", "\n".join(lines)


def edited(value: Json, path: str, new: Json) -> Json:
    """A copy with the value at a path like "steps[1].point" replaced; `...` removes it, a function maps it."""
    whole = copy.deepcopy(value)
    keys = [int(key) if key.isdigit() else key for key in path.replace("]", "").replace("[", ".").split(".")]
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    if new is ...:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = new(inner[keys[-1]]) if callable(new) else new
    return whole


def mutations(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every small change of a JSON value, with a name that says where and what."""
    for name, new in changes(value):
        yield f"{path}: {name}", new
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        for name, new in mutations(item, f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}"):
            changed = copy.copy(value)
            changed[key] = new
            yield name, changed


def changes(value: Json) -> Iterator[tuple[str, Json]]:
    """The changes of a value as a whole; its parts are left alone."""
    match value:
        case bool():
            yield from (("not", not value), ("number", int(value)), ("null", None), ("text", str(value).lower()))
        case int():
            yield from (("+1", value + 1), ("-1", value - 1), ("negated", -value - 1), ("huge", 2**40))
            yield from (("text", str(value)), ("decimal", float(value)), ("true", True), ("null", None))
        case str():
            yield from changed_text(value)
        case None:
            yield from (("zero", 0), ("text", "0"), ("empty list", []), ("list of a number", ["0"]), ("false", False))
        case list():
            for k in range(len(value)):
                yield f"[{k}] dropped", value[:k] + value[k + 1 :]
                yield f"[{k}] twice", [*value[: k + 1], *copy.deepcopy(value[k:])]
            for k in range(len(value) - 1):
                if value[k] != value[k + 1]:
                    yield f"[{k}] and the next swapped", [*value[:k], value[k + 1], value[k], *value[k + 2 :]]
            yield from (("emptied", []), ("null appended", [*value, None]), ("object", {}), ("null", None))
            yield "nested", [value]
        case dict():
            for key in value:
                yield f".{key} dropped", {name: item for name, item in value.items() if name != key}
            yield from (("unknown key", value | {"note": "0"}), ("list", list(value.values())), ("null", None))


def changed_text(value: str) -> Iterator[tuple[str, Json]]:
    """The changes of a text, which may spell a rational."""
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        yield from (("emptied", ""), ("longer", value + "x"), ("null", None), ("number", 1), ("list", [value]))
        return
    near = {"+1": number + 1, "-1": number - 1, "negated": -number, "halved": number / 2, "zero": Fraction(0)}
    for name, new in near.items():
        if new != number:
            yield name, str(new)
    yield from (("+1/1000", str(number + Fraction(1, 1000))), ("as a number", int(number)))
    yield "not in lowest terms", f"{2 * number.numerator}/{2 * number.denominator}"
    yield from (
        ("spaced", f" {value}"),
        ("decimal", "0.5"),
        ("list", [value]),
        ("null", None),
        ("a path", [value, "1"]),
    )


@dataclass(slots=True)
class Oracle:
    """A network file, evaluated plainly. Parameters are as in the files, numbers as exact text."""

    document: Json
    known: dict[int, tuple[Numbers, Numbers, tuple[Fraction, Fraction]]] = field(default_factory=dict)
    data: list[tuple[Numbers, Numbers]] = field(default_factory=list)

    def activation(self, layer: int) -> tuple[Numbers, Numbers, tuple[Fraction, Fraction]]:
        """Breakpoints, slopes and a point of the graph."""
        if layer not in self.known:
            self.known[layer] = self.read_activation(layer)
        return self.known[layer]

    def read_activation(self, layer: int) -> tuple[Numbers, Numbers, tuple[Fraction, Fraction]]:
        """The same, from the file."""
        given = self.document["activation"]
        given = given[layer] if isinstance(given, list) else given
        if isinstance(given, str):
            breakpoints, slopes, anchor = FAMILIES[given]
        elif "breakpoints" in given:
            breakpoints, slopes, anchor = given["breakpoints"], given["slopes"], given["anchor"]
        else:
            negative, positive = given.get("negative_slope", "1/100"), given.get("positive_slope", 1)
            breakpoints, slopes, anchor = [0], [negative, positive], (0, 0)
        x, y = map(Fraction, anchor)
        return [Fraction(t) for t in breakpoints], [Fraction(s) for s in slopes], (x, y)

    def apply(self, layer: int, z: Fraction) -> Fraction:
        """h(z): the integral of the slope from the known point."""
        breakpoints, slopes, (x, y) = self.activation(layer)
        low, high = min(x, z), max(x, z)
        edges = [low, *(t for t in breakpoints if low < t < high), high]
        rise = sum(
            ((b - a) * slopes[sum(t < (a + b) / 2 for t in breakpoints)] for a, b in pairwise(edges)), Fraction(0)
        )
        return y + (rise if z >= x else -rise)

    def pre_activations(self, point: Json, x: Sequence[Fraction]) -> list[Numbers]:
        """z of every layer, the last being the prediction."""
        found, a = [], list(x)
        for m, layer in enumerate(point):
            bias = layer.get("bias", ["0"] * len(layer["weight"]))
            z = [
                sum((Fraction(w) * v for w, v in zip(row, a, strict=True)), Fraction(b))
                for row, b in zip(layer["weight"], bias, strict=True)
            ]
            found.append(z)
            a = [self.apply(m, v) for v in z] if m < len(point) - 1 else z
        return found

    def samples(self) -> list[tuple[Numbers, Numbers]]:
        """The data."""
        if not self.data:
            self.data = [tuple([Fraction(v) for v in each[part]] for part in "xy") for each in self.document["data"]]
        return self.data

    def predictions(self, point: Json) -> list[Numbers]:
        """f(x_i)."""
        return [self.pre_activations(point, x)[-1] for x, _ in self.samples()]

    def loss(self, e: Fraction) -> Fraction:
        """ℓ at an error."""
        given = self.document["loss"]
        if isinstance(given, str) or given["name"] == "squared":
            return e * e
        delta = Fraction(given.get("delta", 1))
        return e * e / 2 if abs(e) <= delta else delta * abs(e) - delta * delta / 2

    def risk(self, point: Json) -> Fraction:
        """R."""
        return self.risk_of(self.predictions(point))

    def risk_of(self, predictions: list[Numbers]) -> Fraction:
        """R of predictions."""
        given = self.document["loss"]
        given = {} if isinstance(given, str) else given
        factor = Fraction(given.get("factor", 1))
        pairs = zip(predictions, self.samples(), strict=True)
        errors = [a - b for f, (_, y) in pairs for a, b in zip(f, y, strict=True)]
        whole = factor * sum(map(self.loss, errors), Fraction(0))
        return whole / len(self.samples()) if given.get("reduction", "mean") == "mean" else whole

    def lower_nearby(self, point: Json, trials: int = 40, seed: int = 0) -> Json | None:
        """A point of lower risk very close by, by exact sampling along straight and bent ways; None if none."""
        here, rng = self.risk(point), random.Random(seed)
        size = len(numbers(point))
        for trial in range(trials):
            dense = trial % 3 == 0
            first = [rng.randint(-3, 3) if dense or rng.random() < 2 / size else 0 for _ in range(size)]
            second = [rng.randint(-3, 3) if trial % 2 else 0 for _ in range(size)]
            t = Fraction(1, 2**60)
            there = moved(point, [t * a + t * t * b for a, b in zip(first, second, strict=True)])
            if self.risk(there) < here:
                return there
        return None

    def jacobian_rank(self, point: Json) -> int:
        """The rank of the derivative of all predictions: inside a cell they are affine in each single parameter."""
        here, step, rows = self.predictions(point), Fraction(1, 2**100), []
        for k in range(len(numbers(point))):
            there = self.predictions(moved(point, [step * (c == k) for c in range(len(numbers(point)))]))
            rows.append([(a - b) / step for f, g in zip(there, here, strict=True) for a, b in zip(f, g, strict=True)])
        return matrix_rank(rows)


def numbers(point: Json) -> Numbers:
    """All parameters in one list."""
    return [Fraction(x) for layer in point for row in [*layer["weight"], layer.get("bias", [])] for x in row]


def moved(point: Json, by: Sequence[Fraction]) -> Json:
    """The point plus a vector."""
    left = iter(by)
    return mapped(point, lambda x: str(Fraction(x) + next(left)))


def at(path: Json, t: Fraction) -> Json:
    """The point of a path at t."""

    def value(x: Json) -> str:
        coefficients = x if isinstance(x, list) else [x]
        return str(sum((Fraction(c) * t**k for k, c in enumerate(coefficients)), Fraction(0)))

    return mapped(path, value)


def mapped(point: Json, change: Callable[[Json], Json]) -> Json:
    """The point with every number replaced."""
    new = []
    for layer in point:
        weight = [[change(x) for x in row] for row in layer["weight"]]
        new.append({"weight": weight} | ({"bias": [change(x) for x in layer["bias"]]} if "bias" in layer else {}))
    return new


def matrix_rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """The rank, by FLINT."""
    return int(flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows]).rank())


def falsehoods(network: Json, proof: Json) -> list[str]:
    """What the oracle finds wrong with the claims of a certificate that the kernel has accepted."""
    oracle, wrong = Oracle(network), []
    for claim in proof["claims"]:
        wrong += [f"{claim['claim']}: {what}" for what in judged(oracle, proof["steps"], claim)]
    return wrong


def judged(oracle: Oracle, steps: list[Json], claim: Json) -> Iterator[str]:
    """What is wrong with one claim."""
    step = steps[claim["step"]]
    if claim["claim"] == "assumptions":
        if {name: claim[name] for name in ("A1", "A2", "A3", "A4", "AL")} != assumptions(oracle):
            yield "not these assumptions"
        return
    if claim["claim"] == "linear_collapse":
        layers = oracle.document["layers"][1:-1]
        if any(len(set(oracle.activation(m)[1])) > 1 for m in range(len(layers))):
            yield "the network is not linear"
        return
    point = point_of(oracle, steps, step)
    if oracle.risk(point) != Fraction(claim["risk"]):
        yield "another risk"
    if claim["claim"] == "point" and steps[claim["step"]] and point != oracle.document.get("parameters"):
        yield "not the given point"
    if claim.get("better_risk") is not None:
        better = point_of(oracle, steps, better_step(steps, step))
        if not oracle.risk(better) == Fraction(claim["better_risk"]) < Fraction(claim["risk"]):
            yield "not better"
    if step["rule"] == "descent":
        yield from () if falls(oracle, point, step["curve"]) else ("no descent",)
    elif step["rule"] == "function_minimum":
        yield from () if oracle.risk(point) == least_of_functions(oracle) else ("a function is better",)
    elif oracle.lower_nearby(point) is not None:
        yield "not a local minimum"
    if claim["claim"] == "valley":
        yield from valley_faults(oracle, point, step["path"], claim)


def point_of(oracle: Oracle, steps: list[Json], step: Json) -> Json:
    """The parameters that a step is about."""
    while step["rule"] != "point":
        step = steps[step["minimum"] if "minimum" in step else step["point"]]
    return oracle.document["parameters"] if step["parameters"] == "given" else step["parameters"]


def better_step(steps: list[Json], step: Json) -> Json:
    """The step of the better point."""
    while "better" not in step:
        step = steps[step["minimum"]]
    return steps[step["better"]]


def falls(oracle: Oracle, point: Json, curve: Json) -> bool:
    """Whether the risk is lower along a curve, very close to its start."""
    starts = numbers(at(curve, Fraction(0))) == numbers(point)
    return starts and all(oracle.risk(at(curve, Fraction(1, 2**k))) < oracle.risk(point) for k in (100, 200))


def valley_faults(oracle: Oracle, point: Json, path: Json, claim: Json) -> Iterator[str]:
    """What is wrong with a valley: at points of the path, and with its dimension at the first."""
    predictions, seen = oracle.predictions(point), set()
    if numbers(at(path, Fraction(0))) != numbers(point):
        yield "the path starts elsewhere"
    for k in (0, 5, 16):
        there = at(path, Fraction(k, 16))
        seen.add(tuple(numbers(there)))
        if oracle.predictions(there) != predictions:
            yield f"other predictions at {k}/16"
        if oracle.lower_nearby(there, trials=12) is not None:
            yield f"not a local minimum at {k}/16"
    if len(seen) < 2:
        yield "the path stays"
    if claim["dimension"] != len(numbers(point)) - oracle.jacobian_rank(point):
        yield "another dimension"


def least_of_functions(oracle: Oracle) -> Fraction:
    """The least squared-loss risk of all functions of the inputs: each group of equal inputs gets its mean."""
    groups: dict[tuple[Fraction, ...], list[Numbers]] = defaultdict(list)
    for x, y in oracle.samples():
        groups[tuple(x)].append(y)
    means = {x: [sum(column, Fraction(0)) / len(ys) for column in zip(*ys, strict=True)] for x, ys in groups.items()}
    return oracle.risk_of([means[tuple(x)] for x, _ in oracle.samples()])


def assumptions(oracle: Oracle) -> dict[str, bool]:
    """A1 to A4 and AL."""
    samples, widths = oracle.samples(), oracle.document["layers"]
    affine = [[*x, Fraction(1)] for x, _ in samples]
    whole = [[*row, *y] for row, (_, y) in zip(affine, samples, strict=True)]
    bends = [[(a, b) for a, b in pairwise(oracle.activation(m)[1]) if a != b] for m in range(len(widths) - 2)]
    return {
        "A1": matrix_rank(whole) > matrix_rank(affine),
        "A2": len({tuple(x) for x, _ in samples}) == len(samples),
        "A3": min(widths[1:-1]) > widths[-1],
        "A4": all(any(a + b for a, b in layer) for layer in bends),
        "AL": True,
    }
