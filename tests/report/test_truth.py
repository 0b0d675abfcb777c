"""What is printed beside a verdict is true: sentences, JSON fields and verdict lines, by an evaluation of its own."""

import json
import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from symverify.kernel.check import spelled
from symverify.problem.load import loads
from symverify.report import claims
from symverify.report.explain import account
from symverify.report.render import as_json, verdict_lines
from symverify.report.words import flat
from symverify.run.check import CheckResult, check
from symverify.run.verdict import Verdict
from tests.examples import layer, network, samples
from tests.report.judgements import judge_part, judged, observed
from tests.report.reasons import reason_holds
from tests.report.test_words import PROBLEMS
from tests.report.truth import Judge, Untrue

Json = Any
ACTIVATIONS: list[Json] = [
    "relu", "relu", "abs", "hardtanh", {"name": "leaky_relu", "negative_slope": "1/3"},
    {"breakpoints": [1], "slopes": [0, 1], "anchor": [0, 0]}, "identity",
]  # fmt: skip
LOSSES: list[Json] = ["squared", "squared", {"name": "squared", "reduction": "sum", "factor": "1/2"},
                      {"name": "huber", "delta": 1}]  # fmt: skip
SHAPES = [[1, 1, 1], [1, 2, 1], [1, 2, 1], [2, 2, 1], [1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 2], [1, 3, 1]]


def made(seed: int) -> Json:
    """A random network file: small integers, often a given point that is a minimum, or nearly one."""
    rng = Random(seed)
    shape, h, n = rng.choice(SHAPES), rng.choice(ACTIVATIONS), rng.randint(2, 4)
    bias = rng.choice([True, True, True, False, {"hidden": True, "output": False}])
    hidden, output = (bias, bias) if isinstance(bias, bool) else (bias["hidden"], bias["output"])
    xs = [[rng.randint(-2, 3) for _ in range(shape[0])] for _ in range(n)]
    ys = [[rng.randint(-3, 4) for _ in range(shape[-1])] for _ in range(n)]
    how, point = rng.choice(["small", "dead", "dead", "kink", "zero", "mean", "found", "found"]), []
    for m, (a, b) in enumerate(pairwise(shape)):
        last = m == len(shape) - 2
        weight = [[0 if how == "zero" else rng.randint(-1, 2) for _ in range(a)] for _ in range(b)]
        shift: list[int | str] = [rng.randint(-1, 2) if how == "small" else 0 for _ in range(b)]
        if how == "dead" and not last:
            weight, shift = [[0] * a for _ in range(b)], [-3] * b
        if how == "kink" and m == 0:
            shift = [-sum(w * x for w, x in zip(row, rng.choice(xs), strict=True)) for row in weight]
        if last and how in ("dead", "zero", "mean"):
            shift = [str(Fraction(sum(column), n)) for column in zip(*ys, strict=True)]
            weight = weight if how == "dead" else [[0] * a for _ in range(b)]
        point.append(layer(weight, shift) if (output if last else hidden) else layer(weight))
    document = network(shape, h, samples(xs, ys), parameters=point, bias=bias)
    document["loss"] = rng.choice(LOSSES)
    return found(document, rng) if how == "found" else document


def found(document: Json, rng: Random) -> Json:
    """The same with a point that a first run came upon: the affine fit, a better or the best one."""
    certificate = run(document).certificate
    steps = [] if certificate is None else json.loads(certificate)["steps"]
    points = [step["parameters"] for step in steps if step["rule"] == "point" and step["parameters"] != "given"]
    return {**document, "parameters": rng.choice(points)} if points else document


def wanted(document: Json) -> list[str]:
    """The claims to try: all that fit, the search for the least risk where it is quick."""
    shape, scalar = document["layers"], document["layers"][-1] == 1
    found = ["assumptions", "point", "valley", "spurious_minimum", "critical_point"]
    found += ["linear_collapse"] if document["activation"] == "identity" else []
    if len(shape) == 3:
        found += ["cells", *(["cell_minima"] if scalar else []), *(["cell_traps"] if scalar and shape[1] > 1 else [])]
    if len(shape) == 3 and scalar and shape[0] == 1 and shape[1] < 3:
        found.append("global_minimum")
    if len(shape) == 3 and scalar and str(document["loss"]).count("squared"):
        found += [
            "spurious_labels",
            *(["every_slope"] if shape[0] == 1 else []),
            "spurious_radius",
            "face_radius",
            *(["cell_radius", "global_radius"] if shape[:2] == [1, 2] else []),
        ]
    return found


