"""Models that no package ships: exported, quantized and fused on the spot, with fixed seeds.

    python -m models.generate FOLDER [NAME ...]

Needs the package's extra "generate". Small language models with a cache come from ``torch.onnx.export`` at several opsets, their
4-bit forms and the quantized, fused and float16 forms of a sentence encoder from ONNX Runtime's tools.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from converters.commands.console import say
from models.zoo.fetch import fetch
from models.zoo.manifest import select
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.names import nearest

LAYERS, HEADS, GROUPS, HIDDEN, VOCABULARY = 2, 4, 2, 64, 256
DECODER = {"sequence": 3, "past": 7}
"""Sizes that the language models are converted with: new tokens, and tokens in the cache."""
ENCODER = {"batch_size": 1, "sequence_length": 32}
IMAGE = (1, 3, 64, 64)


@dataclass(frozen=True)
class Generated:
    """A model that can be made.

    Attributes:
        make: Writes it to a path.
        dims: Sizes that it is converted with.
        each_node: Whether it is verified node by node: a quantized model, in which a last-bit difference flips a rounding.
        tolerance: Largest relative difference; None for the runtime's own.
        why: What a tolerance of its own is for.
    """

    make: Callable[[Path], None]
    dims: Mapping[str, int] = field(default_factory=dict)
    each_node: bool = False
    tolerance: float | None = None
    why: str = ""


# ---------------------------------------------------------------------------------------------------------------- language models
def _language_model(family: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    shared = {"vocab_size": VOCABULARY, "max_position_embeddings": 64}
    if family == "gpt2":
        config = transformers.GPT2Config(n_embd=HIDDEN, n_layer=LAYERS, n_head=HEADS, **shared)
        return transformers.GPT2LMHeadModel(config).eval()
    sizes = {
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": GROUPS,
        "head_dim": HIDDEN // HEADS,
    }
    if family == "llama":
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**shared, **sizes)).eval()
    return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**shared, **sizes)).eval()


def decoder(family: str, opset: int, path: Path) -> None:
    """A tiny language model with its cache as inputs and outputs, sizes of both symbolic."""
    path.write_bytes(_decoder(family, opset))


@cache
def _decoder(family: str, opset: int) -> bytes:
    names = [f"{kind}.{layer}.{part}" for kind in ("past", "present") for layer in range(LAYERS) for part in ("key", "value")]
    inputs, outputs = names[: 2 * LAYERS], names[2 * LAYERS :]
    options = {"input_names": ["input_ids", "attention_mask", *inputs], "output_names": ["logits", *outputs]}
    shapes = ({1: "sequence"}, {1: "past + sequence"}, [{2: "past"}] * len(inputs))
    return _exported(_decoder_program(family), opset, dynamic_shapes=shapes, **options).SerializeToString()


@cache
def _decoder_program(family: str) -> Any:
    """What every opset is exported of."""
    import torch
    import transformers

    class WithCache(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, past: list[Any]) -> tuple[Any, ...]:
            cache = transformers.DynamicCache([(past[i], past[i + 1]) for i in range(0, len(past), 2)])
            result = self.model(input_ids=input_ids, attention_mask=attention_mask, past_key_values=cache, use_cache=True)
            return (result.logits, *(tensor for layer in cache.layers for tensor in (layer.keys, layer.values)))

    groups = HEADS if family == "gpt2" else GROUPS
    sequence, before = DECODER["sequence"], DECODER["past"]
    past = [torch.randn(1, groups, before, HIDDEN // HEADS) for _ in range(2 * LAYERS)]
    inputs = (torch.randint(0, VOCABULARY, (1, sequence)), torch.ones(1, before + sequence, dtype=torch.int64), past)
    dynamic = torch.export.Dim.DYNAMIC
    return torch.export.export(
        WithCache(_language_model(family)).eval(),
        inputs,
        dynamic_shapes=({1: dynamic}, {1: dynamic}, [{2: dynamic}] * len(past)),
        strict=False,
    )


def _exported(module: Any, opset: int, **options: Any) -> onnx.ModelProto:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(module, dynamo=True, opset_version=opset, verbose=False, **options)
    assert program is not None
    return program.model_proto


def four_bit(quantized_as: str, plain: Path, path: Path) -> None:
    """The matrices in 4 bits: as MatMulNBits ("QOperator") or behind DequantizeLinear ("QDQ")."""
    from onnxruntime.quantization import QuantFormat
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
    from onnxruntime.quantization.onnx_model import ONNXModel

    config = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=quantized_as == "QDQ", quant_format=QuantFormat[quantized_as])
    model = ONNXModel(onnx.load(plain))
    model.replace_gemm_with_matmul()
    quantizer = MatMulNBitsQuantizer(model.model, algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path))


# ------------------------------------------------------------------------------------------------------------ encoder and images
def minilm(path: Path) -> None:
    """The sentence encoder of the zoo, as it is."""
    shutil.copyfile(fetch(select(["paraphrase_minilm_l3"])[0]), path)


def mobilenet(path: Path) -> None:
    """A small MobileNet V2 with random weights."""
    path.write_bytes(_mobilenet())


@cache
def _mobilenet() -> bytes:
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.MobileNetV2Config(image_size=IMAGE[2], depth_multiplier=0.35, num_labels=10)
    model = transformers.MobileNetV2ForImageClassification(config).eval()
    exported = _exported(model, 18, args=(torch.randn(IMAGE),), input_names=["pixel_values"], output_names=["logits"])
    del exported.graph.value_info[:]  # the exporter leaves the shape that a weight had before it was transposed
    return exported.SerializeToString()


def dynamic_int8(plain: Path, path: Path) -> None:
    """Matrix products and convolutions quantize their inputs by the range that these have at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(plain), str(path), weight_type=QuantType.QInt8 if "minilm" in plain.stem else QuantType.QUInt8)


