"""What stands in the lines of text of a picture, by a second model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from converters.commands.answering import input_of
from webnn_graph.codes import Code
from webnn_graph.errors import ValidationError
from webnn_graph.feeds import complete
from webnn_graph.formats import load
from webnn_graph.graph import Graph
from webnn_graph.metadata import Characters, Image, Metadata
from webnn_graph.runtimes import chosen, find_runtime
from webnn_graph.tasks.answers import spelled
from webnn_graph.tasks.cutting import cut
from webnn_graph.tasks.pictures import prepared
from webnn_graph.tasks.regions import Region

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


@dataclass(frozen=True)
class Reader:
    """A model that reads a line of text.

    Attributes:
        graph: The graph.
        picture: The input that is a picture, and what it is.
        characters: The output that is characters, and what it is.
        runtime: What computes it; empty for what is there.
        browser: The browser's executable.
    """

    graph: Graph
    picture: tuple[str, Image]
    characters: tuple[str, Characters]
    runtime: str
    browser: str | None

    def read(self, picture: Picture, regions: Sequence[Region]) -> list[Region]:
        """Regions of a picture with what stands in each as its label, and how probable that is as its score."""
        (name, image), (output, characters) = self.picture, self.characters
        found = []
        with find_runtime(self.runtime).prepared({"": self.graph}, browser=self.browser) as graphs:
            for region in regions:
                values, _ = prepared(cut(picture, region.corners), image, self.graph.operands[name])
                text, score = spelled(graphs[""](complete(self.graph, {name: values}, 0))[output], characters)
                found.append(replace(region, label=text, score=score))
        return found


def reader(file: Path, runtime: str | None, browser: str | None) -> Reader:
    """That of a graph in a file.

    Raises:
        ValidationError: None of its inputs is said to be a picture, or none of its outputs to be characters.
    """
    graph = load(file)
    picture = input_of(graph, file, Image)
    tensors = Metadata.of(graph).tensors
    characters = next(((o.name, meaning) for o in graph.outputs if isinstance(meaning := tensors.get(o.name), Characters)), None)
    if characters is None:
        what = f"{graph.name} is to read lines of text, and none of its outputs is said to be characters"
        raise ValidationError(what, f"webnn2json {quote(str(file))} --characters FILE says so", code=Code.REFUSED)
    return Reader(graph, picture, characters, runtime or chosen(graph), browser)
