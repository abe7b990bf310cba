"""Every handler has its operator's inputs and attributes, with the schema's names and defaults, over its opset range."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.defs import OpSchema

from converters.onnx import handlers
from converters.onnx.registry import HANDLERS, Handler
from webnn_graph.ops import OPS

assert handlers  # importing it fills HANDLERS
OLDEST = 7
"""Handlers are compared from this opset of the main domain on; before it only their later versions count."""
OTHERWISE = {
    ("GridSample", "mode"): "bilinear was renamed to linear in version 20; the handler takes both",
    ("RNN", "activations"): "the schema's default is for two directions; None is right for one as well",
}
"""Attributes whose default is another one, and why."""
OTHER_RUNTIMES = {"SimplifiedLayerNormalization": "ONNX Runtime writes it into the main domain"}
"""Operators of the main domain that onnx does not define."""
VARIADIC, OPTIONAL = OpSchema.FormalParameterOption.Variadic, OpSchema.FormalParameterOption.Optional


def _schemas() -> dict[tuple[str, str], list[OpSchema]]:
    found: dict[tuple[str, str], list[OpSchema]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        found.setdefault((schema.domain, schema.name), []).append(schema)
    return {key: sorted(schemas, key=lambda schema: schema.since_version) for key, schemas in found.items()}


SCHEMAS = _schemas()


def _in_range(handler: Handler) -> list[OpSchema]:
    """The versions of the operator that the handler converts, oldest first."""
    later = [other.since for other in HANDLERS[handler.domain, handler.op] if other.since > handler.since]
    end = min(later, default=10**9)
    versions = SCHEMAS.get((handler.domain, handler.op), [])
    ends = [schema.since_version for schema in versions[1:]] + [10**9]
    first = OLDEST if handler.domain == "" else 1
    return [
        schema for schema, until in zip(versions, ends, strict=True) if schema.since_version < end and until > max(handler.since, first)
    ]


def _cases() -> Iterator[Any]:
    for (domain, op), registered in sorted(HANDLERS.items()):
        if (domain, op) in SCHEMAS:
            for handler in registered:
                if _in_range(handler):
                    yield pytest.param(handler, id=f"{domain or 'onnx'}.{op}-{handler.since}")


@pytest.mark.parametrize("handler", list(_cases()))
def test_inputs(handler: Handler) -> None:
    """Names of inputs in order; required, optional and variadic as in the newest schema of the range."""
    newest = _in_range(handler)[-1]
    if _is_row(handler):
        required = [parameter for parameter in OPS[handler.how].parameters.values() if parameter.is_operand and not parameter.is_option]
        assert len(newest.inputs) == len(required)
        assert not handler.attributes and not newest.attributes
        return
    names = [parameter.name.removesuffix("_") for parameter in handler.inputs]  # b_ where b is the builder
    assert names == [given.name for given in newest.inputs]
    for parameter, given in zip(handler.inputs, newest.inputs, strict=True):
        assert (parameter.kind is parameter.VAR_POSITIONAL) == (given.option == VARIADIC), parameter.name
        if given.option == OPTIONAL:
            assert parameter.default is None, f"{parameter.name} is optional"


@pytest.mark.parametrize("handler", list(_cases()))
def test_older_inputs(handler: Handler) -> None:
    """Older versions in the range have no more inputs, and none optional that the handler requires."""
    for schema in _in_range(handler)[:-1]:
        if _is_row(handler):
            continue
        assert len(schema.inputs) <= len(handler.inputs)
        for parameter in handler.inputs[len(schema.inputs) :]:
            assert parameter.default is None or parameter.kind is parameter.VAR_POSITIONAL, (
                f"{parameter.name} is not in version {schema.since_version}"
            )


@pytest.mark.parametrize("handler", list(_cases()))
def test_attributes(handler: Handler) -> None:
    """Names and defaults of attributes; those of older versions in the range are a part of them, with the same defaults."""
    versions = _in_range(handler)
    assert set(handler.attributes) == set(versions[-1].attributes)
    for schema in versions:
        for name, attribute in schema.attributes.items():
            if (handler.op, name) in OTHERWISE:
                continue
            default = handler.attributes[name].default
            stored = attribute.default_value
            if attribute.required:
                assert default is inspect.Parameter.empty or schema is not versions[-1], f"{name} is required"
            elif stored.type:
                assert _plain(default) == _plain(onnx.helper.get_attribute_value(stored)), f"{name} in version {schema.since_version}"
            else:
                assert default is not inspect.Parameter.empty, f"{name} is optional"


def test_every_operator_of_the_handlers_exists() -> None:
    """No handler of a domain that onnx defines is for an operator that it does not define."""
    domains = {domain for domain, _ in SCHEMAS}
    assert not [(domain, op) for domain, op in HANDLERS if domain in domains and (domain, op) not in SCHEMAS and op not in OTHER_RUNTIMES]


def _is_row(handler: Handler) -> bool:
    """Whether it is a row of a one-to-one table, which has no names of its own."""
    return handler.function.__qualname__.startswith("_row.")


def _plain(value: Any) -> Any:
    """Comparable: text decoded, floats rounded to float32 as schemas store them."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float):
        return float(np.float32(value))
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
