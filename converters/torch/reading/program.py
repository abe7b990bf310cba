"""Exported programs, from the files of ``torch.export.save``, without running anything that a file brings."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import torch
from torch._export.serde import schema, serialize
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, TensorArgument
from torch.utils import _pytree as pytree

from converters.torch.archive import load_plain
from converters.torch.reading.archive import Archive
from converters.torch.reading.description import PAYLOADS, PROGRAM, WORD
from converters.torch.reading.operators import TORCHAO, import_torchao
from converters.torch.reading.rules import Refused, Rule
from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, Where, reason

TRUST = "save the program anew with a current PyTorch, or give --trust-pickle if you trust the file"


def load_program(file: Path | IO[bytes], budget: Budget | None = None, *, name: str = "") -> ExportedProgram:
    """The program in a file.

    Args:
        file: An archive of ``torch.export.save``, of this or the older layout: a path, or a file in memory.
        budget: What may be decompressed and made.
        name: What errors call it; by default the path.

    Raises:
        ConversionError: It holds something that an honest program does not need: other functions than operators, objects, code.
        FormatError: It is damaged, or of a version that PyTorch does not read any more.
    """
    budget = budget or Budget()
    with Archive(file, budget, name) as archive:
        reader = _Older(archive, budget) if "serialized_exported_program.json" in archive else _Reader(archive, budget)
        document = reader.document()
        return _built(archive.path, document, reader.state_dict(), reader.constants(), reader.example_inputs(_tree_of(document)))


class _Reader:
    """The parts of a program in an archive."""

    DOCUMENT = "models/model.json"
    EXAMPLE_INPUTS = "data/sample_inputs/model.pt"

    def __init__(self, archive: Archive, budget: Budget) -> None:
        self.archive = archive
        self.path = archive.path
        self.budget = budget
        code = [name for folder in ("data/aotinductor", "data/executorch", "data/mtia") for name in archive.below(folder)]
        if code:
            raise ConversionError(f"{code[0]} is compiled code", "save the exported program itself: torch.export.save", Where(self.path))

    def document(self) -> dict[str, Any]:
        """The graph, checked."""
        checked: dict[str, Any] = self._json(self.DOCUMENT, PROGRAM)
        return checked

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The parameters and buffers."""
        return self._tensors("weights")

    def constants(self) -> dict[str, torch.Tensor]:
        """The tensors that are no part of the state."""
        return self._tensors("constants")

    def example_inputs(self, tree: str) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """The inputs that the program was exported with, in the form of ``tree``; None when it has none."""
        if self.EXAMPLE_INPUTS not in self.archive:
            return None
        leaves = pytree.tree_leaves(self._plain(self.EXAMPLE_INPUTS))
        spec = pytree.treespec_loads(tree)
        texts = [leaf for leaf in leaves if isinstance(leaf, str)]
        if len(leaves) != spec.num_leaves or not all(isinstance(leaf, torch.Tensor | bool | int | float | str | None) for leaf in leaves):
            return None
        try:
            for leaf in texts:
                WORD(leaf, "")
        except Refused as error:
            raise ConversionError(str(error), TRUST, Where(self.path, member=self.EXAMPLE_INPUTS), code=Code.NOT_TRUSTED) from None
        args, kwargs = pytree.tree_unflatten(leaves, spec)
        return tuple(args), kwargs

    def _tensors(self, folder: str) -> dict[str, torch.Tensor]:
        older = f"data/{folder}/model.pt"
        if older in self.archive:
            return self._state(older)
        config = self._json(f"data/{folder}/model_{folder}_config.json", PAYLOADS)["config"]
        flat: dict[str, torch.Tensor] = {}
        tensors = {}
        for name, entry in config.items():
            member = f"data/{folder}/{entry['path_name']}"
            if entry["use_pickle"]:
                tensor = self._plain(member)
                if not isinstance(tensor, torch.Tensor):
                    raise ConversionError(
                        f"{member} is a {type(tensor).__name__}, not a tensor", TRUST, Where(self.path), code=Code.NOT_TRUSTED
                    )
            elif entry.get("tensor_meta") is None:
                raise FormatError(f"the type and shape of {name} are missing", where=Where(self.path))
            else:
                tensor = self._view(flat, member, name, entry["tensor_meta"])
            tensors[name] = torch.nn.Parameter(tensor, requires_grad=_learns(entry, tensor)) if entry["is_param"] else tensor
        return tensors

    def _view(self, flat: dict[str, torch.Tensor], member: str, name: str, meta: Mapping[str, Any]) -> torch.Tensor:
        """The tensor of a payload; those that share one payload share their memory."""
        dtype = serialize._SERIALIZE_TO_TORCH_DTYPE[meta["dtype"]]
        shape, strides = [size["as_int"] for size in meta["sizes"]], [size["as_int"] for size in meta["strides"]]
        if member not in flat:
            content = self.archive.view(member)
            flat[member] = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
        stored = flat[member]
        payload = f"the payload of {name}"
        if stored.numel() % dtype.itemsize:
            raise FormatError(
                f"{payload} has {stored.numel()} bytes, which are no whole number of {dtype} elements", where=Where(self.path)
            )
        if math.prod(shape) > stored.numel() // dtype.itemsize:
            self.budget.make(tuple(shape), dtype.itemsize, f"{self.path}: {payload}")
        try:
            return torch.as_strided(stored.view(dtype), shape, strides, meta["storage_offset"]["as_int"])
        except (RuntimeError, TypeError, ValueError, OverflowError):
            wanted = f"{dtype} {shape} with strides {strides}"
            raise FormatError(f"{payload} has {stored.numel()} bytes, too few for {wanted}", where=Where(self.path)) from None

    def _state(self, member: str) -> dict[str, torch.Tensor]:
        content = self._plain(member)
        if not isinstance(content, dict) or not all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in content.items()):
            raise ConversionError(f"{member} holds something other than tensors by name", TRUST, Where(self.path), code=Code.NOT_TRUSTED)
        return content

    def _plain(self, member: str) -> Any:
        content = self.archive.read(member)
        if TORCHAO.encode() in content:
            import_torchao()
        return load_plain(io.BytesIO(content), f"{self.path}: {member}")

    def _json(self, member: str, rule: Rule) -> Any:
        try:
            document = json.loads(self.archive.read(member))
        except (ValueError, RecursionError):
            raise FormatError(f"{member} is damaged", where=Where(self.path)) from None
        try:
            return rule(document, "")
        except Refused as error:
            what = f"{error}; that is not what torch.export writes, and it could run code"
            raise ConversionError(what, TRUST, Where(self.path, member=member), code=Code.NOT_TRUSTED) from None
        except RecursionError:
            raise FormatError(f"{member} is nested too deeply", where=Where(self.path)) from None


