"""Which handler converts which ATen overload.

A handler is a function whose positional parameters, after the builder, are the overload's schema arguments in order, and
whose keyword-only parameters are those that the schema has as keyword-only, by name:

    @aten_op(aten.layer_norm.default, how="layerNormalization")
    def layer_norm(b, input, normalized_shape, weight, bias, eps, cudnn_enable): ...

Tensors arrive as operands, everything else as Python values; the schema's defaults are filled in. A parameter annotated as
`Array`, `Ints` or `Number` takes the value of a tensor instead, see `converters.annotations`. The reserved keyword
``result`` passes what PyTorch says of the result: a fake tensor with its dtype and shape, or a tuple of them. A handler
returns an operand, or a tuple or list where the overload does; an item may be a function without arguments, which is called
only when something reads that item. ``fakes`` passes the same of the tensor arguments in order. The caller converts the
result to PyTorch's type.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, get_args, get_origin

import torch
from torch._ops import OpOverload

from converters.annotations import Parameter, Registered, parameters_of
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

aten = torch.ops.aten

PLACEMENT = {"layout", "device", "pin_memory", "memory_format", "non_blocking", "generator"}
"""Keyword-only arguments that say where or how memory lies: without meaning in a graph."""


RESERVED = {"result", "fakes"}
"""Keyword-only parameters that are not the schema's."""


@dataclass(frozen=True)
class Complex:
    """A complex tensor: two operands of one type and shape."""

    real: Operand
    imag: Operand


@dataclass(frozen=True)
class Empty:
    """Stands for a tensor without elements, which WebNN does not have."""

    shape: tuple[int, ...]


TYPES = (Any, Operand, Operand | None, Complex, torch.Tensor, torch.dtype, bool, int, float, str)
"""How handlers annotate what they take as it is, alone or as items of a sequence."""
TO_KNOW = "make it a number, or a buffer of the module"


class Promote(Enum):
    """To which type a handler wants its tensors converted."""

    NONE = "as they are"
    RESULT = "to the result's type"
    COMMON = "to the type that PyTorch's promotion gives for the arguments"


@dataclass(frozen=True)
class Handler(Registered):
    """One registered function.

    Attributes:
        promote: How its tensors are converted beforehand.
    """

    promote: Promote = Promote.NONE

    @cached_property
    def named(self) -> list[Parameter]:
        """The parameters of the function that can be passed by name; those by position come first."""
        return [p for p in self.parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]

    @cached_property
    def keywords(self) -> set[str]:
        """Their names."""
        return {p.name for p in self.named}

    def call(self, b: Any, overload: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], **reserved: Any) -> Any:
        """Converts one call; ``args`` and ``kwargs`` as the overload was called with.

        Raises:
            ConversionError: An argument must be known and is not, or the call has no equivalent.
        """
        positional, keyword = bind(overload, args, kwargs)
        options = {name: value for name, value in keyword.items() if name in self.keywords}
        options |= {name: value for name, value in reserved.items() if name in self.keywords}
        taken = [parameter.read(b, value, TO_KNOW) for parameter, value in zip(self.named, positional, strict=False)]
        return self.function(b, *taken, *positional[len(taken) :], **options)

    def check(self, overload: OpOverload) -> None:
        """Raises `TypeError` unless the function takes what the schema gives."""
        arguments = overload._schema.arguments
        positional = [a.name for a in arguments if not a.kwarg_only]
        given = {a.name for a in arguments if a.kwarg_only} - (PLACEMENT - self.keywords)
        inspect.signature(self.function).bind(None, *positional, **dict.fromkeys(given | (RESERVED & self.keywords)))


