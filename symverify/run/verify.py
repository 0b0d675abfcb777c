"""Verifying many certificates: finds them, finds the problem of each by its hash, and lets the kernel judge.

Whatever happens to one file becomes that file's verdict, and the run goes on. The exit code is the worst of all, in
the order verified 0 < undecided 3 < refuted 10 < rejected 11 < malformed or missing 2 < internal error 70. A refutation
that the kernel verifies is a proof, too: it is 0, and 10 only where all claims are required to be proved.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from symverify.errors import NoProblem
from symverify.kernel import Declined, Malformed, Rejected, Theorem, check
from symverify.kernel.__main__ import INTERNAL, MALFORMED, PROVED, REFUTED, REJECTED, UNDECIDED, outcome
from symverify.kernel.__main__ import verify as kernel_verify
from symverify.kernel.check import FORMAT
from symverify.kernel.core.text import shown, strict_json
from symverify.problem.load import LoadedProblem, load, loads
from symverify.problem.regular import read_regular
from symverify.text import leading, plain, word

SUFFIX = ".symcert.json"
WORDS = {
    PROVED: "proved",
    UNDECIDED: "undecided",
    REFUTED: "refuted",
    REJECTED: "rejected",
    MALFORMED: "malformed",
    INTERNAL: "internal error",
}
_SEVERITY = list(WORDS)
MISSING = "there is no such file or folder"
_TURNED = (
    "the line ends of {}, or of its data, are not those that the certificate is about: git has changed them. Put a "
    "file .gitattributes with the line `* -text` beside them, and check the files out again"
)


@dataclass(frozen=True, slots=True, repr=False)
class Verified:
    """What became of one certificate, or of a path that led to none. `lines` is the text to print, verdict last.

    `where` and `reason` say what is wrong, if anything; `theorems` is empty then, and otherwise in the order of the
    certificate's claims. `note` says what looks wrong though all is verified.
    """

    certificate: Path
    network: Path | None
    code: int
    theorems: tuple[Theorem, ...]
    lines: tuple[str, ...]
    where: str = ""
    reason: str = ""
    note: str = ""

    @property
    def word(self) -> str:
        """The verdict in a word; "refuted" where a refutation is verified, whatever code that is."""
        refuted = any(theorem.verdict == "refuted" for theorem in self.theorems)
        return WORDS[REFUTED if refuted else self.code]

    def __repr__(self) -> str:
        return f"<Verified {plain(self.certificate, 100)}: {self.word}>"


@dataclass(frozen=True, slots=True)
class Stated:
    """A claim as a certificate states it: `step` and `rule` say what it rests on, as far as they can be read."""

    claim: str
    verdict: str
    step: str
    rule: str


@dataclass(slots=True)
class Problems:
    """The network files to look among: those given, then those beside a certificate. Each is read at most once."""

    given: Sequence[Path] = ()
    data: Path | None = None  # the data file of them all, where it does not lie beside
    read: Callable[[Path, Path | None], LoadedProblem] = load
    alone: bool = False  # whether those beside a certificate do not count
    _read: dict[Path, LoadedProblem | str] = field(default_factory=dict)

    def of(self, certificate: Path, sha256: str) -> LoadedProblem:
        """The problem with this SHA-256 (equal hashes mean equal bytes, so the first is as good as any). NoProblem."""
        seen = []
        for path in dict.fromkeys([*self.given, *(() if self.alone else beside(certificate))]):
            found = self._load(path)
            if isinstance(found, LoadedProblem) and found.sha256 == sha256:
                return found
            if self.turned(path) == sha256:
                raise NoProblem(_TURNED.format(plain(path)))
            seen.append(f"{plain(path)} ({found if isinstance(found, str) else f'SHA-256 {found.sha256[:12]}...'})")
        among = "; ".join(seen[:5]) + (f"; and {len(seen) - 5} more" if len(seen) > 5 else "")
        looked = f"Looked at {among}" if seen else "There is no other *.json file beside it"
        raise NoProblem(
            f"no network file has the SHA-256 {plain(sha256[:80])} that the certificate is about: put it, "
            "unchanged, beside the certificate (with its data file) or name it; or make the certificate again with "
            f"`symverify check`. {looked}"
        )

    def note(self, certificate: Path, loaded: LoadedProblem) -> str:
        """What to say where a certificate's problem is not the file of its own name, though there is one; else ""."""
        own = _namesake(certificate)
        if loaded.path in (None, own) or not os.path.isfile(own):
            return ""
        found = self._load(own)
        if isinstance(found, LoadedProblem) and found.sha256 == loaded.sha256:
            return ""
        why = f"cannot be read: {found}" if isinstance(found, str) else "has another SHA-256"
        return f"this is about {plain(loaded.path)}, and not about {plain(own)}, which {why}"

    def turned(self, path: Path) -> str:
        """The SHA-256 that a problem would have with the line ends of Unix; "" where it cannot be read."""

        def unix(name: Path) -> bytes:
            return read_regular(name).replace(b"\r\n", b"\n")

        try:
            made = loads(unix(path), open_data=lambda name: unix(self.data or path.with_name(name)))
        except (OSError, Malformed, Declined, RecursionError, MemoryError):
            return ""
        return made.sha256

    def _load(self, path: Path) -> LoadedProblem | str:
        if path not in self._read:
            try:
                self._read[path] = self.read(path, self.data)
            except Malformed as error:
                where, what = error.faults[0]
                self._read[path] = f"{where}: {what}" if where else what
            except (Declined, RecursionError, MemoryError) as error:
                self._read[path] = f"beyond the budget: {error}"
        return self._read[path]


