"""Models that torchao quantized: their weights stay quantized in the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from converters.torch.model import TorchModel
from tests.torch.comparing import check, compare

quantization: Any = pytest.importorskip("torchao.quantization", reason="torchao is not installed")


def quantized(config: Any) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32)).eval()
    quantization.quantize_(module, config)
    return module


@pytest.mark.parametrize(
    ("config", "weight", "most_bytes"),
    [
        (quantization.Int8WeightOnlyConfig(), "int8", 14_000),
        (quantization.Int8DynamicActivationInt8WeightConfig(), "int8", 14_000),
        (quantization.IntxWeightOnlyConfig(weight_dtype=torch.int4, granularity=quantization.PerGroup(32)), "int4", 9_000),
        (quantization.IntxWeightOnlyConfig(weight_dtype=torch.int8, granularity=quantization.PerAxis(0)), "int8", 14_000),
    ],
    ids=["int8 weights", "int8 weights and activations", "int4 weights by groups", "int8 weights by channels"],
)
def test_weights_stay_quantized(config: Any, weight: str, most_bytes: int) -> None:
    graph = check(quantized(config), (torch.randn(3, 64),))
    assert {constant.data_type for constant in graph.constants if constant.size >= 32 * 128} == {weight}
    assert graph.weight_bytes < most_bytes


@pytest.mark.parametrize("unwrapped", [True, False])
@pytest.mark.parametrize("config", [quantization.Int8WeightOnlyConfig(), quantization.Int8DynamicActivationInt8WeightConfig()])
def test_a_saved_program_is_read(config: Any, unwrapped: bool, tmp_path: Path) -> None:
    """Its weights are objects of torchao's, or the tensors inside of them."""
    from torchao.utils import unwrap_tensor_subclass

    module, x = quantized(config), torch.randn(3, 64)
    with torch.no_grad():
        expected = module(x)
    program = torch.export.export(unwrap_tensor_subclass(module) if unwrapped else module, (x,))
    path = tmp_path / "model.pt2"
    torch.export.save(program, path)
    compare(TorchModel(path).convert(), [x], [expected])


def test_a_program_of_pt2e_that_quantizes_activations_by_their_range() -> None:
    """What it rounds stays in floating point; weights stay quantized."""
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32)).eval()
    x = (torch.randn(3, 64),)
    quantizer = x86.X86InductorQuantizer().set_global(x86.get_default_x86_inductor_quantization_config(is_dynamic=True))
    prepared = prepare_pt2e(torch.export.export(module, x).module(), quantizer)
    prepared(*x)
    graph = check(convert_pt2e(prepared), x)
    assert not {"quantizeLinear", "cast"} & {node.op for node in graph.nodes}
    assert graph.weight_bytes < 14_000
