"""Shapes, pieces, indexing, creation, reductions, matrices, recurrent layers, quantization."""

from __future__ import annotations

import torch
import torch.ao.quantization.fx._decomposed  # defines the operators

from tests.torch.row import Rows, aten, bools, f, i, i8, i32, inf, nan, row, t, u8

quantized = torch.ops.quantized_decomposed
X = f(2, 3, 4)

SHAPES: Rows = {
    aten.view.default: [row(X, [6, 4]), row(X, [-1]), row(i(4), [2, 2])],
    aten._unsafe_view.default: [row(X, [6, 4])],
    aten.reshape.default: [row(X, [6, 4]), row(X, [-1])],
    aten.squeeze.dims: [row(f(1, 3, 1), [0, 2]), row(X, [0])],
    aten.squeeze.dim: [row(f(1, 3, 1), -1), row(X, 0)],
    aten.squeeze.default: [row(f(1, 3, 1))],
    aten.unsqueeze.default: [row(X, 0), row(X, -1), row(f(), 0)],
    aten.expand.default: [row(f(3, 1), [2, 3, 4]), row(f(1, 3), [-1, 3]), row(i(1), [5])],
    aten.repeat.default: [row(f(2, 3), [2, 1]), row(f(3), [2, 2, 3])],
    aten.repeat_interleave.self_int: [row(f(2, 3), 2), row(f(2, 3), 3, 1)],
    aten.as_strided.default: [row(f(4, 5), [3, 2], [5, 1]), row(f(20), [3, 4], [2, 1], 3), row(f(4, 5), [5, 4], [1, 5])],
    aten.tile.default: [row(f(2, 3), [2]), row(f(3), [2, 1])],
    aten._reshape_alias.default: [row(X, [6, 4], [4, 1])],
    aten.view.dtype: [row(bools(5), u8)],
    aten.unsafe_split_with_sizes.default: [row(X, [1, 3], 2)],
    aten.concat.default: [row([X, X], 1)],
    aten.concatenate.default: [row([X, X], 1)],
    aten.permute.default: [row(X, [2, 0, 1]), row(X, [0, -1, 1])],
    aten.transpose.int: [row(X, 0, 2), row(X, -1, 1)],
    aten.t.default: [row(f(2, 3)), row(f(3))],
    aten.flip.default: [row(X, [0]), row(X, [1, -1]), row(i(4), [0])],
    aten.roll.default: [row(X, [1], [1]), row(X, [5, -1], [0, 2]), row(X, [3], [])],
    aten.cat.default: [row([X, X], 1), row([X, i(2, 3, 4)], -1), row([bools(2), bools(3)])],
    aten.stack.default: [row([X, X], 1), row([X, X], -1), row([f(), f()])],
    aten.slice.Tensor: [row(X, 2, 1, 3), row(X, 1, -2), row(X, 2, 0, 9223372036854775807, 2), row(X, -1, None, -1)],
    aten.select.int: [row(X, 1, 2), row(X, -1, -1), row(f(3), 0, 1)],
    aten.split_with_sizes.default: [row(X, [1, 3], 2), row(X, [2, 1], 1)],
    aten.split.Tensor: [row(X, 3, 2), row(X, 1)],
    aten.unsafe_split.Tensor: [row(X, 3, 2)],
    aten.unbind.int: [row(X, 1), row(X, -1)],
    aten.diagonal.default: [row(f(4, 5)), row(f(4, 5), 1), row(f(2, 4, 5), -2, 1, 2), row(f(4, 2, 5), 0, 0, -1)],
    aten.diag_embed.default: [row(f(2, 3)), row(f(3), 1), row(f(2, 3), -2, 0, 2)],
    aten.pixel_shuffle.default: [row(f(2, 8, 3, 4), 2), row(f(9, 2, 2), 3)],
    aten.pixel_unshuffle.default: [row(f(2, 2, 4, 6), 2)],
    aten.channel_shuffle.default: [row(f(2, 6, 3, 4), 3)],
    aten.native_channel_shuffle.default: [row(f(2, 6, 3, 4), 2)],
    aten.constant_pad_nd.default: [
        row(X, [1, 2]),
        row(X, [1, -1, 2, 0], 2.5),
        row(i(3), [1, 1], 7),
        row(X, [-1, -1]),
        row(bools(3), [1, 1], 0.5),
    ],
    aten.pad.default: [
        row(X, [1, 2]),
        row(X, [1, 2], "reflect"),
        row(X, [1, 2], "replicate"),
        row(X, [1, 2], "circular"),
        row(f(1, 2, 4), [-1, 2], "circular"),
        row(f(1, 2, 4), [6, 1, 0, 0], "constant"),
        row(f(1, 1, 3), [3, 0], "circular"),
        row(X, [0, 1, 2, 0], "constant", 3.0),
    ],
    aten.reflection_pad1d.default: [row(X, [1, 2])],
    aten.reflection_pad2d.default: [row(f(2, 3, 4, 5), [1, 2, 3, 0])],
    aten.reflection_pad3d.default: [row(f(1, 2, 3, 4, 5), [1, 2, 3, 0, 1, 2])],
    aten.replication_pad1d.default: [row(X, [5, 2]), row(X, [-1, 2])],
    aten.replication_pad2d.default: [row(f(2, 3, 4, 5), [1, 2, 3, 0])],
    aten.replication_pad3d.default: [row(f(1, 2, 3, 4, 5), [1, 2, 3, 0, 1, 2])],
    aten.tril.default: [row(f(4, 5)), row(f(2, 4, 4), 1), row(i(4, 4), -1)],
    aten.triu.default: [row(f(4, 5)), row(f(2, 4, 4), 1), row(i(4, 4), -1)],
}

