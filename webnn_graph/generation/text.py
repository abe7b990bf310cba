"""The tokenizer of a model: its files, and whether a page can read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from webnn_graph.codes import Code
from webnn_graph.errors import FormatError, ValidationError, WebNNError
from webnn_graph.wording import one_line, size

DATA, CONFIG, TEMPLATE = "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"
MOST_BYTES = 2**28
"""Of a file: vocabularies of 256,000 tokens take some 30 MB."""
LIBRARY = {"@huggingface/tokenizers": "^0.2.0"}
"""What reads it in pages: a package of npm, with its versions."""
ENTRY = "dist/tokenizers.min.mjs"
"""Its module for pages, in its folder; it imports no other."""
KINDS = {
    "model": frozenset(("BPE", "Unigram", "WordLevel", "WordPiece")),
    "normalizer": frozenset(
        "BertNormalizer Lowercase NFC NFD NFKC NFKD Precompiled Prepend Replace Sequence Strip StripAccents".split(),
    ),
    "pre_tokenizer": frozenset(
        "BertPreTokenizer ByteLevel Digits FixedLength Metaspace Punctuation Replace Sequence Split Whitespace WhitespaceSplit".split(),
    ),
    "post_processor": frozenset("BertProcessing ByteLevel RobertaProcessing Sequence TemplateProcessing".split()),
    "decoder": frozenset("BPEDecoder ByteFallback ByteLevel CTC Fuse Metaspace Replace Sequence Strip WordPiece".split()),
}
"""What the parts of a tokenizer may be: that which version 0.2 of @huggingface/tokenizers has."""
MEMBERS = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "post_processor": "processors", "decoder": "decoders"}
"""What a Sequence calls its parts."""


@dataclass(frozen=True)
class Text:
    """A tokenizer.

    Attributes:
        data: The content of ``tokenizer.json``.
        config: What ``tokenizer_config.json`` says, with the chat template, which may stand in a file of its own.
    """

    data: bytes
    config: Mapping[str, Any]

    def files(self) -> dict[str, str | bytes]:
        """The contents of its files, by name."""
        return {DATA: self.data, CONFIG: json.dumps(self.config, indent=2) + "\n"}


def text_of(folder: Path) -> Text:
    """The tokenizer in a model's folder.

    Raises:
        FormatError: A file is damaged.
        WebNNError: There is none, or none that pages can read.
    """
    if not (folder / DATA).is_file():
        raise WebNNError(f"{folder} has no {DATA}", "transformers writes one: AutoTokenizer.from_pretrained(...).save_pretrained(...)")
    data = check_tokenizer(folder / DATA)
    config = _object(_read(folder / CONFIG), folder / CONFIG) if (folder / CONFIG).is_file() else {}
    if "chat_template" not in config and (folder / TEMPLATE).is_file():
        config["chat_template"] = _read(folder / TEMPLATE).decode("utf-8", "replace")
    return Text(data, config)


def check_tokenizer(file: Path) -> bytes:
    """The content of a tokenizer's file.

    Raises:
        FormatError: It is damaged.
        WebNNError: Pages cannot read it.
    """
    data = _read(file)
    document = _object(data, file)
    lacking = [f"{part} {one_line(str(kind), 60)!r}" for part, kind in _kinds(document) if kind not in KINDS[part]]
    model = document.get("model")
    if isinstance(model, Mapping) and model.get("merges") and model.get("continuing_subword_prefix"):
        lacking.append("model 'BPE' with continuing_subword_prefix")
    if lacking:
        raise WebNNError(f"{file} has {lacking[0]}, which @huggingface/tokenizers lacks", code=Code.WRONG_KIND)
    return data


def _read(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise FormatError(f"{path} has {size(path.stat().st_size)}; a tokenizer has at most {size(MOST_BYTES)}")
    return path.read_bytes()


def _object(content: bytes, path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError(f"{path} is no JSON object: {error}") from None


def _kinds(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The kinds of all parts of a tokenizer, each with where it stands."""
    for part in KINDS:
        left = [document.get(part)]
        while left:
            found = left.pop()
            if found is None and part != "model":
                continue
            if not isinstance(found, Mapping):
                yield part, found
                continue
            # Old files do not say what the model is; that which has merges, or a list of pieces, is told by that.
            if part != "model" or "type" in found or not found.get("vocab"):
                yield part, found.get("type")
            members = found.get(MEMBERS.get(part, ""), [])
            left.extend(members if isinstance(members, list) else [members])


