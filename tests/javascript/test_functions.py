"""What repeats is a function in the generated module, which makes the same calls as without functions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.javascript.repeating import SIZE, layers, matrix, random_graph
from tests.javascript.written import HOSTILE, NODE, needs_node
from webnn_graph import repeats
from webnn_graph.builder import GraphBuilder
from webnn_graph.formats import functions
from webnn_graph.formats.expressions import JAVASCRIPT, string, variable
from webnn_graph.formats.weights import stored
from webnn_graph.graph import Graph

RECORDER = Path(__file__).with_name("recorder.mjs")
SEEDS = range(30)


def program(graph: Graph, labels: bool) -> str:
    """The body of a function of ``builder`` and ``weight`` that makes the graph and returns its outputs."""
    inputs = [f"const {variable(operand.name)} = builder.input({string(operand.name)}, {{}});" for operand in graph.inputs]
    constants, statements = functions.statements(graph, graph.nodes, stored(graph), labels, JAVASCRIPT)
    returned = ", ".join(f"{variable(operand.name)}" for operand in graph.outputs)
    return "\n".join(['"use strict";', *inputs, *constants, *statements, f"return [{returned}];"])


def without_functions(graph: Graph, labels: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as context:
        context.setattr(functions, "items_of", lambda nodes, constants, outputs: nodes)
        return program(graph, labels)


def recorded(programs: Iterable[str]) -> list[Any]:
    """What each program calls and returns: operands as the numbers of the calls that made them, or as their names."""
    done = subprocess.run([str(NODE), str(RECORDER)], input=json.dumps(list(programs)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def defined(text: str) -> list[str]:
    """The names of the functions in a program."""
    return re.findall(r"^ *const (\w+) = \(.*\) => \{$", text, re.MULTILINE)


# ------------------------------------------------------------------------------------------------------------ the same calls
def several() -> Graph:
    """Repetitions of calls that return several operands, of which some are read outside and some by nobody."""
    b = GraphBuilder("several")
    x = b.input("x", "float32", [1, 4, 6])
    made = {}
    for i in range(4):
        w, r = (b.constant(np.full((1, 24, 6), i + k, np.float32), name=f"{name}_{i}") for k, name in ((0.25, "w"), (0.5, "r")))
        hidden, cell, sequence = b.lstm(x, w, r, 1, 6, returnSequence=True)
        first, second = b.split(b.tanh(hidden), 2, axis=2)
        x = b.add(b.reshape(sequence, [1, 4, 6]), b.concat([second, first], 2))
        made[f"cell_{i}"] = cell
    return b.build(made | {"y": x})


def nested() -> Graph:
    """Stages that are alike, of a call and of blocks that are alike in all stages."""
    random = Random(0)
    b = GraphBuilder("nested")
    x = b.input("x", "float32", [SIZE, SIZE])
    for stage in range(3):
        for op in ("abs", "sin", "cos", "floor", "exp", "neg"):
            x = b.call(op, x)
        for block in range(4):
            with b.source(f"stages.{stage}.blocks.{block}"):
                product = b.matmul(x, b.constant(matrix(random), name=f"stage{stage}_{block}_weight"))
                x = b.add(b.tanh(b.mul(b.sigmoid(product), product)), x)
    return b.build({"y": x})


def named(name: str) -> Graph:
    """Layers whose operands are called what functions, their parameters and their variables would be."""
    b = GraphBuilder("named")
    x = b.input(name, "float32", [SIZE, SIZE])
    wishes = ["x", "layer", "block", "name", "path", "matmul", "add_2", "weight", "builder", "add", "block_2", "x_2", "name_2", "y"]
    for i in range(4):
        with b.source(f"layers.{i}"):
            w = [b.constant(np.full((SIZE, SIZE), i * 3 + k + 0.5, np.float32), name=wishes.pop() if wishes else "w") for k in range(2)]
            x = b.tanh(b.add(b.matmul(b.relu(b.matmul(x, w[0])), w[1]), x))
    return b.build({"output" if name != "output" else "y": x})


def labelled(label: str) -> Graph:
    return layers(3, labels=label.replace("{", "{{").replace("}", "}}") + "{}")


CASES = {
    "layers": lambda: layers(5),
    "hidden states": lambda: layers(5, outputs=True),
    "a weight of two layers": lambda: layers(6, shared=(1, 4)),
    "a weight of all layers": lambda: layers(4, shared=(0, 1, 2, 3)),
    "several results": several,
    "nested": nested,
    **{f"named {name}": lambda name=name: named(name) for name in ("x", "layer", "name", "output")},
    **{f"label {label!a}": lambda label=label: labelled(label) for label in HOSTILE},
}


@needs_node
def test_calls_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = {**{name: make() for name, make in CASES.items()}, **{f"seed {seed}": random_graph(seed) for seed in SEEDS}}
    labels = {name: place % 2 == 0 or name in CASES for place, name in enumerate(graphs)}
    written = {name: program(graph, labels[name]) for name, graph in graphs.items() if name in CASES}
    monkeypatch.setattr(repeats, "FEWEST_SAVED", -1000)  # functions wherever there can be any
    monkeypatch.setattr(repeats, "FEWEST_ITEMS", 2)
    written |= {name: program(graph, labels[name]) for name, graph in graphs.items() if name not in CASES}
    plain = {name: without_functions(graph, labels[name], monkeypatch) for name, graph in graphs.items()}
    assert sum(bool(defined(text)) for text in written.values()) > len(written) / 2
    assert all(defined(written[name]) for name in CASES)
    assert not any(defined(text) for text in plain.values())
    results = recorded([*written.values(), *plain.values()])
    for name, found, expected in zip(graphs, results, results[len(graphs) :], strict=False):
        assert found == expected, name
        assert len(found["calls"]) == len(graphs[name].nodes), name
        assert set(found["weights"].values()) <= {1}, name


# ----------------------------------------------------------------------------------------------------------------- how it reads
def test_a_layer_reads_like_a_module() -> None:
    assert program(layers(3, outputs=True, shared=(1, 2)), labels=True).splitlines() == [
        '"use strict";',
        'const x = builder.input("x", {});',
        'const mask = builder.input("mask", {});',
        'const common = weight("common");',
        'const constant_0 = builder.constant("float32", 1);',
        'const constant_1 = builder.constant("float32", 0.25);',
        "const sub_0 = builder.sub(mask, constant_0);",
        "",
        "const layer = (x, x_2, name, path) => {",
        '  const matmul = builder.matmul(x, weight(name + "_q_weight"), { label: path });',
        "  const keys = builder.matmul(x, x_2, { label: path });",
        "  const transpose = builder.transpose(keys, { label: path });",
        "  const matmul_2 = builder.matmul(matmul, transpose, { label: path });",
        "  const mul = builder.mul(matmul_2, constant_1, { label: path });",
        "  const add = builder.add(mul, sub_0, { label: path });",
        "  const softmax = builder.softmax(add, 1, { label: path });",
        '  const matmul_3 = builder.matmul(softmax, weight(name + "_o_weight"), { label: path });',
        "  const hidden = builder.add(matmul_3, x, { label: path });",
        "  return [keys, hidden];",
        "};",
        "",
        'const [keys_0, hidden_0] = layer(x, weight("layers_0_k_weight"), "layers_0", "model.layers.0");',
        'const [keys_1, hidden_1] = layer(hidden_0, common, "layers_1", "model.layers.1");',
        'const [keys_2, hidden_2] = layer(hidden_1, common, "layers_2", "model.layers.2");',
        "return [keys_0, hidden_0, keys_1, hidden_1, keys_2, hidden_2];",
    ]


def test_blocks_may_call_blocks() -> None:
    text = program(nested(), labels=False)
    assert defined(text) == ["block", "block_2"]
    assert re.findall(r"block\w*\(.*\)", text) == [
        *(f'block({x}, name + "_{place}_weight")' for place, x in enumerate(["neg", "add", "add_2", "add_3"])),
        *(f'block_2({x}, "stage{place}")' for place, x in enumerate(["x", "add_3", "add_7"])),
    ]


def test_what_does_not_repeat_has_no_function() -> None:
    b = GraphBuilder("plain")
    x = b.input("x", "float32", [SIZE, SIZE])
    w, twice = (b.constant(matrix(Random(seed)), name=f"w_{seed}") for seed in range(2))
    graph = b.build({"y": b.add(b.matmul(b.relu(b.matmul(x, w)), twice), twice)})
    assert program(graph, labels=False).splitlines()[2:] == [
        'const w_1 = weight("w_1");',
        'const matmul_0 = builder.matmul(x, weight("w_0"));',
        "const relu_0 = builder.relu(matmul_0);",
        "const matmul_1 = builder.matmul(relu_0, w_1);",
        "const y = builder.add(matmul_1, w_1);",
        "return [y];",
    ]


def test_very_long_names_are_those_of_operators() -> None:
    b = GraphBuilder("long")
    x = b.input("x", "float32", [SIZE, SIZE])
    between = b.tanh(x)
    b.suggest(between, "t" * 100)
    graph = b.build({"y" * 100: b.relu(between)})
    assert program(graph, labels=False).splitlines()[2:4] == [
        "const tanh = builder.tanh(x);",
        f"const {'y' * 100} = builder.relu(tanh);",
    ]
