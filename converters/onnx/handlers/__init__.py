"""The handlers: one small function per ONNX operator. Importing this package registers all of them in `registry.HANDLERS`."""

from __future__ import annotations

from webnn_graph.modules import modules_of

FILES = modules_of(__name__)
