"""Writing certificates: claims first, then the steps, as canonical JSON; equal inputs give equal bytes."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symverify.ground.time_limit import finishing
from symverify.kernel.check import FORMAT, apply, needed
from symverify.kernel.core.errors import Declined, Malformed, Rejected
from symverify.kernel.core.network import Point, Problem
from symverify.kernel.core.poly import Scalar
from symverify.kernel.core.proof import Fact, Proof
from symverify.kernel.core.proof import stated as as_stated
from symverify.kernel.programs.network import Programmed
from symverify.kernel.reals.losses import RealLoss

Premises = Mapping[str, int | Sequence[int]]  # by role, the steps that a step rests on
_NONE: Premises = {}


def coordinate(x: Scalar) -> object:
    """A number, or a polynomial as its coefficients, as certificates spell it."""
    if isinstance(x, Fraction):
        return str(x)
    if x.is_constant():
        return str(x.at_zero())
    return [str(c) for c in x.coefficients]


def parameters(point: Point) -> list[dict[str, object]]:
    """A point or a path as certificates spell it."""
    return [
        {"weight": [[coordinate(x) for x in row] for row in layer.weight]}
        | ({} if layer.bias is None else {"bias": [coordinate(x) for x in layer.bias]})
        for layer in point
    ]


def spelled(problem: Problem, point: Point) -> object:
    """The same of a problem: of a general program node by node, each with the parameters that are its own."""
    if not isinstance(problem, Programmed):
        return parameters(point)
    values, found = problem.free(point), dict[str, object]()
    for each in problem.owned:
        own = [None if slot is None else coordinate(values[slot]) for slot in (*each.weight, *each.bias)]
        weight, bias = own[: len(each.weight)], own[len(each.weight) :]
        found[each.name] = ({"weight": nested(each.weight_shape, weight)} if any(weight) else {}) | (
            {"bias": bias} if any(bias) else {}
        )
    return found


def nested(shape: Sequence[int], entries: Sequence[object]) -> list[object]:
    """The entries, row by row, as nested lists."""
    if len(shape) == 1:
        return list(entries)
    step = len(entries) // shape[0]
    return [nested(shape[1:], entries[k * step : (k + 1) * step]) for k in range(shape[0])]


@dataclass(slots=True)
class Certificate:
    """A proof under construction. Each step runs through its kernel rule as it is added, so a wrong one fails here.

    That is an early check by the same code, not the verdict: that comes from the kernel reading the file.
    """

    problem: Problem
    proof: Proof = field(init=False)
    steps: list[dict[str, object]] = field(default_factory=list)
    claims: list[dict[str, object]] = field(default_factory=list)
    seconds: float = 0.0  # that the kernel has taken for the steps
    _places: dict[str, int] = field(default_factory=dict)  # of the steps, by their text

    def __post_init__(self) -> None:
        self.proof = Proof(self.problem)

    def step(self, rule: str, premises: Premises = _NONE, **fields: object) -> int:
        """Add a step that rests on the steps `premises`, or find the equal one; its index.

        Raises what the kernel's rule raises, Declined where a number is too long to be written.
        """
        step = _spelled(rule, premises, fields)
        if (known := self._places.get(place := json.dumps(step, sort_keys=True))) is not None:
            return known
        begun = time.monotonic()
        try:
            with finishing():
                proved = apply(self.proof, step, f"steps[{len(self.steps)}]")
        except Rejected as error:
            raise Rejected(error.where, error.reason.removeprefix(f"{rule}: ")) from None
        except Malformed as error:  # its own reader refuses a number of too many digits
            raise Declined(f"no certificate can state it: {error}") from None
        finally:
            self.seconds += time.monotonic() - begun
        self.proof.steps.append(proved)
        self.steps.append(step)
        return self._places.setdefault(place, len(self.steps) - 1)

    def point(self, point: Point) -> int:
        """The step that evaluates a point."""
        given = point == self.problem.parameters
        rule = "enclosed_point" if isinstance(self.problem.loss, RealLoss) or self.problem.decays else "point"
        return self.step(rule, parameters="given" if given else spelled(self.problem, point))

    def centred(self, rule: str, centre: Point, fields: Mapping[str, object]) -> int:
        """The step that proves a minimum near a point."""
        return self.step(rule, _NONE, centre=spelled(self.problem, centre), **fields)

    def fact(self, index: int) -> Fact:
        """What a step proves."""
        return self.proof.steps[index].fact

    def claim(self, name: str, step: int) -> None:
        """State a claim that a step settles."""
        outcome = self.fact(step).settles(name)
        if outcome is None:
            raise ValueError(f"step {step} does not settle {name}")
        spelled = {key: as_stated(value) for key, value in outcome[1].items()}
        stated: dict[str, object] = {"claim": name, "verdict": outcome[0], "step": step, **spelled}
        if stated not in self.claims:
            self.claims.append(stated)

    def stated(self, name: str) -> int | None:
        """The step of a claim that is stated; None if it is not."""
        return next((int(str(claim["step"])) for claim in self.claims if claim["claim"] == name), None)

    def met(self, minimum: int) -> int:
        """The step of the bracket, of width 0, by the bound and the point of a global minimum."""
        premises = self.proof.steps[minimum].premises
        return self.step("bracket", {role: index for role, (index,) in premises.items()})

    def text(self, claims: Sequence[dict[str, object]] | None = None) -> bytes:
        """The certificate file, of all claims or of some: only the steps that these rest on, renumbered in order."""
        chosen = self.claims if claims is None else claims
        kept = self._needed(chosen)
        number = {old: new for new, old in enumerate(kept)}
        steps = [_renumbered(self.steps[index], self.proof.steps[index].premises, number) for index in kept]
        claims = [{**claim, "step": number[claim["step"]]} for claim in chosen]  # type: ignore[index]
        return lines({"format": FORMAT, "problem": self.problem.sha256}, claims=claims, steps=steps)

    def _needed(self, claims: Sequence[Mapping[str, object]]) -> list[int]:
        return needed(self.proof.steps, [int(str(claim["step"])) for claim in claims])


def _spelled(rule: str, premises: Premises, fields: Mapping[str, object]) -> dict[str, object]:
    """A step as certificates spell it."""
    roles = {role: index if isinstance(index, int) else list(index) for role, index in premises.items()}
    return {"rule": rule, **({"from": roles} if roles else {}), **fields}


def _renumbered(
    step: Mapping[str, object], premises: Mapping[str, tuple[int, ...]], number: Mapping[int, int]
) -> dict[str, object]:
    """The step with the steps that it rests on renumbered."""
    roles = step.get("from")
    if not isinstance(roles, dict):
        return dict(step)
    changed = {
        role: number[written] if isinstance(written, int) else [number[index] for index in premises[role]]
        for role, written in roles.items()
    }
    return {**step, "from": changed}


def lines(head: dict[str, object], **lists: list[dict[str, object]]) -> bytes:
    """JSON with one line per claim and per step, so that certificates diff well."""

    def spelled(value: object) -> str:
        return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))

    parts = [f"{spelled(key)}: {spelled(value)}" for key, value in head.items()]
    for name, items in lists.items():
        body = ",\n    ".join(spelled(item) for item in items)
        parts.append(f"{spelled(name)}: [\n    {body}\n  ]")
    return ("{\n  " + ",\n  ".join(parts) + "\n}\n").encode("ascii")
