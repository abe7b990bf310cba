"""``webnn generate``: what it says, with text and without, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from msgspec.structs import replace

from tests.generation import toys
from tests.generation.toys import CACHE, Toy
from webnn_graph.data_types import Array
from webnn_graph.generation import Generator, save_package

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.generation import texts  # noqa: E402

Invoke = Callable[..., Result]
SPELLED = "abcdefghijklmno. ?"


def tokenizer(folder: Path, template: str | None = None) -> Path:
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=texts.letters(), bos_token="<s>", eos_token="<|end|>")
    made.chat_template = template
    made.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A toy that knows letters."""
    save_package(tmp_path / "package", Toy().graphs(), replace(toys.SETTINGS, eos=()), tokenizer=tokenizer(tmp_path / "tokenizer"))
    return tmp_path / "package"


@pytest.fixture
def mute(tmp_path: Path) -> Path:
    """A toy without a tokenizer."""
    save_package(tmp_path / "mute", Toy().graphs(), replace(toys.SETTINGS, eos=()), formats=["webnn"])
    return tmp_path / "mute"


def right(tokens: list[int], count: int, **how: Any) -> list[int]:
    with Generator(Toy().graphs(), replace(toys.SETTINGS, eos=())) as model:
        return list(model.generate(tokens, max_tokens=count, **how))


def spelled(tokens: list[int]) -> str:
    return "".join(SPELLED[token - 5] for token in tokens if token > 4)


def test_text(folder: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", folder, "--prompt", "abc", "--max-tokens", 6)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == spelled(right([1, 5, 6, 7], 6)) + "\n"


CONVERSATION = """{{ bos_token }}{% for m in messages %}
    {% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}
{{ m['content'] | trim }}{{ eos_token }}
    {% if loop.last %}{% break %}{% endif %}
{% endfor %}{% if add_generation_prompt %}a {% endif %}"""


@pytest.mark.parametrize("system", [None, "no"])
def test_a_conversation(system: str | None, tmp_path: Path, invoke: Invoke) -> None:
    save_package(tmp_path / "p", Toy().graphs(), replace(toys.SETTINGS, eos=()), tokenizer=tokenizer(tmp_path / "t", CONVERSATION))
    given = ["--system", system] if system else []
    result = invoke("webnn", "generate", tmp_path / "p", "--chat", " ab", *given, "--max-tokens", 1, "--json")
    assert result.exit_code == 0, result.output
    said = [{"role": "system", "content": system}] if system else []
    known = transformers.AutoTokenizer.from_pretrained(tmp_path / "t")
    expected = known.apply_chat_template([*said, {"role": "user", "content": " ab"}], add_generation_prompt=True)["input_ids"]
    assert json.loads(result.stdout)["prompt"] == expected


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "has no chat template [refused]\nhint: give the prompt itself, in the form that the model expects"),
        ("{{ raise_exception('no\\x1b[31m users') }}", "the chat template refuses the conversation: no\\x1b[31m users [refused]"),
        ("{% for m in messages %}", "the chat template cannot be rendered: Unexpected end of template."),
        (
            "{{ messages.__class__.__mro__ }}",
            "the chat template cannot be rendered: access to attribute '__class__' of 'list' object",
        ),
        ("{{ 'a' * 10 ** 10 }}", "needed more than 512 MiB of memory"),
        ("{{ messages.append(1) }}", "the chat template cannot be rendered: "),
    ],
)
def test_templates_that_are_refused(template: str | None, said: str, tmp_path: Path, invoke: Invoke) -> None:
    save_package(tmp_path / "p", Toy().graphs(), toys.SETTINGS, tokenizer=tokenizer(tmp_path / "t", template))
    result = invoke("webnn", "generate", tmp_path / "p", "--chat", "abc")
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr


