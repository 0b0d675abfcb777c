"""Plain loops that numba compiles, once on a machine: `loop` as they are written, `quick_loop` with sums in any order.

Threads run them side by side: they do not hold the interpreter.
Importing this raises ImportError where numba is not installed. What is compiled is kept beside the source, or, where
that cannot be written, in the user's cache directory (NUMBA_CACHE_DIR names another); where neither can be written it
lasts as long as the process.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types

F = TypeVar("F", bound=Callable[..., Any])


def loop(function: F) -> F:
    """The function compiled."""
    return _compiled(function, False)


def quick_loop(function: F) -> F:
    """The function compiled for speed: floats may be added in another order."""
    return _compiled(function, True)


def _compiled(function: F, quick: bool) -> F:
    try:
        done: Any = numba.njit(cache=True, nogil=True, fastmath=quick)(function)
    except RuntimeError:  # there is no place to keep it
        done = numba.njit(nogil=True, fastmath=quick)(function)
    template = done.get_call_template
    # Numba would compile one version for each constant that a loop is called with.
    done.get_call_template = lambda given, named: template(tuple(map(types.unliteral, given)), named)
    compiled: F = done
    return compiled


def kept(function: Callable[..., Any]) -> bool:
    """Whether what this process or an earlier one has compiled of a loop is there."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}-*.nbi"
    place = function.stats.cache_path  # type: ignore[attr-defined]
    return bool(function.signatures) or (place is not None and any(Path(place).glob(name)))  # type: ignore[attr-defined]
