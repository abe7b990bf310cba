"""What ``webnn run`` says of a picture, a sound, a text or a file: labels, boxes, text, maps, vectors, as the graph's metadata tell."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from converters.commands.console import Result, say, show_table
from converters.commands.question import Source
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError, WebNNError, Where
from webnn_graph.feeds import complete
from webnn_graph.formats.files import write_all
from webnn_graph.generation.sound import read_sound
from webnn_graph.generation.text import Marked
from webnn_graph.graph import Graph
from webnn_graph.metadata import (
    Audio,
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
    Metadata,
    Regions,
    Regression,
)
from webnn_graph.tasks import THRESHOLD, answers, contents
from webnn_graph.tasks.maps import Distances, Segmented, distances, is_map, segmented
from webnn_graph.tasks.pictures import Fit, prepared, read_picture
from webnn_graph.tasks.regions import Region, regions
from webnn_graph.tasks.regression import Measured, measured
from webnn_graph.tasks.sounds import fitted
from webnn_graph.tasks.texts import Part, check_tokens, filled, inputs_of, length_of, named_parts, tokenizer_of
from webnn_graph.tasks.vectors import embedded
from webnn_graph.wording import one_line

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

WIDEST = 60
"""Characters of a part of a text that are shown."""
Read: TypeAlias = Callable[["Picture", Sequence[Region]], list[Region]]
"""What gives regions of a picture the text in them as their label."""
FIRST = 4
"""Numbers of a vector that are shown."""
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""What pictures are saved as, in Pillow's names, by suffix."""


def check_suffix(file: Path) -> None:
    """Raises `WebNNError` for a file that pictures are not saved as."""
    if file.suffix.lower() not in FORMATS:
        raise WebNNError(f"--save {file}: pictures are saved as {', '.join(FORMATS)}", code=Code.WRONG_KIND)


@dataclass
class Asked:
    """What a graph is asked about, and how its answer is read.

    Attributes:
        graph: The graph.
        file: Where it is.
        picture: The picture; None for none.
        fit: How that lies in the model's input.
        size: Height and width of the input.
        feeds: Values of inputs, by name.
        text: The text; None for none.
        marked: Its tokens.
    """

    graph: Graph
    file: Path
    picture: Picture | None = None
    fit: Fit | None = None
    size: tuple[int, int] = (0, 0)
    feeds: dict[str, Array] = field(default_factory=dict)
    text: str | None = None
    marked: Marked | None = None

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """What inputs and outputs are."""
        return Metadata.of(self.graph).tensors


def asked(graph: Graph, source: Source, given: Mapping[str, Array], seed: int) -> Asked:
    """What a graph is given for a picture, a sound, a text or a file.

    Raises:
        ValidationError: It takes none, or several, an input's values are given, too, or the file is too short.
        FormatError: The file is none, or damaged.
        WebNNError: A text needs a tokenizer, and there is none.
    """
    question = Asked(graph, source.file)
    if source.image:
        name, meaning = input_of(graph, source.file, Image)
        operand = graph.operands[name]
        question.picture, question.size = read_picture(source.image), meaning.model_size(operand.shape)
        with _about(source.image):
            question.feeds[name], question.fit = prepared(question.picture, meaning, operand)
    if source.audio:
        name, sound = input_of(graph, source.file, Audio)
        with _about(source.audio):
            question.feeds[name] = fitted(read_sound(source.audio, sound.sampling_rate), sound, graph.operands[name])
    if source.content:
        name, meaning = input_of(graph, source.file, Bytes)
        with _about(source.content):
            question.feeds[name] = contents.fitted(contents.read_ends(source.content, meaning.block), meaning, graph.operands[name])
    if source.text is not None:
        _tell(question, source)
    twice = next((name for name in question.feeds if name in given), None)
    if twice is not None:
        raise ValidationError(f"input {twice} is given twice, by {source.option} and by its values", code=Code.WRONG_INPUT)
    question.feeds = complete(graph, {**given, **question.feeds}, seed)
    return question


