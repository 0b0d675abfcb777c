"""Figures for papers with matplotlib (the extra `plot`): what the page draws, as PDF, SVG or PNG."""

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from symverify.errors import Usage
from symverify.kernel.core.errors import Rejected
from symverify.kernel.core.network import Problem
from symverify.kernel.programs.network import Programmed
from symverify.problem.load import LoadedProblem
from symverify.problem.write import write_atomically
from symverify.report.atlas import Mark
from symverify.report.atlas_pictures import places
from symverify.report.cell_pictures import cells_view
from symverify.report.explain import Explanation, explain
from symverify.report.net import NoView, in_floats
from symverify.report.scenes import Scene
from symverify.report.views import fit_view, levels, segment_view, slice_view
from symverify.run.bounds import Seen
from symverify.run.verdict import Verdict

What = Literal["slice", "segment", "fit", "atlas", "cells", "all"]
WHATS: tuple[str, ...] = get_args(What)
SUFFIXES = (".pdf", ".svg", ".png")
_FARTHEST = 10**100
_BELOW = ["#0d5f5c", "#2a827b", "#57a49a", "#8cc4ba", "#c3e2da"]
_ABOVE = ["#f7eedd", "#f1dfc3", "#e9cca6", "#dfb588", "#d19a6c", "#bf7e54", "#a66142"]
_AT, _BETTER, _INK, _VALLEY = "#b5401f", "#0a6f78", "#1b2230", "#f2b705"
_STYLE = {
    "svg.hashsalt": "symverify", "pdf.fonttype": 42, "font.size": 8, "axes.titlesize": 8, "legend.fontsize": 7,
    "legend.frameon": False, "axes.linewidth": 0.6, "lines.linewidth": 1.2, "figure.dpi": 100, "savefig.dpi": 300,
    "text.usetex": False, "text.parse_math": False,
}  # fmt: skip
_NO_DATES: dict[str, dict[str, str | None]] = {
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
}


class CannotPlot(Usage):
    """There is no such figure; `.remedy` says what to do instead."""


def plot(problem_file: LoadedProblem, certificate: bytes, path: Path, what: What = "all") -> Path:
    """Write a figure of what a certificate proves: the risk on a plane, along a line, the fits, the atlas, the cells of
    a unit, or all that there are of these.

    The file's kind follows from the suffix; equal inputs give equal bytes with the same matplotlib. Raises CannotPlot,
    Rejected for a certificate that the kernel does not accept, OSError.
    """
    if what not in WHATS:
        raise CannotPlot(f"there is no plot {what!a}", f"choose one of {', '.join(WHATS)}")
    matplotlib = _matplotlib_for(path)
    told = explain(problem_file, certificate)
    if told.problem is None or told.verdict not in (Verdict.PROVED, Verdict.REFUTED):
        raise Rejected("", f"this certificate is {told.verdict.value}: nothing to plot")
    if isinstance(told.problem, Programmed):
        raise CannotPlot("a general program is drawn on its page alone", "use explain --html")
    with matplotlib.rc_context({**_STYLE, "backend": "agg"}):
        figure = _figure(told.problem, told, what)
        _save(figure, path)
    return path


def plot_bounds(log: Sequence[Seen], path: Path) -> Path:
    """Write a figure of the bounds that a search for the global minimum saw over time: observed, not certified.

    Equal logs give equal bytes with the same matplotlib. Raises CannotPlot, OSError.
    """
    matplotlib = _matplotlib_for(path)
    if all(each.lower is None and each.upper is None for each in log):
        raise CannotPlot("the log has no bounds", "make one with: symverify check --claims global_minimum --log FILE")
    if any(abs(x) > _FARTHEST for each in log for x in (each.elapsed, each.lower, each.upper) if x is not None):
        raise CannotPlot("the log has a number that is too large to draw")
    with matplotlib.rc_context({**_STYLE, "backend": "agg"}):
        figure = import_module("matplotlib.figure").Figure(figsize=(3.4, 2.7), layout="constrained")
        axes, times = figure.subplots(), [float(each.elapsed) for each in log]
        for name, colour in (("upper", _AT), ("lower", _BETTER)):
            values = [math.nan if (x := getattr(each, name)) is None else float(x) for each in log]
            axes.step(times, values, where="post", color=colour, marker=".", markersize=3, label=f"{name} bound")
        axes.set(xlabel="seconds", ylabel="least risk", title="observed, not certified")
        axes.locator_params(axis="x", nbins=5)
        axes.legend()
        _save(figure, path)
    return path


