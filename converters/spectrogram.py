"""Spectrograms as a graph: what models that take no samples are given of a sound."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand
from webnn_graph.spectrogram import Spectrogram
from webnn_graph.tasks.spectrograms import VARIANCE, before, filters, logarithm, transformed

SAMPLES, FEATURES = "samples", "input_features"


def spectrogram(how: Spectrogram, rate: int, shape: tuple[int, ...], name: str = "spectrogram") -> Graph:
    """What `webnn_graph.tasks.spectrograms.spectrogram` computes.

    Args:
        how: How it is made.
        rate: Samples a second.
        shape: Of the result.
        name: The graph's.

    Returns:
        A graph from ``samples`` float32[1, `Spectrogram.samples`] to ``input_features`` of this shape.
    """
    b = GraphBuilder(name)
    samples = b.input(SAMPLES, "float32", [1, how.samples(shape)])
    return b.build({FEATURES: of_samples(b, samples, how, rate, shape)})


def of_samples(b: GraphBuilder, samples: Operand, how: Spectrogram, rate: int, shape: tuple[int, ...]) -> Operand:
    """A spectrogram, float32 of a shape, of samples float32[1, n], as many as `Spectrogram.samples` says.

    Where it depends on how long the sound is, that ends at the last sample that is not 0.
    """
    count = how.frames(shape)
    found = _logarithms(b, _powers(b, _conditioned(b, _frames(b, samples, how, count), how), how, rate), how)
    there = _there(b, samples, how, count) if how.needs_length else None
    if how.range is not None:
        known = b.where(there, found, b.constant(np.float32(-1e30))) if there else found
        found = b.max(found, b.sub(b.reduceMax(known, axes=[0, 1], keepDimensions=True), how.range))
    if there:
        share = b.cast(there, "float32")
        found = b.mul(_normalized(b, found, how, share), share)
    found = b.div(b.sub(found, how.mean), how.std)
    rows = b.reshape(found, [count // how.stack, how.mels * how.stack])
    rows = rows if how.layout == "frames_mels" else b.transpose(rows, permutation=[1, 0])
    return b.expand(b.reshape(rows, [*[1] * (len(shape) - 2), *rows.shape]), list(shape))


def _frames(b: GraphBuilder, samples: Operand, how: Spectrogram, count: int) -> Operand:
    """Frames, and what is behind them up to a whole number of hops: [count, pieces * hop].

    The sound is cut into pieces of ``hop`` samples, which are rows, so that frames are rows side by side.
    """
    pieces = -(-how.length // how.hop)
    rows = count + pieces - 1
    padded = _reflected(b, samples, before(how), max(0, rows * how.hop), how.place)
    pieced = b.reshape(padded, [rows, how.hop])
    return b.concat([b.slice(pieced, [i, 0], [count, how.hop]) for i in range(pieces)], 1) if pieces > 1 else pieced


def _reflected(b: GraphBuilder, samples: Operand, begin: int, wanted: int, place: str) -> Operand:
    """So many samples, which begin before the sound; beyond it that is reflected, then there are zeros, which no frame reaches."""
    length = samples.shape[-1]
    end = max(0, min(wanted - begin - length, length - 1)) if place != "inside" else 0
    if place == "between":  # with the last sample, too
        parts = [b.slice(samples, [0, 0], [1, begin]), samples, b.slice(samples, [0, length - end], [1, end])]
        parts = [part if part is samples else b.reverse(part, axes=[1]) for part in parts if part.shape[1]]
        samples = b.concat(parts, 1)
    elif begin or end:
        samples = b.pad(samples, [0, begin], [0, end], mode="reflection")
    if samples.shape[1] > wanted:
        return b.slice(samples, [0, 0], [1, wanted])
    return b.pad(samples, [0, 0], [0, wanted - samples.shape[1]]) if samples.shape[1] < wanted else samples


def _conditioned(b: GraphBuilder, frames: Operand, how: Spectrogram) -> Operand:
    """Frames without their means, and pre-emphasised.

    It could be part of the matrix. But float32 would round sums of low frequencies then that are a thousand times what is left of them.
    """
    if not _is_conditioned(how):
        return frames
    found = b.mul(b.slice(frames, [0, 0], [frames.shape[0], how.length]), how.scale)
    if how.remove_dc:
        found = b.sub(found, b.reduceMean(found, axes=[1], keepDimensions=True))
    if how.preemphasis:
        before = b.concat([b.slice(found, [0, 0], [found.shape[0], 1]), b.slice(found, [0, 0], [found.shape[0], how.length - 1])], 1)
        found = b.add(b.sub(found, before), b.mul(before, 1 - how.preemphasis))  # what is nearly equal first: nothing is rounded
    return found


def _is_conditioned(how: Spectrogram) -> bool:
    return how.remove_dc or how.preemphasis > 0


def _powers(b: GraphBuilder, frames: Operand, how: Spectrogram, rate: int) -> Operand:
    """The powers of mels, [frames, mels]: window and Fourier transform are one matrix, cosines and sines of those
    frequencies that a mel has."""
    weights = filters(how, rate)
    kept = weights.any(1)
    scale = 1.0 if _is_conditioned(how) else how.scale
    waves = np.pad(transformed(np.eye(how.length) * scale, how), ((0, frames.shape[1] - how.length), (0, 0)))[:, kept]
    weights = weights[kept]
    parts = b.matmul(frames, b.constant(_narrow(np.concatenate([waves.real, waves.imag], 1)), name="waves"))
    squares = b.mul(parts, parts)
    if how.power == 2:
        return b.matmul(squares, b.constant(_narrow(np.concatenate([weights, weights])), name="mels"))
    real, imaginary = b.split(squares, 2, axis=1)
    return b.matmul(b.sqrt(b.add(real, imaginary)), b.constant(_narrow(weights), name="mels"))


def _narrow(values: Array) -> Array:
    return values.astype(np.float32)


def _logarithms(b: GraphBuilder, powers: Operand, how: Spectrogram) -> Operand:
    powers = b.max(powers, how.floor)
    return powers if how.log == "none" else b.mul(b.log(powers), logarithm(how))


def _there(b: GraphBuilder, samples: Operand, how: Spectrogram, count: int) -> Operand:
    """Which frames are of the sound and not of what fills it up, uint8[count, 1]."""
    length = samples.shape[-1]
    rows = -(-length // how.hop)
    pieced = b.reshape(b.pad(samples, [0, 0], [0, rows * how.hop - length]), [rows, how.hop])
    numbers = b.add(np.arange(rows, dtype=np.float32)[:, None] * how.hop, np.arange(1, how.hop + 1, dtype=np.float32))
    sounding = b.where(b.equal(pieced, 0.0), b.constant(np.float32(0)), numbers)
    ends = np.arange(count, dtype=np.float32)[:, None] * how.hop + how.first
    return b.greaterOrEqual(b.reduceMax(sounding, axes=[0, 1], keepDimensions=True), b.constant(ends))


def _normalized(b: GraphBuilder, found: Operand, how: Spectrogram, share: Operand) -> Operand:
    """Levels as `webnn_graph.tasks.spectrograms.normalized` makes them of the frames whose share is 1."""
    if how.normalize == "none":
        return found
    count = b.reduceSum(share, axes=[0, 1], keepDimensions=True)
    mean = b.div(b.reduceSum(b.mul(found, share), axes=[0], keepDimensions=True), b.max(count, 1.0))
    found = b.mul(b.sub(found, mean), share)
    if how.normalize == "mean":
        return found
    variance = b.div(b.reduceSum(b.mul(found, found), axes=[0], keepDimensions=True), b.max(b.sub(count, 1.0), 1.0))
    return b.div(found, b.sqrt(b.add(variance, VARIANCE)))
