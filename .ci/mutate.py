#!/usr/bin/env python3
"""Mutation testing of the kernel by cosmic-ray: how many of the mutants of its files the tests kill.

    python .ci/mutate.py [STOREY | STOREY/FILE.py | FILE.py | all ...] [--sample N] [--draw WORD] [--least PERCENT]

Works on a copy of the repository. A mutant is killed where its tests end with another exit code than 0. With --sample
at most N mutants of each file are drawn, at places that are all different, by a hash of the line and the change: the
same on every machine, and other edits to the file change little of it; another --draw draws others. Left out are the
kinds below; those that are known to change nothing are in `equivalent_mutants.toml` beside this script, each with the
reason, and are not run. Exits with 1 where fewer than --least percent of the others are killed.
"""

import argparse
import ast
import compileall
import contextlib
import difflib
import hashlib
import io
import os
import py_compile
import resource
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parent.parent
KERNEL, TESTS = Path("symverify/kernel"), Path("tests/kernel")
EQUIVALENT = Path(__file__).parent / "equivalent_mutants.toml"
COPIED = ("symverify", "tests", "pyproject.toml", ".ci")
MEMORY = 4 * 2**30

TYPES = "a type: no verdict depends on it, and mypy reads it"
METER = "work or size that is counted, or a limit of it: decides when the kernel declines, which is no theorem"
WORDS = "the words or the place of a rejection"
STRICT = "`strict` of a zip: one test reads the syntax trees and holds all of them to True"
FROZEN = "frozen and slots of a dataclass: a guard against the kernel's own code"
IDENTITY = "identity for equality, or the reverse: the same for None and for small integers"
SYNTAX = "no Python"
IDENTITIES = {f"core/ReplaceComparisonOperator_{pair}" for pair in ("Eq_Is", "NotEq_IsNot")}
NONE_IDENTITIES = {f"core/ReplaceComparisonOperator_{pair}" for pair in ("Is_Eq", "IsNot_NotEq")}

QUICK = [
    f"core/test_{rule}.py"
    for rule in (
        "point", "descent", "valley", "interior_minimum", "function_bound", "function_minimum", "global_minimum",
        "spurious_minimum", "bracket", "adjacent_cells",
    )
]  # fmt: skip
SECOND = [f"curvature/test_{rule}.py" for rule in ("critical_point", "cell_kkt", "second_order")]
BOXES = ["reals/test_minimum_in_box.py"]
REALS = [
    f"reals/test_{rule}.py"
    for rule in (
        "enclosed_point", "span_minimum", "zero_infimum", "no_minimum", "real_descent", "real_interior_minimum",
        "real_function_minimum", "real_lower_bound", "spurious_real",
    )
]  # fmt: skip
# The tests of a file without a test file of its name, the quickest that can kill first.
ELSEWHERE = {
    "check.py": ["core/test_point.py", "test_walk.py", "test_check.py"],
    "losses.py": ["test_losses.py", "core/test_loss.py", "core/test_minorant.py"],
    "network_file.py": ["test_network_file.py"],
    "core/activation.py": [*QUICK, "test_network_file.py"],
    "core/algebra.py": ["test_algebra.py", "core/test_face_minimum.py"],
    "core/errors.py": ["test_algebra.py", "core/test_point.py", "test_check.py"],
    "core/facts.py": [*QUICK, "core/test_face_minimum.py"],
    "core/loss.py": ["core/test_loss.py", "test_losses.py", "core/test_minorant.py", *QUICK],
    "core/network.py": [*QUICK, "core/test_face_minimum.py", "curvature/test_critical_point.py"],
    "core/poly.py": ["test_poly.py", "core/test_descent.py"],
    "core/proof.py": [*QUICK, "test_walk.py"],
    "core/text.py": ["test_text.py", "test_network_file.py"],
    "core/units.py": ["core/test_global_lower_bound.py"],
    "curvature/eliminate.py": ["curvature/test_cell_kkt.py"],
    "curvature/flows.py": SECOND,
    "curvature/forms.py": ["curvature/test_cell_kkt.py"],
    "curvature/hessian.py": SECOND,
    "cells/arrangement.py": ["cells/test_cell_cover.py"],
    "reals/box.py": BOXES,
    "reals/decay.py": BOXES,
    "reals/facts.py": REALS,
    "reals/collapsed.py": ["reals/test_on_face.py"],
    "reals/face_span.py": ["reals/test_program_span.py"],
    "reals/minimum_in_box.py": ["reals/test_box.py", "reals/test_collapsed.py"],
    "reals/layout.py": ["reals/test_box.py", "reals/test_program_fields.py"],
    "reals/kinks.py": ["reals/test_on_face.py", "reals/test_rise.py", *BOXES],
    "reals/on_face.py": ["reals/test_kinks.py", "reals/test_face_span.py"],
    "reals/rise.py": ["reals/test_kinks.py", "reals/test_on_face.py"],
    "reals/jet.py": ["reals/test_losses.py", *BOXES],
    "reals/losses.py": REALS,
    "reals/span.py": ["reals/test_span_minimum.py", "reals/test_no_minimum.py"],
    "labels/symbols.py": [
        f"labels/test_{rule}.py" for rule in ("spurious_region", "face_region", "slope_region", "closed_list")
    ],
    "labels/face.py": ["labels/test_face_radius.py", "labels/test_face_region.py"],
    "cells/sides.py": ["cells/test_tree_bound.py", "reals/test_collapsed.py", "reals/test_decay_bound.py"],
    "programs/build.py": ["programs/test_nodes.py"],
    "programs/chain.py": ["test_network_file.py"],
    "programs/entries.py": ["programs/test_nodes.py", "programs/test_network.py"],
    "programs/network.py": ["programs/test_nodes.py", "programs/test_moves.py"],
    "programs/parameters.py": ["curvature/test_flows.py", "curvature/test_cell_kkt.py", "programs/test_network.py"],
    "programs/places.py": ["programs/test_nodes.py", "programs/test_network.py", "programs/test_moves.py"],
    "programs/rules.py": ["programs/test_network.py"],
    "programs/terms.py": [f"programs/test_restricted_{rule}.py" for rule in ("lower_bound", "face_minimum")],
    "cells/strata.py": ["cells/test_constant_risk_path.py", "cells/test_cell_infimum.py", "cells/test_cell_minima.py"],
}

