"""Pages as a browser lays them out, on a phone, on a desk and on paper: nothing too wide, no words over others."""

import html
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from symverify.problem.load import load, loads
from symverify.report.explain import explain, render
from symverify.run.check import check
from tests.examples import network, samples
from tests.report.test_pages import THEOREM
from tests.report.told import HOSTILE, LONG, browse, browser, precise, renamed
from tests.search.test_box import DECAY, KINK

ROOT = Path(__file__).parents[2]


def kept(name: str) -> str:
    """The page of a certificate in proofs/."""
    folder = ROOT / "proofs" / name
    return render(explain(load(folder / "network.json"), (folder / "network.symcert.json").read_bytes()), "html")


def proved(document: Any, *claims: str) -> str:
    """The page of what is proved about a network file."""
    problem = loads(document)
    certificate = check(problem, list(claims), smt=False).certificate
    assert certificate is not None
    return render(explain(problem, certificate), "html")


def floats() -> str:
    """Data as floats are: every fraction of the proof has many digits."""
    source = random.Random(3)
    points = [(str(Fraction(source.uniform(-2, 2))), str(Fraction(source.gauss(0, 1)))) for _ in range(14)]
    data = samples([[x] for x, _ in points], [[y] for _, y in points])
    return proved(network([1, 3, 1], "relu", data) | {"loss": "squared"}, "spurious_minimum", "valley", "global_bounds")


PAGES: dict[str, Callable[[], str]] = {
    "four points": lambda: kept("four-points"),
    "boundary": lambda: kept("boundary"),
    "cells": lambda: kept("two-valleys"),
    "every face": lambda: kept("every-face"),
    "an atlas": lambda: proved((ROOT / "examples/two-valleys.json").read_text(encoding="utf-8"), "face_atlas"),
    "deep": lambda: kept("deep-vector"),
    "classes": lambda: kept("classes"),
    "logistic": lambda: kept("logistic-xor"),
    "convolution": lambda: kept("convolution"),
    "skip": lambda: kept("residual"),
    "image": lambda: proved((ROOT / "examples/image.json").read_text(encoding="utf-8"), "valley"),
    "traps": lambda: proved((ROOT / "examples/two-valleys.json").read_text(encoding="utf-8"), "cell_traps"),
    "radii": lambda: kept("robust-valleys"),
    "symbols": lambda: kept("cone"),
    "slopes": lambda: proved(
        (ROOT / "examples/four-points.json").read_text(encoding="utf-8"), "every_slope", "spurious_labels"
    ),
    "spike": lambda: kept("spike"),
    "a box": lambda: proved(KINK, "minimum_in_box"),
    "a box with decay": lambda: proved(DECAY, "minimum_in_box", "global_bounds"),
    "floats": floats,
    "precise": lambda: render(explain(*precise()), "html"),
    "hostile": lambda: render(renamed(THEOREM, HOSTILE), "html"),
    "long": lambda: render(renamed(THEOREM, LONG), "html"),
}
PRINTED = ("four points", "every face", "deep", "image", "cells", "a box with decay", "floats", "hostile")
WIDTHS = (390, 1280)


@cache
def page(name: str) -> str:
    return PAGES[name]()


LOOK = """
for (const part of document.querySelectorAll("details")) part.open = true;
const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
const over = [];
for (const svg of document.querySelectorAll("svg")) {
  const words = [...svg.querySelectorAll("text")].map((node) => [node.textContent, node.getBoundingClientRect()]);
  words.forEach(([a, box], i) =>
    words.slice(i + 1).forEach(([b, other]) => { if (meet(box, other)) over.push([a, b]); }));
}
const wide = [...document.querySelectorAll("main *")].filter((node) =>
  !node.closest(".scroll, .formula, .rule, pre, svg, .print") && node.getBoundingClientRect().right > innerWidth + 1);
const open = document.querySelector("body").cloneNode(true);
for (const part of open.querySelectorAll("details, script, style, .print, #tip")) part.remove();
const halves = (node) => [...node.children].map((half) => half.textContent).join("/");
const fractions = [...open.querySelectorAll("mfrac")].map(halves);
const long = [...fractions, ...(open.textContent.match(/[0-9]+\\/[0-9]+/g) ?? [])].filter((x) => x.length > 13);
const seen = {
  inner: innerWidth, scroll: document.documentElement.scrollWidth, over,
  wide: wide.map((node) => node.outerHTML.slice(0, 80)), numbers: long,
};
parent.document.documentElement.setAttribute(`data-${number}-${innerWidth}`, JSON.stringify(seen));
"""


def looked_at(texts: list[str], folder: Path) -> list[dict[int, Any]]:
    """What two windows of one browser, 390 and 1,280 pixels wide, make of each page with everything unfolded."""
    frames = ""
    for number, text in enumerate(texts):
        bare = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", text)
        bare = bare.replace("</body>", f"<script>const number = {number};{LOOK}</script></body>")
        for width in WIDTHS:
            frames += f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{html.escape(bare)}"></iframe>'
    dom = browse(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}</body>", folder, "--dump-dom", 1300)
    attributes = dom.decode("utf-8").partition("<head>")[0]
    said = {key: json.loads(html.unescape(each)) for key, each in re.findall(r'data-([0-9-]+)="([^"]*)"', attributes)}
    return [{width: said[f"{number}-{width}"] for width in WIDTHS} for number in range(len(texts))]


def test_pages_fit_and_no_words_are_over_others(tmp_path: Path) -> None:
    browser()
    for name, found in zip(PAGES, looked_at([page(name) for name in PAGES], tmp_path), strict=True):
        for width, seen in found.items():
            assert seen["inner"] == width, name
            assert seen["scroll"] <= width, name
            assert seen["wide"] == [], name
            assert seen["over"] == [], name
            assert seen["numbers"] == [], name


def test_what_is_wrong_with_a_page_is_seen(tmp_path: Path) -> None:
    text = page("four points").replace(
        "</main>",
        '<p style="width:1400px">3/20 and 12345678/12345679</p><svg width="300" height="40"><text y="20">one</text>'
        '<text y="22">two</text></svg></main>',
    )
    right, wrong = looked_at([page("four points"), text], tmp_path)
    assert all(seen["scroll"] <= width and seen["over"] == [] for width, seen in right.items())
    for width, seen in wrong.items():
        assert seen["scroll"] > width
        assert len(seen["wide"]) == 1
        assert seen["over"] == [["one", "two"]]
        assert seen["numbers"] == ["12345678/12345679"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in PRINTED else pytest.mark.long) for name in PAGES]
)
def test_a_print_has_at_most_four_pages(name: str, tmp_path: Path) -> None:
    browser()
    browse(page(name), tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}", 1000)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())) <= 4


def test_the_page_of_a_given_point_begins_with_it() -> None:
    text = page("four points")
    statements = re.findall(r"<li><strong>([a-z ]+) – ", text)
    assert statements[0] == "point"
    assert statements[-1] == "assumptions"
    assert text.index("the given point, spurious local minimum</h3>") < text.index("<summary>Pictures of")


def test_pages_are_the_same_bytes_each_time() -> None:
    script = "from tests.report.test_screens import page; import sys; sys.stdout.write(page('every face'))"
    seeds = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PATH": str(Path(sys.executable).parent)},
            capture_output=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for seed in ("1", "2")
    ]
    assert seeds[0] == seeds[1] == page("every face").encode()
