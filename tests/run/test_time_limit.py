"""A time limit ends every search: undecided, with the reason and exit code 3, and what is no proof is not written."""

import json
import time
from fractions import Fraction
from types import SimpleNamespace

import pytest

from symverify.certify import labels
from symverify.certify.certificate import Certificate
from symverify.certify.emitters import attempt, claims_of
from symverify.certify.session import Proved, Session, Undecided
from symverify.cli import run as command
from symverify.ground import time_limit
from symverify.ground.time_limit import OVERTIME, OutOfTime, finishing, on_time, within
from symverify.kernel.core.errors import Declined
from symverify.kernel.core.network import risk
from symverify.problem import loads
from symverify.run import find
from tests.examples import EXAMPLES

EXTREME = {
    "format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu",
    "loss": {"name": "absolute", "reduction": "sum"},
    "data": [{"x": [x], "y": [y]} for x, y in ((0, 0), (1, 0), ("1e-324", 0), ("1e308", 0), (10, "1e2999"))],
}  # fmt: skip
SQUARED = {**EXTREME, "loss": "squared", "data": [{"x": [x], "y": [x * x % 3]} for x in range(3)],
           "parameters": [{"weight": [[1], [1]], "bias": [0, -1]}, {"weight": [[1, 1]], "bias": [0]}]}  # fmt: skip
NO_TIME = ["--timeout", "1e-9"]


def used_up(document):
    """A session whose time, and what is nearly done may take beyond it, are over."""
    session = Session(loads(json.dumps(document)).problem, 0.0)
    session.begun = -OVERTIME
    return session


@pytest.mark.parametrize("document", [EXTREME, SQUARED], ids=["absolute", "squared"])
def test_every_claim_ends_where_the_time_is_over(document):
    found = {name: attempt(used_up(document), name) for name in claims_of(loads(json.dumps(document)).problem)}
    assert found["cell_traps"] == found["valley"] == Undecided("out of time")
    on_time()  # for what comes after there is no limit


def test_a_step_of_the_kernel_has_a_little_longer(monkeypatch):
    """It counts twice, as it is read back."""
    monkeypatch.setattr(time_limit, "EVERY", 1)
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(time_limit, "time", SimpleNamespace(monotonic=lambda: clock.now))
    problem = loads(json.dumps(SQUARED)).problem
    with within(lambda: -1.0):
        certificate = Certificate(problem)
        assert certificate.fact(certificate.point(problem.parameters)).risk > 0
        with pytest.raises(OutOfTime):
            risk(problem, problem.targets)
    with within(lambda: -1.0 - clock.now), finishing():
        clock.now = 0.49
        risk(problem, problem.targets)
        clock.now = 0.51
        with pytest.raises(OutOfTime):
            risk(problem, problem.targets)


def test_a_step_that_the_kernel_would_decline_is_declined_as_it_is_made(monkeypatch):
    monkeypatch.setattr(time_limit, "MAX_WORK", 10)
    problem = loads(json.dumps(SQUARED)).problem
    with pytest.raises(Declined, match="more work than the kernel's budget allows"):
        Certificate(problem).point(problem.parameters)


def test_a_radius_that_is_found_in_time_is_kept(monkeypatch):
    """The first that is proved, where the time is up in the search for a larger one."""
    session, rounds = Session(loads(EXAMPLES["boundary"].document).problem, time.monotonic() + 1e6), []
    step = Certificate.step

    def watched(self, rule, *given, **fields):
        if "radius" in fields and "beyond" not in fields:
            rounds.append(Fraction(fields["radius"]))
            session.deadline = 0.0
        return step(self, rule, *given, **fields)

    monkeypatch.setattr(Certificate, "step", watched)
    monkeypatch.setattr("symverify.certify.labels.lower_beyond", lambda *_: None)
    outcome = labels.global_radius(session)
    assert isinstance(outcome, Proved)
    assert session.certificate.fact(outcome.step).radius == rounds[-1] == Fraction(3, 16)


