"""A process around a command: its signals, its standard streams, and what it exits with.

Whatever becomes of the streams, the command runs as if they were there: a closed one is /dev/null, a pipe that nobody
reads on takes everything, and an error of standard output is told at the end, with exit code 2.
"""

import gc
import io
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable

from symverify.text import SPELLED

INTERRUPTED, INTERNAL, UNWRITTEN = 130, 70, 2

BEGUN = time.monotonic()  # about when this process did

COLLECTED = 50_000  # new objects before cycles are looked for: few are made, and looking takes a tenth of the time

PATIENCE, FAREWELL = 30.0, 3.0  # seconds to end in after a signal, and for Python to end in after that
AT_ONCE = 0.3  # seconds: signals that come so soon after another are the same request, sent to the group as well

_seen: list[float] = []  # when signals have come, by time.monotonic


def interrupted() -> bool:
    """Whether this process has been asked to end, by Ctrl-C or SIGTERM."""
    return bool(_seen)


def process(command: Callable[[], int]) -> int:
    """Run a command as this process; its exit code, 130 if it was interrupted, 2 if its output was lost."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy loads; idle ones spin for a tenth of a second
    gc.set_threshold(COLLECTED)
    output = Output(1)
    try:
        for number in _asking():
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, _interrupt)
        sys.unraisablehook = _unraisable
        if not sys.warnoptions:
            warnings.simplefilter("ignore", RuntimeWarning)  # floats that overflow: nothing rests on them
        _open_closed()
        sys.stdout, sys.stderr = _text(output, sys.stdout), _text(Output(2), sys.stderr)
        code = command()
    except BaseException:  # before or after the command's own care: a signal
        code = INTERRUPTED if interrupted() else INTERNAL
    if interrupted():
        _end_within(FAREWELL)
    # Where a KeyboardInterrupt has passed through an exec(), Python would end by SIGINT; another exec() clears that.
    exec("")
    return _ended(code, output)


def _ended(code: int, output: "Output") -> int:
    """The exit code, once everything is written; from here on signals do nothing."""
    for number in _asking():
        signal.signal(number, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if interrupted():
        _tell("interrupted")
    elif output.error is not None:
        _tell(f"cannot write the output: {output.error.strerror}")
    if interrupted():
        return INTERRUPTED
    return UNWRITTEN if output.error is not None and code in (0, 3, 10, 11) else code


def _asking() -> list[int]:
    """The signals that ask a process to end."""
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _tell(message: str) -> None:
    if sys.stderr is not None:
        print(message, file=sys.stderr, flush=True)


def _interrupt(*_: object) -> None:
    now = time.monotonic()
    if not _seen or now - _seen[-1] > AT_ONCE:
        _seen.append(now)
        _end_within(PATIENCE)
        raise KeyboardInterrupt


def _end_within(seconds: float) -> None:
    """Have this process end after so many seconds at the latest, whatever locks the interruption has left closed."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(INTERRUPTED))
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """An interruption inside a finaliser is remembered and polled; nothing else is kept quiet."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def _open_closed() -> None:
    """Put /dev/null in the place of standard streams that were closed, or the next file opened would be one."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _text(output: "Output", like: object) -> io.TextIOWrapper:
    """A text stream onto an output; what the encoding lacks is spelled out.

    A console of Windows stays as it is: it takes characters, not bytes.
    """
    if os.name == "nt" and output.isatty() and isinstance(like, io.TextIOWrapper):
        like.reconfigure(errors=SPELLED)
        return like
    encoding = getattr(like, "encoding", None) or "utf-8"
    buffered = io.BufferedWriter(output)
    return io.TextIOWrapper(buffered, encoding=encoding, errors=SPELLED, line_buffering=output.isatty())


class Output(io.RawIOBase):
    """A descriptor that takes everything: where it fails, `error` is the first reason, None for a closed pipe."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor, self.broken = descriptor, False
        self.error: OSError | None = None

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self.descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self.descriptor)

    def write(self, data: "io.ReadableBuffer") -> int:  # type: ignore[name-defined]
        """Write all of it, or as good as: the length."""
        left = memoryview(data).cast("B")
        size = len(left)
        while left and not self.broken:
            try:
                left = left[os.write(self.descriptor, left) :]
            except BlockingIOError:  # it is full for now
                import select

                select.select([], [self.descriptor], [])
            except BrokenPipeError:
                self.broken = True
            except OSError as error:
                self.broken, self.error = True, error
        return size
