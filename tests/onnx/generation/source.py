"""Generating with a source model in ONNX Runtime, whose cache grows, and with graphs of a fixed cache, by the rules of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from webnn_graph import run
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph


class Source:
    """A decoder in ONNX Runtime.

    Args:
        path: The model.
        extra: Values of other inputs, by name.
        first: The model that takes no past, where that is another one.
        one: Whether it takes one token at a time when it has a past.
    """

    def __init__(self, path: Path, *, extra: Mapping[str, Array] | None = None, first: Path | None = None, one: bool = False) -> None:
        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._first = onnxruntime.InferenceSession(str(first), providers=["CPUExecutionProvider"]) if first else None
        self._extra = dict(extra or {})
        self._inputs = {info.name: info for info in self._session.get_inputs()}
        self._past: dict[str, Array] = {}
        self._length = 0
        self._one = one
        for name, info in self._inputs.items():
            if name.startswith("past"):
                shape = [size if isinstance(size, int) else 1 if "batch" in size else 0 for size in info.shape]
                self._past[name] = np.zeros(shape, _type(info.type))

    def feed(self, tokens: Sequence[int]) -> Array:
        """The logits after each of the tokens, [tokens, vocabulary]."""
        if self._one and self._length and len(tokens) > 1:  # exported for one token
            return np.concatenate([self.feed([token]) for token in tokens])
        session = self._first if self._first and not self._length else self._session
        values = dict(self._extra) | self._past
        total = self._length + len(tokens)
        values["input_ids"] = np.array([tokens])
        values["attention_mask"] = np.ones((1, total))
        values["position_ids"] = np.arange(self._length, total)[None]
        values["use_cache_branch"] = np.array([self._length > 0])
        values["num_logits_to_keep"] = np.array(0)
        values["seqlens_k"], values["total_sequence_length"] = np.array([total - 1]), np.array(total)
        infos = {info.name: info for info in session.get_inputs()}
        feeds = {name: values[name].astype(_type(info.type)) for name, info in infos.items()}
        names = [info.name for info in session.get_outputs()]
        results = dict(zip(names, session.run(names, feeds), strict=True))
        for name in self._past:
            present = name.replace("past_key_values", "present").replace("past", "present")
            if present in results and (not self._length or "encoder" not in name):
                self._past[name] = results[present]
        self._length = total
        logits: Array = results["logits"].reshape(-1, results["logits"].shape[-1]).astype(np.float32)
        return logits


def _type(name: str) -> np.dtype:
    kinds = {
        "tensor(float)": "FLOAT",
        "tensor(float16)": "FLOAT16",
        "tensor(int64)": "INT64",
        "tensor(int32)": "INT32",
        "tensor(bool)": "BOOL",
    }
    return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(onnx.TensorProto.DataType.Value(kinds[name])))


class Player:
    """The graphs of a package, fed as their description says.

    Args:
        graphs: ``decode``, and ``prefill`` where there is one.
        cache: Tokens that fit.
        padding: Whether a piece may be filled up.
        given: What ``encode`` gave.
    """

    def __init__(self, graphs: Mapping[str, Graph], cache: int, padding: bool = True, given: Mapping[str, Array] | None = None) -> None:
        self._graphs, self._cache, self._padding, self._given = graphs, cache, padding, dict(given or {})
        inputs = [operand for operand in graphs["decode"].inputs if operand.name.startswith("past_")]
        self._states = {operand.name: np.zeros(operand.shape, operand.data_type.numpy) for operand in inputs}
        self.length = 0

    def feed(self, tokens: Sequence[int]) -> dict[str, Array]:
        """What the last call gives."""
        rest = list(tokens)
        prefill = self._graphs.get("prefill")
        width = next(operand for operand in prefill.inputs if operand.name == "input_ids").shape[1] if prefill else 0
        results: dict[str, Array] = {}
        while rest:
            enough = len(rest) >= width if not self._padding else len(rest) > 1
            if prefill and enough and self.length + width <= self._cache:
                piece, rest = rest[:width], rest[width:]
                filled = [*piece, *([3] * (width - len(piece)))]
                results = self._call(prefill, filled, {"last": np.array([len(piece) - 1], np.int32)})
                self.length += len(piece)
            else:
                results = self._call(self._graphs["decode"], rest[:1], {})
                rest = rest[1:]
                self.length += 1
        return results

    def _call(self, graph: Graph, tokens: Sequence[int], more: Mapping[str, Array]) -> dict[str, Array]:
        feeds = {"input_ids": np.array([tokens], np.int32), "position": np.array([self.length], np.int32), **self._states, **more}
        names = {operand.name for operand in graph.inputs}
        results = run(graph, {name: value for name, value in (self._given | feeds).items() if name in names})
        self._states = {name: results["present_" + name.removeprefix("past_")] for name in self._states}
        return results


def conversation(source: Source, player: Player, vocabulary: int, *, cache: int, start: Sequence[int] = ()) -> None:
    """Feeds both a prompt longer than a piece, greedy tokens, a second turn, and tokens until the cache is full.

    Raises:
        AssertionError: They give something else.
    """
    random = np.random.default_rng(1)
    turns = [(list(start) or random.integers(0, vocabulary, 11).tolist(), 5), (random.integers(0, vocabulary, 6).tolist(), cache)]
    for prompt, more in turns:
        following = prompt
        for _ in range(more):
            expected, results = source.feed(following)[-1], player.feed(following)
            np.testing.assert_allclose(results["logits"][0], expected, rtol=1e-3, atol=1e-3)
            order = np.argsort(-results["logits"][0], kind="stable")[: results["top_ids"].shape[1]]
            np.testing.assert_array_equal(results["top_ids"][0], order)
            np.testing.assert_array_equal(results["top_logits"][0], results["logits"][0][order])
            following = [int(expected.argmax())]
            if player.length == cache:
                return
    raise AssertionError("the cache was never full")
