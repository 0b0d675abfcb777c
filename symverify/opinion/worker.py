"""The solver's own process: takes queries on standard input, one JSON line each, and answers them on standard output.

Run as a script by `solve`, isolated; it imports the standard library and the solver only.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

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
