"""A converted graph, and what its metadata say of inputs and outputs, as one graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import msgspec

from converters.joining import answers, pictures, scales, sounds
from converters.joining.steps import Beginning, Ending
from webnn_graph.builder import GraphBuilder
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Audio, Boxes, Characters, Detections, Embedding, Image, Labels, Mask, Metadata
from webnn_graph.passes.rewrite import as_it_is, replay

BEGINNINGS: Mapping[type[Any], Callable[..., Beginning | None]] = MappingProxyType({Image: pictures.beginning, Audio: sounds.beginning})
"""What is put before an input, by what it is; None where a page has just that."""
ENDINGS: Mapping[type[Any], Callable[[Graph, Operand, Any], Ending | None]] = MappingProxyType(
    {
        Labels: answers.labels,
        Mask: answers.mask,
        Boxes: answers.boxes,
        Detections: answers.detections,
        Characters: answers.characters,
        Embedding: answers.embedding,
    }
)
"""What is put behind an output, by what it is; None where nothing is left to do."""


@dataclass(frozen=True)
class Joined:
    """A graph with more steps than its model.

    Attributes:
        graph: The graph.
        before: That of the model alone.
        beginnings: What was put before inputs, by name.
        endings: What was put behind outputs, by name.
    """

    graph: Graph
    before: Graph
    beginnings: Mapping[str, Beginning]
    endings: Mapping[str, Ending]

    def prepared(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Values for the model's inputs of those for the graph's, without the graph."""
        return {name: self.beginnings[name].prepared(array) if name in self.beginnings else array for name, array in feeds.items()}

    def expected(self, outputs: Mapping[str, Array], feeds: Mapping[str, Array], actual: Mapping[str, Array]) -> dict[str, Array]:
        """What the graph's outputs should be of the model's outputs and inputs, see `Ending.expected`."""
        return {
            name: self.endings[name].expected(array, feeds, actual[name]) if name in self.endings else array
            for name, array in outputs.items()
        }


def joined(
    graph: Graph,
    *,
    preprocessing: bool = False,
    postprocessing: bool = False,
    rounding: bool = False,
    picture_size: tuple[int, int] | None = None,
) -> Joined:
    """A graph that begins at what a page has, ends at what it wants, or both.

    Args:
        graph: Its metadata say what its inputs and outputs are.
        preprocessing: Whether inputs become what a page has: the bytes of a picture, the samples of a sound.
        postprocessing: Whether outputs become what is wanted: probabilities, corners of boxes, masks, characters, one vector.
        rounding: Whether weights are going to be rounded, see `converters.joining.scales.folded`.
        picture_size: Height and width of pictures, which the graph resizes; None for those that the model takes.

    Raises:
        ValidationError: It is not said what any input is, or any output, or one cannot be joined to; or there is no picture to resize.
    """
    metadata = Metadata.of(graph)
    beginnings = _beginnings(graph, metadata, picture_size) if preprocessing else {}
    endings = _endings(graph, metadata) if postprocessing else {}

    def begin(b: GraphBuilder, operand: Operand) -> Operand:
        step = beginnings.get(operand.name)
        if step is None:
            return as_it_is(b, operand)
        with b.source(label_of(operand.name, step)):
            return step.build(b, b.input(operand.name, step.operand.data_type, step.operand.shape))

    steps: list[tuple[str, Beginning | Ending]] = [*beginnings.items(), *endings.items()]
    tensors = metadata.tensors | {name: msgspec.structs.replace(step.meaning, joined=True) for name, step in steps}
    said = [f"{name} {step.says}" for name, step in steps]
    if preprocessing and not beginnings:
        said += [f"{graph.name} begins at what a page has already"]
    if postprocessing and not endings:
        said += [f"nothing is left to do for the outputs of {graph.name}"]
    about = replace(graph, metadata=msgspec.structs.replace(metadata, tensors=tensors).document(), notes=(*graph.notes, *said))
    made = replay(about, {}, begin, {operand: endings[operand.name].build for operand in graph.outputs if operand.name in endings})
    return Joined(scales.folded(made, rounding) if beginnings else made, graph, beginnings, endings)


def label_of(name: str, step: Beginning) -> str:
    """The label of the calls before an input."""
    return f"{name} of {step.meaning.kind}"


def _beginnings(graph: Graph, metadata: Metadata, picture_size: tuple[int, int] | None) -> dict[str, Beginning]:
    found = {}
    if picture_size and not any(isinstance(meaning, Image) for meaning in metadata.tensors.values()):
        raise ValidationError(f"no input of {graph.name} is said to be a picture", _saying(graph), code=Code.REFUSED)
    for operand in graph.inputs:
        meaning = metadata.tensors.get(operand.name)
        kind = BEGINNINGS.get(type(meaning))
        how = {"size": picture_size} if isinstance(meaning, Image) else {}
        if kind and (step := kind(operand, meaning, **how)):
            found[operand.name] = step
    if not any(type(meaning) in BEGINNINGS for meaning in metadata.tensors.values()):
        raise ValidationError(f"no input of {graph.name} is said to be a picture or a sound", _saying(graph), code=Code.REFUSED)
    return found


def _saying(graph: Graph) -> str:
    """How somebody says that an input is a picture."""
    given = graph.given_inputs
    return f"--image {given[0].name if len(given) == 1 else 'INPUT'}:rgb,mean=0.5,std=0.5 can say so"


def _endings(graph: Graph, metadata: Metadata) -> dict[str, Ending]:
    found = {}
    for operand in graph.outputs:
        meaning = metadata.tensors.get(operand.name)
        kind = ENDINGS.get(type(meaning))
        if kind and (step := kind(graph, operand, meaning)):
            found[operand.name] = step
    if not any(operand.name in metadata.tensors for operand in graph.outputs):
        raise ValidationError(f"it is not said what any output of {graph.name} is", "--labels FILE can name them", code=Code.REFUSED)
    return found
