"""Pages that benchmarks and tests open: served as ``webnn serve`` does it, and what axe-core finds in them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.results import ROOT
from webnn_graph.gallery import pages_of
from webnn_graph.serving import address_of, serving

AXE = Path(os.environ.get("WEBNN_AXE") or ROOT / ".venv" / "npm" / "node_modules" / "axe-core" / "axe.min.js")
"""The script of axe-core."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder at a free port, while the context lasts."""
    with serving(folder, pages_of(folder), 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield address_of(server)
        finally:
            server.shutdown()
            thread.join()


def broken_rules(page: Any, options: Mapping[str, Any] = MappingProxyType({})) -> list[tuple[str, str]]:
    """The rules of axe-core that a page breaks as it is now, each with the first element that does.

    Args:
        page: Of Playwright.
        options: Of axe-core, https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#options-parameter.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **options})
    assert found["passes"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]
