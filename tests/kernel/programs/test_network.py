"""General programs: chains written as programs, what never moves, monomials of free parameters, what is refused."""

import hashlib
import json
from fractions import Fraction
from functools import partial
from itertools import pairwise, product
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import pytest

from symverify.kernel import Malformed, Rejected, check
from symverify.kernel.core.algebra import rank
from symverify.kernel.core.network import cell_of, features, jacobian_rank, pieces_at, pullback
from symverify.kernel.core.poly import Poly
from symverify.kernel.curvature.flows import flows
from symverify.kernel.network_file import read_problem
from symverify.kernel.programs.network import Programmed, monomials
from symverify.kernel.programs.rules import ON_PROGRAMS
from symverify.kernel.programs.values import evaluate
from symverify.kernel.table import RULES
from tests.as_program import certificate_of, program_of
from tests.examples import EXAMPLES
from tests.kernel.accepted import CASES, Case
from tests.kernel.corruption import no_data, outcome, text
from tests.kernel.programs.drawn import random_pattern, random_problem, rate

Json = Any
ROOT = Path(__file__).parents[3]


def published() -> dict[str, Case]:
    """The proofs of the repository and the shared certificates, about chains without a data file."""
    found = dict(CASES)
    for path in sorted(ROOT.glob("proofs/*/network.json")):
        for proof in path.parent.glob("*.symcert.json"):
            document, spelled = json.loads(path.read_bytes()), json.loads(proof.read_bytes())
            spelled["problem"] = hashlib.sha256(text(document)).hexdigest()
            found[proof.parent.name] = Case(document, partial(json.loads, text(spelled)))
    return {
        name: case for name, case in found.items()
        if isinstance(case.network.get("data"), list)
        and "layers" in case.network
        and not {"weight_decay", "symbols"} & case.network.keys()
    }  # fmt: skip


CHAINS = published()


def read(document: Json) -> Programmed:
    problem = read_problem(text(document), no_data)
    assert isinstance(problem, Programmed)
    return problem


def statements(network: Json, proof: Json) -> list[Any]:
    """Claims, verdicts and numbers."""
    found = check(text(network), json.dumps(proof).encode(), no_data)
    return [(each.claim, each.verdict, [(k, str(v)) for k, v in each.statement]) for each in found.theorems]


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_written_as_a_program_has_the_same_theorems(name: str) -> None:
    case = CHAINS[name]
    document = program_of(case.network)
    proof = certificate_of(document, case.proof)
    if proof is None:
        read(document)
        return
    known = statements(case.network, case.proof)
    found = statements(document, proof)
    assert found
    assert all(each in known for each in found)
    assert len(found) == len(proof["claims"])


def test_the_claims_of_chains_carry_over_in_number() -> None:
    """So that the test above is about something."""
    counts = [0, 0]
    for case in CHAINS.values():
        proof = certificate_of(program_of(case.network), case.proof)
        counts[0] += len(proof["claims"]) if proof else 0
        counts[1] += len(case.proof["claims"])
    assert counts[0] > counts[1] // 3


POINTS = [
    name
    for name, each in EXAMPLES.items()
    if isinstance(each.document["data"], list) and {"parameters"} <= set(each.document) - {"weight_decay"}
]


@pytest.mark.parametrize("name", POINTS)
def test_cells_spans_and_flows_are_those_of_the_chain(name: str) -> None:
    chain = read_problem(text(EXAMPLES[name].document), no_data)
    program = read(program_of(EXAMPLES[name].document))
    assert chain.parameters == program.parameters
    assert chain.parameters is not None
    assert program.size() == chain.size()
    try:
        pattern = cell_of(chain, chain.parameters)
    except Rejected:
        return
    assert cell_of(program, chain.parameters) == pattern
    assert features(program, pattern) == features(chain, pattern)
    for most in (chain.size(), chain.reach(pattern)):
        found = [jacobian_rank(each, chain.parameters, pattern, most) for each in (program, chain)]
        assert found[0] == found[1]
    assert sorted(flows(program, chain.parameters, pattern, {})) == sorted(flows(chain, chain.parameters, pattern, {}))


