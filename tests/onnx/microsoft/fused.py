"""Rows: fused and rearranged operators."""

from __future__ import annotations

import numpy as np

from tests.onnx.one_node import Known, OneNode
from tests.onnx.values import normal
from webnn_graph.data_types import Array

RANDOM = np.random.default_rng(1)


def i32(high: int, *shape: int) -> Array:
    return RANDOM.integers(0, high, shape, np.int32)


IMAGE, FILTERS = normal(1, 4, 7, 6), normal(6, 4, 3, 3)
HIDDEN = (2, 5, 8)
GAMMA = Known(normal(8))

CASES = [
    OneNode("FusedMatMul", (normal(2, 3, 4), normal(2, 4, 5)), {"alpha": 0.5}),
    OneNode("Inverse", (normal(3, 3),)),
    OneNode("Inverse", (normal(2, 3, 5, 5),)),
    OneNode("Inverse", (np.array([[0, 2, 1], [0, 0, 3], [4, 0, 0]], np.float32),)),
    OneNode("FusedMatMul", (normal(2, 4, 3), normal(5, 4)), {"transA": 1, "transB": 1}),
    OneNode("FusedMatMul", (normal(3, 2, 4), normal(2, 4, 5)), {"transBatchA": 1}),
    OneNode("FusedMatMul", (normal(4, 2, 3), normal(5, 2, 4)), {"transBatchA": 1, "transA": 1, "transBatchB": 1, "transB": 1}),
    OneNode("FusedGemm", (normal(3, 4), normal(4, 5), normal(5)), {"activation": "Relu", "alpha": 0.5}),
    OneNode("FusedConv", (IMAGE, FILTERS), {"activation": "Relu", "pads": [1, 1, 1, 1]}),
    OneNode("FusedConv", (IMAGE, FILTERS, normal(6)), {"activation": "LeakyRelu", "activation_params": [0.2], "strides": [2, 1]}),
    OneNode("FusedConv", (IMAGE, FILTERS, normal(6)), {"activation": "Clip", "activation_params": [-1.0, 1.5], "auto_pad": "SAME_UPPER"}),
    OneNode("FusedConv", (IMAGE, FILTERS, normal(6)), {"activation": "HardSigmoid", "activation_params": [0.1, 0.4]}),
    OneNode("FusedConv", (IMAGE, FILTERS, normal(6), normal(1, 6, 5, 4)), {"activation": "Tanh"}),
    OneNode("FusedConv", (IMAGE, FILTERS, None, normal(1, 6, 5, 4)), {"activation": "Sigmoid"}),
    OneNode("Gelu", (normal(3, 4),)),
    OneNode("BiasGelu", (normal(3, 4), normal(4))),
    OneNode("FastGelu", (normal(3, 4),)),
    OneNode("FastGelu", (normal(3, 4), normal(4))),
    OneNode("QuickGelu", (normal(3, 4),)),
    OneNode("QuickGelu", (normal(3, 4),), {"alpha": 1.0}),
    OneNode(
        "SkipLayerNormalization", (normal(*HIDDEN), normal(*HIDDEN), GAMMA, Known(normal(8)), Known(normal(8))), {"epsilon": 1e-5}, (0, 3)
    ),
    OneNode("SkipLayerNormalization", (normal(*HIDDEN), normal(5, 8), GAMMA)),
    OneNode("SkipSimplifiedLayerNormalization", (normal(*HIDDEN), normal(*HIDDEN), GAMMA, Known(normal(8))), {"epsilon": 1e-6}, (0, 3)),
    OneNode("SkipSimplifiedLayerNormalization", (normal(*HIDDEN), normal(*HIDDEN), GAMMA)),
    OneNode("SimplifiedLayerNormalization", (normal(*HIDDEN), GAMMA), {"axis": -1, "epsilon": 1e-6}, domain=""),
    OneNode(
        "SimplifiedLayerNormalization",
        (normal(*HIDDEN).astype(np.float16), Known(normal(8).astype(np.float16))),
        domain="",
        rtol=2e-3,
        atol=1e-3,
    ),
    OneNode(
        "EmbedLayerNormalization",
        (i32(9, 2, 5), i32(2, 2, 5), Known(normal(9, 8)), Known(normal(6, 8)), Known(normal(2, 8)), GAMMA, Known(normal(8)), i32(2, 2, 5)),
        outputs=(0, 1, 2),
    ),
    OneNode(
        "EmbedLayerNormalization",
        (i32(9, 2, 5), None, Known(normal(9, 8)), Known(normal(6, 8)), None, GAMMA, Known(normal(8)), None, i32(6, 2, 5)),
        outputs=(0, 1),
    ),
    OneNode("Trilu", (normal(2, 4, 5),), {"upper": 0}),
    OneNode("Trilu", (normal(4, 5), Known(np.int64(1)))),
    OneNode("GridSample", (IMAGE, normal(1, 5, 4, 2))),
    OneNode("GridSample", (IMAGE, normal(1, 5, 4, 2)), {"mode": "nearest", "padding_mode": "border", "align_corners": 1}),
    OneNode("TransposeMatMul", (normal(2, 4, 3), normal(5, 4)), {"alpha": 2.0, "transA": 1, "transB": 1}),
]

SCALE = Known(normal(7, 6))
EQUIVALENT = [
    (
        OneNode("SimplifiedLayerNormalization", (IMAGE, SCALE), {"axis": 2, "epsilon": 1e-3}),
        OneNode("SimplifiedLayerNormalization", (IMAGE, SCALE), {"axis": 2, "epsilon": 1e-3}, domain=""),
    )
]
"""What the CPU kernels do not implement, each with the same in a form that they do."""
WINDOW = {"pads": [1, 0, 2, 1], "strides": [2, 1], "group": 2}
NHWC_CONV = OneNode("NhwcConv", (IMAGE.transpose(0, 2, 3, 1).copy(), Known(FILTERS[:, :2].transpose(0, 2, 3, 1).copy())), WINDOW)
CONV = OneNode("Conv", (IMAGE, Known(FILTERS[:, :2].copy())), WINDOW, domain="")
"""The same in the layout that ONNX Runtime has a CPU kernel for."""
