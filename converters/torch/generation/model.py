"""A model that generates, in a file or folder, as the graphs that do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from converters.generation import generating, settings_of
from converters.supervised import limited
from converters.torch.configured import processor_of
from converters.torch.conversion import Conversion
from converters.torch.generation.decoder import DECODE, PREFILL, Lengths, decoder_programs
from converters.torch.generation.encoder_decoder import ENCODE, EncoderDecoder, encoder_decoder_programs, halves_of
from converters.torch.generation.spectrogram import Extractor, extractor_of
from converters.torch.huggingface import has_encoder
from converters.torch.interface import graph_inputs, graph_outputs, output_values
from converters.torch.load import load
from converters.torch.pretrained import Loaded
from converters.torch.source import TorchSource
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.generation.interface import PARTS, SPECTROGRAM
from webnn_graph.generation.package import Package
from webnn_graph.generation.text import Text, text_of
from webnn_graph.graph import Graph


class GenerativeModel:
    """A language model, or one with an encoder and a decoder, in a Hugging Face folder, as `converters.commands.workflow.Parts`.

    Args:
        path: The folder; or a file, see `converters.torch.load.load`, also for ``loading``.
        lengths: How many tokens its graphs take.
        dims: Sizes of what an encoder takes, see `converters.torch.configured.configured_inputs`.
        name: Beginning of the graphs' names.
    """

    def __init__(self, path: Path, lengths: Lengths, *, dims: Mapping[str, int] | None = None, name: str = "", **loading: Any) -> None:
        self.path = path
        self.name = name or path.stem
        self.lengths = lengths
        self._dims = dims or {}
        self._factor = (loading.get("budget") or Budget()).factor
        self._given: Mapping[str, torch.Tensor] = {}
        """Inputs that cannot be made up: text, and masks."""
        self._notes: Sequence[str] = ()  # of the model, said once
        self._loading = loading

    @property
    def names(self) -> Sequence[str]:
        """What the graphs may be called."""
        return PARTS

    @cached_property
    def _loaded(self) -> Loaded:
        task = self._loading.get("task") or ("" if self.path.is_dir() and has_encoder(self.path) else "text-generation")
        loaded = load(self.path, **{**self._loading, "task": task})
        if isinstance(loaded.module, ExportedProgram):
            raise ConversionError(f"{self.path} is an exported program; what generates is made of the model itself")
        return loaded

    @cached_property
    def halves(self) -> EncoderDecoder | None:
        """The model's encoder and decoder, if it has both."""
        return halves_of(self._loaded.module)

    @cached_property
    def programs(self) -> dict[str, ExportedProgram]:
        """The programs of the graphs, by part."""
        if self.halves:
            programs, notes, self._given = encoder_decoder_programs(self.halves, self.lengths, self._dims, self._folder)
        elif self._dims:
            raise ConversionError(f"{self.path} has no encoder whose inputs --dim could be about", "leave it out")
        else:
            programs, notes = decoder_programs(self._loaded.module, self.lengths)
        for program in programs.values():
            self._loaded.check(program)
        self._notes = [*self._loaded.notes, *notes, *self._text[1]]
        return programs

    @property
    def _folder(self) -> Path | None:
        return self.path if self.path.is_dir() else None

    @cached_property
    def extractor(self) -> Extractor | None:
        """How a sound becomes what the encoder takes, where that is known."""
        return extractor_of(self.halves.model, self._given, self._folder) if self.halves and self.programs else None

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
        model: Any = self.halves.decoder if self.halves else self._loaded.module
        program = self.programs[DECODE]
        outputs: dict[str, Any] = dict(zip(graph_outputs(program), output_values(program), strict=True))
        settings = settings_of(
            model.config.to_dict(),
            model.generation_config.to_dict(),
            kind="encoder-decoder" if self.halves else "decoder",
            cache=self.lengths.cache,
            vocabulary=outputs["logits"].meta["val"].shape[1],
            padding=bool(self.halves) or PREFILL in self.programs,
            tokenizer=self._text[0],
            sampling_rate=self.extractor.sampling_rate if self.extractor else processor_of(self._folder).get("sampling_rate"),
        )
        return Package(self.name, settings, self._text[0])

    def convert(self) -> dict[str, Graph]:
        """The graphs, by part."""
        with limited(self.path, self._factor):
            graphs = {
                part: generating(Conversion(program, f"{self.name}_{part}", Budget(self._factor), self._notes if i == 0 else ()).graph())
                for i, (part, program) in enumerate(self.programs.items())
            }
            made = {SPECTROGRAM: self.extractor.graph(f"{self.name}_{SPECTROGRAM}")} if self.extractor else {}
            return {**made, **graphs}

    def source(self, name: str) -> TorchSource:
        """The model as the source of right numbers for a part."""
        return TorchSource(self.extractor.program() if name == SPECTROGRAM and self.extractor else self.programs[name])

    def inputs(self, name: str) -> dict[str, Array]:
        """Places in the cache that exist, the prompt's for the first part, the one after it for the second; and what an encoder takes."""
        prompt = self.lengths.prompt
        places = {PREFILL: {"position": 0, "last": prompt - 1}, DECODE: {"position": prompt}}.get(name, {})
        given = {other: value for other, value in self._given.items() if name == ENCODE or other != "input_ids"}
        taken = graph_inputs(self.programs[name]) if name in self.programs else {}
        return {other: np.array([place]) for other, place in places.items()} | {
            other: value.numpy() for other, value in given.items() if other in taken
        }
