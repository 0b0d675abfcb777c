"""Pages made from the code: claims, rules, losses, commands, and the gallery of examples/ and proofs/."""

import inspect
import re
from collections.abc import Iterator
from fractions import Fraction
from inspect import cleandoc
from pathlib import Path

from symverify.certify.emitters import CLAIMS
from symverify.kernel import check
from symverify.kernel.losses import LOSSES, Kind
from symverify.kernel.programs.network import Programmed
from symverify.kernel.table import STOREYS
from symverify.problem.load import load
from symverify.report.atlas_pictures import atlas_picture
from symverify.report.context import context_words, title_words
from symverify.report.diagram import diagram_picture
from symverify.report.escape import html, prose_markdown
from symverify.report.explain import Explanation, account, render
from symverify.report.graph import program_picture
from symverify.report.pictures import Picture, pictures
from symverify.report.scenes import GIVEN
from symverify.report.words import flat, sentence, theorem_words

ROOT = Path(__file__).parents[1]


def write(folder: Path) -> None:
    """All generated pages; those that have not changed are left alone, so that Sphinx need not read them again."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    for make in (claims, rules, losses, commands):
        _put(folder / f"{make.__name__}.md", make())
    _put(folder / "format.md", (ROOT / "symverify/kernel/FORMAT.md").read_text(encoding="utf-8"))
    _put(folder / "gallery.md", gallery(folder / "pages"))


def _put(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def claims() -> str:
    """The claims with how each is tried, and the table of what it states, from the format's specification."""
    lines = [
        "# Claims",
        "",
        "`symverify check NETWORK --claims a,b,…` tries these; without `--claims`, those that fit the problem and are",
        "affordable. A verdict is *proved*, *refuted* or *undecided*, and the last comes with its reason.",
        "",
        "| claim | what is tried |",
        "|---|---|",
    ]
    text = (ROOT / "symverify/kernel/FORMAT.md").read_text(encoding="utf-8")
    table = text[text.index("| Claim | The step proves") :].split("\n\n")[0]
    stated = {row.split("`")[1]: row.split("|")[2].strip() for row in table.splitlines() if row.startswith("| `")}
    for name, emitter in CLAIMS.items():
        lines.append(f"| `{name}` | {prose_markdown(_first(emitter)) or stated[name]} |")
    lines += ["", "## What a proved claim states", "", "A value that does not apply is `null`.", "", table, ""]
    return "\n".join(lines)


def _first(thing: object) -> str:
    """The first line of a docstring."""
    return cleandoc(getattr(thing, "__doc__", None) or "").split("\n")[0]


def rules() -> str:
    """The kernel's rules as inference figures, storey by storey."""
    lines = [
        "# Rules",
        "",
        "Every step of a certificate uses one of these rules. The figure is the rule's own in the kernel:",
        "what is above the bar is checked, what is below it follows. {doc}`format` has the proofs of soundness.",
        "",
    ]
    for storey, known in STOREYS.items():
        lines += [f"## Storey {storey}", ""]
        for rule in known:
            lines += [f"### {rule.__name__}", "", "```text", cleandoc(rule.__doc__ or "").strip(), "```", ""]
    return "\n".join(lines)


def losses() -> str:
    """The losses by name with the options that they take and the rules that are proved for them."""
    kinds = LOSSES
    everything = [rule.__name__ for known in STOREYS.values() for rule in known]
    lines = [
        "# Losses",
        "",
        '`"loss": NAME`, or `{"name": NAME, "reduction": "mean" or "sum", "factor": …}` with the options below. A loss',
        "names the rules that are proved for it; the kernel refuses all others.",
        "",
        "| name | what it is | options | rules |",
        "|---|---|---|---|",
    ]
    for name, kind in kinds.items():
        made = kind.of(Fraction(1), *(default for _, default in kind.options.values()))
        options = ", ".join(f"`{option}` (default {default})" for option, (_, default) in kind.options.items())
        count = sum(rule in made.rules for rule in everything)
        what = prose_markdown(_first(kind.of) if made.name == name else f"another name of {made.name}{_over(kind)}")
        lines.append(f"| `{name}` | {what} | {options} | {count} of {len(everything)} |")
    return "\n".join([*lines, ""])


