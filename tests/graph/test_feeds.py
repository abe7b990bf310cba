"""Values for inputs: made up, read, fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from webnn_graph.data_types import DataType
from webnn_graph.errors import ExecutionError, FormatError
from webnn_graph.feeds import SMALL_INTEGERS, complete, fitted, read_arrays, read_value, save_arrays, seeded
from webnn_graph.graph import Graph, Operand


def operand(name: str, data_type: str, *shape: int) -> Operand:
    return Operand(DataType(data_type), shape, name)


@pytest.mark.parametrize("data_type", list(DataType))
def test_made_up_values_fit_their_type_and_depend_on_seed_and_name(data_type: DataType) -> None:
    x, y = operand("x", data_type, 50, 20), operand("y", data_type, 50, 20)
    values = seeded([x, y], 1)
    assert values["x"].dtype == data_type.numpy
    assert values["x"].shape == (50, 20)
    smallest, largest = data_type.range
    assert (values["x"] >= smallest).all()
    assert (values["x"] <= largest).all()
    assert np.array_equal(values["x"], seeded([y, x], 1)["x"])
    assert not np.array_equal(values["x"], values["y"])
    assert not np.array_equal(values["x"], seeded([x], 2)["x"])


def test_made_up_integers_are_what_models_take() -> None:
    operands = [operand(name, "int64", 4, 100) for name in ("input_ids", "attention_mask", "token_type_ids")] + [operand("sr", "int64")]
    values = seeded(operands)
    assert set(values["input_ids"].ravel()) == set(range(SMALL_INTEGERS))
    assert set(values["attention_mask"].ravel()) == {0, 1}
    assert (values["attention_mask"][:, 0] == 1).all()
    assert set(values["token_type_ids"].ravel()) == {0, 1}
    assert values["sr"] == 1
    assert not seeded([operand("mask", "float32", 3)])["mask"].any()


@pytest.mark.parametrize(
    ("value", "data_type", "shape", "expected"),
    [
        (2, "float32", (2,), [2, 2]),
        ([1, 2, 3, 4], "int32", (2, 2), [[1, 2], [3, 4]]),
        ([True, False], "uint8", (2,), [1, 0]),
        ([1.0, 2.0], "int64", (2,), [1, 2]),
    ],
)
def test_fitted(value: object, data_type: str, shape: tuple[int, ...], expected: object) -> None:
    array = fitted(np.asarray(value), operand("x", data_type, *shape))
    assert array.dtype == data_type
    assert array.tolist() == expected


@pytest.mark.parametrize(
    ("value", "data_type", "why"),
    [
        ([1, 2, 3], "float32", "shape"),
        ([1.5, 2], "int32", "int32 has not"),
        ([256, 0], "uint8", "uint8 has not"),
        ([8, 0], "int4", "int4 has not"),
    ],
)
def test_what_does_not_fit_is_refused(value: object, data_type: str, why: str) -> None:
    with pytest.raises(ExecutionError, match=why):
        fitted(np.asarray(value), operand("x", data_type, 2))


def test_complete_refuses_unknown_names() -> None:
    with pytest.raises(ExecutionError, match="no input 'imput'") as error:
        complete(Graph("g", (operand("input", "float32", 1),), {}, (), ()), {"imput": np.zeros(1)})
    assert error.value.hint == "did you mean input? its inputs are input float32[1]"


def test_values_from_the_command_line(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    save_arrays(tmp_path / "a.npz", {"x": array})
    for text in (str(tmp_path / "a.npy"), str(tmp_path / "a.npz"), "[[0, 1, 2], [3, 4, 5]]"):
        assert np.array_equal(read_value(text), array)
    assert read_value("16000") == 16000
    for text in ("true", "True", "false", "False"):
        assert read_value(text).dtype == bool and read_value(text) == (text.lower() == "true")
    save_arrays(tmp_path / "two.npz", {"x": array, "y": array})
    with pytest.raises(FormatError, match="holds 2 arrays"):
        read_value(str(tmp_path / "two.npz"))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04garbage", b"\x80\x04N."])
def test_damaged_archives(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="bad.npz is not a .npz file"):
        read_arrays(path)


def test_archives_with_pickled_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(FormatError, match="bad.npz is not a .npz file"):
        read_arrays(path)
