"""Problems and certificates for the tests of this storey, written by hand; and an oracle in mpmath."""

import copy
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from symverify.kernel import Checked, Declined, Malformed, Rejected, check
from symverify.kernel.check import apply
from symverify.kernel.core.network import Problem
from symverify.kernel.core.proof import Proof, Quantity
from symverify.kernel.network_file import read_problem
from tests.kernel.accepted import Case
from tests.kernel.corruption import certificate
from tests.kernel.rules import Corruption

Json = Any
LEAKY = {"name": "leaky_relu", "negative_slope": "1/10"}


def document(
    layers: list[int], activation: Json, loss: Json, xs: Sequence[Json], ys: Sequence[Json], **more: Json
) -> Json:
    """A network file; numbers stand for vectors of one."""
    data = [{"x": x if isinstance(x, list) else [x], "y": y} for x, y in zip(xs, ys, strict=True)]
    form = {"format": "symverify-network/1", "layers": layers, "activation": activation, "loss": loss, "data": data}
    return form | more


def layer(weight: Json, bias: Json = None) -> Json:
    return {"weight": weight} | ({} if bias is None else {"bias": bias})


def no_data(name: str) -> bytes:
    raise OSError(name)


def problem_of(doc: Json) -> Problem:
    return read_problem(json.dumps(doc).encode(), no_data)


def checked(doc: Json, steps: list[Json], claims: dict[str, int]) -> Checked:
    """The certificate with these steps, claiming by name what the step of that number proves, through the kernel."""
    made = control(doc, steps, claims)
    return check(json.dumps(doc).encode(), json.dumps(made.proof).encode(), no_data)


def control(doc: Json, steps: Sequence[Json], claims: Mapping[str, int]) -> Case:
    """The same as a network file and a certificate, which the kernel states once it is read.

    So a fault in a rule fails tests, not their collection.
    """
    return Case(doc, lambda: stated(doc, steps, claims))


def stated(doc: Json, steps: Sequence[Json], claims: Mapping[str, int]) -> Json:
    """The certificate with these steps, claiming by name what the step of that number proves."""
    proof, found = Proof(problem_of(doc)), []
    for index, step in enumerate(steps):
        proof.steps.append(apply(proof, copy.deepcopy(step), f"steps[{index}]"))
    for name, index in claims.items():
        outcome = proof.steps[index].fact.settles(name)
        assert outcome is not None, (name, proof.steps[index].fact)
        spelled = {key: value.stated() if isinstance(value, Quantity) else value for key, value in outcome[1].items()}
        found.append({"claim": name, "verdict": outcome[0], "step": index, **spelled})
    return certificate(doc, steps, found)


def refused(doc: Json, steps: list[Json], reason: str, kind: type[Exception] = Rejected) -> None:
    """The last step does not follow, for this reason."""
    proof = Proof(problem_of(doc))
    for index, step in enumerate(steps[:-1]):
        proof.steps.append(apply(proof, copy.deepcopy(step), f"steps[{index}]"))
    with pytest.raises(kind, match=reason):
        apply(proof, copy.deepcopy(steps[-1]), f"steps[{len(steps) - 1}]")


def edited(step: Json, path: list[Json], value: Json) -> Json:
    """A copy of a step with the value at a path; `...` removes it."""
    new = copy.deepcopy(step)
    place = new
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return new


def corruption(
    name: str, step: int, path: Sequence[Json], value: Json, kind: type[Exception], reason: str
) -> Corruption:
    """The corruption of a control's step at a path of keys."""
    where = f"steps[{step}]" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return name, f"{where} {value!s:.30} {reason:.40}", where, value, kind.__name__, reason


def mp(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


def mp_loss(name: str, f: Sequence[mpmath.mpf], y: Sequence[mpmath.mpf]) -> mpmath.mpf:
    """ℓ of one sample, from its definition; δ = 1 for Huber, τ = 1/2 for quantile loss."""
    errors, half = [abs(a - b) for a, b in zip(f, y, strict=True)], mpmath.mpf(1) / 2
    if name == "squared":
        return sum(e * e for e in errors)
    if name == "huber":
        return sum(e * e / 2 if e <= 1 else e - half for e in errors)
    if name in ("absolute", "quantile"):
        return sum(errors) * (half if name == "quantile" else 1)
    if name == "hinge":
        return sum(max(mpmath.mpf(0), 1 - a * b) for a, b in zip(f, y, strict=True))
    linear = sum(a * b for a, b in zip(f, y, strict=True))
    if name == "logistic":
        return sum(mpmath.log(1 + mpmath.exp(a)) for a in f) - linear
    if name == "poisson":
        return sum(mpmath.exp(a) for a in f) - linear
    return mpmath.log(sum(mpmath.exp(a) for a in f)) - linear


def mp_forward(problem: Problem, theta: Json, x: Sequence[mpmath.mpf]) -> list[mpmath.mpf]:
    """f(x; θ), the activations from their breakpoints."""
    a = list(x)
    for m, each in enumerate(theta):
        bias = [mpmath.mpf(0)] * len(each.weight) if each.bias is None else list(map(mp, each.bias))
        z = [sum((mp(w) * v for w, v in zip(row, a, strict=True)), c) for row, c in zip(each.weight, bias, strict=True)]
        if m < len(problem.activations):
            h = problem.activations[m]
            pieces = [sum(v > mp(t) for t in h.breakpoints) for v in z]
            z = [mp(h.slopes[p]) * v + mp(h.offsets[p]) for p, v in zip(pieces, z, strict=True)]
        a = z
    return a


def mp_risk(problem: Problem, theta: Json, digits: int = 60) -> mpmath.mpf:
    """R(θ)."""
    with mpmath.workdps(digits):
        rows = zip(problem.inputs, problem.targets, strict=True)
        values = [
            mp_loss(problem.loss.name, mp_forward(problem, theta, [mp(v) for v in x]), [mp(v) for v in y])
            for x, y in rows
        ]
        return mp(problem.loss.factor) * sum(values)


__all__ = ["Declined", "Malformed", "Rejected", "checked", "document", "edited", "layer", "refused"]
