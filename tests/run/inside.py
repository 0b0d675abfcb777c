"""Commands run inside this process: what they return and print, without the half second that a process takes to begin.

For tests of what a command says; those of the process itself (streams, signals, imports) start one.
"""

import contextlib
import io
import sys
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from symverify.cli import run as command

ROOT = Path(__file__).parents[2]


def inside(*arguments: object, cwd: Path = ROOT, said: str = "") -> CompletedProcess[str]:
    """A command's code and output, as `subprocess.run` would have them; `said` is on its standard input."""
    output, errors, given = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(said.encode()))
    here = contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors)
    with contextlib.chdir(cwd), patch.object(sys, "stdin", given), here[0], here[1]:
        code = command(list(map(str, arguments)))
    return CompletedProcess(list(arguments), code, output.getvalue(), errors.getvalue())