def _tell(question: Asked, source: Source) -> None:
    """Has the graph be asked about a text."""
    assert source.text is not None
    inputs = inputs_of(question.meanings, question.graph.operands)
    if not inputs:
        hint = "the files of a model of Hugging Face say so: tokenizer.json, config.json"
        raise ValidationError(
            f"{question.graph.name} is given a text, and none of its inputs is said to be of tokens", hint, code=Code.UNKNOWN_INPUT
        )
    question.text = source.text
    question.marked = tokenizer_of(source.file).marked(source.text, length_of(inputs) if source.truncate else None)
    question.feeds |= filled(question.marked, inputs)
    check_tokens(question.marked, inputs, question.graph)


def naming(file: Path) -> str:
    """How somebody says what the outputs of a graph in a file are."""
    return f"webnn2json {quote(str(file))} --labels FILE names them"


@contextmanager
def _about(file: Path) -> Iterator[None]:
    """Has an error in the body say which file it is about."""
    try:
        yield
    except ValidationError as error:
        raise error.at(Where(str(file))) from None


GIVEN: Mapping[type[Meaning], tuple[str, str]] = {
    Image: ("picture", "--image {}:rgb,mean=0.5"),
    Audio: ("sound", "--audio {}:16000"),
    Bytes: ("file", "--file {}:block=4096,first=1024,last=1024"),
}
"""What an input is called, and how somebody says that it is that."""


def input_of(graph: Graph, file: Path, kind: type[Any]) -> tuple[str, Any]:
    """The input that is a picture, a sound or a file.

    Args:
        graph: The graph.
        file: Where it is.
        kind: Of `GIVEN`.

    Raises:
        ValidationError: None is, or several are.
    """
    found = [(name, meaning) for name, meaning in Metadata.of(graph).tensors.items() if isinstance(meaning, kind)]
    if len(found) == 1:
        return found[0]
    what, example = GIVEN[kind]
    number = "none of its inputs is said to be one" if not found else f"{len(found)} of its inputs are"
    inputs = graph.given_inputs
    said = example.format(inputs[0].name if len(inputs) == 1 else "INPUT")
    hint = "" if found else f"webnn2json {quote(str(file))} {said} says so"
    raise ValidationError(f"{graph.name} is given a {what}, and {number}", hint, code=Code.UNKNOWN_INPUT)


@dataclass(frozen=True)
class Answer(Result):
    """What a model says.

    Attributes:
        task: What the model is for.
        labels: The most probable labels of each output that has some for all that went in.
        values: The values of each output that has some by name.
        objects: What is in the picture; None where the model says none.
        texts: What is written or said, with its score.
        segments: The label of each pixel.
        depths: How far away each pixel is.
        vectors: What went in as a vector.
        parts: What parts of a text are.
        runtime: What computed it.
        file: Where the picture was saved.
        is_read: Whether the labels of objects are what is written there.
    """

    task: str
    labels: Mapping[str, Sequence[answers.Scored]]
    values: Mapping[str, Sequence[Measured]]
    objects: Sequence[answers.Found] | None
    texts: Mapping[str, tuple[str, float]]
    segments: Mapping[str, Segmented]
    depths: Mapping[str, Distances]
    vectors: Mapping[str, Array]
    parts: Mapping[str, Sequence[Part]]
    runtime: str
    file: Path | None = None
    is_read: bool = False

    def show(self) -> None:
        """See `Result`."""
        for name, labels in self.labels.items():
            show_table([name, ">score"], [(one.label, f"{one.score:.4f}") for one in labels])
        show_values(self.values)
        if self.objects is not None:
            _show_read(self.objects) if self.is_read else _show(self.objects)
        for text, score in self.texts.values():
            say(f"{text}  ({score:.4f})")
        for name, segments in self.segments.items():
            show_table([name, ">share"], [(one.label, f"{one.score:.4f}") for one in segments.shares])
        for name, depth in self.depths.items():
            nearest = ", the larger the nearer" if depth.inverse else ""
            say(f"{name}: from {depth.values.min():.4g} to {depth.values.max():.4g}{nearest}")
        for name, parts in self.parts.items():
            rows = [(one.label, f"{one.score:.4f}", str(one.start), str(one.end), one_line(one.text, WIDEST)) for one in parts]
            show_table([name, ">score", ">from", ">to", "text"], rows) if rows else say(f"{name}: no part of the text is named")
        for name, vector in self.vectors.items():
            first = ", ".join(f"{value:.4f}" for value in vector[:FIRST])
            say(f"{name}: {vector.size:,} numbers, of length {np.linalg.norm(vector):.4f}: {first}{', ...' if vector.size > FIRST else ''}")
        if self.file:
            say(f"  {self.file}")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {
            "task": self.task,
            "labels": {name: [asdict(one) for one in labels] for name, labels in self.labels.items()},
            "values": {name: [asdict(one) for one in values] for name, values in self.values.items()},
            "objects": None if self.objects is None else [one.document() for one in self.objects],
            "texts": {name: {"text": text, "score": score} for name, (text, score) in self.texts.items()},
            "segments": {name: [{"label": one.label, "share": one.score} for one in found.shares] for name, found in self.segments.items()},
            "depths": {
                name: {"min": float(depth.values.min()), "max": float(depth.values.max()), "inverse": depth.inverse}
                for name, depth in self.depths.items()
            },
            "parts": {name: [asdict(one) for one in parts] for name, parts in self.parts.items()},
            "vectors": {name: vector.tolist() for name, vector in self.vectors.items()},
            "runtime": self.runtime,
            "file": str(self.file) if self.file else None,
        }


