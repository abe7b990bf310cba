"""Arithmetic, comparison, logic, elementary functions and activations."""

from __future__ import annotations

import torch

from tests.torch.row import Rows, aten, bools, f, f16, f64, i, i8, i32, inf, nan, row, t, u8

WHOLE_LINE = [
    *(aten.cos, aten.erf, aten.exp, aten.sin, aten.tanh, aten.expm1, aten.sinh, aten.cosh, aten.asinh, aten.atan, aten.sigmoid, aten.exp2),
]
POSITIVE = [aten.log, aten.sqrt, aten.rsqrt, aten.log2, aten.log10, aten.reciprocal]
UNIT = [aten.acos, aten.asin, aten.atanh]
ROUNDED = [aten.ceil, aten.floor, aten.round, aten.trunc]
SPECIAL = t(0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, inf, -inf, nan)

UNARY: Rows = {
    **{
        packet.default: [row(f(3, 4, low=-4, high=4)), row(f()), row(f(2, 3, dtype=f16)), row(i(4, low=-3, high=4))]
        for packet in WHOLE_LINE
    },
    **{packet.default: [row(f(3, 4, low=0.01, high=9)), row(f(5, low=1, high=2, dtype=f16)), row(i(4, low=1))] for packet in POSITIVE},
    **{packet.default: [row(f(3, 4, low=-0.99, high=0.99)), row(t(0.0, 1e-4, -1e-4, 0.999)), row(i(3, low=0, high=1))] for packet in UNIT},
    **{packet.default: [row(f(3, 4, low=-9, high=9)), row(SPECIAL), row(i(3)), row(f(4, dtype=f16))] for packet in ROUNDED},
    aten.tan.default: [row(f(3, 4, low=-1.2, high=1.2)), row(i(3, low=-1, high=2))],
    aten.acosh.default: [row(f(3, 4, low=1, high=9)), row(t(1.0, 1.0001, 1e8, 1e12)), row(i(3, low=1))],
    aten.log1p.default: [row(f(3, 4, low=-0.9, high=4)), row(t(1e-6, -1e-6, 1e-9, 1e9)), row(i(3, low=0))],
    aten.abs.default: [row(f(3, 4)), row(i(3, 4)), row(i(3, dtype=i32)), row(i(3, low=0, dtype=u8))],
    aten.neg.default: [row(f(3, 4)), row(i(3, 4)), row(i(3, low=0, dtype=u8)), row(i(3, dtype=i8))],
    aten.sign.default: [row(t(-2.0, 0.0, 3.0)), row(i(3, 4)), row(i(3, low=0, dtype=u8))],
    aten.sgn.default: [row(t(-2.0, 0.0, 3.0)), row(i(3, 4))],
    aten.square.default: [row(f(3, 4)), row(i(3))],
    aten.frac.default: [row(f(3, 4, low=-9, high=9))],
    aten.round.decimals: [row(f(3, 4), decimals=1), row(f(3, 4, low=-900, high=900), decimals=-2)],
    aten.signbit.default: [row(t(0.0, -0.0, -1.0, 2.0)), row(i(5))],
    aten.isnan.default: [row(SPECIAL), row(i(3))],
    aten.isinf.default: [row(SPECIAL), row(i(3))],
    aten.isfinite.default: [row(SPECIAL), row(i(3))],
    aten.nan_to_num.default: [row(SPECIAL), row(SPECIAL, 1.5, 2.5, -3.5), row(i(3))],
    aten.logical_not.default: [row(bools(4)), row(f(3)), row(t(0, 3, -1)), row(t(0, 3, 255, dtype=u8))],
    aten.bitwise_not.default: [row(bools(4)), row(i(3)), row(i(3, low=0, dtype=u8))],
    aten.angle.default: [row(f(3)), row(i(3))],
}

