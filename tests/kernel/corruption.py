"""Systematic corruption of certificates, and what an oracle says about their claims.

`mutations(value)` yields every small change of a JSON value, each with its path. `falsehoods` tells which claims of a
certificate the oracle of `tests/oracles` finds wrong: by exact recomputation where it can, for local minima by an
exact search for lower points close by.
"""

import copy
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from symverify.kernel import Checked, Declined, Malformed, Rejected, Theorem, check
from tests.oracles.network import Oracle, assumptions, at, least_of_functions, numbers

Json = Any


def text(document: Json) -> bytes:
    """A network file."""
    return json.dumps(document).encode()


def certificate(network: Json, steps: Sequence[Json], claims: Sequence[Json]) -> Json:
    """A certificate about a network file."""
    return {
        "format": "symverify-certificate/2",
        "problem": hashlib.sha256(text(network)).hexdigest(),
        "claims": list(claims),
        "steps": list(steps),
    }


def no_data(name: str) -> bytes:
    """For network files that name no data file."""
    raise FileNotFoundError(name)


def checked(network: Json, proof: Json) -> Checked:
    """What the kernel makes of a certificate; raises what it raises."""
    return check(text(network), json.dumps(proof).encode(), no_data)


def theorems(network: Json, proof: Json) -> tuple[Theorem, ...]:
    """The theorems alone."""
    return checked(network, proof).theorems


def outcome(network: Json, proof: Json) -> tuple[str, str]:
    """The verdict in a word, and the lines or the reason."""
    try:
        lines = [theorem.line() for theorem in theorems(network, proof)]
    except (Malformed, Rejected, Declined) as error:
        return type(error).__name__, str(error)
    return "Accepted", "\n".join(lines)


def edited(value: Json, path: str, new: Json) -> Json:
    """A copy with the value at a path like "steps[1].from.point" replaced; `...` removes it, a function maps it."""
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


def mutants_of(rng: random.Random, value: Json, count: int) -> list[tuple[str, Json]]:
    """At most so many of these, any of them."""
    found = list(mutations(value)) if count else []
    return rng.sample(found, min(count, len(found)))


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
        step = steps[step["from"].get("minimum", step["from"].get("point"))]
    return oracle.document["parameters"] if step["parameters"] == "given" else step["parameters"]


def better_step(steps: list[Json], step: Json) -> Json:
    """The step of the better point."""
    while "better" not in step["from"]:
        step = steps[step["from"]["minimum"]]
    return steps[step["from"]["better"]]


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
