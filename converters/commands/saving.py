"""Saving graphs: each is prepared for its destination, and all are written at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from converters.commands.destination import Destination
from converters.commands.report import described, report_graph
from converters.fetching.tokenizing import PACKAGE, tokenizing
from webnn_graph.collecting import rarely
from webnn_graph.errors import ConversionError, WebNNError
from webnn_graph.formats import SHARED, Format, save_together
from webnn_graph.formats.beside import opened
from webnn_graph.formats.files import PathLike
from webnn_graph.formats.saving import More, sized_texts
from webnn_graph.formats.shards import Shards
from webnn_graph.formats.table import PAGE, WEIGHTS, readable, suffix_of, written_as
from webnn_graph.formats.task import task_of
from webnn_graph.formats.weights import stored
from webnn_graph.generation.package import MODULES, Package, in_few_calls, in_module
from webnn_graph.generation.text import DATA, check_tokenizer
from webnn_graph.graph import Graph
from webnn_graph.sizes.sized import Sized
from webnn_graph.targets import PORTABLE, PYWEBNN, RUSTNN, legalize, load_target
from webnn_graph.targets.parts import in_parts
from webnn_graph.tasks.texts import reads_text
from webnn_graph.wording import size

UNREAD, UNREAD_BYTES = 0.1, 10**6
"""The share of weights, and the bytes, that a page may fetch in vain before it is said."""


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        graph: That of the first file.
        files: All files.
        warnings: What the user must know of them.
        notes: What the user should know of them, besides the graph's own notes.
    """

    graph: Graph
    files: Sequence[Path]
    warnings: Sequence[str]
    notes: Sequence[str]

    @property
    def said(self) -> set[str]:
        """All warnings and notes."""
        return {*self.warnings, *self.notes, *self.graph.notes}

    def without(self, said: Set[str]) -> Saved:
        """The same without these warnings and notes, which were said already."""
        graph = replace(self.graph, notes=tuple(text for text in self.graph.notes if text not in said))
        warnings, notes = ([text for text in texts if text not in said] for texts in (self.warnings, self.notes))
        return replace(self, graph=graph, warnings=warnings, notes=notes)

    def show(self) -> None:
        """Says all that."""
        report_graph(replace(self.graph, notes=(*self.graph.notes, *self.notes)), self.files, self.warnings)

    def document(self) -> dict[str, Any]:
        """The same as JSON has it."""
        files = [{"path": str(path), "bytes": path.stat().st_size, "sha256": _sha256(path)} for path in self.files]
        return described(self.graph) | {"files": files, "notes": [*self.graph.notes, *self.notes], "warnings": list(self.warnings)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(graph: Graph, to: Destination, *, read_from: Path | None = None) -> Saved:
    """Writes a graph in every format, and once its weights.

    Args:
        graph: The graph.
        to: Where to.
        read_from: The graph's own file, whose weights stay readable when they are in the file that is written.

    Raises:
        ConversionError: The target does not take some calls; they are named.
    """
    is_own = read_from is not None and read_from.with_suffix(WEIGHTS).resolve() == to.weights_file.resolve()
    return save_parts([(graph, to)], neighbours=[graph] if is_own else [])[0]


@rarely()
def save_parts(parts: Sequence[tuple[Graph, Destination]], *, neighbours: Sequence[Graph] = ()) -> list[Saved]:
    """The same for graphs that have their weights in common; the file of weights is among the files of the last."""
    return _written(parts, [_prepared(graph, to) for graph, to in parts], neighbours)


@rarely()
def save_package(parts: Sequence[tuple[Graph, Destination]], package: Package) -> list[Saved]:
    """The same for the graphs of a package, whose names their files have, with what else is in its folder, among the files of the last."""
    parts = [(in_few_calls(graph), to) for graph, to in parts]
    prepared = [_prepared(graph, to) for graph, to in parts]
    last = parts[-1][1]
    modules: dict[str, Graph] = {}
    for graphs, _ in prepared:
        for path in graphs:
            if path.suffix == suffix_of(MODULES):
                graphs[path] = modules[path.stem] = in_module(path.stem, graphs[path])
    return _written(parts, prepared, more=partial(package.contents, last.folder, modules, last.more.get("fallback", "")))


@rarely()
def save_sized(sized: Sized, to: Destination) -> list[Saved]:
    """The same for the sizes of a model, with what its formats have for all sizes together, which is among the files of the last."""
    parts = [(graph, to.part(label)) for label, graph in zip(sized.labels, sized.graphs, strict=True)]
    prepared = [_prepared(graph, part) for graph, part in parts]
    models = {
        path: sized.of([graphs[part.graphs[i]] for (graphs, _), (_, part) in zip(prepared, parts, strict=True)])
        for i, path in enumerate(to.graphs)
    }
    return _written(parts, prepared, more=partial(sized_texts, models, to.more.get("fallback", "")))


def _written(
    parts: Sequence[tuple[Graph, Destination]],
    prepared: Sequence[tuple[Mapping[Path, Graph], Sequence[str]]],
    neighbours: Sequence[Graph] = (),
    more: More | None = None,
) -> list[Saved]:
    last = parts[-1][1]
    last.folder.mkdir(parents=True, exist_ok=True)
    beside, left_out = _tokenizer(parts)
    tokenizer = [] if left_out else [copy.name for copy in last.tokenizer_beside.values()]
    together: dict[PathLike, Graph] = {path: graph for graphs, _ in prepared for path, graph in graphs.items()}
    library, lacking = _library(together.values(), last, tokenizer)
    files = save_together(
        together,
        labels=last.labels,
        weights=last.weights_file.name,
        neighbours=neighbours,
        more=(lambda names, digest: {**(more(names, digest) if more else {}), **beside}) if beside else more,
        max_shard_size=last.max_shard_size,
        expand=last.expand,
        tokenizer=tokenizer,
        tokenizing=library,
        **last.more,
    )
    of_parts = {file for _, to in parts for file in to.files}
    saved = []
    for (_, to), (graphs, warnings) in zip(parts, prepared, strict=True):
        first = graphs[to.graphs[0]]
        notes = [f"{path.name}: {note}" for path, graph in graphs.items() for note in graph.notes if note not in first.notes]
        common = [file for file in files if to is last and file not in of_parts]
        for_rustnn = to.target is not None and to.target.quirks in (RUSTNN, PYWEBNN)
        mixed = [text for file in common if for_rustnn and file == to.weights_file for text in _mixed_weights(file)]
        if len(parts) == 1:
            notes += _unread(graphs, to.weights_file)
            notes += _unheard(first) + _untold(first, last) if any(path.suffix == suffix_of(MODULES) for path in graphs) else []
        if "npm" in to.more.get("folders", ()) and not first.metadata.get("license"):
            notes.append("package.json names no license, as the model's files do not; --license says it")
        saved.append(Saved(first, [file for file in files if file in to.files] + common, [*warnings, *mixed, *left_out, *lacking], notes))
    return saved


def _tokenizer(parts: Sequence[tuple[Graph, Destination]]) -> tuple[dict[Path, bytes], list[str]]:
    """The contents of the files of a tokenizer beside graphs that take text, and what is to be said where they are damaged."""
    read: dict[Path, bytes] = {}
    try:
        for graph, to in parts:
            if to.tokenizer and reads_text(graph):
                check_tokenizer(to.tokenizer)
                read |= {copy: file.read_bytes() for file, copy in to.tokenizer_files.items()}
    except WebNNError as error:
        return {}, [f"the tokenizer is left out: {error.what}"]
    return read, []


def _library(graphs: Iterable[Graph], to: Destination, tokenizer: Sequence[str]) -> tuple[list[bytes], list[str]]:
    """What a page makes tokens with, and what is to be said where that cannot be had."""
    tasks = (task_of(graph, tokenizer) for graph in graphs if PAGE in to.more.get("folders", ()))
    if not any(task and task.is_told for task in tasks):
        return [], []
    try:
        return tokenizing(), []
    except WebNNError as error:
        return [], [f"the page needs a package that could not be fetched: npm install {PACKAGE} in {to.folder} completes it ({error.what})"]


def _prepared(graph: Graph, to: Destination) -> tuple[dict[Path, Graph], list[str]]:
    """The graph of each file, legalized for the target or for what its format is for; and what is to be said of them."""
    if to.target:
        return dict.fromkeys(to.graphs, legalize(graph, to.target)), []
    for name in dict.fromkeys(name for path in to.graphs for name in written_as(path).targets):
        graph = in_parts(graph, load_target(name))  # in every form, so that no weight is stored whole and in parts
    made = {path: _in_format(graph, written_as(path), to.expand) for path in to.graphs}
    return {path: legal for path, (legal, _) in made.items()}, [warning for _, warnings in made.values() for warning in warnings]


def _in_format(graph: Graph, format: Format, expand: bool) -> tuple[Graph, list[str]]:
    """The graph for the best target of the format that takes it, as it is when none does; and what is to be said of it.

    Raises:
        ConversionError: None does, and the format has to have one.
    """
    warnings: list[str] = []
    for name, refused in format.targets.items():
        target = load_target(name)
        try:
            legal = legalize(graph, target.with_four_bits if format.expands and expand else target, exact=name == PORTABLE)
            return legal, warnings
        except ConversionError as error:
            if not refused:
                raise
            warnings.append(f"{refused}: {error.message}")
    return graph, warnings


def _mixed_weights(weights: Path) -> list[str]:
    """What is to be said when graphs of one folder have weights of their own and one file of weights is read for all of them."""
    shared = weights.with_name(SHARED)
    own = [path for path in sorted(weights.parent.glob(f"*{WEIGHTS}")) if path != shared and _has_graph(path)]
    if not own or not shared.is_file() or not _has_graph(weights):
        return []
    one = weights.name if weights != shared else own[0].name
    return [f"some versions of rustnn read {SHARED} in the place of {one}; for them, each graph needs a folder of its own"]


def _unread(graphs: Mapping[Path, Graph], weights: Path) -> list[str]:
    """What is to be said when much is in a file of weights that a page fetches in vain: weights in another type, or whole and in parts."""
    shards = None if weights.is_file() else opened(weights)
    held = sum(path.stat().st_size for path in (shards.paths if isinstance(shards, Shards) else [weights]) if path.is_file())
    notes = []
    for path in (path for path in graphs if written_as(path).targets):
        used = sum(operand.nbytes for operand in stored(graphs[path]))
        if held - used > max(UNREAD_BYTES, UNREAD * held):
            notes.append(f"{path.name} reads {size(used)} of the {size(held)} that are beside it; written to another folder it has no more")
    return notes


def _unheard(graph: Graph) -> list[str]:
    """What is to be said of spectrograms, which pages do not compute."""
    sounds = [name for name, meaning in graph.metadata.get("tensors", {}).items() if "spectrogram" in meaning]
    return [f"{name} is a spectrogram of a sound; --with-preprocessing begins at the sound, as pages have it" for name in sounds]


def _untold(graph: Graph, to: Destination) -> list[str]:
    """What is to be said of a model of texts without a tokenizer, which pages ask nothing."""
    lacks = to.tokenizer is None and reads_text(graph)
    return [f"the model takes text, and has no {DATA} beside it; with one, pages and modules take text, too"] if lacks else []


def _has_graph(weights: Path) -> bool:
    """Whether a graph that rustnn could read stands beside its weights."""
    return weights.name == SHARED or any(weights.with_suffix(format.suffix).is_file() for format in readable())
