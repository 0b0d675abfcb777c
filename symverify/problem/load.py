"""From a network file, or a Python dict, to a `LoadedProblem`.

The kernel's `read_problem` is what reads the format. This module adds the files: it opens them safely, finds the data
file beside the network file, writes a dict as the JSON text that the reader then reads, and tells all faults at once.
"""

import errno
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from html import escape
from importlib.resources import files
from numbers import Integral, Rational
from pathlib import Path
from typing import cast

from symverify.errors import Malformed
from symverify.kernel.core.activation import Activation
from symverify.kernel.core.network import Problem
from symverify.kernel.core.text import MAX_DEPTH, MAX_DIGITS
from symverify.kernel.labels.symbols import SymbolicProblem
from symverify.kernel.programs.network import Programmed
from symverify.problem.faults import read_network
from symverify.problem.kinds import json_remedy, misfit
from symverify.problem.regular import contents, read_regular
from symverify.problem.shape import architecture
from symverify.text import plain

OpenData = Callable[[str], bytes]
Faults = list[tuple[str, str]]


@dataclass(slots=True, eq=False)
class DataFile:
    """Reads the data file that a network file names: it is the one given, or lies in a folder; `path` once it is read.

    The reader of network files has made sure that what they name is a bare name.
    """

    folder: Path
    given: Path | None = None
    path: Path | None = None

    def __call__(self, name: str) -> bytes:
        self.path = self.given or self.folder / name
        return read_regular(self.path)


@dataclass(frozen=True, slots=True)
class LoadedProblem:
    """A problem with the bytes that it was read from, which is what certificates are about.

    `path` is None for a problem made in memory. `open_data(name)` gives the bytes of the data file that the network
    file names, as they are now; OSError if it cannot be read. Pickles when `open_data` does. `notes` say what was
    assumed where the problem was made from a trained model. `state` are the model's parameters as it calls them: the
    key, the affine map (its number in a chain, its node in a program) and "weight" or "bias"; `held` is what its state
    has beside them. `given` is what sentences call the point that the parameters are.
    """

    path: Path | None
    network: bytes
    problem: Problem
    open_data: OpenData
    notes: tuple[str, ...] = ()
    state: tuple[tuple[str, str, str], ...] = ()
    held: Mapping[str, object] = field(default_factory=dict, compare=False)
    given: str = field(default="the given point", compare=False)

    @property
    def sha256(self) -> str:
        """The problem's SHA-256: of the network file's bytes and, if it names one, the data file's."""
        return self.problem.sha256

    @property
    def name(self) -> str:
        """The name in the file, else the file's own, else ""."""
        return self.problem.name or (self.path.stem if self.path else "")

    @property
    def files(self) -> list[Path]:
        """The network file, and the data file that was read, as far as the problem comes from files."""
        data = self.open_data.path if isinstance(self.open_data, DataFile) else None
        return [path for path in (self.path, data) if path is not None]

    def __repr__(self) -> str:
        return f"<LoadedProblem {self.name[:60]!a} {architecture(self.problem)} sha256={self.sha256}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(key)}</th><td>{escape(plain(value, 200, letters=True))}</td></tr>"
            for key, value in summary(self)
        )
        return f"<table>{rows}</table>"


def load(path: str | os.PathLike[str], data: str | os.PathLike[str] | None = None) -> LoadedProblem:
    """The problem in a network file; the data file that it may name is `data`, or looked for in the same folder.

    Raises Unreadable where the file cannot be read, else Malformed with every fault found; Unreadable is Malformed.
    """
    network = contents(path)
    open_data = DataFile(Path(path).absolute().parent, None if data is None else Path(data))
    problem = _read(Path(path), network, open_data)
    if data is not None and open_data.path is None:
        raise Malformed(("data", "the samples are in the network file: it names no data file to be looked for"))
    return LoadedProblem(Path(path), network, problem, open_data)


def loads(source: bytes | str | Mapping[str, object], *, open_data: OpenData | None = None) -> LoadedProblem:
    """The problem in JSON text, or in a dict of the network file's shape.

    Numbers in a dict are int, Fraction, Decimal, or text as in the file ("1/10", "0.1"). A float is refused: it is
    exact, and 0.1 is not 1/10. A dict is written canonically (sorted keys, no blanks) and `.network` are those
    bytes. `open_data(name)` gives the data file's bytes, where the problem names one. Raises Malformed.
    """
    if isinstance(source, bytes):
        network = source
    elif isinstance(source, str):
        network = source.encode("utf-8", "surrogatepass")
    else:
        faults: Faults = []
        value = _jsonable(source, "", 1, faults)
        if faults:
            raise Malformed(*faults)
        network = json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
    reader = open_data or _no_data
    return LoadedProblem(None, network, _read(None, network, reader), reader)


