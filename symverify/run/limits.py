"""What a time limit may be."""

from symverify.errors import Usage
from symverify.text import plain

LONGEST = 10.0**8  # seconds; what waits for processes cannot wait for much more


def seconds(limit: object) -> float:
    """The limit. Raises Usage where it is no number of seconds."""
    if isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit <= LONGEST:
        return limit
    small = isinstance(limit, float) or (isinstance(limit, int) and limit.bit_length() < 64)
    shown = f"{limit:g}" if small and not isinstance(limit, bool) else plain(type(limit).__name__, 40)
    raise Usage(f"{shown} is not a number of seconds above 0 and up to {LONGEST:g}")
