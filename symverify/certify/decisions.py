"""What is decided about a point of any network: by the cells around it, by descent, as a critical point."""

import time
from collections.abc import Callable

from symverify.certify.certificate import spelled
from symverify.certify.session import Decision, Outcome, Proved, Session, Undecided
from symverify.kernel.core.errors import Declined, Rejected
from symverify.kernel.core.network import Point, Problem
from symverify.kernel.curvature.substitution import full
from symverify.kernel.programs.network import Programmed
from symverify.search.answers import Descends, Unknown
from symverify.search.descent import descent
from symverify.search.flat_directions import Entry
from symverify.search.kkt import Minimum, decide_by_cells


def entry_fields(problem: Problem, entry: Entry) -> dict[str, object]:
    """A cell's entry as certificates spell it."""
    numbers = [str(x) for x in entry.numbers]
    match entry.kind:
        case "flat":
            return {"flat": True}
        case "eliminate":
            parts = {"held": list(entry.held), "place": entry.place, "curve": spelled(problem, entry.curve)}
            return {"eliminate": {"multipliers": numbers, **parts}}
        case kind:
            return {kind: numbers}


def half(session: Session) -> Callable[[], bool]:
    """Whether half of the time that is left now is over."""
    end = time.monotonic() + session.remaining() / 2
    return lambda: time.monotonic() > end


def by_full_network(session: Session, problem: Programmed, at: int, theta: Point) -> Decision | None:
    """The cells of the network without restrictions, if they prove the point a minimum of it."""
    whole = full(problem)
    try:
        around = decide_by_cells(whole, theta, half(session))
        if not isinstance(around, Minimum):
            return None
        told = [entry_fields(whole, entry) for entry in around.entries]
        step = session.certificate.step("substitution", {"point": at}, step={"rule": "cell_kkt", "cells": told})
    except (Rejected, Declined):
        return None
    return Decision(step, False, "substitution")


def by_cells(session: Session, at: int, theta: Point) -> Decision | Unknown:
    """What the cells around the point decide about it, or what stays open."""
    problem = session.problem
    try:
        around = decide_by_cells(problem, theta, half(session))
    except Declined as error:
        return Unknown(str(error))
    match around:
        case Minimum():
            told = [entry_fields(problem, entry) for entry in around.entries]
            return Decision(session.certificate.step("cell_kkt", {"point": at}, cells=told), False, "cell_kkt")
        case Descends():
            step = session.certificate.step("descent", {"point": at}, curve=spelled(problem, around.curve))
            return Decision(step, True, around.why)
        case _:
            return around


def fall(session: Session, at: int, theta: Point) -> Decision | None:
    """A curve along which the risk falls, if one is found."""
    found = descent(session.problem, theta)
    if found is None:
        return None
    curve, why = found
    step = session.certificate.step("descent", {"point": at}, curve=spelled(session.problem, curve))
    return Decision(step, True, why)


def critical_point(session: Session) -> Outcome:
    """Whether the given parameters are a critical point strictly inside a cell."""
    if session.problem.parameters is None:
        return Undecided("the network file gives no parameters")
    try:
        at = session.certificate.point(session.problem.parameters)
        return Proved(session.certificate.step("critical_point", {"point": at}))
    except Rejected as error:
        return Undecided(error.reason.removeprefix("critical_point: "))
