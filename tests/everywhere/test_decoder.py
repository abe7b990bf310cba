"""Language models in real browsers: the page of docs/tasks/language-models.md generates what PyTorch does, its cache on the device."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from benchmarks.page import ORT
from tests.everywhere.browsers import ENGINES, Visitor
from tests.everywhere.library import FALLBACK, backend, importing
from tests.everywhere.site import Site
from tests.site.running import DOCS
from webnn_graph.formats import save_together
from webnn_graph.targets import PORTABLE, legalize, load_target

pytest.importorskip("transformers", reason="transformers is not installed")

from converters.torch.generation import PARTS
from tests.torch.test_generation import COUNT, PROMPTS, expected, graphs

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ORT.is_dir(), reason="onnxruntime-web is not installed (make test installs it)"),
]
MODEL = "Llama"
PROMPT = PROMPTS["shorter"]
PAGE = re.search(r"```js\n(.*?)```", (DOCS / "tasks" / "language-models.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("ort", ORT / "dist")
        parts = (legalize(graph, load_target(PORTABLE), exact=True) for graph in graphs(MODEL))
        files = (site.folder / f"{name}.js" for name in PARTS)
        save_together(dict(zip(files, parts, strict=True)), fallback=FALLBACK)
        yield site


@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153", *ENGINES], indirect=True)
def test_tokens(anywhere: Visitor, site: Site) -> None:
    assert PAGE
    script = re.sub(r'import \* as (\w+) from "\./(.*)";', r'const \1 = await import("/\2");', PAGE[1])
    assert "[5, 9, 2]" in script and "=== 12" in script
    script = script.replace("prefill.load()", f"prefill.load({{ ort: {importing(anywhere.browser)} }})")
    script = script.replace("[5, 9, 2]", str(PROMPT)).replace("=== 12", f"=== {len(PROMPT) + COUNT}")
    made = anywhere.visit(site.page(f"{script}return [[first.backend, next.backend], tokens];"))
    assert made == [[backend(anywhere.browser)] * 2, PROMPT + expected(MODEL, "shorter")]
