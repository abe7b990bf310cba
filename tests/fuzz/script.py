"""TorchScript archives: changes of the code as tokens and statements, of the pickled state, and of the archive."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from pathlib import Path
from random import Random

import torch

from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from converters.torch.script import export_script
from tests.fuzz import archives, mutations, tokens
from tests.fuzz.case import Base
from tests.fuzz.mutations import MARKER, SECRET
from webnn_graph import validate

INPUTS = [InputSpec.parse("x:float32[2,4]")]

STATEMENTS = (
    r'print("\033]0;owned\007")',
    f'torch.save(x, "{MARKER}")',
    f'x = torch.add(x, torch.sum(torch.from_file("{MARKER}", True, 40, dtype=6)))',
    f'x = torch.add(x, torch.sum(torch.from_file("../{SECRET}", False, 2, dtype=6)))',
    "while True:\n  x = torch.add(x, 1)",
    "for _9 in range(9223372036854775807):\n  x = torch.add(x, 1)",
    "for _9 in range(100000):\n  x = torch.add(x, 1)",
    "x = torch.add(x, torch.sum(torch.ones([40000, 20000])))",
    "x = torch.add(x, torch.sum(torch.zeros([1000000, 1000000])))",
    "x = torch.add(x, torch.len(torch.mul([0], 2000000000)))",
    "x = torch.add(x, torch.sum(torch.ones([-5])))",
    "x = (self).forward(x, )",
    r'ops.prim.RaiseException("\033]0;owned\007")',
    "x = torch.as_strided(x, [2, 4], [100000, 100000])",
    "_9 = torch.set_(x, x)",
    "_9 = torch.resize_(x, [5, 5])",
    "x = torch.add(x, int(torch.item(x)))",
    "_9 = ops.aten.manual_seed(3)",
    "x = torch.add(x, CONSTANTS.c99)",
    "x = unchecked_cast(Tensor, 3)",
    "x = uninitialized(Tensor)",
    "_9 = annotate(List[int], [])",
    "import os",
    "return None",
    "pass",
)
"""Statements that a network does not need."""
OPERATORS = (
    *("torch.save", "torch.add", "torch.relu", "torch.mul", "torch.linear", "torch.from_file", "torch.item", "torch.numel", "torch.empty"),
    *("torch.as_strided", "torch.resize_", "torch.set_", "torch.view", "torch.chunk", "torch.embedding", "torch.sleep", "torch.div"),
    *("ops.prim.NumToTensor", "ops.aten.get_device", "ops.profiler._record_function_enter", "torch.warn", "__torch__.Nothing"),
    "self.forward",
)
SPELLINGS = (
    *(*"()[],:=.", "Tensor", "int", "Optional[Tensor]", "List[int]", "None", "True", "self", "-1", "[" * 2000, "not ", "lambda: ", "~"),
    *("\x00", "é"),
)


class Layers(torch.nn.Module):
    """Ordinary layers, one inside of another."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3))
        self.scale = torch.tensor([1.0, 2.0, 3.0])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.layers(x)
        return torch.relu(y) * self.scale, y.sum(1)


class Steps(torch.nn.Module):
    """Loops, branches, lists, and a method besides."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 3
        self.names = {"a": 1}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = [x]
        for i in range(self.count):
            found.append(self.step(found[-1], i))
        return torch.cat(found, 1)

    def step(self, x: torch.Tensor, i: int) -> torch.Tensor:
        if x.size(0) > 1 and i > 0:
            return x.sin()
        return x + self.names["a"]


class Restored(torch.nn.Module):
    """State that code of the archive restores."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.ones(4)
        self.training = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight

    @torch.jit.export
    def __getstate__(self) -> tuple[torch.Tensor, bool]:
        return self.weight, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]) -> None:
        self.weight = state[0]
        self.training = state[1]


@cache
def bases() -> list[Base]:
    """Archives of each kind of module."""
    modules = Layers(), Steps(), Restored()
    export_script(torch.jit.script(modules[0].eval()), [torch.ones(2, 4)])  # processes that are forked find everything imported
    return [Base(_saved(module), "model.pt") for module in modules]


def _saved(module: torch.nn.Module) -> bytes:
    content = io.BytesIO()
    torch.jit.save(torch.jit.script(module.eval()), content)
    return content.getvalue()


def feed(path: Path, output: Path) -> None:
    """Converts the script."""
    validate(TorchModel(path, inputs=INPUTS).convert())


def mutate(content: bytes, random: Random) -> bytes:
    """An archive with one change, most of them of code."""
    try:
        found = archives.members(content)
    except ValueError:
        return mutations.damaged(content, random)
    code = [i for i, (name, _) in enumerate(found) if name.endswith(".py")]
    if not code or random.random() < 0.4:
        return archives.mutate(content, random, _change_member)
    i = random.choice(code)
    found[i] = found[i][0], _change_member(*found[i], random)
    return archives.archived(found)


def _change_member(name: str, content: bytes, random: Random) -> bytes:
    if not name.endswith(".py"):
        return _change_pickle(content, random)
    text = content.decode(errors="replace")
    match random.randrange(9):
        case 0 | 1 | 2:
            return _with_statement(text, random).encode()
        case 3 | 4:
            return re.sub(
                r"(?<=[ ,\[(])\d+", lambda m: str(mutations.integer(random, int(m[0]))), text, count=random.randint(1, 3)
            ).encode()
        case 5 | 6:
            return re.sub(r"torch\.\w+", lambda m: random.choice(OPERATORS) if random.random() < 0.3 else m[0], text).encode()
        case 7:
            return tokens.changed_lines(text, random).encode()
        case _:
            return tokens.changed(text, random, _alike, SPELLINGS).encode(errors="replace")


def _with_statement(text: str, random: Random) -> str:
    """Another statement somewhere in a function."""
    lines = text.splitlines()
    at = [i for i, line in enumerate(lines) if line.startswith("    ") and "->" not in line and not line.endswith(",")]
    if not at:
        return text
    i = random.choice(at)
    indent = " " * (len(lines[i]) - len(lines[i].lstrip()))
    lines[i:i] = [indent + line for line in random.choice(STATEMENTS).split("\n")]
    return "\n".join(lines) + "\n"


def _change_pickle(content: bytes, random: Random) -> bytes:
    """Damage, or another name for a class that the pickle mentions."""
    if random.random() < 0.3:
        return re.sub(rb"c(__torch__[\w.]*|torch\.\w+|collections|builtins)\n(\w+)\n", lambda _: b"cos\nmkdir\n", content, count=1)
    if random.random() < 0.3:
        return random.choice(archives.pickles())
    return mutations.damaged(content, random)


def _alike(token: str, random: Random) -> str:
    """Another token of the same kind."""
    if token[0] == '"':
        return json.dumps(mutations.text(random, token[1:-1]))
    if token.lstrip("-").isdigit():
        return str(mutations.integer(random, int(token)))
    if token.startswith("torch."):
        return random.choice(OPERATORS)
    return random.choice(SPELLINGS)
