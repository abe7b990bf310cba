"""ONNX models to WebNN graphs.

```python
from converters.onnx import convert

graph = convert("model.onnx", dims={"batch": 1})
```
"""

from __future__ import annotations

from converters.onnx.convert import convert

__all__ = ["convert"]