def verify_many(
    paths: Sequence[Path],
    require_proved: bool = False,
    data: Path | None = None,
    piped: Callable[[Path, Path | None], LoadedProblem] | None = None,
    core: bool = False,
) -> list[Verified]:
    """What becomes of each certificate among some paths: certificates, network files, folders to search.

    Exactly two files, the second one not a certificate by name, are CERTIFICATE and NETWORK: that network file is the
    problem, whatever its hash. Otherwise a certificate's problem is the network file with the right hash, among
    those given or beside the certificate. A path that leads to no certificate is a result of its own, malformed.
    `require_proved`: a verified refutation has the code of a refutation. `data` is the data file that the network files
    name, where it does not lie beside them. `piped`, if given, reads network files in place of `load`, "-" as well.
    `core`: as for the bare kernel, what does not rest on the core alone is refused, undecided.
    """
    given, read = ({Path("-")}, piped) if piped is not None else (set[Path](), load)
    if len(paths) == 2 and not any(map(os.path.isdir, paths)) and not is_certificate(paths[1]):
        if data is None and paths[1] not in given:
            return [_pair(paths[0], paths[1], require_proved, core)]
        return [verify_one(paths[0], Problems([paths[1]], data, read, alone=True), require_proved, core)]
    networks = [path for path in paths if path in given or (not is_certificate(path) and os.path.isfile(path))]
    problems, done, results = Problems(networks, data, read), set[str](), list[Verified]()
    for path in paths:
        if path in networks:
            continue
        for found in _certificates(path):
            if isinstance(found, Verified):
                results.append(found)
            elif (place := os.path.abspath(found)) not in done:
                done.add(place)
                results.append(verify_one(found, problems, require_proved, core))
    if not results:
        what = "no certificate was given: name *.symcert.json files, or folders that contain some"
        results.append(failed(paths[0] if paths else Path(), MALFORMED, "", what))
    return results


def verify_one(certificate: Path, problems: Problems, require_proved: bool = False, core: bool = False) -> Verified:
    """The kernel's judgement of one certificate, its problem found by hash. Never raises an Exception."""
    network = None
    try:
        text = read_regular(certificate)
        loaded = problems.of(certificate, head(text)[0])
        network = loaded.path
        checked = check(loaded.network, text, loaded.open_data)
    except NoProblem as error:
        return failed(certificate, MALFORMED, "problem", error.faults[0][1])
    except Malformed as error:
        faults = [f"{where}: {what}" if where else what for where, what in error.faults]
        return failed(certificate, MALFORMED, "", "; ".join(faults), network)
    except OSError as error:
        return failed(certificate, MALFORMED, "", f"cannot read it: {error.strerror or error}")
    except Rejected as error:
        return failed(certificate, REJECTED, error.where, error.reason, network)
    except (Declined, RecursionError, MemoryError) as error:
        return failed(certificate, UNDECIDED, "", f"beyond the kernel's budget: {error}", network)
    except Exception as error:
        return failed(certificate, INTERNAL, "", f"{type(error).__name__}: {error}", network)
    code, told = outcome(checked, core)
    if code == UNDECIDED:
        return _refused(certificate, loaded.path, told)
    return _verified(certificate, loaded, checked.theorems, require_proved, problems.note(certificate, loaded))


