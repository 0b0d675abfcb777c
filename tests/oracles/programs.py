"""An independent evaluation of general programs, straight from the operations of the file; and random small ones.

Shares no code with the kernel: convolutions are loops over places, maxima are `max`, ties are names in a dict.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from random import Random
from typing import Any

Node = dict[str, Any]
Nested = Any
Number = Fraction
Values = dict[str, tuple[tuple[int, ...], list[Fraction]]]
ACTIVATIONS: dict[str, Callable[[Fraction], Fraction]] = {
    "relu": lambda z: max(z, Fraction(0)),
    "abs": abs,
    "hardtanh": lambda z: min(max(z, Fraction(-1)), Fraction(1)),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "identity": lambda z: z,
}


def number(value: object) -> Fraction:
    """A number of the file."""
    return Fraction(str(value))


def flat(value: Nested) -> list[object]:
    """The entries of nested lists."""
    return [x for item in value for x in flat(item)] if isinstance(value, list) else [value]


class Tensors:
    """Weights and biases of all nodes: given numbers, the point's, or those of the node that they are tied to."""

    def __init__(self, program: Sequence[Node], point: Mapping[str, Mapping[str, Nested]]) -> None:
        self.found: dict[tuple[str, str], list[Fraction]] = {}
        self.shared: dict[str, Fraction] = {}
        self.point = point
        for node in program:
            for part in ("weight", "bias"):
                spec, own = node.get(part), point.get(node["name"], {}).get(part)
                if isinstance(spec, list) and own is not None:
                    for given, mine in zip(flat(spec), flat(own), strict=True):
                        if isinstance(given, str) and mine is not None:
                            self.shared[given] = number(mine)

    def take(self, node: Node, part: str, size: int) -> list[Fraction] | None:
        """The entries, row by row; None where there is no bias."""
        spec = node.get(part, True)
        if spec is False:
            return None
        own = flat(self.point.get(node["name"], {}).get(part, [None] * size))
        entries: list[Fraction] = []
        if isinstance(spec, dict):
            entries = self.found[spec["like"], part]
        elif spec is True or spec == "free":
            entries = [number(x) for x in own]
        elif isinstance(spec, list):
            for given, mine in zip(flat(spec), own, strict=True):
                if given is None:
                    entries.append(number(mine))
                elif isinstance(given, str) and given[0].isalpha():
                    entries.append(self.shared[given])
                else:
                    entries.append(number(given))
        else:
            entries = [number(spec)] * size
        self.found[node["name"], part] = entries
        return entries


def prediction(program: Sequence[Node], point: Mapping[str, Mapping[str, Nested]], x: Sequence[object]) -> list[Number]:
    """f(x; point)."""
    tensors, values = Tensors(program, point), Values()
    for node in program:
        sources = node.get("from", [])
        entering = [values[name] for name in (sources if isinstance(sources, list) else [sources])]
        values[node["name"]] = operated(node, entering, tensors, x)
    return values[program[-1]["name"]][1]


