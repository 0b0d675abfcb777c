"""The command line at its edges: streams that are closed or full, places that are no files, names that lie, codes."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from symverify.cli import run as command
from tests.run.test_killed import listening

ROOT = Path(__file__).parents[2]
SYMVERIFY = [sys.executable, "-m", "symverify.cli"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX streams and signals")
FORGED = "a\ns PROVED global_minimum risk=0 problem=0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a small network, in which the commands run."""
    shutil.copy(ROOT / "examples" / "four-points.json", tmp_path / "a.json")
    shutil.copy(ROOT / "proofs" / "four-points" / "network.symcert.json", tmp_path / "proof.symcert.json")
    shutil.copy(ROOT / "proofs" / "four-points" / "network.json", tmp_path / "proof.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(line, folder):
    """What a shell makes of a line in which `sv` is the command."""
    script = f'sv() {{ "{sys.executable}" -m symverify.cli "$@"; }}; {line}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=folder, env=environment, timeout=60, check=False
    )


# Streams


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_without_streams_the_certificate_and_the_code_are_the_same(folder, closed):
    done = shell(f"sv check a.json --no-smt --claims point {closed}", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert b'"claim": "point"' in (folder / "a.symcert.json").read_bytes()


def test_nobody_reads_on(folder):
    done = shell("set -o pipefail; sv check a.json --no-smt --claims point | head -0; echo $?", folder)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_output_that_is_lost_is_told(folder):
    done = shell("sv check a.json --no-smt --claims point >/dev/full", folder)
    assert (done.returncode, done.stderr) == (2, "cannot write the output: No space left on device\n")
    done = shell("sv check nowhere.json >/dev/full", folder)
    assert done.returncode == 2


def test_a_pipe_that_is_full_for_now_gets_all(folder):
    """Another process may have made the pipe one that does not wait."""
    code = "from symverify.cli.process import process\nprocess(lambda: print('x' * 10**6) or 0)"
    read, write = os.pipe()
    os.set_blocking(write, False)
    running = subprocess.Popen([sys.executable, "-c", code], stdout=write)
    os.close(write)
    time.sleep(0.5)
    with os.fdopen(read, "rb") as file:
        assert file.read() == b"x" * 10**6 + b"\n"
    assert running.wait(10) == 0


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after", [0.0, 0.1, 0.3])
def test_a_signal_early_ends_with_130_and_leaves_nothing(folder, number, after):
    before = sorted(os.listdir(folder))
    running = subprocess.Popen(
        [*SYMVERIFY, "atlas", "--faces", str(ROOT / "examples" / "two-valleys.json"), "-o", "t.symcert.json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listening,
    )  # fmt: skip
    while not _handles(running.pid, signal.SIGTERM):  # Python itself is still starting
        time.sleep(0.001)
    time.sleep(after)
    running.send_signal(number)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said == "interrupted\n"
    assert sorted(os.listdir(folder)) == before


def test_a_run_that_is_stuck_ends_all_the_same(tmp_path):
    code = (
        "import sys, threading, symverify.cli.process as p; p.PATIENCE = 0.5\n"
        "def command():\n"
        "    lock = threading.Lock(); lock.acquire(); print('stuck', flush=True)\n"
        "    try: lock.acquire()\n"
        "    except KeyboardInterrupt: lock.acquire()\n"
        "sys.exit(p.process(command))"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)
    assert running.returncode == 130


def test_an_interruption_inside_exec_leaves_the_code(tmp_path):
    """A module that is run would end by SIGINT then."""
    code = (
        "import sys; from symverify.cli.process import process\n"
        "def command():\n"
        "    try: exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt: return 3\n"
    )
    for ending, expected in (("sys.exit(command())", -signal.SIGINT), ("sys.exit(process(command))", 3)):
        (tmp_path / "ends.py").write_text(code + ending)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
        done = subprocess.run([sys.executable, "-m", "ends"], check=False, env=environment)
        assert done.returncode == expected


def _handles(process, number):
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1


def test_ignored_signals_stay_ignored(folder):
    """As under nohup."""
    done = shell(
        "trap '' HUP; sv check a.json --no-smt --claims point & sleep 0.3; kill -HUP $!; wait $!; echo $?", folder
    )
    assert done.stdout.splitlines()[-1] == "0"


def test_workers_end_with_a_killed_run(tmp_path):
    code = (
        "import os, time; from symverify.run.local import processes\n"
        "if __name__ == '__main__':\n"
        "    with processes(2) as pool:\n"
        "        print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True); time.sleep(60)"
    )
    (tmp_path / "main.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        [sys.executable, tmp_path / "main.py"], stdout=subprocess.PIPE, text=True, env=environment
    )
    workers = list(map(int, running.stdout.readline().split()))
    assert workers
    running.kill()
    running.communicate()
    until = time.monotonic() + 10
    while any(_alive(worker) for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.05)


def _alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# Places to write to


def test_outputs_that_are_no_files(folder, capsys):
    os.mkfifo("pipe")
    got = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe").read_bytes()))
    reader.start()
    time.sleep(0.1)
    assert command(["check", "a.json", "--no-smt", "--claims", "point", "-o", "pipe"]) == 0
    reader.join(10)
    assert json.loads(got[0])["claims"][0]["claim"] == "point"
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    assert command(["check", "a.json", "--no-smt", "--claims", "point", "-o", "pipe"]) == 2
    assert "cannot write 'pipe': No such device or address" in capsys.readouterr().err
    assert command(["check", "a.json", "--no-smt", "--claims", "point", "-o", "/dev/null"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    Path("link.symcert.json").symlink_to("real.symcert.json")
    assert command(["check", "a.json", "--no-smt", "--claims", "point", "-o", "link.symcert.json"]) == 0
    assert Path("link.symcert.json").is_symlink()
    assert Path("real.symcert.json").is_file()


def test_inputs_are_never_written_over(folder, capsys):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for line in (
        ["check", "a.json", "-o", "a.json", "--fresh"],
        ["atlas", "a.json", "-o", "./a.json", "--fresh"],
        ["cells", "a.json", "-o", "a.json"],
        ["explain", "proof.symcert.json", "proof.json", "-o", "proof.symcert.json"],
        ["explain", "proof.symcert.json", "proof.json", "-o", "proof.json"],
        ["plot", "proof.symcert.json", "proof.json", "-o", "proof.json"],
        ["import", "a.json", "--data", "proof.json", "-o", "proof.json", "--force"],
    ):
        assert command(line) == 2, line
        assert "choose another place with -o" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "line",
    [
        ["verify", "pipe"],
        ["verify", "pipe.symcert.json"],
        ["verify", "proof.symcert.json", "pipe"],
        ["explain", "pipe", "proof.json"],
        ["explain", "proof.symcert.json", "pipe"],
        ["plot", "pipe", "proof.json", "-o", "x.svg"],
        ["export", "pipe", "proof.json", "--smt2", "q"],
        ["diff", "pipe", "proof.symcert.json"],
        ["check", "pipe"],
        ["import", "pipe.onnx", "--data", "a.csv", "-o", "x.json"],
        ["import", "pipe.safetensors", "--data", "a.csv", "-o", "x.json"],
        ["verify", "proof.symcert.json", "--summary", "pipe"],
        ["verify", "proof.symcert.json", "--summary", "."],
        ["export", "/dev/zero", "proof.json", "--smt2", "q"],
        ["check", "/dev/zero"],
    ],
)
def test_nothing_waits_for_a_pipe(folder, line, capsys):
    for name in ("pipe", "pipe.symcert.json", "pipe.onnx", "pipe.safetensors"):
        os.mkfifo(name)
    begun = time.monotonic()
    assert command(line) == 2
    assert time.monotonic() - begun < 10
    assert not Path("x.json").exists()
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err


def test_a_summary_is_appended_to_and_a_device_takes_it(folder, capsys):
    for _ in range(2):
        assert command(["verify", "proof.symcert.json", "--summary", "s.md"]) == 0
    assert Path("s.md").read_text().count("### symverify") == 2
    assert command(["verify", "proof.symcert.json", "--summary", "/dev/null"]) == 0


def test_import_and_snap_write_where_they_are_told(folder, capsys):
    (folder / "out").mkdir()
    shutil.copy(ROOT / "examples" / "train" / "train.csv", folder)
    pytest.importorskip("safetensors")
    model = ROOT / "examples" / "train" / "model.safetensors"
    before = sorted(os.listdir(folder))
    assert command(["import", str(model), "--data", "train.csv", "-o", "out/n.json"]) == 0
    assert sorted(os.listdir(folder)) == before
    assert command(["check", "out/n.json", "--snap", "--no-smt", "--claims", "point", "-o", "out/c.symcert.json"]) == 0
    assert sorted(os.listdir(folder)) == before
    assert sorted(os.listdir("out")) == ["c.snapped.json", "c.symcert.json", "n.json"]
    said = capsys.readouterr().out
    assert "point: the snapped point, of risk " in said
    assert "point: the given point" not in said
    assert command(["verify", "out"]) == 0
    shutil.rmtree("out")
    (folder / "out").mkdir()
    shutil.copy(model, folder)
    assert command(["import", "model.safetensors", "--data", "train.csv", "-o", "n.json"]) == 0
    assert '"csv"' in (folder / "n.json").read_text()
    assert command(["check", "n.json", "--snap", "--no-smt", "--claims", "point", "-o", "out/c.symcert.json"]) == 0
    assert command(["verify", "out"]) == 0  # the data have come along
    before = sorted(os.listdir(folder))
    assert command(["check", "n.json", "--snap", "--no-smt", "--claims", "point", "-o", "/dev/null"]) == 0
    assert sorted(os.listdir(folder)) == before


# Usage errors


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["check", "a.json", "--timeout", "0"], "is not a number of seconds above 0"),
        (["check", "a.json", "--timeout", "-1"], "is not a number of seconds above 0"),
        (["check", "a.json", "--timeout", "nan"], "is not a number of seconds above 0"),
        (["check", "a.json", "--gap", "0"], "is not a number above 0 and below 1"),
        (["check", "a.json", "--gap", "1e999999999"], "is not a number above 0 and below 1"),
        (["check", "a.json", "--gap", "wide"], "is not a number above 0 and below 1"),
        (["atlas", "a.json", "--timeout", "inf"], "is not a number of seconds above 0"),
        (["critical", "a.json", "--at", "point", "--timeout", "0"], "is not a number of seconds above 0"),
        (["cells", "a.json", "-o", ""], "it is no file name"),
        (["cells", "a.json", "-o", "."], "it is no file name"),
        (["cells", "a.json", "-o", ".."], "it is a folder"),
        (["check", "a.json", "-o", "x" * 300], "File name too long"),
        (["cells", "a.json", "-o", "none/x"], "No such file"),
        (["explain", "proof.symcert.json", "proof.json", "-o", ""], "it is no file name"),
        (["plot", "proof.symcert.json", "proof.json", "-o", "x"], "cannot write 'a file without suffix'"),
        (["check", "a.json", "--workers", "0"], "--workers"),
        (["check", "a.json", "--claims", ""], "unknown claim ''"),
        (["check", "a.json", "--cell", "\x1b[31m", "--claims", "cell_minima"], "expected 2 units"),
        (["cells", "a.json", "--where", "\x1b=1"], r"got '\x1b=1'"),
        (["cells", "a.json", "--where", "1=0, 2=5"], "--where 2=5: the activation has the pieces 0 to "),
        (["check", "", "--no-smt"], "it is a folder"),
        (["check", "a.json", "--no-smt", "--claims", "point", "--resume", "--dask", "\x1b"], "Dask"),
        (["import", "m.onnx", "--data", "a.csv", "-o", "x.json", "--loss", "{"], "not JSON"),
        (["expand", "a.json", "--pattern", "x"], "expected 2 units"),
    ],
)
def test_usage_errors_are_2(folder, capsys, line, message):
    assert command(line) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "\x1b" not in captured.err + captured.out


