"""The methods of ``MLGraphBuilder``, typed: written by ``python -m tests.ops.methods`` from the operator table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from webnn_graph.builder.method import Methods, method
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Operand

OperandLike: TypeAlias = Operand | Array | float | np.number[Any]
"""What may stand where an operand is expected; a number or an array becomes a constant."""
TypeName: TypeAlias = DataType | Literal["float32", "float16", "int32", "uint32", "int64", "uint64", "int8", "uint8", "int4", "uint4"]


class OperatorMethods(Methods):
    """A method for each operator, with the arguments and options of the standard.

    Every method takes a ``label``: the source model's name for what the call computes.
    """

    @method
    def abs(self, input: OperandLike, *, label: str = "") -> Operand:
        """|x|.

        Args:
            input: An operand of float32, float16, int64, int32 or int8.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-abs>
        """
        raise NotImplementedError

    @method
    def neg(self, input: OperandLike, *, label: str = "") -> Operand:
        """-x.

        Args:
            input: An operand of float32, float16, int64, int32 or int8.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-neg>
        """
        raise NotImplementedError

    @method
    def sign(self, input: OperandLike, *, label: str = "") -> Operand:
        """-1, 0 or 1, as x is negative, 0 or positive.

        Args:
            input: An operand of float32, float16, int64, int32 or int8.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-sign>
        """
        raise NotImplementedError

    @method
    def ceil(self, input: OperandLike, *, label: str = "") -> Operand:
        """x rounded up to an integer.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-ceil>
        """
        raise NotImplementedError

    @method
    def cos(self, input: OperandLike, *, label: str = "") -> Operand:
        """The cosine of x in radians.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-cos>
        """
        raise NotImplementedError

    @method
    def erf(self, input: OperandLike, *, label: str = "") -> Operand:
        """The error function of x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-erf>
        """
        raise NotImplementedError

    @method
    def exp(self, input: OperandLike, *, label: str = "") -> Operand:
        """e to the power of x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-exp>
        """
        raise NotImplementedError

    @method
    def floor(self, input: OperandLike, *, label: str = "") -> Operand:
        """x rounded down to an integer.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-floor>
        """
        raise NotImplementedError

    @method
    def log(self, input: OperandLike, *, label: str = "") -> Operand:
        """The natural logarithm of x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-log>
        """
        raise NotImplementedError

    @method
    def reciprocal(self, input: OperandLike, *, label: str = "") -> Operand:
        """1 / x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reciprocal>
        """
        raise NotImplementedError

    @method
    def roundEven(self, input: OperandLike, *, label: str = "") -> Operand:
        """x rounded to the nearest integer, ties to even.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-roundeven>
        """
        raise NotImplementedError

    @method
    def sin(self, input: OperandLike, *, label: str = "") -> Operand:
        """The sine of x in radians.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-sin>
        """
        raise NotImplementedError

    @method
    def sqrt(self, input: OperandLike, *, label: str = "") -> Operand:
        """The square root of x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-sqrt>
        """
        raise NotImplementedError

    @method
    def tan(self, input: OperandLike, *, label: str = "") -> Operand:
        """The tangent of x in radians.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-tan>
        """
        raise NotImplementedError

    @method
    def tanh(self, input: OperandLike, *, label: str = "") -> Operand:
        """The hyperbolic tangent of x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-tanh>
        """
        raise NotImplementedError

    @method
    def identity(self, input: OperandLike, *, label: str = "") -> Operand:
        """x.

        Args:
            input: An operand of any data type.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-identity>
        """
        raise NotImplementedError

    @method
    def cast(self, input: OperandLike, dataType: TypeName, *, label: str = "") -> Operand:
        """The elements in another data type. Floats are truncated; what the type cannot hold saturates, NaN becomes 0.

        Args:
            input: An operand of any data type or int4 or uint4.
            dataType: A data type.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-cast>
        """
        raise NotImplementedError

    @method
    def add(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """a + b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-add>
        """
        raise NotImplementedError

    @method
    def sub(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """a - b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-sub>
        """
        raise NotImplementedError

    @method
    def mul(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """a b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-mul>
        """
        raise NotImplementedError

    @method
    def div(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """a / b; of integers truncated towards 0.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-div>
        """
        raise NotImplementedError

    @method
    def max(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """The larger of a and b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-max>
        """
        raise NotImplementedError

    @method
    def min(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """The smaller of a and b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-min>
        """
        raise NotImplementedError

    @method
    def pow(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """a to the power of b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-pow>
        """
        raise NotImplementedError

    @method
    def equal(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a = b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-equal>
        """
        raise NotImplementedError

    @method
    def notEqual(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a and b differ.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-notequal>
        """
        raise NotImplementedError

    @method
    def greater(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a > b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-greater>
        """
        raise NotImplementedError

    @method
    def greaterOrEqual(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a >= b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-greaterorequal>
        """
        raise NotImplementedError

    @method
    def lesser(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a < b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-lesser>
        """
        raise NotImplementedError

    @method
    def lesserOrEqual(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether a <= b.

        Args:
            a: An operand of any data type.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-lesserorequal>
        """
        raise NotImplementedError

    @method
    def logicalAnd(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether both are not 0.

        Args:
            a: An operand of uint8.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-logicaland>
        """
        raise NotImplementedError

    @method
    def logicalOr(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether one is not 0.

        Args:
            a: An operand of uint8.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-logicalor>
        """
        raise NotImplementedError

    @method
    def logicalXor(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Whether just one is not 0.

        Args:
            a: An operand of uint8.
            b: An operand of the data type of a.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-logicalxor>
        """
        raise NotImplementedError

    @method
    def logicalNot(self, a: OperandLike, *, label: str = "") -> Operand:
        """Whether a is 0.

        Args:
            a: An operand of uint8.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-logicalnot>
        """
        raise NotImplementedError

    @method
    def isNaN(self, a: OperandLike, *, label: str = "") -> Operand:
        """Whether a is not a number.

        Args:
            a: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-isnan>
        """
        raise NotImplementedError

    @method
    def isInfinite(self, a: OperandLike, *, label: str = "") -> Operand:
        """Whether a is infinite.

        Args:
            a: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-isinfinite>
        """
        raise NotImplementedError

    @method
    def where(self, condition: OperandLike, trueValue: OperandLike, falseValue: OperandLike, *, label: str = "") -> Operand:
        """``trueValue`` where the uint8 ``condition`` is not 0, else ``falseValue``; all three are broadcast.

        Args:
            condition: An operand of uint8.
            trueValue: An operand of any data type.
            falseValue: An operand of the data type of trueValue.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-where>
        """
        raise NotImplementedError

    @method
    def gelu(self, input: OperandLike, *, label: str = "") -> Operand:
        """x times the normal distribution function at x.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gelu>
        """
        raise NotImplementedError

    @method
    def hardSwish(self, input: OperandLike, *, label: str = "") -> Operand:
        """x times x + 3, clamped to [0, 6], / 6.

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-hardswish>
        """
        raise NotImplementedError

    @method
    def sigmoid(self, input: OperandLike, *, label: str = "") -> Operand:
        """1 / (1 + exp(-x)).

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-sigmoid>
        """
        raise NotImplementedError

    @method
    def softplus(self, input: OperandLike, *, label: str = "") -> Operand:
        """log(1 + exp(x)).

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-softplus>
        """
        raise NotImplementedError

    @method
    def softsign(self, input: OperandLike, *, label: str = "") -> Operand:
        """x / (1 + |x|).

        Args:
            input: An operand of float32 or float16.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-softsign>
        """
        raise NotImplementedError

    @method
    def relu(self, input: OperandLike, *, label: str = "") -> Operand:
        """The larger of x and 0.

        Args:
            input: An operand of float32, float16, int64, int32 or int8.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-relu>
        """
        raise NotImplementedError

    @method
    def elu(self, input: OperandLike, *, alpha: float = 1, label: str = "") -> Operand:
        """x where it is positive, else ``alpha`` (exp(x) - 1).

        Args:
            input: An operand of float32 or float16.
            alpha: A number; 1 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-elu>
        """
        raise NotImplementedError

    @method
    def leakyRelu(self, input: OperandLike, *, alpha: float = 0.01, label: str = "") -> Operand:
        """x where it is positive, else ``alpha`` x.

        Args:
            input: An operand of float32 or float16.
            alpha: A number; 0.01 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-leakyrelu>
        """
        raise NotImplementedError

    @method
    def linear(self, input: OperandLike, *, alpha: float = 1, beta: float = 0, label: str = "") -> Operand:
        """``alpha`` x + ``beta``.

        Args:
            input: An operand of float32 or float16.
            alpha: A number; 1 by default.
            beta: A number; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-linear>
        """
        raise NotImplementedError

    @method
    def hardSigmoid(self, input: OperandLike, *, alpha: float = 0.2, beta: float = 0.5, label: str = "") -> Operand:
        """``alpha`` x + ``beta``, clamped to [0, 1].

        Args:
            input: An operand of float32 or float16.
            alpha: A number; 0.2 by default.
            beta: A number; 0.5 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-hardsigmoid>
        """
        raise NotImplementedError

    @method
    def prelu(self, input: OperandLike, slope: OperandLike, *, label: str = "") -> Operand:
        """x where it is positive, else ``slope`` x; the two are broadcast.

        Args:
            input: An operand of float32, float16, int64, int32 or int8.
            slope: An operand of the data type of input.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-prelu>
        """
        raise NotImplementedError

    @method
    def clamp(self, input: OperandLike, *, minValue: float | None = None, maxValue: float | None = None, label: str = "") -> Operand:
        """The elements, none below ``minValue`` and none above ``maxValue``; an absent bound does not bound.

        Args:
            input: An operand of any data type.
            minValue: A number; absent by default.
            maxValue: A number; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-clamp>
        """
        raise NotImplementedError

    @method
    def softmax(self, input: OperandLike, axis: int, *, label: str = "") -> Operand:
        """exp(x) along ``axis``, divided by its sum there.

        Args:
            input: An operand of float32 or float16, rank 1 or more.
            axis: A non-negative integer.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-softmax>
        """
        raise NotImplementedError

    @method
    def conv2d(
        self,
        input: OperandLike,
        filter: OperandLike,
        *,
        padding: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1),
        groups: int = 1,
        inputLayout: Literal["nchw", "nhwc"] = "nchw",
        filterLayout: Literal["oihw", "hwio", "ohwi", "ihwo"] = "oihw",
        bias: OperandLike | None = None,
        label: str = "",
    ) -> Operand:
        """Cross-correlation of images with a filter.

        In the default layouts input is [n, c, h, w], filter [o, c / groups, kh, kw], bias [o] and the result [n, o, h', w'] with
        h' = floor((h + padding - (kh - 1) dilation - 1) / stride) + 1. ``padding`` is top, bottom, left, right.

        Args:
            input: An operand of float32 or float16, rank 4.
            filter: An operand of the data type of input, rank 4.
            padding: A list of non-negative integers; [0, 0, 0, 0] by default.
            strides: A list of non-negative integers; [1, 1] by default.
            dilations: A list of non-negative integers; [1, 1] by default.
            groups: A non-negative integer; 1 by default.
            inputLayout: 'nchw' or 'nhwc'; nchw by default.
            filterLayout: 'oihw' or 'hwio' or 'ohwi' or 'ihwo'; oihw by default.
            bias: An operand of the data type of input, rank 1; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-conv2d>
        """
        raise NotImplementedError

    @method
    def convTranspose2d(
        self,
        input: OperandLike,
        filter: OperandLike,
        *,
        padding: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1),
        outputPadding: Sequence[int] = (0, 0),
        outputSizes: Sequence[int] | None = None,
        groups: int = 1,
        inputLayout: Literal["nchw", "nhwc"] = "nchw",
        filterLayout: Literal["iohw", "hwoi", "ohwi"] = "iohw",
        bias: OperandLike | None = None,
        label: str = "",
    ) -> Operand:
        """The transpose of a convolution: every element of the images adds the filter, times itself, to the result.

        In the default layouts input is [n, c, h, w], filter [c, o / groups, kh, kw], bias [o] and the result [n, o, h', w'] with
        h' = (h - 1) stride + (kh - 1) dilation + 1 - padding + outputPadding, or as ``outputSizes`` says. ``padding`` is top, bottom,
        left, right.

        Args:
            input: An operand of float32 or float16, rank 4.
            filter: An operand of the data type of input, rank 4.
            padding: A list of non-negative integers; [0, 0, 0, 0] by default.
            strides: A list of non-negative integers; [1, 1] by default.
            dilations: A list of non-negative integers; [1, 1] by default.
            outputPadding: A list of non-negative integers; [0, 0] by default.
            outputSizes: A list of non-negative integers; absent by default.
            groups: A non-negative integer; 1 by default.
            inputLayout: 'nchw' or 'nhwc'; nchw by default.
            filterLayout: 'iohw' or 'hwoi' or 'ohwi'; iohw by default.
            bias: An operand of the data type of input, rank 1; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-convtranspose2d>
        """
        raise NotImplementedError

    @method
    def reduceMax(self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = "") -> Operand:
        """The largest element along ``axes``, by default of all elements.

        Args:
            input: An operand of any data type.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducemax>
        """
        raise NotImplementedError

    @method
    def reduceMin(self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = "") -> Operand:
        """The smallest element along ``axes``, by default of all elements.

        Args:
            input: An operand of any data type.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducemin>
        """
        raise NotImplementedError

    @method
    def reduceL1(self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = "") -> Operand:
        """The sum of |x| along ``axes``, by default of all elements.

        Args:
            input: An operand of float32, float16, int32, uint32, int64 or uint64.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducel1>
        """
        raise NotImplementedError

    @method
    def reduceProduct(
        self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = ""
    ) -> Operand:
        """The product along ``axes``, by default of all elements.

        Args:
            input: An operand of float32, float16, int32, uint32, int64 or uint64.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reduceproduct>
        """
        raise NotImplementedError

    @method
    def reduceSum(self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = "") -> Operand:
        """The sum along ``axes``, by default of all elements.

        Args:
            input: An operand of float32, float16, int32, uint32, int64 or uint64.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducesum>
        """
        raise NotImplementedError

    @method
    def reduceSumSquare(
        self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = ""
    ) -> Operand:
        """The sum of x^2 along ``axes``, by default of all elements.

        Args:
            input: An operand of float32, float16, int32, uint32, int64 or uint64.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducesumsquare>
        """
        raise NotImplementedError

    @method
    def reduceL2(self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = "") -> Operand:
        """The square root of the sum of x^2 along ``axes``, by default of all elements.

        Args:
            input: An operand of float32 or float16.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducel2>
        """
        raise NotImplementedError

    @method
    def reduceLogSum(
        self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = ""
    ) -> Operand:
        """The logarithm of the sum along ``axes``, by default of all elements.

        Args:
            input: An operand of float32 or float16.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducelogsum>
        """
        raise NotImplementedError

    @method
    def reduceLogSumExp(
        self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = ""
    ) -> Operand:
        """The logarithm of the sum of exp(x) along ``axes``, by default of all elements.

        Args:
            input: An operand of float32 or float16.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducelogsumexp>
        """
        raise NotImplementedError

    @method
    def reduceMean(
        self, input: OperandLike, *, axes: Sequence[int] | None = None, keepDimensions: bool = False, label: str = ""
    ) -> Operand:
        """The mean along ``axes``, by default of all elements.

        Args:
            input: An operand of float32 or float16.
            axes: A list of non-negative integers; absent by default.
            keepDimensions: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reducemean>
        """
        raise NotImplementedError

    @method
    def argMin(
        self,
        input: OperandLike,
        axis: int,
        *,
        keepDimensions: bool = False,
        outputDataType: Literal["int32", "int64"] = "int32",
        label: str = "",
    ) -> Operand:
        """The place of the smallest element along ``axis``, of several the first.

        Args:
            input: An operand of any data type, rank 1 or more.
            axis: A non-negative integer.
            keepDimensions: True or false; False by default.
            outputDataType: 'int32' or 'int64'; int32 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-argmin>
        """
        raise NotImplementedError

    @method
    def argMax(
        self,
        input: OperandLike,
        axis: int,
        *,
        keepDimensions: bool = False,
        outputDataType: Literal["int32", "int64"] = "int32",
        label: str = "",
    ) -> Operand:
        """The place of the largest element along ``axis``, of several the first.

        Args:
            input: An operand of any data type, rank 1 or more.
            axis: A non-negative integer.
            keepDimensions: True or false; False by default.
            outputDataType: 'int32' or 'int64'; int32 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-argmax>
        """
        raise NotImplementedError

    @method
    def cumulativeSum(self, input: OperandLike, axis: int, *, exclusive: bool = False, reversed: bool = False, label: str = "") -> Operand:
        """The sum of the elements up to and with each one along ``axis``; ``exclusive`` without it, ``reversed`` from the end.

        Args:
            input: An operand of float32, float16, int32, uint32, int64 or uint64, rank 1 or more.
            axis: A non-negative integer.
            exclusive: True or false; False by default.
            reversed: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-cumulativesum>
        """
        raise NotImplementedError

    @method
    def reshape(self, input: OperandLike, newShape: Sequence[int], *, label: str = "") -> Operand:
        """The same elements in row-major order in another shape of as many elements.

        Args:
            input: An operand of any data type or int4 or uint4.
            newShape: A list of non-negative integers.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reshape>
        """
        raise NotImplementedError

    @method
    def expand(self, input: OperandLike, newShape: Sequence[int], *, label: str = "") -> Operand:
        """The input broadcast to ``newShape``.

        Args:
            input: An operand of any data type.
            newShape: A list of non-negative integers.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-expand>
        """
        raise NotImplementedError

    @method
    def tile(self, input: OperandLike, repetitions: Sequence[int], *, label: str = "") -> Operand:
        """The input repeated so many times along each dimension.

        Args:
            input: An operand of any data type.
            repetitions: A list of non-negative integers.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-tile>
        """
        raise NotImplementedError

    @method
    def transpose(self, input: OperandLike, *, permutation: Sequence[int] | None = None, label: str = "") -> Operand:
        """The dimensions in another order: that of ``permutation``, by default the reverse.

        Args:
            input: An operand of any data type.
            permutation: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-transpose>
        """
        raise NotImplementedError

    @method
    def reverse(self, input: OperandLike, *, axes: Sequence[int] | None = None, label: str = "") -> Operand:
        """The elements in reverse order along ``axes``, by default along all.

        Args:
            input: An operand of any data type.
            axes: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-reverse>
        """
        raise NotImplementedError

    @method
    def concat(self, inputs: Sequence[OperandLike], axis: int, *, label: str = "") -> Operand:
        """Tensors, alike but for the size of ``axis``, one after the other along it.

        Args:
            inputs: A list of operands of any data type or int4 or uint4, rank 1 or more.
            axis: A non-negative integer.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-concat>
        """
        raise NotImplementedError

    @method
    def split(self, input: OperandLike, splits: int | Sequence[int], *, axis: int = 0, label: str = "") -> list[Operand]:
        """The input cut along ``axis`` into so many equal pieces, or into pieces of these sizes.

        Args:
            input: An operand of any data type, rank 1 or more.
            splits: A non-negative integer or a list of them.
            axis: A non-negative integer; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-split>
        """
        raise NotImplementedError

    @method
    def slice(
        self, input: OperandLike, starts: Sequence[int], sizes: Sequence[int], *, strides: Sequence[int] | None = None, label: str = ""
    ) -> Operand:
        """A part of the input: along each dimension every ``stride``-th of ``size`` elements from ``start`` on.

        Args:
            input: An operand of any data type.
            starts: A list of non-negative integers.
            sizes: A list of non-negative integers.
            strides: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-slice>
        """
        raise NotImplementedError

    @method
    def pad(
        self,
        input: OperandLike,
        beginningPadding: Sequence[int],
        endingPadding: Sequence[int],
        *,
        mode: Literal["constant", "edge", "reflection"] = "constant",
        value: float = 0,
        label: str = "",
    ) -> Operand:
        """The input with elements put before and after along each dimension: ``value``, the nearest one, or the mirrored ones.

        Args:
            input: An operand of any data type.
            beginningPadding: A list of non-negative integers.
            endingPadding: A list of non-negative integers.
            mode: 'constant' or 'edge' or 'reflection'; constant by default.
            value: A number; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-pad>
        """
        raise NotImplementedError

    @method
    def triangular(self, input: OperandLike, *, upper: bool = True, diagonal: int = 0, label: str = "") -> Operand:
        """The upper or lower triangle of each matrix in the last two dimensions, the rest 0; ``diagonal`` moves its border.

        Args:
            input: An operand of any data type, rank 2 or more.
            upper: True or false; True by default.
            diagonal: An integer; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-triangular>
        """
        raise NotImplementedError

    @method
    def gather(self, input: OperandLike, indices: OperandLike, *, axis: int = 0, label: str = "") -> Operand:
        """The slices of the input at ``indices`` along ``axis``; negative indices count from the end. The result has indices' shape there.

        Args:
            input: An operand of any data type, rank 1 or more.
            indices: An operand of int32, uint32 or int64.
            axis: A non-negative integer; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gather>
        """
        raise NotImplementedError

    @method
    def gatherElements(self, input: OperandLike, indices: OperandLike, *, axis: int = 0, label: str = "") -> Operand:
        """Along ``axis``, the element at each index: the result has the shape of ``indices``, which has the input's but for that axis.

        Args:
            input: An operand of any data type, rank 1 or more.
            indices: An operand of int32, uint32 or int64, rank 1 or more.
            axis: A non-negative integer; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gatherelements>
        """
        raise NotImplementedError

    @method
    def gatherND(self, input: OperandLike, indices: OperandLike, *, label: str = "") -> Operand:
        """The slices at positions [..., k] in the first k dimensions: the result is [..., rest of the input's shape].

        Args:
            input: An operand of any data type, rank 1 or more.
            indices: An operand of int32, uint32 or int64, rank 1 or more.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gathernd>
        """
        raise NotImplementedError

    @method
    def scatterElements(self, input: OperandLike, indices: OperandLike, updates: OperandLike, *, axis: int = 0, label: str = "") -> Operand:
        """The input with ``updates`` written along ``axis`` at ``indices``, which have one shape.

        Args:
            input: An operand of any data type, rank 1 or more.
            indices: An operand of int32, uint32 or int64, rank 1 or more.
            updates: An operand of the data type of input, rank 1 or more.
            axis: A non-negative integer; 0 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-scatterelements>
        """
        raise NotImplementedError

    @method
    def scatterND(self, input: OperandLike, indices: OperandLike, updates: OperandLike, *, label: str = "") -> Operand:
        """The input with ``updates`` [..., rest of the input's shape] written at positions [..., k] in its first k dimensions.

        Args:
            input: An operand of any data type, rank 1 or more.
            indices: An operand of int32, uint32 or int64, rank 1 or more.
            updates: An operand of the data type of input.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-scatternd>
        """
        raise NotImplementedError

    @method
    def matmul(self, a: OperandLike, b: OperandLike, *, label: str = "") -> Operand:
        """Matrix products of the last two dimensions, [..., m, k] by [..., k, n]; those before are broadcast.

        Args:
            a: An operand of float32 or float16, rank 2 or more.
            b: An operand of the data type of a, rank 2 or more.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-matmul>
        """
        raise NotImplementedError

    @method
    def gemm(
        self,
        a: OperandLike,
        b: OperandLike,
        *,
        c: OperandLike | None = None,
        alpha: float = 1.0,
        beta: float = 1.0,
        aTranspose: bool = False,
        bTranspose: bool = False,
        label: str = "",
    ) -> Operand:
        """``alpha`` a b + ``beta`` c of matrices, each of a [m, k] and b [k, n] perhaps transposed; c is broadcast to [m, n].

        Args:
            a: An operand of float32 or float16, rank 2.
            b: An operand of the data type of a, rank 2.
            c: An operand of the data type of a, rank 0 to 2; absent by default.
            alpha: A number; 1.0 by default.
            beta: A number; 1.0 by default.
            aTranspose: True or false; False by default.
            bTranspose: True or false; False by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gemm>
        """
        raise NotImplementedError

    @method
    def batchNormalization(
        self,
        input: OperandLike,
        mean: OperandLike,
        variance: OperandLike,
        *,
        scale: OperandLike | None = None,
        bias: OperandLike | None = None,
        axis: int = 1,
        epsilon: float = 1e-05,
        label: str = "",
    ) -> Operand:
        """(x - mean) / sqrt(variance + epsilon) scale + bias, these four [n], n being the size of ``axis``.

        Args:
            input: An operand of float32 or float16, rank 1 or more.
            mean: An operand of the data type of input, rank 1.
            variance: An operand of the data type of input, rank 1.
            scale: An operand of the data type of input, rank 1; absent by default.
            bias: An operand of the data type of input, rank 1; absent by default.
            axis: A non-negative integer; 1 by default.
            epsilon: A number; 1e-05 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-batchnormalization>
        """
        raise NotImplementedError

    @method
    def instanceNormalization(
        self,
        input: OperandLike,
        *,
        scale: OperandLike | None = None,
        bias: OperandLike | None = None,
        epsilon: float = 1e-05,
        layout: Literal["nchw", "nhwc"] = "nchw",
        label: str = "",
    ) -> Operand:
        """Each channel of each image with mean 0 and variance 1, times scale [c] plus bias [c]; input is [n, c, h, w] or [n, h, w, c].

        Args:
            input: An operand of float32 or float16, rank 4.
            scale: An operand of the data type of input, rank 1; absent by default.
            bias: An operand of the data type of input, rank 1; absent by default.
            epsilon: A number; 1e-05 by default.
            layout: 'nchw' or 'nhwc'; nchw by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-instancenormalization>
        """
        raise NotImplementedError

    @method
    def layerNormalization(
        self,
        input: OperandLike,
        *,
        scale: OperandLike | None = None,
        bias: OperandLike | None = None,
        axes: Sequence[int] | None = None,
        epsilon: float = 1e-05,
        label: str = "",
    ) -> Operand:
        """Mean 0 and variance 1 over ``axes``, by default all but the first; scale and bias have the shape of those axes.

        Args:
            input: An operand of float32 or float16.
            scale: An operand of the data type of input; absent by default.
            bias: An operand of the data type of input; absent by default.
            axes: A list of non-negative integers; absent by default.
            epsilon: A number; 1e-05 by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-layernormalization>
        """
        raise NotImplementedError

    @method
    def averagePool2d(
        self,
        input: OperandLike,
        *,
        windowDimensions: Sequence[int] | None = None,
        padding: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1),
        layout: Literal["nchw", "nhwc"] = "nchw",
        outputShapeRounding: Literal["floor", "ceil"] = "floor",
        outputSizes: Sequence[int] | None = None,
        label: str = "",
    ) -> Operand:
        """The mean of each window of the images.

        In the default layout input is [n, c, h, w] and the result [n, c, h', w'] with h' = (h + padding - (kh - 1) dilation - 1) / stride
        + 1, rounded as ``outputShapeRounding`` or ``outputSizes`` says. ``padding`` is top, bottom, left, right; it counts for nothing.

        Args:
            input: An operand of float32 or float16, rank 4.
            windowDimensions: A list of non-negative integers; absent by default.
            padding: A list of non-negative integers; [0, 0, 0, 0] by default.
            strides: A list of non-negative integers; [1, 1] by default.
            dilations: A list of non-negative integers; [1, 1] by default.
            layout: 'nchw' or 'nhwc'; nchw by default.
            outputShapeRounding: 'floor' or 'ceil'; floor by default.
            outputSizes: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-averagepool2d>
        """
        raise NotImplementedError

    @method
    def l2Pool2d(
        self,
        input: OperandLike,
        *,
        windowDimensions: Sequence[int] | None = None,
        padding: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1),
        layout: Literal["nchw", "nhwc"] = "nchw",
        outputShapeRounding: Literal["floor", "ceil"] = "floor",
        outputSizes: Sequence[int] | None = None,
        label: str = "",
    ) -> Operand:
        """The square root of the sum of squares of each window of the images.

        In the default layout input is [n, c, h, w] and the result [n, c, h', w'] with h' = (h + padding - (kh - 1) dilation - 1) / stride
        + 1, rounded as ``outputShapeRounding`` or ``outputSizes`` says. ``padding`` is top, bottom, left, right; it counts for nothing.

        Args:
            input: An operand of float32 or float16, rank 4.
            windowDimensions: A list of non-negative integers; absent by default.
            padding: A list of non-negative integers; [0, 0, 0, 0] by default.
            strides: A list of non-negative integers; [1, 1] by default.
            dilations: A list of non-negative integers; [1, 1] by default.
            layout: 'nchw' or 'nhwc'; nchw by default.
            outputShapeRounding: 'floor' or 'ceil'; floor by default.
            outputSizes: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-l2pool2d>
        """
        raise NotImplementedError

    @method
    def maxPool2d(
        self,
        input: OperandLike,
        *,
        windowDimensions: Sequence[int] | None = None,
        padding: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
        dilations: Sequence[int] = (1, 1),
        layout: Literal["nchw", "nhwc"] = "nchw",
        outputShapeRounding: Literal["floor", "ceil"] = "floor",
        outputSizes: Sequence[int] | None = None,
        label: str = "",
    ) -> Operand:
        """The largest element of each window of the images.

        In the default layout input is [n, c, h, w] and the result [n, c, h', w'] with h' = (h + padding - (kh - 1) dilation - 1) / stride
        + 1, rounded as ``outputShapeRounding`` or ``outputSizes`` says. ``padding`` is top, bottom, left, right; it counts for nothing.

        Args:
            input: An operand of any data type, rank 4.
            windowDimensions: A list of non-negative integers; absent by default.
            padding: A list of non-negative integers; [0, 0, 0, 0] by default.
            strides: A list of non-negative integers; [1, 1] by default.
            dilations: A list of non-negative integers; [1, 1] by default.
            layout: 'nchw' or 'nhwc'; nchw by default.
            outputShapeRounding: 'floor' or 'ceil'; floor by default.
            outputSizes: A list of non-negative integers; absent by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-maxpool2d>
        """
        raise NotImplementedError

    @method
    def dequantizeLinear(self, input: OperandLike, scale: OperandLike, zeroPoint: OperandLike, *, label: str = "") -> Operand:
        """(x - zeroPoint) scale. Both have the input's rank and sizes that divide its own: one for each block.

        Args:
            input: An operand of uint8, int8, uint32, int32, int4 or uint4.
            scale: An operand of float32 or float16.
            zeroPoint: An operand of the data type of input.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-dequantizelinear>
        """
        raise NotImplementedError

    @method
    def quantizeLinear(self, input: OperandLike, scale: OperandLike, zeroPoint: OperandLike, *, label: str = "") -> Operand:
        """x / scale to the nearest integer, ties to even, plus zeroPoint, saturated to its type. Both are as in dequantizeLinear.

        Args:
            input: An operand of float32 or float16.
            scale: An operand of the data type of input.
            zeroPoint: An operand of uint8, int8, uint32, int32, int4 or uint4.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-quantizelinear>
        """
        raise NotImplementedError

    @method
    def gruCell(
        self,
        input: OperandLike,
        weight: OperandLike,
        recurrentWeight: OperandLike,
        hiddenState: OperandLike,
        hiddenSize: int,
        *,
        bias: OperandLike | None = None,
        recurrentBias: OperandLike | None = None,
        resetAfter: bool = True,
        layout: Literal["zrn", "rzn"] = "zrn",
        activations: Sequence[Literal["relu", "sigmoid", "tanh"]] = ("sigmoid", "tanh"),
        label: str = "",
    ) -> Operand:
        """One step of a gated recurrent unit.

        input is [b, i], weight [3 h, i], recurrentWeight [3 h, h], hiddenState [b, h], the biases [3 h]; the result, the new hidden
        state, is [b, h]. ``layout`` is the order of update (z), reset (r) and new (n) gates.

        Args:
            input: An operand of float32 or float16, rank 2.
            weight: An operand of the data type of input, rank 2.
            recurrentWeight: An operand of the data type of input, rank 2.
            hiddenState: An operand of the data type of input, rank 2.
            hiddenSize: A non-negative integer.
            bias: An operand of the data type of input, rank 1; absent by default.
            recurrentBias: An operand of the data type of input, rank 1; absent by default.
            resetAfter: True or false; True by default.
            layout: 'zrn' or 'rzn'; zrn by default.
            activations: A list of 'relu' or 'sigmoid' or 'tanh'; ['sigmoid', 'tanh'] by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-grucell>
        """
        raise NotImplementedError

    @method
    def lstmCell(
        self,
        input: OperandLike,
        weight: OperandLike,
        recurrentWeight: OperandLike,
        hiddenState: OperandLike,
        cellState: OperandLike,
        hiddenSize: int,
        *,
        bias: OperandLike | None = None,
        recurrentBias: OperandLike | None = None,
        peepholeWeight: OperandLike | None = None,
        layout: Literal["iofg", "ifgo"] = "iofg",
        activations: Sequence[Literal["relu", "sigmoid", "tanh"]] = ("sigmoid", "tanh", "tanh"),
        label: str = "",
    ) -> list[Operand]:
        """One step of a long short-term memory.

        input is [b, i], weight [4 h, i], recurrentWeight [4 h, h], the states [b, h], the biases [4 h], peepholeWeight [3 h] (input,
        output, forget). The results are the new hidden and cell states, [b, h] each. ``layout`` is the order of the gates.

        Args:
            input: An operand of float32 or float16, rank 2.
            weight: An operand of the data type of input, rank 2.
            recurrentWeight: An operand of the data type of input, rank 2.
            hiddenState: An operand of the data type of input, rank 2.
            cellState: An operand of the data type of input, rank 2.
            hiddenSize: A non-negative integer.
            bias: An operand of the data type of input, rank 1; absent by default.
            recurrentBias: An operand of the data type of input, rank 1; absent by default.
            peepholeWeight: An operand of the data type of input, rank 1; absent by default.
            layout: 'iofg' or 'ifgo'; iofg by default.
            activations: A list of 'relu' or 'sigmoid' or 'tanh'; ['sigmoid', 'tanh', 'tanh'] by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-lstmcell>
        """
        raise NotImplementedError

    @method
    def gru(
        self,
        input: OperandLike,
        weight: OperandLike,
        recurrentWeight: OperandLike,
        steps: int,
        hiddenSize: int,
        *,
        bias: OperandLike | None = None,
        recurrentBias: OperandLike | None = None,
        initialHiddenState: OperandLike | None = None,
        resetAfter: bool = True,
        returnSequence: bool = False,
        direction: Literal["forward", "backward", "both"] = "forward",
        layout: Literal["zrn", "rzn"] = "zrn",
        activations: Sequence[Literal["relu", "sigmoid", "tanh"]] = ("sigmoid", "tanh"),
        label: str = "",
    ) -> list[Operand]:
        """A gated recurrent unit over a sequence, in one or both directions d.

        input is [steps, b, i], weight [d, 3 h, i], recurrentWeight [d, 3 h, h], the biases [d, 3 h], initialHiddenState [d, b, h]. The
        results are the last hidden state [d, b, h] and, with ``returnSequence``, all of them [steps, d, b, h].

        Args:
            input: An operand of float32 or float16, rank 3.
            weight: An operand of the data type of input, rank 3.
            recurrentWeight: An operand of the data type of input, rank 3.
            steps: A non-negative integer.
            hiddenSize: A non-negative integer.
            bias: An operand of the data type of input, rank 2; absent by default.
            recurrentBias: An operand of the data type of input, rank 2; absent by default.
            initialHiddenState: An operand of the data type of input, rank 3; absent by default.
            resetAfter: True or false; True by default.
            returnSequence: True or false; False by default.
            direction: 'forward' or 'backward' or 'both'; forward by default.
            layout: 'zrn' or 'rzn'; zrn by default.
            activations: A list of 'relu' or 'sigmoid' or 'tanh'; ['sigmoid', 'tanh'] by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-gru>
        """
        raise NotImplementedError

    @method
    def lstm(
        self,
        input: OperandLike,
        weight: OperandLike,
        recurrentWeight: OperandLike,
        steps: int,
        hiddenSize: int,
        *,
        bias: OperandLike | None = None,
        recurrentBias: OperandLike | None = None,
        peepholeWeight: OperandLike | None = None,
        initialHiddenState: OperandLike | None = None,
        initialCellState: OperandLike | None = None,
        returnSequence: bool = False,
        direction: Literal["forward", "backward", "both"] = "forward",
        layout: Literal["iofg", "ifgo"] = "iofg",
        activations: Sequence[Literal["relu", "sigmoid", "tanh"]] = ("sigmoid", "tanh", "tanh"),
        label: str = "",
    ) -> list[Operand]:
        """A long short-term memory over a sequence, in one or both directions d.

        input is [steps, b, i], weight [d, 4 h, i], recurrentWeight [d, 4 h, h], the biases [d, 4 h], peepholeWeight [d, 3 h], the initial
        states [d, b, h]. The results are the last hidden and cell states [d, b, h] and, with ``returnSequence``, all hidden states
        [steps, d, b, h].

        Args:
            input: An operand of float32 or float16, rank 3.
            weight: An operand of the data type of input, rank 3.
            recurrentWeight: An operand of the data type of input, rank 3.
            steps: A non-negative integer.
            hiddenSize: A non-negative integer.
            bias: An operand of the data type of input, rank 2; absent by default.
            recurrentBias: An operand of the data type of input, rank 2; absent by default.
            peepholeWeight: An operand of the data type of input, rank 2; absent by default.
            initialHiddenState: An operand of the data type of input, rank 3; absent by default.
            initialCellState: An operand of the data type of input, rank 3; absent by default.
            returnSequence: True or false; False by default.
            direction: 'forward' or 'backward' or 'both'; forward by default.
            layout: 'iofg' or 'ifgo'; iofg by default.
            activations: A list of 'relu' or 'sigmoid' or 'tanh'; ['sigmoid', 'tanh', 'tanh'] by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-lstm>
        """
        raise NotImplementedError

    @method
    def resample2d(
        self,
        input: OperandLike,
        *,
        mode: Literal["nearest-neighbor", "linear"] = "nearest-neighbor",
        scales: Sequence[float] = (1.0, 1.0),
        sizes: Sequence[int] | None = None,
        axes: Sequence[int] = (2, 3),
        label: str = "",
    ) -> Operand:
        """Images resized along two ``axes``, to ``sizes`` or by ``scales``: the nearest element, or linearly between neighbours.

        Args:
            input: An operand of float32, float16, uint8 or int8, rank 4.
            mode: 'nearest-neighbor' or 'linear'; nearest-neighbor by default.
            scales: A list of numbers; [1.0, 1.0] by default.
            sizes: A list of non-negative integers; absent by default.
            axes: A list of non-negative integers; [2, 3] by default.

        <https://www.w3.org/TR/webnn/#dom-mlgraphbuilder-resample2d>
        """
        raise NotImplementedError
