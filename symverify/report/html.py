"""Explanations as one self-contained HTML page, and the table of a run's claims for notebooks."""

from base64 import b64encode
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files

from symverify.kernel.programs.network import Programmed
from symverify.report import claims, escape
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
from symverify.report.formula import exact, is_short, short, text
from symverify.report.graph import program_picture
from symverify.report.mathml import mathml
from symverify.report.pictures import Picture, atlas_picture, pictures
from symverify.report.render import opinion
from symverify.run.check import CheckResult, ClaimResult

MAX_EXACT = 200
HEADINGS = ("claim", "verdict", "risk", "better", "s", "solver", "what is said")


def page(explanation: Explanation) -> str:
    """The page: no request leaves it, its style and script are the only ones that its own policy lets run."""
    style, script = _asset("page.css"), _asset("page.js")
    title = escape.html(escape.plain(explanation.title))
    verdict = explanation.verdict.value
    shown = [_section(section) for section in explanation.sections]
    drawn = _pictures(explanation)
    place = next((i for i, section in enumerate(explanation.sections) if section.key == "problem"), len(shown))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{verdict.upper()}: {title}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the content</a>\n<header>\n'
        f'<p class="verdict v-{verdict}">{verdict.upper()}</p>\n<h1><bdi>{title}</bdi></h1>\n{_contents(explanation)}'
        f'</header>\n<main id="main">\n{"".join(shown[:place])}{drawn}{"".join(shown[place:])}</main>\n'
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
    if explanation.scenes or explanation.atlas:
        entries.insert(1, ("pictures", "Pictures"))
    listed = "".join(f'<li><a href="#{key}">{name}</a></li>' for key, name in entries)
    return f'<nav aria-label="Contents"><ol>{listed}</ol></nav>\n' if len(entries) > 1 else ""


def _section(section: Section) -> str:
    tag = f"h{section.level}"
    heading, body = _inline(section.heading), "".join(map(_block, section.blocks))
    return f'<section id="{section.key}">\n<{tag}>{heading}</{tag}>\n{body}{_exact(section)}</section>\n'


def _exact(section: Section) -> str:
    """The exact values of what the section shows rounded."""
    found = shortened(section.blocks)
    if not found:
        return ""
    lines = [f"{short(value)} = {exact(value)}" for value in found[:MAX_EXACT]]
    if len(found) > MAX_EXACT:
        lines.append(f"{len(found) - MAX_EXACT} more are in the certificate")
    body = escape.html("\n".join(lines))
    inner = f'<summary>Exact values ({len(found)})</summary><pre class="exact" tabindex="0">{body}</pre>'
    return f'<details class="exact">{inner}</details>\n'


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
            return f"<code>{escape.html(found)}</code>"
        case _:
            return mathml(part)


def _block(block: Block) -> str:
    match block:
        case Para(parts):
            return f"<p>{_inline(parts)}</p>\n"
        case Display(formulas):
            return f'<div class="formula">{"".join(mathml(formula, display=True) for formula in formulas)}</div>\n'
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
    if explanation.problem is None or not (explanation.scenes or explanation.atlas):
        return ""
    parts = ['<section id="pictures">\n<h2>Pictures</h2>\n']
    if isinstance(explanation.problem, Programmed):
        first = explanation.scenes[0].at if explanation.scenes else None
        graph = _picture(program_picture(explanation.problem, first, "program"))
        return f'{parts[0]}<div class="pictures">{graph}</div>\n</section>\n'
    if explanation.atlas:
        parts.append(f'<div class="pictures">{_picture(atlas_picture(explanation.atlas))}</div>\n')
    several = len(explanation.scenes) > 1
    for index, scene in enumerate(explanation.scenes, 1):
        heading = f"<h3>{escape.html(scene.name)}, {escape.html(scene.kind)}</h3>\n" if several else ""
        drawn = pictures(explanation.problem, scene, f"scene{index}")
        figures = "".join(_picture(each) for each in drawn if isinstance(each, Picture))
        missing = "".join(f"<p>{escape.html(each)}</p>\n" for each in drawn if isinstance(each, str))
        kind = "pictures three" if sum(isinstance(each, Picture) for each in drawn) == 3 else "pictures"
        body = f'{heading}<div class="{kind}">{figures}</div>\n{missing}'
        shown = f"<details><summary>Pictures of {escape.html(scene.name)}, {escape.html(scene.kind)}</summary>"
        parts.append(body if index == 1 else f"{shown}{body}</details>\n")
    return "".join(parts) + "</section>\n"


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
    name, verdict = escape.html(escape.plain(result.problem.name or "network")), result.verdict.value.upper()
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    body = "".join(f"<tr>{_claim(result, claim)}</tr>" for claim in result.claims)
    alarms = "".join(f"<p><strong>ALARM: {escape.html(escape.plain(said))}</strong></p>" for said in result.alarms)
    skipped = "".join(
        f"<p>{escape.html(escape.plain(f'{name}: skipped: {reason}'))}</p>" for name, reason in result.skipped
    )
    caption = f"<caption><bdi>{name}</bdi>: {verdict}, problem <code>{result.problem.sha256[:12]}</code></caption>"
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
