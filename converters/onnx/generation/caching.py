"""A builder for models that put new tokens behind those of the past: they are written into a cache of fixed size instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from converters.lowering import attention
from converters.lowering.caching import written
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import DataType
from webnn_graph.graph import Descriptor, Node, Operand

MOVES = frozenset({"reshape", "transpose", "expand", "slice", "cast", "split", "mul"})
"""Operators between a cache and the product of queries and keys, or of weights and values."""
BETWEEN = frozenset({"add", "sub", "mul", "div", "cast", "reshape", "where", "max", "min", "tanh", "clamp", "identity"})
"""Operators between the product of queries and keys and the softmax."""


class Layout(Enum):
    """Where a model finds new tokens."""

    IN_PLACE = "at their own place in the cache, where the model's masks tell the others apart"
    MASKED = "at their own place in the cache, with a mask before each softmax"
    APPENDED = "behind the cache, and they are written into it afterwards"


@dataclass(frozen=True)
class Cache:
    """A cache, of which the model is given a stand-in that has no room for the new tokens."""

    past: Operand
    axis: int


class CachingBuilder(GraphBuilder):
    """Builds the graph of a decoder whose cache has room for a fixed number of tokens.

    The model sees ``room`` minus ``tokens`` tokens before the new ones, and gets the cache with the new ones where it would
    put both together. What it makes of the number of tokens before is a size where one is needed, and ``position`` elsewhere.

    Args:
        name: The graph's name.
        tokens: New tokens.
        room: Tokens that the cache has room for.
        layout: Where the model finds the new tokens.
        budget: See `GraphBuilder`.
    """

    def __init__(self, name: str, tokens: int, room: int, layout: Layout, budget: Budget) -> None:
        super().__init__(name, budget)
        self.tokens, self.room, self.layout = tokens, room, layout
        self.caches: dict[Operand, Cache] = {}
        self._lengths: dict[Operand, tuple[int, Operand]] = {}
        self._written: set[Operand] = set()
        self.readers: Counter[Operand] = Counter()
        self.position = self.input("position", DataType.INT32, [1])
        self.before = room if layout is Layout.APPENDED else room - tokens
        if layout is not Layout.APPENDED:
            self.assume(self.position, np.array([self.before], np.int32))

    @property
    def keys(self) -> int:
        """How many tokens the model sees, places that hold none included."""
        return self.before + self.tokens

    def past(self, cache: Operand, axis: int) -> Operand:
        """What the model is given for a cache."""
        if self.layout is Layout.APPENDED:
            return cache
        shape = [self.before if at == axis else size for at, size in enumerate(cache.shape)]
        given = self.stand_in(cache.data_type, shape)
        self.caches[given] = Cache(cache, axis)
        self.has_length(given, axis, 0)
        return given

    def has_length(self, operand: Operand, axis: int, new: int) -> None:
        """Says that along an axis of an operand there are the tokens before and so many new ones."""
        if self.layout is not Layout.APPENDED:
            self._lengths[operand] = (axis, self.length(new))

    def length(self, new: int) -> Operand:
        """How many tokens there are with so many new ones, int64[1]."""
        before = self.cast(self.position, DataType.INT64)
        return self.add(before, new) if new else before

    def shape_of(self, operand: Operand) -> Operand:
        """See `GraphBuilder`."""
        shape = super().shape_of(operand)
        if operand not in self._lengths:
            return shape
        axis, length = self._lengths[operand]
        pieces = self.split(shape, operand.rank)
        return self.concat([*pieces[:axis], length, *pieces[axis + 1 :]], 0)

    # ------------------------------------------------------------------------------------------------------------- private
    def _add(self, node: Node) -> None:
        self.readers.update(node.operands)
        super()._add(node)

    def _checked(self, op: str, arguments: Mapping[str, Any], results: tuple[Descriptor, ...], label: str) -> Any:
        if op == "concat":
            first, *new = arguments["inputs"]
            cache = self.caches.get(first)
            if cache is not None and cache.axis == arguments["axis"] and new:
                return self._write(cache, new)
        if op == "softmax" and self.layout is Layout.MASKED and self._is_of_scores(arguments["input"], arguments["axis"]):
            masked = self.add(arguments["input"], self._bias(arguments["input"].data_type))
            arguments = {**arguments, "input": masked}
        return super()._checked(op, arguments, results, label)

    def _write(self, cache: Cache, new: Sequence[Operand]) -> Operand:
        rows = self.concat(list(new), cache.axis)
        result = written(self, cache.past, rows, self.position, cache.axis)
        self._written.add(result)
        self.has_length(result, cache.axis, self.tokens)
        return result

    def _bias(self, data_type: DataType) -> Operand:
        """What hides tokens that come later, and places that hold none: [tokens, keys]."""
        allowed = attention.window(self, attention.positions(self, self.tokens, self.position), self.keys, right=0)
        assert allowed is not None
        return attention.mask_bias(self, self.reshape(allowed, [self.tokens, self.keys]), data_type)

    def _is_of_scores(self, operand: Operand, axis: int) -> bool:
        """Whether a softmax is of products with keys in a cache."""
        if operand.rank < 2 or axis != operand.rank - 1 or operand.shape[-2:] != (self.tokens, self.keys):
            return False
        for product in self._sources(operand, BETWEEN):
            node = self.producer(product)
            if node is not None and node.op == "matmul":
                return any(source in self._written for factor in node.operands for source in self._sources(factor, MOVES))
        return False

    def _sources(self, operand: Operand, through: frozenset[str]) -> set[Operand]:
        """What an operand is made of by these operators only; where there are others, their results."""
        found, waiting, seen = set(), [operand], set()
        while waiting:
            each = waiting.pop()
            node = self.producer(each)
            if each in seen or self.is_known(each):
                continue
            seen.add(each)
            if node is not None and node.op in through and each not in self._written:
                waiting += node.operands
            else:
                found.add(each)
        return found
