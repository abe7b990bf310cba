"""``webnn-graph-json``: the same graph for tools, one entry a line."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from webnn_graph.codes import Code
from webnn_graph.data_types import BY_SHORT_NAME, DataType
from webnn_graph.errors import FormatError, Where
from webnn_graph.formats.constants import Fill, Initializer, Inline, Stored
from webnn_graph.formats.document import Declaration, Document, Name, Output, Place, Size, Statement, dimension_of, document_of
from webnn_graph.formats.table import FORMATS
from webnn_graph.formats.text import ENCODE, VERSION, VERSIONS, SourceText, printable, quote
from webnn_graph.graph import Graph

FORMAT = FORMATS[".json"].mark
DIGEST = "weightsDigest"
"""The member with the digest of the weights, which other readers skip."""

RANDOM = "random"
"""The member of an input with its distribution, which other readers skip."""

METADATA = "metadata"
"""The member that says what inputs and outputs mean, which other readers skip."""


# ----------------------------------------------------------------------------------------------------------------- writing
def files(graph: Graph, stem: str, *, labels: bool = True, weights: Sequence[str] = (), digest: str = "") -> dict[str, str]:
    """The text of a graph, by the file's name; see `webnn_graph.formats.Format.files`."""
    return {f"{stem}.json": write(document_of(graph, labels=labels, weights_digest=digest))}


def write(document: Document) -> str:
    """The canonical JSON of a document."""
    inputs = {declaration.name: _declared(declaration) for declaration in document.inputs}
    constants = {c.name: {**_declared(c), "init": _init(c.initializer)} for c in document.constants}
    members = [
        ("format", _compact(FORMAT)),
        ("version", _compact(VERSION)),
        ("name", _compact(document.name)),
        *([(DIGEST, _compact(document.weights_digest))] if document.weights_digest else []),
        *([(METADATA, _compact(document.metadata))] if document.metadata else []),
        ("inputs", _lines("{", [f"{quote(name)}: {_compact(value)}" for name, value in inputs.items()], "}")),
        ("consts", _lines("{", [f"{quote(name)}: {_compact(value)}" for name, value in constants.items()], "}")),
        ("nodes", _lines("[", [_compact(_node(call)) for call in document.calls], "]")),
        ("outputs", _lines("{", [f"{quote(output.name)}: {quote(output.of)}" for output in document.outputs], "}")),
    ]
    return "{\n" + ",\n".join(f"  {quote(name)}: {value}" for name, value in members) + "\n}\n"


def _declared(declaration: Declaration) -> dict[str, Any]:
    random = {RANDOM: declaration.distribution} if declaration.distribution else {}
    return {"dataType": str(declaration.data_type), "shape": list(declaration.shape), **random}


def _init(initializer: Initializer | None) -> dict[str, Any]:
    match initializer:
        case Fill(value):
            return {"kind": "scalar", "value": value}
        case Inline(data):
            return {"kind": "inlineBytes", "bytes": list(data)}
        case Stored(key):
            return {"kind": "weights", "ref": key}
    raise TypeError(initializer)


def _node(call: Statement) -> dict[str, Any]:
    members = {"inputs": list(call.positional), "options": dict(call.options), "outputs": list(call.outputs)}
    return {"id": call.outputs[0], "op": call.op, **members}


def _lines(opening: str, entries: list[str], closing: str) -> str:
    return f"{opening}\n" + ",\n".join(f"    {entry}" for entry in entries) + f"\n  {closing}" if entries else opening + closing


def _compact(value: Any) -> str:
    """A value on one line."""
    return printable(ENCODE(value))


# ----------------------------------------------------------------------------------------------------------------- reading
def read(text: str, file: str = "JSON") -> Document:
    """The document of a JSON text.

    Args:
        text: The whole file.
        file: What errors call it.

    Raises:
        FormatError: A syntax error (with line and column), a member that is missing or of another type, or a name that
            stands twice in an object.
    """
    return _Reader(file).document(_parse(text, file))


def _parse(text: str, file: str) -> Any:
    source = SourceText(text, file)
    try:
        return json.loads(text, object_pairs_hook=_Reader(file).unique, parse_float=_float, parse_int=_int, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{error.msg[:1].lower()}{error.msg[1:]}", "the file is damaged or no JSON", source.place(error.pos), code=Code.SYNTAX_ERROR
        ) from None
    except _BadNumber as error:
        raise FormatError(
            str(error), 'infinities and NaN are the strings "Infinity", "-Infinity", "NaN"', Where(file), code=Code.SYNTAX_ERROR
        ) from None
    except RecursionError:
        raise FormatError("the JSON is nested too deeply", where=Where(file)) from None


class _BadNumber(Exception):
    pass