PAIRS = [
    row(f(3, 4), f(3, 4, low=0.5)),
    row(f(2, 1, 4), f(3, 1, low=0.5, high=3)),
    row(i(3), f(3, low=1)),
    row(f(3, low=1), i(3, low=1, high=4)),
]
INTEGERS = [row(i(8), i(8, low=1)), row(i(8), i(8, low=-9, high=0)), row(i(2, 1), i(3, low=1)), row(i(4, dtype=i32), i(4, low=1))]
LINE = torch.cat([torch.linspace(-12, 12, 97), t(0.0, -0.0, 1e-6, 30, -30, 87, inf, -inf, nan)])
GAMMA = torch.cat([torch.linspace(0.01, 30, 97), t(1e-6, 1.0, 2, 5e3, 9999, 1e10, 1e30, inf, nan, -0.5, -1.3, -2.5, -10.25, 0, -1)])
HALF = f(4, dtype=f16)
SPECIAL_FUNCTIONS: Rows = {
    **{
        overload: [row(LINE)]
        for overload in (
            *(aten.i0.default, aten.special_erfcx.default, aten.special_i0e.default, aten.special_i1.default, aten.special_i1e.default),
            *(aten.special_log_ndtr.default, aten.special_modified_bessel_i0.default, aten.special_modified_bessel_i1.default),
        )
    },
    aten.erfc.default: [row(LINE), row(HALF)],
    aten.lgamma.default: [row(GAMMA), row(HALF)],
    aten.digamma.default: [row(GAMMA), row(f(4, low=1, dtype=f16))],
    aten.polygamma.default: [row(n, x) for n in range(5) for x in (GAMMA[(GAMMA > 0.1) & GAMMA.isfinite()], t(-2.25, -1.25, -0.25, 0.0))],
    aten.special_polygamma.default: [row(1, f(4))],
    aten.erfinv.default: [row(torch.cat([torch.linspace(-1, 1, 97), t(1e-6, 0.99999, -0.9999999, 1.5, nan)])), row(HALF / 2)],
    aten.special_ndtri.default: [row(torch.cat([torch.linspace(0, 1, 97), t(1e-6, 1e-20, 0.9999999, -1, nan)]))],
    aten.gcd.default: [row(t(12, -18, 0, 5, 0, 1836311903), t(18, 12, 7, 0, 0, 1134903170)), row(i(4, dtype=i8), i(4, low=1, dtype=i8))],
    aten.lcm.default: [
        row(
            t(12, -18, 0, 5, 0),
            t(18, 12, 7, 0, 0),
        )
    ],
    aten.copysign.Tensor: [row(t(1.0, -1, 2, -2, 0), t(-1.0, 1, -0.0, 0.0, -3))],
    aten.copysign.Scalar: [row(f(4), -0.0), row(i(4), 1)],
}

