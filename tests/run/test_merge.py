"""A certificate that is there already is added to: what it proves stays, in whatever order things are asked."""

import json
import multiprocessing
import shutil
import time
from pathlib import Path

import pytest

import symverify
from symverify import Verdict, check, load
from symverify.certify.emitters import OF_CELLS, attempt, claims_of
from symverify.certify.session import Session
from symverify.errors import Declined, NotWritable
from symverify.kernel.check import check as kernel_check
from symverify.run import merge
from symverify.run.diff import diff

ROOT = Path(__file__).parents[2]


@pytest.fixture
def problem(tmp_path):
    shutil.copy(ROOT / "examples" / "four-points.json", tmp_path)
    return load(tmp_path / "four-points.json")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "a.symcert.json"


def run(problem, claims, output, **options):
    return check(problem, claims, smt=False, output=output, **options)


def proved(problem, path):
    """What the kernel seals from a file: a line for each claim."""
    return {theorem.line() for theorem in kernel_check(problem.network, path.read_bytes(), problem.open_data).theorems}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["assumptions", "valley"], ["point", "cells"]),
        (["point"], ["point"]),
        (["spurious_minimum"], ["valley", "spurious_minimum"]),
        (["cell_minima"], ["global_minimum"]),
        (["atlas"], None),
    ],
)
def test_two_checks_in_either_order_prove_the_same(problem, tmp_path, first, second):
    alone = set()
    for k, claims in enumerate((first, second)):
        run(problem, claims, tmp_path / f"alone{k}.symcert.json")
        alone |= proved(problem, tmp_path / f"alone{k}.symcert.json")
    for k, order in enumerate(((first, second), (second, first))):
        path = tmp_path / f"both{k}.symcert.json"
        for claims in order:
            result = run(problem, claims, path)
            assert result.certificate == path.read_bytes()
        assert proved(problem, path) == alone


def test_nothing_is_lost_and_the_diff_says_so(problem, tmp_path, output):
    run(problem, None, output)
    shutil.copy(output, tmp_path / "before.symcert.json")
    run(problem, ["cells"], output)
    found = diff(tmp_path / "before.symcert.json", output)
    assert found.code == 0
    assert found.report()[-1] == "s NOTHING LOST: 5 kept, 1 gained"


def test_equal_bytes_are_verified_once(problem, output, monkeypatch):
    seen = []

    def counted(network, text, open_data):
        seen.append(text)
        return kernel_check(network, text, open_data)

    run(problem, ["spurious_minimum"], output)
    monkeypatch.setattr(merge, "kernel_check", counted)
    again = run(problem, ["spurious_minimum"], output)
    assert seen == [output.read_bytes()]
    assert [claim.verdict for claim in again.claims] == [Verdict.PROVED]


def test_the_same_check_again_gives_the_same_bytes(problem, output):
    run(problem, ["assumptions", "point"], output)
    first = output.read_bytes()
    run(problem, ["assumptions", "point"], output)
    assert output.read_bytes() == first
    run(problem, ["point"], output)
    assert output.read_bytes() == first


def test_equal_steps_are_written_once(problem, output):
    run(problem, ["spurious_minimum"], output)
    run(problem, ["point"], output)
    steps = json.loads(output.read_bytes())["steps"]
    assert len(steps) == len({json.dumps(step, sort_keys=True) for step in steps})


def test_kept_claims_are_told_and_do_not_answer(problem, output):
    run(problem, ["valley", "point"], output)
    result = run(problem, ["cells"], output)
    assert result.kept == ("valley", "point")
    assert [claim.name for claim in result.claims] == ["cells"]
    assert result.asked == ("cells",)


HARD = {
    "format": "symverify-network/1",
    "layers": [1, 2, 1],
    "activation": "relu",
    "loss": "squared",
    "data": [{"x": [x], "y": [y]} for x, y in enumerate([0, 3, -1, 2])],
}


def test_a_bracket_or_nothing_does_not_replace_a_proof(output, monkeypatch):
    problem = symverify.loads(HARD)
    run(problem, ["global_minimum"], output)
    before = output.read_bytes()
    from symverify.certify import session

    real = session.global_minimum
    monkeypatch.setattr(session, "global_minimum", lambda *a, **o: real(*a, **{**o, "deadline": 1e-9}))
    weaker = run(problem, ["global_minimum"], output.with_name("other.symcert.json"))
    assert weaker["global_minimum"].verdict is Verdict.UNDECIDED
    assert "global_bounds" in {claim.name for claim in weaker.claims}
    result = run(problem, ["global_minimum"], output)
    assert output.read_bytes() == before
    assert (result.verdict, result["global_minimum"].before) == (Verdict.PROVED, True)
    assert "global_bounds" not in {claim.name for claim in result.claims}


