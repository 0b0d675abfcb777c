"""Ask an SMT solver, in a process of its own, whether a script is satisfiable.

The parent (`Solver`) checks the shape of the script, sends it to a worker over a pipe, and kills the worker
when the time is up, on Ctrl-C, and after every query without an answer. The worker is this same file run as a
program; it answers each query in a fresh solver. z3 and cvc5 are imported in workers only.

    parent  {"id": 1, "script": "...", "seconds": 10.0, "declared": {"x": "Real"}}
    worker  {"id": 1, "answer": "sat", "reason": "", "model": {"x": "3/2"}}

Each message is one line of JSON; a worker's first message, with id 0, says that it is ready.
"""

import contextlib
import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from symverify.errors import NoSolver
from symverify.ground.time_limit import OutOfTime, on_time

WORKER = Path(__file__).with_name("worker.py")

Name = Literal["z3", "cvc5"]

_REMEDY: Mapping[str, str] = {"z3": "pip install z3-solver", "cvc5": "pip install cvc5"}
_START_SECONDS = 60.0  # a worker that imports its solver on a busy machine
_LONGEST_REPLY = 1 << 26  # bytes
_LONGEST_REASON = 300  # characters


class Answer(Enum):
    """What the solver said of the script. A solver's word, never a proof."""

    SAT = "sat"
    UNSAT = "unsat"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and, for NO_ANSWER, the reason; `seconds` is wall-clock time without the worker's start.

    `model` (SAT only, and only if asked for) maps every declared constant, by its symbol without bars, to the
    exact value as the solver writes it: "p/q", "true", or for an algebraic number the solver's own notation.
    """

    answer: Answer
    reason: str
    seconds: float
    model: Mapping[str, str] | None


def _package_folder(name: str) -> str | None:
    """The folder to import package `name` from, found without importing it."""
    spec = importlib.util.find_spec(name)
    # Not resolved: a package may consist of links to files elsewhere.
    return str(Path(spec.origin).absolute().parent.parent) if spec and spec.origin else None


def available(name: Name) -> bool:
    """Whether the Python package of solver `name` is installed."""
    return _package_folder(name) is not None


# The script ---------------------------------------------------------------------------------------

# Blanks and comments, then a parenthesis, a quoted symbol, a plain token, or the end. Printable ASCII only.
_TOKEN = re.compile(
    r"(?:[\t\n ]|;[\t -~]*(?=\n|\Z))*"
    r"([()]|\|[\t\n -\[\]-{}~]*\||[!#-'*-:<-\[\]-{}~]+|\Z)"
)
_SORTS = frozenset({"Real", "Int", "Bool"})


class _Refused(Exception):
    """The script is not one that solvers are sure to read alike."""


def _tokens(script: str) -> Iterator[str]:
    at = 0
    while match := _TOKEN.match(script, at):
        on_time()
        if not match[1]:
            return
        yield match[1]
        at = match.end()
    raise _Refused(f"unexpected character after offset {at}")


def _commands(script: str) -> Iterator[list[str]]:
    """The top-level commands, each as its tokens without the outer parentheses."""
    depth, command = 0, list[str]()
    for token in _tokens(script):
        depth += (token == "(") - (token == ")")
        command.append(token)
        if depth < 0 or command[0] != "(":
            raise _Refused("unbalanced parentheses")
        if depth == 0:
            yield command[1:-1]
            command = []
    if command:
        raise _Refused("unbalanced parentheses")


def _declarations(script: str) -> dict[str, str]:
    """Constant -> sort. Only declarations, definitions, assertions and a final (check-sat) are let through.

    z3 passes over commands that it cannot use (a `push`, a second `check-sat`) and stops at a NUL: its answer
    would then be about another script.
    """
    declared: dict[str, str] = {}
    checked = False
    for command in _commands(script):
        if checked:
            raise _Refused("a command after (check-sat)")
        match command:
            case ["declare-const", symbol, sort] | ["declare-fun", symbol, "(", ")", sort] if sort in _SORTS:
                name = symbol.strip("|")
                if name in declared:
                    raise _Refused("a constant declared twice")
                declared[name] = sort
            case ["set-logic" | "define-fun" | "assert", _, *_]:
                pass
            case ["check-sat"]:
                checked = True
            case _:
                raise _Refused(f"a command that is not supported: {' '.join(command[:2])[:80]}")
    if not checked:
        raise _Refused("no (check-sat)")
    return declared


# The parent ---------------------------------------------------------------------------------------


class _Lost(Exception):
    """The worker gave no usable message; it is to be replaced."""


_Found = tuple[Answer, str, Mapping[str, str] | None]  # as in Reply


def _reply(line: bytes, query: int, declared: Mapping[str, str] | None) -> _Found:
    """The worker's message number `query`, checked key by key; raises _Lost for anything unexpected.

    A model has to have exactly the constants of `declared`; None where none was asked for.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise _Lost("the worker wrote something that is not a message") from None
    if not isinstance(message, dict) or message.get("id") != query:
        raise _Lost("the worker wrote a message that belongs to no query")
    match message:
        case {"answer": "none", "reason": str(reason)}:
            clean = "".join(c if c.isprintable() else " " for c in reason)
            return Answer.NO_ANSWER, clean[:_LONGEST_REASON] or "no reason given", None
        case {"answer": "unsat", "model": None}:
            return Answer.UNSAT, "", None
        case {"answer": "sat", "model": None} if declared is None:
            return Answer.SAT, "", None
        case {"answer": "sat", "model": dict(model)} if declared is not None:
            if model.keys() == declared.keys() and all(isinstance(value, str) for value in model.values()):
                return Answer.SAT, "", model
    raise _Lost("the worker wrote a message that does not fit the query")


