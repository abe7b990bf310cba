"""``.pt2``: changes of the archive and of the program in it, in today's layout and the older one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch._export.serde.schema import SCHEMA_VERSION
from torch._export.serde.serialize import serialize

from converters.torch.model import TorchModel
from tests.fuzz import archives, mutations, trees
from tests.fuzz.case import Base
from webnn_graph import validate

EVALUATED = {"expr_str", "target", "name", "guards_code", "path_name", "as_string", "in_spec", "out_spec", "fqn", "as_operator", "dtype"}
"""Members whose text PyTorch parses, resolves or evaluates."""
EXPRESSIONS = (
    *("s77 + 1", "2*Symbol('s77', positive=True, integer=True)", "Max(1, s77)", "Mod(s77, 0)", "FloorDiv(s77, 0)", "s77**s77", "2**64"),
    "-s77",
    *("9**9**9", "(((((((((s77)))))))))", "(" * 3000, "1.5", "oo", "nan", "I", "True", "s77 < 2", "Symbol('x', commutative=False)"),
    "Eq(s77, 3)",
    *("CeilToInt(s77/2)", "Symbol('')", "Symbol(s77)", "zoo", "1/0", "10**4000", "+".join(["s77"] * 3000), "Max(" + "1," * 3000 + "1)"),
    "s77.evalf()",
)
TARGETS = (
    *("torch.ops.aten.relu.default", "torch.ops.aten.add.Tensor", "torch.ops.aten.cat.default", "torch.ops.aten.from_file.default"),
    *("torch.ops.aten.relu", "torch.ops.aten.nothing.default", "torch.ops.higher_order.cond", "torch.ops.higher_order.while_loop"),
    "_operator.mul",
    *("_operator.attrgetter", "torch.ops.load_library", "torch.ops.aten.__class__", "torch.hub.load", "math.factorial", "torch.sym_sqrt"),
    "#os:system",
    *("torch.ops.aten.sym_size.int", "torch.ops.aten.empty.memory_format", "torch.ops.aten.save.default", "os.mkdir", "builtins.exec", ""),
)


class Net(torch.nn.Module):
    """A parameter, a constant, a buffer, and results in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4, 4))
        self.register_buffer("offset", torch.ones(4, dtype=torch.float16))
        self.constant = torch.arange(4)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"y": torch.relu(x @ self.weight) + self.offset, "z": self.constant[1:].sum()}


class Sizes(torch.nn.Module):
    """Sizes that are computed from sizes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x.reshape(2, -1), torch.ones(2, x.shape[0] * 2 - 1)], 1)[:, : x.shape[0] // 2 + 1]


class Rows(torch.nn.Module):
    """Any number of rows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, x]) * x.shape[0]


class Branches(torch.nn.Module):
    """Graphs as arguments."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda y: y.sin(), lambda y: y.cos(), (x,))  # type: ignore[no-any-return]


@cache
def bases() -> list[Base]:
    """Programs of each kind, in both layouts."""
    x, n = torch.ones(6, 4), torch.export.Dim("n", min=2, max=64)
    programs = [
        (torch.export.export(Net(), (x,)), {}),
        (torch.export.export(Rows(), (x,), dynamic_shapes=({0: n},)), {}),
        (torch.export.export(Sizes(), (x,), dynamic_shapes=({0: 2 * n},)), {"dims": {"n": 3}}),
        (torch.export.export(Branches(), (x,)), {}),
    ]
    layouts = _saved, _saved_before
    return [Base(save(program), "model.pt2", options=options) for program, options in programs for save in layouts]


def _saved(program: torch.export.ExportedProgram) -> bytes:
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()


def _saved_before(program: torch.export.ExportedProgram) -> bytes:
    """As PyTorch up to 2.7 did."""
    made = serialize(program)
    version = ".".join(map(str, SCHEMA_VERSION))
    return archives.archived(
        [
            ("version", version.encode()),
            ("serialized_exported_program.json", made.exported_program),
            ("serialized_state_dict.pt", made.state_dict),
            ("serialized_constants.pt", made.constants),
            ("serialized_example_inputs.pt", made.example_inputs),
        ]
    )


def feed(path: Path, output: Path, dims: Mapping[str, int] | None = None) -> None:
    """Converts the program."""
    validate(TorchModel(path, dims=dims).convert())


def mutate(content: bytes, random: Random) -> bytes:
    """A program with one change."""
    return archives.mutate(content, random, _change_member)


def _change_member(name: str, content: bytes, random: Random) -> bytes:
    try:
        tree = trees.parsed(content)
    except ValueError:
        return random.choice(archives.pickles()) if random.random() < 0.5 else mutations.damaged(content, random)
    if random.random() < 0.5:
        _change_what_is_evaluated(tree, random)
    else:
        tree = trees.changed(tree, random)
    return trees.written(tree)


def _change_what_is_evaluated(tree: Any, random: Random) -> None:
    """Another text where PyTorch does something with it."""
    found = list(trees.places(tree))
    by_name: dict[str, list[trees.Place]] = {}
    for place in found:
        by_name.setdefault(trees.name_of(place), []).append(place)
    names = sorted(by_name.keys() & {*EVALUATED, "use_pickle"})
    if not names:
        return
    name = random.choice(names)
    place = random.choice(by_name[name])
    old = trees.value_at(place)
    choices = {"expr_str": EXPRESSIONS, "target": TARGETS}.get(name, mutations.TEXTS)
    if name == "use_pickle":
        trees.put(place, True)
    elif name == "guards_code":
        trees.put(place, [random.choice(mutations.DANGEROUS)])
    elif name in ("in_spec", "out_spec") and isinstance(old, str) and random.random() < 0.7:
        trees.put(place, trees.mutate(old.encode(), random).decode(errors="replace"))
    elif name == "name" and isinstance(old, str):
        _rename(tree, old, random.choice((*mutations.DANGEROUS, *choices, "self", "class", "lambda", "torch", "x y")))
    else:
        trees.put(place, random.choice((*mutations.DANGEROUS, *choices)))


def _rename(tree: Any, old: str, new: str) -> None:
    """Another name for a value, everywhere."""
    for place in list(trees.places(tree)):
        if trees.value_at(place) == old:
            trees.put(place, new)
        holder, i = place
        if isinstance(holder, trees.Members) and holder[i][0] == old:
            holder[i] = (new, holder[i][1])
