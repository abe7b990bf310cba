"""Beam search: several sequences go on at a time, and the best finished one is taken; it gives what transformers' ``generate`` does."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from webnn_graph.data_types import Array
from webnn_graph.generation.sampling import Rules, penalized
from webnn_graph.generation.settings import Beams

H = TypeVar("H")


@dataclass(frozen=True)
class Step(Generic[H]):
    """What is known after some tokens: a handle of the states, and the logits of the next token, float32[vocabulary]."""

    handle: H
    logits: Array


@dataclass(frozen=True)
class _Beam(Generic[H]):
    """A sequence that goes on, with the sum of its tokens' logarithmic probabilities."""

    history: tuple[int, ...]
    score: float
    step: Step[H]


class Search(Generic[H]):
    """A search; states of sequences that part are shared, since a call leaves those that it is given as they are.

    Args:
        beams: How many sequences, and how they are compared.
        rules: What may come.
        penalty: That of tokens that were there already.
        eos: What ends a sequence.
        begin: How many tokens it begins with.
        end: How many it has at most, with those.
    """

    def __init__(self, beams: Beams, rules: Rules, penalty: float, eos: Iterable[int], begin: int, end: int) -> None:
        self._beams = beams
        self._rules = rules
        self._penalty = penalty
        self._eos = frozenset(eos)
        self._begin = begin
        self._end = end
        self._finished: list[tuple[float, tuple[int, ...]]] = []

    def run(self, history: Sequence[int], first: Step[H], advance: Callable[[H, int], Step[H]]) -> list[int]:
        """The tokens behind ``history``; ``advance`` gives what is known after one more token."""
        width = self._beams.num_beams
        running = [_Beam(tuple(history), 0.0, first)]
        may_improve = True
        while True:
            best = heapq.nlargest(max(2, 1 + len(self._eos)) * width, self._continued(running), key=lambda one: (one[0], -one[1], -one[2]))
            length = len(running[0].history) + 1
            ends = [length >= self._end or token in self._eos for _, _, token in best]
            if may_improve and not (self._beams.early_stopping is True and self._is_full):
                self._finish(
                    (score, (*running[beam].history, token))
                    for (score, beam, token), is_end in zip(best[:width], ends[:width], strict=True)
                    if is_end
                )
            going = [one for one, is_end in zip(best, ends, strict=True) if not is_end][:width]
            if going:
                may_improve = may_improve and self._may_improve(going[0][0], length)
            if not going or not may_improve or (self._beams.early_stopping is True and self._is_full):
                # With nothing finished no sequence has come to an end: the best is taken as it is.
                found = self._finished[0][1] if self._finished else (*running[best[0][1]].history, best[0][2])
                return list(found[len(history) :])
            running = [
                _Beam((*running[beam].history, token), score, advance(running[beam].step.handle, token)) for score, beam, token in going
            ]

    def _continued(self, running: Sequence[_Beam[H]]) -> Iterable[tuple[float, int, int]]:
        """The continuations of each sequence that could be among the best: score, sequence, token."""
        most = max(2, 1 + len(self._eos)) * self._beams.num_beams
        for i, beam in enumerate(running):
            scores = self._scores(beam)
            kept = np.argpartition(-scores, most)[:most] if scores.size > most else np.arange(scores.size)
            for token in map(int, kept):
                if scores[token] > -math.inf:
                    yield float(scores[token] + np.float32(beam.score)), i, token

    def _scores(self, beam: _Beam[H]) -> Array:
        """Logarithmic probabilities of all tokens, float32, as far as they may come."""
        forced = self._rules.forced(beam.history)
        if forced is not None:
            scores = np.full(beam.step.logits.size, -np.inf, np.float32)
            scores[forced] = 0
            return scores
        shifted = beam.step.logits - beam.step.logits.max()
        scores = shifted - np.log(np.exp(shifted).sum())
        if self._penalty != 1:
            seen = list(set(beam.history))
            scores[seen] = penalized(scores[seen], self._penalty)
        scores[list(self._rules.banned(beam.history))] = -np.inf
        scores = self._rules.timed(beam.history, scores)
        if self._beams.renormalize:
            scores = scores - np.logaddexp.reduce(scores)
        return np.asarray(scores)

    @property
    def _is_full(self) -> bool:
        return len(self._finished) == self._beams.num_beams

    def _finish(self, sequences: Iterable[tuple[float, tuple[int, ...]]]) -> None:
        """Keeps the best of what has come to an end."""
        scored = [(score / (len(history) - self._begin) ** self._beams.length_penalty, history) for score, history in sequences]
        self._finished = sorted([*self._finished, *scored], key=lambda one: -one[0])[: self._beams.num_beams]

    def _may_improve(self, best: float, length: int) -> bool:
        """Whether what goes on with this score, at this length, could become better than what is finished."""
        if not self._is_full:
            return True
        penalty = self._beams.length_penalty
        longest = self._end if self._beams.early_stopping == "never" and penalty > 0 else length
        return bool(best / (longest - self._begin) ** penalty > self._finished[-1][0])
