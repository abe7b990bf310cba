"""Rows for GRU and LSTM, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.ops.case import Case, Tensor, f16, f32
from tests.ops.oracles import Oracle, onnx

T, N, F, H = 4, 2, 3, 5
"""Steps, batch, features of the input, hidden size."""
NAMES = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


def _reordered(array: Any, layout: str, order: str) -> Any:
    """Gates along the second dimension [d, gates * h, ...] from ``layout`` to ``order``."""
    if array is None:
        return None
    parts = dict(zip(layout, np.split(array.astype(np.float32), len(layout), 1), strict=True))
    return np.concatenate([parts[gate] for gate in order], 1)


def _bias(layout: str, order: str, bias: Any, recurrent: Any, width: int, count: int) -> Any:
    both = [np.zeros((count, width), np.float32) if b is None else _reordered(b, layout, order) for b in (bias, recurrent)]
    return np.concatenate(both, 1)


def _wide(array: Any) -> Any:
    return None if array is None else array.astype(np.float32)


def _gru(
    options: Sequence[str],
    layout: str = "zrn",
    direction: str = "forward",
    reset_after: bool = True,
    sequence: bool = False,
    activations: Any = ("sigmoid", "tanh"),
) -> Oracle:
    """ONNX's GRU. ``options`` names the optional operands that follow the three required ones."""
    attributes = {"backward": "reverse", "both": "bidirectional"}.get(direction, direction)
    count = 2 if direction == "both" else 1

    def compute(x: Any, w: Any, r: Any, *rest: Any) -> Any:
        given = dict(zip(options, rest, strict=True))
        b = _bias(layout, "zrn", given.get("bias"), given.get("recurrentBias"), 3 * H, count)
        node = onnx(
            "GRU",
            outputs=(1, 0) if sequence else (1,),
            hidden_size=H,
            direction=attributes,
            linear_before_reset=int(reset_after),
            activations=[NAMES[name] for name in activations] * count,
        )
        return node(_wide(x), _reordered(w, layout, "zrn"), _reordered(r, layout, "zrn"), b, None, _wide(given.get("initialHiddenState")))

    return compute


def _lstm(
    options: Sequence[str],
    layout: str = "iofg",
    direction: str = "forward",
    sequence: bool = False,
    activations: Any = ("sigmoid", "tanh", "tanh"),
) -> Oracle:
    """ONNX's LSTM; its gates stand in the order i, o, f, g."""
    attributes = {"backward": "reverse", "both": "bidirectional"}.get(direction, direction)
    count = 2 if direction == "both" else 1

    def compute(x: Any, w: Any, r: Any, *rest: Any) -> Any:
        given = dict(zip(options, rest, strict=True))
        b = _bias(layout, "iofg", given.get("bias"), given.get("recurrentBias"), 4 * H, count)
        node = onnx(
            "LSTM",
            outputs=(1, 2, 0) if sequence else (1, 2),
            hidden_size=H,
            direction=attributes,
            activations=[NAMES[name] for name in activations] * count,
        )
        states = [_wide(given.get(name)) for name in ("initialHiddenState", "initialCellState")]
        gates = _wide(x), _reordered(w, layout, "iofg"), _reordered(r, layout, "iofg"), b
        if "peepholeWeight" in given:
            h, c, y = _with_peepholes(*gates, *states, given["peepholeWeight"], direction, [NAMES[name] for name in activations])
            return [h, c, y] if sequence else [h, c]
        return node(*gates, None, *states)

    return compute


def _with_peepholes(x: Any, w: Any, r: Any, b: Any, h: Any, c: Any, p: Any, direction: str, activations: list[str]) -> list[Any]:
    """ONNX's LSTM step by step, with WebNN's peepholes.

    In ONNX the output gate's peephole sees the new cell state, in WebNN the one from before the step. That one enters here as
    more features of the input, which only the output gate looks at.
    """
    step = onnx("LSTM", outputs=(1, 2), hidden_size=H, activations=activations)
    d = len(w)
    steps = len(x)
    hidden = np.zeros((d, N, H), np.float32) if h is None else h.copy()
    cell = np.zeros((d, N, H), np.float32) if c is None else c.copy()
    every = np.zeros((steps, d, N, H), np.float32)
    for k in range(d):
        i, o, f = np.split(p[k], 3)
        looking = np.zeros((4, H, H), np.float32)
        looking[1] = np.diag(o)
        wider = np.concatenate([w[k], looking.reshape(4 * H, H)], 1)[None]
        inner = np.concatenate([i, np.zeros(H, np.float32), f])[None]
        for t in range(steps) if direction == "forward" or (direction == "both" and k == 0) else reversed(range(steps)):
            seen = np.concatenate([x[t], cell[k]], 1)[None]
            hidden[k : k + 1], cell[k : k + 1] = step(seen, wider, r[k : k + 1], b[k : k + 1], None, hidden[[k]], cell[[k]], inner)
            every[t, k] = hidden[k]
    return [hidden, cell, every]


