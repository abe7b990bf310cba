"""What is installed as a command: ``webnn_graph.programs:webnn`` and its like are the objects of ``cli.py``; see `webnn_graph.own`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from webnn_graph.own import come_first
from webnn_graph.signals import beginning


def __getattr__(name: str) -> Any:
    """The command of this name. Nothing here imports ``cli`` before a program begins."""
    if name.startswith("__"):
        raise AttributeError(name)
    come_first()
    with beginning():
        programs = import_module("cli").PROGRAMS
    if name not in programs:
        raise AttributeError(f"there is no command {name!r}")
    return programs[name]