def test_where_there_was_no_time_there_is_a_little(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("symverify.certify.session.time", SimpleNamespace(monotonic=lambda: clock.now))
    late, timely = Session(loads(json.dumps(SQUARED)).problem, 20.0), Session(loads(json.dumps(SQUARED)).problem, 160.0)
    late.begun = timely.begun = clock.now
    assert (late.overtime(), timely.overtime()) == (OVERTIME, 60 + OVERTIME)
    late.certificate.seconds = timely.certificate.seconds = 2.0  # the kernel takes them again
    clock.now = 130.0
    assert (late.overtime(), timely.overtime()) == (OVERTIME - 32, 28 + OVERTIME)


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (["regions", "n.json", "-o", "p.svg"], "p.svg"),
        (["regions", "n.json", "-o", "p.json"], "p.json"),
        (["cells", "n.json", "-o", "p.txt"], "p.txt"),
        (["cells", "n.json", "--rays"], None),
        (["cells", "n.json", "--count"], None),
        (["expand", "n.json", "--pattern", "011,001"], None),
    ],
)
def test_a_list_that_the_time_is_too_short_for_is_undecided(arguments, written, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.json").write_text(json.dumps(SQUARED))
    assert command([*arguments, *NO_TIME]) == 3
    assert capsys.readouterr() == ("", "out of time\n")
    assert written is None or not (tmp_path / written).exists()
    assert command([*arguments, *NO_TIME, "--format", "json"]) == 3
    assert "out of time" in json.dumps(json.loads(capsys.readouterr().out))
    assert command(arguments) == (3 if arguments[0] == "regions" else 0)


def test_critical_says_that_the_time_was_up(tmp_path, capsys):
    network = tmp_path / "n.json"
    network.write_text(json.dumps(SQUARED))
    arguments = ["critical", str(network), "--pattern", "011,001", "--format", "json"]
    assert command([*arguments, *NO_TIME]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["reason"], told["families"]) == ("undecided", "out of time", [])


def test_find_has_one_limit_for_the_search_and_its_proof(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(find, "time", SimpleNamespace(monotonic=lambda: 50.0))
    monkeypatch.setattr(time_limit, "time", SimpleNamespace(monotonic=lambda: 60.0))
    monkeypatch.setattr(
        find, "searched", lambda *given: find.Found((1, 0, 0), None) if not seen.append(given) else None
    )
    monkeypatch.setattr(find, "check", lambda *_, **options: seen.append(options) or SimpleNamespace(claims=()))
    template = find.template("0,1,2", 2, "relu", True)
    find.find("two_valleys", template, False, 20.0, None)
    (_, _, _, deadline, _), options = seen
    assert (deadline, options["begun"], options["timeout"]) == (70.0, 50.0, 20.0)


def test_a_snapped_point_leaves_half_of_the_time(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("symverify.cli.prove.time", SimpleNamespace(monotonic=lambda: 110.0))
    monkeypatch.setattr(
        "symverify.certify.snap.snap", lambda *_, deadline: seen.append(deadline) or [SimpleNamespace(point=None)]
    )
    monkeypatch.setattr("symverify.run.snap.told", lambda _: [])
    monkeypatch.setattr("symverify.run.check.check", lambda *_, **options: seen.append(options["begun"]) or 1 / 0)
    network = tmp_path / "n.json"
    network.write_text(json.dumps(SQUARED))
    assert command(["check", str(network), "--snap", "--timeout", "20", "--no-smt"]) == 70  # the division
    begun = seen[1]
    assert seen[0] == (110.0 + begun + 20.0) / 2


@pytest.mark.parametrize("name", ["atlas", "cells", "critical", "expand", "find", "regions"])
def test_every_search_says_in_its_help_how_long_it_takes(name, capsys):
    assert command([name, "--help"]) == 0
    assert "Seconds for the search." in " ".join(capsys.readouterr().out.split())
