"""onnxsim before the conversion, on request: the conversion folds constants and simplifies by itself, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from converters.onnx.interface import Settings, graph_inputs
from converters.onnx.load import load_model


def simplified(
    path: Path,
    *,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    bind: Mapping[str, Any],
    report: Callable[[str], None],
) -> onnx.ModelProto | Path:
    """The model as onnxsim simplifies it for these input shapes; the file as it is when onnxsim fails.

    Args:
        path: The model's file.
        dims: See `converters.onnx.convert`, as for the next two.
        shapes: Whole shapes by input.
        bind: Values of inputs that become constants.
        report: Is told why onnxsim failed.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: A shape is missing or wrong.
    """
    inputs = graph_inputs(load_model(path).graph, Settings(dims=dims, shapes=shapes, bind=bind), {})
    try:
        import onnxsim

        result, _ = onnxsim.simplify(onnx.load(str(path)), overwrite_input_shapes={given.name: list(given.shape) for given in inputs})
    except Exception as error:  # it raises whatever its C++ part and the checker raise
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        report(f"note: onnxsim cannot simplify {path.name} ({reason}); going on without")
        return path
    return result