BINARY: Rows = {
    aten.add.Tensor: [
        *PAIRS,
        *INTEGERS,
        row(f(3), f(3), alpha=2.5),
        row(bools(3), bools(3)),
        row(bools(3), i(3)),
        row(f(3, dtype=f16), f(3)),
    ],
    aten.add.Scalar: [row(f(3), 2), row(i(3), 2.5), row(i(3), 2, 3), row(bools(3), 2)],
    aten.sub.Tensor: [*PAIRS, *INTEGERS, row(i(3), i(3), alpha=2)],
    aten.sub.Scalar: [row(f(3), 2), row(i(3), 2, 3)],
    aten.rsub.Tensor: [*PAIRS, row(f(3), f(3), alpha=2)],
    aten.rsub.Scalar: [row(f(3), 2), row(i(3), 2, 3)],
    aten.mul.Tensor: [*PAIRS, *INTEGERS, row(bools(3), bools(3)), row(bools(3), f(3)), row(f(3, dtype=f64), f(3))],
    aten.mul.Scalar: [row(f(3), 2), row(i(3), 2.5)],
    aten.div.Tensor: [*PAIRS, *INTEGERS],
    aten.true_divide.Tensor: [row(f(3), f(3, low=1))],
    aten.div.Scalar: [row(f(3), 2), row(i(3), 2)],
    aten.maximum.default: [*PAIRS, *INTEGERS],
    aten.minimum.default: [*PAIRS, *INTEGERS],
    aten.div.Tensor_mode: [
        row(*r.args, rounding_mode=mode) for mode in (None, "trunc", "floor") for r in (*INTEGERS, row(f(9, low=-9, high=9), f(9, low=1)))
    ],
    aten.div.Scalar_mode: [row(x, 3, rounding_mode=mode) for mode in (None, "trunc", "floor") for x in (i(9), f(9, low=-9, high=9))],
    aten.floor_divide.default: [
        *INTEGERS,
        row(f(9, low=-9, high=9), f(9, low=1)),
        row(t(1.0, -1, 0.3, 6, -6, 1), t(0.1, 0.1, -0.1, 0.1, 3, 0)),
    ],
    aten.fmod.Tensor: [*INTEGERS, row(f(9, low=-9, high=9), f(9, low=1))],
    aten.fmod.Scalar: [row(i(9), 3), row(i(9), -4), row(f(9, low=-9, high=9), 2.5)],
    aten.remainder.Tensor: [*INTEGERS, row(f(9, low=-9, high=9), f(9, low=1)), row(i(9, low=0, dtype=u8), i(9, low=1, dtype=u8))],
    aten.remainder.Scalar: [row(i(9), 3), row(i(9), -4), row(f(9, low=-9, high=9), -2.5)],
    aten.pow.Tensor_Tensor: [row(f(4, low=0.1), f(4)), row(i(4, low=-3, high=4), i(4, low=0, high=4)), row(f(3, 1, low=0.1), i(2))],
    aten.pow.Tensor_Scalar: [row(f(4, low=0.1), e) for e in (0, 1, 2, 3, 0.5, -1, -0.5, 2.5)] + [row(i(4), 2), row(i(4), 3)],
    aten.pow.Scalar: [row(2, f(4)), row(2.5, i(4)), row(3, i(4, low=0, high=5))],
    aten.atan2.default: [
        row(f(20, low=-3, high=3), f(20, low=-2, high=4)),
        row(t(0.0, -0.0, 0.0, -0.0, 1.0, -1.0, inf, inf, -inf, 0.0), t(1.0, 1.0, -1.0, -1.0, 0.0, 0.0, inf, -inf, -inf, 0.0)),
    ],
    aten.hypot.default: [row(f(9), f(9)), row(t(0.0, 3e38, 3.0), t(0.0, 1.0, 4.0))],
    aten.fmax.default: [*PAIRS, row(t(nan, 1.0, nan), t(2.0, nan, nan)), row(i(3), i(3))],
    aten.fmin.default: [*PAIRS, row(t(nan, 1.0, nan), t(2.0, nan, nan)), row(i(3), i(3))],
    aten.addcmul.default: [row(f(3), f(2, 3), f(3)), row(f(3), f(3), f(3), value=0.5)],
    aten.addcdiv.default: [row(f(3), f(2, 3), f(3, low=1)), row(f(3), f(3), f(3, low=1), value=0.5)],
    aten.lerp.Scalar: [row(f(3), f(2, 3), 0.3)],
    aten.lerp.Tensor: [row(f(3), f(2, 3), f(2, 1))],
}

