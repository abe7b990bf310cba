"""What ``webnn run --audio`` says of a sound of any length: labels, text, when somebody speaks, as the graph's metadata tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converters.commands.answering import input_of, naming, show_values
from converters.commands.console import Result, say, show_table
from converters.commands.question import Source
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.feeds import complete
from webnn_graph.generation.sound import read_sound
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Characters, Labels, Metadata, Regression, Speech
from webnn_graph.runtimes import find_runtime
from webnn_graph.tasks import THRESHOLD
from webnn_graph.tasks.answers import Scored
from webnn_graph.tasks.listening import Listening
from webnn_graph.tasks.regression import Measured, measured
from webnn_graph.tasks.speech import Spoken, Transcript


@dataclass(frozen=True)
class Heard(Result):
    """What a model says of a sound.

    Attributes:
        task: What the model is for.
        labels: The most probable labels of each output that has some.
        values: The values of each output that has some by name.
        texts: What is said.
        speech: When somebody speaks.
        runtime: What computed it.
    """

    task: str
    labels: Mapping[str, Sequence[Scored]]
    values: Mapping[str, Sequence[Measured]]
    texts: Mapping[str, Transcript]
    speech: Mapping[str, Sequence[Spoken]]
    runtime: str

    def show(self) -> None:
        """See `Result`."""
        for name, labels in self.labels.items():
            show_table([name, ">score"], [(one.label, f"{one.score:.4f}") for one in labels])
        show_values(self.values)
        for text in self.texts.values():
            say(f"{text.text}  ({text.score:.4f})")
        for parts in self.speech.values():
            if parts:
                show_table([">from", ">to"], [(f"{one.start:.2f} s", f"{one.end:.2f} s") for one in parts])
            else:
                say("nobody speaks; --threshold asks for what is less probable")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {
            "task": self.task,
            "labels": {name: [asdict(one) for one in labels] for name, labels in self.labels.items()},
            "values": {name: [asdict(one) for one in values] for name, values in self.values.items()},
            "objects": None,
            "texts": {name: asdict(text) for name, text in self.texts.items()},
            "speech": {name: [asdict(one) for one in parts] for name, parts in self.speech.items()},
            "runtime": self.runtime,
            "file": None,
        }


@dataclass(frozen=True)
class Hearing:
    """A sound that a graph is asked about.

    Attributes:
        sound: The sound.
        feeds: Values of all inputs for its first window.
        file: Where the graph is.
    """

    sound: Listening
    feeds: Mapping[str, Array]
    file: Path

    def computed(self, runtime: str, browser: str | None, one: bool) -> dict[str, Array]:
        """The outputs of each window.

        Raises:
            WebNNError: There are several, and those of ``one`` are wanted.
        """
        windows = len(self.sound.windows)
        if one and windows > 1:
            seconds = self.sound.size / self.sound.audio.sampling_rate
            raise WebNNError(f"the sound is heard in {windows} windows of {seconds:.3g} seconds; -o and --times take one")
        with find_runtime(runtime).prepared({"": self.sound.graph}, browser=browser) as graphs:
            return self.sound.computed(graphs[""], self.feeds)

    def answer(self, outputs: Mapping[str, Array], runtime: str, top: int, threshold: float | None) -> Heard:
        """What outputs say.

        Raises:
            WebNNError: It is not said what any output is.
        """
        metadata, sound = Metadata.of(self.sound.graph), self.sound
        said = {name: meaning for name, meaning in metadata.tensors.items() if name in outputs}
        sizes = {name: outputs[name][0].size for name in said}
        labels = {
            name: sound.labels(name, one, outputs, top)
            for name, one in said.items()
            if isinstance(one, Labels) and sizes[name] == len(one.names)
        }
        values = {
            name: measured(outputs[name], one)
            for name, one in said.items()
            if isinstance(one, Regression) and sizes[name] == len(one.targets)
        }
        texts = {name: sound.text(name, one, outputs) for name, one in said.items() if isinstance(one, Characters)}
        speech = {
            name: sound.speech(name, outputs, THRESHOLD if threshold is None else threshold)
            for name, one in said.items()
            if isinstance(one, Speech)
        }
        if not (labels or values or texts or speech):
            known = ", ".join(f"{name} ({one.kind})" for name, one in said.items())
            if known:
                raise WebNNError(
                    f"--audio shows labels, values, characters and speech, and {sound.graph.name} gives others of a sound: {known}"
                )
            raise WebNNError(f"{sound.graph.name} does not say what its outputs are", naming(self.file))
        return Heard(metadata.task, labels, values, texts, speech, runtime)


def hearing(graph: Graph, source: Source, given: Mapping[str, Array], seed: int) -> Hearing:
    """A sound, and the values of a graph's other inputs.

    Raises:
        ValidationError: The graph takes none, or several, or values of the input are given, too; or the sound is empty.
        FormatError: The file is none, or damaged.
    """
    assert source.audio is not None
    file = source.audio
    name, audio = input_of(graph, source.file, Audio)
    if name in given:
        raise ValidationError(f"input {name} is given twice, by --audio and by its values", code=Code.WRONG_INPUT)
    sound = Listening(graph, name, audio, read_sound(file, audio.sampling_rate))
    if not len(sound.samples):
        raise ValidationError(f"{file}: the sound has no samples", code=Code.WRONG_INPUT)
    return Hearing(sound, complete(graph, {**sound.feeds(0), **given}, seed), source.file)
