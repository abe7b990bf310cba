"""One conversion of a PyTorch program: a WebNN graph of its nodes."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import torch
from torch import fx
from torch._ops import OpOverload
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND, elementwise_dtypes
from torch.export import ExportedProgram
from torch.export.graph_signature import ConstantArgument, InputSpec, TensorArgument
from torch.utils import _pytree as pytree

from converters.lowering.logic import truth
from converters.problems import Problem, Report, Unmade, collected
from converters.torch.checks import is_check
from converters.torch.constants import MAX_ELEMENTS, computes
from converters.torch.handlers import COMPLEX_HANDLERS, HANDLERS
from converters.torch.handlers.control_flow import GRAPH_HANDLERS
from converters.torch.handlers.refused import DATA_DEPENDENT, why_refused
from converters.torch.interface import graph_outputs, input_name, output_values, overwritten
from converters.torch.masks import NUMBERS
from converters.torch.noise import distribution_of
from converters.torch.registry import Complex, Empty, Handler, Promote, handler_of
from converters.torch.tensors import REPLACED, data_type, to_array
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.collecting import rarely
from webnn_graph.data_types import DataType
from webnn_graph.errors import BudgetExceeded, ConversionError, WebNNError, Where
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize
from webnn_graph.progress import Watcher, watched

TAKE_EMPTY = {torch.ops.aten.cat.default, torch.ops.aten.slice_scatter.default}
"""Calls to which an `Empty` is nothing."""


UNKNOWN = object()
"""Stands for what could not be made and has no type either; what reads it is passed over."""


Value: TypeAlias = Any
"""What an fx node is here: an `Operand`, `Empty`, a Python number, or a tuple or list of these and of functions that make one.