def test_a_proof_replaces_a_bracket(output, monkeypatch):
    problem = symverify.loads(HARD)
    from symverify.certify import session

    real = session.global_minimum
    with monkeypatch.context() as patch:
        patch.setattr(session, "global_minimum", lambda *a, **o: real(*a, **{**o, "deadline": 1e-9}))
        run(problem, ["global_minimum"], output)
    old = output.with_name("old.symcert.json")
    shutil.copy(output, old)
    (output.parent / "p.json").write_bytes(problem.network)
    assert {line.split()[2] for line in proved(problem, output)} == {"global_bounds"}
    run(problem, ["global_minimum"], output)
    assert {line.split()[2] for line in proved(problem, output)} == {"global_minimum"}
    found = diff(old, output)
    assert found.code == 0
    assert "global_bounds: stronger: PROVED global_minimum" in str(found.lines[0])


def test_a_short_timeout_after_a_full_proof_loses_nothing(problem, output):
    run(problem, None, output)
    before = proved(problem, output)
    for claims in (None, ["global_minimum"], ["valley", "spurious_minimum"]):
        run(problem, claims, output, timeout=1e-9)
        assert proved(problem, output) == before


def test_two_cells_are_two_claims(output):
    problem = symverify.loads(HARD)
    for cell in ("0111,0000", "0011,0001"):
        result = run(problem, ["cell_minima"], output, cell=cell)
        assert result["cell_minima"].statement["cell"] == cell
    cells = [line for line in proved(problem, output) if "cell_minima" in line]
    assert len(cells) == 2


def test_fresh_starts_anew(problem, output):
    run(problem, ["valley"], output)
    run(problem, ["point"], output, fresh=True)
    assert {line.split()[2] for line in proved(problem, output)} == {"point"}


@pytest.mark.parametrize("there", [b"", b" \n"])
def test_an_empty_file_is_written_over(problem, output, there):
    output.write_bytes(there)
    run(problem, ["point"], output)
    assert {line.split()[2] for line in proved(problem, output)} == {"point"}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (b"{}", "exists, and is no certificate"),
        (b"not JSON", "exists, and is no certificate"),
        (b'{"format": "symverify-certificate/1"}', "make it again"),
        (b'{"format": "symverify-certificate/9", "problem": "", "claims": []}', "update symverify"),
        (b'{"format": "symverify-certificate/2", "problem": "', "not JSON"),
        (b'{"format": "symverify-certificate/2", "problem": null}', "problem: expected a SHA-256"),
        (
            b'{"format": "symverify-certificate/2", "problem": "0", "claims": [], "steps": []}',
            "is about another problem",
        ),
    ],
)
def test_a_file_that_is_not_about_the_problem_is_replaced_only_when_told(problem, output, there, why):
    output.write_bytes(there)
    with pytest.raises(NotWritable, match=rf"{why}.* --fresh"):
        run(problem, ["point"], output)
    assert output.read_bytes() == there
    run(problem, ["point"], output, fresh=True)
    assert {line.split()[2] for line in proved(problem, output)} == {"point"}


def test_the_proof_of_a_problem_before_a_change_stays(problem, output):
    run(symverify.loads(HARD), ["global_minimum"], output)
    before = output.read_bytes()
    with pytest.raises(NotWritable, match=r"is about another problem, or about this one as it was before a change"):
        run(problem, ["point"], output)
    assert output.read_bytes() == before


def test_one_that_appears_during_the_run_stays(problem, output, monkeypatch):
    other, real = output.with_name("other.symcert.json"), merge.fitting
    run(symverify.loads(HARD), ["assumptions"], other)

    def meanwhile(*of):
        shutil.copy(other, output)
        return real(*of)

    monkeypatch.setattr("symverify.run.check.fitting", meanwhile)
    with pytest.raises(NotWritable, match="is about another problem"):
        run(problem, ["point"], output)
    assert output.read_bytes() == other.read_bytes()


def test_one_of_this_problem_that_the_kernel_rejects_is_replaced(problem, output):
    run(problem, ["point"], output)
    proof = json.loads(output.read_bytes())
    proof["claims"][0]["risk"] = "7"
    output.write_text(json.dumps(proof))
    run(problem, ["valley"], output)
    assert {line.split()[2] for line in proved(problem, output)} == {"valley"}


def test_one_of_this_problem_that_takes_too_long_to_read_stays(problem, output, monkeypatch):
    run(problem, ["point"], output)
    before, real = output.read_bytes(), merge.kernel_check

    def declined(network, text, open_data):
        if text == before:
            raise Declined("too much work")
        return real(network, text, open_data)

    monkeypatch.setattr(merge, "kernel_check", declined)
    with pytest.raises(Declined, match="the certificate was left as it is"):
        run(problem, ["valley"], output)
    assert output.read_bytes() == before


CELLS = {
    "format": "symverify-network/1",
    "layers": [1, 2, 1],
    "activation": {"breakpoints": [0], "slopes": ["1/10", 1], "anchor": [0, 0]},
    "loss": "squared",
    "data": [{"x": [x], "y": [y]} for x, y in enumerate([0, 1, 0])],
}


