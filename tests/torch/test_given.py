"""What `convert` takes, and what it says of everything else."""

from __future__ import annotations

import re
from collections import OrderedDict, UserDict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import fx, nn

from converters.torch import convert
from converters.torch.given import fitted, inputs_of
from tests.torch.comparing import compare
from webnn_graph.errors import WebNNError


class Scaled(nn.Module):
    """Two layers and a factor, which is a number by default."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x: torch.Tensor, scale: float | torch.Tensor = 2.0) -> torch.Tensor:
        return self.norm(self.linear(x)) * scale


class Nested(nn.Module):
    def forward(self, x: torch.Tensor, more: dict[str, torch.Tensor]) -> torch.Tensor:
        return x + more["y"]


class Brings(nn.Module):
    """A module with its own example, as Lightning's."""

    example_input_array = torch.zeros(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def scaled() -> Scaled:
    """The module, the same each time."""
    torch.manual_seed(0)
    return Scaled().eval()


X = torch.linspace(-1, 1, 12).reshape(3, 4)
EXPECTED = scaled()(X).detach()
DYNAMIC = ({0: torch.export.Dim("n")},)


def test_training_is_not_ended_for_the_user() -> None:
    module = scaled().train()
    with pytest.raises(WebNNError, match=r"in training mode, in which norm \(BatchNorm1d\).*\nhint: call module.eval\(\) first"):
        convert(module, X)
    assert module.training


INPUTS: dict[str, tuple[Any, Any]] = {
    "a tuple": ((X,), None),
    "a list": ([X], None),
    "a tensor": (X, None),
    "an array": (X.numpy(), None),
    "an array that goes backwards": (X.numpy()[::-1], None),
    "an array that cannot be written to": (np.broadcast_to(np.float32(1), (3, 4)), None),
    "a tuple of arrays": ((X.numpy(),), None),
    "a dictionary": ({"x": X}, None),
    "a mapping": (UserDict(x=X.numpy()), None),
    "keywords": ((), {"x": X}),
    "no position": (None, {"x": X}),
    "a tensor that wants a gradient": (X.clone().requires_grad_(), None),
    "a tensor on another device": (X.to("meta"), None),
    "a number of NumPy": ((X, np.float64(2)), None),
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_in_any_form(name: str) -> None:
    module = scaled()
    args, kwargs = fitted(module, *inputs_of(*INPUTS[name]))
    assert module(*args, **kwargs).shape == EXPECTED.shape
    assert all(type(leaf) in (torch.Tensor, float) for leaf in (*args, *kwargs.values()))


def test_arrays_inside_of_inputs() -> None:
    graph = convert(Nested().eval(), (X, {"y": X.numpy()}))
    assert [operand.name for operand in graph.inputs] == ["x", "more_y"]


MODELS: dict[str, tuple[Callable[[Path], Any], Any, str]] = {
    "module": (lambda _: scaled(), X, "Scaled"),
    "compiled": (lambda _: torch.compile(scaled()), X, "Scaled"),
    "parallel": (lambda _: nn.DataParallel(scaled()), X, "Scaled"),
    "both": (lambda _: torch.compile(nn.DataParallel(scaled())), X, "Scaled"),
    "traced by fx": (lambda _: fx.symbolic_trace(scaled()), X, "Scaled"),
    "traced": (lambda _: torch.jit.trace(scaled(), X), X, "Scaled"),
    "program": (lambda _: torch.export.export(scaled(), (X,)), (), "model"),
    "program, inputs": (lambda _: torch.export.export(scaled(), (X,)), X, "model"),
    "program, keyword": (lambda _: torch.export.export(scaled(), (X,)), {"x": X}, "model"),
    "program of keywords": (lambda _: torch.export.export(scaled(), (), {"x": X}), {"x": X}, "model"),
    "dynamic program, keyword": (lambda _: torch.export.export(scaled(), (X[:2],), dynamic_shapes=DYNAMIC), {"x": X}, "model"),
    "file of a program": (lambda folder: saved_program(folder), (), "file"),
    "file of a program, inputs": (lambda folder: str(saved_program(folder)), X, "file"),
    "file of a script": (lambda folder: saved_script(folder), X, "file"),
}


def saved_program(folder: Path) -> Path:
    torch.export.save(torch.export.export(scaled(), (X,)), folder / "file.pt2")
    return folder / "file.pt2"


def saved_script(folder: Path) -> Path:
    torch.jit.trace(scaled(), X).save(str(folder / "file.pt"))
    return folder / "file.pt"


@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_any_form(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()  # the worker's number is one
    # tests/torch/test_script.py has the worker in its process, which takes seconds.
    monkeypatch.setattr("converters.torch.script.isolated", lambda worker, request, _, **more: worker(request, **more))
    make, inputs, called = MODELS[name]
    graph = convert(make(tmp_path), inputs)
    torch.set_num_threads(threads)
    assert graph.name == called
    compare(graph, [X], [EXPECTED])
    assert not any(node.label.startswith(("_orig_mod", "module")) for node in graph.nodes)


def test_a_state_dict_with_what_makes_its_module(tmp_path: Path) -> None:
    torch.save(scaled().state_dict(), tmp_path / "state.pt")
    compare(convert(tmp_path / "state.pt", X, factory=f"{__name__}:Scaled"), [X], [EXPECTED])


def test_sizes_of_a_dynamic_program_and_a_part_of_a_module() -> None:
    program = torch.export.export(scaled(), (X[:2],), dynamic_shapes=DYNAMIC)
    assert convert(program, dims={"n": 3}).inputs[0].shape == (3, 4)
    assert convert(scaled(), X, submodule="linear").name == "Linear"


def test_a_module_that_brings_its_inputs_needs_none() -> None:
    assert convert(Brings().eval()).inputs[0].shape == (3, 4)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "class": (lambda: convert(Scaled, X), "Scaled is a class, not a module\nhint: make an object of it: convert(Scaled(...).eval(), ...)"),
    "state dict": (lambda: convert(scaled().state_dict(), X), "this is a state dict of 7 tensors; *module.load_state_dict(state)"),
    "checkpoint": (lambda: convert({"model": OrderedDict(w=X), "epoch": 3}, X), "this is a state dict of 1 tensors; *load_state_dict"),
    "function": (
        lambda: convert(torch.relu, X),
        "of type *\nhint: a function is converted as the forward of a torch.nn.Module",
    ),
    "tensor": (lambda: convert(X), "what is given is of type torch.Tensor, not a PyTorch model\nhint: convert takes a torch.nn.Module"),
    "nothing": (lambda: convert(None), "what is given is of type NoneType, not a PyTorch model"),
    "bytes": (lambda: convert(b"PK"), "what is given is of type bytes, not a PyTorch model"),
    "pipeline": (
        lambda: convert(SimpleNamespace(model=scaled())),
        "of type types.SimpleNamespace*it has a module*: its attribute model",
    ),
    "ONNX": (lambda: convert(onnx.ModelProto()), "of type onnx.onnx_ml_pb2.ModelProto*hint: converters.onnx.convert converts ONNX models"),
    "no values": (lambda: convert(scaled().to("meta"), X), "the weights have no values, they are on the device meta: linear.weight, "),
    "no file": (lambda: convert("absent.pt2"), "there is no file or folder 'absent.pt2'\nhint: the current folder is "),
    "hub": (lambda: convert("org/name", X), "there is no file or folder 'org/name'*with huggingface_hub.snapshot_download; convert takes"),
    "no inputs": (lambda: convert(scaled()), 'the example inputs of Scaled are not known\nhint: give them: kwargs={"x": torch.zeros('),
    "too many": (lambda: convert(scaled(), (X, 1.0, X)), "are not the arguments of Scaled.forward: too many*its parameters are x, scale"),
    "unknown": (
        lambda: convert(scaled(), X, {"scal": 1.0}),
        "keyword argument 'scal'\nhint: did you mean scale? its parameters",
    ),
    "twice": (lambda: convert(scaled(), X, {"x": X}), "Scaled.forward: multiple values for argument 'x'"),
    "text": (lambda: convert(scaled(), np.array(["a"])), "an example input is an array of <U1: "),
    "other shape": (
        lambda: convert(torch.export.export(scaled(), (X,)), X[:1]),
        "exported as float32[3, 4], and is given as float32[1, 4]",
    ),
    "other name": (lambda: convert(torch.export.export(scaled(), (X,)), {"z": X}), "the program has no input 'z'\nhint: its inputs are x"),
    "sizes twice": (lambda: convert(scaled(), X, dims={"n": 3}), "here the example inputs say them\nhint: leave dims out"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_in_python(name: str) -> None:
    call, said = WRONG[name]
    with pytest.raises(WebNNError) as refused:
        call()
    pattern = ".*".join(re.escape(part) for part in said.split("*"))
    assert re.search(pattern, str(refused.value), re.DOTALL), str(refused.value)
    assert "--" not in str(refused.value)


FILES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "state dict": (lambda path: torch.save(scaled().state_dict(), path), 'hint: name a callable that returns the module: factory="'),
    "pickle": (lambda path: torch.save(scaled(), path), "hint: save a state dict *, or give trust_pickle=True if you trust the file"),
    "ONNX": (lambda path: path.write_bytes(b"\x08\x0a"), "an ONNX model, not a PyTorch model\nhint: converters.onnx.convert"),
    "text": (lambda path: path.write_bytes(b"hello"), "no PyTorch model\nhint: torch.export.save writes"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_need_something(name: str, tmp_path: Path) -> None:
    write, said = FILES[name]
    write(tmp_path / "file.pt")
    with pytest.raises(WebNNError) as refused:
        convert(tmp_path / "file.pt", X)
    assert re.search(".*".join(map(re.escape, said.split("*"))), str(refused.value)), str(refused.value)