def _matplotlib_for(path: Path) -> Any:
    """The library, for a file that it can write. Raises CannotPlot."""
    if path.suffix.lower() not in SUFFIXES:
        raise CannotPlot(f"cannot write {path.suffix or 'a file without suffix'!a}", f"use {', '.join(SUFFIXES)}")
    try:
        return import_module("matplotlib")
    except ImportError:
        raise CannotPlot("matplotlib is not installed", "install it with: pip install matplotlib") from None


def _figure(problem: Problem, told: Explanation, what: What) -> Any:
    """The panels asked for; of all, those that can be drawn. Raises CannotPlot where there is none."""
    panels = {name: in_floats(draw) for name, draw in _panels(problem, told).items()}  # what cannot be drawn has none
    if what != "all":
        if what not in panels:
            raise CannotPlot(f"the certificate has no {what}", _REMEDIES.get(what, "plot one that claims a minimum"))
        panels = {what: panels[what]}
    drawn, reasons = [], []
    for name, draw in panels.items():
        axes = import_module("matplotlib.figure").Figure().subplots()
        try:
            draw(axes)
            if max(map(abs, (*axes.get_xlim(), *axes.get_ylim()))) > _FARTHEST:
                raise NoView("its numbers are too large for a plot")
            drawn.append(draw)
        except NoView as reason:
            reasons.append(f"there is no {name} of this problem: {reason}")
    if not drawn:
        first = reasons[0] if reasons else "the certificate is about no point"
        raise CannotPlot(first, "plot something else" if reasons else "plot one that claims a minimum")
    columns = 2 if len(drawn) == 4 else min(len(drawn), 3)
    size = (3.4 * columns, 2.7 * -(-len(drawn) // columns))
    figure = import_module("matplotlib.figure").Figure(figsize=size, layout="constrained")
    for place, draw in enumerate(drawn, 1):
        axes = figure.add_subplot(-(-len(drawn) // columns), columns, place)
        draw(axes)
        axes.locator_params(axis="x", nbins=5)  # few enough for the numbers to stand apart
    return figure


_KINDS: dict[bool | None, tuple[str, str, str]] = {
    True: (_AT, "o", "spurious"),
    False: (_BETTER, "D", "global"),
    None: (_INK, "s", "not known"),
}
_REMEDIES = {
    "atlas": "make one with: symverify atlas --faces",
    "cells": "make one with: symverify check --claims cells",
}


def _panels(problem: Problem, told: Explanation) -> dict[str, Callable[[Any], None]]:
    """What the certificate has to show, by name."""
    found: dict[str, Callable[[Any], None]] = {}
    if told.atlas:
        found["atlas"] = lambda axes: _atlas(axes, told.atlas)
    if told.scenes:
        scene = told.scenes[0]
        found["slice"] = lambda axes: _slice(axes, problem, scene)
        found["segment"] = lambda axes: _segment(axes, problem, scene)
        found["fit"] = lambda axes: _fit(axes, problem, scene)
    if told.cells:
        found["cells"] = lambda axes: _cells(axes, problem, told.scenes[0] if told.scenes else None)
    return found


def _atlas(axes: Any, marks: Sequence[Mark]) -> None:
    """The valleys by risk and dimension, side by side where they would overlap."""
    placed = places(marks)
    for kind, (colour, marker, name) in _KINDS.items():
        chosen = [(float(each.risk), y) for each, y in placed.marks if each.spurious is kind]
        if chosen:
            x, y = zip(*chosen, strict=True)
            axes.plot(x, y, marker, color=colour, markersize=8, markeredgecolor="white", label=name)
    for each, height in placed.marks:
        if each.components is not None and each.components > 1:
            at = (float(each.risk), height)
            axes.annotate(str(each.components), at, color="white", fontsize=6, ha="center", va="center", zorder=6)
    axes.set_yticks([y for y, _ in placed.rows], [name for _, name in placed.rows])
    axes.set(xlabel="risk", ylabel="dimension")
    axes.margins(0.12)
    axes.legend(loc="best")


def _cells(axes: Any, problem: Problem, scene: Scene | None) -> None:
    """The boundaries between the cells of a hidden unit, and the units of the point."""
    view = cells_view(problem, None if scene is None else scene.at.point)
    for each in view.boundaries:
        axes.plot(*zip(*each.curve, strict=True), color=_INK, linewidth=0.6)
    for x, y, j in view.units:
        if view.xs[0] <= x <= view.xs[1] and view.ys[0] <= y <= view.ys[1]:
            _mark(axes, x, y, str(j), "o", _AT)
    axes.set(xlim=view.xs, ylim=view.ys, xlabel=view.axes[0], ylabel=view.axes[1])


def _slice(axes: Any, problem: Problem, scene: Scene) -> None:
    """The risk on a plane, with creases, the path and the points."""
    view = slice_view(problem, scene)
    low = float(view.risk.min())
    low = low if scene.better is None else min(low, float(scene.better.risk))
    high = float(np.quantile(view.risk, 0.9))
    spread = max(high - low, 1e-300)
    under, over = levels(low, view.level, high) if low < view.level - 1e-9 * spread else ([], levels(low, low, high)[1])
    edges = [
        low - 1e-9 * spread,
        *under,
        over[0] - 1e-7 * spread,
        *over[1:],
        max(float(view.risk.max()), over[-1]) + spread,
    ]
    colours = [*_BELOW[len(_BELOW) - len(under) - 1 :], *_ABOVE] if under else [*_ABOVE[:1], *_ABOVE]
    edges = edges if under else [low - 2 * spread, *edges[1:]]
    axes.contourf(view.xs, view.ys, view.risk, levels=edges, colors=colours)
    for crease in view.creases:
        axes.contour(view.xs, view.ys, crease.values, levels=[0.0], colors=_INK, linewidths=0.5, linestyles="solid")
    if view.path:
        x, y = zip(*view.path, strict=True)
        axes.plot(x, y, color=_INK, linewidth=3.2, solid_capstyle="round")
        axes.plot(x, y, color=_VALLEY, linewidth=1.8, solid_capstyle="round")
    _mark(axes, 0, 0, scene.name, "o", _AT)
    if scene.better is not None:
        _mark(axes, 1, 0, scene.better_name, "D", _BETTER)
    axes.set(xlim=(view.xs[0], view.xs[-1]), ylim=(view.ys[0], view.ys[-1]))
    axes.set_xlabel(view.directions[0])
    axes.set_ylabel(view.directions[1])


def _mark(axes: Any, x: float, y: float, name: str, marker: str, colour: str) -> None:
    axes.plot([x], [y], marker=marker, color=colour, markeredgecolor="white", markersize=6, linestyle="none", zorder=5)
    halo = import_module("matplotlib.patheffects").withStroke(linewidth=2.5, foreground="white")
    shown = axes.annotate(name, (x, y), xytext=(5, 5), textcoords="offset points", style="italic", weight="bold")
    shown.set_path_effects([halo])


def _segment(axes: Any, problem: Problem, scene: Scene) -> None:
    """The risk along the line or the curve."""
    view = segment_view(problem, scene)
    axes.axhline(view.marks[0][2], color=_AT, linewidth=0.8, linestyle="--")
    axes.plot(view.ts, view.risk, color=_INK)
    axes.vlines(view.meets, 0, 0.06, transform=axes.get_xaxis_transform(), color=_INK, linewidth=0.5)
    for index, (t, name, risk) in enumerate(view.marks):
        _mark(axes, t, risk, name, "oD"[index], (_AT, _BETTER)[index])
    axes.set(xlim=(view.ts[0], view.ts[-1]), ylim=view.span(), xlabel=view.horizontal, ylabel=view.vertical)


def _fit(axes: Any, problem: Problem, scene: Scene) -> None:
    """Data and predictions of the first output: curves for one input, else predictions against targets."""
    view = fit_view(problem, scene)
    colours = (_AT, _BETTER)
    if len(view.xs) == 1:
        for p, name in enumerate(view.names):
            axes.plot(view.xs[0], view.values[p][:, 0], color=colours[p], linestyle=("--", "-")[p], label=name)
        axes.plot(view.inputs[:, 0], view.targets[:, 0], "o", color=_INK, markersize=3.5, label="data")
        axes.set(xlabel="x", ylabel="y", ylim=view.span(0))
    else:
        axes.axline((0, 0), slope=1, color=_INK, linewidth=0.5)
        for p, name in enumerate(view.names):
            axes.plot(view.targets[:, 0], view.at_data[p][:, 0], "oD"[p], color=colours[p], markersize=3.5, label=name)
        axes.set(xlabel="target", ylabel="prediction", xlim=view.span(0), ylim=view.span(0))
    axes.legend()


def _save(figure: Any, path: Path) -> None:
    """Write the figure whole or not at all."""
    kind = path.suffix.lower()
    content = BytesIO()
    figure.savefig(content, format=kind[1:], metadata=_NO_DATES[kind])
    write_atomically(path, content.getvalue())
