"""The rule `substitution`: what is proved of the full network holds for the restricted one."""

from collections.abc import Mapping
from dataclasses import replace

from ..core.activation import Activation
from ..core.adjacent_cells import adjacent_cells
from ..core.errors import Rejected
from ..core.face_minimum import face_minimum
from ..core.facts import LocalMinimum, LowerBound
from ..core.global_lower_bound import global_lower_bound
from ..core.interior_minimum import interior_minimum
from ..core.network import Bent, Problem
from ..core.proof import Fact, Proof, Reading, Rule
from ..core.text import Fields, anything, shown, text
from ..programs.network import Programmed
from ..programs.places import Slot, Slots, Wired, zero
from .cell_kkt import cell_kkt
from .second_order import second_order

INNER: Mapping[str, tuple[Rule, str]] = {  # with the rule of programs that the loss is allowed for then
    "interior_minimum": (interior_minimum, "interior_minimum"),
    "face_minimum": (face_minimum, "restricted_face_minimum"),
    "adjacent_cells": (adjacent_cells, "adjacent_cells"),
    "second_order": (second_order, "second_order"),
    "cell_kkt": (cell_kkt, "cell_kkt"),
    "global_lower_bound": (global_lower_bound, "restricted_lower_bound"),
}


def substitution(step: Reading) -> Fact:
    """
    R(θ) = R_full(T θ + t_0)      the full network, by one of the rules below: T θ* + t_0 is a local minimum, or R ≥ ρ
    ----------------------------------------------------------------------------------------------- [substitution]
      θ* is a local minimum, or R ≥ ρ

    Sound: T θ + t_0 is continuous, and all its values are points of the full network, whose places that are not edges
    frozen to 0 are each free.
    """
    problem = step.proof.problem
    if not isinstance(problem, Programmed):
        raise Rejected(step.where, "needs a general program")
    inner = Fields(step.need("step", anything), step.at("step"))
    rule = inner.need("rule", text)
    if rule not in INNER or INNER[rule][1] not in problem.loss.rules:
        raise Rejected(inner.where, f"{shown(rule)} does not carry over, or not with this loss")
    within = Reading(Proof(full(problem), step.proof.steps), inner)
    if within.roles.left:
        raise Rejected(inner.where, "names premises of its own")
    within.roles, within.premises = step.roles, step.premises
    fact = INNER[rule][0](within)
    within.done()
    match fact:
        case LocalMinimum():
            return replace(fact, pattern=None)
        case LowerBound():
            return LowerBound(fact.risk, ())
    raise Rejected(inner.where, "proves what does not carry over")


def full(problem: Programmed) -> Problem:
    """The network whose places are each free, but for edges that there are not; as a chain, where it is one."""
    if (chain := as_chain(problem)) is not None:
        return chain
    count, found = 0, list[Slots]()
    for slots in problem.slots:
        rows = list[list[Slot]]()
        for row in slots.rows():
            rows.append([])
            for slot in row:
                rows[-1].append(slot if zero(slot) else count)
                count += not zero(slot)
        columns = len(slots.weight[0])
        bias = None if slots.bias is None else tuple(row[columns] for row in rows)
        found.append(Slots(tuple(tuple(row[:columns]) for row in rows), bias))
    return problem.restricted(tuple(found))


def as_chain(problem: Programmed) -> Problem | None:
    """The chain of dense layers with one activation after each, its restrictions left out; None if it is none."""
    widths, activations, biases = [len(problem.inputs[0])], list[Activation](), list[bool]()
    for k, node in enumerate(problem.program, 1):
        if k % 2 and isinstance(node, Wired) and node.wires == tuple((k - 1, j) for j in range(widths[-1])):
            widths.append(len(problem.slots[node.layer].weight))
            biases.append(node.biased)
        elif not k % 2 and isinstance(node, Bent) and node.source == k - 1:
            activations.append(node.h)
        else:
            return None
    if len(widths) != len(activations) + 2 or len(widths) < 3 or len(set(biases[:-1])) > 1:
        return None
    shape = (problem.name, tuple(widths), biases[0], biases[-1], tuple(activations))
    return Problem(*shape, problem.loss, problem.inputs, problem.targets, None, problem.sha256)
