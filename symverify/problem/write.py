"""Writing files whole or not at all; and to what is no file, as it comes.

A temporary beside the target is written, synced and renamed. It is locked while its writer lives: what a killed one
left is not, and the next writer in that folder removes it. Windows has no such locks, and renames and removes no file
that is open: there it is closed before.
"""

import errno
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from symverify.problem.regular import opened, read_regular

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = re.compile(r"\.symverify-[0-9a-f]{16}\.part")
_PRECIOUS = re.compile(rb'"symverify-(network|certificate)/')
_DAY = 86_400.0  # where there are no locks, a temporary older than this many seconds is left over
_LONGEST = 64 * 2**20  # of a file that is appended to


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; through a symbolic link to its target; into a device or a pipe directly.

    The file keeps its permissions; a new one has those that the umask leaves. Raises OSError.
    """
    target = destination(path)
    if _takes_as_it_comes(target):
        _into(target, data)
        return
    clean(target.parent)
    with _temporary(target.parent) as temporary:
        with suppress(FileNotFoundError):
            os.chmod(temporary.path, os.stat(target).st_mode & 0o777)
        with open(temporary.descriptor, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(temporary.descriptor)
        if fcntl is None:
            temporary.close()
        os.replace(temporary.path, target)


def precious(path: Path) -> bool:
    """Whether a network file or a certificate is there."""
    try:
        return _PRECIOUS.search(read_regular(path)[:1000]) is not None
    except OSError:
        return False


def network_text(document: Mapping[str, object]) -> bytes:
    """A network file as JSON, a line per field, per sample and per affine map; equal documents give equal bytes."""
    parts = []
    for key, value in document.items():
        text = json.dumps(value)
        if key in ("data", "parameters") and isinstance(value, list):
            text = "[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n ]"
        parts.append(f"{json.dumps(key)}: {text}")
    return ("{\n " + ",\n ".join(parts) + "\n}\n").encode("ascii")


def append(path: Path, data: bytes) -> None:
    """Append to a regular file, or begin it; into a device or a pipe directly. Raises OSError."""
    _named(path)
    if _takes_as_it_comes(path):
        _into(path, data)
        return
    with opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as (descriptor, size):
        if size > _LONGEST:
            raise OSError(errno.EFBIG, f"it is larger than {_LONGEST} bytes", path)
        _all(descriptor, data)


def destination(path: Path) -> Path:
    """Where writing to the path leads, links to files followed; OSError where it can never be written.

    To be asked before long work, too.
    """
    _named(path)
    try:
        if _takes_as_it_comes(path):
            return path
        target = Path(os.path.realpath(path)) if os.path.islink(path) else path
        known, folder = os.path.lexists(target), os.stat(target.parent)
        mode = os.stat(target).st_mode if known else stat.S_IFREG
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error), path) from None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EISDIR, "it is a folder" if stat.S_ISDIR(mode) else "it is not a file", path)
    if not stat.S_ISDIR(folder.st_mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, "its folder is not writable", path)
    return target


def _named(path: Path) -> None:
    """OSError for what names no file; "-" stands for a stream elsewhere, and is a nuisance as a file."""
    if str(path) in ("", ".", "-"):
        raise OSError(errno.EISDIR, "it is no file name", path)


def clean(folder: Path) -> None:
    """Remove the temporaries that killed runs have left in a folder; never those of a live one."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_left_over(entry.path)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time, for work in this folder; nothing is left there. Without locks: no one is kept out."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_file(path: Path) -> bool:
    """Whether writing to the path leaves a file there: it is no device, no pipe, and not this process's own output."""
    return not _takes_as_it_comes(path)


def _takes_as_it_comes(path: Path) -> bool:
    """Whether a path is a device, a pipe, or the standard output or error of this process."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    if stat.S_ISREG(status.st_mode):
        return _own(status) is not None
    return stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode) or stat.S_ISFIFO(status.st_mode)


def _own(status: os.stat_result) -> int | None:
    """The descriptor, 1 or 2, that is open for this very file."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if status.st_ino and os.path.samestat(os.fstat(descriptor), status):  # not all of Windows' have a number
                return descriptor
    return None


@dataclass(slots=True)
class _Temporary:
    """A file that is written, and its descriptor, -1 where it is closed."""

    path: str = ""
    descriptor: int = -1

    def close(self) -> None:
        """Close it, if it is open."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1


@contextmanager
def _temporary(folder: Path) -> Iterator[_Temporary]:
    """A new file in a folder, locked; it is removed unless it has been renamed."""
    made = _Temporary()
    try:
        while made.descriptor < 0:
            made.path = os.path.join(folder, f".symverify-{secrets.token_hex(8)}.part")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            made.descriptor = os.open(made.path, flags, 0o666)
            if not _lock(made.descriptor) or not os.fstat(made.descriptor).st_nlink:  # another took it for a left-over
                made.close()
        yield made
    finally:
        made.close()
        if made.path:
            Path(made.path).unlink(missing_ok=True)


def _lock(descriptor: int) -> bool:
    """Lock a file; False if someone else has it locked."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _remove_left_over(path: str) -> None:
    with suppress(OSError):
        if fcntl is None:
            if time.time() - os.stat(path).st_mtime >= _DAY:
                os.unlink(path)
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(descriptor)


def _into(path: Path, data: bytes) -> None:
    """Write to a device, a pipe, or this process's output; OSError for a pipe that nobody reads."""
    own = _own(os.stat(path))
    if own is not None:
        (sys.stdout if own == 1 else sys.stderr).flush()
        _all(own, data)
        return
    descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(descriptor, True)
        _all(descriptor, data)
    finally:
        os.close(descriptor)


def _all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
