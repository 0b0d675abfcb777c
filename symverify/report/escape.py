"""One escape per sink. What strangers wrote passes through the package's one door (`plain`), then the sink's escape."""

import re
from html import escape

from symverify.text import plain as door

LIMIT = 200

# What the LaTeX sink can set besides ASCII and Latin letters; also the operators of formulas.
MATHEMATICS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "θ": r"\theta",
    "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ρ": r"\rho", "σ": r"\sigma", "φ": r"\varphi", "Φ": r"\Phi",
    "Ψ": r"\Psi", "Δ": r"\Delta", "Σ": r"\sum", "∑": r"\sum", "∂": r"\partial", "ℓ": r"\ell", "∞": r"\infty",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∈": r"\in", "∉": r"\notin",
    "⊂": r"\subset", "⊆": r"\subseteq", "∩": r"\cap", "∪": r"\cup", "∅": r"\emptyset", "∘": r"\circ",
    "⟨": r"\langle", "⟩": r"\rangle", "·": r"\cdot", "×": r"\times", "−": "-", "±": r"\pm", "∓": r"\mp",
    "→": r"\to", "↦": r"\mapsto", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "≻": r"\succ", "⪰": r"\succeq",
    "∀": r"\forall", "∃": r"\exists", "∇": r"\nabla", "…": r"\ldots", "′": r"'", "ℝ": r"\mathbb{R}", "²": "^2",
    "√": r"\surd", "⌊": r"\lfloor", "⌋": r"\rfloor", "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "≪": r"\ll",
    "≫": r"\gg", "∥": r"\Vert", "⊥": r"\perp", "⊕": r"\oplus", "∖": r"\setminus",
    "π": r"\pi", "τ": r"\tau", "η": r"\eta", "κ": r"\kappa", "ω": r"\omega", "Θ": r"\Theta", "Λ": r"\Lambda",
    "ψ": r"\psi", "χ": r"\chi", "ξ": r"\xi", "ζ": r"\zeta", "ℚ": r"\mathbb{Q}", "∏": r"\prod", "∎": r"\Box",
    "⊇": r"\supseteq", "‖": r"\Vert", "⌈": r"\lceil", "⌉": r"\rceil", "°": r"^\circ", "ᵀ": r"^\top", "½": r"\tfrac12",
    "ȳ": r"\bar{y}", **{small: f"^{x}" for small, x in zip("⁰¹³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "013456789+-n", strict=True)},
}  # fmt: skip
_MARKS = {"\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar"}  # over the letter before them
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₗₚᵣₜᵤₓ", "0123456789+-ijklprtux", strict=True))
_TYPOGRAPHY = {"–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "€": "EUR", "✓": r"\ensuremath{\surd}"}
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "`": r"\textasciigrave{}", "-": "{-}",
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_UNSET = "×÷ĦħĸĿŀŉŦŧ"  # no letters, or none that LaTeX's T1 fonts have
_TOKEN = re.compile(f"[A-Za-z{''.join(MATHEMATICS)}][{''.join(_MARKS)}]|.", re.DOTALL)


def plain(text: str, limit: int = LIMIT) -> str:
    """The text on one line: what does not print (controls, bidirectional marks) is spelled out; cut to a length."""
    return door(text, limit, letters=True)


def terminal(text: str, limit: int = LIMIT) -> str:
    """A stranger's text for a terminal: ASCII, the rest spelled out, because letters too can turn a line around."""
    return door(text, limit)


def html(text: str) -> str:
    """Text for HTML, SVG and MathML, inside elements and quoted attributes."""
    return escape("\n".join(plain(line, len(line)) for line in text.split("\n")), quote=True)


def markdown(text: str) -> str:
    """Text for one line of Markdown: no markup, no HTML, no table cell boundary, no automatic link."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", plain(text, len(text)))


def prose_markdown(text: str) -> str:
    """Our own sentences in Markdown: the same, except that ordinary punctuation stays readable."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", plain(text, len(text)))


def latex(text: str) -> str:
    """Text for LaTeX: specials and mathematical signs as commands, other scripts spelled out by code point."""
    return "".join(_latex(match[0]) for match in _TOKEN.finditer(plain(text, len(text))))


def _latex(token: str) -> str:
    if token in _LATEX:
        return _LATEX[token]
    if token in MATHEMATICS:
        return rf"\ensuremath{{{MATHEMATICS[token]}}}"
    if token[1:] in _MARKS:
        return rf"\ensuremath{{{_MARKS[token[1:]]}{{{MATHEMATICS.get(token[0], token[0])}}}}}"
    if token in _SUBSCRIPTS:
        return rf"\ensuremath{{_{_SUBSCRIPTS[token]}}}"
    if token in _TYPOGRAPHY:
        return _TYPOGRAPHY[token]
    latin = "À" <= token <= "ž" and token not in _UNSET and token.isalpha()
    return token if token.isascii() or latin else latex(ascii(token)[1:-1])