LAST = i(2, 3, 4, low=0, high=4)
INDEXING: Rows = {
    aten.embedding.default: [row(f(9, 4), i(2, 3, low=0, high=9)), row(f(9, 4), i(3, low=0, high=9), 2)],
    aten.index_select.default: [row(X, 1, t(2, 0, 2)), row(f(), 0, t(0)), row(X, -1, torch.tensor(2))],
    aten.gather.default: [
        row(X, 2, LAST),
        row(X, 1, i(2, 2, 4, low=0, high=3)),
        row(X, -1, i(1, 2, 9, low=0, high=4)),
        row(f(), 0, torch.tensor(0)),
    ],
    aten.take.default: [row(X, i(2, 5, low=0, high=24))],
    aten.index.Tensor: [
        row(X, [t(1, 0)]),
        row(X, [None, t(2, 0, -1)]),
        row(X, [t(1, 0), t(2, -1)]),
        row(X, [i(2, 1, low=0, high=2), None, t(3, 0, 1)]),
        row(X, [None, i(2, 1, low=0, high=3), t(3, 0, -4)]),
        row(X, [torch.tensor(1), t(0, 2)]),
    ],
    aten._unsafe_index.Tensor: [row(X, [None, t(2, 0), t(1, 3)])],
    aten.index_put.default: [
        row(X, [t(1, 0)], f(3, 4)),
        row(X, [None, t(2, 0)], f(2, 2, 4)),
        row(X, [t(1, 0), t(2, -1)], f(4)),
        row(f(2, 3, 4, 5), [None, t(2, -3)], f(2, 2, 4, 5)),
        row(f(2, 3, 20), [None, i(1, low=-3, high=3)], f(20)),
        row(X, [t(1, 0), None, t(2, 3)], f(2, 3)),
        row(X, [t(1, 1, 0)], f(3, 3, 4), True),
        row(i(5), [t(1, 1, 0)], i(3), True),
        row(X, [bools(2, 3, 4)], torch.tensor(2.0)),
        row(X, [bools(2)], f(4)),
        row(X, [None, bools(3)], torch.tensor(2.0)),
    ],
    aten._unsafe_index_put.default: [row(X, [t(1, 0)], f(3, 4))],
    aten.scatter.src: [
        row(X, 2, LAST.argsort(2), X),
        row(X, 1, t([[[0, 1, 2, 0]]], dtype=torch.int64).reshape(1, 1, 4), X),
        row(f(5), 0, t(3, 1), f(4)),
    ],
    aten.scatter.value: [
        row(X, 2, LAST, 2.5),
        row(i(5), 0, t(3, 1), 7),
        row(bools(5), 0, t(3, 1), 2),
        row(X, 0, i(1, 2, 3, low=0, high=2), 1.0),
    ],
    aten.scatter_add.default: [
        row(X, 2, LAST, X),
        row(i(5), 0, t(3, 1, 3), i(4)),
        row(bools(5), 0, t(3, 1, 3), t(True, True, True)),
        row(X, 0, i(2, 2, 3, low=0, high=2), X),
    ],
    aten.scatter.reduce: [row(X, 2, LAST, X, reduce="add"), row(X, 1, i(2, 2, 4, low=0, high=3), X, reduce="multiply")],
    aten.scatter_reduce.two: [
        row(X, 2, LAST, X, kind, include_self=keep) for kind in ("sum", "prod", "mean", "amax", "amin") for keep in (True, False)
    ]
    + [row(i(5), 0, t(3, 1, 3), i(4), kind) for kind in ("sum", "prod", "mean", "amax", "amin")]
    + [row(i(2, 9), 1, i(2, 9, low=0, high=4), i(2, 9), "mean", include_self=keep) for keep in (True, False)],
    aten.index_add.default: [
        row(X, 1, t(2, 0, 2), f(2, 3, 4)),
        row(X, 0, t(1, 1), f(2, 3, 4), alpha=2),
        row(i(5), 0, t(1, 1), i(2)),
        row(bools(5), 0, t(1, 1), t(True, True)),
    ],
    aten.index_copy.default: [row(X, 1, t(2, 0), f(2, 2, 4)), row(f(5), 0, t(1, 3), f(2))],
    aten.index_fill.int_Scalar: [row(X, 1, t(2, 0), 1.5), row(X, -1, t(-1), 2), row(bools(4), 0, t(1), 2)],
    aten.masked_scatter.default: [row(X, bools(2, 3, 4), f(24)), row(X, bools(4), f(2, 3, 4)), row(i(5), bools(5), i(5))],
    aten.select_scatter.default: [row(X, f(2, 4), 1, 2), row(X, f(3, 4), 0, -1)],
    aten.slice_scatter.default: [row(X, f(2, 2, 4), 1, 1, 3), row(X, f(2, 3, 2), 2, 0, None, 2), row(X, f(2, 3, 1), -1, -1), row(X, X)],
    aten.diagonal_scatter.default: [row(f(4, 5), f(4)), row(f(4, 5), f(3), -1), row(f(2, 4, 5), f(2, 4), 1, 1, 2)],
    aten._embedding_bag.default: [row(f(9, 4), i(6, low=0, high=9), t(0, 2, 2), False, mode) for mode in (0, 1, 2)]
    + [
        row(f(9, 4), i(6, low=0, high=9), t(0, 4), False, 0, False, f(6)),
        row(f(9, 4), t(1, 3, 1, 2), t(0, 2, 4), False, 1, False, None, True, 1),
    ],
    aten._embedding_bag_forward_only.default: [row(f(9, 4), i(6, low=0, high=9), t(0, 2, 2), False, 1)],
    aten.isin.Tensor_Tensor: [row(i(5), i(3)), row(i(2, 3), i(2, 2), invert=True)],
    aten.isin.Tensor_Scalar: [row(i(9), 3), row(i(9), 3, invert=True)],
    aten.one_hot.default: [row(i(2, 5, low=0, high=4), 4)],
    aten.bucketize.Tensor: [row(f(2, 3), t(-1.0, 0.0, 1.0)), row(i(5), t(-1, 0, 1), right=True, out_int32=True)],
    aten.searchsorted.Scalar: [row(t(1, 3, 5), 4), row(t(1.0, 3.0, 5.0), 3, right=True)],
    aten.searchsorted.Tensor: [
        row(t(-1.0, 0.0, 1.0), f(2, 3)),
        row(f(2, 5).sort()[0], f(2, 3), right=True),
        row(t(1, 3, 5), t(1, 3, 5), side="right"),
    ],
}

