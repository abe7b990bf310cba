"""What a command does for several sizes of a model: a graph for each, and how inputs of others are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from converters.checking.verify import verify
from converters.commands.console import DONE, note, progress, say
from converters.commands.destination import Destination
from converters.commands.quantizing import QuantizedGraphs, Quantizing
from converters.commands.report import Verified
from converters.commands.saving import save_sized
from converters.commands.workflow import Check, Conversion, Part, read_again, verified, verified_rounding
from converters.source import Source
from webnn_graph import runtimes
from webnn_graph.codes import Code
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.graph import Graph
from webnn_graph.sizes.conversion import convert_sizes, separated, whole_masks
from webnn_graph.sizes.extents import Sizes
from webnn_graph.sizes.sized import Padding, Sized, described, label_of

PADDING = {
    Padding.MASKED: "smaller inputs are filled up and masked",
    Padding.ZEROS: "smaller inputs are filled up with zeros",
    Padding.EXACT: "no other sizes",
}


@dataclass(frozen=True)
class SeveralSizes:
    """A model that is converted for several sizes.

    Attributes:
        convert: Makes the graph for sizes.
        source: Makes the source model of sizes to verify against.
        each: The sizes of all dimensions in each graph.
        padding: What becomes of inputs of other sizes; None finds it out.
        budget: How many times the normal work that may take.
    """

    convert: Callable[[Sizes], Graph]
    source: Callable[[Sizes], Source]
    each: Sequence[Sizes]
    padding: str | None = None
    budget: float = 1.0

    @property
    def sizes(self) -> Sequence[Sizes]:
        """The sizes of the dimensions that have several."""
        return separated(self.each)[1]

    def source_of(self, sizes: Sizes) -> Source:
        """The source model of sizes of these dimensions."""
        return self.source({**separated(self.each)[0], **sizes})


@dataclass(frozen=True)
class SizedConversion(Conversion):
    """The graphs that a command wrote of a model, one for each size.

    Attributes:
        sized: The model.
        verify_padded: Compares smaller inputs that are filled up with the source model; None when nobody asked, or none are.
    """

    sized: Sized = field(kw_only=True)
    verify_padded: Callable[[], Verified] | None = None

    @cached_property
    def padded(self) -> Verified | None:
        """How near inputs that are filled up are to the source model; computed when it is first asked for, which takes time."""
        return self.verify_padded() if self.verify_padded else None

    @property
    def status(self) -> int:  # type: ignore[override]
        """The worst exit status."""
        return max(super().status, self.padded.status if self.padded else DONE)

    def show(self) -> None:
        """Says once what is true of several sizes."""
        said: set[str] = set()
        for part in self.parts:
            part.saved.without(said).show()
            said |= part.saved.said
        for text in self.sized.notes:
            note(f"note: {text}")
        say(f"{self.sized.name}: {'; '.join(map(described, self.sized.sizes))}; {PADDING[self.sized.padding]}")
        self._show_quantized()
        for sizes, part in zip(self.sized.sizes, self.parts, strict=True):
            if part.verified:
                say(f"{described(sizes)}:")
                part.verified.show()
        if self.padded:
            smaller, larger = filled_up(self.sized)
            say(f"{described(smaller)}, filled up to {described(larger)}:")
            self.padded.show()

    def document(self) -> Mapping[str, Any]:
        """See `Result`."""
        smaller, larger = filled_up(self.sized) if self.padded else (None, None)
        about = {
            "name": self.sized.name,
            "sizes": self.sized.sizes,
            "padding": self.sized.padding,
            "notes": self.sized.notes,
            "padded": {"sizes": smaller, "to": larger, "verification": self.padded.document()} if self.padded else None,
        }
        return {**super().document(), "sized": about}


def converted_sizes(
    model: SeveralSizes, destination: Destination, check: Check | None = None, quantizing: Quantizing | None = None
) -> SizedConversion:
    """The same as `converted` for several sizes: ``<stem>_<size>`` each, one file of weights, and what is for all sizes."""
    for folder in destination.more.get("folders", ()):
        raise WebNNError(f"--format {folder} is for one size", "--format js writes modules of several sizes", code=Code.WRONG_KIND)
    for place in (*(destination.part(label_of(sizes)) for sizes in model.sizes), destination.together()):
        place.check()
    with progress("converting ..."):
        sized = convert_sizes(model.convert, model.each, name=destination.stem, padding=model.padding, budget=model.budget)
    rounded = _rounded(sized, quantizing) if quantizing else None
    with progress("writing ..."):
        saved = save_sized(sized.of(rounded.graphs) if rounded else sized, destination)
    if check is None:
        return SizedConversion(list(map(Part, saved)), rounded, sized=sized)
    written = sized.of(list(map(read_again, saved)))

    def part(index: int) -> Part:
        graph = written.graphs[index]
        own = replace(check, inputs=_of_size(check.inputs, written, graph))
        if rounded:
            return Part(saved[index], lambda: verified_rounding(graph, rounded.parts[index], model.source_of(sized.sizes[index]), own))
        return Part(saved[index], lambda: verified(graph, model.source_of(sized.sizes[index]), own))

    padded, how = (sized, replace(check, runtime="reference", browser=None)) if rounded else (written, check)
    is_padded = sized.padding is not Padding.EXACT and sized.probe and not check.each_node
    verify_padded = (lambda: verified_padded(padded, model, how)) if is_padded else None
    return SizedConversion([part(i) for i in range(len(saved))], rounded, sized=sized, verify_padded=verify_padded)


def _rounded(sized: Sized, quantizing: Quantizing) -> QuantizedGraphs:
    """The graphs of all sizes with rounded weights; the difference is measured in the smallest."""
    inputs = quantizing.inputs and _of_size(quantizing.inputs, sized, sized.graphs[0])
    return replace(quantizing, inputs=inputs).of(sized.graphs)


def _of_size(inputs: Mapping[str, Array], sized: Sized, graph: Graph) -> dict[str, Array]:
    """Values for the inputs of one of several sizes: those that are of another size are left out."""
    own, *others = ({operand.name: operand.size for operand in g.inputs} for g in (graph, *sized.graphs))

    def is_of_another(name: str, array: Array) -> bool:
        return array.size not in (1, own.get(name)) and any(array.size == other.get(name) for other in others)

    return {name: array for name, array in inputs.items() if not is_of_another(name, array)}


def filled_up(sized: Sized) -> tuple[Sizes, Sizes]:
    """The sizes of inputs that are filled up to verify them, and those of the graph that computes them, the largest."""
    assert sized.probe is not None
    smaller = sized.probe[0]
    return smaller, sized.sizes[sized.fitting(smaller)[-1]]


def verified_padded(sized: Sized, model: SeveralSizes, check: Check) -> Verified:
    """How near what the largest graph makes of smaller inputs, which are filled up, is to the source model on these as they are."""
    assert sized.probe is not None
    sizes, graph = sized.probe
    source, runtime = model.source_of(sizes), runtimes.find_runtime(check.runtime or runtimes.chosen(graph))
    compute = partial(runtimes.run, runtime=runtime.name, browser=check.browser)

    def run(_: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return sized.run_padded(sized.fitting(sizes)[-1], sizes, inputs, compute)

    tolerance = runtime.tolerance if check.tolerance is None else check.tolerance
    with progress(f"verifying against {source.runner} ..."):
        masks = whole_masks(sized)
        verification = verify(graph, source, run, tolerance=tolerance, inputs=masks, seed=check.seed, returns=lambda _: False)
    return Verified(graph, verification, runtime.name, source.runner)
