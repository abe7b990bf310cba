"""What repeats is a function in a module; Chromium computes the same with it as the reference does without."""

from __future__ import annotations

import numpy as np
import pytest

from tests.javascript.repeating import layers
from tests.javascript.test_functions import nested, several
from webnn_graph.feeds import seeded
from webnn_graph.formats import javascript
from webnn_graph.runtimes import reference
from webnn_graph.runtimes.browser import BrowserSession

pytestmark = pytest.mark.browser


def test_values(browser: BrowserSession) -> None:
    graphs = [layers(5, outputs=True, shared=(1, 3)), nested(), several()]
    assert all(") => {\n    const" in javascript.files(graph, "model", labels=True)["model.js"] for graph in graphs)
    inputs = [seeded(graph.inputs) for graph in graphs]
    for graph, given, values in zip(graphs, inputs, browser.run_each(list(zip(graphs, inputs, strict=True))), strict=True):
        assert isinstance(values, dict), values
        for output, expected in reference.run(graph, given).items():
            np.testing.assert_allclose(values[output], expected, rtol=1e-4, atol=1e-5, err_msg=f"{graph.name}: {output}")
