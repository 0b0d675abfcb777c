"""The one door for text from outside: names, paths, labels, messages of other packages, before anything prints them.

What has come through it is one line without controls. Sinks with a grammar of their own (HTML, Markdown, LaTeX,
SMT-LIB, JSON) escape on top.
"""

import codecs
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

_BLANK = "\\x20"
SPELLED = "symverify.spelled"  # how streams treat what their encoding lacks: an error handler's name
_SIGNS = {
    "−": "-", "–": "-", "—": "-", "…": "...", "′": "'", "≈": "~", "≤": "<=", "≥": ">=", "≠": "!=", "≡": "==", "→": "->",
    "↦": "|->", "⇒": "=>", "⇔": "<=>", "∂": "d", "∇": "grad ", "√": "sqrt ", "∞": "infinity", "∈": "in", "×": "x",
    "‖": "||", "∥": "||", "⟨": "<", "⟩": ">", "∧": "and", "∨": "or", "·": "*", "∘": "o", "½": "1/2", "ℓ": "l",
    "ℝ": "R", "ℚ": "Q", "∎": "qed", "─": "-", "│": "|", "└": "`", "├": "|", "✓": "ok", "∓": "-/+", "±": "+/-",
    "λ": "lambda", "Λ": "Lambda", "⎧": "{", "⎨": "{", "⎩": "{", "⎪": "{", "⎡": "[", "⎢": "[", "⎣": "[", "⎤": "]",
    "⎥": "]", "⎦": "]", "\u0302": "^", "\u0303": "~", "\u0304": "-",
}  # fmt: skip


def plain(text: object, limit: int | None = None, *, letters: bool = False) -> str:
    """The text on one line of ASCII; everything else is spelled out (\\n, \\x1b, \\u202e). Cut to `limit` characters.

    With `letters`, printable characters of other scripts stay. They can turn a line around: only for sinks that
    isolate them, or for lines that are ours but for parts that have come through here.
    """
    whole = str(text)
    cut = whole if limit is None else whole[:limit]
    keeps = str.isprintable if letters else _ascii
    safe = cut if keeps(cut) else "".join(c if keeps(c) else ascii(c)[1:-1] for c in cut)
    return safe if len(cut) == len(whole) else safe + "..."


def leading(text: object, limit: int | None = None) -> str:
    """The same where a line begins with it: it never looks like a verdict line (`s PROVED ...`)."""
    safe = plain(text, limit)
    return f"s{_BLANK}{safe[2:]}" if safe.startswith("s ") else safe


def word(text: object) -> str:
    """The same as one word, for verdict lines: blanks are spelled out, too."""
    return plain(text).replace(" ", _BLANK)


def spelled_out(error: UnicodeError) -> tuple[str, int]:
    """Signs that an encoding lacks, as words and signs of ASCII that mean the same; other characters as \\x1b."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found, raised = "", ""
    for c in error.object[error.start : error.end]:
        mark, _, digit = unicodedata.decomposition(c).partition(" ")
        sign = {"<super>": "^", "<sub>": "_"}.get(mark, "")
        base = chr(int(digit, 16)) if sign and len(digit) == 4 else c
        known = _SIGNS.get(base) or _greek(base) or base
        found += sign * (sign != raised) + known.encode("ascii", "backslashreplace").decode()
        raised = sign
    return found, error.end


def _greek(c: str) -> str:
    """The name of a Greek letter; "" of another character."""
    words = unicodedata.name(c, "").split(" ")
    if words[0] != "GREEK" or words[2:3] != ["LETTER"] or len(words) != 4:
        return ""
    return words[3].capitalize() if words[1] == "CAPITAL" else words[3].lower()


codecs.register_error(SPELLED, spelled_out)


def _ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def meant(given: object, known: Iterable[str], called: Mapping[str, str] = MappingProxyType({})) -> str:
    """'; did you mean "relu"?' for a word that is none of those known; "" where none is close.

    Capitals, blanks and signs do not count; `called` are other names, in small letters, of words that are known.
    """
    from difflib import get_close_matches

    if not isinstance(given, str) or len(given) > 60:
        return ""
    spelled = {_letters(word): word for word in known}
    word = _letters(given)
    found = called.get(word) or next((spelled[each] for each in get_close_matches(word, spelled, 1, 0.6)), None)
    if found is None and len(word) > 3:
        inside = [each for plain_word, each in spelled.items() if word in plain_word]
        found = inside[0] if len(inside) == 1 else None
    return "" if found is None else f'; did you mean "{found}"?'


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def lasting(seconds: float) -> str:
    """A time in one or two units: "7 s", "2 min 5 s", "3 h 40 min"."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
