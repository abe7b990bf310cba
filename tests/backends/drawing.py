"""Random graphs of a few calls, over all operators, their options, data types, ranks and constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeAlias

import numpy as np

from tests.backends.operands import TYPES, Drawing
from webnn_graph import Graph
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Operand, Shape
from webnn_graph.ops import OPS, Parameter, Trait, having
from webnn_graph.ops.convolution import FILTER_AXES, TRANSPOSE_FILTER_AXES
from webnn_graph.ops.domains import ANY, ANY_RANK, FLOAT, Domain

T = DataType
POSITIVE = {"log": 0.5, "sqrt": 0.1, "reciprocal": 0.5, "pow": 0.3, "reduceLogSum": 0.5, "div": 0.5}
"""Operators whose first operand (of div the second) is kept at least so large most of the time: elsewhere they have no number."""
CALLS = (2, 8)
"""Calls of a graph."""

Draw: TypeAlias = Callable[[Drawing, str], None]


def drawn(seed: int) -> tuple[Graph, dict[str, Array]] | None:
    """The graph of a seed and values for its inputs, or None where the seed gives none."""
    random = Random(seed)
    d = Drawing(random)
    wanted, attempts = random.randint(*CALLS), 0
    while len(d.pool) < wanted and attempts < 40:
        attempts += 1
        try:
            op = random.choice(WEIGHTED)
            DRAWN[op](d, op)
        except ValidationError:
            continue
    if not d.pool:
        return None
    used = _read_by(d)
    ends = [operand for operand in d.pool if operand not in used] or d.pool[-1:]
    others = [operand for operand in d.pool if operand not in ends and random.random() < 0.08]
    try:
        graph = d.b.build({f"y{i}": operand for i, operand in enumerate(ends + others)})
    except ValidationError:
        return None
    read = {operand for node in graph.nodes for operand in node.operands}
    inputs = tuple(operand for operand in graph.inputs if operand in read)
    graph = Graph(graph.name, inputs, graph.constants, graph.nodes, graph.outputs)
    return graph, {operand.name: d.feeds[operand.name] for operand in inputs}


def _read_by(d: Drawing) -> set[Operand]:
    """What the results of the drawn calls are computed from."""
    read: set[Operand] = set()
    waiting = list(d.pool)
    while waiting:
        node = d.b.producer(waiting.pop())
        new = set(node.operands) - read if node else set()
        read |= new
        waiting += new
    return read


# ------------------------------------------------------------------------------------------------------- operators by their kind
def plain(d: Drawing, op: str) -> None:
    """Operands that broadcast to one another, and numbers, as the declaration says."""
    operands: list[Operand] = []
    options: dict[str, Any] = {}
    for parameter in OPS[op].parameters.values():
        if parameter.kind == "operand":
            operands.append(_operand(d, op, parameter, operands))
        elif d.chance(0.5) or parameter.required:
            options[parameter.name] = _option(d, parameter)
    d.call(op, *operands, **options)


def _operand(d: Drawing, op: str, parameter: Parameter, before: Sequence[Operand]) -> Operand:
    domain = parameter.domain
    if not before:
        x = d.operand(domain)
    else:
        like = before[0].data_type if domain.like or not domain.types else None
        x = before[-1] if d.chance(0.06) else d.operand(domain, like, d.around(before[-1].shape))
    if op in POSITIVE and x.data_type.is_float and len(before) == (op == "div") and d.chance(0.9):
        x = d.b.add(d.b.abs(x), POSITIVE[op]) if d.chance(0.7) else d.b.max(x, POSITIVE[op])
    if x.data_type.is_float and op in ("exp", "pow", "reduceProduct") and d.chance(0.5):
        x = d.b.tanh(x)
    return x


def _option(d: Drawing, parameter: Parameter) -> Any:
    random = d.random
    one: dict[str, Callable[[], Any]] = {
        "float": lambda: random.choice((0.0, 0.25, 0.5, 1.0, 1.5, 2.0, -0.5, -1.0, round(random.gauss(0, 1), 3))),
        "number": lambda: random.choice((0, 0.5, 1, 2, 6, -1, -0.25, round(random.gauss(0, 2), 2))),
        "bool": lambda: random.random() < 0.5,
        "string": lambda: random.choice(parameter.choices),
        "int": lambda: random.choice((-2, -1, 0, 0, 1, 2)) if not parameter.unsigned else random.choice((0, 1, 2)),
        "data type": lambda: random.choice(TYPES),
    }
    return one[parameter.kind]()


def reduced(d: Drawing, op: str) -> None:
    x = d.operand(OPS[op].parameters["input"].domain)
    if op in POSITIVE:
        x = d.b.add(d.b.abs(x), POSITIVE[op])
    d.call(op, x, **d.maybe(0.8, axes=d.axes(x), keepDimensions=d.chance(0.6)))


def arg_reduced(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    d.call(op, x, d.axis(x), **d.maybe(0.5, keepDimensions=d.chance(0.7), outputDataType=d.random.choice(("int32", "int64"))))


def cast(d: Drawing, op: str) -> None:
    d.call(op, d.operand(), d.random.choice(TYPES))


def cumulative(d: Drawing, op: str) -> None:
    x = d.operand(OPS[op].parameters["input"].domain)
    d.call(op, x, d.axis(x), **d.maybe(0.4, exclusive=True, reversed=True))


def where(d: Drawing, op: str) -> None:
    x = d.operand()
    condition = d.operand(data_type=T.UINT8, shape=d.around(x.shape))
    if condition not in d.pool:
        condition = d.b.greater(d.operand(data_type=x.data_type, shape=x.shape), d.random.choice((0, 1)))
    other = d.operand(data_type=x.data_type, shape=d.around(x.shape))
    d.call(op, condition, *((x, other) if d.chance(0.5) else (other, x)))


def prelu(d: Drawing, op: str) -> None:
    x = d.operand(OPS[op].parameters["input"].domain)
    d.call(op, x, d.operand(data_type=x.data_type, shape=d.around(x.shape)))


# ---------------------------------------------------------------------------------------------------------------- movement
def reshape(d: Drawing, op: str) -> None:
    x = d.operand()
    shape, left = [], x.size
    while left > 1 and len(shape) < 5 and d.chance(0.8):
        n = d.random.choice([n for n in range(1, left + 1) if left % n == 0][-5:] + [1, 2, 4])
        if left % n == 0:
            shape.append(n)
            left //= n
    shape.append(left)
    d.random.shuffle(shape)
    d.call(op, x, shape)


def expand(d: Drawing, op: str) -> None:
    x = d.operand()
    more = [d.size() for _ in range(d.random.choice((0, 0, 1)))]
    d.call(op, x, more + [d.size() if n == 1 else n for n in x.shape])


def tile(d: Drawing, op: str) -> None:
    x = d.operand()
    d.call(op, x, [d.random.choice((1, 1, 2, 3)) for _ in x.shape])


def transpose(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    usual = {3: [0, 2, 1], 4: d.random.choice(([0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 1, 3], [0, 1, 3, 2]))}
    order = usual[x.rank] if x.rank in usual and d.chance(0.7) else d.random.sample(range(x.rank), x.rank)
    d.call(op, x, **d.maybe(0.9, permutation=order))


def reverse(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    d.call(op, x, **d.maybe(0.8, axes=d.axes(x)))


def concat(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    axis = d.axis(x)
    parts = [x]
    for _ in range(d.random.choice((1, 1, 2, 3))):
        shape = tuple(d.size() if i == axis and d.chance(0.5) else n for i, n in enumerate(x.shape))
        parts.insert(d.random.randrange(len(parts) + 1), d.operand(data_type=x.data_type, shape=shape))
    d.call(op, parts, axis)


def split(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    axis = d.axis(x)
    n = x.shape[axis]
    if d.chance(0.5):
        d.call(op, x, d.random.choice([k for k in range(1, n + 1) if n % k == 0]), axis=axis)
        return
    cut = d.random.randrange(1, n) if n > 1 else 1
    d.call(op, x, [cut, n - cut] if n > 1 else [1], axis=axis)


def slice_(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    starts = [d.random.randrange(n) if d.chance(0.5) else 0 for n in x.shape]
    sizes = [d.random.randint(1, n - start) if d.chance(0.6) else n - start for start, n in zip(starts, x.shape, strict=True)]
    d.call(op, x, starts, sizes, **d.maybe(0.3, strides=[d.random.choice((1, 1, 2, 3)) for _ in x.shape]))


def pad(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    mode = d.random.choice(("constant", "constant", "edge", "reflection"))
    begin, end = ([d.random.choice((0, 0, 0, 1, 2)) for _ in x.shape] for _ in range(2))
    d.call(op, x, begin, end, mode=mode, **d.maybe(0.4, value=d.random.choice((0, 1, 3))))


def triangular(d: Drawing, op: str) -> None:
    d.call(op, d.operand(ANY.rank(2, ANY_RANK)), **d.maybe(0.6, upper=d.chance(0.5), diagonal=d.random.randint(-3, 3)))


def gather(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    axis = d.axis(x)
    d.call(op, x, d.indices(d.shape(0, 3), x.shape[axis]), **d.maybe(0.9, axis=axis))


def gather_elements(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    axis = d.axis(x)
    shape = tuple(d.size() if i == axis else n for i, n in enumerate(x.shape))
    d.call(op, x, d.indices(shape, x.shape[axis]), axis=axis)


def gather_nd(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    depth = d.random.randint(1, x.rank)
    d.call(op, x, d.indices((*d.shape(0, 2), depth), min(x.shape[:depth])))


def scatter_elements(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    axis = d.axis(x)
    order = d.values.permutation(x.shape[axis])[: d.random.randint(1, x.shape[axis])]
    shape = tuple(len(order) if i == axis else n for i, n in enumerate(x.shape))
    values = np.broadcast_to(order.reshape([-1 if i == axis else 1 for i in range(x.rank)]), shape)
    indices = d.new(T.INT32, shape, constant=d.chance(0.5), values=values)
    d.call(op, x, indices, d.operand(data_type=x.data_type, shape=shape), axis=axis)


def scatter_nd(d: Drawing, op: str) -> None:
    x = d.operand(ANY.rank(1, ANY_RANK))
    depth = d.random.randint(1, x.rank)
    places = d.values.permutation(math.prod(x.shape[:depth]))[: d.random.randint(1, 4)]
    values = np.stack(np.unravel_index(places, x.shape[:depth]), -1)
    indices = d.new(T.INT32, values.shape, constant=d.chance(0.5), values=values)
    d.call(op, x, indices, d.operand(data_type=x.data_type, shape=(len(places), *x.shape[depth:])))


# ------------------------------------------------------------------------------------------------- products, windows, recurrence
def matmul(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT.rank(2, ANY_RANK))
    batch = d.random.choice((x.shape[:-2], x.shape[:-2], (), (1,) * (x.rank - 2)))
    other = d.operand(data_type=x.data_type, shape=(*batch, x.shape[-1], d.size()))
    if d.chance(0.15) and x.shape[-1] == x.shape[-2]:
        other = x
    d.call(op, x, other)


def gemm(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT.rank(2))
    turned, other_turned = d.chance(0.3), d.chance(0.4)
    rows, inner = x.shape[::-1] if turned else x.shape
    columns = d.size()
    other = d.operand(data_type=x.data_type, shape=(columns, inner) if other_turned else (inner, columns))
    c = d.operand(data_type=x.data_type, shape=d.random.choice(((columns,), (rows, columns), (), (1, columns), (rows, 1))))
    numbers = d.maybe(0.3, alpha=d.random.choice((0.5, 2.0)), beta=d.random.choice((0.5, 0.0, 2.0)))
    d.call(op, x, other, aTranspose=turned, bTranspose=other_turned, **d.maybe(0.6, c=c), **numbers)


def _image(d: Drawing, layout: str, domain: Domain = FLOAT) -> tuple[Operand, int, list[int]]:
    """An operand of rank 4, its channels, and its height and width."""
    x = d.operand(domain.rank(4))
    if x not in d.pool:
        shape = (1, d.random.choice((1, 2, 3, 4, 6, 8)), d.random.choice((4, 5, 6, 8)), d.random.choice((4, 5, 7, 8)))
        x = d.new(x.data_type, shape if layout == "nchw" else tuple(shape[i] for i in (0, 2, 3, 1)), constant=False)
    return (x, x.shape[1], list(x.shape[2:])) if layout == "nchw" else (x, x.shape[3], list(x.shape[1:3]))


def _window(d: Drawing, image: list[int]) -> list[int]:
    k = d.random.choice((1, 2, 3, 3, 5))
    window = [k, k] if d.chance(0.8) else [d.random.choice((1, 2, 3)), d.random.choice((1, 2, 3))]
    return [min(n, size) for n, size in zip(window, image, strict=True)]


def _padding(d: Drawing, window: list[int]) -> list[int]:
    if d.chance(0.6):
        return [window[0] // 2, window[0] // 2, window[1] // 2, window[1] // 2]
    return [d.random.randint(0, max(0, n - 1)) for n in (window[0], window[0], window[1], window[1])]


def _placed(axes: Sequence[int], values: Sequence[int]) -> Shape:
    """The shape in which dimension ``axes[i]`` is ``values[i]``."""
    shape = [0] * 4
    for axis, value in zip(axes, values, strict=True):
        shape[axis] = value
    return tuple(shape)


def _biased(d: Drawing, x: Operand, channels: int) -> dict[str, Any]:
    return d.maybe(0.5, bias=d.new(x.data_type, (channels,), constant=d.chance(0.8)))


def conv2d(d: Drawing, op: str) -> None:
    layout = d.random.choice(("nchw", "nchw", "nhwc"))
    x, channels, image = _image(d, layout)
    groups = d.random.choice((1, 1, 1, channels, *(g for g in (2, 3) if channels % g == 0)))
    outputs = groups * d.random.choice((1, 1, 2, 3)) if groups > 1 else d.random.choice((1, 2, 4, channels))
    window = _window(d, image)
    filter_layout = d.random.choice(("oihw", "oihw", *FILTER_AXES))
    shape = _placed(FILTER_AXES[filter_layout], (outputs, channels // groups, *window))
    w = d.new(x.data_type, shape, constant=d.chance(0.9))
    options = d.maybe(0.5, padding=_padding(d, window)) | d.maybe(0.3, strides=[2, d.random.choice((1, 2))], dilations=[1, 2])
    d.call(op, x, w, groups=groups, inputLayout=layout, filterLayout=filter_layout, **options, **_biased(d, x, outputs))


def conv_transpose2d(d: Drawing, op: str) -> None:
    layout = d.random.choice(("nchw", "nchw", "nhwc"))
    x, channels, image = _image(d, layout)
    groups = d.random.choice((1, 1, 1, channels))
    per_group = d.random.choice((1, 2, 3))
    window = _window(d, image)
    filter_layout = d.random.choice(list(TRANSPOSE_FILTER_AXES))
    shape = _placed(TRANSPOSE_FILTER_AXES[filter_layout], (channels, per_group, *window))
    w = d.new(x.data_type, shape, constant=d.chance(0.9))
    options = d.maybe(0.4, padding=_padding(d, window)) | d.maybe(0.6, strides=[2, 2])
    options |= d.maybe(0.2, outputPadding=[1, 1], dilations=[2, 1])
    d.call(op, x, w, groups=groups, inputLayout=layout, filterLayout=filter_layout, **options, **_biased(d, x, groups * per_group))


def pool2d(d: Drawing, op: str) -> None:
    layout = d.random.choice(("nchw", "nchw", "nhwc"))
    x, _, image = _image(d, layout, OPS[op].parameters["input"].domain)
    window = _window(d, image)
    options = d.maybe(0.8, windowDimensions=window) | d.maybe(0.4, padding=_padding(d, window), strides=[2, 2])
    d.call(op, x, layout=layout, **options, **d.maybe(0.2, dilations=[1, 2], outputShapeRounding="ceil"))


def resample2d(d: Drawing, op: str) -> None:
    x = d.operand(OPS[op].parameters["input"].domain.rank(4))
    axes = d.random.choice(([2, 3], [2, 3], [1, 2], [0, 1]))
    how = {"sizes": [d.random.randint(1, 9), d.random.randint(1, 9)]}
    if d.chance(0.4):
        how = {"scales": d.random.choice(([2.0, 2.0], [0.5, 0.5], [2.0, 1.0], [3.0, 2.0]))}  # type: ignore[dict-item]
    d.call(op, x, axes=axes, mode=d.random.choice(("nearest-neighbor", "linear")), **how)


def batch_normalization(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT.rank(1, ANY_RANK))
    axis = 1 if x.rank > 1 and d.chance(0.7) else d.axis(x)
    n = x.shape[axis]
    constant = d.chance(0.9)
    mean = d.new(x.data_type, (n,), constant=constant)
    variance = d.new(x.data_type, (n,), constant=constant, values=np.abs(d.values.standard_normal(n)) + 0.3)
    more = d.maybe(0.7, scale=d.new(x.data_type, (n,), constant=True), bias=d.new(x.data_type, (n,), constant=True))
    d.call(op, x, mean, variance, axis=axis, **more, **d.maybe(0.5, epsilon=0.001))


def instance_normalization(d: Drawing, op: str) -> None:
    layout = d.random.choice(("nchw", "nhwc"))
    x, channels, _ = _image(d, layout)
    d.call(op, x, layout=layout, **d.maybe(0.6, scale=d.vector(x, channels), bias=d.vector(x, channels), epsilon=0.01))


def layer_normalization(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT.rank(1, ANY_RANK))
    axes = [x.rank - 1] if d.chance(0.6) else d.axes(x)
    shape = tuple(x.shape[axis] for axis in axes)
    scale, bias = (d.operand(data_type=x.data_type, shape=shape) for _ in range(2))
    d.call(op, x, axes=axes, **d.maybe(0.6, scale=scale, bias=bias, epsilon=0.01))


def softmax(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT.rank(1, ANY_RANK))
    d.call(op, x, x.rank - 1 if d.chance(0.6) else d.axis(x))


def recurrent(d: Drawing, op: str) -> None:
    cell = op.endswith("Cell")
    gates, count = (4, 3) if op.startswith("lstm") else (3, 2)
    x = d.operand(FLOAT.rank(2 if cell else 3))
    hidden = d.random.choice((1, 2, 3, 4))
    direction = "forward" if cell else d.random.choice(("forward", "forward", "backward", "both"))
    lead: Shape = () if cell else (2 if direction == "both" else 1,)
    batch, size = x.shape[-2:]

    def weight(*shape: int) -> Operand:
        return d.new(x.data_type, (*lead, *shape), constant=d.chance(0.8))

    def state() -> Operand:
        return d.operand(data_type=x.data_type, shape=(*lead, batch, hidden))

    states = [state() for _ in range(gates - 2)]
    options = d.maybe(0.6, bias=weight(gates * hidden), recurrentBias=weight(gates * hidden))
    options |= d.maybe(0.2, layout=d.random.choice(OPS[op].parameters["layout"].choices))
    options |= d.maybe(0.2, activations=[d.random.choice(("relu", "sigmoid", "tanh")) for _ in range(count)])
    if gates == 4:
        options |= d.maybe(0.3, peepholeWeight=weight(3 * hidden))
    else:
        options |= d.maybe(0.4, resetAfter=d.chance(0.5))
    first = [x, weight(gates * hidden, size), weight(gates * hidden, hidden)]
    if cell:
        d.call(op, *first, *states, hidden, **options)
        return
    names = ("initialHiddenState", "initialCellState")
    options |= d.maybe(0.4, **dict(zip(names, states, strict=False)), returnSequence=True) | {"direction": direction}
    d.call(op, *first, x.shape[0], hidden, **options)


# ------------------------------------------------------------------------------------------------------------- quantization
def _parameters(d: Drawing, x: Operand, real: DataType, small: DataType) -> tuple[Operand, Operand]:
    shape = d.random.choice(
        ((1,) * x.rank, (1,) * x.rank, tuple(n if i == d.random.randrange(x.rank + 1) else 1 for i, n in enumerate(x.shape)))
    )
    scale = d.new(real, shape, constant=d.chance(0.9), values=d.values.uniform(0.02, 0.2, shape))
    low, high = (0, 9) if small.is_unsigned else (-3, 4)
    zero = np.zeros(shape) if d.chance(0.5) else d.values.integers(low, high, shape)
    return scale, d.new(small, shape, constant=d.chance(0.95), values=np.asarray(zero))


def _quantized_type(d: Drawing) -> DataType:
    return d.random.choice((T.INT8, T.UINT8, T.INT8, T.UINT8, T.INT32))


def dequantize(d: Drawing, op: str) -> None:
    small = _quantized_type(d)
    x = d.operand(data_type=small)
    d.call(op, x, *_parameters(d, x, T.FLOAT32, small))


def quantize(d: Drawing, op: str) -> None:
    x = d.operand(FLOAT)
    scale, zero = _parameters(d, x, x.data_type, _quantized_type(d))
    d.call(op, x, scale, zero)
    if d.chance(0.7) and d.pool and d.pool[-1].shape == x.shape:
        d.call("dequantizeLinear", d.pool[-1], scale, zero)


DRAWN: dict[str, Draw] = {
    **dict.fromkeys(OPS, plain),
    **dict.fromkeys(having(Trait.REDUCING), reduced),
    **dict.fromkeys(("argMin", "argMax"), arg_reduced),
    **dict.fromkeys(("averagePool2d", "l2Pool2d", "maxPool2d"), pool2d),
    **dict.fromkeys(("lstm", "lstmCell", "gru", "gruCell"), recurrent),
    "batchNormalization": batch_normalization,
    "cast": cast,
    "concat": concat,
    "conv2d": conv2d,
    "convTranspose2d": conv_transpose2d,
    "cumulativeSum": cumulative,
    "dequantizeLinear": dequantize,
    "expand": expand,
    "gather": gather,
    "gatherElements": gather_elements,
    "gatherND": gather_nd,
    "gemm": gemm,
    "instanceNormalization": instance_normalization,
    "layerNormalization": layer_normalization,
    "matmul": matmul,
    "pad": pad,
    "prelu": prelu,
    "quantizeLinear": quantize,
    "resample2d": resample2d,
    "reshape": reshape,
    "reverse": reverse,
    "scatterElements": scatter_elements,
    "scatterND": scatter_nd,
    "slice": slice_,
    "softmax": softmax,
    "split": split,
    "tile": tile,
    "transpose": transpose,
    "triangular": triangular,
    "where": where,
}
"""How a call of each operator is drawn."""

COMMON = """
add add mul mul sub div conv2d conv2d conv2d matmul matmul reshape reshape transpose transpose relu relu sigmoid sigmoid tanh
clamp concat slice split softmax layerNormalization gather reduceMean where maxPool2d averagePool2d resample2d pad gelu
quantizeLinear quantizeLinear dequantizeLinear erf sqrt pow expand
""".split()
WEIGHTED = [*OPS, *COMMON]
"""What is drawn from: every operator, and again those that models consist of."""
