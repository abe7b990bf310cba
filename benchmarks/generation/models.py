"""Random Llamas: as packages of this project, and as ONNX files with a cache for onnxruntime-web."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT

PROMPT, CACHE = 64, 512
"""Tokens of the prompt, and of the cache."""
VOCABULARY = 49_152


@dataclass(frozen=True)
class Sizes:
    """What a Llama is made of; heads have 64 numbers, or 48 in the small one.

    Attributes:
        hidden: Numbers of a token between layers.
        layers: How many there are.
        heads: Of the queries.
        groups: Of keys and values.
        inner: Numbers of a token inside of an MLP.
    """

    hidden: int
    layers: int
    heads: int
    groups: int
    inner: int

    @property
    def matrices(self) -> list[tuple[int, int]]:
        """Rows and columns of all weights that a token is multiplied with, in order: each reads what the one before gives."""
        kept = self.hidden * self.groups // self.heads
        queries, mlp = (self.hidden, self.hidden + 2 * kept), (self.hidden, 2 * self.inner)
        layer = [queries, (self.hidden, self.hidden), mlp, (self.inner, self.hidden)]
        return [*(layer * self.layers), (self.hidden, VOCABULARY)]


MODELS = {"llama_135m": Sizes(576, 30, 9, 3, 1536), "llama_30m": Sizes(288, 16, 6, 2, 768)}
"""By name."""
WEIGHTS = ("float32", "float16", "int8", "int4")
"""What the weights of a package are stored as."""


def source(name: str, folder: Path) -> Path:
    """The model in a folder as transformers writes it."""
    path = folder / name
    if (path / "config.json").is_file():
        return path
    import torch
    import transformers

    sizes = MODELS[name]
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.groups,
        intermediate_size=sizes.inner,
        vocab_size=VOCABULARY,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    model.generation_config.eos_token_id = None  # random weights would stop anywhere
    model.save_pretrained(path)
    return path


def package(name: str, weights: str, folder: Path) -> Path:
    """The package that ``torch2webnn --generate`` makes of the model, with weights stored as something of `WEIGHTS`."""
    path = folder / f"{name}_{weights}"
    if not (path / "index.js").is_file():
        shutil.rmtree(path, ignore_errors=True)
        call = ["-c", "import cli; cli.torch2webnn()", str(source(name, folder)), "--generate", f"{PROMPT},{CACHE}", "--budget", "4"]
        how = ["--weights", weights, "--no-measure", "-o", str(path)]
        subprocess.run([sys.executable, *call, *how], check=True, cwd=ROOT)
    return path


def onnx_file(name: str, folder: Path, *, fixed: bool = False) -> Path:
    """The model with its cache as ``torch.onnx.export`` writes it.

    ``input_ids`` and ``position_ids`` int64[1, sequence], ``attention_mask`` int64[1, total], the cache as ``past.N.key`` and
    ``past.N.value`` float32[1, groups, past, head]. It gives ``logits`` after the last token, and ``present.N.key`` ... with the new
    tokens: a cache that grows, or a ``fixed`` one, the last `CACHE` - 1 places.
    """
    path = folder / f"{name}.onnx"
    if not path.is_file():
        _exported(source(name, folder), MODELS[name]).save(path, external_data=False)
    return _fixed(path, folder / f"{name}_fixed.onnx") if fixed else path


def _fixed(path: Path, fixed: Path) -> Path:
    if fixed.is_file():
        return fixed
    import numpy as np
    import onnx

    model = onnx.load(path)
    bounds = {"from": -(CACHE - 1), "to": np.iinfo(np.int64).max, "axis": 2}
    model.graph.initializer.extend(onnx.numpy_helper.from_array(np.array([value]), f"cut_{word}") for word, value in bounds.items())
    for output in model.graph.output:
        if output.name == "logits":
            continue
        for node in model.graph.node:
            node.output[:] = [f"whole.{made}" if made == output.name else made for made in node.output]
            node.input[:] = [f"whole.{read}" if read == output.name else read for read in node.input]
        read = [f"whole.{output.name}", *(f"cut_{word}" for word in bounds)]
        model.graph.node.append(onnx.helper.make_node("Slice", read, [output.name]))
        output.type.tensor_type.shape.dim[2].dim_value = CACHE - 1
    onnx.save(model, fixed)
    return fixed


def _exported(path: Path, sizes: Sizes) -> Any:
    import torch
    import transformers

    from converters.torch.generation.states import caching

    class WithCache(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, position_ids: Any, past: list[Any]) -> tuple[Any, ...]:
            cache = transformers.DynamicCache([(past[i], past[i + 1]) for i in range(0, len(past), 2)])
            given = {"input_ids": input_ids, "attention_mask": attention_mask, "position_ids": position_ids}
            made = self.model(**given, **caching(self.model, cache), logits_to_keep=1)
            return (made.logits, *(tensor for layer in cache.layers for tensor in (layer.keys, layer.values)))

    model = transformers.LlamaForCausalLM.from_pretrained(path).eval()
    names = [f"{kind}.{layer}.{part}" for kind in ("past", "present") for layer in range(sizes.layers) for part in ("key", "value")]
    inputs, outputs = names[: 2 * sizes.layers], names[2 * sizes.layers :]
    past = [torch.zeros(1, sizes.groups, 7, sizes.hidden // sizes.heads) for _ in inputs]
    places = torch.arange(7, 10)[None]
    given = (torch.randint(0, VOCABULARY, (1, 3)), torch.ones(1, 10, dtype=torch.int64), places, past)
    dynamic, shapes = torch.export.Dim.DYNAMIC, ({1: "sequence"}, {1: "total"}, {1: "sequence"}, [{2: "past"}] * len(past))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            WithCache(model).eval(),
            given,
            dynamic_shapes=({1: dynamic}, {1: dynamic}, {1: dynamic}, [{2: dynamic}] * len(past)),
            strict=False,
        )
        named = {"input_names": ["input_ids", "attention_mask", "position_ids", *inputs], "output_names": ["logits", *outputs]}
        exported = torch.onnx.export(program, dynamo=True, opset_version=20, verbose=False, dynamic_shapes=shapes, **named)
    assert exported is not None
    return exported
