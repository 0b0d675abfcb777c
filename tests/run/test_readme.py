"""What README and the site show is what the commands print, but for times; every code block runs."""

from pathlib import Path

import pytest

from tests.run.blocks import FENCE, ROOT, masked, prepared, run

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
PAGES = [path for path in PAGES if "generated" not in path.parts]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_shows_what_really_happens(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "```yaml" in text:
        pytest.importorskip("yaml", reason="needs the docs extra")
    for each in run(text, prepared(tmp_path), processes=path.name == "README.md"):
        assert masked(each.found) == masked(each.shown), each.what


def test_readme_shows_commands_python_and_a_network_file() -> None:
    kinds = [found["kind"] for found in FENCE.finditer((ROOT / "README.md").read_text(encoding="utf-8"))]
    assert {"console", "python"} <= set(kinds)


def test_wrong_output_is_noticed(tmp_path: Path) -> None:
    page = "```console\n$ cat a.txt\nwrong\n$ echo $?\n0\n```\n```pycon\n>>> 1 + 1\n3\n```\n"
    page += "```python\nprint(1 + 1)  # 3\n```\n"
    (tmp_path / "a.txt").write_text("right\n")
    shown = [masked(each.found) == masked(each.shown) for each in run(page, tmp_path)]
    assert shown == [False, True, False, False]
    with pytest.raises(ValueError, match="not run"):
        list(run("```console\n$ rm -rf x\n```\n", tmp_path))