def _refused(certificate: Path, network: Path | None, told: Sequence[str]) -> Verified:
    """The result of a certificate that the kernel accepts, though not by its core alone."""
    lines = [line.removeprefix("s ") for line in told]
    why = "; ".join(line.removeprefix("UNDECIDED ") for line in lines if line.startswith("UNDECIDED "))
    printed = [*(f"{leading(certificate)}: {line}" for line in lines), f"s UNDECIDED {word(certificate)}"]
    return Verified(certificate, network, UNDECIDED, (), tuple(printed), "", why)


def _verified(
    certificate: Path, loaded: LoadedProblem, theorems: tuple[Theorem, ...], require_proved: bool, note: str
) -> Verified:
    """The result of a certificate that the kernel accepts."""
    refuted = any(theorem.verdict == "refuted" for theorem in theorems)
    code = REFUTED if refuted and require_proved else PROVED
    verdict = WORDS[code].upper() if not refuted or require_proved else "VERIFIED"
    lines = [f"{leading(certificate)}: {theorem.line().removeprefix('s ')}" for theorem in theorems]
    lines += [f"{leading(certificate)}: note: {note}"] * bool(note)
    parts = [f"s {verdict} {word(certificate)}"]
    for how in dict.fromkeys(theorem.verdict for theorem in theorems):
        parts.append(f"{how}={','.join(theorem.claim for theorem in theorems if theorem.verdict == how)}")
    about = f"problem={theorems[0].problem_sha256} network={word(loaded.path) if loaded.path else '-'}"
    lines.append(" ".join([*parts, "statements=above", about]))
    return Verified(certificate, loaded.path, code, theorems, tuple(lines), note=note)


def worst_code(results: Sequence[Verified]) -> int:
    """The exit code of several: the worst; of none, undecided."""
    return worst_of([result.code for result in results])


def worst_of(codes: Sequence[int]) -> int:
    """The worst of some exit codes; of none, undecided."""
    return max(codes, key=_SEVERITY.index, default=UNDECIDED)


def report(results: Sequence[Verified]) -> list[str]:
    """The lines to print: those of each, and for several a last line with the worst verdict and the counts."""
    lines = [line for result in results for line in result.lines]
    if len(results) == 1:
        return lines
    counts = Counter(result.word for result in results)
    listed = ", ".join(f"{counts[word]} {word}" for word in WORDS.values() if counts[word])
    worst = worst_code(results)
    verdict = "verified" if worst == PROVED and counts[WORDS[REFUTED]] else WORDS[worst]
    return [*lines, f"s {verdict.upper()} certificates={len(results)}: {listed}"]


def is_certificate(path: Path) -> bool:
    """Whether a path names a certificate."""
    return path.name.endswith(SUFFIX)


def beside(certificate: Path) -> list[Path]:
    """The *.json files in a certificate's folder that are not certificates, the one of the same name first."""
    own = _namesake(certificate).name
    found = (path for path in certificate.parent.glob("*.json") if not is_certificate(path) and os.path.isfile(path))
    return sorted(found, key=lambda path: (path.name != own, path.name))


def _namesake(certificate: Path) -> Path:
    """The network file that is called like a certificate."""
    return certificate.with_name(certificate.name.removesuffix(SUFFIX) + ".json")


def beside_all(paths: Sequence[Path]) -> list[Path]:
    """The certificates in the folders of these files, whatever their network files and data are called; themselves."""
    folders = dict.fromkeys(path.parent for path in paths if not os.path.isdir(path))
    near = (each for folder in folders for each in sorted(folder.glob(f"*{SUFFIX}")))
    return list(dict.fromkeys([*filter(is_certificate, paths), *near]))


def missing(paths: Sequence[Path]) -> list[Verified]:
    """What is wrong with those of these files that are not there, or are folders."""
    wrong = {path: MISSING for path in paths if not os.path.lexists(path)}
    wrong |= {path: "this is a folder: leave out --beside" for path in paths if os.path.isdir(path)}
    return [failed(path, MALFORMED, "", reason) for path, reason in wrong.items()]


