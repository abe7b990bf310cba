"""Options in hints: as commands take them, and as Python says them."""

from __future__ import annotations

import pytest

from webnn_graph.errors import WebNNError
from webnn_graph.hints import in_python, option

ROWS = [
    ("give the sizes: --dim batch=N --dim seq=8", 'give the sizes: dims={"batch": N, "seq": 8}'),
    ("give: --dim 'past seq=N' --shape x=1,N,4", 'give: dims={"past seq": N}, shapes={"x": [1, N, 4]}'),
    ("as many: --dim h=2,4 --dim w=3,6", 'as many: dims={"h": [2, 4], "w": [3, 6]}'),
    ("--shape x=1 --dim n=2 --shape y=3,4", 'shapes={"x": [1], "y": [3, 4]}, dims={"n": 2}'),
    ("the one it had: --bind flag=VALUE", 'the one it had: bind={"flag": VALUE}'),
    ("end before it: --output boxes --output '/head/a b'", 'end before it: outputs=["boxes", "/head/a b"]'),
    ("end: --output a; begin: --input x --input y", 'end: outputs=["a"]; begin: inputs=["x", "y"]'),
    ("give: --input 'x:float32[1,3]'", 'give: kwargs={"x": torch.zeros([1, 3], dtype=torch.float32)}'),
    ("--budget 2 allows twice as much", "budget=2 allows twice as much"),
    ("by --bind for an input, --dim or --shape, or --input", "by bind for an input, dims or shapes, or inputs"),
    ("--inputs x.npz, --browser or --dimension", "--inputs x.npz, --browser or --dimension"),
    ("nothing to translate", "nothing to translate"),
]


@pytest.mark.parametrize(("command", "python"), ROWS)
def test_in_python(command: str, python: str) -> None:
    assert in_python(command) == python
    error = WebNNError("no", command)
    assert error.hint == command
    assert str(error) == f"no\nhint: {python}"


def test_names_with_quotes_stay_readable() -> None:
    assert "it" in in_python(f"end: {option('output', chr(39) + 'it' + chr(34))}")
