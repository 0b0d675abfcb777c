"""What README shows is what the commands print, but for times."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
SESSIONS = [
    tuple(part.split("\n", 1)) for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part
]


def masked(text):
    """Lines without trailing blanks, and without the seconds, which differ from run to run."""
    lines = [re.sub(r"\b[0-9]+\.[0-9]{2}$", "#.##", line.rstrip()) for line in text.strip().splitlines()]
    return "\n".join(lines)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session[0][:60])
def test_readme_shows_real_output(session, tmp_path, monkeypatch):
    command, shown = session
    words = shlex.split(command)
    assert words[0] == "symverify"
    for name in ("examples", "proofs"):
        subprocess.run(["cp", "-r", ROOT / name, tmp_path / name], check=True)
    run = [sys.executable, "-c", "from symverify.cli import main; main()", *words[1:]]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=300)
    assert masked(done.stdout) == masked(shown)


def test_readme_shows_python_that_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        for line, comment in re.findall(r"^print\((.*)\)  # (.*)$", block, re.MULTILINE):
            names: dict[str, object] = {}
            exec(block, names)
            assert repr(eval(line, names)) == comment


def test_readme_shows_the_whole_of_a_network_file():
    import symverify

    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        assert symverify.loads(block).problem.widths == (1, 2, 1)