CREATION: Rows = {
    aten.full.default: [row([2, 3], 2.5), row([2], 3), row([2], True), row([], 1.0)],
    aten.full_like.default: [row(X, 2), row(i(3), 2.0, dtype=torch.float32)],
    aten.new_full.default: [row(X, [3], 2)],
    aten.zeros.default: [row([2, 3]), row([2], dtype=torch.int64)],
    aten.zeros_like.default: [row(X), row(X, dtype=torch.bool)],
    aten.new_zeros.default: [row(X, [3])],
    aten.ones.default: [row([2, 3])],
    aten.ones_like.default: [row(X), row(i(3))],
    aten.new_ones.default: [row(X, [3])],
    aten.fill.Scalar: [row(X, 2.5), row(i(3), 2)],
    aten.fill.Tensor: [row(X, torch.tensor(2.5)), row(bools(3), torch.tensor(0.5))],
    aten.scalar_tensor.default: [row(2.5), row(3, dtype=torch.int64)],
    aten.arange.default: [row(5), row(2.5, dtype=torch.float32)],
    aten.arange.start: [row(1, 5)],
    aten.arange.start_step: [row(1, 5, 2), row(0.0, 1.0, 0.25), row(5, 0, -1)],
    aten.eye.default: [row(3)],
    aten.eye.m: [row(3, 4)],
    aten.linspace.default: [row(0, 1, 5)],
    aten.logspace.default: [row(0, 1, 5)],
    aten.tril_indices.default: [row(3, 4), row(3, 3, -1)],
    aten.triu_indices.default: [row(3, 4), row(3, 3, 1)],
    **{
        packet.default: [row(8)]
        for packet in (aten.bartlett_window, aten.blackman_window, aten.hamming_window, aten.hann_window, aten.kaiser_window)
    },
    aten.hann_window.periodic: [row(8, False)],
}

