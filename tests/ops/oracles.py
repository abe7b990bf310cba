"""Independent sources of expected values: PyTorch, ONNX Runtime, and loops that follow the standard's text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from webnn_graph.data_types import Array

Oracle = Callable[..., Any]


def torch(function: Callable[..., Any]) -> Oracle:
    """``function(torch, *tensors)``; floats are given as float64."""

    def compute(*arrays: Array) -> Any:
        module = pytest.importorskip("torch")
        wide = (array.astype(np.float64) if array.dtype.kind == "f" else array for array in arrays)
        computed = function(module, *(module.from_numpy(np.array(array)) for array in wide))
        return [item.numpy() for item in computed] if isinstance(computed, list | tuple) else computed.numpy()

    return compute


def onnx(op_type: str, *, outputs: Sequence[int] = (0,), opset: int = 21, **attributes: Any) -> Oracle:
    """One ONNX operator in ONNX Runtime; None stands for an input that is left out.

    Args:
        outputs: Which of the operator's outputs are wanted, in that order.
    """

    def compute(*arrays: Array | None) -> list[Array]:
        helper = pytest.importorskip("onnx.helper")
        runtime = pytest.importorskip("onnxruntime")
        fed = {f"i{n}": array for n, array in enumerate(arrays) if array is not None}
        names = [f"o{n}" if n in outputs else "" for n in range(max(outputs) + 1)]
        node = helper.make_node(op_type, [f"i{n}" if array is not None else "" for n, array in enumerate(arrays)], names, **attributes)
        inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in fed.items()]
        results = [helper.make_tensor_value_info(f"o{n}", 1, None) for n in outputs]
        model = helper.make_model(
            helper.make_graph([node], "one", inputs, results), opset_imports=[helper.make_opsetid("", opset)], ir_version=10
        )
        return list(runtime.InferenceSession(model.SerializeToString()).run(None, fed))

    return compute


def each(function: Callable[..., Any]) -> Oracle:
    """A function of Python numbers, applied element by element with NumPy's broadcasting only."""

    def compute(*arrays: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.vectorize(lambda *xs: function(*(x.item() for x in map(np.asarray, xs))), otypes=[object])(*arrays))

    return compute


def pooled(
    function: Callable[[list[float]], float],
    window: Sequence[int],
    size: Sequence[int],
    padding: Sequence[int] = (0, 0, 0, 0),
    strides: Sequence[int] = (1, 1),
    dilations: Sequence[int] = (1, 1),
) -> Oracle:
    """Pooling of [n, c, h, w] to [n, c, *size], pixel by pixel, over the pixels that exist."""

    def compute(x: Array) -> Array:
        n, c, *image = x.shape
        y = np.zeros((n, c, *size), x.dtype)
        for index in np.ndindex(*y.shape):
            corner = [index[2 + i] * strides[i] - padding[2 * i] for i in range(2)]
            taps = itertools.product(*([corner[i] + k * dilations[i] for k in range(window[i])] for i in range(2)))
            seen = [x[index[0], index[1], row, column].item() for row, column in taps if 0 <= row < image[0] and 0 <= column < image[1]]
            y[index] = function(seen)
        return y

    return compute
