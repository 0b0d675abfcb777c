"""No fact in any rule's controls settles a claim that has no meaning, whichever name comes before or after its own."""

import json

import pytest

from symverify.kernel import check
from symverify.kernel.table import RULES
from tests.kernel.corruption import no_data, text
from tests.kernel.rules import of_rule


@pytest.mark.parametrize("rule", RULES)
def test_only_claims_by_their_names(rule: str) -> None:
    settled = 0
    for control in list(of_rule(rule)[0].values())[:3]:
        real = {claim["claim"] for claim in control.proof["claims"]}
        near = {each for name in real for each in (name[:-1], name + "s", name + " ", name.title())}
        for step in check(text(control.network), json.dumps(control.proof).encode(), no_data).steps:
            assert not [name for name in ("", "~", *sorted(near - real)) if step.fact.settles(name) is not None]
            settled += any(step.fact.settles(name) is not None for name in real)
    assert settled
