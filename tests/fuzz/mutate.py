"""Random damage: to bytes, to JSON documents, to command lines. The same seed gives the same damage."""

import copy
import json
from random import Random

ODD = [
    None, True, False, 0, -1, 1, 2, 7, 10**30, 2**63, "", "0", "1", "-1/2", "1/0", "0/0", "1e99999999", "1e400",
    "1e-400", "-0", "٣", "0x10", "NaN", "inf", "1_000", " 1", "1/2/3", [], {}, [[]], [None], "\x1b[31m",
    "a\ns PROVED point", "\u202e",
    "é", "a" * 5000, 1.5, 1e308, -1e-320, {"name": "relu"}, {"csv": "../x"}, {"csv": "/dev/zero"}, "relu", "squared",
    "huber", "given", "proved", ["0", "1"], [["1"]], "9" * 4001, "1/" + "9" * 3000,
]  # fmt: skip
RAW = [
    b"1e99999999",
    b"NaN",
    b"-Infinity",
    b'"\\ud800"',
    b"[" * 60 + b"]" * 60,
    b"9" * 5000,
    b"0.1e5",
    b"01",
    b'"\x00"',
]


def places(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The paths to all parts of a document."""
    found = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*at, key))
    return found


def document(value: object, rng: Random, others: list[object]) -> object:
    """The document with a few parts replaced, removed, doubled, moved or added."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        paths = places(value)[1:]
        if not paths:
            return value
        *way, last = rng.choice(paths)
        holder = value
        for key in way:
            holder = holder[key]
        match rng.randrange(10):
            case 0:
                del holder[last]
            case 1 if isinstance(holder, list):
                holder.insert(last, copy.deepcopy(holder[last]))
            case 2 if isinstance(holder, list):
                rng.shuffle(holder)
            case 3 if isinstance(holder, dict):
                holder[rng.choice(["x", "steps", "csv", "step", "point", "\n", *map(str, holder)])] = rng.choice(ODD)
            case 4 | 7 | 8 | 9:
                holder[last] = _nudged(holder[last], rng)
            case 5:
                other = rng.choice(others)
                *_, part = [other]
                for key in rng.choice(places(other)):
                    part = part[key]
                holder[last] = copy.deepcopy(part)
            case _:
                holder[last] = copy.deepcopy(rng.choice(ODD))
    return value


def gently(value: object, rng: Random) -> object:
    """The document with a few of its numbers replaced by others: it often stays a good one."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 2, 5))):
        leaves = [
            (way, at) for way, at in ((path[:-1], path[-1]) for path in places(value)[1:]) if _number(value, way, at)
        ]
        if leaves:
            way, at = rng.choice(leaves)
            whole = type(_holder(value, way)[at]) is int
            numbers = [0, 1, -1, 2, 3] if whole else ["0", "1", "-1", "1/3", 2, "-7/2", "0.25", "1e3", "999999999999/7"]
            _holder(value, way)[at] = rng.choice(numbers)
    return value


def _holder(value: object, way: tuple[object, ...]) -> object:
    for key in way:
        value = value[key]
    return value


def _number(value: object, way: tuple[object, ...], at: object) -> bool:
    leaf = _holder(value, way)[at]
    return type(leaf) is int or (isinstance(leaf, str) and leaf.lstrip("-")[:1].isdigit())


def _nudged(value: object, rng: Random) -> object:
    """A number or a text near this one."""
    if type(value) is int:
        return value + rng.choice((-1, 1, -(2**31), 10**6))
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice("0123456789-/.e ,x\x1b\n'\"") + value[at + rng.randrange(2) :]
    return [value] if rng.random() < 0.5 else {"a": value}


def text(value: object, rng: Random) -> bytes:
    """A document as JSON, sometimes with raw damage."""
    data = json.dumps(value).encode()
    if rng.random() < 0.2:
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(RAW) + data[at + rng.randrange(8) :]
    return data


def octets(data: bytes, rng: Random) -> bytes:
    """Bytes with some flipped, removed, inserted, repeated; or cut short."""
    left = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(left) + 1)
        match rng.randrange(6):
            case 0 if left:
                left[at % len(left)] ^= 1 << rng.randrange(8)
            case 1:
                del left[at : at + rng.randrange(1, 20)]
            case 2:
                left[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                left[at:at] = left[at : at + rng.randrange(1, 40)]
            case 4:
                left[at : at + 8] = rng.choice((0, 1, 2**63 - 1, 2**64 - 1, 10**6)).to_bytes(8, "little")
            case _ if rng.random() < 0.3:
                del left[at:]
    return bytes(left)
