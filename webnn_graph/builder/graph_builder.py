"""`GraphBuilder`: ``MLGraphBuilder`` in Python, which validates every call and folds what is constant."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from webnn_graph.budget import Budget
from webnn_graph.builder.fold import fold
from webnn_graph.builder.methods import OperatorMethods
from webnn_graph.builder.shortcuts import SHORTCUTS
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ValidationError, Where
from webnn_graph.graph import Descriptor, Distribution, Graph, Node, Operand, map_arguments, operands_in, operands_of
from webnn_graph.names import Names
from webnn_graph.ops import OPS, Parameter, evaluate
from webnn_graph.ops.rules import check_shape, distribution_of
from webnn_graph.weight import Values, Weight

MERGED_BYTES = 8192
"""Bytes up to which equal nameless constants are one from the start, so that equal calls on them are one call, too."""


class GraphBuilder(OperatorMethods):
    """Builds a `Graph` with the methods of the standard: ``b.conv2d(x, w, bias=b, strides=[2, 2])``.

    Where an operand is expected, a Python number or a NumPy array may stand: it becomes a constant, a number of the data
    type of the call's other operands. Every call infers and checks at once and raises `ValidationError`; the message names
    the current `source`.

    Nothing is computed while building. A call on constants only is *known*: `value` evaluates it when asked, and `build`
    folds it where that does not make the weights larger.

    Args:
        name: The graph's name.
        budget: Counts the calls and what is evaluated, and ends the conversion when that is too much; by default one of its own.
        most_bytes: Of a constant that is made by folding.
    """

    def __init__(self, name: str = "model", budget: Budget | None = None, most_bytes: float = math.inf) -> None:
        self.name = name
        self.budget = budget or Budget()
        self._most_bytes = most_bytes
        self.notes: list[str] = []
        self.metadata: Mapping[str, Any] = {}
        self._label = ""
        self._inputs: dict[str, Operand] = {}
        self._constants: dict[Operand, Weight] = {}
        self._nodes: list[Node] = []
        self._producers: dict[Operand, Node] = {}
        self._stand_ins: set[Operand] = set()
        self._known: set[Operand] = set()
        self._values: dict[Operand, Array] = {}
        self._assumed: set[Operand] = set()
        self._wishes: dict[Operand, str] = {}
        self._calls: dict[Any, tuple[Operand, ...]] = {}

    if not TYPE_CHECKING:  # to a type checker, an operator that does not exist is an error, too

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"WebNN has no operator {name!r}", name=name, obj=self)

    # ------------------------------------------------------------------------------------------------------------- making
    def input(self, name: str, data_type: DataType | str, shape: Sequence[int], distribution: Distribution | str | None = None) -> Operand:
        """A graph input.

        Args:
            name: What it is called.
            data_type: Its type.
            shape: Its sizes.
            distribution: What it is filled with when nobody gives it, which only inputs of floats are.

        Raises:
            ValidationError: A name used twice, no such data type or distribution, or a dimension that is not positive.
        """
        if name in self._inputs:
            raise ValidationError(f"input {name!r} is declared twice")
        check_shape(f"input {name!r} has", shape)
        known = _data_type(data_type)
        operand = Operand(known, tuple(map(int, shape)), name, distribution_of(f"input {name!r}", distribution, known))
        self._inputs[name] = operand
        return operand

    def constant(self, value: Any, data_type: DataType | str | None = None, name: str = "") -> Operand:
        """A constant with the values of ``value``.

        Args:
            value: Array, number, or weight of another graph. It is not copied and must not change afterwards. It may be empty
                as long as no node of the built graph reads it: shapes of scalars are.
            data_type: Converted to this type; by default the array's own. For int4 and uint4 one element per value.
            name: What to call it, when the source has a name for it.

        Raises:
            ValidationError: No such data type in WebNN, numbers outside the data type's range, or more elements than a tensor has.
        """
        weight = value if isinstance(value, Weight) else None
        array = np.asarray(weight.array if weight else value)
        check_shape(f"constant {name!r} has" if name else "a constant has", array.shape, 0)
        wanted = _data_type(data_type) if data_type else weight.data_type if weight else DataType.of(array)
        if weight is None or weight.data_type is not wanted or array.dtype != wanted.numpy:
            array = _converted(array, wanted, name)
            weight = Weight(wanted, array)
        key = (wanted, array.shape, weight.digest) if array.nbytes <= MERGED_BYTES and not name else None
        if key in self._calls:
            return self._calls[key][0]
        operand = Operand(wanted, array.shape, name)
        self._constants[operand] = weight
        self._known.add(operand)
        if name:
            self._wishes[operand] = name
        if key:
            self._calls[key] = (operand,)
        return operand

    def stand_in(self, data_type: DataType, shape: Sequence[int]) -> Operand:
        """An operand for what could not be made, so that the calls that read it are checked, too.

        It is nothing that a graph could compute: `build` refuses outputs that depend on it.
        """
        operand = Operand(data_type, tuple(shape))
        self._stand_ins.add(operand)
        return operand

    def call(self, op: str, *args: Any, **options: Any) -> Any:
        """One operator call; ``b.conv2d(...)`` is ``b.call("conv2d", ...)``.

        Returns:
            The operand, or the list of operands for operators that return a sequence.

        Raises:
            ValidationError: The call breaks a rule of the standard, or an operand is not one of this builder.
        """
        label = options.pop("label", "") or self._label
        try:
            arguments = self._bound(op, args, options)
            read = operands_of(arguments)
            allow_empty = self._known.issuperset(read) or any(0 in operand.shape for operand in read)
            results = OPS[op].infer(arguments, allow_empty=allow_empty)
        except ValidationError as error:
            raise error.at(Where(node=label)) from None
        return self._checked(op, arguments, results, label)

    def repeat(self, node: Node, replace: Callable[[Operand], Operand]) -> Any:
        """The call of a node of another graph, on operands of this builder that stand for its own.

        It was checked there, and is again only if an operand is not as it was.
        """
        arguments = map_arguments(node.arguments, replace)
        if not all(map(Operand.is_like, operands_of(arguments), node.operands)):
            return self.call(node.op, **arguments)
        return self._checked(node.op, arguments, tuple([operand.descriptor for operand in node.outputs]), self._label)

    def source(self, label: str) -> _Source:
        """Every node made inside of this context is labelled with ``label``: the source model's name for what is being converted."""
        return _Source(self, label)

    @property
    def label(self) -> str:
        """The source model's name for what is being converted; empty when nothing is."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        self._label = label

    def reserve(self, *shape: int, element_bytes: int = 8) -> None:
        """Says before that an array is going to be made for a constant. Raises `BudgetExceeded` when it would be too large."""
        self.budget.make(shape, element_bytes, self._label or "the graph")

    def hold(self, *shape: int, element_bytes: int = 8) -> None:
        """The same for what is made on the way and not kept: it counts by itself only."""
        self.budget.hold(shape, element_bytes, self._label or "the graph")

    def arange(self, count: int, dtype: Any = np.int64) -> Array:
        """0, 1, 2, ... to make a constant of. Raises `BudgetExceeded` when there would be too many."""
        self.reserve(count, element_bytes=np.dtype(dtype).itemsize)
        return np.arange(count, dtype=dtype)

    def suggest(self, operand: Operand, name: str) -> None:
        """Asks that ``operand`` be called ``name`` in the graph; the first wish counts."""
        if operand.name not in self._inputs:
            self._wishes.setdefault(operand, name)

    def note(self, text: str) -> None:
        """Adds something that the conversion has to say of itself to the graph's notes, once."""
        if text not in self.notes:
            self.notes.append(text)

    # ------------------------------------------------------------------------------------------------------------- asking
    def is_known(self, operand: Operand) -> bool:
        """Whether the operand is a constant or computed from constants only."""
        return operand in self._known

    def value(self, operand: Operand) -> Array | None:
        """The operand's values if it `is_known`, else None. The array must not be written to."""
        if operand not in self._known:
            return None
        if operand in self._constants:
            return self._constants[operand].array
        if operand not in self._values:
            self._evaluate(operand)
        return self._values[operand]

    def assume(self, operand: Operand, value: Array) -> None:
        """Says what an operand that is computed at run time counts as where something must be known; see `assumed`."""
        self._values[operand] = value
        self._assumed.add(operand)

    def assumed(self, operand: Operand) -> Array | None:
        """The operand's values if it `is_known`, else those that follow from what was assumed, else None.

        Sizes may be made of them: of a cache that holds fewer tokens at run time than it has room for, say.
        """
        if operand not in self._assumed:
            return self.value(operand)
        if operand not in self._values:
            self._evaluate(operand)
        return self._values[operand]

    def shape_of(self, operand: Operand) -> Operand:
        """The operand's shape, int64[rank]."""
        return self.constant(np.array(operand.shape, np.int64))

    def about(self, graph: Graph) -> None:
        """Says of what is built what is said of ``graph``: its notes, and what its inputs and outputs mean."""
        self.notes.extend(graph.notes)
        self.metadata = graph.metadata

    def producer(self, operand: Operand) -> Node | None:
        """The node that computes the operand; None for inputs and constants."""
        return self._producers.get(operand)

    # ----------------------------------------------------------------------------------------------------------- finishing
    def build(self, outputs: Mapping[str, Operand]) -> Graph:
        """The graph that computes ``outputs``, by name; the builder stays as it is.

        Constant expressions are folded, what no output needs is left out. Inputs stay, used or not: they are the model's
        interface.

        Raises:
            ValidationError: There is no output, or one is not an operand of this builder, or a constant is empty.
        """
        if not outputs:
            raise ValidationError("a graph needs at least one output")
        self._check_own("build", outputs)
        for name, operand in outputs.items():
            if not isinstance(operand, Operand):
                raise ValidationError(f"build: {name} must be an operand, not {operand!r}")
        results, copies = self._results(outputs)
        nodes = _needed([*self._nodes, *copies], results.values())
        self._check_made(nodes)
        constants, nodes = fold(nodes, self._constants, keep=set(results.values()), most_bytes=self._most_bytes)
        for operand in constants:
            if operand.size == 0:
                raise ValidationError(f"constant {operand} is empty; WebNN has no tensors without elements")
        inputs = tuple(self._inputs.values())
        named = self._names(results, constants, nodes)
        renamed = [f"{old} is named {named[o]}" for old, o in (*self._inputs.items(), *results.items()) if old != named[o]]
        made = {operand: operand.named(name) for operand, name in named.items()}
        return Graph(
            name=self.name,
            inputs=tuple(made[operand] for operand in inputs),
            constants=Values({made[operand]: weight for operand, weight in constants.items()}),
            nodes=tuple(node.with_operands(made.__getitem__) for node in nodes),
            outputs=tuple(made[operand] for operand in results.values()),
            notes=tuple(dict.fromkeys((*self.notes, *renamed))),
            metadata=self.metadata,
        )

    # ------------------------------------------------------------------------------------------------------------- private
    def _checked(self, op: str, arguments: Mapping[str, Any], results: tuple[Descriptor, ...], label: str) -> Any:
        """A call with bound arguments that gives these results: its node, or what makes it needless."""
        self.budget.step(label or op)
        operator = OPS[op]
        if 0 in results[0].shape and all(0 in result.shape for result in results) and not self._known.issuperset(operands_of(arguments)):
            empty = [self.constant(np.zeros(result.shape, result.data_type.numpy), result.data_type) for result in results]
            return empty if operator.returns_list else empty[0]
        simpler = SHORTCUTS[op](self, arguments, results) if op in SHORTCUTS else None
        if simpler is not None:
            return simpler
        key = op, *arguments, *map(_key_of, arguments.values())
        outputs = self._calls.get(key)
        if outputs is None:
            outputs = self._calls[key] = tuple([Operand(result.data_type, result.shape) for result in results])
            self._add(Node(op, arguments, outputs, label))
        return list(outputs) if operator.returns_list else outputs[0]

    def _bound(self, op: str, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name, converted; their operands are this builder's."""
        operator = OPS[op]
        given = dict(zip(operator.positional, args, strict=False)) | dict(options)
        if not all(isinstance(given[name], Operand) for name in operator.operands if name in given):
            args, options = self._with_constants(op, args, options)
        arguments = operator.bind(args, options)
        self._check_own(op, arguments)
        return arguments

    def _with_constants(self, op: str, args: Sequence[Any], options: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The same arguments with constants in the place of the numbers and arrays that stand where operands belong."""
        parameters, positional = OPS[op].parameters, OPS[op].positional
        given = dict(zip(positional, args, strict=False)) | dict(options)
        places = {name: given[name] for name in given if name in OPS[op].operands}
        arrays = _map_items(places, lambda value: self.constant(value) if isinstance(value, np.ndarray) else value)
        for name in places:
            data_type = _type_of_numbers(parameters, name, arrays)
            given |= _map_items(
                {name: arrays[name]},
                lambda v, data_type=data_type: self.constant(v, data_type) if isinstance(v, int | float | np.number) else v,  # type: ignore[misc]
            )
        names = positional[: len(args)]
        return [given[n] for n in names] + list(args[len(names) :]), {name: given[name] for name in options}

    def _names(self, results: Mapping[str, Operand], constants: Iterable[Operand], nodes: Sequence[Node]) -> dict[Operand, str]:
        """A unique identifier for every operand: the interface first, then wishes, then what nobody named."""
        names = Names()
        interface = names.take_interface(self._inputs, results)
        named = dict(zip((*self._inputs.values(), *results.values()), chain(*interface), strict=True))
        others = [*constants, *(output for node in nodes for output in node.outputs if output not in named)]
        named |= {operand: names.take(self._wishes[operand]) for operand in others if operand in self._wishes}
        named |= {operand: names.number("constant") for operand in constants if operand not in named}
        named |= {output: names.number(node.op) for node in nodes for output in node.outputs if output not in named}
        return named

    def _add(self, node: Node) -> None:
        self._nodes.append(node)
        for output in node.outputs:
            self._producers[output] = node
        if self._known.issuperset(node.operands):
            self._known.update(node.outputs)
        elif self._assumed and all(operand in self._known or operand in self._assumed for operand in node.operands):
            self._assumed.update(node.outputs)

    def _is_made(self, operand: Descriptor) -> bool:
        """Whether it is an input, a constant or a result of this builder."""
        if not isinstance(operand, Operand):
            return False
        return operand in self._producers or operand in self._constants or self._inputs.get(operand.name) is operand

    def _check_own(self, op: str, arguments: Mapping[str, Any]) -> None:
        """Raises `ValidationError` unless all operands are of this builder."""
        for name, value in arguments.items():
            for operand in value if isinstance(value, list) else [value]:
                if isinstance(operand, Descriptor) and not self._is_made(operand) and operand not in self._stand_ins:
                    raise ValidationError(f"{op}: {name} {operand} is no operand of this builder", "make it with the builder that reads it")

    def _check_made(self, nodes: Sequence[Node]) -> None:
        """Raises `ValidationError` when a node reads a stand-in."""
        for node in nodes:
            if not all(map(self._is_made, node.operands)):
                raise ValidationError(f"{node.label or node.op} reads what could not be made")

    def _results(self, outputs: Mapping[str, Operand]) -> tuple[dict[str, Operand], list[Node]]:
        """The outputs, with identities, which are given besides, where the standard forbids the operand itself."""
        results: dict[str, Operand] = {}
        copies: list[Node] = []
        taken: set[Operand] = set()
        for name, operand in outputs.items():
            results[name] = operand
            if operand not in self._producers or operand in taken:
                results[name] = Operand(operand.data_type, operand.shape)
                copies.append(self._copy(operand, results[name]))
            taken.add(operand)
        return results, copies

    def _copy(self, operand: Operand, result: Operand) -> Node:
        """The node that makes ``result`` the same as ``operand``."""
        if operand.data_type.bits == 4:  # which identity does not take
            return Node("reshape", {"input": operand, "newShape": list(operand.shape)}, (result,), self._label)
        return Node("identity", {"input": operand}, (result,), self._label)

    def _evaluate(self, operand: Operand) -> None:
        """Keeps the operand's value, and of those on the way what is small: shapes, which others are made of."""
        made: dict[Operand, Array] = {}
        constants = Values(self._constants)
        for node in self._expression(operand):
            for output in node.outputs:
                self.reserve(*output.shape, element_bytes=output.data_type.numpy.itemsize)
            made.update(evaluate(node, lambda o: next(known[o] for known in (constants, self._values, made) if o in known)))
        self._values.update((o, array) for o, array in made.items() if o is operand or array.nbytes <= MERGED_BYTES)

    def _expression(self, operand: Operand) -> list[Node]:
        """The nodes that compute a known or assumed operand and have no value yet, in order."""
        order: list[Node] = []
        stack, seen = [self._producers[operand]], set()
        while stack:
            node = stack[-1]
            waiting = [
                self._producers[o]
                for o in node.operands
                if o not in self._constants and o not in self._values and self._producers[o] not in seen
            ]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if node not in seen:
                seen.add(node)
                order.append(node)
        return order


class _Source:
    """A context in which a builder has another label; a class, because there is one for every node."""

    def __init__(self, builder: GraphBuilder, label: str) -> None:
        self._builder = builder
        self._label = label

    def __enter__(self) -> None:
        self._before, self._builder.label = self._builder.label, self._label

    def __exit__(self, *error: object) -> None:
        self._builder.label = self._before


def _needed(nodes: Sequence[Node], outputs: Any) -> list[Node]:
    """The nodes that the outputs depend on, in order."""
    wanted: set[Operand] = set(outputs)
    kept = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.operands)
    return kept[::-1]


def _type_of_numbers(parameters: Mapping[str, Parameter], name: str, given: Mapping[str, Any]) -> DataType | None:
    """The data type that a number in the place of operand ``name`` takes: that of the operands that must be like it."""

    def group(other: str) -> str:
        return parameters[other].domain.like or other

    alike = [value for other, value in given.items() if group(other) == group(name)]
    operand = next((operand for value in (*alike, *given.values()) for operand in operands_in(value)), None)
    return operand.data_type if operand else None


def _map_items(values: Mapping[str, Any], function: Callable[[Any], Any]) -> dict[str, Any]:
    """``function`` of every value, and of every item of those that are lists."""
    return {k: [function(item) for item in v] if isinstance(v, list | tuple) else function(v) for k, v in values.items()}


def _key_of(value: Any) -> Hashable:
    """Equal for arguments that are the same in two calls of an operator: numbers by their digits, since 1 equals 1.0, and 0 equals -0."""
    if isinstance(value, Operand):
        return value
    if isinstance(value, list):
        return tuple(map(_key_of, value))
    return repr(value) if isinstance(value, float) else value


def _data_type(name: DataType | str) -> DataType:
    try:
        return DataType(name)
    except ValueError:
        raise ValidationError(f"there is no data type {name!r}", f"data types are {', '.join(DataType)}") from None


def _converted(array: Array, data_type: DataType, name: str) -> Array:
    if array.dtype == data_type.numpy:
        in_range = data_type.bits != 4 or _in_range(array, data_type)
    else:
        in_range = data_type.is_float or _in_range(array, data_type)
        with np.errstate(all="ignore"):
            array = array.astype(data_type.numpy)
    if not in_range:
        raise ValidationError(f"constant {name or '?'} has values outside the range of {data_type}")
    return array


def _in_range(array: Array, data_type: DataType) -> bool:
    smallest, largest = data_type.range
    return bool((array >= smallest).all() and (array <= largest).all())
