"""The page of a zoo's manifest: what the head of ``models/zoo.toml`` says of each key, with the type that the row's class has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from itertools import takewhile

from models.zoo.manifest import ZOO, Model

INTRODUCTION = """# The manifest of a zoo

A zoo is a TOML file with a table for each model; files that are made of the model are called after its table. `--zoo FILE.toml` gives
one to `webnn zoo`; by default it is `models/zoo.toml` of this project. [Use the zoo](../tasks/use-the-zoo.md) begins with a small one.

```toml
[classifier]
source = "file:classifier.onnx"
dims = { batch = 1 }
task = "image classification"
tags = ["vision"]

[vad]
source = "pypi:silero-vad==6.2.3"
file = "silero_vad/data/silero_vad.onnx"
sha256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
shapes = { input = [1, 576], state = [2, 1, 128] }
bind = { sr = 16000 }
expect = { browser = 1e-2 }
```

Rows with a `python:` source or a `module` run code, and are refused unless `--trust-python` lets them. Written by
`python -m tests.site` from the head of `models/zoo.toml`.
"""
GROUPS = ("Where it is from", "What it is", "How it is converted", "What it must reach")
ENTRY = re.compile(r"# (?P<keys>[a-z]\w*(?:, [a-z]\w*)*) +(?P<text>\S.*)")
TYPES = {
    "str": "text",
    "bool": "`true` or `false`",
    "float": "number",
    "Sequence[str]": "list of texts",
    "Mapping[str, str]": "table of texts",
    "Mapping[str, int]": "table of numbers",
    "Mapping[str, Any]": "table",
    "Mapping[str, Sequence[int]]": "table of lists of numbers",
    "Mapping[str, Mapping[str, Any]]": "table of tables",
    "str | Mapping[str, Expectation]": "text, or table by runtime",
}
"""How a type of `Model` is called in a manifest."""


def described() -> list[dict[str, str]]:
    """What the head of the manifest says: for each of its groups, a text by key."""
    head = "".join(takewhile(lambda line: line.startswith("#"), ZOO.read_text("utf-8").splitlines(keepends=True)))
    groups = [dict(_entries(part.splitlines())) for part in head.split("#\n")]
    return [group for group in groups if group]


def _entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each key with its text, which may go on in lines that begin further right."""
    text = "\n".join(lines)
    for match in re.finditer(rf"^{ENTRY.pattern}(?P<more>(?:\n# {{4,}}\S.*)*)", text, re.MULTILINE):
        whole = " ".join(f"{match['text']}{match['more']}".replace("\n#", " ").split())
        for key in match["keys"].split(", "):
            yield key, whole


def _type(annotation: str) -> str:
    plain = annotation.removesuffix(" | None")
    if plain.startswith("Literal["):
        return "text"
    return TYPES[plain]


def page() -> str:
    """docs/reference/manifest.md."""
    return INTRODUCTION + "".join(f"\n## {title}\n\n{_table(group)}" for title, group in zip(GROUPS, described(), strict=True))


def _table(group: Mapping[str, str]) -> str:
    given = {field.name: field for field in fields(Model)}
    needed = {name for name, field in given.items() if field.default is MISSING and field.default_factory is MISSING}
    rows = [(f"`{key}`", _type(str(given[key].type)), f"needed; {text}" if key in needed else text) for key, text in group.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in (("key", "value", "what it says"), ("---",) * 3, *rows))
