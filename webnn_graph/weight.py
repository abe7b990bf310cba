"""`Weight`: the values of a constant, as an object that knows their bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from typing import Generic, TypeVar

import numpy as np

from webnn_graph.data_types import Array, DataType, pack

DIGEST_BYTES = 16
"""Of SHA-256, which processors have instructions for: three times as fast as BLAKE2b there."""
THREADS = min(4, os.cpu_count() or 1)
"""That hash weights at the same time."""
WORTH_A_THREAD = 2**20
"""Bytes from which on a weight is hashed beside others."""
CHUNK_ELEMENTS = 2**22
"""Elements of an array that is not contiguous which are stored at a time."""
Key = TypeVar("Key")


@dataclass(frozen=True)
class Place:
    """Where the bytes of a weight are: the file's name, beside what refers to it, and the first of them and how many in it."""

    file: str
    offset: int
    length: int


class Weight:
    """The values of a constant: made when they are first asked for, hashed at most once.

    Args:
        data_type: Of the elements.
        values: An array of ``data_type.numpy``, for 4-bit types one element per value; or what makes it, which must
            be possible to pickle. It is never written to.
    """

    def __init__(self, data_type: DataType, values: Array | Callable[[], Array]) -> None:
        self.data_type = data_type
        self._values = values
        self._digest = b""

    @property
    def array(self) -> Array:
        """The values; read-only views on a mapped file where they come from one."""
        if callable(self._values):
            self._values = self._values()
        return self._values

    def __repr__(self) -> str:
        what = "not read yet" if callable(self._values) else f"of shape {list(self._values.shape)}"
        return f"<Weight {self.data_type} {what}>"

    @property
    def is_hashed(self) -> bool:
        """Whether its digest is known."""
        return bool(self._digest)

    @property
    def digest(self) -> bytes:
        """Equal for weights of one data type and shape that hold the same bits: -0 differs from 0, and NaN equals itself."""
        if not self._digest:  # no cached_property: in Python 3.11 that lets one thread at a time compute
            hashed = sha256()
            for piece in self.storage():
                hashed.update(piece)
            self._digest = hashed.digest()[:DIGEST_BYTES]
        return self._digest

    def storage(self) -> Iterator[bytes | memoryview]:
        """The bytes in storage, little-endian, 4-bit elements packed; what is no contiguous memory is never copied as a whole."""
        array = self.array
        if array.flags.c_contiguous:
            yield pack(array, self.data_type).reshape(-1).view(np.uint8).data
            return
        if self.data_type.bits == 4:  # only pieces of an even number of elements are whole bytes
            for start in range(0, array.size, CHUNK_ELEMENTS):
                yield pack(array.flat[start : start + CHUNK_ELEMENTS], self.data_type).tobytes()
            return
        for piece in np.nditer(array, ["external_loop", "buffered"], order="C", buffersize=CHUNK_ELEMENTS):
            yield pack(np.asarray(piece), self.data_type).tobytes()


def hash_together(weights: Iterable[Weight]) -> None:
    """Computes the digests of the large ones of these weights on several processors, so that they are known when they are asked for."""
    large = [weight for weight in weights if not weight.is_hashed and weight.array.nbytes >= WORTH_A_THREAD]
    if len(large) > 1:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(attrgetter("digest"), large))


class Values(Mapping[Key, Array], Generic[Key]):
    """The arrays of weights by the same keys, each made when it is asked for."""

    def __init__(self, weights: Mapping[Key, Weight]) -> None:
        self.weights = weights

    def __getitem__(self, key: Key) -> Array:
        return self.weights[key].array

    def __iter__(self) -> Iterator[Key]:
        return iter(self.weights)

    def __len__(self) -> int:
        return len(self.weights)

    def __contains__(self, key: object) -> bool:
        return key in self.weights
