"""Finding the smallest data set with a property: an ordinary network file, and its certificate."""

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from symverify.errors import Declined, Malformed, Usage
from symverify.ground.time_limit import OVERTIME, until
from symverify.kernel.core.network import Problem
from symverify.problem.load import LoadedProblem, loads
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict
from symverify.search.find import Found, NotFound, affine_is_global, by_trying, not_attained, two_valleys
from symverify.search.global_minimum import plainly, prepare

CLAIMS = {
    "two_valleys": "cell_minima",
    "no_exchange": "cell_minima",
    "not_spurious": "spurious_minimum",
    "not_attained": "infimum",
}
TRIED: dict[str, tuple[Callable[[Problem, float], bool], str]] = {
    "not_spurious": (
        affine_is_global,
        "were seen to have a best affine fit that is a global minimum and does not fit exactly",
    ),
    "not_attained": (not_attained, "were seen to have a least risk that no parameters attain"),
}


@dataclass(frozen=True, slots=True)
class Find:
    """The problem that was found with what is proved about it; or why there is none."""

    problem: LoadedProblem | None
    result: CheckResult | None
    reason: str

    @property
    def proved(self) -> bool:
        """Whether the kernel has confirmed the property."""
        return self.result is not None


def template(inputs: str, width: int, activation: object, bias: object) -> dict[str, object]:
    """A network file on one input, or several (coordinates separated by ":"), with labels to be found."""
    rows = [[part.strip() for part in each.split(":")] for each in inputs.split(",")]
    return {
        "format": "symverify-network/1",
        "layers": [len(rows[0]), width, 1],
        "activation": activation,
        "bias": bias,
        "loss": {"name": "squared", "reduction": "sum", "factor": "1/2"},
        "data": [{"x": row, "y": ["0"]} for row in rows],
    }


def find(
    claim: str,
    document: dict[str, object],
    whole: bool,
    timeout: float,
    output: Path | None,
    stopped: Callable[[], bool] = lambda: False,
) -> Find:
    """Search labels for the document's inputs, until `stopped`; what is found is checked by the kernel, in time.

    Raises Usage, Declined.
    """
    if claim not in CLAIMS:
        raise Usage(f"there is nothing of that name to find: {claim!a:.40}", f"known: {', '.join(CLAIMS)}")
    start, begun = loads(json.dumps(document)), time.monotonic()
    deadline = begun + timeout
    problem = start.problem
    if not problem.shallow or not problem.loss.quadratic:
        raise Usage("labels are searched for one hidden layer, scalar output and squared loss")
    try:
        with until(deadline + OVERTIME):
            found = searched(claim, problem, whole, deadline, stopped)
    except Declined as error:
        return Find(None, None, str(error))
    if isinstance(found, NotFound):
        return Find(None, None, found.reason)
    data = [{"x": [str(v) for v in x], "y": [str(y)]} for x, y in zip(problem.inputs, found.labels, strict=True)]
    try:
        made = loads(json.dumps({**document, "name": claim.replace("_", " "), "data": data}) + "\n")
    except Malformed:  # of numbers, as everything else is the template's
        return Find(None, None, "the labels that were found have too many digits for a network file")
    result = check(
        made, [CLAIMS[claim]], cell=found.cell, output=output, smt=False, timeout=timeout, begun=begun, fresh=True
    )
    if not confirmed(claim, result):
        return Find(made, None, "the kernel did not confirm what the search found")
    return Find(made, result, "")


def searched(
    claim: str, problem: Problem, whole: bool, deadline: float, stopped: Callable[[], bool]
) -> Found | NotFound:
    """The labels. Raises Usage, Declined."""
    if claim in ("two_valleys", "no_exchange"):
        return two_valleys(problem, whole, claim == "no_exchange", deadline)
    if not whole:
        raise Usage(f"{claim} is not a matter of linear forms", "search whole labels, with --integers")
    holds, what = TRIED[claim]
    quick = prepare(problem, lambda _: None, deadline - time.monotonic())
    with nullcontext() if quick else plainly():
        return by_trying(problem, holds, what, deadline, stopped)


def confirmed(claim: str, result: CheckResult) -> bool:
    """Whether the theorem is the property."""
    for each in result.claims:
        said = each.statement
        match claim:
            case "two_valleys" if each.verdict is Verdict.PROVED and each.name == "cell_minima":
                return int(str(said["components"])) > 1 and Fraction(str(said["risk"])) > 0
            case "no_exchange" if each.verdict is Verdict.PROVED and each.name == "cell_minima":
                return int(str(said["orbits"])) > 1 and Fraction(str(said["risk"])) > 0
            case "not_spurious" if each.verdict is Verdict.REFUTED and each.name == "spurious_minimum":
                return True
            case "not_attained" if each.verdict is Verdict.PROVED and each.name == "infimum":
                return said["attained"] is False
    return False