def show_values(found: Mapping[str, Sequence[Measured]]) -> None:
    """Shows values of outputs, with their units where there are some."""
    for name, values in found.items():
        has_units = any(one.unit for one in values)
        rows = [(one.name, f"{one.value:.5g}", *([one.unit] if has_units else [])) for one in values]
        show_table([name, ">value", *(["unit"] if has_units else [])], rows)


def _show(objects: Sequence[answers.Found]) -> None:
    """Shows what is in a picture: boxes, with the number of pixels of masks, and points by the numbers of their objects."""
    if not objects:
        say("nothing is found; --threshold asks for less probable things")
        return
    rows = [(one.label, f"{one.score:.4f}", *(f"{side:.1f}" for side in one.box), *_pixels(one)) for one in objects]
    show_table(["object", ">score", ">left", ">top", ">right", ">bottom", *[">pixels" for _ in _pixels(objects[0])]], rows)
    points = [(number, one, i, point) for number, one in enumerate(objects, 1) for i, point in enumerate(one.points or ())]
    if points:
        scored = any(point.score is not None for *_, point in points)
        said = [(f"{number} {one.label}", point.name or str(i), *_point(point, scored)) for number, one, i, point in points]
        show_table(["object", "point", ">x", ">y", *([">score"] if scored else [])], said)


def _point(point: answers.Point, scored: bool) -> tuple[str, ...]:
    score = "" if point.score is None else f"{point.score:.4f}"
    return f"{point.x:.1f}", f"{point.y:.1f}", *([score] if scored else [])


def _show_read(lines: Sequence[answers.Found]) -> None:
    """Shows lines of text in a picture, each whole, with how probable it is and where it is below it."""
    if not lines:
        _show(lines)
    for line in lines:
        left, top, right, bottom = line.box
        say(f"{' '.join(line.label.split())}\n  text score {line.score:.4f}, from {left:.1f}, {top:.1f} to {right:.1f}, {bottom:.1f}")


def _pixels(one: answers.Found) -> list[str]:
    return [f"{np.count_nonzero(one.mask.pixels):,}"] if one.mask else []


