"""WebNN graphs: build them, read and write them, check them, quantize them, run them.

```python
from webnn_graph import load, save

graph = load("model.webnn")
graph(x=array)["y"]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.builder import GraphBuilder
    from webnn_graph.data_types import DataType
    from webnn_graph.errors import (
        BudgetExceeded,
        ConversionError,
        ExecutionError,
        FormatError,
        RuntimeLost,
        RuntimeUnavailable,
        ValidationError,
        WebNNError,
    )
    from webnn_graph.formats import load, save
    from webnn_graph.graph import Graph, Node, Operand
    from webnn_graph.quantization import quantize
    from webnn_graph.runtimes.reference import run
    from webnn_graph.targets.check import check
    from webnn_graph.targets.legalize import legalize
    from webnn_graph.validation import validate
    from webnn_graph.version import __version__

__all__ = [
    "BudgetExceeded",
    "ConversionError",
    "DataType",
    "ExecutionError",
    "FormatError",
    "Graph",
    "GraphBuilder",
    "Node",
    "Operand",
    "RuntimeLost",
    "RuntimeUnavailable",
    "ValidationError",
    "WebNNError",
    "__version__",
    "check",
    "legalize",
    "load",
    "quantize",
    "run",
    "save",
    "validate",
]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(
        __name__,
        {
            **dict.fromkeys(
                (
                    "BudgetExceeded",
                    "ConversionError",
                    "ExecutionError",
                    "FormatError",
                    "RuntimeLost",
                    "RuntimeUnavailable",
                    "ValidationError",
                    "WebNNError",
                ),
                "errors",
            ),
            **dict.fromkeys(("Graph", "Node", "Operand"), "graph"),
            **dict.fromkeys(("load", "save"), "formats"),
            "DataType": "data_types",
            "GraphBuilder": "builder",
            "__version__": "version",
            "check": "targets.check",
            "legalize": "targets.legalize",
            "quantize": "quantization",
            "run": "runtimes.reference",
            "validate": "validation",
        },
    )


def __dir__() -> list[str]:
    """What there is to use, also before it is first used."""
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "annotations", "on_first_use"})
