"""A graph is compared with the exported program; how far that is from its module is said, too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from cli import torch2webnn
from converters.checking.verify import Captured, verify
from converters.torch.capture import captured
from converters.torch.conversion import Conversion
from converters.torch.source import TorchSource
from webnn_graph import run


class Other(nn.Module):
    """Exports as half of what it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) if torch.compiler.is_exporting() else self.fc(x) * 2


class Counting(nn.Module):
    """Changes a buffer, and takes an argument that is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.ones(1))

    def forward(self, x: torch.Tensor, factor: int = 1, *, y: torch.Tensor) -> dict[str, torch.Tensor]:
        self.steps.add_(1)
        return {"first": x * self.steps * factor, "second": [y.exp()]}


class Once(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not torch.compiler.is_exporting():
            raise ValueError("only for export")
        return x + 1


X = torch.linspace(-1, 1, 6).reshape(2, 3)


def captured_of(module: nn.Module, *args: object, **kwargs: object) -> Captured:
    program = captured(module.eval(), args, kwargs)
    found = verify(Conversion(program, "net").graph(), TorchSource(program, module=module), run, tolerance=1e-4)
    assert found.ok
    assert found.captured is not None
    return found.captured


def test_a_program_that_is_its_module() -> None:
    module = Counting()
    found = captured_of(module, X, 3, y=X + 1)
    assert found.difference is not None
    assert found.difference.ok, found
    assert torch.equal(module.steps, torch.ones(1))  # the module is as it was


def test_a_program_that_is_not_its_module() -> None:
    found = captured_of(Other(), X)
    assert found.difference is not None
    assert not found.difference.ok
    assert np.isclose(found.difference.relative, 0.5)


def test_a_module_that_does_not_run_is_said() -> None:
    found = captured_of(Once(), X)
    assert (found.origin, found.difference) == ("Once in eager mode", None)
    assert "ValueError: only for export" in found.failed


@pytest.mark.parametrize(
    ("name", "said", "ok"),
    [
        ("Other", "which differs from Other in eager mode in output (relative 0.5); that difference is PyTorch's own", False),
        ("Linear", "which agrees with Linear in eager mode (relative 0)", True),
    ],
)
def test_the_command_says_what_it_compared_with(name: str, said: str, ok: bool, tmp_path: Path) -> None:
    make = {"Other": f"{__name__}:Other", "Linear": "torch.nn:Linear"}[name]
    module = Other() if name == "Other" else nn.Linear(3, 4)
    torch.save(module.state_dict(), tmp_path / "net.pt")

    def convert(*options: str) -> Result:
        arguments = [str(tmp_path / "net.pt"), "--model", make, "--input", "x:float32[2,3]", "--verify", "-o", str(tmp_path), "--force"]
        return CliRunner().invoke(torch2webnn, [*arguments, *options, *(["--model-args", "[3, 4]"] if name == "Linear" else [])])

    result = convert()
    assert result.exit_code == 0, result.output
    assert said in result.output
    found = json.loads(convert("--json").stdout)["graphs"][0]["verification"]["captured"]
    assert found["ok"] is ok
    assert np.isclose(found["difference"]["relative"], 0 if ok else 0.5)