def test_rules_of_chains_are_refused() -> None:
    document = program_of(CASES["theorem 1"].network)
    problem = read(document)
    for rule in RULES:
        assert (rule in problem.loss.rules) <= (rule in ON_PROGRAMS)
    for name in ("widths", "hidden_bias", "output_bias", "activations"):
        with pytest.raises(Rejected, match="needs a chain of dense layers"):
            getattr(problem, name)
    proof = certificate_of(document, CASES["theorem 1"].proof)
    assert proof is not None
    proof["steps"].append({"rule": "assumptions"})
    proof["claims"].append({"claim": "assumptions", "verdict": "proved", "step": len(proof["steps"]) - 1})
    reason = "assumptions: is not a rule for the squared loss on a general program"
    kind, what = outcome(document, proof)
    assert (kind, reason in what) == ("Rejected", True)


COMMITTEE: Json = {
    "format": "symverify-network/1",
    "program": [
        {"name": "x", "op": "input", "shape": [1]},
        {"name": "z", "op": "affine", "from": "x", "units": 2, "weight": [["w"], ["w"]], "bias": [None, 0]},
        {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
        {"name": "f", "op": "affine", "from": "a", "units": 1, "weight": [[1, 1]], "bias": False},
    ],
    "loss": "squared",
    "data": [{"x": [1], "y": [0]}, {"x": [2], "y": [0]}],
}


def test_monomials_of_tied_and_frozen_places() -> None:
    """f = relu(w x + b) + relu(w x), both on: 2 w x + b."""
    problem = read(COMMITTEE)
    assert problem.size() == 2
    assert problem.tied == {0}
    (f,) = monomials(problem, (((1, 1), (1, 1)),))
    assert f == {(0,): (Fraction(2), Fraction(4)), (1,): (Fraction(1), Fraction(1))}


def test_products_of_one_parameter_are_monomials_too() -> None:
    document = COMMITTEE | {"program": [
        COMMITTEE["program"][0],
        {"name": "z", "op": "affine", "from": "x", "units": 1, "weight": [["w"]], "bias": False},
        {"name": "f", "op": "affine", "from": "z", "units": 1, "weight": [["w"]], "bias": False},
    ]}  # fmt: skip
    (f,) = monomials(read(document), ())
    assert f == {(0, 0): (Fraction(1), Fraction(2))}


def test_what_no_free_parameter_moves_bounds_no_cell() -> None:
    """The second unit is 0 at x = 0 whatever w is: no kink there; a free bias makes one."""
    document = COMMITTEE | {"data": [{"x": [0], "y": [0]}, {"x": [2], "y": [0]}],
                            "parameters": {"z": {"weight": [["1"], [None]], "bias": ["1", None]}}}  # fmt: skip
    problem = read(document)
    assert problem.parameters is not None
    assert problem.dead(0, 1, 0)
    assert not problem.dead(0, 1, 1)
    assert cell_of(problem, problem.parameters) == (((1, 1), (0, 1)),)


def test_flows_are_dropped_by_place() -> None:
    """f = (x, x (1 + y₁ y₂)) with y₁ = y₂ = 0: velocities vanish there, and the formulas touch tied places."""
    document: Json = {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1]},
            {"name": "z", "op": "affine", "from": "x", "units": 2, "weight": [["s"], [None]], "bias": False},
            {"name": "a", "op": "activation", "from": "z", "activation": "identity"},
            {"name": "f", "op": "affine", "from": "a", "units": 2, "weight": [[1, 0], ["s", None]], "bias": False},
        ],
        "loss": "squared",
        "data": [{"x": [1], "y": [0, 0]}],
        "parameters": {"z": {"weight": [["0"], ["0"]]}, "f": {"weight": [[None, None], [None, "0"]]}},
    }
    problem = read(document)
    assert problem.parameters is not None
    moves = flows(problem, problem.parameters, (((0,), (0,)),), {})
    assert len(moves) == 1  # the second unit rescaled: neither of its places is tied
    free = json.loads(json.dumps(document).replace('"s"', "null"))
    free["parameters"] = {"z": {"weight": [["0"], ["0"]]}, "f": {"weight": [[None, None], ["0", "0"]]}}
    loose = read(free)
    assert loose.parameters is not None
    assert len(flows(loose, loose.parameters, (((0,), (0,)),), {})) == 2


