"""The documentation site, which ``make site`` builds into build/site."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from webnn_graph import __version__

project = "webnn-convert"
html_title = "webnn-convert"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 4

# The reference is of what is annotated in the source, so that nothing is said twice.
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False

default_role = "code"

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_extra_path = ["../webnn_graph/formats/webnn-graph.schema.json"]
html_theme_options = {"navigation_with_keys": True}

pygments_style = "friendly"
pygments_dark_style = "monokai"

# Pages of examples end with the files of their folder; elsewhere those are beside the page anyway.
LANGUAGES = {".py": "python", ".js": "js", ".html": "html", ".toml": "toml", ".yml": "yaml"}


def _add_files(app: Sphinx, page: str, source: list[str]) -> None:
    folder = (Path(app.srcdir) / page).parent
    if not page.startswith("examples/") or folder.name == "examples":
        return
    for file in sorted(file for file in folder.rglob("*") if file.suffix in LANGUAGES and file.name != "__init__.py"):
        name = file.relative_to(folder).as_posix()
        source[0] += f"\n## {name}\n\n```{{literalinclude}} {name}\n:language: {LANGUAGES[file.suffix]}\n```\n"


def setup(app: Sphinx) -> None:
    app.connect("source-read", _add_files)
