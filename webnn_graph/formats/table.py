"""The kinds of files that a graph can have: a row of `FORMATS` each, which commands, reading, writing and targets follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError

if TYPE_CHECKING:  # the table costs a command that only shows it nothing
    from webnn_graph.formats.document import Document
    from webnn_graph.graph import Graph
    from webnn_graph.sizes.sized import Sized

WEIGHTS = ".safetensors"
"""Suffix of the file of weights."""
SHARED = f"model{WEIGHTS}"
"""Name of a file of weights that several graphs have in common; whatever reads a graph looks for it."""
OPSETS = range(21, 27)
"""Versions of ONNX's operator set that are written: from the first with types of 4 bits to the newest that ONNX Runtime 1.31 runs."""
LIBRARIES = {"ort-web": "onnxruntime-web/wasm"}
"""What modules import for each kind of fallback, unless somebody names another module or its address."""
PAGE = "page"
"""The folder that has a page."""
TOKENIZING = (".tokenizers.js", ".tokenizers.LICENSE.txt")
"""Suffixes of what a page makes tokens with: a package's module, and its license."""


@dataclass(frozen=True)
class Folder:
    """What a graph's files are in, with others that have a name of their own there, so that it is of use as it is.

    Attributes:
        module: What makes the others, with a ``files`` as the method here; imported when it is used.
        names: Of the others.
        takes: The options of its own that its ``files`` takes.
    """

    module: str
    names: Sequence[str]
    takes: Sequence[str] = ()

    def files(
        self, graph: Graph, stem: str, made: Mapping[str, str | bytes], weights: Sequence[str], options: Mapping[str, Any]
    ) -> dict[str, str | bytes]:
        """The contents of the others, by name.

        Args:
            graph: What the folder is about.
            stem: The common name of its own files.
            made: Those that are there already, by name, but for the weights.
            weights: Names of the files of weights; none where there are none.
            options: Those of any folder; it gets what it `takes`.
        """
        more = {name: options[name] for name in self.takes if name in options}
        contents: dict[str, str | bytes] = import_module(self.module).files(graph, stem, made, weights=weights, **more)
        return contents


@dataclass(frozen=True)
class Format:
    """A kind of file that a graph can have.

    Attributes:
        name: How ``--format`` calls it.
        suffix: Of its files.
        module: What reads it, with a ``read``, and writes it, with a ``files``, as the methods here; imported when it is used.
        title: How messages call what is read.
        reads: Whether graphs are read from it.
        writes: Whether graphs are written to it.
        begins: What its text may begin with, which tells it whatever the suffix says.
        mark: What the first 64 bytes hold of a file that was written here; empty when the suffix says enough.
        companions: Suffixes of the files that are written with it, besides the weights.
        optional: Suffixes of those that are written when an option of this name is given.
        described: Suffixes of those that are written where the graph's metadata say enough for them.
        folders: What its files can be the core of, by name.
        targets: What it is written for unless the user says it, the best first, each with what is to be said when the graph is
            refused there, and it is written all the same; empty where it cannot be. None for any implementation.
        labels: Whether nodes keep their labels unless the user says it.
        takes: The options of its own that its ``files`` takes: ``expand``, whether expressions of constants are computed once, when
            what is written is loaded; ``places``, where each weight stands, by name; others of commands.
        embeds: The option by which weights stand in the file itself and not beside it; empty when they never do.
        sized: What writes a file for several sizes of a model, with a ``files`` as `sized_files`; empty when each is on its own.
    """

    name: str
    suffix: str
    module: str = ""
    title: str = ""
    reads: bool = False
    writes: bool = False
    begins: tuple[str, ...] = ()
    mark: str = ""
    companions: Sequence[str] = ()
    optional: Mapping[str, Sequence[str]] = field(default_factory=dict)
    described: Sequence[str] = ()
    folders: Mapping[str, Folder] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    labels: bool = True
    takes: tuple[str, ...] = ()
    embeds: str = ""
    sized: str = ""

    @property
    def expands(self) -> bool:
        """Whether what is written can compute expressions of constants once."""
        return "expand" in self.takes

    def paths(self, path: Path, options: Mapping[str, Any] = MappingProxyType({})) -> list[Path]:
        """All files that are written for every graph at this path with these options, besides the weights."""
        added = [suffix for name, suffixes in self.optional.items() if options.get(name) for suffix in suffixes]
        names = [name for folder in options.get("folders", ()) for name in (self.folders[folder].names if folder in self.folders else ())]
        return [path, *(path.with_suffix(suffix) for suffix in (*self.companions, *added)), *(path.with_name(name) for name in names)]

    def possible(self, path: Path, options: Mapping[str, Any] = MappingProxyType({})) -> list[Path]:
        """The same with those that are written for some."""
        return [*self.paths(path, options), *(path.with_suffix(suffix) for suffix in self.described)]

    def wrote(self, name: str) -> bool:
        """Whether a file of this name is one that is written with one of the format."""
        return name.endswith((*self.companions, *(suffix for suffixes in self.optional.values() for suffix in suffixes), *self.described))

    def read(self, text: str, file: str) -> Document:
        """What a file's text says; ``file`` is what messages call it. Raises `FormatError`."""
        document: Document = import_module(self.module).read(text, file)
        return document

    def files(
        self, graph: Graph, stem: str, *, labels: bool | None, weights: Sequence[str], digest: str, **options: Any
    ) -> dict[str, str | bytes]:
        """The contents of the files that hold a graph, by file name: of the stem, and of its suffix or a companion's.

        Args:
            graph: What to write.
            stem: The files' common name.
            labels: Whether nodes keep their labels; None for what the format does by itself.
            weights: Names of the files of weights, in order.
            digest: That of the weights.
            options: Those of any format; it gets what it `takes`.
        """
        kept = self.labels if labels is None else labels
        more = {name: options[name] for name in self.takes if name in options}
        texts: dict[str, str | bytes] = import_module(self.module).files(graph, stem, labels=kept, weights=weights, digest=digest, **more)
        return texts

    def sized_files(self, sized: Sized, stem: str, *, weights: Sequence[str], digest: str, fallback: str = "") -> dict[str, str]:
        """The texts of the files for all sizes of a model, by file name; the graphs' own are ``<stem>_<size>``. See `files`."""
        if not self.sized:
            return {}
        texts: dict[str, str] = import_module(self.sized).files(sized, stem, weights=weights, digest=digest, fallback=fallback)
        return texts


