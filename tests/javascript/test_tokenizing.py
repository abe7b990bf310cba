"""Tokens that modules make of texts with the package of npm: those of the package tokenizers, of all kinds of parts that pages take."""

from __future__ import annotations

import json
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.javascript.written import NODE, needs_node
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.generation.text import ENTRY, Tokenizer, check_tokenizer
from webnn_graph.own import TEMPLATES

tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")

from tokenizers import Regex, models, normalizers, pre_tokenizers, processors  # noqa: E402

from tests.generation.texts import KINDS, TEXTS  # noqa: E402
from tests.javascript.test_texts import LIBRARY, PACKAGES, needs_tokenizers  # noqa: E402

POOLS = [
    *("abcdefghij ABC", "éèêëüöäßñç ", "日本語漢字かなカナ ", "한국어 조선 ", "Приветмир ", "αβγΣςΩ ", "😀👍🏽❤️👩‍💻 ", "0123456789.,- "),
    *(".,!?;:'\"()[]{}<>/\\|@#$%^&*_+=~` ", "\t\n\r \u00a0\u3000\u200b\u2028", "a\u0301\u0308e\u0323 ", "अआइक्षा ", "กขค้ำ ", "אבגד "),
    *("ابجد ", "\x00\x01\x1f\x7f\x9f\x85\ufeffab ", "𝐀𠀀𐐀🇩🇪 ", "ﬁ½①ＡⅣ㌀²x "),
]
HARD = [*("ΣΑΣ σας", "İstanbul ıi", "don't WE'VE 12:30", "a\rb", " lead", "trail ", "two  spaces", "…—“q”", "[CLS] a [SEP]", "日" * 120)]
RANDOM = Random(7)


def _made() -> str:
    pool = "".join(RANDOM.sample(POOLS, RANDOM.choice((1, 2, 3))))
    return "".join(RANDOM.choice(pool) for _ in range(RANDOM.choice((1, 3, 8, 20, 60))))


STRINGS = list(dict.fromkeys([*TEXTS, *HARD, *(_made() for _ in range(220))]))
FORMS = (None, "NFC", "NFD", "NFKC", "NFKD")
CHARACTERS = sorted(
    {c for s in STRINGS for form in FORMS for change in (str, str.lower) for c in change(unicodedata.normalize(form, s) if form else s)}
    | {"▁", *pre_tokenizers.ByteLevel.alphabet()}
)
SPECIAL = ["[UNK]", "[CLS]", "[SEP]"]
PIECES = {piece: i for i, piece in enumerate(dict.fromkeys([*SPECIAL, *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]))}
"""Where a word begins is seen by its pieces."""
BEHAVIORS = ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")


def pieces(normalizer: Any = None, pre_tokenizer: Any = None, post_processor: Any = None) -> Any:
    """A tokenizer of characters with one part, or some."""
    made = tokenizers.Tokenizer(models.WordPiece(vocab=PIECES, unk_token="[UNK]"))
    for name, part in (("normalizer", normalizer), ("pre_tokenizer", pre_tokenizer), ("post_processor", post_processor)):
        if part:
            setattr(made, name, part)
    made.add_special_tokens(SPECIAL)
    return made


