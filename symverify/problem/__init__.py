"""Problems from files and from Python: `load` and `loads`. The format itself is read by the kernel, and only there.

Called, it is the function `problem`: `symverify.problem(X, y, layers=[2, 3, 1], activation="relu", loss="squared")` is
the problem of a network on data; `help(symverify.problem.make.problem)` tells all.
"""

from symverify.called import call

from .load import LoadedProblem, load, loads, network_schema

__all__ = ["LoadedProblem", "load", "loads", "network_schema"]

call(__name__, "symverify.problem.make")