def run(document: Json) -> CheckResult:
    """The claims, tried."""
    return check(loads(json.dumps(document)), wanted(document), smt=False, timeout=15)


def confirm(document: Json, result: CheckResult) -> Counter[str]:
    """Judge all that is printed about a run; how often each sentence occurred. Raises Untrue."""
    met = Counter[str]()
    if result.certificate is None or result.checked is None:
        return met
    certificate = json.loads(result.certificate)
    judge, printed = Judge(document, certificate), json.loads(as_json(result))
    stated = {claim["claim"]: claim for claim in certificate["claims"]}
    lines = {line.split()[2]: line for line in verdict_lines(result)}
    for claim, fields in zip(result.claims, printed["claims"], strict=True):
        said = claims.lines(result, claim)
        if claim.verdict not in (Verdict.PROVED, Verdict.REFUTED):
            assert fields["words"] == ""
            assert fields["risk"] is None
            assert [line for line in said if not line.startswith(claims.OBSERVED)] == [fields["reason"]]
            assert lines[claim.name].startswith(f"s UNDECIDED {claim.name} problem=")
            continue
        assert said[0] == fields["words"]
        met.update(judged(judge, stated[claim.name]["step"], said[0]))
        met.update(beside(judge, claim.name, fields, said[1:]))
        numbers_agree(stated[claim.name], fields, lines[claim.name], said[0])
    assert {theorem.claim for theorem in result.checked.theorems} <= {claim.name for claim in result.claims}
    statements_agree(result)
    return met


def beside(judge: Judge, name: str, fields: Json, more: list[str]) -> list[str]:
    """What was observed stands on one line of its own, and under "observed"."""
    assert len(more) == bool(fields["observed"].get("reason"))
    if not more:
        return []
    assert more[0].startswith("observed, not certified: ")
    words = more[0].removeprefix("observed, not certified: ")
    if "kind" in fields["observed"]:
        observed(judge, fields["observed"], words)
        return ["observed at the given point"]
    assert words == fields["observed"]["reason"]
    reason_holds(judge, words)
    return [f"observed: {name}"]


def numbers_agree(stated: Json, fields: Json, line: str, words: str) -> None:
    """The JSON fields, the verdict line and the sentence have the certificate's numbers, and no others."""
    own = {key: value for key, value in stated.items() if key not in ("claim", "verdict", "step")}
    extra = {"name", "verdict", "words", "storey", "reason", "observed", "seconds", "smt", "before", "gap", "gap_above"}
    assert {key: value for key, value in fields.items() if key not in extra and value is not None} == {
        key: value for key, value in own.items() if value is not None
    }
    parts = dict(part.split("=", 1) for part in line.split()[3:])
    for key, value in own.items():
        shown = parts.get("better" if key == "better_risk" else key)
        text = str(value).lower() if isinstance(value, bool) else spelled(str(value))
        assert shown == (None if value is None else text)
    assert line.split()[1].lower() == fields["verdict"] == stated["verdict"]
    if isinstance(own.get("risk"), str):
        assert own["risk"] in words
    if "gap" in fields and fields["gap"] != "0":
        assert words.endswith(f"by exactly {fields['gap']}")
        assert ("global minimum by" in words) == (fields["gap_above"] == "global_minimum")
    assert ("spurious local minim" in words) == (own.get("spurious") is True or own.get("better_risk") is not None)


def statements_agree(result: CheckResult) -> None:
    """The page says of each theorem what the terminal says, with symbols for the points."""
    assert result.checked is not None
    told = account(result.checked, b"")
    (items,) = told.sections[0].blocks
    spoken = sorted(flat(item).partition(". ")[2] for item in items.items)  # type: ignore[union-attr]
    plain = sorted(claims.proved_words(result, claim) for claim in result.claims if claim.theorem is not None)
    assert len(spoken) == len(plain)
    skeleton = [
        re.sub(r"the given point|the affine fit|another point|a point|θ[₀-₉]+", "θ", text).replace("; the", ". the")
        for text in plain
    ]
    for text in skeleton:
        short = re.sub(", and predicts what a best affine fit does", "", text).lower()
        assert any(
            short
            in re.sub(", and predicts what a best affine fit does|θ[₀-₉]+", lambda m: "θ" * ("θ" in m[0]), each)
            .lower()
            .replace("; the points", ". the points")
            for each in spoken
        ), (text, spoken)