def words() -> Any:
    """Whole words, of which most are unknown."""
    known = [word for text in STRINGS[::2] for word, _ in pre_tokenizers.Whitespace().pre_tokenize_str(text)]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(["[UNK]", *known]))}
    made = tokenizers.Tokenizer(models.WordLevel(vocab=vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


ENDS = (("[SEP]", 2), ("[CLS]", 1))
TEMPLATE = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
N, P = normalizers, pre_tokenizers
PARTS: dict[str, Callable[[], Any]] = {
    "words": words,
    **{f"normalizer {name}": lambda name=name: pieces(getattr(N, name)()) for name in "NFC NFD NFKC NFKD Lowercase StripAccents".split()},
    **{
        f"BertNormalizer {options}": lambda options=options: pieces(N.BertNormalizer(**options), P.BertPreTokenizer())
        for options in ({}, {"lowercase": False}, {"strip_accents": False}, {"handle_chinese_chars": False}, {"clean_text": False})
    },
    "Prepend": lambda: pieces(N.Prepend("▁")),
    "Replace": lambda: pieces(N.Sequence([N.Replace(Regex(r"\s+"), " "), N.Replace("a", "b")])),
    **{name: lambda name=name: pieces(None, getattr(P, name)()) for name in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")},
    **{f"Punctuation {behavior}": lambda behavior=behavior: pieces(None, P.Punctuation(behavior)) for behavior in BEHAVIORS},
    **{
        f"Split {pattern} {behavior} {invert}": lambda pattern=pattern, behavior=behavior, invert=invert: pieces(
            None, P.Split(pattern if len(pattern) == 1 else Regex(pattern), behavior, invert)
        )
        for pattern in (" ", ".", r"\w+|[^\w\s]+")
        for behavior in BEHAVIORS
        for invert in (False, True)
    },
    **{f"Digits {are_single}": lambda are_single=are_single: pieces(None, P.Digits(are_single)) for are_single in (False, True)},
    **{f"FixedLength {length}": lambda length=length: pieces(None, P.FixedLength(length)) for length in (1, 5)},
    **{
        f"Metaspace {scheme} {split}": lambda scheme=scheme, split=split: pieces(None, P.Metaspace(prepend_scheme=scheme, split=split))
        for scheme in ("always", "first", "never")
        for split in (False, True)
    },
    "ByteLevel": lambda: pieces(None, P.ByteLevel(add_prefix_space=False)),
    "ByteLevel whole": lambda: pieces(None, P.ByteLevel(add_prefix_space=True, use_regex=False)),
    "Sequence": lambda: pieces(None, P.Sequence([P.WhitespaceSplit(), P.Digits(True), P.Punctuation()])),
    "BertProcessing": lambda: pieces(N.BertNormalizer(), P.BertPreTokenizer(), processors.BertProcessing(*ENDS)),
    "RobertaProcessing": lambda: pieces(N.BertNormalizer(), P.BertPreTokenizer(), processors.RobertaProcessing(*ENDS)),
    "TemplateProcessing": lambda: pieces(N.BertNormalizer(), P.BertPreTokenizer(), processors.Sequence([processors.ByteLevel(), TEMPLATE])),
    **{f"trained: {kind}": make for kind, (make, _) in KINDS.items() if kind != "unigram"},  # of which some texts have two best forms
}
SCRIPT = """
import fs from "node:fs";
import { Tokenizer } from "LIBRARY";
import { tokenizerOf } from "./tokenizing.mjs";
const { documents, strings } = JSON.parse(fs.readFileSync(0, "utf8"));
const made = Object.entries(documents).map(([name, data]) => {
  const known = tokenizerOf(Tokenizer, data, {});
  return [name, strings.map((text) => known.encode(text).ids)];
});
console.log(JSON.stringify(Object.fromEntries(made)));
"""


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """All tokenizers of the package tokenizers."""
    return {name: make() for name, make in PARTS.items()}


@pytest.fixture(scope="module")
def found(known: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tokens that the package of npm makes."""
    folder = tmp_path_factory.mktemp("tokenizing")
    shutil.copy(TEMPLATES / "tasks" / "tokenizing.js", folder / "tokenizing.mjs")
    (folder / "run.mjs").write_text(SCRIPT.replace("LIBRARY", (PACKAGES / LIBRARY / ENTRY).as_uri()))
    given = {"documents": {name: json.loads(one.to_str()) for name, one in known.items()}, "strings": STRINGS}
    done = subprocess.run([str(NODE), "run.mjs"], input=json.dumps(given), cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@needs_node
@needs_tokenizers
@pytest.mark.parametrize("name", PARTS)
def test_tokens_are_those_of_python(name: str, known: dict[str, Any], found: dict[str, Any]) -> None:
    assert len(STRINGS) > 200
    right = [known[name].encode(text).ids for text in STRINGS]
    assert [text for text, one, other in zip(STRINGS, right, found[name], strict=True) if one != other] == []


def test_words_that_are_unknown_without_a_token(tmp_path: Path) -> None:
    """See `tests.javascript.test_texts` for the same words of a module."""
    document = json.loads(words().to_str())
    document["model"] |= {"vocab": {"a": 0}, "unk_token": "?"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(document))
    check_tokenizer(tmp_path / "tokenizer.json")
    made = Tokenizer(tmp_path)
    assert made.encode("a") == list(made.marked("a").ids) == [0]
    for encode in (made.encode, made.marked):
        with pytest.raises(ValidationError, match="the tokenizer has no token for a part of the text"):
            encode("a b")


def test_pieces_that_go_on_with_a_prefix_are_refused(tmp_path: Path) -> None:
    model = {"type": "BPE", "vocab": {"a": 0, "##a": 1, "aa": 2}, "merges": ["a ##a"], "continuing_subword_prefix": "##"}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": model}))
    with pytest.raises(WebNNError, match="has model 'BPE' with continuing_subword_prefix, which @huggingface/tokenizers lacks"):
        check_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {**model, "continuing_subword_prefix": ""}}))
    check_tokenizer(tmp_path / "tokenizer.json")
