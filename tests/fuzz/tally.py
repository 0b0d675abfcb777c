"""What became of many damaged inputs, counted; and the figures that a campaign prints."""

import contextlib
import io
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from symverify.cli import run
from symverify.errors import SymverifyError

CODES = {0, 2, 3, 10, 11}  # for files and command lines, nothing else
SLOW = 10.0  # seconds: a hang


@dataclass
class Tally:
    """Outcomes by kind of input; `faults` are those that must not be, with the input that led there."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    before: float = field(default_factory=lambda: _most())

    def count(self, kind: str, outcome: str) -> None:
        """One more input of a kind."""
        self.outcomes.setdefault(kind, Counter())[outcome] += 1

    def call(self, kind: str, seed: object, work: Callable[[], object]) -> bool:
        """Work that either ends, or raises an exception of the package's tree; whether it ended."""
        before = self.outcomes.get(kind, Counter())["accepted"]
        with self._timed(kind, seed):
            try:
                work()
                self.count(kind, "accepted")
            except SymverifyError as error:
                self.count(kind, type(error).__name__)
                if any(c in str(error) for c in "\x1b\n\u202e"):
                    self.faults.append(f"{kind} {seed}: raw text in {str(error)!a:.200}")
        return self.outcomes[kind]["accepted"] > before

    def command(self, kind: str, seed: object, arguments: list[str]) -> int:
        """A command in this process: one of the documented codes, no control characters."""
        out, err = io.StringIO(), io.StringIO()
        code = -1
        with self._timed(kind, (seed, arguments)), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(arguments)
        self.count(kind, str(code))
        if code not in CODES:
            self.faults.append(f"{kind} {seed}: exit {code} of {arguments!a:.300}: {err.getvalue()!a:.300}")
        if "Traceback" in err.getvalue() or any(c in out.getvalue() + err.getvalue() for c in "\x1b\u202e"):
            self.faults.append(f"{kind} {seed}: {arguments!a:.300} printed {err.getvalue()!a:.300}")
        return code

    @contextlib.contextmanager
    def _timed(self, kind: str, seed: object) -> Iterator[None]:
        begun = time.monotonic()
        previous = signal.signal(signal.SIGALRM, _late)
        signal.setitimer(signal.ITIMER_REAL, 3 * SLOW)
        try:
            yield
        except BaseException as error:
            self.count(kind, "FAULT")
            self.faults.append(f"{kind} {seed}: {type(error).__name__}: {error!s:.300}")
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        seconds = time.monotonic() - begun
        self.slowest = max(self.slowest, (seconds, f"{kind} {seed!s:.200}"))
        if seconds > SLOW:
            self.faults.append(f"{kind} {seed}: {seconds:.1f} s")

    def peak(self) -> float:
        """By how much the campaign has raised the most memory that this process has had, in MiB."""
        return _most() - self.before

    def figures(self) -> str:
        """Inputs, faults, the slowest and the peak of memory, and the outcomes of each kind."""
        total = sum(sum(counter.values()) for counter in self.outcomes.values())
        lines = [
            f"{total} inputs, {len(self.faults)} faults, peak {self.peak():.0f} MiB, slowest {self.slowest[0]:.2f} s"
        ]
        lines += [f"  {kind}: {dict(counter.most_common())}" for kind, counter in self.outcomes.items()]
        return "\n".join([*lines, *(f"  FAULT {fault}" for fault in self.faults[:20])])


def _late(*_: object) -> None:
    raise TimeoutError("hangs")


def _most() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
