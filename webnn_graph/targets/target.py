"""A target: the dictionary that ``MLContext.opSupportLimits()`` returns, as a JSON file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from webnn_graph.codes import Code
from webnn_graph.data_types import BYTES, DataType
from webnn_graph.errors import FormatError
from webnn_graph.ops import OPS

CHROMIUM = "chromium"
"""Chromium computing on the CPU: what 147 and 153 both say, less what they say and then fail to build, or crash on."""

PORTABLE = "portable"
"""What every implementation of the standard must take, and Chromium takes and computes right, too."""

RUSTNN = "rustnn"
"""rustnn 0.5.12 computing with ONNX Runtime: what it computes right, which is not what it says."""

PYWEBNN = "pywebnn"
"""The same as pywebnn's ``MLGraphBuilder`` builds it, which lacks operators and options."""

STANDARD = "standard"
"""Any implementation of the standard: nothing is rewritten for it."""

BUILT_IN: Mapping[str, tuple[str, str]] = {
    PORTABLE: (CHROMIUM, "every browser: what the standard requires of all, and a measured one computes right"),
    CHROMIUM: (CHROMIUM, "Chromium computing on the CPU, as measured in versions 147 and 153"),
    RUSTNN: (RUSTNN, "rustnn 0.5.12 computing with ONNX Runtime"),
    PYWEBNN: (PYWEBNN, "rustnn 0.5.12 as Python builds graphs for it, with MLGraphBuilder of pywebnn"),
    STANDARD: (STANDARD, "the standard as it is: nothing is rewritten"),
}
"""Whose quirks each target by name has, in all versions, and what it is for."""

FILES = {PORTABLE: "portable.json", CHROMIUM: "chromium/limits.json", RUSTNN: "rustnn/limits.json", PYWEBNN: "pywebnn/limits.json"}
"""Where the limits of those that have some are."""

MEASURED = {CHROMIUM: "cpu", RUSTNN: "cpu"}
"""The implementations whose quirks are known, and the device on which they are."""

ORIGIN = ("implementation", "version", "device")
"""Members of a file that say whose limits it holds."""
EXPAND = "expandConstants"
"""Member of a file that says when expressions of constants are best computed: ``load``, the default, or ``run``."""
VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")

GRAPH = ("input", "constant", "output")
"""What limits are stated for besides operators."""


@dataclass(frozen=True)
class Target:
    """What one implementation accepts, operand by operand.

    Attributes:
        name: How messages call it.
        limits: Operator to operand to ``dataTypes`` and ``rankRange``, besides ``input``, ``constant`` and ``output``.
        quirks: Whose quirks it has: `CHROMIUM`, `RUSTNN` or `PYWEBNN`; `STANDARD` of any implementation; empty for none.
        version: In which version; empty for all.
        expand: Whether it is faster to compute expressions of constants once, when a module is loaded, than in every run.
    """

    name: str
    limits: Mapping[str, Any]
    quirks: str = ""
    version: str = ""
    expand: bool = True

    @property
    def with_four_bits(self) -> Target:
        """The same, of a program that makes bytes of 4-bit weights itself before it dequantizes them."""
        limits = dict(self.limits)
        if "constant" in limits:
            limits["constant"] = _wider(limits["constant"])
        operands = limits.get("dequantizeLinear", {})
        if operands:
            read = ("input", "zeroPoint")
            limits["dequantizeLinear"] = {**operands, **{name: _wider(operands[name]) for name in read if name in operands}}
        return replace(self, limits=limits)

    @property
    def is_standard(self) -> bool:
        """Whether it is any implementation of the standard: nothing is rewritten for it."""
        return self.quirks == STANDARD

    def takes_type(self, op: str, operand: str, data_type: DataType) -> bool:
        """Whether the operator's operand (or ``output``) may have this type; what the target does not mention may.

        For a graph's ``input``, ``constant`` and ``output`` the operand has no name.
        """
        limit = self._limit(op, operand)
        return limit is None or data_type in limit["dataTypes"]

    def highest_rank(self, op: str, operand: str) -> int:
        """The largest rank of the operator's operand."""
        limit = self._limit(op, operand)
        return 8 if limit is None else int(limit["rankRange"]["max"])

    def lowest_rank(self, op: str, operand: str) -> int:
        """The smallest rank of the operator's operand."""
        limit = self._limit(op, operand)
        return 0 if limit is None else int(limit["rankRange"].get("min", 0))

    def takes_rank(self, op: str, operand: str, rank: int) -> bool:
        """Whether the operator's operand (or ``output``) may have so many dimensions."""
        return self.lowest_rank(op, operand) <= rank <= self.highest_rank(op, operand)

    def most_bytes(self, kind: str = "") -> float:
        """How many bytes a tensor may have, one that is a graph's ``input``, ``constant`` or ``output`` perhaps fewer."""
        limit = self.limits.get(kind) or {}
        return min(float(self.limits.get("maxTensorByteLength", math.inf)), float(limit.get("maxByteLength", math.inf)))

    @property
    def certain_bytes(self) -> float:
        """How many bytes the constants of a graph may take together for the target to build it in any case."""
        return float((self.limits.get("constant") or {}).get("maxTotalByteLength", math.inf))

    def has(self, op: str) -> bool:
        """Whether the target has the operator at all."""
        return op in self.limits

    def _limit(self, op: str, operand: str) -> Mapping[str, Any] | None:
        limits = self.limits.get(op, {})
        limit: Mapping[str, Any] | None = limits.get(operand) if operand else limits or None
        return limit


