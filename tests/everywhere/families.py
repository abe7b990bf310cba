"""Families of language models in real browsers: ``python -m tests.everywhere.families [NAME...] [--browser NAME]...``.

Each is written as a package with random weights, and its page generates two turns, see `tests.generation.families`. Prints a row in
Markdown for each family and browser: what computes it, how many tokens are those of transformers' generate, up to the first that random
weights leave open, and milliseconds a token. Ends with 1 when a token is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, importing
from tests.everywhere.site import Site
from tests.everywhere.tables import Table, visited
from tests.generation.families import CLOSE, FAMILIES, TURNS, graphs, right, settings
from webnn_graph.generation import save_package
from webnn_graph.targets import PORTABLE, legalize, load_target

PAGE = """
const { load } = await import("/NAME/index.js");
const model = await load({ ort: IMPORTING });
const turns = [];
const start = performance.now();
for (const [said, maxTokens] of TURNS) {
  turns.push([]);
  for await (const { id } of model.generate(said, { maxTokens })) turns.at(-1).push(id);
}
const ms = (performance.now() - start) / turns.flat().length;
const { backend } = model;
model.destroy();
return { backend, turns, ms };
"""


def write(name: str, site: Site) -> None:
    """Writes the package of a family into a site."""
    parts = {part: legalize(graph, load_target(PORTABLE), exact=True) for part, graph in graphs(name).items()}
    save_package(site.folder / name, parts, settings(name), formats=("js",), fallback=FALLBACK)


def page(name: str, browser: Visitor) -> str:
    """The script of a family's page."""
    turns = [(said, len(turn.tokens)) for said, turn in zip(TURNS, right(name), strict=True)]
    return PAGE.replace("NAME", name).replace("IMPORTING", importing(browser.browser)).replace("TURNS", json.dumps(turns))


def same(name: str, turns: Sequence[Sequence[int]]) -> tuple[int, bool]:
    """How many tokens are the right ones, and whether they all are, up to one that the logits leave open."""
    count = 0
    for tokens, expected in zip(turns, right(name), strict=True):
        for place, (token, wanted) in enumerate(zip(tokens, expected.tokens, strict=True)):
            if token != wanted:
                return count, expected.margin(place) < 2 * CLOSE
            count += 1
    return count, True


def cells(name: str, made: Mapping[str, Any]) -> tuple[list[str], bool]:
    """What a row says of a page's result, and whether that is right."""
    count, is_right = same(name, made["turns"])
    wanted = sum(len(turn.tokens) for turn in right(name))
    return [made["backend"], f"{count} of {wanted}", f"{made['ms']:.1f}"], is_right


def main(arguments: Sequence[str]) -> int:
    """Prints the table; the exit status."""
    heads = ("family", "browser", "backend", "tokens", "ms a token")
    table = Table("families", "Language models", heads, "--:", list(FAMILIES))
    return table.printed(arguments, partial(visited, write=write, script=page, cells=cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
