"""The code blocks of README and of the site, run in order as a reader would, in a folder with examples/ and proofs/.

- `console`: lines that begin with `$` are commands, what follows is what they print. Commands are `symverify …`, which
  are processes where `run` is told so, `python -I -m symverify.kernel …`, `cat FILE` and `echo $?`.
- `pycon`: a Python session; one namespace for a page.
- `python`: a program; a line `print(x)  # y` says that repr(x) is y.
- `{code-block} LANGUAGE` with a caption: a file of that name, written into the folder.
- `json` with a `format` of network files is loaded, other JSON and YAML is parsed. `sh` is not run: it installs.
"""

import contextlib
import doctest
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.run.inside import ROOT, inside

FENCE = re.compile(r"^(?P<fence>```+)(?P<kind>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
NOT_RUN = {"sh", "text", ""}


@dataclass(frozen=True, slots=True)
class Ran:
    """Something that a page shows, what it shows of it, and what came of it."""

    what: str
    shown: str
    found: str


def masked(text: str) -> str:
    """Lines without trailing blanks, and without the seconds, which differ from run to run."""
    text = re.sub(r' time="[0-9.]+"', ' time="#"', text)
    return "\n".join(re.sub(r" *\b[0-9]+\.[0-9]{2}$", " #.##", line.rstrip()) for line in text.strip().splitlines())


def prepared(folder: Path) -> Path:
    """The folder with copies of examples/ and proofs/."""
    for name in ("examples", "proofs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("rocq"))
    return folder


def run(page: str, folder: Path, processes: bool = False) -> Iterator[Ran]:
    """Every block of a page, in order; its commands as processes of their own, or in this one."""
    names: dict[str, Any] = {}
    for found in FENCE.finditer(page):
        kind, body = found["kind"].strip(), found["body"]
        if kind.startswith("{code-block}"):
            option = re.match(r":caption: (\S+)\n\n?", body)
            if option is not None:
                target = folder / option[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body[option.end() :], encoding="utf-8")
        elif kind == "console":
            yield from _console(body, folder, processes)
        elif kind in ("pycon", "python"):
            with contextlib.chdir(folder):
                yield from (_session if kind == "pycon" else _program)(body, names)
        elif kind not in NOT_RUN and not kind.startswith("{"):
            _parsed(kind, body)


def _console(body: str, folder: Path, processes: bool) -> Iterator[Ran]:
    code = 0
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE):
        if not part.strip():
            continue
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        if words[:2] == ["echo", "$?"]:
            yield Ran(command, shown, str(code))
            continue
        if words[0] == "symverify" and not processes:
            done = inside(*words[1:], cwd=folder)
        else:
            done = subprocess.run(
                _program_of(words), capture_output=True, text=True, cwd=folder, check=False, timeout=300
            )
        code = done.returncode
        yield Ran(command, shown, done.stdout + done.stderr)


def _program_of(words: list[str]) -> list[str]:
    match words:
        case ["symverify", *rest]:
            return [sys.executable, "-c", "from symverify.cli import main; main()", *rest]
        case ["python", *rest]:
            kernel = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import runpy; "
            module = rest.index("-m")
            options, arguments = rest[:module], rest[module + 1 :]
            run_it = (
                f"sys.argv = {arguments!r}; runpy.run_module({arguments[0]!r}, run_name='__main__', alter_sys=True)"
            )
            return [sys.executable, *options, "-c", kernel + run_it]
        case ["cat", *_]:
            return words
    raise ValueError(f"a page shows a command that is not run: {words}")


def _session(body: str, names: dict[str, Any]) -> Iterator[Ran]:
    test = doctest.DocTestParser().get_doctest(body, names, "page", None, None)
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    failed = runner.run(test, out=said.append, clear_globs=False).failed
    names.update(test.globs)
    yield Ran(body, "", "".join(said) if failed else "")


def _program(body: str, names: dict[str, Any]) -> Iterator[Ran]:
    with contextlib.redirect_stdout(None):
        exec(body, names)
    for expression, shown in re.findall(r"^print\((.*)\)  # (.*)$", body, re.MULTILINE):
        yield Ran(expression, shown, repr(eval(expression, names)))


def _parsed(kind: str, body: str) -> None:
    if kind == "json":
        if json.loads(body).get("format") == "symverify-network/1":
            from symverify import loads

            loads(body)
    elif kind == "yaml":
        import yaml  # type: ignore[import-untyped]

        yaml.safe_load(body)
    elif kind not in ("csv", "text", "python"):
        raise ValueError(f"a page has a block of an unknown kind: {kind}")
