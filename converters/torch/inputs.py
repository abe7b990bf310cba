"""Example inputs: what the command line says of them, what a module brings, and how they fit ``forward``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from converters.torch.archive import load_plain
from converters.torch.tensors import data_type
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.feeds import read_arrays, seeded
from webnn_graph.graph import Operand
from webnn_graph.names import nearest
from webnn_graph.ops.rules import check_shape

SPECIFICATION = re.compile(r"\s*([\w.]+)\s*:\s*(\w+)\s*\[([^\]]*)\]\s*\Z")
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}


@dataclass(frozen=True)
class InputSpec:
    """``x:float32[1,3,224,224]``: an input's name, type and shape; dimensions are sizes or names."""

    name: str
    dtype: torch.dtype
    shape: tuple[int | str, ...]

    @classmethod
    def parse(cls, text: str) -> InputSpec:
        """Raises `ValueError` when the text is not of this form."""
        match = SPECIFICATION.match(text)
        if not match or match[2] not in DTYPES:
            raise ValueError(text)
        parts = [part.strip() for part in match[3].split(",") if part.strip()]
        shape = tuple(int(part) if part.isdigit() else part for part in parts)
        if not all(isinstance(size, int) or size.isidentifier() for size in shape):
            raise ValueError(text)
        return cls(match[1], DTYPES[match[2]], shape)

    @classmethod
    def of(cls, operand: Operand) -> InputSpec:
        """Of the input of a graph."""
        return cls(operand.name, DTYPES[str(operand.data_type)], tuple(operand.shape))

    def tensor(self, dims: Mapping[str, int]) -> torch.Tensor:
        """Made-up values, the same for the same name.

        Raises:
            ConversionError: A dimension has a name without a size.
            ValidationError: WebNN has no tensors of this shape.
        """
        unknown = [size for size in self.shape if isinstance(size, str) and size not in dims]
        if unknown:
            raise ConversionError(
                f"input {self.name} has the dimension {unknown[0]}", f"give its size: --dim {unknown[0]}=N", code=Code.MISSING_DIMENSION
            )
        shape = tuple(dims[size] if isinstance(size, str) else size for size in self.shape)
        check_shape(f"input {self.name} has", shape)
        if self.dtype is torch.bool:
            return torch.ones(shape, dtype=torch.bool)
        array = seeded([Operand(data_type(self.dtype), shape, self.name)])[self.name]
        return torch.from_numpy(array).to(self.dtype)


def read_inputs(path: Path) -> dict[str, Array]:
    """The arrays by name in a ``.npz`` file, or in a ``.pt`` file that holds a dictionary of tensors.

    Raises:
        FormatError: The file is damaged or of another kind.
        ConversionError: It holds something else.
    """
    if path.suffix not in (".pt", ".pth"):
        return read_arrays(path)
    content = load_plain(path)
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ConversionError(f"{path} does not hold a dictionary of tensors", "torch.save({'x': x}, path) writes one")
    return {str(name): tensor.numpy() for name, tensor in content.items()}


