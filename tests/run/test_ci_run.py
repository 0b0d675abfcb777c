"""`.ci/run` where programs that tests need are not there: in CI it fails and names them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci" / "run"
REACHED = 7  # what the virtual environment's python3 ends with here, once the programs are looked for
OCAML = "ocaml-nox ocaml-findlib libzarith-ocaml-dev"
TOOLS = {
    "chromium": "chromium", "coqc": "coq", "coq_makefile": "coq", "make": "make", "git": "git",
    "ocamlopt": OCAML, "ocamlfind": OCAML,
}  # fmt: skip

pytestmark = pytest.mark.skipif(os.name == "nt", reason="runs bash")


def program(folder, name, text):
    (folder / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder, tools, apt, **environment):
    """The exit code and the message, with these programs alone on the path; `apt` is what apt-get does."""
    (folder / ".ci").mkdir()
    shutil.copy(RUN, folder / ".ci")
    programs = folder / "programs"
    programs.mkdir()
    for name in ("bash", "dirname", "cp"):
        (programs / name).symlink_to(shutil.which(name))
    program(programs, "python3", f"exit {REACHED}")
    for name in tools:
        program(programs, name, "exit 0")
    if apt is not None:
        program(programs, "apt-get", apt)
    done = subprocess.run(
        [str(programs / "bash"), str(folder / ".ci" / "run")], env={"PATH": str(programs)} | environment,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_where_all_is_there_it_goes_on(tmp_path):
    assert run(tmp_path, TOOLS, None, CI="true") == (REACHED, "")


@pytest.mark.parametrize("name", ["chromium-browser", "google-chrome"])
def test_another_name_of_the_browser_will_do(name, tmp_path):
    assert run(tmp_path, {**TOOLS, name: ""}.keys() - {"chromium"}, None, CI="true") == (REACHED, "")


@pytest.mark.parametrize(("tool", "package"), TOOLS.items())
@pytest.mark.parametrize("apt", [None, "exit 100", "exit 0"])
def test_in_ci_a_program_that_cannot_be_had_fails_the_run(tool, package, apt, tmp_path):
    code, said = run(tmp_path, [name for name in TOOLS if name != tool], apt, CI="true")
    assert code == 1
    assert said == f"missing, and apt-get could not bring them: {package}; without them tests would be skipped\n"


def test_apt_brings_what_is_missing(tmp_path):
    bring = "\n".join(
        f'cp "${{0%/*}}/python3" "${{0%/*}}/{name}"; echo "#!${{0%/*}}/bash" > "${{0%/*}}/{name}"' for name in TOOLS
    )
    assert run(tmp_path, (), bring, CI="true") == (REACHED, "")


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}])
def test_elsewhere_those_tests_are_skipped(environment, tmp_path):
    assert run(tmp_path, (), "exit 100", **environment) == (REACHED, "")
