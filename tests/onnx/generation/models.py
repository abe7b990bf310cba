"""Tiny decoders as people have them in ONNX: exported from transformers, and in the manner of older exports."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest

VOCABULARY, LAYERS, HEADS, SIZE = 61, 2, 4, 8
HIDDEN = HEADS * SIZE

torch = pytest.importorskip("torch")


def names_of(layers: int = LAYERS, middle: str = "") -> tuple[list[str], list[str]]:
    """Optimum's names of pasts and presents."""
    rests = [f"{layer}{middle}.{part}" for layer in range(layers) for part in ("key", "value")]
    return [f"past_key_values.{rest}" for rest in rests], [f"present.{rest}" for rest in rests]


@cache
def exported(family: str, opset: int = 18, *, position_ids: bool = False, **changed: Any) -> onnx.ModelProto:
    """A causal language model of transformers with random weights, exported with a cache that grows."""
    transformers = pytest.importorskip("transformers")
    sizes = {
        "vocab_size": VOCABULARY,
        "hidden_size": HIDDEN,
        "intermediate_size": 48,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": 2,
        "head_dim": SIZE,
        "ffn_dim": 48,
        "n_head": HEADS,
        "max_position_embeddings": 64,
        "word_embed_proj_dim": HIDDEN,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        **changed,
    }
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(family, **sizes)).eval()

    class WithCache(torch.nn.Module):
        def forward(self, input_ids: Any, attention_mask: Any, places: Any, past: list[Any]) -> tuple[Any, ...]:
            cache = transformers.DynamicCache([(past[i], past[i + 1]) for i in range(0, len(past), 2)])
            more = {"position_ids": places} if position_ids else {}
            result = model(input_ids=input_ids, attention_mask=attention_mask, past_key_values=cache, use_cache=True, **more)
            return (result.logits, *(tensor for layer in cache.layers for tensor in (layer.keys, layer.values)))

    made = model(torch.zeros(1, 7, dtype=torch.int64), use_cache=True).past_key_values
    past = [tensor for layer in made.layers for tensor in (layer.keys, layer.values)]
    pasts, presents = names_of()
    places = torch.arange(7, 10)[None]
    inputs = (torch.randint(0, VOCABULARY, (1, 3)), torch.ones(1, 10, dtype=torch.int64), places if position_ids else None, past)
    dynamic = torch.export.Dim.DYNAMIC
    shapes = ({1: dynamic}, {1: dynamic}, {1: dynamic} if position_ids else None, [{2: dynamic}] * len(past))
    module = WithCache()
    module.add_module("model", model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            torch.export.export(module.eval(), inputs, dynamic_shapes=shapes, strict=False),
            dynamo=True,
            opset_version=opset,
            verbose=False,
            input_names=["input_ids", "attention_mask", *(["position_ids"] if position_ids else []), *pasts],
            output_names=["logits", *presents],
            dynamic_shapes=(
                {1: "sequence_length"},
                {1: "total"},
                *([{1: "sequence_length"}] if position_ids else []),
                [{2: "past_sequence_length"}] * len(past),
            ),
        )
    result: onnx.ModelProto = program.model_proto
    return result


