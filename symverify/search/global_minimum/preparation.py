"""Compiling the search, once on a machine, by processes of its own: this one cannot stop what it compiles itself.

One compiles everything; where there are two processors another one begins with what certificates need, which the first
then finds done. What they have compiled when they are ended is kept, and the next ones go on from there.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path

from symverify.kernel.core.activation import ONE, ZERO, Activation
from symverify.kernel.core.network import Problem
from symverify.kernel.losses import squared
from symverify.search.global_minimum import tasks
from symverify.search.global_minimum.candidate import evaluated
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.minimum import bulky, global_minimum, within_groups
from symverify.search.global_minimum.relaxation import compiling, large, plainly
from symverify.search.global_minimum.search import Search

COMPILING = 45.0  # seconds that are left where compiling is begun, which takes about half a minute on two processors
BUSY, WAITING = 0.5, 0.75  # the shares of them after which a search goes on without: on a busy machine, on any
ALONE = 0.5  # the share of a processor that a process has on a machine that is not busy
ALL, LEAVES = "all", "leaves"  # what a process compiles
_GIVEN_UP = 3  # what it exits with where it has less
_COMMAND = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from symverify.search.global_minimum.preparation import work; work()"
)


def prepare(problem: Problem, say: Callable[[str], None], left: float) -> bool:
    """Compile what the search uses, if it is large, nobody did so on this machine, and so many seconds are enough.

    False where they are not: then it should search `plainly`. Where numba is missing a warning says, once, what that
    costs.
    """
    begun = time.monotonic()
    if bulky(problem) and tasks.kept():
        return True
    shape = generators(problem)
    if not large(shape):
        return True
    if not compiling(shape):
        _lacking()
        return True
    if tasks.kept():
        return True
    if left < COMPILING:
        return False
    say("compiling the search, once on this machine")
    done = _compiled_beside(begun, left)
    if done is None and begun + left - time.monotonic() >= COMPILING:
        compile_all()
        return True
    return bool(done)


def compile_all() -> None:
    """Compile all loops, by a search that uses them, and note that they are."""
    global_minimum(sample())
    tasks.keep()


def compile_leaves() -> None:
    """Compile what certifies the leaves of a search, after one that is not compiled."""
    problem = sample()
    floor, _ = within_groups(problem)
    with plainly():
        search = Search(problem, generators(problem), evaluated(problem, []))
        search.start(floor)
        while search.unfinished:
            search.step()
    search.vectors, search.served = [], {}
    search.close(floor)


def _compiled_beside(begun: float, left: float) -> bool | None:
    """Whether processes have compiled all loops in their share of the time that was left; None where none can.

    They are gone when this returns or is interrupted. `begun` is a time.monotonic() value.
    """
    if not tasks.keeping() or not sys.executable or getattr(sys, "frozen", False):
        return None
    left = min(left, threading.TIMEOUT_MAX)
    processes = list["subprocess.Popen[bytes]"]()
    try:
        processes.append(_begun(begun + BUSY * left - time.monotonic(), ALL))
        if _several():
            with suppress(OSError):
                processes.append(_begun(begun + BUSY * left - time.monotonic(), LEAVES))
        code = processes[0].wait(max(begun + WAITING * left - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return False
    except OSError:
        return None
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
    if code == _GIVEN_UP:
        return False
    return True if code == 0 and tasks.kept() else None


def _several() -> bool:
    """Whether there are two processors."""
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) > 1


def _begun(seconds: float, what: str) -> "subprocess.Popen[bytes]":
    """A process that compiles all or the leaves, for so many seconds where the machine is busy.

    Signals to this one's group do not reach it; it ends where its input does. It has this one's packages and none of
    its other surroundings (`__main__`, start-up files).
    """
    package = Path(__file__).absolute().parents[3]
    path = json.dumps([str(package), *(each for each in sys.path if isinstance(each, str))])
    quiet = ["-B"] if sys.dont_write_bytecode else []
    return subprocess.Popen(
        [sys.executable, "-I", *quiet, "-c", _COMMAND, path, str(max(seconds, 0.0)), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def work() -> None:
    """What such a process does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_give_up, args=(float(sys.argv[2]),), daemon=True).start()
    {ALL: compile_all, LEAVES: compile_leaves}[sys.argv[3]]()


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _give_up(seconds: float) -> None:
    """On a machine that is busy with others, after so many seconds: it would hardly be done in time."""
    time.sleep(seconds)
    if time.process_time() < ALONE * seconds:
        os._exit(_GIVEN_UP)


def sample() -> Problem:
    """One of the smallest problems for which compiling pays."""
    return Problem(
        name="",
        widths=(2, 2, 1),
        hidden_bias=True,
        output_bias=True,
        activations=(Activation((ZERO,), (ZERO, ONE), (ZERO, ZERO)),),
        loss=squared(ONE),
        inputs=tuple((Fraction(k * k % 17), Fraction(k * k * k % 23)) for k in range(14)),
        targets=tuple((Fraction(k * k % 11),) for k in range(14)),
        parameters=None,
        sha256="",
    )


@cache
def _lacking() -> None:
    logging.getLogger("symverify").warning(
        "numba is not installed: large searches take ten to thirty times as long without it"
    )
