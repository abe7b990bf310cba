"""Exported programs that somebody changed: small archives for tests of what is read from strangers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
SAMPLES = "data/sample_inputs/model.pt"

Edit = Callable[[Any], None]


class Net(torch.nn.Module):
    """A parameter, a constant and an input."""

    def __init__(self) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(4, 4))
        self.c = torch.ones(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x @ self.w) + self.c


def write(path: Path, *, dynamic: bool = False) -> Path:
    """The honest archive; with ``dynamic``, the number of rows is a symbol."""
    shapes = ({0: torch.export.Dim("rows", min=2, max=64)},) if dynamic else None
    torch.export.save(torch.export.export(Net().eval(), (torch.ones(3, 4),), dynamic_shapes=shapes), path)
    return path


def change(
    path: Path,
    edits: Mapping[str, Edit] | None = None,
    *,
    members: Mapping[str, bytes] | None = None,
    rename: Mapping[str, str] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    """Writes the archive anew with JSON members edited in place, members replaced or added, and members renamed."""
    with zipfile.ZipFile(path) as archive:
        top = archive.namelist()[0].partition("/")[0]
        content = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    for name, edit in (edits or {}).items():
        document = json.loads(content[name])
        edit(document)
        content[name] = json.dumps(document).encode()
    content |= members or {}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(f"{top}/{(rename or {}).get(name, name)}", data)
    return path


def graph_of(document: Any) -> Any:
    """The graph in a program's document."""
    return document["graph_module"]["graph"]


def sized(expression: str) -> Edit:
    """Another expression in the place of every symbol."""

    def edit(document: Any) -> None:
        for tensor in graph_of(document)["tensor_values"].values():
            for size in tensor["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = expression

    return edit


def calling(target: str) -> Edit:
    """Another function in the place of the first node's."""

    def edit(document: Any) -> None:
        graph_of(document)["nodes"][0]["target"] = target

    return edit


def input_called(name: str) -> Edit:
    """Another name in the place of the input's."""

    def edit(document: Any) -> None:
        def walk(item: Any) -> None:
            if isinstance(item, dict):
                if item == {"name": "x"}:
                    item["name"] = name
                for inner in item.values():
                    walk(inner)
            elif isinstance(item, list):
                for inner in item:
                    walk(inner)

        walk(document)
        values = graph_of(document)["tensor_values"]
        values[name] = values.pop("x")

    return edit


def pickled(value: Any) -> bytes:
    """What torch.save writes of it."""
    content = io.BytesIO()
    torch.save(value, content)
    return content.getvalue()
