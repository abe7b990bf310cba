"""What browsers compute wrong, refuse or crash on though they say that they take it, as data: one row each.

A rewrite is an equivalence, right on every implementation: bit for bit, but for the sign of a zero and the order of sums. So all
are made for every browser of the kind, whatever its version. The tests build each row's probe, to see that the rewrite leaves
nothing that the row applies to, and in a browser that the fault is still there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Operand
from webnn_graph.ops import OPS
from webnn_graph.ops.convolution import FILTER_AXES
from webnn_graph.ops.rules import broadcasts_to
from webnn_graph.ops.windows import extent, nchw_shape, shape_from_nchw
from webnn_graph.targets.call import Call
from webnn_graph.targets.recurrent import BY_PRODUCTS, packed_bytes

if TYPE_CHECKING:
    from webnn_graph.targets.legalize import LegalBuilder

OUTPUT = "output"
"""The operator of a quirk of what a graph returns: its ``input`` is to be an output."""
IMAGES = ("averagePool2d", "conv2d", "convTranspose2d", "instanceNormalization", "l2Pool2d", "maxPool2d", "resample2d")
"""Operators that browsers compute in the layout nhwc: what turns images there and back is taken out where it meets."""
MOST_PACKED = 2**27
"""Bytes of weights that a recurrent call may keep for its steps; from about half of it on, one product for all steps is faster."""
COMMUTATIVE = ("add", "max", "min", "mul")

Applies: TypeAlias = "Callable[[LegalBuilder, Call], bool]"
Rewrite: TypeAlias = "Callable[[LegalBuilder, Call], Any]"


@dataclass(frozen=True)
class Quirk:
    """One fault of an implementation.

    Attributes:
        name: A few words for it.
        ops: The operators of the calls that it is about, or `OUTPUT`.
        applies: Whether a call that is about to be made has the fault.
        rewrite: What stands for the call then.
        versions: Those in which it was seen.
        why: What happens.
        probe: The smallest graph that has the fault.
    """

    name: str
    ops: tuple[str, ...]
    applies: Applies
    rewrite: Rewrite
    versions: tuple[str, ...]
    why: str
    probe: Callable[[GraphBuilder], dict[str, Operand]]


# ------------------------------------------------------------------------------------------------------------------- applies
def _keeps_dimensions(b: LegalBuilder, call: Call) -> bool:
    return bool(call.keepDimensions)


def _always(b: LegalBuilder, call: Call) -> bool:
    return True


def _strides_too_far(b: LegalBuilder, call: Call) -> bool:
    return call.strides is not None and any(step > size for step, size in zip(call.strides, call.sizes, strict=True))


def _clamps_from_below(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type.is_float and call.minValue != 0 and call.maxValue in (None, np.inf)


def _is_quantized_elsewhere(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    if made is None or not any(_is_made_by(b, operand, "dequantizeLinear") for operand in made.operands):
        return False
    return any(node.op == "quantizeLinear" for node in b.readers(call.input))


def _is_image(b: LegalBuilder, operand: Operand) -> bool:
    made = b.producer(operand)
    return made is not None and made.op in IMAGES


def _is_image_of_floats(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    if made is None or made.op not in IMAGES:
        return False
    read = [operand for name, operand in made.arguments.items() if name in ("input", "filter")]
    return not all(_is_made_by(b, operand, "dequantizeLinear") for operand in read)


def _is_half_dequantized(b: LegalBuilder, call: Call) -> bool:
    return call.input.data_type is DataType.FLOAT16 and _is_made_by(b, call.input, "dequantizeLinear") and bool(b.readers(call.input))


def _is_cast_constant(b: LegalBuilder, call: Call) -> bool:
    return b.is_known(call.input) and _is_made_by(b, call.input, "cast")


def _meets_what_is_made_of_it(b: LegalBuilder, call: Call) -> bool:
    first = b.producer(call.a)
    if first is None or call.a.rank != 4:
        return False
    return (first.op in IMAGES or len(first.operands) == 2) and (call.a is call.b or _is_made_from(b, call.b, call.a))


def _leaves_out_zero(b: LegalBuilder, call: Call) -> bool:
    if call.op == "clamp":
        outside = (call.minValue or 0) > 0 or (call.maxValue or 0) < 0
        return call.input.data_type.is_float and outside and _is_image(b, call.input)
    for x, bound in ((call.a, call.b), (call.b, call.a)):
        value = b.value(bound) if bound.size == 1 else None
        if value is not None and _is_image(b, x):
            return bool((value > 0).all() if call.op == "max" else (value < 0).all())
    return False


def _has_negative_padding(b: LegalBuilder, call: Call) -> bool:
    if not any(call.padding):
        return False
    image = nchw_shape(call.input.shape, call.inputLayout)[2:]
    kernel = [call.filter.shape[axis] for axis in FILTER_AXES[call.filterLayout][2:]]
    spans = [extent(k, d) for k, d in zip(kernel, call.dilations, strict=True)]
    return any((-(-n // step) - 1) * step + span < n for n, step, span in zip(image, call.strides, spans, strict=True))


def _is_long(b: LegalBuilder, call: Call) -> bool:
    return packed_bytes(call) > MOST_PACKED


def _is_softmax_of_image(b: LegalBuilder, call: Call) -> bool:
    return call.input.rank == 4 and _comes_from_image(b, call.input)


def _is_turned_and_by_itself(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.a)
    return call.a is call.b and call.a.rank > 2 and made is not None and made.op in (*IMAGES, "transpose")


def _comes_from_image(b: LegalBuilder, operand: Operand, depth: int = 6) -> bool:
    """Whether the operand is an image, or computed from one element by element."""
    made = b.producer(operand)
    if made is None or depth == 0:
        return False
    if made.op in IMAGES:
        return True
    return OPS[made.op].category in ("elementwise", "activation") and any(_comes_from_image(b, x, depth - 1) for x in made.operands)


def _reads_dequantized_per_axis(name: str) -> Applies:
    def applies(b: LegalBuilder, call: Call) -> bool:
        node = b.producer(call.arguments[name])
        if node is None or node.op != "dequantizeLinear" or (call.op == "gemm" and call.bTranspose):
            return False
        q, scale = node.arguments["input"], node.arguments["scale"]
        return q.data_type.bits >= 8 and scale.size > 1 and broadcasts_to(scale.shape, q.shape)

    return applies


def _joins_quantized(b: LegalBuilder, call: Call) -> bool:
    return call.inputs[0].data_type.bits == 8 and any(_is_quantized(b, operand) for operand in call.inputs)


def _is_quantized(b: LegalBuilder, operand: Operand) -> bool:
    """Whether the operand is what quantizeLinear gives, perhaps moved."""
    made = b.producer(operand)
    if made is None:
        return False
    return made.op == "quantizeLinear" or (OPS[made.op].category == "manipulation" and any(_is_quantized(b, x) for x in made.operands))


def _is_dequantized(b: LegalBuilder, call: Call) -> bool:
    made = b.producer(call.input)
    return made is not None and made.op == "dequantizeLinear"


def _is_scaled_by_itself(b: LegalBuilder, call: Call) -> bool:
    x: Operand = call.input
    others = [operand for operand in (call.scale, call.bias) if operand is not None]
    return x.rank == 4 and _is_image(b, x) and any(operand is x or _is_made_from(b, operand, x) for operand in others)


def _is_made_by(b: LegalBuilder, operand: Operand, op: str) -> bool:
    node = b.producer(operand)
    return node is not None and node.op == op


def _is_made_from(b: LegalBuilder, operand: Operand, source: Operand, depth: int = 6) -> bool:
    node = b.producer(operand)
    if node is None or depth == 0:
        return False
    return source in node.operands or any(_is_made_from(b, before, source, depth - 1) for before in node.operands)


# ------------------------------------------------------------------------------------------------------------------ rewrites
def _without_kept_dimension(b: LegalBuilder, call: Call) -> Any:
    return b.reshape(b.call(call.op, **call.but(keepDimensions=None)), list(call.result.shape))


def _differs_from_itself(b: LegalBuilder, call: Call) -> Any:
    return b.notEqual(call.a, call.a)


def _is_beyond_all(b: LegalBuilder, call: Call) -> Any:
    return b.equal(b.abs(call.a), b.constant(np.array(np.inf), call.a.data_type))


def _shorter_strides(b: LegalBuilder, call: Call) -> Any:
    strides = [min(step, size) for step, size in zip(call.strides, call.sizes, strict=True)]
    return b.call(call.op, **call.but(strides=strides))


def _larger(b: LegalBuilder, call: Call) -> Any:
    return call.input if call.minValue in (None, -np.inf) else b.max(call.input, float(call.minValue))


def _times_one(b: LegalBuilder, call: Call) -> Any:
    return b.mul(call.input, b.constant(np.ones((), call.input.data_type.numpy)))


def _padded_before(b: LegalBuilder, call: Call) -> Any:
    top, bottom, left, right = call.padding
    begin, end = (shape_from_nchw((0, 0, *sizes), call.inputLayout) for sizes in ((top, left), (bottom, right)))
    return b.call(call.op, **call.but(input=b.pad(call.input, list(begin), list(end)), padding=None))


def _by_products(b: LegalBuilder, call: Call) -> Any:
    return BY_PRODUCTS[call.op](b, call)


def _cast_twice(b: LegalBuilder, call: Call) -> Any:
    parts = [b.cast(b.cast(x, DataType.INT32), x.data_type) if _is_quantized(b, x) else x for x in call.inputs]
    return b.concat(parts, call.axis)


def _of_input_times_one(b: LegalBuilder, call: Call) -> Any:
    return b.call(call.op, **call.but(input=_times_one(b, call)))


def _by_itself_times_one(b: LegalBuilder, call: Call) -> Any:
    return b.matmul(call.a, b.mul(call.b, b.constant(np.ones((), call.b.data_type.numpy))))


def _of_what_is_times_one(b: LegalBuilder, call: Call) -> Any:
    images = {name: operand for name, operand in call.arguments.items() if isinstance(operand, Operand) and _is_image(b, operand)}
    return b.call(call.op, **call.but(**{name: b.mul(x, b.constant(np.ones((), x.data_type.numpy))) for name, x in images.items()}))


def _in_fewer_dimensions(b: LegalBuilder, call: Call) -> Any:
    shape, axis = call.input.shape, call.axis
    after = math.prod(shape[axis + 1 :])
    folded = [math.prod(shape[:axis]), shape[axis], *([after] if after > 1 else [])]
    return b.reshape(b.call(call.op, b.reshape(call.input, folded), 1), list(shape))


def _dequantized(b: LegalBuilder, operand: Operand, turned: list[int]) -> Any:
    """A dequantized operand, with its axes in another order from before it is dequantized."""
    node = b.producer(operand)
    assert node is not None
    return b.dequantizeLinear(**{name: b.transpose(x, permutation=turned) for name, x in node.arguments.items()})


def _turned_before(b: LegalBuilder, call: Call) -> Any:
    turned = list(range(call.input.rank))[::-1] if call.permutation is None else call.permutation
    return _dequantized(b, call.input, turned)


def _factor_turned_before(b: LegalBuilder, call: Call) -> Any:
    return b.call(call.op, **call.but(b=_dequantized(b, call.b, [1, 0]), bTranspose=True))


def _by_max_and_min(b: LegalBuilder, call: Call) -> Any:
    x = call.input
    x = x if call.minValue is None else b.max(x, float(call.minValue))
    return x if call.maxValue is None else b.min(x, float(call.maxValue))


def _number_by_number(b: LegalBuilder, call: Call) -> Any:
    node = b.producer(call.input)
    assert node is not None
    q, scale, zero = (node.arguments[name] for name in ("input", "scale", "zeroPoint"))
    real = b.mul(b.sub(b.cast(q, scale.data_type), b.cast(zero, scale.data_type)), scale)
    return b.call(call.op, **call.but(input=real))


def _other_way_round(b: LegalBuilder, call: Call) -> Any:
    if call.a is call.b:
        size = b.abs(call.a)
        return b.call(call.op, size, size) if call.op in ("mul", "div") else b.call(call.op, b.neg(b.neg(call.a)), call.a)
    if call.op in COMMUTATIVE:
        return b.call(call.op, call.b, call.a)
    if call.op == "sub":
        return b.add(b.neg(call.b), call.a)
    return b.div(b.neg(call.a), b.neg(call.b))


# -------------------------------------------------------------------------------------------------------------------- probes
def _image(b: GraphBuilder, channels: int = 1) -> Operand:
    return b.input("x", "float32", [1, channels, 4, 4])


def _moved(op: str) -> Callable[[GraphBuilder], dict[str, Operand]]:
    return lambda b: {"y": b.slice(b.call(op, b.input("x", "float32", [6])), [1], [3])}


def _sum_of_pools(b: GraphBuilder) -> dict[str, Operand]:
    x = _image(b)
    both = b.add(*(b.call(op, x, windowDimensions=[2, 2]) for op in ("maxPool2d", "averagePool2d")))
    return {"y": b.averagePool2d(b.mul(both, b.sigmoid(both)), windowDimensions=[2, 2])}


def _dequantized_per_axis(read: Callable[[GraphBuilder, Operand], Operand]) -> Callable[[GraphBuilder], dict[str, Operand]]:
    def build(b: GraphBuilder) -> dict[str, Operand]:
        q = b.constant(np.arange(-12, 12, dtype=np.int8).reshape(4, 6))
        x = b.dequantizeLinear(q, b.constant(np.full([4, 1], 0.1, np.float32)), b.constant(np.zeros([4, 1], np.int8)))
        return {"y": b.add(read(b, x), b.input("x", "float32", [1]))}

    return build


def _image_dequantized_per_axis(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1, 1, 1, 4], 0.1, np.float32)), b.constant(np.zeros([1, 1, 1, 4], np.int32))
    x = b.dequantizeLinear(b.input("x", "int32", [1, 1, 4, 4]), scale, zero)
    return {"y": b.maxPool2d(x, windowDimensions=[2, 2])}


def _quantized_pool(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1] * 4, 0.1, np.float32)), b.constant(np.zeros([1] * 4, np.int8))
    return {"y": b.quantizeLinear(b.maxPool2d(_image(b), windowDimensions=[2, 2]), scale, zero)}


def _long_sequences(b: GraphBuilder) -> dict[str, Operand]:
    x = b.input("x", "float32", [40, 1, 768])
    for layer in range(3):
        weight, recurrent = (b.constant(np.full([1, 3072, 768], (layer + i) * 1e-3, np.float32)) for i in (1, 2))
        _, _, sequence = b.lstm(x, weight, recurrent, 40, 768, returnSequence=True)
        x = b.reshape(sequence, [40, 1, 768])
    return {"y": x}


def _quantized_parts(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float32)), b.constant(np.zeros([1], np.int8))
    return {"y": b.concat([b.quantizeLinear(b.input("x", "float32", [3]), scale, zero), b.input("z", "int8", [3])], 0)}


def _dequantized_product(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1, 1], 0.1, np.float32)), b.constant(np.zeros([1, 1], np.int32))
    return {"y": b.reduceProduct(b.dequantizeLinear(b.input("x", "int32", [4, 2]), scale, zero), axes=[1])}


def _dequantized_halves(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float16)), b.constant(np.zeros([1], np.int8))
    x = b.dequantizeLinear(b.input("x", "int8", [3]), scale, zero)
    return {"x": x, "y": b.abs(x)}


def _shifted_by_itself(b: GraphBuilder) -> dict[str, Operand]:
    x = b.instanceNormalization(_image(b), scale=b.constant(np.ones(1, np.float32)))
    return {"y": b.layerNormalization(x, axes=[0, 1, 2, 3], bias=x)}


def _transpose_times_itself(b: GraphBuilder) -> dict[str, Operand]:
    x = b.transpose(b.input("x", "float32", [2, 6, 2]), permutation=[1, 0, 2])
    return {"y": b.matmul(x, x)}


def _softmax_of_pool(b: GraphBuilder) -> dict[str, Operand]:
    x = b.softmax(b.maxPool2d(b.input("x", "float32", [1, 2, 4, 4]), windowDimensions=[2, 2]), 3)
    return {"y": b.averagePool2d(x, windowDimensions=[2, 2])}


def _quantized_sum(b: GraphBuilder) -> dict[str, Operand]:
    scale, zero = b.constant(np.full([1], 0.1, np.float32)), b.constant(np.zeros([1], np.int8))
    x = b.dequantizeLinear(b.input("x", "int8", [3]), scale, zero)
    both = b.add(x, x)
    return {"q": b.quantizeLinear(both, scale, zero), "y": both}


BOTH = ("147", "153")
QUIRKS = (
    Quirk(
        "arg reduction that keeps its dimension",
        ("argMax", "argMin"),
        _keeps_dimensions,
        _without_kept_dimension,
        ("147",),
        "What reads the result sees another shape: wrong values, or the build fails.",
        lambda b: {
            "y": b.add(
                b.cast(b.argMax(b.input("x", "float32", [5, 5]), 1, keepDimensions=True), "float32"), b.input("z", "float32", [5, 5])
            )
        },
    ),
    Quirk(
        "isNaN that is read",
        ("isNaN",),
        _always,
        _differs_from_itself,
        BOTH,
        "The build fails where slice and others read it.",
        _moved("isNaN"),
    ),
    Quirk("isInfinite that is read", ("isInfinite",), _always, _is_beyond_all, BOTH, "As isNaN.", _moved("isInfinite")),
    Quirk(
        "stride beyond the slice",
        ("slice",),
        _strides_too_far,
        _shorter_strides,
        ("153",),
        "The call is refused.",
        lambda b: {"y": b.slice(b.input("x", "float32", [3]), [1], [2], strides=[3])},
    ),
    Quirk(
        "clamp from below",
        ("clamp",),
        _clamps_from_below,
        _larger,
        BOTH,
        "Behind relu, clamp, or a convolution in the layout nhwc, all results are 0.",
        lambda b: {"y": b.clamp(b.relu(b.input("x", "float32", [6])), minValue=0.5)},
    ),
    Quirk(
        "image that is quantized",
        ("quantizeLinear",),
        _is_image_of_floats,
        _of_input_times_one,
        BOTH,
        "The page crashes, unless what the image is made of was quantized, too.",
        _quantized_pool,
    ),
    Quirk(
        "quantized parts",
        ("concat",),
        _joins_quantized,
        _cast_twice,
        BOTH,
        "The build fails.",
        _quantized_parts,
    ),
    Quirk(
        "product of what is dequantized",
        ("reduceProduct",),
        _is_dequantized,
        _of_input_times_one,
        BOTH,
        "The build fails for int32, 147 computes zeros; of others the products of integers are computed.",
        _dequantized_product,
    ),
    Quirk(
        "quantized result that is returned", (OUTPUT,), _is_quantized_elsewhere, _times_one, BOTH, "The service crashes.", _quantized_sum
    ),
    Quirk(
        "dequantized halves that are read and returned",
        (OUTPUT,),
        _is_half_dequantized,
        _times_one,
        BOTH,
        "The build fails.",
        _dequantized_halves,
    ),
    Quirk(
        "cast constant that is returned",
        (OUTPUT,),
        _is_cast_constant,
        _times_one,
        BOTH,
        "The dispatch fails without a sign: all results are 0.",
        lambda b: {"y": b.cast(b.constant(np.arange(700).astype(np.float16)), "float32")},
    ),
    Quirk(
        "image that meets what is made of it",
        (*COMMUTATIVE, "sub", "div"),
        _meets_what_is_made_of_it,
        _other_way_round,
        ("147",),
        "Between windows, where the first operand is a sum of two images, the page crashes.",
        _sum_of_pools,
    ),
    Quirk(
        "image that is normalized and shifted by itself",
        ("layerNormalization",),
        _is_scaled_by_itself,
        _of_what_is_times_one,
        BOTH,
        "The page crashes.",
        _shifted_by_itself,
    ),
    Quirk(
        "long recurrent sequences",
        tuple(BY_PRODUCTS),
        _is_long,
        _by_products,
        BOTH,
        "The weights are packed for each step; beyond 2 GB the service crashes.",
        _long_sequences,
    ),
    Quirk(
        "what is turned, times itself",
        ("matmul",),
        _is_turned_and_by_itself,
        _by_itself_times_one,
        BOTH,
        "Other numbers come out; images are turned, too.",
        _transpose_times_itself,
    ),
    Quirk(
        "softmax of an image",
        ("softmax",),
        _is_softmax_of_image,
        _in_fewer_dimensions,
        BOTH,
        "Before another image, it is computed along another axis.",
        _softmax_of_pool,
    ),
    Quirk(
        "image kept away from 0",
        ("max", "min", "clamp"),
        _leaves_out_zero,
        _of_what_is_times_one,
        ("147",),
        "The service crashes.",
        lambda b: {"y": b.max(b.maxPool2d(b.input("x", "float32", [1, 4, 4, 1]), windowDimensions=[2, 2], layout="nhwc"), 0.1)},
    ),
    Quirk(
        "reshape of what is dequantized per axis",
        ("reshape",),
        _reads_dequantized_per_axis("input"),
        _number_by_number,
        BOTH,
        "The build fails.",
        _dequantized_per_axis(lambda b, x: b.reshape(x, [24])),
    ),
    Quirk(
        "transpose of what is dequantized per axis",
        ("transpose",),
        _reads_dequantized_per_axis("input"),
        _turned_before,
        BOTH,
        "The build fails.",
        _dequantized_per_axis(lambda b, x: b.transpose(x)),
    ),
    Quirk(
        "image of what is dequantized per axis",
        IMAGES,
        _reads_dequantized_per_axis("input"),
        _number_by_number,
        BOTH,
        "The build fails, unless the axis is that of the channels.",
        _image_dequantized_per_axis,
    ),
    Quirk(
        "padding that would be negative",
        ("conv2d",),
        _has_negative_padding,
        _padded_before,
        ("147",),
        "Along an axis that needs less than no padding to be the same size: where the other one is padded, all results are 0.",
        lambda b: {"y": b.conv2d(_image(b), b.constant(np.ones([1, 1, 1, 3], np.float32)), padding=[0, 0, 1, 1], strides=[2, 1])},
    ),
    Quirk(
        "clamp of what is dequantized per axis",
        ("clamp",),
        _reads_dequantized_per_axis("input"),
        _by_max_and_min,
        BOTH,
        "The build fails.",
        _dequantized_per_axis(lambda b, x: b.clamp(x, minValue=-0.5, maxValue=0.5)),
    ),
    Quirk(
        "gemm by what is dequantized per axis",
        ("gemm",),
        _reads_dequantized_per_axis("b"),
        _factor_turned_before,
        BOTH,
        "The build fails, unless the second matrix is transposed.",
        _dequantized_per_axis(lambda b, x: b.gemm(b.input("z", "float32", [2, 4]), x)),
    ),
)
"""All that are known, by the fuzzer of `tests.backends` and by models that failed."""
