"""The one table of proof rules."""

from collections.abc import Callable

from . import rules
from .assumptions import assumptions, linear_collapse
from .bounds import bracket, function_bound, global_lower_bound, global_minimum, infimum, limit, not_attained
from .cells import cell_cover
from .critical import critical_point
from .faces import face_atlas
from .facts import Fact
from .read import Fields
from .rules import Proof
from .second_order import adjacent_cells, second_order
from .strata import atlas, cell_infimum, cell_minima, constant_risk_path

RULES: dict[str, Callable[[Proof, Fields], Fact]] = {
    "point": rules.point,
    "interior_minimum": rules.interior_minimum,
    "adjacent_cells": adjacent_cells,
    "second_order": second_order,
    "face_minimum": rules.face_minimum,
    "descent": rules.descent,
    "spurious_minimum": rules.spurious_minimum,
    "function_minimum": rules.function_minimum,
    "valley": rules.valley,
    "assumptions": assumptions,
    "linear_collapse": linear_collapse,
    "critical_point": critical_point,
    "cell_cover": cell_cover,
    "cell_minima": cell_minima,
    "cell_infimum": cell_infimum,
    "constant_risk_path": constant_risk_path,
    "atlas": atlas,
    "face_atlas": face_atlas,
    "function_bound": function_bound,
    "global_lower_bound": global_lower_bound,
    "global_minimum": global_minimum,
    "bracket": bracket,
    "limit": limit,
    "infimum": infimum,
    "not_attained": not_attained,
}