def _peepholes(options: Sequence[str], layout: str = "iofg", direction: str = "forward", sequence: bool = False) -> Oracle:
    """The standard's decomposition of lstmCell gate by gate, in float64: its output gate sees the old cell state, ONNX's the new."""

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def compute(*arrays: Any) -> Any:
        x, w, r, *rest = (array.astype(np.float64) for array in arrays)
        given = dict(zip(options, rest, strict=True))
        count = w.shape[0]
        hidden, cell = (given.get(name, np.zeros((count, N, H))).copy() for name in ("initialHiddenState", "initialCellState"))
        states = np.zeros((x.shape[0], count, N, H))
        for d in range(count):
            steps = list(range(x.shape[0]))
            for step in steps[::-1] if direction == "backward" or d else steps:
                sums = {}
                for gate in "iofg":
                    rows = slice(layout.index(gate) * H, (layout.index(gate) + 1) * H)
                    bias = sum(given[name][d, rows] for name in ("bias", "recurrentBias") if name in given)
                    sums[gate] = x[step] @ w[d, rows].T + hidden[d] @ r[d, rows].T + bias
                    if gate != "g":
                        place = "iof".index(gate) * H
                        sums[gate] = sums[gate] + given["peepholeWeight"][d, place : place + H] * cell[d]
                cell[d] = sigmoid(sums["f"]) * cell[d] + sigmoid(sums["i"]) * np.tanh(sums["g"])
                hidden[d] = sigmoid(sums["o"]) * np.tanh(cell[d])
                states[step, d] = hidden[d]
        return [hidden, cell, states] if sequence else [hidden, cell]

    return compute


def _cell(sequence: Oracle, states: list[str]) -> Oracle:
    """A cell as a sequence of one step: a leading dimension for all operands, and none for the results."""

    def compute(x: Any, w: Any, r: Any, *rest: Any) -> Any:
        hidden, options = rest[: len(states)], rest[len(states) :]
        return [y[0] for y in sequence(x[None], w[None], r[None], *(o[None] for o in options), *(h[None] for h in hidden))]

    return compute


# --------------------------------------------------------------------------------------------------------------------- gru
def _gru_shapes(d: int, of: Any = f32) -> dict[str, Tensor]:
    return {"bias": of(d, 3 * H), "recurrentBias": of(d, 3 * H), "initialHiddenState": of(d, N, H)}


def gru(options: Sequence[str] = (), of: Any = f32, **given: Any) -> Case:
    d = 2 if given.get("direction") == "both" else 1
    states = of(d, N, H)
    by = _gru(
        options,
        given.get("layout", "zrn"),
        given.get("direction", "forward"),
        given.get("resetAfter", True),
        given.get("returnSequence", False),
        given.get("activations", ("sigmoid", "tanh")),
    )
    return Case(
        "gru",
        [of(T, N, F), of(d, 3 * H, F), of(d, 3 * H, H)],
        steps=T,
        hiddenSize=H,
        **{name: _gru_shapes(d, of)[name] for name in options},
        **given,
        gives=[states, of(T, d, N, H)] if given.get("returnSequence") else [states],
        by=by,
        tolerance=2e-3 if of is f16 else 4e-6,
    )


def gru_error(error: str, *operands: Tensor, **given: Any) -> Case:
    standard = [f32(T, N, F), f32(1, 3 * H, F), f32(1, 3 * H, H)]
    return Case("gru", [*operands, *standard[len(operands) :]], **({"steps": T, "hiddenSize": H} | given), error=error)


ALL_GRU = ["bias", "recurrentBias", "initialHiddenState"]
GRU = [
    gru(),
    gru(of=f16),
    *(gru([option]) for option in ALL_GRU),
    *(
        gru(ALL_GRU, direction=direction, layout=layout, resetAfter=reset_after, returnSequence=True)
        for direction in ("forward", "backward", "both")
        for layout in ("zrn", "rzn")
        for reset_after in (True, False)
    ),
    gru(ALL_GRU, activations=["relu", "sigmoid"], returnSequence=True),
    gru(activations=["tanh", "relu"], resetAfter=False),
    gru_error("weight has shape [1, 12, 3], expected [1, 15, 3]", f32(T, N, F), f32(1, 12, F)),
    gru_error("recurrentWeight has shape [2, 15, 5], expected [1, 15, 5]", f32(T, N, F), f32(1, 15, F), f32(2, 15, H)),
    gru_error("bias has shape [1, 5], expected [1, 15]", bias=f32(1, 5)),
    gru_error("recurrentBias has shape [2, 15], expected [1, 15]", recurrentBias=f32(2, 15)),
    gru_error("initialHiddenState has shape [1, 3, 5], expected [1, 2, 5]", initialHiddenState=f32(1, 3, 5)),
    gru_error("steps is 3, the input has 4", steps=3),
    gru_error("activations ['tanh'] must have 2 entries", activations=["tanh"]),
    gru_error("activations must be a list of 'relu' or 'sigmoid' or 'tanh', not ['tanh', 'elu']", activations=["tanh", "elu"]),
    gru_error("direction must be 'forward' or 'backward' or 'both', not 'up'", direction="up"),
    gru_error("input has rank 2 (shape [2, 3]), expected rank 3", f32(N, F)),
]

