"""Definiteness, forms on subspaces, and null spaces."""

import random
from fractions import Fraction

import flint
import pytest

from symverify.kernel.core.errors import Rejected
from symverify.kernel.curvature.forms import nullspace, require_definite, restricted
from symverify.kernel.curvature.second_order import semidefinite_rank

Rows = list[list[Fraction]]


def gram(rng: random.Random, size: int, shift: int) -> Rows:
    """AᵀA of a random matrix, with a number added to one diagonal entry."""
    a = [[rng.randint(-2, 2) for _ in range(size)] for _ in range(rng.randint(1, size))]
    found = [[Fraction(sum(row[i] * row[j] for row in a)) for j in range(size)] for i in range(size)]
    k = rng.randrange(size)
    found[k][k] += Fraction(shift, 3)
    return found


def minors(matrix: Rows, principal: bool) -> list[Fraction]:
    """The leading principal minors, or all of them."""
    size = len(matrix)
    chosen = [[i for i in range(size) if bits >> i & 1] for bits in range(1, 1 << size)]
    kept = chosen if principal else [list(range(k + 1)) for k in range(size)]
    return [determinant([[matrix[i][j] for j in some] for i in some]) for some in kept]


def determinant(rows: Rows) -> Fraction:
    """By FLINT."""
    found = flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows]).det()
    return Fraction(int(found.p), int(found.q))


@pytest.mark.parametrize("seed", range(60))
def test_definite_and_semidefinite_as_sylvester_says(seed: int) -> None:
    rng = random.Random(seed)
    matrix = gram(rng, rng.randint(1, 4), rng.choice([-4, -1, 0, 0, 1, 2]))
    definite, semidefinite = min(minors(matrix, False)) > 0, min(minors(matrix, True)) >= 0
    if definite:
        require_definite(matrix, "", "it")
    else:
        with pytest.raises(Rejected, match="it is not positive definite"):
            require_definite(matrix, "", "it")
    if semidefinite:
        fmpq = flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in matrix])
        assert semidefinite_rank(matrix, "") == fmpq.rank()
    else:
        with pytest.raises(Rejected, match="not positive semidefinite"):
            semidefinite_rank(matrix, "")


def test_the_form_of_no_vectors_is_definite_and_the_zero_form_is_not() -> None:
    require_definite([], "", "it")
    with pytest.raises(Rejected, match="it is not positive definite"):
        require_definite([[Fraction(0)]], "", "it")
    assert semidefinite_rank([[Fraction(0)]], "") == semidefinite_rank([], "") == 0


@pytest.mark.parametrize("rows", [[[0, 1], [1, 0]], [[1, 2], [2, 1]], [[0, 0], [0, -1]], [[-1]]])
def test_indefinite_forms(rows: list[list[int]]) -> None:
    matrix = [[Fraction(x) for x in row] for row in rows]
    with pytest.raises(Rejected, match="not positive semidefinite"):
        semidefinite_rank(matrix, "")
    with pytest.raises(Rejected, match="it is not positive definite"):
        require_definite(matrix, "", "it")


@pytest.mark.parametrize("seed", range(20))
def test_on_a_subspace_values_are_those_of_the_whole_form(seed: int) -> None:
    rng = random.Random(seed)
    matrix, size = gram(rng, 3, 0), rng.randint(0, 3)
    basis = [[Fraction(rng.randint(-2, 2)) for _ in range(3)] for _ in range(size)]
    for i, row in enumerate(restricted(matrix, basis)):
        for j, value in enumerate(row):
            assert value == sum(x * matrix[a][b] * y for a, x in enumerate(basis[i]) for b, y in enumerate(basis[j]))


@pytest.mark.parametrize("seed", range(30))
def test_null_spaces_of_sparse_rows(seed: int) -> None:
    """Pivots at any columns: as many independent vectors as the rank leaves, each orthogonal to all rows."""
    rng = random.Random(seed)
    rows = [[Fraction(rng.choice([0, 0, 1, -2, 3])) for _ in range(5)] for _ in range(rng.randint(1, 5))]
    found = nullspace(rows, 5)
    assert not any(sum(a * b for a, b in zip(row, v, strict=True)) for row in rows for v in found)
    assert len(found) == 5 - flint.fmpq_mat([[flint.fmpq(int(x)) for x in row] for row in rows]).rank()
    assert not found or flint.fmpq_mat(
        [[flint.fmpq(x.numerator, x.denominator) for x in v] for v in found]
    ).rank() == len(found)
