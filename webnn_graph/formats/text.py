"""``.webnn`` text: what people read, review and write by hand.

    webnn_graph "model" v1 {
      inputs { x: f32[1, 3, 224, 224]; }
      consts { w: f32[8, 3, 3, 3] @weights("w"); }
      nodes { y = conv2d(x, w, strides=[2, 2], label="/features/0"); }
      outputs { y; }
    }

Operands stand by position, every other argument by the name it has in the standard.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

from webnn_graph.codes import Code
from webnn_graph.data_types import BY_SHORT_NAME, DataType
from webnn_graph.errors import FormatError, Where
from webnn_graph.formats.constants import Fill, Initializer, Inline, Stored
from webnn_graph.formats.digests import PATTERN
from webnn_graph.formats.document import Declaration, Dimension, Document, Name, Output, Place, Size, Statement, document_of
from webnn_graph.graph import Graph
from webnn_graph.names import LICENSE, TASK, nearest
from webnn_graph.ops import OPS

VERSION = 1
VERSIONS = (1, 2)
"""Versions of the format that are read; 2 only adds dynamic dimensions."""

DIGEST = "# digest of the weights:"
"""Begins the comment, first in ``consts``, with the digest of the weights; rustnn reads no annotation there."""

RANDOM = "# random:"
"""Begins the comment behind an input that is random, with its distribution."""

ABOUT = {"task": TASK, "license": LICENSE}
"""What comments behind the first brace say of the whole graph, in this order."""
"""Begins the comment, first in the graph, with what it is for."""

MAX_DEPTH = 32
"""Deepest nesting of lists and objects that is read."""


# ----------------------------------------------------------------------------------------------------------------- writing
def files(graph: Graph, stem: str, *, labels: bool = True, weights: Sequence[str] = (), digest: str = "") -> dict[str, str]:
    """The text of a graph, by the file's name; see `webnn_graph.formats.Format.files`."""
    return {f"{stem}.webnn": write(document_of(graph, labels=labels, weights_digest=digest))}


def write(document: Document) -> str:
    """The canonical text of a document."""
    digest = [f"{DIGEST} {document.weights_digest}"] if document.weights_digest else []
    meanings = document.metadata.get("tensors", {})
    blocks = [
        ("inputs", [f"{_declared(i)};{_random(i)}{_meaning(meanings.get(i.name))}" for i in document.inputs]),
        ("consts", [*digest, *(f"{_declared(c)} {_annotation(c.initializer)};" for c in document.constants)]),
        ("nodes", [f"{_statement(call)};" for call in document.calls]),
    ]
    lines = [f"webnn_graph {quote(document.name)} v{VERSION} {{"]
    lines += [f"  # {member}: {value}" for member in ABOUT if (value := document.metadata.get(member))]
    for name, entries in blocks:
        if entries:
            lines += [f"  {name} {{", *(f"    {entry}" for entry in entries), "  }", ""]
    outputs = [f"{output.name};{_meaning(meanings.get(output.name))}" for output in document.outputs]
    if any(output.name in meanings for output in document.outputs):
        lines += ["  outputs {", *(f"    {output}" for output in outputs), "  }", "}"]
    else:
        lines += [f"  outputs {{ {' '.join(outputs)} }}", "}"]
    return "\n".join(lines) + "\n"


UNPRINTABLE = re.compile("[\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufeff]")
"""What JSON leaves as it is but would hide or reorder the text around it, or has no place in UTF-8."""


ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""A value as JSON, characters beyond ASCII as they are."""


def quote(text: str) -> str:
    """A string literal as JSON's, on one line whatever the string holds."""
    return printable(ENCODE(text))


def printable(text: str) -> str:
    """JSON with what is unprintable in its strings written as escapes."""
    return text if text.isascii() and "\x7f" not in text else UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _declared(declaration: Declaration) -> str:
    return f"{declaration.name}: {declaration.data_type.short}{list(declaration.shape)}"


def _random(declaration: Declaration) -> str:
    """What stands behind an input that is random, in a comment."""
    return f"  {RANDOM} {declaration.distribution}" if declaration.distribution else ""


