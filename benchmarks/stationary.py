"""Stationary points of deep and vector-valued networks, by kind: how many are decided, why the others are not.

Run from the repository's root: python benchmarks/stationary.py [--each 20] [--seed 1] [--timeout 30] [--kind NAME]
[--flagged FILE].
Sixty points of the tests, then as many of each kind in `planted.py` as asked. What is proved a minimum is attacked, by
exact curves and from random points so near that only its kinks change sides; a lower point that is found is exact. An
exact curve along which the risk falls is a proof that the verdict is wrong; a lower point nearby is to be judged: both
are kept in the file of flagged points, a line of JSON for each, with the network file and the lower point or the curve.
"""

import argparse
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from planted import KINDS, Document, kinks_at

from symverify.certify.certificate import spelled
from symverify.certify.chains import local_minimum
from symverify.certify.session import Decision, Session
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import Point, Problem, predictions, risk, risk_along
from symverify.kernel.programs.parameters import values_of
from symverify.problem.load import loads
from symverify.search.descent import along, random_velocities
from symverify.search.float_network import Array, FloatNetwork, as_floats
from symverify.search.snap_equations import as_point

SIXTY = Path("tests/search/stationary_points.json")
ATTACKS, STEPS, CURVES = 15, 40, 60
PATIENCE = 30


