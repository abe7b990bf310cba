"""Makes ``tests/data/webnn_vectors.jsonl.xz``: ``python -m tests.ops.make_vectors FOLDER...``.

The folders hold files of the standard's test suite as JSON, in the form of ``tests/wpt_data/conformance`` in pywebnn's repository.
What is kept are the facts: operator, arguments, inputs, expected results, and how far the suite lets an implementation be from them.
`tests.ops.vectors` reads them.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tests.ops.vectors import FILE
from webnn_graph.data_types import DataType
from webnn_graph.ops import OPS

Shapes: TypeAlias = list[tuple[int, ...]]
RENAMED = {"type": "dataType", "roundingType": "outputShapeRounding", "input": "a"}
"""What an argument is called in the standard that has another name in the suite's files."""
NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
LARGE, SMALLER = [6000, 6000], [60, 60]
"""A shape of tensors that hold one value only, and what becomes of it."""

ABSOLUTE = {"log": (2**-10, 2**-10), "layerNormalization": (2**-10, 2**-9), "tanh": (2**-10, 2**-9)}
"""By how much results may differ, of float32 and of float16."""
EXACT = """
abs ceil clamp concat equal expand floor gather gatherND greater greaterOrEqual isInfinite isNaN lesser lesserOrEqual logicalNot max min
neg reduceMax reduceMin relu reshape roundEven slice split transpose
""".split()
UNITS = dict.fromkeys(EXACT, (0, 0)) | {
    "add": (1, 1),
    "batchNormalization": (6, 6),
    "cast": (1, 1),
    "dequantizeLinear": (1, 1),
    "div": (2, 2),
    "elu": (18, 18),
    "exp": (32, 1),
    "gru": (3, 3),
    "hardSigmoid": (2, 2),
    "hardSwish": (4, 4),
    "instanceNormalization": (840, 8400),
    "leakyRelu": (1, 1),
    "linear": (2, 2),
    "lstm": (1, 1),
    "lstmCell": (1, 1),
    "mul": (1, 1),
    "pow": (32, 2),
    "quantizeLinear": (1, 1),
    "sigmoid": (34, 3),
    "sqrt": (1, 1),
    "sub": (1, 1),
}
"""By how many representable numbers results may differ, of float32 and of float16."""
COUNTED: dict[str, Callable[[int], int]] = {
    "reduceL1": lambda n: n,
    "reduceL2": lambda n: 2 * n + 1,
    "reduceLogSum": lambda n: n + 18,
    "reduceLogSumExp": lambda n: 2 * n + 18,
    "reduceMean": lambda n: n + 2,
    "reduceProduct": lambda n: n,
    "reduceSum": lambda n: n,
    "reduceSumSquare": lambda n: 2 * n,
}
"""The same of reductions, by how many elements become one."""


def tolerance(op: str, shapes: Shapes, arguments: Mapping[str, Any], data_type: DataType) -> dict[str, float]:
    """How far a result may be from the expected one: as ``PrecisionMetrics`` of the suite's files and ``utils.js`` says.

    Args:
        op: The operator.
        shapes: Of its operands, in order.
        arguments: All others, by name.
        data_type: Of the result.
    """
    if not data_type.is_float:
        return {"atol": int(op == "quantizeLinear")}
    half = data_type == DataType.FLOAT16
    return {"atol": ABSOLUTE[op][half]} if op in ABSOLUTE else {"ulp": _units(op, shapes, arguments, half)}


def _units(op: str, shapes: Shapes, arguments: Mapping[str, Any], half: bool) -> int:
    if op in UNITS:
        return UNITS[op][half]
    first = shapes[0]
    if op in COUNTED:
        return COUNTED[op](prod(first[axis] for axis in arguments.get("axes", range(len(first)))))
    if op == "resample2d":
        return (84, 10)[half] if arguments.get("mode") == "linear" else 0
    if op == "cumulativeSum":
        return first[arguments["axis"]] - 1
    if op == "matmul":
        return 2 * first[-1]
    if op == "softmax":
        return 3 * first[arguments["axis"]] + 3
    assert op in ("conv2d", "convTranspose2d"), op
    layout = arguments.get("filterLayout", "oihw")
    window = [size for size, axis in zip(shapes[1], layout, strict=True) if axis in "hw"]
    channels = first[3] if arguments.get("inputLayout") == "nhwc" else first[1]
    return max(1, 2 * prod(window) * channels // arguments.get("groups", 1))


def vector(test: Any) -> dict[str, Any]:
    """One test of the suite as a row of the file."""
    graph = test["graph"]
    inputs = {name: _tensor(tensor) for name, tensor in graph["inputs"].items()}
    outputs = {name: _tensor(tensor) for name, tensor in graph["expectedOutputs"].items()}
    (call,) = graph["operators"]
    arguments: dict[str, Any] = {}
    for one in call["arguments"]:
        arguments |= (one["options"] or {}) if "options" in one else one
    known = OPS[call["name"]].parameters
    arguments = {name if name in known else RENAMED[name]: _plain(value) for name, value in arguments.items() if value is not None}
    shapes = [tuple(inputs[value][1]) for value in arguments.values() if isinstance(value, str) and value in inputs]
    made = call["outputs"] if isinstance(call["outputs"], list) else [call["outputs"]]
    (allowed,) = {tuple(tolerance(call["name"], shapes, arguments, DataType(outputs[name][0])).items()) for name in made}
    constants = [name for name, tensor in graph["inputs"].items() if tensor.get("constant")]
    return {
        "op": call["name"],
        "name": test["name"],
        "arguments": arguments,
        "inputs": inputs,
        **({"constants": constants} if constants else {}),
        "expected": {name: outputs[name] for name in made},
        **dict(allowed),
    }


def _plain(value: Any) -> Any:
    """A value of JavaScript, with numbers that JSON has as texts as numbers."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return int(value.rstrip("n")) if re.fullmatch(r"-?\d+n?", value) else NUMBERS.get(value, value)
    return value


def _tensor(given: Any) -> list[Any]:
    """A tensor as its type, its shape, and its values with as few digits as tell them apart; one value when all have the same bits."""
    data_type, shape = DataType(given["descriptor"]["dataType"]), given["descriptor"]["shape"]
    with np.errstate(over="ignore"):
        values = np.array(_plain(given["data"]), data_type.numpy).reshape(-1)
    if values.tobytes() == values[:1].tobytes() * len(values):
        values = values[:1]
    digits = [float(str(item)) for item in values] if data_type.is_float else values.tolist()
    return [str(data_type), SMALLER if shape == LARGE else shape, digits]


def main(folders: list[str]) -> int:
    """Writes the file."""
    files = [path for folder in folders for path in sorted(Path(folder).glob("*.json"))]
    vectors = [vector(test) for path in files for test in json.loads(path.read_text("utf-8"))["tests"]]
    lines = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in vectors)
    FILE.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(vectors)} vectors, {len(lines)} bytes, compressed {FILE.stat().st_size}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
