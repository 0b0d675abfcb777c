"""Curves and paths of points, polynomial in t, as Rocq terms."""

from symverify.kernel.core.network import Point, Problem
from symverify.kernel.core.proof import Step, polynomial, read_point

from .terms import coefficients, parameters
from .writer import Writer


def write_path(out: Writer, index: int, step: Step, name: str) -> str:
    """A curve or a path: a definition, and that it begins at the point; its name."""
    path = paths(out.problem, step.fields[name])
    out.parts.append(f"Definition path{index} : params (list Q) := {parameters(path, coefficients)}.\n")
    return f"path{index}"


def paths(problem: Problem, value: object) -> Point:
    """The path in a step's field, which the kernel has read before."""
    return read_point(problem, polynomial)(value, "")
