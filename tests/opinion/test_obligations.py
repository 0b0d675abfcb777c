"""Every rule is posed or says why not; z3 confirms what follows, and contradicts what was made false."""

import ast
import inspect
import json
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import symverify.opinion
from symverify.kernel import check
from symverify.kernel.core.facts import Evaluated, LocalMinimum
from symverify.kernel.core.network import pieces_at, residuals
from symverify.kernel.programs.values import evaluate
from symverify.kernel.table import RULES, STOREYS
from symverify.opinion import obligations as module
from symverify.opinion.discharge import Opinion, discharge
from symverify.opinion.equations import entry, of_cell, of_point, parameter_name, places, scalar
from symverify.opinion.losses import tangents
from symverify.opinion.obligations import TABLE, left_out, posed
from symverify.opinion.solve import Answer, Solver
from symverify.opinion.statement import Obligation, Unposed
from symverify.opinion.terms import Series, compare, polynomial, power, variable
from symverify.opinion.text import Script
from symverify.problem.load import loads
from tests.kernel.corruption import certificate
from tests.kernel.test_format import EXAMPLES
from tests.opinion.posed import CASES, changed, walked

POSED = sorted(rule for rule, posed_by in TABLE.items() if not isinstance(posed_by, Unposed))
CONFIRMED, CONTRADICTED = Opinion(confirmed=1), Opinion(contradicted=1)


def asked(todo: list[Obligation]) -> dict[str, Opinion]:
    """The opinions by the statements' names."""
    found = discharge(todo, "z3", seconds=20.0, deadline=time.monotonic() + 120.0)
    return {f"{made.step} {made.name}": opinion for made, opinion in found.items()}


# The table


def test_every_rule_has_its_entry() -> None:
    assert TABLE.keys() == RULES.keys()


def test_the_table_is_in_the_kernels_storeys() -> None:
    for storey, rules in STOREYS.items():
        assert list(getattr(module, storey.upper())) == [rule.__name__ for rule in rules]


@pytest.mark.parametrize("rule", sorted(set(TABLE) - set(POSED)))
def test_what_is_not_posed_says_why(rule: str) -> None:
    unposed = TABLE[rule]
    assert isinstance(unposed, Unposed)
    assert len(unposed.reason.split()) > 5


@pytest.mark.parametrize(
    ("rule", "reasons"),
    [
        ("decay_bound", ["one quadratic inequality", "a risk that is enclosed", "two numbers side by side"]),
        ("real_lower_bound", ["exponentials and logarithms"] * 2 + ["two numbers side by side"]),
    ],
)
def test_the_reason_is_that_of_the_problem(rule: str, reasons: list[str]) -> None:
    """A squared loss has no exponentials, and two numbers have no tangents."""
    example = EXAMPLES[rule]
    problem = loads(json.dumps(example["network"]))
    whole = certificate(example["network"], example["steps"], example["claims"]) | {"problem": problem.sha256}
    told = left_out(check(problem.network, json.dumps(whole).encode(), problem.open_data), [])
    assert all(reason in line for reason, line in zip(reasons, told, strict=True))


def test_a_face_is_not_called_a_cell() -> None:
    example = EXAMPLES["face_atlas"]
    problem = loads(json.dumps(example["network"]))
    whole = certificate(example["network"], example["steps"], example["claims"]) | {"problem": problem.sha256}
    found = posed(problem.problem, check(problem.network, json.dumps(whole).encode(), problem.open_data).steps)
    told = [made.name for made in found if made.name.endswith("do not change the minorant")]
    assert [name.split()[3] for name in told] == ["cell", "cell", "face"]


@pytest.mark.parametrize("rule", POSED)
def test_every_posed_rule_has_a_case_and_a_corruption(rule: str) -> None:
    cases = [case for case in CASES.values() if case.rule == rule]
    assert cases
    assert any(case.change is not None and case.contradicted for case in cases)


def test_no_poser_tells_facts_apart_by_their_class() -> None:
    """Only `valley` does, whose premise may be a local minimum that is known to be spurious."""
    facts = {inspect.signature(rule).return_annotation.__name__ for rule in RULES.values()}
    found = set()
    for path in Path(symverify.opinion.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                found |= {(path.name, each.id) for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
    used = {(name, kind) for name, kind in found if kind in facts}
    assert used == {("paths.py", "LocalMinimum"), ("paths.py", "SpuriousMinimum")}


# What the solver says


@pytest.mark.parametrize("name", CASES)
def test_what_follows_is_confirmed(name: str) -> None:
    case = CASES[name]
    problem, steps = walked(case)
    todo = posed(problem, steps)
    if not case.idle:
        assert {made.rule for made in todo if made.step == len(steps) - 1} == {case.rule}
    opinions = asked(todo)
    assert opinions == dict.fromkeys(opinions, CONFIRMED)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.change is not None])
