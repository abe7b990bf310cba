"""A graph that gives what is wanted of a model's numbers: probabilities, corners, masks, characters, one vector.

Outputs keep their names. What each becomes is computed by `webnn_graph.tasks.answers` in the values that say what is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec
import numpy as np

from converters.joining.steps import Ending
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Boxes, Characters, Detections, Embedding, Labels, Mask, Metadata, Tokens, picture_size, strides_of
from webnn_graph.passes.rewrite import Mapped
from webnn_graph.tasks.answers import corners, grids, in_cells, probabilities
from webnn_graph.tasks.maps import both

TIE = 1e-4
"""How much less than the largest of some numbers, as a share of them, may be as good: rounding decides which is the largest then."""
LEAST_COUNT, LEAST_LENGTH = 1e-9, 1e-12
"""What vectors are divided by at least: a number of tokens, a length."""


# ------------------------------------------------------------------------------------------------------------------- labels
def labels(graph: Graph, operand: Operand, meaning: Labels) -> Ending | None:
    """Probabilities of logits, without the last label if it stands for nothing; of each pixel the number of the most probable one."""
    axis = meaning.axis % operand.rank
    is_map = axis == operand.rank - 3 or (operand.rank == 4 and axis == 3)
    if not meaning.several and len(meaning.names) == 1:
        return None  # which is always the most probable one
    if is_map and not meaning.several and operand.size > len(meaning.names):
        return _mask(operand, meaning, axis)
    if not operand.data_type.is_float:
        return None
    kept = len(meaning.names) - (not meaning.names[-1] and len(meaning.names) > 1)
    if meaning.scores == "probabilities" and kept == len(meaning.names):
        return None

    def build(b: GraphBuilder, x: Operand, new: Mapped) -> Operand:
        if meaning.scores == "logits":
            x = b.sigmoid(x) if meaning.several else b.softmax(x, axis)
        return _part(b, x, axis, 0, kept)

    return Ending(
        msgspec.structs.replace(meaning, names=meaning.names[:kept], scores="probabilities"),
        build,
        lambda numbers, *_: probabilities(numbers, meaning).take(range(kept), axis),
        "has probabilities",
    )


def _mask(operand: Operand, meaning: Labels, axis: int) -> Ending:
    data_type = DataType.UINT8 if len(meaning.names) <= 256 else DataType.INT32
    return Ending(
        Mask(names=meaning.names),
        lambda b, x, new: b.cast(b.argMax(x, axis), data_type),
        lambda numbers, _, actual: _chosen(numbers, axis, actual),
        f"is a mask, the number of the most probable label of each of {_pixels(operand, axis)} pixels",
    )


def _pixels(operand: Operand, axis: int) -> str:
    height, width = operand.shape[1:3] if axis == operand.rank - 1 else operand.shape[-2:]
    return f"{width} x {height}"


def _chosen(numbers: Array, axis: int, actual: Array) -> Array:
    """The places of the largest numbers along an axis; what was chosen where these are hardly larger."""
    values = numbers.astype(np.float64)
    best, size = values.argmax(axis), numbers.shape[axis]
    places = np.clip(actual.reshape(best.shape).astype(np.int64), 0, size - 1)
    largest, taken = (np.take_along_axis(values, np.expand_dims(p, axis), axis).squeeze(axis) for p in (best, places))
    scale = np.abs(values).max(initial=0, where=np.isfinite(values))
    return np.where(largest - taken <= TIE * scale, places, best).reshape(actual.shape)


def mask(graph: Graph, operand: Operand, meaning: Mask) -> Ending | None:
    """The number of the more probable one of two labels for each pixel, of the scores of the second one."""
    if meaning.scores == "none" or not operand.data_type.is_float:
        return None

    def expected(numbers: Array, _: Mapping[str, Array], actual: Array) -> Array:
        return _chosen(both(numbers, meaning), 0, actual)

    says = f"is a mask, the number of the more probable label of each of {_pixels(operand, 0)} pixels"
    return Ending(Mask(names=meaning.names), lambda b, x, new: b.greater(x, meaning.half), expected, says)


# -------------------------------------------------------------------------------------------------------------------- boxes
def boxes(graph: Graph, operand: Operand, meaning: Boxes) -> Ending | None:
    """Corners of boxes."""
    if meaning.format == "xyxy":
        return None
    return Ending(
        msgspec.structs.replace(meaning, format="xyxy"),
        lambda b, x, new: _corners(b, x, meaning.format, x.rank - 1),
        lambda numbers, *_: corners(numbers.reshape(-1, 4), meaning.format).reshape(numbers.shape),
        "has corners: left, top, right, bottom",
    )


def detections(graph: Graph, operand: Operand, meaning: Detections) -> Ending | None:
    """Corners, score and label of each of YOLO's boxes, and what is behind them; which of those that overlap are one is left to see."""
    if meaning.form in ("best", "final") or not any(meaning.names):
        return None
    axis = operand.rank - (2 if meaning.form == "columns" else 1)
    first = 5 if meaning.form in ("objects", "cells") else 4
    size = picture_size(graph.inputs, Metadata.of(graph).tensors) if meaning.form == "cells" else None
    unnamed = np.array([0 if name else np.inf for name in meaning.names])

    def build(b: GraphBuilder, x: Operand, new: Mapped) -> Operand:
        scores = _part(b, x, axis, first, len(meaning.names))
        if unnamed.any():  # labels that stand for nothing are never the best
            most = float(np.finfo(x.data_type.numpy).max)
            scores = b.sub(scores, b.constant(np.minimum(unnamed, most).reshape([-1] + [1] * (x.rank - 1 - axis)), x.data_type))
        best = b.reduceMax(scores, axes=[axis], keepDimensions=True)
        if first == 5:
            best = b.mul(best, _part(b, x, axis, 4, 1))
        number = b.argMax(scores, axis, keepDimensions=True)
        boxes = _part(b, x, axis, 0, 4)
        parts = [_corners(b, _in_cells(b, boxes, size) if size else boxes, "cxcywh", axis), best, number]
        parts += [_part(b, x, axis, meaning.first, meaning.rest)] if meaning.rest else []
        made = b.concat([b.cast(part, "float32") for part in parts], axis)
        return made if axis == x.rank - 1 else b.transpose(made, permutation=[*range(x.rank - 2), x.rank - 1, x.rank - 2])

    def expected(numbers: Array, _: Mapping[str, Array], actual: Array) -> Array:
        rows = np.moveaxis(numbers.astype(np.float64), axis, -1)
        scores = rows[..., first : meaning.first] - unnamed
        number = _chosen(scores, -1, actual[..., 5])[..., None]
        best = np.take_along_axis(scores, number, -1) * (rows[..., 4:5] if first == 5 else 1)
        boxes = np.concatenate([in_cells(one, size) if size else one for one in rows[..., :4].reshape(-1, *rows.shape[-2:-1], 4)])
        made = corners(boxes, "cxcywh").reshape(*rows.shape[:-1], 4)
        return np.concatenate([made, best, number, rows[..., meaning.first :]], -1)

    more = "and its points" if meaning.points else "and the coefficients of its mask" if meaning.coefficients else "and its number"
    says = f"has for each box corners, the score of the most probable label, {'its number, ' if meaning.rest else ''}{more}"
    return Ending(msgspec.structs.replace(meaning, form="best"), build, expected, says)


