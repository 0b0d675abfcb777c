"""Exact global minimum of one hidden layer with scalar output and squared loss."""

from symverify.errors import BadCheckpoint
from symverify.search.global_minimum.candidate import Candidate
from symverify.search.global_minimum.helpers import LONG, Helpers
from symverify.search.global_minimum.minimum import bulky, global_minimum
from symverify.search.global_minimum.preparation import prepare
from symverify.search.global_minimum.relaxation import plainly
from symverify.search.global_minimum.result import Result, Statistics
from symverify.search.global_minimum.search import Progress

__all__ = [
    "LONG",
    "BadCheckpoint",
    "Candidate",
    "Helpers",
    "Progress",
    "Result",
    "Statistics",
    "bulky",
    "global_minimum",
    "plainly",
    "prepare",
]
