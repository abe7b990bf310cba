"""ONNX models to WebNN graphs.

```python
from converters.onnx import convert

graph = convert("model.onnx", dims={"batch": 1})
```

Handlers of private domains, which a package registers by an entry point (`converters.plugins`), are written with `onnx_op`.
"""

from __future__ import annotations

from converters.annotations import Array, Ints, Number
from converters.onnx.convert import convert
from converters.onnx.registry import SourceNode, one_to_one, onnx_op

__all__ = ["Array", "Ints", "Number", "SourceNode", "convert", "one_to_one", "onnx_op"]