Span = tuple[tuple[int, int], tuple[int, int]]  # (row, column) from … to …, columns in characters


@dataclass(frozen=True)
class Mutant:
    """One change of a file: cosmic-ray's operator, its how-manieth place, the first line changed, before and after."""

    name: str
    operator: str
    occurrence: int
    span: Span
    before: str
    after: str


def left_out(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The parts of a file whose mutants are left out, with the reason."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id="places"), annotation=kind, value=ast.expr() as part):
                yield from ((kind, TYPES), (part, METER))
            case ast.arg(annotation=ast.expr() as part) | ast.AnnAssign(annotation=part):
                yield part, TYPES
            case ast.FunctionDef(name="work"):
                yield node, METER
            case ast.FunctionDef(returns=ast.expr() as part):
                yield part, TYPES
            case ast.Subscript(value=ast.Name(id="list" | "dict" | "set" | "tuple" | "frozenset"), slice=part):
                yield part, TYPES
            case ast.Call(func=ast.Name(id="zip"), keywords=flags):
                yield from ((flag, STRICT) for flag in flags)
            case ast.Call(func=ast.Name(id="spend" | "elimination" | "effort" | "size" | "metered"), args=parts):
                yield from ((part, METER) for part in parts)
            case ast.Call(func=ast.Name(id="within_budget" | "bounded"), args=[_, *parts]):
                yield from ((part, METER) for part in parts)
            case ast.Call(func=ast.Attribute(attr="room"), args=[part, _]):
                yield part, METER
            case (
                ast.Assign(targets=[ast.Name(id="cost")], value=part)
                | ast.AugAssign(target=ast.Attribute(attr="places"), value=part)
            ):
                yield part, METER
            case ast.Compare() if any(isinstance(part, ast.Name) and part.id[:4] == "MAX_" for part in ast.walk(node)):
                yield node, METER
            case ast.If(test=test, body=[ast.Raise(exc=ast.Call(func=ast.Name(id="Declined")))], orelse=[]):
                yield test, METER
            case ast.Raise(exc=ast.Call(args=parts)):
                yield from ((part, WORDS) for part in parts)
            case ast.Call(func=ast.Name(id="Condition"), args=[part, *_]):
                yield part, WORDS
            case ast.Assign(targets=[ast.Name(id="where" | "here" | "what")], value=ast.JoinedStr() as part):
                yield part, WORDS
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
                yield node, IDENTITY
            case ast.ClassDef(decorator_list=decorators):
                yield from (
                    (flag, FROZEN) for each in decorators if isinstance(each, ast.Call) for flag in each.keywords
                )
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Tuple(elts=[ast.Name(id=name), *_])], value=part):
                if name.startswith("MAX_"):
                    yield part, METER
                elif name != name.upper():
                    yield part, TYPES
            case ast.FunctionDef(name="effort" | "elimination" | "size"):
                yield node, METER


def spans_left_out(source: str) -> list[tuple[Span, str]]:
    """The same as places in the text."""
    lines = source.splitlines()

    def at(row: int, column: int) -> tuple[int, int]:
        return row, len(lines[row - 1].encode()[:column].decode())

    return [
        ((at(part.lineno, part.col_offset), at(part.end_lineno, part.end_col_offset)), why)
        for part, why in left_out(ast.parse(source))
    ]


