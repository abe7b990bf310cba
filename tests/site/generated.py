"""Pages that are written from what they are about: faults of implementations, commands, the module's JavaScript, and the zoo's report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import cli
import templates
from models.zoo.report import Verdict
from tests.ops.methods import STANDARD
from tests.site import manifest
from tests.zoo import schema
from webnn_graph.formats.javascript import filled
from webnn_graph.ops import OPS, Op, Parameter
from webnn_graph.targets.chromium.quirks import QUIRKS as OF_CHROMIUM
from webnn_graph.targets.pywebnn.quirks import QUIRKS as OF_PYWEBNN
from webnn_graph.targets.quirk import OUTPUT, Quirk
from webnn_graph.targets.rustnn.quirks import QUIRKS as OF_RUSTNN

MODULE = Path(templates.__file__).with_name("module") / "module.d.ts.j2"
GENERATING = "index.d.ts.j2"


# ------------------------------------------------------------------------------------------------------------------- faults
def faults() -> str:
    """docs/faults.md."""
    return f"""# Known faults of implementations

What implementations of WebNN refuse, compute wrong or crash on though they say that they take it, as the zoo's models and a fuzzer
found it. `--target` writes something equal in its place, so that the graph computes the right thing there: nobody has to know this
page to convert a model. It is for those who write graphs by hand, and for those who mend implementations.

*equal* says whether what stands for the call is equal bit for bit, but for the sign of a zero. Each row has a probe, the smallest
graph that shows it, which the tests run on the versions that are measured. Written by `python -m tests.site` from the tables in
`webnn_graph/targets/`.

## Chromium

Computing on the CPU, versions 147 and 153. `--target portable` and `--target chromium` know these.

{_rows(quirk for quirk in OF_CHROMIUM if not quirk.slow)}
These it computes right, but slowly; [what calls cost in browsers](browser-calls.md) has the measurements.

{_rows(quirk for quirk in OF_CHROMIUM if quirk.slow)}
## rustnn

Version 0.5.12, computing with ONNX Runtime. `--target rustnn` knows these.

{_rows(OF_RUSTNN)}
## pywebnn

Version 0.5.12: what its `MLGraphBuilder` lacks, and what rustnn computes wrong of graphs that it builds. `--target pywebnn` knows these.

{_rows(OF_PYWEBNN)}"""


def _rows(quirks: Iterable[Quirk]) -> str:
    rows = [(quirk.name, _operators(quirk), quirk.why, _versions(quirk), _answer(quirk)) for quirk in quirks]
    return table(("what", "operators", "what happens", "versions", "equal"), rows)


def _operators(quirk: Quirk) -> str:
    return ", ".join("what is returned" if op == OUTPUT else f"`{op}`" for op in quirk.ops)


def _versions(quirk: Quirk) -> str:
    since = f"from {quirk.since}" if quirk.since else ""
    until = f"before {quirk.until}" if quirk.until else ""
    return " ".join(filter(None, (since, until))) or "all"


def _answer(quirk: Quirk) -> str:
    if quirk.rewrite is None:
        return "no equal form is known; a note says so"
    return "up to rounding" if quirk.rounds else "yes"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in (columns, ["---"] * len(columns), *rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# ---------------------------------------------------------------------------------------------------------------- operators
def operators() -> str:
    """docs/webnn-operators.md."""
    categories = dict.fromkeys(op.category for op in OPS.values())
    sections = [
        f"## {category.capitalize()}\n\n{''.join(_operator(op) for op in OPS.values() if op.category == category)}"
        for category in categories
    ]
    return f"""# WebNN operators

All {len(OPS)} operators of the standard, as the methods of `GraphBuilder` that the operator table declares: arguments stand before
the `/`, members of the options dictionary behind the `*` with the standard's defaults. `Types` are those that the standard allows for
the first operand, by their short names; a browser may take fewer, which [targets](targets.md) are about. Each name links to the
standard. Written by `python -m tests.site`.

