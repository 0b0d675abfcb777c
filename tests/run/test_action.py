"""The action's steps, run in a shell on a user's repository; the pre-commit hook, and what it runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symverify.cli import run as command
from symverify.cli.action import main

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


def step(folder, path="", **settings):
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
    path = path or f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
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
    assert summary.startswith("### symverify\n\n| certificate | network file | verdict | claims |\n")
    assert "Changes since" not in summary


def test_changed_data_fails_and_the_summary_says_what_was_lost(repository):
    before = git(repository, "rev-parse", "HEAD")
    (repository / "proofs" / "table" / "train.csv").write_text(TABLE.replace("3,1", "3,2"))
    code, said, summary, _ = step(repository, SINCE=before)
    assert code == 2
    assert "no network file has the SHA-256" in said
    assert "| proofs/table/net\\.symcert\\.json |  | malformed |" in summary.replace("\\/", "/").replace("\\|", "|")
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
    code, said, summary, outputs = step(repository, SINCE=before, REQUIRE_KEPT="true")
    assert (code, said.splitlines()[-2]) == (10, "s PROVED certificates=2: 2 proved")
    assert said.splitlines()[-1].startswith(f"s LOST since={before[:12]}: ")
    assert re.search(r"[:,] [1-9] lost", said.splitlines()[-1])
    assert outputs == f"verdict={said.splitlines()[-1]}\n"
    assert "s LOST since" in summary
    assert step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS="proofs/four-points")[0] == 0


def lessened(repository):
    """The commit before a change that loses claims, which is the last one."""
    before = git(repository, "rev-parse", "HEAD")
    network = repository / "proofs" / "table" / "net.json"
    assert command(["check", str(network), "--no-smt", "--fresh", "--claims", "assumptions"]) == 0
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "less")
    return before


@pytest.mark.parametrize("since", ["", "0" * 40, "0" * 64])
def test_without_an_earlier_commit_nothing_is_compared_and_that_is_said(since, repository):
    """As for the first push of a branch, a new tag, and a run by hand."""
    lessened(repository)
    code, said, summary, outputs = step(repository, SINCE=since, REQUIRE_KEPT="true")
    assert (code, said.splitlines()[-2]) == (0, "not compared: no earlier commit is named")
    assert outputs.startswith("verdict=s PROVED ")
    assert "not compared: no earlier commit is named" in summary.replace("\\", "")


@pytest.mark.parametrize("since", ["f" * 40, "nowhere", "--all"])
def test_a_commit_that_is_not_there_fails_where_all_is_to_be_kept(since, repository):
    lessened(repository)
    why = f"not compared: there is no commit {since} to compare with"
    code, said, _, outputs = step(repository, SINCE=since)
    assert (code, said.splitlines()[-2]) == (0, why)
    assert outputs.startswith("verdict=s PROVED ")
    code, said, summary, outputs = step(repository, SINCE=since, REQUIRE_KEPT="true")
    assert (code, said.splitlines()[-1]) == (3, f"s UNDECIDED since={since[:12]}: {why}")
    assert outputs == f"verdict={said.splitlines()[-1]}\n"
    assert "s UNDECIDED" in summary


def test_without_git_nothing_is_known_to_be_kept(repository, tmp_path):
    before = lessened(repository)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "env"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python").symlink_to(sys.executable)
    for kept, code in (("false", 0), ("true", 3)):
        found, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT=kept, path=str(programs))
        assert (found, said.splitlines()[-2 - (code == 3)]) == (code, "not compared: git is not installed")


def test_outside_of_a_repository_nothing_is_known_to_be_kept(repository):
    before = lessened(repository)
    shutil.rmtree(repository / ".git")
    assert step(repository, SINCE=before)[0] == 0
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true")
    assert code == 3
    assert said.splitlines()[-1].startswith(f"s UNDECIDED since={before[:12]}: not compared: git: fatal: not a git ")


def test_a_loss_counts_beside_a_malformed_certificate(repository):
    broken = repository / "proofs" / "table" / "broken.symcert.json"
    broken.write_text("{")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "broken")
    middle = git(repository, "rev-parse", "HEAD")
    broken.unlink()
    git(repository, "commit", "-qam", "mended")
    assert step(repository, SINCE=middle)[0] == 0
    code, said, *_ = step(repository, SINCE=middle, REQUIRE_KEPT="true")  # what it proved, nobody knows
    assert (code, said.splitlines()[-1].split(":")[0]) == (2, f"s MALFORMED since={middle[:12]}")
    assert "broken.symcert.json: (OLD): unverified: malformed" in said
    lessened(repository)
    code, said, *_ = step(repository, SINCE=middle, REQUIRE_KEPT="true")
    assert (code, said.splitlines()[-1].split(":")[0]) == (10, f"s LOST since={middle[:12]}")


def test_network_files_that_lie_elsewhere_are_found_as_they_were(repository):
    """The network file changes with its certificate, and so do its data."""
    nets, proof = repository / "nets", repository / "proofs" / "table" / "net.symcert.json"
    nets.mkdir()
    for name in ("net.json", "train.csv"):
        (repository / "proofs" / "table" / name).rename(nets / name)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "moved")
    before = git(repository, "rev-parse", "HEAD")
    paths = "proofs/table\nnets/net.json"
    assert step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS=paths)[0] == 0
    assert command(["check", str(nets / "net.json"), "--no-smt", "-o", str(proof), "--claims", "valley"]) == 0
    git(repository, "commit", "-qam", "more")
    assert step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS=paths)[0] == 0
    shortened = ["--no-smt", "-o", str(proof), "--fresh", "--claims", "assumptions"]
    assert command(["check", str(nets / "net.json"), *shortened]) == 0
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS=paths)
    assert (code, said.splitlines()[-1].split(":")[0]) == (10, f"s LOST since={before[:12]}")
    (nets / "train.csv").write_text(TABLE.replace("3,1", "3,2"))
    assert command(["check", str(nets / "net.json"), *shortened]) == 0
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS=paths)
    assert code == 10
    assert "assumptions: different: about another problem" in said


def test_links_lead_to_what_was_there(repository):
    """To the network file in another folder; a link to nothing leaves a certificate that nobody can verify."""
    folder, nets = repository / "proofs" / "four-points", repository / "nets"
    nets.mkdir()
    (folder / "network.json").rename(nets / "network.json")
    (nets / "link.json").symlink_to("network.json")
    (folder / "network.json").symlink_to("../../nets/link.json")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "links")
    before = git(repository, "rev-parse", "HEAD")
    shutil.copy(folder / "network.symcert.json", folder / "more.symcert.json")
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true")
    assert (code, said.count("gained")) == (0, 0)  # not in the repository yet
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "more")
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true")
    assert (code, said.count(": gained: "), "unverified" in said) == (0, 5, False)
    (folder / "network.json").unlink()
    (folder / "network.json").symlink_to("../../nowhere.json")
    git(repository, "commit", "-qam", "dangling")
    middle = git(repository, "rev-parse", "HEAD")
    (folder / "network.json").unlink()
    shutil.copy(PROOF / "network.json", folder)
    code, said, *_ = step(repository, SINCE=middle, REQUIRE_KEPT="true")
    assert (code, said.splitlines()[-1].split(":")[0]) == (3, f"s UNDECIDED since={middle[:12]}")


def test_a_renamed_folder_keeps_its_certificates_or_loses_them(repository):
    before = git(repository, "rev-parse", "HEAD")
    (repository / "proofs").rename(repository / "certified")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "renamed")
    assert step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS="certified")[0] == 0
    network = repository / "certified" / "table" / "net.json"
    assert command(["check", str(network), "--no-smt", "--fresh", "--claims", "assumptions"]) == 0
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS="certified")
    assert (code, said.splitlines()[-1].split(":")[0]) == (10, f"s LOST since={before[:12]}")
    gone = "- proofs/table/net.symcert.json: lost: the certificate is gone, and certified had none"
    assert gone in said.splitlines()


def test_the_first_certificates_of_a_repository_lose_nothing(repository):
    before = git(repository, "rev-parse", "HEAD")
    shutil.copytree(PROOF, repository / "first" / "of" / "all")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "first")
    code, said, *_ = step(repository, SINCE=before, REQUIRE_KEPT="true", PATHS="first")
    assert (code, said.count(": gained: ")) == (0, 5)


@pytest.mark.parametrize("name", ["REQUIRE_PROVED", "REQUIRE_KEPT"])
def test_an_input_that_is_neither_true_nor_false_is_refused(name, repository, monkeypatch, capsys):
    """One value by the step, the others by the function that it runs."""
    refused = "s MALFORMED {} is {!a}, not true or false\n"
    spelled = name.lower().replace("_", "-")
    code, said, summary, outputs = step(repository, **{name: "yes"})
    assert code == 2
    assert said == refused.format(spelled, "yes")
    assert outputs == f"verdict={said}"
    assert "not true or false" in summary
    monkeypatch.chdir(repository)
    for value in ("1", "on", '"true"', "tru", "no"):
        assert main({"SYMVERIFY_PATHS": "proofs", f"SYMVERIFY_{name}": value}) == 2
        assert capsys.readouterr().out == refused.format(spelled, value)
    for word in ("true", "True ", "FALSE", ""):
        assert main({"SYMVERIFY_PATHS": "proofs", f"SYMVERIFY_{name}": word}) == 0


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
    for changed in (["nowhere/none.txt"], ["b/none.txt"], ["a/train.csv", "a/none.json"]):
        assert command([*entry, *changed]) == 2
        assert f"{changed[-1]}: there is no such file or folder" in capsys.readouterr().out.splitlines()
    assert command([*entry, "a"]) == 2
    assert "a: this is a folder: leave out --beside" in capsys.readouterr().out.splitlines()
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
