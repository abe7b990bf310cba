"""Checkpoints as people save them: each converts to what eager PyTorch computes with the same weights; TorchScript is in test_files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from converters.torch.factory import make_module
from converters.torch.inputs import InputSpec
from converters.torch.model import TorchModel
from tests.torch.comparing import compare
from webnn_graph.errors import ConversionError, FormatError, WebNNError

CODE = """
import torch
import widths


class Net(torch.nn.Module):
    def __init__(self, width=widths.HIDDEN):
        super().__init__()
        self.first, self.norm, self.last = torch.nn.Linear(3, width), torch.nn.BatchNorm1d(width), torch.nn.Linear(width, 2)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x))))


class Sized(Net):
    def __init__(self, width):
        super().__init__(width)


def make():
    return Net()


def wrapped():
    return torch.nn.DataParallel(Net())


net = Net()
hidden = 4
"""
X = torch.linspace(-1, 1, 6).reshape(2, 3)
INPUT = InputSpec.parse("x:float32[2,3]")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, in which a module's code is."""
    (tmp_path / "of_a_user.py").write_text(CODE)
    (tmp_path / "widths.py").write_text("HIDDEN = 4\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("of_a_user", "of_a_user_given", "widths"):
        sys.modules.pop(name, None)


def net(seed: int = 0) -> torch.nn.Module:
    """The user's module with weights of this seed."""
    module = make_module("of_a_user:Net")
    torch.manual_seed(seed)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return module.eval()


def state(seed: int = 0, prefix: str = "") -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in net(seed).state_dict().items()}


def training_state(**states: Any) -> dict[str, Any]:
    """What a loop saves besides weights."""
    module = make_module("of_a_user:Net")
    optimizer = torch.optim.Adam(module.parameters())
    module(X).sum().backward()
    optimizer.step()
    return {"epoch": 3, "optimizer_state_dict": optimizer.state_dict(), "loss": 0.5, "rng": torch.get_rng_state(), **states}


def averaged() -> dict[str, torch.Tensor]:
    return torch.optim.swa_utils.AveragedModel(net()).state_dict()


def save_shards(path: Path) -> None:
    parts = {"a-1.safetensors": list(state().items())[:3], "a-2.safetensors": list(state().items())[3:]}
    for name, items in parts.items():
        save_file(dict(items), path.parent / name)
    path.write_text(json.dumps({"weight_map": {key: name for name, items in parts.items() for key, _ in items}}))


FIRST = ("first.weight", "first.bias", "norm.weight", "norm.bias")
FILE, TRUSTED = {"factory": "of_a_user.py:Net"}, {"trust_pickle": True}
SAVED: dict[str, tuple[Callable[[], Any], dict[str, Any], list[str]]] = {
    "state dict": (state, FILE, []),
    "DDP": (lambda: torch.nn.DataParallel(net()).state_dict(), FILE, ["the prefix 'module.' of the weights' names is left out"]),
    "compiled": (lambda: torch.compile(net()).state_dict(), FILE, ["the prefix '_orig_mod.' of the weights' names is left out"]),
    "DDP of compiled": (
        lambda: torch.nn.DataParallel(torch.compile(net())).state_dict(),
        FILE,
        ["the prefix 'module._orig_mod.' of the weights' names is left out"],
    ),
    "compiled part": (
        lambda: {name.replace("last.", "last._orig_mod."): tensor for name, tensor in state().items()},
        FILE,
        ["the prefix '_orig_mod.' of the weights' names is left out"],
    ),
    "Lightning": (
        lambda: training_state(state_dict={**state(prefix="model."), "loss.weight": torch.ones(2)}, hyper_parameters={"width": 4}),
        FILE,
        [
            "the weights are those under 'state_dict' in the checkpoint",
            "the prefix 'model.' of the weights' names is left out",
            "1 tensors without that prefix are not used: loss.weight",
        ],
    ),
    "training": (
        lambda: training_state(model_state_dict=state()),
        FILE,
        ["the weights are those under 'model_state_dict' in the checkpoint"],
    ),
    "average": (
        lambda: training_state(model=state(1), ema=state()),
        {**FILE, "state_dict": "ema"},
        ["the weights are those under 'ema' in the checkpoint"],
    ),
    "average by prefix": (
        lambda: training_state(state_dict={**state(1, "model."), **state(0, "ema.")}),
        {**FILE, "state_dict": "state_dict.ema"},
        [
            "the weights are those under 'state_dict' in the checkpoint",
            "the prefix 'ema.' of the weights' names is left out",
            f"9 tensors without that prefix are not used: {', '.join(f'model.{name}' for name in FIRST)} and 5 more",
        ],
    ),
    "averaged model": (
        averaged,
        FILE,
        ["the prefix 'module.' of the weights' names is left out", "1 tensors without that prefix are not used: n_averaged"],
    ),
    "several networks": (
        lambda: {"generator": state(), "discriminator": {"fc.weight": torch.ones(2, 2)}},
        FILE,
        ["the weights are those under 'generator' in the checkpoint"],
    ),
    "pickled module": (net, TRUSTED, []),
    "pickled DDP": (lambda: torch.nn.DataParallel(net()), TRUSTED, []),
    "pickled in a checkpoint": (
        lambda: training_state(model=net(), ema=None),
        TRUSTED,
        ["the module is that under 'model' in the checkpoint"],
    ),
}


