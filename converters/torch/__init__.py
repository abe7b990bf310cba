"""PyTorch modules and exported programs to WebNN graphs.

from converters.torch import convert
graph = convert(module.eval(), (torch.zeros(1, 3, 224, 224),))
"""

from __future__ import annotations

from webnn_graph.errors import RuntimeUnavailable

try:
    import torch  # noqa: F401
except ImportError:
    raise RuntimeUnavailable("PyTorch is not installed", "pip install 'webnn-convert[torch]'") from None

from converters.annotations import Array, Ints, Number
from converters.torch.convert import convert
from converters.torch.registry import aten_op

__all__ = ["Array", "Ints", "Number", "aten_op", "convert"]
