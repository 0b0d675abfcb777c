"""`symverify export`: what it writes, what it says that it leaves out, and a folder that is in use."""

import json
from pathlib import Path

import pytest

from symverify import load, loads
from symverify.cli import run as command
from symverify.kernel.check import check as kernel_check
from symverify.opinion.obligations import left_out, obligations
from symverify.run.rocq import export_rocq
from tests.kernel.corruption import certificate
from tests.kernel.test_format import EXAMPLES

PROOFS = Path(__file__).parents[2] / "proofs"


def export(name, capsys, *options):
    """The exit code, the output's lines, the message."""
    folder = PROOFS / name
    code = command(["export", str(folder / "network.symcert.json"), str(folder / "network.json"), *map(str, options)])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err


def test_queries_of_every_step_are_written(tmp_path, capsys):
    code, lines, _ = export("four-points", capsys, "--smt2", tmp_path)
    files = list(tmp_path.iterdir())
    assert (code, lines) == (0, [f"{len(files)} queries in {tmp_path}"])
    assert len(files) > 10


def test_what_is_not_posed_is_told(tmp_path, capsys):
    code, lines, _ = export("separable", capsys, "--smt2", tmp_path)
    told = [line for line in lines if line.startswith("not posed: ")]
    assert code == 0
    assert "exponentials and logarithms, which the solver does not decide" in told[0]
    steps = {int(path.name[4:7]) for path in tmp_path.iterdir()}
    assert steps.isdisjoint(int(line.split()[3].rstrip(",")) for line in told)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in PROOFS.glob("*/network.symcert.json")))
def test_every_step_is_posed_or_told(folder):
    problem = load(PROOFS / folder / "network.json")
    text = (PROOFS / folder / "network.symcert.json").read_bytes()
    checked = kernel_check(problem.network, text, problem.open_data)
    found = obligations(checked)
    told = {int(line.split()[1].rstrip(",")) for line in left_out(checked, found)}
    assert told.isdisjoint(made.step for made in found)
    assert told | {made.step for made in found} == set(range(len(checked.steps)))


def test_weight_decay_is_in_no_rocq_file(tmp_path):
    """Its risk there would be another one, without the penalty."""
    example = EXAMPLES["decay_bound"]
    problem = loads(json.dumps(example["network"]))
    whole = certificate(example["network"], example["steps"], example["claims"]) | {"problem": problem.sha256}
    made = export_rocq(problem, json.dumps(whole).encode(), tmp_path)
    assert not made.claims
    assert made.left_out[:2] == tuple(
        f"step {k}, {rule}: has no verified checker with weight decay"
        for k, rule in enumerate(("decay_bound", "enclosed_point"))
    )
    assert "Definition p" not in made.file.read_text()


@pytest.mark.parametrize(
    ("name", "option", "nothing"), [("two-samples", "--smt2", "queries"), ("slopes", "--rocq", "claims")]
)
def test_nothing_exported_is_undecided(name, option, nothing, tmp_path, capsys):
    code, lines, _ = export(name, capsys, option, tmp_path / "out")
    assert (code, lines[-1]) == (3, f"s UNDECIDED export: no {nothing}")
    assert lines[0].startswith(("not posed: step 0, ", "left out: step 0, "))
    code, lines, _ = export("four-points", capsys, option, tmp_path / "control")
    assert code == 0


def test_one_kind_that_is_empty_is_told_beside_the_other(tmp_path, capsys):
    code, lines, _ = export("slopes", capsys, "--smt2", tmp_path / "smt", "--rocq", tmp_path / "rocq")
    assert (code, lines[0], lines[-1]) == (3, f"2 queries in {tmp_path / 'smt'}", "s UNDECIDED export: no claims")
    code, lines, _ = export("two-samples", capsys, "--smt2", tmp_path / "s", "--rocq", tmp_path / "r")
    assert (code, lines[-1]) == (3, "s UNDECIDED export: no queries and no claims")


def test_two_proofs_are_not_mixed(tmp_path, capsys):
    """A proof's own queries are replaced; another's are neither mixed with nor touched."""
    assert export("four-points", capsys, "--smt2", tmp_path)[0] == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    first = min(before)
    first.write_text("(check-sat)")
    assert export("four-points", capsys, "--smt2", tmp_path)[0] == 0
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    code, lines, said = export("slopes", capsys, "--smt2", tmp_path)
    assert (code, lines) == (2, [])
    assert f"holds {len(before)} other .smt2 files, as {first.name!a}; name an empty folder" in said
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
