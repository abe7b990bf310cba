"""What commands say of weights that are rounded: how many bytes that saves, what it changes, and whether what was written is right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from shlex import quote
from typing import Any

from converters.commands.console import Result, progress, say, show_table, verbosity
from converters.commands.report import Verified, shape_text
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph
from webnn_graph.quantization import Measured, Quantized, Scheme, measure, quantized
from webnn_graph.quantization.layers import LayerWeight, name_of
from webnn_graph.quantization.rewriting import Reason
from webnn_graph.quantization.scheme import Weights
from webnn_graph.wording import count, one_line, size

LAYERS_SHOWN = 10
"""Layers that are shown without --verbose: those that lose most."""
NAME_WIDTH = 40
"""Columns of a layer's name."""
ADVICE = {Reason.TABLE: "; --embeddings rounds it"}
"""What can be done about a reason to stay."""


@dataclass(frozen=True)
class Quantizing:
    """How a command rounds weights.

    Attributes:
        scheme: How.
        inputs: Values of inputs that the difference is measured on; the others are made up. None does not measure it.
        seed: For these.
    """

    scheme: Scheme
    inputs: Mapping[str, Array] | None = field(default_factory=dict)
    seed: int = 0

    def of(self, graphs: Sequence[Graph], more: Mapping[str, Array] | None = None) -> QuantizedGraphs:
        """The graphs of a model with rounded weights. The first is measured, for which ``more`` inputs may be needed."""
        inputs = None if self.inputs is None else {**(more or {}), **self.inputs}
        with progress("rounding weights ..."):
            return QuantizedGraphs(self.scheme, quantized(graphs, self.scheme), inputs, self.seed)


@dataclass(frozen=True)
class QuantizedGraphs(Result):
    """Graphs with rounded weights.

    Attributes:
        scheme: How they were rounded.
        parts: The graphs.
        inputs: Values that the difference is measured on; None where it is not.
        seed: For the other inputs.
    """

    scheme: Scheme
    parts: Sequence[Quantized]
    inputs: Mapping[str, Array] | None
    seed: int = 0

    @property
    def graphs(self) -> list[Graph]:
        """The graphs themselves."""
        return [part.graph for part in self.parts]

    @cached_property
    def measured(self) -> Measured | None:
        """What rounding changes in the first graph; computed when it is first asked for, which takes time."""
        if self.inputs is None:
            return None
        with progress("measuring what rounding changes ..."):
            return measure(self.parts[0], self.inputs, self.seed)

    def show(self) -> None:
        """See `Result`."""
        for part in self.parts:
            all_weights = len(part.weights) + len(part.stays)
            became = f"{size(part.before.weight_bytes)} became {size(part.graph.weight_bytes)}"
            of_graph = f" of {part.graph.name}" if len(self.parts) > 1 else ""
            say(f"{self.scheme.weights}: {len(part.weights):,} of {count(all_weights, 'weight')}{of_graph}, {became}")
        for text in _stays(self.parts[0]):
            say(f"  {text}")
        if self.measured:
            self._show_measured(self.parts[0], self.measured)

    def _show_measured(self, part: Quantized, measured: Measured) -> None:
        outputs = [
            (d.name, shape_text(d.shape), f"{d.absolute:.3g}", f"{d.relative:.3g}", _decibels(measured.ratios[d.name]))
            for d in measured.outputs
        ]
        show_table(["output", "shape", ">absolute", ">relative", ">SNR"], outputs, "what rounding changes")
        layers = list(_layers(part, measured))
        shown = layers if verbosity().verbose else layers[:LAYERS_SHOWN]
        names, inside = _without_prefix([layer["name"] for layer in shown])
        rows = [
            (name, layer["operator"], shape_text(layer["shape"]), layer["type"], _decibels(layer["snr"]))
            for name, layer in zip(names, shown, strict=True)
        ]
        if rows:
            where = f", inside of {inside}" if inside else ""
            title = f"the layers that lose most{where}; --keep {quote('*' + names[0])} exempts the first"
            show_table(["layer", "operator", "weight", "type", ">SNR"], rows, title)

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        measured = self.measured
        return {
            "weights": str(self.scheme.weights),
            "block_size": self.scheme.block_size if self.scheme.weights is Weights.INT4 else None,
            "graphs": [_graph_document(part) for part in self.parts],
            "outputs": [_output_document(d, measured.ratios[d.name]) for d in measured.outputs] if measured else None,
            "layers": list(_layers(self.parts[0], measured)) if measured else None,
        }


