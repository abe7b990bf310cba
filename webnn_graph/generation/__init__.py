"""Models that generate: their graphs, what a loop has to know of them, and the loop.

`Generator` generates with the graphs of a folder on any runtime; `save_package` writes such a folder.
"""

from webnn_graph.generation.interface import PARTS, Interface, State, interface_of
from webnn_graph.generation.loop import Generator
from webnn_graph.generation.package import Package, save_package
from webnn_graph.generation.sampling import Sampling
from webnn_graph.generation.settings import Beams, SamplingDefaults, Settings, parsed, read

__all__ = [
    "PARTS",
    "Beams",
    "Generator",
    "Interface",
    "Package",
    "Sampling",
    "SamplingDefaults",
    "Settings",
    "State",
    "interface_of",
    "parsed",
    "read",
    "save_package",
]
