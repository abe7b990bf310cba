"""Texts as a model takes them, and its tokens' numbers as what they say of parts of a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.generation.text import DATA, Marked, Tokenizer
from webnn_graph.graph import Descriptor, Graph
from webnn_graph.metadata import Embedding, Labels, Meaning, Metadata, Regression, Tokens
from webnn_graph.tasks.answers import Scored, probabilities

NONE = "O"
"""The label of tokens that are of nothing, where labels of neighbours begin with B- and I-."""
UNCHANGED = ("reshape", "cast", "identity", "expand")
"""What leaves the numbers of tokens as they are."""
SEVERAL = "convert it for one text: --dim batch=1"


@dataclass(frozen=True)
class Part(Scored):
    """What part of a text is something.

    Attributes:
        text: The part.
        start, end: Where it is, in characters.
    """

    text: str
    start: int
    end: int


def reads_text(graph: Graph) -> bool:
    """Whether a graph says something of a text: its tokens go in, and labels or a vector come out."""
    meanings = Metadata.of(graph).tensors if graph.metadata else {}
    answers = any(isinstance(meaning, Labels | Regression | Embedding) for meaning in meanings.values())
    return answers and bool(inputs_of(meanings, graph.operands))


def tokenizer_file(model: Path) -> Path | None:
    """The file of the tokenizer of a model or graph: with its stem, or of its folder; None where there is none."""
    folder = model if model.is_dir() else model.parent
    files = (folder / f"{model.stem}.{DATA}", folder / DATA, folder.parent / DATA if folder.name == "onnx" else folder / DATA)
    return next((file for file in files if file.is_file()), None)


def tokenizer_of(graph: Path) -> Tokenizer:
    """The tokenizer beside a graph: ``<stem>.tokenizer.json``, or ``tokenizer.json`` of its folder.

    Raises:
        FormatError: It is damaged.
        WebNNError: There is none, or the package ``tokenizers`` is not installed.
    """
    file = tokenizer_file(graph)
    if file is None:
        raise WebNNError(
            f"{graph} has no tokenizer beside it, so that text cannot be read",
            f"{graph.stem}.{DATA} is what a conversion writes of the model's {DATA}",
        )
    return Tokenizer(file.parent, file.name)


def length_of(inputs: Mapping[str, tuple[Tokens, Descriptor]]) -> int:
    """How many tokens a model takes.

    Raises:
        ValidationError: Its inputs are of several texts, or of different lengths.
    """
    lengths = {descriptor.shape[-1] if descriptor.shape else 0 for _, descriptor in inputs.values()}
    if len(lengths) != 1 or any(descriptor.size != max(lengths) for _, descriptor in inputs.values()):
        shapes = ", ".join(f"{name} {list(descriptor.shape)}" for name, (_, descriptor) in inputs.items())
        raise ValidationError(f"the model takes several texts: {shapes}", SEVERAL, code=Code.WRONG_INPUT)
    return lengths.pop()


def filled(marked: Marked, inputs: Mapping[str, tuple[Tokens, Descriptor]]) -> dict[str, Array]:
    """The tokens of a text as a model's inputs take them, filled up to their length.

    Args:
        marked: The tokens; no more than there is place for.
        inputs: What they are, with their types and shapes, by name.

    Raises:
        ValidationError: There are none, or more than the model takes, or inputs are of several texts.
    """
    length, count = length_of(inputs), len(marked.ids)
    if not count:
        raise ValidationError("the text has no tokens", code=Code.WRONG_INPUT)
    if count > length:
        what = f"the text has {count:,} tokens; the model takes {length:,}"
        raise ValidationError(what, "--truncate leaves out the rest", code=Code.WRONG_INPUT)
    made = {}
    for name, (tokens, descriptor) in inputs.items():
        values = {"ids": marked.ids, "mask": [1] * count, "types": marked.types, "positions": range(count)}[tokens.holds]
        rest = (tokens.pad or 0) if tokens.holds == "ids" else 0
        whole = np.full(length, rest, descriptor.data_type.numpy)
        whole[:count] = values
        made[name] = whole.reshape(descriptor.shape)
    return made


def check_tokens(marked: Marked, inputs: Mapping[str, tuple[Tokens, Descriptor]], graph: Graph) -> None:
    """Raises `ValidationError` for a token beyond the table that a graph looks tokens up in, in whose place it would take another."""
    same = {name: {name} for name, (tokens, _) in inputs.items() if tokens.holds == "ids"}
    for node in graph.nodes:
        for name, values in same.items():
            if node.op in UNCHANGED and node.operands[0].name in values:
                values.add(node.output.name)
            elif node.op == "gather" and node.operands[1].name in values:
                rows, largest = node.operands[0].shape[node.arguments.get("axis") or 0], max(marked.ids, default=0)
                if largest >= rows:
                    what = f"the text has the token {largest:,}, and {graph.name} knows {rows:,} tokens, from 0 on"
                    raise ValidationError(what, f"the tokenizer is another model's than the graph of {name}", code=Code.WRONG_INPUT)


def inputs_of(meanings: Mapping[str, Meaning], descriptors: Mapping[str, Descriptor]) -> dict[str, tuple[Tokens, Descriptor]]:
    """The inputs that are of a text's tokens, by name; none where there is none with the tokens themselves."""
    found = {name: (meaning, descriptors[name]) for name, meaning in meanings.items() if isinstance(meaning, Tokens)}
    return found if any(tokens.holds == "ids" for tokens, _ in found.values()) else {}


def named_parts(numbers: Array, labels: Labels, marked: Marked, text: str) -> list[Part]:
    """What parts of a text are, as the pipeline of transformers says it with ``aggregation_strategy="simple"``.

    Neighbouring tokens of one label are one part, which another that begins with B- ends; its score is the mean of theirs.

    Args:
        numbers: Of each token, [1, tokens, labels].
        labels: What they are.
        marked: The text's tokens.
        text: The text.
    """
    scores = probabilities(numbers, labels).reshape(-1, len(labels.names))
    known = [i for i, is_mark in enumerate(marked.marks) if not is_mark]
    parts = []
    for group in _groups(known, [labels.names[i] for i in scores.argmax(1)]):
        label = _kind(labels.names[scores[group[0]].argmax()])
        start, end = marked.offsets[group[0]][0], marked.offsets[group[-1]][1]
        if label != NONE:
            parts.append(Part(label, float(scores[group].max(1).mean()), text[start:end], start, end))
    return parts


def _groups(tokens: Sequence[int], names: Sequence[str]) -> Iterator[list[int]]:
    """Tokens behind one another that are of the same kind."""
    group: list[int] = []
    for token in tokens:
        if group and (_kind(names[token]) != _kind(names[group[-1]]) or names[token].startswith("B-")):
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _kind(name: str) -> str:
    """What a label is of, without whether it begins there."""
    return name[2:] if name.startswith(("B-", "I-")) else name
