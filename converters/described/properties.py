"""What an ONNX model says of itself: properties as Ultralytics, PaddleOCR's exporters, sherpa's and Hugging Face's write them."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from converters.described import sounds
from converters.described.detecting import form_of, spelling
from webnn_graph.errors import FormatError
from webnn_graph.graph import Graph
from webnn_graph.metadata import (
    MOST_BYTES,
    MOST_LABELS,
    Audio,
    Characters,
    Detections,
    Embedding,
    Image,
    Labels,
    Meaning,
    Points,
    Prototypes,
)
from webnn_graph.wording import one_line

Read = TypeVar("Read")
ULTRALYTICS = {
    "detect": "object-detection",
    "classify": "image-classification",
    "segment": "image-segmentation",
    "pose": "keypoint-detection",
    "obb": "object-detection",
}
"""Tasks as Ultralytics calls them."""
POINTS = re.compile(r"[\[(] ?([0-9]{1,4}), ?([23]) ?[\])]")
"""How many points an object has, and how many numbers a point."""
MOST_LITERAL = 2**20
"""Characters of names as Python writes them, whose syntax tree takes a hundred times as much."""
NUMBER = re.compile("[0-9]{1,5}")
"""Of a label."""
LEAST_RATE = 1000
"""Samples a second of a sound."""
ABOVE = 400.0
"""Hertz below the highest one up to which sherpa's filter banks are."""
GREY = 114
"""What Ultralytics fills pictures up with."""


def meanings(said: Mapping[str, str], graph: Graph) -> tuple[str, Iterator[tuple[str, Meaning]]]:
    """What a graph is for, and what its inputs and outputs are, by name, as far as a model says it.

    Raises:
        FormatError: A property is not what its place takes.
    """
    if "names" in said and ("task" in said or "stride" in said):
        task = said.get("task", "detect")  # which YOLOv5 does not say
        return ULTRALYTICS.get(task, ""), _ultralytics(task, _names(said["names"]), _points(said), graph)
    if NUMBER.fullmatch(said.get("sample_rate", "")):
        return "", _sound(said, graph)
    if "character" in said:
        return "", _characters(said["character"].split("\n"), graph)
    return "", iter(())


def _ultralytics(task: str, names: tuple[str, ...], points: Points | None, graph: Graph) -> Iterator[tuple[str, Meaning]]:
    """YOLO of Ultralytics: pictures from 0 to 1, boxes in pixels beside the scores of their labels, and points or coefficients of masks."""
    picture = next((operand for operand in graph.inputs if operand.rank == 4), None)
    if picture is not None:
        fits: dict[str, Any] = {"resize": "contain", "fill": GREY} if task != "classify" else {"resize": "cover"}
        yield picture.name, Image(scale=1 / 255, channels="gray" if picture.shape[1] == 1 else "rgb", **fits)
    maps = [operand for operand in graph.outputs if operand.rank == 4]
    more: dict[str, Any] = {}
    rest = 0
    if task == "pose" and points:
        more, rest = {"points": points}, points.numbers
    elif task == "segment" and len(maps) == 1:
        rest = maps[0].shape[1]
        more = {"coefficients": rest}
    for operand in graph.outputs:
        if task == "classify" and operand.rank == 2:
            yield operand.name, Labels(names=names, scores="probabilities")
        elif (task == "detect" or more) and operand.rank == 3:
            yield operand.name, Detections(names=names, form=form_of(operand.shape, len(names), rest), **more)
        elif task == "segment" and operand in maps and more:
            yield operand.name, Prototypes()


def _sound(said: Mapping[str, str], graph: Graph) -> Iterator[tuple[str, Meaning]]:
    """Samples of a sound; or, as sherpa's models of speakers have it, Kaldi's filter banks, from which their mean is taken off or not."""
    rate = int(said["sample_rate"])
    scale = said.get("normalize_samples")
    given = [operand for operand in graph.inputs if operand.rank == (3 if scale else 2) and operand.data_type.is_float]
    if len(given) != 1 or rate < LEAST_RATE:
        return
    if not scale:
        yield given[0].name, Audio(sampling_rate=rate)
        return
    how: dict[str, Any] = {"place": "between", "highest": rate / 2 - ABOVE, "scale": sounds.PCM if scale == "0" else 1.0}
    how["normalize"] = "mean" if said.get("feature_normalize_type") == "global-mean" else "none"
    yield given[0].name, Audio(sampling_rate=rate, spectrogram=sounds.kaldi(given[0].shape[-1], rate, **how))
    for operand in graph.outputs:
        if str(operand.shape[-1]) == said.get("output_dim"):
            yield operand.name, Embedding()


def _points(said: Mapping[str, str]) -> Points | None:
    """The points of each object, where a model says how many there are; and their names, if those of all labels are the same."""
    shape = POINTS.fullmatch(said.get("kpt_shape", ""))
    if not shape or shape[1] == "0":
        return None
    names: tuple[str, ...] = ()
    if "kpt_names" in said:
        of_labels = set(_read(said["kpt_names"], _of_labels))
        names = of_labels.pop() if len(of_labels) == 1 else ()
    count = int(shape[1])
    return Points(count=count, scored=shape[2] == "3", names=names if len(names) == count else ())


def _names(text: str) -> tuple[str, ...]:
    """The labels of a property: a dictionary by number as Python or JSON write it, or a list."""
    return _read(text, _listed)


def _of_labels(read: Any) -> list[tuple[str, ...]]:
    """The names of points of each label, in a dictionary by number."""
    if not isinstance(read, dict):
        raise ValueError(f"a {type(read).__name__}")
    return [_listed(names) for names in read.values()]


def _read(text: str, listed: Callable[[Any], Read]) -> Read:
    """What is made of a property's value as Python or JSON write it."""
    if len(text) > MOST_BYTES:
        raise FormatError(f"its names have {len(text):,} characters")
    try:
        return listed(_parsed(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise FormatError(f"its names are no list: {one_line(str(error), 80)}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > MOST_LITERAL:
            raise ValueError(f"they have {len(text):,} characters, and are no JSON") from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unknown escapes
            return ast.literal_eval(text)


def _listed(read: Any) -> tuple[str, ...]:
    """The labels of a dictionary by number, or of a list; texts, or numbers. Raises `ValueError` where they are something else."""
    if isinstance(read, dict):
        numbered = {int(number): name for number, name in read.items() if NUMBER.fullmatch(str(number))}
        read = [numbered.get(number, "") for number in range(max(numbered, default=-1) + 1)]
    if not isinstance(read, list | tuple) or not 1 <= len(read) <= MOST_LABELS:
        raise ValueError(f"a {type(read).__name__}")
    if not all(isinstance(name, str | int | float) for name in read):
        raise ValueError("one is no text")
    return tuple(map(str, read))


def _characters(lines: list[str], graph: Graph) -> Iterator[tuple[str, Meaning]]:
    """The characters of a recognizer of PaddleOCR, one a line: number 0 is the blank, the last the space; or labels of a classifier."""
    for operand in graph.outputs:
        if operand.rank == 3 and operand.shape[-1] > len(lines) and (names := spelling(lines, operand.shape[-1])):
            yield operand.name, Characters(names=names, scores="probabilities")
        elif operand.rank == 2 and operand.shape[-1] == len(lines):
            yield operand.name, Labels(names=tuple(lines), scores="probabilities")
