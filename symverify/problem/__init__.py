"""Problems from files and from Python: `load` and `loads`. The format itself is read by the kernel, and only there."""

from .load import LoadedProblem, load, loads, network_schema

__all__ = ["LoadedProblem", "load", "loads", "network_schema"]
