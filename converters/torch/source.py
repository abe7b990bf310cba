"""A PyTorch module as the source of right numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch import fx
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.source import Runnable
from converters.torch.interface import graph_inputs, graph_outputs, output_values, placeholders
from converters.torch.tensors import to_array
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, reason

EXACT = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}
"""The types that a program is computed in to see what rounding does to it."""


class TorchProgram:
    """An exported program, run by PyTorch operator by operator.

    Args:
        program: Decomposed as for conversion, so that its nodes are the graph's.
        is_exact: Whether it is computed in float64, whatever types it names.
    """

    def __init__(self, program: ExportedProgram, *, is_exact: bool = False) -> None:
        self.program = program
        self._recorder = ExactRecorder if is_exact else Recorder
        self._how = " in float64" if is_exact else ""
        self._placeholders = graph_inputs(program)
        self._outputs = dict(zip(graph_outputs(program), output_values(program), strict=True))

    @property
    def runner(self) -> str:
        """What runs the program."""
        return f"PyTorch {torch.__version__}{self._how}"

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors.

        Raises:
            ExecutionError: PyTorch cannot run the program on these inputs.
        """
        nodes = {name: self._outputs[name] for name in wanted if name in self._outputs}
        keep = {node.name for node in nodes.values() if isinstance(node, fx.Node)} | set(wanted)
        recorder = self._recorder(self.program.graph_module, keep)
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


class TorchSource(TorchProgram):
    """A `converters.source.Source`.

    Args:
        program: See `TorchProgram`.
        examples: Values that the program's file brings for its inputs.
    """

    def __init__(self, program: ExportedProgram, examples: Mapping[str, Array] | None = None) -> None:
        super().__init__(program)
        self.examples = examples or {}
        self.inputs = list(self._placeholders)
        self.outputs = [name for name, value in self._outputs.items() if isinstance(value, fx.Node)]
        self.tensors = [node.name for node in program.graph.nodes if node.op == "call_function"]

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input; 0 and 1 for booleans."""
        return values % 2 if self._placeholders[name].meta["val"].dtype is torch.bool else values

    def twins(self) -> Iterator[Runnable]:
        """The program in float64."""
        yield TorchProgram(self.program, is_exact=True)


class Recorder(fx.Interpreter):
    """Runs a graph and keeps the tensors of some nodes as arrays."""

    def __init__(self, module: fx.GraphModule, keep: set[str]) -> None:
        super().__init__(module)
        self.keep = keep
        self.kept: dict[str, Array] = {}

    def run_node(self, n: fx.Node) -> Any:
        """See `fx.Interpreter`."""
        result = self.result(n)
        if n.name in self.keep and isinstance(result, torch.Tensor) and not result.dtype.is_complex:
            self.kept[n.name] = _values(result)
        return result

    def result(self, n: fx.Node) -> Any:
        """What a node computes."""
        return super().run_node(n)


class ExactRecorder(Recorder):
    """Runs a graph in float64."""

    def result(self, n: fx.Node) -> Any:
        """See `Recorder`."""
        return pytree.tree_map(_exact, super().result(n))

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """See `fx.Interpreter`."""
        args, kwargs = pytree.tree_map(_exact, (args, kwargs))
        return super().call_function(target, args, kwargs)


def _exact(value: Any) -> Any:
    """A tensor in the exact type that takes the place of its own; the same for a type itself; anything else as it is."""
    if isinstance(value, torch.dtype):
        return EXACT.get(value, value)
    return value.to(EXACT[value.dtype]) if isinstance(value, torch.Tensor) and value.dtype in EXACT else value


def _values(tensor: torch.Tensor) -> Array:
    """The values of a result, of the type that shows how they were rounded."""
    if tensor.dtype is torch.bfloat16:
        return tensor.detach().cpu().contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    if tensor.dtype is torch.float64:
        return np.asarray(tensor.detach().cpu())
    return to_array(tensor)