For a constant that WebNN cannot have, the exception that says why.
"""


class Conversion:
    """One conversion: the program, the builder, and the values of the program's nodes so far."""

    def __init__(
        self,
        program: ExportedProgram,
        name: str,
        budget: Budget | None = None,
        notes: Iterable[str] = (),
        progress: Watcher | None = None,
    ) -> None:
        self.program = program
        self.progress = progress
        budget = budget or Budget()
        budget.steps -= sum(1 + len(node.all_input_nodes) for node in program.graph.nodes)  # for which the file has room
        self.builder = GraphBuilder(name, budget)
        self.builder.notes.extend(notes)
        self.values: dict[fx.Node, Value] = {}
        self.problems: list[Problem] = []
        self.nodes = self.unseen = 0
        self.replaced: Counter[torch.dtype] = Counter()
        self._constants: dict[Any, Operand] = {}
        self._truths: set[Operand] = set()

    @rarely()
    def graph(self) -> Graph:
        """Raises `ConversionError` with every problem of the program."""
        nodes = list(self.program.graph.nodes)
        placeholders = [node for node in nodes if node.op == "placeholder"]
        for node, spec in zip(placeholders, self.program.graph_signature.input_specs, strict=True):
            self.values[node] = self._input(node, spec)
        self._run_nodes(watched("nodes", nodes, self.progress))
        if self.problems:
            raise Report(self.problems, self.builder.name, self.nodes, self.unseen)
        results = self._results()
        for name in overwritten(self.program):
            self.builder.note(f"{name} is only overwritten; it is left out")
        for dtype, count in self.replaced.items():
            kind = str(dtype).removeprefix("torch.")
            self.builder.note(f"{count} {kind} tensor{'s' if count > 1 else ''} became {REPLACED[dtype]}")
        return optimize(self.builder.build(results), self.progress)

    # ----------------------------------------------------------------------------------------------------------- interface
    def _input(self, node: fx.Node, spec: InputSpec) -> Value:
        if isinstance(spec.arg, ConstantArgument):
            return spec.arg.value
        if not isinstance(spec.arg, TensorArgument):
            raise ConversionError(f"input {node.name} is a {type(spec.arg).__name__}; a graph takes tensors only")
        name = input_name(self.program, node, spec)
        if name:
            fake = node.meta["val"]
            if 0 in fake.shape:
                raise ConversionError(f"input {name} has shape {list(fake.shape)}; WebNN has no empty tensors")
            self._note_type(fake.dtype)
            given = self.builder.input(name, data_type(fake.dtype), fake.shape, distribution_of(node))
            if fake.dtype is torch.bool:
                self._truths.add(given)
            return given
        if not node.users:
            return None
        target = str(spec.target)
        stored = self.program.constants.get(target, None)
        try:
            return self._constant(self.program.state_dict[target] if stored is None else stored, target)
        except (BudgetExceeded, MemoryError):
            raise
        except Exception as error:  # reported with each node that reads it
            return error.at(Where(tensor=target)) if isinstance(error, WebNNError) else error

    def _constant(self, tensor: torch.Tensor, name: str) -> Value:
        """A constant; tensors that share memory, as tied weights do, share one."""
        if tensor.numel() == 0:
            return Empty(tuple(tensor.shape))
        key = (tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if key not in self._constants:
            self._note_type(tensor.dtype)
            self._constants[key] = self.builder.constant(to_array(tensor), data_type(tensor.dtype), name)
        return self._constants[key]

    def _results(self) -> dict[str, Operand]:
        results: dict[str, Operand] = {}
        for name, value in zip(graph_outputs(self.program), output_values(self.program), strict=True):
            operand = self._result(name, self.values.get(value) if isinstance(value, fx.Node) else value)
            if operand is not None:
                results[name] = operand
        if not results:
            raise ConversionError("the module returns no tensor")
        return results

    def _result(self, name: str, value: Value) -> Operand | None:
        if isinstance(value, Operand):
            return value
        if isinstance(value, Exception):
            raise value
        if isinstance(value, Empty):
            raise ConversionError(f"{name} has shape {list(value.shape)}; WebNN has no empty tensors", "do not return it")
        if isinstance(value, Complex):
            raise ConversionError(f"{name} is complex; WebNN has only real numbers", "return torch.view_as_real of it")
        if value is not None:
            self.builder.note(f"{name} is the Python value {value!r}, not a tensor; it is left out")
        return None

    def _note_type(self, dtype: torch.dtype) -> None:
        if dtype in REPLACED:
            self.replaced[dtype] += 1

    # --------------------------------------------------------------------------------------------------------------- nodes
    def _run_nodes(self, nodes: Iterable[fx.Node]) -> None:
        for node in nodes:
            if node.op in ("call_function", "get_attr"):
                self._convert(node)

    def _convert(self, node: fx.Node) -> None:
        if any(self.values.get(n) is UNKNOWN for n in node.all_input_nodes):
            self.values[node] = UNKNOWN
            self.unseen += 1
            return
        self.nodes += 1
        self.values.pop(node, None)  # of the iteration before
        path = module_path(node)
        with collected(self.problems, str(node.target), path or node.name), self.builder.source(path):
            self.values[node] = value = self._value(node)
            if isinstance(value, Operand):
                self.builder.suggest(value, node.name)
        if node not in self.values:
            self.values[node] = self._placeholder(node)

    def _value(self, node: fx.Node) -> Value:
        fake = node.meta.get("val")
        fakes = [leaf for leaf in pytree.tree_leaves(fake) if isinstance(leaf, torch.Tensor)]
        if not all(isinstance(size, int) for leaf in fakes for size in leaf.shape):
            raise ConversionError(*DATA_DEPENDENT)
        if node.op == "get_attr":
            found = operator.attrgetter(str(node.target))(node.graph.owning_module)
            return found if isinstance(found, fx.GraphModule) else self._constant(found, str(node.target))
        if node.target in GRAPH_HANDLERS:
            return list(GRAPH_HANDLERS[node.target](self.builder, self._run, *self._arguments(node.args)))
        if node.target is operator.getitem:
            if isinstance(fake, torch.Tensor) and fake.numel() == 0:
                return Empty(tuple(fake.shape))
            items, index = self._arguments(node.args)
            item = items[index]
            return self._finished(item() if callable(item) else item, fake)
        if not isinstance(node.target, OpOverload):
            return self._plain_call(node)
        if node.target in NUMBERS and (known := self._known_number(node)) is not None:
            return known
        if is_check(node):
            return None
        if fakes and all(leaf.numel() == 0 for leaf in fakes):
            return pytree.tree_map(lambda leaf: Empty(tuple(leaf.shape)), fake)
        has_complex = any(_is_complex(leaf) for leaf in fakes) or any(_is_complex(n.meta.get("val")) for n in node.all_input_nodes)
        handler = COMPLEX_HANDLERS.get(node.target) if has_complex else handler_of(node.target)
        if handler is None and has_complex and node.target in HANDLERS:
            raise ConversionError("WebNN has no complex numbers, and there is no lowering of it to real ones")
        self._check_empty(node)
        try:
            if handler is None:
                raise why_refused(node.target)
            return self._finished(self._handled(handler, node, fake), fake)
        except ConversionError:
            if (computed := self._computed(node)) is not None:
                return computed
            raise

    def _computed(self, node: fx.Node) -> Value | None:
        """What PyTorch makes of a call whose arguments are known, though it has no equivalent; None when one is computed at run time."""
        fake = node.meta["val"]
        if not computes(node) or not isinstance(fake, torch.Tensor) or fake.numel() > MAX_ELEMENTS:
            return None

        def known(source: fx.Node) -> torch.Tensor:
            operand = self.values[source]
            array = self.builder.value(operand) if isinstance(operand, Operand) else None
            if array is None:
                raise Unmade
            return torch.from_numpy(array.copy()).to(source.meta["val"].dtype)

        try:
            given: Any = fx.node.map_arg((node.args, node.kwargs), known)
        except Unmade:
            return None
        args, kwargs = given
        assert isinstance(node.target, OpOverload)
        return self.builder.constant(to_array(node.target(*args, **kwargs)), data_type(fake.dtype))

    def _known_number(self, node: fx.Node) -> bool | int | float | None:
        """The number in a tensor of one element whose value is known; None when it is computed at run time."""
        (source,) = node.all_input_nodes
        operand = self.values[source]
        array = self.builder.value(operand) if isinstance(operand, Operand) else None
        if array is None or array.size != 1:
            return None
        number = array.item()
        return bool(number) if source.meta["val"].dtype is torch.bool else number

    def _run(self, module: fx.GraphModule, values: Sequence[Value]) -> list[Value]:
        """Converts a graph inside of the program on these values; see `handlers.control_flow.Run`."""
        nodes = list(module.graph.nodes)
        self.values.update(zip((node for node in nodes if node.op == "placeholder"), values, strict=True))
        self._run_nodes(nodes)
        (returned,) = (node.args[0] for node in nodes if node.op == "output")
        results = self._arguments(returned if isinstance(returned, list | tuple) else [returned])
        if any(result is UNKNOWN for result in results):
            raise Unmade
        return list(results)

    def _handled(self, handler: Handler, node: fx.Node, fake: Any) -> Value:
        wanted = self._wanted_type(handler, node, fake)
        args = self._arguments(node.args, wanted)
        kwargs = self._arguments(node.kwargs, wanted)
        assert isinstance(node.target, OpOverload)
        sources = [n.meta["val"] for n in node.all_input_nodes if isinstance(n.meta.get("val"), torch.Tensor)]
        return handler.call(self.builder, node.target, args, kwargs, result=fake, fakes=sources)

    def _wanted_type(self, handler: Handler, node: fx.Node, fake: Any) -> torch.dtype | None:
        if handler.promote is Promote.RESULT:
            return (fake[0] if isinstance(fake, list | tuple) else fake).dtype
        if handler.promote is Promote.COMMON:
            leaves = pytree.tree_leaves(fx.node.map_arg((node.args, node.kwargs), lambda n: n.meta["val"]))
            numbers = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor | bool | int | float | complex)]
            return elementwise_dtypes(*numbers, type_promotion_kind=ELEMENTWISE_TYPE_PROMOTION_KIND.NO_OPMATH)[1]
        return None

    def _arguments(self, arguments: Any, wanted: torch.dtype | None = None) -> Any:
        """The arguments with values in the place of nodes, tensors converted to the wanted type."""

        def read(node: fx.Node) -> Value:
            value = self.values[node]
            if isinstance(value, Exception):
                raise value
            if wanted is None or not isinstance(value, Operand):
                return value
            return convert_type(self.builder, value, node.meta["val"].dtype, wanted)

        return fx.node.map_arg(arguments, read)

    def _check_empty(self, node: fx.Node) -> None:
        if node.target not in TAKE_EMPTY and any(isinstance(self.values[n], Empty) for n in node.all_input_nodes):
            raise ConversionError("reads a tensor without elements, which WebNN does not have")

    def _finished(self, value: Value, fake: Any) -> Value:
        """The value, in the type that stands for PyTorch's; items of a sequence are finished when they are read."""
        if isinstance(value, Complex):
            assert value.real.shape == tuple(fake.shape), f"the handler made {value.real}, PyTorch says {list(fake.shape)}"
            return value
        if not isinstance(value, Operand) or not isinstance(fake, torch.Tensor):
            return value
        assert value.shape == tuple(fake.shape), f"the handler made {value}, PyTorch says {list(fake.shape)}"
        if fake.dtype is not torch.bool:
            return self.builder.cast(value, data_type(fake.dtype))
        result = truth(self.builder, value, self._truths)  # sums and numbers other than 1 are true, too
        self._truths.add(result)
        return result

    def _plain_call(self, node: fx.Node) -> Value:
        """A call of a Python function on numbers; higher-order operators take functions and have no equivalent."""
        args, kwargs = self._arguments(node.args), self._arguments(node.kwargs)
        leaves = pytree.tree_leaves((args, kwargs))
        if callable(node.target) and not hasattr(node.target, "overloads") and all(isinstance(leaf, int | float | bool) for leaf in leaves):
            return node.target(*args, **kwargs)
        raise ConversionError(
            "has no equivalent in WebNN", "WebNN graphs have no loops of unknown length; make the choice before exporting"
        )

    def _placeholder(self, node: fx.Node) -> Value:
        """A stand-in for what could not be made, so that the nodes after it are still checked."""

        def stand_in(leaf: Any) -> Value:
            if not isinstance(leaf, torch.Tensor) or not all(isinstance(size, int) for size in leaf.shape):
                return UNKNOWN
            shape = tuple(leaf.shape)
            if 0 in shape:
                return Empty(shape)
            if _is_complex(leaf):
                return Complex(self.builder.stand_in(DataType.FLOAT32, shape), self.builder.stand_in(DataType.FLOAT32, shape))
            try:
                return self.builder.stand_in(data_type(leaf.dtype), shape)
            except ConversionError:
                return UNKNOWN

        fake = node.meta.get("val")
        made = pytree.tree_map(stand_in, fake)
        return UNKNOWN if isinstance(fake, tuple | list) and any(item is UNKNOWN for item in pytree.tree_leaves(made)) else made


def convert_type(b: GraphBuilder, operand: Operand, source: torch.dtype, wanted: torch.dtype) -> Operand:
    """The operand, which holds a tensor of type ``source``, as ``Tensor.to(wanted)`` converts it."""
    if wanted is torch.bool and source is not torch.bool:
        result: Operand = b.notEqual(operand, 0)
        return result
    result = b.cast(operand, data_type(wanted))
    return result


def _is_complex(fake: Any) -> bool:
    return isinstance(fake, torch.Tensor) and fake.dtype.is_complex


def module_path(node: fx.Node) -> str:
    """Path of the module that a node belongs to (``encoder.layers.3.self_attn``); empty for the outermost one."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack else ""
