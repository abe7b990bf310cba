"""Convolution, pooling, normalization, resizing."""

from __future__ import annotations

from itertools import product

from tests.torch.row import Rows, aten, bools, f, f16, i, row

CONVOLUTION: Rows = {
    aten.conv1d.default: [row(f(2, 4, 9), f(6, 4, 3), f(6)), row(f(2, 4, 9), f(6, 2, 3), None, [2], [1], [2], 2), row(f(4, 9), f(6, 4, 3))],
    aten.conv2d.default: [
        row(f(2, 4, 8, 9), f(6, 4, 3, 3), f(6)),
        row(f(2, 4, 8, 9), f(6, 4, 3, 2), None, [2, 1], [1, 0], [1, 2]),
        row(f(2, 4, 8, 9), f(8, 1, 3, 3), f(8), [1], [1], [1], 4),
        row(f(4, 8, 9), f(6, 4, 3, 3)),
        row(f(1, 2, 5, 5, dtype=f16), f(3, 2, 3, 3, dtype=f16)),
    ],
    aten.conv3d.default: [
        row(f(2, 4, 5, 6, 7), f(6, 4, 3, 2, 3), f(6)),
        row(f(1, 4, 5, 6, 7), f(6, 2, 3, 3, 3), None, [2], [1], [1, 2, 1], 2),
    ],
    aten.conv1d.padding: [row(f(2, 4, 9), f(6, 4, 4), f(6), [1], "same"), row(f(2, 4, 9), f(6, 4, 3), None, [2], "valid")],
    aten.conv2d.padding: [row(f(2, 4, 8, 9), f(6, 4, 3, 4), f(6), [1], "same", [2]), row(f(2, 4, 8, 9), f(6, 4, 3, 3), None, [2], "valid")],
    aten.conv3d.padding: [row(f(1, 2, 5, 6, 7), f(3, 2, 3, 2, 3), f(3), [1], "same")],
    aten.conv_transpose1d.default: [row(f(2, 4, 9), f(4, 6, 3), f(6)), row(f(2, 4, 9), f(4, 3, 3), None, [2], [1], [1], 2, [2])],
    aten.conv_transpose2d.input: [
        row(f(2, 4, 5, 6), f(4, 6, 3, 3), f(6)),
        row(f(2, 4, 5, 6), f(4, 3, 3, 2), None, [2], [1], [1], 2),
        row(f(2, 4, 5, 6), f(4, 6, 3, 3), f(6), [3, 1], [0], [2, 0], 1, [1, 2]),
        row(f(4, 5, 6), f(4, 6, 3, 3)),
    ],
    aten.conv_transpose3d.input: [
        row(f(2, 4, 3, 4, 5), f(4, 6, 2, 3, 3), f(6)),
        row(f(1, 4, 3, 4, 5), f(4, 3, 3, 3, 3), None, [2], [1], [1], 2),
    ],
    aten.convolution.default: [
        row(f(2, 4, 8, 9), f(6, 4, 3, 3), f(6), [2, 2], [1, 1], [1, 1], False, [0, 0], 1),
        row(f(2, 4, 5, 6), f(4, 6, 3, 3), None, [2, 2], [1, 1], [1, 1], True, [1, 1], 1),
        row(f(2, 4, 9), f(6, 4, 3), f(6), [1], [1], [1], False, [0], 1),
    ],
    aten._convolution.default: [
        row(f(2, 4, 8, 9), f(6, 4, 3, 3), f(6), [2, 2], [1, 1], [1, 1], False, [0, 0], 1, False, False, False, False)
    ],
    aten.im2col.default: [
        row(f(2, 3, 5, 6), [2, 3], [1, 1], [0, 1], [1, 2]),
        row(f(3, 6, 6), [2, 2], [2, 1], [1, 1], [1, 1]),
        row(bools(2, 3, 4, 4), [2, 2], [1, 1], [0, 0], [1, 1]),
    ],
    aten.col2im.default: [row(f(2, 12, 12), [4, 5], [2, 2], [1, 1], [0, 0], [1, 1]), row(f(12, 6), [4, 6], [2, 2], [1, 1], [0, 0], [2, 2])],
}

AVERAGE = [row(3, 2), row(3, 2, 1), row(3, 2, 1, True), row(3, 2, 1, True, False), row(2, 3, 0, True), row(3, [], 1, False, False)]
MAXIMUM = [row(3, 2), row(3, 2, 1), row(3, 2, 1, 2), row(2, 3, 0, 1, True), row(2, [], 0)]


def _pool(rank: int, rows: list, *more: object) -> list:
    image = (7, 8, 9)[-rank:]
    spread = [[[value] * rank if isinstance(value, int) and not isinstance(value, bool) else value for value in r.args] for r in rows]
    return [row(f(2, 3, *image), *args) for args in spread] + [row(f(3, *image), *spread[0])]