@pytest.mark.parametrize("claim", ["cell_minima", "cell_infimum", "cell_traps"])
def test_a_theorem_about_another_cell_is_no_answer(output, claim):
    """Nor is one where no cell is named and the problem's own is another; one about the same cell is."""
    problem = symverify.loads(CELLS)
    first = run(problem, [claim], output, cell="111,111")
    assert first[claim].statement["cell"] == "111,111"
    for cell in ("010,111", "010,010"):
        result = run(problem, [claim], output, cell=cell)
        assert (result.verdict, result[claim].before) == (Verdict.UNDECIDED, False)
        assert run(problem, [claim], None, cell=cell).verdict is Verdict.UNDECIDED
    again = run(problem, [claim], output, cell="111,111", timeout=1e-9)
    assert (again.verdict, again[claim].statement["cell"]) == (Verdict.PROVED, "111,111")


class Watched(Session):
    """A session that notes whether the named cell is looked at."""

    named, seen = None, False

    @property
    def cell(self):
        self.seen = True
        return self.named

    @cell.setter
    def cell(self, value):
        self.named = value


SYMBOLIC = {**CELLS, "data": [{"x": [0], "y": ["a"]}, {"x": [1], "y": [1]}], "symbols": {"a": [0, 1]}}


@pytest.mark.parametrize("document", [CELLS, SYMBOLIC, {**CELLS, "loss": "logistic"}], ids=["plain", "symbols", "real"])
def test_the_claims_about_a_named_cell_are_those_in_the_table(document):
    problem = symverify.loads(document).problem
    cell = ((tuple(1 for _ in problem.inputs),) * 2,)
    for name in claims_of(problem):
        session = Watched(problem, time.monotonic() + 5, cell=cell)
        attempt(session, name)
        assert session.seen == (name in OF_CELLS), name


def test_what_is_no_certificate_is_not_overwritten(problem, tmp_path):
    mine = tmp_path / "mine.json"
    mine.write_text('{"my": "data"}')
    with pytest.raises(NotWritable, match=r"exists, and is no certificate; .* --fresh"):
        run(problem, ["point"], mine)
    assert mine.read_text() == '{"my": "data"}'
    run(problem, ["point"], mine, fresh=True)
    assert b"symverify-certificate" in mine.read_bytes()
    for options in ({}, {"fresh": True}):
        with pytest.raises(NotWritable, match="is the network file or its data"):
            run(problem, ["point"], problem.path, **options)
        link = tmp_path / "link.symcert.json"
        link.unlink(missing_ok=True)
        link.symlink_to(problem.path)
        with pytest.raises(NotWritable, match="is the network file or its data"):
            run(problem, ["point"], link, **options)


def test_what_the_kernel_would_decline_joined_stays_as_it_was(problem, output, monkeypatch):
    run(problem, ["valley"], output)
    before = output.read_bytes()
    real = merge.kernel_check

    def declining(network, text, open_data):
        if b'"valley"' in text and b'"cells"' in text:
            raise symverify.Declined("too much")
        return real(network, text, open_data)

    monkeypatch.setattr(merge, "kernel_check", declining)
    with pytest.raises(
        symverify.Declined, match="left as it is: write to another one with -o, or replace it with --fresh"
    ):
        run(problem, ["cells"], output)
    assert output.read_bytes() == before


def _one(path, output, claim):
    check(load(path), [claim], smt=False, output=output)


def test_checks_at_once_lose_nothing(problem, output):
    claims = ["assumptions", "valley", "point", "cells", "spurious_minimum", "global_minimum"]
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=_one, args=(problem.path, output, claim)) for claim in claims]
    for process in running:
        process.start()
    for process in running:
        process.join()
        assert process.exitcode == 0
    assert {line.split()[2] for line in proved(problem, output)} == set(claims)
    assert sorted(path.name for path in output.parent.iterdir()) == ["a.symcert.json", "four-points.json"]


@pytest.mark.parametrize(
    ("claims", "most", "kept"),
    [
        (None, 2, ["point"]),
        (["valley", "point"], 1, ["valley"]),
        (["valley", "point", "assumptions"], 2, ["valley", "point"]),
    ],
)
def test_what_was_asked_for_is_kept_where_all_together_takes_too_much_work(
    problem, output, monkeypatch, claims, most, kept
):
    def strict(network, text, open_data):
        if len(json.loads(text)["claims"]) > most:
            raise Declined("the certificate takes more work than the kernel's budget allows")
        return kernel_check(network, text, open_data)

    monkeypatch.setattr(merge, "kernel_check", strict)
    result = run(problem, claims, output)
    assert [claim.name for claim in result.claims if claim.theorem is not None] == kept
    assert all("name it alone" in claim.reason for claim in result.claims if claim.theorem is None)
    assert {line.split()[2] for line in proved(problem, output)} == set(kept)
    most = 0
    with pytest.raises(Declined, match="more work than the kernel's budget"):
        run(problem, claims, output, fresh=True)
