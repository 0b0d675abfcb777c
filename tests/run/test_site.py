"""The site: the pages that the code makes are complete, and the link check finds what is broken."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import symverify
from symverify.certify.emitters import CLAIMS
from symverify.kernel.losses import LOSSES
from symverify.kernel.table import RULES

DOCS = Path(__file__).parents[2] / "docs"


def module(name: str) -> ModuleType:
    """A program of the site's folder."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def test_every_claim_rule_loss_and_command_has_its_place() -> None:
    generate = module("generate")
    assert all(f"| `{name}` |" in generate.claims() for name in CLAIMS)
    assert all(f"### {name}\n" in generate.rules() for name in RULES)
    assert all(f"| `{name}` |" in generate.losses() for name in LOSSES)
    assert all(f"## {name}\n" in generate.commands() for name in ("check", "verify", "explain", "plot", "atlas"))


def test_commands_that_refuse_junit_do_not_offer_it() -> None:
    helps = {part.partition("\n")[0]: part for part in module("generate").commands().split("\n## ")[1:]}
    assert "junit" in helps["check"]
    refusing = {name for name, text in helps.items() if "text or json." in text}
    assert refusing == {"atlas", "cells", "critical", "find", "regions"}
    assert not [name for name in refusing if "junit" in helps[name]]


def test_losses_of_another_name_are_told_with_what_divides_them() -> None:
    assert "| `smooth_l1` | another name of huber, divided by beta |" in module("generate").losses()
    assert "| `pinball` | another name of quantile |" in module("generate").losses()


def test_functions_that_are_subpackages_too_are_on_the_page_for_python() -> None:
    """Sphinx has the other public names from the package itself, which leaves modules out."""
    page = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    named = {line.rpartition(".")[2] for line in page.splitlines() if line.startswith(".. autofunction:: ")}
    assert named == {name for name in symverify.__all__ if isinstance(getattr(symverify, name), ModuleType)}


def test_docstrings_are_escaped_but_for_code() -> None:
    lines = ["a *b* of `x_*` and file_"]
    module("generate").plain_docstring(None, "", "", None, None, lines)
    assert lines == [r"a \*b\* of ``x_*`` and file\_"]


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#there">1</a><a href="#here">2</a></p>')
    (tmp_path / "b.html").write_text('<a href="c.html">3</a><a href="https://example.org/x">4</a>')
    assert module("links").broken(tmp_path) == [
        "a.html: b.html#there: no such anchor",
        "b.html: c.html: no such file",
    ]
