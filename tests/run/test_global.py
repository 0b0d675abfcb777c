"""The exact global minimum, its certificate, and what becomes decidable with it."""

import json
import re
import time
from fractions import Fraction

import pytest

import symverify
from symverify.certify import chains
from symverify.certify.session import Session
from symverify.kernel import Declined, Malformed, Rejected
from symverify.kernel.check import check as kernel_check
from symverify.kernel.core import global_lower_bound
from symverify.kernel.core.network import predictions, risk
from symverify.report.render import as_json
from symverify.run.verdict import Verdict
from symverify.search import better
from symverify.search.global_minimum import attain

SUM = {"name": "squared", "reduction": "sum"}
LATE = {"breakpoints": ["1"], "slopes": ["0", "1"], "anchor": ["0", "0"]}
NINE_HALVES = ([[0], [1], [2], [3]], [[0], [3], [-1], [2]])


def problem(layers, activation, data, loss=SUM, **more):
    samples = [{"x": x, "y": y} for x, y in zip(*data, strict=True)]
    document = {"format": "symverify-network/1", "layers": layers, "activation": activation, "loss": loss}
    return symverify.loads(json.dumps({**document, "data": samples, **more}))


@pytest.mark.parametrize(
    ("layers", "activation", "data", "more", "risk"),
    [
        ([1, 2, 1], "relu", NINE_HALVES, {}, "9/2"),
        ([1, 5, 1], "relu", ([[1]], [[1]]), {"bias": False}, "0"),
        ([2, 2, 1], "relu", ([[0, 0], [1, 0], [2, 0]], [[0], [1], [0]]), {}, "0"),
        ([1, 2, 1], "hardtanh", ([[0], [1], [2]], [[4], [4], [4]]), {}, "0"),
        ([1, 3, 1], "relu", ([[0], [0]], [[0], [1]]), {}, "1/2"),
        ([2, 1, 1], "abs", ([[1, 2]], [[7]]), {}, "0"),
        ([1, 1, 1], "relu", ([[0], [1], [2], [3]], [["-1/10"], ["13/10"], ["17/10"], ["31/10"]]), {}, "1/5"),
        ([1, 9, 1], "relu", NINE_HALVES, {}, "0"),
    ],
)
def test_global_minima(layers, activation, data, more, risk):
    result = symverify.check(problem(layers, activation, data, **more), ["global_minimum"], smt=False)
    assert result["global_minimum"].verdict is Verdict.PROVED
    assert result["global_minimum"].risk == Fraction(risk)
    assert result["global_minimum"].statement["attained"] is True


def test_an_infimum_that_is_only_approached():
    given = problem([1, 1, 1], LATE, ([[1], [2]], [[1], [2]]), bias=False)
    claim = symverify.check(given, ["infimum"], smt=False)["infimum"]
    assert (claim.verdict, claim.risk) == (Verdict.PROVED, 0)
    assert claim.statement["attained"] is False


def test_an_infimum_of_which_it_is_open_whether_it_is_attained(monkeypatch):
    monkeypatch.setattr(attain, "MAX_FACES", 0)
    given = problem([1, 1, 1], LATE, ([[1], [2]], [[1], [2]]), bias=False)
    claim = symverify.check(given, ["infimum"], smt=False)["infimum"]
    assert (claim.verdict, claim.risk) == (Verdict.PROVED, 0)
    assert claim.statement["attained"] is None
    assert claim.reason == "whether it is attained is open"


def test_affine_fits_that_are_global_are_not_spurious():
    data = ([[0], [1], [2], [3]], [["-1/10"], ["13/10"], ["17/10"], ["31/10"]])
    claim = symverify.check(problem([1, 1, 1], "relu", data), ["spurious_minimum"], smt=False)["spurious_minimum"]
    assert claim.verdict is Verdict.REFUTED
    assert "no network of this architecture has lower risk" in claim.reason


def test_the_gap_is_exact():
    result = symverify.check(problem([1, 2, 1], "relu", NINE_HALVES), ["global_minimum", "spurious_minimum"], smt=False)
    spurious = result["spurious_minimum"]
    assert Fraction(spurious.notes["gap"]) == spurious.risk - Fraction(9, 2) > 0


