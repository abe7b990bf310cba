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
    """Where a model finds the tokens before and new ones."""

    IN_PLACE = "each at its own place, where the model's masks tell the others apart"
    IN_PLACE_MASKED = "each at its own place, with a mask before each softmax"
    ROLLED = "the new ones behind all others, which move towards the front"
    ROLLED_MASKED = "the new ones behind all others, which move towards the front, with a mask before each softmax"

    @property
    def is_in_place(self) -> bool:
        """Whether a token stays where it was written."""
        return self in (Layout.IN_PLACE, Layout.IN_PLACE_MASKED)

    @property
    def is_masked(self) -> bool:
        """Whether masks are added to those of the model."""
        return self in (Layout.IN_PLACE_MASKED, Layout.ROLLED_MASKED)


@dataclass(frozen=True)
class Cache:
    """A cache, of which the model is given a stand-in that has no room for the new tokens."""

    past: Operand
    axis: int


class CachingBuilder(GraphBuilder):
    """Builds the graph of a decoder whose cache has room for a fixed number of tokens.

    Where tokens stay in their places, the model sees ``room`` minus ``tokens`` of them before the new ones, and gets the cache
    with the new ones where it would put both together. What it makes of the number of tokens before is a size where one is
    needed, and ``position`` elsewhere. Where they move, it sees ``room`` of them, those that do not exist yet at the front, as
    in a batch that is filled up on the left.

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
        self.rolled: set[Operand] = set()
        self._written: set[Operand] = set()
        self.readers: Counter[Operand] = Counter()
        self.position = self.input("position", DataType.INT32, [1])
        self.before = room - tokens if layout.is_in_place else room
        if layout.is_in_place:
            self.assume(self.position, np.array([self.before], np.int32))

    @property
    def keys(self) -> int:
        """How many tokens the model sees, places that hold none included."""
        return self.before + self.tokens

    def past(self, cache: Operand, axis: int) -> Operand:
        """What the model is given for a cache."""
        if not self.layout.is_in_place:
            self.rolled.add(cache)
            return cache
        shape = [self.before if at == axis else size for at, size in enumerate(cache.shape)]
        given = self.stand_in(cache.data_type, shape)
        self.caches[given] = Cache(cache, axis)
        self.has_length(given, axis, 0)
        return given

    def has_length(self, operand: Operand, axis: int, new: int) -> None:
        """Says that along an axis of an operand there are the tokens before and so many new ones."""
        if self.layout.is_in_place:
            self._lengths[operand] = (axis, self.length(new))

    def length(self, new: int) -> Operand:
        """How many tokens there are with so many new ones, int64[1]."""
        before = self.cast(self.position, DataType.INT64)
        return self.add(before, new) if new else before

    def real(self) -> Operand:
        """Which of the tokens that the model sees exist, uint8[1, keys]."""
        places = self.constant(self.arange(self.keys, np.int32)[None])
        if self.layout.is_in_place:
            return self.lesser(places, self.add(self.position, self.tokens))
        return self.greaterOrEqual(places, self.sub(self.before, self.position))

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
        if op == "softmax" and self.layout.is_masked and self._is_of_scores(arguments["input"], arguments["axis"]):
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
        at = attention.positions(self, self.tokens, self.position if self.layout.is_in_place else self.before)
        allowed = attention.all_of(self, attention.window(self, at, self.keys, right=0), self.real())
        assert allowed is not None
        return attention.mask_bias(self, self.reshape(allowed, [self.tokens, self.keys]), data_type)

    def _is_of_scores(self, operand: Operand, axis: int) -> bool:
        """Whether a softmax is of products with keys in a cache."""
        if operand.rank < 2 or axis != operand.rank - 1 or operand.shape[-2:] != (self.tokens, self.keys):
            return False
        for product in self._sources(operand, BETWEEN):
            node = self.producer(product)
            if node is not None and node.op == "matmul":
                return any(self._is_cache(source) for factor in node.operands for source in self._sources(factor, MOVES))
        return False

    def _is_cache(self, operand: Operand) -> bool:
        """Whether it is a cache with the new tokens: written, or both put together."""
        node = self.producer(operand)
        together = node is not None and node.op == "concat" and node.operands[0] in self.rolled
        return operand in self._written or together

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
