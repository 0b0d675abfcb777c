"""What the functions of the package give: results that say in a line what they are, and show and save themselves."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from symverify.api.points import ExactPoint, Which, brief, found
from symverify.cells.unit import UnitCells, unit_cells
from symverify.certify.snap import Snapped
from symverify.errors import Declined, NotWritable, Rejected, Usage
from symverify.kernel import Theorem
from symverify.kernel.core.network import Problem
from symverify.kernel.reals.enclosure import Enclosure
from symverify.problem.load import LoadedProblem
from symverify.problem.regular import read_regular
from symverify.problem.shape import architecture
from symverify.problem.write import write_atomically
from symverify.report.atlas import entries, valleys
from symverify.report.claims import lines
from symverify.report.explain import Explanation, Form, explain, render
from symverify.report.html import claims_table
from symverify.report.plots import What, plot
from symverify.run import check as run
from symverify.run.merge import accepted, replaceable, store
from symverify.run.snap import told
from symverify.run.verdict import Verdict
from symverify.run.verify import SUFFIX, Verified, report, worst_code
from symverify.text import plain

LEAST = frozenset({"global_minimum", "infimum", "global_bounds"})
Place = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as SVG; a notebook shows it."""

    svg: str

    def __repr__(self) -> str:
        return f"<Drawing, {len(self.svg)} bytes of SVG>"

    def _repr_svg_(self) -> str:
        return self.svg


class CheckResult(run.CheckResult):
    """A run's result: `.claims` one by one, `.verdict` on what was asked; what it proves in words, pages and pictures.

    `.certificate` is the proof, bytes that the kernel has accepted; None where nothing is proved.
    """

    __slots__ = ()

    @property
    def proved(self) -> bool:
        """Whether all that was asked for is proved. Without claims by name that is the claim that matters most."""
        return self.verdict is Verdict.PROVED

    @property
    def risk(self) -> Fraction | None:
        """The exact risk that the first of the claims asked for states; None where it states none, or an enclosure."""
        risk = self._stated("risk")
        return Fraction(risk) if isinstance(risk, str) else None

    @property
    def bounds(self) -> tuple[Fraction, Fraction] | None:
        """Exact numbers between which that risk lies, equal where it is exact.

        Where the least risk of all was asked for and stays open: those between which it is proved to lie.
        """
        risk = self._stated("risk")
        bracket = next((claim.statement for claim in self.claims if claim.name == "global_bounds"), None)
        if risk is None and bracket and not LEAST.isdisjoint(self.asked):
            if "risk" not in bracket:
                return Fraction(str(bracket["lower"])), Fraction(str(bracket["upper"]))
            risk = bracket["risk"]
        if isinstance(risk, Enclosure):
            return risk.lower, risk.upper
        return (Fraction(risk), Fraction(risk)) if isinstance(risk, str) else None

    def _stated(self, key: str) -> object:
        """A number that a claim asked for states, the first that does."""
        stated = (claim.statement.get(key) for claim in self._answers())
        return next((each for each in stated if each is not None), None)

    def _answers(self) -> list[run.ClaimResult]:
        return [claim for name in self.asked for claim in self.claims if claim.name == name]

    def point(self, claim: str | None = None, which: Which = "at") -> ExactPoint:
        """The point that a claim is about, by default the first of those asked for that has one.

        `which="better"`: the point of lower risk that shows that it is spurious. Raises Usage where there is none.
        """
        known = [self[claim]] if claim is not None else [*self._answers(), *self.claims]
        for each in known:
            if self.checked is None or each.theorem is None:
                continue
            point = found(self.checked, each.theorem.step, which, self.problem)
            if point is not None:
                return point
        what = "point of lower risk" if which == "better" else "point"
        of = "this result" if claim is None else f"the claim {plain(claim, 60)}"
        raise Usage(f"no {what} is written down for {of}", "`.claims` lists what is proved")

    @property
    def words(self) -> str:
        """What is proved, and what is not and why: a line or more for each claim, after what was assumed."""
        said = [f"note: {plain(note)}" for note in self.problem.notes]
        said += [f"{claim.name}: {line}" for claim in self.claims for line in lines(self, claim)]
        said += [f"{name}: skipped: {reason}" for name, reason in self.skipped]
        return "\n".join([*said, *(f"ALARM: {alarm}" for alarm in self.alarms)])

    def told(self, name: str) -> str:
        """What is said about a claim, a line each. Raises KeyError."""
        return "\n".join(lines(self, self[name]))

    def _proof(self) -> bytes:
        if self.certificate is None:
            raise Usage("nothing is proved, so there is no certificate", "`.words` says what is open, and why")
        return self.certificate

    def _explained(self) -> Explanation:
        return explain(self.problem, self._proof())

    def explain(self, form: Form = "text") -> str:
        """The proof as a mathematician would write it: "text", "markdown", "latex" or "html". Raises Usage."""
        return render(self._explained(), form)

    def html(self, path: Place | None = None) -> str:
        """The same as one self-contained page with pictures, also written to `path` if given."""
        page = self.explain("html")
        if path is not None:
            write_atomically(Path(path), page.encode())
        return page

    def plot(self, path: Place | None = None, what: What = "all") -> Drawing:
        """The pictures of the proof, also written to `path` (.pdf, .svg, .png) if given; needs the extra `plot`."""
        with TemporaryDirectory() as folder:
            drawn = plot(self.problem, self._proof(), Path(folder, "figure.svg"), what)
            svg = drawn.read_text(encoding="utf-8")
        if path is not None:
            plot(self.problem, self._proof(), Path(path), what)
        return Drawing(svg)

    def save(self, path: Place, *, fresh: bool = False) -> Path:
        """Write the certificate to `path` (*.symcert.json), and its network file and data beside it, if not there.

        One about this problem that is there already is added to, or replaced with `fresh`. `symverify verify PATH` then
        finds all it needs. Returns the path. Raises Usage where nothing is proved, NotWritable where another file is in
        the way, Declined where the kernel would not accept what is joined.
        """
        target = Path(path)
        if not target.name.endswith(SUFFIX):
            target = target.with_name(f"{target.name.removesuffix('.json')}{SUFFIX}")
        proof = accepted(self.problem, self._proof())
        replaceable(target, self.problem, fresh)
        write_beside(self.problem, target.with_name(f"{target.name.removesuffix(SUFFIX)}.json"))
        store(target, self.problem, proof, fresh)
        return target

    def __repr__(self) -> str:
        settled = sum(claim.theorem is not None for claim in self.claims)
        skipped = [f"{name} skipped" for name, _ in self.skipped if name in self.asked]
        answers = ", ".join([*map(_told_shortly, self._answers()), *skipped]) or "nothing was asked"
        head = f"{type(self).__name__} {_named(self.problem)}: {self.verdict.value.upper()} ({answers})"
        return f"<{head}; {settled} of {len(self.claims)} claims settled>"

    def _repr_html_(self) -> str:
        return claims_table(self)


