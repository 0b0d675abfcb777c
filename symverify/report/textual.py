"""Explanations as plain text for a terminal, and as Markdown."""

import re
import textwrap
from collections.abc import Sequence

from symverify.report import escape
from symverify.report.document import (
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
from symverify.report.formula import latex, text, text_lines
from symverify.report.rationals import exact, short

WIDTH = 100
MAX_EXACT = 100  # exact values listed at the end of a section


def as_text(explanation: Explanation, whole: bool = False) -> str:
    """Plain text, wrapped at 100 columns; a stranger's text is ASCII. `whole`: with exact values."""
    title = escape.terminal(explanation.title)
    lines = [
        f"{explanation.outcome.upper()}: {title}",
        "=" * min(WIDTH, len(explanation.outcome) + 2 + len(title)),
        explanation.context,
        "",
    ]
    for section in explanation.sections:
        heading = _plain(section.heading)
        lines += [heading, ("-" if section.level == 2 else "·") * len(heading), ""]
        for block in section.blocks:
            found = _text_block(block)
            lines += [*found, ""] if found else []
        lines += _text_exact(section) if whole else []
    return "\n".join(lines).rstrip() + "\n"


def _plain(parts: Sequence[Inline]) -> str:
    return "".join(_plain_part(part) for part in parts)


def _plain_part(part: Inline) -> str:
    match part:
        case str():
            return part
        case Stranger(found):
            return escape.terminal(found, 2000).replace(" ", "\u00a0")  # not wrapped: no line begins inside it
        case Strong(found) | Code(found):
            return found
        case _:
            return text(part).replace(" ", "\u00a0")


def _wrapped(words: str, first: str = "", rest: str = "") -> list[str]:
    wrapped = textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in wrapped]


def _text_block(block: Block) -> list[str]:
    match block:
        case Para(parts):
            return _wrapped(_plain(parts))
        case Display(formulas):
            return [f"    {line}" for formula in formulas for line in text_lines(formula)]
        case Items(items):
            return [line for item in items for line in _wrapped(_plain(item), "  * ", "    ")]
        case Table():
            return _text_table(block)
        case Inference(rule, premises, conclusion):
            return _text_figure(rule, premises, conclusion)
        case Verbatim(found):
            return [f"    {escape.plain(line, 2000)}" for line in found.splitlines()]
        case More(aside=True):
            return []
        case More(summary, blocks):
            return [f"{summary}:", *(line for inner in blocks for line in _text_block(inner))]


def _text_table(table: Table) -> list[str]:
    rows = [[_plain(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = max(WIDTH - 4 - sum(widths[:-1]) - 2 * len(widths), 24)
    widths[-1] = min(widths[-1], last)
    lines = [line for row in rows for line in _text_row(row, widths)]
    lines.insert(1, "  ".join("─" * width for width in widths))
    caption = _wrapped(_plain(table.caption)) if table.caption else []
    return [*caption, *(f"    {line}".replace("\u00a0", " ") for line in lines)]


def _text_row(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row, its last cell wrapped."""
    head = "".join(f"{cell.ljust(width)}  " for cell, width in zip(row[:-1], widths[:-1], strict=True))
    parts = textwrap.wrap(row[-1], widths[-1], break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{head}{parts[0]}".rstrip(), *(" " * len(head) + part for part in parts[1:])]


def _text_figure(rule: str, premises: Sequence[str], conclusion: Sequence[str]) -> list[str]:
    width = max(map(len, (*premises, *conclusion)), default=0)
    bar = [f"{'─' * width} [{rule}]"] if conclusion else []
    return [f"    {line}" for line in (*premises, *bar, *conclusion)]


def _text_exact(section: Section) -> list[str]:
    found = shortened(section.blocks, asides=False)
    if not found:
        return []
    listed = [f"    {short(value)} = {exact(value)}" for value in found[:MAX_EXACT]]
    left = len(found) - len(listed)
    return ["Exact values:", *listed, *([f"    {left} more are in the certificate"] if left else []), ""]


# Markdown


def as_markdown(explanation: Explanation) -> str:
    """Markdown with formulas between dollar signs, as GitHub, Jupyter and pandoc read it."""
    lines = [f"# {escape.markdown(escape.plain(explanation.title))}", ""]
    lines += [f"**{explanation.outcome.upper()}** · {escape.prose_markdown(explanation.context)}", ""]
    for section in explanation.sections:
        lines += [f"{'#' * section.level} {_marked(section.heading)}", ""]
        for block in section.blocks:
            lines += [*_marked_block(block), ""]
        lines += _marked_exact(section)
    return "\n".join(lines).rstrip() + "\n"


def _marked(parts: Sequence[Inline], cell: bool = False) -> str:
    return "".join(_marked_part(part, cell) for part in parts)


def _marked_part(part: Inline, cell: bool) -> str:
    match part:
        case str():
            return escape.prose_markdown(part)
        case Stranger(found):
            return escape.markdown(escape.plain(found, 2000))
        case Strong(found):
            ending = found[len(found.rstrip()) :]
            return f"**{escape.prose_markdown(found.rstrip())}**{ending}"
        case Code(found):
            return f"`{found}`"
        case _:
            formula = latex(part)
            return f"${formula.replace('|', chr(92) + 'vert ') if cell else formula}$"


def _marked_block(block: Block) -> list[str]:
    match block:
        case Para(parts):
            return [_marked(parts)]
        case Display(formulas):
            return [line for formula in formulas for line in ("$$", latex(formula), "$$", "")][:-1]
        case Items(items):
            return [f"- {_marked(item)}" for item in items]
        case Table(caption, headings, rows):
            said = [_marked(caption), ""] if caption else []
            head = "| " + " | ".join(_marked(cell, True) for cell in headings) + " |"
            bar = "|" + " --- |" * len(headings)
            return [*said, head, bar, *("| " + " | ".join(_marked(cell, True) for cell in row) + " |" for row in rows)]
        case Inference(rule, premises, conclusion):
            return _fenced("\n".join(line[4:] for line in _text_figure(rule, premises, conclusion)))
        case Verbatim(found):
            return _fenced(found)
        case More(summary, blocks):
            inner = [line for part in blocks for line in (*_marked_block(part), "")]
            return ["<details>", f"<summary>{escape.html(summary)}</summary>", "", *inner, "</details>"]


def _fenced(found: str) -> list[str]:
    """A code block whose fence is longer than any inside."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", found)), 3)
    return [f"{fence}text", *(escape.plain(line, 4000) for line in found.splitlines()), fence]


def _marked_exact(section: Section) -> list[str]:
    found = shortened(section.blocks, asides=True)
    if not found:
        return []
    listed = [f"- {short(value)} = `{exact(value)}`" for value in found[:MAX_EXACT]]
    left = len(found) - len(listed)
    more = [f"- {left} more are in the certificate"] if left else []
    return ["<details>", "<summary>Exact values</summary>", "", *listed, *more, "", "</details>", ""]
