"""A model from a file with its example inputs: what the command line converts and verifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from converters.described import described
from converters.random_numbers import Random, check, finished
from converters.supervised import limited
from converters.torch.archive import kind_of
from converters.torch.capture import captured
from converters.torch.configured import configured_inputs, is_configured
from converters.torch.conversion import Conversion
from converters.torch.dimensions import dimensions, known_sizes, resized
from converters.torch.inputs import InputSpec, bind, bind_program, brought_along, examples_of, parameters_of, tensor_inputs
from converters.torch.load import load
from converters.torch.noise import with_noise
from converters.torch.pretrained import Loaded
from converters.torch.script import script_program
from converters.torch.source import TorchSource
from converters.torch.tensors import DATA_TYPES, REPLACED, to_array
from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.file_kinds import FileKind
from webnn_graph.graph import Graph
from webnn_graph.progress import Watcher


class TorchModel:
    """A model of a file.

    Args:
        path: See `converters.torch.load.load`, also for ``loading``.
        inputs: Names, types and shapes of the inputs. Without any, those of ``values`` or those that the model brings.
        values: Arrays by input name; they give types and shapes where ``inputs`` does not.
        dims: Sizes of the dimensions that have names in ``inputs``, of a program's symbols, or of what a configuration calls so.
        like: Inputs of a graph of the model: without other ones, it is taken for inputs of these names and shapes.
        name: The graph's name; by default the file's stem.
        trust_script: See `load`.
        submodule: See `load`.
        budget: What the conversion may do and make.
        random: See `converters.torch.convert`.
        progress: Is told how far the conversion is.
        loading: What else `load` takes.
    """

    def __init__(
        self,
        path: Path,
        *,
        inputs: Sequence[InputSpec] = (),
        values: Mapping[str, Array] | None = None,
        dims: Mapping[str, int] | None = None,
        like: Sequence[InputSpec] = (),
        name: str = "",
        submodule: str = "",
        trust_script: bool = False,
        budget: Budget | None = None,
        random: Random = None,
        progress: Watcher | None = None,
        **loading: Any,
    ) -> None:
        self.path = path
        self.name = name or path.stem
        self._inputs = inputs
        self._values = values or {}
        self._dims = dims or {}
        self._like = () if inputs or values else like
        self._trust_script = trust_script
        self._submodule = submodule
        self.budget = budget or Budget()
        self._progress = progress
        self._random = check(random)
        self._loading = loading
        self._notes: list[str] = []
        self._examples: Mapping[str, torch.Tensor] = {}
        self._module: torch.nn.Module | None = None

    def convert(self) -> Graph:
        """The graph. Raises `ConversionError` and `FormatError` as `load` and `converters.torch.convert` do."""
        with limited(self.path, self.budget.factor):
            graph = finished(Conversion(self.program, self.name, self.budget, self._notes, self._progress).graph(), self._random)
            return described(graph, self.path) if self.path.is_dir() else graph

    def source(self) -> TorchSource:
        """The model as the source of right numbers."""
        program = self.program
        examples = {name: to_array(tensor) for name, tensor in self._examples.items() if tensor.dtype in {*DATA_TYPES, *REPLACED}}
        return TorchSource(program, examples, self._module)

    @cached_property
    def program(self) -> ExportedProgram:
        """The model as a program that holds what can be converted, wherever possible."""
        return self._program() if self._random is None else with_noise(self._program())

    def _program(self) -> ExportedProgram:
        if kind_of(self.path) is FileKind.SCRIPT and not self._loading.get("factory"):
            program = script_program(
                self.path,
                self._given() or {s.name: s.tensor({}) for s in self._like},
                submodule=self._submodule,
                trust_script=self._trust_script,
                budget=self.budget,
            )
            return captured(program)
        module = self.loaded.module
        program = self._captured(module)
        self.loaded.check(program)
        self._notes[:0] = self.loaded.notes
        self._module = None if isinstance(module, ExportedProgram | torch.jit.ScriptModule) else module
        return program

    @cached_property
    def loaded(self) -> Loaded:
        """What the file holds. Raises `ConversionError` and `FormatError` as `load` does."""
        return load(self.path, submodule=self._submodule, trust_script=self._trust_script, budget=self.budget, **self._loading)

    def sizes(self, program: ExportedProgram) -> dict[str, int]:
        """The sizes of a program's symbols that are known: given, or those of the inputs that it brings."""
        return known_sizes(program, self._dims, {name: torch.from_numpy(array) for name, array in self._values.items()})

    def _captured(self, model: torch.nn.Module | ExportedProgram) -> ExportedProgram:
        """The program of the model for the inputs that are given."""
        if isinstance(model, ExportedProgram):
            self._examples = examples_of(model)
            return self._of_program(model)
        if is_configured(model) and not self._inputs and (inputs := self._configured(model)):
            self._examples = inputs
            return captured(model, (), inputs)
        given = self._given() or {spec.name: spec.tensor({}) for spec in self._taken(model)}
        if given:
            return captured(model, *bind(model, given))
        program = captured(model, *brought_along(model))
        self._examples = examples_of(program)
        return program

    def _configured(self, model: torch.nn.Module) -> dict[str, torch.Tensor]:
        """The inputs of a model of transformers in the sizes that its configuration says; none where it does not."""
        values = {name: torch.from_numpy(array) for name, array in self._values.items()}
        like = {spec.name: spec.tensor({}) for spec in self._taken(model)} if self._like else None
        inputs, self._notes = configured_inputs(model, self._dims, values, self.path if self.path.is_dir() else None, like)
        return inputs

    def _of_program(self, model: ExportedProgram) -> ExportedProgram:
        """The program for the inputs that the user gives, in its own types, and for its own in the place of the others."""
        types = {name: fake.dtype for name, fake in tensor_inputs(model).items()}
        values = {name: torch.from_numpy(array) for name, array in self._values.items()}
        given = {name: tensor.to(types.get(name, tensor.dtype)) for name, tensor in values.items()}
        given |= {spec.name: spec.tensor({}).to(types[spec.name]) for spec in self._like if spec.name in types}
        if dimensions(model):
            specified = {spec.name: spec.tensor(self._dims) for spec in self._inputs}
            of_symbols = {name: size for name, size in self._dims.items() if name not in self._named_in_inputs}
            args, kwargs, self._notes = resized(model, of_symbols, given | specified)
            return captured(model, args, kwargs)
        given |= self._specified()
        return captured(model, *(bind_program(model, given) if given else ((), {})))

    def _taken(self, model: torch.nn.Module) -> list[InputSpec]:
        """Those of the inputs of a graph that are arguments of ``forward``; others are what the module changes."""
        parameters = parameters_of(model)
        return [spec for spec in self._like if parameters is None or spec.name in parameters]

    def _given(self) -> dict[str, torch.Tensor]:
        """The example inputs that the user gives, by name."""
        return {name: torch.from_numpy(array) for name, array in self._values.items()} | self._specified()

    def _specified(self) -> dict[str, torch.Tensor]:
        """Inputs of the names, types and shapes that the user gives."""
        given = {spec.name: spec.tensor(self._dims) for spec in self._inputs}
        unused = set(self._dims) - self._named_in_inputs
        if unused:
            raise ConversionError(
                f"no input has a dimension {unused.pop()}",
                "--input 'x:float32[batch,3,224,224]' --dim batch=1",
                code=Code.UNKNOWN_DIMENSION,
            )
        return given

    @property
    def _named_in_inputs(self) -> set[int | str]:
        """The names that dimensions have in the user's inputs, beside the sizes there."""
        return {size for spec in self._inputs for size in spec.shape}
