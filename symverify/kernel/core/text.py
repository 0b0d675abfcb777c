"""Strict reading of text from strangers: bytes to JSON values, text to exact rationals, objects field by field.

The first fault ends the reading: Malformed, with its path in the file and what was expected there.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

from .errors import Malformed

MAX_BYTES, MAX_DEPTH, MAX_DIGITS = 256 * 2**20, 32, 4000
_CANONICAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:/[1-9][0-9]*)?")
_RATIO = re.compile(r"[+-]?[0-9]+/([0-9]+)")
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
        if len(found := dict(items)) < len(items):
            twice = max(names := [name for name, _ in items], key=Counter(names).__getitem__)
            raise Malformed(("", f"the key {shown(twice)} occurs twice in one object"))
        return found

    def constant(text: str) -> NoReturn:
        raise Malformed(("", f"{text} is not a number that a file may contain"))

    def whole(text: str) -> int:
        if len(text) > MAX_DIGITS:
            raise Malformed(("", f"an integer has more than {MAX_DIGITS} digits"))
        return int(text)

    if len(data) > MAX_BYTES:
        raise Malformed(("", f"the file is larger than {MAX_BYTES} bytes"))
    try:
        source = data.decode("utf-8")
        if source.startswith("\ufeff"):
            raise Malformed(("", "begins with a byte order mark: save it as UTF-8 without one"))
        depth = 0
        for bracket in re.finditer(r"[\[\]{}]", _STRING.sub("", source)):
            depth += 1 if bracket[0] in "[{" else -1
            if depth > MAX_DEPTH:
                raise Malformed(("", f"nested deeper than {MAX_DEPTH} levels"))
        how: Any = {"object_pairs_hook": pairs, "parse_float": Literal, "parse_int": whole, "parse_constant": constant}
        value: object = json.loads(source, **how)
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
    x = value if isinstance(value, Literal) else json.dumps(value) if isinstance(value, bool | None) else ascii(value)
    return x if len(x) <= 60 else x[:57] + "..."


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
        ratio, decimal = _RATIO.fullmatch(value), _DECIMAL.fullmatch(value)
        if ratio and not int(ratio[1]):
            raise Malformed((where, f"the denominator is zero: {shown(value)}"))
        if ratio or (decimal and abs(int(decimal[1] or "0")) <= MAX_DIGITS):
            return Fraction(value)
    raise Malformed((where, f'expected a number (3, 0.25, "3/10"; {MAX_DIGITS} digits at most), got {shown(value)}'))


class Fields:
    """A JSON object being read: each key is taken once, and `done` says that whatever was not taken is unknown."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Malformed((where, f"expected an object, got {shown(value)}"))
        self.where, self.left, self.known = where, dict[str, object](value), dict[str, None]()

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.where}.{name}" if self.where and name else self.where or name

    def need(self, name: str, read: Read[T]) -> T:
        """The field as `read` reads it."""
        self.known[name] = None
        if name not in self.left:
            raise Malformed((self.at(name), "is missing"))
        return read(self.left.pop(name), self.at(name))

    def take(self, name: str, read: Read[T], default: T) -> T:
        """The same, and its default if it is absent."""
        self.known[name] = None
        return self.need(name, read) if name in self.left else default

    def done(self) -> None:
        """Nothing is left."""
        for name in self.left:
            plain = name if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) else shown(name)
            raise Malformed((self.at(plain), f"unknown key; the keys here are {', '.join(self.known) or 'none'}"))


def exactly(kind: type[T], what: str) -> Read[T]:
    """Reads a JSON value of exactly this type: true is not 1, and a number that was kept as text is not text."""

    def read_exactly(value: object, where: str) -> T:
        if type(value) is not kind:
            raise Malformed((where, f"expected {what}, got {shown(value)}"))
        return value

    return read_exactly


text, integer, boolean = exactly(str, "text"), exactly(int, "a whole number"), exactly(bool, "true or false")


def natural(value: object, where: str) -> int:
    """An integer from 0 to 2^31 − 1."""
    if not 0 <= (number := integer(value, where)) < 2**31:
        raise Malformed((where, f"expected a whole number from 0 to 2^31 - 1, got {shown(value)}"))
    return number


def anything(value: object, _: str) -> object:
    """A value that is read later."""
    return value


def listed(read: Read[T], size: int | None = None, what: str = "items") -> Read[list[T]]:
    """Reads an array, of a given size if any, item by item."""

    def read_list(value: object, where: str) -> list[T]:
        if not isinstance(value, list):
            raise Malformed((where, f"expected a list, got {shown(value)}"))
        if size is not None and len(value) != size:
            raise Malformed((where, f"expected {size} {what}, got {len(value)}"))
        whole = read is integer and set(map(type, value)) == {int}  # no paths are made for long lists of integers
        return list(value) if whole else [read(item, f"{where}[{index}]") for index, item in enumerate(value)]

    return read_list


def optional(read: Read[T]) -> Read[T | None]:
    """Reads null as None."""
    return lambda value, where: None if value is None else read(value, where)
