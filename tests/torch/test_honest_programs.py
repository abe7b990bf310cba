"""Exported programs as torch.export.save writes them: each is read as PyTorch reads it, and computes the same."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from converters.lowering import branches
from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from converters.torch.reading.program import load_program
from tests.torch.comparing import compare
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import ConversionError

AUTO = Dim.AUTO


class Of(nn.Module):
    """A module of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


class Pair(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y[1:]


class Changing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(1))
        self.register_buffer("once", torch.ones(3), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps.add_(1)
        return x * self.steps + self.once


class OddNames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"a-b": nn.Linear(3, 3), "c d": nn.Linear(3, 3)})
        self.list = nn.ParameterList([torch.ones(3)])

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.layers["c d"](self.layers["a-b"](input)) + self.list[0]


class Options(nn.Module):
    def forward(self, x: torch.Tensor, flag: bool = True, mode: str = "a", times: int = 3) -> torch.Tensor:
        return x * times if flag else x


class Nested(nn.Module):
    def forward(self, given: dict[str, Any], *, scale: torch.Tensor) -> dict[str, Any]:
        return {"sum": given["u"] + given["v"][0], "list": [scale, (scale + 1,)], "ordered": collections.OrderedDict(z=given["u"] * 2)}


class Select(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda x: x.sin(), lambda x: x.cos(), (x,))


class Sums(nn.Module):
    def forward(self, start: torch.Tensor, x: torch.Tensor) -> Any:
        from torch._higher_order_ops import scan

        return scan(lambda carry, item: (carry + item, carry * item), start, x)


