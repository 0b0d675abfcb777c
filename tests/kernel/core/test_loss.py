"""What a dual vector proves under each loss: formulas, and sampled predictions."""

from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest

from symverify.kernel.core.loss import Loss
from symverify.kernel.losses import RATIONAL_LOSSES

F = Fraction


def product(g: list[int], v: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(g, v, strict=True)), F(0))


def squared(g: list[int], y: list[Fraction]) -> Fraction:
    return product(g, y) ** 2 / product(g, g)


def huber(g: list[int], y: list[Fraction]) -> Fraction:
    t = min(product(g, y) / product(g, g), F(1, max(map(abs, g))))
    return t * product(g, y) - t * t * product(g, g) / 2


def absolute(g: list[int], y: list[Fraction]) -> Fraction:
    return product(g, y) / max(map(abs, g))


def quantile(g: list[int], y: list[Fraction]) -> Fraction:
    return product(g, y) * min(F(1, 4) / x if x > 0 else F(3, 4) / -x for x in g if x)


def hinge(g: list[int], y: list[Fraction]) -> Fraction:
    return absolute(g, y) if all(a * x >= 0 for a, x in zip(y, g, strict=True)) else F(0)


FORMULAS: dict[str, tuple[Callable[[list[int], list[Fraction]], Fraction], Loss]] = {
    "squared": (squared, RATIONAL_LOSSES["squared"].of(F(1))),
    "huber": (huber, RATIONAL_LOSSES["huber"].of(F(1), F(1))),
    "absolute": (absolute, RATIONAL_LOSSES["absolute"].of(F(1))),
    "quantile": (quantile, RATIONAL_LOSSES["quantile"].of(F(1), F(1, 4))),
    "hinge": (hinge, RATIONAL_LOSSES["hinge"].of(F(1))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_gain(name: str) -> None:
    """The formula; and no sampled f with ⟨g, f⟩ ≤ 0 has less loss."""
    (formula, loss), rng, seen = FORMULAS[name], Random(name), 0
    for _ in range(400):
        n = rng.randrange(1, 5)
        y = [F(rng.choice([-1, 1])) if name == "hinge" else F(rng.randrange(-6, 7), 2) for _ in range(n)]
        g = [rng.randrange(-3, 4) for _ in range(n)]
        if product(g, y) <= 0:
            continue
        ends = [] if loss.quadratic else [loss.at(label).ends() for label in y]
        found = loss.gain(g, product(g, y), int(product(g, g)), ends)
        assert found == formula(g, y)
        seen += found > 0
        for _ in range(40):
            f = [F(rng.randrange(-12, 13), 3) for _ in range(n)]
            if product(g, f) <= 0:
                assert sum(loss.at(b).value(a - b) for a, b in zip(f, y, strict=True)) >= found
    assert seen > 40


def test_a_loss_without_parts_has_no_value() -> None:
    with pytest.raises(TypeError, match="hinge loss has no value over the rationals"):
        FORMULAS["hinge"][1].value(F(0))
    with pytest.raises(ValueError, match="no derivative at 0"):
        FORMULAS["absolute"][1].slope(F(0))