def bind(module: torch.nn.Module, given: Mapping[str, torch.Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Inputs as the arguments of ``forward``: by name where it has parameters of these names, otherwise in order.

    Raises:
        ConversionError: Some names are its parameters' and others are not, or there are too few.
    """
    parameters = parameters_of(module)
    if parameters is None:
        return tuple(given.values()), {}
    known = [name for name in given if name in parameters]
    if len(known) < len(given) and known:
        wrong = next(name for name in given if name not in parameters)
        raise ConversionError(
            f"forward has no parameter {wrong!r}", nearest(wrong, parameters) or f"it has {', '.join(parameters)}", code=Code.UNKNOWN_TENSOR
        )
    if not known and len(given) > len(parameters):
        raise ConversionError(f"{len(given)} inputs are given, forward takes {', '.join(parameters)}")
    named = dict(given) if known else dict(zip(parameters, given.values(), strict=False))
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in named]
    if missing and isinstance(dummy := getattr(module, "dummy_inputs", None), Mapping):
        named = {name: dummy[name] for name in missing if name in dummy} | named
        missing = [name for name in missing if name not in named]
    if missing:
        raise ConversionError(f"forward needs {', '.join(missing)}", _how_to_give(module, missing), code=Code.MISSING_EXAMPLE_INPUTS)
    return (), named


def bind_program(program: ExportedProgram, given: Mapping[str, torch.Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Inputs as the arguments that a program was exported with; in the place of those of fixed sizes that are not given, zeros.

    Raises:
        ConversionError: The names are not those of its inputs, or one whose size is not known is not given.
    """
    names = list(program.graph_signature.user_inputs)
    fixed = {name: fake for name, fake in tensor_inputs(program).items() if all(isinstance(size, int) for size in fake.shape)}
    given = {name: _zeros(name, fake) for name, fake in fixed.items()} | dict(given)
    wrong = [name for name in given if name not in names]
    missing = [name for name in names if name not in given]
    if wrong or missing:
        problem = f"has no input {wrong[0]!r}" if wrong else f"needs {', '.join(map(str, missing))}"
        raise ConversionError(f"the program {problem}", f"its inputs are {', '.join(map(str, names))}")
    return pytree.tree_unflatten([given[str(name)] for name in names], program.call_spec.in_spec)


def _zeros(name: str, fake: torch.Tensor) -> torch.Tensor:
    check_shape(f"input {name} has", list(fake.shape))
    return torch.zeros(fake.shape, dtype=fake.dtype)


def tensor_inputs(program: ExportedProgram) -> dict[str, torch.Tensor]:
    """The inputs that a program's caller gives and that are tensors, by name; of fake tensors only type and shape are known."""
    tensors = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    named = ((str(name), tensors.get(str(name))) for name in program.graph_signature.user_inputs)
    return {name: fake for name, fake in named if isinstance(fake, torch.Tensor)}


def examples_of(program: ExportedProgram) -> dict[str, torch.Tensor]:
    """The tensors that a program was exported with, by input name, as far as it keeps them."""
    leaves = pytree.tree_leaves(program.example_inputs or ())
    names = [str(name) for name in program.graph_signature.user_inputs]
    return {name: leaf for name, leaf in zip(names, leaves, strict=False) if isinstance(leaf, torch.Tensor)}


def parameters_of(module: torch.nn.Module) -> dict[str, inspect.Parameter] | None:
    """The parameters of ``forward`` by name; None when it takes any number or does not say."""
    try:
        parameters = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        return None
    return {name: p for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD}


def brought_along(module: torch.nn.Module) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The example inputs that a module brings: Lightning's ``example_input_array``, transformers' ``dummy_inputs``.

    Raises:
        ConversionError: It brings none.
    """
    example = getattr(module, "example_input_array", None)
    if isinstance(example, torch.Tensor):
        return (example,), {}
    is_script = isinstance(module, torch.jit.ScriptModule)  # what it brings is a file's: tensors are all that can be trusted
    if isinstance(example, Sequence) and example and (not is_script or all(isinstance(item, torch.Tensor) for item in example)):
        return tuple(example), {}
    dummy = getattr(module, "dummy_inputs", None)
    parameters = parameters_of(module)
    # transformers says that every model takes input_ids, those of pictures and sounds, too.
    if isinstance(dummy, Mapping) and dummy and not is_script and set(dummy) <= set(parameters or dummy):
        return (), dict(dummy)
    names = [name for name, p in (parameters or {}).items() if p.default is p.empty] or list(parameters or {})[:1] or ["x"]
    raise ConversionError(
        f"the example inputs of {type(module).__name__} are not known", _how_to_give(module, names), code=Code.MISSING_EXAMPLE_INPUTS
    )


def _how_to_give(module: torch.nn.Module, names: Sequence[str]) -> str:
    """The options, with the sizes of a picture that a Hugging Face configuration names."""
    config = getattr(module, "config", None)
    sizes = getattr(config, "image_size", None)
    height, width = sizes if isinstance(sizes, list | tuple) and len(sizes) == 2 else (sizes, sizes)
    shape = (1, getattr(config, "num_channels", None) or 3, height or 224, width or 224)
    return "give them: " + " ".join(f"--input '{name}:float32[{','.join(map(str, shape))}]'" for name in names)
