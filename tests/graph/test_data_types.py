"""Data types and their storage."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import safetensors.numpy

from webnn_graph.data_types import BY_SHORT_NAME, Array, DataType, distinct, pack, storage_bytes, unpack
from webnn_graph.errors import ValidationError


@pytest.mark.parametrize(
    ("name", "bits", "short", "smallest", "largest"),
    [
        ("float32", 32, "f32", -math.inf, math.inf),
        ("float16", 16, "f16", -math.inf, math.inf),
        ("int64", 64, "i64", -(2**63), 2**63 - 1),
        ("uint64", 64, "u64", 0, 2**64 - 1),
        ("int32", 32, "i32", -(2**31), 2**31 - 1),
        ("uint32", 32, "u32", 0, 2**32 - 1),
        ("int8", 8, "i8", -128, 127),
        ("uint8", 8, "u8", 0, 255),
        ("int4", 4, "i4", -8, 7),
        ("uint4", 4, "u4", 0, 15),
    ],
)
def test_facts(name: str, bits: int, short: str, smallest: float, largest: float) -> None:
    data_type = DataType(name)
    assert (data_type.bits, data_type.short, data_type.range) == (bits, short, (smallest, largest))
    assert BY_SHORT_NAME[short] is data_type


@pytest.mark.parametrize("data_type", DataType)
def test_safetensors_reads_what_it_is_called(data_type: DataType) -> None:
    """By its own library: the elements in memory, or the bytes that 4-bit ones are packed into."""
    storage = pack(np.zeros(2, data_type.numpy), data_type)
    header = {"x": {"dtype": data_type.safetensors, "shape": list(storage.shape), "data_offsets": [0, storage.nbytes]}}
    encoded = json.dumps(header).encode()
    read = safetensors.numpy.load(len(encoded).to_bytes(8, "little") + encoded + storage.tobytes())["x"]
    assert read.dtype == (np.uint8 if data_type.bits == 4 else data_type.numpy)


def test_of_an_array() -> None:
    assert DataType.of(np.zeros(1, np.float16)) is DataType.FLOAT16
    assert DataType.of(np.zeros(1, bool)) is DataType.UINT8
    for dtype in (np.float64, np.complex64, np.int16, "U3"):
        with pytest.raises(ValidationError, match="WebNN has no data type"):
            DataType.of(np.zeros(1, dtype))


def test_nibbles_are_packed_low_first() -> None:
    packed = pack(np.array([1, -2, 7, -8, 3], np.int8), DataType.INT4)
    assert packed.tolist() == [0xE1, 0x87, 0x03]
    assert pack(np.array([[1, 2], [15, 0]], np.uint8), DataType.UINT4).tolist() == [0x21, 0x0F]


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (np.broadcast_to(np.int8(3), (4, 5)), (1, 1)),
        (np.broadcast_to(np.arange(5), (4, 5)), (1, 5)),
        (np.arange(20).reshape(4, 5), (4, 5)),
        (np.array(3), ()),
    ],
)
def test_what_broadcasting_repeats_is_left_out(array: Array, shape: tuple[int, ...]) -> None:
    assert distinct(array).shape == shape
    assert set(distinct(array).flat) == set(array.flat)


@pytest.mark.parametrize("data_type", list(DataType))
@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 5), (2, 1, 3)])
def test_pack_and_unpack_are_inverse(data_type: DataType, shape: tuple[int, ...]) -> None:
    smallest, largest = (-100, 100) if data_type.is_float else data_type.range
    array = np.random.default_rng(1).uniform(smallest, largest, shape).astype(data_type.numpy)
    stored = pack(array, data_type).tobytes()
    assert len(stored) == storage_bytes(data_type, shape)
    restored = unpack(np.frombuffer(stored, np.uint8), data_type, shape)
    assert restored.dtype == data_type.numpy
    assert restored.shape == shape
    np.testing.assert_array_equal(restored, array)


def test_storage_is_little_endian_and_dense() -> None:
    big = np.array([[1, 2], [3, 4]], ">i4").T
    assert pack(big, DataType.INT32).tobytes() == np.array([1, 3, 2, 4], "<i4").tobytes()


def test_unpacking_does_not_copy() -> None:
    storage = np.arange(8, dtype=np.uint8)
    assert np.shares_memory(unpack(storage, DataType.FLOAT32, (2,)), storage)
