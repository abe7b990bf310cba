"""Tiny models that generate, as graphs and once more in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converters.lowering.sorting import top
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.generation import Settings, Speech
from webnn_graph.graph import Graph, Operand

VOCABULARY, WIDTH, CACHE, PROMPT, BEST, LENGTH = 23, 12, 16, 4, 8, 6
SETTINGS = Settings(kind="decoder", cache=CACHE, model_type="toy", eos=(VOCABULARY - 1,), start=(1,))
RECURRENT = Settings(kind="decoder", cache=CACHE, model_type="toy", eos=(VOCABULARY - 1,), start=(1,), padding=False)
TRANSLATING = Settings(kind="encoder-decoder", cache=CACHE, model_type="toy", eos=(2,), start=(1,), pad=0, max_length=12)
HEARING = Settings(
    kind="encoder-decoder",
    cache=CACHE,
    model_type="toy",
    eos=(2,),
    start=(1,),
    max_length=CACHE,
    sampling_rate=8000,
    suppress=(7,),
    languages={"en": 3, "de": 4, "fr": 5},
    speech=Speech(tasks={"transcribe": 8, "translate": 9}, no_timestamps=13, max_initial_timestamp=4),
)


class Toy:
    """The numbers of a model, of a seed.

    Attributes:
        embedding, head: Of tokens, and what logits are made with.
    """

    def __init__(self, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.embedding, self.head = (
            random.standard_normal(shape).astype(np.float32) for shape in ((VOCABULARY, WIDTH), (WIDTH, VOCABULARY))
        )
        self.mixing = (random.standard_normal((WIDTH, WIDTH)) / 2).astype(np.float32)
        self.memory = random.standard_normal((WIDTH, WIDTH)).astype(np.float32)

    def logits(self, tokens: Sequence[int]) -> Array:
        """After these tokens: a mean of their embeddings, the nearer the more."""
        away = np.arange(len(tokens))[::-1]
        pooled = np.exp(-away / 3) @ self.embedding[list(tokens)].astype(np.float64)
        return np.asarray(np.tanh(pooled @ self.mixing) @ self.head)

    def recurrent_logits(self, tokens: Sequence[int]) -> Array:
        """After these tokens: a state that each of them changes."""
        state = np.zeros(WIDTH)
        for token in tokens:
            state = np.tanh(state @ self.mixing + self.embedding[token])
        return np.asarray(state @ self.head)

    def told_logits(self, source: Sequence[int], tokens: Sequence[int]) -> Array:
        """`logits` with the mean of what is encoded."""
        return np.asarray(self.logits(tokens) + self.embedding[list(source)].mean(axis=0) @ self.memory @ self.head)

    # ----------------------------------------------------------------------------------------------------------------- graphs
    def graphs(self, best: int = BEST) -> dict[str, Graph]:
        """A decoder with a cache of rows."""
        return {name: self._decoder(name, tokens, best) for name, tokens in (("prefill", PROMPT), ("decode", 1))}

    def recurrent_graphs(self, best: int = BEST) -> dict[str, Graph]:
        """A decoder with a recurrent state."""
        return {name: self._recurrent(name, tokens, best) for name, tokens in (("prefill", PROMPT), ("decode", 1))}

    def told_graphs(self, best: int = BEST) -> dict[str, Graph]:
        """An encoder with its decoder."""
        b = GraphBuilder("encode")
        return self._telling(b, self._read(b), best)

    def seen_graphs(self, best: int = BEST) -> dict[str, Graph]:
        """The same of a text and a picture, `LENGTH` pixels."""
        b = GraphBuilder("encode")
        text, pixels = self._read(b), b.input("pixel_values", "float32", [1, LENGTH])
        return self._telling(b, b.add(text, b.matmul(pixels, b.constant(self.embedding[:LENGTH], name="rows"))), best)

    def _read(self, b: GraphBuilder) -> Operand:
        """The mean of a text's embeddings."""
        ids, mask = b.input("input_ids", "int32", [1, LENGTH]), b.input("attention_mask", "int32", [1, LENGTH])
        rows = b.gather(b.constant(self.embedding, name="embedding"), b.reshape(ids, [LENGTH]), axis=0)
        weights = b.cast(mask, "float32")
        return b.div(b.matmul(weights, rows), b.reduceSum(weights, axes=[1], keepDimensions=True))

    def heard_graphs(self, best: int = BEST) -> dict[str, Graph]:
        """The same of a sound, `LENGTH` samples of which a mask says which count."""
        b = GraphBuilder("encode")
        samples, mask = b.input("input_values", "float32", [1, LENGTH]), b.input("attention_mask", "int32", [1, LENGTH])
        louder = b.mul(samples, b.mul(b.cast(mask, "float32"), 9))
        rows = b.constant(self.embedding[:LENGTH], name="rows")
        return self._telling(b, b.matmul(louder, rows), best)

    def _telling(self, b: GraphBuilder, hidden: Operand, best: int) -> dict[str, Graph]:
        encode = b.build({"memory": b.matmul(hidden, b.constant(self.memory, name="memory_mixing"))})
        return {
            "encode": encode,
            **{name: self._decoder(name, tokens, best, told=True) for name, tokens in (("prefill", PROMPT), ("decode", 1))},
        }

    def _inputs(self, b: GraphBuilder, tokens: int) -> tuple[Operand, Operand, Operand]:
        """The rows of the new tokens, their position, and which is the last."""
        ids, position = b.input("input_ids", "int32", [1, tokens]), b.input("position", "int32", [1])
        last = b.input("last", "int32", [1]) if tokens > 1 else b.constant(np.array([0], np.int32))
        return b.gather(b.constant(self.embedding, name="embedding"), b.reshape(ids, [tokens]), axis=0), position, last

    def _decoder(self, name: str, tokens: int, best: int, told: bool = False) -> Graph:
        b = GraphBuilder(name)
        rows, position, last = self._inputs(b, tokens)
        past = b.input("past_rows", "float32", [CACHE, WIDTH])
        memory = b.input("memory", "float32", [1, WIDTH]) if told else None
        places = b.add(position, b.constant(np.arange(tokens, dtype=np.int32)))
        present = b.scatterND(past, b.reshape(places, [tokens, 1]), rows)
        away = b.cast(b.sub(b.add(position, last), b.constant(np.arange(CACHE, dtype=np.int32))), "float32")
        weights = b.where(b.lesser(away, 0), 0, b.exp(b.div(b.neg(b.max(away, 0)), 3)))
        # What is behind in the cache may be anything, and does not count.
        hidden = b.tanh(b.matmul(b.matmul(b.reshape(weights, [1, CACHE]), present), b.constant(self.mixing, name="mixing")))
        if memory:
            hidden = b.add(hidden, memory)
        return self._built(b, hidden, {"present_rows": present}, best)

    def _recurrent(self, name: str, tokens: int, best: int) -> Graph:
        b = GraphBuilder(name)
        rows, _, last = self._inputs(b, tokens)
        state = b.input("past_state", "float32", [1, WIDTH])
        states = []
        for row in b.split(rows, tokens, axis=0):
            state = b.tanh(b.add(b.matmul(state, b.constant(self.mixing, name="mixing")), row))
            states.append(state)
        return self._built(b, b.gather(b.concat(states, 0), last, axis=0), {"present_state": state}, best)

    def _built(self, b: GraphBuilder, hidden: Operand, states: dict[str, Operand], best: int) -> Graph:
        logits = b.matmul(hidden, b.constant(self.head, name="head"))
        values, indices = top(b, logits, best, 1, largest=True)
        return b.build({"logits": logits, "top_logits": values, "top_ids": b.cast(indices(), "int32"), **states})
