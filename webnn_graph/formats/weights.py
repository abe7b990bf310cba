"""The weights beside a graph: ``.safetensors`` read through a memory map and written piece by piece.

A tensor has the name of its constant, and the constant's data type and shape. safetensors has no 4-bit integers: an int4 or
uint4 constant is a flat U8 tensor of packed elements, two in a byte, low nibble first; the graph's declaration says what it
really is, and the metadata that there are such tensors, as rustnn wants. A BF16 tensor is read for a float32 constant.

Tensors stand in descending order of element size, so that each is aligned for a view, then by name. The metadata holds the
digest of each, see `webnn_graph.formats.digests`.

Not by the library `safetensors` (measured: 0.8.0, 1 GiB in 64 tensors). Its ``save_file`` is as flat and as fast for contiguous
arrays (no anonymous memory, 0.5 s), but wants all arrays at once: what is transposed, cut across, widened or packed takes 1,024
MB, 48 MB here. It writes metadata in another order each time, and only to a path of its own. Its ``safe_open`` copies what it
reads (1,024 MB, none here), does not say where in the file a tensor is, and takes a name that stands twice for the same bytes.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType, unpack
from webnn_graph.errors import FormatError, ValidationError
from webnn_graph.formats.constants import external
from webnn_graph.graph import Descriptor, Graph, Operand
from webnn_graph.names import nearest
from webnn_graph.weight import Place, Weight

HALF_OF_FLOAT32 = "BF16"
"""Elements that are the upper half of a float32; read, never written."""
TYPES = {data_type.safetensors: data_type for data_type in DataType if data_type.bits != 4}
"""The data types by safetensors' name for their elements; those of 4 bits are packed into others."""
BITS = {HALF_OF_FLOAT32: 16, **{name: data_type.bits for name, data_type in TYPES.items()}}
"""Bits of the elements that are read."""

PACKED = "rustnn.webnn.packed4"
"""The member of the metadata that says how 4-bit elements are packed, and the only way there is."""
PACKED_VERSION = "1"

METADATA = "__metadata__"
"""The member of a header that is no tensor."""
ELSEWHERE = "write to another folder, or under another name"
DIGEST = "digest:"
"""What stands before a tensor's name in the metadata, where its digest is."""

MAX_HEADER = 100_000_000
"""Bytes of the longest header that safetensors allows."""


# ----------------------------------------------------------------------------------------------------------------- writing
def stored(*graphs: Graph) -> dict[Operand, Weight]:
    """The constants that stand in the weights file, in the file's order.

    Several graphs have one file when each of their weights of one name is the same; see `webnn_graph.formats.shared`.

    Raises:
        ValidationError: A constant has values of another shape than its own.
    """
    named = {operand.name: (operand, weight) for graph in graphs for operand, weight in external(graph).items()}
    for operand, weight in named.values():
        if weight.array.shape != operand.shape:
            raise ValidationError(f"constant {operand} has an array of shape {list(weight.array.shape)}")
    return in_order(dict(named.values()))


def in_order(weights: Mapping[Operand, Weight]) -> dict[Operand, Weight]:
    """The weights in the order of a file."""
    return dict(sorted(weights.items(), key=lambda weight: (-_element_bytes(weight[0].data_type), weight[0].name)))


def contents(weights: Mapping[Operand, Weight], metadata: Mapping[str, str] = MappingProxyType({})) -> Iterator[bytes | memoryview]:
    """A safetensors file, piece by piece; the same bytes for the same weights in the same order."""
    yield _header(weights, metadata)
    for weight in weights.values():
        yield from weight.storage()


def places(file: str, weights: Iterable[Operand], metadata: Mapping[str, str] = MappingProxyType({})) -> dict[str, Place]:
    """Where each weight stands in the file of this name that `contents` makes, by its own name."""
    kept = list(weights)
    ends = accumulate((operand.nbytes for operand in kept), initial=len(_header(kept, metadata)))
    return {operand.name: Place(file, start, operand.nbytes) for operand, start in zip(kept, ends, strict=False)}


