"""`explain`: a certificate, replayed through the kernel, told as a proof; what the kernel rejects, as rejected."""

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from symverify.kernel import Checked, Declined, Malformed, Rejected, Theorem, check
from symverify.kernel.cells.cell_cover import UnitCells
from symverify.kernel.core.network import Problem
from symverify.problem.load import LoadedProblem
from symverify.report.atlas import Mark, marks
from symverify.report.context import context_words, title_words
from symverify.report.document import (
    Block,
    Code,
    Items,
    More,
    Section,
    Stranger,
    Strong,
    Verbatim,
    prose,
    say,
    table,
)
from symverify.report.scenes import Scene, scenes
from symverify.report.story import Story
from symverify.report.tell_points import problem_blocks
from symverify.report.tellers import subject, tell
from symverify.report.words import height_words, sentence, storey_words, theorem_words, told
from symverify.run.verdict import Verdict, worst

Form = Literal["text", "markdown", "latex", "html"]
FORMS: tuple[Form, ...] = ("text", "markdown", "latex", "html")
MANY, FEW = 12, 3  # of a rule used more than so many times, so many steps are told in full


@dataclass(frozen=True, slots=True)
class Explanation:
    """A certificate told as a proof, or why it is none. `title` is a stranger's text; `verdict` is the kernel's.

    `outcome` is the verdict in a word: "verified" where some claims are proved and others refuted, as no one was asked.
    `context` is a line about the network, the data and the loss, `cells` whether it is about the cells of a unit.
    """

    title: str
    context: str
    verdict: Verdict
    outcome: str
    sections: tuple[Section, ...]
    problem: Problem | None = None
    scenes: tuple[Scene, ...] = ()
    cells: bool = False
    atlas: tuple[Mark, ...] = ()
    lines: tuple[str, ...] = ()


def explain(problem_file: LoadedProblem, certificate: bytes) -> Explanation:
    """Replay a certificate through the kernel and tell it. Never raises for a bad certificate: the verdict says it."""
    title, context = title_words(problem_file.problem), context_words(problem_file.problem)
    try:
        checked = check(problem_file.network, certificate, problem_file.open_data)
        if checked.problem.sha256 != problem_file.sha256:
            raise Rejected("problem", "the data file has changed since the problem was loaded")
    except Malformed as error:
        faults = [f"{where or 'file'}: {what}" for where, what in error.faults]
        return _not_a_proof(title, context, Verdict.MALFORMED, "is not a well-formed certificate", faults)
    except Rejected as error:
        return _not_a_proof(title, context, Verdict.REJECTED, "does not prove what it claims", [str(error)])
    except (Declined, RecursionError, MemoryError) as error:
        what = "could not be checked within the kernel's budget"
        return _not_a_proof(title, context, Verdict.UNDECIDED, what, [str(error) or type(error).__name__])
    return account(checked, certificate)


def account(checked: Checked, certificate: bytes) -> Explanation:
    """What the kernel has found, told; the certificate's bytes serve for its hash only."""
    story, theorems = Story(checked), checked.theorems
    sections = [
        Section("statement", 2, ("What is proved",), tuple(_statements(story))),
        Section("problem", 2, ("The network, the data and the risk",), tuple(problem_blocks(story.problem))),
        Section("proof", 2, ("The proof",), (_reading_note(), *_outline(story))),
        *_steps(story),
        Section("trust", 2, ("What this rests on",), tuple(_trust(checked, certificate))),
    ]
    verdicts = [Verdict(theorem.verdict) for theorem in theorems]
    verdict = worst(verdicts)
    lines = tuple(theorem.line() for theorem in theorems)
    title, context = title_words(story.problem), context_words(story.problem)
    return Explanation(
        title,
        context,
        verdict,
        "verified" if {Verdict.PROVED, Verdict.REFUTED} <= set(verdicts) else verdict.value,
        tuple(sections),
        story.problem,
        scenes(story),
        any(isinstance(fact, UnitCells) for fact in story.facts),
        marks(story.facts),
        lines,
    )


def render(explanation: Explanation, form: Form, whole: bool = False) -> str:
    """The explanation in one of the forms; equal explanations give equal text.

    `whole`: text and LaTeX list the exact values of rounded numbers; pages and Markdown have them in details.
    """
    match form:
        case "text":
            from symverify.report.textual import as_text

            return as_text(explanation, whole)
        case "markdown":
            from symverify.report.textual import as_markdown

            return as_markdown(explanation)
        case "latex":
            from symverify.report.latex import as_latex

            return as_latex(explanation, whole)
        case "html":
            from symverify.report.html import page

            return page(explanation)
        case _:
            raise ValueError(f"unknown form {form!a}; known: {', '.join(FORMS)}")