@pytest.mark.parametrize("name", SAVED)
def test_a_checkpoint_converts(name: str, folder: Path) -> None:
    make, options, notes = SAVED[name]
    torch.save(make(), "model.pt")
    sys.modules.pop("of_a_user")
    graph = TorchModel(folder / "model.pt", inputs=[INPUT], **options).convert()
    compare(graph, [X], [net()(X)])
    assert list(graph.notes) == notes


@pytest.mark.parametrize("prefix", ["", "model."])
def test_safetensors_convert(prefix: str, folder: Path) -> None:
    save_file(state(prefix=prefix), "model.safetensors")
    compare(TorchModel(folder / "model.safetensors", inputs=[INPUT], **FILE).convert(), [X], [net()(X)])


def test_shards_with_an_index_convert(folder: Path) -> None:
    path = folder / "a.safetensors.index.json"
    save_shards(path)
    compare(TorchModel(path, inputs=[INPUT], **FILE).convert(), [X], [net()(X)])
    for text in (
        path.read_text().replace("a-2", "../a-2"),
        path.read_text().replace("a-2", "a-3"),
        '{"weight_map": []}',
        '{"weight_map": {',
    ):
        path.write_text(text)
        with pytest.raises(FormatError, match=r"a\.safetensors\.index\.json (refers to '(\.\./a-2|a-3)|is no index)"):
            TorchModel(path, inputs=[INPUT], **FILE).convert()


def test_a_module_of_a_script(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = net()
    monkeypatch.setattr(type(module), "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Net", type(module), raising=False)
    torch.save(module, "model.pt")
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    with pytest.raises(FormatError) as lost:
        TorchModel(folder / "model.pt", inputs=[INPUT], trust_pickle=True).convert()
    assert "--model script.py:Net" in lost.value.hint
    compare(TorchModel(folder / "model.pt", inputs=[INPUT], trust_pickle=True, **FILE).convert(), [X], [net()(X)])
    assert not hasattr(sys.modules["__main__"], "Net")


@pytest.mark.parametrize("factory", ["of_a_user.py:Net", "of_a_user.py:make", "of_a_user.py:net", "of_a_user.py:wrapped", "of_a_user:net"])
def test_what_makes_the_module(factory: str, folder: Path) -> None:
    torch.save(state(), "model.pt")
    compare(TorchModel(folder / "model.pt", inputs=[INPUT], factory=factory).convert(), [X], [net()(X)])


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "class that takes something": ({"factory": "of_a_user.py:Sized"}, r"Sized\(width\) failed: TypeError", "returns Sized"),
    "no file": ({"factory": "absent.py:Net"}, "there is no absent.py: no such file", "check --model"),
    "no name": ({"factory": "of_a_user.py"}, "does not say what makes the module", "--model of_a_user.py:Net"),
    "another name": ({"factory": "of_a_user.py:Ned"}, "has no attribute 'Ned'", "did you mean Net"),
    "no callable": ({"factory": "of_a_user.py:hidden"}, "of_a_user.py:hidden is a int, neither a module nor a callable", "check --model"),
    "arguments of a module": ({"factory": "of_a_user.py:net", "factory_args": "[1]"}, "is a Net already", "--model-args"),
    "two fit": (FILE, "holds 2 state dicts that fit: model, ema", "--state-dict model"),
    "none of them": ({**FILE, "state_dict": "best"}, "holds no state dict 'best'", "there are model, ema"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_error(name: str, folder: Path) -> None:
    options, message, hint = WRONG[name]
    torch.save(training_state(model=state(1), ema=state()), "model.pt")
    with pytest.raises(ConversionError, match=message) as refused:
        TorchModel(folder / "model.pt", inputs=[INPUT], **options).convert()
    assert hint in refused.value.hint


def test_several_modules_are_listed(folder: Path) -> None:
    torch.save({"model": net(1), "ema": net()}, "model.pt")
    with pytest.raises(WebNNError, match="several modules: model, ema"):
        TorchModel(folder / "model.pt", inputs=[INPUT], **TRUSTED).convert()
    compare(TorchModel(folder / "model.pt", inputs=[INPUT], state_dict="ema", **TRUSTED).convert(), [X], [net()(X)])


def test_what_is_missing_is_said_without_the_prefix(folder: Path) -> None:
    given = {name: tensor for name, tensor in state(prefix="module.").items() if "last" not in name}
    torch.save({"model": given}, "model.pt")
    with pytest.raises(ConversionError, match=r"the state dict 'model.module' in .*\n  missing: last.weight, last.bias\n"):
        TorchModel(folder / "model.pt", inputs=[INPUT], **FILE).convert()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("save", "options"),
    [
        (lambda module: torch.save(module.state_dict(), "model.pt"), FILE),
        (lambda module: torch.save(module, "model.pt"), TRUSTED),
        (lambda module: torch.jit.save(torch.jit.trace(module, X), "model.pt"), {}),
        (lambda module: torch.jit.save(torch.jit.freeze(torch.jit.trace(module, X)), "model.pt"), {"trust_script": True}),
    ],
    ids=["state dict", "module", "script", "frozen script"],
)
def test_a_module_that_was_quantized_dynamically_is_refused_in_words(
    save: Callable[[Any], None], options: dict[str, Any], folder: Path
) -> None:
    save(torch.ao.quantization.quantize_dynamic(net(), {torch.nn.Linear}))
    with pytest.raises(ConversionError, match="is quantized for PyTorch's own kernels"):
        TorchModel(folder / "model.pt", inputs=[INPUT], **options).convert()
