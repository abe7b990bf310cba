"""The model's interface: which inputs it has, of which static shapes, and what the user says of them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import onnx

from converters.onnx.reading.order import needed_nodes, reads
from converters.onnx.reading.tensors import Element
from converters.random_numbers import Random
from webnn_graph.codes import Code
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError, Where
from webnn_graph.hints import option
from webnn_graph.names import nearest

Dims: TypeAlias = list[int | str | None]
"""A declared shape: each dimension a size, a name, or None for neither."""


@dataclass(frozen=True)
class InterfaceOptions:
    """What the user decides about a model's interface.

    Attributes:
        dims: Sizes of named dimensions.
        shapes: Whole shapes by input; a dimension may have a name, whose size is in ``dims``.
        bind: Values of inputs that become constants.
        inputs: Tensors at which the graph is cut to begin there instead; empty for the model's own inputs.
        outputs: Tensors at which it ends; empty for the model's own outputs.
        random: What becomes of random numbers.
    """

    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    random: Random = None


@dataclass(frozen=True)
class Input:
    """A graph input with its final type and shape."""

    name: str
    data_type: DataType
    shape: tuple[int, ...]
    element: Element

    @property
    def is_empty(self) -> bool:
        """Whether it has no elements, as the cache of a decoder before the first token."""
        return 0 in self.shape


def graph_inputs(
    graph: onnx.GraphProto, settings: InterfaceOptions, known: Mapping[str, onnx.ValueInfoProto], unread: Collection[str] = ()
) -> list[Input]:
    """The inputs to feed, static.

    Args:
        graph: The model's graph; inputs that are also initializers do not count.
        settings: What the user says.
        known: Types of the tensors at which ``settings.inputs`` cuts, by name.
        unread: Inputs that are left out, see `unread_strings`.

    Raises:
        ConversionError: A name the user gave does not exist, a dimension stays unknown, or a type has no equivalent.
    """
    infos = {name: info for name, info in free_inputs(graph).items() if name not in unread}
    if settings.inputs:
        infos = {name: known.get(name) or infos.get(name) or _untyped(name, known) for name in settings.inputs}
    sizes = {name: dims_of(info) for name, info in infos.items()}
    symbols = {dim for dims in sizes.values() for dim in dims or () if isinstance(dim, str)}
    _check_known("input", settings.bind, free_inputs(graph))
    _check_known("input", settings.shapes, infos)
    named = {size for shape in settings.shapes.values() for size in shape if isinstance(size, str)}
    _check_known("dimension", settings.dims, symbols | variables(symbols) | named)
    for name, size in settings.dims.items():
        if size < 0:
            raise ConversionError(f"dimension {name} is set to {size}; it must be at least 0")
    free = {name: dims for name, dims in sizes.items() if name not in settings.bind}
    return [_input(name, infos[name], shape) for name, shape in _static_shapes(free, settings).items()]


def free_inputs(graph: onnx.GraphProto) -> dict[str, onnx.ValueInfoProto]:
    """The graph's inputs that are not initializers, by name."""
    initialized = {tensor.name for tensor in graph.initializer} | {tensor.values.name for tensor in graph.sparse_initializer}
    return {info.name: info for info in graph.input if info.name not in initialized}


def unread_strings(graph: onnx.GraphProto, settings: InterfaceOptions) -> list[str]:
    """The inputs of strings, which WebNN lacks, that nothing reads of which the outputs are computed."""
    strings = {name for name, info in free_inputs(graph).items() if info.type.tensor_type.elem_type == onnx.TensorProto.STRING}
    if not strings or settings.inputs:
        return []
    wanted = list(settings.outputs) or [info.name for info in graph.output]
    given = {*strings, *settings.bind, *(tensor.name for tensor in graph.initializer)}
    needed = needed_nodes(graph.node, wanted, given)
    return sorted(strings - {name for node in needed for name in reads(node)} - set(wanted) - set(settings.bind))


def bound_value(info: onnx.ValueInfoProto, value: Any) -> tuple[Array, DataType]:
    """A value for an input that becomes a constant, in the input's data type.

    Raises:
        ConversionError: It does not fit the input's type or shape.
    """
    element = Element(info.type.tensor_type.elem_type)
    try:
        array = np.asarray(value)
        typed = array.astype(element.data_type.numpy)
        exact = (array.dtype.kind == "f" and element.data_type.is_float) or bool((typed == array).all())
    except (TypeError, ValueError):
        raise ConversionError(f"input {info.name} cannot be bound to {value!r}: not numbers") from None
    if not exact:
        raise ConversionError(f"input {info.name} is {element.name} and cannot hold the values it is bound to")
    dims = dims_of(info)
    if dims is not None and typed.ndim == 0 and all(dim == 1 for dim in dims):
        typed = typed.reshape((1,) * len(dims))
    fits = dims is None or (
        len(dims) == typed.ndim and all(n == dim for n, dim in zip(typed.shape, dims, strict=True) if isinstance(dim, int))
    )
    if not fits:
        raise ConversionError(
            f"input {info.name} has shape {_shown(dims)}, the value bound to it has {list(typed.shape)}", code=Code.WRONG_SHAPE
        )
    return typed, element.data_type


def numpy_type(info: onnx.ValueInfoProto) -> np.dtype[Any]:
    """The type of an input's array."""
    return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))


def dims_of(info: onnx.ValueInfoProto) -> Dims | None:
    """Each dimension as a size, a name or None for neither; None for a tensor of unknown rank.

    Exporters also write -1 and "?" for neither.

    Raises:
        ConversionError: It is not a tensor.
    """
    kind = info.type.WhichOneof("value")
    if kind not in ("tensor_type", None):
        raise ConversionError(f"{info.name} is a {kind.removesuffix('_type')}; WebNN graphs take and return tensors only")
    if not info.type.tensor_type.HasField("shape"):
        return None
    dims = info.type.tensor_type.shape.dim
    return [_dim(dim) for dim in dims]


