"""Runs an example: a copy of its folder, in which the commands of its page find what they need."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import torch

from converters import plugins
from converters.onnx import registry as of_onnx
from converters.torch import registry as of_torch
from tests.site.running import DOCS, rewritten

FOLDER = DOCS / "examples"
EXAMPLES = sorted(FOLDER.glob("*/README.md"))


@contextmanager
def example(page: Path, folder: Path) -> Iterator[None]:
    """Puts the files of an example into a folder; what its packages registered is forgotten in the end."""
    shutil.copytree(page.parent, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", "__pycache__"))
    commands = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    with ExitStack() as restored:
        for table in (of_onnx.HANDLERS, of_torch.HANDLERS, plugins._loaded):
            restored.enter_context(mock.patch.dict(table))  # type: ignore[arg-type]
        restored.enter_context(mock.patch.dict(os.environ, PATH=commands))
        restored.callback(torch.set_num_threads, torch.get_num_threads())
        try:
            yield
        finally:
            sys.path[:] = [place for place in sys.path if not Path(place).is_relative_to(folder)]  # a package that it installed


def make(name: str, folder: Path) -> None:
    """Puts an example into a folder, with what its commands make."""
    with example(FOLDER / name / "README.md", folder):
        rewritten(FOLDER / name / "README.md", folder)
