"""What a regression proof gained and lost."""

import json
import shutil
from pathlib import Path

import pytest

from symverify import check, load
from symverify.run.diff import Change, diff, implies

ROOT = Path(__file__).parents[2]


def prove(network, claims, output):
    assert check(load(network), claims, smt=False, output=output, timeout=10).certificate is not None
    return output


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """old/: assumptions and point; new/: point and valley; both about four-points.json beside them."""
    folder = tmp_path_factory.mktemp("diff")
    for side, claims in (("old", ["assumptions", "point"]), ("new", ["point", "valley"])):
        (folder / side).mkdir()
        shutil.copy(ROOT / "examples" / "four-points.json", folder / side)
        prove(folder / side / "four-points.json", claims, folder / side / "a.symcert.json")
    return folder


@pytest.fixture
def sides(made, tmp_path):
    copied = Path(shutil.copytree(made, tmp_path / "diff"))
    return copied / "old", copied / "new"


def changes(found):
    return {line.key[1]: line.change for line in found.lines}


@pytest.mark.parametrize("files", [True, False])
def test_gained_lost_and_kept(sides, files):
    old, new = (side / "a.symcert.json" if files else side for side in sides)
    found = diff(old, new)
    assert changes(found) == {"assumptions": Change.LOST, "point": Change.KEPT, "valley": Change.GAINED}
    assert found.code == 10
    assert found.report()[-1] == "s LOST: 1 kept, 1 gained, 1 lost"
    assert any(
        line.startswith("- ") and "assumptions: lost: PROVED assumptions A1=true" in line for line in found.report()
    )


def test_nothing_lost(sides):
    old, _ = sides
    found = diff(old, old)
    assert found.code == 0
    assert found.report()[-1] == "s NOTHING LOST: 2 kept"


def test_a_certificate_that_is_gone_loses_its_claims(sides):
    old, new = sides
    shutil.copy(old / "a.symcert.json", old / "b.symcert.json")
    shutil.copy(old / "a.symcert.json", new)
    found = diff(old, new)
    assert found.code == 10
    assert (
        "- b.symcert.json: point: lost: PROVED point at=given risk=3/20 spurious=true better=0 storey=core; "
        "the certificate is gone" in map(str, found.lines)
    )


def test_only_verified_statements_count(sides):
    old, new = sides
    text = (new / "a.symcert.json").read_text()
    (new / "a.symcert.json").write_text(text.replace('"risk": "3/20"', '"risk": "1/20"'))
    found = diff(old, new)
    assert changes(found) == {"(NEW)": Change.UNVERIFIED, "assumptions": Change.LOST, "point": Change.LOST}
    assert found.code == 10
    back = diff(new, old)
    assert changes(back) == {"(OLD)": Change.UNVERIFIED, "assumptions": Change.GAINED, "point": Change.GAINED}
    assert back.code == 3
    assert "(OLD is not verified)" in str(back.lines[-1])


def test_networks_are_found_beside_or_given(sides):
    old, _ = sides
    network = old.parent / "moved.json"
    (old / "four-points.json").rename(network)
    assert diff(old, old).code == 3
    assert diff(old, old, [network]).code == 0


def test_another_problem_is_another_statement(sides):
    old, new = sides
    document = json.loads((new / "four-points.json").read_text()) | {"name": "renamed"}
    (new / "four-points.json").write_text(json.dumps(document))
    (new / "a.symcert.json").unlink()
    prove(new / "four-points.json", ["assumptions", "point"], new / "a.symcert.json")
    found = diff(old, new)
    assert found.code == 10
    assert changes(found) == {"assumptions": Change.DIFFERENT, "point": Change.DIFFERENT}
    assert "about another problem" in str(found.lines[0])


def test_malformed_and_mixed_are_two(sides):
    old, new = sides
    assert diff(old, new / "a.symcert.json").code == 2
    (new / "b.symcert.json").write_text("{")
    (old / "a.symcert.json").unlink()
    (old / "b.symcert.json").write_text("{")
    found = diff(old, new)
    assert found.code == 2
    assert found.report()[-1] == "s MALFORMED: 2 gained, 2 unverified"
    assert diff(old / "nothing.symcert.json", old / "a.symcert.json").code == 2


