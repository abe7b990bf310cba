"""Files: ``.webnn`` text, ``webnn-graph-json``, ES modules, and the weights beside them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webnn_graph.formats.loading import files_of, is_written_here, load
    from webnn_graph.formats.saving import save, save_together
    from webnn_graph.formats.table import FORMATS, SHARED, Format

__all__ = ["FORMATS", "SHARED", "Format", "files_of", "is_written_here", "load", "save", "save_together"]

_HOMES = {
    **dict.fromkeys(("FORMATS", "SHARED", "Format"), "table"),
    **dict.fromkeys(("files_of", "is_written_here", "load"), "loading"),
    **dict.fromkeys(("save", "save_together"), "saving"),
}


def __getattr__(name: str) -> Any:
    """The public names are imported when they are first used, so that the table alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