def _dim(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    if dim.HasField("dim_value"):
        return dim.dim_value if dim.dim_value >= 0 else None
    return dim.dim_param if dim.dim_param.strip("?") else None


def _input(name: str, info: onnx.ValueInfoProto, shape: tuple[int, ...]) -> Input:
    element = Element(info.type.tensor_type.elem_type)
    try:
        return Input(name, element.data_type, shape, element)
    except ConversionError as error:
        raise error.at(Where(tensor=f"input {name}")) from None


def _static_shapes(dims: Mapping[str, Dims | None], settings: InterfaceOptions) -> dict[str, tuple[int, ...]]:
    """Every input's shape; all that stay unknown are one error."""
    shapes = {name: _shape(name, dims[name], settings) for name in dims}
    missing = missing_sizes(dims, settings)
    if missing:
        unknown = [name for name, shape in shapes.items() if shape is None or None in shape]
        listed = ", ".join(f"{name} {_shown(settings.shapes.get(name, dims[name]))}" for name in unknown)
        raise ConversionError(
            f"WebNN needs every dimension; unknown are those of {listed}", f"give the sizes: {missing}", code=Code.MISSING_DIMENSION
        )
    static = {name: tuple(size for size in shape or () if size is not None) for name, shape in shapes.items()}
    for name, shape in static.items():
        if not all(size >= 0 for size in shape):
            raise ConversionError(
                f"input {name} has shape {list(shape)}; no size is negative", f"give another: {option('shape', f'{name}=...')}"
            )
    return static


def missing_sizes(dims: Mapping[str, Dims | None], settings: InterfaceOptions) -> str:
    """The options that give the sizes which the inputs still need; empty when none is missing.

    Raises:
        ConversionError: A shape that is given does not fit an input.
    """
    shapes = {name: _shape(name, dims[name], settings) for name in dims}
    unknown = {name: settings.shapes.get(name, dims[name]) for name, shape in shapes.items() if shape is None or None in shape}
    named = [dim for wanted in unknown.values() for dim in wanted or () if isinstance(dim, str) and size_of(dim, settings.dims) is None]
    symbols = dict.fromkeys(variable for dim in named for variable in sorted(variables({dim}) - set(settings.dims)) or [dim])
    unnamed = [name for name, wanted in unknown.items() if wanted is None or None in wanted]
    given = [option("dim", f"{name}=N") for name in symbols]
    given += [option("shape", f"{name}={','.join(str(size or 'N') for size in shapes[name] or ('N', '...'))}") for name in unnamed]
    return " ".join(given)


def _shape(name: str, dims: Dims | None, settings: InterfaceOptions) -> tuple[int | None, ...] | None:
    if name not in settings.shapes:
        return None if dims is None else tuple(size_of(dim, settings.dims) for dim in dims)
    given = tuple(settings.dims.get(size) if isinstance(size, str) else size for size in settings.shapes[name])
    wanted = f"the shape given for it is {_shown(given)}"
    if dims is not None and len(dims) != len(given):
        raise ConversionError(f"input {name} has rank {len(dims)} {_shown(dims)}, {wanted}", code=Code.WRONG_SHAPE)
    pairs = zip(given, dims or (), strict=False)
    fixed = [size for size, dim in pairs if isinstance(dim, int) and size is not None and 0 < dim != size]
    # What is known of a tensor inside the model follows from the model's inputs, in whose place it stands.
    if fixed and name not in settings.inputs:
        raise ConversionError(
            f"input {name} has shape {_shown(dims)}, {wanted}; fixed dimensions stay",
            f"with {option('input', name)} the graph begins there in any shape that the operators take",
            code=Code.WRONG_SHAPE,
        )
    return given


def size_of(dim: int | str | None, dims: Mapping[str, int]) -> int | None:
    """The size of a dimension; exporters also write sums and products of names ("past + 1")."""
    if dim is None or isinstance(dim, int):
        return dim
    return dims[dim] if dim in dims else _evaluated(dim, dims)


_ARITHMETIC = {ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__, ast.FloorDiv: int.__floordiv__}


def _evaluated(expression: str, dims: Mapping[str, int]) -> int | None:
    def value(node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name):
            return dims[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return _ARITHMETIC[type(node.op)](value(node.left), value(node.right))
        raise KeyError(expression)

    try:
        return value(ast.parse(expression, mode="eval").body)
    except (KeyError, SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None


def variables(symbols: Collection[str]) -> set[str]:
    """The names inside dimension expressions."""
    names = set()
    for symbol in symbols:
        try:
            names |= {node.id for node in ast.walk(ast.parse(symbol, mode="eval")) if isinstance(node, ast.Name)}
        except (SyntaxError, ValueError, RecursionError):
            continue
    return names


def _check_known(what: str, given: Collection[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "there is none"
            raise ConversionError(
                f"the model has no {what} {name!r}; {there}",
                nearest(name, known),
                code=Code.UNKNOWN_DIMENSION if what == "dimension" else Code.UNKNOWN_TENSOR,
            )


def _untyped(name: str, known: Collection[str]) -> onnx.ValueInfoProto:
    raise ConversionError(
        f"the model has no tensor {name!r} whose type is known, so it cannot become an input",
        nearest(name, known),
        code=Code.UNKNOWN_TENSOR,
    )


def _shown(dims: Sequence[int | str | None] | None) -> str:
    if dims is None:
        return "of unknown rank"
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in dims) + "]"
