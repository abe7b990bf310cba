"""Graphs in which something repeats."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.graph import Graph, Operand

SIZE = 5
"""Rows and columns of every operand; a matrix of so many is stored with the weights."""


def matrix(random: Random) -> Array:
    """Values that no other constant has."""
    return np.array([random.random() for _ in range(SIZE * SIZE)], np.float32).reshape(SIZE, SIZE)


def layers(count: int, *, outputs: bool = False, shared: tuple[int, ...] = (), labels: str = "model.layers.{}") -> Graph:
    """Layers as decoders have them, behind what all of them read.

    Args:
        count: How many.
        outputs: Whether what each one makes and something inside of it are outputs.
        shared: Layers that have a weight in common.
        labels: What the calls of each have as their labels.
    """
    random = Random(count)
    b = GraphBuilder("layers")
    x, mask = b.input("x", "float32", [SIZE, SIZE]), b.input("mask", "float32", [SIZE, SIZE])
    bias, one_for_two = b.sub(mask, 1.0), b.constant(matrix(random), name="common")
    made = {}
    for layer in range(count):
        with b.source(labels.format(layer)):
            weights = {name: b.constant(matrix(random), name=f"layers_{layer}_{name}_weight") for name in ("q", "k", "o")}
            query = b.matmul(x, weights["q"])
            key = b.matmul(x, one_for_two if layer in shared else weights["k"])
            scores = b.softmax(b.add(b.mul(b.matmul(query, b.transpose(key)), 0.25), bias), 1)
            x = b.add(b.matmul(scores, weights["o"]), x)
        made |= {f"keys_{layer}": key, f"hidden_{layer}": x} if outputs else {}
    return b.build(made or {"y": x})


def random_graph(seed: int) -> Graph:
    """Blocks of random calls, some of them several times with other constants; what they read and who reads them is random, too."""
    random = Random(seed)
    b = GraphBuilder(f"random {seed}")
    values = [b.input(name, "float32", [SIZE, SIZE]) for name in ("x", "y", "add", "block")]
    weights: list[Operand] = []
    outputs: dict[str, Operand] = {}
    for part in range(random.randint(1, 4)):
        steps = [_Step(random, place) for place in range(random.randint(2, 9))]
        for repetition in range(random.randint(1, 6)):
            with b.source(random.choice([f"parts.{part}.layers.{repetition}", f"/part{part}/layer.{repetition}/Op", "", "`${x}"])):
                inside = [values[-1]]
                for step in steps:
                    inside.append(step.call(b, random, inside, values, weights, f"part{part}_{repetition}"))
            values += random.sample(inside, random.randint(0, 2)) + inside[-1:]
            if random.random() < 0.2:
                outputs[f"out{len(outputs)}"] = b.relu(random.choice(inside))
        if random.random() < 0.5:
            values.append(b.call(random.choice(["tanh", "relu", "abs"]), values[-1]))
    return b.build(outputs | {"y": b.add(values[-1], random.choice(values))})


class _Step:
    """A call of a block, the same in each of its repetitions but for what chance adds."""

    def __init__(self, random: Random, place: int) -> None:
        self.kind = random.choice(["unary", "binary", "binary", "weight", "weight", "two weights", "number", "split", "list", "clamp"])
        self.op = random.choice(["relu", "sigmoid", "tanh", "softsign"] if self.kind == "unary" else ["add", "mul", "max", "matmul"])
        self.first, self.second = random.randint(0, place), random.randint(0, place)
        self.number = random.random()
        self.name = f"w{place}"
        self.chance = random.choice([0, 0, 0, 0.3])
        """How probable it is that something is read from outside in the place of something inside, and a weight of another place."""

    def call(
        self, b: GraphBuilder, random: Random, inside: list[Operand], values: list[Operand], weights: list[Operand], name: str
    ) -> Operand:
        def read(place: int) -> Operand:
            return random.choice(values) if random.random() < self.chance else inside[place]

        def weight() -> Operand:
            if weights and random.random() < self.chance:
                return random.choice(weights)
            weights.append(b.constant(matrix(random), name=f"{name}_{self.name}" if random.random() < 0.8 else f"constant_{len(weights)}"))
            return weights[-1]

        calls: dict[str, Callable[[], Operand]] = {
            "unary": lambda: b.call(self.op, read(self.first)),
            "binary": lambda: b.call(self.op, read(self.first), read(self.second)),
            "weight": lambda: b.call(self.op, read(self.first), weight()),
            "two weights": lambda: b.gemm(read(self.first), weight(), c=weight(), alpha=self.number),
            "number": lambda: b.mul(read(self.first), self.number if random.random() > self.chance else random.random()),
            "split": lambda: b.concat(list(reversed(b.split(read(self.first), [2, SIZE - 2]))), 0),
            "list": lambda: b.slice(b.concat([read(self.first), read(self.second)], 1), [0, 2], [SIZE, SIZE]),
            "clamp": lambda: b.clamp(read(self.first), minValue=self.number, maxValue=2),
        }
        return calls[self.kind]()
