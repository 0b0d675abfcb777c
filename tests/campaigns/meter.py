"""Small files that ask the kernel for a lot of work: one or more for each rule that can be made expensive.

Network and certificate have less than 100 kB together. Claims are not right: the kernel sees that only after the steps.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from tests.examples import Document, layer, network, samples

Json = Any
Case = tuple[Document, list[Json]]  # a network file and the steps of a certificate
CASES: dict[str, Callable[[], Case]] = {}
LATE = {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}
GIVEN = {"rule": "point", "parameters": "given"}


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    """Registers a case under the function's name."""
    CASES[make.__name__] = make
    return make


def files(name: str) -> tuple[bytes, bytes]:
    """The network file and the certificate of a case."""
    document, steps = CASES[name]()
    data = json.dumps(document, separators=(",", ":")).encode()
    claims: list[Json] = [{"claim": "a", "step": len(steps) - 1}]
    if name == "unused_steps":
        found = {"A1": False, "A2": True, "A3": False, "A4": True, "AL": True}
        claims = [{"claim": "assumptions", "verdict": "proved", "step": len(steps) - 1, **found}]
    wanted = {len(steps) - 1}
    for index in reversed(range(len(steps))):
        if index not in wanted and name != "unused_steps":
            claims.append({"claim": "a", "step": index})
        for named in steps[index].get("from", {}).values():
            wanted |= set(named if isinstance(named, list) else [named])
    whole = {"format": "symverify-certificate/2", "problem": hashlib.sha256(data).hexdigest()}
    proof = json.dumps(whole | {"claims": claims, "steps": steps}, separators=(",", ":")).encode()
    return data, proof


def ratios(rng: Random, count: int, digits: int) -> list[str]:
    """Rationals in lowest terms, with so many digits above and below."""
    return [str(Fraction(rng.randint(1, 10**digits), rng.randint(1, 10**digits))) for _ in range(count)]


def at(rule: str, role: str, index: int, **more: Json) -> Json:
    """A step with one premise."""
    return {"rule": rule, "from": {role: index}} | more


def fitted(widths: Sequence[int], n: int, digits: int) -> Document:
    """A network with one hidden layer of long positive integers, and data that it fits exactly: the gradient is 0."""
    rng, (d, h, _) = Random(1), widths
    weight, after = [[rng.randint(1, 10**digits) for _ in range(d)] for _ in range(h)], [1 + k % 9 for k in range(h)]
    inputs = [[rng.randint(1, 99) for _ in range(d)] for _ in range(n)]
    targets = [
        sum(v * sum(w * a for w, a in zip(row, x, strict=True)) for row, v in zip(weight, after, strict=True))
        for x in inputs
    ]
    theta = [layer([list(row) for row in weight], [0] * h), layer([list(after)], [0])]
    return network(list(widths), "relu", samples(inputs, targets), parameters=theta)


@case
def second_order() -> Case:
    return fitted([2, 19, 1], 31, 90), [GIVEN, at("second_order", "point", 0)]


@case
def critical_point() -> Case:
    return fitted([2, 60, 1], 40, 60), [GIVEN, *[at("critical_point", "point", 0)] * 600]


@case
def interior_minimum() -> Case:
    return fitted([2, 60, 1], 40, 60), [GIVEN, *[at("interior_minimum", "point", 0)] * 600]


@case
def point_with_wide_numbers() -> Case:
    data = samples([f"{k}e3990" for k in range(1, 1200)], [0] * 1199)
    theta = [layer([["1e-3990"]] * 200), layer([["1"] * 200])]
    return network([1, 200, 1], "relu", data, bias=False, parameters=theta), [GIVEN] * 500


@case
def point_that_cancels() -> Case:
    """Long numbers whose products are short."""
    data = samples([["1e3999"] * 9] * 600, [0] * 600)
    theta = [layer([["1e-3999"] * 9] * 90), layer([["1"] * 90])]
    return network([9, 90, 1], "relu", data, bias=False, parameters=theta), [GIVEN] * 500