def _named(problem: LoadedProblem) -> str:
    shape = architecture(problem.problem)
    return f"{plain(problem.name, 60)} {shape}" if problem.name else shape


def _told_shortly(claim: run.ClaimResult) -> str:
    risk, better = claim.statement.get("risk"), claim.statement.get("better_risk")
    parts = [claim.name, *([f"risk {brief(risk)}"] if risk is not None else [])]
    return " ".join([*parts, *([f"better {brief(better)}"] if better is not None else [])])


def write_beside(problem: LoadedProblem, path: Path) -> None:
    """Write a network file to `path` and the data file that it names beside it, unless they are there as they are."""
    document_data = _data_name(problem)
    files = {path: problem.network}
    if document_data is not None:
        files[path.with_name(document_data)] = problem.open_data(document_data)
    for target, content in files.items():
        try:
            if read_regular(target) == content:
                continue
        except OSError:
            if not os.path.exists(target):
                write_atomically(target, content)
                continue
        raise NotWritable(f"{str(target)!a} exists, and is another file", "choose another place")


def _data_name(problem: LoadedProblem) -> str | None:
    """The name of the data file that a network file names, if any."""
    from symverify.kernel.core.text import strict_json

    document = strict_json(problem.network)
    data = document.get("data") if isinstance(document, dict) else None
    return str(data.get("csv")) if isinstance(data, dict) else None


