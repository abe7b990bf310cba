"""Where a graph is written, and what may not be written over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from typing import Any

import click

from converters.commands.console import note
from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError
from webnn_graph.formats import is_written_here
from webnn_graph.formats.shards import in_place_of, index_of
from webnn_graph.formats.table import PAGE, SHARED, WEIGHTS, suffix_of, writable, written_as
from webnn_graph.generation.package import Package
from webnn_graph.generation.text import CONFIG, DATA
from webnn_graph.targets import Target

ELSEWHERE = "-o writes to another folder, --name gives the files another name"


@dataclass(frozen=True)
class Destination:
    """Where a graph is saved, and as what.

    Attributes:
        folder: Made when it does not exist.
        stem: Common name of the files.
        formats: Names of the formats to write, see `FORMATS`.
        labels: Whether nodes keep their labels; None for what each format does by itself.
        overwrite: Whether files that exist are replaced.
        target: What the files are for; None for what each format is for: .js for browsers, the others for any implementation.
        weights: Name of the file of weights; by default the stem's.
        max_shard_size: Bytes of weights in a file, when they are to be cut into several.
        more: Options that some formats take, see `webnn_graph.formats.save`.
        expand: Whether modules compute expressions of constants once, when they are loaded.
        tokenizer: That of the model, which is written beside a graph that takes text; None where there is none.
        sources: The files that the graph is made from; asked only when one of them could be in the way.
    """

    folder: Path
    stem: str
    formats: Sequence[str] = ("webnn",)
    labels: bool | None = None
    overwrite: bool = False
    target: Target | None = None
    weights: str = ""
    max_shard_size: int | None = None
    expand: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: Path | None = None
    sources: Callable[[], Iterable[Path]] = tuple

    @property
    def weights_file(self) -> Path:
        """The file of weights."""
        return self.folder / (self.weights or f"{self.stem}{WEIGHTS}")

    @property
    def has_weights(self) -> bool:
        """Whether a file of weights is written if there are any: not if they are embedded into all others."""
        return not all(self.more.get(written_as(path).embeds) for path in self.graphs)

    @property
    def graphs(self) -> list[Path]:
        """The graph files, one per format."""
        return [self.folder / f"{self.stem}{suffix}" for suffix in dict.fromkeys(map(suffix_of, self.formats))]

    @property
    def files(self) -> list[Path]:
        """The graph files with what is written beside each, or may be, but for the weights."""
        more = {**self.more, "tokenizing": self.tokenizer is not None and PAGE in self.more.get("folders", ())}
        return [*(file for path in self.graphs for file in written_as(path).possible(path, more)), *self.tokenizer_files.values()]

    @property
    def tokenizer_beside(self) -> dict[Path, Path]:
        """Where each file of the tokenizer comes from, and where it is beside the graph."""
        if self.tokenizer is None:
            return {}
        settings = self.tokenizer.with_name(f"{self.tokenizer.name.removesuffix(DATA)}{CONFIG}")
        made = {file: self.folder / f"{self.stem}.{name}" for file, name in ((self.tokenizer, DATA), (settings, CONFIG))}
        return {file: copy for file, copy in made.items() if file.is_file()}

    @property
    def tokenizer_files(self) -> dict[Path, Path]:
        """The same but for those that stay where they are."""
        return {file: copy for file, copy in self.tokenizer_beside.items() if not _is_same(file, copy)}

    def part(self, name: str) -> Destination:
        """Where a graph of several goes that have their weights in common."""
        return replace(self, stem=f"{self.stem}_{name}", weights=SHARED, more={**self.more, "task": False, "folders": ()})

    def member(self, name: str) -> Destination:
        """Where a graph of a package goes: under the name that the package knows it by."""
        return replace(self, stem=name, weights=SHARED, more={**self.more, "part": True})

    def together(self) -> Destination:
        """Where what several graphs have in common goes, besides the graphs themselves."""
        return replace(self, formats=[name for name in self.formats if written_as(Path(f"x{suffix_of(name)}")).sized], weights=SHARED)

    def check(self, own: Iterable[Path] = (), besides: Iterable[Path] = ()) -> None:
        """Raises `WebNNError` when a file is in the way, before any work is done; ``own`` files are not.

        What the graph is made from is in the way even of a destination that replaces files. Of weights that are replaced it says
        which graphs read them that are not written anew: neither here nor ``besides``.
        """
        there = next((path for path in (self.folder, *self.folder.parents) if path.exists()), self.folder)
        if there.exists() and not there.is_dir():
            raise WebNNError(f"{there} is a file, not a folder to write to", "-o takes a folder", code=Code.CANNOT_WRITE)
        mine = {path.resolve() for path in own}
        weights = dict.fromkeys((self.weights_file, *in_place_of(self.weights_file)) if self.has_weights else ())
        written = [path for path in (*self.files, *weights) if path.resolve() not in mine]
        refuse_sources(written, self.sources)
        others = mine | {path.resolve() for path in besides}
        readers = [path.name for path in self._readers() if path.resolve() not in others] if self.weights_file in written else []
        if not self.overwrite:
            refuse_existing(written, f", and {', '.join(readers)} read{'s' if len(readers) == 1 else ''} it" if readers else "")
        for reader in readers:
            note(f"note: {reader} reads {self.weights_file.name}, which is replaced; unless its weights stay the same, convert it anew")

    def check_package(self, package: Package) -> None:
        """Raises `WebNNError` when a file is in the way that stands beside the graphs of a package, but for those that it is made of."""
        beside = [self.folder / name for name in package.names(self.formats, self.more.get("fallback", ""))]
        refuse_sources(beside, self.sources)
        if not self.overwrite:
            refuse_existing(beside)

    def _readers(self) -> list[Path]:
        """The graphs that read the file of weights as it is now and are not written."""
        if not in_place_of(self.weights_file):
            return []
        is_shared = self.weights_file.name == SHARED
        pattern = "*" if is_shared else escape(self.weights_file.stem)
        there = [(path, format) for format in writable() for path in sorted(self.folder.glob(f"{pattern}{format.suffix}"))]
        found = [path for path, format in there if format.reads or (is_written_here(path) and not format.wrote(path.name))]
        alone = [path for path in found if not is_shared or path.stem == self.weights_file.stem or not path.with_suffix(WEIGHTS).exists()]
        return [path for path in alone if path not in self.files]


def tokenizer_of(model: Path) -> Path | None:
    """The file of a model's tokenizer, if it is in the model's folder."""
    from converters.described.folder import is_own
    from webnn_graph.tasks.texts import tokenizer_file

    file = tokenizer_file(model)
    return file if file and is_own(file, file.parent) else None


def refuse_existing(paths: Iterable[Path], besides: str = "") -> None:
    """Raises `WebNNError` when a file that is going to be written is already there; ``besides`` says what else speaks against it."""
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise WebNNError(
            f"{', '.join(there)} already exist{'s' if len(there) == 1 else ''}{besides}", "--force replaces files", code=Code.FILE_EXISTS
        )


def refuse_sources(paths: Iterable[Path], sources: Callable[[], Iterable[Path]], hint: str = ELSEWHERE) -> None:
    """Raises `WebNNError` when a file that is going to be written is one that is read, under whatever name."""
    there = [path for path in paths if path.exists() or index_of(path).exists()]
    read = list(sources()) if there else []
    for path in there:
        if any(_is_same(path, source) for source in read):
            if len(options := _options_of(path)) > 1:
                what = f"{path} is both {' and '.join(options)}; what is read is never written over"
                raise WebNNError(what, hint, code=Code.WOULD_OVERWRITE_SOURCE)
            raise WebNNError(
                f"{path} is the model itself, or is read with it; it is never written over", hint, code=Code.WOULD_OVERWRITE_SOURCE
            )
        if any(_is_same(index_of(path), source) for source in read):
            raise WebNNError(
                f"{path} would stand in the place of the model's own weights, which {index_of(path).name} lists",
                hint,
                code=Code.WOULD_OVERWRITE_SOURCE,
            )


def _options_of(path: Path) -> list[str]:
    """The options of the running command that name a file."""
    context = click.get_current_context(silent=True)
    if not context:
        return []
    values = [(param, context.params.get(param.name or "")) for param in context.command.params if isinstance(param, click.Option)]
    return [max(param.opts, key=len) for param, value in values if isinstance(value, Path) and _is_same(value, path)]


def _is_same(path: Path, other: Path) -> bool:
    """Whether both are one file: by links, by another spelling, or on a file system that does not tell case."""
    try:
        return path.samefile(other)
    except OSError:  # one of them does not exist
        return path.resolve() == other.resolve()
