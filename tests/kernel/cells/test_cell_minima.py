"""The kernel rules about the minima of a cell: accepted steps, and corrupted ones rejected for the stated reason."""

import copy
import random
from fractions import Fraction

import pytest

from symverify.certify import cell_minima as emit
from symverify.certify.certificate import parameters
from symverify.kernel import rules, strata
from symverify.kernel.core.errors import Declined, KernelError, Malformed, Rejected
from symverify.kernel.core.file import read_problem
from symverify.search.cell_minima import CellMinima, cell_minima, permuted
from symverify.search.constant_risk_path import constant_risk_path
from tests.cell_cases import network, random_case, run

TENT = ([0, 1, 2, 3], [0, 2, 0, -1])
RISING = (0, 1, 1, 1)
TWO_UNITS = (network(*TENT, 2), (RISING, RISING))
ONE_UNIT = (network(*TENT, 1), (RISING,))
FLAT = (network([0, 1, 2], [1, 1, 1], 1), ((0, 1, 1),))
HUBER = (
    network([0, 1, 2, 3], [0, 5, 0, -1], 1, loss={"name": "huber", "delta": "1/2", "reduction": "sum"}),
    ((1, 1, 1, 1),),
)


def steps(problem, units):
    """What is found, a proof with the step that names the cell, and the fields of the two steps about it."""
    found = cell_minima(problem, (units,))
    assert isinstance(found, CellMinima)
    proof = rules.Proof(problem, [], set())
    run(proof, rules.point, parameters=parameters(found.interior))
    return found, proof, {"point": 0, **emit.cell_minima(found)}, {"point": 0, **emit.cell_infimum(found)}


@pytest.mark.parametrize(
    ("case", "components", "orbits", "least"),
    [
        (TWO_UNITS, 2, [4], Fraction(1, 12)),
        (ONE_UNIT, 0, [], Fraction(1)),
        (FLAT, 1, [2], Fraction(0)),
        (HUBER, 2, [None, None], None),
    ],
)
def test_accepted(case, components, orbits, least):
    found, proof, minima, infimum = steps(*case)
    fact = run(proof, strata.cell_minima, **minima)
    assert (fact.components, [size for _, size in fact.orbits]) == (components, orbits)
    assert fact.risk == found.risk
    assert proof.used == {0}
    assert run(proof, strata.cell_infimum, **infimum).risk == (found.risk if least is None else least)


def test_words():
    _, proof, minima, infimum = steps(*TWO_UNITS)
    assert (
        "have risk 1/12, the least in the cell, and are not one valley but 2 components (1 up to"
        in run(proof, strata.cell_minima, **minima).words()
    )
    assert run(proof, strata.cell_infimum, **infimum).words().endswith("is 1/12")
    _, proof, minima, _ = steps(*ONE_UNIT)
    assert run(proof, strata.cell_minima, **minima).words().endswith("the risks there are all above 1/12")
    three = network(*TENT, 3), (RISING,) * 3
    _, proof, minima, _ = steps(*three)
    assert "are one connected valley" in run(proof, strata.cell_minima, **minima).words()


def set_at(*path):
    """A corruption: the last item of the path replaces what the others lead to."""

    def corrupt(fields):
        *way, last, value = path
        for key in way:
            fields = fields[key]
        fields[last] = value(fields[last]) if callable(value) else value

    return corrupt


def negated(vector):
    return [str(-Fraction(x)) for x in vector]


def first_multipliers(change):
    """A corruption of the first multipliers of the first separator or bound."""

    def corrupt(fields):
        duals = fields.get("separators") or fields["bounds"]
        slot = next(k for k, kappa in enumerate(duals[0]["multipliers"]) if kappa is not None)
        change(duals[0]["multipliers"], slot)

    return corrupt


def more_first(rows, slot):
    rows[slot][0] = str(Fraction(rows[slot][0]) + 1)


