"""Calls that are computed right, but several times as slowly as others that give the same; docs/browser-calls.md has the measurements."""

from __future__ import annotations

from webnn_graph.targets.chromium import conditions, forms, probes
from webnn_graph.targets.forms import arithmetic, movement, sequences
from webnn_graph.targets.quirk import Quirk, always

ROWS = (
    Quirk(
        "expansion",
        ("expand",),
        conditions.expands_slowly,
        forms.times_ones_or_tiled,
        "It takes 20 times as long as multiplication by ones, or tile, from 153 on; in 147 up to 4 times.",
        lambda b: {"y": b.expand(b.input("x", "float32", [2, 1, 3]), [2, 4, 3]), "z": b.expand(b.input("i", "int32", [1]), [5])},
        slow=True,
    ),
    Quirk(
        "reflected padding",
        ("pad",),
        conditions.pads_reflected,
        movement.reflected,
        "It takes 6 to 10 times as long as what is turned round and put beside.",
        lambda b: {"y": b.pad(b.input("x", "float32", [1, 4, 5]), [0, 2, 0], [0, 1, 3], mode="reflection")},
        slow=True,
    ),
    Quirk(
        "clamp to the unit interval",
        ("clamp",),
        conditions.clamps_to_unit,
        forms.smaller_than_one,
        "It takes 2 to 3 times as long as with other limits.",
        lambda b: {"y": b.clamp(b.input("x", "float32", [6]), minValue=0, maxValue=1)},
        slow=True,
    ),
    Quirk(
        "hardSigmoid",
        ("hardSigmoid",),
        always,
        arithmetic.hard_sigmoid_by_steps,
        "As such a clamp.",
        lambda b: {"y": b.hardSigmoid(b.input("x", "float32", [6]))},
        slow=True,
    ),
    Quirk(
        "erf",
        ("erf",),
        conditions.is_erf_of_many,
        arithmetic.erf_by_tanh,
        "It takes 4 to 20 times as long as the tanh of a polynomial: it is computed number by number.",
        lambda b: {"y": b.erf(b.mul(b.input("x", "float32", [2, 512]), 6.0))},
        rounds=True,
        slow=True,
    ),
    Quirk(
        "long filter of one channel",
        ("conv2d",),
        conditions.convolves_one_row,
        sequences.in_blocks,
        "From one channel to one, it takes 20 to 60 times as long as with numbers of the row as channels.",
        probes.filtered_row,
        rounds=True,
        slow=True,
    ),
)
