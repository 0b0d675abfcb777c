"""The rule `second_order`: minima whose minorant is not constant, kernels larger than the symmetries, saddles."""

from fractions import Fraction
from random import Random

import flint
import pytest

from symverify.kernel.curvature.hessian import MAX_HESSIAN
from tests.examples import layer, network, samples
from tests.kernel.accepted import Case, case, given, point
from tests.kernel.corruption import Json, certificate, outcome
from tests.kernel.rules import check_step, of, suite
from tests.oracles.network import Oracle, at, moved, numbers

STEP = {"rule": "second_order", "from": {"point": 0}}
STEPS = [point(), STEP]
PLANE = samples([[1, 0], [0, 1]], [[2, 0], [0, 1]])
BEST = [layer([[1, 0]]), layer([[2], [0]])]
HUBER = {"name": "huber", "delta": 1, "reduction": "sum"}


def flat(document: Json, risk: str) -> Case:
    """The certificate that the given point is a minimum by second order."""
    return case(document, STEPS, given(1, risk))


def line(activation: Json, parameters: Json, ys: list[int], **more: Json) -> Json:
    """A network of units of width 1 on x = 0, 1, 2, …"""
    layers = [1] * (len(parameters) + 1)
    return network(layers, activation, samples(list(range(len(ys))), ys), parameters=parameters, **more)


CONTROLS = {
    "rank one": flat(network([2, 1, 2], "identity", PLANE, bias=False, parameters=BEST), "1"),
    "two units of one cell": flat(
        network(
            [2, 2, 2], "identity", PLANE, bias=False, parameters=[layer([[1, 2], [0, 1]]), layer([[2, -4], [0, 1]])]
        ),
        "0",
    ),
    "biases": flat(line("identity", [layer([[2]], [3]), layer([["1/2"]], ["-3/2"])], [0, 1, 2]), "0"),
    "off": flat(line("relu", [layer([[-1]], [-1]), layer([[1]], [0])], [-1, 1]), "2"),
    "no biases": flat(line("relu", [layer([[1]]), layer([[1]])], [3, 1, 2], bias=False), "9"),
    "deep": flat(line("relu", [layer([[1]], [1]), layer([[2]], [1]), layer([["1/2"]], ["-3/2"])], [0, 1, 2]), "0"),
    "huber": flat(line("relu", [layer([[1]], [1]), layer([[1]], [-1])], [0, 1, 2], loss=HUBER), "0"),
    "huber, far from a label": flat(
        line("relu", [layer([[1]]), layer([[1]])], [5, 1], bias=False, loss=HUBER), "9/2"
    ),
}  # fmt: skip
CORRUPTIONS = of("rank one", [
    ("no point", "steps[1].from.point", ..., "Malformed", "steps[1].from.point: is missing"),
    ("null", "steps[1].from.point", None, "Malformed", "steps[1].from.point: expected a whole number"),
    ("text", "steps[1].from.point", "0", "Malformed", "expected a whole number"),
    ("negative", "steps[1].from.point", -1, "Malformed", "expected a whole number"),
    ("itself", "steps[1].from.point", 1, "Rejected", "step 1 does not come before this one"),
    ("unknown key", "steps[1].pattern", "1", "Malformed", "steps[1].pattern: unknown key"),
    ("not a point", "steps[0]", {"rule": "assumptions"}, "Rejected", "proves Assumptions, expected Evaluated"),
    ("another risk", "claims[0].risk", "0", "Rejected", "claims[0].risk: claimed '0', proved '1'"),
    ("called spurious", "claims[0].spurious", True, "Rejected", "claims[0].spurious: claimed true, proved null"),
    ("a valley by it", "steps", [*STEPS, {"rule": "valley", "from": {"minimum": 1}, "path": BEST}], "Rejected",
     "is not proved by interior_minimum"),
])  # fmt: skip


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_near_is_lower(name: str) -> None:
    each = CONTROLS[name]
    assert Oracle(each.network).lower_nearby(each.network["parameters"], trials=400) is None


test_accepted, test_corrupted = suite(CONTROLS, CORRUPTIONS)