class _Worker:
    """One solver process. Used by one thread."""

    def __init__(self, name: Name, memory_mb: int) -> None:
        folder = _package_folder(name)
        if folder is None:
            raise NoSolver(f"the solver {name} is not installed", _REMEDY[name])
        # Without the environment, the site folders and the caller's group: Ctrl-C reaches the parent alone.
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(WORKER), name, folder, str(memory_mb), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.queries = 0
        self.ready = False

    def _line(self, seconds: float, message: bytes = b"") -> bytes:
        """Send `message` and read one line, killing the process after `seconds`; raises _Lost."""
        reader, writer = self.process.stdout, self.process.stdin
        if reader is None or writer is None:
            raise _Lost("the worker has no pipes")
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.process.kill()

        watchdog = threading.Timer(seconds, expire)
        watchdog.daemon = True
        watchdog.start()
        line = b""
        try:
            with contextlib.suppress(OSError):  # a broken pipe: the end of the file tells the same
                writer.write(message)
                writer.flush()
                line = reader.readline(_LONGEST_REPLY)
        finally:
            watchdog.cancel()
        watchdog.join()
        if expired.is_set():
            raise _Lost(f"no answer within {seconds:.3g} s")
        if not line:
            raise _Lost(self._death())
        return line

    def _death(self) -> str:
        try:
            status = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "the worker closed its pipe"
        if status == 101:  # z3's exit status
            return "out of memory"
        return f"the worker died (status {status})"

    def wait(self, seconds: float) -> None:
        """Until the worker has imported its solver; raises _Lost if it cannot, or not in time."""
        if not self.ready:
            answer, reason, _ = _reply(self._line(seconds), 0, None)
            if answer is Answer.NO_ANSWER:
                raise _Lost(f"the worker did not start: {reason}")
            self.ready = True

    def ask(self, script: str, declared: Mapping[str, str] | None, seconds: float) -> _Found:
        """The answer to one query, with a model if `declared` is given; raises _Lost."""
        self.queries += 1
        message = {"id": self.queries, "script": script, "seconds": seconds, "declared": declared}
        return _reply(self._line(seconds, json.dumps(message).encode() + b"\n"), self.queries, declared)

    def stop(self) -> None:
        """Kill the process, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


class Solver:
    """A solver that answers one script after another, each on its own. One thread at a time.

    `seconds` is the wall-clock limit of a query (not of the worker's start), `memory_mb` the limit of the
    worker's memory in MiB (of its address space, where the system enforces that; the idle worker takes 80).
    Raises NoSolver, or ValueError for limits that are not positive.
    """

    def __init__(self, name: Name = "z3", seconds: float = 10.0, memory_mb: int = 2048) -> None:
        if name not in _REMEDY:
            raise ValueError(f"not a solver: {name!r}")
        if not 0 < seconds <= 10**6 or not 0 < memory_mb <= 10**6:
            raise ValueError("limits must be positive")
        self._name, self._seconds, self._memory_mb = name, float(seconds), memory_mb
        # It starts while the caller prepares its scripts.
        self._worker: _Worker | None = _Worker(name, memory_mb)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker. A later query would start another."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def solve(self, script_text: str, *, model: bool = False, deadline: float = math.inf) -> Reply:
        """The solver's answer to one script, with a model of a satisfiable one if asked for.

        It is there by `deadline` (time.monotonic), the worker's start included.
        Whatever goes wrong on the solver's side (limits, crashes, text it cannot read) is NO_ANSWER.
        Raises KeyboardInterrupt at once on Ctrl-C, with the worker gone.
        """
        try:
            reply = self._reply(script_text, model, deadline)
        except BaseException:
            self.close()
            raise
        if reply.answer is Answer.NO_ANSWER:
            self.close()  # what state it is in, nobody knows; another starts in a tenth of a second
        return reply

    def _reply(self, script: str, model: bool, deadline: float) -> Reply:
        start = time.monotonic()
        try:
            declared = _declarations(script)
            worker = self._ready_worker(_left(_START_SECONDS, deadline))
            start = time.monotonic()
            found = worker.ask(script, declared if model else None, _left(self._seconds, deadline))
        except _Refused as refusal:
            found = Answer.NO_ANSWER, f"the script is refused: {refusal}", None
        except (_Lost, OutOfTime) as loss:
            found = Answer.NO_ANSWER, str(loss), None
        answer, reason, values = found
        return Reply(answer, reason, time.monotonic() - start, values)

    def _ready_worker(self, seconds: float) -> _Worker:
        if self._worker is not None and self._worker.process.poll() is not None:
            self.close()  # it died between two queries, which is none of this query's fault
        if self._worker is None:
            self._worker = _Worker(self._name, self._memory_mb)
        self._worker.wait(seconds)
        return self._worker


def _left(seconds: float, deadline: float) -> float:
    """What is left of the seconds at the deadline; raises _Lost where nothing is."""
    left = min(seconds, deadline - time.monotonic())
    if left <= 0:
        raise _Lost("no time is left")
    return left