def _in_cells(b: GraphBuilder, x: Operand, size: tuple[int, int]) -> Operand:
    """Boxes of YOLOX as centres and sizes, in pixels."""
    cells, axis = grids(size, strides_of(size, x.shape[-2]) or ()).astype(np.float32), x.rank - 1
    parts = [b.add(_part(b, x, axis, 0, 2), b.constant(cells[:, :2], x.data_type)), b.exp(_part(b, x, axis, 2, 2))]
    return b.mul(b.concat(parts, axis), b.constant(cells[:, 2:], x.data_type))


def _corners(b: GraphBuilder, x: Operand, form: str, axis: int) -> Operand:
    """Boxes along an axis, corner or centre and size, as corners."""
    first, size = _part(b, x, axis, 0, 2), _part(b, x, axis, 2, 2)
    if form == "cxcywh":
        first = b.sub(first, b.mul(size, 0.5))
    return b.concat([first, b.add(first, size)], axis)


def _part(b: GraphBuilder, x: Operand, axis: int, first: int, count: int) -> Operand:
    """So many elements along an axis from a place on."""
    starts, sizes = [0] * x.rank, list(x.shape)
    starts[axis], sizes[axis] = first, count
    return b.slice(x, starts, sizes)


# --------------------------------------------------------------------------------------------------------------- characters
def characters(graph: Graph, operand: Operand, meaning: Characters) -> Ending | None:
    """CTC's best path: the number of the most probable character of each step, and its probability."""
    if meaning.scores == "path" or not operand.data_type.is_float:
        return None
    axis = operand.rank - 1

    def build(b: GraphBuilder, x: Operand, new: Mapped) -> Operand:
        scores = b.softmax(x, axis) if meaning.scores == "logits" else x
        parts = b.argMax(x, axis, keepDimensions=True), b.reduceMax(scores, axes=[axis], keepDimensions=True)
        return b.concat([b.cast(part, "float32") for part in parts], axis)

    def expected(numbers: Array, _: Mapping[str, Array], actual: Array) -> Array:
        number = _chosen(numbers, -1, actual[..., 0])[..., None]
        return np.concatenate([number, np.take_along_axis(probabilities(numbers, meaning), number, -1)], -1)

    says = "has for each step the number of the most probable character, and its probability"
    return Ending(msgspec.structs.replace(meaning, scores="path"), build, expected, says)


