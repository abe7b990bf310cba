"""Calls on types that a target does not take, computed in a type that it takes and cast back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Operand, map_operands, operands_in
from webnn_graph.ops import OPS, Trait
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call
from webnn_graph.targets.four_bits import confined, converted

T = DataType
EXACT: Mapping[DataType, tuple[DataType, ...]] = {
    T.INT4: (T.INT8, T.INT32),
    T.UINT4: (T.UINT8, T.INT32),
    T.INT8: (T.INT32, T.INT64, T.FLOAT32),
    T.UINT8: (T.INT32, T.INT64, T.FLOAT32),
    T.INT32: (T.INT64,),
    T.UINT32: (T.INT64,),
    T.FLOAT16: (T.FLOAT32,),
}
"""Types that hold every value of another."""

NARROW: Mapping[DataType, tuple[DataType, ...]] = {
    T.INT32: (T.FLOAT32,),
    T.UINT32: (T.INT32, T.FLOAT32),
    T.INT64: (T.INT32, T.FLOAT32),
    T.UINT64: (T.INT64, T.INT32, T.FLOAT32),
}
"""Types that hold the values which usually occur; using one is noted."""

SIGNED = {T.UINT32: T.INT32, T.UINT64: T.INT64}


def carry(b: LegalBuilder, call: Call) -> Any:
    """The call on operands of types that the target takes, or None when it takes those given."""
    changed: dict[str, Any] = {}
    for leader, names in _groups(call).items():
        data_type = next(operands_in(call.arguments[leader])).data_type
        if all(b.target.takes_type(call.op, name, data_type) for name in names):
            continue
        carrier = _carrier(b, call, names, data_type)
        if carrier is None:
            return None
        changed |= {name: map_operands(call.arguments[name], partial(converted, b, data_type=carrier)) for name in names}
    if not changed:
        return None
    results = b.call(call.op, **call.but(**changed))
    if not isinstance(results, list):
        return _back(b, results, call.result.data_type)
    return [_back(b, result, wanted.data_type) for result, wanted in zip(results, call.results, strict=True)]


def _groups(call: Call) -> dict[str, list[str]]:
    """Names of the operands that must have one type, by the first of them."""
    groups: dict[str, list[str]] = {}
    for name, value in call.arguments.items():
        parameter = OPS[call.op].parameters[name]
        if parameter.is_operand and any(True for _ in operands_in(value)):
            groups.setdefault(parameter.domain.like or name, []).append(name)
    return groups


def _carrier(b: LegalBuilder, call: Call, names: Iterable[str], data_type: DataType) -> DataType | None:
    """The type to compute in; None when there is none."""
    modular = (SIGNED[data_type],) if data_type in SIGNED and Trait.MODULAR in OPS[call.op].traits else ()
    lossless: tuple[DataType, ...] = (*modular, *EXACT.get(data_type, ()))
    given = [operand for name in names for operand in operands_in(call.arguments[name])]
    for carrier in (*lossless, *NARROW.get(data_type, ())):
        if not all(b.target.takes_type(call.op, name, carrier) for name in names) or not _castable(b, call, names, data_type):
            continue
        if carrier.is_float and not data_type.is_float and Trait.ORDERING not in OPS[call.op].traits:
            continue
        if carrier not in lossless and not all(_fits(b, operand, carrier) for operand in given):
            continue
        if carrier not in lossless and "indices" not in names:
            b.narrowing(call.op, data_type, carrier)
        return carrier
    return None


def _fits(b: LegalBuilder, operand: Operand, data_type: DataType) -> bool:
    """Whether a constant's values are values of the type; of other operands nobody knows."""
    values = b.value(operand)
    smallest, largest = data_type.range
    return values is None or bool(smallest <= values.min() and values.max() <= largest)


def _castable(b: LegalBuilder, call: Call, names: Iterable[str], data_type: DataType) -> bool:
    """Whether the operands get into another type and the results back."""
    given = [operand for name in names for operand in operands_in(call.arguments[name])]
    cast_in = b.target.takes_type("cast", "input", data_type) or all(map(b.is_known, given))
    cast_out = call.result.data_type != data_type or b.target.takes_type("cast", "output", data_type) or data_type in BYTES
    return cast_in and cast_out


def _back(b: LegalBuilder, result: Operand, data_type: DataType) -> Operand:
    if result.data_type == data_type:
        return result
    if data_type not in BYTES:
        return b.cast(result, data_type)
    if result.data_type != BYTES[data_type]:
        raise ValidationError(f"the target cannot compute {data_type}")
    return confined(b, result, data_type)