COMPARED = [row(f(3, 4), f(3, 4).round()), row(i(2, 1), i(3)), row(i(3), f(3)), row(bools(4), bools(4)), row(t(nan, 1.0), t(nan, 1.0))]
LOGIC: Rows = {
    **{packet.Tensor: COMPARED for packet in (aten.eq, aten.ne, aten.gt, aten.ge, aten.lt, aten.le)},
    **{
        packet.Scalar: [row(f(9).round(), 1), row(i(9), 1.5), row(i(9), 2), row(bools(3), 1)]
        for packet in (aten.eq, aten.ne, aten.gt, aten.ge, aten.lt, aten.le)
    },
    **{
        packet.default: [
            row(bools(4), bools(2, 4)),
            row(i(4, low=0, high=2), f(4).round()),
            row(t(0, 3, 4, dtype=u8), t(0, 0, 9, dtype=u8)),
        ]
        for packet in (aten.logical_and, aten.logical_or, aten.logical_xor)
    },
    **{
        packet.Tensor: [
            row(bools(4), bools(2, 4)),
            row(i(9), i(9)),
            row(i(9, dtype=i32), i(2, 1, dtype=i32)),
            row(i(9, low=0, high=255, dtype=u8), i(9, low=0, dtype=u8)),
            row(i(5, dtype=i8), i(5, dtype=i8)),
        ]
        for packet in (aten.bitwise_and, aten.bitwise_or, aten.bitwise_xor)
    },
    **{
        packet.Scalar: [row(bools(4), True), row(i(9, low=-99, high=99), 12), row(i(9, dtype=i32), -3)]
        for packet in (aten.bitwise_and, aten.bitwise_or, aten.bitwise_xor)
    },
    aten.bitwise_left_shift.Tensor: [row(i(5), i(5, low=0, high=4)), row(i(5, dtype=i32), i(5, low=0, high=4, dtype=i32))],
    aten.bitwise_left_shift.Tensor_Scalar: [row(i(5), 3)],
    aten.bitwise_right_shift.Tensor: [row(i(5, low=-99, high=99), i(5, low=0, high=4))],
    aten.bitwise_right_shift.Tensor_Scalar: [row(i(5, low=-99, high=99), 3)],
    aten.__and__.Tensor: [row(i(5), i(5)), row(bools(5), bools(5))],
    aten.__and__.Scalar: [row(i(5), 3)],
    aten.__or__.Tensor: [row(i(5), i(5)), row(bools(5), bools(5))],
    aten.__or__.Scalar: [row(i(5), 3)],
    aten.__xor__.Tensor: [row(i(5), i(5)), row(bools(5), bools(5))],
    aten.__xor__.Scalar: [row(i(5), 3)],
    aten.__lshift__.Tensor: [row(i(5), i(5, low=0, high=4))],
    aten.__lshift__.Scalar: [row(i(5), 3)],
    aten.__rshift__.Tensor: [row(i(5), i(5, low=0, high=4))],
    aten.__rshift__.Scalar: [row(i(5), 3)],
}

CHOICE: Rows = {
    aten.clamp.default: [row(f(9), -1, 1), row(f(9), None, 0.5), row(f(9), 0.5), row(i(9), -2, 3), row(i(9), -2.5, 3.5), row(f(3), 1, -1)],
    aten.clamp.Tensor: [row(f(3, 4), f(4, low=-1, high=0), f(3, 1, low=0, high=1)), row(f(3), None, f(3)), row(i(3), f(3))],
    aten.clamp_min.default: [row(f(9), 0.5), row(i(9), 1)],
    aten.clamp_min.Tensor: [row(f(3, 4), f(4))],
    aten.clamp_max.default: [row(f(9), 0.5), row(i(9), 1)],
    aten.clamp_max.Tensor: [row(f(3, 4), f(4))],
    aten.where.self: [
        row(bools(3, 4), f(4), f(3, 1)),
        row(bools(3), i(3), f(3)),
        row(bools(3), bools(3), bools(3)),
        row(bools(2, 3), f(1), i(3)),
    ],
    aten.where.ScalarOther: [row(bools(3), f(3), 2.0), row(bools(3), i(3), 2)],
    aten.where.ScalarSelf: [row(bools(3), 2.0, f(3)), row(bools(3), 1.5, i(3))],
    aten.where.Scalar: [row(bools(3), 1, 2), row(bools(3), 1.5, 2.5)],
    aten.masked_fill.Scalar: [row(f(3, 4), bools(4), -inf), row(i(3), bools(3), 2), row(bools(9), i(9) > 0, 0.5)],
    aten.masked_fill.Tensor: [
        row(f(3, 4), bools(3, 1), torch.tensor(2.5)),
        row(i(3), bools(3), torch.tensor(2)),
        row(bools(9), i(9) > 0, torch.tensor(2)),
    ],
}

