"""The folder of a model that generates: its graphs, what a loop has to know of them, a module that generates, and a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from webnn_graph.formats.files import PathLike
from webnn_graph.formats.saving import Digest, save_together
from webnn_graph.formats.table import suffix_of
from webnn_graph.generation import module
from webnn_graph.generation.columns import with_columns
from webnn_graph.generation.interface import interface_of
from webnn_graph.generation.settings import FILE, Settings
from webnn_graph.generation.text import Text, text_of
from webnn_graph.graph import Graph
from webnn_graph.passes.products import PRODUCTS
from webnn_graph.passes.rows import Rows
from webnn_graph.passes.siblings import Siblings

MODULES = "js"
"""The format that a page's module is written with."""


def in_few_calls(graph: Graph) -> Graph:
    """The graph as it is written: one of a token is computed again and again.

    Weights are rounded before: a normalization's scale makes some columns of a product's constant large, and rounding to 8 bits coarse.
    """
    return Rows().apply(Siblings().apply(PRODUCTS.apply(graph)))


@dataclass(frozen=True)
class Package:
    """What stands in such a folder besides the graphs.

    Attributes:
        name: What the model is called.
        settings: What a loop has to know.
        text: The tokenizer; None where there is none.
    """

    name: str
    settings: Settings
    text: Text | None = None

    def names(self, formats: Sequence[str], fallback: str = "") -> list[str]:
        """The names of the files for graphs in these formats."""
        modules = [f"{module.STEM}.js", f"{module.STEM}.d.ts", *([f"{module.STEM}.fallback.js"] if fallback else [])]
        of_text = [module.TEXT_MODULE, module.PACKAGE] if self.text else []
        return [FILE, *(self.text.files() if self.text else ()), *([*modules, *of_text] if MODULES in formats else ())]

    def contents(
        self, folder: Path, modules: Mapping[str, Graph], fallback: str, weights: Sequence[str], digest: Digest
    ) -> dict[Path, str | bytes]:
        """What is written into a folder, by path.

        Args:
            folder: Where to.
            modules: The graphs as modules beside have them, by name; empty where there are none.
            fallback: That of modules, see `webnn_graph.formats.save`.
            weights: Names of the files of weights, in order.
            digest: Gives the digest of the weights of graphs.

        Raises:
            FormatError: A setting is out of its range.
            ValidationError: The graphs do not fit together.
        """
        made: dict[str, str | bytes] = {FILE: self.settings.text(), **(self.text.files() if self.text else {})}
        if modules:
            how: dict[str, Any] = {"weights": weights, "digest": digest(modules.values()), "text": bool(self.text), "fallback": fallback}
            made |= module.files(modules, self.settings, self.name, **how)
        return {folder / name: content for name, content in made.items()}


def names_of_all() -> list[str]:
    """The names of all files that a package may have besides its graphs."""
    return Package("", Settings(kind="decoder", cache=1), Text(b"", {})).names([MODULES], "any")


def in_module(part: str, graph: Graph) -> Graph:
    """A graph as the module of a page has it: that of a prompt reads weights from tensors, see `webnn_graph.generation.columns`."""
    return with_columns(graph) if part == "prefill" else graph


def save_package(
    folder: str | Path,
    graphs: Mapping[str, Graph],
    settings: Settings,
    *,
    tokenizer: str | Path | None = None,
    formats: Sequence[str] = ("webnn", MODULES),
    name: str = "model",
    **options: Any,
) -> list[Path]:
    """Writes the folder of a model that generates, or nothing.

    Args:
        folder: Where to; it is made when it does not exist.
        graphs: By their names in `PARTS`.
        settings: What a loop has to know of them.
        tokenizer: A folder with ``tokenizer.json``, for text in and text out.
        formats: Of the graphs, by name; "js" has ``index.js``, which generates in a page, written as well.
        name: What the model is called.
        options: See `webnn_graph.formats.save_together`.

    Returns:
        All files written.

    Raises:
        FormatError: A setting is out of its range, or a file of the tokenizer is damaged.
        ValidationError: The graphs do not fit together.
        WebNNError: A page cannot read the tokenizer, or a file cannot be written.
    """
    folder = Path(folder)
    interface_of(graphs, settings)
    graphs = {part: in_few_calls(graph) for part, graph in graphs.items()}
    package = Package(name, settings, text_of(Path(tokenizer)) if tokenizer else None)
    folder.mkdir(parents=True, exist_ok=True)
    modules = {part: in_module(part, graph) for part, graph in graphs.items()} if MODULES in formats else {}
    paths: dict[PathLike, Graph] = {
        folder / f"{part}{suffix_of(format)}": graph
        for format in formats
        for part, graph in (modules if format == MODULES else graphs).items()
    }
    more = partial(package.contents, folder, modules, options.get("fallback", ""))
    return save_together(paths, more=more, part=True, **options)
