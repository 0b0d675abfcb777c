"""The kernel: walks a certificate against a problem once, and seals a Theorem for each claim that it proves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import final

from .core.errors import Malformed, Rejected, metered, spend
from .core.network import Problem
from .core.proof import Fact, Proof, Reading, Step, Value, stated
from .core.text import Fields, anything, listed, natural, shown, strict_json, text
from .network_file import read_problem
from .programs.network import Programmed
from .table import RULES, STOREY, STOREYS

VERSION, FORMAT = "2", "symverify-certificate/2"
WHERE = dict.fromkeys(("point", "critical_point"), "given")  # the point that a claim is about
WHERE |= {"spurious_minimum": "affine_fit", "spurious_linear_minimum": "linear_piece"}
_SEAL = object()
UNUSED = Step("", {}, {}, Fact())  # stands for a step that is not tried, as the certificate is rejected in the end


@final
@dataclass(frozen=True, slots=True)
class Theorem:
    """A claim about a problem that the kernel has proved or, if the verdict says so, refuted.

    `statement` are its numbers, `step` is the step that settles it, `storey` the parts of the kernel, joined by "+",
    that its proof rests on beside the core.
    """

    claim: str
    verdict: str
    statement: tuple[tuple[str, Value], ...]
    step: int
    storey: str
    problem_sha256: str
    seal: InitVar[object] = field(default=None)

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the kernel makes a Theorem")

    def line(self) -> str:
        """The verdict line: greppable, with the point, the numbers, the storey and the problem's hash."""
        words = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self.statement}
        numbers = [
            f"{'better' if key == 'better_risk' else key}={spelled(words[key])}"
            for key, value in self.statement
            if value is not None
        ]
        where = [f"at={WHERE[self.claim]}"] if self.claim in WHERE else []
        ending = [f"storey={self.storey}", f"problem={self.problem_sha256}"]
        return " ".join(["s", self.verdict.upper(), self.claim, *where, *numbers, *ending])


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate that the kernel accepts: its problem, its steps with the facts they prove, and its theorems."""

    problem: Problem
    steps: tuple[Step, ...]
    theorems: tuple[Theorem, ...]
    seal: InitVar[object] = field(default=None)

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the kernel makes a Checked")

    def support(self, theorem: Theorem) -> list[int]:
        """The steps that a theorem rests on, in order, its own last."""
        return needed(self.steps, [theorem.step])


def spelled(text: str) -> str:
    """The text as one word: blanks as _, and the _ of a name as \\_."""
    return text.replace("_", "\\_").replace(" ", "_")


def rests_on(step: Step) -> tuple[int, ...]:
    """The numbers of the steps that a step rests on."""
    return tuple(index for indices in step.premises.values() for index in indices)


def needed(steps: Sequence[Step], last: Iterable[int]) -> list[int]:
    """The steps that these rest on, themselves among them, in order."""
    found, pending = set[int](), list(last)
    while pending:
        spend(50)
        if (index := pending.pop()) not in found:
            found.add(index)
            pending += rests_on(steps[index])
    return sorted(found)


def wanted(claims: Sequence[object], steps: Sequence[object]) -> set[int]:
    """The steps that the claims depend on, by the numbers in the text: known before any work is done."""
    found = {k for claim in claims if isinstance(claim, dict) and type(k := claim.get("step")) is int}
    for index in reversed(range(len(steps))):
        step = steps[index]
        roles = step.get("from") if index in found and isinstance(step, dict) else None
        for named in roles.values() if isinstance(roles, dict) else ():
            found |= {k for k in (named if isinstance(named, list) else [named]) if type(k) is int}
    return found


def apply(proof: Proof, value: object, where: str) -> Step:
    """The step, if it follows; the kernel's only call of a rule."""
    fields = Fields(value, where)
    rule = fields.need("rule", text)
    if rule not in RULES:
        raise Malformed((fields.at("rule"), f"unknown rule {shown(rule)}"))
    if rule not in proof.problem.loss.rules:
        decay = " with weight decay" if proof.problem.decays else ""
        program = " on a general program" if isinstance(proof.problem, Programmed) else ""
        raise Rejected(where, f"{rule}: is not a rule for the {proof.problem.loss.name} loss{decay}{program}")
    written = dict(fields.left)
    step = Reading(proof, fields)
    try:
        fact = RULES[rule](step)
    except Rejected as error:
        raise Rejected(error.where or where, f"{rule}: {error.reason}") from None
    step.roles.done()
    step.done()
    return Step(rule, written, step.premises, fact)


def settle(proof: Proof, value: object, where: str) -> Theorem:
    """The theorem for one claim: its verdict and numbers must be the ones that its step proves."""
    claim = Fields(value, where)
    name, index = claim.need("claim", text), claim.need("step", natural)
    if index >= len(proof.steps):
        raise Rejected(f"{where}.step", f"there is no step {index}")
    outcome = proof.steps[index].fact.settles(name)
    if outcome is None:
        proves = type(proof.steps[index].fact).__name__
        raise Rejected(f"{where}.step", f"step {index} proves {proves}, which does not settle {shown(name)}")
    verdict, statement = outcome
    for key, proved in {"verdict": verdict, **statement}.items():
        claimed, spelled = claim.need(key, anything), stated(proved)
        if claimed != spelled or type(claimed) is not type(spelled):
            raise Rejected(f"{where}.{key}", f"claimed {shown(claimed)}, proved {shown(spelled)}")
    claim.done()
    used = {"programs"} if isinstance(proof.problem, Programmed) else set()
    used |= {STOREY[proof.steps[k].rule] for k in needed(proof.steps, [index])}
    storey = "+".join(each for each in STOREYS if each in used and each != "core") or "core"
    return Theorem(name, verdict, tuple(statement.items()), index, storey, proof.problem.sha256, _SEAL)


def check(network: bytes, certificate: bytes, open_data: Callable[[str], bytes]) -> Checked:
    """What a certificate proves about the problem in a network file.

    Raises Malformed (either file), Rejected (the certificate does not prove its claims) or Declined.
    """
    fields = Fields(strict_json(certificate), "")
    if (form := fields.need("format", text)) != FORMAT:
        known = {"certificate/1": 'make it again with "symverify check"', "network/1": "swap the two files"}
        again = known.get(form.removeprefix("symverify-"), "use its version")
        raise Malformed(("format", f'this kernel reads "{FORMAT}", the certificate is {shown(form)}: {again}'))
    sha256, claims = fields.need("problem", text), fields.need("claims", listed(anything))
    steps = fields.need("steps", listed(anything))
    fields.done()
    with metered():
        problem = read_problem(network, open_data)
        if sha256 != problem.sha256:
            raise Rejected("problem", f"the certificate is about another problem, {shown(sha256)}")
        if not claims:
            raise Rejected("claims", "there is no claim")
        proof, used = Proof(problem), wanted(claims, steps)
        for index, value in enumerate(steps):
            proof.steps.append(apply(proof, value, f"steps[{index}]") if index in used else UNUSED)
        theorems = tuple(settle(proof, value, f"claims[{index}]") for index, value in enumerate(claims))
        if UNUSED in proof.steps:
            raise Rejected(f"steps[{proof.steps.index(UNUSED)}]", "no claim depends on this step")
    return Checked(problem, tuple(proof.steps), theorems, _SEAL)
