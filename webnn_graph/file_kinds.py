"""What kind of file or folder somebody has: found by its content, and by its name where that says nothing."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, Where
from webnn_graph.formats.table import readable

HEAD_BYTES = 4096
"""So much of a file is looked at."""


class ModelKind(Enum):
    """What holds a model that is read here; the value is what messages call it."""

    GRAPH = "a WebNN graph"
    ONNX = "an ONNX model"
    TORCH = "a PyTorch model"


_ONNX = "onnx2webnn converts it"
_TORCH = "torch2webnn converts it"
_AGAIN = "copy or download it again"
_ORIGIN = "convert the model that it was made from, as ONNX or PyTorch have it"
_TF2ONNX = "the tool tf2onnx makes an ONNX model of it, which onnx2webnn converts"
_KERAS = 'model.export("model.onnx", format="onnx") in Keras 3 writes an ONNX model, which onnx2webnn converts'


class FileKind(Enum):
    """A kind of file.

    Attributes:
        title: What messages call it.
        hint: What to do with it where it is not taken.
        model: What it is read as; None when nothing here reads it.
    """

    title: str
    hint: str
    model: ModelKind | None

    def __init__(self, title: str, hint: str, model: ModelKind | None = None) -> None:
        self.title, self.hint, self.model = title, hint, model

    GRAPH = ("a WebNN graph", "it is converted already; webnn2js makes a module of it, webnn inspect shows it", ModelKind.GRAPH)
    JSON = ("a JSON file", "name the model's own file", ModelKind.GRAPH)
    ONNX = ("an ONNX model", _ONNX, ModelKind.ONNX)
    PROGRAM = ("an exported program", _TORCH, ModelKind.TORCH)
    SCRIPT = ("a TorchScript archive", _TORCH, ModelKind.TORCH)
    PICKLE = ("a pickled object", _TORCH, ModelKind.TORCH)
    SAFETENSORS = (
        "a safetensors file",
        "torch2webnn converts it with the module that --model names; of a WebNN graph, name the .webnn or .json file",
        ModelKind.TORCH,
    )
    SHARDS = ("an index of safetensors files", "torch2webnn converts it with the module that --model names", ModelKind.TORCH)
    FOLDER = ("a Hugging Face folder", _TORCH, ModelKind.TORCH)

    EMPTY = ("an empty file", _AGAIN)
    POINTER = ("a pointer of Git LFS to the file", "'git lfs pull' in its repository fetches the file itself")
    PAGE = ("an HTML page", "the download failed, or asked for a login; download the file itself")
    XML = ("an XML document, perhaps a server's error message", "download the file itself")
    MODULE = ("an ES module", "a module cannot be read back; name the .webnn or .json file of the graph")
    CONFIG = ("the configuration of a Hugging Face model", "torch2webnn converts the folder that it is in")
    EXTERNAL = ("the weights of an ONNX model", "name the .onnx file beside it")
    ORT = ("a model in ONNX Runtime's own format", "convert the .onnx file that it was made from")
    TFLITE = ("a TensorFlow Lite model", _TF2ONNX)
    SAVED_MODEL = ("a TensorFlow SavedModel", _TF2ONNX)
    TENSORFLOW = ("a TensorFlow graph", _TF2ONNX)
    TFJS = ("a TensorFlow.js model", _ORIGIN)
    KERAS = ("a Keras model", _KERAS)
    HDF5 = ("an HDF5 file, perhaps a Keras model", _KERAS)
    GGUF = ("a GGUF file of llama.cpp", "torch2webnn converts the Hugging Face folder that it was made from")
    COREML = ("a Core ML model", _ORIGIN)
    OPENVINO = ("an OpenVINO model", _ORIGIN)
    EXECUTORCH = ("an ExecuTorch program", "convert the exported program that it was made from, written with torch.export.save")
    TENSORRT = ("a TensorRT engine", _ORIGIN)
    ARRAYS = ("a file of NumPy arrays", "these may be values of a model's inputs; name the model's file")
    PYTHON = ("a Python program", "write the model that it makes with torch.export.save, and convert that file")
    COMPRESSED = ("a compressed file or an archive", "unpack it first")
    DAMAGED = ("a truncated or damaged zip archive", _AGAIN)
    DIRECTORY = ("a folder without config.json", "name the model's file in it, or the folder of a Hugging Face model")
    UNKNOWN = ("of no known kind", _AGAIN)


_BEGINNINGS: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"version https://git-lfs.github.com/spec/", FileKind.POINTER),
    (0, b"\x80\x02", FileKind.PICKLE),
    (0, b"\x80\x03", FileKind.PICKLE),
    (0, b"\x80\x04", FileKind.PICKLE),
    (0, b"\x80\x05", FileKind.PICKLE),
    (4, b"ORTM", FileKind.ORT),
    (4, b"TFL3", FileKind.TFLITE),
    (4, b"ET1", FileKind.EXECUTORCH),
    (0, b"GGUF", FileKind.GGUF),
    (0, b"\x89HDF\r\n\x1a\n", FileKind.HDF5),
    (0, b"ftrt", FileKind.TENSORRT),
    (0, b"\x93NUMPY", FileKind.ARRAYS),
    (0, b"\x1f\x8b", FileKind.COMPRESSED),
    (0, b"BZh", FileKind.COMPRESSED),
    (0, b"\xfd7zXZ\0", FileKind.COMPRESSED),
    (0, b"7z\xbc\xaf", FileKind.COMPRESSED),
    (0, b"\x28\xb5\x2f\xfd", FileKind.COMPRESSED),
    (0, b"Rar!", FileKind.COMPRESSED),
    (257, b"ustar", FileKind.COMPRESSED),
)
"""Where in a file which bytes tell its kind."""

_TEXTS: tuple[tuple[re.Pattern[bytes], FileKind], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), kind)
    for pattern, kind in (
        (rb"(<!--((?!-->).)*-->\s*)*<(!doctype html|html|head|body)\b", FileKind.PAGE),
        (rb"<\?xml.*<net\b", FileKind.OPENVINO),
        (rb"<\?xml", FileKind.XML),
        (rb"((#|//)[^\n]*\n\s*)*webnn_graph\b", FileKind.GRAPH),
        (rb"\{.{0,40}webnn-graph-json", FileKind.GRAPH),
        (rb'\{.*"irVersion"', FileKind.ONNX),
        (rb'\{.*"modelTopology"', FileKind.TFJS),
        (rb'\{.*"(model_type|architectures|transformers_version)"', FileKind.CONFIG),
        (rb'\{.*"weight_map"', FileKind.SHARDS),
        (rb"\{", FileKind.JSON),
    )
)
"""What the beginning of a text is like."""

_MEMBERS: tuple[tuple[re.Pattern[str], FileKind], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"([^/]+/)?code/", FileKind.SCRIPT),
        (r"([^/]+/)?(archive_format\Z|models/|serialized_exported_program\.json\Z)", FileKind.PROGRAM),
        (r"([^/]+/)?data\.pkl\Z", FileKind.PICKLE),
        (r"(.*/)?model\.weights\.h5\Z", FileKind.KERAS),
        (r".*com\.apple\.CoreML/", FileKind.COREML),
        (r"(.*/)?saved_model\.pb\Z", FileKind.SAVED_MODEL),
        (r".*\.npy\Z", FileKind.ARRAYS),
    )
)
"""The member of a zip archive that tells its kind."""

_PROTOBUF = b"\x08"
"""With which the version of an ONNX model begins, and no text."""

_NAMES: tuple[tuple[str, bytes, FileKind], ...] = (
    ("saved_model.pb", b"", FileKind.SAVED_MODEL),
    (".onnx", b"", FileKind.ONNX),
    (".onnx_data", b"", FileKind.EXTERNAL),
    (".onnx.data", b"", FileKind.EXTERNAL),
    (".js", b"", FileKind.MODULE),
    (".mjs", b"", FileKind.MODULE),
    (".pt2", b"", FileKind.PROGRAM),
    (".safetensors", b"", FileKind.SAFETENSORS),
    (".ort", b"", FileKind.ORT),
    (".tflite", b"", FileKind.TFLITE),
    (".pb", b"\n", FileKind.TENSORFLOW),
    (".keras", b"", FileKind.KERAS),
    (".h5", b"", FileKind.HDF5),
    (".gguf", b"", FileKind.GGUF),
    (".mlmodel", b"", FileKind.COREML),
    (".pte", b"", FileKind.EXECUTORCH),
    (".py", b"", FileKind.PYTHON),
    ("", _PROTOBUF, FileKind.ONNX),
)
"""What the end of a file's name, and what it begins with, say of a file whose content may be of several kinds."""

