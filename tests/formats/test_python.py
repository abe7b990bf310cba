"""Python modules: what stands in them, and that pywebnn computes them as the reference does."""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper

import cli
from tests.formats.pywebnn_module import computed, imported
from tests.javascript.repeating import layers
from tests.javascript.written import HOSTILE
from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.runtimes.test_rustnn import CONSUMERS, PRODUCERS
from tests.targets.cases import CASES as GRAPHS
from tests.targets.cases import Build
from tests.targets.pywebnn import FILE, LACKING, limits
from webnn_graph import save
from webnn_graph.builder import GraphBuilder
from webnn_graph.data_types import Array
from webnn_graph.errors import ConversionError
from webnn_graph.feeds import seeded
from webnn_graph.formats import python
from webnn_graph.graph import Distribution, Graph, Operand
from webnn_graph.ops import OPS
from webnn_graph.random_inputs import drawn
from webnn_graph.runtimes import reference
from webnn_graph.targets import PYWEBNN, legalize, load_target
from webnn_graph.targets.pywebnn import LACKING_OPTIONS
from webnn_graph.targets.target import described

SLACK = 32
"""How many times a row's tolerance rustnn may differ: ONNX Runtime computes transcendental functions and sums its own way."""
ROWS = [case for case in CASES if not case.error]
REFUSED = {"4 bits": 23, "uint64": 19, "powers of integers": 3}
"""How many rows pywebnn has no calls for."""


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest) -> None:
    if "rustnn" in request.keywords:
        pytest.importorskip("webnn", reason="pywebnn is not installed; it has wheels for CPython 3.12")


def row_of(case: Case) -> Graph:
    b = GraphBuilder(case.op)
    return b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})


def why_refused(graph: Graph) -> str:
    """Why there is no module of a graph; empty when there is one."""
    try:
        legalize(graph, load_target(PYWEBNN))
    except ConversionError as error:
        kinds = {r"\bu?int4\b": "4 bits", r"\buint64, the target": "uint64", r"^  ?pow .* has no such operator": "powers of integers"}
        (kind,) = [kind for pattern, kind in kinds.items() if re.search(pattern, error.message, re.MULTILINE)]
        return kind
    return ""


def text_of(graph: Graph, **options: bool) -> str:
    return python.files(graph, "model", **options)["model.py"]


# -------------------------------------------------------------------------------------------------------------- what is written
def test_a_module_reads_as_people_write_them() -> None:
    b = GraphBuilder("small")
    x = b.input("x", "float32", [1, 3, 8, 8])
    y = b.relu(b.conv2d(x, np.ones((4, 3, 3, 3), np.float32), bias=np.arange(4, dtype=np.float32), padding=[1, 2, 0, 1], strides=[2, 2]))
    y = b.pad(y, [0, 0, 0, 1], [0, 0, 2, 0], value=-1)
    left, right = b.split(b.argMax(y, 1), [2, 3], axis=2)
    text = text_of(b.build({"left": b.triangular(b.cast(left, "float32")), "right": right}))
    begin, end = text.index('    x = builder.input("x"'), text.index("    # In the order")
    assert text[begin:end] == (
        '    x = builder.input("x", [1, 3, 8, 8], "float32")\n'
        "\n"
        "    constant_1 = builder.constant(np.array([0.0, 1.0, 2.0, 3.0], np.float32))\n"
        "\n"
        '    conv2d_0 = builder.conv2d(x, weight("constant_0"), pads=[1, 2, 0, 1], strides=[2, 2], bias=constant_1)\n'
        "    relu_0 = builder.relu(conv2d_0)\n"
        "    pad_0 = builder.pad(relu_0, [0, 0, 0, 1, 0, 0, 2, 0], value=-1)\n"
        '    argMax_0 = builder.arg_max(pad_0, 1, output_data_type="int32")\n'
        "    split_0, right = builder.split(argMax_0, [2, 3], axis=2)\n"
        '    cast_0 = builder.cast(split_0, "float32")\n'
        "    left = builder.triangular(cast_0, upper=True, diagonal=0)\n"
        "\n"
    )
    assert 'return builder.build({"right": right, "left": left})' in text


HOSTILE_NAMES = [
    "lambda",
    "None",
    "builder",
    "weight",
    "weights",
    "context",
    "np",
    "_",
    "lambda_v",
    "lambda_v_v",
    "__debug__",
    "self",
    "layer",
]


def hostile() -> Graph:
    """Operands with names that Python has another use for."""
    b = GraphBuilder("hostile")
    inputs = [b.input(name, "float32", [2]) for name in HOSTILE_NAMES]
    total = inputs[0]
    for i, x in enumerate(inputs[1:]):
        b.suggest(total := b.sub(total, x), ["class", "def", "print", "yield_v"][i % 4])
    return b.build({"in": total, "is": b.neg(total)})


