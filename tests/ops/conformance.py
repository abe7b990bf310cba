"""Facts of the standard's test suite (webnn/conformance_tests) that no earlier vectors have: inputs and what must come of them.

Where the suite repeats a vector with a constant in the place of an input, `Vector.constants` names it; the tests make both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np

from tests.ops.case import Tensor, f16, f32, i32, u8
from tests.ops.cases.elementwise import COMPARISONS
from tests.ops.vectors import Build, Vector
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

FLOATS = {"float32": f32, "float16": f16}


def _call(op: str, **options: Any) -> Build:
    """One call whose positional operands are the inputs, in order, but for those that options name."""

    def build(b: GraphBuilder, **operands: Operand) -> dict[str, Operand]:
        named = {key: operands[value] if isinstance(value, str) and value in operands else value for key, value in options.items()}
        positional = [operand for name, operand in operands.items() if name not in options.values()]
        made = b.call(op, *([positional] if op == "concat" else positional), **named)
        return {f"y{i}": y for i, y in enumerate(made)} if isinstance(made, list) else {"y": made}

    return build


def _one(
    name: str, op: str, x: Tensor | Mapping[str, Tensor], y: Tensor, ulp: int = 0, constants: tuple[str, ...] = (), **options: Any
) -> Vector:
    inputs = {"x": x} if isinstance(x, Tensor) else x
    return Vector(name, _call(op, **options), inputs, {"y": y}, ulp, constants)


# -------------------------------------------------------------------------------------------------------------- resampling
def _nearest() -> Iterator[Vector]:
    ramp = list(range(1, 13))
    for kind, of in FLOATS.items():
        for what, shape, values, options, result, expected in (
            ("upscaling by scales", [1, 1, 1, 3], [10, 20, 30], {"scales": [1, 1.5]}, [1, 1, 1, 4], [10, 20, 20, 30]),
            ("downscaling by scales", [1, 1, 1, 4], [10, 20, 30, 40], {"scales": [1, 0.75]}, [1, 1, 1, 3], [10, 20, 40]),
            ("downscaling by sizes", [1, 1, 1, 5], [10, 20, 30, 40, 50], {"sizes": [1, 2]}, [1, 1, 1, 2], [20, 40]),
            ("ties", [1, 1, 1, 2], [10, 20], {"sizes": [1, 3]}, [1, 1, 1, 3], [10, 10, 20]),
            ("one result", [1, 1, 1, 3], [10, 20, 30], {"sizes": [1, 1]}, [1, 1, 1, 1], [20]),
            ("one pixel", [1, 1, 1, 1], [10], {"sizes": [1, 4]}, [1, 1, 1, 4], [10] * 4),
            (
                "sizes before scales",
                [1, 2, 3, 2],
                ramp,
                {"axes": [1, 2], "sizes": [3, 4], "scales": [99, 99]},
                [1, 3, 4, 2],
                [1, 2, 3, 4, 3, 4, 5, 6] * 2 + [7, 8, 9, 10, 9, 10, 11, 12],
            ),
            (
                "axes in reverse",
                [1, 2, 3, 2],
                ramp,
                {"axes": [3, 2], "sizes": [3, 4]},
                [1, 2, 4, 3],
                [1, 1, 2, 3, 3, 4, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 9, 9, 10, 11, 11, 12],
            ),
        ):
            x, y = _shaped(of, shape, values), _shaped(of, result, expected)
            yield _one(f"resample2d-nearest-half-pixel {kind} {what}", "resample2d", x, y, mode="nearest-neighbor", **options)


def _shaped(of: Callable[..., Tensor], shape: list[int], values: Any) -> Tensor:
    return of(*shape, values=np.reshape(values, shape))


# -------------------------------------------------------------------------------------------------------------------- casts
TINY = 2.0**-24
ROUNDED = {
    "ties to even": (
        [1.0003, 1.0007, 1.00048828125, 1.00146484375, 2049, 2051],
        [1, 1.0009765625, 1, 1.001953125, 2048, 2052],
    ),
    "subnormal": (
        [TINY, TINY / 2, TINY * 3 / 2, TINY * 5 / 2, TINY * 1023, TINY * 2047 / 2, 0],
        [TINY, 0, TINY * 2, TINY * 2, TINY * 1023, 2.0**-14, 0],
    ),
    "overflow": ([65504, 65519, 65520, 65536, np.inf, np.nan], [65504, 65504, np.inf, np.inf, np.inf, np.nan]),
}
"""float32 and the float16 that it becomes; the same with the other sign."""
WIDENED = [
    0,
    -0.0,
    TINY,
    -TINY,
    1023 * TINY,
    -1023 * TINY,
    2.0**-14,
    -(2.0**-14),
    1,
    -1,
    1.0009765625,
    -1.0009765625,
    65504,
    -65504,
    np.inf,
    np.nan,
]
HALVES = [0, 0x8000, 1, 0x8001, 0x3FF, 0x83FF, 0x400, 0x8400, 0x3C00, 0xBC00, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0xFE00]
SINGLES = [
    *(0, 0x80000000, 0x33800000, 0xB3800000, 0x387FC000, 0xB87FC000, 0x38800000, 0xB8800000),
    *(0x3F800000, 0xBF800000, 0x477FE000, 0xC77FE000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000),
]
"""Bits of float16 and of the float32 that has the same value."""
STORED = [0, -0.0, 1.0003, -1.0003, 2.0**-149, -(2.0**-149), 65504, -65504, 1, -1, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan, -np.nan]
UNDERFLOWN = ([0, 2.0**-26, 2.0**-25, 3 * 2.0**-25, 5 * 2.0**-25, 1.00048828125], [0, 0, 0, 2, 2, 0x3C00])
"""float32 and the bits of the float16 that it becomes; the same with the other sign."""


def _there_and_back(b: GraphBuilder, x: Operand, times: int = 1) -> dict[str, Operand]:
    outputs = {}
    for i in range(times):
        outputs[f"narrow{i}"] = b.cast(x, "float16")
        outputs[f"wide{i}"] = x = b.cast(outputs[f"narrow{i}"], "float32")
    return outputs


def _only_wide(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return {"wide0": _there_and_back(b, x)["wide0"]}


def _with_negatives(values: list[float]) -> list[float]:
    return [*values, *(-float(value) for value in values)]


def _casts() -> Iterator[Vector]:
    every: tuple[list[float], list[float]] = ([], [])
    for what, (values, rounded) in ROUNDED.items():
        given, gives = _with_negatives(values), _with_negatives(rounded)
        every[0].extend(given)
        every[1].extend(gives)
        both = {"narrow0": f16(values=gives), "wide0": f32(values=gives)}
        x, wide = {"x": f32(values=given)}, {"wide0": both["wide0"]}
        yield Vector(f"cast_rounding {what}, both", _there_and_back, x, both, constants=("x",))
        yield Vector(f"cast_rounding {what}, the wide one", _only_wide, x, wide, 0, ("x",))
    scalar = {"wide0": f32(values=1.001953125)}
    yield Vector("cast_rounding scalar", _only_wide, {"x": f32(values=1.00146484375)}, scalar, 0, ("x",))
    twice = {f"{name}{i}": of(values=every[1]) for i in range(2) for name, of in (("narrow", f16), ("wide", f32))}
    yield Vector("cast_rounding twice", partial(_there_and_back, times=2), {"x": f32(values=every[0])}, twice)
    for shape in ([16, 1, 1], [1, 16, 1, 1], [1, 16, 4, 1], [1, 4, 17]):
        values = list(islice(cycle(WIDENED), int(np.prod(shape))))
        x, y = _shaped(f16, shape, values), _shaped(f32, shape, values)
        yield _one(f"cast_rounding widening {shape}", "cast", x, y, constants=("x",), dataType="float32")


def _storage() -> Iterator[Vector]:
    halves, singles = np.array(HALVES, np.uint16).view(np.float16), np.array(SINGLES, np.uint32).view(np.float32)
    same = {"identity": {}, "cast": {"dataType": "float16"}}
    for shape in ([16], [1, 2, 2, 4]):
        half, single, stored = _shaped(f16, shape, halves), _shaped(f32, shape, singles), _shaped(f32, shape, STORED)
        for op, options in same.items():
            yield _one(f"cast-storage float16 {op} {shape}", op, half, half, constants=("x",), **options)
        yield _one(f"cast-storage widening {shape}", "cast", half, single, constants=("x",), dataType="float32")
        yield _one(f"cast-storage float32 {shape}", "cast", stored, stored, constants=("x",), dataType="float32")
    values, bits = UNDERFLOWN
    x, y = f32(values=_with_negatives(values)), f16(values=np.array([*bits, *(i | 0x8000 for i in bits)], np.uint16).view(np.float16))
    yield _one("cast-storage underflow", "cast", x, y, constants=("x",), dataType="float16")


# --------------------------------------------------------------------------------------------------------- moving subnormals
MOVED = [TINY, 3 * TINY, 1023 * TINY, -TINY, -3 * TINY, -1023 * TINY, 2.0**-14, -(2.0**-14)]


def _transport() -> Iterator[Vector]:
    x, square = f16(values=MOVED), _shaped(f16, [2, 4], MOVED)
    row, twice = _shaped(f16, [1, 8], MOVED), _shaped(f16, [2, 8], MOVED * 2)
    back, ends = f16(values=MOVED[::-1]), i32(values=[7, 6, 5, 4, 3, 2, 1, 0])
    odd = u8(values=[0, 1] * 4)
    chosen = f16(values=[m if i % 2 else o for i, (m, o) in enumerate(zip(MOVED, MOVED[::-1], strict=True))])

    def moved(op: str, x: Tensor | Mapping[str, Tensor], y: Tensor, constants: tuple[str, ...] = (), **options: Any) -> Vector:
        inputs = x if isinstance(x, Mapping) else {"x": x}
        words = " ".join([op, *(f"{name}={value}" for name, value in options.items()), "scalar" if not inputs.get("x", y).shape else ""])
        return _one(f"float16-transport {words.strip()}", op, inputs, y, constants=constants, **options)

    for op, options in (("cast", {"dataType": "float16"}), ("identity", {})):
        yield moved(op, x, x, ("x",), **options)
        yield moved(op, f16(values=TINY), f16(values=TINY), **options)
    yield moved("reshape", x, square, newShape=[2, 4])
    yield moved("transpose", square, _shaped(f16, [4, 2], [MOVED[i] for i in (0, 4, 1, 5, 2, 6, 3, 7)]), permutation=[1, 0])
    yield moved("reverse", x, back, axes=[0])
    yield moved("slice", x, f16(values=MOVED[1:]), starts=[1], sizes=[7])
    yield moved("slice", f16(values=np.repeat(MOVED, 2)), x, starts=[1], sizes=[15], strides=[2])
    yield moved("concat", {"left": f16(values=MOVED[:4]), "right": f16(values=MOVED[4:])}, x, axis=0)
    halves = {"y0": f16(values=MOVED[:4]), "y1": f16(values=MOVED[4:])}
    yield Vector("float16-transport split", _call("split", splits=[4, 4]), {"x": x}, halves)
    yield moved("gather", {"x": x, "indices": ends}, back)
    turned = {"x": square, "indices": i32(values=[[3, 2, 1, 0]] * 2)}
    yield moved("gatherElements", turned, _shaped(f16, [2, 4], MOVED[3::-1] + MOVED[:3:-1]), ("indices",), axis=1)
    yield moved(
        "gatherND", {"x": square, "indices": i32(values=[[1, 3], [0, 0], [1, 0], [0, 3]])}, f16(values=[MOVED[i] for i in (7, 0, 4, 3)])
    )
    yield moved("expand", row, twice, newShape=[2, 8])
    yield moved("tile", row, twice, repetitions=[2, 1])
    yield moved("where", {"condition": odd, "yes": x, "no": back}, chosen)
    yield moved("pad", x, f16(values=[TINY, *MOVED, TINY, TINY]), beginningPadding=[1], endingPadding=[2], value=TINY)
    for mode, first, last in (("edge", 0, 7), ("reflection", 1, 6)):
        padded = f16(values=[MOVED[first], *MOVED, MOVED[last]])
        yield moved("pad", x, padded, beginningPadding=[1], endingPadding=[1], mode=mode)
    zeros = f16(8, values=0)
    yield moved("scatterElements", {"x": zeros, "indices": ends, "updates": x}, back, ("indices",))
    yield moved("scatterND", {"x": zeros, "indices": i32(values=[[i] for i in range(7, -1, -1)]), "updates": x}, back)


# ----------------------------------------------------------------------------------------------------- normalization, reductions
def _affine() -> Iterator[Vector]:
    """Each channel has mean 3 and variance 5, so that an epsilon of 4 makes a denominator of 3."""
    image, normal = [0, 0, 2, 2, 4, 4, 6, 6], np.repeat([-1, -1 / 3, 1 / 3, 1], 2)
    parameters = {"scale": [3, 6], "bias": [0.25, 0.5]}

    def then_conv2d(b: GraphBuilder, x: Operand, scale: Operand, bias: Operand, filter: Operand) -> dict[str, Operand]:
        y = b.instanceNormalization(x, scale=scale, bias=bias, layout="nhwc", epsilon=4)
        return {"y": b.conv2d(y, filter, inputLayout="nhwc", filterLayout="ohwi")}

    def computed(b: GraphBuilder, x: Operand, scale: Operand, bias: Operand) -> dict[str, Operand]:
        wide = {"scale": b.cast(scale, "float32"), "bias": b.cast(bias, "float32")}
        return {"y": b.instanceNormalization(x, **wide, layout="nhwc", epsilon=4)}

    for kind, of in FLOATS.items():
        x = _shaped(of, [1, 2, 2, 2], image)
        for names in (("scale", "bias"), ("scale",), ("bias",)):
            expected = normal * (np.tile([3, 6], 4) if "scale" in names else 1) + (np.tile([0.25, 0.5], 4) if "bias" in names else 0)
            y, given = _shaped(of, [1, 2, 2, 2], expected), {"x": x} | {name: of(values=parameters[name]) for name in names}
            options = {"layout": "nhwc", "epsilon": 4} | {name: name for name in names}
            name = f"instance-normalization-affine-layout {kind} {' and '.join(names)}"
            yield _one(name, "instanceNormalization", given, y, 4, names, **options)
            if len(names) == 2:
                with_filter = given | {"filter": _shaped(of, [2, 1, 1, 2], [1, 0, 0, 1])}
                yield Vector(f"{name}, then conv2d", then_conv2d, with_filter, {"y": y}, 4, ("filter",))
    halves = {"x": _shaped(f32, [1, 2, 2, 2], image), "scale": f16(values=[3, 6]), "bias": f16(values=[0.25, 0.5])}
    y = _shaped(f32, [1, 2, 2, 2], [-2.75, -5.5, -0.75, -1.5, 1.25, 2.5, 3.25, 6.5])
    yield Vector("instance-normalization-affine-layout computed", computed, halves, {"y": y}, 4, ("scale", "bias"))


def _zero_epsilon() -> Iterator[Vector]:
    """Subnormal numbers whose variance an epsilon would hide."""
    scale, bias = [0.5, 2], [0.25, -0.5]
    for kind, of in FLOATS.items():
        for layout, image, plain, affine in (
            ("nchw", [1, -1, 1, -1, 2, -2, 2, -2], [1, -1] * 4, [0.75, -0.25] * 2 + [1.5, -2.5] * 2),
            ("nhwc", [1, 2, -1, -2, 1, 2, -1, -2], [1, 1, -1, -1] * 2, [0.75, 1.5, -0.25, -2.5] * 2),
        ):
            x, options = _shaped(of, [1, 2, 2, 2], np.multiply(image, TINY)), {"layout": layout, "epsilon": 0}
            name = f"instance-normalization-zero-epsilon {kind} {layout}"
            yield _one(name, "instanceNormalization", x, _shaped(of, [1, 2, 2, 2], plain), 4, **options)
            given, options = {"x": x, "scale": of(values=scale), "bias": of(values=bias)}, options | {"scale": "scale", "bias": "bias"}
            y = _shaped(of, [1, 2, 2, 2], affine)
            yield _one(f"{name} affine", "instanceNormalization", given, y, 4, ("scale", "bias"), **options)


def _log_sums() -> Iterator[Vector]:
    small = np.multiply([[1, 3, 5, 7], [4, 12, 20, 28]], TINY)
    for kind, of in FLOATS.items():
        tiny, sums, large, two = {
            "float32": (-16.63553237915039, [-13.862943649291992, -12.476649284362793], 12.476161003112793, 0.6931471824645996),
            "float16": (-16.640625, [-13.859375, -12.4765625], 12.4765625, 0.693359375),
        }[kind]
        for what, x, y, options in (
            ("small", of(values=small), of(values=sums), {"axes": [1]}),
            ("nothing", of(values=[[0] * 4, [1, -1, 0, 0]]), of(values=[[-np.inf]] * 2), {"axes": [1], "keepDimensions": True}),
            ("large", of(4, values=65504), of(values=large), {}),
            ("scalar", of(values=TINY), of(values=tiny), {}),
            ("no axes", of(values=[TINY, 0, 2]), of(values=[tiny, -np.inf, two]), {"axes": []}),
        ):
            yield _one(f"reduce-log-sum-small-values {kind} {what}", "reduceLogSum", x, y, 2, ("x",), **options)


# --------------------------------------------------------------------------------------------------- comparison, triangles
COMPARED = [
    *(range(1, 1024), range(0x8001, 0x8400)),
    [0, 0x8000, 0x400, 0x8400, 0x3555, 0xB555, 0x3C00, 0xBC00, 0x3C01, 0xBC01, 0x3800, 0xB800, 0x4000, 0xC000, 0x7BFF, 0xFBFF],
    [0x7C00, 0xFC00, 0x7E00, 0xFE00, 0x7E01, 0xFE01, 0x7C01, 0xFC01, 0x1000, 0x9000, 0x2000, 0xA000, 0x800, 0x8800],
    [0x4C00, 0xCC00, 0x6C00, 0xEC00],
]
COMPARED_WITH = [0, 0x8000, 1, 0x8001, 0x200, 0x8200, 0x3FF, 0x83FF, 0x400, 0x8400, 0x3C00, 0xBC00, 0x7E01, 0x7C00, 0xFC00, 0x3555]
"""Bits of float16; those on the right are repeated."""


def _selected(op: str, b: GraphBuilder, a: Operand, other: Operand) -> dict[str, Operand]:
    condition = b.call(op, a, other)
    return {"selected": b.where(condition, np.ones((), np.float32), np.zeros((), np.float32)), "condition": condition}


def _comparisons() -> Iterator[Vector]:
    bits = [bit for part in COMPARED for bit in part]
    a, other = (np.array(list(islice(cycle(these), len(bits))), np.uint16).view(np.float16) for these in (bits, COMPARED_WITH))
    for kind, of in FLOATS.items():
        for op, compare in COMPARISONS.items():
            truth = [float(compare(float(x), float(y))) for x, y in zip(a, other, strict=True)]
            expected = {"selected": f32(values=truth), "condition": u8(values=truth)}
            yield Vector(
                f"comparison-select {op} {kind}",
                partial(_selected, op),
                {"a": of(values=a), "other": of(values=other)},
                expected,
                0,
                ("a",),
            )


TRIANGLES: list[tuple[list[int], bool, int, str]] = [
    ([4, 6], True, 0, "111111 011111 001111 000111"),
    ([2, 3, 4], True, 0, "1111 0111 0011" * 2),
    ([2, 2, 2, 3], True, 0, "111 011" * 4),
    ([2, 1, 4, 1, 3], True, 0, "111" * 8),
    ([2, 2, 2, 3], False, 0, "100 110" * 4),
    ([2, 2, 2, 3], True, 1, "011 001" * 4),
    ([2, 2, 2, 3], True, -1, "111 111" * 4),
    ([2, 2, 2, 3], True, 3, "000 000" * 4),
    ([2, 2, 2, 3], True, -2, "111 111" * 4),
    ([2, 2, 2, 3], False, 1, "110 111" * 4),
    ([2, 2, 2, 3], False, -1, "000 100" * 4),
    ([2, 2, 2, 3], False, 3, "111 111" * 4),
    ([2, 2, 2, 3], False, -2, "000 000" * 4),
    ([3, 3], True, 0, "111 011 001"),
    ([3, 3], False, 0, "100 110 111"),
    ([3, 3], True, -1, "111 111 011"),
    ([3, 3], True, 1, "011 001 000"),
    ([3, 3], False, -1, "000 100 110"),
]
"""Shape, ``upper``, ``diagonal``, and which elements stay."""
INFINITE = [np.nan, np.inf, -np.inf, -np.inf, np.inf, 7, np.inf, -8, np.nan]


def _triangles() -> Iterator[Vector]:
    for shape, upper, diagonal, kept in TRIANGLES:
        stays = np.array([digit == "1" for digit in kept.replace(" ", "")]).reshape(shape)
        count = stays.size
        ramp = [(-1.0) ** i * (i + 1) for i in range(count)]
        for kind, of, values in (
            ("float32", f32, [value * 3.4567 for value in ramp]),
            ("float16", f16, [value * 3.4567 for value in ramp]),
            ("int32", i32, ramp),
            *((f"{kind} not finite", of, INFINITE) for kind, of in FLOATS.items() if count == len(INFINITE)),
        ):
            x = _shaped(of, shape, values)
            y = _shaped(of, shape, np.where(stays, x.array(""), 0))
            yield _one(f"triangular {kind} {shape} {upper} {diagonal}", "triangular", x, y, upper=upper, diagonal=diagonal)


VECTORS = [*_nearest(), *_casts(), *_storage(), *_transport(), *_affine(), *_zero_epsilon(), *_log_sums(), *_comparisons(), *_triangles()]
