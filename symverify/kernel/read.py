"""Strict reading of text from strangers: bytes to JSON values, text to exact rationals, objects field by field.

Everything wrong with an object is collected, each fault with its path in the file and what was expected.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from types import TracebackType
from typing import NoReturn, Self, TypeVar

from .errors import Malformed

MAX_BYTES, MAX_DEPTH, MAX_DIGITS = 256 * 2**20, 32, 4000
_CANONICAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:/[1-9][0-9]*)?")
_RATIO = re.compile(r"[+-]?[0-9]+/[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # linear time, also where no quote ends it
T = TypeVar("T")
Read = Callable[[object, str], T]


class Literal(str):
    """A JSON number with a fraction or an exponent, as it is spelled."""

    __slots__ = ()


def strict_json(data: bytes) -> object:
    """The JSON value of strict UTF-8 text; numbers with a point stay text. Raises Malformed."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        for name, count in Counter(name for name, _ in items).items():
            if count > 1:
                raise Malformed(("", f"the key {shown(name)} occurs twice in one object"))
        return dict(items)

    def constant(text: str) -> NoReturn:
        raise Malformed(("", f"{text} is not a number that a file may contain"))

    def whole(text: str) -> int:
        if len(text) > MAX_DIGITS:
            raise Malformed(("", f"an integer has more than {MAX_DIGITS} digits"))
        return int(text)

    if len(data) > MAX_BYTES:
        raise Malformed(("", f"the file is larger than {MAX_BYTES} bytes"))
    try:
        text = data.decode("utf-8")
        if text.startswith("\ufeff"):
            raise Malformed(("", "begins with a byte order mark: save it as UTF-8 without one"))
        depth = 0
        for bracket in re.finditer(r"[\[\]{}]", _STRING.sub("", text)):
            depth += 1 if bracket[0] in "[{" else -1
            if depth > MAX_DEPTH:
                raise Malformed(("", f"nested deeper than {MAX_DEPTH} levels"))
        value: object = json.loads(
            text, object_pairs_hook=pairs, parse_float=Literal, parse_int=whole, parse_constant=constant
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed(("", "a string contains half of a surrogate pair")) from None
    except UnicodeDecodeError as error:
        raise Malformed(("", f"not UTF-8 text, at byte {error.start}: save it as UTF-8")) from None
    except json.JSONDecodeError as error:
        raise Malformed(("", f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})")) from None
    return value


def shown(value: object) -> str:
    """A value as messages quote it: one line, escaped, short."""
    text = value if isinstance(value, Literal) else ascii(value)
    return text if len(text) <= 60 else text[:57] + "…"


def canonical(text: object, where: str) -> Fraction:
    """A rational of a certificate: "p" or "p/q" in lowest terms; any other spelling is malformed."""
    if type(text) is str and len(text) <= 2 * MAX_DIGITS and _CANONICAL.fullmatch(text):
        top, _, bottom = text.partition("/")
        if len(top) <= MAX_DIGITS and len(bottom) <= MAX_DIGITS:
            value = Fraction(int(top), int(bottom or "1"))
            if str(value) == text:
                return value
    raise Malformed((where, f'expected a rational in lowest terms as text, like "-3/2", got {shown(text)}'))


def liberal(value: object, where: str) -> Fraction:
    """A number of a network or data file: a JSON number, or text "p/q" or decimal; always exact."""
    if type(value) is int:
        return Fraction(value)
    if isinstance(value, str) and len(value) <= MAX_DIGITS:
        if not isinstance(value, Literal) and _RATIO.fullmatch(value):
            top, bottom = value.split("/")
            if int(bottom):
                return Fraction(int(top), int(bottom))
            raise Malformed((where, f"the denominator is zero: {shown(value)}"))
        match = _DECIMAL.fullmatch(value)
        if match and abs(int(match[1] or "0")) <= MAX_DIGITS:
            return Fraction(value)
    raise Malformed((where, f'expected a number (3, 0.25, "3/10"; {MAX_DIGITS} digits at most), got {shown(value)}'))


def softly(read: Read[T], default: T, faults: list[tuple[str, str]]) -> Read[T]:
    """The same reader, except that where it fails it adds to the faults and gives the default."""

    def read_softly(value: object, where: str) -> T:
        try:
            return read(value, where)
        except Malformed as error:
            faults.extend(error.faults)
            return default

    return read_softly


class Fields:
    """A JSON object being read, in a `with`: each key is taken once; what is wrong is raised together at the end."""

    def __init__(self, value: object, where: str) -> None:
        self.where, self.faults, self.known = where, list[tuple[str, str]](), dict[str, None]()
        if not isinstance(value, dict):
            raise Malformed((where, f"expected an object, got {shown(value)}"))
        self.left: dict[str, object] = dict(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Whatever was not taken is unknown."""
        for name in self.left if kind is None else ():
            plain = re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name)
            self.fault(name if plain else shown(name), f"unknown key; the keys here are {', '.join(self.known)}")
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what has been found wrong so far."""
        if self.faults:
            raise Malformed(*self.faults)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.where}.{name}" if self.where and name else self.where or name

    def fault(self, name: str, what: str) -> None:
        """Record what is wrong with a field."""
        self.faults.append((self.at(name), what))

    def wrong(self, name: str) -> bool:
        """Whether a fault at the field, or inside it, is recorded."""
        return any(re.match(re.escape(self.at(name)) + r"($|[.\[])", where) for where, _ in self.faults)

    def take(self, name: str, read: Read[T], default: T) -> T:
        """The field as `read` reads it; its default if it is absent or, with its faults recorded, wrong."""
        self.known[name] = None
        if name not in self.left:
            return default
        return softly(read, default, self.faults)(self.left.pop(name), self.at(name))

    def need(self, name: str, read: Read[T], default: T) -> T:
        """The same for a field that must be there."""
        if name not in self.left:
            self.fault(name, "is missing")
        return self.take(name, read, default)


def text(value: object, where: str) -> str:
    """A JSON string (not a number that was kept as text)."""
    if type(value) is not str:
        raise Malformed((where, f"expected text, got {shown(value)}"))
    return value


def natural(value: object, where: str) -> int:
    """An integer from 0 to 2^31 − 1."""
    if type(value) is not int or not 0 <= value < 2**31:
        raise Malformed((where, f"expected a whole number, got {shown(value)}"))
    return value


def boolean(value: object, where: str) -> bool:
    """true or false."""
    if type(value) is not bool:
        raise Malformed((where, f"expected true or false, got {shown(value)}"))
    return value


def listed(read: Read[T], size: int | None = None, what: str = "items") -> Read[list[T]]:
    """Reads an array, of a given size if any, item by item, and reports every wrong item."""

    def read_list(value: object, where: str) -> list[T]:
        if not isinstance(value, list):
            raise Malformed((where, f"expected a list, got {shown(value)}"))
        faults: list[tuple[str, str]] = []
        if size is not None and len(value) != size:
            faults.append((where, f"expected {size} {what}, got {len(value)}"))
        reader: Read[T | None] = softly(read, None, faults)
        good = [reader(item, f"{where}[{index}]") for index, item in enumerate(value)]
        if faults:
            raise Malformed(*faults)
        return good  # type: ignore[return-value]  # without faults, no item is None

    return read_list


Layers = list[tuple[list[list[T]], list[T] | None]]


def layers(number: Read[T]) -> Read[Layers[T]]:
    """Reads [{"weight": [[…], …], "bias": […]}, …], of any shape."""

    def read_layer(value: object, where: str) -> tuple[list[list[T]], list[T] | None]:
        with Fields(value, where) as fields:
            weight: list[list[T]] = fields.need("weight", listed(listed(number)), [])
            bias: list[T] | None = fields.take("bias", listed(number), None)
        return weight, bias

    return listed(read_layer)
