"""Explanations: what they say, in every form; what is rejected is never told as a proof."""

import json
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from symverify.kernel.table import RULES
from symverify.problem.load import load, loads
from symverify.report import escape
from symverify.report.document import Inference, Section, prose, say
from symverify.report.explain import FORMS, Explanation, Form, explain, render
from symverify.report.formula import Num, Script, latex, m, matrix, text, text_lines
from symverify.report.mathml import mathml
from symverify.report.rationals import decimal, exact, short
from symverify.report.story import inference
from symverify.report.tellers import TELLINGS
from symverify.run.check import check
from symverify.run.verdict import Verdict
from tests.examples import network, samples
from tests.kernel.accepted import CASES, proof
from tests.kernel.reals.made import control
from tests.report.told import HOSTILE, LONG, accepted, files, precise, renamed, shown, told
from tests.search.test_box import boxed

ROOT = Path(__file__).parents[2]
THEOREM = "theorem 1"
ALL_FORMS = pytest.mark.parametrize("form", FORMS)


@pytest.mark.parametrize("name", CASES)
@ALL_FORMS
def test_every_accepted_certificate_is_told_in_every_form(name: str, form: Form) -> None:
    page = shown(name, form)
    assert told(name).verdict in (Verdict.PROVED, Verdict.REFUTED)
    for index, step in enumerate(CASES[name].proof["steps"]):
        assert f"Step {index}." in page
        assert step["rule"].replace("_", r"\_") in page or step["rule"] in page


@ALL_FORMS
def test_the_theorem_is_told_with_its_numbers(form: Form) -> None:
    page = shown(THEOREM, form)
    risk = {"text": "3/20", "markdown": r"\frac{3}{20}", "latex": r"\frac{3}{20}"}.get(
        form, "<mfrac><mn>3</mn><mn>20</mn></mfrac>"
    )
    assert risk in page
    for words in ("is a spurious local minimum", "infinitely many", "The cell.", "first-order minorant", "convex"):
        assert words.replace("-", "{-}") in page or words in page
    assert told(THEOREM).lines[-1].split("problem=")[1] in page.replace(r"\allowbreak{}", "")


def test_text_shows_matrices_inequalities_and_residuals() -> None:
    page = shown(THEOREM, "text")
    assert "W₁ = ⎣    0 ⎦,   b₁ = ⎣    1 ⎦" in page
    assert "1, 1         1–4      z > 0       14/5, 31/10, 17/5, 37/10" in page
    assert "4  1   7/10       −3/10" in page
    assert "R(θ₂) = 0 < 3/20 = R(θ₁)" in page
    assert "−3 − t" in page


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_figure_or_a_description(rule: str) -> None:
    figure, _ = inference(rule)
    assert figure.premises or figure.conclusion
    assert rule in TELLINGS or figure.conclusion


def test_tellings_are_about_known_facts_and_have_reasons() -> None:
    assert all(telling.because.startswith("Sound") for rule, telling in TELLINGS.items() if rule != "assumptions")


def test_an_unknown_rule_is_told_by_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TELLINGS, "interior_minimum")
    page = render(explain(*accepted(THEOREM)), "text")
    assert "Step 2. interior_minimum" in page
    assert "is a local minimum: strictly inside its cell, in whose closure no point has lower risk" in page.replace(
        "\n", " "
    )
    assert "Sound: ℓ is convex" in page


def test_a_rule_without_documentation_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TELLINGS, "interior_minimum")
    monkeypatch.setattr(RULES["interior_minimum"], "__doc__", None)
    page = render(explain(*accepted(THEOREM)), "text")
    assert "Step 2. interior_minimum" in page
    assert "Proved: θ₁, of risk 3/20, is a local minimum" in page


# what is no proof


def wrong_risk() -> bytes:
    value = proof(THEOREM)
    claim = next(claim for claim in value["claims"] if claim["claim"] == "spurious_minimum")
    claim["risk"] = "4/20"[0] + "/21"
    return json.dumps(value).encode()


