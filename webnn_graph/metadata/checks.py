"""Whether what is said of a graph holds of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod
from types import MappingProxyType
from typing import Protocol

from webnn_graph.codes import Code
from webnn_graph.errors import ValidationError
from webnn_graph.metadata.document import Meaning, Metadata
from webnn_graph.metadata.inputs import Image
from webnn_graph.metadata.objects import Centers, Detections, Level, geometry_of, levels_of, prototypes_of, strides_of
from webnn_graph.metadata.outputs import State


class Tensor(Protocol):
    """An input or output, as an `Operand` is one."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        ...


def picture_size(inputs: Iterable[Tensor], tensors: Mapping[str, Meaning]) -> tuple[int, int] | None:
    """Height and width that a model takes its first picture in, by what a graph's inputs mean; None where there is none."""
    pictures = ((tensor.shape, tensors.get(tensor.name)) for tensor in inputs if len(tensor.shape) >= 3)
    return next((meaning.model_size(shape) for shape, meaning in pictures if isinstance(meaning, Image)), None)


def check(
    metadata: Metadata,
    inputs: Iterable[Tensor],
    outputs: Iterable[Tensor],
    said: Mapping[str, str] = MappingProxyType({}),
    code: Code | None = None,
) -> None:
    """Raises `ValidationError`, with this code, where metadata contradict the inputs and outputs of a graph; see `problems`."""
    for problem in problems(metadata, inputs, outputs, said):
        raise ValidationError(problem, code=code)


def problems(
    metadata: Metadata, inputs: Iterable[Tensor], outputs: Iterable[Tensor], said: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """What of metadata contradicts the inputs and outputs of a graph.

    Args:
        metadata: What is said.
        inputs, outputs: Those of the graph.
        said: Who says what a tensor is, by name, where another one does than metadata, like ``--image says``.
    """
    inputs = list(inputs)
    shapes = {"input": {tensor.name: tensor.shape for tensor in inputs}, "output": {tensor.name: tensor.shape for tensor in outputs}}
    size = picture_size(inputs, metadata.tensors)
    for name, meaning in metadata.tensors.items():
        side = "input" if meaning.is_input else "output"
        shape = shapes[side].get(name)
        if shape is None:
            yield f"metadata call {name} {meaning.kind}, and there is no such {side}"
        else:
            yield from (
                f"{side} {name} {list(shape)} is not {meaning.kind} as {said.get(name, 'metadata say')}: {why}"
                for why in meaning.problems(shape)
            )
            if isinstance(meaning, State) and shapes["input"].get(meaning.input) != shape:
                yield f"output {name} {list(shape)} is not the next value of an input {meaning.input}: there is none of this shape"
            is_in_cells = isinstance(meaning, Detections) and meaning.form == "cells" and len(shape) > 1
            if is_in_cells and not (size and strides_of(size, shape[-2])):
                yield f"output {name} {list(shape)} has no box for each cell of grids over a picture"
            if isinstance(meaning, Detections) and meaning.coefficients and not prototypes_of(meaning, metadata.tensors, shapes["output"]):
                yield f"output {name} {list(shape)} has {meaning.coefficients} coefficients, and no output is as many prototypes"
            if isinstance(meaning, Centers) and len(shape) > 2:
                whys = _of_cells(meaning, shape, size, metadata.tensors, shapes["output"])
                yield from (f"output {name} {list(shape)} {why}" for why in whys)
            if isinstance(meaning, Level) and len(shape) > 1:
                whys = _of_level(name, meaning, size, metadata.tensors, shapes["output"])
                yield from (f"output {name} {list(shape)} {why}" for why in whys)


def _of_level(
    name: str, meaning: Level, size: tuple[int, int] | None, tensors: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[str]:
    """What contradicts the cells of a level."""
    cells = shapes[name][-2]
    if size is None:
        yield "has cells of a picture, and no input is said to be one"
    elif cells != prod(meaning.cells(size)):
        rows, columns = meaning.cells(size)
        yield f"has {cells} cells, and {rows} x {columns} of {meaning.stride} pixels cover a picture of {size[0]} x {size[1]}"
    if name not in levels_of(tensors, shapes):
        yield "has no sides of boxes: no output of as many cells is said to be sides"
    if any(isinstance(other, Level) and other.names != meaning.names for other in tensors.values()):
        yield "has other labels than another level"


def _of_cells(
    meaning: Centers,
    shape: tuple[int, ...],
    size: tuple[int, int] | None,
    tensors: Mapping[str, object],
    shapes: Mapping[str, tuple[int, ...]],
) -> Iterator[str]:
    """What contradicts the cells of centres."""
    if size is None:
        yield "has cells of a picture, and no input is said to be one"
    elif any(abs(cells * meaning.stride - pixels) >= meaning.stride for cells, pixels in zip(shape[-2:], size, strict=True)):
        wanted = " x ".join(str(-(-pixels // meaning.stride)) for pixels in size)
        yield f"has {shape[-2]} x {shape[-1]} cells, and {wanted} of {meaning.stride} pixels cover a picture of {size[0]} x {size[1]}"
    found = geometry_of(meaning, shape, tensors, shapes)
    for holds, count in meaning.geometry.items():
        if holds not in found:
            wanted = f"[..., {count}, {shape[-2]}, {shape[-1]}]"
            yield f"has no {holds} of its cells: no output of shape {wanted} is a geometry that holds them"
