"""Formulas as small trees, written as `m("R ( θ_1 ) =", number)`, rendered as text in two dimensions and as LaTeX."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symverify.report import escape
from symverify.report.rationals import NEAREST, TABLE, View, is_short, scientific, short


@dataclass(frozen=True, slots=True)
class Ident:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Op:
    """An operator, relation, bracket or comma."""

    sign: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words inside a formula."""

    text: str


@dataclass(frozen=True, slots=True)
class Num:
    """An exact rational, shown whole if short and else rounded as `view` says, and marked as approximate."""

    value: Fraction
    view: View = NEAREST


@dataclass(frozen=True, slots=True)
class Script:
    """A base with a subscript, a superscript, or both."""

    base: "Formula"
    below: "Formula | None"
    above: "Formula | None"


@dataclass(frozen=True, slots=True)
class Line:
    """Parts side by side."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of entries; `cases` draws one brace at the left instead of two brackets."""

    rows: tuple[tuple["Formula", ...], ...]
    cases: bool = False


Formula = Ident | Op | Words | Num | Script | Line | Matrix
MANY_COMMAS = 3
RELATIONS = frozenset("=<>≤≥≠≈≡∈→↦⇒⇔")
BINARY = frozenset("+−·×")
_SIGNS = RELATIONS | BINARY | frozenset("()[]{},;:|⟨⟩Σ∑∂∘…′*/±.")
GAP = Op("\u2003")
_SUB = str.maketrans("0123456789+−ijkluxtpr", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₗᵤₓₜₚᵣ")
_SUP = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def m(*parts: "str | Formula | Fraction | int") -> Line:
    """A formula from parts: in text, tokens between blanks are signs, numbers, or names like θ_1, W_2, e^2, y_ik."""
    found: list[Formula] = []
    for part in parts:
        if isinstance(part, str):
            found += [_token(token) for token in part.split()]
        else:
            found.append(Num(Fraction(part)) if isinstance(part, Fraction | int) else part)
            if isinstance(number := found[-1], Num) and not is_short(number.value) and found[:-1][-1:] == [Op("=")]:
                del found[-2]  # the number brings its own ≈
    return Line(tuple(found))


def apart(formula: "Formula") -> "list[Formula]":
    """The parts of a line between its wide gaps, which a narrow page may set below each other."""
    if not isinstance(formula, Line) or GAP not in formula.parts:
        return [formula]
    found: list[list[Formula]] = [[]]
    for part in formula.parts:
        if part == GAP:
            found.append([])
        else:
            found[-1].append(part)
    return [Line(tuple(parts)) for parts in found if parts]


def in_pieces(formula: "Formula") -> "list[Formula]":
    """A line in a sentence, cut after its commas where there are many: a vector that can go on in the next line."""
    flat = list(_flattened(formula))
    if flat.count(Op(",")) < MANY_COMMAS:
        return [formula]
    found: list[list[Formula]] = [[]]
    for part in flat:
        found[-1].append(part)
        if part == Op(","):
            found.append([])
    return [Line(tuple(parts)) for parts in found if parts]


def _flattened(formula: "Formula") -> "Iterator[Formula]":
    if isinstance(formula, Line):
        for part in formula.parts:
            yield from _flattened(part)
    else:
        yield formula


def viewed(formula: "Formula", digits: int) -> "Formula":
    """The formula with at least so many digits of its rounded numbers."""
    match formula:
        case Num(value, view) if view.digits < digits:
            return Num(value, View(digits, view.toward))
        case Line(parts):
            return Line(tuple(viewed(part, digits) for part in parts))
        case _:
            return formula


def _token(token: str) -> Formula:
    if token in _SIGNS:
        return Op(token)
    rest, _, above = token.partition("^")
    base, _, below = rest.partition("_")
    atom: Formula = Num(Fraction(base)) if base.isdigit() else Op(base) if base in _SIGNS else Ident(base)
    return Script(atom, _inside(below), _inside(above)) if below or above else atom


def _inside(text: str) -> Formula | None:
    """A script: digits are a number, signs are signs, every letter is a variable of its own."""
    if not text:
        return None
    parts: list[Formula] = [Num(Fraction(text))] if text.isdigit() else [_token(c) for c in text]
    return parts[0] if len(parts) == 1 else Line(tuple(parts))


def vector(values: Sequence[Fraction | Formula]) -> Line:
    """(a, b, …)."""
    parts: list[str | Formula | Fraction] = ["("]
    for index, value in enumerate(map(_entry, values)):
        parts += [",", value] if index else [value]
    return m(*parts, ")")


def matrix(rows: Sequence[Sequence[Fraction | Formula]], limit: int = 8) -> Matrix:
    """A matrix; beyond `limit` rows or columns only its corner, with dots."""
    cut = [list(map(_entry, row[:limit])) for row in rows[:limit]]
    if rows and len(rows[0]) > limit:
        cut = [[*row, Op("…")] for row in cut]
    if len(rows) > limit:
        cut.append([Op("…")] * len(cut[0]))
    return Matrix(tuple(map(tuple, cut)))


def _entry(x: Fraction | Formula) -> Formula:
    """A number among many: with few digits."""
    return Num(x, TABLE) if isinstance(x, Fraction) else Num(x.value, TABLE) if isinstance(x, Num) else x


def numbers(formula: Formula) -> Iterator[Fraction]:
    """All rationals in a formula, in reading order."""
    match formula:
        case Num(value=value):
            yield value
        case Line(parts):
            for part in parts:
                yield from numbers(part)
        case Script(base, below, above):
            for script in (base, below, above):
                yield from numbers(script) if script is not None else ()
        case Matrix(rows):
            for row in rows:
                for entry in row:
                    yield from numbers(entry)


# text


@dataclass(frozen=True, slots=True)
class _Box:
    """A block of text lines of equal width, one of which is the baseline."""

    lines: tuple[str, ...]
    base: int


def text_lines(formula: Formula) -> list[str]:
    """The formula as lines of text, matrices drawn with brackets."""
    return [line.rstrip() for line in _box(formula).lines]


def text(formula: Formula) -> str:
    """The formula on one line, matrices as [a b; c d]."""
    match formula:
        case Matrix(rows, cases):
            inner = "; ".join(" ".join(text(entry) for entry in row) for row in rows)
            return ("{ " + inner) if cases else f"[{inner}]"
        case Line(parts):
            return "".join(map(_inline, parts, (None, *parts))).strip()
        case Script(base, below, above):
            return text(base) + _script(below, "_", _SUB) + _script(above, "^", _SUP)
        case Num(value, view):
            return short(value, view)
        case Words(found):
            return f" {found} "
        case Ident(found) | Op(found):
            return found


def _inline(part: Formula, before: Formula | None) -> str:
    shown = text(part)
    if isinstance(before, Num) and (before.value.denominator > 1 or not is_short(before.value)) and not _closes(part):
        return f" {shown}"
    if isinstance(part, Num) and not is_short(part.value) and before is not None and not _opens(before):
        return f" {shown}"
    if isinstance(part, Op) and (part.sign in RELATIONS or (part.sign in BINARY and not _opens(before))):
        return "·" if part.sign == "·" else f" {part.sign} "
    return f"{shown} " if isinstance(part, Op) and part.sign in (",", ";") else shown.replace("\u2003", "  ")


def _opens(before: Formula | None) -> bool:
    """Whether a sign after this is a sign of its own, as in (−1 or = −1."""
    return before is None or (isinstance(before, Op) and before.sign not in (")", "]", "}", "⟩", "|", "*", "′", "…"))


def _closes(part: Formula) -> bool:
    return isinstance(part, Op) and part.sign not in ("(", "[", "⟨", "Σ")


def _script(part: Formula | None, mark: str, table: dict[int, int]) -> str:
    if part is None:
        return ""
    inside = text(part).replace(" ", "")
    if inside in ("*", "′"):
        return inside
    small = inside.translate(table)
    return small if all(ord(c) in table.values() for c in small) else f"{mark}{{{inside}}}"


def _box(formula: Formula) -> _Box:
    match formula:
        case Line(parts) if any(not _flat(part) for part in parts):
            boxes = [
                _box(part) if not _flat(part) else _Box((_inline(part, parts[i - 1] if i else None),), 0)
                for i, part in enumerate(parts)
            ]
            return _beside(boxes)
        case Matrix(rows, cases):
            return _bracketed([[text(entry) for entry in row] for row in rows], cases)
        case _:
            return _Box((text(formula),), 0)


def _flat(formula: Formula) -> bool:
    if isinstance(formula, Line):
        return all(map(_flat, formula.parts))
    return not isinstance(formula, Matrix) or (len(formula.rows) == 1 and not formula.cases)


def _beside(boxes: Sequence[_Box]) -> _Box:
    above = max(box.base for box in boxes)
    below = max(len(box.lines) - box.base for box in boxes)
    lines = [""] * (above + below)
    for box in boxes:
        width = max(map(len, box.lines))
        for row in range(above + below):
            inner = row - above + box.base
            lines[row] += (box.lines[inner] if 0 <= inner < len(box.lines) else "").ljust(width)
    return _Box(tuple(lines), above)


def _bracketed(rows: list[list[str]], cases: bool) -> _Box:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(rows) - 1
    lines = []
    for index, row in enumerate(rows):
        cells = "  ".join((c.ljust if cases else c.rjust)(w) for c, w in zip(row, widths, strict=True))
        place = 3 if not last else 0 if index == 0 else 2 if index == last else 1
        left, right = (("{", "") if not last else ("⎧⎪⎩{"[place], "")) if cases else ("⎡⎢⎣["[place], "⎤⎥⎦]"[place])
        lines.append(f"{left} {cells} {right}")
    return _Box(tuple(lines), len(rows) // 2)


# LaTeX


_LATEX_SIGNS = {"{": r"\{", "}": r"\}", "′": "'", "|": r"\vert{}", "\u2003": r"\quad"}


def latex(formula: Formula) -> str:
    """The formula for LaTeX's math mode."""
    match formula:
        case Line(parts):
            return " ".join(map(latex, parts))
        case Matrix(rows, cases):
            body = r" \\ ".join(" & ".join(map(latex, row)) for row in rows)
            if cases:
                return rf"\begin{{cases}} {body} \end{{cases}}"
            width = "r" * len(rows[0]) if rows else ""
            return rf"\left[\begin{{array}}{{{width}}} {body} \end{{array}}\right]"
        case Script(base, below, above):
            inner = "" if below is None else f"_{{{latex(below)}}}"
            return latex(base) + inner + ("" if above is None else f"^{{{latex(above)}}}")
        case Num(value, view):
            return _latex_number(value, view)
        case Words(found):
            return rf"\text{{ {escape.latex(found)} }}"
        case Op(sign):
            return _LATEX_SIGNS.get(sign) or escape.MATHEMATICS.get(sign, sign)
        case Ident(name):
            return _latex_name(name)


def _latex_number(value: Fraction, view: View) -> str:
    if not is_short(value):
        digits, power = scientific(value, view)
        return rf"{{\approx}} {digits}" + (rf" \cdot 10^{{{power}}}" if power else "")
    if value.denominator == 1:
        return str(value)
    return ("-" if value < 0 else "") + rf"\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _latex_name(name: str) -> str:
    if name in escape.MATHEMATICS:
        return escape.MATHEMATICS[name]
    if name == "x̃":
        return r"\tilde{x}"
    return name if len(name) == 1 else rf"\mathrm{{{escape.latex(name)}}}"
