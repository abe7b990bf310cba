"""``webnn verify GRAPH --against`` a PyTorch model: with the inputs that the graph has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

import cli
from tests.torch.test_files import small_module


def write_dynamic(path: Path) -> None:
    rows = ({0: torch.export.Dim("rows", max=64)},)
    torch.export.save(torch.export.export(small_module(), (torch.zeros(2, 3),), dynamic_shapes=rows), path)


MODULE = ["--model", "tests.torch.test_files:small_module"]
MODELS: dict[str, tuple[Callable[[Path], None], list[str], list[str]]] = {
    "dynamic program": (write_dynamic, ["--dim", "rows=5"], []),
    "state dict": (lambda path: torch.save(small_module().state_dict(), path), [*MODULE, "--input", "input:float32[5,3]"], MODULE),
}


def invoke(name: str, *arguments: str) -> Result:
    command = {"torch2webnn": cli.torch2webnn, "verify": cli.webnn}[name]
    return CliRunner().invoke(command, ["verify", *arguments] if name == "verify" else list(arguments))


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_is_compared_with_its_pytorch_model(name: str, tmp_path: Path) -> None:
    write, options, again = MODELS[name]
    model, graph = str(tmp_path / "net.pt"), str(tmp_path / "net.webnn")
    write(Path(model))
    assert invoke("torch2webnn", model, *options, "-o", str(tmp_path)).exit_code == 0
    result = invoke("verify", graph, "--against", model, *again)
    assert result.exit_code == 0, result.output
    assert "output  5x4" in result.output
    torch.manual_seed(1)
    other = str(tmp_path / "other.pt")
    torch.save({n: torch.rand_like(t) for n, t in small_module().state_dict().items()}, other)
    if again:
        assert invoke("verify", graph, "--against", other, *again).exit_code == 3


def test_what_cannot_be_compared_is_one_error(tmp_path: Path) -> None:
    write, options, _ = MODELS["state dict"]
    model, graph = str(tmp_path / "net.pt"), str(tmp_path / "net.webnn")
    write(Path(model))
    invoke("torch2webnn", model, *options, "-o", str(tmp_path))
    for said, message in {
        (graph,): "is a WebNN graph, not the model that it was converted from",
        (model,): "the module it belongs to is not in the file",
        (model, *MODULE, "--bind", "x=1"): "is a PyTorch model, which takes no --bind",
    }.items():
        result = invoke("verify", graph, "--against", *said)
        assert (result.exit_code, message in result.output) == (1, True), result.output
