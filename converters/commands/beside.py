"""Sizes of dimensions in a file beside a model, ``model.dims.json``, as the tools of rustnn read them."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path

import click

from converters.commands.console import note
from webnn_graph.errors import FormatError, Where

SUFFIX = ".dims.json"
NESTED = "freeDimensionOverrides"
"""The member that holds the sizes in files that have more."""
LIKE = 'it is like {"batch": 1, "sequence": 128}'
LONGEST = 2**20
"""Bytes of such a file; a longer one is something else."""
LARGEST = 2**32 - 1
"""The largest size of a dimension in WebNN."""
READ = "webnn.read"
"""Key, in a click context, of the files that values of options were read from."""


def dims_beside(model: Path, said: Container[str]) -> dict[str, int]:
    """The sizes in the file beside a model's, by dimension; none where there is no such file.

    Args:
        model: The model's file, or its folder, which has none.
        said: Dimensions whose sizes are known without.

    Raises:
        FormatError: It is not an object of sizes, by itself or in its member ``freeDimensionOverrides``.
    """
    path = model.with_suffix(SUFFIX) if model.is_file() else None
    if path is None or not path.is_file():
        return {}
    try:
        sizes = _read(path)
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(f"these are no sizes of dimensions: {error}", LIKE, Where(file=str(path))) from None
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta.setdefault(READ, []).append(path)
    taken = {name: size for name, size in sizes.items() if name not in said}
    if taken:
        note(f"note: {path.name} says {', '.join(f'--dim {name}={size}' for name, size in taken.items())}")
    return taken


def _read(path: Path) -> dict[str, int]:
    if path.stat().st_size > LONGEST:
        raise ValueError(f"it has {path.stat().st_size:,} bytes")
    read = json.loads(path.read_bytes())
    sizes = read.get(NESTED, read) if isinstance(read, dict) else read
    if not isinstance(sizes, dict):
        raise ValueError("it is not a JSON object")
    for name, size in sizes.items():
        if type(size) is not int or not 0 <= size <= LARGEST:
            raise ValueError(f"{name} is {json.dumps(size)}")
    return sizes
