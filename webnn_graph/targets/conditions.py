"""Conditions of calls at which more than one implementation fails."""

from __future__ import annotations

from webnn_graph.targets.builder import LegalBuilder
from webnn_graph.targets.call import Call


def is_dilated(b: LegalBuilder, call: Call) -> bool:
    return bool(max(call.dilations) > 1)


def resamples_by_scales(b: LegalBuilder, call: Call) -> bool:
    return call.sizes is None
