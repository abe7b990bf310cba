"""Models that generate: their graphs, what a loop has to know of them, and the loop.

`Generator` generates with the graphs of a folder on any runtime; `save_package` writes such a folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webnn_graph.modules import on_first_use

if TYPE_CHECKING:
    from webnn_graph.generation.interface import PARTS, Interface, State, interface_of
    from webnn_graph.generation.loop import Generator
    from webnn_graph.generation.package import Package, save_package
    from webnn_graph.generation.sampling import Sampling
    from webnn_graph.generation.settings import Beams, SamplingDefaults, Settings, Speech, parsed, read

__all__ = [
    "PARTS",
    "Beams",
    "Generator",
    "Interface",
    "Package",
    "Sampling",
    "SamplingDefaults",
    "Settings",
    "Speech",
    "State",
    "interface_of",
    "parsed",
    "read",
    "save_package",
]

if not TYPE_CHECKING:  # to a type checker, a name that does not exist is an error
    __getattr__ = on_first_use(
        __name__,
        {
            **dict.fromkeys(("PARTS", "Interface", "State", "interface_of"), "interface"),
            "Generator": "loop",
            **dict.fromkeys(("Package", "save_package"), "package"),
            "Sampling": "sampling",
            **dict.fromkeys(("Beams", "SamplingDefaults", "Settings", "Speech", "parsed", "read"), "settings"),
        },
    )