def test_what_is_no_certificate_is_told(sides):
    old, new = sides
    reasons = [line.detail.rpartition(": ")[2] for line in diff(old / "nothing", new).lines]
    assert reasons == ["there is no such file or folder", "give two certificates or two folders"]
    (line, _) = diff(old / "four-points.json", old / "four-points.json").lines
    assert line.detail.endswith("this is a network file: name its certificate (*.symcert.json)")


def test_a_loss_counts_whatever_else_is_malformed(sides):
    old, new = sides
    (old / "b.symcert.json").write_text("{")
    assert diff(old, old).code == 2
    assert diff(old, new).code == 10
    (new / "b.symcert.json").write_text("{")
    assert diff(old, new).code == 10
    shutil.copy(old / "a.symcert.json", new / "a.symcert.json")
    assert diff(old, new).code == 2


def test_a_certificate_that_cannot_be_read_any_more_is_malformed(sides):
    old, new = sides
    (new / "a.symcert.json").write_text("{")
    found = diff(old, new)
    assert found.code == 2
    assert found.report()[-1] == "s MALFORMED: 2 lost, 1 unverified"
    assert diff(old / "a.symcert.json", new / "nothing.symcert.json").code == 2
    shutil.copy(old / "a.symcert.json", old / "b.symcert.json")
    assert diff(old, new).code == 10  # the other one is gone


def test_a_better_point_that_is_lower_is_stronger(sides):
    old, new = sides
    loaded = load(old / "four-points.json")
    from symverify.certify.certificate import Certificate
    from symverify.kernel.core.network import risk
    from symverify.search.better import refit

    for side, w, b in ((old, ["1", "0"], ["-1", "0"]), (new, ["1", "0"], ["-2", "1"])):
        certificate = Certificate(loaded.problem)
        at = certificate.point(loaded.problem.parameters)
        hidden = [{"weight": [[x] for x in w], "bias": b}, {"weight": [["0", "0"]], "bias": ["0"]}]
        start = certificate.fact(certificate.step("point", parameters=hidden)).point
        found = refit(loaded.problem, start)
        assert found is not None
        assert found.risk < risk(loaded.problem, [(x,) for x in (0, 0, 0, 0)])
        minimum = certificate.step("interior_minimum", {"point": at})
        premises = {"minimum": minimum, "better": certificate.point(found.point)}
        certificate.claim("point", certificate.step("spurious_minimum", premises))
        (side / "a.symcert.json").write_bytes(certificate.text())
    found = diff(old, new)
    assert changes(found) == {"point": Change.STRONGER}
    assert found.code == 0
    assert "better_risk lower: " in str(found.lines[0])
    back = diff(new, old)
    assert (changes(back), back.code) == ({"point": Change.WEAKER}, 10)


@pytest.mark.parametrize(
    ("stronger", "weaker", "one_way"),
    [
        ({"risk": "1", "spurious": True}, {"risk": "1", "spurious": None}, True),
        ({"dimension": 4, "exact": True}, {"dimension": 5, "exact": False}, True),
        ({"dimension": 4, "exact": False}, {"dimension": 5, "exact": False}, True),
        ({"lower": "1/3", "upper": "2/3"}, {"lower": "0", "upper": "1"}, True),
        ({"risk": "1", "attained": True}, {"risk": "1"}, True),
        ({"risk": "1"}, {"risk": "2"}, False),
        ({"dimension": 4, "exact": False}, {"dimension": 4, "exact": True}, False),
        ({"A1": 1}, {"A1": True}, False),
        ({"spurious": True}, {"spurious": False}, False),
    ],
)
def test_implication(stronger, weaker, one_way):
    assert implies(stronger, stronger)
    assert implies(stronger, weaker) is one_way
    if one_way:
        assert not implies(weaker, stronger)
