"""Tiny decoders as people have them in ONNX: exported from transformers, and in the manner of older exports."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
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
    from converters.torch.generation.states import caching

    class WithCache(torch.nn.Module):
        def forward(self, input_ids: Any, attention_mask: Any, places: Any, past: list[Any]) -> tuple[Any, ...]:
            cache = transformers.DynamicCache([(past[i], past[i + 1]) for i in range(0, len(past), 2)])
            more = {"position_ids": places} if position_ids else {}
            result = model(input_ids=input_ids, attention_mask=attention_mask, **caching(model, cache), **more)
            return (result.logits, *(tensor for layer in cache.layers for tensor in (layer.keys, layer.values)))

    made = transformers.DynamicCache(config=model.config)
    model(torch.zeros(1, 7, dtype=torch.int64), **caching(model, made))
    past = [tensor for layer in made.layers for tensor in (layer.keys, layer.values)]
    pasts, presents = names_of(sizes["num_hidden_layers"])
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
    """Puts both decoders into one, as Optimum does: an If on ``use_cache_branch``.

    What only the one without a past gives, the other gives without elements.
    """
    models = {"then": onnx.load(with_past), "else": onnx.load(first)}
    wanted = [info.name for info in models["else"].graph.output]
    inputs = {info.name: info for branch in ("then", "else") for info in models[branch].graph.input}
    branches = {}
    for branch, model in models.items():
        renamed = onnx.compose.add_prefix(model, f"{branch}_", rename_inputs=False)
        graph = renamed.graph
        missing = [f"{branch}_{name}" for name in wanted if f"{branch}_{name}" not in {info.name for info in graph.output}]
        empty = onnx.numpy_helper.from_array(np.zeros((0, HEADS, 1, SIZE), np.float32))
        graph.node.extend(onnx.helper.make_node("Constant", [], [name], value=empty) for name in missing)
        outputs = [onnx.helper.make_tensor_value_info(f"{branch}_{name}", onnx.TensorProto.FLOAT, None) for name in wanted]
        branches[branch] = onnx.helper.make_graph(graph.node, branch, [], outputs, graph.initializer)
    node = onnx.helper.make_node("If", ["use_cache_branch"], wanted, then_branch=branches["then"], else_branch=branches["else"])
    given = [*inputs.values(), onnx.helper.make_tensor_value_info("use_cache_branch", onnx.TensorProto.BOOL, [1])]
    outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in wanted]
    functions = [onnx.compose.add_prefix(model, f"{branch}_", rename_inputs=False).functions for branch, model in models.items()]
    assert not any(functions)
    made = onnx.helper.make_model(onnx.helper.make_graph([node], "merged", given, outputs), opset_imports=models["then"].opset_import)
    made.ir_version = models["then"].ir_version
    onnx.save(made, path)
    return path


def encoder_decoder(folder: Path, family: str, *, tokens: int = 1, text: int = 6, **changed: Any) -> Any:
    """Writes an encoder-decoder of transformers as Optimum does: the encoder, and a pair of decoders; returns the model.

    Args:
        folder: Where the files go.
        family: The model's type.
        tokens: How many new tokens the decoder with a past is exported for; 1 stays fixed.
        text: Tokens that the encoder is exported for.
        changed: Members of the configuration.
    """
    transformers = pytest.importorskip("transformers")
    sizes = {
        "vocab_size": VOCABULARY,
        "d_model": HIDDEN,
        "d_ff": 48,
        "d_kv": SIZE,
        "num_heads": HEADS,
        "num_layers": LAYERS,
        "encoder_layers": LAYERS,
        "decoder_layers": LAYERS,
        "encoder_attention_heads": HEADS,
        "decoder_attention_heads": HEADS,
        "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48,
        "max_position_embeddings": 64,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "decoder_start_token_id": 3,
        **changed,
    }
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(family, **sizes)
    kind = transformers.AutoModelForSpeechSeq2Seq if family == "whisper" else transformers.AutoModelForSeq2SeqLM
    model = kind.from_config(config).eval()
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache

    from converters.torch.generation.states import caching

    def presents(cache: Any, part: str) -> list[Any]:
        return [getattr(layer, f"{kind}s") for layer in getattr(cache, part).layers for kind in ("key", "value")]

    class Encoder(torch.nn.Module):
        def forward(self, x: Any, attention_mask: Any = None) -> Any:
            more = {} if attention_mask is None else {"attention_mask": attention_mask}
            return model.get_encoder()(x, **more).last_hidden_state

    class Decoder(torch.nn.Module):
        def forward(self, input_ids: Any, hidden: Any, mask: Any, *past: Any) -> tuple[Any, ...]:
            pairs = [(past[i], past[i + 1]) for i in range(0, len(past), 2)]
            half = len(pairs) // 2
            cache = EncoderDecoderCache(DynamicCache(pairs[:half]), DynamicCache(pairs[half:]))
            if past:
                hidden = torch.zeros(1, past[-1].shape[2], HIDDEN)
                cache.is_updated = dict.fromkeys(range(half), True)
            outputs = transformers.modeling_outputs.BaseModelOutput(hidden)
            more = {} if mask is None else {"attention_mask": mask}
            result = model(decoder_input_ids=input_ids, encoder_outputs=outputs, **caching(model, cache), **more)
            own = presents(cache, "self_attention_cache")
            return (result.logits, *own, *(() if past else presents(cache, "cross_attention_cache")))

    sound = family == "whisper"
    mask = None if sound else torch.ones(1, text, dtype=torch.int64)
    x = torch.randn(1, config.num_mel_bins, 2 * config.max_source_positions) if sound else torch.randint(4, VOCABULARY, (1, text))
    encoder = Encoder()
    encoder.add_module("model", model)
    length = {} if sound else {1: "encoder_sequence_length"}
    given, names = ((x,), ["input_features"]) if sound else ((x, mask), ["input_ids", "attention_mask"])
    axes = {} if sound else dict.fromkeys(names, length)
    export(encoder.eval(), given, folder / "encoder_model.onnx", names, ["last_hidden_state"], axes)
    decoder = Decoder()
    decoder.add_module("model", model)
    (own, own_present), (cross, cross_present) = names_of(middle=".decoder"), names_of(middle=".encoder")
    with torch.no_grad():
        hidden = encoder(*given)
        ids = torch.randint(4, VOCABULARY, (1, 5))
        past = decoder(ids, hidden, mask)[1:]
    masked = ["encoder_attention_mask"] if mask is not None else []
    lengths = {name: length for name in (*masked, "encoder_hidden_states") if length}
    sequence = {"input_ids": {1: "decoder_sequence_length"}}
    outputs = ["logits", *own_present]
    export(
        decoder.eval(),
        (ids, hidden, mask) if masked else (ids, hidden, None),
        folder / "decoder_model.onnx",
        ["input_ids", "encoder_hidden_states", *masked],
        [*outputs, *cross_present],
        {**sequence, **lengths},
    )
    grows = {name: {2: "past_decoder_sequence_length"} for name in own} | {name: {2: "encoder_sequence_length"} for name in cross if length}
    export(
        decoder.eval(),
        (ids[:, :tokens], None, mask, *past),
        folder / "decoder_with_past_model.onnx",
        ["input_ids", *masked, *own, *cross],
        outputs,
        {**(sequence if tokens > 1 else {}), **{name: lengths[name] for name in masked}, **grows},
    )
    return model
