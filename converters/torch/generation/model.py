"""A language model in a file or folder, as the graphs that generate with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch.export import ExportedProgram

from converters.generation import generating, settings_of
from converters.supervised import limited
from converters.torch.conversion import Conversion
from converters.torch.generation.decoder import DECODE, PREFILL, Lengths, decoder_programs
from converters.torch.interface import graph_outputs, output_values
from converters.torch.load import load
from converters.torch.pretrained import Loaded
from converters.torch.source import TorchSource
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.generation.package import Package
from webnn_graph.generation.text import Text, text_of
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
        """What the graphs may be called."""
        return (PREFILL, DECODE)

    @cached_property
    def _loaded(self) -> Loaded:
        loaded = load(self.path, **self._loading)
        if isinstance(loaded.module, ExportedProgram):
            raise ConversionError(f"{self.path} is an exported program; a decoder is made of the model itself")
        return loaded

    @cached_property
    def programs(self) -> dict[str, ExportedProgram]:
        """The programs of the graphs, by part."""
        programs, notes = decoder_programs(self._loaded.module, self.lengths)
        for program in programs.values():
            self._loaded.check(program)
        self._notes = [*self._loaded.notes, *notes, *self._text[1]]
        return programs

    @cached_property
    def _text(self) -> tuple[Text | None, list[str]]:
        """The tokenizer beside the model, and what is to be said where there is none that a page can read."""
        try:
            return text_of(self.path), []
        except WebNNError as error:
            return None, [f"generates tokens, not text: {error.what}"]

    @cached_property
    def package(self) -> Package:
        """What stands beside the graphs."""
        model: Any = self._loaded.module
        program = self.programs[DECODE]
        outputs: dict[str, Any] = dict(zip(graph_outputs(program), output_values(program), strict=True))
        settings = settings_of(
            model.config.to_dict(),
            model.generation_config.to_dict(),
            kind="decoder",
            cache=self.lengths.cache,
            vocabulary=outputs["logits"].meta["val"].shape[1],
            padding=PREFILL in self.programs,
        )
        return Package(self.name, settings, self._text[0])

    def convert(self) -> dict[str, Graph]:
        """The graphs, by part."""
        with limited(self.path, self._factor):
            return {
                part: generating(Conversion(program, f"{self.name}_{part}", Budget(self._factor), self._notes if i == 0 else ()).graph())
                for i, (part, program) in enumerate(self.programs.items())
            }

    def source(self, name: str) -> TorchSource:
        """The model as the source of right numbers for a part."""
        return TorchSource(self.programs[name])

    def inputs(self, name: str) -> dict[str, Array]:
        """Places in the cache that exist: the prompt's for the first part, the one after it for the second."""
        prompt = self.lengths.prompt
        return {"position": np.array([0]), "last": np.array([prompt - 1])} if name == PREFILL else {"position": np.array([prompt])}