_ZIP = b"PK\x03\x04"


def file_kind(path: Path) -> FileKind:
    """The kind of a file or folder; nothing in it is trusted, and only the beginning of a file is read.

    Raises:
        FormatError: There is nothing, or it cannot be read.
    """
    if path.is_dir():
        return _of_folder(path)
    if path.exists() and not path.is_file():
        raise FormatError(f"{path} is neither a file nor a folder", code=Code.NO_SUCH_FILE)
    try:
        head = _head(path)
        told = _of_zip(path) if head.startswith(_ZIP) else of_content(head)
    except FileNotFoundError:
        raise FormatError("there is no such file", where=Where(str(path)), code=Code.NO_SUCH_FILE) from None
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}", code=Code.NO_SUCH_FILE) from None
    if told is not FileKind.UNKNOWN:
        return told
    return _named(path, head)


def of_content(content: bytes) -> FileKind:
    """What a file's content, or its beginning, shows it to be; `FileKind.UNKNOWN` when that may be several kinds."""
    if not content:
        return FileKind.EMPTY
    for place, mark, kind in _BEGINNINGS:
        if content.startswith(mark, place):
            return kind
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") < 1 << 32:
        return FileKind.SAFETENSORS
    if content.startswith(_ZIP):
        return _of_zip(io.BytesIO(content))
    text = _text(content)
    return next((kind for pattern, kind in _TEXTS if pattern.match(text)), FileKind.UNKNOWN)