DIMS = [(None, False), ([1], False), ([0, -1], True), ([], False)]
REDUCTIONS: Rows = {
    aten.sum.default: [
        row(X),
        row(i(3, 4)),
        row(bools(5)),
        row(i(3), dtype=torch.float32),
        row(torch.ones(256, dtype=torch.bool), dtype=torch.bool),
    ],
    aten.sum.dim_IntList: [row(x, dim, keep) for x in (X, i(2, 3, 4), bools(2, 3, 4), i(2, 3, 4, low=0, dtype=u8)) for dim, keep in DIMS],
    aten.prod.default: [row(f(2, 3)), row(i(4)), row(bools(3))],
    aten.prod.dim_int: [row(X, 1), row(i(2, 3), -1, True)],
    aten.mean.default: [row(X), row(i(3), dtype=torch.float32)],
    aten.mean.dim: [row(X, dim, keep) for dim, keep in DIMS],
    aten.amax.default: [row(X, [1]), row(i(2, 3), [0, 1], True), row(X)],
    aten.amin.default: [row(X, [1]), row(i(2, 3), [0, 1], True), row(X)],
    aten.aminmax.default: [row(X), row(X, dim=1, keepdim=True)],
    aten.max.default: [row(X), row(i(5)), row(bools(3))],
    aten.min.default: [row(X), row(i(5))],
    aten.max.dim: [row(X, 1), row(i(9, low=0, high=3), 0, True), row(f(), 0)],
    aten.min.dim: [row(X, 1), row(i(9, low=0, high=3), 0, True)],
    aten.argmax.default: [row(X), row(X, 1), row(X, -1, True), row(i(9, low=0, high=3))],
    aten.argmin.default: [row(X), row(X, 1), row(X, -1, True)],
    aten.any.default: [row(bools(5)), row(f(3)), row(t(0, 0))],
    aten.any.dim: [row(bools(2, 5), 1), row(i(2, 5, low=0, high=2), -1, True)],
    aten.any.dims: [row(bools(2, 5, 3), [0, 1]), row(bools(3), None)],
    aten.all.default: [row(bools(5)), row(f(3))],
    aten.all.dim: [row(bools(2, 5), 1), row(i(2, 5, low=0, high=2), -1, True)],
    aten.all.dims: [row(bools(2, 5, 3), [0, 1])],
    aten.var.correction: [row(X, [1]), row(X, None, correction=0), row(X, [0, 2], correction=2, keepdim=True)],
    aten.var.dim: [row(X, [1]), row(X, [1], False, True)],
    aten.std.correction: [row(X, [1]), row(X, None, correction=0)],
    aten.var_mean.correction: [row(X, [1]), row(X, None, correction=0, keepdim=True)],
    aten.logsumexp.default: [row(X, [1]), row(X, [0, 2], True), row(t(1000.0, 1000.0), [0]), row(i(3), [0])],
    aten.histc.default: [row(f(40), 5, min=-1, max=1), row(f(3, 7), 4), row(t(1.0, 1.0), 3), row(t(0.0, 1.0, 1.0, 3.0, 2.0), 4, 0, 3)],
    aten.cumsum.default: [row(X, 1), row(i(5), 0), row(bools(5), 0), row(f(), 0), row(i(5, dtype=i8), 0, dtype=i8)],
    aten.cumprod.default: [row(X, 1), row(i(5), 0), row(f(2, 9), -1), row(f(), 0)],
    aten.logcumsumexp.default: [row(X, 1), row(f(9, low=-50, high=50), 0)],
    aten.cummax.default: [row(X, 1), row(i(9), 0), row(f(), 0)],
    aten.cummin.default: [row(X, 1), row(i(9), 0)],
    aten.sort.default: [row(X, 1), row(X, -1, True), row(i(9).unique(), 0), row(f(), 0)],
    aten.sort.stable: [
        row(i(2, 9, low=0, high=4), stable=True, dim=1),
        row(i(9, low=0, high=4, dtype=i8), stable=True, dim=0, descending=True),
    ],
    aten.argsort.default: [row(X, 1), row(X, -1, True)],
    aten.topk.default: [row(X, 2, 1), row(f(2, 9), 3), row(f(2, 9), 3, -1, False), row(f(9), 1, 0), row(f(), 1)],
    aten.median.dim: [row(X, 1), row(f(2, 6), -1, True)],
    aten.median.default: [row(X), row(f(5))],
    aten.kthvalue.default: [row(X, 2, 1), row(f(2, 6), 5, -1, True)],
    aten.nanmedian.dim: [row(t([3.0, nan, 1, 2], [nan, nan, nan, 5]), 1), row(X, 1, True), row(i(4), 0)],
    aten.nanmedian.default: [row(t(3.0, nan, 1, 2, -inf)), row(t(nan, nan))],
    aten.mode.default: [row(t([3.0, 1, 1, 2], [5, 4, 4, 5])), row(t(2, 1, 2, 1, 3), 0, True)],
}

