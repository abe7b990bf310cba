"""What makes a folder with a module a package of npm: ``package.json``, which says what is in it, and ``README.md``, how it is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePath

import jinja2
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from webnn_graph.codes import Code
from webnn_graph.errors import ValidationError
from webnn_graph.formats.expressions import object_of, string, variable
from webnn_graph.formats.table import library_of
from webnn_graph.formats.task import task_of
from webnn_graph.formats.weights import stored
from webnn_graph.generation.text import LIBRARY as TOKENIZERS
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Meaning, Metadata
from webnn_graph.names import package_name
from webnn_graph.wording import one_line, size

MANIFEST, README = "package.json", "README.md"
NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*")
"""Of a package, as npm takes it: https://docs.npmjs.com/cli/configuring-npm/package-json."""
MOST_CHARACTERS = 214
VERSION = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
"""Of a package: https://semver.org."""
LIBRARY, LIBRARY_VERSIONS = "onnxruntime-web", ">=1.22"
"""What a fallback needs of npm."""
COMPUTING = f"node_modules/{LIBRARY}/dist/*.wasm"
"""The part of it that is no JavaScript."""
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
"""What Markdown may read as more than itself."""


@dataclass(frozen=True)
class Published:
    """How a package is called.

    Attributes:
        name: With or without a scope.
        version: A semantic version.
    """

    name: str
    version: str = "1.0.0"

    @classmethod
    def of(cls, text: str, stem: str) -> Published:
        """Of ``NAME``, ``NAME@VERSION`` or nothing, which is what the files are called.

        Raises:
            ValidationError: It is neither.
        """
        scope = "@" if text.startswith("@") else ""
        name, at, version = text.removeprefix("@").partition("@")
        named = cls(scope + name or package_name(stem), version if at else cls.version)
        if len(named.name) > MOST_CHARACTERS or not NAME.fullmatch(named.name) or not VERSION.fullmatch(named.version):
            hint = "it is like classifier, @me/classifier or @me/classifier@1.2.0"
            raise ValidationError(f"{text!r} is no package of npm", hint, code=Code.REFUSED)
        return named


def files(
    graph: Graph,
    stem: str,
    made: Mapping[str, str | bytes],
    *,
    weights: Sequence[str],
    package: str = "",
    fallback: str = "",
    tokenizer: Sequence[str] = (),
) -> dict[str, str]:
    """The texts of both files, by name.

    Args:
        graph: What the module computes.
        stem: That of the module's files.
        made: The other files of the package but for the weights, by name.
        weights: Names of the files of weights.
        package: How it is called: ``NAME`` or ``NAME@VERSION``; by default the module's name, and 1.0.0.
        fallback: That of the module, see `webnn_graph.formats.save`.
        tokenizer: Names of the files of the graph's tokenizer, which are beside it.

    Raises:
        ValidationError: npm does not take such a name or version.
    """
    published = Published.of(package, stem)
    task = task_of(graph, tokenizer)
    needed = TOKENIZERS if task and task.is_told else {}
    metadata = Metadata.of(graph)
    main = f"{stem}.task" if task else stem
    library = library_of(fallback) if fallback else ""
    peers = {LIBRARY: LIBRARY_VERSIONS} if library.split("/")[0] == LIBRARY else {}
    data = dict.fromkeys(PurePath(name).suffix for name in (*made, *weights, *tokenizer) if not name.endswith((".js", ".ts")))
    manifest = {
        "name": published.name,
        "version": published.version,
        "description": _purpose(graph, metadata.task),
        "keywords": ["webnn", *([metadata.task] if metadata.task else [])],
        **({"license": _spdx(metadata.license)} if metadata.license else {}),
        "type": "module",
        "sideEffects": False,
        "main": f"./{main}.js",
        "types": f"./{main}.d.ts",
        "exports": {
            ".": _exported(main),
            "./model": _exported(stem),
            **{f"./*{suffix}": f"./*{suffix}" for suffix in data},
            f"./{MANIFEST}": f"./{MANIFEST}",
        },
        "files": sorted((*made, *weights, *tokenizer)),
        **({"dependencies": needed} if needed else {}),
        **({"peerDependencies": peers} if peers else {}),
    }
    view = {
        "title": markdown(graph.name),
        "purpose": markdown(_purpose(graph, metadata.task)),
        "code": size(sum(len(text) for name, text in made.items() if name.endswith(".js"))),
        "weights": size(sum(operand.nbytes for operand in stored(graph))),
        "name": published.name,
        "package": string(published.name),
        "model": string(f"{published.name}/model"),
        "entry": f"{main}.js",
        "data": " ".join([*(f"node_modules/{published.name}/*{suffix}" for suffix in data), *([COMPUTING] if peers else [])]),
        "weights_file": next(iter(weights), ""),
        "library": library,
        "needed": list(needed),
        "method": task.method if task else "",
        "example": task.example if task else "",
        "results": object_of({operand.name: variable(operand.name) for operand in graph.outputs}),
        "example_inputs": object_of({operand.name: variable(operand.name) for operand in graph.inputs}),
        "inputs": [_row(operand, metadata.tensors.get(operand.name)) for operand in graph.inputs],
        "outputs": [_row(operand, metadata.tensors.get(operand.name)) for operand in graph.outputs],
        "license": markdown(metadata.license),
    }
    return {MANIFEST: json.dumps(manifest, indent=2) + "\n", README: _template().render(view)}


def _exported(stem: str) -> dict[str, str]:
    return {"types": f"./{stem}.d.ts", "default": f"./{stem}.js"}


def _purpose(graph: Graph, task: str) -> str:
    """What a model is for, in a line."""
    return f"{task.replace('-', ' ').capitalize() or one_line(graph.name, 100)} in browsers, with WebNN"


def _spdx(license: str) -> str:
    """What ``package.json`` says of a license: an SPDX expression, or where another one is named."""
    try:
        return canonicalize_license_expression(license)
    except InvalidLicenseExpression:
        return f"SEE LICENSE IN {README}"


def _row(operand: Operand, meaning: Meaning | None) -> tuple[str, str, str, str]:
    """A row of a table of inputs or outputs."""
    return operand.name, str(operand.data_type), " x ".join(map(str, operand.shape)) or "one number", meaning.kind if meaning else ""


def markdown(text: str) -> str:
    """A text of a stranger's in a line of Markdown, where it is nothing but that."""
    return SPECIAL.sub(r"\\\1", one_line(text, 200))


@cache
def _template() -> jinja2.Template:
    text = resources.files("templates").joinpath("npm", f"{README}.j2").read_text("utf-8")
    environment = jinja2.Environment(  # noqa: S701 - Markdown
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(text)
