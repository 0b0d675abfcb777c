"""Explanations as a LaTeX document that compiles with the packages of a minimal installation."""

from collections.abc import Sequence

from symverify.report import escape
from symverify.report.document import (
    SUBSCRIPT,
    Block,
    Code,
    Display,
    Inference,
    Inline,
    Items,
    More,
    Para,
    Section,
    Stranger,
    Strong,
    Table,
    Verbatim,
    shortened,
)
from symverify.report.explain import Explanation
from symverify.report.formula import Formula, Line, Matrix, Op, latex, text
from symverify.report.rationals import exact

MAX_EXACT = 100
LINE = 76  # characters of a line of text, counted as the wider ones are
LONG = 24  # of them in a word: it is broken
MARGIN = 2  # of them lie around a column
_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage[margin=25mm]{geometry}
\usepackage{array,graphicx,longtable}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\setcounter{secnumdepth}{0}
\renewcommand{\arraystretch}{1.3}
\emergencystretch=3em
\allowdisplaybreaks
"""


def as_latex(explanation: Explanation, whole: bool = False) -> str:
    """A standalone document. `whole`: with the exact values of rounded ones at the end of each section."""
    title = escape.latex(escape.plain(explanation.title))
    parts = [
        _PREAMBLE,
        rf"\title{{{title}}}",
        rf"\author{{{escape.latex(explanation.outcome.upper())}, checked by symverify \\",
        rf"\parbox[t]{{0.9\textwidth}}{{\centering {escape.latex(explanation.context)}}}}}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
    ]
    for section in explanation.sections:
        command = "section" if section.level == 2 else "subsection"
        parts += ["", rf"\{command}{{{_inline(section.heading, heading=True)}}}"]
        for block in section.blocks:
            parts += ["", *_block(block)]
        parts += _exact(section) if whole else []
    return "\n".join([*parts, "", r"\end{document}", ""])


def _inline(parts: Sequence[Inline], heading: bool = False) -> str:
    return "".join(_part(part, heading) for part in parts)


def _part(part: Inline, heading: bool) -> str:
    match part:
        case str():
            return " ".join(_breakable(word) if len(word) > LONG else escape.latex(word) for word in part.split(" "))
        case Stranger(found):
            return _breakable(escape.plain(found, 2000))
        case Strong(found):
            return rf"\textbf{{{escape.latex(found)}}}"
        case Code(found):
            return rf"\texttt{{{_breakable(found)}}}"
        case _:
            return rf"\ensuremath{{{latex(part)}}}" if heading else f"${_wrapped(part)}$"


def _wrapped(formula: Formula) -> str:
    """A formula in a line of text, which may end after its commas."""
    match formula:
        case Line(parts):
            return " ".join(map(_wrapped, parts))
        case Op(","):
            return r", \allowbreak"
        case Matrix() if _characters(formula) > LINE:
            return rf"\resizebox{{0.95\linewidth}}{{!}}{{${latex(formula)}$}}"
        case _:
            return latex(formula)


def _breakable(found: str) -> str:
    """Escaped, with a place to break after every eight characters of a long word."""
    words = []
    for word in found.split(" "):
        pieces = [escape.latex(word[start : start + 8]) for start in range(0, len(word), 8)]
        words.append(r"\allowbreak{}".join(pieces))
    return " ".join(words)


def _block(block: Block) -> list[str]:
    match block:
        case Para(parts):
            return [_inline(parts)]
        case Display(formulas) if any(_characters(formula) > LINE for formula in formulas):
            body = " \\\\[1ex]\n".join(rf"$\displaystyle {_wrapped(formula)}$" for formula in formulas)
            return [r"\begin{flushleft}", body, r"\end{flushleft}"]
        case Display(formulas):
            body = r" \\ ".join(rf"& {latex(formula)}" for formula in formulas)
            return [r"\begin{align*}", body, r"\end{align*}"]
        case Items(items):
            return [r"\begin{itemize}", *(rf"\item {_inline(item)}" for item in items), r"\end{itemize}"]
        case Table():
            return _table(block)
        case Inference(rule, premises, conclusion):
            return _figure(rule, premises, conclusion)
        case Verbatim(found):
            return _verbatim(found)
        case More(aside=True):
            return []
        case More(blocks=blocks):
            return [line for inner in blocks for line in _block(inner)]


def _table(table: Table) -> list[str]:
    said = [_inline(table.caption), ""] if table.caption else []
    rows = [" & ".join(_inline(cell) for cell in row) + r" \\" for row in table.rows]
    head = " & ".join(_inline(cell) for cell in table.headings) + r" \\ \hline \endhead"
    return [*said, rf"\begin{{longtable}}[l]{{{_columns(table)}}}", head, *rows, r"\end{longtable}"]


def _columns(table: Table) -> str:
    """The columns' kinds: where a line has no room for all, the widest share what the others leave, and are wrapped."""
    widths = [max(map(_width, column)) for column in zip(table.headings, *table.rows, strict=True)]
    kinds, room, left = ["l"] * len(widths), LINE - MARGIN * len(widths), len(widths)
    for k in sorted(range(len(widths)), key=widths.__getitem__):
        share = max(room // left, 1)
        if widths[k] > share:
            kinds[k] = rf">{{\raggedright\arraybackslash}}p{{{share / LINE:.3f}\textwidth}}"
        room, left = room - min(widths[k], share), left - 1
    return "".join(kinds)


def _width(cell: Sequence[Inline]) -> int:
    """About how many characters wide a cell is on one line."""
    return sum(map(_characters, cell))


def _characters(part: Inline) -> int:
    match part:
        case str():
            return len(part)
        case Stranger(found) | Strong(found) | Code(found):
            return len(escape.plain(found, 2000))
        case Line(parts) if any(isinstance(each, Line | Matrix) for each in parts):
            return sum(map(_characters, parts))
        case Matrix(rows):
            return sum(max(map(_characters, column)) + MARGIN for column in zip(*rows, strict=True))
        case _:
            return len(text(part))


def _figure(rule: str, premises: Sequence[str], conclusion: Sequence[str]) -> list[str]:
    lines = [rf"\small {_figure_line(line)} \\" for line in premises]
    name = rf"\small [\texttt{{{escape.latex(rule)}}}]"
    beside = max(map(len, conclusion[:1]), default=0) + len(rule) < LINE  # else the name has a line of its own
    bar = [rf"\hline \multicolumn{{1}}{{r}}{{{name}}} \\{'[-2.2ex]' * beside}"] if conclusion else []
    below = [rf"\small {_figure_line(line)} \\" for line in conclusion]
    return [r"\begin{center}\begin{tabular}{p{0.92\textwidth}}", *lines, *bar, *below, r"\end{tabular}\end{center}"]


def _figure_line(line: str) -> str:
    """Plain words and signs, subscripts set as such."""
    parts = SUBSCRIPT.split(line)
    shown = (rf"\ensuremath{{_{{{part}}}}}" if odd % 2 else escape.latex(part) for odd, part in enumerate(parts))
    return "".join(shown).replace("   ", r"\qquad ")


def _verbatim(found: str) -> list[str]:
    lines = [(len(line) - len(line.lstrip())) * "~" + _breakable(line.lstrip()) for line in found.splitlines()]
    return [r"\begin{flushleft}\ttfamily\footnotesize", r" \\ ".join(lines), r"\end{flushleft}"]


def _exact(section: Section) -> list[str]:
    found = shortened(section.blocks, asides=False)
    if not found:
        return []
    lines = ["", r"{\footnotesize Exact values, in the order of their rounded views above: \ttfamily"]
    lines += [_breakable(exact(value)) + ";" for value in found[:MAX_EXACT]]
    left = len(found) - MAX_EXACT
    return [*lines, *([rf"\rmfamily {left} more are in the certificate"] if left > 0 else []), r"\par}"]
