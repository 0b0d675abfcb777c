"""Plain loops that numba compiles, once on a machine: `loop` as they are written, `quick_loop` where no float is NaN.

All sums are added in the order in which they are written and no product is fused with a sum: a loop that is compiled
into another one, or for another processor, gives the same floats. `dot` is written with that in mind.
Threads run them side by side: they do not hold the interpreter.
Importing this raises ImportError where numba is not installed. What is compiled is kept beside the source, or, where
that cannot be written, in the user's cache directory (NUMBA_CACHE_DIR names another); where neither can be written it
lasts as long as the process.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

_LANES = 4

F = TypeVar("F", bound=Callable[..., Any])


def loop(function: F) -> F:
    """The function compiled."""
    return _compiled(function, False)


def quick_loop(function: F) -> F:
    """The function compiled for speed: no float is NaN, and 0 and −0 are the same."""
    return _compiled(function, True)


def _compiled(function: F, quick: bool) -> F:
    flags = {"nnan", "nsz"} if quick else False
    try:
        done: Any = numba.njit(cache=True, nogil=True, fastmath=flags)(function)
    except RuntimeError:  # there is no place to keep it
        done = numba.njit(nogil=True, fastmath=flags)(function)
    template = done.get_call_template
    # Numba would compile one version for each constant that a loop is called with.
    done.get_call_template = lambda given, named: template(tuple(map(types.unliteral, given)), named)
    compiled: F = done
    return compiled


def kept(function: Callable[..., Any]) -> bool:
    """Whether this process has compiled a loop, or an earlier one has (see `keep`), from the sources as they are."""
    if function.signatures:  # type: ignore[attr-defined]
        return True
    return _processor() in _noted(function)


def keeping(function: Callable[..., Any]) -> bool:
    """Whether there is a place to keep a loop."""
    return _note(function) is not None


def keep(function: Callable[..., Any]) -> None:
    """Note, beside what is kept of a loop, that all loops of its folder are, for this processor."""
    note = _note(function)
    if note is not None:
        known = dict.fromkeys([_sources(function), *_noted(function)[1:], _processor()])
        with suppress(OSError):
            note.write_text("".join(f"{each}\n" for each in known))


def _note(function: Callable[..., Any]) -> Path | None:
    place = function.stats.cache_path  # type: ignore[attr-defined]
    return None if place is None else Path(place) / "compiled.txt"


def _noted(function: Callable[..., Any]) -> list[str]:
    """The lines of the note, the sources and processors; none if it is about other sources."""
    note = _note(function)
    try:
        lines = [] if note is None else note.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return lines if lines[:1] == [_sources(function)] else []


def _sources(function: Callable[..., Any]) -> str:
    """What a change of the loops, or of what compiles them, changes: a line."""
    folder = Path(function.__code__.co_filename).parent
    stamps = [(path, path.stat()) for path in [Path(__file__), *sorted(folder.glob("*.py"))]]
    each = [f"{path.name} {stamp.st_size} {stamp.st_mtime_ns}" for path, stamp in stamps]
    return ", ".join([f"numba {numba.__version__}", f"Python {' '.join(sys.version.split())}", *each])


def _processor() -> str:
    """What numba compiles for: a line."""
    return " ".join(cpu_target.target_context.codegen().magic_tuple())


def _lanes(context: Any, a: Any, b: Any, count: Any) -> Any:
    """Σ of the first `count` products, a multiple of four, in four sums at once.

    A compiler that must keep the order of a sum does not find these instructions, with which it takes a third of the
    time.
    """

    def generated(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes, size = ir.VectorType(ir.DoubleType(), _LANES), arguments[2]
        total = cgutils.alloca_once_value(builder, ir.Constant(lanes, [0.0] * _LANES))  # type: ignore[no-untyped-call]
        first, step = ir.Constant(size.type, 0), ir.Constant(size.type, _LANES)
        with cgutils.for_range_slice(builder, first, size, step, size.type) as (at, _):
            four = []
            for kind, array in zip(signature.args, arguments[:2], strict=False):
                start = builder.gep(target.make_array(kind)(target, builder, array).data, [at])
                four.append(builder.load(builder.bitcast(start, lanes.as_pointer()), align=8))
            builder.store(builder.fadd(builder.load(total), builder.fmul(*four)), total)
        lane = [builder.extract_element(builder.load(total), ir.Constant(ir.IntType(32), k)) for k in range(_LANES)]
        return builder.fadd(builder.fadd(lane[0], lane[2]), builder.fadd(lane[1], lane[3]))

    return types.float64(a, b, count), generated


_in_lanes: Any = intrinsic(_lanes)


@quick_loop
def dot(a: Any, b: Any) -> float:
    """⟨a, b⟩ of two contiguous vectors, each fourth product in one of four sums."""
    size = a.shape[0]
    whole = size - size % 4
    total = _in_lanes(a, b, whole)
    for i in range(whole, size):
        total += a[i] * b[i]
    return float(total)
