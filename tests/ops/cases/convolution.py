"""Rows for convolution and its transpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.ops.case import Case, f16, f32
from tests.ops.oracles import Oracle, torch

TO_OIHW = {"oihw": (0, 1, 2, 3), "hwio": (3, 2, 0, 1), "ohwi": (0, 3, 1, 2), "ihwo": (3, 0, 1, 2)}
TO_IOHW = {"iohw": (0, 1, 2, 3), "hwoi": (3, 2, 0, 1), "ohwi": (3, 0, 1, 2)}


def _conv(
    padding: Sequence[int] = (0, 0, 0, 0), layout: str = "nchw", filter_layout: str = "oihw", bias: bool = False, **options: Any
) -> Oracle:
    """PyTorch's convolution under the standard's names."""

    def compute(t: Any, x: Any, w: Any, b: Any = None) -> Any:
        top, bottom, left, right = padding
        image = x if layout == "nchw" else x.permute(0, 3, 1, 2)
        y = t.nn.functional.conv2d(t.nn.functional.pad(image, (left, right, top, bottom)), w.permute(TO_OIHW[filter_layout]), b, **options)
        return y if layout == "nchw" else y.permute(0, 2, 3, 1)

    return torch(compute)


def _transpose(
    padding: Sequence[int] = (0, 0, 0, 0), layout: str = "nchw", filter_layout: str = "iohw", extra: Sequence[int] = (0, 0), **options: Any
) -> Oracle:
    """PyTorch's transposed convolution; padding crops, extra rows and columns are computed by cropping less at the end."""

    def compute(t: Any, x: Any, w: Any, b: Any = None) -> Any:
        image = x if layout == "nchw" else x.permute(0, 3, 1, 2)
        y = t.nn.functional.conv_transpose2d(image, w.permute(TO_IOHW[filter_layout]), None, **options)
        y = t.nn.functional.pad(y, (0, extra[1], 0, extra[0]))
        y = y[:, :, padding[0] : y.shape[2] - padding[1], padding[2] : y.shape[3] - padding[3]]
        y = y if b is None else y + b[:, None, None]
        return y if layout == "nchw" else y.permute(0, 2, 3, 1)

    return torch(compute)


def _shape(layout: str, n: int, c: int, h: int, w: int) -> tuple[int, ...]:
    return (n, c, h, w) if layout == "nchw" else (n, h, w, c)


def _filter(layout: str, o: int, i: int, h: int, w: int) -> tuple[int, ...]:
    sizes = {"o": o, "i": i, "h": h, "w": w}
    return tuple(sizes[letter] for letter in layout)


x, w = f32(2, 3, 7, 6), f32(4, 3, 3, 2)

