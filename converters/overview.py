"""What there is to know of a model before it is converted, whatever it is: what `webnn inspect` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from converters.problems import Problem, Report
from webnn_graph.errors import WebNNError


@dataclass(frozen=True)
class Tensor:
    """An input, an output, or a tensor inside.

    Attributes:
        name: In the model.
        type: Its element type, as the model's framework calls it; empty when nothing says it.
        shape: Sizes, names of dimensions, None for what has neither; None for a tensor of unknown rank.
    """

    name: str
    type: str
    shape: Sequence[int | str | None] | None

    @property
    def shown(self) -> str:
        """Its shape for people."""
        return "?" if self.shape is None else f"[{', '.join('?' if size is None else str(size) for size in self.shape)}]"


@dataclass(frozen=True)
class Dimension:
    """A dimension with a name, or a symbol.

    Attributes:
        name: What ``--dim`` calls it.
        places: Where it is: ``dimension 0 of x``.
        size: The size that it has in a conversion; None when it needs one.
        least: Smallest size that the model allows, as far as it says so.
        most: The same for the largest.
    """

    name: str
    places: Sequence[str]
    size: int | None = None
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Operator:
    """The nodes of one operator.

    Attributes:
        name: With the domain when it is not the standard one.
        nodes: How many there are.
        refused: How many of them cannot be converted.
        why: What stops these.
        checked: Whether the others are known to convert; without all sizes nothing is.
    """

    name: str
    nodes: int
    refused: int = 0
    why: str = ""
    checked: bool = False

    @property
    def converts(self) -> bool | None:
        """Whether all of the nodes convert; None when that is not known."""
        return False if self.refused else True if self.checked else None


@dataclass(frozen=True)
class Cut:
    """A tensor at which the graph can begin or end.

    Attributes:
        tensor: What ``--input`` and ``--output`` take.
        node: What computes it.
        operator: The operator of that.
        splits: Whether everything behind it depends on nothing else before it.
    """

    tensor: Tensor
    node: str
    operator: str
    splits: bool


@dataclass(frozen=True)
class Weights:
    """The weights of one element type."""

    type: str
    tensors: int
    elements: int
    bytes: int


@dataclass(frozen=True)
class Overview:
    """A model as it is, and what a conversion would make of it.

    Attributes:
        kind: What holds it.
        name: What it is called.
        metadata: What else the file says of itself.
        inputs: To feed.
        outputs: To get.
        dimensions: Those with names.
        missing: The options that a conversion needs, in the spelling of commands.
        operators: The most frequent first.
        problems: All that stops the conversion, as far as it was tried.
        cuts: Where the graph can be cut, in the model's order.
        weights: By element type.
    """

    kind: str
    name: str
    metadata: Mapping[str, str | int] = field(default_factory=dict)
    inputs: Sequence[Tensor] = ()
    outputs: Sequence[Tensor] = ()
    dimensions: Sequence[Dimension] = ()
    missing: str = ""
    operators: Sequence[Operator] = ()
    problems: Sequence[Problem] = ()
    cuts: Sequence[Cut] = ()
    weights: Sequence[Weights] = ()

    @property
    def converts(self) -> bool | None:
        """Whether it can be converted with what was said of it; None when sizes are missing that decide it."""
        return False if self.problems else None if self.missing else True


def counted(names: Iterable[str], problems: Sequence[Problem], *, checked: bool) -> list[Operator]:
    """The operators of nodes, the most frequent first.

    Args:
        names: The operator of each node.
        problems: What stops nodes.
        checked: Whether the conversion was tried, and the other nodes can be converted.
    """
    refused: dict[str, list[Problem]] = {}
    for problem in problems:
        refused.setdefault(problem.operator, []).append(problem)
    return [
        Operator(name, nodes, len(found), "; ".join(dict.fromkeys(replace(p.where, node="").say(p.why) for p in found)), checked)
        for name, nodes in Counter(names).most_common()
        for found in (refused.get(name, []),)
    ]


def problems_of(error: WebNNError) -> list[Problem]:
    """What an error of a conversion says, problem by problem; of a whole model when it is about no node."""
    return list(error.problems) if isinstance(error, Report) else [Problem("", error.where, error.what, error.hint)]