def static_qdq(plain: Path, path: Path) -> None:
    """Everything int8 between QuantizeLinear and DequantizeLinear, with ranges from made-up inputs."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class MadeUp(CalibrationDataReader):
        def __init__(self) -> None:
            self.feeds = iter([_feeds(plain, seed) for seed in range(4)])

        def get_next(self) -> dict[str, Array] | None:
            return next(self.feeds, None)

    options = {"per_channel": True, "weight_type": QuantType.QInt8, "activation_type": QuantType.QUInt8}
    quantize_static(str(plain), str(path), MadeUp(), quant_format=QuantFormat.QDQ, **options)


def _feeds(path: Path, seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    feeds: dict[str, Array] = {}
    for info in onnx.load(path, load_external_data=False).graph.input:
        shape = [dim.dim_value or ENCODER[dim.dim_param] for dim in info.type.tensor_type.shape.dim]
        if info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            feeds[info.name] = random.standard_normal(shape).astype(np.float32)
        else:
            feeds[info.name] = random.integers(0, 1000 if "ids" in info.name and "type" not in info.name else 2, shape)
    return feeds


def fused(half: bool, plain: Path, path: Path) -> None:
    """ONNX Runtime's operators for transformers in the place of what they consist of; ``half`` also in float16."""
    from onnxruntime.transformers import optimizer

    model = optimizer.optimize_model(str(plain), model_type="bert", num_heads=12, hidden_size=384, opt_level=0)
    if half:
        model.convert_float_to_float16(keep_io_types=True)
    model.save_model_to_file(str(path))


def float16(plain: Path, path: Path) -> None:
    """Weights and arithmetic in float16."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(plain), keep_io_types=True), path)


# --------------------------------------------------------------------------------------------------------------------- all of them
def _derived(name: str, derive: Callable[[Path, Path], None]) -> Callable[[Path], None]:
    """Makes another model first, beside, and derives from it."""

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / f"{name}.onnx"
            MODELS[name].make(plain)
            derive(plain, path)

    return make


FAMILIES = ("llama", "qwen3", "gpt2")
OPSETS = (18, 20, 23, 24)
HALF = "float16 everywhere: ONNX Runtime itself is 4e-3 from the float32 model"
FLIPS = "activations are quantized: a last-bit difference can flip a rounding"
MODELS: dict[str, Generated] = {}
for family in FAMILIES:
    for opset in OPSETS:
        MODELS[f"{family}_opset{opset}"] = Generated(partial(decoder, family, opset), DECODER)
    MODELS[f"{family}_opset21"] = Generated(partial(decoder, family, 21), DECODER)
    MODELS[f"{family}_nbits"] = Generated(_derived(f"{family}_opset21", partial(four_bit, "QOperator")), DECODER)
    MODELS[f"{family}_qdq_int4"] = Generated(_derived(f"{family}_opset21", partial(four_bit, "QDQ")), DECODER)
MODELS |= {
    "minilm": Generated(minilm, ENCODER),
    "minilm_dynamic_int8": Generated(_derived("minilm", dynamic_int8), ENCODER, each_node=True, why=FLIPS),
    "minilm_static_qdq": Generated(_derived("minilm", static_qdq), ENCODER, each_node=True, why=FLIPS),
    "minilm_fused": Generated(_derived("minilm", partial(fused, False)), ENCODER),
    "minilm_fused_float16": Generated(_derived("minilm", partial(fused, True)), ENCODER, tolerance=2e-2, why=HALF),
    "minilm_float16": Generated(_derived("minilm", float16), ENCODER, tolerance=2e-2, why=HALF),
    "mobilenet": Generated(mobilenet),
    "mobilenet_dynamic_int8": Generated(_derived("mobilenet", dynamic_int8), each_node=True, why=FLIPS),
    "mobilenet_static_qdq": Generated(_derived("mobilenet", static_qdq), each_node=True, why=FLIPS),
}
"""All generated models by name."""


def main(arguments: Sequence[str]) -> None:
    """Makes the named models, or all, in a folder; the first argument."""
    logging.disable(logging.WARNING)
    folder, *names = arguments
    for name in names:
        if name not in MODELS:
            raise WebNNError(f"there is no generated model {name!r}", nearest(name, MODELS))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names or MODELS:
        path = Path(folder) / f"{name}.onnx"
        MODELS[name].make(path)
        say(str(path))


if __name__ == "__main__":
    main(sys.argv[1:])