def test_tokens(mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", mute, "--ids", "5,9", "--max-tokens", 4)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == " ".join(map(str, right([5, 9], 4))) + "\n"


def test_json(folder: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", folder, "--prompt", "abc", "--max-tokens", 6, "--json")
    ids = right([1, 5, 6, 7], 6)
    assert json.loads(result.stdout) == {
        "runtime": "reference",
        "prompt": [1, 5, 6, 7],
        "ids": ids,
        "text": spelled(ids),
        "cache_full": False,
    }


def test_without_a_tokenizer_there_is_no_text(mute: Path, invoke: Invoke) -> None:
    found = json.loads(invoke("webnn", "generate", mute, "--ids", "5", "--max-tokens", 2, "--json").stdout)
    assert (found["prompt"], found["ids"], found["text"]) == ([5], right([5], 2), None)


def test_an_empty_prompt_begins_with_the_first_token(folder: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", folder, "--prompt", "", "--max-tokens", 6)
    assert (result.exit_code, result.stdout) == (0, spelled(right([1], 6)) + "\n"), result.output


@pytest.mark.parametrize("model", ["folder", "mute", "listener"])
def test_without_a_prompt_there_is_nothing_to_go_on_from(model: str, invoke: Invoke, request: pytest.FixtureRequest) -> None:
    result = invoke("webnn", "generate", request.getfixturevalue(model))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing is given to go on from: --prompt, --chat or --ids, for a model with an encoder also --input" in result.stderr


@pytest.mark.parametrize(
    ("options", "how"),
    [
        (["--temperature", 1.5, "--seed", 3, "--top-k", 4], {"temperature": 1.5, "seed": 3, "top_k": 4}),
        (["--beams", 3], {"beams": 3}),
        (["--repetition-penalty", 1.8], {"repetition_penalty": 1.8}),
        (["--runtime", "onnxruntime"], {}),
    ],
)
def test_options(options: list[Any], how: dict[str, Any], mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", mute, "--ids", "5,9", "--max-tokens", 4, *options)
    assert result.exit_code == 0, result.output
    assert result.stdout == " ".join(map(str, right([5, 9], 4, **how))) + "\n"


def test_it_ends_with_the_cache(mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", mute, "--ids", "5,9")
    count = CACHE + 1 - 2
    assert (result.exit_code, result.stdout) == (0, " ".join(map(str, right([5, 9], count))) + "\n")
    assert result.stderr == f"note: the cache is full: it holds {CACHE} tokens\n"
    found = json.loads(invoke("webnn", "generate", mute, "--ids", "5,9", "--json").stdout)
    assert (len(found["ids"]), found["cache_full"]) == (count, True)


def test_as_many_as_were_asked_for_or_an_error(mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", mute, "--ids", "5,9", "--max-tokens", CACHE)
    assert result.exit_code == 1
    assert result.stdout == " ".join(map(str, right([5, 9], CACHE - 1))) + "\n"
    assert result.stderr.startswith(f"error: the cache is full: it holds {CACHE} tokens [cache-full]\nhint: ")


def test_an_encoder_is_given_numbers(tmp_path: Path, invoke: Invoke) -> None:
    save_package(tmp_path / "told", Toy().told_graphs(), toys.TRANSLATING, formats=["webnn"])
    with Generator(Toy().told_graphs(), toys.TRANSLATING) as model:
        expected = " ".join(map(str, model.generate([3, 8, 11]))) + "\n"
    np.save("tokens.npy", np.array([3, 8, 11]))
    for given in (["--ids", "3,8,11"], ["--input", "tokens.npy"]):
        result = invoke("webnn", "generate", tmp_path / "told", *given)
        assert (result.exit_code, result.stdout) == (0, expected), result.output


def recording(file: Path, samples: Array, rate: int = 8000, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(file), "wb") as sound:
        sound.setframerate(rate)
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.writeframes((samples * 2**15).astype("<i2").tobytes())
    return file


@pytest.fixture
def listener(tmp_path: Path) -> Path:
    """A toy that is given a sound."""
    save_package(tmp_path / "listener", Toy().heard_graphs(), toys.HEARING, formats=["webnn"])
    return tmp_path / "listener"


SAMPLES = np.array([0.5, -0.25, 0.75, -1], np.float32)


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ([], {}),
        (["--language", "de", "--task", "translate"], {"language": "de", "task": "translate"}),
        (["--timestamps"], {"timestamps": True}),
    ],
)
def test_a_recording(options: list[str], how: dict[str, Any], listener: Path, tmp_path: Path, invoke: Invoke) -> None:
    with Generator(Toy().heard_graphs(), toys.HEARING) as model:
        expected = " ".join(map(str, model.generate(SAMPLES, **how))) + "\n"
    np.save("sound.npy", SAMPLES)
    apart = np.stack([SAMPLES + np.float32(0.125) * (SAMPLES > 0), SAMPLES - np.float32(0.125) * (SAMPLES > 0)], 1)
    mono, stereo = recording(tmp_path / "mono.wav", SAMPLES), recording(tmp_path / "stereo.WAV", apart, channels=2)
    for file in ("sound.npy", mono, stereo):
        result = invoke("webnn", "generate", listener, "--input", file, *options)
        assert (result.exit_code, result.stdout) == (0, expected), result.output


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda file: recording(file, SAMPLES, rate=999), "has 999 samples a second; sounds have 1,000 to 384,000"),
        (lambda file: recording(file, np.tile(SAMPLES, 9)), "input_values has 6 elements at most, and 36 were given"),
        (lambda file: file.write_bytes(b"RIFF"), "is not a .wav file, or is damaged"),
        (lambda file: file.write_bytes(b"not a sound at all"), "is not a .wav file, or is damaged"),
        (lambda file: recording(file, SAMPLES[:0]), "was given nothing"),
        (lambda file: None, "there is no such file"),
    ],
)
def test_recordings_that_are_refused(made: Callable[[Path], Any], said: str, listener: Path, tmp_path: Path, invoke: Invoke) -> None:
    made(tmp_path / "sound.wav")
    result = invoke("webnn", "generate", listener, "--input", tmp_path / "sound.wav")
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(("name", "hint"), [("sound.mp3", "ffmpeg -i FILE -ar 8000"), ("picture.png", "")])
def test_files_of_other_kinds(name: str, hint: str, listener: Path, tmp_path: Path, invoke: Invoke) -> None:
    if not hint:
        save_package(listener, Toy().seen_graphs(), toys.TRANSLATING, formats=["webnn"], force=True)
        hint = "a .npy file has a picture"
    (tmp_path / name).write_bytes(b"ID3" * 9)
    result = invoke("webnn", "generate", listener, "--input", tmp_path / name)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "is neither a .npy file of numbers nor a .wav file [wrong-kind]\nhint: " + hint in result.stderr


def test_a_recording_for_a_model_of_text(tmp_path: Path, invoke: Invoke) -> None:
    save_package(tmp_path / "told", Toy().told_graphs(), toys.TRANSLATING, formats=["webnn"])
    result = invoke("webnn", "generate", tmp_path / "told", "--input", recording(tmp_path / "sound.wav", SAMPLES))
    assert result.exit_code == 1 and "the model says of none how many samples a second it takes" in result.stderr


def test_a_text_for_a_model_of_sounds(listener: Path, tmp_path: Path, invoke: Invoke) -> None:
    for more in ([], ["--input", recording(tmp_path / "sound.wav", SAMPLES)]):
        result = invoke("webnn", "generate", listener, "--ids", "5", *more)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert "error: the encoder takes input_values, and no text [wrong-input]\nhint: --input FILE" in result.stderr


def test_a_picture_and_a_text(tmp_path: Path, invoke: Invoke) -> None:
    save_package(tmp_path / "seer", Toy().seen_graphs(), toys.TRANSLATING, formats=["webnn"])
    picture = np.array([[0.5, -0.25, 0.75, -1, 0, 0.5]], np.float32)
    np.save("picture.npy", picture)
    with Generator(Toy().seen_graphs(), toys.TRANSLATING) as model:
        expected = " ".join(map(str, model.generate({"input_ids": [3, 8, 11], "pixel_values": picture}))) + "\n"
    result = invoke("webnn", "generate", tmp_path / "seer", "--input", "picture.npy", "--ids", "3,8,11")
    assert (result.exit_code, result.stdout) == (0, expected), result.output
    result = invoke("webnn", "generate", tmp_path / "seer", "--input", "picture.npy")
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "error: the encoder takes input_ids, attention_mask, pixel_values: give them by name [wrong-input]" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--language", "xx"], "the model has no language 'xx'"),
        (["--task", "sing"], "the model has no task 'sing'"),
    ],
)
def test_what_a_listener_does_not_know(options: list[str], said: str, listener: Path, tmp_path: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", listener, "--input", recording(tmp_path / "sound.wav", SAMPLES), *options)
    assert result.exit_code == 1 and said in result.stderr


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--ids", "5", "--language", "de"], 1, "the model has no language 'de'"),
        (["--ids", "5", "--timestamps"], 1, "task and timestamps are for models of speech"),
        (["--ids", "5,23"], 1, "error: the tokens have 23, which is none of the 23 tokens that the model knows [wrong-input]"),
        (["--ids", "5,x"], 2, "error: "),
        (["--ids", ",".join(["1"] * (CACHE + 1))], 1, f"of which {CACHE} are free, and {CACHE + 1} were given [cache-full]"),
        (["--ids", "5", "--prompt", "a"], 2, "--prompt, --chat and --ids are for the same: give one of them"),
        (["--ids", "5", "--system", "a"], 2, "--system goes with --chat"),
        (["--chat", "a"], 1, "has no tokenizer.json"),
        (["--prompt", "a"], 1, "has no tokenizer.json, so that text cannot be read [refused]\nhint: give tokens: --ids 1,2,3"),
        (["--ids", "5", "--temperature", "1", "--beams", "2"], 1, "several beams have no temperature"),
        (["--max-tokens", "0"], 2, "0 is not in the range"),
        (["--ids", "5", "--runtime", "browser", "--browser", "nowhere"], 1, "[runtime-unavailable]"),
    ],
)
def test_what_is_refused(options: list[str], status: int, said: str, mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", mute, *options)
    assert (result.exit_code, result.stdout) == (status, ""), result.output
    assert said in result.stderr and "Traceback" not in result.stderr


def test_folders_that_are_no_packages(tmp_path: Path, mute: Path, invoke: Invoke) -> None:
    result = invoke("webnn", "generate", tmp_path, "--ids", "5")
    assert result.exit_code == 1
    assert "has no generation.json: no model that generates is in it [wrong-kind]\nhint: --generate writes one" in result.stderr
    (mute / "decode.webnn").unlink()
    result = invoke("webnn", "generate", mute, "--ids", "5")
    assert result.exit_code == 1
    assert "has no decode.webnn" in result.stderr and "--format webnn" in result.stderr
    assert invoke("webnn", "generate", tmp_path / "nowhere", "--ids", "5").exit_code == 1


def test_a_damaged_tokenizer(folder: Path, invoke: Invoke) -> None:
    (folder / "tokenizer.json").write_text("{")
    result = invoke("webnn", "generate", folder, "--prompt", "abc")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ") and "tokenizer.json is damaged: " in result.stderr
    result = invoke("webnn", "generate", folder, "--ids", "5", "--max-tokens", 2)
    assert (result.exit_code, result.stdout) == (0, " ".join(map(str, right([5], 2))) + "\n")
    assert "is damaged" in result.stderr and "tokens are shown by number" in result.stderr


def test_text_that_would_move_the_cursor_is_harmless(tmp_path: Path, invoke: Invoke) -> None:
    source = tokenizer(tmp_path / "tokenizer")
    document = (source / "tokenizer.json").read_text()
    vocabulary = json.loads(document)["model"]["vocab"]
    hostile = {(f"\x1b[2J{name}" if token > 4 else name): token for name, token in vocabulary.items()}
    changed = json.loads(document)
    changed["model"]["vocab"] = hostile
    (source / "tokenizer.json").write_text(json.dumps(changed))
    save_package(tmp_path / "package", Toy().graphs(), replace(toys.SETTINGS, eos=()), tokenizer=source)
    result = invoke("webnn", "generate", tmp_path / "package", "--ids", "5,9", "--max-tokens", 4)
    assert result.exit_code == 0 and "[2J" in result.stdout and "\x1b" not in result.stdout


def test_a_package_that_is_made_anew_stays_whole(tmp_path: Path, invoke: Invoke) -> None:
    """What is written with the weights reads them; other graphs that do are named."""
    source, made = tokenizer(tmp_path / "source"), tmp_path / "made"
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=300, **sizes)).save_pretrained(source)
    command = ("torch2webnn", source, "--generate", "2,8", "-o", made, "--fallback", "ort-web", "--force")
    assert invoke(*command).exit_code == 0
    assert (made / "tokenizer.json").exists()
    again = invoke(*command)
    assert again.exit_code == 0 and "is replaced" not in again.stderr
    (made / "other.webnn").write_text((made / "decode.webnn").read_text())
    said = invoke(*command).stderr
    assert "note: other.webnn reads model.safetensors" in said
    assert {line.split()[1] for line in said.splitlines() if "is replaced" in line} == {"other.webnn"}


ENDLESS = """
import cli, time, sys
from webnn_graph.runtimes import reference
right = reference.evaluate
def slow(*given, **how):
    time.sleep(0.002)
    return right(*given, **how)
reference.evaluate = slow
cli.webnn()
"""


def test_an_interrupt_ends_it_cleanly(mute: Path) -> None:
    """After what was generated: a line's end, and one line that says so."""
    command = [sys.executable, "-c", ENDLESS, "generate", str(mute), "--ids", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=0) as process:
        assert process.stdout and process.stderr
        os.read(process.stdout.fileno(), 1)
        time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (130, "error: interrupted")
    assert rest.endswith("\n") and rest.count("\n") == 1
