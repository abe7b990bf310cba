"""The PyTorch models of the zoo against the modules themselves, run eagerly."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from converters.torch.load import load
from models import Model, select
from models.zoo import fetch
from models.zoo.torch import loading, torch_model
from webnn_graph.compare import compare
from webnn_graph.data_types import Array
from webnn_graph.feeds import seeded
from webnn_graph.graph import Graph
from webnn_graph.runtimes import RUNTIMES, reference
from webnn_graph.runtimes.browser import BrowserSession

pytestmark = pytest.mark.zoo
pytest.importorskip("transformers", reason="transformers is not installed")
MODELS = [model for model in select() if model.is_torch and model.kind != "python"]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


@cache
def prepared(name: str) -> tuple[Graph, dict[str, Array], list[Array]]:
    """The graph, its inputs, and what the module returns for them."""
    (model,) = select([name])
    source = torch_model(model, fetch.fetch(model))
    graph = source.convert()
    inputs = seeded(graph.inputs)
    if "attention_mask" in inputs:
        inputs["attention_mask"] = (np.arange(128)[np.newaxis] < 100).astype(np.int64)
    module = load(source.path, **loading(model, fetch.fetch(model))).module
    tensors = [torch.from_numpy(inputs[operand.name]) for operand in graph.inputs]
    with torch.no_grad():
        result = module(*tensors)
    results = [result] if isinstance(result, torch.Tensor) else list(result.values() if hasattr(result, "values") else result)
    return graph, inputs, [tensor.numpy() for tensor in results]


def check(model: Model, computed: dict[str, Array], tolerance: float) -> None:
    expected = prepared(model.name)[2]
    assert len(computed) == len(expected)
    for (name, array), right in zip(computed.items(), expected, strict=True):
        difference = compare(name, array, right, tolerance)
        print(f"{model.name} {name}: {difference.relative:.1e}")
        assert difference.ok, difference


@each_model
def test_reference(model: Model) -> None:
    graph, inputs, _ = prepared(model.name)
    check(model, reference.run(graph, inputs), RUNTIMES["reference"].tolerance)


@pytest.mark.browser
@each_model
def test_browser(model: Model, browser: BrowserSession) -> None:
    graph, inputs, _ = prepared(model.name)
    check(model, browser.run(graph, inputs), RUNTIMES["browser"].tolerance)