class AtlasResult(CheckResult):
    """The local minima of a small network: `.minima` inside its cells, or with faces all of them, in `.valleys`."""

    __slots__ = ()

    @property
    def minima(self) -> list[dict[str, object]]:
        """A dict for each cell with local minima, lowest risk first: cell, risk, components, dimensions, spurious."""
        keys = ("cell", "risk", "components", "dimensions", "spurious")
        return [{key: getattr(each, key) for key in keys} for each in entries(self)]

    @property
    def valleys(self) -> list[dict[str, object]]:
        """A dict for each valley, lowest risk first: risk, dimension, components, faces, spurious, point."""
        keys = ("risk", "dimension", "components", "faces")
        return [
            {
                **{key: getattr(each, key) for key in keys},
                "spurious": spurious,
                "point": ExactPoint(each.point, each.risk, self.problem),
            }
            for each, spurious in valleys(self)
        ]


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """What the kernel makes of certificates: `.results`, one for each."""

    results: tuple[Verified, ...]

    @property
    def proved(self) -> bool:
        """Whether all that the certificates claim is verified."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """That of `symverify verify`: 0 verified, 2 malformed, 3 undecided, 10 refuted, 11 rejected, 70 internal."""
        return worst_code(self.results)

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """The theorems of all certificates found among folders and files."""
        return tuple(theorem for result in self.results for theorem in result.theorems)

    @property
    def words(self) -> str:
        """The lines that `symverify verify` prints."""
        return "\n".join(report(self.results))

    def __repr__(self) -> str:
        words = ", ".join(f"{plain(each.certificate.name, 60)} {each.word}" for each in self.results[:3])
        more = f" and {len(self.results) - 3} more" if len(self.results) > 3 else ""
        return f"<Verification: {words}{more}>"


@dataclass(frozen=True, slots=True, repr=False)
class SnapResult:
    """Exact local minima near a trained point, nearest first in `.found`; `.problem` has the nearest as its point."""

    found: tuple[Snapped, ...]
    problem: LoadedProblem | None

    @property
    def exact(self) -> bool:
        """Whether an exact local minimum was found."""
        return self.problem is not None

    @property
    def distance(self) -> float | None:
        """Its Euclidean distance from the given point over all parameters, rounded."""
        return self.found[0].distance

    @property
    def risk(self) -> Fraction | None:
        """Its risk."""
        return self.found[0].risk

    @property
    def given_risk(self) -> Fraction:
        """The risk of the given point."""
        return self.found[0].given_risk

    def point(self) -> ExactPoint:
        """The nearest exact local minimum. Raises Usage where none was found."""
        nearest = self.found[0]
        if nearest.point is None or nearest.risk is None or self.problem is None:
            raise Usage("no exact local minimum was found near the given point", "`.words` says why")
        return ExactPoint(nearest.point, nearest.risk, self.problem)

    @property
    def words(self) -> str:
        """A line for each region looked at."""
        return "\n".join(told(self.found))

    def __repr__(self) -> str:
        nearest = self.found[0]
        if nearest.distance is None:
            return f"<SnapResult: none found: {plain(nearest.reason, 80)}>"
        return f"<SnapResult: a local minimum at distance {nearest.distance:.3g}, risk {brief(nearest.risk)}>"


@dataclass(frozen=True)
class Cells:
    """The cells of one hidden unit on the data: how many, and on demand their patterns and points in them."""

    problem: Problem
    count: int
    network: int
    up_to_permutation: int

    @cached_property
    def listed(self) -> UnitCells:
        """The cells one by one."""
        return unit_cells(self.problem)

    @property
    def patterns(self) -> list[str]:
        """A digit for each sample: the piece that it lies on."""
        return [self.listed.pattern(cell) for cell in range(len(self.listed))]

    @property
    def witnesses(self) -> list[tuple[Fraction, ...]]:
        """Weights strictly inside each cell, the bias last."""
        return [self.listed.witness(cell) for cell in range(len(self.listed))]

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"<Cells: {self.count} of a unit, {self.up_to_permutation} of the network up to exchanging units>"


__all__: Sequence[str] = [
    "AtlasResult",
    "Cells",
    "CheckResult",
    "Declined",
    "Drawing",
    "Rejected",
    "SnapResult",
    "Verification",
]
