"""Refuses a built site that loads something from elsewhere: ``python -m tests.site.offline FOLDER``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'> ]+"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*\bhref=["']?(?:https?:)?//[^"'> ]+"""
    r"""|@import\s+["']?(?:url\()?["']?(?:https?:)?//[^"'); ]+|url\(["']?(?:https?:)?//[^"') ]+""",
    re.IGNORECASE,
)


def loaded(folder: Path) -> Iterator[str]:
    """What pages and style sheets of a site load from other servers."""
    for file in sorted((*folder.rglob("*.html"), *folder.rglob("*.css"))):
        for found in LOADED.findall(file.read_text("utf-8")):
            yield f"{file.relative_to(folder)}: {found}"


if __name__ == "__main__":
    sys.exit("\n".join(loaded(Path(sys.argv[1]))) or None)
