"""Weights of fewer bits: which are rounded, how, and what that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.quantization.measuring import Measured, measure
    from webnn_graph.quantization.rewriting import Quantized, quantize, quantize_together, quantized
    from webnn_graph.quantization.scheme import Scheme

__all__ = ["Measured", "Quantized", "Scheme", "measure", "quantize", "quantize_together", "quantized"]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(
        __name__,
        {
            **dict.fromkeys(("Measured", "measure"), "measuring"),
            **dict.fromkeys(("Quantized", "quantize", "quantize_together", "quantized"), "rewriting"),
            "Scheme": "scheme",
        },
    )