def test_names_are_kept_apart() -> None:
    names = [*HOSTILE_NAMES, *keyword.kwlist, *(f"{name}_v" for name in keyword.kwlist)]
    variables = [python.variable(name) for name in names]
    assert len(set(variables)) == len(set(names))
    assert not {*variables} & {*python.RESERVED}
    compile(text_of(hostile()), "model.py", "exec")


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_nothing_of_a_model_leaves_its_string(name: str) -> None:
    b = GraphBuilder(name)
    with b.source(name):
        y = b.neg(b.input("x", "float32", [2]))
    graph = b.build({"y": y})
    plain = GraphBuilder("plain")
    expected = plain.build({"y": plain.neg(plain.input("x", "float32", [2]))})
    module = text_of(graph, labels=True)
    assert module.isascii()
    assert ast.dump(ast.parse(module)) == ast.dump(ast.parse(text_of(expected)))
    weighted = b.build({"z": b.matmul(b.reshape(y, [1, 2]), np.ones((2, 30), np.float32))})
    tree = ast.parse(python.files(weighted, "model", weights=[name])["model.py"])
    (files,) = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FILES"]
    assert ast.literal_eval(files) == [name]


def test_labels_are_comments_of_layers_too() -> None:
    text = text_of(legalize(layers(3), load_target(PYWEBNN)), labels=True)
    compile(text, "model.py", "exec")
    assert re.search(r"builder\.\w+\(.*\)  # ", text)


def test_what_pywebnn_lacks_is_refused() -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1, 1, 5, 5])
    pooled = b.maxPool2d(x, windowDimensions=[2, 2], strides=[2, 2], outputShapeRounding="ceil")
    graph = b.build({"y": b.reverse(pooled), "z": b.cast(pooled, "uint64")})
    with pytest.raises(ConversionError) as raised:
        save(graph, "never.py")
    lines = raised.value.message.splitlines()
    assert lines[0] == "pywebnn cannot express 3 parts of the graph:"
    assert sorted(map(str.strip, lines[1:])) == [
        "cast z: output is uint64, the target takes float32 float16 int32 uint32 int64 int8 uint8",
        "maxPool2d maxPool2d_0: the method has no option outputShapeRounding",
        "reverse y: there is no such method",
    ]
    assert "--target pywebnn" in raised.value.hint
    assert not Path("never.py").exists()


def test_a_command_writes_it_or_says_what_is_in_the_way(tmp_path: Path) -> None:
    def convert(op: str) -> Result:
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, [2]) for name in "ab"]
        output = helper.make_tensor_value_info("y", TensorProto.INT32, [2])
        graph = helper.make_graph([helper.make_node(op, ["a", "b"], ["y"], "here")], "g", inputs, [output])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / f"{op}.onnx")
        return CliRunner().invoke(cli.onnx2webnn, [str(tmp_path / f"{op}.onnx"), "-o", str(tmp_path / "out"), "--format", "webnn,python"])

    refused, written = convert("Pow"), convert("Max")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1] == "  pow y (here): the target has no such operator"
    assert written.exit_code == 0, written.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Max.py", "Max.webnn"]
    assert "builder.where_(" in (tmp_path / "out" / "Max.py").read_text()


def test_how_much_is_refused() -> None:
    assert Counter(filter(None, map(why_refused, map(row_of, ROWS)))) == REFUSED


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_what_is_written_for_it_means_the_same(case: Case) -> None:
    graph = row_of(case)
    if why_refused(graph):
        return
    legal = legalize(graph, load_target(PYWEBNN))
    if [node.op for node in legal.nodes] != [node.op for node in graph.nodes]:
        case.compare(list(reference.run(legal, case.feeds()).values()), slack=SLACK)


def test_the_limits_are_those_of_rustnn_less_what_is_lacking() -> None:
    assert FILE.read_text("utf-8") == described(limits()), "python -m tests.targets.pywebnn writes it"


# ------------------------------------------------------------------------------------------------------------- what is computed
@pytest.mark.rustnn
def test_the_methods_are_those_that_are_there() -> None:
    import webnn

    methods = {name: getattr(webnn.MLGraphBuilder, name).__text_signature__ for name in dir(webnn.MLGraphBuilder) if name[0] != "_"}
    assert {name for name in OPS if python.method(name) not in methods} == set(LACKING)
    for name, op in OPS.items():
        if name in LACKING:
            continue
        parameters = re.findall(r"(\w+)(?=[,=)])", methods[python.method(name)])
        for option in (parameter for parameter, value in op.parameters.items() if value.is_option):
            spelled = python.PARAMETERS.get(option, python.snake_case(option))
            assert (spelled in parameters) != (option in LACKING_OPTIONS.get(name, ())), (name, option)