def _float(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise _BadNumber(f"{literal[:40]} is too large")
    return value


def _int(literal: str) -> int:
    if len(literal) > 40:
        raise _BadNumber(f"a number has {len(literal)} digits")
    return int(literal)


def _no_constant(literal: str) -> NoReturn:
    raise _BadNumber(f"{literal} is not JSON")


class _Reader:
    """Checks the types of members; a path such as ``nodes[3].inputs`` says where."""

    def __init__(self, file: str) -> None:
        self.file = file

    def unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object, if no name stands twice in it."""
        members = dict(pairs)
        if len(members) < len(pairs):
            (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
            self._fail("", f"the name {twice!r} is used twice in one object")
        return members

    def document(self, root: Any) -> Document:
        members = self._object(root, "")
        if members.get("format") != FORMAT:
            said = json.dumps(members["format"])[:80] if "format" in members else "missing"
            self._fail("format", f"it is {said}, and that of a graph is {json.dumps(FORMAT)}", "is this another kind of JSON?")
        if members.get("version") not in VERSIONS or isinstance(members.get("version"), bool):
            self._fail("version", f"{members.get('version')!r} is not a version that is known: {', '.join(map(str, VERSIONS))}")
        name = members.get("name")
        document = Document(name if isinstance(name, str) else "graph", where=self._place(""))
        document.weights_digest = self._string(members.get(DIGEST) or "", DIGEST)
        document.metadata = self._object(members.get(METADATA) or {}, METADATA)
        for key, value in self._object(self._member(members, "inputs", ""), "inputs").items():
            document.inputs.append(self._declaration(key, value, f"inputs.{key}", False))
        for key, value in self._object(members.get("consts", {}), "consts").items():
            document.constants.append(self._declaration(key, value, f"consts.{key}", True))
        for i, value in enumerate(self._list(self._member(members, "nodes", ""), "nodes")):
            document.calls.append(self._call(value, f"nodes[{i}]"))
        for key, value in self._object(self._member(members, "outputs", ""), "outputs").items():
            document.outputs.append(Output(key, self._string(value, f"outputs.{key}"), self._place(f"outputs.{key}")))
        return document

    def _declaration(self, name: str, value: Any, path: str, constant: bool) -> Declaration:
        members = self._object(value, path)
        data_type = self._data_type(self._member(members, "dataType", path), f"{path}.dataType")
        shape = self._list(self._member(members, "shape", path), f"{path}.shape")
        sizes = tuple(self._dimension(size, f"{path}.shape") for size in shape)
        initializer = self._initializer(members.get("init"), name, f"{path}.init") if constant else None
        random = self._string(members.get(RANDOM) or "", f"{path}.{RANDOM}")
        return Declaration(name, data_type, sizes, initializer, self._place(path), "" if constant else random)

    def _data_type(self, value: Any, path: str) -> DataType:
        name = self._string(value, path)
        if name not in list(DataType) and name not in BY_SHORT_NAME:
            self._fail(path, f"there is no data type {name!r}", f"data types are {', '.join(DataType)}")
        return BY_SHORT_NAME.get(name) or DataType(name)

    def _dimension(self, value: Any, path: str) -> Size:
        dynamic = dimension_of(value, self._place(path))
        if dynamic is None and (isinstance(value, bool) or not isinstance(value, int)):
            self._fail(path, f"a dimension is a whole number, not {value!r}", "a dynamic one is an object with name and maxSize")
        return dynamic or value

    def _initializer(self, value: Any, name: str, path: str) -> Initializer:
        if value is None:
            return Stored(name)
        members = self._object(value, path)
        match members.get("kind"):
            case "weights":
                return Stored(self._string(self._member(members, "ref", path), f"{path}.ref"))
            case "scalar":
                return Fill(self._member(members, "value", path))
            case "inlineBytes":
                numbers = self._list(self._member(members, "bytes", path), f"{path}.bytes")
                if not all(type(number) is int and 0 <= number <= 255 for number in numbers):
                    self._fail(f"{path}.bytes", "bytes are whole numbers from 0 to 255")
                return Inline(bytes(numbers))
            case kind:
                return self._fail(f"{path}.kind", f"{kind!r} is none of weights, scalar, inlineBytes")

    def _call(self, value: Any, path: str) -> Statement:
        members = self._object(value, path)
        op = self._string(self._member(members, "op", path), f"{path}.op")
        inputs = [
            Name(self._string(item, f"{path}.inputs[{i}]"))
            for i, item in enumerate(self._list(self._member(members, "inputs", path), f"{path}.inputs"))
        ]
        options = self._object(members.get("options", {}), f"{path}.options")
        outputs = members.get("outputs") or [self._member(members, "id", path)]
        names = [self._string(item, f"{path}.outputs[{i}]") for i, item in enumerate(self._list(outputs, f"{path}.outputs"))]
        return Statement(op, names, inputs, options, self._place(f"{path} ({names[0]})"))

    # --------------------------------------------------------------------------------------------------------------- checking
    def _member(self, members: Mapping[str, Any], name: str, path: str) -> Any:
        if name not in members:
            self._fail(path, f"{name} is missing")
        return members[name]

    def _object(self, value: Any, path: str) -> dict[str, Any]:
        return value if isinstance(value, dict) else self._fail(path, f"expected an object, not {_kind(value)}")

    def _list(self, value: Any, path: str) -> list[Any]:
        return value if isinstance(value, list) else self._fail(path, f"expected a list, not {_kind(value)}")

    def _string(self, value: Any, path: str) -> str:
        return value if isinstance(value, str) else self._fail(path, f"expected a string, not {_kind(value)}")

    def _place(self, path: str) -> Place:
        return partial(Where, self.file, member=path)

    def _fail(self, path: str, message: str, hint: str = "") -> NoReturn:
        raise FormatError(message, hint, self._place(path)(), code=Code.SYNTAX_ERROR)


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number")
