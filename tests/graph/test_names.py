"""Names of operands."""

from __future__ import annotations

import pytest

from webnn_graph.names import IDENTIFIER, Names, identifier


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x"),
        ("_x9", "_x9"),
        ("layer.0/conv:out", "layer_0_conv_out"),
        ("/encoder/layers.3/MatMul_output_0", "encoder_layers_3_MatMul_output_0"),
        ("0", "_0"),
        ("", "unnamed"),
        ("☺", "unnamed"),
        ("true", "_true"),
        ("falsehood", "_falsehood"),
        ("nullable", "_nullable"),
        ("x\n", "x"),
        ("é", "unnamed"),
    ],
)
def test_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected
    assert IDENTIFIER.match(expected)


def test_taken_names_are_numbered() -> None:
    names = Names()
    assert [names.take(wish) for wish in ("x", "x", "x_2", "x", "x.", "y")] == ["x", "x_2", "x_2_2", "x_3", "x_4", "y"]


def test_numbers_go_around_taken_names() -> None:
    names = Names()
    names.take("conv2d_1")
    assert [names.number("conv2d") for _ in range(3)] == ["conv2d_0", "conv2d_2", "conv2d_3"]


def test_any_wishes_get_different_identifiers() -> None:
    names = Names()
    wishes = ["a", "a_2", "a.2", "a", "a_2_2", "a", "", "", "_", "__metadata__", "a_2", "0", "_0"]
    given = [names.take(wish) for wish in wishes] + [names.number(stem) for stem in ("a", "a", "unnamed")]
    assert len(set(given)) == len(given)
    assert all(IDENTIFIER.match(name) for name in given)
    assert "__metadata__" not in given, "safetensors keeps this name for itself"
