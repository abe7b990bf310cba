"""ONNX Runtime Web for pages that are visited: what of it each browser imports, and what computes then."""

from __future__ import annotations

from tests.everywhere.browsers import Browser

FALLBACK = "ort-web=/ort/ort.wasm.min.mjs"
"""What modules are written with, where the package's ``dist`` is served as ``ort``."""
BUNDLES = {"chromium-webgpu": ("ort.webgpu.min.mjs", "ort-webgpu")}
"""What is imported in a browser that has an adapter of WebGPU, and what computes then."""
WASM = ("ort.wasm.min.mjs", "ort-wasm")


def importing(browser: Browser) -> str:
    """The function that imports the library that is best in a browser, as an expression."""
    return f'() => import("/ort/{BUNDLES.get(browser.name, WASM)[0]}")'


def backend(browser: Browser) -> str:
    """What computes a graph that WebNN takes."""
    return "webnn" if browser.has_webnn else BUNDLES.get(browser.name, WASM)[1]
