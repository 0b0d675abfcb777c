"""What every rule's test file has: accepted controls, and corruptions of them that are rejected for the stated reason.

`tests/kernel/<storey>/test_<rule>.py` names its controls CONTROLS and its corruptions CORRUPTIONS, and makes the tests
of them by `test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)`.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence

import pytest

from symverify.kernel.table import STOREY
from tests.kernel.accepted import CASES, Case
from tests.kernel.corruption import Json, certificate, edited, outcome

Controls = Mapping[str, Case]
UNUSED = "no claim depends on this step"
Corruption = tuple[
    str, str, str, Json, str, str
]  # control, what, path, new value or `...`, verdict, part of the reason


def cases(*names: str) -> dict[str, Case]:
    """Some of the shared certificates."""
    return {name: CASES[name] for name in names}


def of(control: str, corruptions: Sequence[tuple[str, str, Json, str, str]]) -> list[Corruption]:
    """Corruptions of one control."""
    return [(control, *each) for each in corruptions]


def check(controls: Controls, corruption: Corruption) -> None:
    """The control with the value at a path replaced fails in this way, for this reason.

    Where the corruption leaves a step unused, which the kernel sees first, claims about all steps are added.
    """
    name, _, path, new, kind, reason = corruption
    changed = edited(controls[name].proof, path, new)
    verdict, what = outcome(controls[name].network, changed)
    if what.endswith(UNUSED) and UNUSED not in reason:
        more = [{"claim": "used", "verdict": "proved", "step": k} for k in range(len(changed["steps"]))]
        verdict, what = outcome(controls[name].network, changed | {"claims": [*changed["claims"], *more]})
    assert (verdict, reason if reason in what else what) == (kind, reason)


def suite(
    controls: Controls, corruptions: Sequence[Corruption]
) -> tuple[Callable[[str], None], Callable[[Corruption], None]]:
    """The tests that the controls are accepted, and that each corruption of one is not, for its reason."""

    @pytest.mark.parametrize("name", controls)
    def test_accepted(name: str) -> None:
        assert outcome(controls[name].network, controls[name].proof)[0] == "Accepted"

    @pytest.mark.parametrize("corruption", corruptions, ids=[f"{each[0]}: {each[1]}" for each in corruptions])
    def test_corrupted(corruption: Corruption) -> None:
        check(controls, corruption)

    return test_accepted, test_corrupted


def check_step(network: Json, steps: Sequence[Json], reason: str) -> None:
    """The last step does not follow about this network, for this reason."""
    unused = {"claim": "point", "verdict": "proved", "step": len(steps) - 1}
    verdict, what = outcome(network, certificate(network, steps, [unused]))
    assert (verdict, reason if reason in what else what) == ("Rejected", reason)


def of_rule(rule: str) -> tuple[Controls, Sequence[Corruption]]:
    """The controls and corruptions in the test file of a rule."""
    module = importlib.import_module(f"tests.kernel.{STOREY[rule]}.test_{rule}")
    return module.CONTROLS, module.CORRUPTIONS