@dataclass(frozen=True)
class Marked:
    """The tokens of a text, with those that mark its beginning and end.

    Attributes:
        ids: Their numbers.
        types: Which of two texts they are of.
        marks: Of each token 1 where it is a mark.
        offsets: Where each begins and ends in the text, in characters.
    """

    ids: Sequence[int]
    types: Sequence[int]
    marks: Sequence[int]
    offsets: Sequence[tuple[int, int]]


class Tokenizer:
    """A tokenizer of a folder that computes, by the package ``tokenizers``.

    Args:
        folder: Where its files are.
        data: The name of that with its data.
        instead: What can be done without one, which errors say.

    Raises:
        FormatError: ``tokenizer.json`` is damaged.
        WebNNError: There is none, or no such package.
    """

    def __init__(self, folder: Path, data: str = DATA, *, instead: str = "") -> None:
        if not (folder / data).is_file():
            raise WebNNError(f"{folder} has no {data}, so that text cannot be read", instead)
        try:
            import tokenizers
        except ImportError:
            hint = "python -m pip install 'webnn-convert[text]'" + (f"; or {instead}" if instead else "")
            raise WebNNError("text needs the package tokenizers, which is not installed", hint, code=Code.MISSING_MODULE) from None
        try:
            self._tokenizer = tokenizers.Tokenizer.from_buffer(_read(folder / data))
        except Exception as error:  # it has no class of its own
            raise FormatError(f"{folder / data} is damaged: {one_line(str(error), 200)}") from None
        self._decoding = tokenizers.decoders.DecodeStream

    def encode(self, text: str, *, marked: bool = True) -> list[int]:
        """The tokens of a text, with those that its beginning and end are marked with unless they are in it already.

        Raises:
            ValidationError: There is no token for a part of the text.
        """
        return list(self._encoded(text, marked).ids)

    def _encoded(self, text: str, marked: bool = True) -> Any:
        try:
            return self._tokenizer.encode(text, add_special_tokens=marked)
        except Exception:  # it has no class of its own, and knows no other reason
            raise ValidationError("the tokenizer has no token for a part of the text") from None

    def marked(self, text: str, most: int | None = None) -> Marked:
        """The tokens of a text with all that is known of them, however the file would cut or fill them up.

        Args:
            text: The text.
            most: How many tokens are kept, with the marks at their beginning and end; None for all.

        Raises:
            ValidationError: There is no place for more than marks, or no token for a part of the text.
        """
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if most is not None:
            if most <= self._tokenizer.num_special_tokens_to_add(is_pair=False):
                raise ValidationError(f"{most} tokens have no place for a text beside the marks at its ends")
            self._tokenizer.enable_truncation(most)
        made = self._encoded(text)
        return Marked(made.ids, made.type_ids, made.special_tokens_mask, made.offsets)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens, without those that mark something."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))

    def stream(self) -> Stream:
        """Makes text of tokens one after another."""
        return Stream(self, self._tokenizer, self._decoding(skip_special_tokens=True))


class Stream:
    """Text of tokens that come one after another; made by `Tokenizer.stream`."""

    def __init__(self, tokenizer: Tokenizer, of: Any, decoding: Any) -> None:
        self._tokenizer, self._of, self._decoding = tokenizer, of, decoding
        self._ids: list[int] = []
        self._text = ""

    def add(self, token: int) -> str:
        """What the next token adds to the text: nothing while a character is not whole."""
        self._ids.append(token)
        text = self._decoding.step(self._of, token) or ""
        self._text += text
        return text

    def rest(self) -> str:
        """What is left when no more tokens come: a character that is not whole."""
        whole = self._tokenizer.decode(self._ids)
        return whole.removeprefix(self._text) if whole.startswith(self._text) else ""
