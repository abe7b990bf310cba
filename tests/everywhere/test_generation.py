"""Packages of models that generate in real browsers: the tokens of the loop in Python, and errors that leave a model usable."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from tests.generation import toys
from tests.generation.toys import Toy
from webnn_graph.generation import Generator, Settings, save_package
from webnn_graph.graph import Graph
from webnn_graph.targets import PORTABLE, legalize, load_target

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
EVERYWHERE = pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", *ENGINES], indirect=True)
PROMPT, NEXT = [3, 4, 5, 6, 7, 8], [9, 2]
SETTINGS = replace(toys.SETTINGS, eos=())
MODELS: dict[str, tuple[Mapping[str, Graph], Settings]] = {
    "cached": (Toy().graphs(), SETTINGS),
    "recurrent": (Toy().recurrent_graphs(), replace(toys.RECURRENT, eos=())),
}
ENCODERS: dict[str, tuple[Mapping[str, Graph], Settings]] = {
    "told": (Toy().told_graphs(), toys.TRANSLATING),
    "heard": (Toy().heard_graphs(), toys.HEARING),
}
SCRIPT = """
const { load } = await import("/NAME/index.js");
const all = async (generated) => { const made = []; for await (const { id } of generated) made.push(id); return made; };
const code = (promise) => promise.then(() => "fine", (error) => error.code);
const model = await load({ ort: IMPORTING });
const turns = [await all(model.generate(PROMPT, { maxTokens: 3 })), await all(model.generate(NEXT, { maxTokens: 3 }))];
const full = await code(all(model.generate([1, 2], { maxTokens: 9 })));
model.reset();
const beams = await all(model.generate(PROMPT, { maxTokens: 4, beams: 2 }));
model.reset();
const drawn = await all(model.generate(PROMPT, { maxTokens: 4, temperature: 1.5, seed: 3 }));
model.reset();
const controller = new AbortController();
const running = model.generate(PROMPT, { signal: controller.signal });
const first = (await running.next()).value.id;
const busy = await code(all(model.generate([1])));
controller.abort();
const aborted = await code(running.next());
const rest = await all(model.generate([], { maxTokens: 2 }));
const unknown = await code(all(model.generate([23])));
const fetched = performance.getEntriesByType("resource").filter(({ name }) => name.includes("safetensors")).length;
const { backend } = model;
model.destroy();
return { backend, turns, full, beams, drawn, again: [first, ...rest], busy, aborted, unknown, fetched };
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        for name, (graphs, settings) in {**MODELS, **ENCODERS}.items():
            legal = {part: legalize(graph, load_target(PORTABLE), exact=True) for part, graph in graphs.items()}
            save_package(site.folder / name, legal, settings, fallback=FALLBACK)
        yield site


def expected(name: str) -> dict[str, Any]:
    graphs, settings = MODELS[name]
    with Generator(graphs, settings) as model:
        turns = [list(model.generate(PROMPT, max_tokens=3)), list(model.generate(NEXT, max_tokens=3))]
        model.reset()
        beams = list(model.generate(PROMPT, max_tokens=4, beams=2))
        model.reset()
        drawn = list(model.generate(PROMPT, max_tokens=4, temperature=1.5, seed=3))
    return {"turns": turns, "beams": beams, "drawn": drawn, "again": turns[0]}


@EVERYWHERE
@pytest.mark.parametrize("name", MODELS)
def test_tokens(name: str, anywhere: Visitor, site: Site) -> None:
    script = SCRIPT.replace("NAME", name).replace("IMPORTING", importing(anywhere.browser))
    script = script.replace("PROMPT", json.dumps(PROMPT)).replace("NEXT", json.dumps(NEXT))
    errors = {"full": "cache-full", "busy": "busy", "aborted": "aborted", "unknown": "bad-input"}
    found = anywhere.visit(site.page(script))
    assert found == {"backend": backend(anywhere.browser), **expected(name), **errors, "fetched": 1}


