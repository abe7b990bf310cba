"""The pages that say what benchmarks found: ``docs/benchmarks.md``, and the short table of the README."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.conversion.models import KINDS
from benchmarks.page.browser import WAYS
from benchmarks.page.models import MODELS
from benchmarks.results import ROOT, Results, machine
from benchmarks.tables import line, table

HEAD = """# Benchmarks

Measured by `make bench`, on a machine with {machine}. Look at the ratios: they hold on other machines, the rest does not.

## A page with a model

The module that `onnx2webnn --format js` writes, beside onnxruntime-web {ort} in the smallest build that has the provider, one thread,
in {browsers}. Both get the same sizes and compute on the CPU. Each figure is of new browsers, three where the first result is there
within 8 seconds:

* **code**: what is fetched besides the weights, compressed by gzip;
* **first**: milliseconds from navigation to the first result, from this machine and over a network of 20 Mbit/s and 20 ms;
* **a call**: milliseconds afterwards, median and 95th percentile of the best visit;
* **memory**: the most of the page's process, and of the whole browser, in MiB;
* **differs**: the largest difference from ONNX Runtime, relative to the largest number of a result.

The ratio is the module's to onnxruntime-web's with its WebNN provider and, behind the stroke, with WebAssembly.
"""
CONVERSION = """
## Conversion

From an ONNX file, or a `.pt2` file, to text, JSON, module and weights; everything is imported before.

"""
KEYS = {"bytes": "code", "first": "first", "first_slow": "first at 20 Mbit/s", "warm": "a call", "browser": "memory"}
"""The figures whose ratios are told, and what they are called."""
WORDS = {
    "bytes": "code that a page fetches",
    "first": "time to the first result",
    "first_slow": "time to the first result at 20 Mbit/s",
    "warm": "time of a call",
}
"""The same for those who read nothing else."""
TABLE = re.compile(r"(?<=<!-- benchmarks -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""The short table, in the page that has it."""


def main() -> None:
    """Writes what there is."""
    found, conversions = Results("page").all, Results("conversion").all
    rows = [row for models in found.values() for row in models.values()]
    if rows:
        head = HEAD.format(machine=machine(), ort=rows[0]["ort"], browsers=" and ".join(found))
        parts = [head, *(part for browser, models in found.items() for part in _page(browser, models))]
        if machine() in conversions:
            parts += [CONVERSION, *_conversion(conversions[machine()])]
        (ROOT / "docs" / "benchmarks.md").write_text("".join(parts), "utf-8")
        whole = {browser: models for browser, models in found.items() if set(MODELS) <= set(models)}
        for place in ("README.md", "docs/compare.md") if whole else ():
            path = ROOT / place
            path.write_text(TABLE.sub(lambda _: _short(whole), path.read_text("utf-8")), "utf-8")


def ratios(models: Mapping[str, Any], key: str, way: str) -> list[float]:
    """The module's figure over another way's, for each model of which both are known."""
    pairs = [(row["module"].get(key), row[way].get(key)) for row in models.values()]
    return [ours / theirs for ours, theirs in pairs if ours and theirs]


def mean(values: Sequence[float]) -> float | None:
    """The geometric mean; None of nothing."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def _page(browser: str, models: Mapping[str, Any]) -> Iterable[str]:
    yield f"\n### {browser}\n\n"
    yield table(["ratios", *KEYS.values()], (_ratios(name, {name: models[name]}) for name in MODELS if name in models))
    yield line(_ratios("**geometric mean**", models))
    yield "\n"
    yield table(
        ["model", "", "code kB", "first ms", "at 20 Mbit/s", "a call ms", "95 %", "memory MiB", "differs"],
        (_figures(name, way, models[name][way]) for name in MODELS if name in models for way in WAYS),
    )


def _ratios(name: str, models: Mapping[str, Any]) -> list[str]:
    return [name, *(" / ".join(_ratio(mean(ratios(models, key, way))) for way in ("webnn", "wasm")) for key in KEYS)]


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"1/{1 / value:,.0f}" if value < 0.05 else f"{value:.2f}"


def _figures(name: str, way: str, row: Mapping[str, Any]) -> list[str]:
    if "error" in row:
        return [name, WAYS[way], f"fails: {row['error'][:80].replace('|', ' ')}", *[""] * 6]
    slow = "–" if row["first_slow"] is None else f"{row['first_slow']:,.0f}"
    memory = f"{row['renderer']:,.0f} / {row['browser']:,.0f}"
    code, times = f"{row['bytes'] / 1e3:,.1f}", [f"{row[key]:,.1f}" for key in ("warm", "p95")]
    return [name if way == "module" else "", WAYS[way], code, f"{row['first']:,.0f}", slow, *times, memory, f"{row['difference']:.0e}"]


def _conversion(rows: Mapping[str, Any]) -> Iterable[str]:
    def shown(name: str, row: Mapping[str, Any], more: Callable[[float], str]) -> list[str]:
        seconds = row["convert"] + row["save"]
        return [name, f"{seconds:.1f}", more(seconds), f"{row['memory'] - row['before']:,.0f}"]

    nodes = {name: row for name, row in rows.items() if "nodes" in row}
    yield table(
        ["model", "seconds", "nodes a second", "memory MiB"],
        (shown(name, row, lambda seconds, row=row: f"{row['nodes'] / seconds:,.0f}") for name, row in nodes.items()),  # type: ignore[misc]
    )
    slopes = [f"{kind} {_slope(nodes, kind):.2f}" for kind in KINDS if any(name.startswith(kind) for name in nodes)]
    yield f"\nThe slope of the logarithm of time over that of nodes: {', '.join(slopes)}.\n\n"
    yield table(
        ["weights", "seconds", "times `cp`", "memory MiB"],
        (shown(name, row, lambda seconds, row=row: f"{seconds / row['cp']:.1f}") for name, row in rows.items() if "cp" in row),  # type: ignore[misc]
    )
    yield "\nMemory is what no file stands behind, besides what importing takes.\n"


def _slope(rows: Mapping[str, Any], kind: str) -> float:
    from benchmarks.conversion.__main__ import slope

    return slope(rows, kind)


def _short(found: Mapping[str, Any]) -> str:
    """Geometric means over all models that both compute, a column for each browser."""
    counts = [len(ratios(models, "warm", "webnn")) for models in found.values()]
    head = [f"beside onnxruntime-web on WebNN, mean of {min(counts)} models", *found]
    rows = ([words, *(_ratio(mean(ratios(models, key, "webnn"))) for models in found.values())] for key, words in WORDS.items())
    return f"\n{table(head, rows)}\n"


if __name__ == "__main__":
    main()