FORMATS = {
    format.suffix: format
    for format in (
        Format("webnn", ".webnn", "webnn_graph.formats.text", ".webnn text", reads=True, writes=True, begins=("webnn_graph", "#", "//")),
        Format("json", ".json", "webnn_graph.formats.json", "JSON", reads=True, writes=True, begins=("{",), mark="webnn-graph-json"),
        Format(
            "js",
            ".js",
            "webnn_graph.formats.module",
            writes=True,
            companions=(".d.ts",),
            optional={"fallback": (".fallback.js", ".fallback.onnx"), "tokenizing": TOKENIZING},
            described=(".task.js", ".task.d.ts"),
            folders={
                PAGE: Folder("webnn_graph.formats.page", ("index.html",), ("fallback", "tokenizer", "tokenizing")),
                "npm": Folder("webnn_graph.formats.npm", ("package.json", "README.md"), ("package", "fallback", "tokenizer")),
            },
            targets={"portable": "not every browser takes the graph", "chromium": "Chromium does not take the graph"},
            labels=False,
            takes=("expand", "fallback", "places", "opset", "part", "task", "tokenizer", "folders", "package", "tokenizing"),
            sized="webnn_graph.formats.sized",
        ),
        Format(
            "onnx",
            ".onnx",
            "webnn_graph.formats.onnx",
            "ONNX",
            writes=True,
            mark="webnn-convert",
            takes=("places", "opset", "embed"),
            embeds="embed",
        ),
        Format(
            "python",
            ".py",
            "webnn_graph.formats.python",
            writes=True,
            mark="# A WebNN graph for pywebnn.",
            targets={"pywebnn": ""},
            labels=False,
        ),
    )
}
"""The formats by suffix; the first that is read is the one of files of other suffixes."""


def readable() -> list[Format]:
    """The formats that graphs are read from."""
    return [format for format in FORMATS.values() if format.reads]


def writable() -> list[Format]:
    """The formats that graphs are written to."""
    return [format for format in FORMATS.values() if format.writes]


def folders_of(names: Sequence[str]) -> list[str]:
    """Those of the names that are folders', each once."""
    return [name for name in dict.fromkeys(names) if any(name in format.folders for format in writable())]


def suffix_of(name: str) -> str:
    """The suffix of the files of a format, by its name or that of a folder. What is neither has one that `written_as` refuses."""
    return next((format.suffix for format in writable() if name in (format.name, *format.folders)), f".{name}")


def written_as(path: Path) -> Format:
    """The format that a graph is written to this path in. Raises `WebNNError` when the suffix is of none."""
    format = FORMATS.get(path.suffix)
    if format is None or not format.writes:
        known = ", ".join(format.suffix for format in writable())
        raise WebNNError(f"cannot tell the form of {path} from its suffix {path.suffix!r}", f"use one of {known}", code=Code.UNKNOWN_FORMAT)
    return format


def recognized(path: Path, text: str) -> Format:
    """What a file's text is in: told by its beginning; what could be nothing is what its suffix says, so that the error is about that."""
    begin = text.lstrip()
    told = [format for format in readable() if begin.startswith(format.begins)]
    named = [format for format in readable() if format.suffix == path.suffix]
    return [*told, *named, *readable()][0]


def library_of(fallback: str) -> str:
    """What ``ort-web``, or ``ort-web=MODULE``, has a module import.

    Raises:
        WebNNError: It is neither.
    """
    kind, equals, module = fallback.partition("=")
    if kind not in LIBRARIES or (equals and not module):
        known = " or ".join(f"{name}, {name}=MODULE" for name in LIBRARIES)
        raise WebNNError(f"{fallback!r} is no fallback of modules", f"it is {known}, MODULE being what JavaScript imports, or its URL")
    return module or LIBRARIES[kind]