def bind(overload: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The values of the schema's positional arguments in order, and of the keyword-only ones by name, with defaults."""
    positional: list[Any] = []
    keyword: dict[str, Any] = {}
    for i, argument in enumerate(overload._schema.arguments):
        given = args[i] if i < len(args) else kwargs.get(argument.name, argument.default_value)
        if argument.kwarg_only:
            keyword[argument.name] = kwargs.get(argument.name, argument.default_value)
        else:
            positional.append(given)
    return positional, keyword


HANDLERS: dict[OpOverload, Handler] = {}
"""All handlers by overload."""
COMPLEX_HANDLERS: dict[OpOverload, Handler] = {}
"""Handlers of calls in which complex tensors take part; those arrive as `Complex`."""
LIBRARY_HANDLERS: dict[str, Handler] = {}
"""Handlers of operators that another library defines when it is imported, by the operator's qualified name."""

Function: TypeAlias = Callable[..., Any]
Key = TypeVar("Key")


def aten_op(
    *overloads: OpOverload, how: str, limits: str = "", promote: Promote = Promote.NONE, table: dict[OpOverload, Handler] = HANDLERS
) -> Callable[[Function], Function]:
    """Registers a handler for overloads of one meaning; ``how`` and ``limits`` become their rows in the coverage table."""

    def register(function: Function) -> Function:
        handler = Handler(function, parameters_of(function, _means_something), how, limits, promote)
        for overload in overloads:
            handler.check(overload)
            _enter(table, overload, handler)
        return function

    return register


def library_op(name: str, *, how: str, limits: str = "") -> Callable[[Function], Function]:
    """Registers a handler for an operator like ``torchao::dequantize_affine``, which may not be there."""

    def register(function: Function) -> Function:
        _enter(LIBRARY_HANDLERS, name, Handler(function, parameters_of(function, _means_something), how, limits))
        return function

    return register


def _enter(table: dict[Key, Handler], key: Key, handler: Handler) -> None:
    if key in table:
        raise TypeError(f"two handlers for {key}")
    table[key] = handler


def _means_something(parameter: Parameter) -> bool:
    items = get_args(parameter.type) if get_origin(parameter.type) in (list, Sequence) else [parameter.type]
    return parameter.known is not None or all(item in TYPES for item in items)


def is_of_plugin(overload: OpOverload) -> bool:
    """Whether an installed package has a handler for the overload, so that a model's file may call it."""
    handler = handler_of(overload)
    return handler is not None and bool(handler.origin)


def handler_of(overload: OpOverload) -> Handler | None:
    """The handler of calls on real tensors."""
    return HANDLERS.get(overload) or LIBRARY_HANDLERS.get(overload._schema.name)


def operand_like(b: Any, value: Any, like: Operand) -> Operand:
    """A number as a constant of another operand's type; operands as they are."""
    if isinstance(value, Operand):
        return value
    constant: Operand = b.constant(value, like.data_type)
    return constant


def unavailable(what: str) -> Callable[[], Any]:
    """Stands for an item of a result that a handler does not make; raises `ConversionError` when it is read."""

    def read() -> Any:
        raise ConversionError(f"{what} has no equivalent", "do not return it")

    return read


def one_to_one(rows: Mapping[OpOverload, str], promote: Promote = Promote.RESULT) -> None:
    """Registers overloads that are one WebNN operator: all arguments to its operands in order."""
    for overload, op in rows.items():
        aten_op(overload, promote=promote, how=op)(_calling(op, len(overload._schema.arguments)))


def _calling(op: str, count: int) -> Function:
    def call(b: Any, *arguments: Any) -> Any:
        return b.call(op, *arguments[:count])

    return call


def one_function(rows: Mapping[OpOverload, Function], promote: Promote = Promote.RESULT) -> None:
    """Registers overloads that are one function of the shared lowerings, whose description says how."""
    for overload, function in rows.items():
        how = (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ").rstrip(".")
        aten_op(overload, promote=promote, how=how)(function)


def core_overloads() -> Iterable[OpOverload]:
    """Every overload that PyTorch tags as core ATen."""
    # dir(aten) has only the operators that something has asked for.
    registered = (name.partition("::") for name in torch._C._dispatch_get_all_op_names())
    for name in sorted({operator.split(".")[0] for library, _, operator in registered if library == "aten"}):
        packet = getattr(aten, name)
        for overload in packet.overloads():
            if torch.Tag.core in getattr(packet, overload).tags:
                yield getattr(packet, overload)
