"""A graph while it is drawn: what its calls may read, and numbers for their options."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np

from webnn_graph import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Operand, Shape
from webnn_graph.ops.domains import ANY, INDEX, Domain

T = DataType
SIZES = (1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
TYPES = (T.FLOAT32,) * 12 + (T.FLOAT16,) * 3 + (T.INT32, T.INT32, T.INT8, T.UINT8, T.UINT8, T.INT64, T.UINT32, T.UINT64)
LARGEST = 4096
"""Elements of an operand."""


class Drawing:
    """A graph while it is drawn: a builder, and the operands that further calls may read."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.values = np.random.default_rng(random.getrandbits(64))
        self.b = GraphBuilder("drawn")
        self.pool: list[Operand] = []
        self.feeds: dict[str, Array] = {}

    # ------------------------------------------------------------------------------------------------------------ operands
    def operand(self, domain: Domain = ANY, data_type: DataType | None = None, shape: Shape | None = None) -> Operand:
        """One that the domain takes, if wanted of one type and shape: most likely a late result, else a new input or constant."""
        allowed = [data_type] if data_type else [t for t in TYPES if t in domain.types or not domain.types]
        smallest, largest = domain.ranks
        fitting = [
            o
            for o in self.pool
            if o.data_type in allowed and o.rank >= smallest and (largest is None or o.rank <= largest) and shape in (None, o.shape)
        ]
        if fitting and self.chance(0.85):
            return fitting[-1] if self.chance(0.6) else self.random.choice(fitting)
        wanted = self.shape(smallest, largest) if shape is None else shape
        return self.new(self.random.choice(allowed), wanted, constant=self.chance(0.35))

    def new(self, data_type: DataType, shape: Shape, *, constant: bool, values: Array | None = None) -> Operand:
        """A new input, or a constant."""
        if math.prod(shape) > LARGEST:
            raise ValidationError("too large")
        array = self.numbers(data_type, shape) if values is None else values.astype(data_type.numpy)
        if constant:
            return self.b.constant(array, data_type)
        operand = self.b.input(f"x{len(self.feeds)}", data_type, shape)
        self.feeds[operand.name] = array
        return operand

    def numbers(self, data_type: DataType, shape: Shape) -> Array:
        """Values of about 1 for floats, small ones for integers."""
        if data_type.is_float:
            scale = self.random.choice((0.3, 1, 1, 3))
            array = self.values.standard_normal(shape) * scale
            if self.chance(0.1):
                array = np.round(array)
            return np.asarray(array, data_type.numpy)
        low = 0 if data_type.is_unsigned else -4
        return np.asarray(self.values.integers(low, self.random.choice((2, 6, 9)), shape), data_type.numpy)

    def around(self, shape: Shape) -> Shape:
        """A shape that broadcasts to the given one, most often the same or a vector."""
        match self.random.randrange(6):
            case 0 | 1:
                return shape
            case 2:
                return ()
            case 3:
                return shape[-1:]
            case 4 if len(shape) > 2:
                return (*(1,) * 0, shape[-3], 1, 1)
            case _:
                return tuple(n if self.chance(0.6) else 1 for n in shape)

    def shape(self, smallest: int = 0, largest: int | None = None) -> Shape:
        """A shape of a rank in the given range, most often 2 to 4."""
        rank = self.random.choice((0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 6))
        rank = max(smallest, min(rank, 8 if largest is None else largest))
        return tuple(self.size() for _ in range(rank))

    def indices(self, shape: Shape, bound: int, domain: Domain = INDEX) -> Operand:
        """Indices from 0 to the bound."""
        data_type = self.random.choice([T.INT32, T.INT32, T.INT64, T.UINT32] if domain is INDEX else [T.INT32])
        values = self.values.integers(0, bound, shape)
        if not data_type.is_unsigned and self.chance(0.2):
            values = values - bound * self.values.integers(0, 2, shape)
        return self.new(data_type, shape, constant=self.chance(0.5), values=np.asarray(values))

    # ------------------------------------------------------------------------------------------------------------- numbers
    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def size(self) -> int:
        return self.random.choice(SIZES)

    def axis(self, x: Operand) -> int:
        return self.random.randrange(x.rank)

    def axes(self, x: Operand) -> list[int]:
        """Some axes, often the last ones."""
        if self.chance(0.4):
            return list(range(self.random.randrange(x.rank + 1), x.rank))
        return self.random.sample(range(x.rank), self.random.randrange(x.rank + 1))

    def maybe(self, probability: float = 0.5, **options: Any) -> dict[str, Any]:
        """Each option with a probability."""
        return {name: value for name, value in options.items() if self.chance(probability)}

    def vector(self, like: Operand, size: int) -> Operand:
        return self.operand(data_type=like.data_type, shape=(size,))

    # --------------------------------------------------------------------------------------------------------------- calls
    def call(self, op: str, *args: Any, **options: Any) -> None:
        """Makes a call; its results may be read by the next."""
        results = self.b.call(op, *args, **options)
        for result in results if isinstance(results, list) else [results]:
            if result.size <= LARGEST and not self.b.is_known(result) and result not in self.pool:
                self.pool.append(result)
