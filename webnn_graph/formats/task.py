"""The ES module that is asked about pictures, sounds and texts, ``classify(image)`` and its like, and its declarations."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isinf

from webnn_graph.data_types import DataType
from webnn_graph.formats.expressions import literal, string, url
from webnn_graph.formats.javascript import filled, types
from webnn_graph.formats.ways import RESAMPLING, SOURCES, WAYS, Operands, Option, Source, Way
from webnn_graph.generation.text import LIBRARY
from webnn_graph.graph import Graph
from webnn_graph.metadata import Image, Meaning, Metadata

BEFORE, BEHIND = ("mistakes",), ("scores", "asking")
"""The plain modules that every task needs, before those of its source, and behind them."""


@dataclass(frozen=True)
class Task:
    """What a graph can be asked.

    Attributes:
        way: How it answers, a key of `webnn_graph.formats.ways.WAYS`.
        takes: What it is asked about, a key of `webnn_graph.formats.ways.SOURCES`.
        inputs: Those that this becomes.
        answers: The outputs that are read, in the order in which the way has them.
        is_of_bytes: Whether the input takes the bytes of a canvas as they are.
        resample: How a picture gets its size, see `webnn_graph.metadata.Image`; empty where it takes none.
    """

    way: str
    takes: str
    inputs: Operands
    answers: Operands
    is_of_bytes: bool = False
    resample: str = ""

    @property
    def method(self) -> str:
        """What the module calls it."""
        return WAYS[self.way].method

    @property
    def is_told(self) -> bool:
        """Whether it reads a tokenizer beside the module."""
        return SOURCES[self.takes].has_data

    @property
    def example(self) -> str:
        """What it is asked about, in JavaScript."""
        return SOURCES[self.takes].example


def task_of(graph: Graph, tokenizer: Sequence[str] = ()) -> Task | None:
    """What a graph can be asked; None where its metadata do not say it, or it needs something else, too.

    Args:
        graph: The graph.
        tokenizer: The names of the files of a tokenizer that are beside it, without which it is asked about no text.
    """
    tasks = _tasks(graph) if graph.metadata else iter(())
    return next((task for task in tasks if tokenizer or not SOURCES[task.takes].has_data), None)


def _tasks(graph: Graph) -> Iterator[Task]:
    meanings = Metadata.of(graph).tensors
    found = {takes: inputs for takes, source in SOURCES.items() if (inputs := source.inputs(graph, meanings))}
    for name, way in WAYS.items():
        for takes in way.takes:
            answers = next(way.answers(graph, meanings), ()) if takes in found else ()
            if answers and not any(operand.data_type.bits == 4 for operand in answers):
                image = meanings.get(found[takes][0].name)
                resample = image.resample if isinstance(image, Image) else ""
                yield Task(name, takes, found[takes], answers, _is_of_bytes(found[takes], meanings), resample)


def _is_of_bytes(inputs: Operands, meanings: Mapping[str, Meaning]) -> bool:
    """Whether an input takes the bytes of a canvas as they are."""
    image = meanings.get(inputs[0].name)
    if not isinstance(image, Image) or inputs[0].data_type is not DataType.UINT8:
        return False
    changed = image.scale != 1 or any(image.mean) or any(value != 1 for value in image.std)
    return image.channels == "rgba" and image.layout == "nhwc" and not changed


def files(graph: Graph, stem: str, tokenizer: Sequence[str] = ()) -> dict[str, str]:
    """The texts of the module and of its declarations, by file name: ``<stem>.task.js``, ``<stem>.task.d.ts``; none where there is no task.

    Args:
        graph: What ``<stem>.js`` computes.
        stem: The files' common name.
        tokenizer: The names of the files of a tokenizer beside it: with its data, and with its settings if there are some.
    """
    task = task_of(graph, tokenizer)
    if task is None:
        return {}
    way, source = WAYS[task.way], SOURCES[task.takes]
    options = {**way.options, **source.options}
    view = {
        "title": string(graph.name),
        "method": way.method,
        "takes": task.takes,
        "gives": way.gives,
        "task": literal({"name": way.method, "takes": task.takes, "gives": way.gives}),
        **{f"{name}_literal": string(text) for name, text in (("method", way.method), ("takes", task.takes), ("gives", way.gives))},
        "what": source.what,
        "example": source.example,
        "kind": way.kind,
        "declarations": (*way.declared, way.gives),
        "about": _about(way, source),
        "file": string(f"./{stem}.task.js"),
        "module_file": string(f"./{stem}.js"),
        "module_url": url(f"{stem}.js"),
        "declarations_file": f"{stem}.task.d.ts",
        "inputs": literal([operand.name for operand in task.inputs]),
        "answers": literal([operand.name for operand in task.answers]),
        "types": types([operand.data_type for operand in task.inputs]),
        "fragments": fragments(task),
        "facts": {name: literal(value) for name, value in {**source.facts, **way.facts}.items()},
        "data": list(map(url, tokenizer)) if source.has_data else [],
        "library": string(*LIBRARY),
        "options": " ".join([*(f"{name}?: {_type(option)};" for name, option in options.items()), "signal?: AbortSignal"]),
        "defaults": _object({name: _number(option.default) for name, option in options.items()}),
        "ranges": _object(
            {name: f"[{_number(one.least)}, {_number(one.most)}]" for name, one in options.items() if _type(one) == "number"}
        ),
    }
    return {f"{stem}.task.js": filled("task.js.j2", view), f"{stem}.task.d.ts": filled("task.d.ts.j2", view)}


def fragments(task: Task) -> tuple[str, ...]:
    """The plain modules that a task needs, each behind those that it reads at once."""
    made = (*BEFORE, *SOURCES[task.takes].fragments, *BEHIND, *WAYS[task.way].fragments)
    changed = {"preparing": ["bytes"], "numbers": []} if task.is_of_bytes else {}
    if task.resample in RESAMPLING:
        changed["resampling"] = [task.resample]
    return tuple(taken for name in made for taken in changed.get(name, [name]))


def _about(way: Way, source: Source) -> list[str]:
    """What the method does, in lines."""
    defaults = {name: _number(option.default) for name, option in way.options.items()}
    return textwrap.wrap(way.about.format(what=source.what, **defaults), 120)


def _type(option: Option) -> str:
    """In TypeScript."""
    return "boolean" if isinstance(option.default, bool) else "number"


def _number(value: float | None) -> str:
    return "undefined" if value is None else "Infinity" if isinf(value) else literal(value)


def _object(members: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{name}: {value}" for name, value in members.items()) + " }" if members else "{}"
