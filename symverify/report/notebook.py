"""The package's `check`: that of `run`, with a result that shows itself as a table in a notebook."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import ParamSpec

from symverify.report.claims import lines
from symverify.report.html import claims_table
from symverify.run import check as run

P = ParamSpec("P")


class CheckResult(run.CheckResult):
    """A run's result: its claims in words, and in a notebook as a table."""

    __slots__ = ()

    def told(self, name: str) -> str:
        """What is said about a claim, a line each. Raises KeyError."""
        return "\n".join(lines(self, self[name]))

    def _repr_html_(self) -> str:
        return claims_table(self)


def _shown(make: Callable[P, run.CheckResult]) -> Callable[P, CheckResult]:
    """The same function with results that show themselves."""

    @wraps(make)
    def made(*args: P.args, **options: P.kwargs) -> CheckResult:
        result = make(*args, **options)
        return CheckResult(**{each.name: getattr(result, each.name) for each in fields(result)})

    return made


check = _shown(run.check)