class Each(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Any:
        from torch._higher_order_ops import map as each

        return each(lambda item, y: item.sin() + y, x, y)


class Repeat(nn.Module):
    def forward(self, i: torch.Tensor, x: torch.Tensor) -> Any:
        return torch.while_loop(lambda i, x: i.sum() < 4, lambda i, x: (i + 1, x * 2), (i, x))


class Frozen(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            y = x + 1
        return y * x


@dataclasses.dataclass
class Result:
    logits: torch.Tensor
    hidden: torch.Tensor


Named = collections.namedtuple("Named", "first second")
torch.export.register_dataclass(Result, serialized_type_name="tests.Result")
torch.utils._pytree._register_namedtuple(Named, serialized_type_name="tests.Named")


def tied() -> nn.Sequential:
    layers = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    layers[2].weight = layers[0].weight
    return layers


x = torch.linspace(-1, 1, 20)
HONEST: dict[str, tuple[nn.Module, tuple[Any, ...], Any]] = {
    "static": (nn.Sequential(nn.Linear(4, 8), nn.GELU()), (x.reshape(5, 4),), None),
    "padded": (Of(lambda x: nn.functional.pad(x, (1, 2))), (x.reshape(1, 20),), ({1: AUTO},)),
    "halves": (Of(lambda x: x.reshape(x.shape[0] // 2, 2, -1)), (x.reshape(4, 5),), ({0: AUTO},)),
    "convolution": (nn.Conv2d(1, 2, 3, stride=2, padding=1), (x.reshape(1, 1, 4, 5),), ({2: AUTO, 3: AUTO},)),
    "scaled": (Of(lambda x: nn.functional.interpolate(x, scale_factor=1.5)), (x.reshape(1, 1, 4, 5),), ({2: AUTO, 3: AUTO},)),
    "multiples": (Of(lambda x: nn.functional.pad(x, (0, -x.shape[1] % 4)).reshape(-1, 4)), (x.reshape(2, 10),), ({1: AUTO},)),
    "fraction": (Of(lambda x: x / x.shape[1] ** 0.5), (x.reshape(2, 10),), ({1: AUTO},)),
    "truncated": (Of(lambda x: x[:, : int(x.shape[1] * 0.5)]), (x.reshape(2, 10),), ({1: AUTO},)),
    "derived": (Pair(), (x[:5], x[:6]), ({0: (d := Dim("d", min=3, max=9))}, {0: d + 1})),
    "attention": (
        Of(lambda x: nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)),
        (x.reshape(1, 1, 5, 4),),
        ({2: AUTO},),
    ),
    "branches": (Select(), (x[:3],), None),
    "branch of a size": (Of(lambda x: torch.cond(x.shape[0] > 4, torch.sin, torch.cos, (x,))), (x.reshape(5, 4),), ({0: AUTO},)),
    "scan": (Sums(), (x[:4], x.reshape(5, 4)), None),
    "map": (Each(), (x.reshape(5, 4), x[:4].clone()), None),
    "loop": (Repeat(), (torch.zeros(1), x[:3]), None),
    "without gradient": (Frozen(), (x[:3],), None),
    "buffers": (Changing(), (x[:3],), None),
    "names": (OddNames(), (x[:6].reshape(2, 3),), None),
    "options": (Options(), (x[:3], True, "a", 3), None),
    "tied": (tied(), (x.reshape(5, 4),), None),
    "infinite": (Of(lambda x: torch.where(x > 0, x, float("-inf")).amax(0)), (x.reshape(4, 5),), None),
    "complex": (Of(lambda x: torch.view_as_real(torch.view_as_complex(x) * (1 + 2j))), (x.reshape(10, 2),), None),
    "half": (nn.Linear(4, 2).bfloat16(), (x.reshape(5, 4).bfloat16(),), None),
    "recurrent": (nn.GRU(4, 3, batch_first=True), (x.reshape(1, 5, 4),), None),
}


def saved(name: str, path: Path) -> torch.export.ExportedProgram:
    torch.manual_seed(0)
    module, args, dynamic = HONEST[name]
    program = torch.export.export(module.eval(), args, dynamic_shapes=dynamic)
    torch.export.save(program, path)
    return program


@pytest.mark.parametrize("name", HONEST)
def test_a_program_is_read_as_pytorch_reads_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    saved(name, path)
    found, right = load_program(path), torch.export.load(path)
    assert str(found.graph) == str(right.graph)
    assert str(found.graph_signature) == str(right.graph_signature)
    assert str(found.range_constraints) == str(right.range_constraints)
    for node, other in zip(found.graph.nodes, right.graph.nodes, strict=True):
        assert str(node.meta.get("val")) == str(other.meta.get("val"))
    assert found.state_dict.keys() == right.state_dict.keys()
    assert found.constants.keys() == right.constants.keys()
    for tensors, others in ((found.state_dict, right.state_dict), (found.constants, right.constants)):
        for key, tensor in tensors.items():
            assert type(tensor) is type(others[key])
            assert torch.equal(tensor, others[key])


@pytest.mark.parametrize("name", [name for name in HONEST if name not in ("loop", "half", "buffers")])
def test_it_converts_to_the_same_numbers(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    program = saved(name, path)
    module, args, dynamic = HONEST[name]
    with torch.no_grad():
        results = module(*args)
    expected = list(results) if isinstance(results, tuple) else [results]
    sizes = {n: arg.numpy() for n, arg in zip(program.graph_signature.user_inputs, args, strict=True)} if dynamic else {}
    compare(TorchModel(path, values=sizes).convert(), [arg for arg in args if isinstance(arg, torch.Tensor)], expected)


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda x: Result(x + 1, x + 2), ["logits", "hidden"]),
        (lambda x: Named(x + 1, x + 2), ["first", "second"]),
        (lambda x: {"a": x + 1, "b": [x + 2, (x + 3,)]}, ["a", "b_0", "b_1_0"]),
        (lambda x: (x + 1, [x + 2]), ["output_0", "output_1_0"]),
    ],
)
def test_results_keep_their_names(function: Callable[..., Any], names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(Of(function), (x[:3],)), path)
    assert [operand.name for operand in TorchModel(path).convert().outputs] == names


def test_nested_arguments_keep_their_order(tmp_path: Path) -> None:
    path, given = tmp_path / "model.pt2", {"u": x[:3], "v": [x[3:6]]}
    torch.export.save(torch.export.export(Nested(), (given,), {"scale": x[6:7]}), path)
    graph = TorchModel(path).convert()
    assert [operand.name for operand in graph.outputs] == ["sum", "list_0", "list_1_0", "ordered_z"]
    expected = Nested()(given, scale=x[6:7])
    compare(graph, [given["u"], given["v"][0], x[6:7]], torch.utils._pytree.tree_leaves(expected))


def test_a_loop_of_unknown_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    saved("loop", path)
    with pytest.raises(ConversionError, match=r"while_loop x1 .* how often it runs depends on the data"):
        TorchModel(path).convert()


def test_branches_that_differ_in_shape_are_refused() -> None:
    b = GraphBuilder()
    flag, one, two = b.input("flag", "uint8", []), b.input("one", "float32", [1]), b.input("two", "float32", [2])
    with pytest.raises(ConversionError, match=r"the branches give float32\[1\] or float32\[2\]"):
        branches.selected(b, flag, one, two, "the branches give", "")


def test_custom_objects_are_refused(tmp_path: Path) -> None:
    from tests.torch.archives import CONSTANTS, change, write

    def edit(document: Any) -> None:
        document["config"]["c"] |= {"path_name": "custom_obj_0", "use_pickle": True}

    path = change(write(tmp_path / "model.pt2"), {CONSTANTS: edit}, members={"data/constants/custom_obj_0": b"PK"})
    with pytest.raises(ConversionError, match="custom objects bring code"):
        TorchModel(path).convert()


# ------------------------------------------------------------------------------------------------------------- dynamic sizes
@pytest.mark.parametrize(
    ("name", "dims", "shapes"),
    [
        ("padded", {"n": 7}, [(1, 7)]),  # whatever the only dimension is called
        ("padded", {"x.1": 7}, [(1, 7)]),
        ("convolution", {"input.2": 9, "input.3": 11}, [(1, 1, 9, 11)]),
        ("derived", {"x.0": 4}, [(4,), (5,)]),
        ("derived", {"y.0": 5}, [(4,), (5,)]),
        ("derived", {"x.0": 4, "y.0": 5}, [(4,), (5,)]),
    ],
)
def test_a_dynamic_size_can_be_given(name: str, dims: dict[str, int], shapes: list[tuple[int, ...]], tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    saved(name, path)
    graph = TorchModel(path, dims=dims).convert()
    assert [operand.shape for operand in graph.inputs] == shapes
    assert [note for note in graph.notes if "only dynamic dimension" in note] == (
        ["n stands for s27 (dimension 1 of x; 2 or more), the program's only dynamic dimension"] if "n" in dims else []
    )


def test_a_dynamic_size_by_its_symbol(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    program = saved("convolution", path)
    first, second = (str(size) for size in program.graph_module.graph.find_nodes(op="placeholder")[2].meta["val"].shape[2:])
    graph = TorchModel(path, dims={first: 9, second: 11}).convert()
    assert graph.inputs[0].shape == (1, 1, 9, 11)


@pytest.mark.parametrize(
    ("name", "dims", "message", "hint"),
    [
        ("padded", {}, r"WebNN needs every dimension; unknown are s27 \(dimension 1 of x; 2 or more\)", "--dim s27=20"),
        ("convolution", {"input.2": 9}, r"unknown are \w+ \(dimension 3 of input; ", r"--dim \w+=\d"),
        ("convolution", {"rows": 3}, r"has no dynamic dimension rows; it has \w+ \(dimension 2 of input; .*dimension 3 of input", ""),
        ("padded", {"x.0": 1}, "has no dynamic dimension x.0; it has s27", "x.1"),
        ("padded", {"n": 0}, r"other sizes than 0: s27 \(dimension 1 of x; 2 or more\)", ""),
        ("derived", {"x.0": 10}, r"other sizes than 10: \w+ \(dimension 0 of x, dimension 0 of y; 3 to 9\)", ""),
        ("derived", {"x.0": 4, "y.0": 6}, r"y.0 cannot be 6: \w+ is 4, which makes it 5", ""),
        ("padded", {"n": 7, "x.1": 8}, "x.1 cannot be 8: s27 is 7, which makes it 7", ""),
        ("padded", {"n": 7, "m": 8}, "is given two sizes, 7 and 8", ""),
    ],
)
def test_a_wrong_or_missing_size_is_one_error(name: str, dims: dict[str, int], message: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    saved(name, path)
    with pytest.raises(ConversionError, match=message) as refused:
        TorchModel(path, dims=dims).convert()
    assert re.search(hint, refused.value.hint)


def test_inputs_give_dynamic_sizes_too(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    saved("padded", path)
    graph = TorchModel(path, inputs=[InputSpec.parse("x:float32[1,6]")]).convert()
    assert graph.outputs[0].shape == (1, 9)
    with pytest.raises(ConversionError, match="x.1 cannot be 6: s27 is 7"):
        TorchModel(path, inputs=[InputSpec.parse("x:float32[1,6]")], dims={"s27": 7}).convert()