@case
def point_deep() -> Case:
    rng, h = Random(2), 12
    theta = [layer([ratios(rng, h if m else 1, 25) for _ in range(h)]) for m in range(8)] + [
        layer([ratios(rng, h, 25)])
    ]
    return network([1, *[h] * 8, 1], "abs", samples(range(1, 60), [0] * 59), bias=False, parameters=theta), [
        GIVEN
    ] * 500


def moving(rng: Random, rows: int, columns: int, degree: int, digits: int, start: str) -> list[list[list[str]]]:
    """Weights as polynomials in t."""
    return [[[start, *ratios(rng, degree, digits)] for _ in range(columns)] for _ in range(rows)]


@case
def descent() -> Case:
    rng = Random(3)
    theta = [layer([["1"]] * 6), layer([["1"] * 6] * 6), layer([["1"] * 6])]
    path = [
        {"weight": moving(rng, 6, 1, 40, 12, "1")},
        {"weight": moving(rng, 6, 6, 40, 12, "1")},
        {"weight": moving(rng, 1, 6, 40, 12, "1")},
    ]
    document = network([1, 6, 6, 1], "relu", samples(range(1, 80), [0] * 79), bias=False, parameters=theta)
    return document, [GIVEN, at("descent", "point", 0, curve=path)]


@case
def valley() -> Case:
    """All units off, and their weights move along polynomials that stay close to the boundary."""
    rng, n = Random(4), 40
    theta = [layer([["-1"]] * 10), layer([["0"] * 10])]
    weight = [[["-1", *(str(-Fraction(x)) for x in ratios(rng, 100, 6))]] for _ in range(10)]
    path = [{"weight": weight}, {"weight": [["0"] * 10]}]
    document = network([1, 10, 1], "relu", samples(range(1, n + 1), [0] * n), bias=False, parameters=theta)
    steps = [GIVEN, at("interior_minimum", "point", 0), *[at("valley", "minimum", 1, path=path)] * 3]
    return document, steps


@case
def valley_close_to_zero() -> Case:
    """(t − 1/3)² to a high power, plus a little."""
    coefficients = [Fraction(1)]
    for _ in range(60):
        longer = [Fraction(0)] * (len(coefficients) + 2)
        for k, c in enumerate(coefficients):
            for j, a in enumerate((Fraction(1, 9), Fraction(-2, 3), Fraction(1))):
                longer[k + j] += c * a
        coefficients = longer
    coefficients[0] += Fraction(1, 10**60)
    n, theta = 60, [layer([[str(-coefficients[0])]] * 12), layer([["0"] * 12])]
    path = [{"weight": [[[str(-c) for c in coefficients]]] * 12}, {"weight": [["0"] * 12]}]
    document = network([1, 12, 1], "relu", samples(range(1, n + 1), [0] * n), bias=False, parameters=theta)
    return document, [GIVEN, at("interior_minimum", "point", 0), at("valley", "minimum", 1, path=path)]


def at_the_origin(d: int, n: int, digits: int = 1, h: int = 1) -> Document:
    """All samples are at the kink of every unit, and fitted."""
    rng = Random(5)
    inputs = [[str(rng.randint(-(10**digits), 10**digits)) for _ in range(d)] for _ in range(n)]
    theta = [layer([["0"] * d] * h), layer([["1"] * h])]
    return network([d, h, 1], "relu", samples(inputs, [0] * n), bias=False, parameters=theta)


@case
def face_minimum_by_rays() -> Case:
    return at_the_origin(3, 60), [GIVEN, *[at("face_minimum", "point", 0, multipliers=[None])] * 500]


@case
def face_minimum_by_long_rays() -> Case:
    return at_the_origin(4, 40, 200), [GIVEN, *[at("face_minimum", "point", 0, multipliers=[None])] * 500]


@case
def adjacent_cells() -> Case:
    return at_the_origin(12, 12, 60), [GIVEN, *[at("adjacent_cells", "point", 0)] * 500]