def places(source: str) -> Iterator[tuple[str, int, Span]]:
    """Every mutant that cosmic-ray knows of: operator, occurrence, place."""
    tree = get_ast(source)
    for operator in sorted(plugins.operator_names()):
        kind = plugins.get_operator(operator)
        if not kind.arguments():
            spans = [span for node in ast_nodes(tree) for span in kind().mutation_positions(node)]
            yield from ((operator, occurrence, span) for occurrence, span in enumerate(spans))


def drawn(name: str, sample: int | None, word: str) -> tuple[list[Mutant], Counter[str]]:
    """The mutants of a file that count, sampled; and how many were left out for which reason."""
    source = (ROOT / KERNEL / name).read_text(encoding="utf-8")
    lines, skipped, why_not, kept = source.splitlines(), spans_left_out(source), Counter[str](), []
    for operator, occurrence, (start, end) in places(source):
        reason = (
            IDENTITY
            if operator in IDENTITIES
            else next(
                (
                    why
                    for (first, last), why in skipped
                    if first <= start and end <= last and (why is not IDENTITY or operator in NONE_IDENTITIES)
                ),
                None,
            )
        )
        if reason is None:
            key = f"{word}{name}\0{lines[start[0] - 1].strip()}\0{start[1]}\0{operator}"
            kept.append((hashlib.sha256(key.encode()).hexdigest(), occurrence, operator, (start, end)))
        else:
            why_not[reason] += 1
    by_place = dict[Span, tuple[str, int, str, Span]]()
    for each in sorted(kept):
        if sample is None or each[-1] not in by_place:
            by_place[each[-1] if sample is not None else (each[2], each[1])] = each
    chosen = list[Mutant]()
    for _, *each in by_place.values():
        if len(chosen) == sample:
            break
        if mutant := made(name, source, *each):
            chosen.append(mutant)
        else:
            why_not[SYNTAX] += 1
    return chosen, why_not


def made(name: str, source: str, occurrence: int, operator: str, span: Span) -> Mutant | None:
    """The mutant, with what it changes; None where it is no Python."""
    after = mutate_code(source, plugins.get_operator(operator)(), occurrence)
    try:
        ast.parse(after)
    except SyntaxError:
        return None
    changes = [line for line in difflib.ndiff(source.splitlines(), after.splitlines()) if line[:2] in ("- ", "+ ")]
    old, new = (next((line[2:].strip() for line in changes if line[0] == side), "") for side in "-+")
    return Mutant(name, operator, occurrence, span, old, new)


def equivalents() -> dict[tuple[str, str, str], str]:
    """(file, line, changed line): why the change is none."""
    with EQUIVALENT.open("rb") as file:
        listed = tomllib.load(file)
    return {
        (name, each["line"], mutant): each["why"]
        for name, entries in listed.items()
        for each in entries
        for mutant in each["mutants"]
    }


def tests_of(name: str) -> list[str]:
    """The test files for a file of the kernel."""
    own, home = Path(name).parent / f"test_{Path(name).name}", (ROOT / TESTS)
    found = [own.as_posix()] * (home / own).is_file()
    found += [each for each in ELSEWHERE.get(name, []) if each not in found]
    if "claim: str" in (ROOT / KERNEL / name).read_text(encoding="utf-8"):
        found.append("test_settles.py")
    return [(TESTS / each).as_posix() for each in found or [Path(name).parent.as_posix()]]


def copied(folder: Path) -> Path:
    """A copy of what the tests need, compiled so that a changed file is seen by its bytes, not by its time."""
    copy = folder / "repository"
    copy.mkdir()
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, copy / part)
    for part in ("symverify/kernel", "tests/kernel", "tests/oracles", "tests/examples.py"):
        how = {"quiet": 1, "invalidation_mode": py_compile.PycInvalidationMode.CHECKED_HASH}
        (compileall.compile_dir if (copy / part).is_dir() else compileall.compile_file)(copy / part, **how)
    return copy


def passed(tests: list[str], seconds: int, output: Path) -> tuple[bool, float]:
    """Whether the tests pass, and their processor time: in a fork of this process, which has pytest loaded.

    With limits on processor time and memory, and without the plugins that they do not use.
    """
    if not (child := os.fork()):
        os._exit(tested(tests, seconds, output))
    _, status, used = os.wait4(child, 0)
    return status == 0, used.ru_utime + used.ru_stime


