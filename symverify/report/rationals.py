"""How rationals are shown, in one place: whole where they are short, else as a rounded decimal that is marked ≈.

The exact value is always somewhere: in the certificate, in JSON, in a page's details, and in text with `--exact`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Literal

from symverify.kernel.reals.enclosure import Enclosure, decimals

LONGEST = 12  # digits, of numerator and denominator together, up to which a rational is shown whole
FEW, MOST = 4, 30  # significant digits of a decimal in a table or matrix; at most, to tell numbers apart
DIGITS = 6  # of a decimal in a sentence
ENCLOSED = 10  # digits after the point of an enclosed number
MAX_SHOWN_BITS = 13_000  # beyond, Python would not print the digits
Toward = Literal["nearest", "down", "up"]
_ROUNDING = {"nearest": ROUND_HALF_EVEN, "down": ROUND_FLOOR, "up": ROUND_CEILING}
_LONG = re.compile(r"(?<![\w./-])-?[0-9]+/[0-9]+(?![\w/…]|\.[0-9.])")
_NUMBER = re.compile(r"(?<![\w./^-])-?[0-9]+(?:/[0-9]+)?(?![\w/…]|\.[0-9.])")
_FRACTION = re.compile(r"-?[0-9]+/[0-9]+")


@dataclass(frozen=True, slots=True)
class View:
    """How a rational that is not short is rounded: to so many significant digits, and to which side."""

    digits: int = DIGITS
    toward: Toward = "nearest"


NEAREST, TABLE = View(), View(FEW)


def is_short(x: Fraction) -> bool:
    """Whether a rational is shown whole."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > 64:
        return False
    return len(str(abs(x.numerator))) + (len(str(x.denominator)) if x.denominator > 1 else 0) <= LONGEST


def exact(x: Fraction) -> str:
    """All digits, or how many there are where they are too many to print."""
    if max(x.numerator.bit_length(), x.denominator.bit_length()) > MAX_SHOWN_BITS:
        digits = max(x.numerator.bit_length(), x.denominator.bit_length()) * 30103 // 100000 + 1
        return f"{decimal(x, View(17))} (rounded; the fraction has about {digits} digits)"
    return str(x)


def decimal(x: Fraction, view: View = TABLE) -> str:
    """A decimal value, correctly rounded."""
    context = Context(prec=view.digits, rounding=_ROUNDING[view.toward])
    value = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    shown = value.normalize(context)  # the default context would round once more
    return f"{shown:f}" if -5 < shown.adjusted() < view.digits + 3 else f"{shown:e}"


def scientific(x: Fraction, view: View = TABLE) -> tuple[str, str]:
    """A decimal value as a formula shows it, digits and the power of ten that they are times, which may be none."""
    digits, _, power = decimal(x, view).partition("e")
    return digits, power.removeprefix("+")


def short(x: Fraction, view: View = NEAREST) -> str:
    """A rational as sentences and tables show it."""
    return (str(x) if is_short(x) else f"≈ {decimal(x, view)}").replace("-", "−")


def apart(values: Iterable[Fraction], digits: int = DIGITS) -> int:
    """The fewest significant digits, at least `digits` and at most `MOST`, that show different values differently."""
    long = {x for x in values if not is_short(x)}
    return next((n for n in range(digits, MOST) if len({decimal(x, View(n)) for x in long}) == len(long)), MOST)


def enclosed(x: Enclosure) -> str:
    """An enclosure as verdict lines show it, with fewer digits."""
    return decimals(x.lower, x.upper, ENCLOSED)


def within(x: Enclosure) -> str:
    """The same behind "is" or "has risk": the digits that are sure, or "in" and the ends."""
    digits = enclosed(x)
    return f"{'in ' * digits.startswith('[')}{digits}"


def abridged(text: str, whole: bool = False) -> str:
    """A message in which fractions that are not short are rounded, and with `whole` numbers that are."""
    pattern = _NUMBER if whole else _LONG
    return pattern.sub(lambda found: short(Fraction(found[0])) if len(found[0]) > LONGEST + 1 else found[0], text)


def abridged_line(line: str) -> str:
    """A verdict line for a terminal: its long fractions cut off after ten digits, as enclosures are: 0.1234567890.."""
    return " ".join(_abridged_word(word) for word in line.split(" "))


def _abridged_word(word: str) -> str:
    key, _, value = word.partition("=")
    if not _FRACTION.fullmatch(value) or is_short(x := Fraction(value)):
        return word
    cut = Context(prec=10, rounding=ROUND_DOWN).divide(Decimal(x.numerator), Decimal(x.denominator))
    whole = "" if Fraction(cut) == x else ".."
    if -5 < cut.adjusted() < 12:
        return f"{key}={cut:f}{whole}"
    digits, _, power = f"{cut:e}".partition("e")
    return f"{key}={digits}{whole}e{power}"
