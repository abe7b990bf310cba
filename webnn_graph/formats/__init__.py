"""Files: ``.webnn`` text, ``webnn-graph-json``, ES modules, and the weights beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.formats.loading import files_of, is_written_here, load
    from webnn_graph.formats.saving import save, save_sizes, save_together
    from webnn_graph.formats.table import FORMATS, SHARED, Format

__all__ = ["FORMATS", "SHARED", "Format", "files_of", "is_written_here", "load", "save", "save_sizes", "save_together"]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(
        __name__,
        {
            **dict.fromkeys(("FORMATS", "SHARED", "Format"), "table"),
            **dict.fromkeys(("files_of", "is_written_here", "load"), "loading"),
            **dict.fromkeys(("save", "save_sizes", "save_together"), "saving"),
        },
    )
