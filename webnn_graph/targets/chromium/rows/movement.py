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
        "The build fails: the mode is not supported.",
        lambda b: {"y": b.pad(b.input("x", "float32", [2, 3]), [1, 1], [0, 2], mode="edge")},
    ),
    Quirk(
        "triangle of what is perhaps infinite",
        ("triangular",),
        conditions.is_perhaps_infinite,
        movement.chosen_corner,
        "Multiplied by 0, infinities become NaN.",
        lambda b: {"y": b.triangular(b.div(b.input("x", "float32", [3, 3]), 0.0))},
    ),
    Quirk(
        "elements that are gathered by computed indices",
        ("gatherElements",),
        conditions.has_computed_indices,
        movement.gather_flat,
        "The build fails: only constant indices are supported.",
        probes.gathered_elements,
    ),
    Quirk(
        "elements that are scattered to computed places",
        ("scatterElements",),
        conditions.has_computed_indices,
        movement.scatter_flat,
        "As what is gathered.",
        probes.scattered_elements,
    ),
    Quirk(
        "elements that are scattered to places twice",
        ("scatterElements",),
        conditions.has_repeated_places,
        movement.scatter_flat,
        "The standard leaves open which of the updates stays; here they are summed, in the reference the last one stays.",
        probes.scattered_elements_twice,
    ),
    Quirk(
        "scattering to one position",
        ("scatterND",),
        conditions.has_one_position,
        movement.scatter_row,
        "Nothing in 147 and 153, which compute it right; earlier versions are not known to.",
        probes.scattered_to_one_position,
        until="147",
    ),
    Quirk(
        "scattering to places twice",
        ("scatterND",),
        conditions.has_repeated_rows,
        movement.scatter_last,
        "As elements that are scattered to places twice.",
        probes.scattered_to_places_twice,
    ),
)