def head(certificate: bytes) -> tuple[str, list[Stated]]:
    """The hash of the problem that a certificate is about, and its claims.

    Only for finding and naming things; the kernel reads the certificate for itself. Raises Malformed.
    """
    value = strict_json(certificate)
    if not isinstance(value, dict):
        raise Malformed(("", f"expected an object, got {shown(value)}"))
    if value.get("format") != FORMAT:
        form = shown(value.get("format"))
        if form.startswith("'symverify-network/"):
            raise Malformed(("format", "this is a network file: name its certificate (*.symcert.json)"))
        old = value.get("format") == "symverify-certificate/1"
        remedy = "make it again with `symverify check`" if old else "update symverify"
        raise Malformed(("format", f'this version reads "{FORMAT}", the certificate is {form}: {remedy}'))
    sha256, claims = value.get("problem"), value.get("claims")
    if type(sha256) is not str:
        raise Malformed(("problem", f"expected a SHA-256 as text, got {shown(sha256)}"))
    stated = []
    for index, claim in enumerate(claims if isinstance(claims, list) else ()):
        if not isinstance(claim, dict) or type(claim.get("claim")) is not str:
            raise Malformed((f"claims[{index}]", 'expected an object with the name of a "claim"'))
        step = claim.get("step")
        stated.append(Stated(claim["claim"], str(claim.get("verdict")), f"steps[{step!s:.12}]", _rule(value, step)))
    return sha256, stated


def _rule(certificate: dict[str, object], step: object) -> str:
    """The name of the rule of a step, "?" where there is none."""
    steps = certificate.get("steps")
    if isinstance(steps, list) and type(step) is int and 0 <= step < len(steps) and isinstance(steps[step], dict):
        return str(steps[step].get("rule"))[:60]
    return "?"


def failed(certificate: Path, code: int, where: str, reason: str, network: Path | None = None) -> Verified:
    """The result of a certificate that proves nothing."""
    at = f"{plain(where)}: " if where else ""
    line = f"{leading(certificate)}: {at}{plain(reason)}"
    verdict = f"s {WORDS[code].upper()} {word(certificate)}"
    return Verified(certificate, network, code, (), (line, verdict), where, reason)


def _pair(certificate: Path, network: Path, require_proved: bool, core: bool) -> Verified:
    """A certificate and the network file that it is said to be about: the bare kernel's output, line by line."""
    try:
        code, lines = kernel_verify(network, certificate, core)
        if code in (PROVED, REFUTED):
            code = REFUTED if require_proved and any(line.startswith("s REFUTED ") for line in lines) else PROVED
        elif lines[0].startswith("problem: ") and _about(certificate) == Problems().turned(network) != "":
            lines = [*lines[:-1], _TURNED.format(plain(network)), lines[-1]]
    except Exception as error:
        return failed(certificate, INTERNAL, "", f"{type(error).__name__}: {error}", network)
    reason = "" if code in (PROVED, REFUTED) else "; ".join(lines[:-1])
    return Verified(certificate, network, code, (), tuple(lines), "", reason)


def _about(certificate: Path) -> str | None:
    """The hash of the problem that a certificate is about; None where it says none."""
    try:
        return head(read_regular(certificate))[0]
    except Malformed:
        return None


def _certificates(path: Path) -> Iterator[Path | Verified]:
    """The certificates that a path leads to, folders searched in sorted order; or what is wrong.

    Links to folders are not followed, so there are no loops.
    """
    if not os.path.isdir(path):
        yield path if is_certificate(path) else failed(path, MALFORMED, "", MISSING)
        return
    wrong: list[OSError] = []
    found = 0
    for folder, folders, files in os.walk(path, onerror=wrong.append):
        folders.sort()
        for name in sorted(files):
            if name.endswith(SUFFIX):
                found += 1
                yield Path(folder) / name
    for error in wrong:
        yield failed(Path(error.filename or path), MALFORMED, "", f"cannot search it: {error.strerror or error}")
    if not found:
        yield failed(path, MALFORMED, "", f"there is no certificate (*{SUFFIX}) in this folder")
