"""From a module to an exported program with static shapes."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.nn.modules import batchnorm, dropout, instancenorm
from torch.utils import _pytree as pytree

from converters.torch.known_values import KnownValues
from converters.torch.packed import check_packed
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError

LOG = logging.getLogger("webnn_graph.torch")
DIFFERENT_IN_TRAINING = (dropout._DropoutNd, batchnorm._NormBase, instancenorm._InstanceNorm)
NOT_THE_MODEL = (str(Path(torch.__file__).parent), str(Path(__file__).parent), "<")
"""How the names of files begin whose lines say nothing of a model."""
IN_WORDS = {
    "data-dependent": "a size or a branch depends on values of tensors",
    "Couldn't swap": "its forward converts parameters of its own",
    "data is not allocated": "its forward reads or assigns values that are not known yet",
}
"""What PyTorch means, by what it says."""


def export(module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> ExportedProgram:
    """The module's computation for inputs of exactly these shapes.

    Raises:
        ConversionError: The module is in training mode, or torch.export cannot capture it.
    """
    _check_mode(module)
    check_packed(module.modules())
    given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    try:
        with torch.no_grad(), logged(), KnownValues([*given, *module.parameters(), *module.buffers()]):
            return torch.export.export(module, tuple(args), dict(kwargs or {}), strict=False)
    except Exception as error:
        raise _explained(module, error) from error


@contextmanager
def logged() -> Iterator[None]:
    """Inside, what PyTorch prints, such as graphs that it could not finish, becomes a message of this module's logger."""
    text = io.StringIO()
    try:
        with redirect_stdout(text), redirect_stderr(text):
            yield
    finally:
        if text.getvalue().strip():
            LOG.info(text.getvalue().strip())


def specialize(program: ExportedProgram, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> ExportedProgram:
    """The program for inputs of exactly these shapes; by default those that it was exported with.

    Raises:
        ConversionError: Dimensions are symbolic and there are no inputs to take sizes from.
    """
    if not program.range_constraints:
        _check_shapes(program, pytree.tree_leaves((args, dict(kwargs or {}))))
        return program
    if not args and not kwargs:
        args, kwargs = program.example_inputs or ((), {})
    if not args and not kwargs:
        raise ConversionError(
            "the program has dynamic shapes and brings no example inputs",
            "give inputs: --input 'x:float32[1,3,224,224]'",
            code=Code.MISSING_EXAMPLE_INPUTS,
        )
    return export(program.module(check_guards=False), args, kwargs)


def _check_shapes(program: ExportedProgram, given: Sequence[Any]) -> None:
    """Raises `ConversionError` when there are inputs and they are not those of a program with fixed shapes."""
    names = program.graph_signature.user_inputs
    wanted = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    for name, value in zip(names, given, strict=False):
        fake = wanted.get(str(name))
        if isinstance(value, torch.Tensor) and isinstance(fake, torch.Tensor) and (value.shape, value.dtype) != (fake.shape, fake.dtype):
            described = [f"{str(t.dtype).removeprefix('torch.')}{list(t.shape)}" for t in (fake, value)]
            raise ConversionError(
                f"input {name} was exported as {described[0]}, and is given as {described[1]}", "export it again for other shapes"
            )


def _check_mode(module: torch.nn.Module) -> None:
    modules = [(name, m) for name, m in module.named_modules() if m.training and isinstance(m, DIFFERENT_IN_TRAINING)]
    if modules:
        name, first = modules[0]
        raise ConversionError(
            f"the module is in training mode, in which {name or 'it'} ({type(first).__name__}) behaves differently",
            "call module.eval() first",
        )


def _explained(module: torch.nn.Module, error: Exception) -> ConversionError:
    """What stopped torch.export, with the line of the model that did."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(NOT_THE_MODEL)]
    where = f"\n  at {frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""
    said = str(error).strip().split("\n\n")[0] or type(error).__name__
    reason = next((words for mark, words in IN_WORDS.items() if mark in said), said)
    return ConversionError(f"torch.export cannot capture {type(module).__name__}: {reason}{where}", _hint(said))


def _hint(reason: str) -> str:
    if "register a pytree" in reason and "Cache" in reason:
        return "have it return no cache: use_cache=False in its configuration and its decoder's, or beside the example inputs"
    if "data-dependent" in reason or "unbacked" in reason or "GuardOnDataDependent" in reason:
        return "the shape or a branch depends on tensor values; compute it outside of the model, or pass it as a Python number"
    if "positional argument" in reason or "keyword argument" in reason or "missing" in reason:
        return "the example inputs must be the arguments of the module's forward"
    return ""
