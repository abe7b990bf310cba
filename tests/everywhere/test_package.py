"""A language model's package in real browsers: text that transformers' generate gives; with rounded weights, in several files, kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from webnn_graph.generation import Generator, Settings, save_package
from webnn_graph.graph import Graph
from webnn_graph.quantization import quantize_together
from webnn_graph.targets import PORTABLE, legalize, load_target

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

import torch  # noqa: E402

from converters.torch.generation import convert_decoder  # noqa: E402
from tests.generation import texts  # noqa: E402

PACKAGES = ORT.parent
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
    pytest.mark.skipif(
        not (PACKAGES / "@huggingface" / "tokenizers").is_dir(), reason="@huggingface/tokenizers is not installed (make test installs it)"
    ),
]
EVERYWHERE = pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", *ENGINES], indirect=True)
CACHE, COUNT = 96, 12
SIZES = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
}
QUESTIONS = ["What is the capital of France?", "isn't it 日本? 😀"]


@dataclass(frozen=True)
class Variant:
    """How a package is written."""

    weights: str = "float32"
    max_shard_size: int | None = None
    options: str = "{}"


VARIANTS = {
    "as it is": Variant(),
    "int8": Variant("int8"),
    "int4 in several files": Variant("int4", 20_000),
    "kept": Variant(options="{ cache: true }"),
}


@cache
def graphs() -> tuple[Any, Mapping[str, Graph]]:
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES, bos_token_id=0, eos_token_id=None)).eval()
    return model, convert_decoder(model, prompt_length=8, cache_length=CACHE)


def settings() -> Settings:
    return Settings(kind="decoder", cache=CACHE)


def rounded(weights: str) -> dict[str, Graph]:
    parts = graphs()[1]
    made = parts.values() if weights == "float32" else quantize_together(list(parts.values()), weights, block_size=8)
    return {part: legalize(graph, load_target(PORTABLE), exact=True) for part, graph in zip(parts, made, strict=True)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Any]]:
    source: Path = tmp_path_factory.mktemp("tokenizer")
    tokenizer = texts.write("bytes", source)
    with Site() as site:
        site.link("ort", ORT / "dist")
        site.link("node_modules", PACKAGES)
        for name, variant in VARIANTS.items():
            options = {"max_shard_size": variant.max_shard_size} if variant.max_shard_size else {}
            folder = site.folder / re.sub(r"\W", "_", name)
            save_package(folder, rounded(variant.weights), settings(), tokenizer=source, fallback=FALLBACK, **options)
        yield site, tokenizer


def generated(variant: Variant, tokenizer: Any) -> list[list[int]]:
    """The tokens of two turns: of transformers' generate, or where weights are rounded of the reference."""
    history: list[int] = []
    turns = []
    if variant.weights == "float32":
        for question in QUESTIONS:
            history += tokenizer.encode(question)
            ids = torch.tensor([history])
            made = graphs()[0].generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=COUNT, do_sample=False)
            turns.append(made[0, len(history) :].tolist())
            history += turns[-1]
        assert len({*turns[0], *turns[1]}) > 8, "tokens that repeat show little"
        return turns
    with Generator(rounded(variant.weights), settings()) as model:
        return [list(model.generate(tokenizer.encode(question), max_tokens=COUNT)) for question in QUESTIONS]


SCRIPT = """
const map = document.createElement("script");
map.type = "importmap";
map.textContent = JSON.stringify({ imports: {
  "@huggingface/tokenizers": "/node_modules/@huggingface/tokenizers/dist/tokenizers.min.mjs",
  "@huggingface/jinja": "/node_modules/@huggingface/jinja/dist/index.js",
} });
document.head.append(map);
const { load } = await import("/NAME/index.js");
let backend;
const turns = [];
const chats = [];
for (let i = 0; i < 2; i += 1) {
  const model = await load({ ort: IMPORTING, ...OPTIONS });
  turns.length = 0;
  for (const question of QUESTIONS) {
    const made = { ids: [], text: "" };
    for await (const { id, text } of model.generate(question, { maxTokens: COUNT })) {
      made.ids.push(id);
      made.text += text;
    }
    turns.push(made);
  }
  model.reset();
  for await (const { id } of model.chat([{ role: "user", content: "hello" }], { maxTokens: 3 })) chats.push(id);
  backend = model.backend;
  model.destroy();
}
const fetched = performance.getEntriesByType("resource").filter(({ name }) => name.includes("safetensors")).length;
return { backend, turns, chats, fetched };
"""


@EVERYWHERE
@pytest.mark.parametrize("name", VARIANTS)
def test_text(name: str, anywhere: Visitor, site: tuple[Site, Any]) -> None:
    served, tokenizer = site
    variant = VARIANTS[name]
    folder = re.sub(r"\W", "_", name)
    script = SCRIPT.replace("NAME", folder).replace("IMPORTING", importing(anywhere.browser)).replace("OPTIONS", variant.options)
    script = script.replace("QUESTIONS", json.dumps(QUESTIONS)).replace("COUNT", str(COUNT))
    found = anywhere.visit(served.page(script))
    turns = generated(variant, tokenizer)
    expected = [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)} for ids in turns]
    assert (found["backend"], found["turns"]) == (backend(anywhere.browser), expected)
    with Generator(rounded(variant.weights), settings()) as model:
        prompt = tokenizer.apply_chat_template([{"role": "user", "content": "hello"}], add_generation_prompt=True)["input_ids"]
        assert found["chats"] == 2 * list(model.generate(prompt, max_tokens=3))
    files = len(list((served.folder / folder).glob("*.safetensors")))
    assert files == 1 or variant.max_shard_size
    # Without a cache each load reads them; with one, if the browser has any, the first does.
    assert found["fetched"] == (files if "cache" in variant.options else 2 * files)
