"""How boxes and the scores of their labels lie in one tensor."""

from __future__ import annotations

from typing import Any


def form_of(shape: tuple[int, ...], labels: int) -> Any:
    """`webnn_graph.metadata.Detections.form` as sizes tell it: YOLOv5 has objects, later ones columns, or what is chosen of them."""
    rows, columns = shape[-2:]
    return "columns" if rows == 4 + labels else "final" if columns == 6 else "objects"
