"""Kernels with a planted fault: the rule's sources with one substitution, run as modules beside the real ones."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import symverify.kernel.core as core

HOME = Path(core.__file__ or "").parent


@dataclass(frozen=True, slots=True)
class Fault:
    """In `file` (global_lower_bound or units) `right` is replaced by `wrong`; `right` must occur exactly once.

    `seed`: a problem on which it shows. `focus`: which random problems can show it, as arguments of `random_problem`.
    """

    name: str
    file: str
    right: str
    wrong: str
    seed: int = 0
    focus: Mapping[str, Any] = field(default_factory=dict)


RULE, UNITS = "global_lower_bound", "units"
FAULTS = [
    Fault("a split without its last child", RULE, "range(node.count(unit) + 1)", "range(node.count(unit))"),
    Fault("a split without its first child", RULE, "range(node.count(unit) + 1)", "range(1, node.count(unit) + 1)"),
    Fault(
        "units of other regions are split as equal ones",
        RULE,
        "next(sides) if other == unit else",
        "next(sides, low) if other & unit else",
        focus={"shapes": [0, 2, 3]},
        seed=359,
    ),
    Fault("σ = − judged as σ = +", RULE, "[up | down << len(placed) for", "[up | up << len(placed) for", seed=10),
    Fault("rays with ν = 0 dropped", RULE, "if ray[-1] >= 0] if units.cone", "if ray[-1] > 0] if units.cone", seed=3),
    Fault(
        "opposite rays are not looked at", RULE, "yield sum(map(mul, ray, back), total)", "yield packing.half", seed=10
    ),
    Fault("opposite rays judged as rays", RULE, "yield sum(map(mul, ray, back), total)", "yield total", seed=10),
    Fault("opposite rays without the kinks", RULE, "-2 * x - sum(step[c] for step in steps)", "-2 * x", seed=10),
    Fault(
        "packed fields a bit too narrow",
        RULE,
        "sizes = [bound.bit_length() // 8 + 1 for",
        "sizes = [max(1, bound.bit_length() // 8) for",
        focus={"wide": 60, "shapes": [0], "hidden": False, "single": True},
        seed=3,
    ),
    Fault(
        "the packing's bound ignores the number of samples",
        RULE,
        "[sum(map(abs, column)) for column in zip(*start, *bends",
        "[1 for column in zip(*start, *bends",
        focus={"wide": 60, "shapes": [0], "hidden": False, "single": True},
        seed=17,
    ),
    Fault(
        "the packing's bound ignores the kinks",
        RULE,
        "for column in zip(*start, *bends, strict=True)]",
        "for column in zip(*start, strict=True)]",
        focus={"wide": 60, "shapes": [2], "hidden": False, "single": True},
        seed=6,
    ),
    Fault(
        "the packing's bound from the first vector alone",
        RULE,
        "[steep * max(map(abs, g)) for g in vectors]",
        "[steep * max(map(abs, vectors[0])) for g in vectors]",
        focus={"wide": 60, "shapes": [0], "hidden": False, "single": True},
        seed=10,
    ),
    Fault(
        "the bound on planes ignores all but one of them",
        RULE,
        "[max(1, *map(abs, column)) for column in zip(*rows",
        "[max(1, abs(column[-1])) for column in zip(*rows",
        focus={"wide": 120, "shapes": [0], "hidden": True, "single": True},
        seed=490,
    ),
    Fault("a product of 1 counts as not positive", RULE, "total - ones & half", "total - 2 * ones & half", seed=7),
    Fault("the labels' scale stays", RULE, "threshold * scale * scale", "threshold", seed=28),
    Fault("the loss's factor is not used", RULE, "within_budget(least / problem.loss.factor)", "least", seed=28),
    Fault("the sign of the product is not checked", RULE, "if product <= 0 or", "if product == 0 or"),
    Fault("the sum of the entries is not checked", RULE, " or sum(g) * problem.output_bias:", ":", seed=9),
    Fault(
        "the product is squared twice",
        RULE,
        "product * product * high",
        "product**4 * high",
        seed=3,
    ),
    Fault("a leaf looks at one unit", RULE, "for unit in node):", "for unit in node[:1]):", seed=7),
    Fault(
        "a leaf looks at units together",
        RULE,
        "any(unit & fails[entry] for unit in node)",
        "all(unit & fails[entry] for unit in node)",
        seed=7,
    ),
    Fault(
        "a tree may end early",
        RULE,
        "if any(next(level, None) is not None for level in stack):",
        "if any(next(level, None) is not None for level in stack[1:]):",
        seed=46,
    ),
    Fault(
        "a tree may end before its leaves",
        RULE,
        "if any(next(level, None) is not None for level in stack):",
        "if stack and next(stack[0], None) is not None:",
    ),
    Fault("the last rows not in place", RULE, "((up >> -count % full, least", "((up, least", seed=20),
    Fault("planes are not left", RULE, "above & ~known | below & known", "above & ~known", seed=15),
    Fault("planes are not entered", RULE, "above & ~known | below & known", "below & known", seed=49),
    Fault(
        "the crossed planes are not remembered",
        RULE,
        "known ^= (bit := crossed & -crossed)",
        "bit = crossed & -crossed",
        seed=49,
    ),
    Fault("a crossed plane is always added", RULE, "add if known & bit else sub", "add", seed=138),
    Fault(
        "open half-spaces",
        RULE,
        "((side := whole ^ bits) | side << len(placed) for pair in zip(*sets, strict=True) for bits in pair)",
        "(side | side << len(placed) for pair in zip(*sets, strict=True) for side in reversed(pair))",
        seed=3,
    ),
    Fault(
        "the two sides of a plane do not share it",
        RULE,
        "*zip(closures, closures, strict=True)]",
        "*((a, (whole | whole << len(placed)) ^ a) for a, _ in zip(closures, closures, strict=True))]",
        seed=7,
    ),
    Fault(
        "fewer units than the width",
        RULE,
        "* min(problem.widths[1], len(labels))",
        "* max(1, min(problem.widths[1], len(labels)) - 1)",
        seed=7,
    ),
    Fault(
        "no more units than rays",
        RULE,
        "* min(problem.widths[1], len(labels))",
        "* min(problem.widths[1], len(labels), len(placed) // 2)",
        seed=10,
    ),
    Fault("the first sign only", RULE, "[(1 << 2 * len(placed)) - 1]", "[(1 << len(placed)) - 1]", seed=10),
    Fault(
        "kinks of the wrong sample",
        RULE,
        "x * packed[k // len(kinks)]",
        "x * packed[k % len(packed)]",
        focus={"shapes": [8, 9, 10, 11]},
        seed=47,
    ),
    Fault(
        "samples that vectors weigh are left out",
        RULE,
        "named.union(i for i, column in enumerate(zip(*vectors, strict=True)) if any(column)) if per",
        "named if per",
        seed=122,
    ),
    Fault("the first columns instead of independent ones", UNITS, "if c in pivots]", "if c < len(pivots)]", seed=28),
    Fault(
        "a breakpoint moved without a hidden bias",
        UNITS,
        "if problem.hidden_bias and len(h.breakpoints) == 1:",
        "if len(h.breakpoints) == 1:",
        seed=12,
    ),
    Fault("h(0) moved without an output bias", UNITS, " * problem.output_bias] for o in", "] for o in", seed=8),
    Fault(
        "the offsets not moved with the breakpoint",
        UNITS,
        "offsets = [o + s * shift for",
        "offsets = [o + 0 * s for",
        focus={"shapes": [15], "hidden": True, "output": False},
        seed=107,
    ),
    Fault("no cone for offsets", UNITS, "any(cuts) or any(offsets)", "any(cuts)", seed=8),
    Fault(
        "thresholds without their common denominator",
        UNITS,
        "(o * unit for o in offsets)",
        "(o for o in offsets)",
        focus={"shapes": [6], "hidden": False},
        seed=47,
    ),
    Fault(
        "thresholds of the wrong sign",
        UNITS,
        "*[-int(t * unit)] * cone",
        "*[int(t * unit)] * cone",
        focus={"shapes": [5, 6, 8, 10, 11]},
        seed=11,
    ),
    Fault(
        "the slope to the left taken from the right",
        UNITS,
        "(whole[0], whole[pieces])",
        "(whole[-1 - pieces], whole[pieces])",
        seed=29,
    ),
]


def module(name: str, source: str) -> ModuleType:
    """A module of the kernel's core from a text."""
    full = f"symverify.kernel.core.{name}"
    made = module_from_spec(spec_from_loader(full, loader=None))  # type: ignore[arg-type]
    sys.modules[full] = made  # dataclasses look their module up
    try:
        exec(compile(source, f"<{name}>", "exec"), made.__dict__)
    finally:
        del sys.modules[full]
    return made


def faulty(fault: Fault | None) -> ModuleType:
    """The rule's module with a fault, or a copy without any."""
    sources = {name: (HOME / f"{name}.py").read_text(encoding="utf-8") for name in (RULE, UNITS)}
    if fault is not None:
        if sources[fault.file].count(fault.right) != 1:
            raise LookupError(f"{fault.name}: its text occurs {sources[fault.file].count(fault.right)} times")
        sources[fault.file] = sources[fault.file].replace(fault.right, fault.wrong)
    shape, rule = module("copied_units", sources[UNITS]), module("copied_rule", sources[RULE])
    rule.MAX_BYTES = 1500  # type: ignore[attr-defined]  # so that vectors are taken in several parts
    rule.Units = shape.Units  # type: ignore[attr-defined]
    return rule
