"""The trusted kernel: reads a problem and a certificate, believes nothing that it can recompute, seals theorems.

Standard library only, exact integers and rationals only. In storeys, of which each theorem names those it rests on:

core/       text → network → proof → one file a rule: Theorem 1, a point, a lower bound and what follows from it
programs/   general programs, with weights that are frozen or shared
curvature/  second order
cells/      all cells and faces of one hidden layer; infima that are not attained; a bound for deep networks
labels/     all labels, and those near the given ones
reals/      losses with exponentials and logarithms; minima in boxes; bounds under weight decay
cited/      what rests on the literature

Beside them: check.py, the one walk; network_file.py, which reads the problem; table.py, the rules, and losses.py, the
losses with the rules proved for each; FORMAT.md, the certificate and why each rule is sound.
"""

from .check import FORMAT, VERSION, Checked, Theorem, check
from .core.errors import Declined, KernelError, Malformed, Rejected

__all__ = ["FORMAT", "VERSION", "Checked", "Declined", "KernelError", "Malformed", "Rejected", "Theorem", "check"]
