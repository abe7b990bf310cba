"""The files of a model that generates: Optimum, transformers.js and onnxruntime-genai each have their names for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.onnx.reading.files import files_of
from converters.onnx.reading.interface import free_inputs
from converters.onnx.reading.load import load_model
from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, Where

DECODERS = ("decoder_model_merged", "decoder_with_past_model", "decoder_model", "model")
"""What decoders are called, in the order in which they are looked for."""
FIRST, ENCODERS = "decoder_model", ("encoder_model", "encoder")
WITH_PAST = "decoder_with_past_model"
CONFIG, GENERATION, GENAI = "config.json", "generation_config.json", "genai_config.json"
LONGEST = 2**24
"""Bytes of a configuration; a longer file is something else."""


@dataclass(frozen=True)
class Files:
    """The files of a model that generates.

    Attributes:
        decoder: Takes a past, and gives logits.
        first: Takes no past: where the decoder of a pair computes the encoder's keys and values; else None.
        encoder: Gives what the decoder attends; None for models without one.
        folder: Where the configuration is.
    """

    decoder: Path
    first: Path | None
    encoder: Path | None
    folder: Path

    def configuration(self, name: str) -> Mapping[str, Any]:
        """What a configuration says; nothing where there is none. Raises `FormatError` when it is damaged."""
        file = self.folder / name
        if not file.is_file():
            return {}
        try:
            if file.stat().st_size > LONGEST:
                raise ValueError(f"it has {file.stat().st_size:,} bytes")
            read = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise FormatError(f"this is no configuration: {error}", where=Where(file=str(file))) from None
        return read if isinstance(read, dict) else {}

    @property
    def all(self) -> list[Path]:
        """All files that the model is read from."""
        models = [path for path in (self.decoder, self.first, self.encoder) if path]
        beside = [self.folder / name for name in (CONFIG, GENERATION, GENAI)]
        return [*(file for path in models for file in files_of(path)), *(file for file in beside if file.is_file())]

    @property
    def dims(self) -> dict[str, int]:
        """Sizes of dimensions that the configuration for transformers.js says."""
        own = self.configuration(CONFIG).get("transformers.js_config")
        sizes = own.get("free_dimension_overrides") if isinstance(own, dict) else None
        return {name: size for name, size in sizes.items() if type(size) is int and size > 0} if isinstance(sizes, dict) else {}


def find_files(path: Path) -> Files:
    """The files of a model.

    Args:
        path: Its decoder, or its folder, in which the decoder may be in a folder ``onnx``.

    Raises:
        FormatError: There is none in the folder.
    """
    decoder = path if not path.is_dir() else _in_folder(path)
    folder = decoder.parent
    base, variant = _parts(decoder.stem)
    first = _beside(folder, (FIRST,), variant) if base == WITH_PAST else None
    encoder = _beside(folder, ENCODERS, variant) if base.startswith("decoder") else None
    is_apart = folder.name == "onnx" and not (folder / CONFIG).is_file()
    return Files(decoder, first, encoder, folder.parent if is_apart else folder)


def _in_folder(path: Path) -> Path:
    for folder in (path, path / "onnx"):
        said = Files(folder, None, None, folder).configuration(GENAI)
        for name in (*_said_by_genai(said), *(f"{name}.onnx" for name in DECODERS)):
            if (folder / name).is_file() and (name != f"{FIRST}.onnx" or _takes_past(folder / name)):
                return folder / name
    found = sorted(file for folder in (path, path / "onnx") if folder.is_dir() for file in folder.glob("*.onnx"))
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{name}.onnx" for name in DECODERS)
    there = f"; there are {', '.join(str(file.relative_to(path)) for file in found[:8])}" if found else ""
    raise FormatError(
        f"{path} has no decoder in ONNX: looked for {names}, there and in onnx/{there}",
        "give the decoder's file" if found else "",
        code=Code.NO_SUCH_FILE,
    )


def _said_by_genai(said: Mapping[str, Any]) -> Iterator[str]:
    model = said.get("model")
    decoder = model.get("decoder") if isinstance(model, dict) else None
    name = decoder.get("filename") if isinstance(decoder, dict) else None
    if isinstance(name, str) and Path(name).name == name:
        yield name


def _takes_past(file: Path) -> bool:
    return any(name.startswith("past") for name in free_inputs(load_model(file).graph))


def _parts(stem: str) -> tuple[str, str]:
    """What a file is, and which variant of it: ``decoder_model_merged``, ``_q4``."""
    base = next((name for name in DECODERS if re.fullmatch(rf"{name}(_.*)?", stem)), "")
    return base, stem.removeprefix(base) if base else ""


def _beside(folder: Path, names: tuple[str, ...], variant: str) -> Path | None:
    candidates = (folder / f"{name}{end}.onnx" for end in dict.fromkeys((variant, "")) for name in names)
    return next((file for file in candidates if file.is_file()), None)
