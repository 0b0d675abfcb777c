"""Folders of certificates compared with those of an earlier commit of their git repository. Standard library only."""

import os
import posixpath
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from symverify.errors import Usage
from symverify.kernel.__main__ import PROVED, REFUTED
from symverify.run.diff import Change, Diff, Line, diff
from symverify.run.verify import SUFFIX, is_certificate
from symverify.text import plain

LONGEST = 300.0  # seconds for one command of git
LINK, FILES = b"120000", (b"100644", b"100755", b"120000")  # modes in a tree
LINKS = 8  # from one to the next, at most


def compared(paths: Sequence[Path], since: str) -> Iterator[tuple[str, Diff]]:
    """The folders of these paths that differ from those of a commit, with what their certificates lost and gained.

    Network files among the paths are looked at as they are and as they were. A folder that had no certificates has
    lost none, unless certificates elsewhere are gone, as where a folder was renamed. Raises Usage where git cannot say
    what there was.
    """
    folders = dict.fromkeys(path if os.path.isdir(path) else path.parent for path in paths)
    networks = [path for path in paths if not is_certificate(path) and os.path.isfile(path)]
    trees = {folder: Tree.of(folder, since) for folder in [*folders, *(each.parent for each in networks)]}
    for folder in folders:
        tree = trees[folder]
        if tree.same():
            continue
        with TemporaryDirectory() as temporary:
            old = Path(temporary, "old")
            old.mkdir()
            tree.extract(old)
            given = [*_extracted(networks, trees, Path(temporary)), *networks]
            found = diff(old, folder, given)
            if any(old.rglob(f"*{SUFFIX}")):
                yield folder.as_posix(), found
                continue
        gained = tuple(line for line in found.lines if line.change is Change.GAINED)
        yield folder.as_posix(), Diff(gained, PROVED)
        if gone := tuple(_gone(tree, folder, [trees[each].place for each in folders if trees[each].top == tree.top])):
            yield "", Diff(gone, REFUTED)


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder as a commit has it: the top of its repository, and its place in there, "" for the top itself."""

    top: Path
    place: str
    commit: str

    @staticmethod
    def of(folder: Path, since: str) -> "Tree":
        """The folder in the repository around it. Raises Usage."""
        top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\r\n")))
        place = Path(os.path.relpath(os.path.realpath(folder), os.path.realpath(top))).as_posix()
        return Tree(top, "" if place == "." else f"{place}/", _commit(folder, since))

    def same(self) -> bool:
        """Whether the folder is now as it was."""
        done = _run(self.top, "diff", "--quiet", "--no-ext-diff", "--no-textconv", self.commit, "--", self.place or ".")
        if done.returncode not in (0, 1):
            raise Usage(_why(done))
        return done.returncode == 0

    def entries(self, whole: bool = False, deep: bool = True) -> dict[str, tuple[bytes, bytes]]:
        """The mode and the object of each file by its path; `whole`: in the repository, `deep`: in subfolders, too."""
        inside = ["--", self.place] if self.place and not whole else []
        listed = _git(self.top, "ls-tree", *(["-r"] if deep else []), "-z", self.commit, *inside)
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            about, _, name = entry.partition(b"\t")
            mode, _, name_of = about.split(b" ")
            if mode in FILES:
                found[os.fsdecode(name)] = (mode, name_of)
        return found

    def contents(self, objects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The bytes of objects."""
        text = _git(self.top, "cat-file", "--batch", given=b"".join(each + b"\n" for each in objects))
        found, at = {}, 0
        for name in objects:
            end = text.index(b"\n", at)
            size = int(text[at:end].split(b" ")[2])
            found[name] = text[end + 1 : end + 1 + size]
            at = end + size + 2
        return found

    def extract(self, target: Path, deep: bool = True) -> None:
        """Write the folder's files, those that links lead to in the place of links."""
        entries = self.entries(deep=deep)
        whole = self.entries(whole=True) if any(mode == LINK for mode, _ in entries.values()) else {}
        found = {path: name if mode != LINK else self._followed(path, whole) for path, (mode, name) in entries.items()}
        objects = {path: name for path, name in found.items() if name is not None}
        bytes_of = self.contents(list(dict.fromkeys(objects.values())))
        for path, name in objects.items():
            place = target / path.removeprefix(self.place)
            if ".." in place.relative_to(target).parts:
                raise Usage(f"the commit has a file called {plain(path, 200)}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(bytes_of[name])

    def _followed(self, path: str, whole: Mapping[str, tuple[bytes, bytes]]) -> bytes | None:
        """The object of the file that a link of the commit leads to; None where it is not in the commit."""
        for _ in range(LINKS):
            mode, name = whole.get(path, (b"", b""))
            if mode != LINK:
                return name or None
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(self.contents([name])[name])))
        return None


def _extracted(networks: Sequence[Path], trees: Mapping[Path, Tree], temporary: Path) -> Iterator[Path]:
    """The network files as they were, where they were, with the files beside them."""
    for index, folder in enumerate(dict.fromkeys(each.parent for each in networks)):
        target = temporary / str(index)
        target.mkdir()
        trees[folder].extract(target, deep=False)
        yield from (target / each.name for each in networks if each.parent == folder and (target / each.name).exists())


def _gone(tree: Tree, folder: Path, places: Sequence[str]) -> Iterator[Line]:
    """Certificates outside some folders that are gone, and whose bytes no certificate in `folder` has."""
    names = {
        path: name
        for path, (_, name) in tree.entries(whole=True).items()
        if path.endswith(SUFFIX) and not path.startswith(tuple(places)) and not os.path.lexists(tree.top / path)
    }
    now = {path.read_bytes() for path in folder.rglob(f"*{SUFFIX}") if path.is_file()}
    before = tree.contents(list(names.values()))
    for path, name in names.items():
        if before[name] not in now:
            why = f"the certificate is gone, and {plain(folder.as_posix(), 200)} had none"
            yield Line((path, ""), Change.LOST, why)


def _commit(folder: Path, since: str) -> str:
    """The commit of that name, after fetching it if need be. Raises Usage."""
    name = f"{since}^{{commit}}"
    if not since.startswith("-"):
        for attempt in range(2):
            done = _run(folder, "rev-parse", "--verify", "--quiet", name)
            if done.returncode == 0:
                return done.stdout.decode().strip()
            if not attempt:
                _run(folder, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", since)
    raise Usage(f"there is no commit {plain(since, 60)} to compare with")


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git says in a folder. Raises Usage with its reason where it fails or is not there."""
    done = _run(folder, *arguments, given=given)
    if done.returncode != 0:
        raise Usage(_why(done))
    return done.stdout


def _run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "--literal-pathspecs", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=LONGEST, check=False)
    except FileNotFoundError:
        raise Usage("git is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Usage(f"git does not answer: {plain(error, 200)}") from None


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git failed, by its own first line."""
    said = done.stderr.decode("utf-8", "replace").splitlines()
    return plain(f"git: {said[0] if said else f'exit code {done.returncode}'}", 300)


__all__ = ["Tree", "compared"]