@EVERYWHERE
def test_an_encoder_is_told_and_tells(anywhere: Visitor, site: Site) -> None:
    script = """
        const { load } = await import("/told/index.js");
        const all = async (generated) => { const made = []; for await (const { id } of generated) made.push(id); return made; };
        const model = await load({ ort: IMPORTING });
        const made = [];
        for (const beams of [1, 3]) {
          for (const source of [[3, 8, 11], [4, 4, 9, 20]]) made.push(await all(model.generate(source, { beams })));
        }
        return [model.backend, made];
    """
    with Generator(Toy().told_graphs(), toys.TRANSLATING) as model:
        made = [list(model.generate(source, beams=beams)) for beams in (1, 3) for source in ([3, 8, 11], [4, 4, 9, 20])]
    assert anywhere.visit(site.page(script.replace("IMPORTING", importing(anywhere.browser)))) == [backend(anywhere.browser), made]


TOLD = ("[3, 8, 11]", "[]", "[1, 1, 1, 1, 1, 1, 1]", "[23]", "'text'", "{ tokens: [1] }", "{ input_ids: Int32Array.of(1) }")
SOUND = "Float32Array.of(0.5, -0.25)"
HEARD = (SOUND, "new Float32Array(0)", "new Float32Array(7)", "Int16Array.of(1)", "[0.5]", "Float32Array.of(NaN)", "{ samples: [1] }")
OPTIONS = ("{ language: 'xx' }", "{ beams: 2, temperature: 1 }", "{ start: [23] }", "{ maxTokens: 0.5 }", "{ stop: 2 }")
WRONG = """
const { load } = await import("/NAME/index.js");
const all = async (generated) => { const made = []; for await (const { id } of generated) made.push(id); return made; };
const code = (promise) => promise.then(() => "fine", (error) => error.code);
const model = await load({ ort: IMPORTING });
const { context } = model;
const { dispatch } = context;
/** Does something in the middle of what is generated. */
const between = (act) => {
  let count = 0;
  context.dispatch = (...given) => {
    dispatch.apply(context, given);
    if ((count += 1) === 7) act();
  };
};
const source = () => SOURCE;
const right = String(await all(model.generate(source())));
const isRight = async () => right === String(await all(model.generate(source())));
const said = [];
for (const [given, options] of [...[GIVEN, undefined, null].map((one) => [one]), ...[OPTIONS].map((one) => [source(), one])]) {
  said.push([await code(all(model.generate(given, options))), await isRight()]);
}
const running = model.generate(source());
await running.next();
said.push([await code(all(model.generate(source()))), (await all(running)).length > 0]);
const controller = new AbortController();
between(() => controller.abort());
said.push([await code(all(model.generate(source(), { beams: 4, signal: controller.signal }))), await isRight()]);
between(() => model.reset());
said.push([await code(all(model.generate(source(), { beams: 4 }))), await isRight()]);
between(() => context.destroy());
said.push([await code(all(model.generate(source(), { beams: 4 }))), (await model.lost).code, await code(all(model.generate(source())))]);
const other = await load({ ort: IMPORTING });
const again = String(await all(other.generate(source())));
other.destroy();
return [said, right === again];
"""


@EVERYWHERE
@pytest.mark.parametrize(("name", "sources"), [("told", TOLD), ("heard", HEARD)])
def test_what_is_wrong_leaves_an_encoder_usable(name: str, sources: tuple[str, ...], anywhere: Visitor, site: Site) -> None:
    source, *others = sources
    script = WRONG.replace("NAME", name).replace("IMPORTING", importing(anywhere.browser))
    script = script.replace("SOURCE", source).replace("GIVEN", ", ".join(others)).replace("OPTIONS", ", ".join(OPTIONS))
    said, is_same = anywhere.visit(site.page(script))
    count = len(others) + 2 + len(OPTIONS)
    assert said == [*[["bad-input", True]] * count, ["busy", True], *[["aborted", True]] * 2, ["lost"] * 3]
    assert is_same