def test_what_was_made_false_is_contradicted(name: str) -> None:
    case = CASES[name]
    problem, steps = changed(case)
    opinions = asked([made for made in posed(problem, steps) if made.step == len(steps) - 1])
    wrong = [statement for statement, opinion in opinions.items() if opinion == CONTRADICTED]
    for part in case.contradicted:
        assert any(part in statement for statement in wrong), (part, opinions)
    assert case.contradicted


@pytest.mark.parametrize("name", ["interior", "interior, Huber"])
def test_a_line_that_is_no_tangent_is_contradicted(name: str) -> None:
    problem, steps = walked(CASES[name])
    fact = steps[0].fact
    assert isinstance(fact, Evaluated)
    (r,) = pull = residuals(problem, fact.predictions)
    off = [(r[0] + Fraction(1, 1000), *r[1:])]
    lines = [Obligation(k, "", tangents(problem, fact.predictions, each)) for k, each in enumerate((pull, off))]
    assert list(asked(lines).values()) == [CONFIRMED, CONTRADICTED]


def test_nothing_is_divided_and_all_numbers_are_exact() -> None:
    for case in CASES.values():
        problem, steps = walked(case)
        for made in posed(problem, steps):
            for script in (made.refutation(), made.vacuity() or ""):
                body = "".join(line for line in script.splitlines() if not line.startswith(";"))
                assert "/" not in body
                assert body.count(".") == body.count(".0")


def test_deep_and_vector_valued_points_by_adjacent_cells_raise_no_alarm() -> None:
    """Their cells are posed, not the units of a single hidden layer."""
    for name, cells in (("adjacent cells, deep", 2), ("adjacent cells, vector-valued", 2)):
        problem, steps = walked(CASES[name])
        fact = steps[-1].fact
        assert isinstance(fact, LocalMinimum)
        assert fact.pattern is None
        assert sum(len(at) > 1 for m in pieces_at(problem, fact.at.point) for unit in m for at in unit) == 1
        names = [made.name for made in posed(problem, steps) if made.step == 1]
        assert sum("adjacent cell" in each for each in names) == cells
        assert not any("unit" in each for each in names)


def test_numbers_too_long_to_write_are_no_opinion() -> None:
    problem, (first, second) = walked(CASES["interior"])
    fact = first.fact
    assert isinstance(fact, Evaluated)
    long = replace(first, fact=replace(fact, risk=Fraction(10**5000)))
    assert {made.step for made in posed(problem, (long, second))} == {1}


# The interpreter of the program


def test_the_equations_have_the_networks_values() -> None:
    """Solved by z3, the equations at a point give what the kernel's evaluator gives."""
    for name in ("interior", "interior, vector-valued", "adjacent cells, deep", "face, without biases"):
        problem, steps = walked(CASES[name])
        fact = steps[0].fact
        assert isinstance(fact, Evaluated)
        theta = fact.point
        pattern = tuple(tuple(tuple(at[0] for at in unit) for unit in layer) for layer in pieces_at(problem, theta))
        made = of_point(problem, theta, pattern)
        with Solver() as solver:
            model = solver.solve(Script("QF_LRA", made.variables, made.relations).text(), model=True).model
        assert model is not None
        for i in range(len(problem.inputs)):
            values = evaluate(problem, theta, i)[-1]
            assert [Fraction(model[f"f{i + 1}_{k + 1}"]) for k in range(len(values))] == values


def test_the_cells_equations_hold_at_its_points() -> None:
    problem, steps = walked(CASES["interior, vector-valued"])
    fact = steps[1].fact
    assert isinstance(fact, LocalMinimum)
    assert fact.pattern is not None
    cell, at = of_cell(problem, fact.pattern), of_point(problem, fact.at.point, fact.pattern)
    given = [(parameter_name(place), entry(fact.at.point, place)) for place in places(problem)]
    fixed = [compare(variable(name), "=", scalar(value)) for name, value in given]
    with Solver() as solver:
        both = Script("QF_NRA", cell.variables, [*cell.relations, *fixed, *at.relations])
        assert solver.solve(both.text()).answer is Answer.SAT


def test_terms_are_a_ring() -> None:
    x, y = variable("x"), variable("y")
    ring = [polynomial(0), polynomial(3), x, y, x * y + 2, x * x - y * Fraction(1, 2), power("x", 3)]
    for a in ring:
        for b in ring:
            assert a + b == b + a
            assert a * b == b * a
            assert (a + b) * a == a * a + b * a
            assert (a - b) + b == a
    assert x * x == power("x", 2)
    assert power("x", 0) == polynomial(1)


def test_series_leave_out_higher_powers() -> None:
    x = variable("x")
    s = Series((polynomial(2), x, polynomial(0)))
    assert (s * s).of == (polynomial(4), x * 4, x * x)
    assert (s * 3 + 1).of == (polynomial(7), x * 3, polynomial(0))
