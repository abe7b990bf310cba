"""What ``webnn run`` says of a picture or a sound: labels, boxes, text, maps, vectors, as the graph's metadata tell."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.commands.console import Result, say, show_table
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.feeds import complete
from webnn_graph.formats.files import write_all
from webnn_graph.generation.sound import read_sound
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Boxes, Characters, Depth, Detections, Embedding, Image, Labels, Mask, Meaning, Metadata
from webnn_graph.tasks import answers
from webnn_graph.tasks.maps import Distances, Segmented, distances, is_map, segmented
from webnn_graph.tasks.pictures import Fit, prepared, read_picture
from webnn_graph.tasks.sounds import fitted
from webnn_graph.tasks.vectors import embedded
from webnn_graph.wording import one_line

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

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
        picture: The picture; None for none.
        fit: How that lies in the model's input.
        size: Height and width of the input.
        feeds: Values of inputs, by name.
    """

    graph: Graph
    picture: Picture | None = None
    fit: Fit | None = None
    size: tuple[int, int] = (0, 0)
    feeds: dict[str, Array] = field(default_factory=dict)

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """What inputs and outputs are."""
        return Metadata.of(self.graph).tensors


def asked(graph: Graph, image: Path | None, audio: Path | None, given: Mapping[str, Array], seed: int) -> Asked:
    """What a graph is given for a picture or a sound.

    Raises:
        ValidationError: It takes none, or several, or an input's values are given, too.
        FormatError: The file is none, or damaged.
    """
    question = Asked(graph)
    if image:
        name, meaning = _input(question, Image, "picture", "--image x:rgb,mean=0.5")
        operand = graph.operands[name]
        question.picture, question.size = read_picture(image), meaning.size(operand.shape)
        question.feeds[name], question.fit = prepared(question.picture, meaning, operand)
    if audio:
        name, sound = _input(question, Audio, "sound", "--audio x:16000")
        question.feeds[name] = fitted(read_sound(audio, sound.sampling_rate), sound, graph.operands[name])
    twice = next((name for name in question.feeds if name in given), None)
    if twice is not None:
        raise ValidationError(f"input {twice} is given twice, by {'--image' if image else '--audio'} and by its values")
    question.feeds = complete(graph, {**given, **question.feeds}, seed)
    return question


def _input(question: Asked, kind: type[Any], what: str, example: str) -> tuple[str, Any]:
    """The input that is a picture, or a sound."""
    found = [(name, meaning) for name, meaning in question.meanings.items() if isinstance(meaning, kind)]
    if len(found) != 1:
        number = "none of its inputs is said to be one" if not found else f"{len(found)} of its inputs are"
        raise ValidationError(f"{question.graph.name} is given a {what}, and {number}", f"webnn2json GRAPH {example} says so")
    return found[0]


@dataclass(frozen=True)
class Answer(Result):
    """What a model says.

    Attributes:
        task: What the model is for.
        labels: The most probable labels of each output that has some for all that went in.
        objects: What is in the picture; None where the model says none.
        texts: What is written or said, with its score.
        segments: The label of each pixel.
        depths: How far away each pixel is.
        vectors: What went in as a vector.
        runtime: What computed it.
        file: Where the picture was saved.
    """

    task: str
    labels: Mapping[str, Sequence[answers.Scored]]
    objects: Sequence[answers.Found] | None
    texts: Mapping[str, tuple[str, float]]
    segments: Mapping[str, Segmented]
    depths: Mapping[str, Distances]
    vectors: Mapping[str, Array]
    runtime: str
    file: Path | None = None

    def show(self) -> None:
        """See `Result`."""
        for name, labels in self.labels.items():
            show_table([name, ">score"], [(one.label, f"{one.score:.4f}") for one in labels])
        if self.objects is not None:
            rows = [(one.label, f"{one.score:.4f}", *(f"{side:.1f}" for side in one.box)) for one in self.objects]
            if rows:
                show_table(["object", ">score", ">left", ">top", ">right", ">bottom"], rows)
            else:
                say("nothing is found; --threshold asks for less probable things")
        for text, score in self.texts.values():
            say(f"{text}  ({score:.4f})")
        for name, segments in self.segments.items():
            show_table([name, ">share"], [(one.label, f"{one.score:.4f}") for one in segments.shares])
        for name, depth in self.depths.items():
            nearest = ", the larger the nearer" if depth.inverse else ""
            say(f"{name}: from {depth.values.min():.4g} to {depth.values.max():.4g}{nearest}")
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
            "objects": None if self.objects is None else [asdict(one) for one in self.objects],
            "texts": {name: {"text": text, "score": score} for name, (text, score) in self.texts.items()},
            "segments": {name: [{"label": one.label, "share": one.score} for one in found.shares] for name, found in self.segments.items()},
            "depths": {
                name: {"min": float(depth.values.min()), "max": float(depth.values.max()), "inverse": depth.inverse}
                for name, depth in self.depths.items()
            },
            "vectors": {name: vector.tolist() for name, vector in self.vectors.items()},
            "runtime": self.runtime,
            "file": str(self.file) if self.file else None,
        }


def answer(question: Asked, outputs: Mapping[str, Array], runtime: str, top: int, threshold: float, file: Path | None) -> Answer:
    """What outputs say.

    Args:
        question: What was asked.
        outputs: By name.
        runtime: What computed them.
        top: How many labels.
        threshold: What an object must score.
        file: Where the picture goes with what is found drawn in it.

    Raises:
        WebNNError: It is not said what any output is, or the file cannot be written.
    """
    metadata = Metadata.of(question.graph)
    meanings = {name: meaning for name, meaning in metadata.tensors.items() if name in outputs}
    boxed = any(isinstance(meaning, Boxes | Detections) for meaning in meanings.values())
    labels = {
        name: answers.best(outputs[name], meaning, top)
        for name, meaning in meanings.items()
        if isinstance(meaning, Labels) and not boxed and outputs[name].size == len(meaning.names)
    }
    found = answers.objects(outputs, meanings, question.size, question.fit, threshold) if boxed and question.fit else None
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
    vectors = {name: embedded(outputs[name], meaning) for name, meaning in meanings.items() if isinstance(meaning, Embedding)}
    if found is None and not any((labels, texts, segments, depths, vectors)):
        raise WebNNError(f"{question.graph.name} does not say what its outputs are", "webnn2json GRAPH --labels FILE names them")
    if file and question.picture:
        _save(question.picture, found or [], [*segments.values(), *depths.values()], file)
    return Answer(metadata.task, labels, found, texts, segments, depths, vectors, runtime, file)


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