def _header(weights: Iterable[Operand], metadata: Mapping[str, str]) -> bytes:
    """What a file begins with: the length of the description of its tensors, and that."""
    weights = list(weights)
    packed = {PACKED: PACKED_VERSION} if any(operand.data_type.bits == 4 for operand in weights) else {}
    header: dict[str, Any] = {METADATA: {**packed, **metadata}} if packed or metadata else {}
    offset = 0
    for operand in weights:
        shape = [operand.nbytes] if operand.data_type.bits == 4 else list(operand.shape)
        header[operand.name] = {"dtype": operand.data_type.safetensors, "shape": shape, "data_offsets": [offset, offset + operand.nbytes]}
        offset += operand.nbytes
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded


def metadata_of(digests: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a file with the digests of its tensors, by name."""
    return {f"{DIGEST}{name}": digest for name, digest in digests.items()}


def without_digests(metadata: Mapping[str, str]) -> dict[str, str]:
    """What else the metadata of a file say."""
    return {name: value for name, value in metadata.items() if not name.startswith(DIGEST)}


def _element_bytes(data_type: DataType) -> int:
    return max(1, data_type.bits // 8)


# ----------------------------------------------------------------------------------------------------------------- reading
class Weights(Protocol):
    """A source of weights."""

    def weight(self, key: str, operand: Descriptor) -> Weight:
        """The weight ``key`` as ``operand`` declares it, without reading or copying its values where that can be.

        Raises:
            FormatError: There is no such weight, or it is of another type or shape.
        """


@dataclass(frozen=True)
class Tensor:
    """An entry of a safetensors header: element type, shape, and where its bytes stand in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


class Safetensors:
    """A memory-mapped safetensors file.

    Attributes:
        tensors: By name.
        metadata: Strings by name; what else its writer had to say.

    Raises:
        FormatError: It cannot be read, or is damaged: every byte must belong to exactly one tensor.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = mapped(path)
        self.metadata: dict[str, str] = {}
        self.tensors = self._header()

    @property
    def files(self) -> list[str]:
        """Its name, as `webnn_graph.formats.shards.Shards` has several."""
        return [self.path.name]

    @property
    def places(self) -> dict[str, Place]:
        """Where the tensors are, by name."""
        return {name: Place(self.path.name, tensor.start, tensor.size) for name, tensor in self.tensors.items()}

    @property
    def digests(self) -> dict[str, str]:
        """The digests of the tensors, by name, as its metadata say; empty when something else wrote it."""
        return {name.removeprefix(DIGEST): digest for name, digest in self.metadata.items() if name.startswith(DIGEST)}

    def weight(self, key: str, operand: Descriptor) -> Weight:
        name = key_in(self.tensors, key)
        if name is None:
            raise FormatError(f"{self.path} has no tensor {key!r}", nearest(key, self.tensors), code=Code.MISSING_WEIGHTS)
        tensor = self.tensors[name]
        if operand.data_type.bits == 4 and self.metadata.get(PACKED, PACKED_VERSION) != PACKED_VERSION:
            raise FormatError(f"{self.path} packs {name!r} in a way that is not known: {PACKED} is {self.metadata[PACKED]!r}")
        shape = (operand.nbytes,) if operand.data_type.bits == 4 else operand.shape
        content = self.bytes[tensor.start : tensor.start + tensor.size]
        if operand.data_type is DataType.FLOAT32 and (tensor.dtype, tensor.shape) == (HALF_OF_FLOAT32, shape):
            return Weight(DataType.FLOAT32, partial(_widened, content, shape))
        if (tensor.dtype, tensor.shape) != (operand.data_type.safetensors, shape):
            found, expected = f"{tensor.dtype}{list(tensor.shape)}", f"{operand.data_type.safetensors}{list(shape)}"
            raise FormatError(
                f"{name!r} in {self.path} is {found}; the graph declares {operand.descriptor}, which is stored as {expected}",
                "do the graph and the weights belong together?",
                code=Code.WEIGHTS_DO_NOT_MATCH,
            )
        return Weight(operand.data_type, partial(unpack, content, operand.data_type, operand.shape))

    def all(self) -> dict[Operand, Weight]:
        """All tensors, as the constants that they would be.

        Raises:
            FormatError: One has a type that WebNN lacks.
        """
        for name, tensor in self.tensors.items():
            if tensor.dtype not in TYPES:
                raise FormatError(f"{self.path} has a tensor of {tensor.dtype}, {name!r}, which WebNN lacks", ELSEWHERE)
        operands = [Operand(TYPES[tensor.dtype], tensor.shape, name) for name, tensor in self.tensors.items()]
        return {operand: self.weight(operand.name, operand) for operand in operands}

    def _header(self) -> dict[str, Tensor]:
        total = self.bytes.size
        length = int.from_bytes(self.bytes[:8].tobytes(), "little") if total >= 8 else total
        if not 2 <= length <= min(MAX_HEADER, total - 8):
            self._fail("it does not begin with the length of a header")
        try:
            header = json.loads(self.bytes[8 : 8 + length].tobytes().decode(), object_pairs_hook=self._unique)
        except (ValueError, RecursionError):
            self._fail("its header is not JSON")
        if not isinstance(header, dict):
            self._fail("its header is not an object")
        metadata = header.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            self._fail("its metadata are not texts")
        self.metadata = metadata
        data = 8 + length
        tensors = {name: self._tensor(name, entry, data) for name, entry in header.items()}
        end = data
        for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.size)):
            if tensor.start != end:
                self._fail("its tensors overlap or leave gaps")
            end += tensor.size
        if end != total:
            self._fail(f"it has {total} bytes, its header says {end}; it is truncated or something was appended")
        return tensors

    def _tensor(self, name: str, entry: Any, data: int) -> Tensor:
        try:
            begin, end = map(whole, entry["data_offsets"])
            tensor = Tensor(str(entry["dtype"]), tuple(map(whole, entry["shape"])), data + begin, end - begin)
        except (KeyError, TypeError, ValueError):
            self._fail(f"the header's entry of {name!r} is malformed")
        bits = BITS.get(tensor.dtype)
        if tensor.size < 0 or (bits and math.prod(tensor.shape) * bits != tensor.size * 8):
            self._fail(f"{name!r} is {tensor.dtype}{list(tensor.shape)}, but takes {tensor.size} bytes")
        return tensor

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            self._fail("a name stands twice in its header")
        return members

    def _fail(self, message: str) -> NoReturn:
        raise FormatError(f"{self.path} is no valid safetensors file: {message}")


def mapped(path: Path) -> Array:
    """The file's bytes, read when they are used."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                return np.empty(0, np.uint8)
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except OSError as error:
        raise FormatError(f"cannot read {path}: {error.strerror}", code=Code.NO_SUCH_FILE) from None
    except ValueError:
        raise FormatError(f"cannot read {str(path)!r}: no file can be called that") from None


def _widened(content: Array, shape: tuple[int, ...]) -> Array:
    """The float32 elements whose upper halves these bytes are."""
    return (content.view("<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)


def json_members(path: Path, member: str) -> dict[str, Any]:
    """An object that is a member of a JSON file's object."""
    try:
        members = json.loads(path.read_bytes())[member]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise FormatError(f"{path} is not JSON with an object {member!r}")
    return members


def key_in(names: Mapping[str, Any], key: str) -> str | None:
    """The name that a key means: itself, or the one that rustnn's text made it from (``a.b::c`` -> ``a_b__c``)."""
    if key in names:
        return key
    alike = [name for name in names if name.replace("::", "__").replace(".", "_") == key]
    return alike[0] if len(alike) == 1 else None


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