MINIMA = {
    "best predictions of another fit": (
        TWO_UNITS,
        set_at("best", lambda b: [str(Fraction(x) + 1) for x in b]),
        "are not the best predictions",
    ),
    "best predictions out of reach": (
        TWO_UNITS,
        set_at("best", ["0", "2", "0", "-1"]),
        "are not the best predictions in the features' span",
    ),
    "too few predictions": (TWO_UNITS, set_at("best", list.pop), "expected a list"),
    "a type without a witness": (TWO_UNITS, set_at("witnesses", []), "type 11 has neither a witness nor a separator"),
    "types without a separator": (TWO_UNITS, set_at("separators", []), "type 00 has neither a witness nor a separator"),
    "no output, no witness, a strict separator": (
        FLAT,
        set_at("witnesses", []),
        "type 00 has neither a witness nor a separator",
    ),
    "a separator of nothing": (
        ONE_UNIT,
        set_at("separators", [{"vector": ["0"] * 4, "multipliers": [["0"] * 5, ["0"] * 5]}]),
        "type 00 has neither a witness nor a separator",
    ),
    "a separator that admits, but nothing strictly": (
        FLAT,
        set_at("separators", [{"vector": ["0"] * 3, "multipliers": [["0"] * 4, ["0"] * 4]}]),
        "type 01 has neither a witness nor a separator",
    ),
    "a witness in another cell": (
        TWO_UNITS,
        set_at("witnesses", 0, 0, "bias", lambda b: [str(Fraction(x) - 99) for x in b]),
        "in another cell",
    ),
    "a witness on a boundary": (
        TWO_UNITS,
        set_at("witnesses", 0, 0, "bias", ["0", "0"]),
        "is in another cell or on another face",
    ),
    "a witness with other predictions": (
        TWO_UNITS,
        set_at("witnesses", 0, 1, "bias", ["77"]),
        "does not have the best predictions",
    ),
    "a witness of another shape": (TWO_UNITS, set_at("witnesses", 0, 0, "bias", ["0"]), "expected 2 numbers"),
    "a separator turned round": (
        TWO_UNITS,
        set_at("separators", [{"vector": ["-1", "1", "0", "0"], "multipliers": [None, None]}]),
        "its products with best predictions are not bounded by 0",
    ),
    "a separator that the output bias sees": (
        TWO_UNITS,
        set_at("separators", 0, "vector", 0, "77"),
        "its vector does not sum to 0",
    ),
    "a short separator": (TWO_UNITS, set_at("separators", 0, "vector", ["0"]), "needs 4 numbers"),
    "multipliers missing": (TWO_UNITS, set_at("separators", 0, "multipliers", []), "and 2 multipliers or nulls"),
    "another pull": (TWO_UNITS, first_multipliers(more_first), "do not combine to the vector's pull"),
    "a negative multiplier": (
        TWO_UNITS,
        first_multipliers(lambda rows, slot: rows[slot].__setitem__(0, "-1")),
        "none negative",
    ),
    "one multiplier too few": (TWO_UNITS, first_multipliers(lambda rows, slot: rows[slot].pop()), "must be 5 numbers"),
    "unbounded towards Huber's far predictions": (
        HUBER,
        set_at("separators", [{"vector": ["0", "-1", "1", "0"], "multipliers": [None, None]}]),
        "its products with best predictions are not bounded by 0",
    ),
    "an unknown field": (TWO_UNITS, lambda fields: fields.update(risk="1/12"), "unknown key"),
}


@pytest.mark.parametrize("name", MINIMA)
def test_corrupted_minima(name):
    case, corrupt, reason = MINIMA[name]
    _, proof, minima, _ = steps(*case)
    run(proof, strata.cell_minima, **minima)
    corrupted = copy.deepcopy(minima)
    corrupt(corrupted)
    with pytest.raises((Rejected, Malformed), match=reason):
        run(proof, strata.cell_minima, **corrupted)


INFIMA = {
    "a limit outside the cone": (ONE_UNIT, set_at("limit", [["1", "-1", "-1"], None]), "not in the closed cone"),
    "a limit of another shape": (ONE_UNIT, set_at("limit", [["1", "-1"], None]), "not in the closed cone"),
    "two signs of one unit": (
        ONE_UNIT,
        set_at("limit", [["1", "0", "1"], ["1", "0", "1"]]),
        "one unit cannot have both signs",
    ),
    "too few slots": (ONE_UNIT, set_at("limit", []), "expected 2 vectors or nulls, got 0"),
    "a limit of higher risk": (ONE_UNIT, set_at("bias", "9"), r"proves a risk of at least 19/8, not 129"),
    "a choice of signs left out": (ONE_UNIT, lambda fields: fields["bounds"].clear(), "leave out the signs 01"),
    "a bound of other predictions": (ONE_UNIT, set_at("bounds", 0, "vector", 0, "77"), "does not sum to 0"),
    "a bound of too few predictions": (ONE_UNIT, set_at("bounds", 0, "vector", ["0"]), "expected 4 predictions, got 1"),
    "another pull": (ONE_UNIT, first_multipliers(more_first), "do not combine to the vector's pull"),
}


