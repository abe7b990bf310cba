"""The ES module of a model in several sizes: it imports that of each size, and its declarations."""

from __future__ import annotations

from collections.abc import Sequence

from webnn_graph.formats.expressions import literal, object_of, string, url, variable
from webnn_graph.formats.fallback import shown
from webnn_graph.formats.javascript import rendered, types
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Operand
from webnn_graph.sizes.extents import Extent, Follows, Listed
from webnn_graph.sizes.sized import Padding, Sized


def files(sized: Sized, stem: str, *, weights: Sequence[str], digest: str, fallback: str = "") -> dict[str, str]:
    """The texts of the module and of its declarations.

    Args:
        sized: The model.
        stem: The files' common name; the modules of the sizes have it, too, with their labels.
        weights: The files of weights, which the module fetches from its own folder, in order.
        digest: That of all weights.
        fallback: See `webnn_graph.formats.javascript.files`.

    Returns:
        File name to text: ``<stem>.js`` and ``<stem>.d.ts``, with a fallback ``<stem>.fallback.js``.

    Raises:
        WebNNError: There is no such fallback.
    """
    graph = sized.graphs[0]
    masks = sized.masks if sized.padding is Padding.MASKED else []
    given = [operand.name for operand in graph.inputs if operand.name not in masks]
    dims = list(sized.sizes[0])
    view = {
        "title": string(sized.name),
        "fallback": shown(fallback, stem) if fallback else None,
        "dims": [string(dim) for dim in dims],
        "sizes": [object_of({dim: str(size) for dim, size in sizes.items()}) for sizes in sized.sizes],
        "padding": string(sized.padding),
        "inputs": [_tensor(operand, sized.inputs[operand.name]) for operand in graph.inputs],
        "outputs": [_tensor(operand, sized.outputs[operand.name]) for operand in graph.outputs],
        "input_types": [(o.name, "?" if o.name in masks else "", _described(o, sized.inputs[o.name])) for o in graph.inputs],
        "types": types(operand.data_type for operand in (*graph.inputs, *graph.outputs)),
        "masks": literal(masks),
        "digest": string(digest),
        "files": [url(f"{stem}_{label}.js") for label in sized.labels],
        "first_file": string(f"./{stem}_{sized.labels[0]}.js"),
        "has_weights": any(stored(graph) for graph in sized.graphs),
        "weight_bytes": sum({operand.name: operand.nbytes for graph in sized.graphs for operand in stored(graph)}.values()),
        "weights_file": string(", ".join(weights)),
        "weight_files": list(map(url, weights)),
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "example_inputs": object_of({name: variable(name) for name in given}),
        "example_options": "" if len(dims) == 1 else f", {{ sizes: {object_of(dict.fromkeys(dims, '...'))} }}",
    }
    return rendered("sized", stem, view)


def _tensor(operand: Operand, extents: tuple[Extent, ...]) -> str:
    shape = ", ".join(map(_extent, extents))
    return f"{{ name: {string(operand.name)}, dataType: {string(operand.data_type)}, shape: [{shape}] }}"


def _extent(extent: Extent) -> str:
    match extent:
        case Follows(dim, 1, 0, 1):
            return string(dim)
        case Follows(dim, times, plus, per):
            return object_of({"dim": string(dim), "times": str(times), "plus": str(plus), "per": str(per)})
        case Listed(lengths):
            return literal(lengths)
        case _:
            return str(extent)


def _described(operand: Operand, extents: tuple[Extent, ...]) -> str:
    """The type and the shape of an input, as a comment says them."""
    return f"{operand.data_type}[{', '.join(map(_extent, extents))}]"