def test_the_restricted_flow_counterexample_is_refused() -> None:
    """R = ½(1 + x)² + ½(x + x y₁ y₂ − 1)² with y₁ = y₂ = y: falls like −y⁴/4 along x = y²/2."""
    document: Json = {
        "format": "symverify-network/1",
        "program": [
            {"name": "one", "op": "input", "shape": [1]},
            {"name": "p", "op": "affine", "from": "one", "units": 1, "bias": False},
            {"name": "h", "op": "activation", "from": "p", "activation": "identity"},
            {"name": "q", "op": "affine", "from": "h", "units": 1, "weight": [["y"]], "bias": False},
            {"name": "g", "op": "activation", "from": "q", "activation": "identity"},
            {"name": "r", "op": "affine", "from": "g", "units": 1, "weight": [["y"]], "bias": False},
            {"name": "s", "op": "sum", "from": ["h", "r"]},
            {"name": "f", "op": "concat", "from": ["h", "s"]},
        ],
        "loss": {"name": "squared", "reduction": "sum", "factor": "1/2"},
        "data": [{"x": [1], "y": [-1, 1]}],
        "parameters": {"p": {"weight": [["0"]]}, "q": {"weight": [["0"]]}},
    }
    steps = [{"rule": "point", "parameters": "given"}, {"rule": "second_order", "from": {"point": 0}}]
    claims = [{"claim": "point", "verdict": "proved", "step": 1, "risk": "1", "spurious": None, "better_risk": None}]
    proof = {"format": "symverify-certificate/2", "problem": hashlib.sha256(text(document)).hexdigest(),
             "claims": claims, "steps": steps}  # fmt: skip
    kind, what = outcome(document, proof)
    assert (kind, "kernel has dimension 1, the cell's symmetries span 0" in what) == ("Rejected", True)


def convolved(weight: Json, kernel: int) -> Json:
    """One number through a padded convolution, and an output weight."""
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1, 1]},
            {"name": "k", "op": "conv1d", "from": "x", "channels": 1, "kernel": kernel, "padding": 1, "bias": False}
            | ({} if weight is None else {"weight": weight}),
            {"name": "f", "op": "affine", "from": "k", "units": 1, "weight": 1, "bias": False},
        ],
        "loss": "squared",
        "data": [{"x": [1], "y": [1]}],
    }


@pytest.mark.parametrize("name", ["free", "NaN", "inf", "none", "true"])
def test_words_that_look_like_values_are_no_names(name: str) -> None:
    document = {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [2]},
            {"name": "f", "op": "affine", "from": "x", "units": 1, "weight": [[name, name]]},
        ],
        "loss": "squared",
        "data": [{"x": [1, 2], "y": [1]}],
    }
    with pytest.raises(Malformed, match="is no name of a shared parameter"):
        read(document)
    document["program"][1]["weight"] = [["w", "w"]]  # type: ignore[index]
    assert read(document).size() == 2


def test_a_kernel_that_meets_too_little_is_refused() -> None:
    with pytest.raises(Malformed, match="a free parameter has no place"):
        read(convolved(None, 3))
    assert read(convolved([[[0, None, 0]]], 3)).size() == 1


