"""Is what is printed true? The judgement of each sentence about a claim, and of what is observed beside it.

A sentence that nobody judges is an error: every new one needs a judgement here.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np

from tests.oracles.network import Oracle, assumptions, at, matrix_rank, moved, numbers
from tests.oracles.strata import Strata
from tests.report.truth import TINY, Json, Judge, Untrue, holds, real_breakpoints

WHO = r"(?P<who>the given point|the affine fit|a point)"
FIT = r"(?P<fit>, and predicts what a best affine fit does)?"
Check = Callable[[Judge, int, Any], None]

SENTENCES: list[tuple[str, Check]] = []


def sentence(pattern: str) -> Callable[[Check], Check]:
    """The judgement of the sentences of a pattern."""

    def known(check: Check) -> Check:
        SENTENCES.append((pattern, check))
        return check

    return known


def judged(judge: Judge, step: int, words: str) -> list[str]:
    """Judge a claim's sentence, clause by clause; the patterns that were met."""
    met, left = [], words
    while left:
        for pattern, check in SENTENCES:
            if (match := re.match(rf"{pattern}(?:; |$)", left)) is not None:
                check(judge, step, match)
                met.append(pattern)
                left = left[match.end() :]
                break
        else:
            raise Untrue(f"nobody judges: {left}")
    return met


def about(judge: Judge, step: int, found: Any) -> tuple[Json, Fraction]:
    """The point that a sentence is about and its risk, both confirmed."""
    point, risk = judge.point_of(step), Fraction(found["risk"])
    judge.named(found["who"], point)
    holds(judge.oracle.risk(point) == risk, "the risk is another")
    return point, risk


@sentence(WHO + r", of risk (?P<risk>\S+), is a local minimum(?P<cell>: strictly inside its cell, in whose closure no "
          r"point has lower risk)?")  # fmt: skip
