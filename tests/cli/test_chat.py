"""Chat templates, which are strangers' programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.chat import MOST_CHARACTERS, prompt_of
from webnn_graph.errors import WebNNError

ASKED = [{"role": "user", "content": "hi"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}))
    return tmp_path


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ([{"name": [1], "template": "x"}, {"name": "default", "template": "{{ messages[0].role }}"}], "user"),
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "hi"),
        ("without messages", "without messages"),
        ("{{ missing }}", ""),
    ],
)
def test_templates(template: Any, prompt: str, folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    assert prompt_of(folder, ASKED) == prompt


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (f"{{{{ 'x' * {MOST_CHARACTERS + 1} }}}}", "makes 4,194,305 characters"),
        ("{{ 'x' * 10**10 }}", "memory"),
        ("{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("{{ messages.append(1) }}", "is unsafe"),
        ("{{ missing.member }}", "'missing' is undefined"),
        ("{{ raise_exception('\x1b[31mno') }}", r"refuses the conversation: \x1b[31mno"),
        ("{% generation %}", "cannot be rendered"),
        ("{{ 1 / 0 }}", "division by zero"),
        ([{"name": "other", "template": "x"}], "has no chat template"),
        ([1, None, {"name": "default", "template": 5}], "has no chat template"),
        ({"default": "x"}, "has no chat template"),
    ],
)
def test_templates_that_are_refused(template: Any, message: str, folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    with pytest.raises(WebNNError) as raised:
        prompt_of(folder, ASKED)
    assert message in raised.value.what
