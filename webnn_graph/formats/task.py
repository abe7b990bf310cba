"""The ES module that is asked about pictures, ``classify(image)``, ``detect(image)`` or ``recognize(image)``, and its declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import TypeVar

from webnn_graph.formats.expressions import literal, string, url
from webnn_graph.formats.javascript import filled, types
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Boxes, Characters, Detections, Image, Labels, Meaning, Metadata
from webnn_graph.tasks import THRESHOLD, TOP
from webnn_graph.tasks.answers import MOST_BOXES, OVERLAP
from webnn_graph.tasks.pictures import MOST_PIXELS

READING = ("mistakes", "sources", "resampling", "preparing", "scores")
"""The plain modules that every task needs, each behind those that it reads at once."""
FRAGMENTS = MappingProxyType(
    {
        "classify": (*READING, "labels", "asking"),
        "boxes": (*READING, "objects", "boxes", "asking"),
        "detections": (*READING, "objects", "detections", "asking"),
        "recognize": (*READING, "spelling", "asking"),
    }
)
"""Those of each way to answer."""
GIVES = MappingProxyType({"classify": "labels", "detect": "objects", "recognize": "text"})
"""What each method gives, for whoever shows it."""


@dataclass(frozen=True)
class Task:
    """What a graph can be asked about a picture.

    Attributes:
        way: How it answers, a key of `FRAGMENTS`.
        image: The input that is the picture.
        answers: The outputs that are read: the labels, the detections, the characters, or boxes and their labels.
    """

    way: str
    image: Operand
    answers: tuple[Operand, ...]

    @property
    def method(self) -> str:
        """What the module calls it."""
        return "detect" if self.way in ("boxes", "detections") else self.way


Kind = TypeVar("Kind", bound=Meaning)


def task_of(graph: Graph) -> Task | None:
    """What a graph can be asked about one picture; None where its metadata do not say it, or it needs something else, too."""
    if not graph.metadata:
        return None
    meanings = Metadata.of(graph).tensors
    given = [operand for operand in graph.inputs if not operand.distribution]
    if len(given) != 1 or not _is_picture(given[0], meanings.get(given[0].name)):
        return None
    found = next(_ways(graph, meanings), None)
    if found is None or any(operand.data_type.bits == 4 for operand in found[1]):
        return None
    return Task(found[0], given[0], found[1])


def _is_picture(operand: Operand, meaning: Meaning | None) -> bool:
    """Whether an input is one picture."""
    if not isinstance(meaning, Image) or operand.data_type.bits == 4:
        return False
    return prod(operand.shape) == prod(meaning.size(operand.shape)) * meaning.count


def _ways(graph: Graph, meanings: Mapping[str, Meaning]) -> Iterator[tuple[str, tuple[Operand, ...]]]:
    """The ways in which outputs answer, and those outputs, the best first; as `webnn_graph.tasks.answers` reads them."""
    for output, _ in _of_kind(graph, meanings, Detections):
        if output.rank == 2 or prod(output.shape[:-2]) == 1:
            yield "detections", (output,)
    for boxes, _ in _of_kind(graph, meanings, Boxes):
        for output, labels in _of_kind(graph, meanings, Labels):
            is_last = labels.axis in (-1, output.rank - 1)
            if is_last and prod(output.shape) // len(labels.names) == prod(boxes.shape) // 4:
                yield "boxes", (boxes, output)
    for output, labels in _of_kind(graph, meanings, Labels):
        if prod(output.shape) == len(labels.names):
            yield "classify", (output,)
    for output, _ in _of_kind(graph, meanings, Characters):
        yield "recognize", (output,)


def _of_kind(graph: Graph, meanings: Mapping[str, Meaning], kind: type[Kind]) -> Iterator[tuple[Operand, Kind]]:
    for operand in graph.outputs:
        meaning = meanings.get(operand.name)
        if isinstance(meaning, kind):
            yield operand, meaning


def files(graph: Graph, stem: str) -> dict[str, str]:
    """The texts of the module and of its declarations, by file name: ``<stem>.task.js``, ``<stem>.task.d.ts``; none where there is no task.

    Args:
        graph: What ``<stem>.js`` computes.
        stem: The files' common name.
    """
    task = task_of(graph)
    if task is None:
        return {}
    tensors = Metadata.of(graph).tensors
    image, answer = tensors[task.image.name], tensors[task.answers[0].name]
    assert isinstance(image, Image)
    overlaps = isinstance(answer, Detections) and answer.form != "final"
    view = {
        "title": string(graph.name),
        "method": task.method,
        "gives": GIVES[task.method],
        "way": task.way,
        "file": string(f"./{stem}.task.js"),
        "module_file": string(f"./{stem}.js"),
        "module_url": url(f"{stem}.js"),
        "declarations_file": f"{stem}.task.d.ts",
        "image": string(task.image.name),
        "answers": [string(operand.name) for operand in task.answers],
        "size": literal(list(image.size(task.image.shape))),
        "types": types([task.image.data_type]),
        "fragments": FRAGMENTS[task.way],
        "most_pixels": MOST_PIXELS,
        "most_boxes": MOST_BOXES,
        "top": TOP,
        "threshold": THRESHOLD,
        "overlap": literal(OVERLAP) if overlaps else "undefined",
        "overlapping": f"that is {OVERLAP} by default" if overlaps else "by default all stay",
    }
    return {f"{stem}.task.js": filled("task.js.j2", view), f"{stem}.task.d.ts": filled("task.d.ts.j2", view)}
