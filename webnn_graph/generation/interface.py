"""What the graphs of a model that generates take and give, and whether they fit together.

``decode`` takes one token and ``prefill`` several: ``input_ids`` int32[1, tokens], ``position`` int32[1], how many tokens are in the
states already, and of ``prefill`` ``last`` int32[1], which of its tokens ``logits`` is wanted after. ``logits`` is
float32[1, vocabulary]; ``top_logits`` float32[1, k] and ``top_ids`` int32[1, k] are the k largest in falling order, equal ones by
their index. A state is an input ``past_X`` and an output ``present_X``, of one type and shape: what a call gives, the next one takes;
it is zeros at first. What else both take is an output of ``encode``, or else an input of it, under the same name. ``encode`` takes
outputs of ``spectrogram`` by name where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError
from webnn_graph.generation.settings import Settings
from webnn_graph.graph import Descriptor, Graph, Operand

SPECTROGRAM = "spectrogram"
PARTS = (SPECTROGRAM, "encode", "prefill", "decode")
"""The graphs, in the order in which they are computed."""
IDS, POSITION, LAST, LOGITS, TOP_LOGITS, TOP_IDS, MASK = (
    "input_ids",
    "position",
    "last",
    "logits",
    "top_logits",
    "top_ids",
    "attention_mask",
)
PAST, PRESENT = "past_", "present_"


@dataclass(frozen=True)
class State:
    """What one call leaves for the next: an output that becomes an input."""

    past: Operand
    present: Operand


@dataclass(frozen=True)
class Interface:
    """What the graphs of a model have in common; made by `interface_of`.

    Attributes:
        states: By what stands behind ``past_`` and ``present_``.
        prompt: Tokens that ``prefill`` takes at once; 1 without it.
        vocabulary: How many tokens there are.
        best: How many of the largest logits the graphs give.
        given: Names of what ``decode`` takes of ``encode``.
    """

    states: Mapping[str, State]
    prompt: int
    vocabulary: int
    best: int
    given: tuple[str, ...]


def interface_of(graphs: Mapping[str, Graph], settings: Settings) -> Interface:
    """What graphs have in common.

    Args:
        graphs: By their names in `PARTS`.
        settings: Those of the same model.

    Raises:
        ValidationError: One is missing, or does not fit the others or the settings.
    """
    is_told = settings.kind == "encoder-decoder"
    for name in ("decode", "encode") if is_told else ("decode",):
        if name not in graphs:
            raise ValidationError(f"there is no graph {name}, which a model of kind {settings.kind} needs")
    for name in graphs:
        if name not in PARTS or not (is_told or name in ("prefill", "decode")):
            raise ValidationError(f"a model of kind {settings.kind} has no graph {name}")
    found = {name: _loop(name, graphs[name], graphs) for name in ("prefill", "decode") if name in graphs}
    decode, prefill = found["decode"], found.get("prefill")
    if prefill:
        _require_alike(
            {name: state.past for name, state in prefill.states.items()}, {name: state.past for name, state in decode.states.items()}
        )
        if (prefill.vocabulary, prefill.best) != (decode.vocabulary, decode.best):
            raise ValidationError("prefill and decode give logits of different sizes")
        if prefill.prompt > settings.cache:
            raise ValidationError(f"prefill takes {prefill.prompt} tokens at once, more than the cache of {settings.cache} holds")
    if "spectrogram" in graphs:
        _fitting(graphs["encode"], "encode", graphs["encode"].inputs, graphs["spectrogram"].outputs)
    for what, token in (("start", max(settings.start, default=0)), ("forced_bos", settings.forced_bos or 0)):
        if token >= decode.vocabulary:
            raise ValidationError(f"{what} has the token {token}, the vocabulary has {decode.vocabulary}")
    return Interface(decode.states, prefill.prompt if prefill else 1, decode.vocabulary, decode.best, decode.given)


def _loop(name: str, graph: Graph, graphs: Mapping[str, Graph]) -> Interface:
    """The interface of ``prefill`` or ``decode`` alone."""
    inputs, outputs = ({operand.name: operand for operand in tensors} for tensors in (graph.inputs, graph.outputs))
    ids = inputs.get(IDS)
    tokens = ids.shape[-1] if ids and ids.rank == 2 else 1
    if (tokens == 1) is not (name == "decode"):
        raise ValidationError(f"{IDS} of {name} has {tokens} token{'' if tokens == 1 else 's'}; decode takes one, prefill several")
    number = Descriptor(DataType.INT32, (1,))
    wanted = {IDS: Descriptor(DataType.INT32, (1, tokens)), POSITION: number, **({LAST: number} if name == "prefill" else {})}
    logits, top = outputs.get(LOGITS), outputs.get(TOP_IDS)
    vocabulary, best = (operand.shape[-1] if operand and operand.rank == 2 else 1 for operand in (logits, top))
    given = {
        LOGITS: Descriptor(DataType.FLOAT32, (1, vocabulary)),
        TOP_LOGITS: Descriptor(DataType.FLOAT32, (1, best)),
        TOP_IDS: Descriptor(DataType.INT32, (1, best)),
    }
    _expect(name, "input", inputs, wanted)
    _expect(name, "output", outputs, given)
    states = {}
    for past in graph.inputs:
        if past.name.startswith(PAST):
            own = past.name.removeprefix(PAST)
            present = outputs.get(PRESENT + own)
            if present is None or not present.is_like(past):
                raise ValidationError(f"{name} takes {past}, and gives {present or 'nothing'} for the next call")
            states[own] = State(past, present)
    alone = [operand.name for operand in graph.outputs if operand.name not in given and operand.name.removeprefix(PRESENT) not in states]
    if alone:
        raise ValidationError(f"{name} gives {', '.join(alone)}, which nothing takes")
    others = [operand for operand in graph.inputs if operand.name not in wanted and operand.name.removeprefix(PAST) not in states]
    encode = graphs.get("encode")
    known = [*encode.outputs, *encode.inputs] if encode else []
    _fitting(graph, name, others, known)
    return Interface(states, tokens, vocabulary, best, tuple(operand.name for operand in others))


def _expect(graph: str, kind: str, found: Mapping[str, Operand], expected: Mapping[str, Descriptor]) -> None:
    for name, descriptor in expected.items():
        if name not in found or not found[name].is_like(descriptor):
            raise ValidationError(f"{graph} needs an {kind} {name}: {descriptor.descriptor}, and has {found.get(name, 'none')}")


def _fitting(graph: Graph, name: str, taken: Iterable[Operand], given: Iterable[Operand]) -> None:
    """Raises `ValidationError` unless each input is given, in its type and shape."""
    by_name: dict[str, Operand] = {}
    for operand in given:
        by_name.setdefault(operand.name, operand)
    for operand in taken:
        found = by_name.get(operand.name)
        if found is None or not found.is_like(operand):
            raise ValidationError(f"{name} takes {operand}, and is given {found or 'none'}")


def _require_alike(one: Mapping[str, Operand], other: Mapping[str, Operand]) -> None:
    for name in sorted({*one, *other}):
        if name not in one or name not in other or not one[name].is_like(other[name]):
            raise ValidationError(f"prefill has the state {one.get(name, 'none')}, decode {other.get(name, 'none')}")
