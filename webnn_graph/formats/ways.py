"""The ways in which a ``<stem>.task.js`` answers: what it is asked about, which outputs it reads, what it gives.

A row of `SOURCES` is a kind of source, one of `WAYS` a kind of answer. Their fragments are plain modules in ``templates/tasks``: those of
a source have ``inputsOf(source, options)``, which gives the model's inputs and the place that the source has in them; those of an answer
have ``answered(numbers, tensors, options, place)``. Their declarations are in ``templates/module/task``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf, prod
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from webnn_graph.data_types import DataType
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import (
    STRIDES,
    Audio,
    Boxes,
    Bytes,
    Centers,
    Characters,
    Depth,
    Detections,
    Embedding,
    Image,
    Labels,
    Level,
    Mask,
    Meaning,
    Regions,
    Regression,
    Speech,
    State,
    geometry_of,
    levels_of,
    picture_size,
    prototypes_of,
    strides_of,
)
from webnn_graph.tasks import THRESHOLD, TOP
from webnn_graph.tasks.answers import OVERLAP
from webnn_graph.tasks.contents import takes_bytes
from webnn_graph.tasks.cutting import TALL
from webnn_graph.tasks.instances import MOST_MASKED
from webnn_graph.tasks.maps import is_map
from webnn_graph.tasks.overlaps import MOST_BOXES
from webnn_graph.tasks.pictures import MOST_PIXELS
from webnn_graph.tasks.regions import LEAST_GROWN, LEAST_LINE, LEAST_SIDE, MOST_REGIONS, SAME_LINE
from webnn_graph.tasks.resampling import LEAST_RATE, MOST_RATE
from webnn_graph.tasks.sounds import SILENT
from webnn_graph.tasks.speech import MARGIN, SILENCE, SPEECH
from webnn_graph.tasks.texts import inputs_of

Meanings: TypeAlias = Mapping[str, Meaning]
Operands: TypeAlias = tuple[Operand, ...]
Kind = TypeVar("Kind", bound=Meaning)


@dataclass(frozen=True)
class Option:
    """A number that a method takes, or whether something is to be.

    Attributes:
        default: What it is unless somebody says it; None for nothing.
        least, most: The range of a number.
    """

    default: float | bool | None
    least: float = 0
    most: float = 1


@dataclass(frozen=True)
class Source:
    """What a model is asked about.

    Attributes:
        what: What it is called in texts.
        example: One, in JavaScript.
        inputs: The inputs of a graph that it becomes; empty where the graph takes something else.
        fragments: Plain modules that make inputs of it, each behind those that it reads at once.
        facts: Numbers that these know, or several, by name.
        options: That all methods take, by name.
        has_data: Whether they read a tokenizer's files beside the module.
    """

    what: str
    example: str
    inputs: Callable[[Graph, Meanings], Operands]
    fragments: tuple[str, ...]
    facts: Mapping[str, float | tuple[int, ...]] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    has_data: bool = False


@dataclass(frozen=True)
class Way:
    """How a model answers.

    Attributes:
        method: What the module calls it.
        takes: Keys of `SOURCES`.
        gives: What declarations and pages know the answer by.
        kind: Its type in TypeScript.
        answers: The outputs that are read, the best first.
        about: What the method does, with the source's name and the defaults of its options.
        fragments: Plain modules that make the answer, each behind those that it reads at once.
        options: Of the method, by name.
        facts: Numbers that the fragments know, or several, by name.
        declared: Other answers whose declarations come before that of `gives`.
    """

    method: str
    takes: tuple[str, ...]
    gives: str
    kind: str
    answers: Callable[[Graph, Meanings], Iterator[Operands]]
    about: str
    fragments: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=dict)
    facts: Mapping[str, float | tuple[int, ...]] = field(default_factory=dict)
    declared: tuple[str, ...] = ()


def of_kind(graph: Graph, meanings: Meanings, kind: type[Kind]) -> Iterator[tuple[Operand, Kind]]:
    """The outputs that are something."""
    for operand in graph.outputs:
        meaning = meanings.get(operand.name)
        if isinstance(meaning, kind):
            yield operand, meaning


# ------------------------------------------------------------------------------------------------------------------ sources
def _picture(graph: Graph, meanings: Meanings) -> Operands:
    """The only input that is not drawn, where it is one picture."""
    given = graph.given_inputs
    meaning = meanings.get(given[0].name) if len(given) == 1 else None
    if not isinstance(meaning, Image) or given[0].data_type.bits == 4:
        return ()
    return (given[0],) if prod(given[0].shape) == prod(meaning.size(given[0].shape)) * meaning.count else ()


def _sound(graph: Graph, meanings: Meanings) -> Operands:
    """The only input that is the samples of one sound, and those that are states."""
    states = {meaning.input for _, meaning in of_kind(graph, meanings, State)}
    given = graph.given_inputs
    sounds = [operand for operand in given if operand.name not in states]
    meaning = meanings.get(sounds[0].name) if len(sounds) == 1 else None
    if not isinstance(meaning, Audio) or meaning.spectrogram or any(operand.data_type.bits == 4 for operand in given):
        return ()
    (sound,) = sounds
    is_one = sound.data_type.is_float and prod(sound.shape) == sound.shape[-1]
    return (sound, *(operand for operand in given if operand.name in states)) if is_one else ()


def _text(graph: Graph, meanings: Meanings) -> Operands:
    """All inputs that are not drawn, where they are the tokens of one text."""
    given = graph.given_inputs
    tokens = inputs_of({operand.name: meanings[operand.name] for operand in given if operand.name in meanings}, graph.operands)
    is_known = all(operand.data_type.bits > 4 and operand.data_type is not DataType.FLOAT16 for operand in given)
    are_one = len(tokens) == len(given) and len({prod(operand.shape) for operand in given} | {operand.shape[-1] for operand in given}) == 1
    return given if is_known and are_one else ()


def _file(graph: Graph, meanings: Meanings) -> Operands:
    """The only input that is not drawn, where it is the bytes of one file."""
    given = graph.given_inputs
    meaning = meanings.get(given[0].name) if len(given) == 1 else None
    if not isinstance(meaning, Bytes) or not takes_bytes(given[0].data_type, meaning):
        return ()
    return (given[0],) if prod(given[0].shape) == given[0].shape[-1] else ()


RESAMPLING = ("nearest", "linear", "lanczos4")
"""Filters of pictures, each of which has a fragment of its name; *resampling* is that of all others."""
SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "image": Source(
            "a picture",
            'document.querySelector("img")',
            _picture,
            ("sources", "resampling", "rounding", "fitting", "numbers", "preparing", "pictures"),
            {"MOST_PIXELS": MOST_PIXELS},
        ),
        "audio": Source(
            "a sound",
            'document.querySelector("input").files[0]',
            _sound,
            ("rounding", "numbers", "rates", "recordings", "windows", "listening"),
            {"LEAST_RATE": LEAST_RATE, "MOST_RATE": MOST_RATE, "SILENT": SILENT},
        ),
        "text": Source("a text", '"A text."', _text, ("tokenizing", "texts"), options={"truncate": Option(False)}, has_data=True),
        "file": Source("a file", 'document.querySelector("input").files[0]', _file, ("rounding", "numbers", "contents")),
    }
)


# ------------------------------------------------------------------------------------------------------------------ answers
def _labels(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Labels of all that went in."""
    for output, labels in of_kind(graph, meanings, Labels):
        if prod(output.shape) == len(labels.names):
            yield (output,)


