"""TorchScript archives: their code is read before PyTorch sees it, since it runs when an archive is loaded and when it is traced.

The code in an archive is Python's syntax, so ``ast`` reads it. Allowed is what a network needs: its own functions, assignments,
branches, loops over a range or a list, and operators on tensors, numbers, texts and lists. What passes is written anew into an
archive that holds nothing else.
"""

from __future__ import annotations

import ast
import io
import pickletools
import re
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path

from converters.torch.packed import packed
from converters.torch.reading.archive import Archive
from converters.torch.reading.operators import namespaces_with, problem_in_script
from webnn_graph.budget import Budget
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError, FormatError, WebNNError, Where

HINT = "export the module that it was made of (torch.export.save), or give --trust-script if you trust the file: it may then run this"
PICKLES = ("data.pkl", "constants.pkl")
"""Members that hold the module's objects."""
MAX_CODE = 20_000_000
"""Bytes of code that are read."""
KNOWN_MEMBERS = re.compile(
    r"code/[\w./]+\.py|data\.pkl|constants\.pkl|(data|constants)/\w+(\.storage)?"
    r"|version|byteorder|\.data/(version|serialization_id)|\.format_version"
)
STRING = re.compile(r"""("(?:[^"\\\n]|\\["'\\abfnrtv]|\\[0-7]{3})*"|'(?:[^'\\\n]|\\["'\\abfnrtv]|\\[0-7]{3})*')""")
"""String literals that Python and TorchScript read alike."""
ATTRIBUTE = re.compile(r"[\w-]*")
"""Names that attributes have which are no identifiers: ``layers.0``, ``down-sample``."""
GLOBALS = re.compile(
    r"__torch__(?!\.torch\.classes)[\w.]* \w+|torch\._utils _rebuild_\w+|torch \w+|torch\.storage UntypedStorage"
    r"|collections OrderedDict|torch\.jit\._pickle \w+|builtins (complex|int|float|bool|str)"
)
"""What TorchScript's pickles are made of; its own reader resolves the names, to code of the archive or to nothing else."""

STATEMENTS = (
    ast.Module,
    ast.ClassDef,
    ast.FunctionDef,
    ast.arguments,
    ast.arg,
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Return,
    ast.If,
    ast.For,
    ast.Expr,
    ast.Pass,
    ast.Break,
    ast.Continue,
    ast.Delete,
    ast.Assert,
    ast.With,
    ast.withitem,
)
EXPRESSIONS = (
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.keyword,
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.Subscript,
    ast.Slice,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.unaryop,
    ast.operator,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)
BUILT_IN = {"annotate", "bool", "float", "getattr", "int", "isinstance", "len", "print", "range", "str", "unchecked_cast", "uninitialized"}
"""Functions without a library. What `print` says goes nowhere."""
TYPES = set("Any Device Dict Enum List Module NamedTuple NoneType Optional Tensor Tuple Union complex number slice".split())
LIBRARIES = {"torch", "ops", "__torch__", "CONSTANTS"}
NUMBERS = {"inf", "nan", "infj", "nanj"}
KNOWN_NAMES = BUILT_IN | TYPES | LIBRARIES | NUMBERS


def checked_script(path: Path, budget: Budget | None = None, *, trusted: bool = False) -> bytes:
    """The archive written anew, when its code calls nothing but what a network needs.

    Args:
        path: An archive of ``torch.jit.save``.
        budget: What may be decompressed.
        trusted: Whether the code may be anything.

    Raises:
        ConversionError: The code does something else; the function and the operator are named.
        FormatError: It is damaged.
    """
    with Archive(path, budget) as archive:
        members = {name: archive.read(name) for name in archive.names if KNOWN_MEMBERS.fullmatch(name) and ".." not in name}
    if len({name.lower() for name in members}) != len(members):
        raise FormatError(f"{path} is damaged: two of its members have the same name")
    if any(b"PackedParams" in members.get(name, b"") for name in PICKLES):
        raise packed(str(path))
    if not trusted:
        _check(path, members)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive_of_ours:
        for name, content in members.items():
            archive_of_ours.writestr(f"archive/{name}", bytes(content))
    return written.getvalue()


def _check(path: Path, members: dict[str, bytearray]) -> None:
    code = {name: content for name, content in members.items() if name.startswith("code/")}
    if sum(map(len, code.values())) > MAX_CODE:
        raise ConversionError(f"{path} has more than {MAX_CODE:,} bytes of code", HINT, code=Code.NOT_TRUSTED)
    try:
        trees = {name: _tree(name, content) for name, content in code.items()}
        for name in PICKLES:
            if name in members:
                _check_pickle(name, bytes(members[name]))
        for name, tree in trees.items():
            _Checker(name).module(tree)
    except WebNNError as error:
        raise error.at(Where(str(path))) from None