@pytest.mark.parametrize("name", INFIMA)
def test_corrupted_infimum(name):
    case, corrupt, reason = INFIMA[name]
    _, proof, _, infimum = steps(*case)
    run(proof, strata.cell_infimum, **infimum)
    corrupted = copy.deepcopy(infimum)
    corrupt(corrupted)
    with pytest.raises((Rejected, Malformed), match=reason):
        run(proof, strata.cell_infimum, **corrupted)


def test_an_infimum_over_one_sign_at_a_time_is_none_for_two_units():
    _, proof, _, infimum = steps(*ONE_UNIT)
    assert run(proof, strata.cell_infimum, **infimum).risk == 1
    _, proof, _, _ = steps(*TWO_UNITS)
    with pytest.raises(Rejected, match="leave out the signs 11"):
        run(proof, strata.cell_infimum, **infimum)


def test_a_bound_counts_down_to_predictions_of_zero():
    """From predictions above the target, positive outputs are admitted, but the risk falls towards them."""
    problem = network([1], [2], 1, bias=False)
    _, proof, _, _ = steps(problem, ((1,),))
    bounds = [
        {"vector": ["10"], "multipliers": [["0", "8"], None]},
        {"vector": ["0"], "multipliers": [None, ["0", "2"]]},
    ]
    with pytest.raises(Rejected, match=r"bounds\[0\]: proves a risk of at least -48, not 2"):
        run(proof, strata.cell_infimum, point=0, limit=[None, None], bounds=bounds)
    right = [{"vector": ["2"], "multipliers": [["0", "0"], ["0", "0"]]}]
    assert run(proof, strata.cell_infimum, point=0, limit=[["2", "1"], None], bounds=right).risk == 0


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [("0", (0, "0")), ("1/4", (0, "1/4")), ("1/2", (1, "1/2")), ("3", (1, "1/2")), ("-1/2", (-1, "-1/2"))],
)
def test_hubers_loss_has_equal_gradients_on_half_lines(prediction, expected):
    side, value = expected
    assert strata.end(HUBER[0], Fraction(prediction), Fraction(0)) == (side, Fraction(value))
    assert strata.end(TWO_UNITS[0], Fraction(prediction), Fraction(0)) == (0, Fraction(prediction))


def path_steps(problem, units):
    found, proof, _, _ = steps(problem, units)
    witness = found.orbits[0].witness
    run(proof, rules.point, parameters=parameters(witness))
    run(proof, rules.interior_minimum, point=1)
    return found, proof, witness


def test_paths():
    found, proof, witness = path_steps(network(*TENT, 3), (RISING,) * 3)
    path = constant_risk_path(found, witness, permuted(witness, [2, 1, 0]))
    nodes = emit.constant_risk_path(path)["nodes"]
    assert run(proof, strata.constant_risk_path, minimum=2, nodes=nodes).nodes == path
    with pytest.raises(Rejected, match=r"nodes\[0\]: unit 1 of hidden layer 1 changes sign"):
        run(proof, strata.constant_risk_path, minimum=2, nodes=nodes[-1:])
    nodes[0][1]["bias"] = ["77"]
    with pytest.raises(Rejected, match=r"nodes\[0\]: does not have the best predictions"):
        run(proof, strata.constant_risk_path, minimum=2, nodes=nodes)


def test_a_path_between_two_components_is_rejected():
    found, proof, _ = path_steps(*TWO_UNITS)
    _, other = found.orbits[0].witnesses()
    with pytest.raises(Rejected, match="unit 1 of hidden layer 1 changes sign"):
        run(proof, strata.constant_risk_path, minimum=2, nodes=[parameters(other)])


def test_a_path_whose_input_weights_jump_is_rejected():
    _, proof, witness = path_steps(network([0, 1, 2], [0, 1, 2], 2), ((1, 1, 1),) * 2)
    one = parameters(witness)
    one[0] = {"weight": [["1"], ["0"]], "bias": ["1", "1"]}
    one[1] = {"weight": [["1", "0"]], "bias": ["-1"]}
    run(proof, rules.point, parameters=one)
    run(proof, rules.interior_minimum, point=3)
    two = copy.deepcopy(one)
    two[0]["weight"][1], two[0]["bias"][1] = ["1"], "3"
    run(proof, strata.constant_risk_path, minimum=4, nodes=[two])
    three = copy.deepcopy(one)
    three[0]["weight"][1], three[1]["weight"], three[1]["bias"] = ["1"], [["1/2", "1/2"]], ["-1"]
    with pytest.raises(Rejected, match="unit 2 of hidden layer 1 changes sign, or its input weights move"):
        run(proof, strata.constant_risk_path, minimum=4, nodes=[three])
    three[0]["weight"][1], one[0]["weight"][1] = ["1"], ["1"]
    run(proof, strata.constant_risk_path, minimum=4, nodes=[one, three])


