"""What WebNN implementations accept, and making a graph fit one of them."""

from __future__ import annotations

from webnn_graph.targets.legalize import legalize
from webnn_graph.targets.target import BUILT_IN, CHROMIUM, PORTABLE, PYWEBNN, RUSTNN, STANDARD, Target, load_target

__all__ = ["BUILT_IN", "CHROMIUM", "PORTABLE", "PYWEBNN", "RUSTNN", "STANDARD", "Target", "legalize", "load_target"]
