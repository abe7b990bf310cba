"""A language model in a file or folder, as the graphs that generate with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch.export import ExportedProgram

from converters.supervised import limited
from converters.torch.conversion import Conversion
from converters.torch.generation.decoder import PREFILL, Lengths, decoder_graph, decoder_programs
from converters.torch.load import load
from converters.torch.source import TorchSource
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph


class DecoderModel:
    """A language model in a Hugging Face folder, as `converters.commands.workflow.Parts`.

    Args:
        path: The folder; or a file, see `converters.torch.load.load`, also for ``loading``.
        lengths: How many tokens its graphs take.
        name: Beginning of the graphs' names.
    """

    def __init__(self, path: Path, lengths: Lengths, *, name: str = "", **loading: Any) -> None:
        self.path = path
        self.name = name or path.stem
        self.lengths = lengths
        self._factor = (loading.get("budget") or Budget()).factor
        self._notes: Sequence[str] = ()  # of the model, said once
        self._loading = {**loading, "task": loading.get("task") or "text-generation"}

    @property
    def names(self) -> Sequence[str]:
        """What the graphs are called."""
        return list(self.programs)

    @cached_property
    def programs(self) -> dict[str, ExportedProgram]:
        """The programs of the graphs, by part."""
        loaded = load(self.path, **self._loading)
        if isinstance(loaded.module, ExportedProgram):
            raise ConversionError(f"{self.path} is an exported program; a decoder is made of the model itself")
        programs, notes = decoder_programs(loaded.module, self.lengths)
        for program in programs.values():
            loaded.check(program)
        self._notes = [*loaded.notes, *notes]
        return programs

    def convert(self) -> dict[str, Graph]:
        """The graphs, by part."""
        with limited(self.path, self._factor):
            return {
                part: decoder_graph(Conversion(program, f"{self.name}_{part}", Budget(self._factor), self._notes if i == 0 else ()))
                for i, (part, program) in enumerate(self.programs.items())
            }

    def source(self, name: str) -> TorchSource:
        """The model as the source of right numbers for a part."""
        return TorchSource(self.programs[name])

    def inputs(self, name: str) -> dict[str, Array]:
        """Places in the cache that exist: the prompt's for the first part, the one after it for the second."""
        prompt = self.lengths.prompt
        return {"position": np.array([0]), "last": np.array([prompt - 1])} if name == PREFILL else {"position": np.array([prompt])}
