"""The Python runtimes on whole models: ``python -m benchmarks.runtimes [RUNTIME...]``.

Prints the seconds of the first run, which prepares the graph, and of the fastest of three more, and how far the outputs are from the
reference's. A runtime that is not installed is left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx

from webnn_graph import runtimes
from webnn_graph.compare import compare
from webnn_graph.errors import RuntimeUnavailable
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph


def minilm() -> Graph:
    """A trained sentence encoder of 3 layers, 128 tokens."""
    from models.zoo.loading import loaded
    from models.zoo.manifest import select

    return loaded(select(["paraphrase_minilm_l3"])[0]).convert()


def resnet50() -> Graph:
    """That of the onnx package's backend tests."""
    from converters.onnx import convert

    return convert(Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_resnet50.onnx")


def decoder() -> Graph:
    """A decoder of 135 million parameters, of the dimensions of SmolLM, on 64 tokens; its weights are random."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from converters.torch import convert

    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
        use_cache=False,
    )
    torch.manual_seed(0)
    return convert(LlamaForCausalLM(config).eval(), kwargs={"input_ids": torch.zeros((1, 64), dtype=torch.int64)}, name="decoder")


MODELS: dict[str, Callable[[], Graph]] = {"MiniLM-L3": minilm, "ResNet-50": resnet50, "decoder 135M": decoder}


def measured(graph: Graph, runtime: str, feeds: dict[str, np.ndarray]) -> tuple[float, float, dict[str, np.ndarray]]:
    """Seconds of the first run and of the fastest of three more, and what comes out."""
    started = time.perf_counter()
    outputs = runtimes.run(graph, feeds, runtime=runtime)
    first, best = time.perf_counter() - started, np.inf
    for _ in range(3):
        started = time.perf_counter()
        runtimes.run(graph, feeds, runtime=runtime)
        best = min(best, time.perf_counter() - started)
    return first, float(best), outputs


def main(names: Sequence[str]) -> None:
    """Measures these runtimes, by default all but browsers, on all models."""
    wanted = names or [name for name, runtime in runtimes.RUNTIMES.items() if not runtime.has_browser]
    print(f"{'model':<16}{'runtime':<14}{'first s':>9}{'run s':>9}{'of reference':>14}{'relative':>10}")
    for title, made in MODELS.items():
        graph = made()
        feeds = complete(graph, {}, 0)
        slow, right = 0.0, None
        for name in dict.fromkeys(("reference", *wanted)):
            try:
                first, best, outputs = measured(graph, name, feeds)
            except RuntimeUnavailable:
                continue
            slow, right = (best, outputs) if right is None else (slow, right)
            far = max(compare(key, outputs[key], right[key], 1).relative for key in outputs)
            print(f"{title:<16}{name:<14}{first:>9.2f}{best:>9.3f}{slow / best:>13.1f}x{far:>10.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