UPDATES: Rows = {
    aten.index_reduce.default: [
        row(X, 1, t(2, 0, 2), f(2, 3, 4), kind, include_self=keep) for kind in ("prod", "mean", "amax", "amin") for keep in (True, False)
    ],
    aten.put.default: [row(X, t([0, 23], [-2, 5]), f(2, 2)), row(i(2, 2), t(1, 1, 3), i(3), True)],
    aten.embedding_renorm.default: [row(f(5, 3), t(0, 3, 3), 0.5, 2.0), row(f(5, 3), t([1], [2]), 9.0, 1.0)],
}

MATRICES: Rows = {
    aten._trilinear.default: [
        row(f(3, 4), f(2, 4, 5), f(3, 5), [1, 3], [0], [1, 2], [2, 3]),
        row(f(3), f(4), f(5), [1, 2], [0, 2], [0, 1], []),
    ],
    aten.linear.default: [
        row(f(2, 3), f(4, 3), f(4)),
        row(f(5, 2, 3), f(4, 3)),
        row(f(3), f(4, 3), f(4)),
        row(f(2, 3), f(3)),
        row(i(2, 3), i(4, 3), i(4)),
    ],
    aten.mm.default: [row(f(2, 3), f(3, 4)), row(i(2, 3), i(3, 4))],
    aten.linalg_matmul.default: [row(f(2, 3), f(3, 4))],
    aten.bmm.default: [row(f(2, 2, 3), f(2, 3, 4))],
    aten.matmul.default: [
        row(f(2, 3), f(3, 4)),
        row(f(3), f(3)),
        row(f(2, 3), f(3)),
        row(f(3), f(2, 3, 4)),
        row(f(5, 1, 2, 3), f(2, 3, 4)),
    ],
    aten.mv.default: [row(f(2, 3), f(3))],
    aten._grouped_mm.default: [
        row(f(5, 16, dtype=torch.bfloat16), f(3, 16, 8, dtype=torch.bfloat16), t(2, 2, 5, dtype=i32)),
        row(f(2, 16, dtype=torch.bfloat16), f(3, 16, 8, dtype=torch.bfloat16), t(0, 1, 2, dtype=i32)),
    ],
    aten.dot.default: [row(f(3), f(3)), row(i(3), i(3))],
    aten.addmm.default: [
        row(f(4), f(2, 3), f(3, 4)),
        row(f(2, 4), f(2, 3), f(3, 4), beta=0.5, alpha=2),
        row(f(4), f(2, 3), f(3, 4), beta=0),
        row(i(4), i(2, 3), i(3, 4)),
    ],
    aten.baddbmm.default: [row(f(2, 2, 4), f(2, 2, 3), f(2, 3, 4)), row(f(4), f(2, 2, 3), f(2, 3, 4), beta=0.5, alpha=2)],
    aten.addbmm.default: [row(f(2, 4), f(2, 2, 3), f(2, 3, 4))],
    aten.addmv.default: [row(f(2), f(2, 3), f(3), beta=2, alpha=0.5)],
    aten.addr.default: [row(f(2, 3), f(2), f(3), beta=2, alpha=0.5), row(bools(2, 3), bools(2), bools(3), beta=2, alpha=3)],
    aten._weight_int8pack_mm.default: [row(f(2, 16), i(4, 16, dtype=i8), f(4))],
}

