"""What is known about inf R when the search ends."""

from dataclasses import dataclass
from fractions import Fraction

from symverify.kernel.core.network import Point
from symverify.search.global_minimum.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Statistics:
    """nodes: bounds computed; seconds: wall clock."""

    nodes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """lower ≤ inf Σ(f − y)² ≤ upper, exactly; `vectors` prove the lower bound for every network.

    complete: no node is open, so that at most the certificate is missing. best: what reaches `upper`, or approaches it.
    point: a network that attains it, or None where none is known. attained: whether inf R is attained, None where that
    is not known. vectors: dual vectors (n integers each), with their tree; both are empty where nothing is proved.
    separators: where inf R is not attained, for each residual
    of the lower bound the vectors that prove it.
    """

    factor: Fraction
    complete: bool
    lower: Fraction
    upper: Fraction
    best: Candidate
    point: Point | None
    attained: bool | None
    vectors: tuple[tuple[int, ...], ...]
    tree: tuple[int, ...]
    separators: tuple[tuple[tuple[int, ...], ...], ...] | None
    statistics: Statistics

    @property
    def closed(self) -> bool:
        """Whether the infimum is known exactly."""
        return self.lower == self.upper

    @property
    def lower_risk(self) -> Fraction:
        """The lower bound of R."""
        return self.factor * self.lower

    @property
    def upper_risk(self) -> Fraction:
        """The upper bound of inf R."""
        return self.factor * self.upper