def attacked(problem: Problem, theta: Point, seed: int) -> Point | None:
    """A point of lower risk so near that strict pre-activations keep their sides."""
    net, v, noise = FloatNetwork(problem), as_floats(problem, theta), np.random.default_rng(seed)
    z, best = net.forward(v)[1], risk(problem, predictions(problem, theta))
    gaps = [np.abs(a[:, :, None] - t) for a, t in zip(z, net.breaks, strict=False)]
    margins = [float(x) for gap in gaps for x in gap.ravel() if x > 1e-12]
    room = 0.1 * min(margins, default=1.0) / max(1.0, float(np.abs(v).max()) * float(np.abs(net.inputs).max()))
    for size in np.repeat([room, room / 10, room / 100], ATTACKS // 3):
        there = fallen(net, v + size * noise.normal(size=net.size), float(size))
        lower = as_point(problem, map(Fraction, there.tolist()))
        if risk(problem, predictions(problem, lower)) < best and near(net, v, there, gaps):
            return lower
    return None


def fallen(net: FloatNetwork, v: Array, size: float) -> Array:
    """Some steps down the gradient, the longer ones first."""
    before = net.risk(v)
    for _ in range(STEPS):
        g = net.gradient(v, net.pieces(v))[0]
        length = float(np.linalg.norm(g))
        if not length or size < 1e-18:
            break
        there = v - size * g / length
        if (after := net.risk(there)) < before:
            v, before = there, after
        else:
            size /= 2
    return v


def near(net: FloatNetwork, v: Array, there: Array, gaps: Sequence[Array]) -> bool:
    """Whether no pre-activation that is strictly inside its piece has moved by more than half of its way out."""
    moves = [np.abs(a - b)[:, :, None] for a, b in zip(net.forward(there)[1], net.forward(v)[1], strict=True)]
    return all(bool(((move < gap / 2) | (gap < 1e-12)).all()) for move, gap in zip(moves, gaps, strict=False))


def falls(problem: Problem, theta: Point, curve: Point) -> bool:
    """Whether the risk falls at once along a curve from the point, exactly."""
    try:
        return (risk_along(problem, curve) - risk(problem, predictions(problem, theta))).sign_after_zero() < 0
    except Declined:
        return False


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against a local minimum: "wrong" where an exact curve shows it, "flagged" elsewhere; the witness."""

    sort: str
    why: str
    witness: object


def against(problem: Problem, theta: Point, seed: int) -> Objection | None:
    """A curve along which the risk falls, or a lower point nearby."""
    for velocity in islice(random_velocities(problem), CURVES):
        if any(map(any, velocity)) and falls(problem, theta, curve := along(problem, theta, velocity)):
            return Objection("wrong", "the risk falls along a curve", spelled(problem, curve))
    if (lower := attacked(problem, theta, seed)) is None:
        return None
    gain = risk(problem, predictions(problem, theta)) - risk(problem, predictions(problem, lower))
    ways = [(y - x,) for x, y in zip(values_of(problem, theta), values_of(problem, lower), strict=True)]
    sort = "wrong" if falls(problem, theta, along(problem, theta, ways)) else "flagged"
    why = f"a point nearby has a risk that is lower by {float(gain):.3g}"
    return Objection(sort, why, spelled(problem, lower))


def points(each: int, seed: int, only: str | None) -> Iterator[tuple[str, Document]]:
    """The kinds and the network files."""
    if only is None:
        yield from (("the sixty", form) for form in json.loads(SIXTY.read_text()))
    for kind, generator in KINDS.items():
        noise = random.Random(f"{seed} {kind}")
        for number in range(each if only in (None, kind) else 0):
            drawn = None
            while drawn is None:
                drawn = generator(noise, number)
            yield kind, drawn


def decided(problem: Problem, theta: Point, timeout: float) -> tuple[str, str]:
    """ "proved" a local minimum, "refuted" or "open", by steps that the kernel has accepted; and the reason."""
    signal.signal(signal.SIGPROF, out_of_time)
    signal.setitimer(signal.ITIMER_PROF, timeout)
    try:
        session = Session(problem, time.monotonic() + PATIENCE * timeout)  # which is wall time; the timer's is not
        at = session.certificate.point(theta)
        found = local_minimum(session, at, theta)
        if isinstance(found, Decision):
            return "refuted" if found.refuted else "proved", found.why
        return ("open", found.reason) if session.everywhere(at) is None else ("proved", "no network has lower risk")
    except TimeoutError:
        return "open", f"no answer within {timeout:g} CPU s"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def out_of_time(number: int, frame: object) -> None:
    """The answer to the clock."""
    raise TimeoutError


@dataclass(frozen=True, slots=True)
class Judged:
    """A point with what is decided about it."""

    kind: str
    number: int
    problem: Problem
    theta: Point
    kinks: int
    verdict: str

    def say(self, what: str, why: str, form: Document) -> None:
        """A line about it that can be tried again."""
        print(f"  {what}, {self.kind}, {self.kinks} kinks: {why}: {json.dumps(form)}", flush=True)


def judged(kind: str, number: int, form: Document, timeout: float) -> Judged:
    """What is decided about a point; the reason is printed where it is open."""
    problem = loads(json.dumps(form)).problem
    if (theta := problem.parameters) is None:
        raise ValueError("the network has parameters")
    verdict, why = decided(problem, theta, timeout)
    found = Judged(kind, number, problem, theta, len(kinks_at(problem, theta)), verdict)
    if verdict == "open":
        found.say("open", why, form)
    return found


def told(kind: str, tally: Counter[str]) -> None:
    """A line of the table."""
    parts = (f"{tally[name]} {name}" for name in ("proved", "refuted", "open", "on kinks"))
    count = tally["proved"] + tally["refuted"] + tally["open"]
    print(f"{kind}: {count - tally['open']} of {count} decided ({', '.join(parts)})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=20, help="points of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30, help="CPU seconds for a point")
    parser.add_argument("--kind", choices=list(KINDS), help="this kind alone")
    parser.add_argument("--flagged", type=Path, default=Path("flagged.jsonl"), help="where objections are kept")
    options = parser.parse_args()
    begun, tallies = time.process_time(), dict[str, Counter[str]]()
    proved = list[tuple[Judged, Document]]()
    for number, (kind, form) in enumerate(points(options.each, options.seed, options.kind)):
        if kind not in tallies and tallies:
            told(*list(tallies.items())[-1])
        found = judged(kind, number, form, options.timeout)
        tallies.setdefault(kind, Counter()).update([found.verdict] + ["on kinks"] * (found.kinks > 0))
        if found.verdict == "proved":
            proved.append((found, form))
    told(*list(tallies.items())[-1])
    told("all", sum(tallies.values(), Counter()))
    print(f"{time.process_time() - begun:.0f} CPU s", flush=True)
    spoken = Counter[str]()
    for found, form in proved:
        spoken["attacked"] += 1
        if (case := against(found.problem, found.theta, found.number)) is not None:
            spoken[case.sort] += 1
            found.say(case.sort, case.why, form)
            kept = {"kind": found.kind, "sort": case.sort, "why": case.why, "witness": case.witness, "network": form}
            with options.flagged.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept) + "\n")
    print(", ".join(f"{spoken[name]} {name}" for name in ("attacked", "wrong", "flagged")), end=", ")
    print(f"{time.process_time() - begun:.0f} CPU s")


if __name__ == "__main__":
    main()
