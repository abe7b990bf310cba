"""A zoo's manifest as data: ``models/zoo.toml``, or anyone's own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

import msgspec

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, WebNNError, Where, unreadable
from webnn_graph.formats.locks import LOCK
from webnn_graph.metadata import metadata_of
from webnn_graph.names import nearest
from webnn_graph.runtimes import find_runtime

ZOO = Path(__file__).parents[1] / "zoo.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What a model may be called: files are named after it."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", re.IGNORECASE)
"""Names that no file can have on Windows."""
DIGEST = re.compile("[0-9a-f]{64}")
LEVELS = 30
"""How deep lists and tables of a row may be."""
PYTHON = re.compile(r"(\d+(\.\d+){0,2})?")
PLACES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "pypi": (re.compile(r"[A-Za-z0-9][\w.-]*==[A-Za-z0-9][A-Za-z0-9.!+]*", re.ASCII), "pypi:package==1.0"),
    "npm": (re.compile(r"(@[a-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*@\d[A-Za-z0-9.+-]*", re.ASCII), "npm:package@1.0.0"),
    "https": (re.compile(r"//[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?/[!-~]+"), "https://host/path, in ASCII and escapes"),
    "hf": (re.compile(r"[\w.-]+/[\w.-]+(/[\w.+ =-]+)+(@[\w./-]+)?", re.ASCII), "hf:owner/repository/file@revision"),
    "file": (re.compile(r"[^\x00-\x1f\x7f]{1,1000}"), "file:path"),
    "python": (re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*"), "python:module:function"),
}
"""What stands behind each kind of source, and an example. pip and npm take much else for a package: folders, addresses, options, of
which some run code."""
OK = "ok"
Expectation: TypeAlias = str | float
"""*ok*, the largest relative difference that is still right, or how the first line of the refusal begins."""
Source: TypeAlias = Literal["pypi", "npm", "https", "hf", "file", "python"]
SOURCES: tuple[Source, ...] = ("pypi", "npm", "https", "hf", "file", "python")


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model of a zoo; the head of ``models/zoo.toml`` explains the fields."""

    name: str = ""
    source: str
    file: str = ""
    sha256: str = ""
    companions: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    license: str = ""
    tags: Sequence[str] = ()
    frontend: Literal["onnx", "torch", ""] = ""
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    inputs: Sequence[str] = ()
    submodule: str = ""
    module: str = ""
    module_args: Mapping[str, Any] = field(default_factory=dict)
    imports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    random_weights: bool = False
    each_node: bool = False
    tolerance: float | None = None
    why: str = ""
    expect: str | Mapping[str, Expectation] = OK

    @property
    def kind(self) -> str:
        """How it is got: one of `SOURCES`, if the row is right."""
        return self.source.partition(":")[0]

    @property
    def place(self) -> str:
        """What stands behind that."""
        return self.source.partition(":")[2]

    @property
    def member(self) -> str:
        """What the file is called where it comes from, with its folders."""
        return self.file or self.place.partition("@")[0]

    @property
    def is_torch(self) -> bool:
        """Whether it is a PyTorch model; an ONNX model otherwise."""
        if self.frontend:
            return self.frontend == "torch"
        return self.kind != "python" and PurePosixPath(self.member).suffix != ".onnx"

    @property
    def runs_code(self) -> bool:
        """Whether Python code that the row names is run."""
        return self.kind == "python" or bool(self.module)

    @property
    def refusal(self) -> str:
        """How the first line begins with which the frontend must refuse it; empty when it must be converted."""
        return self.expect if isinstance(self.expect, str) and self.expect != OK else ""

    def expectation(self, runtime: str) -> str:
        """How the first line begins with which a runtime must refuse the graph; *ok* when it must compute it."""
        expected = OK if isinstance(self.expect, str) else self.expect.get(runtime, OK)
        return expected if isinstance(expected, str) else OK

    def tolerance_of(self, runtime: str) -> float | None:
        """The largest relative difference that is still right in a runtime; None for the runtime's own."""
        expected = None if isinstance(self.expect, str) else self.expect.get(runtime)
        return expected if isinstance(expected, int | float) else self.tolerance

    @property
    def options(self) -> str:
        """The options of onnx2webnn or torch2webnn that it is converted with."""
        return " ".join(
            [
                *(f"--input '{text}'" for text in self.inputs),
                *([f"--submodule {self.submodule}"] if self.submodule else []),
                *(f"--dim {name}={size}" for name, size in self.dims.items()),
                *(f"--shape {name}={','.join(map(str, shape))}" for name, shape in self.shapes.items()),
                *(f"--bind {name}={value}" for name, value in self.bind.items()),
                *(f"--output {name}" for name in self.outputs),
            ]
        )


