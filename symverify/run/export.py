"""Writing a certificate's obligations as SMT-LIB 2 files that any solver can run."""

from dataclasses import dataclass
from pathlib import Path

from symverify.errors import NotWritable
from symverify.kernel.check import check as kernel_check
from symverify.opinion.obligations import left_out, obligations
from symverify.problem.load import LoadedProblem
from symverify.problem.write import write_atomically


@dataclass(frozen=True, slots=True)
class Queries:
    """The files written, and the steps of which none is, in words."""

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


def export(problem: LoadedProblem, certificate: bytes, folder: Path) -> Queries:
    """Write the queries of each step to `folder`. The first comment lines say which answer confirms.

    Raises OSError, NotWritable where the folder has other queries, which would pass for this proof's, and what the
    kernel raises for a certificate that it does not accept.
    """
    checked = kernel_check(problem.network, certificate, problem.open_data)
    found = obligations(checked)
    scripts: dict[Path, str] = {}
    numbers: dict[int, int] = {}
    for made in found:
        number = numbers[made.step] = numbers.get(made.step, 0) + 1
        stem = f"step{made.step:03}-{made.rule}-{number:02}"
        for kind, script in (("unsat", made.refutation()), ("sat", made.vacuity())):
            if script is not None:
                scripts[folder / f"{stem}-{kind}.smt2"] = script
    folder.mkdir(parents=True, exist_ok=True)
    if others := sorted(path.name for path in folder.glob("*.smt2") if path not in scripts):
        raise NotWritable(
            f"{str(folder)!a} holds {len(others)} other .smt2 files, as {others[0]!a}", "name an empty folder"
        )
    for path, script in scripts.items():
        write_atomically(path, script.encode("ascii"))
    return Queries(tuple(scripts), tuple(left_out(checked, found)))
