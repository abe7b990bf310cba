"""The weights that stand beside a graph, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from webnn_graph.data_types import unpack
from webnn_graph.errors import FormatError
from webnn_graph.formats.constants import from_bytes
from webnn_graph.formats.shards import INDEX, Shards, index_of
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import Safetensors, Weights, json_members, key_in, mapped, whole
from webnn_graph.graph import Descriptor
from webnn_graph.names import nearest
from webnn_graph.weight import Weight


def opened(file: Path) -> Safetensors | Shards | None:
    """A file of weights, or the shards in its place; None when there is neither."""
    if file.is_file():
        return Safetensors(file)
    return Shards(index_of(file)) if index_of(file).is_file() else None


def weights_of(graph: Path) -> Weights | None:
    """The weights that belong to the graph's file: with its stem, or called ``model``; None if there are none."""
    kinds: dict[str, Callable[..., Weights]] = {WEIGHTS: Safetensors, ".json": Shards, ".weights": Manifest}
    files = files_beside(graph)
    return kinds[files[0].suffix](*files) if files else None


def files_beside(graph: Path) -> list[Path]:
    """The file of the weights that belong to the graph's file, and the manifest when it needs one; none if there are none.

    Shards are not among them, only their index.
    """
    for stem in dict.fromkeys((graph.stem, "model")):
        for suffix in (WEIGHTS, INDEX):
            path = graph.with_name(stem + suffix)
            if path.is_file():
                return [path]
    for stem in dict.fromkeys((graph.stem, "model")):
        raw = graph.with_name(stem + ".weights")
        for manifest in (graph.with_name("manifest.json"), graph.with_name(f"{graph.stem}.manifest.json")):
            if raw.is_file() and manifest.is_file():
                return [raw, manifest]
    return []


class Manifest:
    """A raw weights file with a manifest that says where each weight stands in it, as earlier tools of rustnn wrote."""

    def __init__(self, path: Path, manifest: Path) -> None:
        self.path = path
        self.bytes = mapped(path)
        self.tensors = json_members(manifest, "tensors")

    def weight(self, key: str, operand: Descriptor) -> Weight:
        name = key_in(self.tensors, key)
        if name is None:
            raise FormatError(f"the manifest of {self.path} has no weight {key!r}", nearest(key, self.tensors))
        try:
            start, size = whole(self.tensors[name]["byteOffset"]), whole(self.tensors[name]["byteLength"])
        except (KeyError, TypeError, ValueError):
            raise FormatError(f"the manifest's entry of {name!r} is malformed") from None
        if start + size > self.bytes.size:
            raise FormatError(f"{name!r} ends at byte {start + size}; {self.path} has only {self.bytes.size}")
        piece = self.bytes[start : start + size]
        if size == operand.nbytes:
            return Weight(operand.data_type, partial(unpack, piece, operand.data_type, operand.shape))
        return Weight(operand.data_type, from_bytes(piece.tobytes(), operand.data_type, operand.shape))
