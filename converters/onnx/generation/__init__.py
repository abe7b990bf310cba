"""Generating models in ONNX, as graphs with a cache of fixed size.

    model = GeneratingModel(Path("model"), prompt_length=16, cache_length=128)
    graphs = model.graphs     # decode and prefill; encode for encoder-decoders
    settings = model.settings

The exports of Optimum, transformers.js and onnxruntime-genai are recognised by the names of their inputs and outputs. Their
caches grow: here the past has a fixed size, and new tokens are written into it at ``position``.

``prefill`` takes ``prompt_length`` tokens at once, ``decode`` one:

* ``input_ids``: int32[1, tokens];
* ``position``: int32[1], how many tokens are in the cache already;
* ``last``: int32[1], only of ``prefill``: which of the tokens the logits are wanted after;
* ``past_key_0`` ...: what the call before gave as ``present_key_0`` ..., zeros at first;
* of encoder-decoders what ``encode`` gives, or takes, under the same names.

They give ``logits`` float32[1, vocabulary], the largest of them and their ids, ``top_logits`` and ``top_ids``, and the states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from converters.onnx.generation.caching import Layout
from converters.onnx.generation.check import Growing, calls_of, differs
from converters.onnx.generation.files import CONFIG, find_files
from converters.onnx.generation.graphs import Loaded, Request, decoder_graph
from converters.onnx.generation.interface import Interface
from converters.onnx.generation.settings import settings_of
from converters.onnx.reading.belonging import check_weights
from converters.onnx.reading.interface import InterfaceOptions, bound_value, free_inputs
from converters.onnx.reading.load import load_model
from converters.onnx.reading.structure import check_model
from converters.plugins import load_plugins
from webnn_graph.budget import Budget
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError, ValidationError, WebNNError
from webnn_graph.graph import Descriptor, Graph

TOP = 64
"""How many of the largest logits are given."""


class GeneratingModel:
    """A model that generates.

    Args:
        path: Its decoder's file, or its folder.
        prompt_length: Tokens that ``prefill`` takes at once; with 1 there is only ``decode``.
        cache_length: Tokens that the cache has room for.
        name: Beginning of the graphs' names; by default the folder's, or the file's.
        dims: Sizes of named dimensions.
        bind: Values of inputs that become constants.
        top: How many of the largest logits are given.
        budget: How many times the normal work, memory and time the conversion of a graph may take.

    Raises:
        FormatError: There is no such model.
        ConversionError: It does not generate, or the cache is too short.
    """

    def __init__(
        self,
        path: Path,
        *,
        prompt_length: int,
        cache_length: int,
        name: str = "",
        dims: Mapping[str, int] | None = None,
        bind: Mapping[str, Any] | None = None,
        top: int = TOP,
        budget: float = 1.0,
    ) -> None:
        if not 1 <= prompt_length < cache_length:
            raise ConversionError(f"a cache of {cache_length} tokens does not hold a prompt of {prompt_length} and what is generated")
        self.files = find_files(path)
        self.name = name or path.stem
        self.prompt_length, self.cache_length = prompt_length, cache_length
        self._dims, self._bind = {**self.files.dims, **(dims or {})}, dict(bind or {})
        self._top, self._budget = top, budget
        self._decoder = self._loaded(self.files.decoder)
        self.interface = Interface(self._decoder.model, self._dims, self._bind, self.files.decoder.name)

    @property
    def graphs(self) -> Mapping[str, Graph]:
        """The graphs by what they are for: ``decode``, ``prefill``, ``encode``.

        Raises:
            ConversionError: The model cannot be converted, or gives something else with a cache of fixed size.
        """
        return self._made[0]

    @property
    def settings(self) -> dict[str, Any]:
        """What a loop needs to know besides the graphs: members of ``generation.json``."""
        kind = "encoder-decoder" if self.files.encoder else "decoder"
        return settings_of(self.files, kind=kind, cache=self.cache_length, padding=self._made[1])

    # ------------------------------------------------------------------------------------------------------------- private
    @cached_property
    def _made(self) -> tuple[dict[str, Graph], bool]:
        """The graphs in the first layout in which they are right, and whether a prompt may be filled up.

        A model that was exported for one token may take no more.
        """
        decode, both = {"decode": 1}, {"decode": 1, "prefill": self.prompt_length}
        attempts = [both] if self.prompt_length > 1 else [decode]
        attempts += [decode] if self.interface.takes_one and decode not in attempts else []
        problems: list[WebNNError] = []
        for widths in attempts:
            for layout in Layout:
                try:
                    return self._right(layout, widths)
                except WebNNError as problem:
                    problems.append(problem)
        raise next((problem for problem in problems if not isinstance(problem, ValidationError)), problems[0])

    def _right(self, layout: Layout, widths: Mapping[str, int]) -> tuple[dict[str, Graph], bool]:
        """The graphs in a layout. Raises `WebNNError` when they cannot be made, or are wrong."""
        made = {part: self._graph(part, tokens, layout) for part, tokens in widths.items()}
        graphs, padding = {part: graph for part, (graph, _) in made.items()}, all(takes_any for _, takes_any in made.values())
        calls = list(calls_of(widths, self.cache_length, self._window, padding))
        wrong = differs(graphs, self._source(), calls, {})
        if wrong:
            raise ConversionError(
                f"{self.files.decoder.name} gives something else with a cache of fixed size than with one that grows: {wrong}"
            )
        if self.prompt_length > 1 and "prefill" not in graphs:
            note = "the model was exported for one token at a time, and so is a prompt fed: there is no graph for a prompt"
            graphs["decode"] = replace(graphs["decode"], notes=(*graphs["decode"].notes, note))
        return graphs, padding

    def _graph(self, part: str, tokens: int, layout: Layout) -> tuple[Graph, bool]:
        crossed: Mapping[str, Descriptor] = {}
        request = Request(f"{self.name}_{part}", tokens, self.cache_length, layout, self._top, crossed)
        return decoder_graph(self._decoder, self.interface, request, Budget(self._budget))

    def _source(self) -> Growing:
        infos = free_inputs(self._decoder.model.graph)
        bound: dict[str, Array] = {name: bound_value(infos[name], value)[0] for name, value in self._bind.items()}
        return Growing(self.files.decoder, self.interface, bound, {})

    @property
    def _window(self) -> int:
        """How far a token sees back, where the configuration says that and the cache is longer; else 0."""
        size = self.files.configuration(CONFIG).get("sliding_window")
        return size if type(size) is int and 0 < size < self.cache_length else 0

    def _loaded(self, path: Path) -> Loaded:
        model = load_model(path)
        check_model(model)
        check_weights(model, path.parent)
        load_plugins("onnx")
        return Loaded(model, path.parent, InterfaceOptions(bind=self._bind))
