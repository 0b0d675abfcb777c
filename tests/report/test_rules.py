"""Every rule is told, in every form, with the sentence that its step proves; and nothing is checked again for it."""

import json
from functools import cache

import pytest

from symverify.kernel import Checked
from symverify.kernel.check import check
from symverify.kernel.table import RULES, STOREY
from symverify.problem.load import LoadedProblem, loads
from symverify.report.document import Para, Strong
from symverify.report.explain import FORMS, Explanation, account, explain, render
from symverify.report.story import Story
from symverify.report.tellers import TELLINGS
from symverify.report.words import told
from symverify.run.check import check as search
from symverify.run.verdict import Verdict
from tests.examples import layer, network, samples
from tests.kernel.accepted import CASES, case, claim, given, point
from tests.kernel.cells import test_tree_bound
from tests.kernel.curvature import test_substitution
from tests.kernel.programs import test_restricted_face_minimum, test_restricted_lower_bound

KINKED = network([1, 1, 1, 1], "relu", samples([0, 1, 2], [0, 0, 3]), parameters=[
    layer([[1]], [0]), layer([[-1]], [-1]), layer([[1]], [1])
])  # fmt: skip
EXACT = network([1, 1, 1], "identity", samples([0, 1, 2], [0, 1, 2]), parameters=[
    layer([[2]], [3]), layer([["1/2"]], ["-3/2"])
])  # fmt: skip
OWN = {
    "adjacent_cells": case(KINKED, [point(), {"rule": "adjacent_cells", "from": {"point": 0}}], given(1, "6")),
    "cell_kkt, flat": case(KINKED, [point(), {"rule": "cell_kkt", "from": {"point": 0}, "cells": [{"flat": True}] * 2}],
                           given(1, "6")),
    "cell_kkt, one cell": case(EXACT, [point(), {"rule": "cell_kkt", "from": {"point": 0},
                                                 "cells": [{"multipliers": []}]}], given(1, "0")),
}  # fmt: skip


TENT = samples([0, 1, 2], [0, 1, 0])
LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
BOUNDED = network([1, 1, 1], "relu", samples([0, 0, 1], [0, 2, 1]), parameters=[layer([[0]], [1]), layer([[1]], [1])])
OWN["bracket"] = case(
    BOUNDED,
    [{"rule": "function_bound"}, point(), {"rule": "bracket", "from": {"bound": 0, "point": 1}}],
    claim("global_bounds", 2, lower="2", upper="5"),
)
OWN["second_order"] = case(
    EXACT, [point(), {"rule": "second_order", "from": {"point": 0}}, {"rule": "critical_point", "from": {"point": 0}}],
    given(1, "0"), claim("critical_point", 2, risk="0"),
)  # fmt: skip
SEARCHED = {
    "cells": (network([1, 1, 1], "relu", TENT, parameters=[layer([[1]], [1]), layer([["0"]], ["1/3"])]),
              ["cells", "cell_minima", "atlas"]),
    "traps": (network([1, 2, 1], "relu", TENT), ["cell_traps"]),
    "radii": (network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 2, 0, -1])),
              ["spurious_radius", "face_radius", "cell_radius"]),
    "labels": (network([1, 2, 1], "relu", TENT), ["spurious_labels", "every_slope"]),
    "symbols": (network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, "1/2 + a"]), symbols={"a": [0, 1]}),
                ["spurious_for_all", "minimum_for_all", "spurious_face_for_all"]),
    "list": (network([1, 1, 1], "identity", samples([1], ["a"]), bias=False, symbols={"a": [1, 2]}),
             ["no_spurious_for_all"]),
    "real traps": (network([1, 2, 1], "relu", TENT) | {"loss": "logistic"}, ["cell_traps"]),
    "slopes": (network([1, 2, 1], {"breakpoints": [0], "slopes": ["a", 1], "anchor": [0, 0]}, TENT,
                       symbols={"a": [0, 2]}), ["spurious_for_all"]),
    "for all labels": (network([1, 1, 1], "relu", samples([1, -1], ["a", "a"]), bias=False, symbols={"a": [1, 2]}),
                       ["global_minimum_for_all"]),
    "tree of a list": (network([1, 1, 1], "identity", samples([1], ["a"]), bias=False, symbols={"a": [-1, 1]}),
                       ["no_spurious_for_all"]),
    "global radius": (network([1, 1, 1], "relu", samples([1, -1], [2, -1]), bias=False), ["global_radius"]),
    "faces": (network([1, 1, 1], "relu", TENT), ["face_atlas", "global_minimum"]),
    "limit": (network([1, 1, 1], LATE, samples([1, 2], [1, 2]), bias=False), ["infimum"]),
    "path": (network([1, 2, 1], "relu", samples([0, 1, 2, 3], [0, 0, 0, 1]), parameters=[
        layer([["3/10"], [0]], ["4/5", 1]), layer([[1, 0]], [-1])]), ["cell_minima"]),
}  # fmt: skip
for name, controls in {
    "restricted_face_minimum": test_restricted_face_minimum.CONTROLS,
    "restricted_lower_bound": test_restricted_lower_bound.CONTROLS,
    "substitution": test_substitution.CONTROLS,
    "tree_bound": test_tree_bound.CONTROLS,
}.items():
    OWN[name] = next(iter(controls.values()))
CONTROLS = [*OWN, *SEARCHED, *CASES]


@cache
def files(name: str) -> tuple[LoadedProblem, bytes]:
    """A network file and its certificate."""
    if name in SEARCHED:
        document, claims = SEARCHED[name]
        problem = loads(json.dumps(document))
        certificate = search(problem, claims, smt=False).certificate
        assert certificate is not None
        return problem, certificate
    each = OWN.get(name) or CASES[name]
    return loads(json.dumps(each.network)), json.dumps(each.proof).encode()


@cache
def checked(name: str) -> Checked:
    """What the kernel makes of it."""
    problem, certificate = files(name)
    return check(problem.network, certificate, problem.open_data)


@cache
def page(name: str) -> Explanation:
    """It, explained."""
    return explain(*files(name))


@pytest.mark.parametrize("name", CONTROLS)
def test_each_control_is_told_in_every_form(name: str) -> None:
    assert page(name).verdict in (Verdict.PROVED, Verdict.REFUTED)
    for form in FORMS:
        assert "Proved:" in render(page(name), form).replace("**", "").replace("<strong>", "")


@pytest.mark.parametrize("name", CONTROLS)
def test_each_step_ends_with_what_it_proves(name: str) -> None:
    found = checked(name)
    sections = {section.key: section for section in account(found, b"").sections}
    for index, step in enumerate(found.steps):
        section = sections.get(f"step-{index}")
        said = Para((Strong("Proved: "), *told(step.fact, Story(found).names), "."))
        assert section is None or said in section.blocks
    assert len([key for key in sections if key.startswith("step-")]) >= min(len(found.steps), 3)


@pytest.mark.parametrize("rule", [rule for rule in RULES if STOREY[rule] != "reals"])  # those: by their own figures
def test_every_rule_is_told_in_words_of_its_own(rule: str) -> None:
    assert rule in TELLINGS
    assert any(step.rule == rule for name in CONTROLS for step in checked(name).steps)


def test_an_account_of_what_was_checked_runs_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked("cell_kkt, flat")
    for rule in RULES:
        monkeypatch.setitem(RULES, rule, lambda *_: pytest.fail("a rule is run again"))
    assert account(found, b"").verdict is Verdict.PROVED