def _meaning(meaning: Mapping[str, Any] | None) -> str:
    """What stands behind an input or output whose meaning is known, in a comment."""
    if not meaning:
        return ""
    return f"  # {meaning['kind']}: {printable(ENCODE({name: value for name, value in meaning.items() if name != 'kind'}))}"


def _annotation(initializer: Initializer | None) -> str:
    match initializer:
        case Fill(value):
            return f"@scalar({value!r})"
        case Inline(data):
            return f"@bytes({list(data)})"
        case Stored(key):
            return f"@weights({quote(key)})"
    raise TypeError(initializer)


def _statement(call: Statement) -> str:
    arguments = [*map(_value, call.positional), *(f"{name}={_value(value)}" for name, value in call.options.items())]
    names = ", ".join(call.outputs)
    target = f"[{names}]" if OPS[call.op].returns_list else names
    return f"{target} = {call.op}({', '.join(arguments)})"


def _value(value: Any) -> str:
    if isinstance(value, Name):
        return value
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


# ----------------------------------------------------------------------------------------------------------------- reading
def read(text: str, file: str = "text") -> Document:
    """The document of a text in any accepted spelling: comments, blocks in any order, long or short data types.

    Args:
        text: The whole file.
        file: What errors call it.

    Raises:
        FormatError: A syntax error; the message shows line, column and the place.
    """
    return _Parser(SourceText(text, file)).document()


@dataclass(frozen=True)
class SourceText:
    """A text that can show where an error in it is."""

    text: str
    file: str

    def place(self, offset: int) -> Where:
        """File, line, column, and the line itself with a caret."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        line = self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")
        number, column = self.text.count("\n", 0, start) + 1, offset - start
        first = max(0, column - MAX_SHOWN // 2) if len(line) > MAX_SHOWN else 0
        shown = "".join(c if c.isprintable() else "." for c in line[first : first + MAX_SHOWN])
        return Where(self.file, number, column + 1, excerpt=f"\n  {shown}\n  {' ' * (column - first)}^")


MAX_SHOWN = 120
"""Characters of a line that an error shows."""

SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*)*")
WORD = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./$]*")
STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![A-Za-z0-9_.])")
INTEGER = re.compile(r"[0-9]{1,18}(?![A-Za-z0-9_.])")
VERSIONED = re.compile(r"v\s*([0-9]{1,9})\b")
BYTES = re.compile(r"\[\s*(?:[0-9]{1,3}(?:\s*,\s*[0-9]{1,3})*)?\s*\]")
DIGEST_COMMENT = re.compile(rf"^[ \t]*{DIGEST} ({PATTERN.pattern})[ \t\r]*$", re.MULTILINE)
RANDOM_COMMENT = re.compile(rf";[ \t]*{RANDOM} (\w+)[ \t\r]*$", re.MULTILINE)
ABOUT_COMMENTS = {
    member: re.compile(rf"[ \t\r\n]*# {member}: ({pattern.pattern})[ \t\r]*$", re.MULTILINE) for member, pattern in ABOUT.items()
}
MEANING_COMMENT = re.compile(r"[;,]?[ \t]*# ([a-z]+): (\{.*\})[ \t\r]*$", re.MULTILINE)
WORDS = {"true": True, "false": False, "null": None}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises `ValueError` where a name stands twice in it."""
    if len(members := dict(pairs)) < len(pairs):
        raise ValueError("a name is used twice in one object")
    return members


