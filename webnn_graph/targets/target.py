"""A target: the dictionary that ``MLContext.opSupportLimits()`` returns, as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from webnn_graph.data_types import DataType
from webnn_graph.errors import FormatError
from webnn_graph.graph import Descriptor

CHROMIUM = "chromium"
"""Chromium 147 computing on the CPU: what it says, less what it says and then fails to build, or crashes on."""

RUSTNN = "rustnn"
"""rustnn 0.5.12 computing with ONNX Runtime: what it computes right, which is not what it says."""


STANDARD = "standard"
"""Any implementation of the standard: nothing is rewritten for it."""


@dataclass(frozen=True)
class Target:
    """What one implementation accepts, operand by operand.

    Attributes:
        name: How messages call it.
        limits: Operator to operand to ``dataTypes`` and ``rankRange``, besides ``input``, ``constant`` and ``output``.
        kind: Whose peculiarities it has: `CHROMIUM`, `RUSTNN` or `STANDARD`.
    """

    name: str
    limits: Mapping[str, Any]
    kind: str = CHROMIUM

    def takes_type(self, op: str, operand: str, data_type: DataType) -> bool:
        """Whether the operator's operand (or ``output``) may have this type; what the target does not mention may."""
        limit = self._limit(op, operand)
        return limit is None or data_type in limit["dataTypes"]

    def highest_rank(self, op: str, operand: str) -> int:
        """The largest rank of the operator's operand."""
        limit = self._limit(op, operand)
        return 8 if limit is None else int(limit["rankRange"]["max"])

    def takes(self, kind: str, descriptor: Descriptor) -> bool:
        """Whether a graph's ``input``, ``constant`` or ``output`` may be like this."""
        limit = self.limits.get(kind)
        return limit is None or (descriptor.data_type in limit["dataTypes"] and descriptor.rank <= limit["rankRange"]["max"])

    def has(self, op: str) -> bool:
        """Whether the target has the operator at all."""
        return op in self.limits

    def _limit(self, op: str, operand: str) -> Mapping[str, Any] | None:
        limit: Mapping[str, Any] | None = self.limits.get(op, {}).get(operand)
        return limit


@cache
def load_target(name: str = CHROMIUM) -> Target:
    """A target by the name of one of the files here, or by the path of a file with what a browser's opSupportLimits() gave.

    Raises:
        FormatError: There is no such target, or the file is not such a dictionary.
    """
    if name == STANDARD:
        return Target(STANDARD, {}, STANDARD)
    known = resources.files("webnn_graph.targets").joinpath(f"{Path(name).stem}.json")
    built_in = Path(name).suffix != ".json" and known.is_file()
    path = known if built_in else Path(name)
    try:
        limits = json.loads(path.read_text(encoding="utf-8"))
        for limit in limits.values():
            for operand in limit.values() if isinstance(limit, dict) and "dataTypes" not in limit else [limit]:
                if isinstance(operand, dict) and "dataTypes" in operand:
                    _ = operand["dataTypes"] + [operand["rankRange"]["max"]]
    except OSError:
        raise FormatError(
            f"there is no target {name}",
            f"known are {STANDARD}, {CHROMIUM} and {RUSTNN}; or give a file with the JSON of opSupportLimits()",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FormatError(f"{name} is not what MLContext.opSupportLimits() returns, as JSON") from None
    return Target(Path(name).stem, limits, name if built_in else CHROMIUM)
