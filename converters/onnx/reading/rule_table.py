"""What schemas say of ranks and values only in prose: one table by operator, for handlers to rely on.

What the handlers' own calls of the builder find is not repeated here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from onnx import TensorProto

from converters.onnx.reading import rules_microsoft
from converters.onnx.reading.rules import (
    CheckedNode,
    Rule,
    axis,
    finite,
    flags,
    numbers,
    of_all,
    one,
    one_of,
    rank,
    same_rank,
    shapes,
    values,
)
from converters.onnx.reading.rules_shared import (
    GLOBAL,
    GRID,
    NORMALIZED,
    POOLING,
    RECURRENT,
    convolution,
    divides,
    inner,
    positive,
    quantized,
)
from webnn_graph.graph import Operand

Shape: TypeAlias = tuple[int, ...]
ML, TRAINING, MICROSOFT = "ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft"


# ------------------------------------------------------------------------------------------------------------------- others
def _alike(operands: Sequence[Any]) -> bool:
    """Whether all are tensors of one rank, which is not 0."""
    ranks = {operand.rank if isinstance(operand, Operand) else 0 for operand in operands}
    return len(ranks) == 1 and ranks != {0}


def _resized(call: CheckedNode) -> None:
    """Resize and Upsample: as many scales or sizes as axes."""
    x, axes = call.operand("X"), call.attribute("axes")
    if x is None:
        return
    count = x.rank if axes is None else len(axes)
    call.require(count > 0, "X has no axes to resize")
    call.require(axes is None or len({item % x.rank for item in axes}) == count, f"axes {axes} contain one axis twice")
    given = call.attribute("scales")
    for name, array in (("scales", call.value("scales") if given is None else np.array(given)), ("sizes", call.value("sizes"))):
        if array is not None and (array.size or call.node.op_type == "Upsample"):
            call.require(array.shape == (count,), f"{name} has the shape {list(array.shape)}, expected [{count}]")
            call.require(positive(array), f"{name} {array.tolist()} are not all above 0")
            call.require(
                all(float(s) * n < 2**31 for s, n in zip(array, x.shape, strict=False)) or name == "sizes", f"{name} are too large"
            )
    roi = call.value("roi")
    call.require(roi is None or bool(np.isfinite(roi).all()), "roi has values that are not finite")


def _pieces(call: CheckedNode) -> None:
    """Split."""
    count = call.attribute("num_outputs")
    call.require(count in (None, len(call.node.output)), f"num_outputs is {count}, and it has {len(call.node.output)} outputs")


def _deformed(X: Shape, W: Shape, offset: Shape, group: int, offset_group: int) -> bool:
    taps = math.prod(W[2:])
    return divides(offset_group, X[1]) and offset[0] == X[0] and offset[1] == 2 * offset_group * taps and divides(group, X[1])


def _batched(data: Shape, indices: Shape, batch_dims: int) -> bool:
    return 0 <= batch_dims < min(len(data), len(indices)) and data[:batch_dims] == indices[:batch_dims]


def _heads(call: CheckedNode) -> None:
    """Attention: of rank 3 with numbers of heads that divide the last axis, or of rank 4."""
    operands = {name: call.operand(name) for name in ("Q", "K", "V")}
    ranks = {operand.rank for operand in operands.values() if operand is not None}
    call.require(ranks in ({3}, {4}), "Q, K and V must all have rank 3 or all rank 4")
    if ranks == {3}:
        for name, operand in operands.items():
            heads = call.attribute("q_num_heads" if name == "Q" else "kv_num_heads", 0)
            if operand is not None:
                call.require(divides(heads, operand.shape[-1]), f"{heads} heads do not divide the {operand.shape[-1]} elements of {name}")
    call.require(0 <= call.attribute("qk_matmul_output_mode", 0) <= 3, "qk_matmul_output_mode is none of 0 to 3")
    past = [call.operand(name) is None for name in ("past_key", "past_value")]
    call.require(past[0] == past[1], "past_key and past_value must be given together")


def _vector_points(*names: str) -> Rule:
    return rank(0, 1, *names)


# ------------------------------------------------------------------------------------------------------------- control flow
def _branches(call: CheckedNode) -> None:
    then, other = call.attribute("then_branch"), call.attribute("else_branch")
    call.require(
        len(then.output) == len(other.output) >= len(call.node.output), "its branches do not give as many values as it has outputs"
    )
    call.require(not then.input and not other.input, "its branches take inputs")


def _loop(call: CheckedNode) -> None:
    body, state = call.attribute("body"), max(0, len(call.inputs) - 2)
    call.require(len(body.input) == 2 + state, f"its body takes {len(body.input)} values, it gets {2 + state}")
    call.require(len(body.output) >= 1 + state, f"its body gives {len(body.output)} values, it needs at least {1 + state}")
    call.require(
        len(call.node.output) <= len(body.output) - 1,
        f"its body gives {len(body.output) - 1} results, it has {len(call.node.output)} outputs",
    )


def _scan(call: CheckedNode, operands: Sequence[Any], batch: int = 0) -> None:
    body, scanned = call.attribute("body"), call.attribute("num_scan_inputs", 0)
    states = len(operands) - scanned
    call.require(scanned >= 1 and states >= 0, f"num_scan_inputs is {scanned}; it has {len(operands)} inputs")
    call.require(len(body.input) == len(operands), f"its body takes {len(body.input)} values, it gets {len(operands)}")
    results = len(body.output) - states
    call.require(results >= 0, f"its body gives {len(body.output)} values, it needs at least {states}")
    call.require(
        len(call.node.output) <= len(body.output), f"its body gives {len(body.output)} values, it has {len(call.node.output)} outputs"
    )
    call.require(all(isinstance(operand, Operand) for operand in operands[states:]), "what it scans is no tensor")
    for name, count in (
        ("scan_input_axes", scanned),
        ("scan_input_directions", scanned),
        ("directions", scanned),
        ("scan_output_axes", results),
        ("scan_output_directions", results),
    ):
        given = call.attribute(name)
        call.require(not given or len(given) == count, f"{name} has {len(given or ())} entries, expected {count}")
        call.require("directions" not in name or set(given or ()) <= {0, 1}, f"{name} are not all 0 or 1")
    places = call.attribute("scan_input_axes") or [0] * scanned
    lengths_ = set()
    for operand, place in zip(operands[states:], places, strict=True):
        extent = operand.rank - batch
        call.require(-extent <= place < extent, f"axis {place} is out of range for rank {extent}")
        lengths_.add(operand.shape[batch:][place])
    call.require(len(lengths_) == 1, f"it scans axes of different lengths: {sorted(lengths_)}")


def _scan_9(call: CheckedNode) -> None:
    if call.has("sequence_lens"):  # before opset 9 it was the first input, and the first axis that of the batch
        operands = call.rest("initial_state_and_scan_inputs")
        batches = {operand.shape[:1] if isinstance(operand, Operand) else () for operand in operands}
        call.require(len(batches) == 1 and batches != {()}, "its inputs are not all of one batch")
        _scan(call, operands, 1)
    else:
        _scan(call, call.inputs)


def _sequence_map(call: CheckedNode) -> None:
    body, first = call.attribute("body"), call.inputs[0]
    call.require(len(body.input) == len(call.inputs), f"its body takes {len(body.input)} values, it gets {len(call.inputs)}")
    call.require(
        len(call.node.output) <= len(body.output), f"its body gives {len(body.output)} values, it has {len(call.node.output)} outputs"
    )
    counts = {len(value) for value in call.inputs if isinstance(value, list)}
    call.require(len(counts) <= 1, f"its sequences have different lengths, {len(first)} and others")


def _joined(call: CheckedNode) -> None:
    """ConcatFromSequence."""
    pieces, place, new = call.inputs[0], call.attribute("axis", 0), call.attribute("new_axis", 0)
    call.require(new in (0, 1), f"new_axis is {new}; it must be 0 or 1")
    ranks = {piece.rank for piece in pieces}
    call.require(len(ranks) <= 1, "its pieces have different ranks")
    for extent in (size + new for size in ranks):
        call.require(-extent <= place < extent, f"axis {place} is out of range for rank {extent}")


# ------------------------------------------------------------------------------------------------------ text, trees, training
def _grams(call: CheckedNode) -> None:
    """TfIdfVectorizer: where the n-grams of each length begin, and which column each counts for."""
    starts, columns = call.attribute("ngram_counts", ()), call.attribute("ngram_indexes", ())
    pool = call.attribute("pool_int64s") or call.attribute("pool_strings") or ()
    call.require(bool(starts) and starts[0] == 0, "ngram_counts does not begin with 0")
    ends = [*starts[1:], len(pool)]
    parts = list(zip(starts, ends, range(1, len(starts) + 1), strict=True))
    fits = all(0 <= start <= end and (end - start) % length == 0 for start, end, length in parts)
    call.require(fits, "ngram_counts does not divide the pool into n-grams")
    call.require(
        len(columns) == sum((end - start) // length for start, end, length in parts), "ngram_indexes has not one entry for each n-gram"
    )
    call.require(min(columns, default=-1) >= 0, "ngram_indexes is empty or has negative entries")
    weights = call.attribute("weights")
    call.require(weights is None or len(weights) == len(columns), "weights has not one entry for each n-gram")
    call.require(call.attribute("max_skip_count", 0) >= 0, "max_skip_count is negative")
    least, most = call.attribute("min_gram_length", 1), call.attribute("max_gram_length", 1)
    call.require(1 <= least <= most, f"min_gram_length is {least}, max_gram_length {most}")


def _trees(call: CheckedNode) -> None:
    """TreeEnsemble: lists of one length, numbers of nodes and leaves that exist."""
    nodes, leaves = len(call.attribute("nodes_featureids")), len(call.attribute("leaf_targetids"))
    for name in ("nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs", "nodes_missing_value_tracks_true"):
        given = call.attribute(name)
        call.require(
            (not given and "missing" in name) or len(given) == nodes, f"{name} has {len(given or ())} entries, there are {nodes} nodes"
        )
    for name, count in (("nodes_modes", nodes), ("nodes_splits", nodes), ("leaf_weights", leaves)):
        call.require(
            list(call.attribute(name).dims) == [count], f"{name} has the shape {list(call.attribute(name).dims)}, expected [{count}]"
        )
    call.require(call.attribute("nodes_modes").data_type == TensorProto.UINT8, "nodes_modes is not uint8")
    for way in ("true", "false"):
        ids, are_leaves = call.attribute(f"nodes_{way}nodeids"), call.attribute(f"nodes_{way}leafs")
        inside = all(0 <= i < (leaves if leaf else nodes) for i, leaf in zip(ids, are_leaves, strict=True))
        call.require(inside, f"nodes_{way}nodeids names a node or leaf that does not exist")
    roots, targets = call.attribute("tree_roots"), call.attribute("leaf_targetids")
    call.require(bool(roots) and all(0 <= root < nodes for root in roots), "tree_roots names a node that does not exist")
    count = call.attribute("n_targets", max(targets, default=0) + 1)
    call.require(
        bool(targets) and count >= 1 and all(0 <= target < count for target in targets), "leaf_targetids names a target that does not exist"
    )
    call.require(0 <= call.attribute("aggregate_function", 1) <= 3, "aggregate_function is none of 0 to 3")
    x = call.operand("X")
    features = call.attribute("nodes_featureids")
    call.require(
        x is None or all(0 <= feature < x.shape[1] for feature in features), "nodes_featureids names a feature that does not exist"
    )


def kinds(count: int) -> Rule:
    """The optimizers list ``count`` tensors for each that is optimized."""
    return of_all(f"it needs {count} inputs for each tensor besides R and T", lambda rest: bool(rest) and len(rest) % count == 0, "inputs")


SCATTER: tuple[Rule, ...] = (
    rank(1, None, "data"),
    same_rank("data", "indices", "updates"),
    shapes("indices and updates have different shapes", lambda i, u: i == u, "indices", "updates"),
)
WINDOW: tuple[Rule, ...] = (one("size"), values("size is less than 1", lambda size: bool((size >= 1).all()), "size"))
MATRICES: tuple[Rule, ...] = (rank(1, None, "A", "B"), shapes("A and B have different inner sizes", inner, "A", "B"))
ALONG: tuple[Rule, ...] = (rank(1, None, "input"), axis("input", after=1))
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    # convolution and pooling
    ("", "Conv"): convolution("X", "W", "B"),
    ("", "ConvInteger"): (*convolution("x", "w"), _vector_points("x_zero_point", "w_zero_point")),
    ("", "QLinearConv"): convolution("x", "w", "B"),
    ("", "ConvTranspose"): (
        *convolution("X", "W", "B", transposed=True),
        numbers(1, "output_shape"),
        shapes("output_shape does not fit X", lambda X, out: not out or len(out) in (len(X) - 2, len(X)), "X", output_shape=()),
    ),
    ("", "DeformConv"): (
        *convolution("X", "W", "B"),
        rank(4, 4, "X", "offset", "mask"),
        shapes("offset does not fit X, W and offset_group", _deformed, "X", "W", "offset", group=1, offset_group=1),
        shapes("mask does not fit offset", lambda mask, offset: mask[2:] == offset[2:] and 2 * mask[1] == offset[1], "mask", "offset"),
    ),
    ("", "Col2Im"): (
        rank(3, 3, "input"),
        rank(1, 1, "image_shape", "block_shape"),
        numbers(1, "strides", "dilations"),
        values(
            "image_shape and block_shape are not of one length, or not all above 0",
            lambda image, block: 0 < image.size == block.size and positive(image) and positive(block),
            "image_shape",
            "block_shape",
        ),
        shapes(
            "strides, dilations or pads have not as many entries as image_shape",
            lambda image, s, d, p: all(not given or len(given) == n * image[0] for given, n in ((s, 1), (d, 1), (p, 2))),
            "image_shape",
            strides=None,
            dilations=None,
            pads=None,
        ),
    ),
    ("", "MaxPool"): POOLING,
    ("", "AveragePool"): POOLING,
    ("", "LpPool"): POOLING,
    ("", "GlobalAveragePool"): GLOBAL,
    ("", "GlobalMaxPool"): GLOBAL,
    ("", "GlobalLpPool"): GLOBAL,
    ("", "MaxUnpool"): (
        *POOLING,
        shapes("X and I have different shapes", lambda X, indices: indices == X, "X", "I"),
        shapes("output_shape has not one entry for each axis of X", lambda X, out: out == (len(X),), "X", "output_shape"),
    ),
    ("", "MaxRoiPool"): (
        rank(4, 4, "X"),
        rank(2, 2, "rois"),
        finite("spatial_scale"),
        shapes("pooled_shape is not two sizes above 0", lambda p: len(p) == 2 and min(p) >= 1, pooled_shape=()),
        shapes("rois has not 5 numbers for each region", lambda rois: rois[1] == 5, "rois"),
    ),
    ("", "RoiAlign"): (
        rank(4, 4, "X"),
        rank(2, 2, "rois"),
        rank(1, 1, "batch_indices"),
        numbers(1, "output_height", "output_width"),
        numbers(0, "sampling_ratio"),
        finite("spatial_scale"),
        shapes("rois and batch_indices do not fit", lambda rois, index: rois == (index[0], 4), "rois", "batch_indices"),
        values("rois has values that are not finite", lambda rois: bool(np.isfinite(rois).all()), "rois"),
    ),
    # images at positions
    ("", "GridSample"): GRID,
    ("", "AffineGrid"): (
        values("size is not 4 or 5 sizes above 0", lambda size: size.shape in ((4,), (5,)) and positive(size), "size"),
        rank(3, 3, "theta"),
        shapes("theta does not fit size", lambda theta, size: theta[1:] == (size[0] - 2, size[0] - 1), "theta", "size"),
        values("theta does not fit size", lambda theta, size: theta.shape[0] == size[0], "theta", "size"),
    ),
    ("", "Resize"): (axis("X", "axes"), _resized, finite("cubic_coeff_a", "extrapolation_value")),
    ("", "Upsample"): (_resized,),
    # pieces
    ("", "Concat"): (of_all("its inputs have not all one rank above 0", _alike, "inputs"),),
    ("", "ConcatFromSequence"): (_joined,),
    ("", "Split"): (
        rank(1, None, "input"),
        axis("input"),
        numbers(1, "num_outputs"),
        values("split has negative entries", lambda split: bool((split >= 0).all()), "split"),
        numbers(0, "split"),
        shapes("split and num_outputs are given both", lambda split, count: count is None, "split", num_outputs=None),
        _pieces,
    ),
    ("", "SplitToSequence"): (
        rank(1, None, "input"),
        axis("input"),
        rank(0, 1, "split"),
        values("split is not above 0", lambda split: bool((split > 0).all() if split.ndim == 0 else (split >= 0).all()), "split"),
    ),
    ("", "Slice"): (
        rank(1, None, "data"),
        shapes("starts and ends have different lengths", lambda starts, ends: starts == ends, "starts", "ends"),
        shapes("starts and axes have different lengths", lambda starts, axes: starts == axes, "starts", "axes"),
        shapes("starts and steps have different lengths", lambda starts, steps: starts == steps, "starts", "steps"),
        shapes(
            "starts, ends and axes have different lengths",
            lambda starts, ends, axes: starts is None or len({len(starts), len(ends), len(starts if axes is None else axes)}) == 1,
            starts=None,
            ends=(),
            axes=None,
        ),
        shapes("starts has more entries than data has axes", lambda data, starts: starts == () or starts[0] <= len(data), "data", "starts"),
    ),
    ("", "CenterCropPad"): (
        rank(1, None, "input_data"),
        rank(1, 1, "shape"),
        axis("input_data", "axes"),
        shapes(
            "shape has not one entry for each axis",
            lambda data, shape, axes: shape[0] == len(data if axes is None else axes),
            "input_data",
            "shape",
            axes=None,
        ),
        values("shape has entries below 1", positive, "shape"),
    ),
    ("", "Compress"): (rank(1, 1, "condition"), axis("input")),
    ("", "Gather"): (rank(1, None, "data"),),
    ("", "GatherElements"): (rank(1, None, "data"), same_rank("data", "indices"), axis("data")),
    ("", "GatherND"): (
        rank(1, None, "data", "indices"),
        shapes("batch_dims does not fit data and indices", _batched, "data", "indices", batch_dims=0),
    ),
    ("", "Scatter"): SCATTER,
    ("", "ScatterElements"): SCATTER,
    ("", "ScatterND"): (
        rank(1, None, "data", "indices"),
        shapes("indices do not fit the axes of data", lambda data, indices: 1 <= indices[-1] <= len(data), "data", "indices"),
    ),
    ("", "TensorScatter"): (
        rank(2, None, "past_cache"),
        same_rank("past_cache", "update"),
        rank(1, 1, "write_indices"),
        axis("past_cache"),
        one_of("mode", "linear", "circular"),
        shapes("write_indices has not one entry for each of the batch", lambda u, w: w[0] == u[0], "update", "write_indices"),
    ),
    ("", "ReverseSequence"): (
        rank(2, None, "input"),
        rank(1, 1, "sequence_lens"),
        shapes("batch_axis and time_axis are not 0 and 1", lambda b, t: {b, t} == {0, 1}, batch_axis=1, time_axis=0),
        shapes("sequence_lens does not fit the batch", lambda x, s, b: s[0] == x[b], "input", "sequence_lens", batch_axis=1),
    ),
    ("", "DepthToSpace"): (
        rank(4, 4, "input"),
        numbers(1, "blocksize"),
        one_of("mode", "DCR", "CRD"),
        shapes("blocksize does not divide the channels", lambda x, n: divides(n * n, x[1]), "input", blocksize=1),
    ),
    ("", "SpaceToDepth"): (
        rank(4, 4, "input"),
        numbers(1, "blocksize"),
        one_of("mode", "DCR", "CRD"),
        shapes("blocksize does not divide the image", lambda x, n: divides(n, x[2]) and divides(n, x[3]), "input", blocksize=1),
    ),
    ("", "Flatten"): (axis("input", after=1),),
    # made of nothing, signals
    ("", "Range"): (
        one("start", "limit", "delta"),
        values(
            "start, limit and delta are not finite",
            lambda *given: all(bool(np.isfinite(array).all()) for array in given),
            *("start", "limit", "delta"),
        ),
    ),
    ("", "EyeLike"): (rank(2, 2, "input"),),
    ("", "OneHot"): (
        one("depth"),
        values("depth is less than 1", lambda depth: bool((depth >= 1).all()), "depth"),
        shapes("values are not two", lambda given: given == (2,), "values"),
    ),
    ("", "HannWindow"): WINDOW,
    ("", "HammingWindow"): WINDOW,
    ("", "BlackmanWindow"): WINDOW,
    ("", "MelWeightMatrix"): (
        one("num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"),
        values(
            "num_mel_bins, dft_length and sample_rate are not all above 0",
            lambda *given: all(map(positive, given)),
            "num_mel_bins",
            "dft_length",
            "sample_rate",
        ),
        values(
            "the edges are not 0 <= lower <= upper",
            lambda low, high: bool((low >= 0) & (high >= low) & np.isfinite(high)),
            "lower_edge_hertz",
            "upper_edge_hertz",
        ),
    ),
    ("", "DFT"): (
        rank(2, None, "input"),
        axis("input"),
        one("dft_length", "axis"),
        values("dft_length is less than 1", positive, "dft_length"),
        shapes("the last axis of input is not the real or the real and imaginary part", lambda x: x[-1] in (1, 2), "input"),
        shapes("onesided takes real signals", lambda x, half, back: not half or back or x[-1] == 1, "input", onesided=0, inverse=0),
    ),
    ("", "STFT"): (
        rank(2, 3, "signal"),
        rank(1, 1, "window"),
        one("frame_step", "frame_length"),
        values("frame_step is less than 1", positive, "frame_step"),
        values("frame_length is less than 1", positive, "frame_length"),
        shapes("the last axis of signal is not the real or the real and imaginary part", lambda x: len(x) == 2 or x[2] in (1, 2), "signal"),
    ),
    # normalization and reduction
    ("", "LayerNormalization"): NORMALIZED,
    ("", "RMSNormalization"): NORMALIZED,
    ("", "SimplifiedLayerNormalization"): NORMALIZED,
    ("", "GroupNormalization"): (
        rank(3, None, "X"),
        rank(1, 1, "scale", "bias"),
        shapes("num_groups does not divide the channels", lambda X, n: divides(n, X[1]), "X", num_groups=1),
    ),
    ("", "InstanceNormalization"): (rank(3, None, "input"), rank(1, 1, "scale", "B")),
    ("", "LRN"): (rank(3, None, "X"), numbers(1, "size")),
    ("", "LpNormalization"): (rank(1, None, "input"), axis("input")),
    ("", "MeanVarianceNormalization"): (rank(1, None, "X"), axis("X", "axes")),
    ("", "BatchNormalization"): (rank(1, None, "X"), rank(1, 1, "input_mean", "input_var")),
    ("", "Softmax"): ALONG,
    ("", "LogSoftmax"): ALONG,
    ("", "Hardmax"): ALONG,
    ("", "Mod"): (flags("fmod"),),
    ("", "ArgMax"): (rank(1, None, "data"), axis("data")),
    ("", "ArgMin"): (rank(1, None, "data"), axis("data")),
    ("", "TopK"): (rank(1, None, "X"), axis("X"), one("K")),
    ("", "CumSum"): (rank(1, None, "x"), one("axis"), flags("exclusive", "reverse")),
    ("", "CumProd"): (rank(1, None, "x"), one("axis"), flags("exclusive", "reverse")),
    ("", "Clip"): (one("min", "max"),),
    ("", "Trilu"): (rank(2, None, "input"), one("k")),
    # matrices, attention, recurrence
    ("", "Multinomial"): (rank(2, 2, "input"),),
    ("", "Det"): (rank(2, None, "X"), shapes("its matrices are not square", lambda X: X[-1] == X[-2], "X")),
    ("", "MatMul"): MATRICES,
    ("", "Gemm"): (
        rank(2, 2, "A", "B"),
        shapes("A and B have different inner sizes", lambda A, B, a, b: A[0 if a else 1] == B[1 if b else 0], "A", "B", transA=0, transB=0),
    ),
    ("", "MatMulInteger"): MATRICES,
    ("", "QLinearMatMul"): (rank(1, None, "a", "b"), shapes("a and b have different inner sizes", inner, "a", "b")),
    ("", "Attention"): (_heads, rank(1, 4, "attn_mask"), rank(4, 4, "past_key", "past_value"), rank(1, 1, "nonpad_kv_seqlen")),
    ("", "RotaryEmbedding"): (
        numbers(0, "num_heads", "rotary_embedding_dim"),
        flags("interleaved"),
        rank(3, 4, "X"),
        rank(2, 3, "cos_cache", "sin_cache"),
        rank(2, 2, "position_ids"),
    ),
    ("", "LSTM"): RECURRENT,
    ("", "GRU"): RECURRENT,
    ("", "RNN"): RECURRENT,
    # quantization
    ("", "QuantizeLinear"): quantized("x", ("y_scale", "y_zero_point")),
    ("", "DequantizeLinear"): quantized("x", ("x_scale", "x_zero_point")),
    # control flow, sequences
    ("", "If"): (_branches, one("cond")),
    ("", "Loop"): (_loop, one("M", "cond")),
    ("", "Scan"): (_scan_9,),
    ("", "SequenceMap"): (_sequence_map,),
    ("", "SequenceAt"): (one("position"),),
    ("", "SequenceInsert"): (one("position"),),
    ("", "SequenceErase"): (one("position"),),
    # other domains
    ("", "TfIdfVectorizer"): (rank(1, 2, "X"), _grams),
    (ML, "TreeEnsemble"): (rank(2, 2, "X"), _trees),
    (ML, "ArrayFeatureExtractor"): (rank(1, None, "X"),),
    (TRAINING, "Momentum"): (one("R", "T"), kinds(3), one_of("mode", "standard", "nesterov")),
    (TRAINING, "Adagrad"): (one("R", "T"), kinds(3)),
    (TRAINING, "Adam"): (one("R", "T"), kinds(4)),
    **{(MICROSOFT, name): rules for name, rules in rules_microsoft.RULES.items()},
}
"""By domain and operator."""


def check_rules(domain: str, call: CheckedNode) -> None:
    """Raises `ConversionError` when a rule about the node's operator is broken."""
    for rule in RULES.get((domain, call.node.op_type), ()):
        rule(call)
