"""The configuration files of a folder of Hugging Face: config.json, and what says how inputs are made."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from converters.described.licenses import license_of

CONFIG = "config.json"
PROCESSORS = ("preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json")
"""Files that say what pictures and sounds are made into."""
MOST_BYTES = 2**24
"""Of a file: configurations are short, vocabularies take some megabytes."""
CARD = "README.md"
HEAD = re.compile(r"---\r?\n(.{,20000}?)\r?\n---\r?$", re.DOTALL | re.MULTILINE)
"""Of a model card: its YAML."""
MEMBER = re.compile(r"^(license|license_name):[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)
"""Of that, with one word as its value."""


def is_own(file: Path, folder: Path) -> bool:
    """Whether what stands in a folder is in it, if it is a link, too.

    A snapshot in the library's own cache is a folder of links into its neighbour ``blobs``.
    """
    whole, target = folder.resolve(), file.resolve()
    blobs = whole.parent.parent / "blobs" if whole.parent.name == "snapshots" else whole
    return target.is_relative_to(whole) or target.is_relative_to(blobs)


@dataclass(frozen=True)
class Folder:
    """A folder whose files are read as they are asked for. What is damaged says nothing; `damaged` names it.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def of(cls, model: Path) -> Folder:
        """The folder of a model, which may be in a folder ``onnx`` of that."""
        folder = model if model.is_dir() else model.parent
        return cls(folder.parent if folder.name == "onnx" and not (folder / CONFIG).is_file() else folder)

    def read(self, name: str) -> dict[str, Any]:
        """The object in a file; empty where there is none."""
        document = self.document(name)
        return document if isinstance(document, dict) else {}

    def document(self, name: str) -> Any:
        """What is in a file of JSON; None where there is none, or it is damaged."""
        try:
            return json.loads(self._text(name))
        except (OSError, ValueError, RecursionError):
            return None

    @property
    def damaged(self) -> list[str]:
        """The configurations that are there and hold no object of JSON; those of processors only beside a model of transformers."""
        names = (CONFIG, *PROCESSORS) if self.config else (CONFIG,)
        there = [name for name in names if (self.path / name).is_file() and is_own(self.path / name, self.path)]
        return [name for name in there if not isinstance(self.document(name), dict)]

    def _text(self, name: str) -> bytes:
        """What is in a file. Raises `OSError` where there is none that is the folder's own, and `ValueError` where it is large."""
        file = self.path / name
        if not is_own(file, self.path):
            raise OSError(f"{file} is not in its folder")
        if file.stat().st_size > MOST_BYTES:
            raise ValueError(f"{file} has more than {MOST_BYTES:,} bytes")
        return file.read_bytes()

    @cached_property
    def license(self) -> str:
        """What the head of the model card says; empty where it does not."""
        try:
            head = HEAD.match(self._text(CARD).decode("utf-8-sig", "replace"))
        except (OSError, ValueError):
            return ""
        said = dict(MEMBER.findall(head[1])) if head else {}
        return license_of(said.get("license_name" if said.get("license") == "other" else "license", ""))

    @cached_property
    def config(self) -> dict[str, Any]:
        """What config.json says; empty where it is not of a model of transformers."""
        config = self.read(CONFIG)
        return config if "model_type" in config or "architectures" in config else {}

    @cached_property
    def processor(self) -> dict[str, Any]:
        """What the files about a processor say; those of parts of it on one level."""
        said: dict[str, Any] = {}
        for name in PROCESSORS:
            document = self.read(name)
            parts = [part for key, part in document.items() if key.endswith(("processor", "extractor")) and isinstance(part, dict)]
            said = {key: value for part in (*parts, document) for key, value in part.items()} | said
        return said
