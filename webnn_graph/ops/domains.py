"""Domains: which data types and ranks the standard's tensor-limits tables allow for an operand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Descriptor


@dataclass(frozen=True)
class Domain:
    """What the standard's tensor-limits table allows for one operand.

    Attributes:
        types: Allowed data types; empty when they follow from ``like``.
        like: The operand whose data type this one must have; empty when ``types`` says it all.
        ranks: Smallest and largest rank; a largest of None is no limit.
        packed: 4-bit types that are allowed besides (an extension that Chromium implements).
    """

    types: tuple[DataType, ...] = ()
    like: str = ""
    ranks: tuple[int, int | None] = (0, None)
    packed: tuple[DataType, ...] = ()

    def rank(self, smallest: int, largest: int | None = None) -> Domain:
        """The same types, of exactly this rank; or of a rank in the given range (``rank(1, ANY_RANK)``)."""
        return replace(self, ranks=(smallest, smallest if largest is None else None if largest == ANY_RANK else largest))

    @property
    def four_bit(self) -> Domain:
        """The same, and int4 and uint4."""
        return replace(self, packed=(DataType.INT4, DataType.UINT4))

    def check(self, where: str, operand: Descriptor, others: Mapping[str, Any]) -> None:
        """Raises `ValidationError` unless ``operand``, the argument ``where``, lies in this domain."""
        like = first_descriptor(others.get(self.like)) if self.like else None
        if like is not None and operand.data_type != like.data_type:
            raise ValidationError(f"{where} is {operand.data_type}, {self.like} is {like.data_type}; they must be the same")
        allowed = self.types + self.packed
        if self.types and operand.data_type not in allowed:
            raise ValidationError(f"{where} is {operand.data_type}, allowed are {', '.join(allowed)}")
        smallest, largest = self.ranks
        if operand.rank < smallest or (largest is not None and operand.rank > largest):
            wanted = f"{smallest}" if smallest == largest else f"at least {smallest}" if largest is None else f"{smallest} to {largest}"
            raise ValidationError(f"{where} has rank {operand.rank} (shape {list(operand.shape)}), expected rank {wanted}")


ANY_RANK = -1


def _types(names: str) -> tuple[DataType, ...]:
    return tuple(DataType(name) for name in names.split())


ANY = Domain(_types("float32 float16 int32 uint32 int64 uint64 int8 uint8"))
FLOAT = Domain(_types("float32 float16"))
SIGNED = Domain(_types("float32 float16 int64 int32 int8"))
WIDE = Domain(_types("float32 float16 int32 uint32 int64 uint64"))
INDEX = Domain(_types("int32 uint32 int64"))
BOOLEAN = Domain(_types("uint8"))


def same(operand: str) -> Domain:
    """The data type of another operand, any rank."""
    return Domain(like=operand)


LIKE_FIRST = Domain()
"""The first operand's data type; give it a rank: ``LIKE_FIRST.rank(1)``."""


def first_descriptor(value: Any) -> Descriptor | None:
    """The descriptor, or the first of a list of them; None for anything else."""
    head = value[0] if isinstance(value, list) and value else value
    return head if isinstance(head, Descriptor) else None
