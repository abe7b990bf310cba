"""LSTM, GRU and RNN: WebNN's own where they mean the same, otherwise unrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from converters.lowering import recurrent as lowering
from converters.lowering.matrix import projected
from converters.lowering.recurrent import Activation, Direction
from converters.lowering.slicing import at
from converters.onnx.registry import SourceNode, onnx_op
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError
from webnn_graph.graph import Operand

DIRECTIONS = {"forward": "forward", "reverse": "backward", "bidirectional": "both"}
NATIVE = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh"}
FUNCTIONS: dict[str, tuple[tuple[float, ...], Callable[..., Operand]]] = {
    "Relu": ((), lambda b, x: b.relu(x)),
    "Sigmoid": ((), lambda b, x: b.sigmoid(x)),
    "Tanh": ((), lambda b, x: b.tanh(x)),
    "Softplus": ((), lambda b, x: b.softplus(x)),
    "Softsign": ((), lambda b, x: b.softsign(x)),
    "Elu": ((1.0,), lambda b, x, alpha: b.elu(x, alpha=alpha)),
    "LeakyRelu": ((0.01,), lambda b, x, alpha: b.leakyRelu(x, alpha=alpha)),
    "ThresholdedRelu": ((1.0,), lambda b, x, alpha: b.where(b.greater(x, alpha), x, b.constant(0, x.data_type))),
    "Affine": ((1.0, 0.0), lambda b, x, alpha, beta: b.linear(x, alpha=alpha, beta=beta)),
    "HardSigmoid": ((0.2, 0.5), lambda b, x, alpha, beta: b.hardSigmoid(x, alpha=alpha, beta=beta)),
    "ScaledTanh": ((1.0, 1.0), lambda b, x, alpha, beta: b.mul(b.tanh(b.mul(x, beta)), alpha)),
}
"""ONNX's activations: the defaults of alpha and beta where it has them, and the function."""


@dataclass
class Layer:
    """What the three operators share: operands in layout 0, and the activations of each direction.

    Attributes:
        x: [steps, batch, size].
        functions: Per direction, its activations; clipping included.
        native: WebNN's names of the activations, the same in all directions; None when it has no such.
    """

    b: GraphBuilder
    x: Operand
    direction: str
    lengths: Operand | None
    functions: list[list[Activation]]
    native: list[str] | None
    batch_first: bool

    @property
    def backward(self) -> list[bool]:
        """For each direction, whether it runs from the end."""
        return {"forward": [False], "backward": [True], "both": [False, True]}[self.direction]

    def state(self, given: Operand | None, hidden: int) -> Operand:
        """An initial state [directions, batch, hidden]; zeros when none is given."""
        if given is not None:
            return self._swapped(given)
        return lowering.zeros(self.b, self.x.data_type, [len(self.backward), self.x.shape[1], hidden])

    def halves(self, bias: Operand | None) -> tuple[Operand | None, Operand | None]:
        """The input's and the recurrent bias out of ONNX's one."""
        if bias is None:
            return None, None
        input_bias, recurrent_bias = self.b.split(bias, 2, axis=1)
        return input_bias, recurrent_bias

    def parts(self, *operands: Operand | None) -> list[list[Any]]:
        """For each direction its part of each operand."""
        directions = range(len(self.backward))
        return [[None if o is None else at(self.b, o, 0, d) for o in operands] for d in directions]

    def results(self, sequence: Operand | None, states: Sequence[Operand]) -> tuple[Operand | None, ...]:
        """The node's outputs, in its layout."""
        if sequence is not None and self.batch_first:
            sequence = self.b.transpose(sequence, permutation=[2, 0, 1, 3])
        return (sequence, *(self._swapped(state) for state in states))

    def _swapped(self, state: Operand) -> Operand:
        return self.b.transpose(state, permutation=[1, 0, 2]) if self.batch_first else state


