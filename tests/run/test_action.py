"""The action's steps, run in a shell on a user's repository; the pre-commit hook, and what it runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symverify.cli import run as command

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "proofs" / "four-points"
TABLE = "u,v\n0,0\n1,0\n2,0\n3,1\n"
NETWORK = (
    '{"format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu", "loss": "squared",'
    ' "data": {"csv": "train.csv", "inputs": ["u"], "targets": ["v"]}}'
)

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="runs bash"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A proof whose network file names its data."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "net.json").write_text(NETWORK)
    (folder / "train.csv").write_text(TABLE)
    assert command(["check", str(folder / "net.json"), "--no-smt"]) == 0
    return folder


@pytest.fixture
def repository(made, tmp_path):
    """A user's repository with two proofs, and the commit that its changes are based on."""
    folder = tmp_path / "user"
    shutil.copytree(PROOF, folder / "proofs" / "four-points")
    shutil.copytree(made, folder / "proofs" / "table")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "proofs")
    return folder


def step(folder, **settings):
    """What the action's own step makes of a repository: its exit code, the output, the summary, the outputs."""
    script = re.search(r"run: \|\n((?: {8}.*\n?)+)", (ROOT / "action.yml").read_text())[1]
    places = {"GITHUB_STEP_SUMMARY": folder.parent / "summary.md", "GITHUB_OUTPUT": folder.parent / "output.txt"}
    for place in places.values():
        place.write_text("")
    given = {"PATHS": "proofs", "REQUIRE_PROVED": "false", "REQUIRE_KEPT": "false", "SINCE": "", "ACTION": ROOT}
    given |= settings
    environment = {f"SYMVERIFY_{name}": str(value) for name, value in given.items()} | {
        name: str(place) for name, place in places.items()
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", re.sub(r"(?m)^ {8}", "", script)],
        cwd=folder, env={"PATH": path, "HOME": str(folder.parent)} | environment, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout, *(place.read_text() for place in places.values())


def test_every_input_reaches_the_step():
    action = (ROOT / "action.yml").read_text()
    for name in re.findall(r"SYMVERIFY_([A-Z_]+): \$\{\{ inputs", action):
        assert f"  {name.lower().replace('_', '-')}:\n" in action
        assert f'"SYMVERIFY_{name}"' in (ROOT / "symverify" / "cli" / "action.py").read_text()
    assert "uses: actions/setup-python@" in action
    assert re.search(r"#\s+- uses: OWNER/symverify@", action)
    assert "pip" not in action


def test_proofs_that_hold_pass(repository):
    code, said, summary, outputs = step(repository)
    assert code == 0
    assert said.splitlines()[-1] == "s PROVED certificates=2: 2 proved"
    assert outputs == "verdict=s PROVED certificates=2: 2 proved\n"
    assert summary.startswith("### symverify\n\n| certificate | verdict | claims |\n")
    assert "Changes since" not in summary


def test_changed_data_fails_and_the_summary_says_what_was_lost(repository):
    before = git(repository, "rev-parse", "HEAD")
    (repository / "proofs" / "table" / "train.csv").write_text(TABLE.replace("3,1", "3,2"))
    code, said, summary, _ = step(repository, SINCE=before)
    assert code == 2
    assert "no network file has the SHA-256" in said
    assert "| proofs/table/net\\.symcert\\.json | malformed |" in summary.replace("\\/", "/").replace("\\|", "|")
    assert f"#### Changes since {before[:12]}" in summary
    assert summary.count("**lost**") >= 3
    assert "spurious\\_minimum" in summary
    assert "- net.symcert.json: spurious_minimum: lost" in said.replace("proofs: ", "").replace("table/", "")


def test_a_weaker_proof_passes_unless_it_is_to_be_kept(repository):
    before = git(repository, "rev-parse", "HEAD")
    folder = repository / "proofs" / "table"
    claims = ["check", str(folder / "net.json"), "--no-smt", "--fresh", "--claims", "assumptions"]
    assert command(claims) == 0
    git(repository, "commit", "-qam", "less")
    code, said, summary, _ = step(repository, SINCE=before)
    assert code == 0
    assert "**lost**" in summary
    assert said.splitlines()[-1] == "s PROVED certificates=2: 2 proved"
    assert step(repository, SINCE=before, REQUIRE_KEPT="true")[0] == 10
    assert step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS="proofs/four-points")[0] == 0
    assert step(repository, SINCE="0" * 40, REQUIRE_KEPT="true")[0] == 0
    code, said, *_ = step(repository, SINCE="f" * 40)
    assert (code, said.splitlines()[0]) == (0, f"there is no commit {'f' * 40} to compare with")


