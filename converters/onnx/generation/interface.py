"""What the interface of a decoder says: which inputs are tokens, places, masks, and what it keeps of the tokens before.

The names are those of Optimum, transformers.js and onnxruntime-genai: ``past_key_values.0.key`` becomes ``present.0.key``,
and so on; those of ONNX Runtime's older tools, ``past_0`` and ``present_0``, are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import onnx

from converters.onnx.reading.interface import Dims, dims_of, free_inputs, size_of
from converters.onnx.reading.order import all_nodes
from converters.onnx.reading.tensors import Element
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError
from webnn_graph.hints import option

TOKENS = ("input_ids", "decoder_input_ids")
MASKS = ("attention_mask", "decoder_attention_mask")
LOGITS_KEPT = ("num_logits_to_keep", "logits_to_keep")
PLACES = ("position_ids", "cache_position")
LENGTHS = ("seqlens_k", "total_sequence_length", "past_sequence_length")
BRANCH = "use_cache_branch"
HIDDEN, HIDDEN_MASK = "encoder_hidden_states", "encoder_attention_mask"
KNOWN = (*TOKENS, *MASKS, *LOGITS_KEPT, *PLACES, *LENGTHS, BRANCH, HIDDEN, HIDDEN_MASK)
"""What inputs are called besides those of the past."""
PREFIXES = (("past_key_values", "present_key_values"), ("past_key_values", "present"), ("past", "present"))
"""How the names of what is taken and given begin; the rest of both is the same."""
GROWS = re.compile(r"past|seq|length|total", re.IGNORECASE)
"""What the size is called that grows with each token."""
CROSS = re.compile(r"\bencoder\b|cross")
"""What states of the encoder's output are called."""
SHARED_BUFFERS = "GroupQueryAttention"
"""The operator that writes into the cache that it is given."""
TO_EXPORT = "export it with its cache: optimum-cli export onnx --task text-generation-with-past"


@dataclass(frozen=True)
class State:
    """What the model keeps from one call to the next.

    Attributes:
        name: What it is called behind ``past_`` and ``present_`` in the graphs.
        past: The input.
        present: The output.
        shape: Its sizes with a batch of one; that of ``axis`` is 0.
        axis: Along which it grows with each token; None for a state of fixed size.
        element: Its element type.
        is_shared: Whether the model writes into what it is given, instead of giving something longer.
        is_cross: Whether it is of the encoder's output, and stays as it is.
    """

    name: str
    past: str
    present: str
    shape: tuple[int, ...]
    axis: int | None
    element: Element
    is_shared: bool
    is_cross: bool

    def sized(self, length: int) -> tuple[int, ...]:
        """Its shape with so many tokens."""
        return tuple(length if axis == self.axis else size for axis, size in enumerate(self.shape))