def layer(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    R: Operand,
    sequence_lens: Operand | None,
    defaults: list[str],
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str,
    layout: int,
) -> Layer:
    """Raises `ConversionError` for a direction or an activation that ONNX does not have, and for operands of another rank than 3."""
    for name, operand in {"X": X, "W": W, "R": R}.items():
        if operand.rank != 3:
            raise ConversionError(f"{name} has rank {operand.rank}, expected rank 3")
    if direction not in DIRECTIONS:
        raise ConversionError(f"direction {direction!r} is none of {', '.join(DIRECTIONS)}")
    count = 2 if direction == "bidirectional" else 1
    names = [_canonical(name) for name in activations or defaults * count]
    if len(names) != count * len(defaults):
        raise ConversionError(f"activations {names} must have {count * len(defaults)} entries")
    # ONNX Runtime does not clip what the last activation of an LSTM squashes, though ONNX's text could be read so.
    limits = [clip or None, clip or None, None][: len(defaults)] * count
    functions = _functions(b, names, activation_alpha or [], activation_beta or [], limits)
    grouped = [functions[i : i + len(defaults)] for i in range(0, len(functions), len(defaults))]
    alike = names[: len(defaults)] * count == names and set(names) <= set(NATIVE) and not clip
    x = b.transpose(X, permutation=[1, 0, 2]) if layout else X
    lengths = b.value(sequence_lens) if sequence_lens is not None else None
    complete = sequence_lens is None or (lengths is not None and bool((lengths == x.shape[0]).all()))
    native = [NATIVE[name] for name in names[: len(defaults)]] if alike else None
    return Layer(b, x, DIRECTIONS[direction], None if complete else sequence_lens, grouped, native, bool(layout))


def _canonical(name: str) -> str:
    """ONNX's spelling; older models write them in other case."""
    found = {known.lower(): known for known in FUNCTIONS}.get(name.lower())
    if found is None:
        raise ConversionError(f"activation {name!r} is none of {', '.join(FUNCTIONS)}")
    return found


def _functions(b: GraphBuilder, names: list[str], alphas: list[float], betas: list[float], limits: list[float | None]) -> list[Activation]:
    """The activations; alphas and betas go in order to those that take them. The input is clipped to the limit, if any."""
    remaining = [list(alphas), list(betas)]
    made: list[Activation] = []
    for name, limit in zip(names, limits, strict=True):
        defaults, function = FUNCTIONS[name]
        given = [values.pop(0) if values else default for values, default in zip(remaining, defaults, strict=False)]
        made.append(_activation(b, function, given, limit))
    return made


def _activation(b: GraphBuilder, function: Callable[..., Operand], given: list[float], clip: float | None) -> Activation:
    def activate(x: Operand) -> Operand:
        return function(b, b.clamp(x, minValue=-clip, maxValue=clip) if clip else x, *given)

    return activate


