"""Writing a certificate's obligations as SMT-LIB 2 files that any solver can run."""

from pathlib import Path

from symverify.kernel.check import check as kernel_check
from symverify.opinion.obligations import obligations
from symverify.problem.load import LoadedProblem
from symverify.problem.write import write_atomically


def export(problem: LoadedProblem, certificate: bytes, folder: Path) -> int:
    """Write the queries of each step to `folder`; how many. The first comment lines say which answer confirms.

    Raises OSError, and what the kernel raises for a certificate that it does not accept.
    """
    checked = kernel_check(problem.network, certificate, problem.open_data)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    numbers: dict[int, int] = {}
    for made in obligations(checked):
        number = numbers[made.step] = numbers.get(made.step, 0) + 1
        stem = f"step{made.step:03}-{made.rule}-{number:02}"
        for kind, script in (("unsat", made.refutation()), ("sat", made.vacuity())):
            if script is not None:
                write_atomically(folder / f"{stem}-{kind}.smt2", script.encode("ascii"))
                count += 1
    return count