class Layer(torch.nn.Module):
    """Attention with a cache that is put together with what is new."""

    def __init__(self) -> None:
        super().__init__()
        self.project = torch.nn.Linear(HIDDEN, 3 * HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x: Any, bias: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
        q, k, v = (part.view(1, -1, HEADS, SIZE).transpose(1, 2) for part in self.project(x).split(HIDDEN, dim=2))
        k, v = torch.cat([key, k], 2), torch.cat([value, v], 2)
        scores = q @ k.transpose(2, 3) / SIZE**0.5
        weights = torch.softmax(scores + bias(scores), -1)
        return x + self.out((weights @ v).transpose(1, 2).reshape(1, -1, HIDDEN)), k, v


class Old(torch.nn.Module):
    """A decoder as they were exported before masks were made of places.

    Args:
        mask: ``tril``, a part of a constant matrix (GPT-2); ``zeros``, nothing hidden before a triangle (LLaMA); or ``none``.
        places: ``given``, ``mask`` (OPT), ``past`` (GPT-2) or ``keys``, a bias by distance (MPT), ``relative`` (T5).
    """

    def __init__(self, mask: str, places: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mask, self.places = mask, places
        self.embed = torch.nn.Embedding(VOCABULARY, HIDDEN)
        self.places_embed = torch.nn.Embedding(64, HIDDEN)
        self.relative = torch.nn.Embedding(128, HEADS)
        self.layers = torch.nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = torch.nn.Linear(HIDDEN, VOCABULARY)
        self.register_buffer("triangle", torch.tril(torch.ones(64, 64, dtype=torch.bool)).view(1, 1, 64, 64))

    def forward(self, input_ids: Any, attention_mask: Any, position_ids: Any, *past: Any) -> tuple[Any, ...]:
        before, tokens = past[0].shape[2], input_ids.shape[1]
        total = before + tokens
        places = position_ids
        if self.places == "mask":
            places = (torch.cumsum(attention_mask, 1) * attention_mask).long()[:, before:] - 1
        if self.places == "past":
            places = torch.arange(before, total)[None]
        x = self.embed(input_ids)
        if self.places in ("given", "mask", "past"):
            x = x + self.places_embed(places)

        def bias(scores: Any) -> Any:
            added = (1 - attention_mask[:, None, None, :].float()) * -1e9
            if self.places == "keys":
                slopes = torch.tensor([0.5, 0.25, 0.125, 0.0625]).view(1, HEADS, 1, 1)
                added = added + slopes * torch.arange(1 - total, 1).view(1, 1, 1, -1)
            if self.places == "relative":
                distance = torch.arange(total)[None, :] - torch.arange(total)[:, None] + 64
                added = added + self.relative(distance.clamp(0, 127)).permute(2, 0, 1)[None][:, :, -tokens:, :]
            if self.mask == "zeros":
                triangle = torch.full((tokens, tokens), -1e9).triu(1)
                added = added + torch.cat([torch.zeros(tokens, before), triangle], 1)
            if self.mask == "tril":
                kept = self.triangle[:, :, scores.size(3) - scores.size(2) : scores.size(3), : scores.size(3)]
                added = added + torch.where(kept, 0.0, -1e9)
            return added

        presents = []
        for i, layer in enumerate(self.layers):
            x, key, value = layer(x, bias, past[2 * i], past[2 * i + 1])
            presents += [key, value]
        return (self.head(x), *presents)


def old(path: Path, mask: str, places: str, tokens: int = 3) -> Path:
    """Writes a decoder as older exporters did."""
    pasts, presents = names_of()
    given = (torch.zeros(1, tokens, dtype=torch.int64), torch.ones(1, tokens + 5, dtype=torch.int64), torch.arange(5, 5 + tokens)[None])
    past = tuple(torch.zeros(1, HEADS, 5, SIZE) for _ in pasts)
    sequence = {} if tokens == 1 else {"input_ids": {1: "sequence_length"}, "position_ids": {1: "sequence_length"}}
    axes = {
        **sequence,
        "attention_mask": {1: "past_sequence_length + sequence_length"},
        **{name: {2: "past_sequence_length"} for name in pasts},
    }
    export(
        Old(mask, places).eval(),
        (*given, *past),
        path,
        ["input_ids", "attention_mask", "position_ids", *pasts],
        ["logits", *presents],
        axes,
    )
    return path


def export(module: Any, inputs: Any, path: Path, input_names: Sequence[str], output_names: Sequence[str], axes: Any) -> None:
    """Writes a module as TorchScript's exporter does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=list(input_names),
            output_names=list(output_names),
            dynamic_axes=axes,
        )


class First(torch.nn.Module):
    """The decoder without a past."""

    def __init__(self, decoder: Old) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids: Any, attention_mask: Any, position_ids: Any) -> tuple[Any, ...]:
        past = [torch.zeros(1, HEADS, 0, SIZE) for _ in range(2 * LAYERS)]
        result: tuple[Any, ...] = self.decoder(input_ids, attention_mask, position_ids, *past)
        return result


def first(path: Path, mask: str, places: str) -> Path:
    """Writes the decoder that takes no past, as Optimum's ``decoder_model.onnx``."""
    given = (torch.zeros(1, 3, dtype=torch.int64), torch.ones(1, 3, dtype=torch.int64), torch.arange(3)[None])
    names = ["input_ids", "attention_mask", "position_ids"]
    module = First(Old(mask, places)).eval()
    export(module, given, path, names, ["logits", *names_of()[1]], {name: {1: "sequence_length"} for name in names})
    return path


def merged(path: Path, first: Path, with_past: Path) -> Path:
    """Puts both decoders into one, as Optimum does: an If on ``use_cache_branch``."""
    models = {"then": onnx.load(with_past), "else": onnx.load(first)}
    branches = {}
    for branch, model in models.items():
        model = onnx.compose.add_prefix(model, f"{branch}_", rename_inputs=False)
        graph = model.graph
        outputs = [onnx.helper.make_tensor_value_info(info.name, info.type.tensor_type.elem_type, None) for info in graph.output]
        branches[branch] = onnx.helper.make_graph(graph.node, branch, [], outputs, graph.initializer)
    graph = models["then"].graph
    inputs = [*graph.input, onnx.helper.make_tensor_value_info("use_cache_branch", onnx.TensorProto.BOOL, [1])]
    sequences = {info.name: info for info in models["else"].graph.input}
    inputs = [sequences.get(info.name, info) if info.name in ("input_ids", "position_ids") else info for info in inputs]
    outputs = [onnx.helper.make_tensor_value_info(info.name, info.type.tensor_type.elem_type, None) for info in graph.output]
    node = onnx.helper.make_node(
        "If", ["use_cache_branch"], [info.name for info in outputs], then_branch=branches["then"], else_branch=branches["else"]
    )
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "merged", inputs, outputs), opset_imports=models["then"].opset_import)
    model.ir_version = models["then"].ir_version
    onnx.save(model, path)
    return path
