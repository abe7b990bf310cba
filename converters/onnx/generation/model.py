"""A model that generates: its files, its graphs, and whether these are right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from converters.checking.decoding import calls_of
from converters.checking.reference import GraphSource
from converters.generation import generating
from converters.onnx.generation.caching import Layout
from converters.onnx.generation.check import Growing, differs
from converters.onnx.generation.encoding import Encoder, encoder_of, sizes_said
from converters.onnx.generation.files import CONFIG, ENCODERS, find_files
from converters.onnx.generation.graphs import Request, decoder_graph
from converters.onnx.generation.interface import HIDDEN, Interface
from converters.onnx.generation.loading import loaded
from converters.onnx.generation.settings import settings_beside
from converters.onnx.generation.source import SourceDecoder
from converters.onnx.reading.interface import bound_value, free_inputs
from converters.source import Source
from webnn_graph import runtimes
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ValidationError, WebNNError
from webnn_graph.generation import Package, Settings
from webnn_graph.generation.text import Text, text_of
from webnn_graph.graph import Descriptor, Graph

TOP = 64
"""How many of the largest logits are given."""


class GeneratingModel:
    """A model that generates, as `converters.commands.workflow.Parts`.

    Args:
        path: Its decoder's file, or its folder.
        prompt_length: Tokens that ``prefill`` takes at once; with 1 there is only ``decode``.
        cache_length: Tokens that the cache has room for.
        top: How many of the largest logits are given.
        name: Beginning of the graphs' names; by default the folder's, or the file's.
        dims: Sizes of named dimensions.
        bind: Values of inputs that become constants.
        budget: How many times the normal work, memory and time the conversion of a graph may take.

    Raises:
        FormatError: There is no such model.
        ConversionError: It does not generate, or the cache is too short.
    """

    names = ("encode", "prefill", "decode")

    def __init__(
        self,
        path: Path,
        *,
        prompt_length: int,
        cache_length: int,
        top: int = TOP,
        name: str = "",
        dims: Mapping[str, int] | None = None,
        bind: Mapping[str, Any] | None = None,
        budget: float = 1.0,
    ) -> None:
        if not 1 <= prompt_length < cache_length:
            raise ConversionError(f"a cache of {cache_length} tokens does not hold a prompt of {prompt_length} and what is generated")
        self.files = find_files(path)
        self.name = name or path.stem
        self.prompt_length, self.cache_length = prompt_length, cache_length
        self._dims, self._bind = {**self.files.dims, **(dims or {})}, dict(bind or {})
        self._top, self._budget = top, budget
        self._decoder = loaded(self.files.decoder, self._bind)
        self.interface = Interface(self._decoder.model, self._dims, self._bind, self.files.decoder.name)
        if self.files.encoder is None and (HIDDEN in self.interface.inputs or self.interface.attends):
            raise ConversionError(
                f"{self.files.decoder.name} attends what an encoder gives, and there is none beside it",
                f"looked for {', '.join(f'{name}.onnx' for name in ENCODERS)}",
            )

    def convert(self) -> dict[str, Graph]:
        """The graphs by what they are for: ``encode``, ``prefill`` and ``decode``.

        They are compared with the source model: on a prompt that is filled up, tokens, a whole piece, and tokens again.

        Raises:
            ConversionError: The model cannot be converted, or gives something else with a cache of fixed size.
        """
        return dict(self._made[0])

    @property
    def package(self) -> Package:
        """What stands beside the graphs."""
        return Package(self.name, self.settings, self._text[0])

    @property
    def settings(self) -> Settings:
        """What a loop needs to know."""
        graphs, padding = self._made
        logits = next(operand for operand in graphs["decode"].outputs if operand.name == "logits")
        return settings_beside(
            self.files,
            kind="encoder-decoder" if "encode" in graphs else "decoder",
            cache=self.cache_length,
            vocabulary=logits.shape[1],
            padding=padding,
        )

    def source(self, name: str) -> Source:
        """What is right for a graph that was written: the graph, which was compared with the source model."""
        return GraphSource(self._made[0][name])

    def inputs(self, name: str) -> dict[str, Array]:
        """Places in the cache that exist, and no text that is filled up altogether."""
        if name == "encode":
            return {operand.name: np.ones(operand.shape) for operand in self._made[0][name].inputs if "mask" in operand.name}
        width = self.prompt_length if name == "prefill" else 1
        place = {"position": np.array([0 if name == "prefill" else self.prompt_length])}
        return place | ({"last": np.array([width - 1])} if width > 1 else {})

    # ------------------------------------------------------------------------------------------------------------- private
    @cached_property
    def _text(self) -> tuple[Text | None, str]:
        """The tokenizer beside the model, and what is to be said where there is none that a page can read."""
        try:
            return text_of(self.files.folder), ""
        except WebNNError as error:
            return None, f"generates tokens, not text: {error.what}"

    @cached_property
    def _made(self) -> tuple[dict[str, Graph], bool]:
        """The graphs in the first layout in which they are right, and whether a prompt may be filled up.

        A model that was exported for one token may take no more.
        """
        decode, both = {"decode": 1}, {"prefill": self.prompt_length, "decode": 1}
        attempts = [both] if self.prompt_length > 1 else [decode]
        attempts += [decode] if self.interface.takes_one and decode not in attempts else []
        problems: list[WebNNError] = []
        for widths in attempts:
            problems.clear()
            for layout in Layout:
                try:
                    return self._right(layout, widths)
                except (ConversionError, ValidationError) as problem:
                    problems.append(problem)
        raise next((problem for problem in problems if not isinstance(problem, ValidationError)), problems[0])

    def _right(self, layout: Layout, widths: Mapping[str, int]) -> tuple[dict[str, Graph], bool]:
        """The graphs in a layout. Raises `WebNNError` when they cannot be made, or are wrong."""
        crossed = {operand.name: operand for operand in (*self._encode.inputs, *self._encode.outputs)} if self._encode else {}
        made = {part: self._graph(part, tokens, layout, crossed) for part, tokens in widths.items()}
        graphs, padding = {part: graph for part, (graph, _) in made.items()}, all(takes_any for _, takes_any in made.values())
        calls = list(calls_of(widths, self.cache_length, self._window, padding=padding))
        told, source_told = self._told
        wrong = differs(graphs, Growing(self._source, source_told), calls, told)
        if wrong:
            raise ConversionError(
                f"{self.files.decoder.name} gives something else with a cache of fixed size than with one that grows: {wrong}"
            )
        if self._encoder:
            read = {operand.name for graph in graphs.values() for operand in graph.inputs}
            graphs = {"encode": generating(self._encoder.graph(Budget(self._budget), read), exact=False), **graphs}
        first = next(iter(graphs))
        graphs[first] = replace(graphs[first], notes=tuple(dict.fromkeys((*graphs[first].notes, *self._notes(graphs)))))
        return graphs, padding

    def _notes(self, graphs: Mapping[str, Graph]) -> Iterator[str]:
        """What is to be said of the model."""
        if self.prompt_length > 1 and "prefill" not in graphs:
            yield "the model was exported for one token at a time, and so is a prompt fed: there is no graph for a prompt"
        if self._text[1]:
            yield self._text[1]

    def _graph(self, part: str, tokens: int, layout: Layout, crossed: Mapping[str, Descriptor]) -> tuple[Graph, bool]:
        request = Request(f"{self.name}_{part}", tokens, self.cache_length, layout, self._top, crossed)
        graph, takes_any = decoder_graph(self._decoder, self.interface, request, Budget(self._budget))
        return generating(graph, exact=False), takes_any

    @cached_property
    def _encoder(self) -> Encoder | None:
        if self.files.encoder is None or (HIDDEN not in self.interface.inputs and not self.interface.attends):
            return None
        first = loaded(self.files.first) if self.files.first else self._decoder
        dims = {**sizes_said(self.files), **self._dims}
        return encoder_of(f"{self.name}_encode", loaded(self.files.encoder), first, self.interface, dims, self.prompt_length)

    @cached_property
    def _encode(self) -> Graph | None:
        """The encoder's graph with all that it can give."""
        return generating(self._encoder.graph(Budget(self._budget)), exact=False) if self._encoder else None

    @cached_property
    def _told(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """What the graphs of the decoder and the source model are told of made-up inputs of the encoder."""
        if self._encoder is None or self._encode is None:
            return {}, {}
        example = self._encoder.example(self.interface.vocabulary)
        made = runtimes.run(self._encode, example, runtime=runtimes.chosen(self._encode))
        return {**example, **made}, self._encoder.computed(example)

    @cached_property
    def _source(self) -> SourceDecoder:
        infos = free_inputs(self._decoder.model.graph)
        bound: dict[str, Array] = {name: bound_value(infos[name], value)[0] for name, value in self._bind.items()}
        first = self.files.first if self.interface.attends else None
        return SourceDecoder(self.files.decoder, first, self.interface, bound)

    @property
    def _window(self) -> int:
        """How far a token sees back, where the configuration says that and the cache is longer; else 0."""
        size = self.files.configuration(CONFIG).get("sliding_window")
        return size if type(size) is int and 0 < size < self.cache_length else 0
