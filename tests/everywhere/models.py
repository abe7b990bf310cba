"""Models of the zoo in real browsers, with WebNN and without: ``python -m tests.everywhere.models [NAME|TAG...] [--browser NAME]...``.

Prints a row in Markdown for each model and browser: what computes it, what a page fetches for it in megabytes, as a server without
compression sends it, seconds from the import of the module to the first results, milliseconds of a call after that, and the largest
relative difference from the source model. Ends with 1 when one is not computed or not right.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.page import ORT
from converters.checking.verify import Verification
from converters.commands.workflow import Check
from models.zoo import pictures
from models.zoo.keys import tolerance_of
from models.zoo.loading import loaded
from models.zoo.manifest import Model, select
from tests.everywhere.browsers import Visitor
from tests.everywhere.library import FALLBACK, importing
from tests.everywhere.site import Site
from tests.everywhere.tables import SECONDS, Row, Table
from webnn_graph.data_types import Array
from webnn_graph.errors import WebNNError
from webnn_graph.feeds import fitted
from webnn_graph.formats import save
from webnn_graph.graph import Graph
from webnn_graph.targets import legalize, load_target

SOME = (
    *("magika_v3_3", "paraphrase_minilm_l3", "minilm_l6_int8wo", "ppocr_det_v4", "ppocr_rec_v4", "silero_vad_v6", "ddddocr_common"),
    *("basic_pitch_nmp", "nudenet_320n", "mobilenet", "mobilenet_static_qdq", "bert", "gpt2"),
)
"""Models that differ in kind: of files, text, pictures and sound, small and large, with states, recurrent and quantized."""
PAGE = """
const Views = {
  float32: Float32Array, float16: globalThis.Float16Array ?? Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array,
  uint64: BigUint64Array, int8: Int8Array, uint8: Uint8Array, int4: Uint8Array, uint4: Uint8Array,
};
const values = {};
for (const [name, dataType, file] of INPUTS) values[name] = new Views[dataType](await (await fetch(file)).arrayBuffer());
performance.clearResourceTimings();

const start = performance.now();
const { load } = await import("/FOLDER/model.js");
const model = await load({ ort: IMPORTING });
const results = await model.compute(values);
const first = performance.now() - start;
const fetched = performance.getEntriesByType("resource").reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);

let calls = 0;
let spent = 0;
for (const begin = performance.now(); spent < 1000; spent = performance.now() - begin, calls += 1) await model.compute(values);
for (const [name, file] of OUTPUTS) await fetch(file, { method: "POST", body: results[name] });
model.destroy();
return { backend: model.backend, fetched, first, again: spent / calls };
"""


@dataclass(frozen=True)
class Visit:
    """What a page said.

    Attributes:
        backend: What computed.
        fetched: Bytes.
        first: Milliseconds to the first results.
        again: Those of a later call, the mean of a second.
    """

    backend: str
    fetched: int
    first: float
    again: float


class Tried:
    """A model whose module is on a site.

    Args:
        model: The row of the zoo.
        site: Where.

    Raises:
        WebNNError: It cannot be fetched or converted.
    """

    def __init__(self, model: Model, site: Site) -> None:
        self.model = model
        self._site = site
        self._loaded = loaded(model)
        self._graph = self._loaded.convert()
        self._legal = legalize(self._graph, load_target("portable").with_four_bits)
        for folder in (model.name, f"{model.name}/out"):
            (site.folder / folder).mkdir()
        save(self._legal, site.folder / model.name / "model.js", fallback=FALLBACK)

    @cached_property
    def _source(self) -> Any:
        return self._loaded.source().of(self._graph)

    def visit(self, browser: Visitor) -> tuple[Visit, Verification]:
        """What comes of it in a browser, and how near that is to the source model.

        Raises:
            ExecutionError: It is not computed.
            RuntimeUnavailable: The browser is gone.
        """
        visits: list[Visit] = []

        def run(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
            visits.append(self._computed(browser, inputs))
            return {operand.name: self._result(operand.name).astype(operand.data_type.numpy) for operand in graph.outputs}

        feeds = pictures.values(self.model.pictures, self._graph)
        check = Check("browser", None, tolerance_of(self.model, "browser"), feeds)
        verification = check.run(self._graph, self._source, run, search=False)
        return visits[0], verification

    def _computed(self, browser: Visitor, values: Mapping[str, Array]) -> Visit:
        name = self.model.name
        inputs = []
        for i, operand in enumerate(self._legal.inputs):
            file = f"{name}/in-{i}"
            self._site.write(file, fitted(values[operand.name], operand).tobytes())
            inputs.append([operand.name, str(operand.data_type), f"/{file}"])
        outputs = [[operand.name, f"/{name}/out/{i}"] for i, operand in enumerate(self._legal.outputs)]
        script = PAGE.replace("INPUTS", json.dumps(inputs)).replace("OUTPUTS", json.dumps(outputs))
        script = script.replace("FOLDER", name).replace("IMPORTING", importing(browser.browser))
        return Visit(**browser.visit(self._site.page(script), timeout=SECONDS))

    def _result(self, name: str) -> Array:
        i, operand = next((i, operand) for i, operand in enumerate(self._legal.outputs) if operand.name == name)
        stored = (self._site.folder / self.model.name / "out" / str(i)).read_bytes()
        return np.frombuffer(stored, operand.data_type.numpy).reshape(operand.shape)


def rows(models: Sequence[Model], browsers: Sequence[Visitor]) -> Iterator[Row]:
    """The cells of each row, and whether all is right."""
    with Site() as site:
        site.link("ort", ORT / "dist")
        for model in models:
            try:
                tried = Tried(model, site)
            except WebNNError as error:
                yield [model.name, "", f"not converted: {error.what}"], False
                continue
            for browser in browsers:
                cells = [model.name, browser.browser.name]
                try:
                    visit, verification = tried.visit(browser)
                except WebNNError as error:
                    yield [*cells, error.what.splitlines()[0]], False
                    continue
                worst = verification.worst
                figures = [f"{visit.fetched / 1e6:.1f}", f"{visit.first / 1000:.2f}", f"{visit.again:.1f}", f"{worst.relative:.0e}"]
                figures[-1] += "" if worst.is_within else f" {worst.verdict}"
                yield [*cells, visit.backend, *figures], verification.ok


def main(arguments: Sequence[str]) -> int:
    """Prints the table; the exit status."""
    heads = ("model", "browser", "backend", "MB", "first s", "again ms", "relative")
    table = Table("models", "Models of the zoo", heads, "---", SOME, "NAME|TAG")
    return table.printed(arguments, lambda wanted, browsers: rows(select(wanted), browsers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