@dataclass(frozen=True)
class Zoo:
    """The models of a manifest.

    Attributes:
        path: The manifest.
        models: By name, in its order.
    """

    path: Path
    models: Mapping[str, Model]

    @property
    def folder(self) -> Path:
        """What ``file:`` sources and modules of ``python:`` sources are looked for in."""
        return self.path.resolve().parent

    def select(self, wanted: Sequence[str] = ()) -> list[Model]:
        """The models of these names or tags, in the manifest's order; all for none.

        Raises:
            WebNNError: There is neither a model nor a tag of that name.
        """
        tags = {tag for model in self.models.values() for tag in model.tags}
        for name in wanted:
            if name not in self.models and name not in tags:
                hint = nearest(name, [*self.models, *tags]) or "webnn zoo list shows them"
                raise WebNNError(f"the zoo has no model or tag {name!r}", hint)
        names = set(wanted)
        return [model for model in self.models.values() if not wanted or model.name in names or names.intersection(model.tags)]


def read(path: Path, *, trusted: bool = False) -> Zoo:
    """The zoo of a manifest.

    Args:
        path: A TOML file.
        trusted: Whether its rows may run Python code, as ``python:`` sources and modules do.

    Raises:
        FormatError: It is no manifest, or cannot be read.
        WebNNError: It runs code, and is not trusted.
    """
    where = Where(file=str(path))
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
    except OSError as error:
        raise unreadable(path, error) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"this is no manifest of a zoo: {error}", "docs/reference/manifest.md says what stands in one", where) from None
    models = {name: _model(name, row, replace(where, member=name)) for name, row in rows.items()}
    running = [model.name for model in models.values() if model.runs_code]
    if running and not trusted:
        names = ", ".join(running[:3]) + (f" and {len(running) - 3} more" if len(running) > 3 else "")
        raise WebNNError(f"rows run Python code: {names}", "--trust-python lets them, with all of your rights", where, Code.NOT_TRUSTED)
    return Zoo(path, models)


@cache
def zoo() -> Zoo:
    """The project's own."""
    return read(ZOO, trusted=True)


def select(wanted: Sequence[str] = ()) -> list[Model]:
    """Models of the project's own zoo; see `Zoo.select`."""
    return zoo().select(wanted)


def _model(name: str, row: Mapping[str, Any], where: Where) -> Model:
    """The model of a row. Raises `FormatError` when the row is wrong."""
    known = Model.__dataclass_fields__
    for key in row:
        if key not in known or key == "name":
            raise FormatError(f"a row has no {key!r}", nearest(key, known) or "the head of models/zoo.toml lists what it has", where)
    try:
        model = replace(msgspec.convert(row, Model), name=name)
    except msgspec.ValidationError as error:
        raise FormatError(str(error), "the head of models/zoo.toml says what is expected", where) from None
    for problem, hint in _problems(model):
        raise FormatError(problem, hint, where)
    return model


