"""Explanations as one self-contained HTML page, and the table of a run's claims for notebooks."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import accumulate

from symverify.kernel.core.network import Problem
from symverify.kernel.core.poly import Scalar
from symverify.kernel.programs.network import Programmed
from symverify.report import claims, escape
from symverify.report.atlas import Mark
from symverify.report.atlas_pictures import atlas_picture, cards
from symverify.report.cell_pictures import cells_picture
from symverify.report.context import context_words, title_words
from symverify.report.diagram import diagram_picture
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
from symverify.report.formula import apart, in_pieces, text
from symverify.report.graph import program_picture
from symverify.report.mathml import mathml
from symverify.report.net import NoView
from symverify.report.pictures import Picture, pictures
from symverify.report.rationals import exact, is_short, short
from symverify.report.render import opinion
from symverify.report.scenes import GIVEN, Scene
from symverify.run.check import CheckResult, ClaimResult

MAX_EXACT, MAX_APPENDIX = 200, 4000  # values in a list; characters of the appendix for paper
HEADINGS = ("claim", "verdict", "risk", "better", "s", "solver", "what is said")


def page(explanation: Explanation) -> str:
    """The page: no request leaves it, its style and script are the only ones that its own policy lets run."""
    style, script = _asset("page.css"), _asset("page.js")
    title = escape.html(escape.plain(explanation.title))
    outcome = explanation.outcome
    shown = [_section(section) for section in explanation.sections]
    drawn = _pictures(explanation)
    place = next((i for i, section in enumerate(explanation.sections) if section.key == "problem"), len(shown))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{outcome.upper()}: {title}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the content</a>\n<header>\n'
        f'<p class="verdict v-{outcome}">{outcome.upper()}</p>\n<h1><bdi>{title}</bdi></h1>\n'
        f'<p class="context">{escape.html(explanation.context)}</p>\n{_contents(explanation)}'
        f'</header>\n<main id="main">\n{"".join(shown[:place])}{drawn}{"".join(shown[place:])}'
        f"{_appendix(explanation)}</main>\n"
        "<footer>Made by symverify from a network file and a certificate. The page loads nothing from "
        "elsewhere.</footer>\n"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


@cache
def _asset(name: str) -> str:
    return files("symverify.report").joinpath(name).read_text(encoding="utf-8").strip()


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, and only this style and this script may be used."""

    def digest(text: str) -> str:
        return b64encode(sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _contents(explanation: Explanation) -> str:
    entries = [(section.key, _inline(section.heading)) for section in explanation.sections if section.level == 2]
    if explanation.problem is not None:
        entries.insert(1, ("pictures", "Pictures"))
    listed = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name in entries)
    return f'<nav aria-label="Contents"><ol>{listed}</ol></nav>\n' if len(entries) > 1 else ""


def _section(section: Section) -> str:
    tag = f"h{section.level}"
    heading, body = _inline(section.heading), "".join(map(_block, section.blocks))
    kind = ' class="step"' * (section.level == 3)
    return f'<section id="{section.key}"{kind}>\n<{tag}>{heading}</{tag}>\n{body}{_exact(section)}</section>\n'


def _exact(section: Section) -> str:
    """The exact values of what the section shows rounded."""
    found = shortened(section.blocks, asides=True)
    if not found:
        return ""
    lines = [f"{short(value)} = {exact(value)}" for value in found[:MAX_EXACT]]
    if len(found) > MAX_EXACT:
        lines.append(f"{len(found) - MAX_EXACT} more are in the certificate")
    body = escape.html("\n".join(lines))
    inner = f'<summary>Exact values ({len(found)})</summary><pre class="exact" tabindex="0">{body}</pre>'
    return f'<details class="exact">{inner}</details>\n'


def _appendix(explanation: Explanation) -> str:
    """For paper: the exact values of what the page's main parts show rounded, and the first point, to about a page."""
    blocks = [block for section in explanation.sections if section.level == 2 for block in section.blocks]
    lines = [f"{short(value)} = {exact(value)}" for value in shortened(blocks, asides=True)]
    for scene in explanation.scenes[:1]:
        for k, layer in enumerate(scene.at.point, 1):
            lines += [f"{scene.name}, row {j} of W{k}: {_row(row)}" for j, row in enumerate(layer.weight, 1)]
            lines += [] if layer.bias is None else [f"{scene.name}, b{k}: {_row(layer.bias)}"]
    kept = [line for line, size in zip(lines, accumulate(map(len, lines)), strict=True) if size <= MAX_APPENDIX]
    if len(kept) < len(lines):
        kept.append(f"{len(lines) - len(kept)} more lines of numbers are in the certificate and in the network file")
    if not kept:
        return ""
    body = escape.html("\n".join(kept))
    heading = '<section id="appendix" class="print">\n<h2>Appendix: the numbers</h2>'
    return f'{heading}\n<pre class="exact">{body}</pre></section>\n'


