"""Language models generate what transformers does: one of each kind here, all of them by `python -m tests.generation.families`."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="transformers is not installed")

from tests.generation.families import FAMILIES, TURNS, calls_per_layer, compare, graphs, right

FEW = ("Llama", "Gemma2", "GPTJ", "Mpt", "OPT", "Mixtral", "Jamba", "Rwkv", "RecurrentGemma")
"""Each of another kind: heads that share keys, windows, places turned in pairs, as distances or learned; experts; recurrences in a cache
beside attention, in a list, and in modules."""
MOST_CALLS = 40
"""Of a layer of Llama."""


@pytest.mark.parametrize("name", FEW)
def test_tokens(name: str) -> None:
    assert name in FAMILIES
    compared, worst = compare(name)
    tokens = [token for turn in right(name) for token in turn.tokens]
    assert compared == len(tokens), f"random weights made a tie; logits are off by {worst:.1e}"
    assert len(set(tokens)) > len(TURNS) * 2, "tokens that repeat show little"


def test_a_layer_is_lean() -> None:
    assert calls_per_layer(graphs("Llama")["decode"]) <= MOST_CALLS