POOLING: Rows = {
    aten.avg_pool1d.default: _pool(1, AVERAGE),
    aten.avg_pool2d.default: [
        *_pool(2, AVERAGE),
        row(f(2, 3, 7, 8), [3, 2], [2, 1], [1, 0], True, True, 4),
        row(f(1, 2, 6, 6), [3, 3], [2, 2], [1, 1], True, False, 3),
    ],
    aten.avg_pool3d.default: [*_pool(3, AVERAGE), row(f(2, 3, 7, 8, 9), [3, 2, 2], [2, 1, 2], [1, 0, 1], True, True, 4)],
    aten.max_pool1d.default: _pool(1, MAXIMUM),
    aten.max_pool1d_with_indices.default: _pool(1, MAXIMUM),
    aten.max_pool2d.default: _pool(2, MAXIMUM),
    aten.max_pool2d_with_indices.default: _pool(2, MAXIMUM),
    aten.max_pool3d.default: _pool(3, MAXIMUM),
    aten.max_pool3d_with_indices.default: _pool(3, MAXIMUM),
    aten.adaptive_avg_pool1d.default: [row(f(2, 3, 12), [n]) for n in (1, 3, 5)] + [row(f(3, 12), [5])],
    aten.adaptive_avg_pool2d.default: [row(f(2, 3, 8, 6), list(n)) for n in ((1, 1), (4, 3), (3, 4), (1, 6), (9, 7))],
    aten._adaptive_avg_pool2d.default: [row(f(2, 3, 8, 6), list(n)) for n in ((1, 1), (4, 3), (3, 4))],
    aten.adaptive_avg_pool3d.default: [row(f(2, 3, 4, 8, 6), list(n)) for n in ((1, 1, 1), (2, 4, 3), (3, 3, 4))],
    aten._adaptive_avg_pool3d.default: [row(f(2, 3, 4, 8, 6), list(n)) for n in ((2, 4, 3), (3, 3, 4))],
    aten.adaptive_max_pool1d.default: [row(f(2, 3, 12), [n]) for n in (1, 3, 5)],
    aten.adaptive_max_pool2d.default: [row(f(2, 3, 8, 6), list(n)) for n in ((1, 1), (4, 3), (3, 4))],
    aten.adaptive_max_pool3d.default: [row(f(2, 3, 4, 8, 6), list(n)) for n in ((2, 4, 3), (3, 3, 4))],
}

NORMALIZATION: Rows = {
    aten.layer_norm.default: [
        row(f(2, 3, 4), [4], f(4), f(4)),
        row(f(2, 3, 4), [3, 4]),
        row(f(2, 3, 4), [3, 4], f(3, 4), None, 1e-3),
        row(f(2, 8, dtype=f16), [8]),
    ],
    aten.native_layer_norm.default: [row(f(2, 3, 4), [4], f(4), f(4), 1e-5), row(f(2, 3, 4), [3, 4], None, None, 1e-3)],
    aten.rms_norm.default: [
        row(f(2, 3, 4), [4], f(4)),
        row(f(2, 3, 4), [3, 4], None, 1e-3),
        row(f(2, 4, low=-999, high=999, dtype=f16), [4], f(4, dtype=f16)),
    ],
    aten._fused_rms_norm.default: [row(f(2, 3, 4), [4], f(4), 1e-5)],
    aten.group_norm.default: [row(f(2, 6, 4, 5), 3, f(6), f(6)), row(f(2, 6), 2), row(f(2, 6, 5), 1, f(6), None, 1e-3)],
    aten.native_group_norm.default: [row(f(2, 6, 4, 5), f(6), f(6), 2, 6, 20, 3, 1e-5)],
    aten.instance_norm.default: [
        row(f(2, 3, 5), f(3), f(3), None, None, True, 0.1, 1e-5, False),
        row(f(2, 3, 4, 5), None, None, None, None, True, 0.1, 1e-3, False),
        row(f(2, 3, 2, 4, 5), f(3), f(3), None, None, True, 0.1, 1e-5, False),
    ],
    aten._native_batch_norm_legit_no_training.default: [
        row(f(2, 3, 4, 5), f(3), f(3), f(3), f(3, low=0.5), 0.1, 1e-5),
        row(f(2, 3), None, None, f(3), f(3, low=0.5), 0.1, 1e-3),
        row(f(2, 3, 4), f(3), None, f(3), f(3, low=0.5), 0.1, 1e-3),
    ],
    aten._native_batch_norm_legit.no_stats: [row(f(2, 3, 4, 5), f(3), f(3), True, 0.1, 1e-5), row(f(4, 3), None, None, True, 0.1, 1e-3)],
    aten._native_batch_norm_legit_functional.default: [
        row(f(2, 3, 4, 5), f(3), f(3), f(3), f(3, low=0.5), True, 0.1, 1e-5),
        row(f(2, 3, 4, 5), f(3), f(3), f(3), f(3, low=0.5), False, 0.1, 1e-5),
    ],
    aten.linalg_vector_norm.default: [
        row(f(3, 4), p, dim, keep) for p, dim, keep in product((2, 1, 0, 3.5, float("inf"), float("-inf")), (None, [1]), (False, True))
    ]
    + [row(f(3, 4, low=-999, high=999, dtype=f16), p) for p in (2, 3.5)],
    aten._cdist_forward.default: [row(f(2, 3, 4), f(2, 5, 4), p, None) for p in (2.0, 1.0, 0.0, 3.0, float("inf"))],
    aten.cdist.default: [row(f(2, 3, 4), f(2, 5, 4), 2.0)],
    aten._pdist_forward.default: [row(f(5, 4), 2.0), row(f(5, 4), 1.0)],
}

