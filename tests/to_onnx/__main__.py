"""Models of the zoo as ONNX models and back: ``python -m tests.to_onnx [NAME|TAG]...`` does all, or these.

Ends with 1 when one is not written, computed or read, or is another graph when it is read. What ONNX Runtime makes of graphs is only
printed: whether that is right, ``webnn zoo run --runtime onnxruntime`` says.
"""

from __future__ import annotations

import multiprocessing
import sys

from models.zoo.manifest import select
from tests.to_onnx.going_round import said_of

SECONDS = 600


def main(wanted: list[str]) -> int:
    """Each model in a process of its own; the exit status."""
    context = multiprocessing.get_context("spawn")
    worst = 0
    for model in select(wanted):
        with context.Pool(1) as pool:
            try:
                line = pool.apply_async(said_of, (model.name,)).get(SECONDS)
            except multiprocessing.TimeoutError as error:
                line = f"failed {model.name}: {type(error).__name__}"
        worst |= not line.startswith(("ok", "refused"))
        print(line, flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
