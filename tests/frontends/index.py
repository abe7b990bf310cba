"""Writes the index of what both frontends' handlers share: ``python -m tests.frontends.index``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cli
from webnn_graph.modules import modules_of

PACKAGE = "converters.lowering"
FILE = Path(cli.__file__).parent / "docs" / "lowering.md"
HEAD = """# What handlers share

The functions of `converters/lowering/`, which take a `GraphBuilder`, operands and plain data and give operands. Look here before
you write one. `make docs` writes this page.
"""


def text() -> str:
    """The page's content."""
    return HEAD + "".join(_section(module) for module in modules_of(PACKAGE))


def _section(module: ModuleType) -> str:
    rows = "".join(f"| `{name}` | {doc} |\n" for name, doc in _functions(module))
    return f"\n## {module.__name__.rpartition('.')[2]}.py\n\n{module.__doc__}\n\n| function | gives |\n| --- | --- |\n{rows}"


def _functions(module: ModuleType) -> Iterator[tuple[str, str]]:
    """The public functions of a file, in its order, with the first paragraphs of their docstrings."""
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
            yield name, (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