def check_kind(path: Path, wanted: ModelKind) -> FileKind:
    """The kind of a file that is to be read as ``wanted``, or may be: what shows no kind is left to whoever reads it.

    Raises:
        FormatError: It is something else, or there is nothing.
    """
    kind = file_kind(path)
    if kind.model is wanted or kind is FileKind.UNKNOWN:
        return kind
    raise wrong_kind(str(path), kind, [wanted], _found_in(path) if kind in (FileKind.FOLDER, FileKind.DIRECTORY) else "")


def wrong_kind(where: str, kind: FileKind, wanted: Iterable[ModelKind], hint: str = "") -> FormatError:
    """The error that something is of another kind than is ``wanted``."""
    expected = " or ".join(model.value for model in wanted)
    return FormatError(f"{where} is {kind.title}, not {expected}", hint or kind.hint, code=Code.WRONG_KIND)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _named(path: Path, head: bytes) -> FileKind:
    """What a file is called, of which the content may be several kinds."""
    if any(format.suffix == path.suffix for format in readable()) and not head.startswith(_PROTOBUF):
        return FileKind.GRAPH
    name = path.name.lower()
    found = next((kind for end, begin, kind in _NAMES if name.endswith(end) and head.startswith(begin)), FileKind.UNKNOWN)
    is_text = any(_text(head).startswith(begin.encode()) for format in readable() for begin in format.begins)
    return FileKind.GRAPH if found is FileKind.UNKNOWN and is_text else found


def _text(content: bytes) -> bytes:
    """The beginning of a text behind a byte order mark and white space."""
    return content[:HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip()


def _of_zip(file: Path | io.BytesIO) -> FileKind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return FileKind.DAMAGED
    return next((kind for pattern, kind in _MEMBERS if any(map(pattern.match, names))), FileKind.COMPRESSED)


def _of_folder(path: Path) -> FileKind:
    if (path / "saved_model.pb").is_file():
        return FileKind.SAVED_MODEL
    if path.suffix in (".mlpackage", ".mlmodelc"):
        return FileKind.COREML
    return FileKind.FOLDER if (path / "config.json").is_file() else FileKind.DIRECTORY


def _found_in(folder: Path) -> str:
    """Which ONNX files there are in a folder, where repositories have them; empty when there are none."""
    files = sorted(path for pattern in ("*.onnx", "onnx/*.onnx") for path in folder.glob(pattern))
    return f"onnx2webnn converts its ONNX files, like {files[0]}" if files else ""
