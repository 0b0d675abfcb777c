"""What is posed for the rules that rest on the literature."""

from collections.abc import Iterator

from symverify.kernel.cited.assumptions import Assumptions
from symverify.opinion.minima import no_affine_fit
from symverify.opinion.statement import Given, Statement


def assumptions(given: Given) -> Iterator[Statement]:
    """Where A1 holds: no affine map has the labels as its values. The others are read off the file."""
    if {name: is_so for name, is_so, _ in given.fact(Assumptions).holds}["A1"]:
        yield no_affine_fit(given.problem)