def _read(path: Path | None, network: bytes, open_data: OpenData) -> Problem:
    """The problem; where the file is of another kind, that is the fault."""
    try:
        return read_network(network, open_data)
    except Malformed as error:
        what = misfit(path, network)
        told = [(where, what + (json_remedy(network, what) if not where else "")) for where, what in error.faults]
        raise Malformed(*(told if what is None else [("", what)])) from None


def network_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of network files, for editors and other tools; the kernel's reader is stricter."""
    text = files("symverify.problem").joinpath("network.schema.json").read_text(encoding="utf-8")
    return cast(dict[str, object], json.loads(text))


def summary(loaded: LoadedProblem) -> list[tuple[str, str]]:
    """The problem in a few rows (what, value), plain text."""
    problem = loaded.problem
    slopes = problem.family.slope_words if isinstance(problem, SymbolicProblem) else ""
    shapes = [slopes] if slopes else list(dict.fromkeys(_activation_words(node.h) for node in problem.bents))
    biased = "as the program says" if isinstance(problem, Programmed) else _bias_words(problem)
    return [
        ("name", loaded.name),
        ("widths", architecture(problem, " – ")),
        ("biases", biased),
        ("activation", "; then ".join(shapes)),
        ("loss", f"{problem.loss.name}, factor {_digits(problem.loss.factor)} of the sum over samples"),
        ("samples", str(len(problem.inputs))),
        ("parameters", f"{problem.size()}, {'not given' if problem.parameters is None else 'given'}"),
        ("sha256", problem.sha256),
    ]


def _bias_words(problem: Problem) -> str:
    biases = {(True, True): "all layers", (False, False): "none", (True, False): "hidden layers only"}
    return biases.get((problem.hidden_bias, problem.output_bias), "output layer only")


def _digits(x: Fraction) -> str:
    """The number, or that it has more digits than are worth to be shown."""
    long = max(x.numerator.bit_length(), x.denominator.bit_length()) > 10 * MAX_DIGITS // 3
    return f"of more than {MAX_DIGITS} digits" if long else str(x)


def _activation_words(activation: Activation) -> str:
    slopes, at = (", ".join(map(_digits, numbers)) for numbers in (activation.slopes, activation.breakpoints))
    return f"slopes {slopes}" + (f" between breakpoints {at}" if at else "")


def _no_data(name: str) -> bytes:
    raise OSError(errno.ENOENT, "a problem in memory has no folder: pass open_data=, or load the problem from its file")


def _jsonable(value: object, where: str, depth: int, faults: Faults) -> object:
    """The value in JSON's own types, numbers that are not integers as text; what cannot be is added to the faults."""
    if depth > MAX_DEPTH:
        faults.append((where, f"nested deeper than {MAX_DEPTH} levels"))
        return None
    if isinstance(value, Mapping):
        faults += [(where, f"expected text as key, got {key!a:.60}") for key in value if not isinstance(key, str)]
        return {
            key: _jsonable(item, f"{where}.{key}" if where else key, depth + 1, faults)
            for key, item in value.items()
            if isinstance(key, str)
        }
    if isinstance(value, list | tuple):
        return [_jsonable(item, f"{where}[{index}]", depth + 1, faults) for index, item in enumerate(value)]
    return _scalar(value, where, faults)


def _scalar(value: object, where: str, faults: Faults) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Rational):
        top, bottom = int(value.numerator), int(value.denominator)
        if max(top.bit_length(), bottom.bit_length()) > 10 * MAX_DIGITS // 3:
            faults.append((where, f"expected a number of at most {MAX_DIGITS} digits"))
            return None
        return top if isinstance(value, Integral) else f"{top}/{bottom}"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        faults.append((where, f'a float is not exact: instead of {value!r} give "{value!r}" or a Fraction'))
    else:
        faults.append((where, f"expected int, Fraction, Decimal, text, list or dict, got {type(value).__name__}"))
    return None
