"""Generating: what calls the graphs of a model one after another, on any runtime.

with Generator.open("folder", runtime="onnxruntime") as model:
    for token in model.generate([1, 5, 9], max_tokens=64):
        print(token)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from msgspec.structs import replace

from webnn_graph import runtimes
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ExecutionError, FormatError
from webnn_graph.formats import load
from webnn_graph.generation.beams import Search, Step
from webnn_graph.generation.interface import (
    IDS,
    LAST,
    LOGITS,
    PARTS,
    PAST,
    POSITION,
    PRESENT,
    TOP_IDS,
    TOP_LOGITS,
    interface_of,
)
from webnn_graph.generation.sampling import Rules, Sampler, Sampling
from webnn_graph.generation.settings import Beams, Settings, read
from webnn_graph.generation.telling import LANGUAGE, Source, checked, feeds_of, longer, named, spoken, wrong
from webnn_graph.generation.windows import FEATURES, SAMPLES, Sentences, Window
from webnn_graph.graph import Graph

HINT_FULL = "begin anew, or convert the model again with a larger cache"


@dataclass(frozen=True)
class Past:
    """What a model knows of the tokens that it was fed: its states by name, and how many tokens that were."""

    states: Mapping[str, Array]
    position: int


class Generator:
    """A model that generates, and the tokens of its conversation until now.

    A context manager; a browser, if one computes, is started when it is entered.

    Args:
        graphs: By name, see `webnn_graph.generation.interface`.
        settings: Of the same model.
        runtime: What computes, see `webnn_graph.runtimes`; by default what `webnn_graph.runtimes.chosen` says.
        browser: The browser's executable.

    Attributes:
        graphs: What it was given, as for ``settings``.
        interface: What the graphs have in common.
        runtime: What computes, by its name.

    Raises:
        ValidationError: The graphs do not fit together.
        WebNNError: There is no such runtime.
    """

    def __init__(self, graphs: Mapping[str, Graph], settings: Settings, *, runtime: str | None = None, browser: str | None = None) -> None:
        self.settings = settings
        self.interface = interface_of(graphs, settings)
        self.runtime = runtimes.find_runtime(runtime or runtimes.chosen(graphs["decode"])).name
        self.graphs = graphs
        self._window = Window.of_graph(graphs["spectrogram"]) if "spectrogram" in graphs else None
        self._browser = browser
        self._compute: Mapping[str, Callable[[Mapping[str, Array]], dict[str, Array]]] = {}
        self._stack = ExitStack()
        self._is_busy = False
        self._given: dict[str, Array] = {}
        self.reset()

    @classmethod
    def open(cls, folder: str | Path, *, runtime: str | None = None, browser: str | None = None) -> Generator:
        """The model in a folder that was written with ``--generate``.

        Raises:
            FormatError: It is none, or a file is damaged.
            ValidationError: The graphs do not fit together.
            WebNNError: There is no such runtime.
        """
        folder = Path(folder)
        settings = read(folder)
        paths = {name: folder / f"{name}.webnn" for name in PARTS}
        graphs = {name: load(path) for name, path in paths.items() if path.exists()}
        if "decode" not in graphs:
            raise FormatError(f"{folder} has no decode.webnn", "convert the model with --format webnn, too")
        return cls(graphs, settings, runtime=runtime, browser=browser)

    def __enter__(self) -> Generator:
        runtime = runtimes.find_runtime(self.runtime)
        self._compute = self._stack.enter_context(runtime.prepared(self.graphs, browser=self._browser))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._compute = {}
        self._stack.close()

    @property
    def ids(self) -> list[int]:
        """All tokens of the conversation: those that were given, and those that were generated."""
        return list(self._history)

    def reset(self) -> None:
        """Begins anew."""
        states = {name: np.zeros(state.past.shape, state.past.data_type.numpy) for name, state in self.interface.states.items()}
        self._past = Past(states, 0)
        self._history: list[int] = []
        self._pending: list[int] = []
        """Tokens at the end of the history that were not fed yet."""

    def generate(
        self,
        source: Source | None = None,
        *,
        start: Sequence[int] | None = None,
        max_tokens: int | None = None,
        stop: Sequence[int] = (),
        beams: int | None = None,
        length_penalty: float | None = None,
        early_stopping: bool | str | None = None,
        language: str | None = None,
        task: str | None = None,
        timestamps: bool = False,
        **sampling: float | None,
    ) -> Iterator[int]:
        """Generates token after token: greedy, unless a temperature is said or the settings say more than one beam.

        A decoder goes on behind the conversation; what it was given and what it generated stays in the cache. An encoder-decoder
        begins anew. A sound that is longer than ``spectrogram`` takes is taken window after window, see `webnn_graph.generation.windows`;
        ``timestamps`` say where the next one begins.

        Args:
            source: Of a decoder, the tokens that come next in the conversation; by default, in a new one, the settings' ``start``.
                Of an encoder-decoder what is encoded.
            start: What an encoder-decoder begins with; by default what the settings say.
            max_tokens: How many at most, of each window; by default up to the settings' ``max_length``, else until the cache is full.
            stop: Tokens that end it, besides those of the settings.
            beams: How many sequences are searched; by default what the settings say, or 1 where a temperature is said.
            length_penalty: See `Beams`, as for ``early_stopping``.
            early_stopping: See there.
            language: One of the settings' languages; by default theirs, else what the model of speech finds most probable.
            task: One of the tasks of a model of speech.
            timestamps: Whether it says when something is said.
            sampling: Attributes of `Sampling`.

        Yields:
            Token after token, with the one that ends it; of several beams when all are known.

        Raises:
            ExecutionError: Something given does not fit, the cache is full, another generation runs, or a graph cannot be computed.
                What was generated until then is in the conversation.
        """
        chosen = Sampling.of(self.settings, **sampling)
        how = Beams.of(self.settings.beams, num_beams=beams, length_penalty=length_penalty, early_stopping=early_stopping)
        if chosen.temperature and beams is None:
            how = replace(how, num_beams=1)
        if chosen.temperature and how.num_beams > 1:
            raise ExecutionError("several beams have no temperature: they search for what is most probable")
        if max_tokens is not None and (max_tokens < 1 or max_tokens != int(max_tokens)):
            raise ExecutionError(f"max_tokens is {max_tokens}; it must be a whole number, 1 or more")
        self._check_free()
        if self.settings.kind == "decoder":
            if start is not None:
                raise ExecutionError("start is for models with an encoder; a decoder is given its first tokens")
            new = [] if source is None else self._tokens(source, "the tokens")
            if not new and not self._history:
                new = list(self.settings.start)
            if not new and not self._pending:
                raise ExecutionError("a generation begins with a token, and none is given")
        else:
            if source is None:
                raise wrong("a model with an encoder is given what is encoded: a text, a sound or a picture")
            new = self._tokens(self.settings.start if start is None else start, "the first tokens")
            if not new:
                raise ExecutionError("a generation begins with a token: give start, since the settings say none")
            if start is None and self.settings.speech:
                new = [*new, *spoken(self.settings, language, task, timestamps)]
        settings = self.settings
        if language is not None and not settings.speech:
            settings = replace(settings, forced_bos=named(settings.languages, language, "language"))
        if (task is not None or timestamps) and not settings.speech:
            raise ExecutionError("task and timestamps are for models of speech")
        end = self._end(new, max_tokens)
        rules = partial(Rules, settings, timestamps=timestamps)
        return self._generated(source, new, end, how, chosen, rules, frozenset((*self.settings.eos, *stop)), timestamps)

    def _generated(
        self,
        source: Any,
        new: list[int],
        end: int | None,
        beams: Any,
        sampling: Sampling,
        rules: Callable[[int, int | None], Rules],
        stops: frozenset[int],
        timestamps: bool,
    ) -> Iterator[int]:
        self._check_free()
        self._is_busy = True
        goes_on = partial(self._going_on, end=end, beams=beams, sampling=sampling, rules=rules, stops=stops)
        try:
            if self.settings.kind == "decoder":
                yield from goes_on(new)
            elif timestamps and (samples := longer(source, self.graphs)) is not None:
                yield from self._windows(samples, new, goes_on, stops)
            else:
                self.reset()
                self._given = self._encoded(source)
                yield from goes_on(self._with_language(new))
        finally:
            self._is_busy = False

    def _going_on(
        self,
        new: list[int],
        *,
        end: int | None,
        beams: Any,
        sampling: Sampling,
        rules: Callable[[int, int | None], Rules],
        stops: frozenset[int],
    ) -> Iterator[int]:
        """Generates behind what the model knows and some more tokens."""
        self._take(new)
        begin = len(self._history)
        if beams.num_beams > 1:
            most = self.settings.cache + 1 if end is None else min(end, self.settings.cache + 1)
            search: Search[Past] = Search(beams, rules(begin, end), sampling.repetition_penalty, stops, begin, most)
            outputs = self._feed()
            found = search.run(self._history, Step(self._past, outputs[LOGITS][0]), self._advance)
            self._history += found
            self._pending += found
            yield from found
            return
        sampler = Sampler(sampling, rules(begin, end))
        while True:
            outputs = self._feed()
            token = sampler.choose(outputs[TOP_IDS][0], outputs[TOP_LOGITS][0], lambda: outputs[LOGITS][0], self._history)  # noqa: B023
            self._history.append(token)
            self._pending.append(token)
            yield token
            if token in stops or len(self._history) == end:
                return

    def _windows(
        self, samples: Array, new: list[int], goes_on: Callable[[list[int]], Iterator[int]], stops: frozenset[int]
    ) -> Iterator[int]:
        """Generates of window after window."""
        assert self._window and self.settings.speech and self.settings.speech.no_timestamps is not None
        features = self._window.features(samples, lambda window: self._compute["spectrogram"]({SAMPLES: window})[FEATURES])
        seek, total = 0, features.shape[-1]
        taken: list[int] = []
        while seek < total:
            self.reset()
            feeds = {FEATURES: self._window.of(features, seek)}
            self._given = {**feeds, **self._compute["encode"](feeds)}
            new = self._with_language(new)
            sentences = Sentences(self.settings.speech.no_timestamps + 1)
            token = -1
            for token in goes_on(new):
                if token not in self.settings.eos:
                    added = sentences.add(token)
                    taken += added
                    yield from added
            rest, times = sentences.rest()
            seek += self._window.frames_of(times, self.settings.sampling_rate) if times else self._window.frames
            is_stopped = token in stops and token not in self.settings.eos
            if token in self.settings.eos and seek >= total:
                rest = [*rest, token]
            taken += rest
            yield from rest
            self._history = [*new, *taken]
            if is_stopped:
                return

    def _check_free(self) -> None:
        if self._is_busy:
            raise ExecutionError("the model generates already: end that first, or open the folder again for another conversation")
        if not self._compute:
            raise ExecutionError("the model is not open: use it in a with statement")

    def _tokens(self, tokens: Any, what: str) -> list[int]:
        return checked(tokens, what, self.interface.vocabulary)

    def _end(self, new: Sequence[int], max_tokens: int | None) -> int | None:
        """How many tokens the conversation has at most."""
        length = len(new) + (len(self._history) if self.settings.kind == "decoder" else 0)
        if max_tokens is not None:
            return length + max_tokens
        if self.settings.max_length is not None and length >= self.settings.max_length:
            raise ExecutionError(f"{length} tokens leave no room: max_length is {self.settings.max_length}", "give max_tokens")
        return self.settings.max_length

    def _take(self, new: Sequence[int]) -> None:
        """Has tokens fed next. Raises `ExecutionError` when the cache does not hold them."""
        free = self.settings.cache - self._past.position - len(self._pending)
        if len(new) > free:
            raise ExecutionError(
                f"the cache is full: it holds {self.settings.cache} tokens, of which {max(free, 0)} are free, and {len(new)} were given",
                HINT_FULL,
                code=Code.CACHE_FULL,
            )
        self._history += new
        self._pending += new

    def _feed(self) -> dict[str, Array]:
        """Feeds what was not fed yet, in pieces; the last outputs."""
        if self._past.position + len(self._pending) > self.settings.cache:
            raise ExecutionError(f"the cache is full: it holds {self.settings.cache} tokens", HINT_FULL, code=Code.CACHE_FULL)
        outputs: dict[str, Array] = {}
        while self._pending:
            count = self._piece(len(self._pending))
            self._past, outputs = self._called(self._past, self._pending[:count])
            del self._pending[:count]
        return outputs

    def _piece(self, left: int) -> int:
        """How many of the tokens that are left are fed next."""
        prompt = self.interface.prompt
        is_whole = left >= prompt
        # What is filled up is written, too: the cache must have room for it.
        is_padded = left > 1 and self.settings.padding and self._past.position + prompt <= self.settings.cache
        return min(left, prompt) if is_whole or is_padded else 1

    def _called(self, past: Past, tokens: Sequence[int]) -> tuple[Past, dict[str, Array]]:
        """What comes of some tokens: one, or as many as ``prefill`` takes."""
        name = "decode" if len(tokens) == 1 else "prefill"
        width = 1 if len(tokens) == 1 else self.interface.prompt
        feeds = {IDS: np.array([[*tokens, *[0] * (width - len(tokens))]], np.int32), POSITION: np.array([past.position], np.int32)}
        if name == "prefill":
            feeds[LAST] = np.array([len(tokens) - 1], np.int32)
        feeds |= {PAST + state: array for state, array in past.states.items()}
        feeds |= {given: self._given[given] for given in self.interface.given}
        outputs = self._compute[name](feeds)
        return Past({state: outputs[PRESENT + state] for state in past.states}, past.position + len(tokens)), outputs

    def _advance(self, past: Past, token: int) -> Step[Past]:
        """What is known after one more token."""
        next_past, outputs = self._called(past, [token])
        return Step(next_past, outputs[LOGITS][0])

    # ------------------------------------------------------------------------------------------------------------ the encoder
    def _encoded(self, source: Source) -> dict[str, Array]:
        """What ``decode`` may take: the outputs of ``encode``, and its inputs."""
        vocabulary = self.settings.source_vocabulary or self.interface.vocabulary
        part, feeds = feeds_of(source, self.graphs, self.settings, vocabulary)
        if part == "spectrogram":
            feeds = self._compute[part](feeds)
        return {**feeds, **self._compute["encode"](feeds)}

    def _with_language(self, first: Sequence[int]) -> list[int]:
        """The first tokens with the most probable language in the place of one that is to be found."""
        if LANGUAGE not in first:
            return list(first)
        at = first.index(LANGUAGE)
        past = self._past
        for token in first[:at]:
            past, outputs = self._called(past, [token])
        languages = list(self.settings.languages.values())
        return [*first[:at], languages[int(outputs[LOGITS][0, languages].argmax())], *first[at + 1 :]]