# Random programs. ------------------------------------------------------------------------------------------


def numbers(rng: Random, problem: Programmed) -> list[Fraction]:
    """Values of the free parameters."""
    return [Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for _ in range(problem.size())]


@pytest.mark.parametrize("seed", range(30))
def test_monomials_are_the_predictions_on_any_pieces(seed: int) -> None:
    """Their sum is f; they are spanned by the features; that of their coefficients bounds the derivative's rank."""
    rng = Random(seed)
    problem = random_problem(rng)
    pattern = random_pattern(rng, problem)
    terms, span, ranks = monomials(problem, pattern), features(problem, pattern), [0]
    assert rank([*span, *(c for each in terms for name, c in each.items() if name)]) == rank(span)
    for _ in range(3):
        values = numbers(rng, problem)
        point = problem.expand(values)
        for i in range(len(problem.inputs)):
            f = [sum((c[i] * prod(values[s] for s in name) for name, c in each.items()), Fraction(0)) for each in terms]
            assert evaluate(problem, point, i, pattern)[-1] == f
        ranks.append(jacobian_rank(problem, point, pattern, problem.size()))
    names = {name for each in terms for name in each if name}
    table = [[each[name][i] if name in each else Fraction(0) for name in names]
             for each in terms for i in range(len(problem.inputs))]  # fmt: skip
    assert max(ranks) <= problem.reach(pattern) == rank(table)


@pytest.mark.parametrize("seed", range(30))
def test_derivatives_are_those_along_each_parameter(seed: int) -> None:
    rng = Random(seed)
    problem = random_problem(rng)
    pattern, values = random_pattern(rng, problem), numbers(rng, problem)
    for i, outputs in product(range(len(problem.inputs)), [range(problem.outputs)]):
        back = [Fraction(rng.randint(-3, 3)) for _ in outputs]
        found = pullback(problem, problem.expand(values), i, pattern, back)
        for slot, x in enumerate(found):
            curve = [Poly.of((v, Fraction(k == slot))) for k, v in enumerate(values)]
            moved = evaluate(problem, problem.expand(curve), i, pattern)[-1]
            assert sum((b * rate(f) for b, f in zip(back, moved, strict=True)), Fraction(0)) == x


@pytest.mark.parametrize("seed", range(30))
def test_constants_do_not_move_and_all_else_does(seed: int) -> None:
    """Of all nodes and units; and what is called affine in the parameters has no second difference."""
    rng = Random(seed)
    problem = random_problem(rng)
    points = [[Fraction(rng.randint(-9, 9)) for _ in range(problem.size())] for _ in range(40)]
    for i in range(len(problem.inputs)):
        seen = [evaluate(problem, problem.expand(values), i) for values in points]
        for k, units in enumerate(problem.constants(i)):
            for j, known in enumerate(units):
                values = {nodes[k][j] for nodes in seen}
                assert (values == {known}) if known is not None else len(values) > 1
        for node in problem.bents:
            for j in range(len(problem.constants(i)[node.source])):
                moves = len({nodes[node.source][j] for nodes in seen}) > 1
                assert problem.dead(node.layer, j, i) is not moves
                if node.source and problem.linear(node.layer, j, i):
                    require_affine(problem, points, node.source, j, i)


def require_affine(problem: Programmed, points: list[list[Fraction]], node: int, unit: int, i: int) -> None:
    """At the middle of two points is the mean of what is at them."""
    for a, b in pairwise(points[:6]):
        ends, middle = [a, b], [(x + y) / 2 for x, y in zip(a, b, strict=True)]
        at = [evaluate(problem, problem.expand(each), i)[node][unit] for each in (*ends, middle)]
        assert (at[0] + at[1]) * Fraction(1, 2) == at[2]