{"".join(sections)}"""


def _operator(op: Op) -> str:
    arguments = [parameter.name for parameter in op.parameters.values() if not parameter.is_option]
    options = [f"{p.name}={_default(p)}" for p in op.parameters.values() if p.is_option]
    signature = ", ".join([*arguments, "/", *(["*", *options] if options else [])])
    first = op.parameters[op.operands[0]].domain if op.operands else None
    types = f" Types: {' '.join(data_type.short for data_type in first.types)}." if first and first.types else ""
    doc = " ".join(op.doc.split()).replace("``", "`")
    return f"### [{op.name}]({STANDARD}{op.name.lower()})\n\n`{op.name}({signature})`\n\n{doc}{types}\n\n"


def _default(parameter: Parameter) -> str:
    return "None" if parameter.default is None else repr(parameter.default).replace("'", '"')


# ----------------------------------------------------------------------------------------------------------------- commands
PROGRAMS = ("onnx2webnn", "torch2webnn", "webnn", "webnn2js", "webnn2json", "webnn2onnx", "json2webnn")


def commands() -> str:
    """docs/reference/commands.md."""
    sections = [section for name in PROGRAMS for section in _sections(getattr(cli, name), name)]
    return f"""# Commands

What `--help` says of each command. Exit status: `0` done, `1` the input cannot be converted or validated, or does not fit the target
of `webnn check`, `2` wrong usage, `3` verification found a difference, `130` Ctrl-C. Written by `python -m tests.site`.

{"".join(sections)}"""


def _sections(command: click.Command, name: str) -> Iterator[str]:
    """A section for a command and each below it."""
    if isinstance(command, click.Group):
        for child, below in sorted(command.commands.items()):
            yield from _sections(below, f"{name} {child}")
        return
    context = click.Context(command, info_name=name, terminal_width=80, max_content_width=80)
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {name}\n\n```text\n{text}\n```\n\n"


# --------------------------------------------------------------------------------------------------------------- JavaScript
DECLARED = re.compile(r"(?:^/\*\* (?P<doc>.*) \*/\n)?^export (?:declare )?(?P<kind>\w+) (?P<name>\w+)(?P<rest>.*)$", re.MULTILINE)
LOOP = re.compile(r"^\{% for .*\n(?P<body>(?:.*\n)*?)\{% endfor %\}\n", re.MULTILINE)


def javascript() -> str:
    """docs/reference/javascript.md."""
    return f"""# The module in JavaScript

