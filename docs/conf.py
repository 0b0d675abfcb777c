"""The site: Sphinx with MyST and furo. `sphinx-build -W docs build/site` makes it."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import generate  # the pages that the code's own words make  # noqa: E402

generate.write(Path(__file__).parent / "generated")

project = "symverify"
author = copyright = "The symverify authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["generated/pages"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing_html"]
default_role = "code"
nitpicky = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
add_module_names = False
html_theme = "furo"
html_title = "symverify"
html_extra_path = ["generated/pages"]
html_copy_source = False
html_show_sphinx = False


def setup(app):  # type: ignore[no-untyped-def]
    """Docstrings are plain sentences: what reStructuredText would read as markup is escaped."""
    app.connect("autodoc-process-docstring", generate.plain_docstring)
