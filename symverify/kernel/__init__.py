"""The trusted kernel: reads a problem and a certificate, believes nothing that it can recompute, seals theorems.

Standard library only, exact integers and rationals only. The order of reading: read → network → model → rules →
check. FORMAT.md, beside this file, specifies the certificate and why each rule is sound.
"""

from .check import Theorem, check
from .errors import Declined, KernelError, Malformed, Rejected

__all__ = ["Declined", "KernelError", "Malformed", "Rejected", "Theorem", "check"]
