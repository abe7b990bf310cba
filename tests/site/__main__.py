"""Writes what of the documentation is generated: ``python -m tests.site``; with ``--anew`` sizes and times as they are now, too."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.examples.running import EXAMPLES, example
from tests.site import errors
from tests.site.folder import fill
from tests.site.generated import PAGES
from tests.site.running import DOCS, rewritten
from tests.site.running import PAGES as WITH_EXAMPLES

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--anew", action="store_true", help="numbers that are measured, too")
anew = parser.parse_args().anew
for name, made in PAGES.items():
    (DOCS / name).write_text(made(), "utf-8")
for page in WITH_EXAMPLES:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        page.write_text(rewritten(page, Path(folder), anew=anew), "utf-8")
for page in EXAMPLES:
    with tempfile.TemporaryDirectory() as folder, example(page, Path(folder)):
        page.write_text(rewritten(page, Path(folder), anew=anew), "utf-8")
with tempfile.TemporaryDirectory() as folder:
    (DOCS / "errors.md").write_text(errors.page(Path(folder)), "utf-8")
