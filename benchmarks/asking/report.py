"""The page about pages that answer: ``docs/pages.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.asking.questions import REPEATED, TEXT
from benchmarks.results import ROOT, Results, machine
from benchmarks.tables import table

HEAD = """# Pages that answer

Measured by `python -m benchmarks.asking`, on a machine with {machine}. Look at the sizes and at what is fast beside what: times are
others on other machines.

Models of [the zoo](zoo.md) of which it is known what they take and give, as the page that [`--format page`](tasks/show-a-model.md)
writes, asked about a picture of 1280x960 pixels (JPEG), a sound of 3 seconds (stereo, 44.1 kHz), a text of {words} words
or a file that says it {repeated} times (HTML):

* **page**, **task**, **module**: bytes of the page, of the steps before and behind the model, for texts with what makes tokens and the
  tokenizer's data, and of the model's own module, compressed by gzip; none is fetched from elsewhere;
* **loaded**: milliseconds from navigation until it can be asked, from this machine;
* **first**: milliseconds from the drop of the file, or from the click that asks about the text, until the answer stands in the page;
  **again**: the median of seven more;
* **rules broken**: of axe-core, with the answer, on a desktop and on a phone, light and dark.
"""
HEADINGS = ["model", "method", "page kB", "task kB", "module kB", "weights MB", "loaded ms", "first ms", "again ms", "rules broken"]


def main() -> None:
    """Writes what there is."""
    found = Results("asking").all
    if found:
        parts = [
            HEAD.format(machine=machine(), words=len(TEXT.split()), repeated=REPEATED),
            *(part for browser in sorted(found) for part in _of(browser, found[browser])),
        ]
        (ROOT / "docs" / "pages.md").write_text("".join(parts), "utf-8")


def _of(browser: str, models: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {browser}\n\n"
    order = sorted(models, key=lambda name: (models[name]["method"], name))
    yield table(HEADINGS, (_row(name, models[name]) for name in order))


def _row(name: str, figures: Mapping[str, Any]) -> list[str]:
    code = [f"{figures[part] / 1e3:.1f}" for part in ("page", "task", "module")]
    times = [f"{figures[part]:,.0f}" if figures[part] >= 10 else f"{figures[part]:.1f}" for part in ("loaded", "first", "again")]
    return [name, f"`{figures['method']}`", *code, f"{figures['weights'] / 1e6:.1f}", *times, str(figures["broken"])]
