"""``webnn run --text``: the same as transformers' pipelines say, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result

from tests.cli.conftest import invoke as invoke

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")

from tests.tasks.test_command import NAMED, SMALL  # noqa: E402

Invoke = Callable[..., Result]
CORPUS = "Anna lives in Paris, and works at the river Seine. It's late; 日本 is far away! Émile Zola wrote novels".split()
TEXT = "Anna works at the Seine, it's far from Paris. 日本!"
LENGTH = 24
WIDTHS = {**SMALL, "max_position_embeddings": 40}
TAGS = {0: "O", 1: "B-PER", 2: "I-PER", 3: "LOC"}


@cache
def trained(kind: str) -> tuple[str, dict[str, str]]:
    """A tokenizer's file, of one that is trained on a few words, as BERT or RoBERTa has it, and its marks; no two trainings are alike."""
    if kind == "bert":
        made = tokenizers.BertWordPieceTokenizer()
        made.train_from_iterator(CORPUS, vocab_size=120, min_frequency=1, show_progress=False)
        ends = (("[SEP]", made.token_to_id("[SEP]")), ("[CLS]", made.token_to_id("[CLS]")))
        made.post_processor = tokenizers.processors.BertProcessing(*ends)
        marks = {name: f"[{name[:-6].upper()}]" for name in ("pad_token", "cls_token", "sep_token", "mask_token", "unk_token")}
    else:
        made = tokenizers.ByteLevelBPETokenizer(add_prefix_space=True)
        marks = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>"}
        made.train_from_iterator(CORPUS, vocab_size=400, min_frequency=1, special_tokens=[*marks.values()], show_progress=False)
        ends = (("</s>", made.token_to_id("</s>")), ("<s>", made.token_to_id("<s>")))
        made.post_processor = tokenizers.processors.RobertaProcessing(*ends, add_prefix_space=True)
    made.enable_truncation(12)  # which a user's length overrides
    made.enable_padding(length=16)
    return made.to_str(), marks


def tokenizer(kind: str = "bert") -> Any:
    data, marks = trained(kind)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizers.Tokenizer.from_str(data), **marks)


def weighted(model: Any, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) / 3 if parameter.ndim > 1 else parameter.data
    return model.eval()


def written(model: Any, folder: Path, invoke: Invoke, kind: str = "bert", seed: int = 0) -> Path:
    weighted(model, seed).save_pretrained(folder / "model")
    tokenizer(kind).save_pretrained(folder / "model")
    names = ["batch=1", f"sequence={LENGTH}"]
    result = invoke("torch2webnn", folder / "model", "-o", folder, *(text for name in names for text in ("--dim", name)))
    assert result.exit_code == 0, result.output
    return folder / "model.webnn"


