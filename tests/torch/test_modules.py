"""Whole modules: their interface, names, labels and notes, and what is said when they cannot be converted."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn

from converters.torch import convert
from converters.torch.source import TorchSource
from tests.torch.comparing import check, compare, feeds
from webnn_graph.errors import ConversionError
from webnn_graph.runtimes.reference import run


def function(body: Any) -> nn.Module:
    """A module without parameters."""

    class Function(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return body(x)

    return Function().eval()


def assigned(x: torch.Tensor) -> torch.Tensor:
    """Writes into parts of a copy."""
    y = x.clone()
    y[1] = 0
    y[:, 1:3] *= 2
    y[y > 1] = -1
    return y


class Cache(nn.Module):
    """Writes its input into a buffer, as a key cache does."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(1, 4, 3))
        self.register_buffer("step", torch.zeros(1, dtype=torch.int64))

    def forward(self, new: torch.Tensor) -> torch.Tensor:
        self.keys.index_copy_(1, self.step, new)
        self.step.add_(1)
        return self.keys.sum(1)


class Sampling(nn.Module):
    """Reads an image at computed places."""

    def forward(self, image: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
        return nn.functional.grid_sample(image, grid, align_corners=False)


class Tied(nn.Module):
    """An embedding whose weight is also the output layer's."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.head = nn.Linear(4, 9, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(ids))


MODULES: dict[str, tuple[nn.Module, tuple[torch.Tensor, ...]]] = {
    "cnn": (
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.5),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 4),
        ),
        (torch.rand(2, 3, 8, 8),),
    ),
    "lstm": (nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), (torch.rand(2, 3, 4),)),
    "lstm with projections": (nn.LSTM(4, 5, 2, proj_size=3), (torch.rand(6, 2, 4),)),
    "gru": (nn.GRU(4, 5, 2, bidirectional=True), (torch.rand(3, 2, 4), torch.rand(4, 2, 5))),
    "rnn": (nn.RNN(4, 5, 2, nonlinearity="relu"), (torch.rand(3, 2, 4),)),
    "attention": (nn.MultiheadAttention(8, 2, batch_first=True), (torch.rand(2, 3, 8),) * 3),
    "transformer encoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (torch.rand(2, 3, 8),)),
    "transformer": (nn.Transformer(8, 2, 1, 1, 16, batch_first=True), (torch.rand(2, 3, 8), torch.rand(2, 4, 8))),
    "embedding bag": (nn.EmbeddingBag(9, 4, mode="mean"), (torch.randint(0, 9, (3, 5)),)),
    "einsum": (function(lambda x: torch.einsum("bij,bkj->bik", x, x)), (torch.rand(2, 3, 4),)),
    "no_grad inside": (function(lambda x: torch.no_grad()(lambda: x * 2)() + 1), (torch.rand(3),)),
    "parts assigned": (function(assigned), (torch.rand(3, 4),)),
    "spectrogram": (function(lambda x: torch.stft(x, 8, 4, window=torch.hann_window(8), return_complex=True).abs()), (torch.rand(1, 40),)),
    "fourier": (function(lambda x: torch.fft.irfft(torch.fft.rfft(x) * 2) + torch.fft.fftn(x, dim=(0, 1)).real), (torch.rand(4, 8),)),
    "rotary by complex numbers": (
        function(lambda x: torch.view_as_real(torch.view_as_complex(x) * torch.polar(torch.ones(3), torch.arange(3.0)))),
        (torch.rand(4, 3, 2),),
    ),
    "bfloat16 inside": (function(lambda x: (x.bfloat16() * 2).float()), (torch.ones(3),)),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_give_the_numbers_of_pytorch(name: str) -> None:
    torch.manual_seed(0)
    module, args = MODULES[name]
    check(module.eval(), args)


# ------------------------------------------------------------------------------------------------------------- names and labels
def test_inputs_and_outputs_are_called_as_in_python() -> None:
    class Named(nn.Module):
        def forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None, **more: torch.Tensor) -> dict[str, Any]:
            return {"logits": ids + more["scale"], "states": [ids * 2, ids * 3], "nothing": None}

    graph = convert(Named().eval(), (torch.ones(2),), {"scale": torch.ones(2)})
    assert [operand.name for operand in graph.inputs] == ["ids", "scale"]
    assert [operand.name for operand in graph.outputs] == ["logits", "states_0", "states_1"]


@pytest.mark.parametrize(
    ("body", "names"),
    [(lambda x: x + 1, ["output"]), (lambda x: (x + 1, x + 2), ["output_0", "output_1"]), (lambda x: (x, x), ["output_0", "output_1"])],
)
def test_results_without_names_are_numbered(body: Any, names: list[str]) -> None:
    graph = check(function(body), (torch.ones(2),))
    assert [operand.name for operand in graph.outputs] == names


def test_weights_and_labels_carry_the_module_path() -> None:
    module = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2).eval()
    for parameter in module.parameters():
        nn.init.uniform_(parameter)
    graph = convert(module, (torch.rand(1, 3, 8),))
    assert {"layers.0.self_attn", "layers.1.linear1", "layers.1.norm2"} <= {node.label for node in graph.nodes}
    assert {"layers_0_norm1_weight", "layers_0_linear1_weight", "layers_0_self_attn_in_proj_weight", "layers_0_linear2_bias"} <= {
        operand.name for operand in graph.constants
    }


def test_tied_weights_are_stored_once() -> None:
    torch.manual_seed(0)
    graph = check(Tied().eval(), (torch.tensor([[1, 2, 8]]),))
    (weight,) = graph.constants
    assert weight.name in ("embed_weight", "head_weight") and weight.shape == (9, 4)


def test_buffers_that_change_are_inputs_and_outputs() -> None:
    module = Cache().eval()
    graph = convert(module, (torch.ones(1, 1, 3),))
    assert {operand.name for operand in graph.inputs} == {"keys", "step", "new"}
    assert graph.outputs[0].name == "output"
    assert {operand.name for operand in graph.outputs} == {"output", "keys_out", "step_out"}
    state = {"keys": torch.zeros(1, 4, 3).numpy(), "step": torch.zeros(1, dtype=torch.int64).numpy()}
    for step in range(3):
        new = torch.full((1, 1, 3), float(step + 1))
        results = run(graph, {"new": new.numpy(), **state})
        torch.testing.assert_close(torch.from_numpy(results["output"]), module(new))
        state = {"keys": results["keys_out"], "step": results["step_out"]}
    torch.testing.assert_close(torch.from_numpy(state["keys"]), module.keys)


def test_types_that_webnn_lacks_are_replaced_and_reported() -> None:
    graph = check(nn.Linear(3, 2).double().eval(), (torch.rand(2, 3, dtype=torch.float64),))
    assert {str(operand.data_type) for operand in (*graph.inputs, *graph.constants, *graph.outputs)} == {"float32"}
    assert "3 float64 tensors became float32" in graph.notes


def test_float16_images_are_sampled_as_exactly_as_float32_ones() -> None:
    image, grid = torch.rand(1, 1, 40, 40).half(), torch.rand(1, 8, 8, 2).half()
    sample = torch.nn.functional.grid_sample
    graph = convert(Sampling(), (image, grid))
    compare(graph, (image, grid), [sample(image.float(), grid.float(), align_corners=False).half()])


def test_a_program_with_dynamic_shapes_is_specialized() -> None:
    program = torch.export.export(nn.Linear(3, 2).eval(), (torch.rand(4, 3),), dynamic_shapes=({0: torch.export.Dim("n", max=9)},))
    with pytest.raises(ConversionError, match="WebNN needs every dimension; unknown are s\\d+ .dimension 0 of input; 1 to 9"):
        convert(program)
    assert convert(program, dims={"n": 4}).inputs[0].shape == (4, 3)
    assert convert(program, (torch.rand(7, 3),)).inputs[0].shape == (7, 3)


def test_a_module_is_not_changed() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    convert(module, (torch.rand(2, 3),))
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_the_source_of_right_numbers_is_pytorch() -> None:
    from converters.torch.capture import captured
    from converters.torch.conversion import Conversion

    torch.manual_seed(0)
    x = torch.rand(2, 3, 8, 8)
    module = MODULES["cnn"][0].eval()
    program = captured(module, (x,))
    source, graph = TorchSource(program), Conversion(program, "cnn").graph()
    assert source.inputs == [operand.name for operand in graph.inputs]
    assert source.outputs == [operand.name for operand in graph.outputs]
    results = source.run(feeds(graph, [x]), ["output", "relu"])
    torch.testing.assert_close(torch.from_numpy(results["output"]), module(x).detach())
    assert results["relu"].shape == (2, 8, 8, 8)
    compare(graph, [x], [torch.from_numpy(results["output"])])


# ---------------------------------------------------------------------------------------------------------------------- errors
def data_dependent(x: torch.Tensor) -> torch.Tensor:
    if x.sum() > 0:
        return x
    return -x


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "training mode": (nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).train(), r"in training mode, in which 1 \(Dropout\)"),
    "branch on values": (
        function(data_dependent),
        r"cannot capture Function: a size or a branch depends on values of tensors\n  at .*test_modules.py:",
    ),
    "wrong arguments": (function(lambda x: x @ torch.ones(5, 5)), "torch.export cannot capture Function"),
    "random": (function(lambda x: x + torch.rand(4)), "aten.rand.default x1 .*its result is random"),
    "size of the data": (function(torch.nonzero), "aten.nonzero.default x1 .*depends on the data"),
    "complex result": (function(torch.fft.rfft), "output is complex"),
    "empty result": (function(lambda x: (x, x[2:2])), r"output_1 has shape \[0, 4\]"),
    "no tensor": (function(lambda x: 3), "the module returns no tensor"),
    "unknown operator": (function(torch.linalg.eigvalsh), "there is no lowering for it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_explained(name: str) -> None:
    module, message = REFUSED[name]
    with pytest.raises(ConversionError, match=re.compile(message, re.DOTALL)):
        convert(module, (torch.rand(4, 4),))


def test_all_problems_are_reported_at_once_with_module_paths() -> None:
    class Noise(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.randn(4) + torch.linalg.eigvalsh(x)

    module = nn.Sequential(nn.Linear(4, 4), Noise(), nn.Sequential(Noise())).eval()
    with pytest.raises(ConversionError) as refused:
        convert(module, (torch.rand(4, 4),))
    assert "2 operators of Sequential cannot be converted" in refused.value.message
    assert re.search(r"aten\.randn\.default x2 +1, 2\.0: its result is random", refused.value.message)
    assert re.search(r"aten\._linalg_eigh\.default x2 +1, 2\.0: there is no lowering", refused.value.message)
    hint = r"aten\.randn\.default.*\n +hint: random=\"inputs\" draws the numbers .* or pass the random numbers as an input"
    assert re.search(hint, str(refused.value))