# --------------------------------------------------------------------------------------------------------------- embeddings
def embedding(graph: Graph, operand: Operand, meaning: Embedding) -> Ending | None:
    """One vector of those of all tokens, which has length 1 if it is said to have."""
    if meaning.pooling == "none" or operand.rank != 3:
        return None
    tensors = Metadata.of(graph).tensors
    masks = [o for o in graph.inputs if isinstance(t := tensors.get(o.name), Tokens) and t.holds == "mask" and o.shape == operand.shape[:2]]
    mask = masks[0] if masks else None

    def build(b: GraphBuilder, x: Operand, new: Mapped) -> Operand:
        x = b.cast(x, "float32")
        pooled = _pooled(b, x, new(mask) if mask else None, meaning.pooling)
        if not meaning.normalized:
            return pooled
        return b.div(pooled, b.max(b.reduceL2(pooled, axes=[1], keepDimensions=True), LEAST_LENGTH))

    return Ending(
        Embedding(normalized=meaning.normalized),
        build,
        partial(_vector, meaning=meaning, mask=mask.name if mask else None),
        f"is one vector{' of length 1' if meaning.normalized else ''}",
    )


def _pooled(b: GraphBuilder, x: Operand, mask: Operand | None, pooling: str) -> Operand:
    """[batch, size] of [batch, tokens, size] and a mask [batch, tokens]."""
    batch, tokens, size = x.shape
    if pooling == "first" or (mask is None and pooling == "last"):
        return b.reshape(_part(b, x, 1, 0 if pooling == "first" else tokens - 1, 1), [batch, size])
    if mask is None:
        return b.reduceMean(x, axes=[1])
    there = b.cast(mask, "float32")
    if pooling == "last":
        last = b.argMax(b.mul(there, np.arange(1, tokens + 1, dtype=np.float32)), 1, keepDimensions=True)
        there = b.cast(b.equal(b.constant(np.arange(tokens, dtype=np.int32)[None]), last), "float32")
    total = b.reduceSum(b.mul(x, b.reshape(there, [batch, tokens, 1])), axes=[1])
    return total if pooling == "last" else b.div(total, b.max(b.reduceSum(there, axes=[1], keepDimensions=True), LEAST_COUNT))


def _vector(numbers: Array, feeds: Mapping[str, Array], actual: Array, meaning: Embedding, mask: str | None) -> Array:
    """Token after token, as sentence-transformers' modules define it."""
    rows = []
    for i, vectors in enumerate(numbers.astype(np.float64)):
        there = np.flatnonzero(feeds[mask][i]) if mask else np.arange(len(vectors))
        chosen = {"first": vectors[:1], "last": vectors[there[-1:]], "mean": vectors[there]}[meaning.pooling]
        vector = chosen.sum(0) / max(len(chosen), LEAST_COUNT)
        rows.append(vector / max(np.linalg.norm(vector), LEAST_LENGTH) if meaning.normalized else vector)
    return np.stack(rows)
