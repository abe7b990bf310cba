"""A PyTorch module as the source of right numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram

from converters.torch.interface import graph_inputs, graph_outputs, output_values, placeholders
from converters.torch.tensors import to_array
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, reason


class TorchSource:
    """A `converters.source.Source`: the exported program, run by PyTorch operator by operator.

    Args:
        program: Decomposed as for conversion, so that its nodes are the graph's.
    """

    def __init__(self, program: ExportedProgram) -> None:
        self.program = program
        self._placeholders = graph_inputs(program)
        self._outputs = dict(zip(graph_outputs(program), output_values(program), strict=True))
        self.inputs = list(self._placeholders)
        self.outputs = [name for name, value in self._outputs.items() if isinstance(value, fx.Node)]
        self.tensors = [node.name for node in program.graph.nodes if node.op == "call_function"]

    @property
    def runner(self) -> str:
        """What runs the program."""
        return f"PyTorch {torch.__version__}"

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input; 0 and 1 for booleans."""
        return values % 2 if self._placeholders[name].meta["val"].dtype is torch.bool else values

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors.

        Raises:
            ExecutionError: PyTorch cannot run the program on these inputs.
        """
        nodes = {name: self._outputs[name] for name in wanted if name in self._outputs}
        keep = {node.name for node in nodes.values() if isinstance(node, fx.Node)} | set(wanted)
        recorder = Recorder(self.program.graph_module, keep)
        try:
            with torch.no_grad():
                recorder.run(*self._arguments(inputs))
        except Exception as error:
            raise ExecutionError(f"{self.runner} cannot run the source model: {reason(error)}") from error
        return {name: recorder.kept[nodes[name].name if name in nodes else name] for name in wanted}

    def _arguments(self, inputs: Mapping[str, Array]) -> list[Any]:
        values: list[Any] = []
        by_node = {node: name for name, node in self._placeholders.items()}
        for node, spec in placeholders(self.program):
            if node in by_node:
                tensor = torch.from_numpy(inputs[by_node[node]].copy())
                values.append(tensor.to(node.meta["val"].dtype))
            elif spec.target is None:
                values.append(getattr(spec.arg, "value", None))
            else:
                stored = self.program.constants.get(spec.target)
                values.append(self.program.state_dict[spec.target] if stored is None else stored)
        return values


class Recorder(fx.Interpreter):
    """Runs a graph and keeps the tensors of some nodes as arrays."""

    def __init__(self, module: fx.GraphModule, keep: set[str]) -> None:
        super().__init__(module)
        self.keep = keep
        self.kept: dict[str, Array] = {}

    def run_node(self, n: fx.Node) -> Any:
        """See `fx.Interpreter`."""
        result = super().run_node(n)
        if n.name in self.keep and isinstance(result, torch.Tensor) and not result.dtype.is_complex:
            self.kept[n.name] = to_array(result)
        return result
