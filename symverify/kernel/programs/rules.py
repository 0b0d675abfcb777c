"""Which rules cover general programs: an allow-list, each with the rule that the loss must be proved for.

A rule that is not here needs a chain of dense layers.
"""

from collections.abc import Mapping

_SAME = (
    "point",
    "interior_minimum",
    "descent",
    "spurious_minimum",
    "function_minimum",
    "valley",
    "function_bound",
    "global_minimum",
    "bracket",
    "adjacent_cells",
    "critical_point",
    "second_order",
    "cell_kkt",
    "enclosed_point",
    "span_minimum",
    "spurious_real",
    "real_interior_minimum",
    "real_function_minimum",
    "real_descent",
    "minimum_in_box",
    "face_span",
    "zero_infimum",
)
ON_PROGRAMS: Mapping[str, str] = {
    **{rule: rule for rule in _SAME},
    "restricted_face_minimum": "face_minimum",
    "restricted_lower_bound": "global_lower_bound",
    "substitution": "point",
}