def test_more_proofs_are_told(repository):
    before = git(repository, "rev-parse", "HEAD")
    shutil.copytree(PROOF, repository / "proofs" / "new")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "more")
    code, _, summary, _ = step(repository, SINCE=before, REQUIRE_KEPT="true")
    assert code == 0
    assert summary.count("| gained |") == 5


def test_a_refutation_fails_only_where_all_is_to_be_proved(repository):
    shutil.copy(ROOT / "examples" / "dead-unit.json", repository / "proofs" / "dead.json")
    assert command(["check", str(repository / "proofs" / "dead.json"), "--no-smt"]) == 10
    assert step(repository)[0] == 0
    assert step(repository, REQUIRE_PROVED="true")[0] == 10


def test_nothing_of_the_repository_is_run(repository):
    """A module of the repository is not imported in the place of Python's own."""
    for name in ("json.py", "argparse.py", "symverify.py"):
        (repository / name).write_text("raise SystemExit(0)")
    (repository / "proofs" / "table" / "train.csv").write_text("u,v\n0,0\n")
    assert step(repository)[0] == 2


def test_it_needs_the_standard_library_alone(repository):
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "found = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(code, sorted(found - {'symverify', '__main__', '__mp_main__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, ROOT / "action.py"], cwd=repository, text=True, check=True,
        capture_output=True, env=os.environ | {"SYMVERIFY_PATHS": "proofs"},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 []"


# the hook


def test_the_hook_verifies_what_lies_beside_changed_files(made, tmp_path, monkeypatch, capsys):
    shutil.copytree(made, tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "other.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    entry = re.search(r"entry: symverify (.*)", (ROOT / ".pre-commit-hooks.yaml").read_text())[1].split()
    assert "files:" not in (ROOT / ".pre-commit-hooks.yaml").read_text()
    for changed in (["a/train.csv"], ["a/net.json"], ["a/net.symcert.json"], ["b/other.json", "a/train.csv"]):
        assert command([*entry, *changed]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("s PROVED a/net.symcert.json")
    assert command([*entry, "b/other.json"]) == 0
    assert capsys.readouterr().out == "s NOTHING certificates=0: there is no certificate beside these files\n"
    (tmp_path / "a" / "train.csv").write_text(TABLE.replace("3,1", "3,2"))
    for changed in (["a/train.csv"], ["b/other.json", "a/train.csv"]):
        assert command([*entry, *changed]) == 2
        assert "no network file has the SHA-256" in capsys.readouterr().out


@pytest.mark.long
def test_pre_commit_itself(repository, tmp_path):
    """Installs the hook of this repository's last commit as a user's pre-commit does, once, and runs it."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    config = f"repos: [{{repo: '{ROOT}', rev: {git(ROOT, 'rev-parse', 'HEAD')}, hooks: [{{id: symverify-verify}}]}}]\n"
    (repository / ".pre-commit-config.yaml").write_text(config)
    (repository / "notes.txt").write_text("a")
    git(repository, "add", "-A")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*files):
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--verbose", "--files", *files], cwd=repository, text=True,
            env=environment | {"PRE_COMMIT_HOME": str(tmp_path / "home")}, capture_output=True, check=False,
        )  # fmt: skip

    good = run("proofs/table/train.csv", "notes.txt")
    assert good.returncode == 0, good.stdout
    assert "s PROVED proofs/table/net.symcert.json" in good.stdout
    (repository / "proofs" / "table" / "train.csv").write_text(TABLE.replace("3,1", "3,2"))
    for file in ("train.csv", "net.json"):
        bad = run(f"proofs/table/{file}")
        assert bad.returncode == 1
        assert "no network file has the SHA-256" in bad.stdout
    assert run("notes.txt").returncode == 0