@case
def cell_kkt() -> Case:
    data = samples([[0, k, 1] for k in range(12)] + [[1 + k % 7, 2, 3] for k in range(500)], [0] * 512)
    theta = [layer([["1", "0", "0"], ["-1", "-1", "-1"]]), layer([["0", "1"]])]
    document = network([3, 2, 1], "relu", data, bias=False, parameters=theta)
    return document, [GIVEN, at("cell_kkt", "point", 0, cells=[{"flat": True}] * 4096)]


@case
def cell_kkt_faces() -> Case:
    document, _ = cell_kkt()
    document["data"] = document["data"][2:]  # so many entries are as long as the other's
    return document, [GIVEN, at("cell_kkt", "point", 0, cells=[{"face": ["0"] * 10}] * 1024)]


@case
def cell_cover() -> Case:
    rng = Random(6)
    data = samples([[rng.randint(-99, 99) for _ in range(5)] for _ in range(30)], [0] * 30)
    return network([5, 1, 1], "relu", data), [{"rule": "cell_cover"}] * 1500


@case
def cell_cover_long() -> Case:
    rng = Random(7)
    data = samples([[str(rng.randint(-(10**300), 10**300)) for _ in range(4)] for _ in range(40)], [0] * 40)
    return network([4, 1, 1], "relu", data), [{"rule": "cell_cover"}] * 500


@case
def assumptions() -> Case:
    rng = Random(8)
    data = samples([ratios(rng, 30, 4) for _ in range(60)], [0] * 60)
    return network([30, 2, 1], "relu", data), [{"rule": "assumptions"}] * 1000


@case
def assumptions_wide() -> Case:
    rng = Random(9)
    data = samples(
        [[f"{rng.randint(1, 999)}e{rng.randint(3000, 3900)}" for _ in range(25)] for _ in range(90)], [0] * 90
    )
    return network([25, 2, 1], "relu", data), [{"rule": "assumptions"}] * 500


@case
def function_bound() -> Case:
    rng = Random(10)
    data = samples([0] * 1500, [f"1/{rng.randint(10**11, 10**12)}" for _ in range(1500)])
    return network([1, 1, 1], "relu", data), [{"rule": "function_bound"}] * 300


@case
def limit() -> Case:
    rng = Random(11)
    units = [{"sign": "1", "u": ratios(rng, 1, 8), "nu": x} for x in ratios(rng, 900, 8)]
    data = samples(range(1, 800), [0] * 799)
    return network([1, 900, 1], LATE, data, bias=False), [{"rule": "limit", "constant": "0", "units": units}]


def bound(vectors: Sequence[Sequence[int]], tree: Sequence[int], risk: str = "1/1000") -> Json:
    """A step."""
    return {"rule": "global_lower_bound", "risk": risk, "vectors": [list(g) for g in vectors], "tree": list(tree)}


@case
def tree_on_many_samples() -> Case:
    n = 2500
    data = samples([k * k for k in range(n)], [k % 7 for k in range(n)])
    g = [0] * n
    g[1], g[0] = 1, -1
    return network([1, 2, 1], "relu", data), [bound([g], [0])]


@case
def tree_of_many_vectors() -> Case:
    rng, n = Random(12), 200
    data = samples([[rng.randint(-99, 99), rng.randint(-99, 99)] for _ in range(n)], [k % 2 for k in range(n)])
    vectors = []
    for _ in range(150):
        g = [rng.randint(-1, 1) + 2 * (k % 2) for k in range(n)]
        g[0] -= sum(g)
        vectors.append(g)
    return network([2, 2, 1], "relu", data), [bound(vectors, [0], "1/1000000")]


@case
def tree_in_three_dimensions() -> Case:
    rng, n = Random(13), 85
    data = samples([[rng.randint(-99, 99) for _ in range(3)] for _ in range(n)], [k % 2 for k in range(n)])
    vectors = []
    for _ in range(300):
        g = [rng.randint(-1, 1) + 2 * (k % 2) for k in range(n)]
        g[0] -= sum(g)
        vectors.append(g)
    return network([3, 2, 1], "relu", data), [bound(vectors, [0], "1/1000000")]