SAME: Rows = {
    aten._to_copy.default: [
        row(f(9, low=-9, high=9), dtype=dtype) for dtype in (torch.int64, torch.int32, torch.bool, f16, f64, torch.bfloat16)
    ]
    + [row(i(9), dtype=dtype) for dtype in (torch.float32, torch.bool, i32, i8)]
    + [row(bools(9), dtype=dtype) for dtype in (torch.float32, torch.int64, u8)]
    + [row(t(0, 3, 200, dtype=u8), dtype=torch.bool)],
    **{packet.default: [row(f(3, 4)), row(i(3)), row(bools(3))] for packet in (aten.alias, aten.clone, aten.detach)},
    **{packet.default: [row(f(3, 4), 0.5, False), row(f(3, 4), 0.0, True)] for packet in (aten.native_dropout,)},
    aten.copy.default: [row(f(3, 4), f(4)), row(f(3), i(3)), row(i(3), f(3)), row(bools(3), t(0.5, 0.0, 2.0))],
}

SIGNED = [row(f(3, 4, low=-5, high=5)), row(f(2, 3, dtype=f16))]
ACTIVATIONS: Rows = {
    **{
        packet.default: SIGNED
        for packet in (aten.hardswish, aten.relu6, aten.hardsigmoid, aten.mish, aten.silu, aten.log_sigmoid, aten.log_sigmoid_forward)
    },
    aten.relu.default: [*SIGNED, row(i(5))],
    aten.threshold.default: [row(f(9), 0.5, 3.0), row(f(9), -1, 0)],
    aten.gelu.default: [*SIGNED, *(row(*r.args, approximate="tanh") for r in SIGNED)],
    aten.elu.default: [*SIGNED, row(f(9), 0.5), row(f(9), 1.67, 1.05), row(f(9), 1.0, 1.0, 0.5)],
    aten.celu.default: [*SIGNED, row(f(9), 0.5)],
    aten.leaky_relu.default: [*SIGNED, row(f(9), 0.3), row(f(9), -0.3)],
    aten.prelu.default: [row(f(2, 3, 4), f(3)), row(f(2, 3), f(1)), row(f(5), f(1)), row(f(2, 3, 4, 5), f(3))],
    aten._prelu_kernel.default: [row(f(2, 3, 4), f(1, 3, 1))],
    aten.hardtanh.default: [*SIGNED, row(f(9), -0.5, 1.5), row(i(9), -2, 3)],
    aten.softplus.default: [*SIGNED, row(f(9, low=-50, high=50)), row(f(9), 2.0), row(f(9), 2.0, 1.0), row(f(9), 0.5, 30)],
    aten.glu.default: [row(f(3, 4)), row(f(4, 3), 0), row(f(2, 4, 3), -2)],
    aten.softmax.int: [row(f(3, 4), 1), row(f(3, 4), 0), row(f(3, 4), -1, torch.float32), row(i(3), 0, torch.float32), row(f(), 0)],
    aten._softmax.default: [row(f(3, 4), 1, False), row(f(2, 3, 4), -2, False)],
    aten._safe_softmax.default: [row(f(3, 4), 1), row(torch.tensor([[1.0, 2.0], [-inf, -inf], [-inf, 3.0]]), -1)],
    aten.log_softmax.int: [row(f(3, 4), 1), row(f(3, 4), 0), row(f(), 0), row(t(0.0, 300.0), 0)],
    aten._log_softmax.default: [row(f(3, 4), 1, False)],
}

ROWS: Rows = {**UNARY, **BINARY, **SPECIAL_FUNCTIONS, **LOGIC, **CHOICE, **SAME, **ACTIVATIONS}