NO_PROOFS = {
    "a wrong number": (wrong_risk(), Verdict.REJECTED, "claimed '4/21', proved '3/20'"),
    "another problem": (
        json.dumps(proof(THEOREM) | {"problem": "0" * 64}).encode(), Verdict.REJECTED, "about another problem"
    ),
    "not JSON": (b"{", Verdict.MALFORMED, "not JSON"),
    "a newer format": (
        json.dumps(proof(THEOREM) | {"format": "symverify-certificate/9"}).encode(), Verdict.MALFORMED,
        "this kernel reads",
    ),
    "hostile text": (json.dumps({"format": HOSTILE}).encode(), Verdict.MALFORMED, "this kernel reads"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_PROOFS)
@ALL_FORMS
def test_what_the_kernel_does_not_accept_is_never_told_as_a_proof(case: str, form: Form) -> None:
    certificate, verdict, reason = NO_PROOFS[case]
    explanation = explain(accepted(THEOREM)[0], certificate)
    page = render(explanation, form)
    assert explanation.verdict is verdict
    assert verdict.value.upper() in page
    assert [section.key for section in explanation.sections] == ["outcome"]
    unescaped = re.sub(r"\\allowbreak\{\}|\\(?=[^a-z])", "", page).replace("{-}", "-").replace("&#x27;", "'")
    assert reason.replace("'", "") in unescaped.replace("'", "").replace("\n    ", " ")
    assert "is a local minimum" not in page
    assert not explanation.scenes


def test_a_kernel_that_gives_up_is_told_as_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("symverify.report.explain.check", exhausted)
    assert explain(*accepted(THEOREM)).verdict is Verdict.UNDECIDED


def test_data_that_changed_after_loading_are_not_told_as_the_old_ones() -> None:
    problem, certificate = accepted(THEOREM)
    stale = replace(problem, problem=replace(problem.problem, sha256="0" * 64))
    explanation = explain(stale, certificate)
    assert explanation.verdict is Verdict.REJECTED
    assert "the data file has changed" in render(explanation, "text")


def test_an_unknown_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="known: text, markdown, latex, html"):
        render(told(THEOREM), "pdf")  # type: ignore[arg-type]


# hostile names


def test_hostile_names_in_text_are_ascii_on_one_line() -> None:
    page = render(renamed(THEOREM, HOSTILE), "text")
    first = page.splitlines()[0]
    assert first.isascii()
    assert r"\u202e" in first
    assert "\x1b" not in page
    assert "\n# heading" not in page


def test_hostile_names_in_markdown_are_one_escaped_heading() -> None:
    page = render(renamed(THEOREM, HOSTILE), "markdown")
    head = page.splitlines()[0]
    assert not re.search(r"(?<!\\)[<>\[\]`|*_$&]", head)
    assert "\u202e" not in page
    assert "\n# heading" not in page
    assert "http://" not in page


def test_hostile_names_in_latex_are_no_commands() -> None:
    page = render(renamed(THEOREM, HOSTILE), "latex")
    title = next(line for line in page.splitlines() if line.startswith(r"\title"))
    assert r"\input" not in page
    assert r"\textbackslash{}" in title
    assert not re.search(r"(?<!\\)[$%&#_]", title)
    assert r"\textbackslash{}u6f22" in title
    assert "é" in title


def test_brackets_after_line_ends_are_no_arguments_in_latex() -> None:
    assert escape.latex("[1ex] * -- ]") == "{[}1ex{]} {*} {-}{-} {]}"


@ALL_FORMS
def test_long_names_are_cut(form: Form) -> None:
    page = render(renamed(THEOREM, LONG), form)
    assert "n" * 201 not in page


@pytest.mark.parametrize("name", [*CASES, "hostile"])
def test_latex_braces_and_environments_balance(name: str) -> None:
    page = render(renamed(THEOREM, HOSTILE), "latex") if name == "hostile" else shown(name, "latex")
    bare = re.sub(r"\\[{}\\]", "", page)
    assert bare.count("{") == bare.count("}")
    opened: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{(\w+\*?)\}", page):
        if kind == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert not opened
    assert page.isascii() or not re.search(r"[^\x00-\x7fÀ-ž]", page)


@ALL_FORMS
def test_equal_inputs_give_equal_bytes(form: Form) -> None:
    assert render(explain(*accepted(THEOREM)), form) == shown(THEOREM, form)


# numbers and formulas


@ALL_FORMS
def test_long_rationals_are_shown_short_with_the_exact_value_beside(form: Form) -> None:
    fraction = f"{10**60 + 7}/3{'0' * 60}"
    page, whole = (render(explain(*precise()), form, each).replace(r"\allowbreak{}", "") for each in (False, True))
    assert "0.3333" in page
    assert fraction in whole
    assert (fraction in page) == (form in ("html", "markdown"))  # there it is folded away


