"""``webnn serve``: the page of a model, of a folder with pages, or of all that somebody has a list of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from converters.commands.console import DONE, progress, say, verbosity
from converters.commands.destination import Destination, tokenizer_of
from converters.commands.opening import Opening, kind_of, open_graph
from converters.commands.saving import save
from converters.described.given import Given
from converters.joining import Joined
from webnn_graph.errors import WebNNError
from webnn_graph.file_kinds import ModelKind, file_kind
from webnn_graph.formats.table import PAGE
from webnn_graph.gallery import pages_of
from webnn_graph.graph import Graph
from webnn_graph.serving import Pages, address_of, serving
from webnn_graph.signals import Terminated
from webnn_graph.window import open_window


@dataclass(frozen=True)
class Served:
    """What is served.

    Attributes:
        folder: Its files.
        pages: What is made of it when it is asked for.
    """

    folder: Path
    pages: Pages


@contextmanager
def of_path(
    path: Path, opening: Opening, given: Given, joining: Callable[[Graph], Joined] | None, more: Mapping[str, Any]
) -> Iterator[Served]:
    """A folder that has pages as it is; a model is converted into a temporary one first.

    Args:
        path: A folder, or anything that `open_graph` opens.
        opening: What is said of the model.
        given: What is said of its inputs and outputs.
        joining: What joins steps to it; None for none.
        more: Options of its module.

    Raises:
        WebNNError: It is neither, cannot be converted, or a folder is told how to convert.
    """
    if path.is_dir() and file_kind(path).model is None:
        if opening != Opening() or given != Given() or joining or any(more.values()):
            raise WebNNError(f"{path} is served as it is, and takes no options of a conversion", "they are for models")
        yield Served(path, pages_of(path))
        return
    kind = kind_of(path)
    if kind is not ModelKind.TORCH:
        opening = replace(opening, task="")
    opening.check(path, kind)
    with tempfile.TemporaryDirectory(prefix="webnn-") as folder:
        with progress("converting ..."):
            graph = given.of(open_graph(path, opening))
            graph = joining(graph).graph if joining else graph
        stem = path.resolve().name if path.is_dir() else path.stem
        to = Destination(Path(folder), stem, ["page"], more={**more, "folders": [PAGE]}, tokenizer=tokenizer_of(path))
        save(graph, to).show()
        yield Served(Path(folder), lambda path: None)


def serve(served: Served, port: int | None, *, opens: bool) -> int:
    """Serves until the user, or within `terminating` a signal, ends it; the exit status.

    Args:
        served: What.
        port: Where; None for where there is room.
        opens: Whether it is opened in the user's browser.
    """
    with serving(served.folder, served.pages, port) as server, suppress(KeyboardInterrupt, Terminated):
        address = address_of(server)
        _tell(address)
        if opens:
            open_window(address)
        server.serve_forever()
    return DONE


def _tell(address: str) -> None:
    if verbosity().json:
        import json

        click.echo(json.dumps({"address": address}))
    else:
        say(f"{address}  (Ctrl-C ends it)")