class _Parser:
    """Recursive descent over the characters."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self._skip()

    def document(self) -> Document:
        document = Document(where=partial(Where, self.source.file))
        self._expect("webnn_graph", "is this a .webnn text?")
        document.name = self._string("the graph's name in quotes")
        self._version()
        self._accept("@quantized")  # rustnn's mark that weights are not to be quantized again; nothing here does
        start = self.at + 1
        self._expect("{")
        for member, pattern in ABOUT_COMMENTS.items():
            if comment := pattern.match(self.text, start):
                document.metadata[member], start = comment[1], comment.end()
        blocks = {"inputs": self._input, "consts": self._constant, "nodes": self._call, "outputs": self._output}
        while not self._accept("}"):
            start = self.at
            name = self._word("a block or the closing }")
            if name not in blocks:
                self._fail(f"there is no block {name!r}", nearest(name, blocks) or f"blocks are {', '.join(blocks)}", start)
            start = self.at
            self._expect("{")
            if name == "consts" and (digest := DIGEST_COMMENT.search(self.text, start, self.at)):
                document.weights_digest = digest[1]
            while not self._accept("}"):
                blocks[name](document)
        if self.at < len(self.text):
            self._fail("the graph has ended, but the file goes on")
        return document

    # --------------------------------------------------------------------------------------------------------------- entries
    def _input(self, document: Document) -> None:
        declaration = self._declaration()
        random = RANDOM_COMMENT.match(self.text, self.at)
        self._read_meaning(document, declaration.name)
        self._expect(";")
        document.inputs.append(replace(declaration, distribution=random[1]) if random else declaration)

    def _read_meaning(self, document: Document, name: str) -> None:
        """What a comment that ends the line says of an input or output; any other is only a comment."""
        if comment := MEANING_COMMENT.match(self.text, self.at):
            from webnn_graph.metadata import KINDS

            if comment[1] not in KINDS:
                return
            try:
                meaning = json.loads(comment[2], object_pairs_hook=_unique)
            except (ValueError, RecursionError) as error:
                self._fail(f"the comment behind {name} is no JSON object: {error}", start=comment.start(2))
            document.metadata.setdefault("tensors", {})[name] = {**meaning, "kind": comment[1]}

    def _constant(self, document: Document) -> None:
        declaration = self._declaration()
        initializer: Initializer = Stored(declaration.name)
        while not self._accept(";"):
            initializer = self._initializer()
        document.constants.append(Declaration(declaration.name, declaration.data_type, declaration.shape, initializer, declaration.where))

    def _declaration(self) -> Declaration:
        where = self._here()
        name = self._word("a name")
        self._expect(":")
        return Declaration(name, self._data_type(), self._shape(), None, where)

    def _data_type(self) -> DataType:
        start, name = self.at, self._word("a data type")
        if name in BY_SHORT_NAME:
            return BY_SHORT_NAME[name]
        if name not in list(DataType):
            self._fail(f"there is no data type {name!r}", f"data types are {', '.join(BY_SHORT_NAME)}", start)
        return DataType(name)

    def _shape(self) -> tuple[Size, ...]:
        self._expect("[")
        shape: list[Size] = []
        while not self._accept("]"):
            if shape:
                self._expect(",")
            where = self._here()
            shape.append(self._dimension(where) if self._accept("dyn") else self._integer())
        return tuple(shape)

    def _dimension(self, where: Place) -> Dimension:
        self._expect("(")
        name = self._string("the dimension's name in quotes")
        self._expect(",")
        largest = self._integer()
        self._expect(")")
        return Dimension(name, largest, where)

    def _initializer(self) -> Initializer:
        start = self.at
        for kind in ("@weights", "@scalar", "@bytes"):
            if self._accept(kind):
                break
        else:
            self._fail("expected @weights, @scalar, @bytes or ;", start=start)
        self._expect("(")
        initializer: Initializer
        if kind == "@weights":
            initializer = Stored(self._string("the weight's name in quotes"))
        elif kind == "@scalar":
            initializer = Fill(self._number())
        else:
            initializer = Inline(self._bytes())
        self._expect(")")
        return initializer

    def _call(self, document: Document) -> None:
        where = self._here()
        outputs = [self._word("a name")] if not self._accept("[") else self._names()
        self._expect("=")
        op = self._word("an operator")
        if self._accept(";"):
            document.calls.append(Statement("", outputs, [Name(op)], {}, where))
            return
        self._expect("(", "a statement is one call of an operator: y = relu(x);")
        positional: list[Any] = []
        options: dict[str, Any] = {}
        while not self._accept(")"):
            if positional or options:
                self._expect(",")
            start = self.at
            value = self._value(0)
            if not (isinstance(value, Name) and self._accept("=")):
                positional.append(value)
            elif value in options:
                self._fail(f"{value} is given twice", start=start)
            else:
                options[str(value)] = self._value(0)
        self._expect(";")
        document.calls.append(Statement(op, outputs, positional, options, where))

    def _names(self) -> list[str]:
        names = [self._word("a name")]
        while not self._accept("]"):
            self._expect(",")
            names.append(self._word("a name"))
        return names

    def _output(self, document: Document) -> None:
        where = self._here()
        name = self._word("the name of an output")
        self._read_meaning(document, name)
        document.outputs.append(Output(name, name, where))
        if not self._accept(","):
            self._accept(";")

    # ---------------------------------------------------------------------------------------------------------------- values
    def _value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            self._fail("lists or objects are nested too deeply")
        start = self.text[self.at : self.at + 1]
        if start == '"':
            return self._string("a string")
        if start == "[":
            return self._list(depth)
        if start == "{":
            return self._object(depth)
        if start == "-" or start.isdigit():
            return self._number()
        word = self._word("a value")
        return WORDS[word] if word in WORDS else Name(word)

    def _list(self, depth: int) -> list[Any]:
        self._expect("[")
        items: list[Any] = []
        while not self._accept("]"):
            if items:
                self._expect(",")
            items.append(self._value(depth + 1))
        return items

    def _object(self, depth: int) -> dict[str, Any]:
        self._expect("{")
        members: dict[str, Any] = {}
        while not self._accept("}"):
            if members:
                self._expect(",")
            start = self.at
            name = self._string("a name") if self.text.startswith('"', start) else self._word("a name")
            if name in members:
                self._fail(f"{name} is given twice", start=start)
            self._expect(":")
            members[name] = self._value(depth + 1)
        return members

    def _number(self) -> int | float:
        start = self.at
        literal = self._match(NUMBER, "a number")
        if literal.lstrip("-").isdigit():
            if len(literal) > 40:
                self._fail("this number has too many digits", start=start)
            return int(literal)
        value = float(literal)
        if math.isinf(value):
            self._fail(f"{literal} is too large", 'infinity is written "Infinity"', start)
        return value

    def _integer(self) -> int:
        return int(self._match(INTEGER, "a whole number"))

    def _bytes(self) -> bytes:
        start = self.at
        literal = self._match(BYTES, "a list of bytes").strip("[] \t\r\n")
        numbers = [int(number) for number in literal.split(",")] if literal else []
        if any(number > 255 for number in numbers):
            self._fail("a byte is at most 255", start=start)
        return bytes(numbers)

    def _string(self, what: str) -> str:
        literal = self._match(STRING, what)
        try:
            return str(json.loads(literal, strict=False))
        except json.JSONDecodeError:  # a backslash that is no escape of JSON's stands for itself
            return literal[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    def _version(self) -> None:
        start = self.at
        version = int(self._match(VERSIONED, "a version such as v1").lstrip("v \t\r\n"))
        if version not in VERSIONS:
            self._fail(f"version {version} of the format is not known", f"known are {', '.join(map(str, VERSIONS))}", start)

    # ------------------------------------------------------------------------------------------------------------ characters
    def _skip(self) -> None:
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _accept(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self.at):
            return False
        if symbol[-1].isalpha() and self.text[self.at + len(symbol) : self.at + len(symbol) + 1].isalnum():
            return False
        self.at += len(symbol)
        self._skip()
        return True

    def _expect(self, symbol: str, hint: str = "") -> None:
        if not self._accept(symbol):
            self._fail(f"expected {symbol}", hint)

    def _word(self, what: str) -> str:
        return self._match(WORD, what)

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            self._fail(f"expected {what}")
        self.at = match.end()
        self._skip()
        return match[0]

    def _here(self) -> Place:
        return partial(self.source.place, self.at)

    def _fail(self, message: str, hint: str = "", start: int | None = None) -> NoReturn:
        at = self.at if start is None else start
        if at >= len(self.text):
            message += ", but the file ends here"
        raise FormatError(message, hint, self.source.place(at), code=Code.SYNTAX_ERROR)
