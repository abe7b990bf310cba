"""Models that no package ships: exported, quantized and fused on the spot, with fixed seeds.

Functions that ``python:models.generate:...`` names in ``zoo.toml``; each returns an ONNX model as bytes. They need the package's
extra "generate". Small language models with a cache come from ``torch.onnx.export`` at several opsets, their 4-bit forms and the
quantized, fused and float16 forms of a sentence encoder from ONNX Runtime's tools.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from models.zoo.fetch import fetch
from models.zoo.manifest import select
from webnn_graph.data_types import Array

LAYERS, HEADS, GROUPS, HIDDEN, VOCABULARY = 2, 4, 2, 64, 256
DECODER = {"sequence": 3, "past": 7}
"""Sizes that the language models are converted with: new tokens, and tokens in the cache."""
ENCODER = {"batch_size": 1, "sequence_length": 32}
IMAGE = (1, 3, 64, 64)


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


def decoder(family: str, opset: int, four_bit: str = "") -> bytes:
    """A tiny language model with its cache as inputs and outputs, sizes of both symbolic.

    Args:
        family: *llama*, *qwen3* or *gpt2*.
        opset: That it is exported with.
        four_bit: What its matrices in 4 bits become: MatMulNBits (*QOperator*) or what stands behind DequantizeLinear (*QDQ*).
    """
    plain = _decoder(family, opset)
    return _derived(plain, partial(_four_bit, four_bit)) if four_bit else plain


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

    from converters.torch.generation.states import caching

    class WithCache(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, past: list[Any]) -> tuple[Any, ...]:
            cache = transformers.DynamicCache([(past[i], past[i + 1]) for i in range(0, len(past), 2)])
            result = self.model(input_ids=input_ids, attention_mask=attention_mask, **caching(self.model, cache))
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


def _four_bit(quantized_as: str, plain: Path, path: Path) -> None:
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
def encoder(form: str = "") -> bytes:
    """The sentence encoder ``paraphrase_minilm_l3`` of the zoo, as it is or in another form; see `FORMS`."""
    plain = fetch(select(["paraphrase_minilm_l3"])[0]).read_bytes()
    return _derived(plain, FORMS[form]) if form else plain


def mobilenet(form: str = "") -> bytes:
    """A small MobileNet V2 with random weights, as it is or in another form; see `FORMS`."""
    plain = _mobilenet()
    return _derived(plain, FORMS[form]) if form else plain


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


def _dynamic_int8(plain: Path, path: Path) -> None:
    """Matrix products and convolutions quantize their inputs by the range that these have at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(plain), str(path), weight_type=QuantType.QUInt8 if _has_images(plain) else QuantType.QInt8)


def _static_qdq(plain: Path, path: Path) -> None:
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


def _fused(half: bool, plain: Path, path: Path) -> None:
    """ONNX Runtime's operators for transformers in the place of what they consist of; ``half`` also in float16."""
    from onnxruntime.transformers import optimizer

    model = optimizer.optimize_model(str(plain), model_type="bert", num_heads=12, hidden_size=384, opt_level=0)
    if half:
        model.convert_float_to_float16(keep_io_types=True)
    model.save_model_to_file(str(path))


def _float16(plain: Path, path: Path) -> None:
    """Weights and arithmetic in float16."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(plain), keep_io_types=True), path)


def _has_images(path: Path) -> bool:
    return any(node.op_type == "Conv" for node in onnx.load(path, load_external_data=False).graph.node)


def _derived(plain: bytes, derive: Callable[[Path, Path], None]) -> bytes:
    """What is made of a model by a tool that reads and writes files."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "plain.onnx"), Path(folder, "derived.onnx")
        before.write_bytes(plain)
        derive(before, after)
        return after.read_bytes()


def _int8(plain: Path, path: Path) -> None:
    """Matrices of products in 8 bits, each column with its own scale, behind DequantizeLinear; arithmetic as it is."""
    model = onnx.load(plain)
    matrices = {tensor.name: tensor for tensor in model.graph.initializer if len(tensor.dims) == 2}
    for node in [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in matrices]:
        name = node.input[1]
        values = onnx.numpy_helper.to_array(matrices[name])
        scale = np.abs(values).max(axis=0) / 127
        parts = {"int8": np.rint(values / scale).astype(np.int8), "scale": scale, "zero": np.zeros(scale.shape, np.int8)}
        names = [f"{name}_{part}" for part in parts]
        model.graph.initializer.extend(
            onnx.numpy_helper.from_array(part, called) for part, called in zip(parts.values(), names, strict=True)
        )
        model.graph.initializer.remove(matrices[name])
        node.input[1] = f"{name}_real"
        model.graph.node.insert(0, onnx.helper.make_node("DequantizeLinear", names, [node.input[1]], axis=1))
    onnx.save(model, path)


FORMS: Mapping[str, Callable[[Path, Path], None]] = {
    "dynamic_int8": _dynamic_int8,
    "static_qdq": _static_qdq,
    "fused": partial(_fused, False),
    "fused_float16": partial(_fused, True),
    "float16": _float16,
    "int8": _int8,
    "int4": partial(_four_bit, "QOperator"),
}
"""Other forms of a model, by name."""
