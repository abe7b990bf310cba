"""Python modules of real models compute as the reference does."""

from __future__ import annotations

import numpy as np
import pytest

from models import select
from models.zoo.loading import converted
from tests.formats.pywebnn_module import computed
from webnn_graph.feeds import seeded
from webnn_graph.runtimes import reference
from webnn_graph.targets import PYWEBNN, legalize, load_target

MODELS = ["magika_v3_3", "paraphrase_minilm_l3", "silero_vad_v6", "ppocr_rec_v4"]
"""One of each kind: bytes, tokens, a recurrent state, images."""


@pytest.mark.zoo
@pytest.mark.rustnn
@pytest.mark.parametrize("name", MODELS)
def test_a_module_computes_as_the_reference(name: str) -> None:
    pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12")
    (model,) = select([name])
    graph = converted(model)
    assert not isinstance(graph, str)
    inputs = seeded(graph.inputs)
    made = computed(legalize(graph, load_target(PYWEBNN)), inputs)
    for output, expected in reference.run(graph, inputs).items():
        np.testing.assert_allclose(made[output], expected, rtol=0, atol=1e-3 * max(1.0, float(np.abs(expected).max())))