REFUTED = {
    "a slope": (network([2, 1, 2], "identity", PLANE, bias=False), [layer([[1, 0]]), layer([[1], [0]])], "gradient is"),
    "the lesser singular value": (
        network([2, 1, 2], "identity", PLANE, bias=False), [layer([[0, 1]]), layer([[0], [1]])],
        "the Hessian is not positive semidefinite",
    ),
    "zero": (
        network([2, 1, 2], "identity", PLANE, bias=False), [layer([[0, 0]]), layer([[0], [0]])],
        "the Hessian is not positive semidefinite",
    ),
    "a circle of minima": (
        network([2, 1, 2], "identity", samples([[1, 0], [0, 1]], [[1, 0], [0, 1]]), bias=False),
        [layer([[1, 0]]), layer([[1], [0]])],
        "the Hessian's kernel has dimension 2, the cell's symmetries span 1",
    ),
    "a saddle of third order": (
        network([1, 1, 1, 1], "identity", samples([1], [1]), bias=False), [layer([[0]]), layer([[0]]), layer([[0]])],
        "the Hessian's kernel has dimension 3, the cell's symmetries span 0",
    ),
    "at a breakpoint": (
        network([1, 1, 1], "relu", samples([0, 1], [0, 1])), [layer([[1]], [0]), layer([[1]], [0])],
        "unit 1 of hidden layer 1 is at a breakpoint on sample 1",
    ),
    "huber's loss at its kink": (
        network([1, 1, 1], "relu", samples([1], [2]), loss=HUBER), [layer([[1]], [1]), layer([[1]], [-1])],
        "the loss is not twice differentiable at a prediction",
    ),
    "a zero row in a deep network": (
        network([1, 1, 1, 1], "relu", samples([0, 1], [3, 1]), bias=False), [layer([[1]])] * 3,
        "unit 1 of hidden layer 2 is at a breakpoint on sample 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUTED)
def test_refuted(name: str) -> None:
    document, parameters, reason = REFUTED[name]
    check_step(document | {"parameters": parameters}, STEPS, reason)


def test_the_control_of_the_saddle_of_third_order_falls() -> None:
    document, parameters, _ = REFUTED["a saddle of third order"]
    assert Oracle(document).lower_nearby(parameters) is not None


@pytest.mark.parametrize(("width", "n"), [(27, 1), (26, 40)])
def test_a_large_hessian_is_declined(width: int, n: int) -> None:
    parameters = [layer([[1]] * width, [1] * width), layer([[1] * width], [0])]
    document = network([1, width, 1], "relu", samples(list(range(n)), [0] * n), parameters=parameters)
    declined = "Declined", f"a Hessian of more than {MAX_HESSIAN} parameters, or on too many samples"
    assert outcome(document, certificate(document, STEPS, [given(1, "0")])) == declined


def planted(rng: Random) -> tuple[Json, bool] | None:
    """A network whose point is critical, targets f − r with r orthogonal to ∂f; whether r ≠ 0."""
    depth, d, outputs, n = rng.choice([1, 1, 2, 2]), rng.choice([1, 2]), rng.choice([1, 1, 2]), rng.randint(1, 4)
    widths = [d, *(rng.choice([1, 1, 2]) for _ in range(depth)), outputs]
    hidden, output = rng.random() < 0.6, rng.random() < 0.6

    def number() -> str:
        return str(Fraction(rng.randint(-4, 4), rng.choice([1, 2, 3])))

    parameters = [
        layer([[number() for _ in range(widths[m])] for _ in range(widths[m + 1])])
        | ({"bias": [number() for _ in range(widths[m + 1])]} if (hidden if m < depth else output) else {})
        for m in range(depth + 1)
    ]
    bends = {"breakpoints": [-1, 1], "slopes": [1, 0, 2], "anchor": [0, rng.choice([0, 1])]}
    activation = rng.choice(["relu", "relu", "abs", "identity", "hardtanh", bends])
    xs = [[rng.randint(-2, 3) for _ in range(d)] for _ in range(n)]
    document = network(
        widths, activation, samples(xs, [[0] * outputs] * n), bias={"hidden": hidden, "output": output},
        parameters=parameters,
    )  # fmt: skip
    oracle, step = Oracle(document), Fraction(1, 2**40)
    here, size = oracle.predictions(parameters), len(numbers(parameters))
    rows = []
    for k in range(size):
        there = oracle.predictions(moved(parameters, [step * (c == k) for c in range(size)]))
        rows.append([(a - b) / step for f, g in zip(there, here, strict=True) for a, b in zip(f, g, strict=True)])
    scale = 6**9
    if any((x * scale).denominator != 1 for row in rows for x in row):
        return None  # not inside a cell
    kernel, nullity = flint.fmpz_mat([[int(x * scale) for x in row] for row in rows]).nullspace()
    r = [Fraction(0)] * (n * outputs)
    for c in range(nullity):
        factor = Fraction(rng.randint(-2, 2), rng.choice([1, 3]))
        column = [int(kernel[i, c]) for i in range(n * outputs)]
        largest = max(map(abs, column))
        r = [a + factor * b / largest for a, b in zip(r, column, strict=True)]
    ys = [[str(f[k] - r[i * outputs + k]) for k in range(outputs)] for i, f in enumerate(here)]
    return document | {"data": samples(xs, ys)}, any(r)


def test_planted_critical_points_that_are_accepted_have_no_lower_point_near() -> None:
    rng, counts = Random(7), {"Accepted": 0, "Rejected": 0, "with residuals": 0}
    while counts["Accepted"] < 60:
        made = planted(rng)
        if made is None:
            continue
        document, misfit = made
        oracle = Oracle(document)
        risk = str(oracle.risk(document["parameters"]))
        verdict, _ = outcome(document, certificate(document, STEPS, [given(1, risk)]))
        counts[verdict] += 1
        if verdict == "Accepted":
            counts["with residuals"] += misfit
            assert oracle.lower_nearby(document["parameters"], trials=40) is None
    assert counts["Rejected"] > 10
    assert counts["with residuals"] > 10


def test_lower_points_of_a_saddle_lie_along_a_bent_curve() -> None:
    """1-1-1 without biases at 0 for y = x: gradient 0, and the risk falls as w and v grow together."""
    document = network([1, 1, 1], "identity", samples([1], [1]), bias=False, parameters=[layer([[0]]), layer([[0]])])
    check_step(document, STEPS, "the Hessian is not positive semidefinite")
    curve = [layer([[["0", "1"]]]), layer([[["0", "1"]]])]
    assert Oracle(document).risk(at(curve, Fraction(1, 100))) < 1


def test_hubers_loss_does_not_bend_far_from_its_label() -> None:
    """Labels 5 and −5 pull with equal force: the risk is constant near f = 1, and its Hessian is 0."""
    document = network(
        [1, 1, 1], "identity", samples([1, 1], [5, -5]), bias=False, loss=HUBER, parameters=[layer([[1]]), layer([[1]])]
    )
    check_step(document, STEPS, "the Hessian's kernel has dimension 2, the cell's symmetries span 1")
