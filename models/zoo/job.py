"""What a process is given that does one model, and what it says on the way: plain data, which travels as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.zoo.manifest import ZOO, Model
from models.zoo.report import Computation, Conversion

FETCH, CONVERT, DRAW = "fetch", "convert", "draw"
"""What is done with a model before runtimes compute its graph."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is done with a model.

    Attributes:
        model: Its row.
        folder: The manifest's; empty for the project's own.
        runtimes: Versions of the runtimes that compute its graph, by name.
        target: What the graph is made for, as `load_target` takes it; empty for each runtime's own.
        seed: Of made-up inputs.
        known: What runtimes have made of graphs already, by `Computation.key`.
        picture: The file for the graph's picture; empty for none.
        browser: The browser for that runtime, as runtimes take it; empty to search for one.
        memory: Bytes that the process may allocate; None for any number.
    """

    model: Model
    runtimes: Mapping[str, str]
    folder: str = ""
    target: str = ""
    seed: int = 0
    known: Mapping[str, Computation] = field(default_factory=dict)
    picture: str = ""
    browser: str = ""
    memory: int | None = None

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder) if self.folder else ZOO.parent


@dataclass(frozen=True)
class Event:
    """What the process says; one of these.

    Attributes:
        stage: What it does from now on: *fetch*, *convert*, *draw*, or the name of a runtime.
        conversion: How the conversion ended.
        computation: How the computation ended, in the runtime that is the stage.
        picture: The file with the graph's picture.
    """

    stage: str
    conversion: Conversion | None = None
    computation: Computation | None = None
    picture: str = ""
