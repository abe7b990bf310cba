"""One budget for a whole conversion: steps, and bytes that are made; exceeding it ends the conversion at once, naming the node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import helper, numpy_helper

import cli
from converters.onnx import convert
from webnn_graph import budget
from webnn_graph.budget import Budget
from webnn_graph.builder import GraphBuilder
from webnn_graph.errors import BudgetExceeded

HEAD = '<ir_version: 10, opset_import: ["" : 18, "f" : 1]>\n'
BODY = '\n<domain: "f", opset_import: ["" : 18, "f" : 1]>'
CALLS = "".join(f"{BODY} f{i} (a) => (b) {{ c = f.f{i - 1}(a) b = f.f{i - 1}(c) }}" for i in range(1, 31))
LAUGHS = f"g (float[2] x) => (float[2] y) {{ y = f.f30(x) }} {BODY} f0 (a) => (b) {{ b = Relu(a) }} {CALLS}"
NOTHING = LAUGHS.replace("Relu", "Identity")
LOOPS = """g (float[2] x) => (float[2] y) <int64 n = {1000}, float[2] one = {1, 1}> {
    y = Loop (n, , x) <body = outer (int64 i, bool c, float[2] v) => (bool d, float[2] w) {
        d = Identity(c)
        w = Loop (n, , v) <body = inner (int64 j, bool e, float[2] t) => (bool f, float[2] u) { f = Identity(e) u = Add(t, one) }>
    }>
}"""
UNROLLED = """g (float[8000, 1, 2] x, float[1, 3, 2] w, float[1, 3, 3] r, int32[1] n) => (float[a, b, c, d] y) {
    y = RNN<hidden_size = 3>(x, w, r, , n)
}"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenth of the steps and a hundredth of the bytes are enough to see that they are counted."""
    monkeypatch.setattr(budget, "STEPS", budget.STEPS // 10)
    monkeypatch.setattr(budget, "MADE_BYTES", budget.MADE_BYTES // 100)


@pytest.mark.parametrize(
    ("text", "names"),
    [(LAUGHS, r"^(f\d+|Relu):"), (NOTHING, r"^(f\d+|Identity):"), (LOOPS, "^(Add:u|Identity:f|Loop:w)"), (UNROLLED, "^RNN:y")],
)
def test_steps_are_counted_over_loops_and_functions(text: str, names: str, small: None) -> None:
    with pytest.raises(BudgetExceeded, match="is one of more than 10,000 steps") as caught:
        convert(onnx.parser.parse_model(HEAD + text))
    assert caught.match(names)
    assert "--budget 2 allows twice as much" in caught.value.hint


def test_what_the_file_has_room_for_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "STEPS", 10)
    nodes = [helper.make_node("Neg" if i % 2 else "Exp", [f"x{i}"], [f"x{i + 1}"]) for i in range(100)]
    x, y = (helper.make_tensor_value_info(name, 1, [2]) for name in ("x0", "x100"))
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 18)])
    assert len(convert(model).nodes) == 100


def chain(count: int) -> onnx.ModelProto:
    """A shape that depends on the last of many large known tensors, each of 4 MB."""
    nodes = [helper.make_node("Expand", ["one", "size"], ["v0"])]
    nodes += [helper.make_node("Add", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(count)]
    nodes += [helper.make_node("Slice", [f"v{count}", "zero", "one", "zero"], ["s"]), helper.make_node("Expand", ["x", "s"], ["y"])]
    constants = {"one": np.array([1]), "zero": np.array([0]), "size": np.array([2**19])}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [1])],
        [onnx.ValueInfoProto(name="y")],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def test_what_is_made_adds_up(small: None) -> None:
    assert convert(chain(1)).outputs[0].shape == (2,)
    with pytest.raises(BudgetExceeded, match=r"^Expand:y brings what is made at conversion to [\d,]+ bytes; the limit is 10,737,418"):
        convert(chain(5))
    assert convert(chain(5), budget=4).outputs[0].shape == (32,)


def test_the_command_takes_the_budget(tmp_path: Path, small: None) -> None:
    path = tmp_path / "chain.onnx"
    onnx.save(chain(5), path)
    run = CliRunner()
    refused = run.invoke(cli.onnx2webnn, [str(path), "-o", str(tmp_path)])
    assert refused.exit_code == 1
    assert "--budget 2 allows twice as much" in refused.stderr
    assert not list(tmp_path.glob("*.webnn"))
    assert run.invoke(cli.onnx2webnn, [str(path), "-o", str(tmp_path), "--budget", "4"]).exit_code == 0


MADE = {
    "MelWeightMatrix": (
        """g (float[1, 500001] x) => (float[a, b] y)
        <int64 bins = {1000000}, int64 length = {2000000}, int64 rate = {16000}, float low = {1}, float high = {8000}>
        { m = MelWeightMatrix(bins, length, rate, low, high) y = MatMul(x, m) }"""
    ),
    "Hardmax": "g (float[2147483647] x) => (float[a] y) { y = Hardmax<axis = 0>(x) }",
    "DFT": "g (float[1, 100000, 1] x) => (float[a, b, c] y) { y = DFT(x) }",
    "DFT of a long signal": "g (float[1, 1073741823, 2] x) => (float[a, b, c] y) { y = DFT(x) }",
    "MaxUnpool": "g (float[1, 1, 2, 2] x, int64[1, 1, 2, 2] i) => (float[a] y) { y = MaxUnpool<kernel_shape = [30000, 30000]>(x, i) }",
    "AffineGrid": "g (float[1, 2, 3] x) => (float[a] y) <int64[4] s = {1, 1, 30000, 30000}> { y = AffineGrid(x, s) }",
    "ReverseSequence": "g (float[2147483647, 1] x, int64[1] n) => (float[a] y) { y = ReverseSequence(x, n) }",
}


@pytest.mark.parametrize("name", MADE)
def test_nothing_is_made_before_it_is_counted(name: str) -> None:
    with pytest.raises(BudgetExceeded):
        convert(onnx.parser.parse_model(HEAD.replace("18", "20") + MADE[name]))


def test_a_builder_counts_its_calls() -> None:
    b = GraphBuilder("g", Budget(factor=3 / budget.STEPS))
    x = b.input("x", "float32", [2])
    with pytest.raises(BudgetExceeded, match="relu is one of more than 3 steps"):
        for _ in range(4):
            x = b.relu(b.neg(x))


def test_what_is_not_kept_counts_by_itself_only() -> None:
    budget = Budget()
    for _ in range(10):
        budget.hold((2**20,), 512, "node")
    assert budget.made_bytes == 0
    with pytest.raises(BudgetExceeded, match="node brings what is made at conversion to 4,294,967,296 bytes"):
        budget.hold((2**20,), 4096, "node")
