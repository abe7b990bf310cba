"""One conversion in a process of its own: ``python -m benchmarks.conversion.child FILE OUTPUT`` prints seconds and MiB as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.watching import Watch
from converters.commands.destination import Destination
from converters.commands.saving import save
from webnn_graph.formats.table import writable

FORMATS = [format.name for format in writable()]
MEBIBYTE = 2**10
"""In the KiB of /proc."""


class Anonymous(Watch):
    """The most memory of this process while the context lasts that no file stands behind, in MiB; 0 where /proc does not say."""

    def __init__(self) -> None:
        super().__init__(0.02)
        self.before = self.most = _anonymous()

    def look(self) -> None:
        self.most = max(self.most, _anonymous())


def _anonymous() -> float:
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / MEBIBYTE for line in lines if line.startswith("RssAnon")), 0.0)


def main(file: Path, output: Path) -> dict[str, Any]:
    """Converts a file and writes all formats."""
    if file.suffix == ".pt2":
        from converters.torch import convert
    else:
        from converters.onnx import convert
    with Anonymous() as memory:
        begun = time.perf_counter()
        graph = convert(file)
        converted = time.perf_counter()
        save(graph, Destination(output, "model", FORMATS, overwrite=True))
        saved = time.perf_counter()
    return {
        "convert": converted - begun,
        "save": saved - converted,
        "memory": memory.most,
        "before": memory.before,
        "calls": len(graph.nodes),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
