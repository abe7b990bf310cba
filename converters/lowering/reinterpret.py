"""The bits of float32 as an integer and back, by arithmetic: WebNN has no operator that sees them."""

from __future__ import annotations

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand

POWERS: Array = np.ldexp(np.float32(1), np.arange(-126, 128)).astype(np.float32)
"""All powers of two that are normal float32: what the exponent fields 1 to 254 mean."""
FRACTION = 2**23
"""What the exponent field counts in."""
NAN = 0x7FC00000
SIGN = -(2**31)


def bits_of_float32(b: GraphBuilder, x: Operand) -> Operand:
    """The int32 with the bits of each float32; all NaNs become the positive quiet one.

    The exponent field is how many powers of two are not above the number, which takes 254 comparisons each.
    """
    size = b.abs(x)
    exponent = b.reduceSum(b.cast(b.greaterOrEqual(b.reshape(size, [*x.shape, 1]), POWERS), DataType.INT32), axes=[x.rank])
    power = b.gather(b.constant(POWERS), b.max(b.sub(exponent, 1), 0))
    normal = b.sub(b.div(size, power), b.cast(b.greater(exponent, 0), DataType.FLOAT32))
    fraction = b.cast(b.mul(normal, float(FRACTION)), DataType.INT32)
    magnitude = b.add(b.mul(exponent, FRACTION), fraction)
    magnitude = b.where(b.isInfinite(x), 255 * FRACTION, magnitude)
    negative = b.where(b.equal(x, 0), b.lesser(b.reciprocal(x), 0), b.lesser(x, 0))
    return b.where(b.isNaN(x), NAN, b.where(negative, b.add(magnitude, SIGN), magnitude))


def float32_of_bits(b: GraphBuilder, x: Operand) -> Operand:
    """The float32 with the bits of each int32."""
    negative = b.lesser(x, 0)
    magnitude = b.where(negative, b.sub(x, SIGN), x)
    exponent = b.div(magnitude, FRACTION)
    rest = b.sub(magnitude, b.mul(exponent, FRACTION))
    fraction = b.mul(b.cast(rest, DataType.FLOAT32), 1 / FRACTION)
    power = b.gather(b.constant(POWERS), b.clamp(b.sub(exponent, 1), minValue=0, maxValue=253))
    value = b.mul(b.add(fraction, b.cast(b.greater(exponent, 0), DataType.FLOAT32)), power)
    special = b.where(b.equal(rest, 0), float("inf"), b.constant(np.float32("nan")))
    value = b.where(b.equal(exponent, 255), special, value)
    return b.where(negative, b.neg(value), value)
