"""Steps of `minimum_in_box` made with SymPy from exact centres: polynomials on fixed pieces, no code of the package."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

Json = Any
Place = tuple[int, int, int]
MATRIX_UNIT = 2**40


class Polynomials:
    """A network of squared loss on fixed pieces: predictions, pre-activations and the risk in the parameters."""

    def __init__(self, doc: Json, pieces: Json) -> None:
        self.widths, biases = doc["layers"], doc.get("bias", True)
        self.biases = biases if isinstance(biases, dict) else {"hidden": biases, "output": biases}
        given = doc["activation"]
        named = {"relu": [0, 1], "identity": [1], "abs": [-1, 1]}
        self.slopes = named[given] if isinstance(given, str) else [sympy.Rational(given["negative_slope"]), 1]
        self.layers: list[list[list[sympy.Symbol]]] = []
        self.places: list[Place] = []
        for m in range(len(self.widths) - 1):
            columns = self.widths[m] + self.has_bias(m)
            rows = [[sympy.Symbol(f"p{m}_{j}_{c}") for c in range(columns)] for j in range(self.widths[m + 1])]
            self.layers.append(rows)
            self.places += [(m, j, c) for j in range(self.widths[m + 1]) for c in range(columns)]
        self.symbols = [self.layers[m][j][c] for m, j, c in self.places]
        self.z: dict[Place, sympy.Expr] = {}
        self.f: list[list[sympy.Expr]] = []
        for i, sample in enumerate(doc["data"]):
            values: list[Any] = [sympy.Rational(str(x)) for x in sample["x"]]
            for m, rows in enumerate(self.layers):
                entering = [*values, *[1] * self.has_bias(m)]
                values = [sum(a * b for a, b in zip(row, entering, strict=True)) for row in rows]
                if m < len(self.layers) - 1:
                    for j, z in enumerate(values):
                        self.z[m, j, i] = sympy.sympify(z)
                    values = [self.slopes[pieces[m][j][i]] * z for j, z in enumerate(values)]
            self.f.append([sympy.sympify(v) for v in values])
        labels = [[sympy.Rational(str(y)) for y in sample["y"]] for sample in doc["data"]]
        self.risk = sum(
            (u - y) ** 2 for f, label in zip(self.f, labels, strict=True) for u, y in zip(f, label, strict=True)
        )
        decay = sympy.Rational(str(doc.get("weight_decay", 0)))
        self.risk += decay / 2 * sum(x**2 for x in self.symbols)

    def has_bias(self, m: int) -> bool:
        return bool(self.biases["output" if m == len(self.widths) - 2 else "hidden"])


def numbers_of(centre: Json) -> list[sympy.Rational]:
    found = []
    for each in centre:
        for j, row in enumerate(each["weight"]):
            found += [sympy.Rational(x) for x in row]
            found += [sympy.Rational(each["bias"][j])] if "bias" in each else []
    return found


def rounded(rows: Any) -> Json:
    return [[str(Fraction(round(Fraction(str(x)) * MATRIX_UNIT), MATRIX_UNIT)) for x in row] for row in rows.tolist()]


def box_step(
    doc: Json,
    centre: Json,
    pieces: Json,
    kinks: Sequence[Place] = (),
    held: Sequence[int] = (),
    flows: Sequence[int] = (),
    across: Json = (),
    **more: Json,
) -> Json:
    """The step for a loss with sum reduction: λ by least squares, Y the inverse of F' at the centre."""
    net, numbers = Polynomials(doc, pieces), numbers_of(centre)
    at = dict(zip(net.symbols, numbers, strict=True))
    normals = sympy.Matrix([[net.z[b].diff(s).subs(at) for s in net.symbols] for b in kinks])
    gradient = sympy.Matrix([net.risk.diff(s).subs(at) for s in net.symbols])
    weights: list[Any] = []
    if kinks:
        weights = list((normals * normals.T).LUsolve(normals * gradient))
    lagrangian = net.risk - sum(w * net.z[b] for w, b in zip(weights, kinks, strict=True))
    free = [c for c in range(len(numbers)) if c not in held]
    hessian = sympy.Matrix([[lagrangian.diff(net.symbols[a], net.symbols[b]).subs(at) for b in free] for a in free])
    own = normals[:, free] if kinks else sympy.zeros(0, len(free))
    derivative = sympy.Matrix(sympy.BlockMatrix([[hessian, -own.T], [own, sympy.zeros(len(kinks))]]))
    exact = {
        "rule": "minimum_in_box",
        "centre": centre,
        "radius": "1/1048576",
        "kinks": [list(b) for b in kinks],
        "multipliers": [str(Fraction(str(w))) for w in weights],
        "dependents": [],
        "pieces": pieces,
        "held": list(held),
        "flows": list(flows),
        "inverse": rounded(derivative.inv().evalf(60)),
        "across": [list(row) for row in across],
        "tau": "64" if kinks else "0",
    }
    return exact | more