def _targets(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Values of all that went in."""
    for output, regression in of_kind(graph, meanings, Regression):
        if prod(output.shape) == len(regression.targets):
            yield (output,)


def _boxes(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Boxes, and the labels of each."""
    for boxes, _ in of_kind(graph, meanings, Boxes):
        for output, labels in of_kind(graph, meanings, Labels):
            is_last = labels.axis in (-1, output.rank - 1)
            if is_last and prod(output.shape) // len(labels.names) == prod(boxes.shape) // 4:
                yield boxes, output


def _detections(graph: Graph, meanings: Meanings, gives: str, is_final: bool) -> Iterator[Operands]:
    """Boxes and scores in one, with what overlaps or without, with what else there is of objects; and the prototypes of their masks."""
    shapes = {output.name: output.shape for output in graph.outputs if output.rank > 2 and prod(output.shape) == prod(output.shape[-3:])}
    for output, meaning in of_kind(graph, meanings, Detections):
        is_one = output.rank == 2 or prod(output.shape[:-2]) == 1
        given = "points" if meaning.points else "instances" if meaning.coefficients else "cells" if meaning.form == "cells" else "objects"
        prototypes = prototypes_of(meaning, meanings, shapes)
        if is_one and is_final == (meaning.form == "final") and gives == given and bool(prototypes) == bool(meaning.coefficients):
            yield (output, *([graph.operands[prototypes]] if prototypes else []))


def _cells(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Boxes and scores in one, a box for each cell of grids over the picture."""
    size = picture_size(graph.inputs, meanings)
    for operands in _detections(graph, meanings, "cells", is_final=False):
        if size and strides_of(size, operands[0].shape[-2]):
            yield operands


def _centers(graph: Graph, meanings: Meanings, has_points: bool) -> Iterator[Operands]:
    """The heat map of centres, with or without points, and what else there is of its cells."""
    shapes = {output.name: output.shape for output in graph.outputs}
    for output, meaning in of_kind(graph, meanings, Centers):
        others = geometry_of(meaning, output.shape, meanings, shapes)
        operands = (output, *(graph.operands[name] for name in others.values()))
        are_one = all(prod(operand.shape) == prod(operand.shape[-3:]) for operand in operands)
        if are_one and len(others) == len(meaning.geometry) and has_points == bool(meaning.points):
            yield operands


def _levels(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Scores and distances of the cells of each level, the finest first."""
    shapes = {output.name: output.shape for output in graph.outputs}
    size, pairs = picture_size(graph.inputs, meanings), levels_of(meanings, shapes)
    levels = [(output, meaning) for output, meaning in of_kind(graph, meanings, Level) if output.name in pairs]
    if size and levels and all(prod(output.shape) == prod((*meaning.cells(size), output.shape[-1])) for output, meaning in levels):
        yield tuple(graph.operands[name] for pair in pairs.items() for name in pair)


def _characters(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    return ((output,) for output, _ in of_kind(graph, meanings, Characters))


def _speech(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    return ((output,) for output, _ in of_kind(graph, meanings, Speech))


def _maps(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """Labels of each pixel."""
    for output, _ in of_kind(graph, meanings, Mask):
        if _is_one(output):
            yield (output,)
    for output, labels in of_kind(graph, meanings, Labels):
        if is_map(output.shape, labels):
            yield (output,)


def _is_one(output: Operand) -> bool:
    """Whether an output is one map."""
    return prod(output.shape) == prod(output.shape[-2:])


def _depths(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    return ((output,) for output, _ in of_kind(graph, meanings, Depth) if _is_one(output))


def _regions(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    return ((output,) for output, _ in of_kind(graph, meanings, Regions) if _is_one(output))


def _vectors(graph: Graph, meanings: Meanings) -> Iterator[Operands]:
    """A vector, or those of tokens that become one."""
    for output, embedding in of_kind(graph, meanings, Embedding):
        most = max(output.shape) if embedding.pooling == "none" else prod(output.shape[-2:])
        if prod(output.shape) == most:
            yield (output,)


MOST_PROBABLE = "The most probable labels of {what}, `top` of them, {top} unless you say another number."
OBJECTS = (
    "What is in {what}, the most probable first. What scores less than `threshold`, {threshold} by default, is left out, and of two "
    "things of one label that share more than `overlap` of what both cover the less probable one; "
)
SOFT = " With `soft` its score is lowered by that share instead, and it is left out where that is less than `threshold`."
ALL_STAY, ONE_STAYS = OBJECTS + "by default all stay." + SOFT, OBJECTS + "that is {overlap} by default." + SOFT
AS_SAID = OBJECTS + "by default that is what the model says." + SOFT
REGIONS = (
    "Where something is in {what}, a line of text most often, from top to bottom. What scores less than `threshold` is left out; by "
    "default that is what the model says. `cut(source, one)` gives the picture of one of them."
)
SPOKEN = (
    "When somebody speaks in {what}: from a score of `threshold` on, {threshold} by default. Speech lasts longer than `speech` seconds, "
    "{speech}, and silence in it less than `silence`, {silence}; `margin` seconds around it, {margin}, belong to it."
)
OF_SPEECH = {"threshold": Option(THRESHOLD)} | {
    name: Option(seconds, 0, inf) for name, seconds in (("speech", SPEECH), ("silence", SILENCE), ("margin", MARGIN))
}
OF_TOP = {"top": Option(TOP, 1, inf)}
OF_ALL, OF_ONE = ({"threshold": Option(THRESHOLD), "overlap": Option(overlap), "soft": Option(False)} for overlap in (None, OVERLAP))
FACTS = {"MOST_BOXES": MOST_BOXES}


def _detecting(gives: str, kind: str, fragments: tuple[str, ...], *, is_final: bool = False) -> Way:
    """How a model says what is in a picture by boxes and scores in one."""
    about, options = (ALL_STAY, OF_ALL) if is_final else (ONE_STAYS, OF_ONE)
    answers, declared = partial(_detections, gives=gives, is_final=is_final), () if gives == "objects" else ("objects",)
    facts: Mapping[str, float] = {**FACTS, "MOST_MASKED": MOST_MASKED} if gives == "instances" else FACTS
    return Way("detect", ("image",), gives, kind, answers, about, ("objects", "detecting", *fragments), options, facts, declared)


def _of_cells(gives: str, kind: str) -> Way:
    """How a model says what is in a picture by a heat map of centres and other maps, with or without points."""
    answers, declared = partial(_centers, has_points=gives == "points"), () if gives == "objects" else ("objects",)
    fragments = ("objects", "pointing", "centers")
    return Way("detect", ("image",), gives, kind, answers, AS_SAID, fragments, OF_ALL, FACTS, declared)


OF_REGIONS = {
    "LEAST_SIDE": LEAST_SIDE,
    "LEAST_GROWN": LEAST_GROWN,
    "LEAST_LINE": LEAST_LINE,
    "MOST_REGIONS": MOST_REGIONS,
    "SAME_LINE": SAME_LINE,
    "TALL": TALL,
}
WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "points": _detecting("points", "Pointed[]", ("pointing", "points")),
        "final points": _detecting("points", "Pointed[]", ("pointing", "points"), is_final=True),
        "instances": _detecting("instances", "Masked[]", ("places", "instances")),
        "final instances": _detecting("instances", "Masked[]", ("places", "instances"), is_final=True),
        "detections": _detecting("objects", "Found[]", ("detections",)),
        "final": _detecting("objects", "Found[]", ("detections",), is_final=True),
        "cells": Way(
            "detect",
            ("image",),
            "objects",
            "Found[]",
            _cells,
            ONE_STAYS,
            ("objects", "cells"),
            OF_ONE,
            {**FACTS, "STRIDES": STRIDES},
        ),
        "centers": _of_cells("objects", "Found[]"),
        "centers with points": _of_cells("points", "Pointed[]"),
        "levels": Way("detect", ("image",), "objects", "Found[]", _levels, AS_SAID, ("objects", "levels"), OF_ALL, FACTS),
        "boxes": Way("detect", ("image",), "objects", "Found[]", _boxes, ALL_STAY, ("objects", "boxes"), OF_ALL, FACTS),
        "regions": Way(
            "detect",
            ("image",),
            "regions",
            "Region[]",
            _regions,
            REGIONS,
            ("components", "rectangles", "regions", "cubic", "cutting"),
            {"threshold": Option(None)},
            OF_REGIONS,
        ),
        "classify": Way("classify", ("image", "text", "file"), "labels", "Label[]", _labels, MOST_PROBABLE, ("labels",), OF_TOP),
        "recognize": Way(
            "recognize", ("image",), "text", "Text", _characters, "What is written in {what} of one line of text.", ("paths", "spelling")
        ),
        "classifyAudio": Way("classifyAudio", ("audio",), "labels", "Label[]", _labels, MOST_PROBABLE, ("labels",), OF_TOP),
        "measure": Way(
            "measure",
            ("image", "audio", "text", "file"),
            "values",
            "Measured[]",
            _targets,
            "What the model says of {what} in numbers, in the order in which it gives them.",
            ("values",),
        ),
        "transcribe": Way(
            "transcribe", ("audio",), "text", "Transcript", _characters, "What is said in {what}, and its words.", ("paths", "words")
        ),
        "hear": Way("hear", ("audio",), "speech", "Spoken[]", _speech, SPOKEN, ("voices",), OF_SPEECH),
        "segment": Way("segment", ("image",), "mask", "Mask", _maps, "What each pixel of {what} is.", ("places", "segmenting")),
        "depth": Way(
            "depth", ("image",), "depth", "Depth", _depths, "How far away each pixel of {what} is.", ("places", "cubic", "depths")
        ),
        "embed": Way(
            "embed",
            ("image", "text", "file"),
            "vector",
            "Float32Array",
            _vectors,
            "The vector of {what}; similar() compares it with that of another.",
            ("vectors",),
        ),
    }
)
"""Of a graph that answers in several ways the first here is taken."""
