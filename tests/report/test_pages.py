"""The HTML page: well-formed, complete in itself, escaped, and in a browser readable on a phone and on a desk."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from symverify.api.results import CheckResult
from symverify.problem.load import loads
from symverify.report.explain import explain, render
from symverify.report.html import claims_table
from symverify.run.check import ClaimResult
from symverify.run.verdict import Verdict
from tests.kernel.accepted import CASES
from tests.report.told import HOSTILE, LONG, accepted, dump, precise, renamed, shown

THEOREM = "theorem 1"
VOID = {"meta", "br", "img", "hr", "input", "link", "wbr"}


class Reader(HTMLParser):
    """Collects tags with their attributes and checks that every element is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def pages() -> list[str]:
    return [*CASES, "hostile", "long", "precise", "rejected"]


def page(name: str) -> str:
    match name:
        case "hostile":
            return render(renamed(THEOREM, HOSTILE), "html")
        case "long":
            return render(renamed(THEOREM, LONG), "html")
        case "precise":
            return render(explain(*precise()), "html")
        case "rejected":
            return render(explain(accepted(THEOREM)[0], b'{"format": "<b>"}'), "html")
    return shown(name, "html")


@pytest.mark.parametrize("name", pages())
def test_pages_are_balanced_and_complete_in_themselves(name: str) -> None:
    text = page(name)
    reader = Reader(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    for tag, attributes in reader.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "input")
        assert not any(key.startswith("on") or key == "style" for key in attributes)
        for key in ("src", "href", "xlink:href", "action", "srcset"):
            target = attributes.get(key)
            assert target is None or (target.startswith("#") and target[1:] in reader.ids)
    outside = re.findall(r"(?:https?:)?//[^\s\"'<]+", re.sub(r"<title>.*?</title>|<h1>.*?</h1>", "", text))
    assert {address for address in outside if "w3.org" not in address} <= set()
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


@pytest.mark.parametrize("name", pages())
def test_headings_follow_each_other_and_parts_have_names(name: str) -> None:
    tags = Reader(page(name)).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert all("aria-labelledby" in attributes for tag, attributes in tags if tag == "svg")
    assert all("alttext" in attributes for tag, attributes in tags if tag == "math")
    assert ("html", {"lang": "en"}) in tags


@pytest.mark.parametrize("name", pages())
def test_formulas_and_pictures_are_xml(name: str) -> None:
    text = page(name)
    for part in re.findall(r"<math.*?</math>|<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(part)


def test_the_policy_lets_only_this_style_and_script_run() -> None:
    text = page(THEOREM)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    for tag in ("style", "script"):
        (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]


def test_hostile_names_are_escaped_in_the_page() -> None:
    text = page("hostile")
    assert "<script>document" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert r"\u202e" in text
    assert "&lt;script&gt;document.title=&#x27;pwned&#x27;" in text


def test_the_page_without_script_has_every_word_of_the_text() -> None:
    text = re.sub(r"<(script|style|svg).*?</\1>", "", page(THEOREM), flags=re.DOTALL)
    for words in ("is a spurious local minimum", "What is proved", "The strict inequalities", "What this rests on"):
        assert words in html.unescape(text)


def test_exact_values_can_be_unfolded() -> None:
    text = page("precise")
    assert re.search(r"<details class=\"exact\"><summary>Exact values \(\d\)</summary>", text)
    assert str(10**60 + 7) in text
    assert 'class="q" data-tip="' in text


# the notebook's table


def result(name: str, reason: str, risk: str) -> CheckResult:
    claim = ClaimResult(name, Verdict.PROVED, reason, 0.5, {"risk": risk, "better_risk": None})
    document = json.loads(accepted(THEOREM)[0].network) | {"name": name}
    return CheckResult(loads(json.dumps(document)), (claim,), None, alarms=(HOSTILE,))


def test_the_claims_table_is_escaped_and_balanced() -> None:
    table = claims_table(result(HOSTILE, HOSTILE, "1/" + "7" * 60))
    reader = Reader(table)
    assert reader.open == []
    assert {tag for tag, _ in reader.tags} <= {
        "table", "caption", "bdi", "code", "thead", "tbody", "tr", "th", "td", "p", "strong", "br"
    }  # fmt: skip
    assert "\u202e" not in table
    assert f'title="1/{"7" * 60}"' in table
    assert "ALARM" in table
    assert "<td>observed, not certified: " in table


def test_a_result_shows_its_claims_in_a_notebook() -> None:
    found = result("four", "because", "3/20")._repr_html_()
    assert "<td>3/20</td>" in found
    assert "<td>proved</td>" in found
    assert "CONTRADICTED" in found


# in a browser

MEASURE = """<script>
for (const part of document.querySelectorAll("details")) part.open = true;
const root = document.documentElement;
const point = document.querySelector("svg .at");
if (point) point.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 40, clientY: 40}));
const wide = [...document.querySelectorAll("main *")].filter((node) => {
  const inside = node.closest(".scroll, .formula, .rule, pre, svg");
  return !inside && node.getBoundingClientRect().right > innerWidth + 1;
});
const tip = document.getElementById("tip");
root.setAttribute("data-seen", JSON.stringify({
  scroll: root.scrollWidth, inner: innerWidth, title: document.title, wide: wide.map((node) => node.tagName),
  tip: tip && !tip.hidden ? tip.textContent : "",
  math: document.querySelector("math")?.getBoundingClientRect().height ?? 0,
  svg: document.querySelector("svg")?.getBoundingClientRect().width ?? 0,
}));
</script></body>"""


def seen(text: str, folder: Path, width: int) -> SimpleNamespace:
    """What a browser makes of the page, with every part unfolded and without the policy's protection."""
    bare = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", text).replace("</body>", MEASURE)
    found = re.search(r'data-seen="([^"]*)"', dump(bare, folder, width))
    assert found is not None
    return SimpleNamespace(**json.loads(html.unescape(found[1])))


@pytest.mark.parametrize(
    ("name", "width"),
    [(THEOREM, 390), (THEOREM, 1280), ("hostile", 390), ("hostile", 1280), ("long", 390), ("precise", 390)],
)
def test_pages_fit_a_phone_and_a_desk(name: str, width: int, tmp_path: Path) -> None:
    found = seen(page(name), tmp_path, width)
    assert found.inner <= max(width, 500)
    assert found.scroll <= found.inner
    assert found.wide == []
    assert found.title.startswith("PROVED: ")
    assert found.title != "pwned"
    assert found.math > 8
    assert 200 < found.svg <= found.inner
    assert "risk" in found.tip


def test_the_policy_does_not_stop_the_pages_own_script(tmp_path: Path) -> None:
    assert '<div id="tip"' in dump(page(THEOREM), tmp_path, 800)
