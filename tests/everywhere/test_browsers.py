"""Each browser of the harness: it is what it says, computes an ONNX model, and says what goes wrong in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from benchmarks.page import ORT
from tests.everywhere.browsers import BROWSERS, ENGINES, Visitor, started
from tests.everywhere.facts import facts
from tests.everywhere.site import Site
from webnn_graph.errors import ExecutionError, RuntimeLost, RuntimeUnavailable

pytestmark = pytest.mark.browser
needs_ort = pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)")


each_engine = pytest.mark.parametrize("anywhere", ENGINES, indirect=True)
alone_and_isolated = pytest.mark.parametrize("site", [False, True], indirect=True, ids=["alone", "isolated"])


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with Site(isolated=getattr(request, "param", False)) as served:
        yield served


def test_a_browser_has_what_it_is_there_for(anywhere: Visitor) -> None:
    found = facts(anywhere)
    assert found["`navigator.ml`"] == anywhere.browser.has_webnn
    assert found["a WebGPU adapter"] == (anywhere.browser.program == "chromium-webgpu")


# -------------------------------------------------------------------------------------------------------------- ONNX Runtime Web
COMPUTE = """
const ort = await import("/ort/BUNDLE");
ort.env.wasm.wasmPaths = "/ort/";
const session = await ort.InferenceSession.create("m.onnx", {
  executionProviders: ["PROVIDER"],
  externalData: [{ path: "m.safetensors", data: new URL("m.safetensors", location).href }],
});
const x = new ort.Tensor("float32", Float32Array.from(INPUT), [2, 8]);
const { y } = await session.run({ x });
return { threads: ort.env.wasm.numThreads, shape: y.dims, values: [...(await y.getData())] };
"""
RNG = np.random.default_rng(14)
X, W, B = (RNG.standard_normal(shape).astype(np.float32) for shape in ((2, 8), (8, 5), (5,)))


def write_model(folder: Path) -> None:
    """y = relu(x w + b), of which w and b stand in the middle of a safetensors file."""
    save_file({"a": np.ones(3, np.float32), "w": W, "b": B, "z": np.ones(3, np.float32)}, folder / "m.safetensors")
    content = (folder / "m.safetensors").read_bytes()
    initializers = []
    for name, array in (("w", W), ("b", B)):
        tensor = numpy_helper.from_array(array, name)
        offset = content.index(tensor.raw_data)
        onnx.external_data_helper.set_external_data(tensor, "m.safetensors", offset=offset, length=array.nbytes)
        tensor.ClearField("raw_data")
        initializers.append(tensor)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [2, 8]), ("y", [2, 5])))
    graph = helper.make_graph(nodes, "m", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    (folder / "m.onnx").write_bytes(model.SerializeToString())


def check(browser: Visitor, site: Site, bundle: str, provider: str) -> int:
    """Compares what a browser computes with what NumPy does; the threads that it had."""
    write_model(site.folder)
    site.link("ort", ORT / "dist")
    script = COMPUTE.replace("BUNDLE", bundle).replace("PROVIDER", provider).replace("INPUT", str(X.flatten().tolist()))
    made = browser.visit(site.page(script))
    assert made["shape"] == [2, 5]
    np.testing.assert_allclose(np.reshape(made["values"], (2, 5)), np.maximum(X @ W + B, 0), rtol=1e-5, atol=1e-6)
    return int(made["threads"])


@needs_ort
@alone_and_isolated
def test_onnxruntime_web_reads_weights_from_a_safetensors_file(anywhere: Visitor, site: Site) -> None:
    threads = check(anywhere, site, "ort.wasm.min.mjs", "wasm")
    if not site.handler.isolated:
        assert threads == 1


@needs_ort
@alone_and_isolated
@pytest.mark.parametrize("anywhere", ["chromium-webgpu"], indirect=True)
def test_onnxruntime_web_computes_with_webgpu(anywhere: Visitor, site: Site) -> None:
    check(anywhere, site, "ort.webgpu.min.mjs", "webgpu")


# ------------------------------------------------------------------------------------------------------------------------ errors
@each_engine
def test_an_error_says_what_the_page_said(anywhere: Visitor, site: Site) -> None:
    script = """
        console.error("first", 1);
        Promise.reject(new Error("second"));
        document.head.append(Object.assign(document.createElement("script"), { src: "absent.js", onerror: () => setTimeout(fail) }));
        let fail;
        return new Promise((_, reject) => { fail = () => reject(new RangeError("<last>")); });
    """
    with pytest.raises(ExecutionError) as raised:
        anywhere.visit(site.page(script))
    first, *rest = str(raised.value).splitlines()
    assert first == f"{anywhere.browser.name} failed at {site.url}/index.html: RangeError: <last>"
    said = "\n".join(rest)
    assert "first 1" in said and "Error: second" in said and f"{site.url}/absent.js does not load" in said


@each_engine
def test_a_page_that_gives_no_result_fails_and_the_next_does_not(anywhere: Visitor, site: Site) -> None:
    with pytest.raises(ExecutionError, match=r"Error: no result after 0\.2 s"):
        anywhere.visit(site.page("return new Promise(() => {})"), timeout=0.2)
    assert anywhere.visit(site.page("return { a: [1.5, null, 'é\\u2028<'] }")) == {"a": [1.5, None, "é\u2028<"]}


@each_engine
def test_a_page_can_be_asked_something_else(anywhere: Visitor, site: Site) -> None:
    url = site.page("setTimeout(() => { document.title = 'ready'; }, 50)")
    assert anywhere.visit(url, "return document.title || undefined") == "ready"


@pytest.mark.parametrize("anywhere", [name for name in ENGINES if name != "webkit"], indirect=True)  # whose sessions keep nothing
def test_what_pages_keep_is_there_at_the_next_visit(anywhere: Visitor, site: Site) -> None:
    url = site.page(
        "const store = await caches.open('s'); const had = Boolean(await store.match('/a')); "
        "await store.put('/a', new Response('a')); return had"
    )
    assert [anywhere.visit(url), anywhere.visit(url)] == [False, True]


@each_engine
def test_a_page_that_has_answered_ends(anywhere: Visitor) -> None:
    asked = []
    site = Site()

    class Counting(site.handler):  # type: ignore[name-defined]
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

    site.handler = Counting
    with site:
        url = site.page("setInterval(() => fetch('/index.html'), 10); return 1")
        assert anywhere.visit(url, "await new Promise((later) => setTimeout(later, 100)); return 1") == 1
        time.sleep(0.2)  # for what was asked last
        count = len(asked)
        time.sleep(0.2)
        assert count == len(asked) > 2


@pytest.mark.parametrize("anywhere", [name for name in ENGINES if name != "webkit"], indirect=True)  # which is asked in one tab
def test_each_visit_has_a_tab_of_its_own(anywhere: Visitor, site: Site) -> None:
    url = site.page("const had = name; name = 'kept by a tab'; return had")
    assert [anywhere.visit(url), anywhere.visit(url)] == ["", ""]


@each_engine
def test_a_browser_that_hangs_is_started_anew(anywhere: Visitor, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("chromium", "webdriver"):
        monkeypatch.setattr(f"tests.everywhere.{module}.GRACE_SECONDS", 1)
    with pytest.raises(RuntimeLost, match=f"failed at {site.url}"):
        anywhere.visit(site.page("for (;;);"), timeout=1)
    assert anywhere.visit(site.page("return 1")) == 1


# --------------------------------------------------------------------------------------------------------------- what is not there
@pytest.mark.parametrize("name", ENGINES)
def test_an_absent_browser_is_unavailable(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = BROWSERS[name]
    monkeypatch.delenv(browser.variable, raising=False)
    with pytest.raises(RuntimeUnavailable, match=f"{browser.program} is not installed") as raised:
        replace(browser, place="absent/*").find()
    assert "make browsers" in raised.value.hint
    monkeypatch.setenv(browser.variable, str(tmp_path / "absent"))
    with pytest.raises(RuntimeUnavailable, match=f"{browser.variable} .*absent does not exist"), started(name):
        pass
    monkeypatch.setattr("tests.everywhere.webdriver.START_SECONDS", 3)
    monkeypatch.setenv(browser.variable, str(shutil.which("false")))
    with pytest.raises(RuntimeUnavailable, match="does not start") as raised, started(name):
        pass
    assert browser.variable in raised.value.hint
