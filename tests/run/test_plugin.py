"""The pytest plugin: one item per claim, failures that name claim, place and reason, nothing heavy at start."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from symverify import check, load

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
PLUGIN = ("-p", "symverify.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proofs")
    shutil.copy(ROOT / "examples" / "four-points.json", folder)
    document = json.loads((folder / "four-points.json").read_text())
    document["parameters"][0]["weight"] = [["1"], ["1"]]
    (folder / "moving.json").write_text(json.dumps(document))
    for name, claims in (("four-points", ["assumptions", "valley", "point"]), ("moving", ["point"])):
        check(load(folder / f"{name}.json"), claims, smt=False, output=folder / f"{name}.symcert.json", timeout=10)
    return folder


@pytest.fixture
def run(made, pytester):
    """Runs pytest with the plugin in a folder with copies of the proofs."""
    for path in made.iterdir():
        shutil.copy(path, pytester.path)

    def runner(*arguments, plugin=PLUGIN):
        installed = ["-p", "no:symverify"] if _installed() else []
        return pytester.runpytest_subprocess(*installed, *plugin, *arguments, timeout=60)

    return runner


def _installed():
    from importlib.metadata import entry_points

    return any(point.name == "symverify" for point in entry_points(group="pytest11"))


def test_an_item_per_claim(run):
    result = run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "four-points.symcert.json::assumptions PASSED*",
            "four-points.symcert.json::valley PASSED*",
            "four-points.symcert.json::point PASSED*",
            "moving.symcert.json::point[[]refuted[]] PASSED*",
        ]
    )


def test_selection_by_name_and_in_processes(run, pytester):
    run("-k", "valley").assert_outcomes(passed=1, deselected=3)
    run("four-points.symcert.json::point").assert_outcomes(passed=1)
    run("-n", "2").assert_outcomes(passed=4)
    run("--junitxml=out.xml").assert_outcomes(passed=4)
    cases = ElementTree.parse(pytester.path / "out.xml").getroot().findall(".//testcase")
    assert [case.get("name") for case in cases] == ["assumptions", "valley", "point", "point[refuted]"]
    statements = [node.get("value") for node in cases[2].iter("property") if node.get("name") == "statement"]
    assert statements[0].startswith("s PROVED point at=given risk=3/20 spurious=true better=")


def test_a_step_that_does_not_follow_fails_every_claim(run, pytester):
    path = pytester.path / "four-points.symcert.json"
    document = json.loads(path.read_text())
    index = next(i for i, step in enumerate(document["steps"]) if step["rule"] == "spurious_minimum")
    document["steps"][index]["from"]["better"] = document["steps"][index]["from"]["minimum"]
    path.write_text(json.dumps(document))
    result = run("four-points.symcert.json")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [f"valley: the certificate is rejected at steps[[]{index}[]].from.better: spurious_minimum: *"]
    )
    result.stdout.fnmatch_lines(["the claim rests on steps[[]*[]] (valley)", "network file: *four-points.json"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_wrong_number_is_not_proved(run, pytester):
    path = pytester.path / "four-points.symcert.json"
    path.write_text(path.read_text().replace('"risk": "3/20", "spurious"', '"risk": "3/19", "spurious"'))
    result = run("-k", "four-points and point")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["point: the certificate is rejected at claims[[]2[]].risk: claimed '3/19', proved '3/20'"]
    )


def test_a_proved_claim_relabelled_as_refuted_fails(run, pytester):
    path = pytester.path / "four-points.symcert.json"
    text = path.read_text()
    path.write_text(text.replace('"point", "verdict": "proved"', '"point", "verdict": "refuted"'))
    result = run("four-points.symcert.json", "-v")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*::point[[]refuted[]] FAILED*", "*claimed 'refuted', proved 'proved'"])


def test_a_missing_problem_is_an_error_with_the_remedy(run, pytester):
    (pytester.path / "four-points.json").unlink()
    result = run("four-points.symcert.json")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["point: *no network file has the SHA-256 * beside the certificate*"])
    result.stdout.fnmatch_lines(["point: *Looked at *moving.json (SHA-256 *"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("text", "why"), [("{", "not JSON"), ('{"format": "symverify-certificate/3"}', "update symverify")]
)
def test_an_unreadable_certificate_is_one_error(run, pytester, text, why):
    (pytester.path / "four-points.symcert.json").write_text(text)
    result = run("four-points.symcert.json")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"certificate: the certificate is malformed: *{why}*"])


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_certificates_that_pytest_leaves_out_are_named(run, pytester, processes):
    """In a folder that it does not enter, and a link to nothing; those that --ignore names are left out on purpose."""
    warned = "not collected, so not verified: "
    control = run(".", *processes)
    control.assert_outcomes(passed=4)
    control.stdout.no_fnmatch_line(f"*{warned}*")
    build = pytester.path / "build"
    build.mkdir()
    for name in ("moving.json", "moving.symcert.json"):
        shutil.copy(pytester.path / name, build)
    (pytester.path / "x.symcert.json").symlink_to("nowhere")
    result = run(".", *processes, plugin=PLUGIN[:-2])
    result.assert_outcomes(passed=4, warnings=1)
    found = str(Path("build", "moving.symcert.json"))
    result.stdout.fnmatch_lines([f"*{warned}x.symcert.json, {found}; `symverify verify` finds *"])
    (pytester.path / "x.symcert.json").unlink()
    if not processes:  # each process of several does the same
        run(".", "--ignore", "build").assert_outcomes(passed=4)
        run(".", "--ignore-glob", "bu?ld").assert_outcomes(passed=4)
        run("four-points.symcert.json").assert_outcomes(passed=3)
    failing = run(".", "-k", "point", *processes)  # where warnings are errors
    failing.assert_outcomes(passed=4, failed=1)
    assert failing.ret == 1
    failing.stdout.fnmatch_lines([f"{warned}{found}; `symverify verify` finds what pytest leaves out"])


def test_a_changed_network_file_beside_a_copy_is_warned_of(run, pytester):
    network = pytester.path / "moving.json"
    shutil.copy(network, pytester.path / "old.json")
    run("moving.symcert.json").assert_outcomes(passed=1)
    network.write_text(network.read_text().replace("four points", "five points"))
    result = run("moving.symcert.json", plugin=PLUGIN[:-2])
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*moving.symcert.json: this is about *old.json, and not about *moving.json, which has*"]
    )


def test_names_from_strangers_stay_on_one_line(run, pytester):
    path = pytester.path / "four-points.symcert.json"
    document = json.loads(path.read_text())
    document["claims"][0]["claim"] = "a\n\x1b[31mPASSED \u202e"
    path.write_text(json.dumps(document))
    result = run("four-points.symcert.json", "-v")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([r"*::a\n\x1b[[]31mPASSED \u202e FAILED*"])


def test_nothing_heavy_is_imported_at_start():
    code = "import sys, symverify.pytest_plugin; print(*sorted(m for m in sys.modules if m.startswith('symverify')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["symverify", "symverify.pytest_plugin"]
    code = "import sys, symverify.run.verify; print(*({'numpy', 'scipy', 'flint', 'sympy', 'z3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
