"""The parts of an explanation, independent of how they are shown: text, Markdown, LaTeX or HTML."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from symverify.report.formula import Formula, Line, Matrix, Num, Op, Script, Words, m, numbers, viewed
from symverify.report.formula import Ident as _Ident
from symverify.report.rationals import DIGITS, apart, is_short


@dataclass(frozen=True, slots=True)
class Stranger:
    """Text that came from a file: names, messages, steps. Every sink escapes it in full."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Our own words, emphasised."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A rule's name, a hash, a command."""

    text: str


Inline = str | Formula | Stranger | Strong | Code
Cell = Inline | tuple[Inline, ...]
SUBSCRIPT = re.compile(r"(?<=(?<![A-Za-z])[A-Za-zθφγμλδℓΣ̃])_([a-z]{1,2}|[0-9])(?![A-Za-z0-9])")  # in a figure's line
FORMULAS = (_Ident, Op, Words, Num, Script, Line, Matrix)


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """Formulas set on lines of their own."""

    formulas: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading for each column; `caption` says what it shows."""

    caption: tuple[Inline, ...]
    headings: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Inference:
    """A rule as its inference figure; without a conclusion, `premises` is the rule's description."""

    rule: str
    premises: tuple[str, ...]
    conclusion: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines of a file, or of a polynomial that is too long for a formula."""

    text: str


@dataclass(frozen=True, slots=True)
class More:
    """What most readers skip; an aside is left out where nothing can be folded away."""

    summary: str
    blocks: tuple["Block", ...]
    aside: bool = False


Block = Para | Display | Items | Table | Inference | Verbatim | More


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading; `key` is its anchor, `level` 2 or 3."""

    key: str
    level: int
    heading: tuple[Inline, ...]
    blocks: tuple[Block, ...]


def para(*parts: Inline) -> Para:
    """A paragraph of these parts."""
    return Para(parts)


def table(
    caption: Sequence[Inline] | str, headings: Sequence[Inline], rows: Sequence[Sequence[Cell]], limit: int = 16
) -> list[Block]:
    """A table; a cell is one thing, or a sentence.

    Rows beyond the limit go into a part that most readers skip, rows beyond 200 only into the count.
    """
    said = tuple(caption) if not isinstance(caption, str) else (caption,) if caption else ()
    heads, body = (
        tuple((head,) for head in headings),
        [tuple(cell if isinstance(cell, tuple) else (cell,) for cell in row) for row in rows],
    )
    if len(body) <= limit:
        return [Table(said, heads, tuple(body))]
    hidden, left = body[limit:200], len(body) - 200
    tail: list[Block] = [Table((), heads, tuple(hidden))]
    tail += [para(f"{left} more rows are not shown.")] if left > 0 else []
    return [Table(said, heads, tuple(body[:limit])), More(f"{len(body) - limit} more rows", tuple(tail))]


def shortened(blocks: Sequence[Block], asides: bool) -> list[Fraction]:
    """The rationals that these blocks show rounded, each once, in reading order. `asides`: whether those are shown."""
    found = dict.fromkeys(value for block in blocks for value in _block_numbers(block, asides))
    return [value for value in found if not is_short(value)]


def _block_numbers(block: Block, asides: bool) -> Iterator[Fraction]:
    match block:
        case Para(parts):
            yield from _inline_numbers(parts)
        case Display(formulas):
            yield from _inline_numbers(formulas)
        case Items(items):
            for item in items:
                yield from _inline_numbers(item)
        case Table(caption, headings, rows):
            yield from _inline_numbers(caption)
            for row in (headings, *rows):
                for cell in row:
                    yield from _inline_numbers(cell)
        case More(aside=True) if not asides:
            return
        case More(blocks=blocks):
            for inner in blocks:
                yield from _block_numbers(inner, asides)
        case Inference() | Verbatim():
            return


def _inline_numbers(parts: Sequence[Inline]) -> Iterator[Fraction]:
    for part in parts:
        if isinstance(part, FORMULAS):
            yield from numbers(part)


_MARKUP = re.compile(r"(\$[^$]*\$|\*\*[^*]*\*\*|\{\})")


def say(template: str, *parts: Inline | Fraction | int) -> tuple[Inline, ...]:
    """A sentence: `$…$` is a formula as `m` reads it, `**…**` is emphasised, each `{}`, also in formulas, a part."""
    left = iter(parts)
    found: list[Inline] = []
    for piece in _MARKUP.split(template):
        if piece == "{}":
            part = next(left)
            found.append(Num(Fraction(part)) if isinstance(part, Fraction | int) else part)
        elif piece.startswith("$"):
            found.append(_formula(piece[1:-1], left))
        elif piece.startswith("**"):
            found.append(Strong(piece[2:-2]))
        elif piece:
            found.append(piece)
    if next(left, None) is not None:
        raise ValueError(f"more parts than places in {template!r}")
    return _told_apart(found)


def _told_apart(parts: Sequence[Inline]) -> tuple[Inline, ...]:
    """The parts with as many digits as different numbers among them need to look different."""
    digits = apart(_inline_numbers(parts))
    if digits == DIGITS:
        return tuple(parts)
    return tuple(viewed(part, digits) if isinstance(part, Num | Line) else part for part in parts)


def _formula(template: str, left: Iterator[Inline | Fraction | int]) -> Line:
    parts: list[str | Formula | Fraction | int] = []
    for index, piece in enumerate(template.split("{}")):
        part = next(left) if index else ""
        if isinstance(part, Stranger | Strong | Code):
            raise TypeError("words in a formula")
        parts += [part, piece]
    return m(*parts)


def prose(template: str, *parts: Inline | Fraction | int) -> Para:
    """A paragraph of `say`."""
    return Para(say(template, *parts))


def formula(template: str, *parts: Inline | Fraction | int) -> Display:
    """One formula on a line of its own, its text without the dollar signs."""
    (line,) = _told_apart([_formula(template, iter(parts))])
    return Display((cast(Line, line),))
