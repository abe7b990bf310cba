"""Writes bert.onnx, a tiny BERT with random weights, and bert_int8.onnx, the same with weights in 8 bits."""

import torch
import transformers
from onnxruntime.quantization import quantize_dynamic

torch.manual_seed(0)
config = transformers.BertConfig(
    vocab_size=1000, hidden_size=64, intermediate_size=256, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=64
)
model = transformers.BertModel(config).eval()
inputs = {"input_ids": torch.ones(1, 16, dtype=torch.int64), "attention_mask": torch.ones(1, 16, dtype=torch.int64)}
names = ["last_hidden_state", "pooler_output"]
torch.onnx.export(model, kwargs=inputs, f="bert.onnx", input_names=list(inputs), output_names=names, external_data=False, verbose=False)
quantize_dynamic("bert.onnx", "bert_int8.onnx")