@pytest.mark.rustnn
@pytest.mark.parametrize("case", ROWS, ids=str)
def test_row(case: Case) -> None:
    graph = row_of(case)
    if why_refused(graph):
        return
    expected = list(reference.run(graph, case.feeds()).values())
    made = list(computed(legalize(graph, load_target(PYWEBNN)), case.feeds()).values())
    if not case.rustnn:
        case.compare(made, slack=SLACK, expected=[as_float64(array) for array in expected])
        return
    with pytest.raises(AssertionError):  # else it is no longer said rightly to differ
        case.compare(made, slack=SLACK, expected=expected)


def as_float64(array: Array) -> Array:
    """What is left of numbers that rustnn gives as float64."""
    return array.astype(np.float64).astype(array.dtype)


def agrees(graph: Graph) -> None:
    inputs = seeded(graph.inputs)
    made = computed(legalize(graph, load_target(PYWEBNN)), inputs)
    for name, expected in reference.run(graph, inputs).items():
        assert made[name].dtype == expected.dtype
        np.testing.assert_allclose(made[name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.rustnn
@pytest.mark.parametrize("build", GRAPHS.values(), ids=GRAPHS)
def test_graph(build: Build) -> None:
    b = GraphBuilder()
    agrees(b.build(build(b)))


@pytest.mark.rustnn
@pytest.mark.parametrize("producer", PRODUCERS)
def test_shapes(producer: str) -> None:
    b = GraphBuilder()
    made = PRODUCERS[producer](b, b.input("x", "float32", [1, 4, 4, 6]))
    after = b.relu(made)
    outputs = {name: consume(b, made) for name, consume in CONSUMERS.items()}
    agrees(b.build(outputs | {f"{name}_later": consume(b, after) for name, consume in CONSUMERS.items()}))


def kept(b: GraphBuilder, x: Operand) -> dict[str, Operand]:
    return {"a": b.neg(x), "b": x, "c": b.constant(np.arange(3, dtype=np.float32)), "d": b.relu(b.neg(x))}


MODELS: dict[str, Callable[[], Graph]] = {
    "layers that repeat": lambda: layers(3),
    "hostile names": hostile,
}


@pytest.mark.rustnn
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_model(model: Callable[[], Graph]) -> None:
    agrees(model())


@pytest.mark.rustnn
def test_inputs_and_constants_are_outputs() -> None:
    b = GraphBuilder()
    agrees(b.build(kept(b, b.input("x", "float32", [3]))))


@pytest.mark.rustnn
def test_random_inputs_are_drawn_as_elsewhere(tmp_path: Path) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [3])
    noise = [b.input(str(d), t, [7], d) for d, t in ((Distribution.NORMAL, "float32"), (Distribution.UNIFORM, "float16"))]
    graph = b.build({"y": b.reduceSum(x), **{f"out_{n.name}": b.neg(n) for n in noise}})
    save(graph, tmp_path / "model.py")
    module = imported(tmp_path / "model.py")
    for name, values in drawn(graph, {}, seed=3).items():
        np.testing.assert_array_equal(module.random_inputs(seed=3)[name], values)
    model = module.load()
    first, second = (model.compute(x=np.zeros(3, np.float32)) for _ in range(2))
    assert not np.array_equal(first["out_normal"], second["out_normal"])
    given = module.random_inputs(seed=3)
    np.testing.assert_array_equal(model.compute(x=np.zeros(3, np.float32), **given)["out_uniform"], -given["uniform"])


def weighted(value: float = 1.0) -> Graph:
    b = GraphBuilder()
    weights = [b.constant(np.full((4, 20), value + i, np.float32), name=f"w{i}") for i in range(3)]
    x = b.input("x", "float32", [2, 4])
    return b.build({"y": b.concat([b.matmul(x, w) for w in weights], 0)})


@pytest.mark.rustnn
def test_weights_are_read_from_several_files(tmp_path: Path) -> None:
    save(weighted(), tmp_path / "model.py", max_shard_size=500)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3
    x = {"x": np.ones((2, 4), np.float32)}
    np.testing.assert_array_equal(imported(tmp_path / "model.py").load().compute(**x)["y"], reference.run(weighted(), x)["y"])


@pytest.mark.rustnn
def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    save(weighted(), tmp_path / "model.py")
    (tmp_path / "other").mkdir()
    save(weighted(2.0), tmp_path / "other" / "model.py")
    module = imported(tmp_path / "model.py")
    with pytest.raises(ValueError, match="not of the same conversion"):
        module.load(tmp_path / "other")
    model = module.load()
    x = np.ones((2, 4), np.float32)
    for wrong, said in (
        ({}, "input x is missing, not an array of float32[2, 4]"),
        ({"x": x.T}, "input x is float32[4, 2]"),
        ({"x": x.astype(np.float64)}, "input x is float64[2, 4]"),
        ({"x": x.tolist()}, "input x is list"),
        ({"x": x, "z": x}, "there is no input z; there are x"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            model.compute(**wrong)
    weights = module.read_weights()
    with pytest.raises(ValueError, match="weight w1 is missing"):
        module.build(model.context, {name: array for name, array in weights.items() if name != "w1"})
