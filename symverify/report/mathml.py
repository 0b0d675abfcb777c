"""Formulas as MathML, with nothing but the elements of MathML Core."""

from fractions import Fraction

from symverify.report import escape
from symverify.report.formula import (
    BINARY,
    RELATIONS,
    Formula,
    Ident,
    Line,
    Matrix,
    Num,
    Op,
    Script,
    Words,
    text,
)
from symverify.report.rationals import View, exact, is_short, scientific

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def mathml(formula: Formula, display: bool = False) -> str:
    """One `math` element; `alttext` is the formula as text."""
    block = ' display="block"' if display else ""
    return f'<math xmlns="{NAMESPACE}"{block} alttext="{escape.html(text(formula))}">{_row(formula)}</math>'


def _row(formula: Formula) -> str:
    if not isinstance(formula, Line):
        return _node(formula)
    parts: list[str] = []
    before: Formula | None = None
    for part in formula.parts:
        parts.append(_operator(part, before) if isinstance(part, Op) else _node(part))
        before = part
    return f"<mrow>{''.join(parts)}</mrow>"


def _node(formula: Formula) -> str:
    match formula:
        case Line():
            return _row(formula)
        case Ident(name):
            return f"<mi>{escape.html(name)}</mi>"
        case Op():
            return _operator(formula, None)
        case Words(found):
            return f"<mtext>{escape.html(' ' + found + ' ').replace(' ', chr(0xA0))}</mtext>"
        case Num(value, view):
            return _number(value, view)
        case Script(Op("Σ"), below, above):
            return _scripted("munderover", "munder", "mover", "<mo>∑</mo>", below, above)
        case Script(base, below, above):
            return _scripted("msubsup", "msub", "msup", _node(base), below, above)
        case Matrix(rows, cases):
            return _table(rows, cases)


def _operator(op: Op, before: Formula | None) -> str:
    prefix = before is None or (isinstance(before, Op) and before.sign not in (")", "]", "}", "⟩", "*", "′", "…"))
    if op.sign == "\u2003":
        return '<mspace width="1em"/>'
    if op.sign in ("−", "+") and prefix:
        return f'<mo form="prefix">{op.sign}</mo>'
    if op.sign in BINARY or op.sign in RELATIONS:
        return f"<mo>{escape.html(op.sign)}</mo>"
    shown = "∑" if op.sign == "Σ" else op.sign
    fixed = ' stretchy="false"' if shown in "()[]{}|⟨⟩" else ""
    return f"<mo{fixed}>{escape.html(shown)}</mo>"


def _scripted(both: str, under: str, over: str, base: str, below: Formula | None, above: Formula | None) -> str:
    scripts = [_node(part) for part in (below, above) if part is not None]
    tag = both if len(scripts) == 2 else under if above is None else over
    return f"<{tag}>{base}{''.join(scripts)}</{tag}>"


def _number(value: Fraction, view: View) -> str:
    if not is_short(value):
        digits, power = (part.replace("-", "−") for part in scientific(value, view))
        times = f"<mo>·</mo><msup><mn>10</mn><mn>{power}</mn></msup>" if power else ""
        tip = escape.html(exact(value))
        return f'<mrow class="q" data-tip="{tip}"><mo form="prefix">≈</mo><mn>{digits}</mn>{times}</mrow>'
    sign = '<mo form="prefix">−</mo>' if value < 0 else ""
    top, bottom = abs(value.numerator), value.denominator
    body = f"<mn>{top}</mn>" if bottom == 1 else f"<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>"
    return f"<mrow>{sign}{body}</mrow>" if sign else body


def _table(rows: tuple[tuple[Formula, ...], ...], cases: bool) -> str:
    kind = "cases" if cases else "matrix"
    body = "".join("<mtr>" + "".join(f"<mtd>{_row(entry)}</mtd>" for entry in row) + "</mtr>" for row in rows)
    left, right = ("{", "") if cases else ("[", "]")
    close = f'<mo stretchy="true" form="postfix">{right}</mo>' if right else ""
    return f'<mrow><mo stretchy="true" form="prefix">{left}</mo><mtable class="{kind}">{body}</mtable>{close}</mrow>'
