"""Points where gradients do not exist are decided too: walk a 1-1-1 network's parameters through a boundary."""

from fractions import Fraction

import symverify

DATA = [([5], [2]), ([4], [1]), ([3], [0]), ([1], [-3]), ([-1], [3])]


def at(bias: Fraction) -> symverify.CheckResult:
    network = {
        "format": "symverify-network/1",
        "layers": [1, 1, 1],
        "activation": "relu",
        "loss": {"name": "squared", "reduction": "sum"},
        "data": [{"x": x, "y": y} for x, y in DATA],
        "parameters": [{"weight": [[1]], "bias": [bias]}, {"weight": [[1]], "bias": [0]}],
    }
    return symverify.check(symverify.loads(network), ["point"], smt=False)


def main() -> None:
    for bias in (Fraction(-7, 2), Fraction(-3), Fraction(-5, 2)):
        claim = at(bias)["point"]
        print(f"bias {bias}: risk {claim.risk}, local minimum: {claim.verdict.value}; {claim.reason}")


if __name__ == "__main__":
    main()
