"""Which token comes next: of the k largest logits, in the order and with the meaning of transformers' processors and warpers.

First the tokens that may not come are left out and those that were there already are penalized, then temperature, top-k, top-p and
min-p. All of that is exact as long as the best token that is left is no smaller than the last of the k: then it is the best of all.
Otherwise, and where more tokens are wanted than there are, all logits are looked at. ``templates/generation/sampling.js`` is the
same in JavaScript, down to the tokens that a seed draws.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from webnn_graph.data_types import Array, DataType
from webnn_graph.errors import ExecutionError
from webnn_graph.generation.settings import Settings
from webnn_graph.graph import Descriptor, Distribution
from webnn_graph.random_inputs import Generator

MOST_CANDIDATES = 64
"""Tokens that one is drawn of where nobody says ``top_k`` and the graph gives the best one only."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: What logits are divided by before one is drawn; 0 takes the largest.
        top_k: Draws one of so many; None for as many as the graph gives.
        top_p: Draws one of the most probable that together have this probability.
        min_p: Leaves out what has less than this share of the most probable one's probability.
        repetition_penalty: Divides positive logits, and multiplies negative ones, of tokens that were there already.
        seed: With the same one, the same tokens are drawn. 32 bits of it count.

    Raises:
        ExecutionError: A value is out of its range.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, value, is_right, range in (
            ("temperature", self.temperature, 0 <= self.temperature < math.inf, "0 or more"),
            ("top_k", self.top_k, self.top_k is None or self.top_k >= 1, "1 or more"),
            ("top_p", self.top_p, 0 <= self.top_p <= 1, "from 0 to 1"),
            ("min_p", self.min_p, 0 <= self.min_p <= 1, "from 0 to 1"),
            ("repetition_penalty", self.repetition_penalty, 0 < self.repetition_penalty < math.inf, "more than 0"),
        ):
            if not is_right:
                raise ExecutionError(f"{name} is {value}; it must be {range}")

    @classmethod
    def of(cls, settings: Settings, **said: float | None) -> Sampling:
        """What the caller says, and what the settings say of the rest; of them, a greedy one takes the penalty alone."""
        own = {name: value for name, value in said.items() if value is not None}
        known = {name: getattr(settings.sampling, name) for name in ("top_k", "top_p", "min_p") if own.get("temperature")}
        known["repetition_penalty"] = settings.sampling.repetition_penalty
        return cls(**{**{name: value for name, value in known.items() if value is not None}, **own})


class Rules:
    """What a model's settings say of the tokens that may come.

    Args:
        settings: Those of the model.
        begin: How many tokens a generation begins with.
        end: How many it has at most, with those; None where nobody knows.
        timestamps: Whether times are wanted.
    """

    def __init__(self, settings: Settings, begin: int, end: int | None, timestamps: bool = False) -> None:
        self._settings = settings
        self.timestamps = timestamps
        self._begin = begin
        # A token that is forced to be the second is none that could be suppressed.
        self._first = begin + (begin == 1 and settings.forced_bos is not None)
        self._end = end
        self._always = frozenset(settings.suppress)

    def forced(self, history: Sequence[int]) -> int | None:
        """The token that has to come after these; None where there is no such."""
        if len(history) == 1 and self._settings.forced_bos is not None:
            return self._settings.forced_bos
        return self._settings.forced_eos if self._end is not None and len(history) == self._end - 1 else None

    def banned(self, history: Sequence[int]) -> frozenset[int]:
        """The tokens that may not come after these."""
        settings, length = self._settings, len(history)
        found = set(self._always)
        if length == self._first:
            found.update(settings.begin_suppress)
        if settings.min_length and length < settings.min_length:
            found.update(settings.eos)
        n = settings.no_repeat_ngram_size
        if n and length >= n:
            behind = tuple(history[length + 1 - n :])
            found.update(history[i + n - 1] for i in range(length + 1 - n) if tuple(history[i : i + n - 1]) == behind)
        return frozenset(found)

    def timed(self, history: Sequence[int], scores: Array) -> Array:
        """The scores [vocabulary] of tokens that may come next, with times where they may be, as Whisper has it.

        Times come in pairs, but for the last, and do not decrease. Where they are together more probable than any text, one comes.
        """
        if not self.timestamps or self._settings.speech is None or self._settings.speech.no_timestamps is None:
            return scores
        scores, first = scores.copy(), self._settings.speech.no_timestamps + 1
        scores[first - 1] = -np.inf
        new = history[self._begin :]
        is_time, is_second = bool(new) and new[-1] >= first, len(new) < 2 or new[-2] >= first
        if is_time and is_second:
            scores[first:] = -np.inf
        elif is_time:
            scores[: min(self._settings.eos, default=first)] = -np.inf
        times = [token for token in new if token >= first]
        if times:
            scores[first : times[-1] + (not (is_time and not is_second))] = -np.inf
        if not new:
            scores[:first] = -np.inf
            most = self._settings.speech.max_initial_timestamp
            if most is not None:
                scores[first + most + 1 :] = -np.inf
        if np.logaddexp.reduce(scores[first:]) > scores[:first].max():
            scores[:first] = -np.inf
        return scores