class _Older(_Reader):
    """The layout of PyTorch before 2.8: one file of tensors each."""

    DOCUMENT = "serialized_exported_program.json"
    EXAMPLE_INPUTS = "serialized_example_inputs.pt"

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self._state("serialized_state_dict.pt")

    def constants(self) -> dict[str, torch.Tensor]:
        return self._state("serialized_constants.pt")


def _tree_of(document: Mapping[str, Any]) -> str:
    """How the arguments of a checked program are nested."""
    return str(document["graph_module"]["module_call_graph"][0]["signature"]["in_spec"])


def _learns(entry: Mapping[str, Any], tensor: torch.Tensor) -> bool:
    """Whether a parameter requires a gradient: only one of floating point can."""
    meta = entry.get("tensor_meta")
    return bool(meta and meta["requires_grad"] and (tensor.is_floating_point() or tensor.is_complex()))


def _built(
    path: str,
    document: Mapping[str, Any],
    state_dict: dict[str, torch.Tensor],
    constants: dict[str, torch.Tensor],
    example_inputs: tuple[tuple[Any, ...], dict[str, Any]] | None,
) -> ExportedProgram:
    """The program of checked parts. Sizes are SymPy expressions in ``document`` already, which PyTorch does not parse again."""
    try:
        serialized = serialize._dict_to_dataclass(schema.ExportedProgram, document)
        program = serialize.ExportedProgramDeserializer().deserialize(serialized, state_dict, constants, example_inputs)
    except Exception as error:  # PyTorch has no common exception for it
        raise FormatError(f"{path} cannot be loaded by PyTorch {torch.__version__}: {reason(error)}") from None
    _check_tensors(path, program)
    return program


def _check_tensors(path: str, program: ExportedProgram) -> None:
    """Raises `FormatError` when a parameter, buffer or constant is not of the type and shape that the graph says it is."""
    placeholders = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    for spec in program.graph_signature.input_specs:
        if spec.kind is InputKind.USER_INPUT or not isinstance(spec.arg, TensorArgument):
            continue
        declared, target = placeholders.get(spec.arg.name), str(spec.target)
        tensor = program.constants.get(target, program.state_dict.get(target))
        if not isinstance(declared, torch.Tensor) or not isinstance(tensor, torch.Tensor):
            raise FormatError(f"the tensor {target} is missing", where=Where(path))
        if tensor.layout is not torch.strided or tensor.is_nested or tensor.is_quantized or tensor.is_meta:
            raise FormatError(f"{target} is no dense tensor", where=Where(path))
        if (tensor.dtype, tensor.shape) != (declared.dtype, declared.shape):
            said = f"{declared.dtype} {list(declared.shape)}"
            raise FormatError(f"{target} is {tensor.dtype} {list(tensor.shape)}; the graph says {said}", where=Where(path))