def operated(
    node: Node, entering: Sequence[tuple[tuple[int, ...], list[Fraction]]], tensors: Tensors, x: Sequence[object]
) -> tuple[tuple[int, ...], list[Fraction]]:
    """One operation."""
    op = node["op"]
    if op == "input":
        return tuple(node["shape"]), [number(v) for v in x]
    shape, a = entering[0]
    if op == "affine":
        units = node["units"]
        weight = tensors.take(node, "weight", units * len(a)) or []
        bias = tensors.take(node, "bias", units) or [Fraction(0)] * units
        return (units,), [
            sum((weight[j * len(a) + c] * v for c, v in enumerate(a)), Fraction(0)) + bias[j] for j in range(units)
        ]
    if op == "activation":
        return shape, [ACTIVATIONS[node["activation"]](v) for v in a]
    if op == "sum":
        return shape, [sum(each, Fraction(0)) for each in zip(*(v for _, v in entering), strict=True)]
    if op == "max":
        return shape, [max(each) for each in zip(*(v for _, v in entering), strict=True)]
    if op == "concat":
        return (sum(s[0] for s, _ in entering), *shape[1:]), [v for _, each in entering for v in each]
    if op == "flatten":
        return (len(a),), a
    if op == "reshape":
        return tuple(node["shape"]), a
    if op == "permute":
        return permuted(shape, a, node["axes"])
    if op == "batch_norm":
        inner, (scale, shift) = prod(shape[1:]), ([number(v) for v in node[key]] for key in ("scale", "shift"))
        return shape, [scale[k // inner] * v + shift[k // inner] for k, v in enumerate(a)]
    if op == "maxout":
        pieces, inner = node["pieces"], prod(shape[1:])
        channels = shape[0] // pieces
        return (channels, *shape[1:]), [
            max(a[(c * pieces + k) * inner + j] for k in range(pieces)) for c in range(channels) for j in range(inner)
        ]
    if op == "global_average_pool":
        inner = prod(shape[1:])
        return (shape[0],), [sum(a[c * inner : (c + 1) * inner]) / inner for c in range(shape[0])]
    return windowed(node, shape, a, tensors)


def permuted(shape: tuple[int, ...], a: list[Fraction], axes: Sequence[int]) -> tuple[tuple[int, ...], list[Fraction]]:
    """Axis k of what comes out is axis axes[k] of what enters: entry by entry, by its place."""
    entries = dict(zip(product(*map(range, shape)), a, strict=True))
    found = {tuple(place[axis] for axis in axes): v for place, v in entries.items()}
    return tuple(shape[axis] for axis in axes), [found[place] for place in sorted(found)]


def windowed(
    node: Node, shape: tuple[int, ...], a: list[Fraction], tensors: Tensors
) -> tuple[tuple[int, ...], list[Fraction]]:
    """Convolutions and poolings, one or two inner axes."""
    op, axes = node["op"][:-2], int(node["op"][-2])

    def sizes(key: str, default: object) -> list[int]:
        value = node.get(key, default)
        return list(value) if isinstance(value, (list, tuple)) else [int(str(value))] * axes

    kernel = sizes("kernel", 1)
    stride = sizes("stride", 1 if op == "conv" else kernel)
    padding, dilation = sizes("padding", 0), sizes("dilation", 1)
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(shape[1:], kernel, stride, padding, dilation, strict=True)
    ]

    def entry(c: int, place: Sequence[int]) -> Fraction | None:
        if any(not 0 <= q < n for q, n in zip(place, shape[1:], strict=True)):
            return None
        index = c
        for q, n in zip(place, shape[1:], strict=True):
            index = index * n + q
        return a[index]

    def under(place: Sequence[int], c: int) -> list[Fraction | None]:
        return [
            entry(c, [q * s - p + o * d for q, s, p, o, d in zip(place, stride, padding, off, dilation, strict=True)])
            for off in product(*map(range, kernel))
        ]

    places, result = list(product(*map(range, out))), list[Fraction]()
    if op == "conv":
        channels, groups = node["channels"], node.get("groups", 1)
        each = shape[0] // groups
        size = prod(kernel)
        weight = tensors.take(node, "weight", channels * each * size) or []
        bias = tensors.take(node, "bias", channels) or [Fraction(0)] * channels
        for o in range(channels):
            first = o // (channels // groups) * each
            for place in places:
                total = bias[o]
                for c in range(each):
                    for k, v in enumerate(under(place, first + c)):
                        total += 0 if v is None else weight[(o * each + c) * size + k] * v
                result.append(total)
        return (channels, *out), result
    for c in range(shape[0]):
        for place in places:
            seen = under(place, c)
            inside = [v for v in seen if v is not None]
            if op == "max_pool":
                result.append(max(inside))
            else:
                count = len(seen) if node.get("count_padding", True) else len(inside)
                result.append(sum(inside, Fraction(0)) / count)
    return (shape[0], *out), result


def squared_risk(document: Mapping[str, Any], point: Mapping[str, Mapping[str, Nested]]) -> Fraction:
    """The mean of the squared errors, summed over outputs."""
    total = Fraction(0)
    for sample in document["data"]:
        f = prediction(document["program"], point, sample["x"])
        total += sum(((a - number(y)) ** 2 for a, y in zip(f, sample["y"], strict=True)), Fraction(0))
    return total / len(document["data"])


def random_program(rng: Random) -> list[Node]:
    """From three to seven nodes: dense maps with masks, frozen numbers, shared names and ties, skips, a maximum."""
    inputs = rng.randint(1, 2)
    nodes: list[Node] = [{"name": "x", "op": "input", "shape": [inputs]}]
    width, last = inputs, "x"
    shapes = {"x": inputs}
    for k in range(rng.randint(1, 2)):
        units = rng.randint(1, 3)
        nodes.append({"name": f"z{k}", "op": "affine", "from": last, "units": units, **restriction(rng, units, width)})
        nodes.append({"name": f"a{k}", "op": "activation", "from": f"z{k}", "activation": rng.choice(
            ["relu", "relu", "relu", "abs", "hardtanh", "leaky_relu"])})  # fmt: skip
        last, width = f"a{k}", units
        shapes[last] = units
    if rng.random() < 0.4:
        nodes.append({"name": "joined", "op": "concat", "from": [last, "x"]})
        last, width = "joined", width + inputs
    if rng.random() < 0.2 and width % 2 == 0:
        nodes.append({"name": "top", "op": "maxout", "from": last, "pieces": 2})
        last, width = "top", width // 2
    outputs = 1 if rng.random() < 0.8 else 2
    nodes.append({"name": "f", "op": "affine", "from": last, "units": outputs, **restriction(rng, outputs, width)})
    if rng.random() < 0.2:
        nodes.append({"name": "out", "op": "activation", "from": "f", "activation": rng.choice(["relu", "abs"])})
    return nodes


def restriction(rng: Random, units: int, columns: int) -> Node:
    """Whether weight and bias are free, masked, frozen, or share parameters."""
    found: Node = {}
    kind = rng.random()
    if kind < 0.35:
        choices: list[object] = [None, None, 0, 1, -1, "s", "t"]
        found["weight"] = [[rng.choice(choices) for _ in range(columns)] for _ in range(units)]
    elif kind < 0.45:
        found["weight"] = rng.choice([1, -1])
    kind = rng.random()
    if kind < 0.3:
        found["bias"] = False
    elif kind < 0.4:
        found["bias"] = [rng.choice([None, 0, "s", "u"]) for _ in range(units)]
    return found
