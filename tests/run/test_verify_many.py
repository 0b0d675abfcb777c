"""Verifying many certificates: problems found by hash, every path a verdict, the worst code."""

import io
import json
import os
import shutil
from pathlib import Path

import pytest

import symverify.run.verify as module
from symverify import check, load
from symverify.cli import run as command
from symverify.report.summary import markdown_summary
from symverify.run.verify import Problems, report, verify_many, verify_one, worst_code

ROOT = Path(__file__).parents[2]
MOVING = {
    "format": "symverify-network/1",
    "layers": [1, 1, 1],
    "activation": "relu",
    "loss": "squared",
    "data": {"csv": "points.csv", "inputs": ["x"], "targets": ["y"]},
    "parameters": [{"weight": [[1]], "bias": [2]}, {"weight": [[1]], "bias": [0]}],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a proved and, in a folder in it, a refuted certificate, whose problem has a data file."""
    folder = tmp_path_factory.mktemp("proofs")
    shutil.copy(ROOT / "examples" / "four-points.json", folder)
    check(
        load(folder / "four-points.json"),
        ["assumptions", "point"],
        smt=False,
        output=folder / "four-points.symcert.json",
    )
    inner = folder / "inner"
    inner.mkdir()
    (inner / "points.csv").write_text("x,y\n0,0\n1,1\n2,0\n")
    (inner / "moving.json").write_text(json.dumps(MOVING))
    check(load(inner / "moving.json"), ["point"], smt=False, output=inner / "descends.symcert.json")
    return folder


@pytest.fixture
def proofs(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "proofs"))


def last(results):
    return report(results)[-1]


def test_a_folder_is_searched_and_the_worst_verdict_counts(proofs):
    results = verify_many([proofs])
    assert [(r.certificate.name, r.word) for r in results] == [
        ("four-points.symcert.json", "proved"),
        ("descends.symcert.json", "refuted"),
    ]
    assert worst_code(results) == 0
    assert last(results) == "s VERIFIED certificates=2: 1 proved, 1 refuted"
    assert [r.network.name for r in results] == ["four-points.json", "moving.json"]
    assert sum(line.startswith("s ") for line in report(results)) == 3


def test_a_verified_refutation_counts_as_a_failure_where_proofs_are_required(proofs):
    results = verify_many([proofs], require_proved=True)
    assert [r.code for r in results] == [0, 10]
    assert last(results) == "s REFUTED certificates=2: 1 proved, 1 refuted"
    pair = [proofs / "inner" / "descends.symcert.json", proofs / "inner" / "moving.json"]
    assert [r.code for required in (False, True) for r in verify_many(pair, required)] == [0, 10]
    assert [last(verify_many(pair[:1], required)).split()[1] for required in (False, True)] == ["VERIFIED", "REFUTED"]


def test_what_does_not_rest_on_the_core_alone_is_refused_on_request(proofs, capsys):
    """As the bare kernel does: here `assumptions`, which is cited; a point is the core's."""
    found = verify_many([proofs], core=True)
    assert [(r.code, r.word, r.reason) for r in found] == [
        (3, "undecided", "assumptions needs storey=cited"),
        (0, "refuted", ""),
    ]
    assert last(found) == "s UNDECIDED certificates=2: 1 undecided, 1 refuted"
    given = [str(proofs / name) for name in ("four-points.symcert.json", "four-points.json")]
    for paths in (given[:1], given):
        assert command(["verify", "--core", *paths]) == 3
        told = capsys.readouterr().out
        assert "UNDECIDED assumptions needs storey=cited" in told
        assert "PROVED point" in told
        assert not any(line.startswith("s PROVED four") for line in told.splitlines())
        assert command(["verify", *paths]) == 0
        capsys.readouterr()


def test_a_single_certificate_ends_with_its_own_verdict(proofs):
    results = verify_many([proofs / "four-points.symcert.json"])
    assert worst_code(results) == 0
    assert last(results).startswith(
        f"s PROVED {proofs}/four-points.symcert.json proved=assumptions,point statements=above problem="
    )


def test_two_files_are_certificate_and_network_as_the_bare_kernel_sees_them(proofs):
    from symverify.kernel.__main__ import verify

    pair = [proofs / "four-points.symcert.json", proofs / "four-points.json"]
    (result,) = verify_many(pair)
    assert (result.code, list(result.lines)) == verify(pair[1], pair[0])
    (result,) = verify_many([pair[0], proofs / "inner" / "moving.json"])
    assert result.code == 11
    assert "another problem" in result.reason


def test_two_certificates_are_two_certificates(proofs):
    results = verify_many([proofs / "four-points.symcert.json", proofs / "inner" / "descends.symcert.json"])
    assert [r.code for r in results] == [0, 0]


def test_networks_that_are_given_are_looked_at_wherever_they_are(proofs, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(proofs / "four-points.symcert.json", alone)
    (missing,) = verify_many([alone])
    assert missing.code == 2
    assert "There is no other *.json file beside it" in missing.reason
    assert [r.code for r in verify_many([proofs / "four-points.json", alone])] == [0]


def test_a_changed_data_file_is_another_problem(proofs):
    (proofs / "inner" / "points.csv").write_text("x,y\n0,0\n1,1\n2,1\n")
    (result,) = verify_many([proofs / "inner"])
    assert (result.code, result.where) == (2, "problem")
    assert "no network file has the SHA-256" in result.reason
    assert "moving.json (SHA-256 " in result.reason


def corrupt(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "reason"),
    [
        ('"risk": "3/20"', '"risk": "1/20"', 11, "claims[1].risk", "claimed '1/20', proved '3/20'"),
        ("symverify-certificate/2", "symverify-certificate/9", 2, "", "update symverify"),
        ("symverify-certificate/2", "symverify-certificate/1", 2, "", "make it again with `symverify check`"),
        ('"claims": [', '"claims": [7, ', 2, "", "claims[0]: expected an object"),
        ('"problem": "', '"problem": 5, "x": "', 2, "", "problem: expected a SHA-256 as text"),
        ("{", "[", 2, "", "not JSON"),
        ('"rule": "interior_minimum"', '"rule": "magic"', 2, "", "unknown rule 'magic'"),
    ],
)
def test_what_is_wrong_with_a_certificate_becomes_its_verdict(proofs, old, new, code, where, reason):
    corrupt(proofs / "four-points.symcert.json", old, new)
    results = verify_many([proofs])
    assert [r.code for r in results] == [code, 0]
    assert results[0].where == where
    assert reason in results[0].reason
    assert worst_code(results) == code


def test_no_certificate_is_never_zero(proofs, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for paths, what in (
        ([], "no certificate was given"),
        ([proofs / "four-points.json"], "no certificate was given"),
        ([empty], "there is no certificate"),
        ([proofs / "typo"], "there is no such file or folder"),
        ([proofs / "typo.symcert.json"], "No such file"),
    ):
        results = verify_many(paths)
        assert worst_code(results) == 2
        assert what in results[0].reason
    assert [r.code for r in verify_many([empty, proofs / "four-points.symcert.json"])] == [2, 0]


def test_links_that_loop_and_names_that_lie(proofs):
    (proofs / "inner" / "loop").symlink_to(proofs)
    os.mkfifo(proofs / "pipe.symcert.json")
    (proofs / "pipe.json").symlink_to(proofs / "pipe.symcert.json")
    (proofs / "s PROVED\n.symcert.json").write_text("{}")
    results = verify_many([proofs, proofs / "four-points.symcert.json"])
    assert [r.code for r in results] == [0, 2, 2, 0]
    assert "not a regular file" in results[1].reason
    assert not any("\n" in line for line in report(results))


@pytest.mark.parametrize("about", ["missing", None, 5, "ab"])
def test_a_certificate_that_is_about_nothing_is_malformed_beside_its_network_too(proofs, about):
    path = proofs / "four-points.symcert.json"
    proof = json.loads(path.read_bytes()) | {"problem": about}
    if about == "missing":
        del proof["problem"]
    path.write_text(json.dumps(proof))
    (found,) = verify_many([path, proofs / "four-points.json"])
    assert found.code == (11 if about == "ab" else 2), found.lines


def test_an_internal_error_is_one_files_verdict(proofs, monkeypatch):
    real = module.check

    def failing(network, certificate, open_data):
        if b'"descent"' in certificate:
            raise KeyError("surprise")
        return real(network, certificate, open_data)

    monkeypatch.setattr(module, "check", failing)
    results = verify_many([proofs])
    assert [r.code for r in results] == [0, 70]
    assert results[1].reason == "KeyError: 'surprise'"
    monkeypatch.setattr(module, "check", lambda *_: (_ for _ in ()).throw(RecursionError("deep")))
    assert verify_one(proofs / "four-points.symcert.json", Problems()).code == 3


def test_the_summary_escapes_what_strangers_wrote(proofs):
    (proofs / "a|b<img src=x>`.symcert.json").write_text("{}")
    text = markdown_summary(verify_many([proofs]))
    assert "\\<img src\\=x\\>" in text
    assert "<img" not in text.replace("\\<", "")
    assert "four\\-points\\.json | proved | assumptions\\; point |" in text
    assert all(line.replace("\\|", "").count("|") in (0, 5) for line in text.splitlines())


def noted(found):
    return [line for line in found.lines if ": note: " in line]


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("four points", "five points", "has another SHA-256"),
        ('"layers"', '"lairs"', "cannot be read: layers: is missing"),
    ],
)
def test_a_changed_network_file_beside_a_copy_is_noted(proofs, tmp_path, given, old, new, why):
    """The copy is what the certificate is about, beside it or given; the file of its name is not any more."""
    certificate, network = proofs / "four-points.symcert.json", proofs / "four-points.json"
    copy = Path(shutil.copy(network, tmp_path / "given.json" if given else proofs / "old.json"))
    (control,) = verify_many([certificate, copy, proofs / "inner" / "moving.json"])
    assert (control.code, control.note, noted(control)) == (0, "", [])
    network.write_text(network.read_text().replace(old, new))
    (found,) = verify_many([certificate, copy, proofs / "inner" / "moving.json"])
    assert (found.code, found.network) == (0, copy)
    assert found.note.startswith(f"this is about {copy}, and not about {network}, which {why}")
    assert noted(found) == [f"{certificate}: note: {found.note}"]
    assert "Note\\: this is about" in markdown_summary([found])
    copy.unlink()
    assert verify_many([certificate])[0].code == 2


def given(text, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def test_a_network_from_the_standard_input(made, tmp_path, monkeypatch, capsys):
    """It counts as the one that is named does; one that is read with its data does not fall back on another."""
    network, certificate = (made / f"four-points{ending}" for ending in (".json", ".symcert.json"))
    for paths in ([certificate, "-"], ["-", certificate, certificate]):
        given(network.read_bytes(), monkeypatch)
        assert command(["verify", *map(str, paths)]) == 0
        assert capsys.readouterr().out.endswith(" network=-\n")
    given(b"{}", monkeypatch)
    assert command(["verify", str(certificate), "-"]) == 2  # though its problem lies beside it
    other, data = tmp_path / "other.json", tmp_path / "points.csv"
    other.write_text(json.dumps(MOVING))
    shutil.copy(made / "inner" / "points.csv", data)
    assert command(["verify", str(certificate), str(other), "--data", str(data)]) == 2
    assert "no network file has the SHA-256" in capsys.readouterr().out
