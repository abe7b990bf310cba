"""The zoo as a gallery: a model is converted when its page is opened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from models.zoo.fetch import is_fetched
from models.zoo.manifest import ZOO, Model, Zoo
from webnn_graph.gallery import Entry, gallery

TITLE = "The model zoo"


@dataclass
class Gallery:
    """The pages of a zoo's models in a folder.

    Attributes:
        zoo: The zoo.
        folder: Where models are converted to, a folder each.
        problems: What went wrong with some, by name.
    """

    zoo: Zoo
    folder: Path
    problems: dict[str, str] = field(default_factory=dict)
    _one: Lock = field(default_factory=Lock)

    @property
    def models(self) -> Mapping[str, Model]:
        """Those that can be converted, by name."""
        return {model.name: model for model in self.zoo.select([]) if not model.refusal}

    def page(self, path: str) -> str | None:
        """The HTML of a page that is no file; makes the files of a model first whose page is asked for."""
        if path == "/":
            return gallery(TITLE, [self._entry(model) for model in self.models.values()])
        name, slash, rest = path.removeprefix("/").partition("/")
        model = self.models.get(name)
        if model is None or not slash or rest:
            return None
        if not is_fetched(model, self.zoo.folder):
            return gallery(name, [], f"{name} is not downloaded yet. This does it:\nwebnn zoo fetch {name}")
        problem = self._convert(model)
        return gallery(name, [], problem) if problem else None

    def _entry(self, model: Model) -> Entry:
        is_there = is_fetched(model, self.zoo.folder)
        note = "" if is_there else f"webnn zoo fetch {model.name} downloads it"
        about = ", ".join(filter(None, (model.task, "random weights" if model.kind == "python" else "")))
        return Entry(model.name, about, model.license, f"{model.name}/" if is_there else "", note)

    def _convert(self, model: Model) -> str:
        """Converts a model, if it is not there yet; what went wrong. One at a time, each in a process that may end as it likes."""
        with self._one:
            if model.name in self.problems or (self.folder / model.name).is_dir():
                return self.problems.get(model.name, "")
            command = [sys.executable, "-m", "webnn_graph", "zoo", "convert", model.name, "--format", "page", "-o", str(self.folder), "-q"]
            command += [] if self.zoo.path == ZOO else ["--zoo", str(self.zoo.path)]
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                self.problems[model.name] = done.stderr.strip() or f"the conversion ended with status {done.returncode}"
            return self.problems.get(model.name, "")
