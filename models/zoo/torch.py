"""PyTorch models of the zoo."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from models.zoo.manifest import Model
from models.zoo.package_code import make


def torch_model(model: Model, path: Path) -> TorchModel:
    """The model as torch2webnn takes it.

    Args:
        model: The manifest's entry.
        path: Its file; its companions stand beside it.
    """
    folder = path.parent if "config.json" in _names(model) else path
    return TorchModel(folder, inputs=[InputSpec.parse(text) for text in model.inputs], name=model.name, **loading(model, path))


def loading(model: Model, path: Path) -> dict[str, Any]:
    """What `converters.torch.load.load` needs besides the file."""
    if not model.module:
        return {"submodule": model.submodule}
    (code,) = (member for member in model.companions if member.endswith(".py"))
    arguments: dict[str, Any] = {
        "file": str(path.with_name(Path(code).name)),
        "name": code.removesuffix(".py").replace("/", "."),
        "attribute": model.module,
        "arguments": dict(model.module_args),
        "imports": dict(model.imports),
    }
    return {"factory": partial(make, **arguments)}


def _names(model: Model) -> set[str]:
    return {Path(member).name for member in model.companions}
