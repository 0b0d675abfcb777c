"""LaTeX: what is written fits on the page and compiles, and the list of exact values is that of what is shown."""

import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from symverify.kernel.table import RULES
from symverify.problem.load import load
from symverify.report import escape
from symverify.report.document import Block, Display, Inference, Inline, More, Section, Stranger, Table, para, table
from symverify.report.explain import Explanation, Form, explain, render
from symverify.report.formula import m, matrix
from symverify.run.verdict import Verdict
from tests.report.told import HOSTILE, renamed

PROOFS = Path(__file__).parents[2] / "proofs"
KEPT = sorted(path.parent.name for path in PROOFS.glob("*/network.json"))
THIRD = Fraction(10**30 + 1, 3 * 10**30)
WIDE = 3.0  # points
RAGGED = r">{\raggedright\arraybackslash}"
LETTERS = "".join(letter for letter in map(chr, range(0xC0, 0x17F)) if letter.isalpha())


def kept(name: str) -> str:
    """A certificate in proofs/, told in LaTeX with all exact values."""
    folder = PROOFS / name
    told = explain(load(folder / "network.json"), (folder / "network.symcert.json").read_bytes())
    return render(told, "latex", whole=True)


def told(*blocks: Block, form: Form = "latex", context: str = "a network") -> str:
    """One section with these blocks, and its exact values."""
    section = Section("one", 2, ("One",), blocks)
    return render(Explanation("blocks", context, Verdict.PROVED, "proved", (section,)), form, whole=True)


def characters(cell: str) -> int:
    """About how many characters a written cell shows on one line."""
    cell = re.sub(r"\\frac\{\d+\}\{(\d+)\}", r"\1", cell.replace(r" , \allowbreak", ","))
    shown = re.sub(r"\\(allowbreak\{\}|texttt|textbf|ensuremath|mathrm|hat|tilde|bar)|[${}^]", "", cell)
    return len(re.sub(r"\\[A-Za-z]+ ?|\\.", "x", shown).strip())


def columns(page: str) -> list[tuple[float, list[str]]]:
    """Of each table the width, as a part of the text's, of its columns that wrap; and of the others the longest cells.

    A line of text has 76 characters or more.
    """
    found = []
    for kinds, body in re.findall(r"\\begin\{longtable\}\[l\]\{([^\n]*)\}\n(.*?)\\end\{longtable\}", page, re.DOTALL):
        parts = re.findall(r"l|p\{([0-9.]+)\\textwidth\}", kinds.replace(RAGGED, ""))
        rows = [re.split(r"(?<!\\)&", row) for row in body.replace(r" \hline \endhead", "").split("\\\\\n") if row]
        one_line = [k for k, width in enumerate(parts) if not width]
        longest = [max((row[k] for row in rows), key=characters) for k in one_line]
        found.append((sum(float(width or 0) for width in parts), longest))
    return found


# the text that is written


@pytest.mark.parametrize("name", KEPT)
def test_no_table_is_wider_than_the_text(name: str) -> None:
    tables = columns(kept(name))
    assert tables
    for wrapped, longest in tables:
        assert wrapped + sum(map(characters, longest)) / 76 < 1, longest


def test_the_widest_columns_share_what_the_others_leave() -> None:
    words = "a sentence of many words that goes on and on " * 4
    (short,) = columns(told(*table("", ("step", "proves"), [("0", "a few words")])))
    (one,) = columns(told(*table("", ("step", "rule", "proves"), [("0", "point", words)])))
    (two,) = columns(told(*table("", ("said", "step", "proves"), [(Stranger(words), "0", words)])))
    assert (short[0], len(short[1])) == (0, 2)
    assert 0.7 < one[0] < 1
    assert len(one[1]) == 2
    assert 0.8 < two[0] < 1
    assert len(two[1]) == 1


def test_words_and_vectors_that_no_line_holds_are_broken() -> None:
    page = told(
        para("the cells ", "0110" * 30, " and ", m("(", *[part for _ in range(50) for part in (THIRD, ",")], ")"))
    )
    assert page.count(r"01100110\allowbreak{}") == 14
    assert page.count(r", \allowbreak") == 50


def test_no_rule_has_a_sign_that_is_spelled_out() -> None:
    for name, rule in RULES.items():
        lines = (rule.__doc__ or "").splitlines()
        assert not [line for line in lines if re.search(r"\\textbackslash\{\}[uxU]", escape.latex(line))], name


def test_letters_that_the_fonts_lack_are_spelled_out() -> None:
    spelled = [letter for letter in LETTERS if escape.latex(letter) != letter]
    assert spelled == list("ĦħĸĿŀŉŦŧ")
    assert escape.latex("ħ é") == r"\textbackslash{}u0127 é"
    assert escape.latex("θ̂ 漢\u0302") == r"\ensuremath{\hat{\theta}} \textbackslash{}u6f22\textbackslash{}u0302"


