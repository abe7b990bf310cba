"""``webnn run --text``: the same as transformers' pipelines say, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
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
from webnn_graph import GraphBuilder, save  # noqa: E402
from webnn_graph.data_types import DataType  # noqa: E402
from webnn_graph.errors import ValidationError  # noqa: E402
from webnn_graph.generation.text import Marked  # noqa: E402
from webnn_graph.graph import Descriptor  # noqa: E402
from webnn_graph.metadata import Labels, Metadata, Tokens  # noqa: E402
from webnn_graph.tasks.texts import filled, inputs_of, named_parts, tokenizer_file  # noqa: E402

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


def test_tokens_beyond_the_table(tmp_path: Path, invoke: Invoke) -> None:
    """Places, whose table is smaller, do not matter."""
    (tmp_path / "tokenizer.json").write_text(trained("bert")[0])
    names = Labels(names=tuple(f"label {i}" for i in range(8)))
    metadata = Metadata(tensors={"ids": Tokens(), "places": Tokens(holds="positions"), "y": names})
    for rows, said in ((120, ""), (5, "and small knows 5 tokens, from 0 on [wrong-input]")):
        b = GraphBuilder("small")
        ids, places = b.cast(b.input("ids", "int64", [1, 4]), "int32"), b.input("places", "int64", [1, 4])
        table = np.zeros((rows, 8), np.float32)
        found = b.add(b.gather(table, ids), b.gather(table[:4], places))
        save(replace(b.build({"y": b.reduceMean(found, axes=[1])}), metadata=metadata.document()), tmp_path / "small.webnn", overwrite=True)
        result = invoke("webnn", "run", tmp_path / "small.webnn", "--text", "Anna")
        assert result.exit_code == bool(said) and said in result.stderr, result.output


def test_a_damaged_tokenizer_is_left_out(tmp_path: Path, invoke: Invoke) -> None:
    _, config = bert("bert", **NAMED)
    graph = written(transformers.BertForSequenceClassification(config), tmp_path, invoke)
    (tmp_path / "model.tokenizer.json").write_text("{")
    result = invoke("webnn2json", graph, "-o", tmp_path / "again")
    assert result.exit_code == 0 and "the tokenizer is left out" in result.output
    assert not (tmp_path / "again" / "model.tokenizer.json").exists()


def test_where_a_tokenizer_is(tmp_path: Path) -> None:
    """Beside a model, which may be in a folder onnx of what it belongs to; one of its name is its own."""
    folder = tmp_path / "onnx"
    folder.mkdir()
    assert tokenizer_file(folder / "model.onnx") is None
    for file in (tmp_path / "tokenizer.json", folder / "tokenizer.json", folder / "model.tokenizer.json"):
        file.touch()
        assert tokenizer_file(folder / "model.onnx") == file
    assert tokenizer_file(folder) == folder / "tokenizer.json"


def test_inputs_of_tokens() -> None:
    """What fills up is the padding of the tokens themselves, and 0 in what tells of them."""
    marked = Marked(ids=[5, 6, 7], types=[0, 0, 1], marks=[1, 0, 1], offsets=[(0, 0), (0, 2), (0, 0)])
    four = Descriptor(DataType.INT64, (1, 4))

    def tokens(holds: Any) -> tuple[Tokens, Descriptor]:
        return Tokens(holds=holds, pad=9), four

    inputs = {holds: tokens(holds) for holds in ("ids", "mask", "types", "positions")}
    expected = {"ids": [[5, 6, 7, 9]], "mask": [[1, 1, 1, 0]], "types": [[0, 0, 1, 0]], "positions": [[0, 1, 2, 0]]}
    assert {name: array.tolist() for name, array in filled(marked, inputs).items()} == expected
    three, two = Descriptor(DataType.INT64, (3,)), Descriptor(DataType.INT32, (1, 2))
    assert filled(marked, {"x": (Tokens(), three)})["x"].tolist() == [5, 6, 7]
    for wrong, said in ((two, "the text has 3 tokens; the model takes 2"), (Descriptor(DataType.INT64, (2, 4)), "takes several texts")):
        with pytest.raises(ValidationError, match=said):
            filled(marked, {"x": (Tokens(), wrong)})
    with pytest.raises(ValidationError, match=r"takes several texts: x \[1, 4\], m \[3\]"):
        filled(marked, {"x": (Tokens(), four), "m": (Tokens(holds="mask"), three)})
    with pytest.raises(ValidationError, match="the text has no tokens"):
        filled(Marked([], [], [], []), {"x": (Tokens(), four)})
    assert inputs_of({"m": Tokens(holds="mask")}, {"m": four}) == {}


def test_parts_begin_anew() -> None:
    """Behind B-PER another B-PER is another one, and a mark is none; a part's score is the mean of its tokens'."""
    scores = np.float32([[[0, 1, 0], [0, 0.8, 0.2], [0, 0.3, 0.7], [0.1, 0.9, 0], [1, 0, 0]]])
    marked = Marked([0] * 5, [0] * 5, [1, 0, 0, 0, 0], [(0, 0), (0, 2), (2, 4), (5, 9), (9, 10)])
    labels = Labels(names=("O", "B-PER", "I-PER"), scores="probabilities")
    found = named_parts(scores, labels, marked, "Jo-y Anna.")
    assert [(one.label, one.text, round(one.score, 5)) for one in found] == [("PER", "Jo-y", 0.75), ("PER", "Anna", 0.9)]
