"""Every handler is called by a row that says what is right, or by a case of ONNX's suite."""

from __future__ import annotations

import re
from collections.abc import Iterator

import onnx

from converters.onnx import handlers
from converters.onnx.registry import HANDLERS, find
from tests.frontends import test_random
from tests.onnx import microsoft, operators, test_control_flow
from tests.onnx.microsoft import fused, quantization
from tests.onnx.suite import cases, nodes_of
from tests.onnx.test_suite import REFUSED

assert handlers  # importing it fills HANDLERS
EQUIVALENT = [case for case, _ in (*operators.EQUIVALENT, *microsoft.EQUIVALENT)]
ROWS = [*operators.CASES, *microsoft.CASES, *EQUIVALENT, *quantization.GROUPED, fused.NHWC_CONV]


def models() -> Iterator[onnx.ModelProto]:
    """All models that are converted, computed and compared."""
    yield from (row.model() for row in ROWS)
    yield from (model for model, _ in test_control_flow.CASES)
    yield from (onnx.parser.parse_model(f"{test_random.HEAD} {text}") for text in test_random.ONNX.values())
    yield from (case.model for case in cases() if case.representable and not any(re.fullmatch(refused, case.id) for refused in REFUSED))


def called(model: onnx.ModelProto) -> Iterator[tuple[str, str, int]]:
    """The domain, the operator and the first version of every handler that converts a node of the model."""
    versions = {opset.domain: opset.version for opset in model.opset_import}
    for node in nodes_of(model.graph):
        handler = find(node.domain, node.op_type, versions[node.domain])
        if handler:
            yield handler.domain, handler.op, handler.since


def test_every_handler_has_rows() -> None:
    registered = {(handler.domain, handler.op, handler.since) for versions in HANDLERS.values() for handler in versions}
    assert registered - {handler for model in models() for handler in called(model)} == set()