def test_what_is_tilted() -> None:
    """f = (w x + b, 2 − w x): r = (1, 1) sees b alone, (1, 1) with the sum 0 nothing; each output is tilted."""
    document = COMMITTEE | {"program": [
        COMMITTEE["program"][0],
        {"name": "f", "op": "affine", "from": "x", "units": 1, "weight": [["w"]], "bias": ["b"]},
        {"name": "g", "op": "affine", "from": "x", "units": 1, "weight": [["w"]], "bias": False},
        {"name": "n", "op": "batch_norm", "from": "g", "scale": [-1], "shift": [2]},
        {"name": "o", "op": "concat", "from": ["f", "n"]},
    ], "data": [{"x": [1], "y": [0, 0]}, {"x": [2], "y": [0, 0]}]}  # fmt: skip
    problem = read(document)
    one, two, nothing = (Fraction(1), Fraction(-1)), (Fraction(1), Fraction(1)), (Fraction(0), Fraction(0))
    assert problem.tilted((), [one, one]) is None
    assert problem.tilted((), [nothing, nothing]) is None
    assert problem.tilted((), [two, two]) == "free parameters 2"
    assert problem.tilted((), [one, nothing]) == "free parameters 1"
    assert problem.tilted((), [nothing, one]) == "free parameters 1"
    assert problem.reach(()) == 2


def pooled(weights: list[str], biases: list[str]) -> Json:
    """f = v max(relu(z₁), relu(z₂)) + c at v = 1, c = 1/2, labels 0 and 1 at x = 0 and 1."""
    return {
        "format": "symverify-network/1",
        "program": [
            {"name": "x", "op": "input", "shape": [1]},
            {"name": "z", "op": "affine", "from": "x", "units": 2},
            {"name": "a", "op": "activation", "from": "z", "activation": "relu"},
            {"name": "t", "op": "maxout", "from": "a", "pieces": 2},
            {"name": "f", "op": "affine", "from": "t", "units": 1},
        ],
        "loss": "squared",
        "data": [{"x": [0], "y": [0]}, {"x": [1], "y": [1]}],
        "parameters": {"z": {"weight": [[w] for w in weights], "bias": biases},
                       "f": {"weight": [["1"]], "bias": ["1/2"]}},
    }  # fmt: skip


def test_a_maximum_of_dead_units_bounds_no_cell() -> None:
    """Near the point the comparison is 0 − 0: all units dead, the constant 1/2 is a local minimum inside a cell."""
    document = pooled(["1", "-1"], ["-2", "-1"])
    problem = read(document)
    assert problem.parameters is not None
    assert not problem.dead(1, 0, 0)
    assert problem.dead(1, 0, 0, [[[(0,), (0,)], [(0,), (0,)]]])
    assert not problem.dead(1, 0, 0, [[[(0,), (0,)], [(0, 1), (0,)]]])
    assert cell_of(problem, problem.parameters) == (((0, 0), (0, 0)), ((0, 0),))
    steps = [{"rule": "point", "parameters": "given"}, {"rule": "interior_minimum", "from": {"point": 0}}]
    claims = [{"claim": "point", "verdict": "proved", "step": 1, "risk": "1/4", "spurious": None, "better_risk": None}]
    proof = {"format": "symverify-certificate/2", "problem": hashlib.sha256(text(document)).hexdigest(),
             "claims": claims, "steps": steps}  # fmt: skip
    assert outcome(document, proof)[0] == "Accepted"


def test_a_maximum_at_a_kink_bounds_cells() -> None:
    """With one of the units at its breakpoint on sample 2 the comparison moves on one side."""
    problem = read(pooled(["2", "-1"], ["-2", "-1"]))
    assert problem.parameters is not None
    with pytest.raises(Rejected, match="unit 1 of node a is at a breakpoint on sample 2"):
        cell_of(problem, problem.parameters)
    found = pieces_at(problem, problem.parameters)
    assert found[0][0] == [(0,), (0, 1)]
    assert found[1][0] == [(0,), (0, 1)]
