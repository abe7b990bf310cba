"""Parts of models, and TorchScript modules that only tracing gets through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from converters.torch import script
from converters.torch.inputs import InputSpec
from converters.torch.load import load
from converters.torch.model import TorchModel
from webnn_graph.errors import ConversionError
from webnn_graph.runtimes import reference


class Core(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, sound: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        changed = torch.tanh(self.linear(sound) + state)
        return changed.sum(1), changed


class Whole(torch.nn.Module):
    """Keeps its state, and refuses most sampling rates."""

    def __init__(self) -> None:
        super().__init__()
        self.core = Core()
        self.state = torch.zeros(2, 3)

    def forward(self, sound: torch.Tensor, rate: int) -> torch.Tensor:
        if rate != 16000:
            raise ValueError("rate")
        result, self.state = self.core(sound, self.state)
        return result


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "whole.jit"
    torch.jit.save(torch.jit.script(Whole().eval()), path)
    return path


class Cell(torch.nn.Module):
    """What PyTorch's own converter of TorchScript does not take: a cell's choice of its first state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = torch.nn.LSTMCell(4, 3)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return self.cell(sound)[0]


INPUTS = [InputSpec.parse("sound:float32[2,4]"), InputSpec.parse("state:float32[2,3]")]


def test_a_submodule_has_its_own_inputs(archive: Path) -> None:
    model = TorchModel(archive, inputs=INPUTS, submodule="core")
    graph = model.convert()
    assert [operand.name for operand in graph.inputs] == ["sound", "state"]
    sound, state = torch.randn(2, 4), torch.randn(2, 3)
    with torch.no_grad():
        expected = load(archive).module.core(sound, state)
    computed = reference.run(graph, {"sound": sound.numpy(), "state": state.numpy()})
    for array, right in zip(computed.values(), expected, strict=True):
        np.testing.assert_allclose(array, right.numpy(), rtol=1e-5, atol=1e-6)


def test_tracing_keeps_the_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cell = torch.jit.script(Cell().eval())
    with pytest.raises(RuntimeError, match="TS2EPConverter failed"):
        script._converted(cell, [torch.zeros(2, 4)])
    torch.jit.save(cell, tmp_path / "cell.jit")
    graph = TorchModel(tmp_path / "cell.jit", inputs=INPUTS[:1]).convert()
    assert [str(operand) for operand in graph.inputs] == ["sound: float32[2, 4]"]
    sound = torch.randn(2, 4)
    with torch.no_grad():
        expected = cell(sound)
    np.testing.assert_allclose(reference.run(graph, {"sound": sound.numpy()})["output"], expected.numpy(), rtol=1e-5, atol=1e-6)


def test_a_submodule_that_is_not_there(archive: Path) -> None:
    with pytest.raises(ConversionError, match="no submodule 'cor'") as raised:
        load(archive, submodule="cor")
    assert raised.value.hint == "did you mean core?"


def test_an_exported_program_has_no_submodules(tmp_path: Path) -> None:
    path = tmp_path / "program.pt2"
    torch.export.save(torch.export.export(Core().eval(), (torch.zeros(2, 4), torch.zeros(2, 3))), path)
    with pytest.raises(ConversionError, match="exported program"):
        load(path, submodule="linear")
