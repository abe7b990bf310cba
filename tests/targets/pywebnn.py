"""What pywebnn's ``MLGraphBuilder`` takes: what rustnn does, less what it has no method for and what its own checks refuse.

``python -m tests.targets.pywebnn`` writes ``webnn_graph/targets/pywebnn/limits.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from webnn_graph.targets import PYWEBNN, RUSTNN, target
from webnn_graph.targets.target import FILES, described

FILE = Path(target.__file__).parent / FILES[PYWEBNN]
LACKING = """
    cumulativeSum gatherElements gatherND gru gruCell isInfinite isNaN l2Pool2d linear lstm lstmCell max min notEqual pow resample2d reverse
    roundEven
""".split()
"""Operators for which there is no method."""
NEVER = ("uint64", "int4", "uint4")
"""What nothing is cast to."""


def limits() -> dict[str, Any]:
    """The limits of the target."""
    known = json.loads((Path(target.__file__).parent / FILES[RUSTNN]).read_text("utf-8"))
    left = {name: limit for name, limit in known.items() if name not in LACKING}
    cast = left["cast"]["input"]
    left["cast"] = {"input": cast, "output": without(cast, *NEVER)}
    for op in ("dequantizeLinear", "quantizeLinear"):
        left[op] = {name: without(limit, "uint32") for name, limit in left[op].items()}
    return left | {"implementation": PYWEBNN}


def without(limit: dict[str, Any], *data_types: str) -> dict[str, Any]:
    return limit | {"dataTypes": [name for name in limit["dataTypes"] if name not in data_types]}


if __name__ == "__main__":
    FILE.write_text(described(limits()), encoding="utf-8")
