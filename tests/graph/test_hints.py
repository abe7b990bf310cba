"""Options in hints: as commands take them, and as Python says them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli
from webnn_graph.errors import WebNNError
from webnn_graph.hints import in_python, option

ROWS = [
    ("give the sizes: --dim batch=N --dim seq=8", 'give the sizes: dims={"batch": N, "seq": 8}'),
    ("give: --dim 'past seq=N' --shape x=1,N,4", 'give: dims={"past seq": N}, shapes={"x": [1, N, 4]}'),
    ("as many: --dim h=2,4 --dim w=3,6", 'as many: dims={"h": [2, 4], "w": [3, 6]}'),
    ("--shape x=1 --dim n=2 --shape y=3,4", 'shapes={"x": [1], "y": [3, 4]}, dims={"n": 2}'),
    ("the one it had: --bind flag=VALUE", 'the one it had: bind={"flag": VALUE}'),
    ("end before it: --output boxes --output '/head/a b'", 'end before it: outputs=["boxes", "/head/a b"]'),
    ("end: --output a; begin: --input x --input y", 'end: outputs=["a"]; begin: inputs=["x", "y"]'),
    ("give: --input 'x:float32[1,3]'", 'give: kwargs={"x": torch.zeros([1, 3], dtype=torch.float32)}'),
    ("--padding zeros does it nevertheless", 'padding="zeros" does it nevertheless'),
    ("--budget 2 allows twice as much", "budget=2 allows twice as much"),
    ("by --bind for an input, --dim or --shape, or --input", "by bind for an input, dims or shapes, or inputs"),
    ("--inputs x.npz, --model-argsx or --dimension", "--inputs x.npz, --model-argsx or --dimension"),
    ("name it: --model package.module:make", 'name it: factory="package.module:make"'),
    ("--model is for state dicts; check --model and --model-args;", "factory is for state dicts; check factory and factory_args;"),
    ("give: --model-args '{\"depth\": 18}'", """give: factory_args='{"depth": 18}'"""),
    ("say where: --model train.py:Net", 'say where: factory="train.py:Net"'),
    ("say which: --state-dict ema", 'say which: state_dict="ema"'),
    ("--task says which, like --task text-classification", 'task says which, like task="text-classification"'),
    ("a part: --submodule encoder.layers.0; or", 'a part: submodule="encoder.layers.0"; or'),
    ("give --trust-pickle if you trust it, or --trust-script", "give trust_pickle=True if you trust it, or trust_script=True"),
    ("--generate 64,128 makes two", "save_package makes two"),
    ("with --browser or CHROMIUM", "with browser or CHROMIUM"),
    ("--browser /opt/chromium", 'browser="/opt/chromium"'),
    ("report it with what --debug shows", "report it with what the traceback shows"),
    ("--output 'a --input b' --budget 2", 'outputs=["a --input b"], budget=2'),
    ("onnx2webnn converts ONNX files", "converters.onnx.convert converts ONNX files"),
    ("--image x:rgb,mean=0.5 can say so", "an Image in its metadata can say so"),
    ("--labels FILE can name them", "Labels in its metadata can name them"),
    ("--truncate leaves out the rest", "truncate=True leaves out the rest"),
    ("nothing to translate", "nothing to translate"),
]


@pytest.mark.parametrize(("command", "python"), ROWS)
def test_in_python(command: str, python: str) -> None:
    assert in_python(command) == python
    error = WebNNError("no", command)
    assert error.hint == command
    assert str(error) == f"no\nhint: {python}"


ROOT = Path(cli.__file__).parent
SAID = re.compile(r"--[a-z]|\b(?:onnx|torch)2webnn\b")
COMMAND_LINE = re.compile(r"\bwebnn \w+(?: --[a-z-]+)+")
"""A command to run, which is one wherever it is read."""


def texts() -> Iterator[tuple[str, str]]:
    """The sentences with options or commands that the library has, and where: all of them may reach a Python program."""
    paths = [path for package in ("webnn_graph", "converters") for path in (ROOT / package).rglob("*.py")]
    for path in paths:
        if path.is_relative_to(ROOT / "converters" / "commands") or path.name in ("hints.py", "codes.py"):
            continue  # those of codes are pages of the documentation
        tree = ast.parse(path.read_text("utf-8"))
        skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # documentation
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = ["".join(str(part.value) if isinstance(part, ast.Constant) else "n" for part in node.values)]
                skipped |= {id(part) for part in node.values}
            else:
                parts = [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped else []
            yield from ((path.name, text) for text in parts if " " in text and SAID.search(COMMAND_LINE.sub("", text)))


def test_every_option_in_a_sentence_is_translated() -> None:
    found = list(texts())
    assert len(found) > 25
    assert [(file, text) for file, text in found if SAID.search(in_python(text))] == []


def test_names_with_quotes_stay_readable() -> None:
    assert "it" in in_python(f"end: {option('output', chr(39) + 'it' + chr(34))}")