def _local(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    judge.stays(point)
    if found["cell"]:
        holds(judge.inside(point), "it is on a boundary")
        judge.least_in_cell(point, risk)


@sentence(WHO + r", of risk (?P<risk>\S+), is a spurious local minimum" + FIT
          + r": (?P<other>the given point|another point) has risk (?P<better>\S+?)")  # fmt: skip
def _spurious(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    judge.stays(point)
    if found["fit"]:
        judge.best_affine(point)
    better(judge, risk, found["other"], Fraction(found["better"]))


def better(judge: Judge, risk: Fraction, other: str, claimed: Fraction) -> None:
    """A point of the certificate has this lower risk, and the name fits."""
    holds(claimed < risk, "it is not lower")
    there = [point for point in judge.points() if judge.oracle.risk(point) == claimed]
    holds(bool(there), "no point of the certificate has that risk")
    if other == "the given point":
        holds(judge.document["parameters"] in there, "it is not the given point")


@sentence(r"(?P<none>a best affine fit gives no spurious minimum here: )?" + WHO
          + r", of risk (?P<risk>\S+), is a global minimum" + FIT + r": no parameters have lower risk")  # fmt: skip
def _global(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    if found["none"] or found["fit"]:
        judge.best_affine(point)
    judge.stays(point)
    judge.nothing_below(risk)


@sentence(WHO + r", of risk (?P<risk>\S+), is not a local minimum: along a polynomial curve from it the risk strictly "
          r"falls at once")  # fmt: skip
def _falls(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    path = judge.certificate["steps"][step]["curve"]
    holds(numbers(at(path, Fraction(0))) == numbers(point), "the curve starts elsewhere")
    falls = [judge.oracle.risk(at(path, Fraction(1, 2**k))) for k in range(40, 80, 4)]
    holds(all(a < risk for a in falls) and falls == sorted(falls), "the risk does not fall along the curve")


@sentence(WHO + r", of risk (?P<risk>\S+), is a critical point: strictly inside its cell, with gradient 0")
def _critical(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    holds(judge.inside(point), "it is on a boundary")
    size = len(numbers(point))
    for k in range(size):
        there = judge.oracle.risk(moved(point, [TINY * (c == k) for c in range(size)]))
        holds(abs(there - risk) < TINY**2 * 2**40, "a derivative is not 0")


@sentence(r"the risk (?P<risk>\S+) is above (?P<what>the global minimum|the infimum of the risk over all parameters) "
          r"by exactly (?P<gap>\S+?)")  # fmt: skip
def _height(judge: Judge, step: int, found: Any) -> None:
    risk, gap = Fraction(found["risk"]), Fraction(found["gap"])
    holds(judge.oracle.risk(judge.point_of(step)) == risk, "the risk is another")
    judge.nothing_below(risk - gap)
    attained = any(judge.oracle.risk(point) == risk - gap for point in judge.points())
    holds(attained == (found["what"] == "the global minimum"), "whether it is attained is not said rightly")


@sentence(r"infinitely many (?P<spurious>spurious )?local minima of risk (?P<risk>\S+): a path of them, with the same "
          r"predictions, starts at " + WHO + r"; the points of its cell with these predictions form, near it, a set of "
          r"dimension (?P<most>at most )?(?P<size>\d+)(; (?P<other>the given point|another point) has risk "
          r"(?P<better>\S+?))?")  # fmt: skip
def _valley(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    path = judge.certificate["steps"][step]["path"]
    places = [at(path, Fraction(k, 7)) for k in range(8)]
    holds(numbers(places[0]) == numbers(point), "the path starts elsewhere")
    holds(len({tuple(numbers(place)) for place in places}) > 1, "the path stays where it is")
    for place in places:
        holds(judge.oracle.predictions(place) == judge.oracle.predictions(point), "predictions change along the path")
        holds(judge.pattern(place) == judge.pattern(point), "the path leaves the cell")
        judge.stays(place)
    if found["spurious"]:
        better(judge, risk, found["other"], Fraction(found["better"]))
    judge.dimension(point, int(found["size"]), not found["most"])


@sentence(r"(?P<all>A1 (?:holds|fails): .*AL holds: [^;]*)")
def _assumptions(judge: Judge, _: int, found: Any) -> None:
    said = {name: so == "holds" for name, so in re.findall(r"(A\d|AL) (holds|fails): ", found["all"])}
    holds(said == assumptions(judge.oracle), "an assumption is decided wrongly")
    words = {
        "A1": ("no affine map has the labels as its values", "an affine map has the labels as its values"),
        "A2": ("inputs are distinct", r"samples \d+ and \d+ have equal inputs"),
        "A3": ("every hidden layer is wider than the output", r"hidden layer \d+ is not wider than the output"),
        "A4": ("every activation has a breakpoint whose two slopes do not sum to 0",
               r"the activation of hidden layer \d+ has no breakpoint whose two slopes do not sum to 0"),
    }  # fmt: skip
    for name, (good, bad) in words.items():
        holds(re.search(f"{name} (holds|fails): ({good if said[name] else bad})", found["all"]) is not None, name)


@sentence(r"every activation is affine: one cell, and every local minimum is a global one, by (?P<why>[^;()]+"
          r" \([^()]+(\(inputs, outputs\)[^()]+)?\))")  # fmt: skip
def _linear(judge: Judge, _: int, found: Any) -> None:
    layers = judge.document["layers"]
    holds(not any(real_breakpoints(judge.oracle, m) for m in range(len(layers) - 2)), "an activation bends")
    holds(bool(re.search("converse of interior_minimum|Laurent and von Brecht|Lu and Kawaguchi", found["why"])), "?")


@sentence(r"one hidden unit has (?P<count>\d+) cells? on the data(?P<each>; a witness in each is given)?")
def _cells(judge: Judge, _: int, found: Any) -> None:
    rng, seen, oracle = np.random.default_rng(judge.seed), set(), judge.oracle
    x = np.array([[float(v) for v in each] for each, _ in oracle.samples()])
    biased = judge.document.get("bias", True)
    hidden = biased if isinstance(biased, bool) else biased["hidden"]
    rows, t = np.hstack([x, np.ones((len(x), 1))]) if hidden else x, [float(v) for v in real_breakpoints(oracle, 0)]
    for _ in range(4000):
        z = rows @ (rng.normal(size=rows.shape[1]) * np.exp(rng.normal(0, 2)))
        seen.add(tuple(sum(v > kink for kink in t) for v in z))
    holds(len(seen) <= int(found["count"]), "there are more cells")
    holds(len(seen) >= int(found["count"]) * 2 // 3, "there are far fewer cells")


@sentence(r"the infimum of the risk over all parameters is (?P<risk>[^,;]+), and no parameters attain it: there is no "
          r"global minimum|the infimum of the risk over all parameters is (?P<open>[^,;]+), which points approach; "
          r"whether any attain it is open")  # fmt: skip
def _infimum(judge: Judge, _: int, found: Any) -> None:
    least = Fraction(found["risk"] or found["open"])
    judge.nothing_below(least)
    holds(found["risk"] is None or all(judge.oracle.risk(each) > least for each in judge.points()), "it is attained")
    holds(abs(float(approached(judge) - least)) < 1e-5 * (1 + float(least)), "nothing approaches it")


def approached(judge: Judge) -> Fraction:
    """The risk of a network far along the family that the certificate's limit describes."""
    limit, oracle, nu = judge.step("limit"), judge.oracle, Fraction(1, 10**7)
    width, inputs = judge.document["layers"][1], judge.document["layers"][0]
    weight, bias, last = [["0"] * inputs for _ in range(width)], ["0"] * width, ["0"] * width
    for j, unit in enumerate(limit["units"]):
        v = Fraction(unit["nu"]) or nu
        u = [str(Fraction(x) / v) for x in unit["u"]]
        weight[j], last[j] = u[:inputs], str(Fraction(unit["sign"]) * v)
        bias[j] = u[inputs] if len(u) > inputs else "0"
    biased = judge.document.get("bias", True)
    hidden, output = (biased, biased) if isinstance(biased, bool) else (biased["hidden"], biased["output"])
    first = {"weight": weight} | ({"bias": bias} if hidden else {})
    return oracle.risk([first, {"weight": [last]} | ({"bias": [limit["constant"]]} if output else {})])


@sentence(r"the infimum of the risk over all parameters is at least (?P<low>\S+) and at most (?P<high>\S+?)")
def _bracket(judge: Judge, _: int, found: Any) -> None:
    judge.nothing_below(Fraction(found["low"]))
    high = Fraction(found["high"])
    holds(any(judge.oracle.risk(point) <= high for point in judge.points()), "nothing is that low")


@sentence(r"the local minima strictly inside the cell (?P<cell>\S+) have risk (?P<risk>[^,]+), the least in the cell, "
          r"and are (?P<how>one connected valley|not one valley but \d+ components \(\d+ orbits? under exchanging "
          r"units on equal pieces\)); dimensions? (?P<sizes>(?:[\d, ]|not determined)+)")  # fmt: skip
def _minima(judge: Judge, step: int, found: Any) -> None:
    point, risk = judge.point_of(step), Fraction(found["risk"])
    holds(spelled(judge.pattern(point)) == found["cell"], "the pieces are others")
    judge.least_in_cell(point, risk)
    sizes, size = [int(x) for x in re.findall(r"\d+", found["sizes"])], len(numbers(point))
    for witness in judge.certificate["steps"][step]["witnesses"]:
        holds(judge.oracle.risk(witness) == risk, "a witness has another risk")
        holds(judge.pattern(witness) == judge.pattern(point), "a witness is in another cell")
        judge.stays(witness)
        holds(not sizes or size - judge.oracle.jacobian_rank(witness) >= min(sizes), "the dimension is larger")


@sentence(r"exactly one point is a local minimum strictly inside the cell (?P<cell>\S+), of risk (?P<risk>[^,]+), the "
          r"least there")  # fmt: skip
def _single(judge: Judge, step: int, found: Any) -> None:
    (witness,) = judge.certificate["steps"][step]["witnesses"]
    holds(judge.oracle.risk(witness) == Fraction(found["risk"]), "the risk is another")
    holds(spelled(judge.pattern(witness)) == found["cell"], "the pieces are others")
    holds(judge.oracle.jacobian_rank(witness) == len(numbers(witness)), "the dimension is not 0")
    judge.stays(witness)


@sentence(r"no local minimum is strictly inside the cell (?P<cell>\S+): the risks there are all above (?P<risk>\S+?)")
def _no_minima(judge: Judge, step: int, found: Any) -> None:
    point, risk = judge.point_of(step), Fraction(found["risk"])
    holds(spelled(judge.pattern(point)) == found["cell"], "the pieces are others")
    holds(judge.oracle.risk(point) > risk, "a point of the cell is as low")
    judge.least_in_cell(point, risk)


@sentence(r"the infimum of the risk over the cell (?P<cell>\S+) is (?P<risk>\S+?)")
def _cell_infimum(judge: Judge, step: int, found: Any) -> None:
    point = judge.point_of(step)
    holds(spelled(judge.pattern(point)) == found["cell"], "the pieces are others")
    judge.least_in_cell(point, Fraction(found["risk"]))


@sentence(WHO + r", of risk (?P<risk>\S+), is a local minimum, joined to another one by a path of local minima, all of "
          r"that risk")  # fmt: skip
def _path(judge: Judge, step: int, found: Any) -> None:
    point, risk = about(judge, step, found)
    for node in judge.certificate["steps"][step]["nodes"]:
        holds(judge.oracle.risk(node) == risk, "a node has another risk")
        judge.stays(node)
    holds(numbers(node) != numbers(point), "it leads back")


@sentence(r"whatever the labels, (?:the one cell|each of the (?P<count>\d+) cells) of a hidden unit, with all "
          r"units in it, holds a local minimum strictly inside, which predicts a best fit that the cell's"
          r" features allow(; with the labels of the file these have (?:risk (?P<one>\S+?)|"
          r"(?P<kinds>\d+) risks, from (?P<low>\S+) to "
          r"(?P<high>\S+?)))?(; "
          r"at least (?P<spurious>\d+) of them (?:is a spurious local minimum|are spurious local minima) with these: "
          r"(?P<other>the given point|another point) has risk (?P<better>\S+?))?"
          r"(; that of the cell (?P<cell>\S+) has risk (?P<risk>\S+?))?")  # fmt: skip
def _traps(judge: Judge, step: int, found: Any) -> None:
    entry = judge.certificate["steps"][step]
    _cells(judge, step, {"count": found["count"] or "1"})
    risks = [judge.oracle.risk_of([[Fraction(f)] for f in each["best"]]) for each in entry.get("traps", [])]
    if found["one"]:
        holds(set(risks) == {Fraction(found["one"])}, "the risks are others")
    if found["kinds"]:
        holds((len(set(risks)), min(risks), max(risks)) == (
            int(found["kinds"]), Fraction(found["low"]), Fraction(found["high"])), "the risks are others")  # fmt: skip
    if found["better"]:
        lower = Fraction(found["better"])
        holds(sum(risk > lower for risk in risks) == int(found["spurious"]), "another number is spurious")
        better(judge, max(risks), found["other"], lower)
    if found["cell"]:
        point = judge.point_of(entry["from"]["minimum"])
        holds(judge.oracle.risk(point) == Fraction(found["risk"]), "the risk is another")
        holds(spelled(judge.pattern(point)) == found["cell"], "the pieces are others")
        judge.stays(point)


LABELS = r"(whatever the labels, |as long as every label is nearer than (?P<radius>\S+) to the one in the file, )"


def relabelled(judge: Judge, found: Any, count: int = 12) -> list[tuple[list[Fraction], Judge]]:
    """The problem with other labels within the radius, near its edge too, and the changes."""
    rng, made = Random(judge.seed), []
    radius = Fraction(found["radius"]) if found["radius"] else Fraction(5)
    for k in range(count):
        d = [radius * Fraction(rng.choice([-999, 999, rng.randint(-999, 999)]), 1000) for _ in judge.document["data"]]
        document = copy.deepcopy(judge.document)
        for each, change in zip(document["data"], d, strict=True):
            each["y"] = [str(Fraction(str(each["y"][0])) + change)]
        made.append((d, Judge(document, judge.certificate, judge.seed + k)))
    return made


@sentence(LABELS + r"a local minimum that predicts the best affine fit is spurious; for some labels, each at most "
          r"(?P<edge>\S+) away, none is: the product with \((?P<form>[-\d, ]+)\) is 0 for affine labels, and positive "
          r"for the nearer ones"
          )  # fmt: skip
def _spurious_radius(judge: Judge, step: int, found: Any) -> None:
    form, rows = [int(x) for x in found["form"].split(", ")], [[*x, Fraction(1)] for x, _ in judge.oracle.samples()]
    holds(not any(sum(g * v for g, v in zip(form, c, strict=True)) for c in zip(*rows, strict=True)), "not orthogonal")
    for _, there in relabelled(judge, found):
        y = [v[0] for _, v in there.oracle.samples()]
        holds(sum(g * v for g, v in zip(form, y, strict=True)) > 0, "it is not positive on nearer labels")
        holds(matrix_rank([[*row, v] for row, v in zip(rows, y, strict=True)]) > matrix_rank(rows), "affine labels")
    edge = [Fraction(x) for x in judge.certificate["steps"][step]["affine"]]
    groups = defaultdict(list)
    for row, (_, (y,)) in zip(rows, judge.oracle.samples(), strict=True):
        groups[tuple(row)].append(y)
    for row, ys in groups.items():
        gap = sum(a * b for a, b in zip(edge, row, strict=True)) - sum(ys) / len(ys)
        holds(abs(gap) <= Fraction(found["edge"]), "the affine labels are farther away")


LOST = (r"(; at every distance above (?P<exact>\S+) some labels have no local minimum there with output weights of "
        r"these signs)?")  # fmt: skip


def lost(judge: Judge, entry: Json, start: Json, radius: Fraction) -> None:
    """In some corner just beyond the radius the point that moves along has other signs, another face, or falls."""
    for corner in product((1, -1), repeat=len(judge.document["data"])):
        d = [radius * Fraction(1001, 1000) * s for s in corner]
        there = Judge(moved_labels(judge.document, d), judge.certificate, judge.seed)
        if not movable(entry, start, d):
            return
        point = slid(entry, start, d)
        old, new = (numbers(each[1]["weight"]) for each in (start, point))
        kept = all((a > 0) == (b > 0) and (a < 0) == (b < 0) for a, b in zip(old, new, strict=True))
        if not kept or there.pattern(point) != judge.pattern(start):
            return
        if there.oracle.lower_nearby(point, trials=60, seed=judge.seed) is not None:
            return
    raise Untrue("the minimum is still there beyond the radius")


def movable(entry: Json, start: Json, d: list[Fraction]) -> bool:
    """Whether no output weight that moves becomes 0, where a unit has no input weights any more."""
    outer = [Fraction(v) for v in start[1]["weight"][0]]
    moves = [None if rows is None else [Fraction(m) for m in rows[-1]] for rows in entry["moves"]]
    return all(
        row is None or abs(v) + sum(a * b for a, b in zip(row, d, strict=True)) != 0
        for v, row in zip(outer, moves, strict=True)
    )


@sentence(LABELS + r"there is a local minimum on the face (?P<face>\S+), with output weights of the same signs as at "
          + WHO + r", whose risk with the labels in the file is (?P<risk>\S+?)" + LOST + r"(; nearer than "
          r"(?P<near>\S+) it is a spurious local minimum: (?P<other>the given point|another point) is lower for these "
          r"labels, and has risk (?P<better>\S+?) with those in the file)?")  # fmt: skip
def _face_radius(judge: Judge, step: int, found: Any) -> None:
    entry = judge.certificate["steps"][step]
    start, _ = about(judge, step, found)
    for d, there in relabelled(judge, found):
        there.stays(slid(entry, start, d))
    if found["exact"]:
        holds(found["exact"] == found["radius"], "two radii")
        lost(judge, entry, start, Fraction(found["exact"]))
    if found["near"]:
        better(judge, judge.oracle.risk(start), found["other"], Fraction(found["better"]))
        lower = judge.point_of(entry["from"]["better"])
        for d, there in relabelled(judge, {"radius": found["near"]}):
            holds(there.oracle.risk(lower) < there.oracle.risk(slid(entry, start, d)), "it is not spurious")


@sentence(WHO + r", of risk (?P<risk>\S+), is a local minimum on the face (?P<face>\S+), but some other labels, as "
          r"near as one likes, (?P<how>have none|are not known to have one) there with output weights of these signs: "
          r"(?P<count>\d+) linear forms? in the labels vanish(es)?(; with the labels changed by \((?P<change>[^)]+)\) "
          r"the face has one as long as every label is nearer than (?P<size>\S+) to those)?")  # fmt: skip
def _edge(judge: Judge, step: int, found: Any) -> None:
    entry = judge.certificate["steps"][step]
    start, _ = about(judge, step, found)
    judge.stays(start)
    if found["change"]:
        centre = [Fraction(x) for x in found["change"].split(", ")]
        for d, _ in relabelled(judge, {"radius": found["size"]}):
            moves = [a + b for a, b in zip(centre, d, strict=True)]
            document = copy.deepcopy(judge.document)
            for each, change in zip(document["data"], moves, strict=True):
                each["y"] = [str(Fraction(str(each["y"][0])) + change)]
            Judge(document, judge.certificate).stays(slid(entry, start, moves))


def slid(entry: Json, start: Json, d: list[Fraction]) -> Json:
    """The point for changed labels, from the fields of a step about how it moves."""
    first, last = start
    rows, outer = [], []
    for j, moves in enumerate(entry["moves"]):
        w = [Fraction(x) for x in (*first["weight"][j], *first.get("bias", [])[j : j + 1])]
        v = Fraction(last["weight"][0][j])
        if moves is not None:
            z = [a + sum(Fraction(m) * x for m, x in zip(row, d, strict=True))
                 for a, row in zip([*(abs(v) * x for x in w), abs(v)], moves, strict=True)]  # fmt: skip
            w, v = [x / z[-1] for x in z[:-1]], z[-1] * (1 if v > 0 else -1)
        rows.append(w)
        outer.append(str(v))
    width = len(first["weight"][0])
    hidden = {"weight": [[str(x) for x in w[:width]] for w in rows]}
    hidden |= {"bias": [str(w[width]) for w in rows]} if "bias" in first else {}
    final: Json = {"weight": [outer]}
    if "bias" in last:
        moved_by = sum(Fraction(m) * x for m, x in zip(entry["shift"], d, strict=True))
        final["bias"] = [str(Fraction(last["bias"][0]) + moved_by)]
    return [hidden, final]


@sentence(LABELS + r"the local minima strictly inside the cell (?P<cell>\S+) form (?P<how>one connected valley|"
          r"(?P<count>\d+) components \((?P<orbits>\d+) orbits? under exchanging units\))(; within every distance "
          r"above (?P<exact>\S+) some labels have minima there with other signs of the output weights, or none with "
          r"some of these)?"
          )  # fmt: skip
def _cell_radius(judge: Judge, step: int, found: Any) -> None:
    point = judge.point_of(judge.certificate["steps"][step]["from"]["minima"])
    holds(spelled(judge.pattern(point)) == found["cell"], "the pieces are others")
    wanted = (int(found["count"] or 1), int(found["orbits"] or 1))
    for _, there in relabelled(judge, found, 5):
        holds(Strata(there.document, point).components() == wanted, "other components")
    if found["exact"]:
        holds(found["exact"] == found["radius"], "two radii")
        d = beyond(judge, step, Fraction(found["radius"]), point)
        here, there = (signs_of(document, point) for document in (judge.document, moved_labels(judge.document, d)))
        holds(max(map(abs, d)) < Fraction(found["radius"]) * Fraction(11, 10), "that is far beyond")
        holds(here != there, "the signs are the same just beyond")


def moved_labels(document: Json, d: list[Fraction]) -> Json:
    """The problem with changed labels."""
    new = copy.deepcopy(document)
    for each, change in zip(new["data"], d, strict=True):
        each["y"] = [str(Fraction(str(each["y"][0])) + change)]
    return new


def signs_of(document: Json, point: Json) -> set[tuple[int, ...]]:
    """Of the output weights of the minima in the cell of a point."""
    found = Strata(document, point)
    f, r = found.best()
    return set(found.sign_vectors(f, r))


def beyond(judge: Judge, step: int, radius: Fraction, point: Json) -> list[Fraction]:
    """Changes of labels a little farther than the radius where the signs change, from the edge that the step names."""
    edge = judge.certificate["steps"][step]["edge"]
    n = len(judge.document["data"])
    if "corner" in edge:
        return [radius * (1 - 2 * (edge["corner"] >> (n - 1 - i) & 1)) * Fraction(1001, 1000) for i in range(n)]
    hidden = point[0]
    cells = list(dict.fromkeys(zip(*(layers[0] for layers in judge.pattern(point)), strict=True)))
    units = list(zip(*(layers[0] for layers in judge.pattern(point)), strict=True))
    chosen = [(units.index(cells[slot // 2]), 1 - 2 * (slot % 2)) for slot in edge["slots"]]
    rows = {"weight": [hidden["weight"][j] for j, _ in chosen]}
    rows |= {"bias": [hidden["bias"][j] for j, _ in chosen]} if "bias" in hidden else {}
    inner = [rows, {"weight": [[str(s) for _, s in chosen]]} | ({"bias": ["0"]} if "bias" in point[1] else {})]
    shape = judge.document | {"layers": [len(hidden["weight"][0]), len(chosen), 1]}
    ahead = [f for (f,) in Oracle(shape).predictions(inner)] if chosen else [Fraction(0)] * n
    change, small = (
        [Fraction(x) for x in edge["labels"]],
        radius / (1000 * (1 + max(map(abs, ahead), default=Fraction(0)))),
    )
    labels = [y for _, (y,) in judge.oracle.samples()]
    return [b + small * (p - y - b) for b, p, y in zip(change, ahead, labels, strict=True)]


@sentence(LABELS + r"there is a global minimum on the face of " + WHO + r", whose risk with the labels in the file is "
          r"(?P<risk>\S+), with output weights of the same signs" + LOST + r"(; for some labels, each at most "
          r"(?P<beyond>\S+) away, none there with output weights of these signs is a global one: another point is "
          r"lower)?"
          )  # fmt: skip
def _global_radius(judge: Judge, step: int, found: Any) -> None:
    face = judge.certificate["steps"][judge.certificate["steps"][step]["from"]["face"]]
    start, _ = about(judge, judge.certificate["steps"][step]["from"]["face"], found)
    for d, there in relabelled(judge, found, 4):
        there.nothing_below_it(slid(face, start, d))
    if found["exact"]:
        holds(found["exact"] == found["radius"], "two radii")
        lost(judge, face, start, Fraction(found["exact"]))
    entry = judge.certificate["steps"][step]
    if found["beyond"]:
        d = [Fraction(x) for x in entry["beyond"]]
        there = Oracle(moved_labels(judge.document, d))
        holds(max(map(abs, d)) == Fraction(found["beyond"]), "they are at another distance")
        lower = there.risk(judge.point_of(entry["from"]["better"]))
        holds(lower < there.risk(slid(face, start, d)), "it is no lower there")


@sentence(r"whatever the labels, no function of the inputs is better than a best affine fit|a local minimum that "
          r"predicts the best affine fit is spurious for exactly those labels whose product with at least one of these "
          r"vectors is not 0: (?P<forms>[-\d, ()]+)")  # fmt: skip
def _spurious_labels(judge: Judge, _: int, found: Any) -> None:
    rows = [[*x, Fraction(1)] for x, _ in judge.oracle.samples()]
    groups = {tuple(row): [i for i, other in enumerate(rows) if other == row] for row in rows}
    forms = [[int(x) for x in form.split(",")] for form in re.findall(r"\(([^)]*)\)", found["forms"] or "")]
    for form in forms:
        holds(
            not any(sum(g * v for g, v in zip(form, c, strict=True)) for c in zip(*rows, strict=True)), "no product 0"
        )
        holds(all(len({form[i] for i in group}) == 1 for group in groups.values()), "it differs on equal inputs")
    holds(len(forms) == len(groups) - matrix_rank([list(row) for row in groups]), "there are more, or fewer")
    holds(not forms or matrix_rank([[Fraction(x) for x in form] for form in forms]) == len(forms), "they are dependent")


@sentence(r"for every activation with one breakpoint, of slope a left of it and b right of it, a ≠ b, a local minimum "
          r"that predicts the best affine fit, of risk (?P<risk>[^,]+), is spurious: a network "
          r"with such an activation and a unit that has its kink at the input (?P<kink>\S+) has risk (?P<better>.+)"
          )  # fmt: skip
def _every_slope(judge: Judge, step: int, found: Any) -> None:
    oracle, rng = judge.oracle, Random(judge.seed)
    fit = [[Fraction(f)] for f in judge.certificate["steps"][step]["fit"]]
    holds(oracle.risk_of(fit) == Fraction(found["risk"]), "the risk is another")
    rational, size = r"(\d+(?:/\d+)?)", r"(?:(\d+) )?"
    parts = re.fullmatch(
        rf"{rational} - {rational} \(a - b\)\^2 / "
        rf"\({size}a\^2(?: ([-+]) {size}a b)? \+ {size}b\^2\)",
        found["better"],
    )
    holds(parts is not None, "it is no such text")
    start, gain, p, sign, middle, r = parts.groups()  # type: ignore[union-attr]
    p, r, q = p or 1, r or 1, Fraction(middle or 1) * (-1 if sign == "-" else 1 if sign else 0)
    kink, n = Fraction(found["kink"]), len(fit)
    for _ in range(8):
        a, b = Fraction(rng.randint(-5, 5), 3), Fraction(rng.randint(-5, 5), 2)
        if a == b:
            continue
        h = [a * min(x - kink, Fraction(0)) + b * max(x - kink, Fraction(0)) for (x,), _ in oracle.samples()]
        bent = [v - sum(h) / n for v in h]
        pull = sum((f[0] - y[0]) * v for f, (_, y), v in zip(fit, oracle.samples(), bent, strict=True))
        w = -pull / sum(v * v for v in bent)
        lower = oracle.risk_of([[f[0] + w * v] for f, v in zip(fit, bent, strict=True)])
        form = Fraction(p) * a * a + q * a * b + Fraction(r) * b * b
        holds(lower == Fraction(start) - Fraction(gain) * (a - b) ** 2 / form < Fraction(found["risk"]), "another risk")


def spelled(pattern: Json) -> str:
    """The pieces of one hidden layer, unit by unit, as claims spell them."""
    return ",".join("".join(map(str, unit)) for unit in zip(*(layers[0] for layers in pattern), strict=True))


# what was observed


def observed(judge: Judge, notes: Json, words: str) -> None:
    """Judge what is said about the given point beyond the theorem, and that text and fields agree."""
    point, oracle = judge.document["parameters"], judge.oracle
    parts = words.split("; ")
    for part in parts:
        judge_part(judge, point, part, notes)
    if (strict := notes.get("strict")) is not None:
        holds(("a strict minimum" in parts, "not a strict minimum" in parts) == (strict, not strict), "strict")
    if strict:
        holds(oracle.jacobian_rank(point) == len(numbers(point)), "points of equal risk are close by")
    kind = {"interpolation": "it fits", "affine fit": "it predicts", "flat layer": "all units", "flat units": "unit",
            "boundary": "some pre", "interior": "it is strictly"}[notes["kind"]]  # fmt: skip
    holds(parts[0].startswith(kind), "the kind is not what is said first")


def judge_part(judge: Judge, point: Json, part: str, notes: Json) -> None:
    """One observation."""
    oracle, inside = judge.oracle, judge.inside(point)
    if part == "it fits the data exactly":
        holds(oracle.predictions(point) == [y for _, y in oracle.samples()], part)
    elif part == "it predicts what a best affine fit does":
        judge.best_affine(point)
    elif match := re.fullmatch(r"all units of hidden layer (\d+) have slope 0 on all samples", part):
        layer = int(match[1]) - 1
        holds(flat(oracle, point)[layer] == set(range(judge.document["layers"][layer + 1])), part)
    elif match := re.fullmatch(r"units? ([\d, and]+) of hidden layer (\d+) ha(?:s|ve) slope 0 on all samples", part):
        holds(flat(oracle, point)[int(match[2]) - 1] == {int(j) - 1 for j in re.findall(r"\d+", match[1])}, part)
    elif part == "some pre-activations are exactly at a breakpoint":
        holds(not inside, part)
    elif part == "it is strictly inside a cell":
        holds(inside, part)
    elif part == "a strict minimum":
        holds(judge.family(point) == 0, part)
    elif part == "not a strict minimum":
        holds(notes["valley_dimension"] > 0, part)
    elif match := re.fullmatch(r"around it the points of equal risk have dimension (at least )?(\d+)", part):
        holds(int(match[2]) == notes["valley_dimension"], part)
        holds((match[1] is None) == notes["valley_dimension_exact"], part)
        if match[1] is None:
            judge.dimension(point, int(match[2]), True)
        else:
            holds(judge.family(point) >= int(match[2]), "fewer equal points are seen around it")
    else:
        raise Untrue(f"nobody judges: {part}")


def flat(oracle: Oracle, point: Json) -> list[set[int]]:
    """Per hidden layer the units at which the activation has slope 0, to both sides, on every sample."""
    found = [set(range(len(layer["weight"]))) for layer in point[:-1]]
    for x, _ in oracle.samples():
        for m, z in enumerate(oracle.pre_activations(point, x)[:-1]):
            for j, v in enumerate(z):
                if oracle.apply(m, v + TINY) != oracle.apply(m, v) or oracle.apply(m, v - TINY) != oracle.apply(m, v):
                    found[m].discard(j)
    return found
