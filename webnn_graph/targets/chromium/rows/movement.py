"""Operators that move elements."""

from __future__ import annotations

from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.forms import movement
from webnn_graph.targets.quirk import Quirk

ROWS = (
    Quirk(
        "stride beyond the slice",
        ("slice",),
        conditions.strides_too_far,
        forms.shorter_strides,
        "The call is refused.",
        lambda b: {"y": b.slice(b.input("x", "float32", [3]), [1], [2], strides=[3])},
        since="148",
    ),
    Quirk(
        "padding by what is at the edge",
        ("pad",),
        conditions.pads_edge,
        movement.edge_gathered,
        "TODO",
        lambda b: {"y": b.pad(b.input("x", "float32", [2, 3]), [1, 1], [0, 2], mode="edge")},
    ),
    Quirk(
        "triangle of what is perhaps infinite",
        ("triangular",),
        conditions.is_perhaps_infinite,
        movement.chosen_corner,
        "TODO",
        lambda b: {"y": b.triangular(b.div(b.input("x", "float32", [3, 3]), 0.0))},
    ),
    Quirk(
        "elements that are gathered by computed indices",
        ("gatherElements",),
        conditions.has_computed_indices,
        movement.gather_flat,
        "TODO",
        probes.gathered_elements,
    ),
    Quirk(
        "elements that are scattered to computed places",
        ("scatterElements",),
        conditions.has_computed_indices,
        movement.scatter_flat,
        "TODO",
        probes.scattered_elements,
    ),
    Quirk(
        "elements that are scattered to places twice",
        ("scatterElements",),
        conditions.has_repeated_places,
        movement.scatter_flat,
        "TODO",
        probes.scattered_elements_twice,
    ),
    Quirk(
        "scattering to one position",
        ("scatterND",),
        conditions.has_one_position,
        movement.scatter_row,
        "TODO",
        probes.scattered_to_one_position,
    ),
    Quirk(
        "scattering to places twice",
        ("scatterND",),
        conditions.has_repeated_rows,
        movement.scatter_last,
        "TODO",
        probes.scattered_to_places_twice,
    ),
)