def answer(
    question: Asked,
    outputs: Mapping[str, Array],
    runtime: str,
    top: int,
    threshold: float | None,
    file: Path | None,
    read: Read | None = None,
    *,
    soft: bool = False,
) -> Answer:
    """What outputs say.

    Args:
        question: What was asked.
        outputs: By name.
        runtime: What computed them.
        top: How many labels.
        threshold: What an object must score; None for what the model says, or `THRESHOLD`.
        file: Where the picture goes with what is found drawn in it.
        read: Reads the lines of text that are found.
        soft: Whether objects that overlap score less, and are not left out at once.

    Raises:
        ValidationError: There is something to read with, and the model finds no lines.
        WebNNError: It is not said what any output is, all objects stay, so that none can be `soft`, or the file cannot be written.
    """
    metadata = Metadata.of(question.graph)
    meanings = {name: meaning for name, meaning in metadata.tensors.items() if name in outputs}
    boxed = any(isinstance(meaning, answers.OF_OBJECTS) for meaning in meanings.values())
    labels = {
        name: answers.best(outputs[name], meaning, top)
        for name, meaning in meanings.items()
        if isinstance(meaning, Labels) and not boxed and outputs[name].size == len(meaning.names)
    }
    values = {
        name: measured(outputs[name], meaning)
        for name, meaning in meanings.items()
        if isinstance(meaning, Regression) and outputs[name].size == len(meaning.targets)
    }
    if soft and not any(isinstance(meaning, Detections | Centers | Level) and not _is_final(meaning) for meaning in meanings.values()):
        raise WebNNError(f"--soft: {question.graph.name} has no boxes of which those that overlap are left out")
    found = _found(question, outputs, meanings, threshold, read, soft)
    texts = {name: answers.spelled(outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Characters)}
    segments: dict[str, Segmented] = {}
    depths: dict[str, Distances] = {}
    for name, meaning in meanings.items():
        if not question.fit:
            continue
        if isinstance(meaning, Mask) or (isinstance(meaning, Labels) and is_map(outputs[name].shape, meaning)):
            segments[name] = segmented(outputs[name], meaning, question.size, question.fit)
        elif isinstance(meaning, Depth):
            depths[name] = distances(outputs[name], meaning.inverse, question.size, question.fit)
    mask = _mask(question)
    parts = {
        name: named_parts(outputs[name], meaning, question.marked, question.text or "")
        for name, meaning in meanings.items()
        if question.marked and isinstance(meaning, Labels) and name not in labels and _is_of_tokens(outputs[name], meaning)
    }
    vectors = {name: embedded(outputs[name], meaning, mask) for name, meaning in meanings.items() if isinstance(meaning, Embedding)}
    if found is None and not any((labels, values, texts, segments, depths, vectors, question.marked and parts)):
        raise WebNNError(f"{question.graph.name} does not say what its outputs are", naming(question.file))
    if file and found is None and not (segments or depths):
        raise WebNNError(f"--save: {question.graph.name} says nothing that is drawn in a picture", "objects, segments and depths are")
    if file and question.picture:
        _save(question.picture, found or [], [*segments.values(), *depths.values()], file)
    return Answer(metadata.task, labels, values, found, texts, segments, depths, vectors, parts, runtime, file, bool(read))


def _found(
    question: Asked,
    outputs: Mapping[str, Array],
    meanings: Mapping[str, Meaning],
    threshold: float | None,
    read: Read | None,
    soft: bool,
) -> Sequence[answers.Found] | None:
    """What is in a picture; None where the model does not say it."""
    for name, meaning in meanings.items():
        if isinstance(meaning, Regions) and question.picture and question.fit:
            lines = regions(outputs[name], meaning, question.size, question.fit, threshold)
            return read(question.picture, lines) if read else lines
    if read:
        what = f"{question.graph.name} is to find lines of text, and none of its outputs is said to be regions"
        raise ValidationError(what, f"webnn2json {quote(str(question.file))} --task text-detection can say so", code=Code.REFUSED)
    if not question.fit or not any(isinstance(meaning, answers.OF_OBJECTS) for meaning in meanings.values()):
        return None
    return answers.objects(outputs, meanings, question.size, question.fit, THRESHOLD if threshold is None else threshold, soft)


def _is_final(meaning: Detections | Centers | Level) -> bool:
    """Whether no box overlaps another."""
    return isinstance(meaning, Detections) and meaning.form == "final"


def _mask(question: Asked) -> Array | None:
    """Which tokens are there."""
    if not question.marked:
        return None
    _, operand = next(iter(inputs_of(question.meanings, question.graph.operands).values()))
    return np.arange(operand.shape[-1]) < len(question.marked.ids)


def _is_of_tokens(numbers: Array, labels: Labels) -> bool:
    """Whether there are labels for each token of one text."""
    return numbers.ndim > 1 and labels.axis in (-1, numbers.ndim - 1) and numbers.size == numbers.shape[-1] * numbers.shape[-2]


def _save(picture: Picture, found: Sequence[answers.Found], maps: Sequence[Segmented | Distances], file: Path) -> None:
    from webnn_graph.tasks.drawing import coloured, drawn

    content = io.BytesIO()
    try:
        for one in maps:
            picture = coloured(picture, one)
        drawn(picture, found).save(content, FORMATS[file.suffix.lower()])
    except (OSError, ValueError) as error:  # JPEG and WebP have largest sizes
        raise WebNNError(f"{file}: the picture cannot be written: {one_line(str(error), 200)}", "a .png file takes any") from None
    write_all({file: lambda: [content.getbuffer()]})
