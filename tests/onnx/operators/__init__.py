"""Rows for operators of the standard domain, by theme: types, opsets and corner cases that ONNX's own suite leaves out."""

from __future__ import annotations

from tests.onnx.one_node import OneNode
from webnn_graph.modules import modules_of

FILES = modules_of(__name__)
CASES: list[OneNode] = [case for file in FILES for case in file.CASES]
EQUIVALENT: list[tuple[OneNode, OneNode]] = [pair for file in FILES for pair in getattr(file, "EQUIVALENT", ())]
"""Rows that ONNX Runtime cannot compute, each with one of the same meaning that it can."""
