"""The graph of an encoder, which also gives the keys and values that the decoder attends: they stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from converters.onnx.convert import run, scope_of
from converters.onnx.execution import Prepared
from converters.onnx.generation.files import CONFIG, Files
from converters.onnx.generation.interface import BRANCH, GROWS, HIDDEN, HIDDEN_MASK, Interface
from converters.onnx.generation.loading import Loaded
from converters.onnx.reading.interface import Input, InterfaceOptions, dims_of, free_inputs, graph_inputs, numpy_type
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Graph, Operand
from webnn_graph.passes import optimize

PREPROCESSOR = "preprocessor_config.json"
MASK = "attention_mask"


@dataclass(frozen=True)
class Encoder:
    """An encoder with its decoder.

    Attributes:
        name: The graph's name.
        encoder: The encoder.
        first: The decoder that computes keys and values of the encoder's output; None for decoders without such a past.
        interface: The decoder's.
        inputs: The encoder's inputs.
    """

    name: str
    encoder: Loaded
    first: Loaded | None
    interface: Interface
    inputs: list[Input]

    def example(self, vocabulary: int) -> dict[str, Array]:
        """Made-up inputs; the end of a text is filled up. There are at least so many tokens in the vocabulary."""
        random = np.random.default_rng(0)
        values: dict[str, Array] = {}
        for given in self.inputs:
            if given.data_type.is_float:
                values[given.name] = random.standard_normal(given.shape).astype(given.data_type.numpy)
            elif MASK in given.name:
                length = given.shape[-1]
                values[given.name] = np.broadcast_to(np.arange(length) < max(length - length // 4, 1), given.shape).astype(np.int32)
            else:
                values[given.name] = random.integers(0, vocabulary, given.shape).astype(np.int32)
        return values

    def computed(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """What the source model's decoder is told of these inputs by the source model's encoder."""
        infos = free_inputs(self.encoder.model.graph)
        feeds = {name: value.astype(numpy_type(infos[name])) for name, value in inputs.items()}
        hidden = Prepared(self.encoder.path).run(feeds, [self._output])[self._output]
        return {HIDDEN: hidden, HIDDEN_MASK: feeds.get(MASK, np.ones(hidden.shape[:2], np.int64))}

    @property
    def _output(self) -> str:
        names = [info.name for info in self.encoder.model.graph.output]
        return "last_hidden_state" if "last_hidden_state" in names else names[0]

    def graph(self, budget: Budget, wanted: Collection[str] | None = None) -> Graph:
        """The graph.

        Args:
            budget: What it may cost.
            wanted: Names of outputs; by default all.

        Raises:
            ConversionError: It cannot be converted.
        """
        b = GraphBuilder(self.name, budget)
        conversion = self.encoder.conversion(b)
        scope = scope_of(conversion)
        for given in self.inputs:
            conversion.element(given.element.onnx_type)
            kind = given.data_type if given.data_type.is_float else DataType.INT32
            scope.values[given.name] = b.cast(b.input(given.name, kind, given.shape), given.data_type)
            scope.types[given.name] = given.element.onnx_type
        (hidden,) = run(conversion, scope, [self._output])
        if not isinstance(hidden, Operand):
            raise ConversionError(f"output {self._output} of the encoder is no tensor")
        results = {HIDDEN: hidden}
        if self.first is not None:
            results |= self._crossed(b, self.first, hidden, scope.values.get(MASK))
        return optimize(b.build({name: operand for name, operand in results.items() if wanted is None or name in wanted}))

    def _crossed(self, b: GraphBuilder, first: Loaded, hidden: Operand, mask: Any) -> dict[str, Operand]:
        """The keys and values of the encoder's output, as the decoder makes them for its first token."""
        conversion = first.conversion(b)
        scope = scope_of(conversion)
        pasts = {state.past: state for state in self.interface.states}
        for name, info in free_inputs(first.model.graph).items():
            element = conversion.element(info.type.tensor_type.elem_type)
            if name == HIDDEN:
                value = b.cast(hidden, element.data_type)
            elif name == HIDDEN_MASK and isinstance(mask, Operand):
                value = b.cast(mask, element.data_type)
            else:
                shape = pasts[name].sized(0) if name in pasts else [size if isinstance(size, int) else 1 for size in dims_of(info) or ()]
                shape = [1, hidden.shape[1]] if name == HIDDEN_MASK else shape
                filled = np.full(shape, 0 if name == BRANCH else 1)
                value = b.constant(filled, element.data_type)
            scope.values.setdefault(name, value)
            scope.types[name] = element.onnx_type
        crossed = [state for state in self.interface.states if state.is_cross]
        found = run(conversion, scope, [state.present for state in crossed])
        return {state.name: operand for state, operand in zip(crossed, found, strict=True) if isinstance(operand, Operand)}


def encoder_of(name: str, encoder: Loaded, first: Loaded | None, interface: Interface, dims: Mapping[str, int], length: int) -> Encoder:
    """An encoder with the sizes of its inputs.

    Args:
        name: The graph's name.
        encoder: See `Encoder`, as for the others.
        first: See `Encoder`.
        interface: See `Encoder`.
        dims: Sizes of named dimensions.
        length: Tokens of a text, where ``dims`` says nothing.

    Raises:
        ConversionError: A size is not known.
    """
    named: dict[str, int] = {}
    for info in free_inputs(encoder.model.graph).values():
        first_dim, *others = dims_of(info) or [None]
        named |= {first_dim: 1} if isinstance(first_dim, str) else {}
        is_text = len(others) == 1 and info.type.tensor_type.elem_type != onnx.TensorProto.FLOAT
        named |= {dim: length for dim in others if is_text and isinstance(dim, str) and GROWS.search(dim) and dim not in named}
    known = {dim for info in free_inputs(encoder.model.graph).values() for dim in dims_of(info) or () if isinstance(dim, str)}
    sizes = {dim: size for dim, size in {**named, **dims}.items() if dim in known}
    found = graph_inputs(encoder.model.graph, InterfaceOptions(dims=sizes), {})
    return Encoder(name, encoder, first if interface.attends else None, interface, found)


def sizes_said(files: Files) -> dict[str, int]:
    """Sizes of pictures and sounds that the configurations beside an encoder say, by the names that Optimum gives dimensions."""
    config = files.configuration(CONFIG)
    said: dict[str, Any] = {"num_channels": 3}
    size = files.configuration(PREPROCESSOR).get("size")
    if isinstance(size, dict):
        said |= {"height": size.get("height"), "width": size.get("width")}
    elif isinstance(size, int):
        said |= {"height": size, "width": size}
    if isinstance(config.get("num_mel_bins"), int) and isinstance(config.get("max_source_positions"), int):
        said |= {"feature_size": config["num_mel_bins"], "encoder_sequence_length": 2 * config["max_source_positions"]}
    return {name: value for name, value in said.items() if type(value) is int and value > 0}