def _present(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _sum(b: GraphBuilder, first: Operand | None, second: Operand | None) -> Operand | None:
    return b.add(first, second) if first is not None and second is not None else None


@onnx_op("RNN", since=7, how="unrolled: one gemm for all inputs, one gemm and the activation per step")
def rnn(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    R: Operand,
    B: Operand | None = None,
    sequence_lens: Operand | None = None,
    initial_h: Operand | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
) -> tuple[Operand | None, ...]:
    shared: dict[str, Any] = {"activation_alpha": activation_alpha, "activation_beta": activation_beta, "activations": activations}
    over = layer(b, X, W, R, sequence_lens, ["Tanh"], **shared, clip=clip, direction=direction, layout=layout)
    hidden = over.state(initial_h, R.shape[2])
    directions = [
        Direction(projected(b, over.x, w, _sum(b, wb, rb)), [h], lowering.rnn_step(b, r, function), backward)
        for (w, r, wb, rb, h), (function,), backward in zip(
            over.parts(W, R, *over.halves(B), hidden), over.functions, over.backward, strict=True
        )
    ]
    return over.results(*lowering.unrolled(b, directions, over.lengths))


@onnx_op("GRU", since=7, how="gru; unrolled when sequence_lens cuts, and for clip and activations that WebNN lacks")
def gru(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    R: Operand,
    B: Operand | None = None,
    sequence_lens: Operand | None = None,
    initial_h: Operand | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    linear_before_reset: int = 0,
    node: SourceNode,
) -> tuple[Operand | None, ...]:
    shared: dict[str, Any] = {"activation_alpha": activation_alpha, "activation_beta": activation_beta, "activations": activations}
    over = layer(b, X, W, R, sequence_lens, ["Sigmoid", "Tanh"], **shared, clip=clip, direction=direction, layout=layout)
    size, reset_after = R.shape[2], bool(linear_before_reset)
    bias, recurrent_bias = over.halves(B)
    if over.native and over.lengths is None:
        initial = over.state(initial_h, size) if initial_h is not None else None
        options = _present(bias=bias, recurrentBias=recurrent_bias, initialHiddenState=initial)
        options |= {"resetAfter": reset_after, "direction": over.direction, "activations": over.native}
        state, *sequence = b.gru(over.x, W, R, over.x.shape[0], size, returnSequence=node.wants(0), **options)
        return over.results(sequence[0] if sequence else None, [state])
    directions = []
    for (w, r, wb, rb, h), (gate, candidate), backward in zip(
        over.parts(W, R, bias, recurrent_bias, over.state(initial_h, size)), over.functions, over.backward, strict=True
    ):
        step = lowering.gru_step(b, r, rb, gate=gate, candidate=candidate, reset_after=reset_after)
        directions.append(Direction(projected(b, over.x, w, wb), [h], step, backward))
    return over.results(*lowering.unrolled(b, directions, over.lengths))


@onnx_op(
    "LSTM", since=7, how="lstm; unrolled when sequence_lens cuts, and for clip, input_forget, peepholes and activations that WebNN lacks"
)
def lstm(
    b: GraphBuilder,
    X: Operand,
    W: Operand,
    R: Operand,
    B: Operand | None = None,
    sequence_lens: Operand | None = None,
    initial_h: Operand | None = None,
    initial_c: Operand | None = None,
    P: Operand | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    node: SourceNode,
) -> tuple[Operand | None, ...]:
    shared: dict[str, Any] = {"activation_alpha": activation_alpha, "activation_beta": activation_beta, "activations": activations}
    over = layer(b, X, W, R, sequence_lens, ["Sigmoid", "Tanh", "Tanh"], **shared, clip=clip, direction=direction, layout=layout)
    size = R.shape[2]
    bias, recurrent_bias = over.halves(B)
    # WebNN's output gate sees the old cell state through its peephole, ONNX's the new one.
    if over.native and over.lengths is None and not input_forget and P is None:
        options = _present(
            bias=bias,
            recurrentBias=recurrent_bias,
            initialHiddenState=over.state(initial_h, size) if initial_h is not None else None,
            initialCellState=over.state(initial_c, size) if initial_c is not None else None,
        )
        options |= {"direction": over.direction, "activations": over.native}
        h, c, *sequence = b.lstm(over.x, W, R, over.x.shape[0], size, returnSequence=node.wants(0), **options)
        return over.results(sequence[0] if sequence else None, [h, c])
    h0, c0 = over.state(initial_h, size), over.state(initial_c, size)
    directions = []
    for (w, r, wb, rb, p, h, c), (gate, candidate, squash), backward in zip(
        over.parts(W, R, bias, recurrent_bias, P, h0, c0), over.functions, over.backward, strict=True
    ):
        step = lowering.lstm_step(b, r, p, gate=gate, candidate=candidate, squash=squash, coupled=bool(input_forget))
        directions.append(Direction(projected(b, over.x, w, _sum(b, wb, rb)), [h, c], step, backward))
    return over.results(*lowering.unrolled(b, directions, over.lengths))
