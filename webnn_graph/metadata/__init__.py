"""What a graph's inputs and outputs mean: pictures, sounds, tokens, bytes of files; labels, boxes, text.

A model takes ``float32[1, 3, 224, 224]`` and gives 1,000 numbers. That the first is a picture of which channels, how it is resized
and scaled, and what the numbers are called, its author knew; `Metadata` keeps it with the graph. Files of graphs are read from
strangers: a value of another type, or out of its range, is one error that says where.
"""

from webnn_graph.metadata.checks import check, picture_size, problems
from webnn_graph.metadata.described import MOST_BYTES, MOST_CHARACTERS, MOST_LABELS, MOST_SIDE
from webnn_graph.metadata.document import KINDS, Meaning, Metadata, metadata_of, said, whole
from webnn_graph.metadata.inputs import MOST_RATE, Audio, Bytes, Image, Placed, Tokens
from webnn_graph.metadata.objects import (
    MOST_POINTS,
    STRIDES,
    Boxes,
    Centers,
    Detections,
    Geometry,
    Level,
    Points,
    Prototypes,
    Sides,
    geometry_of,
    levels_of,
    prototypes_of,
    strides_of,
)
from webnn_graph.metadata.outputs import Characters, Depth, Embedding, Labels, Mask, Regions, Regression, Speech, State, Target

__all__ = [
    "KINDS",
    "MOST_BYTES",
    "MOST_CHARACTERS",
    "MOST_LABELS",
    "MOST_POINTS",
    "MOST_RATE",
    "MOST_SIDE",
    "STRIDES",
    "Audio",
    "Boxes",
    "Bytes",
    "Centers",
    "Characters",
    "Depth",
    "Detections",
    "Embedding",
    "Geometry",
    "Image",
    "Labels",
    "Level",
    "Mask",
    "Meaning",
    "Metadata",
    "Placed",
    "Points",
    "Prototypes",
    "Regions",
    "Regression",
    "Sides",
    "Speech",
    "State",
    "Target",
    "Tokens",
    "check",
    "geometry_of",
    "levels_of",
    "metadata_of",
    "picture_size",
    "problems",
    "prototypes_of",
    "said",
    "strides_of",
    "whole",
]