@pytest.mark.parametrize("rule", [strata.cell_minima, strata.cell_infimum])
def test_only_one_hidden_layer_and_scalar_output(rule):
    layer = '{"weight": [["1"]], "bias": ["1"]}'
    document = (
        '{"format": "symverify-network/1", "layers": [1, 1, 1, 1], "activation": "relu", "loss": "squared",'
        f'"data": [{{"x": ["1"], "y": ["1"]}}], "parameters": [{layer}, {layer}, {layer}]}}'
    )
    proof = rules.Proof(read_problem(document.encode(), lambda _: b""), [], set())
    run(proof, rules.point, parameters="given")
    with pytest.raises(Rejected, match="needs one hidden layer and scalar output"):
        run(proof, rule, point=0, best=["1"], witnesses=[], separators=[])


def test_the_point_that_names_the_cell_is_strictly_inside():
    """On a boundary it names the face, which has other minima; an infimum is that of a cell."""
    _, proof, minima, infimum = steps(*TWO_UNITS)
    boundary = [{"weight": [["1"], ["1"]], "bias": ["0", "0"]}, {"weight": [["1", "0"]], "bias": ["0"]}]
    run(proof, rules.point, parameters=boundary)
    with pytest.raises(Rejected, match=r"witnesses\[0\]: is in another cell or on another face|best: are not the best"):
        run(proof, strata.cell_minima, **{**minima, "point": 1})
    with pytest.raises(Rejected, match="unit 1 of hidden layer 1 is at a breakpoint on sample 1"):
        run(proof, strata.cell_infimum, **{**infimum, "point": 1})


def test_too_many_types_are_declined():
    n = 9
    problem = network(list(range(n)), [0] * n, n - 1)
    rows = [{"weight": [["2"]] * (n - 1), "bias": [str(-2 * k - 1) for k in range(n - 1)]}]
    proof = rules.Proof(problem, [], set())
    run(proof, rules.point, parameters=[*rows, {"weight": [["0"] * (n - 1)], "bias": ["0"]}])
    with pytest.raises(Declined, match="more than 4096 types of signs"):
        run(proof, strata.cell_minima, point=0, best=["0"] * n, witnesses=[], separators=[])


def scalars(value, where=()):
    """The paths of all scalars in a JSON value."""
    if isinstance(value, dict):
        return [p for key, each in value.items() for p in scalars(each, (*where, key))]
    if isinstance(value, list):
        return [p for index, each in enumerate(value) for p in scalars(each, (*where, index))]
    return [where]


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_gets_another_number_accepted(seed):
    """Numbers changed, items dropped, doubled or replaced by null: rejected, or the very same theorem."""
    rng, counts = random.Random(seed), {"accepted": 0, "rejected": 0}
    for _ in range(30):
        problem, pattern = random_case(rng, widest=3, samples=4)
        _, proof, minima, infimum = steps(problem, pattern[0])
        for rule, fields in ((strata.cell_minima, minima), (strata.cell_infimum, infimum)):
            right = run(proof, rule, **fields)
            expected = (right.risk, getattr(right, "components", None))
            for _ in range(12):
                changed = copy.deepcopy(fields)
                path = rng.choice([p for p in scalars(changed) if p[0] != "point"] or [("bias",)])
                place = changed
                cut = rng.randint(1, len(path))
                for key in path[: cut - 1]:
                    place = place[key]
                old = place.get(path[cut - 1]) if isinstance(place, dict) else place[path[cut - 1]]
                moved = str(Fraction(old) + rng.choice([-1, 1])) if isinstance(old, str) else None
                if isinstance(place, list) and rng.random() < 0.4:
                    place.pop(path[cut - 1])
                elif isinstance(place, list) and rng.random() < 0.2:
                    place.append(copy.deepcopy(old))
                else:
                    place[path[cut - 1]] = moved
                try:
                    fact = run(proof, rule, **changed)
                except KernelError:
                    counts["rejected"] += 1
                else:
                    assert (fact.risk, getattr(fact, "components", None)) == expected
                    counts["accepted"] += 1
    assert counts["rejected"] > counts["accepted"] > 0
