"""Rounding orthogonally to integer vectors, by compiled loops."""

import numpy as np
import pytest

pytest.importorskip("numba")

from symverify.search.global_minimum.generators import packed
from symverify.search.global_minimum.lattice import _coprime, _pivoted, rounded

LIMITS = 0.99, 2.0**30  # the share, and the largest entries
SCALES = np.array([20.0, 80.0, 320.0, 20480.0, 2.0**24])


def lines_of(seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Some integer vectors, a few of which depend on others, a real vector orthogonal to them; to (1, …, 1), too?"""
    rng = np.random.default_rng(seed)
    samples, count, biased = int(rng.integers(4, 16)), int(rng.integers(0, 5)), bool(rng.integers(0, 2))
    lines = rng.integers(-(10 ** rng.integers(1, 5)), 10 ** rng.integers(1, 5), (min(count, samples - 3), samples))
    lines[rng.random(lines.shape) < 0.3] = 0
    if len(lines) > 1:
        lines[-1, rng.integers(0, samples) :] = 0
    whole = np.concatenate([lines, np.ones((int(biased), samples), dtype=np.int64)]).astype(float)
    real = rng.standard_normal(samples)
    for _ in range(2):
        real = real - np.linalg.pinv(whole) @ (whole @ real)
    return lines, real / np.linalg.norm(real), biased


@pytest.mark.parametrize("seed", range(60))
def test_orthogonal_and_near(seed: int) -> None:
    """Exactly orthogonal, in integers, and so near to a multiple of the real vector that its bound is hardly lower."""
    lines, real, biased = lines_of(seed)
    left = lines[
        [k for k in range(len(lines)) if np.linalg.matrix_rank(lines[: k + 1]) > np.linalg.matrix_rank(lines[:k])]
    ]
    off = left - (left.mean(axis=1, keepdims=True) if biased else 0.0)
    basis = np.linalg.qr(off.T)[0].T.copy() if len(left) else np.zeros((0, len(real)))
    every = packed(np.ones(max(len(left), 1), dtype=bool))
    columns = left.astype(float) if len(left) else np.zeros((1, len(real)))
    node = np.concatenate([every, every]), real
    chosen = np.arange(len(left))
    vector, blocked, beyond = rounded(columns, node, (basis, chosen), real, SCALES, biased, LIMITS)
    exact = [int(x) for x in vector]
    assert exact == vector.tolist()
    assert any(exact)
    assert all(sum(int(a) * g for a, g in zip(line, exact, strict=True)) == 0 for line in lines)
    assert not biased or sum(exact) == 0
    assert not blocked.any()
    assert beyond < 0
    assert (vector @ real) ** 2 >= 0.99 * (vector @ vector)
    nothing, _, _ = rounded(columns, node, (basis, chosen), real, SCALES[:1] * 1e-3, biased, LIMITS)
    assert not nothing.any()


def test_columns_of_the_node_refuse() -> None:
    """The control is accepted where the column is not the node's."""
    real = np.array([0.8, -0.6])
    columns, every, none = np.array([[1.0, 1.0]]), packed(np.ones(1, dtype=bool)), packed(np.zeros(1, dtype=bool))
    lines = np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    free, blocked, _ = rounded(columns, (np.concatenate([none, every]), real), lines, real, SCALES, False, LIMITS)
    assert free.tolist() == [16.0, -12.0]
    assert blocked.tolist() == [1, 0]
    refused, _, beyond = rounded(columns, (np.concatenate([every, none]), real), lines, real, SCALES, False, LIMITS)
    assert refused.tolist() == [0.0, 0.0]
    assert beyond < 0


def test_integers_beyond_floats_are_said_to_be() -> None:
    """Only a multiple of one vector is orthogonal to the lines, and it is long; the control's is short."""
    rng, every = np.random.default_rng(0), packed(np.ones(3, dtype=bool))
    for size, told in ((10**7, True), (10, False)):
        columns = rng.integers(-size, size, (3, 4)).astype(float)
        basis, _ = np.linalg.qr(columns.T, mode="complete")
        real = basis[:, 3].copy()
        lines = basis[:, :3].T.copy(), np.arange(3)
        vector, _, beyond = rounded(columns, (np.concatenate([every, every]), real), lines, real, SCALES, False, LIMITS)
        assert (beyond >= 0) == told
        assert vector.any() != told


@pytest.mark.parametrize("seed", range(40))
def test_the_first_coordinates_have_a_lines_divisor_of_all(seed: int) -> None:
    """So many that each line's product with a rounded vector is a multiple of what these coordinates can give."""
    rng = np.random.default_rng(seed)
    total, width = int(rng.integers(1, 4)), int(rng.integers(4, 30))
    lines = rng.integers(-20, 20, (total, width)) * rng.choice([1, 2, 3, 4, 6, 12], (total, width))
    lines[:, : width - 2] *= 6  # hardly any coordinate lacks it
    found, order = lines.astype(float), np.zeros(width, dtype=np.int64)
    rank = _pivoted(found, total, width, order)
    before = order[:rank].tolist()
    _coprime(found, rank, width, order)
    assert order[:rank].tolist() == before
    assert sorted(order.tolist()) == list(range(width))
    for line in found[:rank].astype(np.int64):
        few = order[: rank + 6]
        assert np.gcd.reduce(line[few]) == np.gcd.reduce(line)
