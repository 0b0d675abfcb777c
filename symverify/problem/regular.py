"""Opening files that strangers may have made: regular ones of bounded size, never waiting for what is none."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from symverify.errors import Unreadable
from symverify.kernel.core.text import MAX_BYTES

_REMEDIES = {
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EACCES: "check the permissions of the file and of its folder",
    errno.EISDIR: "give the path of the {what} inside it",
    errno.EFBIG: "use fewer samples",
}
_QUIETLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


@contextmanager
def opened(path: str | os.PathLike[str], flags: int) -> Iterator[tuple[int, int]]:
    """The descriptor and the size of a regular file; OSError for anything else, without ever waiting for one."""
    try:
        descriptor = os.open(path, flags | _QUIETLY, 0o666)
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error), path) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise OSError(errno.EISDIR, "it is a folder", path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        yield descriptor, status.st_size
    finally:
        os.close(descriptor)


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file of at most MAX_BYTES bytes. Raises OSError."""
    most = MAX_BYTES
    with opened(path, os.O_RDONLY) as (descriptor, size), open(descriptor, "rb", closefd=False) as file:
        data = file.read(most + 1) if size <= most else b""
        if max(size, len(data)) > most:
            raise OSError(errno.EFBIG, f"it is larger than {most} bytes", path)
        return data


def contents(path: str | os.PathLike[str], what: str = "network file") -> bytes:
    """The same, for files that a person names. Raises Unreadable; its advice is to give `what` was expected."""
    try:
        return read_regular(Path(path))
    except OSError as error:
        advice = _REMEDIES.get(error.errno or 0, "give the path of a {what}").format(what=what)
        raise Unreadable(ascii(os.fspath(path)), error.strerror or str(error), advice) from None
