"""The one door for text from outside: names, paths, labels, messages of other packages, before anything prints them.

What has come through it is one line without controls. Sinks with a grammar of their own (HTML, Markdown, LaTeX,
SMT-LIB, JSON) escape on top.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_BLANK = "\\x20"


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
