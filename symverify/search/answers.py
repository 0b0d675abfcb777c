"""What is answered about a point or a cell, whoever looked at it."""

from dataclasses import dataclass

from symverify.kernel.core.network import Point


@dataclass(frozen=True, slots=True)
class Descends:
    """Not a local minimum: the risk strictly falls along `curve`, polynomial in t; `why` in words."""

    curve: Point
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not decided, and why."""

    reason: str
