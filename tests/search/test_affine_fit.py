"""The best affine fit under Huber's loss: stationary for random labels, whatever the share of large errors."""

import random
from fractions import Fraction

from symverify.kernel.losses import huber
from symverify.search.affine_minimum import fit_by_pieces


def test_it_is_found_and_stationary() -> None:
    linear = 0
    for seed in range(80):
        noise = random.Random(seed)
        n, d = noise.randint(4, 9), noise.randint(1, 2)
        rows = [(*(Fraction(noise.randint(-4, 4)) for _ in range(d)), Fraction(1)) for _ in range(n)]
        y = [Fraction(noise.randint(-3, 3)) for _ in range(n)]
        loss = huber(Fraction(1), Fraction(noise.choice([1, 2]), noise.choice([1, 2, 4])))
        fit = fit_by_pieces(rows, y, loss)
        errors = [sum(a * b for a, b in zip(row, fit, strict=True)) - t for row, t in zip(rows, y, strict=True)]
        pulls = [loss.slope(Fraction(e)) for e in errors]
        assert not any(sum(p * row[c] for p, row in zip(pulls, rows, strict=True)) for c in range(d + 1)), seed
        linear += any(abs(e) > loss.cuts[-1] for e in errors)
    assert linear > 40
