"""Which tasks are known by name, and what a graph of each says of its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from converters.described import lines, voices
from webnn_graph.graph import Graph
from webnn_graph.metadata import Metadata
from webnn_graph.names import nearest


@dataclass(frozen=True)
class Answer:
    """How a graph of a task answers.

    Attributes:
        kinds: What outputs are, of which it has one at least.
        missing: What it takes to know that.
    """

    kinds: tuple[str, ...]
    missing: str


LABELLED = Answer(("labels", "regression"), "--labels FILE says what its scores are of")
ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        **dict.fromkeys(("image-classification", "audio-classification", "text-classification", "token-classification"), LABELLED),
        "object-detection": Answer(("boxes", "detections", "centers", "level"), "it takes --labels FILE, and an output with boxes"),
        "keypoint-detection": Answer(("detections", "centers"), "it takes --labels FILE, and an output with boxes and points"),
        "image-segmentation": Answer(("labels", "mask", "detections"), "--labels FILE says what its maps are of"),
        "automatic-speech-recognition": Answer(("characters",), "--characters FILE says what its numbers stand for"),
        voices.TASK: Answer(("speech",), "it takes --audio INPUT:RATE, and an output that is no state"),
        lines.TASK: Answer(("regions",), "it takes one output that is a map"),
    }
)
"""Of the tasks that options describe."""
OTHERS = """any-to-any audio-text-to-text audio-to-audio decision depth-estimation document-question-answering feature-extraction fill-mask
graph-ml image-feature-extraction image-text-to-image image-text-to-text image-text-to-video image-to-3d image-to-image image-to-text
image-to-video keypoint-matching mask-generation multiple-choice other question-answering reinforcement-learning robotics
sentence-similarity summarization table-question-answering table-to-text tabular-classification tabular-regression tabular-to-text
text-generation text-ranking text-retrieval text-to-3d text-to-audio text-to-image text-to-speech text-to-video text2text-generation
time-series-forecasting translation unconditional-image-generation video-classification video-text-to-text video-to-video
visual-document-retrieval visual-question-answering zero-shot-audio-classification zero-shot-classification
zero-shot-image-classification zero-shot-object-detection""".split()
"""The other names of Hugging Face: those of its hub (https://huggingface.co/tasks) and of the pipelines of transformers."""
KNOWN = frozenset((*ANSWERS, *OTHERS))


def noted(graph: Graph, task: str) -> Iterator[str]:
    """What is to be noted of a task that a user says a graph has."""
    if task not in KNOWN:
        meant = nearest(task, sorted(KNOWN))
        yield f"task {task} is none that is known, and is kept{f'; {meant}' if meant else ''}"
    if answer := ANSWERS.get(task):
        meanings = Metadata.of(graph).tensors
        if not any(meanings[output.name].kind in answer.kinds for output in graph.outputs if output.name in meanings):
            yield f"nothing is made of the task {task}: {answer.missing}"
