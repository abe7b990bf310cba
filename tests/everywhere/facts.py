"""What a page finds in a browser."""

from __future__ import annotations

from typing import Any

from tests.everywhere.browsers import Visitor
from tests.everywhere.site import Site

FACTS = {
    "`navigator.ml`": "Boolean(navigator.ml)",
    "a WebGPU adapter": "Boolean(await navigator.gpu?.requestAdapter())",
    "`SharedArrayBuffer`": "typeof SharedArrayBuffer === 'function'",
    "`Float16Array`": "typeof Float16Array === 'function'",
    "bodies read into given memory": "(await fetch('')).body.getReader({ mode: 'byob' }) && true",
    "streams as async iterables": "Symbol.asyncIterator in ReadableStream.prototype",
    "Cache Storage": "Boolean(await caches.open('tried'))",
    "import maps": "HTMLScriptElement.supports('importmap')",
    "`Promise.withResolvers`": "typeof Promise.withResolvers === 'function'",
    "`ArrayBuffer.transfer`": "typeof ArrayBuffer.prototype.transfer === 'function'",
    "`Array.fromAsync`": "typeof Array.fromAsync === 'function'",
    "`AbortSignal.any`": "typeof AbortSignal.any === 'function'",
    "WebAssembly waits for promises": "typeof WebAssembly.Suspending === 'function'",
}
"""Expressions of facts that matter to a module or to ONNX Runtime Web; one that throws is false."""


def facts(browser: Visitor, *, isolated: bool = False) -> dict[str, Any]:
    """Of each of the `FACTS` whether it holds, of a page of a `Site`."""
    tried = (f"await (async () => {expression})().catch(() => false)" for expression in FACTS.values())
    with Site(isolated=isolated) as site:
        found = browser.visit(site.page(f"return [{', '.join(tried)}];"))
    return dict(zip(FACTS, found, strict=True))
