"""Parts of the elimination in `cell_kkt`: the face of the active kinks in coordinates, and orders along a curve."""

import random
from fractions import Fraction

import pytest

from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import cell_of
from symverify.kernel.core.point import point
from symverify.kernel.core.proof import Proof, Reading, polynomial, read_point
from symverify.kernel.core.text import Fields
from symverify.kernel.curvature.eliminate import Slice, Stationary, eliminated, orders
from symverify.kernel.network_file import read_problem
from tests.examples import layer, network, samples
from tests.kernel.corruption import Json, no_data, text
from tests.oracles.network import matrix_rank


@pytest.mark.parametrize("seed", range(60))
def test_tangents_lie_in_the_face_and_leave_the_fixed_coordinates(seed: int) -> None:
    rng = random.Random(seed)
    size, count = 5, rng.randint(0, 3)
    normals = [[Fraction(rng.choice([0, 1, -2, 3])) for _ in range(size)] for _ in range(count)]
    fixed = rng.sample(range(size), rng.randint(0, 2))
    free = [[x for c, x in enumerate(normal) if c not in fixed] for normal in normals]
    if matrix_rank(normals or [[Fraction(0)]]) < count:
        return
    if matrix_rank(free or [[Fraction(0)]]) < count:
        with pytest.raises(Rejected, match="no pivots outside the held parameters and the place"):
            Slice.of(normals, fixed, size, "")
        return
    face = Slice.of(normals, fixed, size, "")
    tangents, rest = face.tangents(fixed), [c for c in range(size) if c not in fixed and c not in face.pivots]
    assert len(set(face.pivots)) == count
    assert len(tangents) == len(rest) == size - count - len(fixed)
    for tangent, own in zip(tangents, rest, strict=True):
        assert not any(sum(a * b for a, b in zip(tangent, normal, strict=True)) for normal in normals)
        assert [tangent[c] for c in [*rest, *fixed]] == [c == own for c in [*rest, *fixed]]


# f = w v x + c on x = 1 at w = 1, v = 0, c = 2, the label 1: R = (w v + c − 1)² = 1 there.
LINE = network([1, 1, 1], "identity", samples([1], [1]), bias={"hidden": False, "output": True})
LINE |= {"parameters": [layer([[1]]), layer([[0]], [2])]}
ALONG_W, ALONG_V, ALONG_C = [[Fraction(c == k) for c in range(3)] for k in range(3)]
ORDERS: dict[str, tuple[Json, Json, list[list[Fraction]], str | None]] = {
    "constant": ("0", "2", [], None),
    "constant, and not pulled": ("0", "2", [ALONG_W], None),
    "constant, and pulled in first order": (["0", "1"], ["2", "-1"], [ALONG_W], "the risk is constant along"),
    "constant, and pulled": ("0", "2", [ALONG_C], "the risk is constant along the curve, and the eliminated"),
    "rises in second order": ("0", ["2", "0", "1"], [], None),
    "rises in second order, not pulled": ("0", ["2", "0", "1"], [ALONG_W], None),
    "rises in second order, pulled": ("0", ["2", "0", "1"], [ALONG_C], "has order 2, the pull order 0: no minimum"),
    "falls in second order": ("0", ["2", "0", "-1"], [], "has order 2, the pull order None: no minimum follows"),
    "rises in fourth order": ("0", ["2", "0", "0", "0", "1"], [], None),
    "falls in fourth order": ("0", ["2", "0", "0", "0", "-1"], [], "has order 4"),
    "of first order": ("0", ["2", "1"], [], "has order 1, the pull order None: no minimum follows"),
    "of third order": ("0", ["2", "0", "0", "1"], [], "has order 3, the pull order None: no minimum follows"),
    "pulled in first order": (["0", "1"], ["2", "-1", "1"], [ALONG_W], "has order 2, the pull order 1: no minimum"),
    "the later pull of two": ("0", ["2", "0", "1"], [ALONG_W, ALONG_C], "has order 2, the pull order 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_orders_along_a_curve(name: str) -> None:
    """v and c along the curve, w = 1; ∂R/∂w = 2 v e, ∂R/∂v = 2 w e, ∂R/∂c = 2 e with e = w v + c − 1."""
    v, c, tangents, reason = ORDERS[name]
    problem = read_problem(text(LINE), no_data)
    at = point(Reading(Proof(problem), Fields({"parameters": "given"}, "")))
    path = read_point(problem, polynomial)([layer([["1"]]), layer([[v]], [c])], "")
    pattern = cell_of(problem, at.point)
    if reason is None:
        orders(problem, at, pattern, path, tangents, "")
    else:
        with pytest.raises(Rejected, match=reason):
            orders(problem, at, pattern, path, tangents, "")


def test_kinks_that_are_not_affine_in_the_parameters_are_not_eliminated() -> None:
    """Of the second layer: where the unit is at its breakpoint is no linear face."""
    deep = network([1, 1, 1, 1], "relu", samples([1], [0]), parameters=[layer([["1"]], ["0"])] * 3)
    problem = read_problem(text(deep), no_data)
    at = point(Reading(Proof(problem), Fields({"parameters": "given"}, "")))
    found = Stationary([], [([Fraction(1)] * problem.size(), (1, 0, 0))], [])
    with pytest.raises(Rejected, match="active kinks must be affine in the parameters"):
        eliminated(problem, at, cell_of(problem, at.point), found, [], 0, at.point, "")
