"""Gurobi and SCIP on the global minimum of one hidden ReLU layer, in the forms that suit them best.

min Σ r² with r = c0 + Σ_j σ_j p_ij − y, p − q = ⟨u_j, x̃_i⟩, p, q ≥ 0, at most one of them non-zero: u_j = |v_j| w_j,
so the problem is convex but for the pattern, which is either SOS1 constraints or indicators of a binary. One model for
each number of output weights σ = +, the most mixed first; the units of one sign are ordered by their first coordinate.
Each model gets the best value of the earlier ones as its cutoff, besides the one it may be given. One thread, floats, a
gap of 1e-6. Gurobi's size-limited licence takes fewer than 200 variables with squares: residuals beyond are squared
as they are, without a variable.
"""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from symverify.kernel.core.network import Problem

GAP, LICENSED = 1e-6, 199


class Found(NamedTuple):
    """CPU seconds, and the minimum found; None where the time was over, `why` says so, or there is no licence."""

    seconds: float
    value: float | None
    why: str = ""


Solve = Callable[
    [Problem, int, str, float, float], tuple[str, float]
]  # positive, form, cutoff, seconds → status, value


def raced(solve: Solve, problem: Problem, form: str, best: float | None, limit: float) -> Found:
    """All numbers of positive output weights. best: a minimum known, the cutoff is just above it. limit: CPU s."""
    begun, width = time.process_time(), problem.widths[1]
    lowest = float("inf") if best is None else best * (1 + GAP)
    value = float("inf")
    for positive in sorted(range(width + 1), key=lambda k: abs(k - width / 2)):
        status, found = solve(
            problem, positive, form, min(lowest, value), max(begun + limit - time.process_time(), 0.01)
        )
        if status not in ("optimal", "infeasible"):
            return Found(time.process_time() - begun, None, status)
        value = min(value, found)
    return Found(time.process_time() - begun, value)


def ordered(positive: int, width: int) -> Iterator[tuple[int, int]]:
    """Neighbours among the units of one sign."""
    for group in (range(positive), range(positive, width)):
        yield from pairwise(group)


def samples(problem: Problem) -> tuple[list[list[float]], list[float]]:
    """The inputs with a 1 for the bias, and the labels."""
    rows = [[float(x) for x in problem.row(i)] for i in range(len(problem.inputs))]
    return rows, [float(y) for (y,) in problem.targets]


_ENVIRONMENT: list[Any] = []


def gurobi(problem: Problem, positive: int, form: str, cutoff: float, seconds: float) -> tuple[str, float]:
    """Gurobi; form: sos, indicator, or one of these and " focus 2"."""
    import gurobipy as gp

    if not _ENVIRONMENT:
        _ENVIRONMENT.append(gp.Env(params={"OutputFlag": 0}))
    (rows, labels), width, model = samples(problem), problem.widths[1], gp.Model(env=_ENVIRONMENT[0])
    free, terms, units = -gp.GRB.INFINITY, [[] for _ in labels], []
    c0 = model.addVar(lb=free)
    for j in range(width):
        u = [model.addVar(lb=free) for _ in rows[0]]
        units.append(u)
        for row, parts in zip(rows, terms, strict=True):
            p, q = model.addVar(lb=0), model.addVar(lb=0)
            model.addConstr(gp.quicksum(a * w for a, w in zip(row, u, strict=True)) == p - q)
            if form.startswith("sos"):
                model.addSOS(gp.GRB.SOS_TYPE1, [p, q])
            else:
                on = model.addVar(vtype="B")
                model.addGenConstrIndicator(on, 1, q, "<", 0.0)
                model.addGenConstrIndicator(on, 0, p, "<", 0.0)
            parts.append(p if j < positive else -p)
    for a, b in ordered(positive, width):
        model.addConstr(units[a][0] <= units[b][0])
    errors = [c0 + gp.quicksum(parts) - y for parts, y in zip(terms, labels, strict=True)]
    model.update()
    room = max(0, min(len(errors), LICENSED - model.NumVars))
    residuals = [model.addVar(lb=free) for _ in range(room)]
    for r, error in zip(residuals, errors, strict=False):
        model.addConstr(r == error)
    model.setObjective(gp.quicksum(e * e for e in [*residuals, *errors[room:]]))
    settings = {"Threads": 1, "MIPGap": GAP, "MIPGapAbs": 1e-9, "Cutoff": min(cutoff, 1e100)}
    for name, value in (settings | ({"MIPFocus": 2} if form.endswith("focus 2") else {})).items():
        model.setParam(name, value)
    over = time.process_time() + seconds  # its own limit is of wall time, which counts what others use

    def stop(model: Any, _: int) -> None:
        if time.process_time() > over:
            model.terminate()

    try:
        model.optimize(stop)
    except gp.GurobiError:
        return "no licence", 0.0
    if model.Status == gp.GRB.OPTIMAL:
        return "optimal", float(model.ObjVal)
    none = model.Status in (gp.GRB.CUTOFF, gp.GRB.INFEASIBLE, gp.GRB.INF_OR_UNBD)
    return "infeasible" if none else "time", float("inf")


def scip(problem: Problem, positive: int, form: str, cutoff: float, seconds: float) -> tuple[str, float]:
    """SCIP; form: sos or indicator."""
    from pyscipopt import Model, quicksum

    model, (rows, labels), width = Model(), samples(problem), problem.widths[1]
    model.hideOutput()
    loss, c0 = model.addVar(lb=0, ub=None if cutoff == float("inf") else cutoff), model.addVar(lb=None)
    terms: list[list[Any]] = [[] for _ in labels]
    units: list[list[Any]] = []
    for j in range(width):
        u = [model.addVar(lb=None) for _ in rows[0]]
        units.append(u)
        for row, parts in zip(rows, terms, strict=True):
            p, q = model.addVar(lb=0), model.addVar(lb=0)
            model.addCons(quicksum(a * w for a, w in zip(row, u, strict=True)) == p - q)
            if form == "sos":
                model.addConsSOS1([p, q])
            else:
                on = model.addVar(vtype="B")
                model.addConsIndicator(q <= 0, on)
                model.addConsIndicator(p <= 0, on, activeone=False)
            parts.append(p if j < positive else -p)
    for a, b in ordered(positive, width):
        model.addCons(units[a][0] <= units[b][0])
    residuals = [model.addVar(lb=None) for _ in labels]
    for r, parts, y in zip(residuals, terms, labels, strict=True):
        model.addCons(r == c0 + quicksum(parts) - y)
    model.addCons(quicksum(r * r for r in residuals) <= loss)
    model.setObjective(loss)
    model.setParam("limits/gap", GAP)
    model.setParam("timing/clocktype", 1)  # of the CPU
    model.setParam("limits/time", seconds)
    model.optimize()
    status = model.getStatus()
    if status in ("optimal", "gaplimit"):
        return "optimal", float(model.getObjVal())
    return ("infeasible" if status == "infeasible" else "time"), float("inf")


PEERS: dict[str, tuple[str, Solve, tuple[str, ...]]] = {
    "Gurobi": ("gurobipy", gurobi, ("sos", "sos focus 2", "indicator")),
    "SCIP": ("pyscipopt", scip, ("sos", "indicator")),
}
