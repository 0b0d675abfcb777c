"""One escape per sink. What strangers wrote (names, file names, messages) passes through `plain`, then the sink's."""

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
    "≫": r"\gg", "∥": r"\Vert", "⊥": r"\perp", "⊕": r"\oplus", "∖": r"\setminus", "ε̄": r"\bar\varepsilon",
    "π": r"\pi", "τ": r"\tau", "η": r"\eta", "κ": r"\kappa", "ω": r"\omega", "Θ": r"\Theta", "Λ": r"\Lambda",
    "ψ": r"\psi", "χ": r"\chi", "ξ": r"\xi", "ζ": r"\zeta", "ℚ": r"\mathbb{Q}", "∏": r"\prod", "∎": r"\Box",
}  # fmt: skip
_ACCENTS = {"x̃": r"\tilde{x}", "x̄": r"\bar{x}", "h̄": r"\bar{h}"}
_DIGITS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_TYPOGRAPHY = {"–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "€": "EUR", "✓": r"\ensuremath{\surd}"}
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": "'", "`": r"\textasciigrave{}", "-": "{-}",
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_TOKEN = re.compile("|".join([*map(re.escape, _ACCENTS), "."]), re.DOTALL)


def plain(text: str, limit: int = LIMIT) -> str:
    """The text on one line: what does not print (controls, bidirectional marks) is spelled out; cut to a length."""
    safe = door(text[:limit], letters=True)
    return safe if len(text) <= limit else safe + "…"


def terminal(text: str, limit: int = LIMIT) -> str:
    """A stranger's text for a terminal: ASCII, the rest spelled out, because letters too can turn a line around."""
    return door(text, limit)


def html(text: str) -> str:
    """Text for HTML, SVG and MathML, inside elements and quoted attributes."""
    return escape("\n".join(door(line, letters=True) for line in text.split("\n")), quote=True)


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
    if token in _ACCENTS:
        return rf"\ensuremath{{{_ACCENTS[token]}}}"
    if token in MATHEMATICS:
        return rf"\ensuremath{{{MATHEMATICS[token]}}}"
    if token in _DIGITS:
        return rf"\ensuremath{{_{_DIGITS[token]}}}"
    if token in _TYPOGRAPHY:
        return _TYPOGRAPHY[token]
    latin = "À" <= token <= "ž" and token not in "×÷" and token.isalpha()
    return token if token.isascii() or latin else latex(ascii(token)[1:-1])
