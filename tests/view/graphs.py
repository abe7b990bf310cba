"""Graphs to look at, and what a page holds."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import numpy as np

from webnn_graph.builder import GraphBuilder
from webnn_graph.graph import Graph


def chain(*labels: str, name: str = "chain") -> Graph:
    """A ``relu``, ``abs``, ``neg``, ... for each label, each reading the one before."""
    b = GraphBuilder(name)
    x = b.input("x", "float32", [2, 3])
    for place, label in enumerate(labels):
        with b.source(label):
            x = b.call(("sin", "cos", "tan")[place % 3], x)
    return b.build({"y": x})


def random_graph(seed: int, size: int = 60) -> Graph:
    """Calls that read any earlier ones, with labels of four levels that have little to do with what depends on what."""
    random = np.random.default_rng(seed)
    b = GraphBuilder("random")
    made = [b.input("x", "float32", [2]), b.input("y", "float32", [2])]
    for place in range(size):
        first, second = (made[-1 - int(random.geometric(0.3)) % len(made)] for _ in range(2))
        with b.source("/".join(str(part) for part in random.integers(0, 3, random.integers(1, 5))) + f"/{place}"):
            made.append(b.add(b.mul(first, 0.5 + place), second))
    return b.build({"out": made[-1], "half": made[size // 2]})


class Page(HTMLParser):
    """What stands in a page.

    Attributes:
        scripts: The texts of its scripts by their types.
        loads: Addresses that its elements name.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: dict[str, list[str]] = {}
        self.loads: list[str] = []
        self.policy = ""
        self._type = ""
        self.feed(text)

    @property
    def data(self) -> Any:
        """What the script is given."""
        (text,) = self.scripts["application/json"]
        return json.loads(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self._type = (found.get("type") or "text/javascript") if tag == "script" else ""
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset", "data") and value]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._type:
            self.scripts.setdefault(self._type, []).append(data)

    def handle_endtag(self, tag: str) -> None:
        self._type = ""
