"""The one table of proof rules, storey by storey. A storey rests on those above it in this table, never the reverse.

A rule is a function in the file of its name: it is loaded when a certificate first names it.
"""

from importlib import import_module

from .core.proof import Rule

STOREYS: dict[str, tuple[str, ...]] = {
    "core": (
        "point",
        "interior_minimum",
        "adjacent_cells",
        "face_minimum",
        "descent",
        "spurious_minimum",
        "function_minimum",
        "valley",
        "function_bound",
        "global_lower_bound",
        "global_minimum",
        "bracket",
    ),
    "programs": ("restricted_face_minimum", "restricted_lower_bound"),
    "curvature": ("critical_point", "second_order", "cell_kkt", "substitution"),
    "cells": (
        "cell_cover",
        "cell_minima",
        "cell_infimum",
        "constant_risk_path",
        "atlas",
        "face_atlas",
        "limit",
        "infimum",
        "not_attained",
        "tree_bound",
    ),
    "labels": (
        "cell_traps",
        "spurious_labels",
        "every_slope",
        "spurious_radius",
        "face_radius",
        "cell_radius",
        "global_radius",
        "spurious_region",
        "slope_region",
        "face_region",
        "hull",
        "global_region",
        "closed_list",
    ),
    "reals": (
        "enclosed_point",
        "span_minimum",
        "spurious_real",
        "no_minimum",
        "zero_infimum",
        "real_cell_traps",
        "real_interior_minimum",
        "real_face_minimum",
        "real_descent",
        "real_lower_bound",
        "minimum_in_box",
        "face_span",
        "decay_bound",
    ),
    "cited": ("assumptions", "linear_collapse"),
}
STOREY: dict[str, str] = {name: storey for storey, names in STOREYS.items() for name in names}


def rule_named(name: str) -> Rule:
    """The rule of that name in the table. Raises KeyError."""
    rule: Rule = getattr(import_module(f".{STOREY[name]}.{name}", __package__), name)
    return rule