def said(graph: Path, invoke: Invoke, *options: object) -> Any:
    result = invoke("webnn", "run", graph, *options, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def bert(kind: str, **more: Any) -> Any:
    prefix = {"bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert"}[kind]
    known = tokenizer("roberta" if kind == "roberta" else "bert")
    widths = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": 40} if kind == "distilbert" else WIDTHS
    config = getattr(transformers, f"{prefix}Config")(**widths, vocab_size=len(known), pad_token_id=known.pad_token_id, **more)
    return prefix, config


def pipeline(task: str, model: Any, kind: str, **more: Any) -> Any:
    known = tokenizer(kind)
    known.backend_tokenizer.no_truncation()
    known.backend_tokenizer.no_padding()
    return transformers.pipeline(task, model=model, tokenizer=known, device="cpu", **more)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_labels_are_those_of_the_pipeline(kind: str, tmp_path: Path, invoke: Invoke) -> None:
    prefix, config = bert(kind, **NAMED)
    model = getattr(transformers, f"{prefix}ForSequenceClassification")(config)
    of = "roberta" if kind == "roberta" else "bert"
    graph = written(model, tmp_path, invoke, of)
    assert {path.name for path in tmp_path.glob("model.*")} >= {"model.tokenizer.json", "model.tokenizer_config.json"}
    asked = pipeline("text-classification", model, of)
    for text in (TEXT, "", "Anna", "Émile 😀"):
        found = said(graph, invoke, "--text", text, "--top", 3)
        (labels,) = found["labels"].values()
        expected = asked(text, top_k=3)
        assert found["task"] == "text-classification" and [one["label"] for one in labels] == [one["label"] for one in expected]
        np.testing.assert_allclose([one["score"] for one in labels], [one["score"] for one in expected], atol=1e-4)


def test_parts_are_those_of_the_pipeline(tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert", id2label=TAGS, label2id={name: i for i, name in TAGS.items()})
    model = transformers.BertForTokenClassification(config)

    def named(seed: int) -> Any:
        return pipeline("token-classification", weighted(model, seed), "bert", aggregation_strategy="simple")(TEXT)

    def is_telling(expected: Any) -> bool:
        """Whether there are several names, and parts of several tokens; the tokenizer's training is not the same each time."""
        return len({one["entity_group"] for one in expected}) > 1 and len(expected) < len(pipeline("ner", model, "bert")(TEXT))

    seed = next(seed for seed in range(50) if is_telling(named(seed)))
    expected = named(seed)
    graph = written(model, tmp_path, invoke, seed=seed)
    (parts,) = said(graph, invoke, "--text", TEXT)["parts"].values()
    assert [(one["label"], one["start"], one["end"]) for one in parts] == [(e["entity_group"], e["start"], e["end"]) for e in expected]
    np.testing.assert_allclose([one["score"] for one in parts], [one["score"] for one in expected], atol=1e-4)
    assert all(one["text"] == TEXT[one["start"] : one["end"]] for one in parts)
    lines = invoke("webnn", "run", graph, "--text", TEXT).stdout.splitlines()
    assert lines[0].split() == ["logits", "score", "from", "to", "text"] and len([line for line in lines if line]) == 2 + len(parts)


MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


@pytest.mark.parametrize(("mode", "is_normalized"), [("mean_tokens", True), ("cls_token", False)])
def test_vectors(mode: str, is_normalized: bool, tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert")
    model = transformers.BertModel(config)
    (tmp_path / "model" / "1_Pooling").mkdir(parents=True)
    (tmp_path / "model" / "modules.json").write_text(json.dumps(MODULES if is_normalized else MODULES[:2]))
    (tmp_path / "model" / "1_Pooling" / "config.json").write_text(
        json.dumps({f"pooling_mode_{mode}": True, "word_embedding_dimension": 32})
    )
    graph = written(model, tmp_path, invoke)
    (vector,) = said(graph, invoke, "--text", TEXT)["vectors"].values()
    (tokens,) = pipeline("feature-extraction", model, "bert")(TEXT)
    right = np.mean(tokens, 0) if mode == "mean_tokens" else np.asarray(tokens[0])
    np.testing.assert_allclose(vector, right / np.linalg.norm(right) if is_normalized else right, atol=1e-4)


def test_long_texts(tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert", **NAMED)
    model = transformers.BertForSequenceClassification(config)
    graph = written(model, tmp_path, invoke)
    long = TEXT * 3
    refused = invoke("webnn", "run", graph, "--text", long)
    count = len(pipeline("text-classification", model, "bert").tokenizer(long)["input_ids"])
    assert refused.exit_code == 1 and f"the text has {count} tokens; the model takes {LENGTH}" in refused.stderr
    assert "--truncate" in refused.stderr and refused.stdout == ""
    (labels,) = said(graph, invoke, "--text", long, "--truncate", "--top", 4)["labels"].values()
    expected = pipeline("text-classification", model, "bert")(long, top_k=4, truncation=True, max_length=LENGTH)
    assert [one["label"] for one in labels] == [one["label"] for one in expected]
    np.testing.assert_allclose([one["score"] for one in labels], [one["score"] for one in expected], atol=1e-4)


def test_what_is_refused(tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert", **NAMED)
    graph = written(transformers.BertForSequenceClassification(config), tmp_path, invoke)
    usage = invoke("webnn", "run", graph, "--truncate")
    assert usage.exit_code == 2 and "--truncate is for --text" in usage.stderr
    twice = invoke("webnn", "run", graph, "--text", "Anna", "--input", "input_ids=1")
    assert twice.exit_code == 1 and "input_ids is given twice, by --text and by its values" in twice.stderr
    tokenizer = tmp_path / "model.tokenizer.json"
    tokenizer.write_bytes(tokenizer.read_bytes()[:100])
    damaged = invoke("webnn", "run", graph, "--text", "Anna")
    assert damaged.exit_code == 1 and "model.tokenizer.json is damaged" in damaged.stderr
    tokenizer.unlink()
    absent = invoke("webnn", "run", graph, "--text", "Anna")
    assert absent.exit_code == 1 and f"{graph} has no tokenizer beside it, so that text cannot be read" in absent.stderr
    assert "hint: model.tokenizer.json is what a conversion writes" in absent.stderr and "--ids" not in absent.stderr
    note = "the model takes text, and has no tokenizer.json beside it"
    assert note in invoke("webnn2js", graph, "-o", tmp_path / "js").output
    assert note not in invoke("webnn2json", graph, "-o", tmp_path / "json").output
    for result in (twice, damaged, absent):
        assert "Traceback" not in result.stderr and result.stdout == ""


def test_a_damaged_tokenizer_is_left_out(tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert", **NAMED)
    graph = written(transformers.BertForSequenceClassification(config), tmp_path, invoke)
    (tmp_path / "model.tokenizer.json").write_text("{")
    result = invoke("webnn2json", graph, "-o", tmp_path / "again")
    assert result.exit_code == 0 and "the tokenizer is left out" in result.output
    assert not (tmp_path / "again" / "model.tokenizer.json").exists()