What `--format js` writes for a model called `model`: `model.js` exports this, and `model.d.ts` declares it. Here `x` stands for
each input and `y` for each output; their names, types and shapes are the model's own. `random` and `seed` are there when an input
is random, `ort` and `backend` in modules that were written with `--fallback`. [Run it in a page](../tasks/run-in-a-page.md)
shows it at work, and `model.task.js`, which [takes pictures](../tasks/run-in-a-page.md#ask-about-pictures). Written by
`python -m tests.site` from the template of the declarations.

{_blocks(_declarations())}"""


def generation() -> str:
    """docs/reference/generation.md."""
    view = {"title": "model", "parts": [("decode", '"./decode.js"')], "text": True, "fallback": True, "is_told": False}
    text = filled(GENERATING, view)
    return f"""# The module that generates, in JavaScript

What `index.js` of a package exports that `--generate` wrote, and `index.d.ts` declares. Declarations of `text` are there when the package
has a tokenizer, `backend` with `--fallback`. Of a model with an encoder, `generate(source, options)` takes what is encoded: a text or
its tokens, a typed array, or arrays by name; its options `language`, `task` and `timestamps` say what is wanted, or `start` the tokens that
it begins with, and there is no `chat()`. [Convert a language model](../tasks/language-models.md) and [a model of speech, translation or
captions](../tasks/speech-and-translation.md) show it at work. Written by `python -m tests.site` from the template of the declarations.

{_blocks(text)}"""


def _blocks(declarations: str) -> str:
    names = [match["name"] for match in DECLARED.finditer(declarations)]
    return "".join(f"## {name}\n\n```ts\n{_declaration(declarations, name)}```\n\n" for name in names)


def _declarations() -> str:
    text = MODULE.read_text("utf-8")
    text = LOOP.sub(lambda loop: loop["body"], text)
    text = re.sub(r"\{% (?:if is_random|if fallback|endif) %\}\n?", "", text)
    values = {
        "title": "model",
        "data_types": '"float32" | "int32" | ...',
        "weights_file": "model.safetensors",
        "view": "Float32Array",
        "descriptor": "float32[1, 4]",
    }
    text = re.sub(r"\{\{ (\w+) \}\}", lambda found: values.get(found[1], f"<{found[1]}>"), text)
    inputs, outputs = text.split("export interface Outputs")
    return inputs.replace("<name>", "x") + "export interface Outputs" + outputs.replace("<name>", "y")


def _declaration(text: str, name: str) -> str:
    """An export with its comment, to the closing brace, the end of its list or that of its line."""
    start = re.search(rf"(^/\*\*.*\*/\n)?^export (declare )?\w+ {name}\b", text, re.MULTILINE)
    assert start
    end = text.find("\n", start.end()) + 1
    if text[:end].rstrip().endswith("{"):
        end = re.compile(r"^\};?\n", re.MULTILINE).search(text, start.end()).end()  # type: ignore[union-attr]
    elif text[:end].rstrip().endswith("="):
        end = text.find(";\n", start.end()) + 2
    return text[start.start() : end]


# --------------------------------------------------------------------------------------------------------------- the zoo's report
VERDICTS = {
    Verdict.OK: "within the tolerance; of a conversion: there is a graph",
    Verdict.NOISE: "beyond it, but no further than the source model is from itself",
    Verdict.REFUSED: "cannot be converted, and says why",
    Verdict.DIFFERS: "computes something else",
    Verdict.FAILED: "an error where there should be none",
    Verdict.MEMORY: "its process had more memory than it might have",
    Verdict.TIMEOUT: "its process took longer than it might",
    Verdict.CRASHED: "its process, or the browser, was gone",
}


def zoo_report() -> str:
    """docs/reference/zoo-report.md."""
    described = schema.schema()["$defs"]
    parts = "".join(_part(part.__name__, described[part.__name__]) for part in schema.PARTS)
    verdicts = table(("verdict", "meaning"), [(f"`{verdict}`", VERDICTS[verdict]) for verdict in Verdict])
    return f"""# The zoo's report

`webnn zoo run` writes `{schema.FILE.name.replace(".schema", "")}`: what became of each model, of which the HTML page, the summary and
the JUnit XML are made. Its JSON Schema is `models/zoo/{schema.FILE.name}`. Sizes are bytes, times seconds; a number that is not known
is `null`. Members with a default may be missing, and a reader passes over those that it does not know. Written by
`python -m tests.site` from the dataclasses of `models/zoo/report.py`.

{parts}## Verdicts

From best to worst:

{verdicts}
## As a page

The page is one file that loads nothing, but for pictures of graphs beside it when they are opened. Its address has the filters and the
order behind the `#`, so that a link shows the same to others; `#model/NAME` is the view of a model.

## As JUnit XML

A suite for the conversion and one for each runtime has a test for each model. What is as the manifest says has passed, also a
refusal. Otherwise `failed`, `memory`, `timeout` and `crashed` are errors, and all else is a failure.
"""


def _part(name: str, described: Mapping[str, Any]) -> str:
    rows = [
        (
            f"`{member}`",
            _kind(kind),
            "" if member in described["required"] else f"`{json.dumps(kind.get('default', {}))}`",
            kind["description"],
        )
        for member, kind in described["properties"].items()
    ]
    text = table(("member", "kind", "default", "what"), rows).replace("``", "`")
    return f"## {name}\n\n{described['description'].replace('``', '`')}\n\n{text}\n"


def _kind(kind: Mapping[str, Any]) -> str:
    """What a member's value is, in words."""
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{'verdicts' if name == Verdict.__name__ else name.lower()})"
    if "const" in kind:
        return f"`{kind['const']}`"
    if "anyOf" in kind:
        return " or ".join(map(_kind, kind["anyOf"]))
    if kind["type"] == "array":
        return f"list of {_kind(kind['items'])}"
    return f"object of {_kind(kind['additionalProperties'])}" if kind["type"] == "object" else str(kind["type"])


PAGES: dict[str, Callable[[], str]] = {
    "webnn-operators.md": operators,
    "faults.md": faults,
    "reference/commands.md": commands,
    "reference/javascript.md": javascript,
    "reference/generation.md": generation,
    "reference/manifest.md": manifest.page,
    "reference/zoo-report.md": zoo_report,
}
"""The pages, and what writes each."""
