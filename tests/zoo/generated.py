"""Generated models converted and compared with ONNX Runtime.

python -m tests.zoo.generated --write docs/generated-models.md
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import onnx

from converters.checking.verify import Verification
from converters.commands.workflow import Check
from converters.onnx.convert import convert
from converters.onnx.source import OnnxSource
from models.generate import MODELS
from webnn_graph.graph import Graph

HEAD = """# Generated models

Made by `python -m models.generate FOLDER`, converted by `onnx2webnn` and compared with ONNX Runtime in the reference runtime:
{passed} of {count} agree within the tolerance. Models whose activations are quantized are compared node by node, on ONNX Runtime's values.
Written by `python -m tests.zoo.generated --write docs/generated-models.md`.

| model | ONNX nodes | WebNN nodes | ONNX MB | weights MB | largest relative difference | tolerance |
| --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Measured:
    """One model: its file, what it became, and how near that is."""

    path: Path
    graph: Graph
    result: Verification

    @property
    def row(self) -> str:
        """Its line of the table."""
        worst = max(self.result.differences, key=lambda difference: difference.excess)
        nodes = len(onnx.load(self.path, load_external_data=False).graph.node)
        sizes = [self.path.stat().st_size / 1e6, self.graph.weight_bytes / 1e6]
        numbers = [nodes, len(self.graph.nodes), *(f"{size:.2f}" for size in sizes), f"{worst.relative:.1e}", f"{worst.tolerance:g}"]
        return f"| {' | '.join(map(str, [self.path.stem, *numbers]))} |"


def measured(name: str, folder: Path) -> Measured:
    """Makes the model in ``folder``, converts and verifies it."""
    model, path = MODELS[name], folder / f"{name}.onnx"
    model.make(path)
    graph = convert(path, dims=model.dims)
    return Measured(path, graph, Check(tolerance=model.tolerance, each_node=model.each_node).run(graph, OnnxSource(path)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [measured(name, Path(folder)) for name in MODELS]
        rows = [one.row for one in found]
    passed = sum(one.result.ok for one in found)
    options.write.write_text(HEAD.format(passed=passed, count=len(found)) + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
