"""``.webnn`` text: changes of tokens and statements."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.formats.test_of_rustnn import OF_RUSTNN, weights
from tests.fuzz import graphs, mutations, tokens, trees
from tests.fuzz.case import Base
from webnn_graph.data_types import BY_SHORT_NAME
from webnn_graph.ops import OPS

CALL = re.compile(r"= *(\w+)\(")
TYPE = re.compile(r"\b([fiu]\d+)\[([\d, ]*)\]")
SPELLINGS = (
    *(*'()[]{},;:=@#"\\', "//", "@scalar", "@bytes", "@weights", "@quantized", "[[", "()", "[]", "v1", "v2", "webnn_graph"),
    *(
        "inputs",
        "consts",
        "nodes",
        "outputs",
        "true",
        "null",
        "squeeze",
        "unsqueeze",
        "{a: [1]}",
        '{name: "n", maxSize: 8}',
        "1e999",
        "-",
        "0x10",
        "1.",
        ".5",
        '"Infinity"',
        'dyn("n", 4)',
        "\x00",
    ),
    "\x1b",
    *("é", "\ufeff", "\r", "[" * 100_000, "{" * 3000, "1" * 5000, "a" * 5000, "[1, " * 40),
)


@cache
def bases() -> list[Base]:
    """Texts of all operators, and of what only rustnn's tools write."""
    found = [Base(content, "model.webnn", beside) for content, beside in graphs.files(".webnn")]
    return [*found, *[Base(OF_RUSTNN.encode(), "model.webnn", {"model.safetensors": weights()})] * (len(found) // 10 + 1)]


def feed(path: Path, output: Path) -> None:
    """See `graphs.use`."""
    graphs.use(path, output)


def mutate(content: bytes, random: Random) -> bytes:
    """A text with one change."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return mutations.damaged(content, random)
    match random.randrange(12):
        case 0:
            return mutations.damaged(content, random)
        case 1:
            return tokens.changed_lines(text, random).encode()
        case 2 | 3 | 4 | 5:
            return _with_argument(text, random).encode()
        case 6 | 7:
            return _with_type(text, random).encode()
        case _:
            return tokens.changed(text, random, _alike, SPELLINGS).encode(errors="surrogatepass")


def _with_argument(text: str, random: Random) -> str:
    """Another argument in a call, in the place of the one of its name."""
    calls = list(CALL.finditer(text))
    if not calls:
        return text
    call = random.choice(calls)
    name, value = graphs.argument(random, call[1])
    end = text.find(");", call.end())
    inner = re.sub(rf",? *\b{name}=(?:\[[^\]]*\]|[^,)\]]*)", "", text[call.end() : end])
    return f"{text[: call.end()]}{inner}, {name}={_value(value)}{text[end:]}"


def _with_type(text: str, random: Random) -> str:
    """Another data type or shape in a declaration."""
    found = list(TYPE.finditer(text))
    if not found:
        return text
    match = random.choice(found)
    data_type, sizes = match[1], match[2].split(", ") if match[2] else []
    if random.random() < 0.4:
        data_type = random.choice(list(BY_SHORT_NAME))
    else:
        sizes = graphs.another_shape(sizes, random)
    return f"{text[: match.start()]}{data_type}[{', '.join(map(str, sizes))}]{text[match.end() :]}"


def _value(value: Any) -> str:
    return trees.written(value).decode() if isinstance(value, list) else json.dumps(value)


def _alike(token: str, random: Random) -> str:
    """Another token of the same kind."""
    if token[0] == '"':
        return json.dumps(mutations.text(random, token[1:-1]), ensure_ascii=random.random() < 0.5)
    if token in OPS:
        return random.choice(list(OPS))
    if token in BY_SHORT_NAME:
        return random.choice(list(BY_SHORT_NAME))
    if token.lstrip("-").isdigit():
        return str(mutations.number(random, int(token)) if random.random() < 0.3 else mutations.integer(random, int(token)))
    if token[0] in "-0123456789":
        return str(mutations.number(random))
    return random.choice((token.upper(), f"{token}/a.b", f"${token}", "__proto__", "_", "true", "label", "Infinity", *SPELLINGS))
