"""Mutants of the kernel that mattered: each is caught by the test that was written for it.

A mutant is one text in one file replaced, in a copy of the package; the test runs on the copy and must fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import symverify.kernel

ROOT = Path(symverify.kernel.__file__).parents[2]
MUTANTS = {
    "|μ| without the absolute value": (
        "core/face_minimum.py", "any(abs(m) > v * a", "any(m > v * a",
        "core/test_face_minimum.py::test_a_negative_multiplier_is_bounded_by_the_bend_too",
    ),
    "ℓ'' = 2 everywhere": (
        "curvature/hessian.py", "loss.factor * 2 * loss.part(a - b)[0]", "loss.factor * 2",
        "curvature/test_second_order.py::test_hubers_loss_does_not_bend_far_from_its_label",
    ),
    "dead rows in every layer, cells": (
        "core/network.py", "return layer == 0 and self.dead_row(i)", "return self.dead_row(i)",
        "core/test_adjacent_cells.py::test_a_dead_row_has_both_sides_in_the_second_layer",
    ),
    "only first layers move, valleys": (
        "core/valley.py", "node in problem.bents):", "node in problem.bents[:1]):",
        "core/test_valley.py::test_a_dead_row_can_leave_its_piece_in_the_second_layer",
    ),
    "flows of tied places": (
        "programs/moves.py", "isinstance(slot, int) and slot not in self.problem.tied", "isinstance(slot, int)",
        "programs/test_network.py::test_flows_are_dropped_by_place",
    ),
    "signs of frozen weights left free": (
        "programs/restricted_lower_bound.py", "signs.append(value if frozen else 0)", "signs.append(abs(value))",
        "programs/test_restricted_lower_bound.py::test_a_free_weight_has_both_signs",
    ),
    "frozen weights asked of no group": (
        "programs/restricted_face_minimum.py", "return ZERO, g, bends, int(ONE)",
        "return ZERO, [ZERO] * len(g), {}, int(ONE)",
        "programs/test_restricted_face_minimum.py",
    ),
    "faces with ν ≤ 0 as well": (
        "cells/face_atlas.py", "if not half or x[-1] > 0", "if True",
        "cells/test_face_atlas.py::test_two_breakpoints_and_a_dead_row",
    ),
    "dimensions without the output weights": (
        "cells/strata.py", "(len(each.columns) - 1 + on)", "(len(each.columns) - 1)",
        "cells/test_cell_minima.py::test_components_orbits_risk_and_dimension_are_those_of_brute_force",
    ),
    "opposite rays without the kinks": (
        "core/global_lower_bound.py", "-2 * x - sum(step[c] for step in steps)", "-2 * x",
        "core/test_global_lower_bound.py::test_the_packed_walk_finds_the_signs_that_rays_have_one_by_one",
    ),
    "the last rows' signs not in place": (
        "core/global_lower_bound.py", "(up >> -count % full, least", "(up, least",
        "core/test_global_lower_bound.py::test_packed_signs",
    ),
    "dimensions without the output bias": (
        "cells/strata.py", "return free + problem.output_bias - rank(", "return free - rank(",
        "cells/test_cell_minima.py::test_components_orbits_risk_and_dimension_are_those_of_brute_force",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_caught(name: str, tmp_path: Path) -> None:
    path, old, new, test = MUTANTS[name]
    for part in ("symverify", "tests", "pyproject.toml"):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / part, tmp_path / part)
    mutant = tmp_path / "symverify" / "kernel" / path
    source = mutant.read_text(encoding="utf-8")
    assert source.count(old) == 1
    mutant.write_text(source.replace(old, new), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/kernel/{test}"]
    here = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
    assert "AssertionError" in done.stdout or "Rejected" in done.stdout
