"""Small tokenizers, trained on the spot, of the kinds that language models have, and texts that are hard on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog says: hello!",
    "What is the capital of France? The capital of France is Paris.",
    "def add(a, b):\n    return a + b\n\nprint(add(1, 2))  # 3",
    "Ein Text mit Umlauten: äöüß. Un texte avec des accents : éèêç. 日本語のテキスト。",
    "It's 12:30, isn't it? We've got 1,234.56 reasons to stay here...",
] * 4
TEXTS = [
    "hello",
    " The capital of  France\tis Paris.\n",
    "äöü éè, naïve; 日本語 한국어 Привет",
    "😀 👩‍👩‍👧 🇩🇪 e\u0301",
    "def f(x):\n    return x  # 1,234",
    "isn't it? We'VE seen <|end|> and <|user|> here",
    "a<|end|> b",
    "zzzzqqqq \u00a0\u3000x",
    "",
]
SPECIAL = ["<|user|>", "<|bot|>", "<|end|>"]
CHAT = (
    "{% for m in messages %}{{ '<|' + ('bot' if m['role'] == 'assistant' else m['role']) + '|>' + m['content'] | trim + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|bot|>' }}{% endif %}"
)
"""A conversation as it looks to a model."""


def _trained(tokenizer: Tokenizer, trainer: Callable[..., Any], **options: Any) -> Tokenizer:
    tokenizer.train_from_iterator(CORPUS, trainer(vocab_size=400, show_progress=False, **options))
    return tokenizer


def byte_level() -> Tokenizer:
    """Bytes as characters, as GPT-2, SmolLM and Llama 3 have them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _trained(tokenizer, trainers.BpeTrainer, special_tokens=SPECIAL, initial_alphabet=alphabet)


def split() -> Tokenizer:
    """A regular expression before the bytes, digits alone, and a normal form, as Qwen has it."""
    tokenizer = byte_level()
    pattern = Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pattern, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return tokenizer


def byte_fallback() -> Tokenizer:
    """Pieces with ▁ for spaces, and bytes for characters that are unknown, as Llama 2 and Gemma have them."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", left=1, right=0)]
    )
    own = ["<unk>", "<s>", *SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))]
    _trained(tokenizer, trainers.BpeTrainer, special_tokens=own)
    document = json.loads(tokenizer.to_str())
    # Bytes are pieces like others.
    document["added_tokens"] = [token for token in document["added_tokens"] if not token["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def metaspace() -> Tokenizer:
    """Pieces by their probability, as T5 has them."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    _trained(tokenizer, trainers.UnigramTrainer, special_tokens=["<unk>", "</s>", *SPECIAL], unk_token="<unk>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def word_piece() -> Tokenizer:
    """Words and what they go on with, as BERT has them."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    _trained(tokenizer, trainers.WordPieceTrainer, special_tokens=["[UNK]", "[CLS]", "[SEP]", *SPECIAL])
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return tokenizer


KINDS: dict[str, tuple[Callable[[], Tokenizer], dict[str, str]]] = {
    "bytes": (byte_level, {"eos_token": "<|end|>"}),
    "split": (split, {"eos_token": "<|end|>"}),
    "byte fallback": (byte_fallback, {"bos_token": "<s>", "unk_token": "<unk>", "eos_token": "<|end|>"}),
    "unigram": (metaspace, {"eos_token": "</s>", "unk_token": "<unk>"}),
    "word pieces": (word_piece, {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}),
}
"""What makes each, and which tokens it calls what."""


def write(kind: str, folder: Path, *, template: str | None = CHAT) -> transformers.PreTrainedTokenizerFast:
    """Writes a tokenizer as transformers does; that of transformers, which says what is right."""
    make, named = KINDS[kind]
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=make(), clean_up_tokenization_spaces=False, **named)
    if template:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def letters() -> Tokenizer:
    """Each of 17 characters, of 23 tokens: what a toy of `tests.generation.toys` knows."""
    own = ["<unk>", "<s>", *SPECIAL]
    vocabulary = {token: i for i, token in enumerate([*own, *"abcdefghijklmno. !"[:17], "?"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in own])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer
