"""A PyTorch module as the source of right numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np
import torch
from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.utils import _pytree as pytree

from converters.torch.interface import graph_inputs, graph_outputs, output_values, placeholders
from converters.torch.noise import distribution_of
from converters.torch.tensors import REPLACED, to_array
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ExecutionError, reason
from webnn_graph.graph import Graph

Types: TypeAlias = Mapping[torch.dtype, torch.dtype]
"""Element types by the ones that a program is computed in instead."""
IN_WEBNN: Types = {dtype: torch.float32 for dtype, data_type in REPLACED.items() if data_type is DataType.FLOAT32}
IN_FLOAT64: Types = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}


class TorchProgram:
    """An exported program, run by PyTorch operator by operator.

    Args:
        program: Decomposed as for conversion, so that its nodes are the graph's.
        types: What it is computed in, whatever types it names.
        how: What distinguishes it from the source model then, for reports.
    """

    def __init__(self, program: ExportedProgram, types: Types | None = None, how: str = "") -> None:
        self.program = program
        self._types = types or {}
        self._how = how
        self._placeholders = graph_inputs(program)
        self._outputs = dict(zip(graph_outputs(program), output_values(program), strict=True))

    @property
    def runner(self) -> str:
        """What runs the program."""
        return f"PyTorch {torch.__version__} {self._how}".rstrip()

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs and tensors.

        Raises:
            ExecutionError: PyTorch cannot run the program on these inputs.
        """
        nodes = {name: self._outputs[name] for name in wanted if name in self._outputs}
        keep = {node.name for node in nodes.values() if isinstance(node, fx.Node)} | set(wanted)
        recorder = Recorder(self.program.graph_module, keep, self._types)
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
                values.append(_tensor(inputs[by_node[node]]).to(node.meta["val"].dtype))
            elif spec.target is None:
                values.append(getattr(spec.arg, "value", None))
            else:
                stored = self.program.constants.get(spec.target)
                values.append(self.program.state_dict[spec.target] if stored is None else stored)
        return values


class TorchModule:
    """The module that a program was exported from, run by PyTorch as it is.

    Args:
        module: The module, with the program's weights.
        program: The program, whose inputs and outputs these are.
    """

    def __init__(self, module: torch.nn.Module, program: ExportedProgram) -> None:
        self.module = module
        self.program = program
        self._placeholders = graph_inputs(program)

    @property
    def runner(self) -> str:
        """What runs it."""
        return f"{type(self.module).__name__} in eager mode"

    def run(self, inputs: Mapping[str, Array], wanted: Sequence[str]) -> dict[str, Array]:
        """The values of the ``wanted`` outputs; the module stays as it is.

        Raises:
            ExecutionError: PyTorch cannot run the module on these inputs, or it returns something else than the program.
        """
        args, kwargs, buffers = self._arguments(inputs)
        try:
            with torch.no_grad():
                results = torch.func.functional_call(self.module, buffers, args, kwargs)
        except Exception as error:
            raise ExecutionError(f"{self.runner} fails: {type(error).__name__}: {reason(error)}") from error
        leaves, names = pytree.tree_leaves(results), graph_outputs(self.program)
        count = len(self.program.graph_signature.user_outputs)
        if len(leaves) != count:
            raise ExecutionError(f"{self.runner} returns {len(leaves)} tensors, its program {count}")
        values = dict(zip(names, leaves, strict=False)) | {f"{name}_out": buffer for name, buffer in buffers.items()}
        return {name: _values(values[name]) for name in wanted if isinstance(values.get(name), torch.Tensor)}

    def _arguments(self, inputs: Mapping[str, Array]) -> tuple[Any, dict[str, Any], dict[str, torch.Tensor]]:
        """What ``forward`` is called with, and the buffers that it changes."""
        by_node = {str(node.target): _tensor(inputs[name]).to(node.meta["val"].dtype) for name, node in self._placeholders.items()}
        specs = [spec for _, spec in placeholders(self.program)]
        leaves = [
            by_node[spec.arg.name] if spec.arg.name in by_node else getattr(spec.arg, "value", None)
            for spec in specs
            if spec.kind is InputKind.USER_INPUT
        ]
        assert self.program.call_spec.in_spec is not None
        args, kwargs = pytree.tree_unflatten(leaves, self.program.call_spec.in_spec)
        changed = {str(spec.target): by_node[spec.arg.name] for spec in specs if spec.target is not None and spec.arg.name in by_node}
        return args, kwargs, changed


