"""Measures conversions: ``python -m benchmarks.conversion [--quick]``.

Each is in a process of its own, and writes text, JSON and module. Times are those of reading, converting and writing; of the best of
three where it takes less than ten seconds. ``--quick`` leaves out what needs more than a gigabyte of disk. Five minutes, or one.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from benchmarks.conversion.models import KINDS, products
from benchmarks.results import ROOT, Results, machine

NODES = (1_000, 5_000, 20_000, 50_000)
WIDTH = 4096
"""Of square matrices of 64 MiB."""
GIGABYTE = 16
"""So many of them."""
ENOUGH = 10.0
"""Seconds from which on a conversion is measured once."""
TORCH = """import sys, torch
layers = [torch.nn.Linear({width}, {width}, bias=False) for _ in range({count})]
torch.export.save(torch.export.export(torch.nn.Sequential(*layers).eval(), (torch.zeros(1, {width}),)), sys.argv[1])"""


def converted(file: Path) -> dict[str, Any]:
    """The best of some conversions of a file."""
    best: dict[str, Any] = {}
    for _ in range(3):
        with tempfile.TemporaryDirectory(dir=file.parent) as output:
            command = [sys.executable, "-m", "benchmarks.conversion.child", str(file), output]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        if not best or _seconds(found) < _seconds(best):
            best = found
        if _seconds(found) > ENOUGH:
            break
    return best


def _seconds(found: Mapping[str, Any]) -> float:
    return float(found["convert"] + found["save"])


def by_nodes(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Chains and stacks of layers of more and more nodes."""
    for kind, make in KINDS.items():
        for count in NODES:
            file = folder / f"{kind}.onnx"
            model = make(count)
            onnx.save(model, file)
            yield f"{kind} of {count:,} nodes", {"nodes": len(model.graph.node), **converted(file)}


def by_bytes(folder: Path, gigabytes: int, kind: str) -> dict[str, Any]:
    """Products with so many GiB of weights, beside what copying the file takes."""
    file = folder / ("model.pt2" if kind == "PyTorch" else "model.onnx")
    if kind == "PyTorch":
        subprocess.run([sys.executable, "-c", TORCH.format(width=WIDTH, count=gigabytes * GIGABYTE), str(file)], check=True)
        weights = file
    elif kind == "inside":
        onnx.save(products(gigabytes * GIGABYTE, WIDTH), file)
        weights = file
    else:
        weights = _external(file, gigabytes * GIGABYTE)
    begun = time.perf_counter()
    subprocess.run(["cp", str(weights), str(folder / "copy")], check=True)
    copied = time.perf_counter() - begun
    (folder / "copy").unlink()
    return {"gigabytes": gigabytes, "cp": copied, **converted(file)}


def _external(file: Path, count: int) -> Path:
    """A model whose weights are beside it; written piece by piece, since all of them would not fit into one message."""
    model = products(count, 1)
    weights = file.with_suffix(".data")
    random = np.random.default_rng(0)
    with weights.open("wb") as data:
        for tensor in model.graph.initializer:
            values = random.standard_normal((WIDTH, WIDTH), np.float32) * WIDTH**-0.5
            tensor.ClearField("raw_data")
            tensor.dims[:] = values.shape
            tensor.data_location = onnx.TensorProto.EXTERNAL
            places = {"location": weights.name, "offset": str(data.tell()), "length": str(values.nbytes)}
            tensor.external_data.extend(onnx.StringStringEntryProto(key=key, value=value) for key, value in places.items())
            data.write(values.tobytes())
    for info in (*model.graph.input, *model.graph.output):
        info.type.tensor_type.shape.dim[-1].dim_value = WIDTH
    onnx.save(model, file)
    return weights


def slope(rows: Mapping[str, Mapping[str, Any]], kind: str) -> float:
    """Of the logarithm of seconds over that of nodes, between the smallest and the largest model of a kind."""
    found = [row for name, row in rows.items() if name.startswith(kind)]
    first, last = min(found, key=lambda row: row["nodes"]), max(found, key=lambda row: row["nodes"])
    return math.log(_seconds(last) / _seconds(first)) / math.log(last["nodes"] / first["nodes"])


def main(*, quick: bool = False) -> None:
    """Measures everything, and keeps it."""
    results, means = Results("conversion"), machine()

    def keep(name: str, row: Mapping[str, Any]) -> None:
        results.keep(means, name, row)
        print(
            f"{name:<32}",
            *(f"{key} {value:,.2f}" if isinstance(value, float) else f"{key} {value:,}" for key, value in row.items()),
            flush=True,
        )

    with tempfile.TemporaryDirectory(prefix="webnn-") as folder:
        for name, row in by_nodes(Path(folder)):
            keep(name, row)
    for kind, gigabytes in (("external", 1), ("inside", 1), ("PyTorch", 1), ("external", 3)):
        if quick and gigabytes > 1:
            continue
        folder = tempfile.mkdtemp(prefix="webnn-")
        try:
            keep(f"{gigabytes} GiB, {kind}", by_bytes(Path(folder), gigabytes, kind))
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without what needs more than a gigabyte")
    main(quick=parser.parse_args().quick)
