"""Handlers by family; importing this package fills `HANDLERS`."""

from __future__ import annotations

from converters.torch.registry import COMPLEX_HANDLERS, HANDLERS
from webnn_graph.modules import modules_of

__all__ = ["COMPLEX_HANDLERS", "FILES", "HANDLERS"]

FILES = modules_of(__name__)