class Interface:
    """The interface of a decoder.

    Args:
        model: The model.
        dims: Sizes of dimensions that have a name.
        bind: Inputs that are constants.

    Raises:
        ConversionError: It is no decoder with a cache, or has inputs or sizes that nobody knows.
    """

    def __init__(self, model: onnx.ModelProto, dims: Mapping[str, int], bind: Mapping[str, object], what: str) -> None:
        self.graph = model.graph
        self._model = model
        self._given = dims
        self.inputs = {name: info for name, info in free_inputs(model.graph).items() if name not in bind}
        self.outputs = {info.name: info for info in model.graph.output}
        self.tokens = next((name for name in TOKENS if name in self.inputs), "")
        pairs = self._pairs()
        missing = [] if self.tokens else ["input_ids among its inputs"]
        missing += [] if "logits" in self.outputs else ["logits among its outputs"]
        missing += [] if pairs else ["past_key_values.* among its inputs with present.* of the same names among its outputs"]
        if missing:
            raise ConversionError(f"{what} does not generate: there is no {', no '.join(missing)}", TO_EXPORT)
        unknown = [name for name in self.inputs if name not in KNOWN and name not in pairs]
        if unknown:
            raise ConversionError(f"{what} has an input {unknown[0]!r}, of which a generation knows nothing", self._bound(unknown[0]))
        self.states = [self._state(past, *found) for past, found in pairs.items()]

    @property
    def takes_one(self) -> bool:
        """Whether the model may have been exported for one new token only: the half of a pair that takes a past."""
        return BRANCH in self.inputs or (dims_of(self.inputs[self.tokens]) or [None])[-1] == 1

    @property
    def attends(self) -> bool:
        """Whether it keeps something of an encoder's output."""
        return any(state.is_cross for state in self.states)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are at least, as far as the interface says it."""
        size = (dims_of(self.outputs["logits"]) or [None])[-1]
        return size if isinstance(size, int) else 2

    @cached_property
    def dims(self) -> Mapping[str, int]:
        """Sizes of names: a batch of one, and what is given."""
        first = next(iter(dims_of(self.inputs[self.tokens]) or [None]))
        return ({first: 1} if isinstance(first, str) else {}) | {"batch_size": 1, "batch": 1} | dict(self._given)

    def _pairs(self) -> dict[str, tuple[str, str]]:
        """The names of presents by those of the pasts, each with the rest of both.

        The half of a pair that takes a past does not give those of the encoder again.
        """
        found = {}
        for name in self.inputs:
            for past, present in PREFIXES:
                rest = name.removeprefix(past)
                if name.startswith(past) and (present + rest in self.outputs or (CROSS.search(rest) and present == "present")):
                    found[name] = (present + rest, rest)
                    break
        return found

    def _state(self, past: str, present: str, rest: str) -> State:
        info = self.inputs[past]
        dims = dims_of(info)
        if dims is None:
            raise ConversionError(f"input {past} is of unknown rank; a cache has sizes", "export the model with shapes")
        axis, is_shared = self._growing(dims), past in self._shared
        if axis is None and is_shared and isinstance(dims[2], int):
            axis = 2
        sizes = [0 if at == axis else size_of(dim, self.dims) for at, dim in enumerate(dims)]
        if sizes[0] is None:
            sizes[0] = 1
        unknown = [at for at, size in enumerate(sizes) if size is None]
        if unknown:
            name = dims[unknown[0]]
            raise ConversionError(
                f"of input {past} the size of axis {unknown[0]}{f', {name},' if name else ''} is not known",
                f"give it: {option('dim', f'{name}=N')}" if name else "export the model with this size",
                code=Code.MISSING_DIMENSION,
            )
        is_cross = bool(CROSS.search(rest))
        element = Element(info.type.tensor_type.elem_type)
        return State(_state_name(rest, is_cross), past, present, tuple(size or 0 for size in sizes), axis, element, is_shared, is_cross)

    def _growing(self, dims: Dims) -> int | None:
        """The axis along which a past grows; None when all sizes are fixed."""
        free = [at for at, dim in enumerate(dims) if not isinstance(dim, int) and (at or not isinstance(dim, str) or GROWS.search(dim))]
        free = [at for at in free if not isinstance(dims[at], str) or dims[at] not in self.dims]
        named = [at for at in free if isinstance(name := dims[at], str) and GROWS.search(name)]
        return next(iter(named or [at for at in free if at] or []), None)

    @cached_property
    def _shared(self) -> set[str]:
        """Names of the values that an operator with shared buffers takes for its past."""
        return {name for node in all_nodes(self._model) if node.op_type == SHARED_BUFFERS for name in node.input[3:5]}

    def _bound(self, name: str) -> str:
        return f"if it never changes, give its value: {option('bind', f'{name}=VALUE')}"

    def __iter__(self) -> Iterator[str]:
        return iter(self.inputs)


def _state_name(rest: str, is_cross: bool) -> str:
    """What a state is called in the graphs: ``key_0`` for ``.0.key`` and ``.0.decoder.key``."""
    found = re.fullmatch(r"[._](\d+)[._](?:(?:decoder|encoder|self|cross)[._])?(key|value)s?", rest)
    name = f"{found[2]}_{found[1]}" if found else re.sub(r"\W+", "_", rest).strip("_")
    return f"cross_{name}" if is_cross else name
