"""What ``webnn run`` says of the same: a model of the zoo, converted, and what its metadata make of pictures, sounds and texts."""

from __future__ import annotations

import base64
import json
import shutil
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.answers.comparing import WHOLE
from benchmarks.answers.environment import FOLDER, asked, packaged
from benchmarks.answers.models import Compared
from converters.commands import answering
from converters.commands.answering import answer
from converters.commands.hearing import hearing
from converters.commands.question import Source
from converters.described.given import Given
from models.zoo.loading import loaded
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError
from webnn_graph.graph import Graph
from webnn_graph.metadata import Audio, Metadata, Speech
from webnn_graph.runtimes import chosen, find_runtime
from webnn_graph.tasks.texts import DATA

MOST = 10**6
"""Labels that are told: all."""
Compute = Callable[[Mapping[str, Array]], Mapping[str, Array]]


def answers(model: Compared, questions: Sequence[str]) -> list[dict[str, Any]]:
    """An answer for each question, in the form of those of ``theirs.py``."""
    graph = _graph(model)
    folder = FOLDER / "models" / model.name
    folder.mkdir(parents=True, exist_ok=True)
    if model.tokenizer:
        shutil.copyfile(packaged(model.environment, model.tokenizer), folder / DATA)
    is_sound = any(isinstance(meaning, Audio) for meaning in Metadata.of(graph).tensors.values())
    ask = partial(_heard if is_sound else _answered, model, graph, folder)
    with find_runtime(chosen(graph)).prepared({"": graph}) as graphs:
        return [ask(graphs[""], question) for question in questions]


def _graph(model: Compared) -> Graph:
    """The graph, with the characters that only the package knows."""
    graph = loaded(model.row).convert()
    if not model.characters:
        return graph
    (said,) = asked(model.environment, model.characters.split()[0], [], *model.characters.split()[1:])
    file = FOLDER / "models" / f"{model.name}.characters.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said["characters"]), "utf-8")
    return Given(characters={"": file}).of(graph)


def _answered(model: Compared, graph: Graph, folder: Path, compute: Compute, question: str) -> dict[str, Any]:
    """Of a picture, a text or a file; of a file that is too short for the model no label."""
    source = {
        "texts": Source(text=question, file=folder / "model.webnn"),
        "files": Source(content=Path(question)),
    }.get(model.of, Source(image=Path(question)))
    try:
        asking = answering.asked(graph, source, {}, 0)
    except ValidationError:
        if model.of != "files":
            raise
        return {"best": "", "labels": {}}
    outputs = compute(asking.feeds)
    said = answer(asking, outputs, "", MOST, model.threshold, None)
    if said.objects is not None:
        return {"objects": [[one.label, one.score, WHOLE[model.whole](*one.box)] for one in said.objects]}
    if said.texts:
        text, score = next(iter(said.texts.values()))
        return {"text": text, "score": score}
    if said.segments:
        (segmented,) = said.segments.values()
        return {"mask": base64.b64encode(zlib.compress(segmented.classes.tobytes())).decode()}
    if said.vectors:
        return {"vector": next(iter(said.vectors.values())).tolist()}
    return _labels(next(iter(said.labels.values())))


def _labels(labels: Sequence[Any]) -> dict[str, Any]:
    return {"best": labels[0].label, "labels": {one.label: one.score for one in labels}}


def _heard(model: Compared, graph: Graph, _: Path, compute: Compute, question: str) -> dict[str, Any]:
    """Of a sound."""
    one = hearing(graph, Path(question), {}, 0)
    outputs = one.sound.computed(compute, one.feeds)
    said = one.answer(outputs, "", MOST, model.threshold)
    if said.values:
        return {"values": {measured.name: measured.value for measured in next(iter(said.values.values()))}}
    if said.texts:
        ((_, text),) = said.texts.items()
        return {"text": text.text, "score": text.score}
    if said.speech:
        name = next(name for name, meaning in one.sound.meanings.items() if isinstance(meaning, Speech))
        parts = [[part.start, part.end] for part in said.speech[name]]
        return {"speech": parts, "scores": outputs[name].reshape(-1).tolist()}
    return _labels(next(iter(said.labels.values())))
