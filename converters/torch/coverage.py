"""Which ATen overloads can be converted: the table of the handlers, and of core ATen what has none."""

from __future__ import annotations

from torch._ops import OpOverload

from converters.plugins import load_plugins
from converters.torch.handlers import COMPLEX_HANDLERS, HANDLERS
from converters.torch.handlers.refused import why_refused
from converters.torch.noise import DRAWS
from converters.torch.registry import LIBRARY_HANDLERS, core_overloads

COLUMNS: tuple[str, ...] = ("overload", "core", "how", "restrictions", "from")
TITLE = "ATen operators"
INTRODUCTION = """\
What `torch2webnn` makes of each overload. PyTorch decomposes what has no row here, which covers most of the rest; `core` marks the
overloads of core ATen. Complex tensors are pairs of real ones. Values that follow from shapes and weights are computed at
conversion.
"""
NEVER_CALLED = {
    "sym_is_contiguous": "how tensors lie in memory is known when a program is exported",
    "sym_numel": "sizes are numbers in a program with static shapes",
    "sym_size": "sizes are numbers in a program with static shapes",
    "sym_storage_offset": "offsets are numbers in a program with static shapes",
    "sym_stride": "strides are numbers in a program with static shapes",
    "_native_batch_norm_legit": "torch.export writes its functional form",
    "atan2.out": "torch.export writes its functional form",
    "resize_": "torch.export writes its functional form",
}
"""Core overloads that do not occur in an exported program with static shapes, and why."""


def table() -> list[tuple[str, ...]]:
    """Rows of `COLUMNS`, by name."""
    load_plugins("torch")
    core = set(core_overloads())
    handled = COMPLEX_HANDLERS | HANDLERS
    rows = [
        (_name(overload), "core" if overload in core else "", known.how, known.limits, known.origin) for overload, known in handled.items()
    ]
    rows += [(name, "", known.how, known.limits, known.origin) for name, known in LIBRARY_HANDLERS.items()]
    rows += [(_name(overload), "core", *_why_not(overload), "") for overload in core - handled.keys()]
    return sorted(rows)


def _name(overload: OpOverload) -> str:
    return str(overload).removeprefix("aten.")


def _why_not(overload: OpOverload) -> tuple[str, str]:
    name = _name(overload)
    if overload in DRAWS:
        return "a random input, arithmetic", "only with --random"
    reason = NEVER_CALLED.get(name) or NEVER_CALLED.get(name.split(".")[0])
    return ("", f"does not occur: {reason}") if reason else ("", f"refused: {why_refused(overload).message}")