def cut_short(given, **options):
    """A search with time for a bracket and no more; on a busy machine that is more."""
    for timeout in (1.5, 6.0, 24.0):
        result = symverify.check(given, ["global_minimum"], smt=False, timeout=timeout, **options)
        if any(claim.name == "global_bounds" for claim in result.claims):
            break
    return result


def test_out_of_time_is_a_proved_bracket_and_an_open_equality():
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(30)]
    targets = [[(11 * i * i + i) % 19] for i in range(30)]
    given = problem([2, 3, 1], "relu", (inputs, targets))
    result = cut_short(given, workers=1)
    assert result.verdict is Verdict.UNDECIDED
    bounds = result["global_bounds"]
    assert bounds.verdict is Verdict.PROVED
    assert 0 <= Fraction(bounds.statement["lower"]) < Fraction(bounds.statement["upper"])


def test_the_time_is_counted_from_when_the_wait_began():
    """What it takes is far more than what a search has where no time is left."""
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(26)]
    given = problem([2, 3, 1], "relu", (inputs, [[(11 * i * i + i) % 19] for i in range(26)]))
    asked = ["global_minimum"]
    assert symverify.check(given, asked, smt=False, timeout=600).verdict is Verdict.PROVED
    late = symverify.check(given, asked, smt=False, timeout=600, begun=time.monotonic() - 600)
    assert late.verdict is Verdict.UNDECIDED
    assert late["global_bounds"].verdict is Verdict.PROVED


def test_a_search_that_there_is_no_time_to_compile_says_so(monkeypatch):
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(30)]
    given = problem([2, 3, 1], "relu", (inputs, [[(11 * i * i + i) % 19] for i in range(30)]))
    monkeypatch.setattr("symverify.certify.session.prepare", lambda *_: False)
    result = cut_short(given)
    assert "there was no time to compile the search" in result["global_minimum"].reason
    assert result["global_bounds"].verdict is Verdict.PROVED


def test_deep_networks_are_proved_where_a_point_meets_the_bound():
    data = ([[0], [1], [2], [3]], [[0], [0], [0], [1]])
    claim = symverify.check(problem([1, 3, 3, 1], "relu", data), ["global_minimum"], smt=False)["global_minimum"]
    assert (claim.verdict, claim.risk) == (Verdict.PROVED, 0)


@pytest.mark.parametrize("layers", [[1, 3, 3, 1], [1, 3, 2]])
def test_check_states_a_global_minimum_that_a_better_point_shows(layers):
    targets = [[value] * layers[-1] for value in (0, 0, 0, 1)]
    result = symverify.check(problem(layers, "relu", ([[0], [1], [2], [3]], targets)), smt=False)
    assert (result.verdict, result.skipped) == (Verdict.PROVED, ())
    assert result["global_minimum"].risk == 0
    assert result["spurious_minimum"].notes["gap"] == str(result["spurious_minimum"].risk)


@pytest.mark.parametrize(
    ("layers", "reason", "bracket"),
    [
        ([2, 6, 1], "too large to search unasked .* units, .* tuples", False),
        (
            [2, 2, 2, 1],
            "one hidden layer and one output, or .* under squared loss; the best point found does not meet the bound",
            True,
        ),
    ],
)
def test_check_says_which_claim_it_skips_and_why(layers, reason, bracket):
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(30)]
    given = problem(layers, "relu", (inputs, [[(11 * i * i + i) % 19] for i in range(30)]))
    result = symverify.check(given, smt=False, timeout=20)
    assert result.verdict is Verdict.PROVED
    assert ("global_bounds" in {claim.name for claim in result.claims}) == bracket
    [(name, why)] = result.skipped
    assert name == "global_minimum"
    assert re.search(reason, why)
    told = json.loads(as_json(result))
    assert told["skipped"] == [{"name": name, "reason": why}]
    assert told["about"] == ["spurious_minimum"]