def test_numbers_short_and_exact() -> None:
    assert short(Fraction(-3, 20)) == "−3/20"
    assert short(Fraction(10**20 + 1, 10**21)) == "≈ 0.1"
    assert decimal(Fraction(1, 3)) == "0.3333"
    assert decimal(Fraction(1, 10**400)) == "1e-400"
    assert decimal(Fraction(10**5000)) == "1e+5000"
    assert "about 20001 digits" in exact(Fraction(10**20000 + 1, 3))
    assert exact(Fraction(22, 7)) == "22/7"


def test_a_power_of_ten_is_typeset_as_one_and_a_rounded_number_stands_apart() -> None:
    formula = m("R ( θ ) =", Fraction(-1, 3 * 10**12), "t < 10")
    large = m("(", Fraction(10**20, 3), ")")
    assert text(formula) == "R(θ) ≈ −3.33333e−13 t < 10"
    assert latex(formula) == r"R ( \theta ) {\approx} -3.33333 \cdot 10^{-13} t < 10"
    assert latex(large) == r"( {\approx} 3.33333 \cdot 10^{19} )"
    assert text(large) == "(≈ 3.33333e+19)"
    assert "<mn>−3.33333</mn><mo>·</mo><msup><mn>10</mn><mn>−13</mn></msup></mrow>" in mathml(formula)
    assert "<msup><mn>10</mn><mn>19</mn></msup>" in mathml(large)
    assert latex(m(Fraction(10**13 + 1, 3 * 10**13))) == r"{\approx} 0.333333"
    assert text(Script(Num(Fraction(2)), None, Num(Fraction(-64)))) == "2⁻⁶⁴"


def test_formulas_as_text_and_latex() -> None:
    formula = m("R ( θ_1 ) =", Fraction(3, 20), ", − y_ik^2 ≤ −", 4)
    assert text(formula) == "R(θ₁) = 3/20, −yᵢₖ² ≤ −4"
    assert latex(formula) == r"R ( \theta_{1} ) = \frac{3}{20} , - y_{i k}^{2} \le - 4"
    grid = matrix([[Fraction(1), Fraction(-1, 2)], [Fraction(0), Fraction(3)]])
    assert text_lines(m("A =", grid)) == ["    ⎡ 1  −1/2 ⎤", "A = ⎣ 0     3 ⎦"]
    assert latex(grid) == r"\left[\begin{array}{rr} 1 & -\frac{1}{2} \\ 0 & 3 \end{array}\right]"


def test_large_matrices_show_a_corner() -> None:
    rows = [[Fraction(i + j) for j in range(30)] for i in range(30)]
    assert len(matrix(rows).rows) == 9
    assert len(matrix(rows).rows[0]) == 9


def test_sentences_with_places() -> None:
    assert say("**Now** $x = {}$ and {}.", 3, "rest")[-2:] == ("rest", ".")
    with pytest.raises(ValueError, match="more parts than places"):
        say("none", 1)
    assert prose("plain").parts == ("plain",)


def test_sections_are_anchored_once() -> None:
    for name in CASES:
        explanation: Explanation = told(name)
        keys = [section.key for section in explanation.sections]
        assert len(keys) == len(set(keys))
        assert all(isinstance(section, Section) for section in explanation.sections)


def test_a_figure_is_shown_where_a_rule_is_used_first() -> None:
    figures = [
        block.rule
        for section in told(THEOREM).sections
        for block in section.blocks
        if isinstance(block, Inference)
    ]  # fmt: skip
    assert len(figures) == len(set(figures))
    assert "interior_minimum" in figures


def test_a_problem_without_a_name_is_called_what_it_is() -> None:
    problem, certificate = files(CASES[THEOREM].network, CASES[THEOREM].proof)
    assert explain(problem, certificate).title == "1-2-1 network"


@cache
def infimum(attained: bool) -> Explanation:
    """Nine halves on four points; or an infimum of 0 that a unit with a late kink only approaches."""
    if attained:
        problem = loads(network([1, 2, 1], "relu", samples([[0], [1], [2], [3]], [[0], [3], [-1], [2]])))
    else:
        late = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}
        problem = loads(network([1, 1, 1], late, samples([[1], [2]], [[1], [2]]), bias=False))
    certificate = check(problem, ["global_minimum"], smt=False).certificate
    assert certificate is not None
    return explain(problem, certificate)


