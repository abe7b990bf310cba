"""The page of a model that is asked about texts, in a browser: what it says is what transformers' pipeline says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import invoke as invoke

pytest.importorskip("PIL", reason="pillow is not installed")
pytest.importorskip("tokenizers", reason="tokenizers is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from tests.javascript.test_texts import LIBRARY, PACKAGES, needs_tokenizers  # noqa: E402
from tests.pages.conftest import Open  # noqa: E402
from tests.pages.test_answers import listed  # noqa: E402
from tests.tasks.test_command import NAMED  # noqa: E402
from tests.tasks.test_texts import TEXT, Invoke, bert, pipeline, written  # noqa: E402


@pytest.mark.browser
@needs_tokenizers
def test_a_page_says_what_the_pipeline_says(tmp_path: Path, invoke: Invoke, open_folder: Open) -> None:
    _, config = bert("bert", **NAMED)
    model = transformers.BertForSequenceClassification(config)
    graph, folder = written(model, tmp_path, invoke), tmp_path / "page"
    result = invoke("webnn2js", graph, "-o", folder, "--format", "page")
    assert result.exit_code == 0, result.output
    shutil.copytree(PACKAGES / LIBRARY, folder / "node_modules" / LIBRARY)
    page = open_folder(folder)
    asked = pipeline("text-classification", model, "bert")
    for text in (TEXT, "Anna"):
        page.fill("textarea", text)
        page.click("button.main")
        expected = [f"{one['label']} {100 * one['score']:.{0 if one['score'] >= 0.0995 else 1}f} %" for one in asked(text, top_k=5)]
        page.wait_for_selector(f"#answer li >> text={expected[0].split()[-2]}")
        assert listed(page) == expected