def _row(values: Sequence[Scalar]) -> str:
    return ", ".join(exact(x) for x in values if isinstance(x, Fraction))


# parts


def _inline(parts: Sequence[Inline]) -> str:
    return "".join(map(_part, parts))


def _part(part: Inline) -> str:
    match part:
        case str():
            return escape.html(part)
        case Stranger(found):
            return f"<bdi>{escape.html(escape.plain(found, 2000))}</bdi>"
        case Strong(found):
            return f"<strong>{escape.html(found)}</strong>"
        case Code(found):
            return f"<code>{escape.html(found).replace('_', '_<wbr>')}</code>"
        case _:
            return " ".join(map(mathml, in_pieces(part)))


def _block(block: Block) -> str:
    match block:
        case Para(parts):
            return f"<p>{_inline(parts)}</p>\n"
        case Display(formulas):
            lines = ("".join(mathml(part, display=True) for part in apart(formula)) for formula in formulas)
            return f'<div class="formula">{"".join(f"<div>{line}</div>" for line in lines)}</div>\n'
        case Items(items):
            return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>\n"
        case Table():
            return _table(block)
        case Inference():
            return _figure(block)
        case Verbatim(found):
            lines = (escape.plain(line, 4000) for line in found.splitlines())
            return f'<pre tabindex="0">{escape.html(chr(10).join(lines))}</pre>\n'
        case More(summary, blocks):
            return f"<details><summary>{escape.html(summary)}</summary>{''.join(map(_block, blocks))}</details>\n"


def _table(table: Table) -> str:
    shown = (part for part in table.caption if not isinstance(part, Stranger | Strong | Code))
    said = "".join(part if isinstance(part, str) else text(part) for part in shown)
    label = f' aria-label="{escape.html(said)}"' if said else ""
    caption = f'<p class="caption">{_inline(table.caption)}</p>\n' if said else ""
    head = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in table.headings)
    body = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'{caption}<div class="scroll" tabindex="0"><table{label}>{inner}</table></div>\n'


def _figure(rule: Inference) -> str:
    above = "".join(f"<p>{_figure_line(line)}</p>" for line in rule.premises)
    below = "".join(f"<p>{_figure_line(line)}</p>" for line in rule.conclusion)
    bar = '<p class="bar"></p>' if rule.conclusion else ""
    name = f'<p class="name">rule {escape.html(rule.rule)}</p>'
    return f'<div class="rule" tabindex="0">{name}<div>{above}{bar}{below}</div></div>\n'


def _figure_line(line: str) -> str:
    return SUBSCRIPT.sub(r"<sub>\1</sub>", escape.html(line))


# pictures


def _pictures(explanation: Explanation) -> str:
    """What can be drawn: the first scene, the atlas, the network and its cells; further scenes folded away."""
    problem, scenes = explanation.problem, explanation.scenes
    if problem is None:
        return ""
    parts = ['<section id="pictures">\n<h2>Pictures</h2>\n']
    if isinstance(explanation.problem, Programmed):
        first = explanation.scenes[0].at if explanation.scenes else None
        graph = _picture(program_picture(explanation.problem, first, "program"))
        return f'{parts[0]}<div class="pictures">{graph}</div>\n</section>\n'
    if explanation.atlas:
        with suppress(NoView):
            parts.append(f'<div class="pictures">{_picture(atlas_picture(explanation.atlas))}</div>\n')
        with suppress(NoView):
            parts.append(_cards(problem, explanation.atlas))
    point, name = (scenes[0].at.point, scenes[0].name) if scenes else (problem.parameters, GIVEN)
    about = [diagram_picture(problem, point, name, "network")]
    if explanation.cells:
        with suppress(NoView):
            about.append(cells_picture(problem, point, name, "cells"))
    if scenes:
        parts.append(f"<h3>{_scene_name(scenes[0])}</h3>\n{_scene(problem, scenes[0], 'scene1', about)}")
    else:
        parts.append(f'<div class="pictures">{"".join(map(_picture, about))}</div>\n')
    for k, scene in enumerate(scenes[1:], 2):
        summary = f"<summary>Pictures of {_scene_name(scene)}</summary>"
        parts.append(f"<details>{summary}{_scene(problem, scene, f'scene{k}', [])}</details>\n")
    return "".join(parts) + "</section>\n"


