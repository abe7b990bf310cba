"""Models that were read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from converters.onnx.conversion import Conversion
from converters.onnx.reading.belonging import check_weights
from converters.onnx.reading.interface import InterfaceOptions
from converters.onnx.reading.load import load_model
from converters.onnx.reading.structure import check_model
from converters.plugins import load_plugins
from webnn_graph.builder import GraphBuilder


@dataclass(frozen=True)
class Loaded:
    """A model that was read and checked.

    Attributes:
        model: The model.
        path: Its file.
        settings: What the user decides about its interface.
    """

    model: onnx.ModelProto
    path: Path
    settings: InterfaceOptions

    def conversion(self, b: GraphBuilder) -> Conversion:
        """A conversion by this builder."""
        return Conversion(self.model, self.path.parent, b.name, self.settings, b.budget, builder=b)


def loaded(path: Path, bind: Mapping[str, Any] | None = None) -> Loaded:
    """The model in a file.

    Args:
        path: The file.
        bind: Values of inputs that become constants.

    Raises:
        FormatError: The file is no ONNX model.
        ConversionError: The model is invalid.
    """
    model = load_model(path)
    check_model(model)
    check_weights(model, path.parent)
    load_plugins("onnx")
    return Loaded(model, path, InterfaceOptions(bind=bind or {}))
