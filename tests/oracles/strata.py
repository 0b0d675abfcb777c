"""The minima of a cell or face, and the infimum of a cell, found by exact satisfiability (z3), as fields of steps.

Everything is posed in the full coordinates z = (|v| w, |v|) of each class of units on one face, with the face's
equations as constraints; nothing is shared with the package.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, permutations, product
from typing import Any

import flint
import z3

from tests.oracles.network import Json, Numbers, Oracle, matrix_rank

Row = list[Fraction]
F0, F1 = Fraction(0), Fraction(1)


class Class:
    """Units on the same face: equations, inequalities A z > 0 and effects F z on the predictions."""

    def __init__(self, oracle: Oracle, rows: list[Row], w: Row) -> None:
        cuts, slopes, _ = oracle.activation(0)
        keep = [p for p in range(len(cuts)) if slopes[p] != slopes[p + 1]]
        cuts, slopes = [cuts[p] for p in keep], [*(slopes[p] for p in keep), slopes[-1]]
        self.units, self.w, size = list[int](), w, len(w)
        self.equal, self.positive, self.effects = list[Row](), [[F0] * size + [F1]], list[Row]()
        self.near = list[tuple[Row, Fraction, Fraction]]()  # per sample the row and the slopes on both sides
        self.place = list[int]()
        for x in rows:
            z = sum((a * b for a, b in zip(w, x, strict=True)), F0)
            p = sum(t < z for t in cuts)
            at, dead = p < len(cuts) and cuts[p] == z, not any(x)
            self.effects.append([*(slopes[p] * a for a in x), oracle.apply(0, z) - slopes[p] * z])
            self.near.append((x, slopes[p], slopes[p + 1] if at else slopes[p]))
            self.place.append(2 * p + (at and not dead))
            if dead:
                continue
            if at:
                self.equal.append([*x, -cuts[p]])
            else:
                self.positive += [[*x, -t] for t in cuts[max(p - 1, 0) : p]]
                self.positive += [[*(-a for a in x), t] for t in cuts[p : p + 1]]


class Strata:
    """The classes of units at a point of one hidden layer with scalar output."""

    def __init__(self, document: Json, point: Json) -> None:
        self.oracle, bias = Oracle(document), document.get("bias", True)
        given = {"hidden": bias, "output": bias} if isinstance(bias, bool) else bias
        self.hidden, self.output = (bool(given.get(part, True)) for part in ("hidden", "output"))
        self.rows = [[*x, F1] if self.hidden else list(x) for x, _ in self.oracle.samples()]
        self.labels = [y for _, (y,) in self.oracle.samples()]
        found: dict[tuple[int, ...], Class] = {}
        for j, row in enumerate(point[0]["weight"]):
            w = [Fraction(x) for x in (*row, *(point[0]["bias"][j : j + 1] if self.hidden else ()))]
            each = Class(self.oracle, self.rows, w)
            found.setdefault(tuple(each.place), each).units.append(j)
        self.classes, self.point = list(found.values()), point

    def features(self) -> list[Row]:
        """Vectors over the samples that span the predictions, restricted to the faces."""
        found = [[F1 for _ in self.rows]] if self.output else []
        for each in self.classes:
            for z in nullspace(each.equal, len(each.w) + 1):
                found.append([sum((a * b for a, b in zip(row, z, strict=True)), F0) for row in each.effects])
        return found

    def gradient(self, f: Sequence[Any], solver: z3.Solver, r: Sequence[Any]) -> None:
        """r_i = c ℓ'(f_i − y_i), as constraints."""
        loss = self.oracle.document["loss"]
        loss = {"name": loss} if isinstance(loss, str) else loss
        c = Fraction(loss.get("factor", 1)) / (len(self.rows) if loss.get("reduction", "mean") == "mean" else 1)
        for a, y, b in zip(f, self.labels, r, strict=True):
            e = a - real(y)
            if loss["name"] == "squared":
                solver.add(b == real(2 * c) * e)
            else:
                d = Fraction(loss.get("delta", 1))
                inner = z3.And(e >= real(-d), e <= real(d), b == real(c) * e)
                solver.add(z3.Or(inner, z3.And(e > real(d), b == real(c * d)), z3.And(e < real(-d), b == real(-c * d))))

    def ends(self, f: Fraction, y: Fraction) -> tuple[Fraction | None, Fraction | None]:
        """The interval of predictions with the slope of the loss at f."""
        loss = self.oracle.document["loss"]
        if isinstance(loss, str) or loss["name"] == "squared":
            return f, f
        d = Fraction(loss.get("delta", 1))
        return (None, y - d) if f - y <= -d else (y + d, None) if f - y >= d else (f, f)

    def best(self) -> tuple[Row, Row]:
        """Predictions of least risk in the span of the features, and the gradient of the loss there."""
        n, span, solver = len(self.rows), self.features(), z3.Solver()
        weights, r = z3.Reals([f"c{k}" for k in range(len(span))]), z3.Reals([f"r{i}" for i in range(n)])
        f = [total(real(phi[i]) * c for phi, c in zip(span, weights, strict=True)) for i in range(n)]
        self.gradient(f, solver, r)
        solver.add(*(total(real(phi[i]) * r[i] for i in range(n)) == 0 for phi in span))
        model = solved(solver)
        return [value(model, a) for a in f], [value(model, b) for b in r]

    def held(self, each: Class, r: Row) -> list[int]:
        """The signs v of an output weight with v φ ≥ 0 near the face (φ = 0 for v = 0)."""
        return [v for v in (0, 1, -1) if not self.falls(each, r, v)]

    def falls(self, each: Class, r: Row, v: int) -> bool:
        """Whether v φ, or for v = 0 any of ±φ, is negative somewhere near."""
        delta, solver = z3.Reals([f"d{k}" for k in range(len(each.w))]), z3.Solver()
        change = []
        for residual, (row, below, above) in zip(r, each.near, strict=True):
            step = total(real(a) * d for a, d in zip(row, delta, strict=True))
            change.append(real(residual) * z3.If(step > 0, real(above) * step, real(below) * step))
        whole = total(change)
        solver.add(whole != 0 if v == 0 else v * whole < 0)
        return bool(solver.check() == z3.sat)

    def types(self, r: Row) -> Iterator[tuple[int, ...]]:
        """Per class 0, or the signs that its units show: 1 plus, 2 minus, 3 both."""
        options = []
        for each in self.classes:
            held = self.held(each, r)
            options.append(
                [0, 1, 2, 3][: 3 + (len(each.units) > 1)] if 0 in held else [1 if v > 0 else 2 for v in held]
            )
        yield from product(*options)

    def slots(self, kind: Sequence[int]) -> list[tuple[int, int]]:
        """The (class, sign) of a type."""
        return [(k, s) for k, mask in enumerate(kind) for bit, s in ((1, 1), (2, -1)) if mask & bit]

    def witness(self, kind: Sequence[int], f: Row) -> Json | None:
        """A point of the type whose loss gradient is that of f; None if there is none."""
        solver, slots, n = z3.Solver(), self.slots(kind), len(self.rows)
        z = {slot: z3.Reals([f"z{slot[0]}_{slot[1]}_{c}" for c in range(len(self.classes[0].w) + 1)]) for slot in slots}
        shift = z3.Real("shift") if self.output else real(F0)
        for (k, _), y in z.items():
            solver.add(*(inner(row, y) == 0 for row in self.classes[k].equal))
            solver.add(*(inner(row, y) > 0 for row in self.classes[k].positive))
        for i in range(n):
            a = shift + total(s * inner(self.classes[k].effects[i], y) for (k, s), y in z.items())
            low, high = self.ends(f[i], self.labels[i])
            solver.add(*([a >= real(low)] if low is not None else []), *([a <= real(high)] if high is not None else []))
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        exact = {slot: [value(model, x) for x in y] for slot, y in z.items()}
        return self.network(kind, exact, value(model, shift))

    def network(self, kind: Sequence[int], z: dict[tuple[int, int], Row], shift: Fraction) -> Json:
        """The point whose units share the z of their class and sign equally."""
        width = sum(len(each.units) for each in self.classes)
        w, v = [list[Fraction]() for _ in range(width)], [F0] * width
        for k, each in enumerate(self.classes):
            minus = each.units[:1] if kind[k] == 3 else each.units if kind[k] == 2 else []
            for j in each.units:
                w[j], sign = each.w, (-1 if j in minus else 1) if kind[k] else 0
                if sign:
                    y = z[k, sign]
                    w[j] = [x / y[-1] for x in y[:-1]]
                    v[j] = sign * y[-1] / (len(minus) if sign < 0 else len(each.units) - len(minus))
        first: Json = {"weight": [list(map(str, row[: len(row) - self.hidden])) for row in w]}
        first |= {"bias": [str(row[-1]) for row in w]} if self.hidden else {}
        return [first, {"weight": [list(map(str, v))]} | ({"bias": [str(shift)]} if self.output else {})]

    def sign_vectors(self, f: Row, r: Row) -> list[tuple[int, ...]]:
        """All signs of the output weights, unit by unit, that minima on the faces have."""
        home = {j: k for k, each in enumerate(self.classes) for j in each.units}
        held = [self.held(self.classes[home[j]], r) for j in sorted(home)]
        return [signs for signs in product(*held) if self.reached(signs, home, f)]

    def reached(self, signs: Sequence[int], home: dict[int, int], f: Row) -> bool:
        """Whether units on these faces with these signs can have best predictions."""
        solver, n, size = z3.Solver(), len(self.rows), len(self.classes[0].w) + 1
        z = {j: z3.Reals([f"z{j}_{c}" for c in range(size)]) for j, s in enumerate(signs) if s}
        shift = z3.Real("shift") if self.output else real(F0)
        for j, y in z.items():
            solver.add(*(inner(row, y) == 0 for row in self.classes[home[j]].equal))
            solver.add(*(inner(row, y) > 0 for row in self.classes[home[j]].positive))
        for i in range(n):
            a = shift + total(signs[j] * inner(self.classes[home[j]].effects[i], y) for j, y in z.items())
            low, high = self.ends(f[i], self.labels[i])
            solver.add(*([a >= real(low)] if low is not None else []), *([a <= real(high)] if high is not None else []))
        return bool(solver.check() == z3.sat)

    def components(self) -> tuple[int, int]:
        """How many components the minima on the faces form, and how many up to exchanging units of a class."""
        vectors = self.sign_vectors(*self.best())
        parts = [[one] for one in vectors]
        for one, other in combinations(vectors, 2):
            if all(a == b or not a for a, b in zip(one, other, strict=True)) or all(
                a == b or not b for a, b in zip(one, other, strict=True)
            ):
                first, second = (next(part for part in parts if x in part) for x in (one, other))
                if first is not second:
                    first += second
                    parts.remove(second)
        orbits = {frozenset(self.named(one) for one in part) for part in parts}
        return len(parts), len(orbits)

    def named(self, signs: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The signs up to exchanging units of a class."""
        return tuple(tuple(sorted(signs[j] for j in each.units)) for each in self.classes)

    def dimension(self) -> int:
        """At this point: of the parameters that keep the faces and, to first order, the predictions; v = 0 stays."""
        columns = [[F1] * len(self.rows)] if self.output else []
        for each in self.classes:
            for j in each.units:
                bias = self.point[0]["bias"][j : j + 1] if self.hidden else []
                w, v = [Fraction(x) for x in (*self.point[0]["weight"][j], *bias)], self.point[1]["weight"][0][j]
                for move in nullspace([row[:-1] for row in each.equal], len(w)):
                    columns.append([Fraction(v) * dotted(row[:-1], move) for row in each.effects])
                if Fraction(v):
                    columns.append([dotted(row, [*w, F1]) for row in each.effects])
        return len(columns) - matrix_rank(columns)

    def separator(self, kind: Sequence[int], f: Row) -> Json:
        """A vector and multipliers that show the type to be empty."""
        solver, slots, n = z3.Solver(), self.slots(kind), len(self.rows)
        g, tops = z3.Reals([f"g{i}" for i in range(n)]), z3.Reals([f"t{i}" for i in range(n)])
        kappas = self.multipliers(solver, g, slots)
        if self.output:
            solver.add(total(g) == 0)
        for i in range(n):
            for end, sign in zip(self.ends(f[i], self.labels[i]), (-1, 1), strict=True):
                solver.add(sign * g[i] <= 0 if end is None else tops[i] >= g[i] * real(end))
        strict = [k > 0 for kappa in kappas.values() for k in kappa]
        solver.add(total(tops) <= 0, z3.Or(total(tops) < 0, *strict))
        model = solved(solver)
        return {"vector": [str(value(model, x)) for x in g], "multipliers": self.spelled(model, kappas)}

    def multipliers(self, solver: z3.Solver, g: Sequence[Any], slots: list[tuple[int, int]]) -> dict[Any, list[Any]]:
        """κ ≥ 0 for each slot with s g F = κ A on the face."""
        found = {}
        for k, s in slots:
            each = self.classes[k]
            kappa = z3.Reals([f"k{k}_{s}_{a}" for a in range(len(each.positive))])
            free = z3.Reals([f"l{k}_{s}_{a}" for a in range(len(each.equal))])
            solver.add(*(x >= 0 for x in kappa))
            for c in range(len(each.w) + 1):
                pull = total(s * real(row[c]) * x for row, x in zip(each.effects, g, strict=True))
                made = total(real(row[c]) * x for row, x in zip(each.positive, kappa, strict=True))
                solver.add(pull == made + total(real(row[c]) * x for row, x in zip(each.equal, free, strict=True)))
            found[k, s] = kappa
        return found

    def spelled(self, model: z3.ModelRef, kappas: dict[Any, list[Any]]) -> Json:
        """The multipliers, null for the other slots."""
        every = [(k, s) for k in range(len(self.classes)) for s in (1, -1)]
        return [[str(value(model, x)) for x in kappas[slot]] if slot in kappas else None for slot in every]

    def cone_minimum(self, kind: Sequence[int]) -> tuple[Fraction, Json, Json]:
        """Least risk over the closed cones of a choice of signs: the risk, the limit with its bias, the bound."""
        solver, slots, n = z3.Solver(), self.slots(kind), len(self.rows)
        z = {slot: z3.Reals([f"z{slot[0]}_{slot[1]}_{c}" for c in range(len(self.classes[0].w) + 1)]) for slot in slots}
        shift, r = z3.Real("shift") if self.output else real(F0), z3.Reals([f"r{i}" for i in range(n)])
        f = [
            shift + total(s * inner(self.classes[k].effects[i], y) for (k, s), y in z.items()) for i in range(n)
        ]  # fmt: skip
        self.gradient(f, solver, r)
        if self.output:
            solver.add(total(r) == 0)
        kappas = self.multipliers(solver, r, slots)
        for slot, kappa in kappas.items():
            for row, x in zip(self.classes[slot[0]].positive, kappa, strict=True):
                solver.add(inner(row, z[slot]) >= 0, z3.Or(x == 0, inner(row, z[slot]) == 0))
        model = solved(solver)
        at = [value(model, a) for a in f]
        every = [(k, s) for k in range(len(self.classes)) for s in (1, -1)]
        limit: Json = {"limit": [[str(value(model, x)) for x in z[q]] if q in z else None for q in every]}
        limit |= {"bias": str(value(model, shift))} if self.output else {}
        bound = {"vector": list(map(str, at)), "multipliers": self.spelled(model, kappas)}
        return self.oracle.risk_of([[a] for a in at]), limit, bound


def minima(document: Json, point: Json) -> Json:
    """The fields best, witnesses and separators of `cell_minima` for the face of a point."""
    strata = Strata(document, point)
    f, r = strata.best()
    found: Json = {"best": list(map(str, f)), "witnesses": [], "separators": []}
    for kind in strata.types(r):
        witness = strata.witness(kind, f)
        if witness is not None:
            found["witnesses"].append(witness)
        else:
            found["separators"].append(strata.separator(kind, f))
    return found


def infimum(document: Json, point: Json) -> tuple[Fraction, Json]:
    """The infimum over the cell of a point, and the fields limit, bias and bounds of `cell_infimum`."""
    strata = Strata(document, point)
    choices = product(*([3] if len(each.units) > 1 else [1, 2] for each in strata.classes))
    found = [strata.cone_minimum(kind) for kind in choices]
    least, limit, _ = min(found, key=lambda each: each[0])
    return least, limit | {"bounds": [bound for _, _, bound in found]}


def whole(document: Json, faces: Sequence[Row]) -> list[tuple[Fraction, int, int, set[Any]]]:
    """All valleys of minima: risk, largest dimension, components, faces up to exchange, from a point w per face.

    Components of the graph of strata (a face and a sign for each unit),
    joined where one is in the closure of another.
    """
    width = document["layers"][1]
    nodes: dict[tuple[tuple[int, int], ...], tuple[Fraction, int]] = {}
    sides = [tuple(side for each in edges(document, w) for side in each) for w in faces]
    for chosen in combinations_with_replacement(range(len(faces)), width):
        strata = Strata(document, at_faces(document, [faces[k] for k in chosen]))
        f, r = strata.best()
        for signs in strata.sign_vectors(f, r):
            kind = [0] * len(strata.classes)
            for k, each in enumerate(strata.classes):
                kind[k] = sum({1 if signs[j] > 0 else 2 for j in each.units if signs[j]})
            witness = strata.witness(kind, f)
            facts = strata.oracle.risk_of([[x] for x in f]), Strata(document, witness).dimension()
            for order in permutations(zip(chosen, signs, strict=True)):
                nodes[order] = facts
    parent = {node: node for node in nodes}

    def root(node: Any) -> Any:
        while parent[node] != node:
            node = parent[node]
        return node

    lower = {
        (k, s): [(m, t) for m in range(len(faces)) for t in (0, 1, -1) if t in (s, 0) and closed(sides[k], sides[m])]
        for k in range(len(faces))
        for s in (0, 1, -1)
    }
    for node in nodes:
        for other in product(*(lower[state] for state in node)):
            if other in nodes:
                parent[root(other)] = root(node)
    parts: dict[Any, list[Any]] = {}
    for node in nodes:
        parts.setdefault(root(node), []).append(node)
    orbits: dict[frozenset[Any], list[Any]] = {}
    for part in parts.values():
        orbits.setdefault(frozenset(tuple(sorted(node)) for node in part), []).append(part)
    return [
        (
            nodes[parts[0][0]][0],
            max(nodes[node][1] for node in parts[0]),
            len(parts),
            {tuple(sorted(k for k, _ in node)) for node in orbit},
        )
        for orbit, parts in orbits.items()
    ]


def edges(document: Json, w: Row) -> list[list[int]]:
    """Per sample the sides of the breakpoints that a unit's pre-activation is on."""
    strata = Strata(document, at_faces(document, [w]))
    cuts, slopes, _ = strata.oracle.activation(0)
    cuts = [t for p, t in enumerate(cuts) if slopes[p] != slopes[p + 1]]
    found = []
    for x in strata.rows:
        z = dotted(x, w)
        found.append([(z > t) - (z < t) for t in cuts] if any(x) else [])
    return found


def closed(above: Sequence[int], below: Sequence[int]) -> bool:
    """Whether the face with the second sides is in the closure of the one with the first."""
    return all(b in (a, 0) for a, b in zip(above, below, strict=True))


def at_faces(document: Json, rows: Sequence[Row]) -> Json:
    """A point with these input weights (and biases), and output weights 0."""
    bias = document.get("bias", True)
    given = {"hidden": bias, "output": bias} if isinstance(bias, bool) else bias
    hidden, d = given.get("hidden", True), document["layers"][0]
    first: Json = {"weight": [[str(x) for x in w[:d]] for w in rows]}
    first |= {"bias": [str(w[d]) for w in rows]} if hidden else {}
    return [first, {"weight": [["0"] * len(rows)]} | ({"bias": ["0"]} if given.get("output", True) else {})]


def real(x: Fraction | int) -> Any:
    """A number for z3."""
    return z3.Q(Fraction(x).numerator, Fraction(x).denominator)


def total(terms: Any) -> Any:
    """A sum, 0 if empty."""
    return z3.Sum([real(F0), *terms])


def inner(row: Row, y: Sequence[Any]) -> Any:
    """⟨row, y⟩."""
    return total(real(a) * b for a, b in zip(row, y, strict=True) if a)


def dotted(a: Row, b: Row) -> Fraction:
    """The inner product of numbers."""
    return sum((x * y for x, y in zip(a, b, strict=True)), F0)


def value(model: z3.ModelRef, x: Any) -> Fraction:
    """The number that a model gives a term."""
    return Fraction(model.eval(x, model_completion=True).as_fraction())


def solved(solver: z3.Solver) -> z3.ModelRef:
    """A model of constraints that have one."""
    if solver.check() != z3.sat:
        raise ValueError("the oracle finds no solution")
    return solver.model()


def nullspace(rows: Sequence[Row], width: int) -> list[Numbers]:
    """A basis of what is orthogonal to all rows, by FLINT."""
    if not rows:
        return [[Fraction(i == k) for i in range(width)] for k in range(width)]
    echelon, rank = flint.fmpq_mat([[flint.fmpq(x.numerator, x.denominator) for x in row] for row in rows]).rref()
    lead = [next(c for c in range(width) if echelon[i, c]) for i in range(rank)]
    found = []
    for free in (c for c in range(width) if c not in lead):
        vector = [Fraction(c == free) for c in range(width)]
        for i, c in enumerate(lead):
            vector[c] = -Fraction(int(echelon[i, free].p), int(echelon[i, free].q))
        found.append(vector)
    return found
