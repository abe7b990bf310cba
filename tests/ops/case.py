"""The rows of the operator tests: one call, what it is given, and what must come of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.ops import OPS


@dataclass(frozen=True)
class Tensor:
    """An operand or a result of a row.

    Attributes:
        values: Its elements; random ones from ``low`` to ``high`` when None.
    """

    data_type: DataType
    shape: tuple[int, ...]
    values: Any = None
    low: float = -2
    high: float = 2

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.data_type, self.shape)

    def array(self, seed: str) -> Array:
        """Its elements as an array, the same for the same seed."""
        if self.values is not None:
            return np.broadcast_to(np.asarray(self.values, self.data_type.numpy), self.shape).copy()
        smallest, largest = self.data_type.range
        low, high = max(self.low, smallest), min(self.high, largest)
        random = np.random.default_rng(zlib.crc32(seed.encode()))
        drawn = random.uniform(low, high, self.shape) if self.data_type.is_float else random.integers(int(low), int(high) + 1, self.shape)
        return np.asarray(drawn).astype(self.data_type.numpy)


def _tensor(data_type: DataType, *shape: int, values: Any = None, low: float | None = None, high: float | None = None) -> Tensor:
    span = 2.0 if data_type.is_float else 9.0
    if values is not None and not shape:
        shape = np.shape(values)
    return Tensor(data_type, shape, values, -span if low is None else low, span if high is None else high)


f32 = partial(_tensor, DataType.FLOAT32)
f16 = partial(_tensor, DataType.FLOAT16)
i32 = partial(_tensor, DataType.INT32)
u32 = partial(_tensor, DataType.UINT32)
i64 = partial(_tensor, DataType.INT64)
u64 = partial(_tensor, DataType.UINT64)
i8 = partial(_tensor, DataType.INT8)
u8 = partial(_tensor, DataType.UINT8)
i4 = partial(_tensor, DataType.INT4)
u4 = partial(_tensor, DataType.UINT4)


class Case:
    """One call of an operator.

    Args:
        op: The operator.
        operands: Its positional operands; the list itself for ``concat``.
        gives: What it returns. Values in it are compared, too.
        by: An independent source of the expected values: takes the arrays of all operands (positional ones, then options in
            the standard's order) and returns an array or a list of them.
        error: A part of the message when the call is refused; then there is no ``gives``.
        tolerance: Allowed difference, relative to the largest expected value; by default eight roundings. For integers the
            difference itself; by default none.
        browser: Why Chromium refuses or differs; empty when it agrees.
        onnx: Why ONNX Runtime differs from the ONNX model of the call; empty when it agrees.
        rustnn: The same of rustnn; by default, that a graph's inputs and outputs cannot have 4 bits there.
        arguments: All other arguments and options, by name.
    """

    def __init__(
        self,
        op: str,
        operands: list[Any],
        *,
        gives: Tensor | list[Tensor] | None = None,
        by: Callable[..., Any] | None = None,
        error: str = "",
        tolerance: float | None = None,
        browser: str = "",
        onnx: str = "",
        rustnn: str = "",
        **arguments: Any,
    ) -> None:
        self.op = op
        self.operands = operands
        self.gives = [gives] if isinstance(gives, Tensor) else gives or []
        self.by = by
        self.error = error
        self.tolerance = tolerance
        self.browser = browser
        self.onnx = onnx
        self.arguments = arguments
        narrow = any(tensor.data_type.bits == 4 for tensor in [*self.tensors.values(), *self.gives])
        self.rustnn = rustnn or ("no 4-bit inputs and outputs" if narrow else "")
        assert bool(error) != bool(self.gives), f"{self}: a row either gives something or is an error"

    def __str__(self) -> str:
        """The call, as the test's name."""
        operands = ", ".join(str(getattr(operand, "descriptor", operand)) for operand in self.operands)
        options = ", ".join(f"{name}={getattr(value, 'descriptor', value)}" for name, value in self.arguments.items())
        return f"{self.op}({', '.join(filter(None, [operands, options]))})" + (" refused" if self.error else "")

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The operands by the name of the graph's input they are."""
        positional = {f"operand_{i}": operand for i, operand in enumerate(self.operands) if isinstance(operand, Tensor)}
        return positional | {name: value for name, value in self.arguments.items() if isinstance(value, Tensor)}

    @property
    def checks_values(self) -> bool:
        return self.by is not None or any(result.values is not None for result in self.gives)

    def feeds(self, prefix: str = "") -> dict[str, Array]:
        """The values of the graph's inputs, whose names begin with ``prefix``."""
        return {prefix + name: tensor.array(f"{self} {name}") for name, tensor in self.tensors.items()}

    def expected(self) -> list[Array | None]:
        """The values of the results, as far as they are known."""
        if self.by is None:
            return [None if result.values is None else result.array("") for result in self.gives]
        names = list(OPS[self.op].parameters)
        feeds = self.feeds()
        options = sorted((name for name in feeds if name in names), key=names.index)
        arrays = self.by(*(feeds[name] for name in [n for n in feeds if n not in options] + options))
        return list(arrays) if isinstance(arrays, list | tuple) else [arrays]

    def call(self, b: GraphBuilder, *, constants: bool = False, prefix: str = "") -> list[Operand]:
        """Makes the call, with an input for each operand, or with a constant for each but the first; the results.

        The inputs' names begin with ``prefix``, so that a graph can have several rows.
        """
        feeds = self.feeds() if constants else {}
        made = {
            name: b.constant(feeds[name], tensor.data_type, name)
            if constants and i
            else b.input(prefix + name, tensor.data_type, tensor.shape)
            for i, (name, tensor) in enumerate(self.tensors.items())
        }
        positional = [made.get(f"operand_{i}", operand) for i, operand in enumerate(self.operands)]
        named = {name: made.get(name, value) for name, value in self.arguments.items()}
        called = b.call(self.op, *([positional] if self.op == "concat" else positional), **named)
        return called if isinstance(called, list) else [called]

    def compare(self, computed: list[Array], *, slack: float = 1, expected: list[Array] | None = None) -> None:
        """Asserts the types and shapes of the results and, where they are known, the values, within ``slack`` tolerances.

        ``expected`` are values from elsewhere.
        """
        for result, array in zip(self.gives, computed, strict=True):
            assert array.dtype == result.data_type.numpy
            assert array.shape == result.shape
        for result, array, right in zip(self.gives, computed, expected or self.expected(), strict=True):
            if right is None:
                continue
            assert np.shape(right) == result.shape, "the independent source gives another shape"
            if not result.data_type.is_float and not self.tolerance:
                np.testing.assert_array_equal(array, np.asarray(right).astype(array.dtype))
                continue
            wide = np.asarray(right, np.float64)
            finite = np.abs(wide[np.isfinite(wide)])
            one = 2.0**-10 if result.data_type is DataType.FLOAT16 else 2.0**-23
            allowed = slack * (8 * one if self.tolerance is None else self.tolerance) * max(1.0, float(finite.max(initial=0)))
            if not result.data_type.is_float:
                allowed = self.tolerance
            np.testing.assert_allclose(array.astype(np.float64), wide, rtol=0, atol=allowed)