def test_a_bound_that_the_kernel_declines_takes_no_other_claim_with_it(monkeypatch, tmp_path):
    def spend(_):
        raise Declined("too much work")

    monkeypatch.setattr(global_lower_bound, "spend", spend)
    given, output = problem([1, 2, 1], "relu", NINE_HALVES), tmp_path / "a.symcert.json"
    result = symverify.check(given, smt=False, output=output)
    assert result.verdict is Verdict.PROVED  # of what the problem is mainly about, spurious_minimum
    assert dict(result.skipped)["global_minimum"].startswith("the kernel declined the proof: too much work")
    assert result["spurious_minimum"].verdict is Verdict.PROVED
    assert output.read_bytes() == result.certificate
    alone = symverify.check(given, ["global_minimum"], smt=False, output=output)
    assert (alone.verdict, alone["global_bounds"].verdict) == (Verdict.UNDECIDED, Verdict.PROVED)
    assert alone.kept == ("assumptions", "valley", "spurious_minimum")
    alone = symverify.check(given, ["global_minimum"], smt=False)
    assert (alone.verdict, alone["global_bounds"].verdict) == (Verdict.UNDECIDED, Verdict.PROVED)


def test_numbers_beyond_floats_leave_what_needs_no_search():
    huge = str(10**320)
    result = symverify.check(problem([1, 2, 1], "relu", ([[0], [1], [2], [huge]], [[0], [3], [-1], [2]])), smt=False)
    assert result["valley"].verdict is Verdict.PROVED
    assert "floats" in dict(result.skipped)["global_minimum"]
    labels = [[str(10**200 * y)] for y in (0, 3, -1, 2)]
    result = symverify.check(problem([1, 2, 1], "relu", ([[0], [1], [2], [3]], labels)), smt=False)
    assert result["global_minimum"].risk == Fraction(9, 2) * 10**400


def test_bytes_do_not_depend_on_the_number_of_workers():
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(24)]
    targets = [[(11 * i * i + i) % 19] for i in range(24)]
    given = problem([2, 2, 1], "relu", (inputs, targets))
    made = {symverify.check(given, ["global_minimum"], smt=False, workers=workers).certificate for workers in (1, 2)}
    assert len(made) == 1


@pytest.fixture(scope="module")
def proof():
    given = problem([1, 2, 1], "relu", NINE_HALVES)
    result = symverify.check(given, ["global_minimum"], smt=False)
    return given, json.loads(result.certificate)


def verdict_of(given, document):
    return kernel_check(given.network, json.dumps(document).encode(), given.open_data).theorems


def bound_of(document):
    return next(step for step in document["steps"] if step["rule"] == "global_lower_bound")


def changed(document, change):
    copy = json.loads(json.dumps(document))
    change(bound_of(copy))
    return copy


def test_the_control_is_accepted(proof):
    given, document = proof
    assert verdict_of(given, document)[0].verdict == "proved"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda step: step["vectors"].pop(), "there is no vector"),
        (lambda step: step["vectors"].__setitem__(0, [0, 0, 0, 0]), "proves less"),
        (lambda step: step["vectors"].__setitem__(0, [-x for x in step["vectors"][0]]), "proves less"),
        (lambda step: step["tree"].pop(), "ends too early"),
        (lambda step: step["tree"].append(0), "ends before"),
        (lambda step: step["tree"].reverse(), r"tree\["),
        (lambda step: step["vectors"][0].append(0), "needs 4 integers"),
        (lambda step: step["vectors"][0].__setitem__(0, step["vectors"][0][0] + 1), "of sum 0"),
        (lambda step: step.__setitem__("risk", str(Fraction(9, 2) + Fraction(1, 10**9))), "proves less"),
    ],
)
def test_corrupted_bounds_are_rejected_for_their_reason(proof, change, reason):
    given, document = proof
    with pytest.raises(Rejected, match=reason):
        verdict_of(given, changed(document, change))


def test_a_raised_claim_is_rejected(proof):
    given, document = proof
    document = json.loads(json.dumps(document))
    document["claims"][0]["risk"] = "4500000001/1000000000"
    with pytest.raises(Rejected, match="claimed"):
        verdict_of(given, document)


def test_a_vector_of_text_is_malformed(proof):
    given, document = proof
    with pytest.raises(Malformed, match="whole number"):
        verdict_of(given, changed(document, lambda step: step["vectors"][0].__setitem__(0, "1")))