def _tree(member: str, content: bytearray) -> ast.Module:
    try:
        text = content.decode("ascii")
        _check_tokens(member, text)
        return ast.parse(text)
    except (UnicodeDecodeError, SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        raise FormatError(f"{member} is no TorchScript code", "the archive is damaged; save it again") from None


def _check_tokens(member: str, text: str) -> None:
    """Raises unless Python and TorchScript see the same tokens: no odd strings, continued lines or comments with types."""
    if not all(character == "\n" or " " <= character <= "~" for character in text):
        raise FormatError(f"{member} is no TorchScript code: it holds control characters")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        odd = (
            (token.type == tokenize.STRING and not STRING.fullmatch(token.string))
            or (token.type == tokenize.COMMENT and "type:" in token.string)
            or token.line.rstrip("\n").endswith("\\")
        )
        if odd:
            raise ConversionError(
                f"{member}:{token.start[0]} is code that TorchScript does not write: {token.string[:60]!r}", HINT, code=Code.NOT_TRUSTED
            )


def _check_pickle(member: str, content: bytes) -> None:
    """Raises unless the objects in a pickle are tensors, plain data, and objects of the archive's own classes."""
    if b"torch.classes" in content:
        raise ConversionError(f"{member} holds an object of a class that is written in C++", HINT, code=Code.NOT_TRUSTED)
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in ("GLOBAL", "INST") and not GLOBALS.fullmatch(str(argument)):
                raise ConversionError(f"{member} holds an object of {argument}", HINT, code=Code.NOT_TRUSTED)
            if opcode.name == "STACK_GLOBAL" or opcode.name.startswith("EXT"):
                raise ConversionError(
                    f"{member} names an object in a way that TorchScript does not write ({opcode.name})", HINT, code=Code.NOT_TRUSTED
                )
    except ConversionError:
        raise
    except Exception:  # the standard library's reader has no common exception for damaged pickles
        raise FormatError(f"{member} is damaged") from None


class _Checker:
    """Walks the code of one member and refuses what a network does not need."""

    def __init__(self, member: str) -> None:
        self.member = member
        self.inside: list[str] = []

    def module(self, tree: ast.Module) -> None:
        for statement in tree.body:
            self._definition(statement)

    def _definition(self, statement: ast.stmt) -> None:
        """A class with its attributes and methods, or a function; code nowhere else."""
        if isinstance(statement, ast.ClassDef) and not statement.decorator_list and not statement.keywords:
            self.inside.append(statement.name)
            for member in statement.body:
                if isinstance(member, ast.FunctionDef):
                    self._definition(member)
                else:
                    self._names(member)
                    self._check(member, {"__annotations__"})
            self.inside.pop()
        elif isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
            self.inside.append(statement.name)
            nodes = list(_walk(statement))
            own = {node.arg for node in nodes if isinstance(node, ast.arg)}
            own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            if own & KNOWN_NAMES:
                self._refuse(statement, f"the name {min(own & KNOWN_NAMES)} for something else")
            for inner in ast.iter_child_nodes(statement):
                if inner is not statement.returns:
                    self._check(inner, own)
            self.inside.pop()
        elif not isinstance(statement, ast.Import | ast.Pass) and not _is_number(statement):  # older archives have imports and a version
            self._refuse(statement, type(statement).__name__)

    def _check(self, tree: ast.AST, own: set[str]) -> None:
        """Refuses what is not allowed below ``tree``; ``own`` are the names of parameters and variables."""
        for node in _walk(tree):
            if isinstance(node, ast.While):
                self._refuse(node, "a loop without a bound (while)")
            if isinstance(node, ast.ClassDef | ast.FunctionDef) or not isinstance(node, STATEMENTS + EXPRESSIONS):
                self._refuse(node, f"the Python construct {type(node).__name__}")
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own | KNOWN_NAMES:
                self._refuse(node, f"the name {node.id}, which nothing defines")
            if isinstance(node, ast.Attribute):
                self._attribute(node)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
                self._getattr(node)

    def _attribute(self, node: ast.Attribute) -> None:
        match _dotted(node):
            case ["torch", name]:
                self._operator(node, "aten", name)
            case ["ops", _] | ["__torch__", *_] | ["CONSTANTS", _]:
                if "torch.classes" in ast.unparse(node):
                    self._refuse(node, "a class that is written in C++")
            case ["ops", namespace, name]:
                self._operator(node, namespace, name)
            case ["torch" | "ops" | "CONSTANTS", *_] as parts:
                self._refuse(node, ".".join(parts))
            case _:
                self._member(node, node.attr)

    def _names(self, member: ast.stmt) -> None:
        """The names of a class's attributes that stand in texts become those of inputs and parameters."""
        for node in ast.walk(member):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not ATTRIBUTE.fullmatch(node.value):
                self._refuse(node, f"the name {node.value[:40]!r} for an attribute")

    def _getattr(self, call: ast.Call) -> None:
        match call.args:
            case [_, ast.Constant(value=str() as name)] if ATTRIBUTE.fullmatch(name):
                self._member(call, name)
            case _:
                self._refuse(call, "getattr of a computed or odd name")

    def _member(self, node: ast.AST, name: str) -> None:
        """A member of one of the archive's own classes, or an operator in the form of a method: ``x.relu()`` is ``torch.relu(x)``."""
        for namespace in namespaces_with(name):
            self._operator(node, namespace, name)

    def _operator(self, node: ast.AST, namespace: str, name: str) -> None:
        problem = problem_in_script(namespace, name)
        if problem:
            self._refuse(node, f"{'torch' if namespace == 'aten' else namespace}.{name}", problem)

    def _refuse(self, node: ast.AST, what: str, why: str = "") -> None:
        place = ".".join(self.inside) or "the module"
        line = f":{node.lineno}" if hasattr(node, "lineno") else ""
        because = f": {why}" if why else ""
        raise ConversionError(
            f"{place} uses {what}, which no network needs{because}", HINT, Where(member=f"{self.member}{line}"), code=Code.NOT_TRUSTED
        )


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but the annotations, which name types only."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        annotations = [getattr(node, name, None) for name in ("annotation", "returns")]
        waiting += [child for child in ast.iter_child_nodes(node) if not any(child is annotation for annotation in annotations)]


def _is_number(statement: ast.stmt) -> bool:
    """Whether a statement names a number, as older archives name their version."""
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)


def _dotted(node: ast.expr) -> list[str]:
    """The parts of a dotted name; none for other expressions."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else []
