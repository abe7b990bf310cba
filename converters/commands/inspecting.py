"""What `webnn inspect` shows of a model: of a graph, or of a source model without converting it for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converters.commands.console import Result, say, show_table, terminal_width, verbosity
from converters.commands.layout import cut
from converters.commands.opening import Opening, kind_of, torch_model
from converters.overview import Cut, Overview, Tensor, Weights, counted
from webnn_graph.file_kinds import ModelKind
from webnn_graph.graph import Graph, Operand
from webnn_graph.hints import option
from webnn_graph.wording import count, size

FIRST_CUTS, LAST_CUTS = 2, 4
"""Tensors to cut at that are shown without --verbose: of those that split the model in two, the first and the last."""


SAID_WIDTH = 76
"""Columns of a terminal in which a text is shown that a file says of itself; elsewhere, and with --json, it is whole."""
FEW, FIRST_NAMES = 8, 4
"""Members of a list that are all shown on a terminal, and how many are of a longer one."""


def inspected(path: Path, opening: Opening) -> Inspected:
    """What there is to know of a model. Nothing is written.

    Raises:
        WebNNError: It cannot be read, or takes no such options.
    """
    kind = kind_of(path)
    opening.check(path, kind)
    opening = opening.beside(path, kind)
    if kind is ModelKind.GRAPH:
        from webnn_graph.formats import load

        return Inspected(path, of_graph(load(path, dims=opening.dims)))
    if kind is ModelKind.ONNX:
        from converters.onnx import overview as onnx_overview
        from converters.onnx.reading.interface import InterfaceOptions

        settings = InterfaceOptions(opening.dims, opening.shapes, opening.bind, opening.inputs, opening.outputs, opening.random)
        return Inspected(path, onnx_overview.overview(path, settings, budget=opening.budget))
    from converters.torch import overview as torch_overview

    return Inspected(path, torch_overview.overview(torch_model(path, opening)))


def of_graph(graph: Graph) -> Overview:
    """The overview of a graph, which needs no conversion."""
    types = sorted({operand.data_type for operand in graph.constants})
    weights = {t: [operand for operand in graph.constants if operand.data_type is t] for t in types}
    return Overview(
        ModelKind.GRAPH.value,
        graph.name,
        inputs=[_tensor(operand) for operand in graph.inputs],
        outputs=[_tensor(operand) for operand in graph.outputs],
        metadata=_metadata(graph),
        operators=counted([node.op for node in graph.nodes], (), checked=True),
        weights=[Weights(str(t), len(o), sum(x.size for x in o), sum(x.nbytes for x in o)) for t, o in weights.items()],
    )


def _metadata(graph: Graph) -> dict[str, Any]:
    """What the graph is for, its license, and what its inputs and outputs mean, each by its name."""
    metadata = dict(graph.metadata)
    tensors = metadata.pop("tensors", {})
    return {**metadata, **tensors}


def _tensor(operand: Operand) -> Tensor:
    return Tensor(operand.name, str(operand.data_type), operand.shape)


@dataclass(frozen=True)
class Inspected(Result):
    """An overview of a file or folder."""

    path: Path
    overview: Overview

    @property
    def cuts(self) -> Sequence[Cut]:
        """The tensors to cut at that are shown."""
        if verbosity().verbose:
            return self.overview.cuts
        splits = [tensor for tensor in self.overview.cuts if tensor.splits] or list(self.overview.cuts[-LAST_CUTS:])
        return splits if len(splits) <= FIRST_CUTS + LAST_CUTS else splits[:FIRST_CUTS] + splits[-LAST_CUTS:]

    def show(self) -> None:
        """See `Result`."""
        it = self.overview
        is_graph = it.kind == ModelKind.GRAPH.value
        nodes, tensors = sum(o.nodes for o in it.operators), sum(w.tensors for w in it.weights)
        numbers = f"{nodes:,} operators, {tensors:,} constants" if is_graph else f"{nodes:,} nodes, {tensors:,} tensors"
        say(f"{it.name}: {it.kind}, {numbers}, {size(sum(w.bytes for w in it.weights))} of weights")
        if it.metadata:
            say("\n".join(f"  {line}" for line in _said(it.metadata, short=terminal_width(sys.stdout) is not None)))
        say("")
        self._show_interface()
        self._show_operators(is_graph)
        if it.weights:
            weights = [(w.type, f"{w.tensors:,}", f"{w.elements:,}", size(w.bytes)) for w in it.weights]
            show_table(["weights", ">tensors", ">elements", ">size"], weights)
        self._show_cuts()
        if not is_graph:
            say(_verdict(it))

    def _show_interface(self) -> None:
        it = self.overview
        interface = [("input", tensor) for tensor in it.inputs] + [("output", tensor) for tensor in it.outputs]
        if interface:
            show_table(["name", "", "type", "shape"], [(tensor.name, kind, tensor.type, tensor.shown) for kind, tensor in interface])
        if it.dimensions:
            rows = [(d.name, _range(d.least, d.most), "needed" if d.size is None else d.size, ", ".join(d.places)) for d in it.dimensions]
            show_table(["dimension", "range", "size", "is"], rows)

    def _show_operators(self, is_graph: bool) -> None:
        operators = self.overview.operators
        if is_graph:
            show_table(["operator", ">nodes"], [(operator.name, f"{operator.nodes:,}") for operator in operators])
        elif operators:
            rows = [(o.name, f"{o.nodes:,}", _converts(o.converts), o.why) for o in operators]
            reasons = any(operator.why for operator in operators)
            columns = ["operator", ">nodes", "converts", "why not"]
            show_table(columns if reasons else columns[:-1], rows if reasons else [row[:-1] for row in rows])
            if self.overview.missing and any(operator.converts is None for operator in operators):
                say(f"?: known with the sizes: {self.overview.missing}\n")

    def _show_cuts(self) -> None:
        """Each on a line of its own, with the whole name: there to be copied."""
        if not self.cuts:
            return
        more = len(self.overview.cuts) - len(self.cuts)
        say(f"tensors to cut at; --input in the place of --output begins there{f'; -v lists {more:,} more' if more else ''}")
        for at in self.cuts:
            say(f"  {option('output', at.tensor.name)}  {at.tensor.type}{at.tensor.shown} of {at.operator}")
        say("")

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        it = self.overview
        return {
            "path": str(self.path),
            "kind": it.kind,
            "name": it.name,
            "metadata": dict(it.metadata),
            "inputs": [asdict(tensor) for tensor in it.inputs],
            "outputs": [asdict(tensor) for tensor in it.outputs],
            "dimensions": [asdict(dimension) for dimension in it.dimensions],
            "converts": it.converts,
            "missing": it.missing,
            "operators": [asdict(operator) | {"converts": operator.converts} for operator in it.operators],
            "problems": [
                {"operator": problem.operator, "node": problem.where.node, "why": problem.why, "hint": problem.hint}
                for problem in it.problems
            ],
            "cuts": [asdict(at.tensor) | {"node": at.node, "operator": at.operator, "splits": at.splits} for at in self.cuts],
            "weights": [asdict(weights) for weights in it.weights],
        }


def _said(metadata: Mapping[str, Any], short: bool) -> Iterator[str]:
    """What a file says of itself, a line each; where they are to be short, meanings lose members of long lists, texts their middle."""
    for name, value in metadata.items():
        line = f"{name}: {_in_words(value, short)}"
        yield line if isinstance(value, Mapping) or not short else cut(line, SAID_WIDTH)


def _in_words(value: object, short: bool) -> str:
    """A value of the metadata; of a meaning its kind and what is said of it, lists last: ``audio, sampling_rate 16000, repeated``."""
    if isinstance(value, list):
        left_out = len(value) - FIRST_NAMES if short and len(value) > FEW else 0
        words = [_in_words(one, short) for one in value[: len(value) - left_out]]
        return ", ".join([*words, *([f"and {left_out:,} more"] if left_out else [])])
    if not isinstance(value, Mapping):
        return one_line(value)
    members = sorted((member for member in value.items() if member[0] != "kind"), key=lambda member: isinstance(member[1], list))
    said = (name if one is True else f"{name} {_in_words(one, short)}" for name, one in members)
    return ", ".join([*([str(value["kind"])] if "kind" in value else []), *said])


def one_line(value: object) -> str:
    """A value of the metadata without line breaks, of a number six digits."""
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


def _range(least: int | None, most: int | None) -> str:
    return "" if least is most is None else f"{'' if least is None else least} to {'any' if most is None else most}".strip()


def _converts(converts: bool | None) -> str:
    return "?" if converts is None else "yes" if converts else "NO"


def _verdict(overview: Overview) -> str:
    """What would become of a source model, and what to do."""
    whole = [problem for problem in overview.problems if not problem.operator]
    if whole:
        return "\n".join(f"cannot be converted: {p.where.say(p.why)}" + (f"\nhint: {p.hint}" if p.hint else "") for p in whole)
    hints = [f"hint: {hint}" for hint in dict.fromkeys(problem.hint for problem in overview.problems) if hint]
    if overview.problems:
        return "\n".join([f"{count(len(overview.problems), 'node')} cannot be converted", *hints])
    return f"a conversion needs {overview.missing}" if overview.missing else "can be converted"
