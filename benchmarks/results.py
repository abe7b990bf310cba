"""What benchmarks found, kept in ``build/benchmarks`` so that a part of them can be measured again."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "benchmarks"


class Results:
    """The figures of one benchmark: by what they were measured with, then by what was measured."""

    def __init__(self, name: str) -> None:
        self._file = FOLDER / f"{name}.json"

    @property
    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """Everything that was kept."""
        return json.loads(self._file.read_text("utf-8")) if self._file.is_file() else {}

    def of(self, means: str) -> Mapping[str, Any]:
        """What was measured with something."""
        return self.all.get(means, {})

    def keep(self, means: str, name: str, figures: Any) -> None:
        """Adds figures, or puts them in the place of older ones."""
        kept = {**self.all, means: {**self.of(means), name: figures}}
        FOLDER.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        temporary.replace(self._file)


def machine() -> str:
    """What this machine is: its processor, cores and memory."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.is_file() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or platform.machine()
    )
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{model}, {os.cpu_count()} cores, {gigabytes:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}"