QKV = (f(2, 4, 5, 8), f(2, 4, 6, 8), f(2, 4, 6, 3))
GROUPED = (f(2, 4, 5, 8), f(2, 2, 6, 8), f(2, 2, 6, 3))
ATTENTION: Rows = {
    aten.scaled_dot_product_attention.default: [
        row(*QKV),
        row(*QKV, f(5, 6)),
        row(*QKV, bools(2, 1, 5, 6)),
        row(*QKV, t(*[[True] * 6, [False] * 6, [False] * 5 + [True], [True] * 6, [False] * 6])),
        row(*QKV, None, 0.0, True),
        row(*QKV, scale=0.3),
        row(*GROUPED, enable_gqa=True),
        row(f(5, 8), f(6, 8), f(6, 3)),
        row(f(4, 5, 8), f(4, 6, 8), f(4, 6, 3), f(4, 5, 6)),
        row(f(2, 3, 4, 5, 8), f(2, 3, 4, 6, 8), f(2, 3, 4, 6, 3), f(2, 1, 1, 5, 6)),
    ],
    aten._scaled_dot_product_flash_attention_for_cpu.default: [
        row(f(2, 4, 5, 8), f(2, 4, 6, 8), f(2, 4, 6, 8)),
        row(f(2, 4, 5, 8), f(2, 4, 6, 8), f(2, 4, 6, 8), attn_mask=f(5, 6)),
    ],
}


