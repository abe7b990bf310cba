"""The page of a model that is asked about texts, in a browser: it says what transformers' pipeline says, of its own folder alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.results import ROOT
from converters.commands.opening import Opening
from converters.commands.serving import of_path
from converters.described.given import Given
from converters.fetching import packages, tokenizing
from tests.cli.conftest import invoke as invoke
from webnn_graph.errors import WebNNError
from webnn_graph.formats.table import TOKENIZING
from webnn_graph.gallery import pages_of

pytest.importorskip("PIL", reason="pillow is not installed")
pytest.importorskip("tokenizers", reason="tokenizers is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.javascript.test_texts import LIBRARY, PACKAGES, needs_tokenizers  # noqa: E402
from tests.pages.conftest import Open  # noqa: E402
from tests.pages.test_answers import listed  # noqa: E402
from tests.tasks.test_command import NAMED  # noqa: E402
from tests.tasks.test_texts import LENGTH, TEXT, Invoke, bert, pipeline, tokenizer, written  # noqa: E402


@pytest.fixture(autouse=True)
def without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that is empty, and no registry to be asked."""

    def refuse(source: str, *more: str) -> None:
        raise WebNNError(f"{source} cannot be downloaded: there is no network")

    monkeypatch.setenv("WEBNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packages, "find", refuse)


@pytest.fixture
def stocked() -> None:
    """The cache has what makes tokens, as npm has installed it for tests."""
    for path, (member, _) in tokenizing.FILES.paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGES / LIBRARY / member.removeprefix("package/"), path)


@pytest.fixture
def classifier(tmp_path: Path, invoke: Invoke) -> tuple[Path, object]:
    """The graph of a small model with random weights, and the model."""
    _, config = bert("bert", **NAMED)
    model = transformers.BertForSequenceClassification(config)
    return written(model, tmp_path, invoke), model


def page_of(graph: Path, folder: Path, invoke: Invoke) -> str:
    """Writes a page; what is said of it."""
    result = invoke("webnn2js", graph, "-o", folder, "--format", "page")
    assert result.exit_code == 0, result.output
    return result.stderr


@pytest.mark.browser
@needs_tokenizers
@pytest.mark.parametrize("is_fetched", [True, False], ids=["in its folder", "installed by npm"])
def test_a_page_says_what_the_pipeline_says(
    is_fetched: bool, tmp_path: Path, classifier: tuple[Path, object], invoke: Invoke, open_folder: Open, request: pytest.FixtureRequest
) -> None:
    graph, model = classifier
    folder = tmp_path / "page"
    if is_fetched:
        request.getfixturevalue("stocked")
        assert "npm" not in page_of(graph, folder, invoke)
        assert not (folder / "node_modules").exists()
    else:
        said = page_of(graph, folder, invoke)
        assert f"npm install {tokenizing.PACKAGE} in {folder} completes it" in said and "there is no network" in said
        assert not list(folder.glob("*.tokenizers.*"))
        shutil.copytree(PACKAGES / LIBRARY, folder / "node_modules" / LIBRARY)
    page = open_folder(folder)
    asked = pipeline("text-classification", model, "bert")
    for text in (TEXT, f"Anna {TEXT} {TEXT} {TEXT}", "Anna"):
        page.fill("textarea", text)
        page.click("button.main")
        answer = asked(text, top_k=5, truncation=True, max_length=LENGTH)
        expected = [f"{one['label']} {100 * one['score']:.{0 if one['score'] >= 0.0995 else 1}f} %" for one in answer]
        page.wait_for_selector(f"#answer li >> text={expected[0].split()[-2]}")
        assert listed(page) == expected
        count = len(tokenizer().encode(text, padding=False, truncation=False))
        note = f"The text has {count} tokens, of which the model takes the first {LENGTH}."
        assert page.locator("#answer .quiet").all_inner_texts() == ([note] if count > LENGTH else [])


@needs_tokenizers
@pytest.mark.usefixtures("stocked")
def test_a_page_is_the_same_each_time(tmp_path: Path, classifier: tuple[Path, object], invoke: Invoke) -> None:
    graph, _ = classifier
    page_of(graph, tmp_path / "one", invoke)
    page_of(graph, tmp_path / "two", invoke)
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    module, license = (files[f"model{suffix}"] for suffix in TOKENIZING)
    assert b"Apache License" in license and b'from"' not in module, "a module that imports no other"
    again = invoke("webnn2js", graph, "-o", tmp_path / "one", "--format", "page")
    assert again.exit_code == 1 and all(f"model{suffix}" in again.stderr for suffix in TOKENIZING)


@pytest.mark.parametrize("file", ["docs/tasks/show-a-model.md", "Makefile"])
def test_the_version_is_the_one_that_is_said(file: str) -> None:
    assert f" {tokenizing.PACKAGE}" in (ROOT / file).read_text("utf-8")


@needs_tokenizers
@pytest.mark.usefixtures("stocked")
def test_a_module_that_is_served_has_it_where_it_is(tmp_path: Path, classifier: tuple[Path, object], invoke: Invoke) -> None:
    graph, _ = classifier
    page_of(graph, tmp_path / "page", invoke)
    (tmp_path / "page" / "index.html").unlink()
    assert '"./model.tokenizers.js"' in str(pages_of(tmp_path / "page")("/model.html"))
    for suffix in TOKENIZING:
        (tmp_path / "page" / f"model{suffix}").unlink()
    assert f'"./node_modules/{LIBRARY}/' in str(pages_of(tmp_path / "page")("/model.html"))


@needs_tokenizers
@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("name", ["model.webnn", "model"], ids=["a graph", "its folder"])
def test_a_model_is_served_with_it(name: str, tmp_path: Path, classifier: tuple[Path, object]) -> None:
    options = Opening(dims={"batch": 1, "sequence": LENGTH}) if name == "model" else Opening()
    with of_path(tmp_path / name, options, Given(), None, {}) as served:
        assert {f"model{suffix}" for suffix in (*TOKENIZING, ".tokenizer.json", ".task.js")} <= {
            file.name for file in served.folder.iterdir()
        }


@needs_tokenizers
@pytest.mark.usefixtures("stocked")
def test_another_file_in_the_cache_is_not_taken(tmp_path: Path, classifier: tuple[Path, object], invoke: Invoke) -> None:
    graph, _ = classifier
    module, _ = tokenizing.FILES.paths
    module.write_bytes(module.read_bytes() + b"\n")
    assert "could not be fetched" in page_of(graph, tmp_path / "page", invoke)
    assert not list((tmp_path / "page").glob("*.tokenizers.*"))


@needs_tokenizers
@pytest.mark.usefixtures("stocked")
def test_only_pages_that_take_texts_have_it(tmp_path: Path, classifier: tuple[Path, object], invoke: Invoke) -> None:
    graph, _ = classifier
    result = invoke("webnn2js", graph, "-o", tmp_path / "module", "--format", "js")
    assert result.exit_code == 0 and not list((tmp_path / "module").glob("*.tokenizers.*"))
    for data in ("model.tokenizer.json", "model.tokenizer_config.json", "model/tokenizer.json"):
        (tmp_path / data).unlink()
    page_of(graph, tmp_path / "page", invoke)
    assert not list((tmp_path / "page").glob("*.tokenizers.*"))
