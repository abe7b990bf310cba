"""Text of tokens and tokens of text in Python, compared with transformers; and tokenizers that a page cannot read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.generation.text import Tokenizer, text_of

pytest.importorskip("transformers", reason="transformers is not installed")

from tests.generation import texts


@pytest.mark.parametrize("kind", texts.KINDS)
def test_tokens_and_text(kind: str, tmp_path: Path) -> None:
    theirs = texts.write(kind, tmp_path)
    ours = Tokenizer(tmp_path)
    for text in texts.TEXTS:
        ids = theirs.encode(text)
        assert ours.encode(text) == ids
        stream = ours.stream()
        pieces = [stream.add(token) for token in ids]
        assert "".join([*pieces, stream.rest()]) == theirs.decode(ids, skip_special_tokens=True)
        assert not any("\ufffd" in piece for piece in pieces)


def test_a_character_that_is_not_whole_is_the_rest(tmp_path: Path) -> None:
    ids = texts.write("bytes", tmp_path).encode("a😀")
    stream = Tokenizer(tmp_path).stream()
    assert [stream.add(token) for token in ids[:-1]] == ["a", *[""] * (len(ids) - 2)]
    assert stream.rest() == "\ufffd"


@pytest.mark.parametrize("kind", texts.KINDS)
def test_every_kind_is_known_to_pages(kind: str, tmp_path: Path) -> None:
    texts.write(kind, tmp_path)
    text = text_of(tmp_path)
    assert set(text.files()) == {"tokenizer.json", "tokenizer_config.json"}
    assert json.loads(text.files()["tokenizer_config.json"])["chat_template"] == texts.CHAT


def changed(folder: Path, **parts: Any) -> Path:
    """A tokenizer with other parts."""
    texts.write("bytes", folder)
    document = json.loads((folder / "tokenizer.json").read_text()) | parts
    (folder / "tokenizer.json").write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"model": {"type": "Words", "vocab": {}}}, "model 'Words'"),
        ({"model": None}, "model 'None'"),
        ({"pre_tokenizer": {"type": "UnicodeScripts"}}, "pre_tokenizer 'UnicodeScripts'"),
        ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}]}}, "normalizer 'Nmt'"),
        ({"decoder": {"type": "Sequence", "decoders": [{"type": "Sequence", "decoders": [{"type": "Other\x1b[31m"}]}]}}, "decoder 'Other"),
        ({"post_processor": 5}, "post_processor '5'"),
    ],
)
def test_kinds_that_pages_lack(parts: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(WebNNError, match="@huggingface/tokenizers lacks") as raised:
        text_of(changed(tmp_path, **parts))
    assert said in raised.value.what and "\x1b" not in raised.value.what
    assert raised.value.code == "wrong-kind"


DAMAGED = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b'{"model":' * 100_000,
    "no text": b"\xff\xfe\x00",
    "a pointer": b"version https://git-lfs.github.com/spec/v1\n",
}


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_files(content: str, name: str, tmp_path: Path) -> None:
    texts.write("bytes", tmp_path)
    (tmp_path / name).write_bytes(DAMAGED[content])
    with pytest.raises(FormatError, match=f"{name} is no JSON object"):
        text_of(tmp_path)


@pytest.mark.parametrize(
    "content", [*DAMAGED.values(), b"{}", b'{"model": {"type": "BPE"}}', b'{"model": {"type": "Unigram", "vocab": [], "unk_id": 9}}']
)
def test_damaged_files_are_not_computed_with(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(FormatError, match=r"tokenizer\.json is damaged"):
        Tokenizer(tmp_path)


def test_a_folder_without_one(tmp_path: Path) -> None:
    for reading in (Tokenizer, text_of):
        with pytest.raises(WebNNError, match=r"has no tokenizer\.json"):
            reading(tmp_path)


@pytest.mark.parametrize("beside", [True, False])
def test_where_the_template_is(beside: bool, tmp_path: Path) -> None:
    texts.write("bytes", tmp_path, template=None)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    if beside:
        (tmp_path / "chat_template.jinja").write_text(texts.CHAT)
    else:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config | {"chat_template": texts.CHAT}))
    assert text_of(tmp_path).config["chat_template"] == texts.CHAT
