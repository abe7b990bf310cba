"""Conditions of calls at which more than one implementation fails."""

from __future__ import annotations

from webnn_graph.graph import Operand
from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call


def is_dilated(b: LegalBuilder, call: Call) -> bool:
    return bool(max(call.dilations) > 1)


def resamples_by_scales(b: LegalBuilder, call: Call) -> bool:
    return call.sizes is None


def reduces_nothing(b: LegalBuilder, call: Call) -> bool:
    return bool(call.axes == [])


def has_larger_slope(b: LegalBuilder, call: Call) -> bool:
    x: Operand = call.input
    return bool(x.data_type.is_float and x.shape != call.result.shape)