def _not_a_proof(title: str, context: str, verdict: Verdict, what: str, reasons: list[str]) -> Explanation:
    word = {Verdict.REJECTED: "REJECTED", Verdict.MALFORMED: "MALFORMED"}.get(verdict, "UNDECIDED")
    blocks: tuple[Block, ...] = (
        prose(f"**{word}:** this certificate {what}. The kernel says:"),
        Items(tuple((Stranger(reason),) for reason in reasons[:50])),
        prose(
            "Nothing is proved by it, and so there is no proof to tell. Make the certificate again, from this very "
            "network file, with {}.",
            Code("symverify check"),
        ),
    )
    return Explanation(title, context, verdict, verdict.value, (Section("outcome", 2, (word.capitalize(),), blocks),))


# the statement


def _statements(story: Story) -> list[Block]:
    items = []
    for theorem in sorted(story.checked.theorems, key=lambda each: _rank(story, each)):
        said = sentence(theorem_words(story.checked, theorem, story.names))
        above = height_words(story.checked, theorem)
        head = Strong(f"{theorem.claim.replace('_', ' ')} – {theorem.verdict}.")
        at = subject(story.facts[theorem.step])
        rests = f"tep {theorem.step}; {storey_words(theorem)}.)"
        tail = (
            say(f" (S{rests}")
            if at is None or not at.given
            else say(f" ({{}} is the given point; s{rests}", story.theta(at))
        )
        items.append((head, " ", *said, *((" ", *sentence(above)) if above else ()), *tail))
    return [Items(tuple(items))]


def _rank(story: Story, theorem: Theorem) -> int:
    """The claims about the given point first, what is only a condition last."""
    at = subject(story.facts[theorem.step])
    return 2 if theorem.claim == "assumptions" else int(at is None or not at.given)


def _outline(story: Story) -> list[Block]:
    """The proof in short: a line for each step; of very many steps those that claims rest on directly."""
    shown = range(len(story.steps))
    if len(shown) > MANY:
        claimed = {theorem.step for theorem in story.checked.theorems}
        shown_set = claimed | {i for step in claimed if len(story.premises(step)) <= FEW for i in story.premises(step)}
        chosen = sorted(shown_set)
    else:
        chosen = list(shown)
    rows = [(str(i), Code(story.rule(i)), sentence(told(story.facts[i], story.names))) for i in chosen]
    left = len(story.steps) - len(chosen)
    more = [prose(f"{left} further steps, on which these rest, are left out here.")] if left else []
    return [*table("The proof in short.", ("step", "rule", "proves"), rows, limit=MANY), *more]


def _steps(story: Story) -> list[Section]:
    """The steps; of a rule that is used very often the first few, and the others in one table."""
    rules = [story.rule(index) for index in range(len(story.steps))]
    claimed = {theorem.step for theorem in story.checked.theorems}
    claimed |= {i for step in claimed if len(story.premises(step)) <= FEW for i in story.premises(step)}
    uses, seen, brief = Counter(rules), Counter[str](), dict[int, None]()
    for index, rule in enumerate(rules):
        if uses[rule] > MANY and seen[rule] >= FEW and index not in claimed:
            brief[index] = None
        seen[rule] += 1
    sections = [tell(story, index) for index in range(len(rules)) if index not in brief]
    if not brief:
        return sections
    rows = [(str(i), Code(rules[i]), sentence(told(story.facts[i], story.names))) for i in brief]
    blocks = table("Each is checked like the ones above.", ("step", "rule", "proves"), rows)
    return [*sections, Section("further-steps", 3, ("Further steps of the same kinds",), tuple(blocks))]


def _reading_note() -> Block:
    return prose(
        "The steps carry the numbers that they have in the certificate. A value marked ≈ is a rounded view of an exact "
        "rational, which the certificate has, a page in its details, and text with {}; no proof uses a rounded value.",
        Code("--exact"),
    )


def _trust(checked: Checked, certificate: bytes) -> list[Block]:
    hashes = (
        ("Problem, SHA-256: ", Code(checked.problem.sha256)),
        ("Certificate, SHA-256: ", Code(sha256(certificate).hexdigest())),
        (
            "To check it with Python's standard library alone: ",
            Code("python -I -m symverify.kernel NETWORK CERTIFICATE"),
        ),
    )
    return [
        prose(
            "The verdict is the kernel's: it reads the two files, recomputes every number from the problem in exact "
            "rational arithmetic and believes nothing that it can recompute. It is built in storeys; each statement "
            "above names those that its proof uses. Sentences, tables and pictures are made afterwards, from what the "
            "kernel found; pictures use rounded numbers and prove nothing."
        ),
        Items(hashes),
        More("The kernel's verdict lines", (Verbatim("\n".join(theorem.line() for theorem in checked.theorems)),)),
    ]


__all__ = ["FORMS", "Explanation", "Form", "Scene", "explain", "render"]
