"""What generated modules do around WebNN, in every browser: on a stand-in for a context, as most browsers have none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.site import Site
from tests.formats.graphs import every_operator
from tests.graph.test_random_inputs import noisy
from tests.javascript.test_expanding import quantized
from tests.javascript.test_sized import picture
from tests.javascript.written import MOCK, doubling
from webnn_graph import Graph, GraphBuilder, run, save
from webnn_graph.formats import save_sizes
from webnn_graph.sizes.conversion import convert_sizes

pytestmark = pytest.mark.browser
each_engine = pytest.mark.parametrize("anywhere", ENGINES, indirect=True)

ROWS = 1200
RNG = np.random.default_rng(3)
LARGE = {name: RNG.standard_normal((ROWS, ROWS)).astype(np.float32) for name in ("v", "w")}
"""Weights of 12 MB, which arrive in many pieces and are kept in several parts."""
HEAD = """
const mock = await import("/mock.mjs");
const module = await import("/model.js");
const context = mock.context();
const bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);
const constants = () => context.calls.filter(([name, { shape }]) => name === "constant" && shape).map(([, , data]) => bytes(data));
const hexadecimal = (digest) => [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const digests = () => Promise.all(constants().map(async (data) => hexadecimal(await crypto.subtle.digest("SHA-256", data))));
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        served.write("mock.mjs", MOCK.read_bytes())
        yield served


def computed(browser: Visitor, site: Site, script: str) -> Any:
    """What a script returns, on a page that has a module and a context."""
    return browser.visit(site.page(HEAD + script))


def large() -> Graph:
    b = GraphBuilder("large")
    v, w = (b.constant(values, name=name) for name, values in LARGE.items())
    return b.build({"y": b.matmul(b.matmul(b.input("x", "float32", [1, ROWS]), v), w)})


DIGESTS = sorted(hashlib.sha256(values.tobytes()).hexdigest() for values in LARGE.values())


@each_engine
@pytest.mark.parametrize("most", [None, 6_000_000], ids=["one file", "two files"])
def test_weights_arrive(most: int | None, anywhere: Visitor, site: Site) -> None:
    files = [path for path in save(large(), site.folder / "model.js", max_shard_size=most) if path.suffix == ".safetensors"]
    assert len(files) == (2 if most else 1)
    script = """
        let last;
        await module.load({ context, onProgress: (progress) => { last = progress; } });
        return [await digests(), last.loaded === last.total];"""
    found, is_complete = computed(anywhere, site, script)
    assert sorted(found) == DIGESTS
    assert is_complete


@each_engine
def test_weights_are_kept(anywhere: Visitor, site: Site) -> None:
    save(large(), site.folder / "model.js")
    script = """
        let fetched = 0;
        const { fetch } = window;
        window.fetch = (...request) => { fetched += 1; return fetch(...request); };
        const seen = [];
        for (let i = 0; i < 2; i += 1) {
          await module.load({ context, cache: true });
          seen.push([(await digests()).slice(-2), fetched]);
        }
        return seen;"""
    (first, once), (second, twice) = computed(anywhere, site, script)
    assert sorted(first) == sorted(second) == DIGESTS
    assert (once, twice) == (1, 1)


@each_engine
def test_quantized_weights_become_numbers(anywhere: Visitor, site: Site) -> None:
    graph, expected = quantized()
    save(graph, site.folder / "model.js")
    found = computed(anywhere, site, "await module.load({ context }); return await digests();")
    assert sorted(found) == sorted(hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() for array in expected)


@each_engine
@pytest.mark.parametrize("data_type", ["float32", "float16"])
def test_random_inputs_are_drawn(data_type: str, anywhere: Visitor, site: Site) -> None:
    save(noisy(data_type), site.folder / "model.js")
    script = """
        const model = await module.load({ context });
        const [{ dataType }] = module.inputs;
        const x = dataType === "float16" ? new Float16Array(3) : new Float32Array(3);
        await model.compute({ x }, { seed: 11 });
        return [[...context.bound.n.value], [...context.bound.u.value]];"""
    n, u = computed(anywhere, site, script)
    kind = np.dtype(data_type).type
    expected = run(noisy(data_type), {"x": np.zeros(3, kind)}, seed=11)
    np.testing.assert_allclose(n, expected["y"], rtol=1e-3 if data_type == "float16" else 1e-6)
    np.testing.assert_allclose(u, expected["z"], rtol=1e-6)


@each_engine
def test_the_smallest_size_that_fits_is_filled_up(anywhere: Visitor, site: Site) -> None:
    save_sizes(convert_sizes(picture, {"height": [3, 6], "width": [3, 6]}), site.folder / "model.js")
    script = """
        const model = await module.load({ context });
        const { y } = await model.compute({ x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }, { sizes: { height: 2, width: 2 } });
        return [[...y], [...context.bound.x.value]];"""
    y, bound = computed(anywhere, site, script)
    x = np.arange(1, 9).reshape(2, 2, 2)
    assert y == x.ravel().tolist()
    assert bound == np.pad(x, [(0, 0), (0, 1), (0, 1)]).ravel().tolist()


@each_engine
def test_the_module_of_every_operator_is_built(anywhere: Visitor, site: Site) -> None:
    graph = every_operator()
    save(graph, site.folder / "model.js")
    script = "await module.load({ context }); return context.calls.filter(([name, of]) => name !== 'constant' && name !== 'input').length"
    assert computed(anywhere, site, script) >= len(graph.nodes)


CODES = """
    const code = (promise) => promise.then(() => "fine", (error) => [error.name, error.code]);
    const model = await module.load({ context });
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const seen = [
      await code(model.compute({})),
      await code(model.compute({ x: new Float32Array(3) })),
      await code(model.run({ x: 1 }, {})),
      await code(module.load({ context, absent: 1 })),
      await code(module.load({ context, signal: controller.signal })),
    ];
    model.destroy();
    seen.push(await code(model.compute({ x: new Float32Array(2), unused: new Float32Array(1) })), [(await model.lost).code]);
    return seen;"""


@each_engine
def test_errors_have_codes(anywhere: Visitor, site: Site) -> None:
    save(doubling(), site.folder / "model.js")
    codes = ["bad-input", "bad-input", "bad-input", "bad-input", "aborted", "destroyed"]
    assert computed(anywhere, site, CODES) == [*(["ModelError", code] for code in codes), ["destroyed"]]


@each_engine
def test_a_file_that_is_missing_or_from_elsewhere_is_said(anywhere: Visitor, site: Site) -> None:
    weights = save(large(), site.folder / "model.js")[-1]
    script = "return module.load({ context }).then(() => 'fine', (error) => [error.code, error.message]);"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1000])
    code, message = computed(anywhere, site, script)
    assert code == "weights-mismatch" and "it ends 1000 bytes too early" in message
    weights.unlink()
    code, message = computed(anywhere, site, script)
    assert code == "download" and "HTTP status 404" in message


def test_without_webnn_a_module_says_so(anywhere: Visitor, site: Site, tmp_path: Path) -> None:
    save(doubling(), site.folder / "model.js")
    script = """
      const module = await import("/model.js");
      return [
        await module.isSupported(),
        await module.load().then(() => "", (error) => `${error.code}: ${error.message.split(":")[0]}`),
    ];"""
    has_webnn = anywhere.browser.has_webnn
    assert anywhere.visit(site.page(script)) == [has_webnn, "" if has_webnn else "unsupported: navigator.ml is missing"]