def test_a_rules_name_beside_a_long_conclusion_has_a_line_of_its_own() -> None:
    close, apart = (told(Inference("point", ("a",), (line,))) for line in ("b", "b " * 40))
    assert r"\\[-2.2ex]" in close
    assert r"\\[-2.2ex]" not in apart


# the exact values


def listed(page: str) -> list[str]:
    """The values in the list."""
    return re.findall(r"-?[0-9]+/[0-9]+(?=;| *$)", page.replace(r"\allowbreak{}", "").replace("{-}", "-"), re.MULTILINE)


@pytest.mark.parametrize("form", ["latex", "text"])
def test_exact_values_are_those_of_what_is_shown(form: Form) -> None:
    heading: tuple[tuple[Inline, ...], ...] = ((m("x =", THIRD / 2),), ("y",))
    shown = Table((), heading, (((m(THIRD / 3),), ("0",)),))
    blocks = (
        para(m(THIRD)),
        More("aside", (para(m(THIRD / 5)),), aside=True),
        shown,
        More("rows", (para(m(THIRD / 7)),)),
    )
    values = [THIRD, THIRD / 2, THIRD / 3, THIRD / 7]
    assert listed(told(*blocks, form=form)) == list(map(str, values))


def test_pages_and_markdown_show_asides_and_their_values() -> None:
    for form in ("markdown", "html"):
        page = told(More("aside", (para(m(THIRD)),), aside=True), form=form)
        assert str(THIRD) in page


@pytest.mark.parametrize("form", ["latex", "text", "markdown"])
def test_a_list_of_exact_values_that_is_cut_says_so(form: Form) -> None:
    several = [para(m(THIRD / k)) for k in range(1, 120)]
    assert "19 more are in the certificate" in told(*several, form=form)
    assert "more are in the certificate" not in told(*several[:100], form=form)


# compiled


def compiled(page: str, folder: Path) -> str:
    """The log of pdfLaTeX's second run on it, which has to succeed; skips where there is none."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("no pdflatex on this machine: install it with apt-get install texlive-latex-base")
    (folder / "page.tex").write_text(page, encoding="utf-8")
    for _ in "ab":
        command = [program, "-interaction=nonstopmode", "-no-shell-escape", "page.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
        log = (folder / "page.log").read_text(encoding="latin-1")
        assert not re.findall(r"^!.*", log, re.MULTILINE)
        assert done.returncode == 0
    assert (folder / "page.pdf").stat().st_size > 0
    return log


def too_wide(log: str) -> list[float]:
    """By how many points boxes are too wide, or too high."""
    return [float(size) for size in re.findall(r"Overfull \\[hv]box \(([0-9.]+)pt", log) if float(size) > WIDE]


@pytest.mark.parametrize("name", ["robust-valleys", "committee"])
def test_kept_proofs_compile_and_nothing_runs_off_the_page(name: str, tmp_path: Path) -> None:
    assert too_wide(compiled(kept(name), tmp_path)) == []


def test_what_runs_off_the_page_is_found_in_the_log(tmp_path: Path) -> None:
    page = re.sub(r"p\{[0-9.]+\\textwidth\}", "l", kept("cone").replace(RAGGED, ""))
    assert max(too_wide(compiled(page, tmp_path))) > 1000


def test_long_sums_and_wide_matrices_fit(tmp_path: Path) -> None:
    total = m("R =", *[part for k in range(1, 12) for part in ("+", THIRD / k, f"t^{k}")])
    several = [matrix([[Fraction(-k, 7 * k + 1) / 10**6 for k in range(size)]] * 2) for size in (3, 8)]
    whole = m("W_1 =", several[1], ",", "b_1 =", several[0])
    entries = [m("1 −", THIRD, "t", "+", THIRD, "t^2") for _ in range(8)]
    page = told(Display((total,)), Display((whole, m("x = 1"))), Display((m("W_2 =", matrix([entries])),)))
    assert page.count(r"\resizebox{0.95\linewidth}") >= 1
    assert r"\begin{align*}" not in page
    assert r"\begin{align*}" in told(Display((m("x = 1"),)))
    assert too_wide(compiled(page, tmp_path)) == []


def test_hostile_names_long_lines_and_all_letters_compile(tmp_path: Path) -> None:
    signs = "".join((*escape.MATHEMATICS, "ħθ̂x̃–“”€✓₀₁"))
    said = [para(letter) for letter in (*LETTERS, *signs)]
    page = told(*said, *table("", ("a", "b"), [(signs, Stranger("n" * 900))]), context="many words " * 20)
    for k, each in enumerate((page, render(renamed("theorem 1", HOSTILE), "latex"))):
        folder = tmp_path / str(k)
        folder.mkdir()
        assert too_wide(compiled(each, folder)) == []
