"""What ``webnn run`` computes and says: the outputs of a graph, or what they mean for a picture, a sound, a text or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converters.commands.console import Result, progress
from converters.commands.question import Question
from converters.commands.report import Outputs
from webnn_graph.data_types import Array
from webnn_graph.feeds import complete
from webnn_graph.graph import Graph
from webnn_graph.runtimes import run

if TYPE_CHECKING:  # what reads answers costs a run that asks nothing nothing
    from converters.commands.answering import Asked
    from converters.commands.hearing import Hearing
    from converters.commands.reading import Reader


@dataclass(frozen=True)
class Computation:
    """A graph with values of all its inputs, of which nothing is asked.

    Attributes:
        graph: The graph.
        feeds: The values, by name.
    """

    graph: Graph
    feeds: Mapping[str, Array]

    def outputs(self, runtime: str, browser: str | None, *, one: bool) -> Mapping[str, Array]:
        """What is computed, by name; where ``one`` is wanted, once."""
        return run(self.graph, self.feeds, runtime=runtime, browser=browser)

    def once(self, outputs: Mapping[str, Array]) -> Mapping[str, Array]:
        """The outputs that are saved."""
        return outputs

    def result(self, outputs: Mapping[str, Array], runtime: str, file: Path | None) -> Result:
        """What is shown of outputs, which were saved in a file."""
        return Outputs(outputs, file, runtime)


@dataclass(frozen=True)
class Answered(Computation):
    """That of a graph that is asked about a picture, a text, a file, or several of them."""

    question: Question
    asked: Asked
    reader: Reader | None

    def result(self, outputs: Mapping[str, Array], runtime: str, file: Path | None) -> Result:
        """See `converters.commands.answering.answer`."""
        from converters.commands.answering import answer

        question, read = self.question, self.reader.read if self.reader else None
        with progress("reading ..."):
            return answer(self.asked, outputs, runtime, question.top, question.threshold, question.picture, read, soft=question.soft)


@dataclass(frozen=True)
class Heard(Computation):
    """That of a graph that is asked about a sound, window by window."""

    question: Question
    hearing: Hearing

    def outputs(self, runtime: str, browser: str | None, *, one: bool) -> Mapping[str, Array]:
        """See `Hearing.computed`."""
        return self.hearing.computed(runtime, browser, one)

    def once(self, outputs: Mapping[str, Array]) -> Mapping[str, Array]:
        """Those of the only window."""
        return {name: windows[0] for name, windows in outputs.items()}

    def result(self, outputs: Mapping[str, Array], runtime: str, file: Path | None) -> Result:
        """See `Hearing.answer`."""
        return self.hearing.answer(outputs, runtime, self.question.top, self.question.threshold)


def computation(
    graph: Graph, question: Question, given: Mapping[str, Array], seed: int, runtime: str | None, browser: str | None
) -> Computation:
    """A graph with what it is asked about, values of other inputs, and those that are made up with a seed.

    Raises:
        ValidationError: It takes no such thing, or several, or an input's values are given twice.
        FormatError: A file is none, or damaged.
        WebNNError: A text needs a tokenizer, and there is none.
    """
    source = question.source
    if not source:
        return Computation(graph, complete(graph, given, seed))
    if source.is_sound:
        from converters.commands.hearing import hearing

        heard = hearing(graph, source, given, seed)
        return Heard(graph, heard.feeds, question, heard)
    from converters.commands.answering import asked
    from converters.commands.reading import reader

    read = reader(question.recognizer, runtime, browser) if question.recognizer else None
    about = asked(graph, source, given, seed)
    return Answered(graph, about.feeds, question, about, read)
