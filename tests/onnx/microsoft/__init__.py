"""Rows for the operators of com.microsoft."""

from __future__ import annotations

from tests.onnx.one_node import OneNode
from webnn_graph.modules import modules_of

CASES: list[OneNode] = [case for file in modules_of(__name__) for case in file.CASES]