IMAGES = {1: f(2, 3, 6), 2: f(2, 3, 6, 8), 3: f(1, 2, 4, 6, 5)}
SIZES = {1: [[12], [4], [5], [1]], 2: [[12, 16], [3, 4], [5, 11], [1, 1]], 3: [[8, 12, 10], [3, 5, 7]]}
SCALES = {
    1: [[2.0], [0.7], [1.5], [1.1], [2.1]],
    # Some leave a size as it is, or double it but for a fraction.
    2: [
        [2.0, 2.0],
        [0.7, 1.4],
        [1.5, 1.1],
        [1.1, 0.7],
        [2.15, 2.1],
        [1.1, 2.1],
    ],
    3: [[2.0, 2.0, 2.0], [0.7, 1.4, 1.0], [1.2, 1.5, 2.15]],
}


def _nearest(rank: int, *, vec: bool) -> list:
    sizes = [row(IMAGES[rank], size, *([None] if vec else [])) for size in SIZES[rank]]
    return sizes + ([row(IMAGES[rank], None, scales) for scales in SCALES[rank]] if vec else [])


def _linear(rank: int, *, vec: bool) -> list:
    image = IMAGES[rank]
    rows = [row(image, size, corners, *([None] if vec else [])) for size in SIZES[rank] for corners in (False, True)]
    return rows + ([row(image, None, False, scales) for scales in SCALES[rank]] if vec else [])


RESIZING: Rows = {}
for _rank, _packets in {
    1: (aten.upsample_nearest1d, aten._upsample_nearest_exact1d),
    2: (aten.upsample_nearest2d, aten._upsample_nearest_exact2d),
    3: (aten.upsample_nearest3d, aten._upsample_nearest_exact3d),
}.items():
    for _packet in _packets:
        RESIZING |= {_packet.default: _nearest(_rank, vec=False), _packet.vec: _nearest(_rank, vec=True)}
for _rank, _packets in {
    1: (aten.upsample_linear1d,),
    2: (aten.upsample_bilinear2d, aten.upsample_bicubic2d, aten._upsample_bilinear2d_aa, aten._upsample_bicubic2d_aa),
    3: (aten.upsample_trilinear3d,),
}.items():
    for _packet in _packets:
        RESIZING |= {_packet.default: _linear(_rank, vec=False), _packet.vec: _linear(_rank, vec=True)}
for _packet in (aten.upsample_bilinear2d, aten.upsample_bicubic2d):
    del RESIZING[_packet.default]  # PyTorch always decomposes it

GRIDS: Rows = {
    aten.grid_sampler_2d.default: [
        row(f(2, 3, 5, 6), f(2, 4, 3, 2, low=-1.3, high=1.3), mode, padding, corners)
        for mode, padding, corners in product((0, 1, 2), (0, 1, 2), (False, True))
    ],
    aten.grid_sampler.default: [row(f(2, 3, 5, 6), f(2, 4, 3, 2), 0, 0, False)],
    aten.grid_sampler_3d.default: [
        row(f(2, 3, 4, 5, 6), f(2, 2, 4, 3, 3, low=-1.3, high=1.3), mode, padding, corners)
        for mode, padding, corners in product((0, 1), (0, 1, 2), (False, True))
    ],
    aten.affine_grid_generator.default: [row(f(2, 2, 3), [2, 3, 4, 5], corners) for corners in (False, True)]
    + [row(f(2, 3, 4), [2, 3, 4, 5, 6], False)],
}

FOLDS: Rows = {aten.unfold.default: [row(f(2, 9, 3), 1, 3, 2), row(i(9), 0, 4, 1), row(f(2, 5), -1, 5, 1)]}

ROWS: Rows = {**CONVOLUTION, **POOLING, **NORMALIZATION, **RESIZING, **GRIDS, **FOLDS}