def tested(tests: list[str], seconds: int, output: Path) -> int:
    """The exit code of the tests, run in this process."""
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.path.insert(0, os.getcwd())
        return int(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-m", "not long", *tests]))
    except BaseException:  # such as MemoryError: a mutant of which nothing may reach the parent's code
        return 1


def loaded(folder: Path) -> None:
    """Load what pytest loads as it runs, once for all forks."""
    test = folder / "test_nothing.py"
    test.write_text(
        "import pytest\n\ndef test_nothing():\n    with pytest.raises(ValueError):\n        raise ValueError\n"
    )
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "--assert=plain", "-p", "no:cacheprovider", "--rootdir", str(folder), str(test)])
    if any(name.partition(".")[0] in ("symverify", "tests") for name in sys.modules):
        raise SystemExit("the package is loaded in the process whose forks are to load its copy")


def baseline(tests: list[str], output: Path) -> int:
    """The tests pass as they are; a limit on the seconds of processor time that they may take on a mutant."""
    well, seconds = passed(tests, 1000, output)
    if not well:
        raise SystemExit(f"the tests fail without a mutant: {' '.join(tests)}\n{output.read_text(encoding='utf-8')}")
    return 10 + 4 * int(seconds)


def survives(mutant: Mutant, tests: list[str], seconds: int, output: Path) -> bool:
    """Whether the tests pass on the copy with a mutant in it."""
    path = KERNEL / mutant.name
    source = path.read_text(encoding="utf-8")
    path.write_text(mutate_code(source, plugins.get_operator(mutant.operator)(), mutant.occurrence), encoding="utf-8")
    try:
        return passed(tests, seconds, output)[0]
    finally:
        path.write_text(source, encoding="utf-8")


def run(name: str, mutants: list[Mutant], output: Path, known: dict[tuple[str, str, str], str]) -> Counter[str]:
    """Runs the mutants of one file and prints those that live; how many were drawn, equivalent, killed."""
    count, alive, limit = Counter(drawn=len(mutants)), list[Mutant](), 0
    for mutant in mutants:
        if (name, mutant.before, mutant.after) in known:
            count["equivalent"] += 1
            continue
        limit = limit or baseline(tests_of(name), output)
        if survives(mutant, tests_of(name), limit, output):
            alive.append(mutant)
        else:
            count["killed"] += 1
    print(f"{name}: {told(count)}", flush=True)
    for each in alive:
        print(f"    {each.span[0][0]}: {each.before}\n{' ' * (5 + len(str(each.span[0][0])))} {each.after}", flush=True)
    return count


def told(count: Counter[str]) -> str:
    """A line of numbers."""
    real = count["drawn"] - count["equivalent"]
    score = f", {100 * count['killed'] / real:.1f} %" if real else ""
    return f"{count['drawn']} drawn, {count['equivalent']} equivalent, {count['killed']} of {real} killed{score}"


def main() -> int:
    """Print a line for each file, with its survivors, each storey, and all."""
    parser = argparse.ArgumentParser(description="Mutation testing of the kernel.")
    parser.add_argument("what", nargs="+", help='storeys or files, as core, core/valley.py, losses.py; or "all"')
    parser.add_argument("--sample", type=int, help="at most so many mutants of each file")
    parser.add_argument("--draw", default="", help="a word that the draw depends on")
    parser.add_argument("--least", type=float, default=0, help="the percentage to be killed of those not equivalent")
    parser.add_argument("--list", action="store_true", help="only print the mutants that are drawn")
    given = parser.parse_args()
    files = sorted(path.relative_to(ROOT / KERNEL).as_posix() for path in (ROOT / KERNEL).rglob("*.py"))
    files = [name for name in files if Path(name).name not in ("__init__.py", "__main__.py", "table.py")]
    chosen = [n for n in files if {"all", n, n.partition("/")[0]} & set(given.what)]
    known, found = equivalents(), dict[str, Counter[str]]()
    if given.list:
        for name in chosen:
            mutants, why_not = drawn(name, given.sample, given.draw)
            print(f"{name}: {len(mutants)}", dict(why_not))
            for each in mutants:
                sure = "= " if (name, each.before, each.after) in known else "  "
                print(f"  {sure}{each.span[0][0]}: {each.before}\n        {each.after}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        loaded(Path(folder))
        copy, output = copied(Path(folder)), Path(folder) / "output"
        os.environ["PYTHONPATH"] = str(copy)
        os.chdir(copy)
        for name in chosen:
            storey = name.partition("/")[0] if "/" in name else "beside the storeys"
            mutants, _ = drawn(name, given.sample, given.draw)
            found[storey] = found.get(storey, Counter()) + run(name, mutants, output, known)
        os.chdir(ROOT)
    every = sum(found.values(), Counter[str]())
    for storey, count in found.items():
        print(f"{storey}: {told(count)}")
    print(f"all: {told(every)}")
    return int(100 * every["killed"] < given.least * (every["drawn"] - every["equivalent"]))


if __name__ == "__main__":
    sys.exit(main())
