"""Operators that read selections, by what they are for. Importing this package registers all of them in `reader.READERS`."""

from __future__ import annotations

from webnn_graph.modules import modules_of

FILES = modules_of(__name__)
