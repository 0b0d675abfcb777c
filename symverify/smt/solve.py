"""Ask an SMT solver, in a process of its own, whether a script is satisfiable.

The parent (`Solver`) checks the shape of the script, sends it to a worker over a pipe, and kills the worker
when the time is up, on Ctrl-C, and after every query without an answer. The worker is this same file run as a
program; it answers each query in a fresh solver. z3 and cvc5 are imported in workers only.

    parent  {"id": 1, "script": "...", "seconds": 10.0, "declared": {"x": "Real"}}
    worker  {"id": 1, "answer": "sat", "reason": "", "model": {"x": "3/2"}}

Each message is one line of JSON; a worker's first message, with id 0, says that it is ready. This file
imports the standard library only.
"""

import contextlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Name = Literal["z3", "cvc5"]

_REMEDY: Mapping[str, str] = {"z3": "pip install z3-solver", "cvc5": 'pip install "symverify[cvc5]"'}
_START_SECONDS = 60.0  # a worker that imports its solver on a busy machine
_LONGEST_REPLY = 1 << 26  # bytes
_LONGEST_REASON = 300  # characters


class SolverMissing(Exception):
    """The solver's Python package is not installed; the message names the remedy."""


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
            raise SolverMissing(f"the solver {name} is not installed; remedy: {_REMEDY[name]}")
        # Without the environment, the site folders and the caller's group: Ctrl-C reaches the parent alone.
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, name, folder, str(memory_mb), str(os.getpid())],
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
            raise _Lost(f"no answer within {seconds:g} s")
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

    def wait(self) -> None:
        """Until the worker has imported its solver; raises _Lost if it cannot."""
        if not self.ready:
            answer, reason, _ = _reply(self._line(_START_SECONDS), 0, None)
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
    Raises SolverMissing, or ValueError for limits that are not positive.
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

    def solve(self, script_text: str, *, model: bool = False) -> Reply:
        """The solver's answer to one script, with a model of a satisfiable one if asked for.

        Whatever goes wrong on the solver's side (limits, crashes, text it cannot read) is NO_ANSWER.
        Raises KeyboardInterrupt at once on Ctrl-C, with the worker gone.
        """
        try:
            reply = self._reply(script_text, model)
        except BaseException:
            self.close()
            raise
        if reply.answer is Answer.NO_ANSWER:
            self.close()  # what state it is in, nobody knows; another starts in a tenth of a second
        return reply

    def _reply(self, script: str, model: bool) -> Reply:
        start = time.monotonic()
        try:
            declared = _declarations(script)
            worker = self._ready_worker()
            start = time.monotonic()
            found = worker.ask(script, declared if model else None, self._seconds)
        except _Refused as refusal:
            found = Answer.NO_ANSWER, f"the script is refused: {refusal}", None
        except _Lost as loss:
            found = Answer.NO_ANSWER, str(loss), None
        answer, reason, values = found
        return Reply(answer, reason, time.monotonic() - start, values)

    def _ready_worker(self) -> _Worker:
        if self._worker is not None and self._worker.process.poll() is not None:
            self.close()  # it died between two queries, which is none of this query's fault
        if self._worker is None:
            self._worker = _Worker(self._name, self._memory_mb)
        self._worker.wait()
        return self._worker


# The worker ---------------------------------------------------------------------------------------

_Said = tuple[str, str, dict[str, str] | None]  # "sat", "unsat" or "none"; the reason; the model
_Ask = Callable[[str, Mapping[str, str] | None], _Said]


def _z3(memory_mb: int) -> _Ask:
    z3 = importlib.import_module("z3")
    z3.set_param("memory_max_size", memory_mb)  # where the address space cannot be limited

    def written(value: Any) -> str:
        rational = z3.is_rational_value(value) or z3.is_int_value(value)
        return str(value.as_string() if rational else value.sexpr())

    def ask(script: str, declared: Mapping[str, str] | None) -> _Said:
        context = z3.Context()
        solver = z3.Solver(ctx=context)
        try:
            solver.from_string(script)
            answer = str(solver.check())
        except z3.Z3Exception as error:
            text = error.value
            return "none", text.decode(errors="replace") if isinstance(text, bytes) else str(text), None
        if answer == "unsat" or (answer == "sat" and declared is None):
            return answer, "", None
        if answer != "sat" or declared is None:
            return "none", str(solver.reason_unknown()), None
        model = solver.model()
        sorts = {"Real": z3.RealSort(context), "Int": z3.IntSort(context), "Bool": z3.BoolSort(context)}
        values = {
            constant: written(model.eval(z3.Const(constant, sorts[sort]), model_completion=True))
            for constant, sort in declared.items()
        }
        return answer, "", values

    return ask


def _cvc5() -> _Ask:
    cvc5 = importlib.import_module("cvc5")

    def written(value: Any) -> str:
        return str(value.getRealValue() if value.isRealValue() else value)

    def ask(script: str, declared: Mapping[str, str] | None) -> _Said:
        solver = cvc5.Solver(cvc5.TermManager())
        if declared is not None:
            solver.setOption("produce-models", "true")
        parser = cvc5.InputParser(solver)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "script")
        symbols = parser.getSymbolManager()
        answers = []
        while not (command := parser.nextCommand()).isNull():
            output = command.invoke(solver, symbols).strip()
            if command.getCommandName() == "check-sat":
                answers.append(output)
            elif output:
                return "none", output, None
        match answers:
            case ["sat"] if declared is not None:
                terms = symbols.getDeclaredTerms()
                return "sat", "", {term.getSymbol(): written(solver.getValue(term)) for term in terms}
            case [("sat" | "unsat") as answer]:
                return answer, "", None
            case _:
                return "none", " ".join(answers) or "the solver read no (check-sat)", None

    return ask


def _limit(memory_mb: int) -> None:
    """Bound the memory; no core file, and no growing file at all."""
    if sys.platform != "win32":
        import resource

        for kind, limit in (
            (resource.RLIMIT_AS, memory_mb << 20),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        ):
            with contextlib.suppress(OSError, ValueError):  # not enforced everywhere
                resource.setrlimit(kind, (limit, limit))


def _die_with(parent: int) -> None:
    """Have the system kill this process when its parent dies; elsewhere the pipe's end and the alarm do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(0)


def _alarm(seconds: float) -> None:
    """Let the system end this process after `seconds` (0: never), even in the solver and without a parent."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _serve(name: str, folder: str, memory_mb: int, parent: int) -> None:
    """Answer the queries on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(parent)
    writer = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the solver itself prints is not a message
    sys.path.append(folder)
    sys.set_int_max_str_digits(0)  # cvc5's values pass through Python's integers

    def send(query: int, answer: str, reason: str, model: dict[str, str] | None) -> None:
        message = {"id": query, "answer": answer, "reason": reason, "model": model}
        writer.write(json.dumps(message).encode() + b"\n")
        writer.flush()

    try:
        ask = _z3(memory_mb) if name == "z3" else _cvc5()
        _limit(memory_mb)
    except Exception as error:
        send(0, "none", f"{type(error).__name__}: {error}", None)
        return
    send(0, "sat", "", None)
    for line in sys.stdin.buffer:
        query = json.loads(line)
        _alarm(query["seconds"] + 2)
        try:
            said = ask(query["script"], query["declared"])
        except Exception as error:
            said = "none", f"{type(error).__name__}: {error}", None
        _alarm(0)
        send(query["id"], *said)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
