"""Families of language models of transformers, tiny and with random weights: what each generates, by transformers and by its graphs.

    python -m tests.generation.families [NAME ...]

compares all of them, which takes some minutes, and prints a table; `make test` compares a few.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
import transformers

from converters.generation import settings_of
from converters.torch.generation import convert_decoder
from webnn_graph.data_types import Array
from webnn_graph.generation import Generator, Settings
from webnn_graph.generation.package import in_few_calls
from webnn_graph.graph import Graph

PROMPT, CACHE, COUNT = 8, 112, 64
"""Tokens that are taken at once, kept, and generated."""
TURNS = ([5, 17, 42, 3, 77], [1, 90, 12, 33, 33, 50, 21, 7, 60, 4, 11])
"""What is said first, and after what was generated: less and more than a prompt's graph takes."""
LAYER = re.compile(r"\.(?:layers?|h|blocks?)\.(\d+)\b")
CLOSE = 1e-3
"""Differences of logits, in proportion to their spread, and margins between the two largest that decide nothing."""

SIZES: dict[str, Any] = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "initializer_range": 0.3}
LLAMA = SIZES | {"intermediate_size": 64, "num_key_value_heads": 2, "max_position_embeddings": 128, "pad_token_id": 0}
HEADS = LLAMA | {"head_dim": 8}
WINDOW = HEADS | {"sliding_window": 8}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 100, "n_positions": 128, "initializer_range": 0.3}
EXPERTS = HEADS | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
LOCAL_EXPERTS = HEADS | {"num_local_experts": 4, "num_experts_per_tok": 2}
MAMBA = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4, "initializer_range": 0.3}
LATENT = {"q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}
DELTA = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
FAMILIES: dict[str, dict[str, Any]] = {
    "Llama": HEADS,
    "Mistral": WINDOW,
    "Qwen2": LLAMA,
    "Qwen3": HEADS,
    "Gemma": HEADS,
    "Gemma2": WINDOW,
    "Gemma3Text": WINDOW,
    "Phi": LLAMA,
    "Phi3": LLAMA,
    "SmolLM3": LLAMA,
    "GPT2": GPT,
    "GPTNeoX": LLAMA,
    "GPTJ": GPT | {"rotary_dim": 4},
    "OPT": SIZES | {"ffn_dim": 64, "max_position_embeddings": 128, "word_embed_proj_dim": 32, "init_std": 0.3},
    "Bloom": {"vocab_size": 100, "hidden_size": 32, "n_layer": 2, "n_head": 4, "initializer_range": 0.1},
    "Falcon": SIZES | {"max_position_embeddings": 128, "multi_query": True},
    "Olmo": LLAMA,
    "Olmo2": LLAMA,
    "Olmo3": WINDOW,
    "StableLm": LLAMA,
    "Granite": LLAMA,
    "Cohere": LLAMA,
    "Cohere2": WINDOW,
    "Starcoder2": LLAMA,
    "Nemotron": LLAMA,
    "Glm": HEADS | {"pad_token_id": 0},
    "Persimmon": LLAMA,
    "GPTBigCode": GPT,
    "CodeGen": GPT | {"rotary_dim": 4},
    "BioGpt": SIZES | {"intermediate_size": 64, "max_position_embeddings": 128},
    "Mpt": {
        "d_model": 32,
        "n_heads": 4,
        "n_layers": 2,
        "expansion_ratio": 2,
        "max_seq_len": 128,
        "vocab_size": 100,
        "initializer_range": 0.3,
    },
    "XGLM": {"vocab_size": 100, "d_model": 32, "ffn_dim": 64, "num_layers": 2, "attention_heads": 4, "init_std": 0.3},
    "CTRL": {"vocab_size": 100, "n_positions": 128, "n_embd": 32, "dff": 64, "n_layer": 2, "n_head": 4, "initializer_range": 0.3},
    "Mixtral": LOCAL_EXPERTS,
    "GptOss": LOCAL_EXPERTS | {"sliding_window": 8},
    "Qwen2Moe": EXPERTS | {"shared_expert_intermediate_size": 16},
    "Qwen3Moe": EXPERTS,
    "DeepseekV3": LLAMA
    | LATENT
    | {"num_key_value_heads": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
    | {"n_group": 2, "topk_group": 1, "first_k_dense_replace": 1, "n_shared_experts": 1},
    "Mamba": MAMBA,
    "Mamba2": MAMBA | {"num_heads": 8, "head_dim": 8, "n_groups": 1},
    "FalconMamba": MAMBA,
    "Rwkv": {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "context_length": 128},
    "Jamba": LLAMA
    | {"num_hidden_layers": 4, "attn_layer_period": 4, "attn_layer_offset": 2, "num_experts": 4, "num_experts_per_tok": 2}
    | {"mamba_d_state": 4, "mamba_dt_rank": 4},
    "Bamba": LLAMA
    | {"num_hidden_layers": 3, "attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1},
    "Lfm2": LLAMA | {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]},
    "Qwen3Next": EXPERTS | DELTA | {"num_hidden_layers": 4, "shared_expert_intermediate_size": 16},
    "RecurrentGemma": SIZES
    | {"num_hidden_layers": 3, "intermediate_size": 64, "num_key_value_heads": 2, "lru_width": 32, "attention_window_size": 128},
}


@cache
def model(name: str) -> Any:
    """The model of a family, whose weights differ from those that do nothing."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(
        **FAMILIES[name] | {"bos_token_id": 1, "eos_token_id": None, "tie_word_embeddings": False}
    )
    classes = (f"{name}ForCausalLM", f"{name}LMHeadModel", f"{name.removesuffix('Text')}ForCausalLM")
    made = next(getattr(transformers, each) for each in classes if hasattr(transformers, each))(config).eval()
    for parameter in made.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)
        elif parameter.std() < 0.1:  # which would say the same token again and again
            parameter.data = 0.3 * torch.randn_like(parameter)
    return made


@cache
def graphs(name: str) -> dict[str, Graph]:
    """Its graphs, as they are written."""
    made = convert_decoder(model(name), prompt_length=PROMPT, cache_length=CACHE)
    return {part: in_few_calls(graph) for part, graph in made.items()}


def settings(name: str) -> Settings:
    """What generating with them takes."""
    made, parts = model(name), graphs(name)
    configs = (made.config.to_dict(), made.generation_config.to_dict())
    return settings_of(*configs, kind="decoder", cache=CACHE, vocabulary=100, padding="prefill" in parts)


@dataclass(frozen=True)
class Right:
    """What transformers generates: the tokens, and the logits [tokens, vocabulary] that each was chosen by."""

    tokens: list[int]
    logits: Array

    def margin(self, place: int) -> float:
        """How far the largest logit is from the next, in proportion to their spread."""
        first, second = np.sort(self.logits[place])[-1:-3:-1]
        return float((first - second) / self.logits[place].std())


@cache
def right(name: str) -> list[Right]:
    """What transformers generates in each turn."""
    said: list[int] = []
    found = []
    for turn, count in zip(TURNS, (COUNT, COUNT // 4), strict=True):
        said += turn
        ids = torch.tensor([said])
        options = {"max_new_tokens": count, "do_sample": False, "return_dict_in_generate": True, "output_logits": True}
        made = model(name).generate(ids, attention_mask=torch.ones_like(ids), pad_token_id=0, **options)
        tokens = made.sequences[0, ids.shape[1] :].tolist()
        found.append(Right(tokens, torch.cat(made.logits).float().numpy()))
        said += tokens
    return found


def compare(name: str) -> tuple[int, float]:
    """How many tokens were compared, and the largest difference of logits, in proportion to their spread.

    Raises:
        AssertionError: A token is another one though the margin is larger than what is close, or logits differ by more.
    """
    compared, worst = 0, 0.0
    with Generator(graphs(name), settings(name), runtime="reference") as generator:
        logits = recorded(generator)
        for turn, expected in zip(TURNS, right(name), strict=True):
            tokens = list(generator.generate(turn, max_tokens=len(expected.tokens)))
            begin = len(generator.ids) - len(tokens)
            for place, (token, wanted) in enumerate(zip(tokens, expected.tokens, strict=True)):
                off = np.abs(logits[begin + place] - expected.logits[place]).max() / expected.logits[place].std()
                worst = max(worst, float(off))
                assert worst < CLOSE, f"{name}: the logits of token {place} are off by {worst:.1e}"
                if token != wanted:
                    assert expected.margin(place) < 2 * CLOSE, f"{name}: token {place} is {token}, not {wanted}"
                    return compared, worst  # all that follows has another beginning
                compared += 1
    return compared, worst


def recorded(generator: Generator) -> dict[int, Array]:
    """The logits that are computed from now on, by how many tokens were fed until then."""
    logits: dict[int, Array] = {}

    def recording(compute: Callable[[Mapping[str, Array]], dict[str, Array]], feeds: Mapping[str, Array]) -> dict[str, Array]:
        outputs = compute(feeds)
        if "logits" not in outputs:  # of an encoder
            return outputs
        logits[int(feeds["position"][0] + feeds.get("last", [0])[0]) + 1] = outputs["logits"][0]
        return outputs

    generator._compute = {name: partial(recording, compute) for name, compute in generator._compute.items()}
    return logits


def calls_per_layer(graph: Graph) -> int:
    """The calls of the layer that has the most, but for the first, which computes what all have in common."""
    layers = [match[1] for node in graph.nodes if (match := LAYER.search(node.label)) and match[1] != "0"]
    return max(Counter(layers).values())


def main(names: Sequence[str]) -> None:
    """Prints a row for each family."""
    print(f"{'family':16}{'calls/layer':>12}{'tokens':>8}{'of':>5}{'logits off by':>15}")
    for name in names or FAMILIES:
        compared, worst = compare(name)
        calls, total = calls_per_layer(graphs(name)["decode"]), sum(len(found.tokens) for found in right(name))
        print(f"{name:16}{calls:12}{compared:8}{total:5}{worst:15.1e}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