def penalized(scores: Array, penalty: float) -> Array:
    """The scores of tokens that were there already."""
    return np.where(scores < 0, scores * penalty, scores / penalty)


class Sampler:
    """Chooses token after token.

    Args:
        sampling: How.
        rules: What may come.
    """

    def __init__(self, sampling: Sampling, rules: Rules) -> None:
        self._sampling = sampling
        self._rules = rules
        self._random = Generator(secrets.randbits(32) if sampling.seed is None else sampling.seed)

    def choose(self, ids: Array, logits: Array, everything: Callable[[], Array], history: Sequence[int]) -> int:
        """The token that comes after these.

        Args:
            ids: The tokens of the largest logits, int32[k], the best first.
            logits: Theirs, float32[k].
            everything: Gives all logits, float32[vocabulary].
            history: All tokens until now.
        """
        forced = self._rules.forced(history)
        if forced is not None:
            return forced
        sampling = self._sampling
        is_greedy = sampling.temperature == 0
        wanted = 1 if is_greedy else sampling.top_k or (len(ids) if len(ids) > 1 else MOST_CANDIDATES)
        if not self._rules.timestamps:
            ids, scores = self._processed(ids, logits, history)
        if self._rules.timestamps or len(ids) < wanted or scores[0] < logits[-1] or sampling.repetition_penalty < 1:
            whole = everything()
            ids, scores = self._processed(np.arange(whole.size), whole, history)
        if not len(ids) or not scores[0] > -math.inf:
            raise ExecutionError("no token may come next: the model's logits are no numbers, or all tokens are suppressed")
        if is_greedy:
            return int(ids[0])
        return self._drawn(ids[:wanted], warped(scores[:wanted], sampling))

    def _processed(self, ids: Array, logits: Array, history: Sequence[int]) -> tuple[Array, Array]:
        """What may come with its scores, float64, the best first."""
        banned = self._rules.banned(history)
        scores = logits.astype(np.float64)
        if self._sampling.repetition_penalty != 1:
            scores = np.where(np.isin(ids, list(set(history))), penalized(scores, self._sampling.repetition_penalty), scores)
        kept = ~np.isin(ids, list(banned)) if banned else np.ones(len(ids), bool)
        if self._rules.timestamps:
            scores = self._rules.timed(history, np.where(kept, scores, -np.inf))
            kept = scores > -np.inf
        ids, scores = ids[kept], scores[kept]
        order = np.argsort(-scores, kind="stable")
        return ids[order], scores[order]

    def _drawn(self, ids: Array, scores: Array) -> int:
        shares = np.cumsum(np.exp(scores - scores[0]))
        at = float(self._random.draw(Distribution.UNIFORM, Descriptor(DataType.FLOAT32, ()))) * shares[-1]
        return int(ids[min(int(np.searchsorted(shares, at, side="right")), len(ids) - 1)])


def warped(scores: Array, sampling: Sampling) -> Array:
    """The scores of the tokens that one is drawn of, divided by the temperature; scores come and go in falling order."""
    scores = scores / sampling.temperature
    if sampling.top_p < 1:
        shares = np.exp(scores - scores[0])
        # What has less than the rest together with all behind it goes, as transformers has it.
        behind = np.cumsum(shares[::-1])[::-1] / shares.sum()
        scores = scores[: max(int(np.count_nonzero(behind > 1 - sampling.top_p)), 1)]
    if sampling.min_p > 0:
        scores = scores[np.exp(scores - scores[0]) >= sampling.min_p]
    return np.asarray(scores)
