"""A model that is asked about a sound of any length: window after window, and what it says of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Characters, Labels, Meaning, Metadata, Speech, State
from webnn_graph.tasks import answers
from webnn_graph.tasks.sounds import Piece, fitted, hop_of, pieces, spread
from webnn_graph.tasks.speech import Spoken, Transcript, spoken, transcript
from webnn_graph.wording import size

MOST_WINDOWS = 2**18
"""Of a sound: more than two hours where one is 32 ms."""
MOST_BYTES = 2**31
"""Of the outputs of all windows."""

Compute = Callable[[Mapping[str, Array]], Mapping[str, Array]]


@dataclass(frozen=True)
class Listening:
    """A sound, and the graph that is asked about it.

    Attributes:
        graph: The graph.
        name: Its input that is the sound.
        audio: What that is.
        samples: float32[n], of the model's sampling rate.
    """

    graph: Graph
    name: str
    audio: Audio
    samples: Array

    @cached_property
    def meanings(self) -> Mapping[str, Meaning]:
        """What inputs and outputs are."""
        return Metadata.of(self.graph).tensors

    @cached_property
    def states(self) -> Mapping[str, str]:
        """Outputs by the inputs that they are the next values of."""
        return {meaning.input: name for name, meaning in self.meanings.items() if isinstance(meaning, State)}

    @property
    def size(self) -> int:
        """New samples of a window."""
        return self.audio.samples(self.graph.operands[self.name].shape) - self.audio.context

    @cached_property
    def windows(self) -> Sequence[Piece]:
        """Where windows begin, and which steps of text are taken of each."""
        count = len(self.samples)
        kinds = {type(meaning): name for name, meaning in self.meanings.items()}
        if Characters in kinds:
            steps = self.graph.operands[kinds[Characters]].shape[-2]
            return list(pieces(count, self.size, steps, self._hop(kinds[Characters])))
        if Speech in kinds or self.states or self.audio.context:
            return [Piece(start, 0, 0) for start in range(0, max(count, 1), self.size)]
        return [Piece(start, 0, 0) for start in spread(count, self.size)]

    def _hop(self, name: str) -> int:
        """Samples from step to step of text."""
        meaning = self.meanings[name]
        assert isinstance(meaning, Characters)
        return meaning.hop or hop_of(self.size, self.graph.operands[name].shape[-2])

    def feeds(self, number: int) -> dict[str, Array]:
        """The sound in a window, and states as they are at first."""
        start, context = self.windows[number].start, self.audio.context
        before = self.samples[max(0, start - context) : start]
        window = np.concatenate([np.zeros(context - len(before), np.float32), before, self.samples[start : start + self.size]])
        operands = {name: self.graph.operands[name] for name in self.states}
        zeros = {name: np.zeros(operand.shape, operand.data_type.numpy) for name, operand in operands.items()}
        return {**zeros, self.name: fitted(window, self.audio, self.graph.operands[self.name])}

    def computed(self, compute: Compute, others: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs of all windows, one after another along a new first axis.

        Args:
            compute: Computes the graph.
            others: Values of the inputs that are no sound.
        """
        found: list[Mapping[str, Array]] = []
        for number in range(len(self.windows)):
            feeds = {**others, **self.feeds(number)}
            if found:
                feeds |= {name: found[-1][output] for name, output in self.states.items()}
            found.append(compute(feeds))
            if number == 0:
                self._check(sum(output.nbytes for output in found[0].values()))
        return {name: np.stack([outputs[name] for outputs in found]) for name in found[0]}

    def _check(self, nbytes: int) -> None:
        """Raises `ValidationError` where outputs of so many bytes a window are too many."""
        windows = len(self.windows)
        if windows > MOST_WINDOWS or windows * nbytes > MOST_BYTES:
            seconds = self.size / self.audio.sampling_rate
            what = f"the sound is heard in {windows:,} windows of {seconds:.3g} seconds, whose outputs are {size(windows * nbytes)}"
            hint = f"a shorter one is heard: at most {MOST_WINDOWS:,} windows and {size(MOST_BYTES)} are"
            raise ValidationError(what, hint, code=Code.WRONG_INPUT)

    def labels(self, name: str, meaning: Labels, outputs: Mapping[str, Array], top: int) -> list[answers.Scored]:
        """The most probable labels by their mean over all windows."""
        mean = np.mean([answers.probabilities(one, meaning) for one in outputs[name]], 0)
        return answers.best(mean, Labels(names=meaning.names, scores="probabilities"), top)

    def text(self, name: str, meaning: Characters, outputs: Mapping[str, Array]) -> Transcript:
        """What is said."""
        rows = [one.reshape(-1, one.shape[-1])[piece.first : piece.end] for one, piece in zip(outputs[name], self.windows, strict=True)]
        return transcript(np.concatenate(rows), meaning, self._hop(name) / self.audio.sampling_rate)

    def speech(self, name: str, outputs: Mapping[str, Array], threshold: float) -> list[Spoken]:
        """When somebody speaks."""
        scores = outputs[name].reshape(-1)
        step = self.size * len(self.windows) // len(scores)
        return spoken(scores.tolist(), step, len(self.samples), self.audio.sampling_rate, threshold)
