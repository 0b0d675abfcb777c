"""Writing: whole or not at all, through links, into pipes and devices; nothing stays behind."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from symverify.problem import write
from symverify.problem.regular import contents, read_regular
from symverify.problem.write import append, clean, destination, is_file, locked, write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX files")
LEFT = ".symverify-0123456789abcdef.part"


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_permissions_stay_and_new_ones_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    (tmp_path / "a").chmod(0o604)
    write_atomically(tmp_path / "a", b"x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o604


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("sub/real")
    for data in (b"made", b"again"):  # also where it leads to nothing yet
        write_atomically(tmp_path / "link", data)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "sub" / "real").read_bytes() == data
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "loop", b"")


def test_a_pipe_is_written_to_or_refused_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="No such device"):
        write_atomically(pipe, b"nobody reads")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    data = b"x" * 10**6
    for _ in range(200):
        try:
            write_atomically(pipe, data)
            break
        except OSError:
            threading.Event().wait(0.01)
    reader.join(10)
    assert got == [data]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert not is_file(pipe)


def test_devices(tmp_path: Path) -> None:
    write_atomically(Path("/dev/null"), b"x")
    append(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    if os.path.exists("/dev/full"):
        with pytest.raises(OSError, match="No space left"):
            write_atomically(Path("/dev/full"), b"x")


def test_the_output_of_this_process_is_not_replaced(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from symverify.problem.write import write_atomically; print('before');"
        "write_atomically(pathlib.Path(sys.argv[1]), b'written\\n'); print('after')"
    )
    for name in ("/dev/stdout", str(tmp_path / "out")):
        with (tmp_path / "out").open("wb") as out:
            subprocess.run([sys.executable, "-c", code, name], stdout=out, check=True)
        assert (tmp_path / "out").read_text() == "before\nwritten\nafter\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "no file name"),
        (".", "no file name"),
        ("-", "no file name"),
        ("sub", "it is a folder"),
        ("none/a", "No such file"),
        ("file/a", "Not a directory"),
        ("a\0b", "null byte"),
        ("x" * 300, "too long"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=message):
        write_atomically(Path(name), b"x")
    if name != "x" * 300:
        with pytest.raises(OSError, match=message):
            destination(Path(name))
    assert sorted(os.listdir(tmp_path)) == ["file", "sub"]


def test_what_a_killed_run_left_goes_and_what_a_live_one_writes_stays(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from symverify.problem import write\n"
        "with write._temporary(sys.argv[1]) as made: print(made.path, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    live = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    dead = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    paths = [Path(each.stdout.readline().strip()) for each in (live, dead)]
    dead.kill()
    dead.communicate()
    for other in (LEFT + "x", ".symverify-xyz.part", "a.part"):
        (tmp_path / other).write_bytes(b"someone else's")
    (tmp_path / LEFT).symlink_to("a.part")
    assert paths[1].exists()
    write_atomically(tmp_path / "new", b"")
    assert [path.exists() for path in paths] == [True, False]
    live.communicate()
    clean(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([".symverify-xyz.part", "a.part", LEFT, LEFT + "x", "new"])


def test_one_at_a_time(tmp_path: Path) -> None:
    seen = []

    def work(k: int) -> None:
        with locked(tmp_path):
            seen.append(("in", k))
            threading.Event().wait(0.02)
            seen.append(("out", k))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(a[1] == b[1] for a, b in zip(seen[::2], seen[1::2], strict=True))
    assert os.listdir(tmp_path) == []


def test_nothing_is_appended_to_a_file_called_like_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="no file name"):
        append(Path("-"), b"x")
    assert not os.listdir(tmp_path)


def test_appending(tmp_path: Path) -> None:
    append(tmp_path / "a", b"one")
    append(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    with pytest.raises(OSError, match=r"folder|directory"):
        append(tmp_path, b"")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        append(tmp_path / "pipe", b"")
    os.truncate(tmp_path / "a", 2**30)
    with pytest.raises(OSError, match="larger"):
        append(tmp_path / "a", b"")


def test_reading_never_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match=r"regular|folder|No such"):
            read_regular(path)
        with pytest.raises(Exception, match=r"cannot read .*; (give|check) the path"):
            contents(path, "certificate")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: there are no locks, and a file that is open is neither renamed nor removed."""

    def guarded(act: Callable[..., None]) -> Callable[..., None]:
        def guard(path: str | Path, *more: str | Path) -> None:
            held = set()
            for descriptor in os.listdir("/proc/self/fd"):
                with suppress(OSError):
                    held.add(os.readlink(f"/proc/self/fd/{descriptor}"))
            if os.path.abspath(path) in held:
                raise PermissionError(errno.EACCES, "it is open", str(path))
            act(path, *more)

        return guard

    monkeypatch.setattr(write, "fcntl", None)
    for name in ("replace", "unlink"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.usefixtures("windows")
def test_nothing_that_is_open_is_renamed_or_removed_where_that_cannot_be(tmp_path: Path) -> None:
    with open(tmp_path / "held", "wb"), pytest.raises(PermissionError, match="it is open"):
        os.replace(tmp_path / "held", tmp_path / "other")
    write_atomically(tmp_path / "made", b"first")
    write_atomically(tmp_path / "made", b"second")
    assert (tmp_path / "made").read_bytes() == b"second"
    (tmp_path / LEFT).write_bytes(b"")
    os.utime(tmp_path / LEFT, (0, 0))
    clean(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["held", "made"]
    with pytest.raises(RuntimeError), write._temporary(tmp_path):
        raise RuntimeError
    assert sorted(os.listdir(tmp_path)) == ["held", "made"]