CELL_SHAPES = {"bias": lambda gates: (gates * H,), "recurrentBias": lambda gates: (gates * H,), "peepholeWeight": lambda _: (3 * H,)}


def gru_cell(options: Sequence[str] = (), of: Any = f32, **given: Any) -> Case:
    sequence = _gru(
        [*options, "initialHiddenState"],
        given.get("layout", "zrn"),
        reset_after=given.get("resetAfter", True),
        activations=given.get("activations", ("sigmoid", "tanh")),
    )
    return Case(
        "gruCell",
        [of(N, F), of(3 * H, F), of(3 * H, H), of(N, H)],
        hiddenSize=H,
        **{name: of(*CELL_SHAPES[name](3)) for name in options},
        **given,
        gives=of(N, H),
        by=_cell(sequence, ["initialHiddenState"]),
        tolerance=2e-3 if of is f16 else 4e-6,
    )


def gru_cell_error(error: str, *operands: Tensor, **given: Any) -> Case:
    standard = [f32(N, F), f32(3 * H, F), f32(3 * H, H), f32(N, H)]
    return Case("gruCell", [*operands, *standard[len(operands) :]], **({"hiddenSize": H} | given), error=error)


GRU_CELL = [
    gru_cell(),
    gru_cell(of=f16),
    gru_cell(["bias"]),
    gru_cell(["recurrentBias"]),
    *(gru_cell(["bias", "recurrentBias"], layout=layout, resetAfter=reset) for layout in ("zrn", "rzn") for reset in (True, False)),
    gru_cell(activations=["relu", "tanh"]),
    gru_cell_error("weight has shape [12, 3], expected [15, 3]", f32(N, F), f32(12, F)),
    gru_cell_error("recurrentWeight has shape [15, 4], expected [15, 5]", f32(N, F), f32(15, F), f32(15, 4)),
    gru_cell_error("hiddenState has shape [3, 5], expected [2, 5]", f32(N, F), f32(15, F), f32(15, H), f32(3, H)),
    gru_cell_error("bias has shape [5], expected [15]", bias=f32(5)),
    gru_cell_error("recurrentBias has shape [14], expected [15]", recurrentBias=f32(14)),
    gru_cell_error("activations [] must have 2 entries", activations=[]),
    gru_cell_error("layout must be 'zrn' or 'rzn', not 'nrz'", layout="nrz"),
]


# -------------------------------------------------------------------------------------------------------------------- lstm
def lstm(options: Sequence[str] = (), of: Any = f32, **given: Any) -> Case:
    d = 2 if given.get("direction") == "both" else 1
    shapes = {
        "bias": (d, 4 * H),
        "recurrentBias": (d, 4 * H),
        "peepholeWeight": (d, 3 * H),
        "initialHiddenState": (d, N, H),
        "initialCellState": (d, N, H),
    }
    form = (given.get("layout", "iofg"), given.get("direction", "forward"), given.get("returnSequence", False))
    standard = _lstm(options, *form, given.get("activations", ("sigmoid", "tanh", "tanh")))
    by = _peepholes(options, *form) if "peepholeWeight" in options else standard
    state = of(d, N, H)
    return Case(
        "lstm",
        [of(T, N, F), of(d, 4 * H, F), of(d, 4 * H, H)],
        steps=T,
        hiddenSize=H,
        **{name: of(*shapes[name]) for name in options},
        **given,
        gives=[state, state, of(T, d, N, H)] if given.get("returnSequence") else [state, state],
        by=by,
        tolerance=4e-3 if of is f16 else 4e-6,
    )


def lstm_error(error: str, *operands: Tensor, **given: Any) -> Case:
    standard = [f32(T, N, F), f32(1, 4 * H, F), f32(1, 4 * H, H)]
    return Case("lstm", [*operands, *standard[len(operands) :]], **({"steps": T, "hiddenSize": H} | given), error=error)


