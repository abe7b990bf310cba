"""HTML pages that need nothing else: no network, no library, no server. What they show is data in them, and may be anyone's."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

COMMON = "common"
"""The folder of what pages share: its style comes first."""
TIES = re.compile(r"^import .*;\n|^export ", re.MULTILINE)
"""What ties the modules of a script together where they are files of their own."""
COMMENTS = re.compile(r"^ *(?://.*|/\*\*(?:(?!\*/).|\n)*\*/)\n", re.MULTILINE)
"""Lines of a script that say what it does to whoever changes it."""


@dataclass(frozen=True)
class Page:
    """A kind of page: a folder of ``templates/pages`` with ``NAME.html.j2``, ``NAME.css`` and modules.

    Attributes:
        name: The folder.
        scripts: The modules, below ``templates/pages``, in an order in which each comes after those that it imports.
        allows: What it may load besides its own script and style, by the directives of a content security policy: their sources.
    """

    name: str
    scripts: Sequence[str]
    allows: Mapping[str, str] = field(default_factory=dict)

    def rendered(self, data: Mapping[str, Any], **values: object) -> str:
        """The page.

        Args:
            data: What the script reads, as JSON.
            values: What else the template shows.
        """
        # JSON in a page ends at nothing but its own end tag, and a string in it may spell any character by its number.
        literal = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        written = {"style": self._style, "script": self._script, "data": literal}  # ours, and what cannot end its element
        plain = {name: Markup(text) for name, text in written.items()}  # noqa: S704
        text = _template(f"{self.name}/{self.name}.html.j2").render(policy=self._policy, **values, **plain)
        return text.encode("utf-8", "replace").decode()  # halves of surrogate pairs, as names and paths may have, are no text of a file

    @cached_property
    def _style(self) -> str:
        return _text(f"{COMMON}/{COMMON}.css") + _text(f"{self.name}/{self.name}.css")

    @cached_property
    def _script(self) -> str:
        return COMMENTS.sub("", "".join(TIES.sub("", _text(name)) for name in self.scripts))

    @property
    def _policy(self) -> str:
        allowed = {"default-src": "'none'", "script-src": source_of(self._script), "style-src": source_of(self._style)}
        for directive, sources in self.allows.items():
            allowed[directive] = f"{allowed.get(directive, '')} {sources}".lstrip()
        return "; ".join(f"{directive} {sources}" for directive, sources in allowed.items())


def source_of(text: str) -> str:
    """A text as a content security policy allows it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _text(path: str) -> str:
    text: str = resources.files("templates").joinpath("pages", *path.split("/")).read_text("utf-8")
    return text


@cache
def _template(path: str) -> jinja2.Template:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text(path))