def _layer(gates: int, layers: int, directions: int, biases: bool, projection: int = 0) -> list[torch.Tensor]:
    """Weights of a layer of 4 inputs and 5 states."""
    out = projection or 5
    weights = []
    for layer in range(layers):
        for _ in range(directions):
            weights += [f(gates * 5, 4 if layer == 0 else out * directions), f(gates * 5, out)]
            weights += [f(gates * 5), f(gates * 5)] * biases
            weights += [f(projection, 5)] if projection else []
    return weights


def _runs(gates: int, cell: bool) -> list:
    rows = []
    for layers, directions, biases, first in ((1, 1, True, False), (2, 2, True, True), (1, 2, False, False)):
        x = f(3, 2, 4)
        h = f(layers * directions, 3 if first else 2, 5)
        state = [h, h * 0.5] if cell else h
        rows.append(row(x, state, _layer(gates, layers, directions, biases), biases, layers, 0.0, False, directions == 2, first))
    return rows


RECURRENT: Rows = {
    aten.lstm.input: [
        *_runs(4, True),
        row(f(3, 2, 4), [f(2, 2, 3), f(2, 2, 5)], _layer(4, 1, 2, True, 3), True, 1, 0.0, False, True, False),
    ],
    aten.gru.input: _runs(3, False),
    aten.rnn_tanh.input: _runs(1, False),
    aten.rnn_relu.input: _runs(1, False),
    aten.lstm_cell.default: [
        row(f(2, 4), [f(2, 5), f(2, 5)], f(20, 4), f(20, 5), f(20), f(20)),
        row(f(2, 4), [f(2, 5), f(2, 5)], f(20, 4), f(20, 5)),
    ],
    aten.gru_cell.default: [row(f(2, 4), f(2, 5), f(15, 4), f(15, 5), f(15), f(15))],
}

QUANTIZED: Rows = {
    aten._int_mm.default: [row(i(17, 16, low=-128, high=128, dtype=i8), i(16, 8, low=-128, high=128, dtype=i8))],
    quantized.choose_qparams.tensor: [
        row(f(3, 4), 0, 255, 2**-12, u8),
        row(f(3, 4, low=0.5, high=2), -128, 127, 2**-12, i8),
        row(f(3, 4, low=-2, high=-0.5), -127, 127, 2**-12, i8),
        row(torch.zeros(3, 4), 0, 255, 2**-12, u8),
    ],
    quantized.quantize_per_tensor.default: [
        row(f(3, 4), 0.05, 3, -128, 127, i8),
        row(f(3, 4), 0.05, 128, 0, 255, u8),
        row(f(3, 4), 0.3, 0, -8, 7, i8),
    ],
    quantized.quantize_per_tensor.tensor: [row(f(3, 4), torch.tensor(0.05), torch.tensor(3), -128, 127, i8)],
    quantized.dequantize_per_tensor.default: [
        row(i(3, 4, dtype=i8), 0.05, 3, -128, 127, i8),
        row(i(3, 4, low=0, dtype=u8), 0.05, 3, 0, 255, u8),
    ],
    quantized.dequantize_per_tensor.tensor: [row(i(3, 4, dtype=i8), torch.tensor(0.05), torch.tensor(3), -128, 127, i8)],
    quantized.quantize_per_channel.default: [row(f(3, 4), f(3, low=0.02, high=0.1), t(0, 3, -2), 0, -128, 127, i8)],
    quantized.dequantize_per_channel.default: [
        row(i(3, 4, dtype=i8), f(4, low=0.02, high=0.1), t(0, 3, -2, 1), 1, -128, 127, i8),
        row(i(3, 4, dtype=i8), f(3, low=0.02, high=0.1), None, 0, -128, 127, i8),
    ],
    quantized.dequantize_per_channel_group.default: [
        row(i(4, 8, low=-8, high=8, dtype=i8), f(4, 2, low=0.02, high=0.1), i(4, 2, low=-2, high=3, dtype=i8), -8, 7, i8, 4, torch.float32)
    ],
}

ROWS: Rows = {**SHAPES, **INDEXING, **CREATION, **REDUCTIONS, **UPDATES, **MATRICES, **ATTENTION, **RECURRENT, **QUANTIZED}
assert i32
