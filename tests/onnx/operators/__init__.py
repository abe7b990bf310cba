"""Rows for operators of the standard domain, by theme: types, opsets and corner cases that ONNX's own suite leaves out."""

from __future__ import annotations

from tests.onnx.one_node import OneNode
from tests.onnx.operators import activation, arithmetic, indexing, pieces, reduction, text, trees

CASES: list[OneNode] = [*activation.CASES, *arithmetic.CASES, *indexing.CASES, *pieces.CASES, *reduction.CASES, *text.CASES, *trees.CASES]