def load_target(name: str | Path | Target = CHROMIUM) -> Target:
    """A target by its name, one of `BUILT_IN`, or by the path of a file with what a browser's opSupportLimits() gave.

    What is a target already stays as it is.

    Raises:
        FormatError: There is no such target, or the file is not such a dictionary.
    """
    if isinstance(name, Target):
        return name
    return _built_in(str(name)) if name in BUILT_IN else read_target(Path(name))


def read_target(path: Path) -> Target:
    """The target that a file describes: what ``opSupportLimits()`` returned, or the same written by hand.

    It has the quirks of the implementation, version and device that the file names; none where they are not known.

    Raises:
        FormatError: There is no such file, or it is not such a dictionary.
    """
    try:
        limits = json.loads(path.read_text(encoding="utf-8"))
        _check(limits)
    except OSError:
        raise FormatError(
            f"there is no target {path}",
            f"known are {', '.join(BUILT_IN)}; or give a file with the JSON of opSupportLimits(): webnn target dump writes one",
            code=Code.UNKNOWN_TARGET,
        ) from None
    except (ValueError, ArithmeticError, KeyError, TypeError, AttributeError, RecursionError):
        raise FormatError(f"{path} is not what MLContext.opSupportLimits() returns, as JSON") from None
    known = _known(*(str(limits.get(name, "")) for name in ORIGIN))
    return Target(path.stem, _without_origin(limits), *known, expand=limits.get(EXPAND, "load") == "load")


def described(limits: Mapping[str, Any], **origin: str) -> str:
    """The text of a target's file: a line for each operator, after those that say whose limits they are, see `ORIGIN`."""
    members = origin | dict(sorted(limits.items()))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(member)}" for name, member in members.items())
    return f"{{\n{lines}\n}}\n"


@cache
def _built_in(name: str) -> Target:
    limits: dict[str, Any] = {}
    if name in FILES:
        limits = json.loads(resources.files("webnn_graph.targets").joinpath(FILES[name]).read_text(encoding="utf-8"))
    return Target(name, _without_origin(limits), BUILT_IN[name][0])


def _wider(limit: Mapping[str, Any]) -> dict[str, Any]:
    """A limit that takes the types of 4 bits, too."""
    return {**limit, "dataTypes": list(dict.fromkeys([*limit["dataTypes"], *BYTES]))}


def _without_origin(limits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: limit for name, limit in limits.items() if name not in (*ORIGIN, EXPAND)}


def _known(implementation: str, version: str, device: str) -> tuple[str, str]:
    """Whose quirks are those of an implementation, and in which version; nobody's when they are not known."""
    name = implementation.lower()
    return (name, version) if MEASURED.get(name) == device and VERSION.fullmatch(version) else ("", "")


def _check(limits: dict[str, Any]) -> None:
    """Raises one of several errors for what limits cannot be; members that are unknown may be anything."""
    sizes = [limits.get("maxTensorByteLength", 0)]
    for name, limit in limits.items():
        if name in OPS:
            sizes += [_checked(operand) for operand in limit.values()]
        elif name in GRAPH:
            sizes.append(_checked(limit))
    if not all(isinstance(size, int) for size in sizes) or limits.get(EXPAND, "load") not in ("load", "run"):
        raise TypeError


def _checked(limit: dict[str, Any]) -> int:
    if any(not isinstance(data_type, str) for data_type in limit["dataTypes"]):
        raise TypeError
    ranks = limit["rankRange"]
    return int(limit.get("maxByteLength", 0) + limit.get("maxTotalByteLength", 0) + ranks["max"] + ranks.get("min", 0))
