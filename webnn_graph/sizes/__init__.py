"""A model in several sizes: a graph for each, of which the smallest that fits computes an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.sizes.conversion import convert_sizes
    from webnn_graph.sizes.sized import Padding, Sized

__all__ = ["Padding", "Sized", "convert_sizes"]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(__name__, {"convert_sizes": "conversion", **dict.fromkeys(("Padding", "Sized"), "sized")})