@pytest.mark.parametrize("seed", range(12))
def test_all_that_is_printed_is_true(seed: int) -> None:
    document = made(seed)
    confirm(document, run(document))


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_said_about_the_tempting_cases_is_true(name: str) -> None:
    document = PROBLEMS[name]
    claims_of = ["linear_collapse"] if name == "linear" else ["point", "global_minimum", "spurious_minimum", "valley"]
    met = confirm(document, check(loads(json.dumps(document)), claims_of, smt=False, timeout=20))
    assert met
    assert name != "not attained" or any("no parameters attain it" in pattern for pattern in met)


@pytest.mark.long
def test_all_that_is_printed_about_two_hundred_problems_is_true() -> None:
    met = Counter[str]()
    for seed in range(100, 300):
        document = made(seed)
        try:
            met += confirm(document, run(document))
        except Untrue as error:
            raise Untrue(f"seed {seed}: {error}") from error
    for pattern, count in met.most_common():
        print(f"{count:5d}  {pattern[:100]}")
    assert sum(met.values()) > 600


# the judge can say no


WORDS = {
    "hardtanh": (network([1, 1, 1], "hardtanh", samples([-2, -1, 1, 2], [0, 2, 5, 9]),
                         parameters=[layer([[10]], [0]), layer([[3]], [4])]), "5/2"),
    "active": (network([1, 2, 1], "relu", samples([0, 1, 2, 3, 4, 5], [0, 4, 2, 8, 2, 14]),
                       parameters=[layer([[1], [1]], [1, "-5/2"]), layer([[1, 2]], [0])]), "60"),
    "flat side": (network([1, 1, 1], "relu", samples([1, 0], [-1, -3]), bias={"hidden": True, "output": False},
                          parameters=[layer([[1]], [-1]), layer([[1]])]), "10"),
}  # fmt: skip
FALSE = [
    ("hardtanh", "some pre-activations are exactly at a breakpoint", "exactly at a breakpoint"),
    ("hardtanh", "it predicts what a best affine fit does", "not affine"),
    ("hardtanh", "a strict minimum", "a strict minimum"),
    ("hardtanh", "all units of a layer are constant on the data, so the network is", "nobody judges"),
    ("active", "unit 1 of hidden layer 1 has slope 0 on all samples", "slope 0"),
    ("active", "all units of hidden layer 1 have slope 0 on all samples", "slope 0"),
    ("active", "it fits the data exactly", "fits the data"),
    ("active", "each unit bends among the data, and within its cell the fit is the best possible", "nobody judges"),
    ("flat side", "it is strictly inside a cell", "strictly inside"),
    ("flat side", "some samples lie exactly where a unit bends, and every side of that rises", "nobody judges"),
]


@pytest.mark.parametrize(("name", "words", "reason"), FALSE)
def test_a_false_observation_is_found(name: str, words: str, reason: str) -> None:
    document, _ = WORDS[name]
    notes = {"valley_dimension": 2, "valley_dimension_exact": False, "strict": False}
    with pytest.raises(Untrue, match=reason):
        judge_part(Judge(document, {}), document["parameters"], words, notes)


LIES = [
    ("is a global minimum: no parameters have lower risk", "a network of risk|lower point"),
    ("is a local minimum", None),
    ("is a critical point: strictly inside its cell, with gradient 0", None),
    ("is a spurious local minimum: another point has risk 1", "no point of the certificate has that risk"),
    ("is a spurious local minimum, and predicts what a best affine fit does: another point has risk 0", "not affine"),
]


@pytest.mark.parametrize(("words", "reason"), LIES)
def test_a_false_sentence_is_found(words: str, reason: str | None) -> None:
    document, risk = WORDS["active"]
    certificate = {"steps": [{"rule": "point", "parameters": "given"}]}
    judge = Judge(document, certificate)
    if reason is None:
        assert judged(judge, 0, f"the given point, of risk {risk}, {words}")
    else:
        with pytest.raises(Untrue, match=reason):
            judged(judge, 0, f"the given point, of risk {risk}, {words}")
    with pytest.raises(Untrue, match="the risk is another"):
        judged(judge, 0, f"the given point, of risk {risk}1, {words}")
