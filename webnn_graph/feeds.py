"""Values for a graph's inputs: read from files and command lines, or made up, the same for the same seed."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, FormatError, Where
from webnn_graph.formats.files import write_all
from webnn_graph.given import by_name
from webnn_graph.graph import Graph, Operand
from webnn_graph.implied import Bounds, Distinct, implied
from webnn_graph.random_inputs import drawn

SMALL_INTEGERS = 16
"""Made-up integers of which nothing is known are less than this: indices and ids that even a tiny vocabulary has."""
MAX_DRAWN = 1 << 24
"""Numbers that are drawn at most to make indices that are distinct."""


def seeded(operands: Iterable[Operand], seed: int = 0, bounds: Mapping[str, Bounds] | None = None) -> dict[str, Array]:
    """Made-up values for inputs, each of which depends on the seed and its own name only.

    Floats are normally distributed, but 0 for masks, which are added. Integers are within their ``bounds``, by input name, see
    `webnn_graph.implied.implied`; without bounds they are small and not negative, 0 or 1 for masks and token types, 1 for scalars.
    """
    return {operand.name: _made_up(operand, seed, (bounds or {}).get(operand.name)) for operand in operands}


def _made_up(operand: Operand, seed: int, bounds: Bounds | None) -> Array:
    random = np.random.default_rng([seed, *operand.name.encode()])
    dtype = operand.data_type.numpy
    name = operand.name.lower()
    if operand.data_type.is_float:
        values = np.zeros(operand.shape) if "mask" in name else random.standard_normal(operand.shape)
        return np.asarray(values, dtype)
    if bounds is not None:
        return _within(bounds, operand, random).astype(dtype)
    if operand.size == 1:
        return np.ones(operand.shape, dtype)
    if "mask" in name:
        return _mask(random.integers(0, 2, operand.shape)).astype(dtype)
    largest = 2 if "type" in name else min(SMALL_INTEGERS, int(operand.data_type.range[1]) + 1)
    return np.asarray(random.integers(0, largest, operand.shape), dtype)


def _mask(values: Array) -> Array:
    """Attention needs something to attend to in every row."""
    values[..., :1] = 1
    return values


def _within(bounds: Bounds, operand: Operand, random: np.random.Generator) -> Array:
    smallest, largest = (int(limit) for limit in operand.data_type.range)
    low = np.maximum(bounds.low, smallest)
    low = np.where(low == np.iinfo(np.int64).min, 0, low)
    high = np.minimum(bounds.high, min(largest, np.iinfo(np.int64).max))
    low = np.where((bounds.low < 0) & (high >= 0), 0, low)
    high = np.where(bounds.high == np.iinfo(np.int64).max, np.minimum(low + SMALL_INTEGERS - 1, high), high)
    different = _different(bounds, low, high, random)
    if different is not None:
        return different
    values = random.integers(low, np.maximum(low, high), endpoint=True)
    return _mask(values) if values.size > 1 and not low.any() and (high == 1).all() else values


def _different(bounds: Bounds, low: Array, high: Array, random: np.random.Generator) -> Array | None:
    """Values that are `Bounds.distinct`, where there are enough of them; else None."""
    if bounds.distinct is Distinct.NONE or not low.size:
        return None
    if bounds.distinct is Distinct.ROWS:
        sizes = high.reshape(-1, high.shape[-1]).min(axis=0) + 1
        rows, places = low.size // low.shape[-1], int(np.prod(sizes, dtype=np.float64).clip(0, 2**62))
        if rows > places:
            return None
        chosen = random.choice(places, rows, replace=False)
        return np.stack(np.unravel_index(chosen, tuple(sizes)), axis=-1).reshape(low.shape)
    first, count = int(low.max()), int(high.min()) - int(low.max()) + 1
    if bounds.distinct is Distinct.LINES and low.shape[bounds.axis] <= count:
        shape = [*low.shape]
        shape[bounds.axis] = count
        if math.prod(shape) > MAX_DRAWN:
            return None
        ordered = np.argsort(random.random(shape), axis=bounds.axis)
        return first + np.take(ordered, np.arange(low.shape[bounds.axis]), bounds.axis)
    return first + random.choice(count, low.shape, replace=False) if low.size <= count else None


def fitted(value: Array, operand: Operand) -> Array:
    """``value`` in the data type and shape of an input: a single number fills it, as many numbers are reshaped.

    Raises:
        ExecutionError: It does not fit, or holds numbers that the data type has not.
    """
    dtype = operand.data_type.numpy
    if value.dtype.kind not in "biuf":
        raise ExecutionError(f"the value for input {operand.name} holds {value.dtype}, not numbers", code=Code.WRONG_INPUT)
    if value.size != operand.size and value.size != 1:
        raise ExecutionError(
            f"input {operand.name} is {operand.descriptor}, the value for it has shape {list(value.shape)}", code=Code.WRONG_INPUT
        )
    smallest, largest = operand.data_type.range
    if not operand.data_type.is_float and (
        not np.isfinite(value).all() or (value != np.trunc(value)).any() or value.min() < smallest or value.max() > largest
    ):
        raise ExecutionError(
            f"input {operand.name} is {operand.descriptor}, the value for it has numbers that {operand.data_type} has not",
            code=Code.WRONG_INPUT,
        )
    typed = value.astype(dtype)
    return np.full(operand.shape, typed.ravel()[0], dtype) if value.size == 1 else typed.reshape(operand.shape)


def read_value(text: str) -> Array:
    """The array that a command-line value means: a ``.npy`` or ``.npz`` file, a number, a truth value, or a JSON list.

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
        value = np.asarray(json.loads(text.lower() if text in ("True", "False") else text))
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
        raise FormatError("there is no such file", where=Where(str(path)), code=Code.NO_SUCH_FILE) from None
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
        raise FormatError("there is no such file", where=Where(str(path)), code=Code.NO_SUCH_FILE) from None
    except (OSError, ValueError, EOFError):
        raise FormatError(f"{path} is not a .npy file, or is damaged") from None
    if not isinstance(array, np.ndarray):
        raise FormatError(f"{path} is not a .npy file")
    return array


def complete(graph: Graph, given: Mapping[str, Array], seed: int = 0) -> dict[str, Array]:
    """Values for all inputs of a graph: the given ones, fitted, and made-up ones for the rest, which the graph can take.

    Raises:
        ExecutionError: A given name is not an input's, nor the source model's for one, or a value does not fit.
    """
    given = by_name(graph, given)
    missing = [operand for operand in graph.inputs if operand.name not in given]
    made_up = seeded(missing, seed, implied(graph) if missing else {}) | drawn(graph, given, seed)
    return {
        operand.name: made_up[operand.name] if operand.name in made_up else fitted(given[operand.name], operand) for operand in graph.inputs
    }