CONV = [
    Case("conv2d", [x, w], gives=f32(2, 4, 5, 5), by=_conv()),
    Case("conv2d", [f16(1, 3, 7, 6), f16(4, 3, 3, 2)], gives=f16(1, 4, 5, 5), by=_conv()),
    Case("conv2d", [x, w], bias=f32(4), gives=f32(2, 4, 5, 5), by=_conv()),
    Case("conv2d", [x, w], padding=[1, 2, 0, 3], gives=f32(2, 4, 8, 8), by=_conv([1, 2, 0, 3])),
    Case("conv2d", [x, w], strides=[2, 3], gives=f32(2, 4, 3, 2), by=_conv(stride=(2, 3))),
    Case("conv2d", [x, w], dilations=[3, 2], gives=f32(2, 4, 1, 4), by=_conv(dilation=(3, 2))),
    Case(
        "conv2d",
        [x, w],
        padding=[1, 1, 1, 1],
        strides=[2, 2],
        dilations=[2, 2],
        gives=f32(2, 4, 3, 3),
        by=_conv([1] * 4, stride=2, dilation=2),
    ),
    Case("conv2d", [f32(2, 8, 5, 5), f32(8, 1, 3, 3)], groups=8, bias=f32(8), gives=f32(2, 8, 3, 3), by=_conv(groups=8)),
    Case(
        "conv2d", [f32(2, 8, 5, 5), f32(16, 1, 3, 3)], groups=8, strides=[2, 1], gives=f32(2, 16, 2, 3), by=_conv(groups=8, stride=(2, 1))
    ),
    Case("conv2d", [f32(2, 6, 5, 5), f32(4, 3, 3, 3)], groups=2, padding=[1, 1, 1, 1], gives=f32(2, 4, 5, 5), by=_conv([1] * 4, groups=2)),
    Case("conv2d", [f32(2, 6, 4, 5), f32(8, 6, 1, 1)], bias=f32(8), gives=f32(2, 8, 4, 5), by=_conv()),
    Case("conv2d", [f32(2, 6, 4, 5), f32(8, 3, 1, 1)], groups=2, strides=[2, 2], gives=f32(2, 8, 2, 3), by=_conv(groups=2, stride=2)),
    Case("conv2d", [f32(1, 6, 4, 5), f32(8, 6, 1, 1)], padding=[1, 0, 0, 1], gives=f32(1, 8, 5, 6), by=_conv([1, 0, 0, 1])),
    Case("conv2d", [f32(1, 1, 3, 3), f32(1, 1, 3, 3)], gives=f32(1, 1, 1, 1), by=_conv()),
    *(
        Case(
            "conv2d",
            [f32(*_shape(layout, 2, 6, 7, 6)), f32(*_filter(filter_layout, 4, 6 // groups, 3, 2))],
            inputLayout=layout,
            filterLayout=filter_layout,
            groups=groups,
            bias=f32(4),
            strides=[1, 2],
            padding=[0, 1, 1, 0],
            gives=f32(*_shape(layout, 2, 4, 6, 3)),
            by=_conv([0, 1, 1, 0], layout, filter_layout, groups=groups, stride=(1, 2)),
        )
        for layout in ("nchw", "nhwc")
        for filter_layout in TO_OIHW
        for groups in (1, 2)
    ),
    *(
        Case(
            "conv2d",
            [f32(1, 5, 5, 4), f32(*_filter(filter_layout, 4, 1, 3, 3))],
            inputLayout="nhwc",
            filterLayout=filter_layout,
            groups=4,
            gives=f32(1, 3, 3, 4),
            by=_conv(layout="nhwc", filter_layout=filter_layout, groups=4),
        )
        for filter_layout in TO_OIHW
    ),
    Case("conv2d", [x, f32(4, 2, 3, 2)], error="the filter takes 2 channels per group, the input has 3 in 1 group(s)"),
    Case("conv2d", [x, w], groups=2, error="3 input channels cannot be split into 2 groups"),
    Case("conv2d", [x, w], groups=0, error="3 input channels cannot be split into 0 groups"),
    Case("conv2d", [f32(1, 6, 5, 5), f32(3, 3, 3, 3)], groups=2, error="3 output channels cannot be split into 2 groups"),
    Case("conv2d", [x, w], bias=f32(3), error="bias has shape [3], the result has 4 channels"),
    Case("conv2d", [x, w], bias=f32(1, 4), error="bias has rank 2 (shape [1, 4]), expected rank 1"),
    Case("conv2d", [x, w], bias=f16(4), error="bias is float16, input is float32; they must be the same"),
    Case("conv2d", [x, w], padding=[1, 1], error="padding [1, 1] must have 4 entries: begin and end of height, begin and end of width"),
    Case("conv2d", [x, w], strides=[1], error="strides [1] must be 2 positive numbers: height and width"),
    Case("conv2d", [x, w], strides=[0, 1], error="strides [0, 1] must be 2 positive numbers"),
    Case("conv2d", [x, w], strides=[], error="strides [] must be 2 positive numbers"),
    Case("conv2d", [x, w], dilations=[1, 0], error="dilations [1, 0] must be 2 positive numbers"),
    Case(
        "conv2d", [x, w], dilations=[4, 1], error="a filter of [3, 2] (dilations [4, 1]) does not fit into [7, 6] with padding [0, 0, 0, 0]"
    ),
    Case("conv2d", [f32(3, 7, 6), w], error="input has rank 3 (shape [3, 7, 6]), expected rank 4"),
    Case("conv2d", [x, w], inputLayout="hwc", error="inputLayout must be 'nchw' or 'nhwc', not 'hwc'"),
    Case("conv2d", [x, w], filterLayout="iohw", error="filterLayout must be 'oihw' or 'hwio' or 'ohwi' or 'ihwo', not 'iohw'"),
]

tx, tw = f32(2, 3, 4, 3), f32(3, 2, 3, 2)

TRANSPOSE = [
    Case("convTranspose2d", [tx, tw], gives=f32(2, 2, 6, 4), by=_transpose()),
    Case("convTranspose2d", [f16(1, 3, 4, 3), f16(3, 2, 3, 2)], gives=f16(1, 2, 6, 4), by=_transpose()),
    Case("convTranspose2d", [tx, tw], bias=f32(2), gives=f32(2, 2, 6, 4), by=_transpose()),
    Case("convTranspose2d", [tx, tw], strides=[2, 3], gives=f32(2, 2, 9, 8), by=_transpose(stride=(2, 3))),
    Case(
        "convTranspose2d",
        [tx, tw],
        strides=[3, 2],
        outputPadding=[2, 1],
        gives=f32(2, 2, 14, 7),
        by=_transpose(stride=(3, 2), extra=(2, 1)),
    ),
    Case(
        "convTranspose2d", [tx, tw], strides=[3, 2], outputSizes=[13, 7], gives=f32(2, 2, 13, 7), by=_transpose(stride=(3, 2), extra=(1, 1))
    ),
    Case(
        "convTranspose2d",
        [tx, tw],
        strides=[2, 2],
        padding=[1, 0, 0, 1],
        outputSizes=[9, 6],
        gives=f32(2, 2, 9, 6),
        by=_transpose([1, 0, 0, 1], stride=2, extra=(1, 1)),
    ),
    Case("convTranspose2d", [tx, tw], padding=[1, 1, 1, 0], gives=f32(2, 2, 4, 3), by=_transpose([1, 1, 1, 0])),
    Case("convTranspose2d", [tx, tw], dilations=[2, 3], gives=f32(2, 2, 8, 6), by=_transpose(dilation=(2, 3))),
    Case(
        "convTranspose2d",
        [f32(2, 4, 4, 3), f32(4, 3, 3, 2)],
        groups=2,
        bias=f32(6),
        gives=f32(2, 6, 6, 4),
        by=_transpose(groups=2),
    ),
    Case(
        "convTranspose2d",
        [f32(2, 4, 4, 3), f32(4, 1, 2, 2)],
        groups=4,
        strides=[2, 2],
        gives=f32(2, 4, 8, 6),
        by=_transpose(groups=4, stride=2),
    ),
    *(
        Case(
            "convTranspose2d",
            [f32(*_shape(layout, 2, 3, 4, 3)), f32(*_filter(filter_layout, 2, 3, 3, 2))],
            inputLayout=layout,
            filterLayout=filter_layout,
            strides=[2, 1],
            gives=f32(*_shape(layout, 2, 2, 9, 4)),
            by=_transpose(layout=layout, filter_layout=filter_layout, stride=(2, 1)),
        )
        for layout in ("nchw", "nhwc")
        for filter_layout in TO_IOHW
    ),
    Case("convTranspose2d", [tx, f32(4, 2, 3, 2)], error="the filter takes 4 channels, the input has 3"),
    Case("convTranspose2d", [tx, tw], groups=2, error="3 input channels cannot be split into 2 groups"),
    Case("convTranspose2d", [tx, tw], bias=f32(3), error="bias has shape [3], the result has 2 channels"),
    Case("convTranspose2d", [tx, tw], outputPadding=[1, 0], error="outputPadding [1, 0] must be smaller than strides [1, 1]"),
    Case("convTranspose2d", [tx, tw], outputPadding=[0], error="outputPadding [0] must have 2 entries"),
    Case("convTranspose2d", [tx, tw], outputSizes=[6], error="outputSizes [6] must have 2 entries"),
    Case(
        "convTranspose2d",
        [tx, tw],
        outputSizes=[7, 4],
        error="outputSizes [7, 4] must be at least [6, 4] and less than a stride [1, 1] above",
    ),
    Case("convTranspose2d", [tx, tw], outputSizes=[5, 4], error="outputSizes [5, 4] must be at least [6, 4]"),
    Case("convTranspose2d", [tx, tw], padding=[3, 3, 0, 0], error="padding [3, 3, 0, 0] leaves nothing of the result [0, 4]"),
    Case("convTranspose2d", [tx, tw], padding=[3], error="padding [3] must have 4 entries"),
]

CASES = [*CONV, *TRANSPOSE]
