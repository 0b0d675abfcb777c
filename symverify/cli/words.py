"""The command that explains words and commands."""

from textwrap import fill
from typing import Annotated

import typer

from symverify.cli.common import app, tell
from symverify.errors import Usage
from symverify.text import meant


def _known(incomplete: str) -> list[str]:
    """For the shell's completion."""
    from symverify.report.glossary import GLOSSARY

    return [word for word in GLOSSARY if word.startswith(incomplete)]


@app.command(name="help")
def explain_word(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]", help="A word, or a command.", autocompletion=_known)
    ] = None,
) -> None:
    """Explain a word (valley, cell, ...) or a command."""
    from symverify.report.glossary import GLOSSARY

    commands = [each.name or str(getattr(each.callback, "__name__", "")) for each in app.registered_commands]
    if not words:
        listed = (fill(", ".join(names), 78, break_on_hyphens=False) for names in (GLOSSARY, sorted(commands)))
        tell("symverify help WORD explains one of these words:", *next(listed).splitlines(), "")
        tell("and the options of one of these commands:", *next(listed).splitlines())
        return
    given = " ".join(words).lower()
    found = next((each for each in (given, given.replace(" ", "_"), given.removesuffix("s")) if each in GLOSSARY), None)
    if found is None and given not in commands:
        raise Usage(f"there is no word {given!a:.60} here", f"symverify help lists them{meant(given, GLOSSARY)}")
    if found is not None:
        tell(*fill(f"{found}: {GLOSSARY[found]}", 78, break_on_hyphens=False).splitlines())
    if given in commands:
        tell(*([""] if found is not None else []))
        app([given, "--help"], prog_name="symverify", standalone_mode=False)