def _over(kind: Kind) -> str:
    """What a loss of another name is divided by."""
    scaled = kind.of(Fraction(1), *(Fraction(1, 2) for _ in kind.options)).factor
    return f", divided by {', '.join(kind.options)}" if scaled != 1 else ""


def commands() -> str:
    """The help text of every command."""
    import click
    import typer.main

    from symverify.cli import app

    group = typer.main.get_command(app)
    context = click.Context(group, info_name="symverify")
    lines = ["# Commands", "", "What `symverify COMMAND --help` prints.", ""]
    for name in sorted(group.commands):  # type: ignore[attr-defined]
        command = group.commands[name]  # type: ignore[attr-defined]
        with click.Context(command, info_name=name, parent=context, max_content_width=100) as inner:
            said = command.get_help(inner)
        lines += [f"## {name}", "", "```text", *(line.rstrip() for line in said.splitlines()), "```", ""]
    return "\n".join(lines)


def gallery(pages: Path) -> str:
    """Every certificate in proofs/: its title, what it proves, and its page."""
    lines = [
        "# Gallery",
        "",
        "Every problem here is a file in `examples/`, and its certificate is in `proofs/`; the tests have the kernel",
        "verify each. The pages are what `symverify explain --html` writes.",
        "",
    ]
    for certificate in sorted((ROOT / "proofs").glob("*/network.symcert.json")):
        lines += _entry(certificate, pages)
    return "\n".join(lines)


def _entry(certificate: Path, pages: Path) -> Iterator[str]:
    name, problem = certificate.parent.name, load(certificate.with_name("network.json"))
    content = certificate.read_bytes()
    checked = check(problem.network, content, problem.open_data)
    told = account(checked, content)
    _put(pages / f"proof-{name}.html", render(told, "html"))
    _put(pages / f"proof-{name}.svg", _thumbnail(told))
    yield f"## {prose_markdown(title_words(checked.problem))}"
    yield ""
    about = prose_markdown(context_words(checked.problem))
    yield f'{about}. `proofs/{name}`, <a href="../proof-{name}.html">its page</a>'
    yield ""
    picture = f'<img src="../proof-{name}.svg" width="360" alt="{html(title_words(checked.problem))}, a picture">'
    yield f'<a href="../proof-{name}.html">{picture}</a>'
    yield ""
    for theorem in checked.theorems:
        if theorem.claim != "assumptions":
            said = flat(sentence(theorem_words(checked, theorem)))
            yield f"- **{theorem.claim.replace('_', ' ')} – {theorem.verdict}.** {prose_markdown(said)}"
    yield ""


def _thumbnail(told: Explanation) -> str:
    """The page's first picture as a file of its own, with the page's colours."""
    if told.problem is None:
        raise ValueError("no picture of what is rejected")
    scene = told.scenes[0] if told.scenes else None
    if isinstance(told.problem, Programmed):
        picture = program_picture(told.problem, None if scene is None else scene.at, "p")
    else:
        drawn = [atlas_picture(told.atlas)] if told.atlas else pictures(told.problem, scene, "p") if scene else []
        found = [each for each in drawn if isinstance(each, Picture)]
        picture = found[0] if found else diagram_picture(told.problem, told.problem.parameters, GIVEN, "p")
    style = (ROOT / "symverify/report/page.css").read_text(encoding="utf-8")
    return picture.svg.replace("<title", f"<style>{style} svg {{ background: var(--paper) }}</style><title", 1)


def plain_docstring(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Code between backquotes stays, every other sign is itself; what has a figure in it is set as it is."""
    if what == "module":
        lines[1:] = ["", "::", "", *(f"    {line}" for line in lines[1:])]
        return
    if any(set(line.strip()) == {"-"} for line in lines if line.strip()):
        lines[:] = ["::", "", *(f"    {line}" for line in lines)]
        return
    for k, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [re.sub(r"([*|\\_])", r"\\\1", part) for part in parts[::2]]
        lines[k] = "``".join(parts)
    if inspect.isclass(obj) and lines[:1] and lines[0].startswith(f"{obj.__name__}("):
        lines[:] = []


if __name__ == "__main__":
    write(Path(__file__).parent / "generated")