ALL_LSTM = ["bias", "recurrentBias", "peepholeWeight", "initialHiddenState", "initialCellState"]
LSTM = [
    lstm(),
    lstm(of=f16),
    *(lstm([option]) for option in ALL_LSTM),
    *(
        lstm(ALL_LSTM, direction=direction, layout=layout, returnSequence=True)
        for direction in ("forward", "backward", "both")
        for layout in ("iofg", "ifgo")
    ),
    lstm(["bias", "initialCellState"], layout="ifgo", direction="both"),
    lstm(["bias"], activations=["sigmoid", "relu", "tanh"], returnSequence=True),
    lstm(activations=["tanh", "sigmoid", "relu"]),
    lstm_error("weight has shape [1, 15, 3], expected [1, 20, 3]", f32(T, N, F), f32(1, 15, F)),
    lstm_error("recurrentWeight has shape [1, 20, 4], expected [1, 20, 5]", f32(T, N, F), f32(1, 20, F), f32(1, 20, 4)),
    lstm_error("bias has shape [1, 5], expected [1, 20]", bias=f32(1, 5)),
    lstm_error("recurrentBias has shape [2, 20], expected [1, 20]", recurrentBias=f32(2, 20)),
    lstm_error("peepholeWeight has shape [1, 20], expected [1, 15]", peepholeWeight=f32(1, 20)),
    lstm_error("initialHiddenState has shape [1, 3, 5], expected [1, 2, 5]", initialHiddenState=f32(1, 3, 5)),
    lstm_error("initialCellState has shape [2, 2, 5], expected [1, 2, 5]", initialCellState=f32(2, 2, 5)),
    lstm_error("weight has shape [1, 20, 3], expected [2, 20, 3]", direction="both"),
    lstm_error("steps is 5, the input has 4", steps=5),
    lstm_error("activations ['tanh'] must have 3 entries", activations=["tanh"]),
    lstm_error("layout must be 'iofg' or 'ifgo', not 'ifog'", layout="ifog"),
]


def lstm_cell(options: Sequence[str] = (), of: Any = f32, **given: Any) -> Case:
    names = [*options, "initialHiddenState", "initialCellState"]
    layout = given.get("layout", "iofg")
    standard = _lstm(names, layout, activations=given.get("activations", ("sigmoid", "tanh", "tanh")))
    sequence = _peepholes(names, layout) if "peepholeWeight" in options else standard
    return Case(
        "lstmCell",
        [of(N, F), of(4 * H, F), of(4 * H, H), of(N, H), of(N, H)],
        hiddenSize=H,
        **{name: of(*CELL_SHAPES[name](4)) for name in options},
        **given,
        gives=[of(N, H), of(N, H)],
        by=_cell(sequence, ["initialHiddenState", "initialCellState"]),
        tolerance=4e-3 if of is f16 else 4e-6,
    )


def lstm_cell_error(error: str, *operands: Tensor, **given: Any) -> Case:
    standard = [f32(N, F), f32(4 * H, F), f32(4 * H, H), f32(N, H), f32(N, H)]
    return Case("lstmCell", [*operands, *standard[len(operands) :]], **({"hiddenSize": H} | given), error=error)


LSTM_CELL = [
    lstm_cell(),
    lstm_cell(of=f16),
    lstm_cell(["bias"]),
    lstm_cell(["recurrentBias"]),
    lstm_cell(["peepholeWeight"]),
    lstm_cell(["bias", "recurrentBias", "peepholeWeight"]),
    lstm_cell(["bias", "recurrentBias"], layout="ifgo"),
    lstm_cell(["bias", "recurrentBias", "peepholeWeight"], layout="ifgo"),
    lstm_cell(activations=["sigmoid", "relu", "tanh"]),
    lstm_cell_error("weight has shape [15, 3], expected [20, 3]", f32(N, F), f32(15, F)),
    lstm_cell_error("recurrentWeight has shape [20, 4], expected [20, 5]", f32(N, F), f32(20, F), f32(20, 4)),
    lstm_cell_error("hiddenState has shape [3, 5], expected [2, 5]", f32(N, F), f32(20, F), f32(20, H), f32(3, H)),
    lstm_cell_error("cellState has shape [3, 5], expected [2, 5]", f32(N, F), f32(20, F), f32(20, H), f32(N, H), f32(3, H)),
    lstm_cell_error("bias has shape [5], expected [20]", bias=f32(5)),
    lstm_cell_error("recurrentBias has shape [14], expected [20]", recurrentBias=f32(14)),
    lstm_cell_error("peepholeWeight has shape [20], expected [15]", peepholeWeight=f32(20)),
    lstm_cell_error("activations ['tanh', 'tanh'] must have 3 entries", activations=["tanh", "tanh"]),
]

CASES = [*GRU, *GRU_CELL, *LSTM, *LSTM_CELL]