class TorchSource(TorchProgram):
    """A `converters.source.Source`.

    Args:
        program: See `TorchProgram`.
        examples: Values that the program's file brings for its inputs.
        module: What the program was exported from; None where that is not at hand.
    """

    def __init__(
        self, program: ExportedProgram, examples: Mapping[str, Array] | None = None, module: torch.nn.Module | None = None
    ) -> None:
        super().__init__(program)
        self.examples = examples or {}
        self.module = module
        self.inputs = list(self._placeholders)
        self.outputs = [name for name, value in self._outputs.items() if isinstance(value, fx.Node)]
        self.tensors = [node.name for node in program.graph.nodes if node.op == "call_function"]

    def adapt(self, name: str, values: Array) -> Array:
        """Made-up values for an input; 0 and 1 for booleans."""
        return values % 2 if self._placeholders[name].meta["val"].dtype is torch.bool else values

    def origin(self) -> TorchModule | None:
        """The module that the program was exported from; None where that draws random numbers, of its own."""
        if any(map(distribution_of, self._placeholders.values())):
            return None
        return TorchModule(self.module, self.program) if self.module is not None else None

    def peer(self) -> TorchProgram | None:
        """The program with float32 in the place of what WebNN lacks."""
        values = (leaf for node in self.program.graph.nodes for leaf in pytree.tree_leaves(node.meta.get("val")))
        replaced = any(isinstance(value, torch.Tensor) and value.dtype in IN_WEBNN for value in values)
        return TorchProgram(self.program, IN_WEBNN, "in float32") if replaced else None

    def of(self, graph: Graph) -> TorchSource:
        """Itself: a program has no inputs that its graph lacks."""
        return self

    def twins(self) -> Iterator[TorchProgram]:
        """The program in float64."""
        yield TorchProgram(self.program, IN_FLOAT64, "in float64")


class Recorder(fx.Interpreter):
    """Runs a graph, some types replaced by others, and keeps the tensors of some nodes as arrays."""

    def __init__(self, module: fx.GraphModule, keep: set[str], types: Types) -> None:
        super().__init__(module)
        self.keep = keep
        self.types = types
        self.kept: dict[str, Array] = {}

    def run_node(self, n: fx.Node) -> Any:
        """See `fx.Interpreter`."""
        result = self._retyped(super().run_node(n))
        if n.name in self.keep and isinstance(result, torch.Tensor) and not result.dtype.is_complex:
            self.kept[n.name] = _values(result)
        return result

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """See `fx.Interpreter`."""
        return super().call_function(target, *self._retyped((args, kwargs)))

    def _retyped(self, value: Any) -> Any:
        """The value with other types in the place of types, and tensors of these."""
        return pytree.tree_map(self._leaf, value) if self.types else value

    def _leaf(self, leaf: Any) -> Any:
        if isinstance(leaf, torch.dtype):
            return self.types.get(leaf, leaf)
        return leaf.to(self.types[leaf.dtype]) if isinstance(leaf, torch.Tensor) and leaf.dtype in self.types else leaf


def _tensor(array: Array) -> torch.Tensor:
    """A copy of an array as a tensor, bfloat16 too."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def _values(tensor: torch.Tensor) -> Array:
    """The values of a result, of the type that shows how they were rounded."""
    if tensor.dtype is torch.bfloat16:
        return tensor.detach().cpu().contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    if tensor.dtype is torch.float64:
        return np.asarray(tensor.detach().cpu())
    return to_array(tensor)
