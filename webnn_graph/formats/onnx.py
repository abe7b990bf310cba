"""An ONNX model of a graph, whose initializers are in the graph's file of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from webnn_graph.codes import Code
from webnn_graph.errors import WebNNError
from webnn_graph.formats.table import OPSETS
from webnn_graph.graph import Graph
from webnn_graph.weight import Place
from webnn_graph.wording import size

MOST_EMBEDDED = 2**31 - 2**24
"""Bytes of weights that an ONNX file can hold: protobuf ends at 2 GiB."""


def files(
    graph: Graph,
    stem: str,
    *,
    labels: bool = True,
    weights: Sequence[str] = (),
    digest: str = "",
    places: Mapping[str, Place] = MappingProxyType({}),
    opset: int | None = None,
    embed: bool = False,
) -> dict[str, bytes]:
    """The content of the model, by the file's name; see `webnn_graph.formats.Format.files`.

    Args:
        graph: What the model computes.
        stem: The file's name without its suffix.
        labels: Whether nodes are called like what they came from.
        weights: The files of weights; their places say it.
        digest: That of the weights.
        places: Where each weight is, by name: its external data.
        opset: Version of the operator set; by default the newest that is known.
        embed: Whether the weights stand in the model itself.

    Raises:
        WebNNError: The weights are too large to be embedded.
    """
    from webnn_graph.onnx.model import model_of

    if embed and graph.weight_bytes > MOST_EMBEDDED:
        raise WebNNError(
            f"an ONNX file holds at most {size(MOST_EMBEDDED)} of weights, the model has {size(graph.weight_bytes)}",
            "leave them in the file beside it, without --embed",
            code=Code.CANNOT_WRITE,
        )
    model = model_of(graph, {} if embed else places, opset=opset or OPSETS[-1], digest="" if embed else digest, labels=labels)
    return {f"{stem}.onnx": model.SerializeToString(deterministic=True)}