@ALL_FORMS
def test_a_global_minimum_is_told_by_its_vectors(form: Form) -> None:
    page = render(infimum(True), form)
    for words in ("The vectors, each with the bound that it proves.", "Cauchy and Schwarz", "risk at least"):
        assert words in page
    if form == "text":
        vectors = [line.split() for line in page.splitlines() if line.startswith("    (") and "0" in line]
        assert vectors
        assert all(Fraction(line[-1]) >= Fraction(9, 2) for line in vectors)
        assert min(Fraction(line[-1]) for line in vectors) == Fraction(9, 2)


@ALL_FORMS
def test_an_infimum_that_is_not_attained_is_told(form: Form) -> None:
    page = render(infimum(False), form)
    for words in ("stands for every small number", "as these numbers fall to 0", "the first of them"):
        assert words in page
    if form == "text":
        assert "inf R = 0" in page
        assert "no parameters attain it: there is no global minimum" in page.replace("\n", " ").replace("    ", "")


@cache
def atlas() -> Explanation:
    """An atlas of 1-1-1 on three points, made by the search."""
    problem = loads(network([1, 2, 1], "relu", samples([0, 1, 2], [0, 1, 0]), name="atlas"))
    found = check(problem, ["atlas"], smt=False, timeout=20)
    assert found.certificate is not None
    return explain(problem, found.certificate)


@ALL_FORMS
def test_an_atlas_is_told_by_its_table_and_the_first_cells(form: Form) -> None:
    page = render(atlas(), form)
    for words in ("The atlas", "Cells with local minima", "Further steps of the same kinds", "The local minima of the"):
        assert words in page
    assert len(atlas().sections) < 20


@cache
def face_atlas() -> Explanation:
    """All local minima of 1-1-1 on three points."""
    problem = loads(network([1, 1, 1], "relu", samples([0, 1, 2], [0, 1, 0]), name="atlas"))
    found = check(problem, ["face_atlas", "global_minimum"], smt=False, timeout=20)
    assert found.certificate is not None
    return explain(problem, found.certificate)


@ALL_FORMS
def test_an_atlas_over_the_faces_is_told(form: Form) -> None:
    page = render(face_atlas(), form).replace("\n", " ")
    for words in (
        "All local minima",
        "these are all",
        "No local minimum is",
        "The local minima of the cell",
    ):
        assert words in page


def test_an_atlas_over_the_faces_is_drawn() -> None:
    assert {mark.spurious for mark in face_atlas().atlas} == {True, False}
    assert "Valleys of local minima by risk" in render(face_atlas(), "html")


def test_an_atlas_is_drawn() -> None:
    assert len(atlas().atlas) > 2
    assert all(mark.spurious is None for mark in atlas().atlas)
    assert "Valleys of local minima by risk" in render(atlas(), "html")


def test_the_valleys_of_an_atlas_are_as_many_as_is_proved() -> None:
    """One mark for each orbit, not for each cell, whose minima may form several; more than there are cards."""
    folder = ROOT / "proofs" / "two-valleys"
    told = explain(load(folder / "network.json"), (folder / "network.symcert.json").read_bytes())
    assert any(" valleys=26 " in line for line in told.lines)
    assert len(told.atlas) == 26
    assert sum(mark.components or 0 for mark in told.atlas) == 30
    page = render(told, "html")
    assert "26 valleys by risk and dimension" in page
    assert "at a point of 24 valleys, lowest risk first, and the data" in page
    assert "2 more are in the table of the atlas" in page


def test_kinks_that_open_on_one_side_of_others_are_told() -> None:
    document = json.loads((Path(__file__).parents[1] / "search" / "joint_kinks.json").read_text())
    proved = control(document, [boxed("joint_kinks.json")[1]], {"minimum_in_box": 0}).proof
    page = " ".join(render(explain(*files(document, proved)), "text").split())
    assert "The last 2 are at their breakpoints wherever the others are" in page
    assert "2 of these open only on one side of 0, or of a combination of others" in page
    assert "the risk rises in every direction in which the kinks of a unit can open together" in page
    assert "but for the last, the rate of the risk" in page