def _scene_name(scene: Scene) -> str:
    given = ", the given point" * (scene.at.given and scene.name != GIVEN)
    return f"{escape.html(scene.name)}{given}, {escape.html(scene.kind)}"


def _scene(problem: Problem, scene: Scene, key: str, about: Sequence[Picture]) -> str:
    """The scene's pictures in two columns: the plane and what else is told about the network, lines and fits."""
    drawn = pictures(problem, scene, key)
    shown = [each for each in drawn if isinstance(each, Picture)]
    missing = "".join(f"<p>{escape.html(each)}</p>\n" for each in drawn if isinstance(each, str))
    left, right = [*shown[:1], *about], shown[1:]
    columns = "".join(f"<div>{''.join(map(_picture, column))}</div>" for column in (left, right) if column)
    return f'<div class="pictures columns">{columns}</div>\n{missing}'


def _cards(problem: Problem, atlas: Sequence[Mark]) -> str:
    """A small picture of the predictions in each valley."""
    found = cards(problem, atlas)
    listed = "".join(
        f'<li class="k-{card.kind.split()[0]}">{card.svg}<p><strong>risk {escape.html(short(card.risk))}</strong>, '
        f"{escape.html(card.kind)}<br>{escape.html(card.words)}</p></li>"
        for card in found
    )
    left = len(atlas) - len(found)
    more = f"<p>{left} more are in the table of the atlas.</p>\n" if left else ""
    where = f"{len(found)} valleys, lowest risk first" if left else "each valley"
    said = f'<p class="caption">What the network predicts at a point of {where}, and the data.</p>\n'
    return f'{said}<ul class="cards">{listed}</ul>\n{more}' if found else ""


def _picture(picture: Picture) -> str:
    swatches = "".join(
        f'<li><span class="swatch {kind}" aria-hidden="true"></span><span>{escape.html(words)}</span></li>'
        for kind, words in picture.legend
    )
    caption = f"{escape.html(picture.caption)}" + (f'<ul class="legend">{swatches}</ul>' if swatches else "")
    if picture.rows:
        head = "".join(f'<th scope="col">{escape.html(name)}</th>' for name in picture.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape.html(c)}</td>" for c in row) + "</tr>" for row in picture.rows)
        numbers = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        caption += f'<details><summary>The numbers</summary><div class="scroll" tabindex="0">{numbers}</div></details>'
    return f"<figure>{picture.svg}<figcaption>{caption}</figcaption></figure>\n"


# the notebook's table


def claims_table(result: CheckResult) -> str:
    """A run's claims as an HTML table: beside each what is proved and, on a line of its own, what was observed."""
    name, verdict = escape.html(escape.plain(title_words(result.problem.problem))), result.verdict.value.upper()
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    body = "".join(f"<tr>{_claim(result, claim)}</tr>" for claim in result.claims)
    alarms = "".join(f"<p><strong>ALARM: {escape.html(escape.plain(said))}</strong></p>" for said in result.alarms)
    skipped = "".join(
        f"<p>{escape.html(escape.plain(f'{name}: skipped: {reason}'))}</p>" for name, reason in result.skipped
    )
    about = escape.html(context_words(result.problem.problem))
    known = f"problem <code>{result.problem.sha256[:12]}</code>"
    caption = f"<caption><bdi>{name}</bdi>: {verdict}; {about}; {known}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{skipped}{alarms}"


def _claim(result: CheckResult, claim: ClaimResult) -> str:
    said = "<br>".join(escape.html(escape.plain(line, 1000)) for line in claims.lines(result, claim))
    return (
        f"<td>{escape.html(escape.plain(claim.name))}</td><td>{claim.verdict.value}</td>"
        + "".join(map(_risk_cell, (claim.risk, claim.better_risk)))
        + f"<td>{claim.seconds:.2f}</td><td>{escape.html(opinion(claim))}</td><td>{said}</td>"
    )


def _risk_cell(risk: Fraction | None) -> str:
    if risk is None:
        return "<td></td>"
    full = "" if is_short(risk) else f' title="{exact(risk)}"'
    return f"<td{full}>{short(risk)}</td>"
