"""From a file's content to a `Graph`: names resolved, arguments bound, types inferred. Nothing is folded or simplified."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from webnn_graph.codes import Code
from webnn_graph.data_types import BY_SHORT_NAME, DataType
from webnn_graph.errors import FormatError, ValidationError, WebNNError
from webnn_graph.formats.constants import MAX_FILL, Fill, Inline, Stored, filled, from_bytes
from webnn_graph.formats.document import SPECIAL, Declaration, Dimension, Document, Name, Output, Place, Size, Statement, dimension_of
from webnn_graph.graph import Distribution, Graph, Node, Operand
from webnn_graph.names import IDENTIFIER, Names, nearest
from webnn_graph.ops import OPS, Op, Parameter
from webnn_graph.ops.rules import check_shape, distribution_of
from webnn_graph.weight import Values, Weight

FindWeight = Callable[[str, Operand], Weight]
"""A weight, given its key and the operand it is for."""

OTHER_NAMES = {"to": "dataType", "type": "dataType", "roundingType": "outputShapeRounding"}
"""Arguments that other writers, or older versions of the standard, call differently."""

LEFT_OUT = {"expand": ["axes"], "instanceNormalization": ["hasScale", "hasBias"], "layerNormalization": ["hasScale", "hasBias"]}
"""What earlier tools of rustnn say of an operator besides, by its name; rustnn passes over it, too."""

RESHAPES = ("squeeze", "unsqueeze")
"""Operators of rustnn that WebNN has no more: reshapes without some dimensions of size 1, or with more of them."""

NUMBERS = {spelling: float(number) for number, spelling in SPECIAL.items()}

TWICE = "every input, constant and result needs a name of its own"


def assemble(document: Document, weight: FindWeight, dims: Mapping[str, int] = MappingProxyType({})) -> Graph:
    """The graph that a document describes.

    Operand names that are not identifiers are mapped to some; the graph's notes say how. An output that is called
    differently from its operand renames it, or is an identity of it where that cannot be.

    Args:
        document: What a file says.
        weight: Finds the weights.
        dims: Sizes of dynamic dimensions, by name.

    Raises:
        FormatError: A name is unknown or used twice, a value is not what its place takes, or a dimension has no size.
        ValidationError: A call breaks a rule of the standard.
    """
    return _Assembly(document, weight, dims).graph()


class _Assembly:
    def __init__(self, document: Document, weight: FindWeight, dims: Mapping[str, int]) -> None:
        self.document = document
        self.weight = weight
        self.dims = dims
        self.dynamic: dict[str, int] = {}
        """The largest size of each dynamic dimension."""
        self.notes: list[str] = []
        self.filled_bytes = 0
        self.operands: dict[str, Operand] = {}  # by the document's names
        self.defined_later = {name for call in document.calls for name in call.outputs}
        self.results = [name for call in document.calls if not call.is_alias for name in call.outputs]
        self.outputs = self._behind_aliases()
        self.names = self._identifiers()
        # rustnn numbers operands: inputs, then constants, each sorted by name, then results in order.
        self.numbered = [name for group in (document.inputs, document.constants) for name in sorted(d.name for d in group)]

    def graph(self) -> Graph:
        document = self.document
        inputs = tuple(self._declare(declaration) for declaration in document.inputs)
        constants = {}
        for declaration in document.constants:
            operand = self._declare(declaration)
            with _located(declaration.where):
                constants[operand] = self._values(declaration, operand)
        nodes = [node for call in document.calls if (node := self._node(call)) is not None]
        outputs = self._outputs(nodes)
        self._check_dimensions()
        metadata = self._metadata(inputs, outputs)
        return Graph(document.name, inputs, Values(constants), tuple(nodes), outputs, tuple(self.notes), metadata)

    def _metadata(self, inputs: Sequence[Operand], outputs: Sequence[Operand]) -> Mapping[str, Any]:
        """What the file says of inputs and outputs, by the names that they have in the graph."""
        document = self.document
        if not document.metadata:
            return {}
        from webnn_graph.metadata import check, metadata_of

        names = {declaration.name: operand.name for declaration, operand in zip(document.inputs, inputs, strict=True)}
        names |= {output.name: operand.name for output, operand in zip(document.outputs, outputs, strict=True)}
        with _located(document.where):
            metadata = metadata_of(document.metadata)
            metadata = metadata.renamed(names)
            check(metadata, inputs, outputs)
        return metadata.document()

    # ---------------------------------------------------------------------------------------------------------- declarations
    def _identifiers(self) -> dict[str, str]:
        """The identifier for each name of the document: what is one keeps it, whatever comes first."""
        self.renamed = self._output_names()
        made = [d.name for d in (*self.document.inputs, *self.document.constants)] + self.results
        wishes = {name: self.renamed.get(name, name) for name in made}
        self.free = Names()
        in_turn = sorted(wishes, key=lambda name: not IDENTIFIER.match(wishes[name]))
        taken = {name: self.free.take(wishes[name]) for name in in_turn}
        self.notes += [f"{name} is named {taken[name]}" for name in wishes if taken[name] != name]
        return taken

    def _behind_aliases(self) -> list[Output]:
        """The outputs, each of the operand that has a name of its own."""
        behind: dict[str, str] = {}
        for call in self.document.calls:
            if call.is_alias and call.positional:
                behind |= dict.fromkeys(call.outputs, behind.get(call.positional[0], call.positional[0]))
        return [Output(output.name, behind.get(output.of, output.of), output.where) for output in self.document.outputs]

    def _output_names(self) -> dict[str, str]:
        """The other name of each result that is an output once and under a name that nothing else has."""
        results = set(self.results)
        taken = results | {d.name for d in (*self.document.inputs, *self.document.constants)}
        times = Counter(output.of for output in self.outputs)
        return {
            output.of: output.name for output in self.outputs if output.name not in taken and output.of in results and times[output.of] == 1
        }

    def _declare(self, declaration: Declaration) -> Operand:
        shape = tuple(map(self._size, declaration.shape))
        with _located(declaration.where):
            check_shape(f"{declaration.name} has", shape)
            random = distribution_of(declaration.name, declaration.distribution, declaration.data_type)
            return self._define(declaration.name, declaration.data_type, shape, random)

    def _size(self, size: Size) -> int:
        """The size that a dimension has, or is given."""
        if not isinstance(size, Dimension):
            return size
        self.dynamic[size.name] = size.largest
        with _located(size.where):
            if size.name not in self.dims:
                raise FormatError(
                    f"dimension {size.name!r} is dynamic; WebNN graphs have static shapes",
                    f"give it a size: --dim {size.name}={size.largest}",
                    code=Code.MISSING_DIMENSION,
                )
            if not 1 <= self.dims[size.name] <= size.largest:
                raise FormatError(
                    f"dimension {size.name!r} is at least 1 and at most {size.largest}, not {self.dims[size.name]}", code=Code.WRONG_SHAPE
                )
        return self.dims[size.name]

    def _check_dimensions(self) -> None:
        unknown = next((name for name in self.dims if name not in self.dynamic), None)
        if unknown is not None:
            there = f"it has {', '.join(self.dynamic)}" if self.dynamic else "all of its shapes are static"
            raise FormatError(f"the graph has no dynamic dimension {unknown!r}", there, self.document.where(), code=Code.UNKNOWN_DIMENSION)

    def _define(self, name: str, data_type: DataType, shape: tuple[int, ...], random: Distribution | None = None) -> Operand:
        if name in self.operands:
            raise FormatError(f"the name {name!r} is used twice", TWICE)
        self.operands[name] = operand = Operand(data_type, shape, self.names[name], random)
        return operand

    def _values(self, declaration: Declaration, operand: Operand) -> Weight:
        match declaration.initializer:
            case Fill(value):
                self.filled_bytes += operand.size * operand.data_type.numpy.itemsize
                if self.filled_bytes > MAX_FILL:
                    raise FormatError(f"the constants filled with one number take more than {MAX_FILL >> 30} GiB")
                return Weight(operand.data_type, filled(value, operand.data_type, operand.shape))
            case Inline(data):
                return Weight(operand.data_type, from_bytes(data, operand.data_type, operand.shape))
            case Stored(key):
                return self.weight(key, operand)
        return self.weight(declaration.name, operand)

    # ----------------------------------------------------------------------------------------------------------------- calls
    def _node(self, call: Statement) -> Node | None:
        """The node of a call; None for an alias, which is no call."""
        with _located(call.where):
            if call.is_alias:
                self._alias(call)
                return None
            if call.op not in OPS and call.op not in RESHAPES:
                raise ValidationError(f"WebNN has no operator {call.op!r}", nearest(call.op, OPS))
            options = dict(call.options)
            label = options.pop("label", None) or ""
            if not isinstance(label, str):
                raise FormatError(f"a label must be a string, not {label!r}")
            operator = OPS["reshape" if call.op in RESHAPES else call.op]
            given = self._reshape(call, options) if call.op in RESHAPES else self._arguments(operator, call.positional, options)
            arguments = operator.bind([], given)
            results = operator.infer(arguments)
            if len(results) != len(call.outputs):
                raise FormatError(f"{call.op} returns {len(results)} operands here, {len(call.outputs)} are named")
            outputs = tuple(self._define(name, result.data_type, result.shape) for name, result in zip(call.outputs, results, strict=True))
        self.numbered += call.outputs
        return Node(operator.name, arguments, outputs, label)

    def _alias(self, call: Statement) -> None:
        """Gives an operand another name."""
        if len(call.positional) != 1 or len(call.outputs) != 1 or call.options:
            raise FormatError("an operand is given another name by y = x;", "or does the operator's name miss?")
        (name,) = call.outputs
        operand = self._operand(call.positional[0])
        if name in self.operands:
            raise FormatError(f"the name {name!r} is used twice", TWICE)
        self.operands[name] = operand
        self.numbered.append(name)

    def _reshape(self, call: Statement, options: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the reshape that a squeeze or an unsqueeze is."""
        operands = [self._operand(value) for value in call.positional if self._is_operand(value)]
        others = [value for value in call.positional if not self._is_operand(value)]
        axes = options.pop("axes", others.pop() if others else None)
        if len(operands) != 1 or others or options:
            raise FormatError(f"{call.op} takes an operand and axes")
        (x,) = operands
        rank = x.rank + len(axes) if call.op == "unsqueeze" and isinstance(axes, list) else x.rank
        if axes is None and call.op == "squeeze":
            axes = [axis for axis, size in enumerate(x.shape) if size == 1]
        if not isinstance(axes, list) or not all(type(axis) is int and 0 <= axis < rank for axis in axes) or len(set(axes)) < len(axes):
            raise FormatError(f"axes must be different axes below {rank}, not {axes!r}")
        if call.op == "unsqueeze":
            sizes = iter(x.shape)
            return {"input": x, "newShape": [1 if axis in axes else next(sizes) for axis in range(rank)]}
        if any(x.shape[axis] != 1 for axis in axes):
            raise FormatError(f"axes {axes} of {list(x.shape)} are not all of size 1")
        return {"input": x, "newShape": [size for axis, size in enumerate(x.shape) if axis not in axes]}

    def _arguments(self, operator: Op, positional: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name. Operands by position fill the operand parameters in order, other values the other arguments."""
        given: dict[str, Any] = {}
        for key, value in options.items():
            name = key if key in operator.parameters else OTHER_NAMES.get(key) or _camel_case(key)
            parameter = operator.parameters.get(name)
            if name in given:
                raise FormatError(f"{operator.name} is given {name} twice")
            if parameter is None and _is_besides(operator, name, value):
                self.notes.append(f"{operator.name}: {key} is not part of WebNN and left out")
                continue
            if not _stands_for_nothing(parameter, value):
                given[name if parameter else key] = self._value(parameter, value) if parameter else value
        operands = deque(value for value in positional if self._is_operand(value))
        values = deque(value for value in positional if not self._is_operand(value))
        for name, parameter in operator.parameters.items():
            if name in given:
                continue
            if parameter.kind == "operands" and operands:
                many = list(operands) if not isinstance(operands[0], list) else operands[0]
                given[name] = [self._operand(value) for value in many]
                operands.clear()
            elif parameter.is_operand and operands:
                given[name] = self._operand(operands.popleft())
            elif not parameter.is_operand and not parameter.is_option and values:
                given[name] = self._value(parameter, values.popleft())
        if operands or values:
            raise FormatError(f"{operator.name} takes fewer arguments; {len(operands) + len(values)} are left over")
        return given

    def _is_operand(self, value: Any) -> bool:
        if isinstance(value, list):
            return bool(value) and all(isinstance(item, Name) for item in value)
        return isinstance(value, Name) or (isinstance(value, str) and value in self.operands)

    def _value(self, parameter: Parameter, value: Any) -> Any:
        """An argument's value, with operands and data types in the place of their names."""
        if parameter.kind == "operands" and isinstance(value, list):
            return [self._operand(item) for item in value]
        if parameter.is_operand:
            return self._operand(value)
        if isinstance(value, list):
            return [self._value(parameter, item) for item in value]
        if isinstance(value, Mapping):
            dimension = dimension_of(value) if parameter.kind.startswith("int") else None
            return self._size(dimension) if dimension else value
        if isinstance(value, str):
            if parameter.kind.startswith(("float", "number")):
                return NUMBERS.get(value, value)
            long = BY_SHORT_NAME.get(value)
            return str(long) if long and (parameter.kind == "data type" or long in parameter.choices) else str(value)
        return value

    def _operand(self, reference: Any) -> Operand:
        """The operand of a name, or of a number as rustnn counts them."""
        if isinstance(reference, int) and not isinstance(reference, bool):
            if f"operand_{reference}" in self.operands:  # files that rustnn saved count differently, but name what they count
                return self.operands[f"operand_{reference}"]
            if not 0 <= reference < len(self.numbered):
                raise FormatError(f"there is no operand number {reference}; {len(self.numbered)} are defined here")
            reference = self.numbered[reference]
        if not isinstance(reference, str):
            raise FormatError(f"expected the name of an operand, not {reference!r}")
        if reference in self.operands:
            return self.operands[reference]
        if reference in self.defined_later:
            raise FormatError(f"{reference!r} is read before it is defined", "statements must be in order; a graph has no cycles")
        raise FormatError(f"there is no operand {str(reference)!r}", nearest(reference, self.operands))

    # --------------------------------------------------------------------------------------------------------------- outputs
    def _outputs(self, nodes: list[Node]) -> tuple[Operand, ...]:
        """The graph's outputs; appends to ``nodes`` the identities it takes to have them."""
        if not self.document.outputs:
            raise FormatError("the graph has no outputs", where=self.document.where())
        outputs: dict[str, Operand] = {}
        free = {operand for node in nodes for operand in node.outputs}
        for output in self.outputs:
            with _located(output.where):
                if output.name in outputs:
                    raise FormatError(f"the output {output.name!r} is listed twice")
                operand = self._operand(output.of)
            is_named = output.name == output.of or output.of in self.renamed
            if operand not in free or not is_named:
                source, operand = operand, Operand(operand.data_type, operand.shape, self.free.take(output.name))
                nodes.append(Node("identity", {"input": source}, (operand,)))
                self.notes.append(f"output {output.name} is an identity of {source.name}, named {operand.name}")
            free.discard(operand)
            outputs[output.name] = operand
        return tuple(outputs.values())


def _camel_case(name: str) -> str:
    """``newShape`` of ``new_shape``, as rustnn reads arguments, too."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _is_besides(operator: Op, name: str, value: Any) -> bool:
    """Whether a member that WebNN does not have is one that rustnn's tools write and that changes nothing."""
    if name == "batchDimensions":
        return value == 0 and operator.name in ("gather", "gatherElements")
    return isinstance(value, Mapping) or name in LEFT_OUT.get(operator.name, ())


def _stands_for_nothing(parameter: Parameter | None, value: Any) -> bool:
    """Whether rustnn writes this value for what is not given. An empty list is one where ``axes`` are not all axes by default."""
    if value != []:
        return value in (None, "")
    return parameter is not None and parameter.is_option and not (parameter.name == "axes" and parameter.default is None)


@contextmanager
def _located(where: Place) -> Iterator[None]:
    """Errors raised inside say where in the file they are."""
    try:
        yield
    except WebNNError as error:
        raise error.at(where()) from None
    except RecursionError:
        raise FormatError("lists or objects are nested too deeply", where=where()) from None