def test_another_problems_certificate_is_rejected(proof):
    _, document = proof
    other = problem([1, 2, 1], "relu", ([[0], [1], [2], [3]], [[0], [3], [-1], [3]]))
    with pytest.raises(Rejected, match="another problem"):
        verdict_of(other, document)


def test_what_is_proved_before_an_interruption_counts(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(chains, "_affine_minimum", interrupt)
    result = symverify.check(problem([1, 2, 1], "relu", NINE_HALVES), smt=False)
    assert result["assumptions"].verdict is Verdict.PROVED
    assert [claim.name for claim in result.claims if claim.reason == "interrupted"] == [
        "valley",
        "global_minimum",
        "spurious_minimum",
    ]
    assert result.verdict is Verdict.UNDECIDED


def test_claims_that_need_biases_are_skipped_without_them():
    given = problem([1, 2, 1], "relu", NINE_HALVES, bias=False)
    result = symverify.check(given, smt=False)
    assert result.verdict is Verdict.PROVED
    assert dict(result.skipped) == dict.fromkeys(
        ("valley", "spurious_minimum"), "without all biases no minimum that predicts a best affine fit was found"
    )
    assert symverify.check(given, ["valley"], smt=False).verdict is Verdict.UNDECIDED


def test_a_bracket_ends_at_the_lowest_point_known():
    inputs = [[(7 * i * i + 3 * i) % 101, (i * i * i + 5) % 97] for i in range(30)]
    given = problem([2, 3, 1], "relu", (inputs, [[(11 * i * i + i) % 19] for i in range(30)]))
    result = symverify.check(given, ["spurious_minimum", "global_minimum"], smt=False, timeout=1.5)
    assert Fraction(result["global_bounds"].statement["upper"]) <= result["spurious_minimum"].better_risk


@pytest.mark.parametrize(
    ("layers", "more", "told"),
    [
        ([1, 3, 2, 1], {"bias": False}, "global_minimum"),
        ([1, 2, 1, 2], {}, "global_bounds"),
        ([1, 2, 2], {"bias": False, "loss": {"name": "huber"}}, "global_minimum"),
        ([1, 1, 2], {"loss": "absolute"}, "global_bounds"),
    ],
)
def test_deep_and_vector_valued_networks_have_a_bracket_where_the_affine_fit_is_not_reached(layers, more, told):
    targets = [[value] * (layers[-1] - 1) + [abs(value)] for value in (0, 1, -2)]
    result = symverify.check(problem(layers, "relu", ([[0], [1], [-1]], targets), **more), smt=False, timeout=20)
    assert result[told].verdict is Verdict.PROVED


def test_the_lowest_point_known_is_the_one_told():
    session = Session(problem([1, 2, 1], "relu", NINE_HALVES).problem, time.monotonic() + 20)
    high = session.certificate.point(session.affine().point)
    found = session.lower_than(session.affine().point, session.certificate.fact(high).risk)
    low = session.lowest(high)
    assert session.certificate.fact(low).risk == found.risk < session.certificate.fact(high).risk
    assert session.lowest(low) == low


@pytest.mark.parametrize(("insist", "work", "searches"), [(False, 1, 1), (True, 1, 2), (False, 10**6, 2)])
def test_a_large_problem_is_searched_again_only_for_what_is_asked(monkeypatch, insist, work, searches):
    """From another point, where one that is lower is known; 4 samples, which no last layer of 3 numbers fits."""
    starts = []
    real = better.better_point
    monkeypatch.setattr(better, "POLISH_WORK", work)
    monkeypatch.setattr("symverify.certify.session.better_point", lambda *args: starts.append(args[1]) or real(*args))
    given = problem([1, 2, 1], "relu", ([[0], [1], [2], [4]], [[1], [0], [3], [-5]])).problem
    session = Session(given, time.monotonic() + 20, insist=insist)
    monkeypatch.setattr(Session, "global_answer", lambda *_: None)
    fit, other = session.affine().point, better.zero_point(given)
    for point in (fit, other):
        here = risk(given, predictions(given, point))
        found = session.lower_than(point, here)
        assert found.risk == risk(given, predictions(given, found.point)) < here
    assert starts == [fit, other][:searches]