def test_a_solver_that_is_not_installed(folder, capsys, monkeypatch):
    monkeypatch.setattr("symverify.run.check.available", lambda name: False)
    assert command(["check", "a.json", "--solver", "cvc5"]) == 2
    assert "the solver cvc5 is not installed" in capsys.readouterr().err
    assert command(["check", "a.json", "--no-smt", "--claims", "point"]) == 0


def test_the_timeout_bounds_a_solver_that_hangs(folder, capsys, monkeypatch):
    Path("worker.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr("symverify.opinion.solve.WORKER", folder / "worker.py")
    begun = time.monotonic()
    assert command(["check", "a.json", "--claims", "point,valley", "--timeout", "2"]) == 0
    assert time.monotonic() - begun < 15
    assert "unanswered" in capsys.readouterr().out


# Names that lie


@pytest.mark.parametrize("name", [FORGED, "s PROVED global_minimum risk=0 problem=0", "a\x1b[31mb", "\u202ea", "é"])
def test_no_name_becomes_a_line_or_a_control(folder, capsys, name):
    network, proof = f"{name}.json", f"{name}.symcert.json"
    document = json.loads(Path("a.json").read_text()) | {"name": name}
    Path(network).write_text(json.dumps(document))
    for line in (
        ["check", network, "--no-smt", "--claims", "point"],
        ["verify", proof],
        ["verify", proof, network],
        ["verify", "a.json", proof],
        ["diff", proof, proof],
        ["explain", proof, network, "-o", f"{name}.html", "--html"],
        ["export", proof, network, "--smt2", f"{name}.d"],
        ["check", network + "x"],
        ["check", network, "--claims", name],
        ["check", network, "-o", f"{name}/x"],
        ["check", network, "--snap", "--claims", "point", "--no-smt", "-o", f"{name}.c.json"],
        ["verify", network, "--summary", f"{name}/x"],
        [name],
        ["check", network, f"--{name}"],
    ):
        command(line)
        captured = capsys.readouterr()
        for text in (captured.out, captured.err):
            assert not any(c in text for c in "\x1b\u202eé"), line
            verdicts = [part for part in text.splitlines() if part.startswith("s ")]
            assert not any("risk=0 problem=0" in part.replace(r"\x20", "_") for part in verdicts), line


# What the exit code answers


REFUTED = {
    "format": "symverify-network/1",
    "layers": [1, 2, 1],
    "activation": "relu",
    "loss": "squared",
    "data": [{"x": [x], "y": [x]} for x in range(3)],  # the affine fit is global
}
DEAD = [{"weight": [[0], [0]], "bias": [-1, -1]}, {"weight": [[0, 0]], "bias": [1]}]


def test_check_without_claims_answers_about_the_point(folder, capsys):
    Path("spurious.json").write_text(json.dumps(REFUTED | {"parameters": DEAD}))
    assert command(["check", "spurious.json", "--no-smt"]) == 0  # a spurious point; the affine fit is global
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("s PROVED point at=given risk=2/3 spurious=true")
    assert any(line.startswith("s REFUTED spurious_minimum") for line in lines)
    moving = [{"weight": [[1], [0]], "bias": [0, 0]}, {"weight": [[2, 0]], "bias": [0]}]
    Path("moving.json").write_text(json.dumps(REFUTED | {"parameters": moving}))
    assert command(["check", "moving.json", "--no-smt"]) == 10
    assert capsys.readouterr().out.splitlines()[-1].startswith("s REFUTED point")


def test_and_about_the_spurious_minimum_without_parameters(folder, capsys):
    Path("plain.json").write_text(json.dumps(REFUTED))
    assert command(["check", "plain.json", "--no-smt"]) == 10
    assert capsys.readouterr().out.splitlines()[-1].startswith("s REFUTED spurious_minimum")
    assert command(["check", "plain.json", "--no-smt", "--claims", "global_minimum"]) == 0


def test_a_verified_refutation_is_verified(folder, capsys):
    Path("plain.json").write_text(json.dumps(REFUTED))
    assert command(["check", "plain.json", "--no-smt", "--claims", "spurious_minimum"]) == 10
    for line in (["plain.symcert.json"], ["plain.symcert.json", "plain.json"], ["."]):
        assert command(["verify", *line]) == 0
        assert command(["verify", "--require-proved", *line]) == 10
    assert "s REFUTED certificates=2: 1 proved, 1 refuted" in capsys.readouterr().out


def test_explain_tells_a_verified_refutation_without_calling_the_rest_refuted(folder, capsys):
    """A certificate does not say what was asked; a claim that is proved is not titled REFUTED."""
    for points, claims, outcome in (({"parameters": DEAD}, "point,spurious_minimum", "VERIFIED"),
                                    ({"parameters": DEAD}, "point", "PROVED"),
                                    ({}, "spurious_minimum", "REFUTED")):  # fmt: skip
        Path("plain.json").write_text(json.dumps(REFUTED | points))
        command(["check", "plain.json", "--no-smt", "--fresh", "--claims", claims])
        capsys.readouterr()
        assert command(["explain", "plain.symcert.json", "plain.json"]) == 0
        assert capsys.readouterr().out.startswith(f"{outcome}: ")
        assert command(["explain", "plain.symcert.json", "plain.json", "--html"]) == 0
        assert f'<p class="verdict v-{outcome.lower()}">{outcome}</p>' in capsys.readouterr().out
    certificate = json.loads(Path("plain.symcert.json").read_text())
    certificate["claims"][0]["risk"] = "7"
    Path("wrong.symcert.json").write_text(json.dumps(certificate))
    assert command(["explain", "wrong.symcert.json", "plain.json"]) == 11
    assert capsys.readouterr().out.startswith("REJECTED: ")


def test_the_hook_the_action_and_the_plugin_agree():
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert "entry: symverify verify --beside\n" in hook
    action = (ROOT / "action.yml").read_text()
    assert "require-proved" in action
    assert "require-proved" in (ROOT / "symverify" / "pytest_plugin.py").read_text()


TOO_LONG, NUL = "x" * 300, "a\0b"


@pytest.mark.parametrize(
    "bad", [TOO_LONG, f"{TOO_LONG}/{TOO_LONG}", "x/" * 3000, NUL], ids=["name", "folder", "path", "nul"]
)
@pytest.mark.parametrize(
    "words",
    [
        ["check", "{bad}", "--no-smt"],
        ["check", "{network}", "--no-smt", "-o", "{bad}"],
        ["check", "{network}", "--no-smt", "--witness", "{bad}"],
        ["check", "{network}", "--no-smt", "--data", "{bad}"],
        ["check", "{network}", "{network}", "--no-smt", "-o", "{bad}"],
        ["atlas", "{bad}"],
        ["cells", "{bad}"],
        ["critical", "{bad}"],
        ["expand", "{bad}"],
        ["verify", "{bad}"],
        ["verify", "{proof}", "{bad}"],
        ["verify", "{proof}", "{network}", "--summary", "{bad}"],
        ["diff", "{bad}", "{proof}"],
        ["diff", "{proof}", "{bad}"],
        ["explain", "{bad}", "{network}"],
        ["explain", "{proof}", "{bad}"],
        ["explain", "{proof}", "{network}", "-o", "{bad}"],
        ["plot", "{bad}", "{network}", "-o", "f.svg"],
        ["export", "{proof}", "{network}", "--smt2", "{bad}"],
        ["import", "{bad}", "--data", "{network}", "-o", "{bad}"],
        ["import", "m.onnx", "--data", "{bad}", "-o", "o.json"],
    ],
    ids=" ".join,
)
def test_a_path_that_no_file_can_have(words, bad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("network.json", "network.symcert.json"):
        shutil.copy(ROOT / "proofs" / "four-points" / name, tmp_path)
    places = {"bad": bad, "network": "network.json", "proof": "network.symcert.json"}
    assert command([word.format_map(places) for word in words]) in (2, 11)
    assert {path.name for path in tmp_path.iterdir()} == {"network.json", "network.symcert.json"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("cells", "beyond the budget: a number has too many digits to be written"),
        ("expand --pattern 111,111", "a number of more than 12000 bits to be stated"),
        ("expand --pattern 111,111 --format json", "a number of more than 12000 bits to be stated"),
    ],
)
def test_numbers_of_more_digits_than_python_spells_are_beyond_the_budget(folder, capsys, line, why):
    first, *rest = line.split()
    long = f"1.{'3' * 400}e-3990"
    points = [{"x": [x], "y": [y]} for x, y in ((0, 0), (long, 1), (2, 0))]
    network = {"format": "symverify-network/1", "layers": [1, 2, 1], "activation": "relu", "loss": "squared"}
    (folder / "long.json").write_text(json.dumps(network | {"data": points}))
    assert command([first, "long.json", *rest]) == 3
    assert capsys.readouterr().err == f"{why}\n"


@pytest.mark.parametrize(("power", "snapped"), [(160, 0), (320, 3)])
def test_numbers_near_the_end_of_floats_and_beyond(folder, capsys, power, snapped):
    """The risk of the first point is beyond, and its squared distance; of the second its output bias is."""
    given = [{"weight": [[1]], "bias": [0]}, {"weight": [[1]], "bias": ["1" + "0" * power]}]
    data = [{"x": [x], "y": [y]} for x, y in ((1, 1), (2, 3), (-1, 0))]
    network = {"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "loss": "squared"}
    Path("far.json").write_text(json.dumps(network | {"data": data, "parameters": given}))
    check = ["check", "far.json", "--no-smt", "--timeout", "10"]
    assert command([*check, "--snap", "-o", "snapped.symcert.json"]) == snapped
    assert command([*check, "--claims", "minimum_in_box", "-o", "box.symcert.json"]) == 3
    assert "infinity" not in capsys.readouterr().out
    assert command([*check, "--claims", "point", "-o", "point.symcert.json"]) == 10
    assert command(["explain", "point.symcert.json", "far.json", "--html", "-o", "far.html"]) == 0
    assert command(["plot", "point.symcert.json", "far.json", "-o", "far.svg"]) in (0, 2)


@pytest.mark.parametrize(
    "what",
    [
        {"data": [{"x": ["1" + "0" * 320], "y": [1]}, {"x": [2], "y": [3]}]},
        {"data": [{"x": [1], "y": ["1" + "0" * 320]}, {"x": [2], "y": [3]}]},
        {"activation": {"name": "leaky_relu", "negative_slope": "1" + "0" * 320}},
        {"weight_decay": "1" + "0" * 320},
        {"loss": {"name": "squared", "factor": "1" + "0" * 320}},
        {"loss": {"name": "huber", "delta": "1" + "0" * 200}},
        {"loss": "poisson", "data": [{"x": [1], "y": ["1" + "0" * 320]}, {"x": [-1], "y": [1]}]},
    ],
)
def test_problems_beyond_the_range_of_floats_end_in_a_verdict(folder, capsys, what):
    given = [{"weight": [[1]], "bias": [0]}, {"weight": [[1]], "bias": [0]}]
    network = {"format": "symverify-network/1", "layers": [1, 1, 1], "activation": "relu", "loss": "squared"}
    data = [{"x": [1], "y": [1]}, {"x": [2], "y": [3]}, {"x": [-1], "y": [0]}]
    Path("far.json").write_text(json.dumps(network | {"data": data, "parameters": given} | what))
    assert command(["check", "far.json", "--no-smt", "--timeout", "10", "--claims", "minimum_in_box"]) == 3
    assert "beyond the range of floats" in capsys.readouterr().out
    assert command(["check", "far.json", "--no-smt", "--timeout", "10", "-o", "all.symcert.json"]) in (0, 3, 10)
    assert command(["check", "far.json", "--no-smt", "--timeout", "10", "--snap", "-o", "s.symcert.json"]) in (0, 2, 3)
    assert command(["regions", "far.json", "-o", "far.svg"]) in (2, 3)
    if Path("all.symcert.json").exists():
        assert command(["explain", "all.symcert.json", "far.json", "--html", "-o", "far.html"]) == 0
