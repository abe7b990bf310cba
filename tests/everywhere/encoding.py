"""Models with an encoder in real browsers: ``python -m tests.everywhere.encoding [NAME...] [--browser NAME]...``.

Each is written as a package with random weights, see `tests.generation.encoding`, and its page generates greedily, with several beams,
and greedily again. Prints a row in Markdown for each family and browser: what computes it, how many tokens are those of transformers'
generate, up to the first that random weights leave open, how far logits are off in proportion to their spread, the calls of a layer that
generates a token, and milliseconds a token. Ends with 1 when a token is wrong, or logits are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np

from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, importing
from tests.everywhere.site import Site
from tests.everywhere.tables import Table, visited
from tests.generation.encoding import BEAMS, COUNT, FAMILIES, Compared, compare, generated, graphs, settings
from tests.generation.families import Right, calls_per_layer
from webnn_graph.data_types import Array
from webnn_graph.generation import save_package
from webnn_graph.targets import PORTABLE, legalize, load_target

VIEWS = {"float32": "Float32Array", "int32": "Int32Array"}
PAGE = """
const { load } = await import("/NAME/index.js");
const model = await load({ ort: IMPORTING });
const { backend, context } = model;
let logits;
const { dispatch } = context;
context.dispatch = (graph, feeds, results) => {
  logits = results.logits ?? logits;
  dispatch.call(context, graph, feeds, results);
};
const turns = [];
for (const [given, options, isRecorded] of TURNS) {
  const arrays = {};
  for (const [name, value] of Object.entries(given)) {
    arrays[name] = Array.isArray(value) ? value : new globalThis[value.view](await (await fetch(value.file)).arrayBuffer());
  }
  const sources = Object.values(arrays);
  const recorded = [];
  let count = 0;
  const start = performance.now();
  for await (const _ of model.generate(sources.length > 1 ? arrays : sources[0], options)) {
    count += 1;
    if (isRecorded) recorded.push([...new Float32Array(await context.readTensor(logits))]);
  }
  turns.push({ ids: model.ids, count, ms: (performance.now() - start) / count, logits: recorded });
}
const fetched = performance.getEntriesByType("resource").filter(({ name }) => name.includes("safetensors")).length;
const wrong = await model.generate(new Array(1000).fill(1)).next().catch(({ code }) => code);
model.destroy();
return { backend, fetched, wrong, turns };
"""
NAMES = {"num_beams": "beams"}


@dataclass(frozen=True)
class Turn:
    """A generation.

    Attributes:
        options: Of transformers' generate, but for ``timestamps``.
        given: What the encoder is given in the place of what the family has.
        is_recorded: Whether logits are compared, too.
        count: How many tokens at most.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Array] | None = None
    is_recorded: bool = False
    count: int = COUNT

    def right(self, name: str) -> Right:
        """What transformers generates."""
        how = {key: value for key, value in self.options.items() if key not in ("timestamps", "num_beams")}
        stamps = {"return_timestamps": True} if self.options.get("timestamps") else {}
        return generated(name, self.options.get("num_beams", 1), self.count, self.given, **how, **stamps)


TURNS = (Turn(is_recorded=True), Turn({"num_beams": BEAMS}), Turn())


def write(name: str, site: Site, turns: Sequence[Turn] = TURNS) -> None:
    """Writes the package of a family into a site, and what its encoder is given."""
    parts = {part: legalize(graph, load_target(PORTABLE), exact=True) for part, graph in graphs(name).items()}
    folder = site.folder / name
    save_package(folder, parts, settings(name), formats=("js",), fallback=FALLBACK)
    for i, turn in enumerate(turns):
        for key, array in _given(name, turn).items():
            (folder / f"{key}{i}.bin").write_bytes(array.tobytes())


def page(name: str, browser: Visitor, turns: Sequence[Turn] = TURNS) -> str:
    """The script of a family's page."""
    said = []
    for i, turn in enumerate(turns):
        given = {
            key: array.tolist() if key == "input_ids" else {"view": VIEWS[str(array.dtype)], "file": f"/{name}/{key}{i}.bin"}
            for key, array in _given(name, turn).items()
        }
        options = {NAMES.get(key, key): value for key, value in turn.options.items()}
        said.append((given, {**options, "maxTokens": turn.count}, turn.is_recorded))
    return PAGE.replace("NAME", name).replace("IMPORTING", importing(browser.browser)).replace("TURNS", json.dumps(said))


def _given(name: str, turn: Turn) -> Mapping[str, Array]:
    return turn.given or FAMILIES[name].given


@cache
def _right(name: str, place: int) -> Right:
    return TURNS[place].right(name)


def found(name: str, made: Mapping[str, Any], rights: Sequence[Right]) -> list[Compared]:
    """What was found of each turn. Raises `AssertionError`, see `compare`."""
    return [
        compare(name, right, turn["ids"], turn["count"], [np.array(logits, np.float32) for logits in turn["logits"]])
        for turn, right in zip(made["turns"], rights, strict=True)
    ]


def cells(name: str, made: Mapping[str, Any]) -> tuple[list[str], bool]:
    """What a row says of a page's result, and whether that is right."""
    try:
        first, beams, _ = found(name, made, [_right(name, 0), _right(name, 1), _right(name, 0)])
    except AssertionError as wrong:
        return [made["backend"], str(wrong)], False
    if made["turns"][0]["ids"] != made["turns"][2]["ids"]:
        return [made["backend"], "not the same again"], False
    calls = calls_per_layer(graphs(name)["decode"])
    tokens = [f"{each.tokens} of {each.total}" for each in (first, beams)]
    return [made["backend"], *tokens, f"{first.worst:.0e}", str(calls), f"{made['turns'][-1]['ms']:.1f}"], True


def main(arguments: Sequence[str]) -> int:
    """Prints the table; the exit status."""
    heads = ("family", "browser", "backend", "tokens", f"{BEAMS} beams", "logits off by", "calls a layer", "ms a token")
    table = Table("encoding", "Models with an encoder", heads, "--:", list(FAMILIES))
    return table.printed(arguments, partial(visited, write=write, script=page, cells=cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