def _problems(model: Model) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, and what to do about it."""
    if not NAME.fullmatch(model.name) or RESERVED.fullmatch(model.name):
        yield f"{model.name[:100]!r} cannot be the name of a model", "letters, digits, _, . and - are possible; files are called so"
    yield from _problems_of_source(model)
    yield from _problems_of_members(model)
    if model.module and sum(member.endswith(".py") for member in model.companions) != 1:
        yield "a module needs the file that defines it", 'companions = { "package/model.py" = "its digest" }'
    yield from _problems_of_expectation(model)
    try:
        metadata_of(model.metadata)
    except FormatError as error:
        yield error.what, "docs/formats.md says what inputs and outputs can mean"
    for key in model.__dataclass_fields__:
        if not _is_plain(getattr(model, key)):
            yield f"{key} has a value that is no text, finite number, truth value, list or table", "dates can be texts"


def _problems_of_source(model: Model) -> Iterator[tuple[str, str]]:
    if model.kind not in SOURCES or not model.place:
        yield f"{model.source!r} is no source", f"it begins with {', '.join(f'{kind}:' for kind in SOURCES)}"
        return
    if model.kind in ("pypi", "npm") and not model.file:
        yield "a package needs the file in it", 'file = "package/model.onnx"'
    if model.kind == "pypi" and "==" not in model.place:
        yield f"{model.source} has no version", "pypi:package==1.0"
    if model.kind == "npm" and "@" not in model.place[1:]:
        yield f"{model.source} has no version", "npm:package@1.0"
    if model.kind == "python" and ":" not in model.place:
        yield f"{model.source} names no function", "python:module:function"
    pattern, example = PLACES[model.kind]
    if not pattern.fullmatch(model.place):
        yield f"{model.source!r} is no {model.kind}: source", f"as in {example}"
    if not PYTHON.fullmatch(model.python):
        yield f"{model.python!r} is no version of Python", 'python = "3.12"'
    if model.kind in ("pypi", "npm", "https", "hf") and not model.sha256:
        yield "what is downloaded needs its SHA-256 digest", 'sha256 = "..."'


def _problems_of_members(model: Model) -> Iterator[tuple[str, str]]:
    """Of the names and digests of files."""
    for digest in filter(None, (model.sha256, *model.companions.values())):
        if not DIGEST.fullmatch(digest):
            yield f"{digest!r} is no SHA-256 digest", "64 hexadecimal digits in lower case"
    members = [model.file] if model.file else []
    if model.kind == "hf":
        members += filter(None, model.place.partition("@")[::2])
    members += model.companions
    for member in members:
        if not _is_path(member):
            yield f"{member!r} cannot be a file's path", "folders and a name, with / between them"
    names = [PurePosixPath(member).name for member in (model.member, *model.companions)]
    if model.companions and len({name.casefold() for name in names}) < len(names):
        yield "two of its files have the same name", "they stand beside one another"


def _is_path(member: str) -> bool:
    """Whether a text is a path of an archive's or repository's file, whose name a file of the cache can have."""
    parts = member.split("/")
    return member.isprintable() and "\\" not in member and not {"", ".", ".."}.intersection(parts) and parts[-1] != LOCK


def _problems_of_expectation(model: Model) -> Iterator[tuple[str, str]]:
    expected = [model.expect] if isinstance(model.expect, str) else list(model.expect.values())
    if "" in expected:
        yield "expect is empty, with which every message begins", "the first words of the message"
    numbers = [model.tolerance, *(number for number in expected if not isinstance(number, str))]
    if any(number is not None and not 0 <= number < math.inf for number in numbers):
        yield "a tolerance is a number from 0 on, and finite", "tolerance = 1e-3"
    if not isinstance(model.expect, str):
        for runtime in model.expect:
            find_runtime(runtime)


def _is_plain(value: Any, levels: int = LEVELS) -> bool:
    """Whether JSON carries a value as it is, to the process that does the model."""
    if isinstance(value, Mapping):
        return levels > 0 and all(isinstance(key, str) and _is_plain(member, levels - 1) for key, member in value.items())
    if isinstance(value, list | tuple):
        return levels > 0 and all(_is_plain(member, levels - 1) for member in value)
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
