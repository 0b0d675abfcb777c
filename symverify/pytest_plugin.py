"""Proofs as tests: `pytest proofs/` collects every `*.symcert.json`, one test item per claim.

An item passes when the kernel, reading the certificate and the network file beside it, seals exactly the statement of
that claim. A claim that the certificate states as refuted is a proof as well, of the refutation: it passes, and its
name ends in "[refuted]"; with `--symverify-require-proved` it fails. The kernel accepts or rejects a certificate as a
whole, so one wrong claim fails all items. The problem is the *.json file in the certificate's folder that has the right
hash; where that is not the file of the certificate's own name, though there is one, a warning says so. Folders that
pytest leaves out (norecursedirs) and links to nothing have no items: of the folders named in the command a warning says
which certificates were left, or where warnings are errors a test that fails. Nothing of symverify is imported before a
certificate is collected.
"""

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

SUFFIX = ".symcert.json"
COLLECTED = pytest.StashKey[set[str]]()  # the certificates that pytest came upon

if TYPE_CHECKING:
    from symverify.run.verify import Verified


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option, the same as that of `symverify verify`."""
    words = "symverify: a claim that a certificate refutes fails, though the refutation is verified"
    parser.getgroup("symverify").addoption("--symverify-require-proved", action="store_true", help=words)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "CertificateFile | None":
    """A certificate is collected; every other file is left to others."""
    if not file_path.name.endswith(SUFFIX):
        return None
    parent.config.stash.setdefault(COLLECTED, set()).add(os.path.abspath(file_path))
    collector: CertificateFile = CertificateFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(trylast=True)  # after -k and --deselect
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Warn of certificates in the folders named that were not collected; where warnings are errors, a test fails.

    Of xdist's processes one warns, and all have that test.
    """
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return
    found = config.stash.get(COLLECTED, set())
    missed = [path for folder in config.args for path in _inside(config, folder) if path not in found]
    if missed:
        from symverify.text import plain

        listed = ", ".join(plain(os.path.relpath(path), 200) for path in missed[:5]) + ", ..." * (len(missed) > 5)
        message = f"not collected, so not verified: {listed}; `symverify verify` finds what pytest leaves out"
        if _is_error(message):
            items.append(MissedItem.from_parent(session, name="not collected", message=message))
        elif getattr(config, "workerinput", {"workerid": "gw0"})["workerid"] == "gw0":
            session.warn(pytest.PytestCollectionWarning(message))


def _is_error(message: str) -> bool:
    """Whether a warning is an error, as with -W error."""
    with warnings.catch_warnings(record=True):
        try:
            warnings.warn(pytest.PytestCollectionWarning(message), stacklevel=1)
        except pytest.PytestCollectionWarning:
            return True
    return False


class MissedItem(pytest.Item):
    """A test that fails with a message."""

    def __init__(self, *, message: str, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.message = message

    def runtest(self) -> None:
        """Fails."""
        pytest.fail(self.message, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """How the heading of a failure names the item."""
        return self.path, None, self.name


def _inside(config: pytest.Config, folder: str) -> Iterator[str]:
    """The certificates in a folder, but for what --ignore and --ignore-glob name, .git and environments."""
    here = config.invocation_params.dir

    def named(option: str) -> list[str]:
        return [os.path.abspath(os.path.join(here, each)) for each in config.getoption(option) or ()]

    ignored, patterns = set(named("ignore")), named("ignore_glob")

    def ignores(path: str) -> bool:
        return path in ignored or any(fnmatch(path, pattern) for pattern in patterns)

    for place, folders, files in os.walk(os.path.join(here, folder)):
        folders[:] = [
            name
            for name in sorted(folders)
            if name != ".git"
            and not os.path.exists(os.path.join(place, name, "pyvenv.cfg"))
            and not ignores(os.path.abspath(os.path.join(place, name)))
        ]
        for name in sorted(files):
            path = os.path.abspath(os.path.join(place, name))
            if name.endswith(SUFFIX) and not ignores(path):
                yield path


class CertificateFile(pytest.File):
    """One certificate; the kernel reads it once, when the first of its items runs."""

    _verified: "Verified | None" = None

    def collect(self) -> Iterator["ClaimItem"]:
        """An item per claim; one item named "certificate" if the claims cannot be read, which will say why."""
        from symverify.kernel import Malformed
        from symverify.problem.regular import read_regular
        from symverify.run.verify import head
        from symverify.text import plain

        try:
            _, claims = head(read_regular(self.path))
        except (OSError, Malformed):
            claims = []
        times = Counter[str]()
        for index, stated in enumerate(claims):
            name = plain(stated.claim[:80]) + ("[refuted]" if stated.verdict == "refuted" else "")
            times[name] += 1
            unique = name if times[name] == 1 else f"{name}#{times[name]}"
            yield ClaimItem.from_parent(self, name=unique, index=index, rests_on=f"{stated.step} ({stated.rule})")
        if not claims:
            yield ClaimItem.from_parent(self, name="certificate", index=None, rests_on="")

    def verified(self) -> "Verified":
        """What the kernel makes of the certificate."""
        if self._verified is None:
            from symverify.run.verify import Problems, verify_one
            from symverify.text import plain

            self._verified = verify_one(self.path, Problems())
            if self._verified.note:
                self.warn(pytest.PytestWarning(f"{plain(self.path, 200)}: {self._verified.note}"))
        return self._verified


class ClaimItem(pytest.Item):
    """One claim of a certificate, or the certificate itself where its claims cannot be read (`index` None)."""

    def __init__(self, *, index: int | None, rests_on: str, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.index, self.rests_on = index, rests_on

    def setup(self) -> None:
        """Without a readable certificate and the problem that it is about there is nothing to test: an error."""
        from symverify.kernel.__main__ import MALFORMED

        result = self._result()
        if result.code == MALFORMED:
            self._fail(result)

    def runtest(self) -> None:
        """Passes if the kernel proves the claim as stated."""
        result = self._result()
        if self.index is None or self.index >= len(result.theorems):
            self._fail(result)
        theorem = result.theorems[self.index]
        if theorem.verdict == "refuted" and self.config.getoption("--symverify-require-proved"):
            pytest.fail(f"{self.name}: refuted, and it is required to be proved", pytrace=False)
        self.user_properties += [("statement", theorem.line()), ("problem", theorem.problem_sha256)]

    def reportinfo(self) -> tuple[Path, None, str]:
        """How the heading of a failure names the item."""
        return self.path, None, self.name

    def _result(self) -> "Verified":
        if not isinstance(self.parent, CertificateFile):
            raise TypeError("a claim belongs to a certificate")
        return self.parent.verified()

    def _fail(self, result: "Verified") -> NoReturn:
        """End the test with what does not follow, and where, and no traceback."""
        from symverify.text import plain

        where = f" at {result.where}" if result.where else ""
        lines = [f"{self.name}: the certificate is {result.word}{where}: {result.reason}"]
        lines += [f"the claim rests on {self.rests_on}"] if self.rests_on else []
        lines += [f"certificate: {result.certificate}"]
        lines += [] if result.network is None else [f"network file: {result.network}"]
        pytest.fail("\n".join(map(plain, lines)), pytrace=False)
