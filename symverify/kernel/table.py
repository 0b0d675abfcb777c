"""The one table of proof rules, storey by storey. A storey rests on those above it in this table, never the reverse."""

from .cells.atlas import atlas
from .cells.cell_cover import cell_cover
from .cells.cell_infimum import cell_infimum
from .cells.cell_minima import cell_minima
from .cells.constant_risk_path import constant_risk_path
from .cells.face_atlas import face_atlas
from .cells.infimum import infimum
from .cells.limit import limit
from .cells.not_attained import not_attained
from .cells.tree_bound import tree_bound
from .cited.assumptions import assumptions
from .cited.linear_collapse import linear_collapse
from .core.adjacent_cells import adjacent_cells
from .core.bracket import bracket
from .core.descent import descent
from .core.face_minimum import face_minimum
from .core.function_bound import function_bound
from .core.function_minimum import function_minimum
from .core.global_lower_bound import global_lower_bound
from .core.global_minimum import global_minimum
from .core.interior_minimum import interior_minimum
from .core.point import point
from .core.proof import Rule
from .core.spurious_minimum import spurious_minimum
from .core.valley import valley
from .curvature.cell_kkt import cell_kkt
from .curvature.critical_point import critical_point
from .curvature.second_order import second_order
from .curvature.substitution import substitution
from .labels.cell_radius import cell_radius
from .labels.cell_traps import cell_traps
from .labels.closed_list import closed_list
from .labels.every_slope import every_slope
from .labels.face_radius import face_radius
from .labels.face_region import face_region
from .labels.global_radius import global_radius
from .labels.global_region import global_region
from .labels.hull import hull
from .labels.slope_region import slope_region
from .labels.spurious_labels import spurious_labels
from .labels.spurious_radius import spurious_radius
from .labels.spurious_region import spurious_region
from .programs.restricted_face_minimum import restricted_face_minimum
from .programs.restricted_lower_bound import restricted_lower_bound
from .reals.decay_bound import decay_bound
from .reals.enclosed_point import enclosed_point
from .reals.face_span import face_span
from .reals.minimum_in_box import minimum_in_box
from .reals.no_minimum import no_minimum
from .reals.real_cell_traps import real_cell_traps
from .reals.real_descent import real_descent
from .reals.real_face_minimum import real_face_minimum
from .reals.real_function_minimum import real_function_minimum
from .reals.real_interior_minimum import real_interior_minimum
from .reals.real_lower_bound import real_lower_bound
from .reals.span_minimum import span_minimum
from .reals.spurious_real import spurious_real
from .reals.zero_infimum import zero_infimum

STOREYS: dict[str, tuple[Rule, ...]] = {
    "core": (
        point,
        interior_minimum,
        adjacent_cells,
        face_minimum,
        descent,
        spurious_minimum,
        function_minimum,
        valley,
        function_bound,
        global_lower_bound,
        global_minimum,
        bracket,
    ),
    "programs": (restricted_face_minimum, restricted_lower_bound),
    "curvature": (critical_point, second_order, cell_kkt, substitution),
    "cells": (
        cell_cover,
        cell_minima,
        cell_infimum,
        constant_risk_path,
        atlas,
        face_atlas,
        limit,
        infimum,
        not_attained,
        tree_bound,
    ),
    "labels": (
        cell_traps,
        spurious_labels,
        every_slope,
        spurious_radius,
        face_radius,
        cell_radius,
        global_radius,
        spurious_region,
        slope_region,
        face_region,
        hull,
        global_region,
        closed_list,
    ),
    "reals": (
        enclosed_point,
        span_minimum,
        spurious_real,
        no_minimum,
        zero_infimum,
        real_cell_traps,
        real_interior_minimum,
        real_face_minimum,
        real_function_minimum,
        real_descent,
        real_lower_bound,
        minimum_in_box,
        face_span,
        decay_bound,
    ),
    "cited": (assumptions, linear_collapse),
}
RULES: dict[str, Rule] = {rule.__name__: rule for rules in STOREYS.values() for rule in rules}
STOREY: dict[str, str] = {rule.__name__: storey for storey, rules in STOREYS.items() for rule in rules}