def _graph_document(part: Quantized) -> dict[str, Any]:
    rounded = [
        {**_weight_document(weight), "type": str(made.values.data_type), "scales": made.scale.array.size if made.scale else 0}
        for weight, made in part.weights.items()
    ]
    stays = [{**_weight_document(weight), "reason": str(reason)} for weight, reason in part.stays.items()]
    return {
        "name": part.graph.name,
        "bytes_before": part.before.weight_bytes,
        "bytes": part.graph.weight_bytes,
        "rounded": rounded,
        "stays": stays,
    }


def _weight_document(weight: LayerWeight) -> dict[str, Any]:
    layers = [name_of(use.node) for use in weight.uses]
    return {"name": weight.operand.name, "layers": list(dict.fromkeys(layers)), "shape": list(weight.operand.shape)}


def _output_document(difference: Any, ratio: float) -> dict[str, Any]:
    members = asdict(difference)
    return {name: members[name] for name in ("name", "shape", "absolute", "relative")} | {"snr": ratio}


def _layers(part: Quantized, measured: Measured) -> Iterator[dict[str, Any]]:
    """What there is to say of each layer, that which loses most first."""
    weights = part.layers
    nodes = {output.name: use.node for weight in part.weights for use in weight.uses for output in use.node.outputs}
    for result, ratio in measured.layers.items():
        node, weight = nodes[result], weights[result]
        yield {
            "name": name_of(node),
            "result": result,
            "operator": node.op,
            "weight": weight.operand.name,
            "shape": list(weight.operand.shape),
            "type": str(part.weights[weight].values.data_type),
            "snr": ratio,
        }


def _without_prefix(names: Sequence[str]) -> tuple[list[str], str]:
    """The names without the modules that all are in, and these modules."""
    first, last = min(names, default=""), max(names, default="")
    common = first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)]
    cut = max(common.rfind("/"), common.rfind(".")) + 1
    return ([name[cut:] for name in names], common[:cut]) if cut > 1 else (list(names), "")


def _decibels(ratio: float) -> str:
    return f"{ratio:.1f} dB" if math.isfinite(ratio) else "exact" if ratio > 0 else "lost"


def _stays(part: Quantized) -> Iterator[str]:
    """Which weights stay, and why: a line for each reason."""
    for reason in dict.fromkeys(part.stays.values()):
        names = [weight.operand.name for weight, why in part.stays.items() if why is reason]
        what = one_line(names[0], NAME_WIDTH) if len(names) == 1 else count(len(names), "weight")
        yield f"{what} stay{'s' if len(names) == 1 else ''}: {reason}{ADVICE.get(reason, '')}"


# ----------------------------------------------------------------------------------------------------------------- verification
@dataclass(frozen=True)
class VerifiedRounding(Result):
    """How right a graph with rounded weights is.

    Attributes:
        conversion: How near the graph with its own weights is to its source model; None where there is none.
        written: How near what was written is to the graph with rounded weights in NumPy, and how far from the original.
    """

    conversion: Verified | None
    written: Verified

    @property
    def status(self) -> int:  # type: ignore[override]
        """The worst exit status."""
        return max(self.written.status, self.conversion.status if self.conversion else self.written.status)

    def show(self) -> None:
        """See `Result`."""
        if self.conversion:
            say("with weights as they were:")
            self.conversion.show()
        say("with rounded weights:")
        self.written.show()

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        return {**self.written.document(), "conversion": self.conversion.document() if self.conversion else None}
