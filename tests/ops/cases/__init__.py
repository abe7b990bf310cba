"""The table of operator tests, in one file for each file of the operator table."""

from __future__ import annotations

from tests.ops.case import Case
from webnn_graph.modules import modules_of

CASES: list[Case] = [case for file in modules_of(__name__) for case in file.CASES]
