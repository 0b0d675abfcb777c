"""What the tests of reports share: accepted certificates as files, hostile names, a browser."""

import copy
import json
import shutil
import subprocess
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symverify.problem.load import LoadedProblem, loads
from symverify.report.explain import Explanation, Form, explain, render
from tests.examples import layer, network, samples
from tests.kernel.accepted import CASES
from tests.kernel.corruption import certificate

HOSTILE = (
    "漢字 é $x$ %_{}^~# \\input{/etc/passwd} \u202egnp.exe \x1b[31m\n# heading\n "
    "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    "\"'>&amp; </title></style></svg>]]> [a](javascript:alert(1)) `code` | <!-- -- www.example.com http://example.com/"
)
LONG = "n" * 5000


def files(document: Any, proof: Any) -> tuple[LoadedProblem, bytes]:
    """A network file and its certificate."""
    return loads(json.dumps(document)), json.dumps(proof).encode()


@cache
def accepted(name: str) -> tuple[LoadedProblem, bytes]:
    """An accepted certificate of the kernel's table."""
    return files(CASES[name].network, CASES[name].proof)


@cache
def told(name: str) -> Explanation:
    """It, explained."""
    return explain(*accepted(name))


@cache
def shown(name: str, form: Form) -> str:
    """It, rendered."""
    return render(told(name), form)


def renamed(name: str, title: str) -> Explanation:
    """The same proof about a network file with another name."""
    document = copy.deepcopy(CASES[name].network) | {"name": title}
    old = CASES[name].proof
    return explain(*files(document, certificate(document, old["steps"], old["claims"])))


def precise() -> tuple[LoadedProblem, bytes]:
    """A given local minimum with coordinates of many digits, and its certificate."""
    third = str(Fraction(10**60 + 7, 3 * 10**60))
    document = network([1, 1, 1], "relu", samples([0, 1], [third, third]), parameters=[
        layer([["0"]], ["-1"]), layer([["1"]], [third])
    ])  # fmt: skip
    steps: list[Any] = [{"rule": "point", "parameters": "given"}, {"rule": "interior_minimum", "from": {"point": 0}}]
    claim: Any = {"claim": "point", "verdict": "proved", "step": 1, "risk": "0", "spurious": None, "better_risk": None}
    return files(document, certificate(document, steps, [claim]))


def browser() -> str:
    """Chromium's path; skips where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no chromium on this machine: install it with apt-get install chromium")
    return found


def dump(page: str, folder: Path, width: int) -> str:
    """The page's document after its scripts have run, in a window of that width."""
    return browse(page, folder, "--dump-dom", width).decode("utf-8")


def browse(page: str, folder: Path, what: str, width: int) -> bytes:
    """What Chromium prints about a page in a window of that width."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    quiet = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    own = f"--disable-component-update --no-pdf-header-footer --virtual-time-budget=2000 --window-size={width},1000"
    command = [browser(), *quiet.split(), *own.split(), f"--user-data-dir={folder / 'profile'}", what, path.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=240, check=True)
    return done.stdout
