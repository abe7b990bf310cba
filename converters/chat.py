"""What a conversation looks like to a model, by its tokenizer's chat template, which is a stranger's program."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jinja2
from jinja2.ext import Extension
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from converters.isolated import Limits, Stopped, isolated
from webnn_graph.errors import FormatError, WebNNError
from webnn_graph.generation.text import text_of
from webnn_graph.wording import one_line

LIMITS = Limits(seconds=5, memory=2**29)
"""Templates take milliseconds."""
MOST_CHARACTERS = 2**22
"""Of a prompt: a million tokens."""


def prompt_of(folder: Path, messages: Sequence[Mapping[str, str]]) -> str:
    """The text of a conversation that an answer is to follow; `text.js` of a package makes the same in a page.

    Args:
        folder: With the files of a tokenizer.
        messages: Each with ``role`` (system, user, assistant) and ``content``.

    Raises:
        FormatError: A file is damaged, or the template cannot be rendered.
        WebNNError: There is no tokenizer, it has no template, or the template refuses the messages.
    """
    config = text_of(folder).config
    template = _template(config)
    if template is None:
        raise WebNNError(f"the tokenizer in {folder} has no chat template", "give the prompt itself, in the form that the model expects")
    special = {name: token for name, token in config.items() if name.endswith("_token")}
    spelled = {name: token.get("content") if isinstance(token, Mapping) else token for name, token in special.items()}
    request = {"template": template, "variables": {**spelled, "messages": list(messages), "add_generation_prompt": True}}
    try:
        return isolated(rendered, json.dumps(request).encode(), LIMITS).decode()
    except Stopped as error:
        raise FormatError(f"the chat template in {folder} {one_line(str(error), 200)}") from None


def _template(config: Mapping[str, Any]) -> str | None:
    """The template of a tokenizer's configuration, or of several that which is called default."""
    known = config.get("chat_template")
    if isinstance(known, list):
        known = next((one.get("template") for one in known if isinstance(one, Mapping) and one.get("name") == "default"), None)
    return known if isinstance(known, str) else None


def rendered(request: bytes) -> bytes:
    """A worker of `converters.isolated`: the text of a template. It has what transformers gives templates."""
    document = json.loads(request)
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation])
    environment.filters["tojson"] = lambda value, **how: json.dumps(value, ensure_ascii=False, **how)
    environment.globals |= {"raise_exception": _refuse, "strftime_now": _now}
    try:
        text = environment.from_string(document["template"]).render(**document["variables"])
    except jinja2.TemplateError as error:
        raise FormatError(f"the chat template cannot be rendered: {one_line(str(error), 200)}") from None
    if len(text) > MOST_CHARACTERS:
        raise FormatError(f"the chat template makes {len(text):,} characters; a prompt has at most {MOST_CHARACTERS:,}")
    return text.encode()


class Generation(Extension):
    """``{% generation %}`` marks what a model is trained to say; in a prompt it stands for what is in it."""

    tags: set[str] = {"generation"}  # noqa: RUF012 -- as jinja2 declares it

    def parse(self, parser: Parser) -> list[Node]:
        """What is in it. Raises `jinja2.TemplateSyntaxError` where it does not end."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _now(form: str) -> str:
    return datetime.now().strftime(form)


def _refuse(message: object) -> NoReturn:
    raise WebNNError(f"the chat template refuses the conversation: {one_line(str(message), 200)}")