@case
def tree_with_wide_inputs() -> Case:
    rng, n = Random(14), 300
    data = samples([[f"{rng.randint(1, 99)}e{3800 + k % 90}", "1"] for k in range(n)], [k % 2 for k in range(n)])
    g = [2 * (k % 2) - 1 for k in range(n)]
    return network([2, 2, 1], "relu", data), [bound([g] * 20, [0])]


@case
def tree_with_wide_labels() -> Case:
    n = 400
    data = samples(range(n), [f"{k % 9 + 1}e{3999 if k % 2 else -3999}" for k in range(n)])
    vectors = [[int(k == j) - int(k == 0) for k in range(n)] for j in range(1, 90, 2)]
    return network([1, 2, 1], "relu", data), [bound(vectors, [0])]


@case
def tree_with_many_exact_vectors() -> Case:
    vectors = [[k] for k in range(1, 9000)]
    return network([1, 1, 1], "relu", samples([1], ["1e3900"]), bias=False), [bound(vectors, [0], "1" + "0" * 3900)]


@case
def tree_with_many_breakpoints() -> Case:
    shape = {"breakpoints": list(range(3000)), "slopes": [k % 2 for k in range(3001)], "anchor": [0, 0]}
    data = samples(range(1, 1001), [1] * 1000)
    return network([1, 1, 1], shape, data, bias=False), [bound([[1] * 1000], [0])]


@case
def tree_with_many_splits() -> Case:
    n = 300
    data = samples([k * k for k in range(n)], [k % 7 for k in range(n)])
    g = [0] * n
    g[1], g[0] = 1, -1
    tree = [-1] + [-2 - k for k in range(n)] * 60
    return network([1, 300, 1], "relu", data), [bound([g], tree)]


def approached(d: int, n: int, width: int) -> tuple[Document, list[Json], list[int]]:
    """An infimum 0 that is approached with v → 0; the predictions."""
    rng = Random(15)
    inputs = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(n)]
    f = [max(0, sum(x)) for x in inputs]
    unit = {"sign": "1", "u": ["1"] * d, "nu": "0"}
    document = network([d, width, 1], LATE, samples(inputs, f), bias=False)
    steps: list[Json] = [{"rule": "function_bound"}, {"rule": "limit", "constant": "0", "units": [unit]}]
    return document, [*steps, {"rule": "infimum", "from": {"bound": 0, "limit": 1}}], f


@case
def not_attained() -> Case:
    document, steps, f = approached(2, 30, 4)
    rng, vectors = Random(16), list[list[int]]()
    while len(vectors) < 500:
        q = [rng.randint(-3, 1) for _ in f]
        if sum(a * b for a, b in zip(q, f, strict=True)) <= 0:
            vectors.append(q)
    return document, [*steps, at("not_attained", "infimum", 2, separators=[vectors])]


@case
def not_attained_many_cells() -> Case:
    document, steps, f = approached(3, 40, 2)
    return document, [*steps, *[at("not_attained", "infimum", 2, separators=[[[-1] * len(f)]])] * 100]


@case
def cell_minima() -> Case:
    document = at_the_origin(3, 40)
    witnesses = [[layer([["0"] * 3]), layer([[v]])] for v in ("0", "1", "-1")]
    step = at("cell_minima", "point", 0, best=["0"] * 40, separators=[], witnesses=witnesses)
    return document, [GIVEN, *[step] * 150]


@case
def face_atlas() -> Case:
    rng = Random(17)
    data = samples([[rng.randint(-9, 9) for _ in range(3)] for _ in range(17)], [0] * 17)
    return network([3, 1, 1], "relu", data), [{"rule": "face_atlas", "from": {"minima": []}}]


@case
def unused_steps() -> Case:
    """The only claim is right, and its step the last one."""
    document, steps = cell_cover()
    return document, [*steps, {"rule": "assumptions"}]


@case
def many_claims() -> Case:
    document, steps, _ = approached(1, 2, 1)
    return document, [*steps, *[at("not_attained", "infimum", 2, separators=[[]])] * 900]
