"""Weights in several safetensors files, by the convention of Hugging Face: ``model-00001-of-00003.safetensors``, and an index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError
from webnn_graph.formats.files import Chunks
from webnn_graph.formats.table import WEIGHTS
from webnn_graph.formats.weights import Safetensors, contents, json_members, key_in, metadata_of, places
from webnn_graph.graph import Descriptor, Operand
from webnn_graph.names import nearest
from webnn_graph.weight import Place, Weight

INDEX = f"{WEIGHTS}.index.json"
"""Suffix of the index of a file of weights that was cut into shards."""


# ----------------------------------------------------------------------------------------------------------------- writing
def cut(tensors: Mapping[Operand, Weight], most: int | None) -> list[dict[Operand, Weight]]:
    """The tensors of each file, in the file's order: as many as have at most so many bytes, but at least one; all for None."""
    shards: list[dict[Operand, Weight]] = []
    size = 0
    for operand, weight in tensors.items():
        if not shards or (most is not None and size + operand.nbytes > most):
            shards.append({})
            size = 0
        shards[-1][operand] = weight
        size += operand.nbytes
    return shards


def names(file: str, count: int) -> list[str]:
    """What the files are called in whose place one of this name could be."""
    stem = file.removesuffix(WEIGHTS)
    return [file] if count == 1 else [f"{stem}-{i + 1:05}-of-{count:05}{WEIGHTS}" for i in range(count)]


def index_of(file: Path) -> Path:
    """The index of the shards that could be in the place of a file of weights."""
    return file.with_name(f"{file.name.removesuffix(WEIGHTS)}{INDEX}")


def written(
    file: Path, shards: Sequence[Mapping[Operand, Weight]], digests: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[Path, Chunks | None]:
    """What is written for weights, by path, and None for what is removed: what would be read in their place, or never again.

    Args:
        file: What it is called when it is one.
        shards: The tensors of each file.
        digests: By name of a tensor.
        metadata: Of each file, besides.
    """
    files: dict[Path, Chunks | None] = {}
    where: dict[str, str] = {}
    for name, shard in zip(names(file.name, len(shards)), shards, strict=True):
        files[file.with_name(name)] = partial(contents, shard, _metadata(shard, digests, metadata))
        where |= {operand.name: name for operand in shard}
    if len(shards) > 1:
        total = sum(operand.nbytes for shard in shards for operand in shard)
        index = json.dumps({"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))}, indent=2) + "\n"
        files[index_of(file)] = lambda: [index.encode()]
    return files | dict.fromkeys((path for path in left_over(file) if path not in files), None)


def placed(
    file: str, shards: Sequence[Mapping[Operand, Weight]], digests: Mapping[str, str], metadata: Mapping[str, str]
) -> dict[str, Place]:
    """Where each weight stands in what `written` writes, by its name; ``file`` is the name of the one file."""
    each = zip(names(file, len(shards)), shards, strict=True)
    return {k: v for name, shard in each for k, v in places(name, shard, _metadata(shard, digests, metadata)).items()}


def _metadata(shard: Iterable[Operand], digests: Mapping[str, str], metadata: Mapping[str, str]) -> dict[str, str]:
    """That of the file of some tensors."""
    return {**metadata, **metadata_of({operand.name: digests[operand.name] for operand in shard if operand.name in digests})}


def in_place_of(file: Path) -> list[Path]:
    """What is there of a file of weights of this name and of shards in its place, whoever wrote them."""
    shards = re.compile(rf"{re.escape(file.name.removesuffix(WEIGHTS))}-[0-9]{{5}}-of-[0-9]{{5}}{re.escape(WEIGHTS)}")
    numbered = [path for path in sorted(file.parent.glob(f"*{WEIGHTS}")) if shards.fullmatch(path.name)]
    return [path for path in (file, index_of(file), *numbered) if path.is_file()]


def left_over(file: Path) -> list[Path]:
    """The files of weights that are there: the one of this name, and the shards in its place that were written here, with their index."""
    found = [file] if file.is_file() else []
    index = index_of(file)
    if index.is_file():
        with suppress(FormatError):
            shards = Shards(index)
            if set(shards.paths) <= set(in_place_of(file)) and all(shard.digests for shard in shards.each):
                found += [*(shard.path for shard in shards.each), index]
    return found


# ----------------------------------------------------------------------------------------------------------------- reading
class Shards:
    """Several safetensors files with an index.

    Attributes:
        path: That of the index.

    Raises:
        FormatError: The index cannot be read.
    """

    def __init__(self, index: Path) -> None:
        self.path = index
        self._files = json_members(index, "weight_map")
        self._open: dict[str, Safetensors] = {}

    @property
    def files(self) -> list[str]:
        """The names of the files, in order.

        Raises:
            FormatError: One is none, or outside of the index's folder.
        """
        return sorted(set(map(self._beside, self._files.values())))

    @property
    def paths(self) -> list[Path]:
        """Where they are."""
        return list(map(self.path.with_name, self.files))

    @property
    def each(self) -> list[Safetensors]:
        """The files. Raises `FormatError` when one cannot be read or is damaged."""
        return list(map(self._opened, self.files))

    @property
    def tensors(self) -> Sequence[str]:
        """The names of all tensors."""
        return list(self._files)

    @property
    def places(self) -> dict[str, Place]:
        """See `Safetensors.places`."""
        return {name: place for shard in self.each for name, place in shard.places.items()}

    @property
    def digests(self) -> dict[str, str]:
        """See `Safetensors.digests`."""
        return {name: digest for shard in self.each for name, digest in shard.digests.items()}

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of all files."""
        return {name: value for shard in self.each for name, value in shard.metadata.items()}

    def weight(self, key: str, operand: Descriptor) -> Weight:
        name = key_in(self._files, key)
        if name is None:
            raise FormatError(f"{self.path} has no tensor {key!r}", nearest(key, self._files), code=Code.MISSING_WEIGHTS)
        return self._opened(self._beside(self._files[name])).weight(name, operand)

    def all(self) -> dict[Operand, Weight]:
        """See `Safetensors.all`."""
        return {operand: weight for shard in self.each for operand, weight in shard.all().items()}

    def _beside(self, file: Any) -> str:
        if not isinstance(file, str) or file in ("", "..") or Path(file).name != file:
            raise FormatError(f"{self.path} refers to {file!r}, which is outside its folder", "shards must stand beside their index")
        return file

    def _opened(self, file: str) -> Safetensors:
        if file not in self._open:
            self._open[file] = Safetensors(self.path.with_name(file))
        return self._open[file]
