"""Values for a graph's inputs: read from files and command lines, or made up, the same for the same seed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, FormatError
from webnn_graph.formats.files import write_all
from webnn_graph.graph import Operand
from webnn_graph.names import nearest

SMALL = 16
"""Made-up integers are less than this: indices and ids that even a tiny vocabulary has."""


def seeded(operands: Iterable[Operand], seed: int = 0) -> dict[str, Array]:
    """Made-up values for inputs, each of which depends on the seed and its own name only.

    Floats are normally distributed, but 0 for masks, which are added. Integers are small and not negative; 0 or 1 for
    masks and token types, 1 for scalars.
    """
    return {operand.name: _made_up(operand, seed) for operand in operands}


def _made_up(operand: Operand, seed: int) -> Array:
    random = np.random.default_rng([seed, *operand.name.encode()])
    dtype = operand.data_type.numpy
    name = operand.name.lower()
    if operand.data_type.is_float:
        values = np.zeros(operand.shape) if "mask" in name else random.standard_normal(operand.shape)
        return np.asarray(values, dtype)
    if operand.size == 1:
        return np.ones(operand.shape, dtype)
    if "mask" in name:
        # Attention needs something to attend to in every row.
        mask = random.integers(0, 2, operand.shape)
        mask[..., :1] = 1
        return mask.astype(dtype)
    largest = 2 if "type" in name else min(SMALL, int(operand.data_type.range[1]) + 1)
    return np.asarray(random.integers(0, largest, operand.shape), dtype)


def fitted(value: Array, operand: Operand) -> Array:
    """``value`` in the data type and shape of an input: a single number fills it, as many numbers are reshaped.

    Raises:
        ExecutionError: It does not fit, or holds numbers that the data type has not.
    """
    dtype = operand.data_type.numpy
    if value.dtype.kind not in "biuf":
        raise ExecutionError(f"the value for input {operand.name} holds {value.dtype}, not numbers")
    if value.size != operand.size and value.size != 1:
        raise ExecutionError(f"input {operand.name} is {operand.descriptor}, the value for it has shape {list(value.shape)}")
    smallest, largest = operand.data_type.range
    if not operand.data_type.is_float and (
        not np.isfinite(value).all() or (value != np.trunc(value)).any() or value.min() < smallest or value.max() > largest
    ):
        raise ExecutionError(f"input {operand.name} is {operand.descriptor}, the value for it has numbers that {operand.data_type} has not")
    typed = value.astype(dtype)
    return np.full(operand.shape, typed.ravel()[0], dtype) if value.size == 1 else typed.reshape(operand.shape)


def read_value(text: str) -> Array:
    """The array that a command-line value means: a ``.npy`` or ``.npz`` file, a number, or a JSON list.

    Raises:
        FormatError: It is none of these, or the file is damaged or holds several arrays.
    """
    if text.endswith(".npz"):
        arrays = read_arrays(Path(text))
        if len(arrays) != 1:
            raise FormatError(f"{text} holds {len(arrays)} arrays, one is expected", "use a .npy file")
        return next(iter(arrays.values()))
    if text.endswith(".npy"):
        return _read_npy(Path(text))
    try:
        value = np.asarray(json.loads(text))
    except ValueError:
        raise FormatError(f"{text!r} is not a number, a list of numbers or a .npy file") from None
    if value.dtype.kind not in "biuf":
        raise FormatError(f"{text!r} is not a number or a rectangular list of numbers")
    return value


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of a ``.npz`` file by name. Pickled objects are refused.

    Raises:
        FormatError: The file is missing, damaged or of another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if isinstance(archive, np.lib.npyio.NpzFile):
                return dict(archive)
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        raise FormatError(f"{path} is not a .npz file, or is damaged") from None
    raise FormatError(f"{path} is not a .npz file")


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes arrays by name as a ``.npz`` file, which is either complete or not there.

    Raises:
        WebNNError: The file cannot be written.
    """
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **arrays)
    write_all({path: lambda: [archive.getbuffer()]})


def _read_npy(path: Path) -> Array:
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except (OSError, ValueError, EOFError):
        raise FormatError(f"{path} is not a .npy file, or is damaged") from None
    if not isinstance(array, np.ndarray):
        raise FormatError(f"{path} is not a .npy file")
    return array


def complete(operands: Iterable[Operand], given: Mapping[str, Array], seed: int = 0) -> dict[str, Array]:
    """Values for all inputs: the given ones, fitted, and made-up ones for the rest.

    Raises:
        ExecutionError: A given name is not an input's, or a value does not fit.
    """
    operands = list(operands)
    names = [operand.name for operand in operands]
    for name in given:
        if name not in names:
            raise ExecutionError(f"the graph has no input {name!r}", nearest(name, names) or f"its inputs are {', '.join(names) or 'none'}")
    made_up = seeded((operand for operand in operands if operand.name not in given), seed)
    return {
        operand.name: made_up[operand.name] if operand.name in made_up else fitted(given[operand.name], operand) for operand in operands
    }
