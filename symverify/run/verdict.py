"""Verdicts and the exit codes that they become; nothing but PROVED becomes 0."""

from enum import Enum

from symverify.kernel.__main__ import INTERNAL, INTERRUPTED, MALFORMED, PROVED, REFUTED, REJECTED, UNDECIDED


class Verdict(Enum):
    """The outcome of a claim, or the worst of several."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    MALFORMED = "malformed"
    REJECTED = "rejected"
    CONTRADICTED = "contradicted"

    @property
    def exit_code(self) -> int:
        """The process exit code."""
        return {
            Verdict.PROVED: PROVED,
            Verdict.REFUTED: REFUTED,
            Verdict.UNDECIDED: UNDECIDED,
            Verdict.MALFORMED: MALFORMED,
            Verdict.REJECTED: REJECTED,
            Verdict.CONTRADICTED: INTERNAL,
        }[self]


SEVERITY = [  # from the best to the worst
    Verdict.PROVED,
    Verdict.UNDECIDED,
    Verdict.REFUTED,
    Verdict.REJECTED,
    Verdict.MALFORMED,
    Verdict.CONTRADICTED,
]


def worst(verdicts: list[Verdict]) -> Verdict:
    """The most severe of some verdicts; UNDECIDED of none."""
    return max(verdicts, key=SEVERITY.index, default=Verdict.UNDECIDED)


__all__ = ["INTERNAL", "INTERRUPTED", "SEVERITY", "Verdict", "worst"]
