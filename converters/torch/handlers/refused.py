"""Overloads that cannot become a static, deterministic graph, and why."""

from __future__ import annotations

from torch._ops import OpOverload

from converters.random_numbers import HINT, REFUSED
from webnn_graph.errors import ConversionError

RANDOM = REFUSED, f"{HINT}; or pass the random numbers as an input"
DATA_DEPENDENT = "the size of its result depends on the data", "end the module before it, or compute it outside of the graph"
BACKWARD = "it belongs to the backward pass", "export the forward computation only"

REASONS = {
    **dict.fromkeys(["bernoulli", "dropout", "multinomial", "normal", "normal_functional", "rand", "rand_like", "randint"], RANDOM),
    **dict.fromkeys(["randint_like", "randn", "randn_like", "randperm", "rrelu_with_noise", "uniform", "exponential"], RANDOM),
    **dict.fromkeys(["nonzero", "masked_select", "unique2", "_unique2", "unique_dim", "unique_consecutive", "bincount"], DATA_DEPENDENT),
    **dict.fromkeys(
        ["_local_scalar_dense", "item"], ("a Python number is made of a tensor", "keep it a tensor, or pass the number as an argument")
    ),
}
"""By the name of the overload packet."""


def is_refused(overload: OpOverload) -> bool:
    """Whether there is a reason against the overload that its decomposition would only hide."""
    return _name(overload) in REASONS


def _name(overload: OpOverload) -> str:
    return overload._schema.name.split("::")[-1]


def why_refused(overload: OpOverload) -> ConversionError:
    """The error for an overload that has no handler."""
    name = _name(overload)
    if name.endswith(("_backward", "_backward_data")):
        why, hint = BACKWARD
    else:
        why, hint = REASONS.get(
            name, ("there is no lowering for it", "compute it outside of the graph, or express it with other operators")
        )
    return ConversionError(why, hint)
