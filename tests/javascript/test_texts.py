"""The module of a task that is asked about texts: tokens as transformers has them, what is refused, types, packages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.page import ORT
from tests.cli.conftest import invoke as invoke
from tests.described.graphs import graph_of
from tests.formats.test_task import meaning
from tests.javascript.written import TSC, needs_node, needs_tsc, node
from webnn_graph.formats import save
from webnn_graph.metadata import Embedding, Labels, Meaning, Tokens
from webnn_graph.tasks.vectors import embedded

pytest.importorskip("tokenizers", reason="tokenizers is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.tasks.test_command import NAMED  # noqa: E402
from tests.tasks.test_texts import LENGTH, TEXT, Invoke, bert, tokenizer, written  # noqa: E402

PACKAGES = ORT.parent
LIBRARY = "@huggingface/tokenizers"
needs_tokenizers = pytest.mark.skipif(not (PACKAGES / LIBRARY).is_dir(), reason=f"{LIBRARY} is not installed (make test installs it)")
LABELS = Labels(names=("cat", "dog", "bird"))
LONG = " ".join([TEXT] * 3)
TEXTS = (TEXT, "", "Anna", "Émile 😀 [SEP] <s> it's", "\tParis\n\nSeine  日本 ", LONG, "[CLS] [CLS] <s><s> " + LONG)
HEAD = """
const failing = (promise) => promise.then(() => "fine", (error) => [error.name, error.code, error.message]);
const asked = await module.load({ context: mock.context() });
"""


def classifying(kind: str, folder: Path, invoke: Invoke, *options: str) -> Path:
    """The module of a small model with random weights, written beside its graph and tokenizer."""
    prefix, config = bert(kind, **NAMED)
    graph = written(getattr(transformers, f"{prefix}ForSequenceClassification")(config), folder, invoke, kind)
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text('{"type": "module"}')
    result = invoke("webnn2js", graph, "-o", folder, *options)
    assert result.exit_code == 0, result.output
    return folder / "model.task.js"


def run(module: Path, script: str) -> Any:
    return node(module, f"{HEAD} console.log(JSON.stringify(await (async () => {{ {script} }})()));")


INPUTS = {"input_ids": Tokens(), "attention_mask": Tokens(holds="mask"), "token_type_ids": Tokens(holds="types")}


def simple(kind: str, folder: Path, shape: tuple[int, ...], answer: Meaning) -> Path:
    """The module of a graph that takes all that is known of tokens, as float32, as the mock of WebNN has it."""
    known = tokenizer(kind)
    graph = graph_of(dict.fromkeys(INPUTS, (1, LENGTH)), {"y": shape})
    meanings = {**INPUTS, "input_ids": Tokens(pad=known.pad_token_id), "y": answer}
    known.save_pretrained(folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text('{"type": "module"}')
    save(meaning(graph, **meanings), folder / "model.js", tokenizer=("tokenizer.json", "tokenizer_config.json"))
    return folder / "model.task.js"


@needs_node
@needs_tokenizers
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_tokens_are_those_of_transformers(kind: str, tmp_path: Path) -> None:
    module = simple(kind, tmp_path, (1, 3), LABELS)
    script = f"""
        const compute = asked.model.compute.bind(asked.model);
        const seen = [];
        asked.model.compute = (feeds) => {{
          seen.push(Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, Array.from(data, Number)])));
          return compute(feeds);
        }};
        for (const text of {json.dumps(TEXTS)}) await asked.classify(text, {{ truncate: true }});
        return seen;
    """
    found, theirs = run(module, script), tokenizer(kind)
    for text, feeds in zip(TEXTS, found, strict=True):
        expected = theirs(text, padding="max_length", max_length=LENGTH, truncation=True, return_token_type_ids=True)
        assert feeds == {name: expected[name] for name in INPUTS}, text


@needs_node
@needs_tokenizers
def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    module = simple("bert", tmp_path, (1, 3), LABELS)
    count = len(tokenizer().encode(LONG, truncation=False, padding=False))
    wrong = run(
        module,
        f"""
        const long = {json.dumps(LONG)};
        const calls = [[7], [undefined], [["a", "b"]], [long], ["a", {{ truncate: 1 }}], ["a", {{ top: true }}], ["a", {{ x: 1 }}]];
        return Promise.all(calls.map((given) => failing(asked.classify(...given))));
        """,
    )
    assert {(name, code) for name, code, _ in wrong} == {("ModelError", "bad-input")}
    assert [text for _, _, text in wrong] == [
        "a text is a string, not number",
        "a text is a string, not undefined",
        "a text is a string, not object",
        f"the text has {count} tokens; the model takes {LENGTH}: {{ truncate: true }} leaves out the rest",
        "truncate is true or false, not 1",
        "top is a number from 1 to Infinity, not true",
        "there is no option x; there are top, truncate, signal",
    ]
    cause = run(module, f"return asked.classify({json.dumps(LONG)}).catch((error) => error.cause);")
    assert cause == {"tokens": count, "most": LENGTH}
    labels = run(module, "return [module.task, (await asked.classify('Anna', { top: 2 })).length];")
    assert labels == [{"name": "classify", "takes": "text", "gives": "labels"}, 2]


@needs_node
@needs_tokenizers
def test_a_text_without_a_token_is_refused(tmp_path: Path) -> None:
    module = simple("bert", tmp_path, (1, 3), LABELS)
    parts = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    model = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "?"}
    plain = {"version": "1.0", **parts, "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
    (tmp_path / "tokenizer.json").write_text(json.dumps(plain))
    (tmp_path / "tokenizer_config.json").write_text("{}")
    wrong = run(module, "return [await failing(asked.classify('a')), await failing(asked.classify('a b'))];")
    assert wrong == ["fine", ["ModelError", "bad-input", "the tokenizer has no token for a part of the text"]]


@needs_node
def test_what_is_missing_is_said(tmp_path: Path, invoke: Invoke) -> None:
    module = classifying("bert", tmp_path, invoke)
    script = """
        try { await module.load({ context: mock.context() }); console.log("0"); }
        catch (error) { console.log(JSON.stringify([error.name, error.code, error.message])); }
    """
    (tmp_path / "model.tokenizer.json").unlink()
    (tmp_path / "node_modules").unlink()
    name, code, text = node(module, script)
    assert (name, code) == ("ModelError", "download")
    assert text.startswith("there is no tokenizer (") and f"npm install {LIBRARY}, or an import map" in text


@needs_node
@needs_tokenizers
@pytest.mark.parametrize("pooling", ["mean", "first", "last", "none"])
def test_vectors_are_those_of_the_command(pooling: Any, tmp_path: Path) -> None:
    """From the same numbers, of which those of tokens that are not there count nothing."""
    embedding = Embedding(pooling=pooling, normalized=True)
    shape = (1, 6) if pooling == "none" else (1, LENGTH, 6)
    module = simple("bert", tmp_path, shape, embedding)
    values = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    count = len(tokenizer().encode(TEXT, padding=False, truncation=False))
    script = f"""
        asked.model.compute = async () => ({{ y: Float32Array.from({values.ravel().tolist()}) }});
        return Array.from(await asked.embed({json.dumps(TEXT)}));
    """
    expected = embedded(values, embedding, np.arange(LENGTH) < count)
    np.testing.assert_allclose(run(module, script), expected, atol=1e-6)


@needs_tsc
def test_types(tmp_path: Path, invoke: Invoke) -> None:
    classifying("bert", tmp_path, invoke)
    (tmp_path / "use.ts").write_text(
        """
        import { load, task } from "./model.task.js";
        const asked = await load();
        const labels: readonly { label: string; score: number }[] = await asked.classify("a", { truncate: true, top: 2 });
        const text: "text" = task.takes;
        // @ts-expect-error
        await asked.classify(7);
        // @ts-expect-error
        await asked.classify("a", { truncate: 1 });
        """
    )
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--types", ""]
    done = subprocess.run([str(TSC), *options, str(tmp_path / "use.ts")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_package_has_its_tokenizer(tmp_path: Path, invoke: Invoke) -> None:
    classifying("bert", tmp_path, invoke)
    result = invoke("webnn2js", tmp_path / "model.webnn", "-o", tmp_path / "made", "--format", "npm")
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "made" / "package.json").read_text())
    assert {"model.tokenizer.json", "model.tokenizer_config.json", "model.task.js"} <= set(manifest["files"])
    assert all((tmp_path / "made" / name).is_file() for name in manifest["files"])
    assert manifest["exports"]["./*.json"] == "./*.json" and manifest["main"] == "./model.task.js"
    assert set(manifest["dependencies"]) == {LIBRARY}
    assert f"`{LIBRARY}`" in (tmp_path / "made" / "README.md").read_text()


def test_without_a_tokenizer_there_is_no_task(tmp_path: Path, invoke: Invoke) -> None:
    graph = classifying("bert", tmp_path, invoke).with_name("model.webnn")
    for name in ("model.tokenizer.json", "model.tokenizer_config.json"):
        (tmp_path / name).unlink()
    (tmp_path / "model" / "tokenizer.json").unlink()
    result = invoke("webnn2js", graph, "-o", tmp_path, "--force")
    assert result.exit_code == 0 and not list(tmp_path.glob("model.task.*")), result.output
