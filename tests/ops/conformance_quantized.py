"""The subgraphs of qdq_subgraph in the standard's test suite: quantized, computed in floating point, quantized again.

The suite gives scales and zero points of one element; here they have the rank that the standard asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from tests.ops.case import Tensor, f32, i8, i32
from tests.ops.vectors import Vector
from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Operand

BYTE, COARSE, WIDE = 0.003921568859368563, 0.343092918395996, 0.617084980010986
UNIT = [0.6811466217041016, 0.0479511022567749, 0.33355462551116943, 0.19882695376873016, 0.41167140007019043, 0.07934240251779556]
SIGNED = [1.6811466217041016, 0.0479511022567749, 0.33355462551116943, -0.1988269537687301, -0.0041167140007019, -0.0634240251779556]
SQUARE = [-2.549168109893799, -4.794857501983643, 8.413617134094238, 6.108623504638672]
HIGH = [3.549168109893799, 4.794857501983643, 8.413617134094238, 6.108623504638672]


def _dequantized(b: GraphBuilder, x: Operand, scale: float, zero: int, kind: Any = np.int8) -> Operand:
    one = [1] * x.rank
    return b.dequantizeLinear(x, np.full(one, scale, np.float32), np.full(one, zero, kind))


def _rounded(b: GraphBuilder, x: Operand, scale: float, zero: int) -> Operand:
    """``x`` quantized and dequantized."""
    one = [1] * x.rank
    return _dequantized(b, b.quantizeLinear(x, np.full(one, scale, np.float32), np.full(one, zero, np.int8)), scale, zero)


def _subgraph(
    body: Callable[..., Any], scale: float, zero: int, b: GraphBuilder, x: Operand, stored: Operand | None = None
) -> dict[str, Operand]:
    operands = [_rounded(b, x, scale, zero)] + ([] if stored is None else [_dequantized(b, stored, scale, zero)])
    made = body(b, *operands)
    return {f"y{i}": _rounded(b, y, scale, zero) for i, y in enumerate(made if isinstance(made, list) else [made])}


def _row(
    name: str, body: Callable[..., Any], scale: float, zero: int, x: Tensor, *expected: Tensor, stored: Tensor | None = None
) -> Vector:
    inputs = {"x": x} if stored is None else {"x": x, "stored": stored}
    outputs = {f"y{i}": y for i, y in enumerate(expected)}
    return Vector(f"qdq_subgraph {name}", partial(_subgraph, body, scale, zero), inputs, outputs, 1, ("stored",) if stored else ())


def _convolution(b: GraphBuilder, x: Operand, filter: Operand, bias: Operand) -> dict[str, Operand]:
    kernel = _dequantized(b, filter, 0.023458752938762234, 0)
    shift = _dequantized(b, bias, 0.000091995115004270, 0, np.int32)
    y = b.conv2d(_rounded(b, x, BYTE, -128), kernel, bias=shift, inputLayout="nhwc", filterLayout="ohwi")
    return {"y": _rounded(b, y, BYTE, 0)}


def _reduced(op: str) -> Callable[[GraphBuilder, Operand], Operand]:
    return lambda b, x: b.call(op, x, axes=[1])


def _subgraphs() -> Iterator[Vector]:
    def grid(*shape: int, values: Any, of: Any = f32) -> Tensor:
        return of(*shape, values=np.reshape(values, shape))

    image = grid(1, 1, 1, 3, values=[0.05605664849281311, 0.7114229798316956, 0.6529743671417236])
    given = {"x": image, "filter": grid(1, 1, 1, 3, values=[2, 3, 4], of=i8), "bias": i32(values=[1])}
    expected = {"y": grid(1, 1, 1, 1, values=[0.11372549831867218])}
    yield Vector("qdq_subgraph conv2d", _convolution, given, expected, 1, ("filter", "bias"))

    binary: list[tuple[str, float, int, tuple[int, ...], list[float], list[int], list[float]]] = [
        (
            *("add", BYTE, -128, (1, 1, 2, 3)),
            [UNIT[4], *UNIT[1:]],
            [2, 7, 8, 11, 5, 23],
            [0.9215686917304993, 0.5764706134796143, 0.8666667342185974, 0.7450980544090271, 0.9333333969116211, 0.6705882549285889],
        ),
        (
            *("sub", WIDE, 120, (2, 2)),
            [15.57776927947998, -62.7008056640625, 82.55709075927734, -74.90638732910156],
            [12, 9, 2, 43],
            [4.319594860076904, 4.319594860076904, 4.319594860076904, -27.1517391204834],
        ),
        (
            *("mul", 0.3921568859368563, 16, (2, 2)),
            [49.1112174987793, 11.907459259033203, 21.115795135498047, 70.7490005493164],
            [21, 24, 8, 13],
            [43.529415130615234, 36.86274719238281, -56.4705924987793, -51.372554779052734],
        ),
        (
            "max",
            COARSE,
            -128,
            (2, 2),
            SQUARE,
            [12, 24, 35, 11],
            [48.03300857543945, 52.150123596191406, 55.92414474487305, 47.68991470336914],
        ),
        ("min", COARSE, -128, (2, 2), HIGH, [12, 24, 35, 11], [3.430929183959961, 4.803300857543945, 8.577322959899902, 6.17567253112793]),
    ]
    for op, scale, zero, shape, values, stored, results in binary:
        x, y, other = grid(*shape, values=values), grid(*shape, values=results), grid(*shape, values=stored, of=i8)
        yield _row(op, lambda b, x, other, op=op: b.call(op, x, other), scale, zero, x, y, stored=other)
    yield _row(
        "concat",
        lambda b, x, other: b.concat([x, other], 1),
        BYTE,
        127,
        grid(
            3,
            2,
            values=[
                -0.990639865398407,
                -0.576785683631897,
                -0.32276400923728943,
                -0.44735023379325867,
                -0.11028251051902771,
                -0.5945112705230713,
            ],
        ),
        grid(
            *(3, 3),
            values=[
                *(-0.9921569228172302, -0.5764706134796143, -0.4901961088180542, -0.32156863808631897, -0.44705885648727417),
                *(-0.3921568989753723, -0.1098039299249649, -0.5960784554481506, -0.3490196168422699),
            ],
        ),
        stored=grid(3, 1, values=[2, 27, 38], of=i8),
    )

    tanh = [0.5921568870544434, 0.0470588281750679, 0.32156863808631897, 0.19607844948768616, 0.38823533058166504, 0.0784313753247261]
    turned = [0.6823529601097107, 0.20000001788139343, 0.0470588281750679, 0.4117647409439087, 0.3333333432674408, 0.0784313753247261]
    leaky = [0.49803924560546875, 0.0470588281750679, 0.3333333432674408, -0.501960813999176, -0.02352941408753395, -0.364705890417099]
    elu = [0.49803924560546875, 0.0470588281750679, 0.3333333432674408, -0.18039216101169586, -0.003921568859368563, -0.062745101749897]
    kept = [0.43529415130615234, 0.0470588281750679, 0.3333333432674408, -0.20000001788139343, -0.003921568859368563, -0.062745101749897]
    unit, signed, pooled = grid(2, 3, values=UNIT), grid(2, 3, values=SIGNED), grid(1, 2, 2, 1, values=SQUARE)
    parts = [grid(2, 1, values=[kept[i], kept[i + 3]]) for i in range(3)]
    yield _row("transpose", lambda b, x: b.transpose(x), BYTE, -128, grid(1, 1, 2, 3, values=UNIT), grid(3, 2, 1, 1, values=turned))
    yield _row("tanh", lambda b, x: b.tanh(x), BYTE, -128, unit, grid(2, 3, values=tanh))
    sigmoid = [0.6640625, 0.51171875, 0.58203125, 0.55078125, 0.6015625, 0.51953125]
    yield _row("sigmoid", lambda b, x: b.sigmoid(x), 0.00390625, -128, unit, grid(2, 3, values=sigmoid))
    yield _row("leakyRelu", lambda b, x: b.leakyRelu(x, alpha=5.799162942273234), BYTE, 0, signed, grid(2, 3, values=leaky))
    yield _row("elu", lambda b, x: b.elu(x), BYTE, 0, signed, grid(2, 3, values=elu))
    for op, result in (("averagePool2d", 3.774022102355957), ("maxPool2d", 8.577322959899902)):
        yield _row(op, lambda b, x, op=op: b.call(op, x, layout="nhwc"), COARSE, -128, pooled, grid(1, 1, 1, 1, values=[result]))
    yield _row("reshape", lambda b, x: b.reshape(x, [3, 2]), BYTE, 16, signed, grid(3, 2, values=kept))
    yield _row("split", lambda b, x: b.split(x, 3, axis=1), BYTE, 16, signed, *parts)
    yield _row("slice", lambda b, x: b.slice(x, [0, 1], [1, 2]), BYTE, 16, signed, grid(1, 2, values=kept[1:3]))
    for op, results in (
        ("reduceMax", [0.49803924560546875, -0.003921568859368563]),
        ("reduceMin", [0.0470588281750679, -0.20000001788139343]),
        ("reduceMean", [0.29411765933036804, -0.09019608050584793]),
        ("reduceSum", [0.49803924560546875, -0.2666666805744171]),
    ):
        yield _row(op, _reduced(op), BYTE, 0, signed, f32(values=results))


SUBGRAPHS = list(_subgraphs())
