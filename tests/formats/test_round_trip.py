"""What is written is read back as the same graph and written again as the same bytes, in every form."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.formats.graphs import EVERY_OPERATOR, as_data, every_operator, random_values, random_weight
from tests.ops.case import Case
from tests.ops.cases import CASES
from webnn_graph import Graph, GraphBuilder, load, run, save, validate
from webnn_graph.formats import json, text
from webnn_graph.formats.assemble import assemble
from webnn_graph.formats.constants import is_inline
from webnn_graph.formats.document import document_of
from webnn_graph.ops import OPS

GIVING = [case for case in CASES if not case.error]


def test_the_canonical_text_shows_every_operator() -> None:
    assert {node.op for node in every_operator().nodes} == set(OPS)


def test_the_canonical_text_has_no_trailing_space() -> None:
    assert not [line for line in EVERY_OPERATOR.splitlines() if line != line.rstrip()]


def test_canonical_text_survives() -> None:
    graph = every_operator()
    validate(graph)
    assert text.write(document_of(graph)) == EVERY_OPERATOR


def test_canonical_json_survives() -> None:
    graph = every_operator()
    written = json.write(document_of(graph))
    reread = assemble(json.read(written), random_weight)
    assert as_data(reread) == as_data(graph)
    assert json.write(document_of(reread)) == written
    assert text.write(document_of(reread)) == EVERY_OPERATOR


@pytest.mark.parametrize("form", [text, json])
@pytest.mark.parametrize("case", GIVING, ids=str)
def test_every_call_survives(case: Case, form: object) -> None:
    b = GraphBuilder(str(case))
    with b.source(f'/model/{case.op} "x" # not a comment'):
        graph = b.build({f"result_{i}": operand for i, operand in enumerate(case.call(b))})
    written = form.write(document_of(graph))
    reread = assemble(form.read(written), lambda key, operand: graph.weights[graph.operands[key]])
    assert as_data(reread) == as_data(graph)
    assert form.write(document_of(reread)) == written


def test_labels_can_be_left_out() -> None:
    graph = every_operator()
    assert "label" in text.write(document_of(graph))
    assert "label" not in text.write(document_of(graph, labels=False))
    assert "label" not in json.write(document_of(graph, labels=False))


# ------------------------------------------------------------------------------------------------------------------ with files
def without_digest(written: str) -> str:
    """The text without the comment that only a file has, whose weights are known."""
    (digest,) = (line for line in written.splitlines(keepends=True) if line.strip().startswith(text.DIGEST))
    return written.replace(digest, "")


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
def test_saved_files_are_loaded_again(tmp_path: Path, suffix: str) -> None:
    graph = every_operator()
    first, second = tmp_path / f"a{suffix}", tmp_path / "b.webnn"
    assert save(graph, first) == [first, tmp_path / "a.safetensors"]
    reread = load(first)
    validate(reread)
    assert as_data(reread) == as_data(graph)
    save(reread, second, tmp_path / "b.json")
    assert without_digest(second.read_text()) == EVERY_OPERATOR
    assert second.with_suffix(suffix).read_bytes() == first.read_bytes()
    assert (tmp_path / "b.safetensors").read_bytes() == (tmp_path / "a.safetensors").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {f"a{suffix}", "a.safetensors", "b.json", "b.safetensors", "b.webnn"}


def test_what_is_loaded_computes_the_same(tmp_path: Path) -> None:
    graph = every_operator()
    feeds = {operand.name: random_values(operand.name, operand) % 3 for operand in graph.inputs}
    save(graph, tmp_path / "model.json")
    before, after = run(graph, feeds), run(load(tmp_path / "model.json"), feeds)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)


def test_equal_graphs_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save(every_operator(), *(tmp_path / folder / f"model{suffix}" for suffix in (".webnn", ".json", ".js")))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["model.d.ts", "model.js", "model.json", "model.safetensors", "model.webnn"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_graph_may_be_saved_over_the_files_it_was_loaded_from(tmp_path: Path) -> None:
    save(every_operator(), tmp_path / "model.webnn")
    loaded = load(tmp_path / "model.webnn")
    save(loaded, tmp_path / "model.webnn")
    assert as_data(loaded) == as_data(load(tmp_path / "model.webnn")) == as_data(every_operator())


# ------------------------------------------------------------------------------------------------------------------- constants
EDGES = {
    "float32": [0.0, -0.0, 0.1, 1e-45, 3.4028235e38, np.inf, -np.inf, np.nan, 16777217],
    "float16": [0.1, -0.0, 65504, 6e-8, np.inf, np.nan],
    "int32": [0, -1, 2**31 - 1, -(2**31), 16777217],
    "uint32": [2**32 - 1, 16777216],
    "int64": [2**63 - 1, -(2**63), 2**53 + 1, -3],
    "uint64": [2**64 - 1, 2**53 + 1],
    "int8": [-128, 127],
    "uint8": [0, 255],
    "int4": [-8, 7],
    "uint4": [0, 15],
}


@pytest.mark.parametrize("shape", [(), (1,), (5,), (16,), (17,), (2, 3), (3, 3, 3)], ids=str)
@pytest.mark.parametrize(("data_type", "value"), [(t, v) for t, values in EDGES.items() for v in values])
def test_constants_keep_every_bit(tmp_path: Path, data_type: str, value: float, shape: tuple[int, ...]) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [1])
    array = np.full(shape, value, np.dtype({"int4": "int8", "uint4": "uint8"}.get(data_type, data_type)))
    array.flat[-1:] = array.flat[0] if array.size < 3 else 1
    constant = b.constant(array, data_type, "c")
    identity = b.build({"y": b.identity(x)})
    graph = Graph("constants", identity.inputs, {constant: array}, identity.nodes, identity.outputs)
    for form in (".webnn", ".json"):
        written = save(graph, tmp_path / f"model{form}")
        assert (tmp_path / "model.safetensors" in written) == (not is_inline(constant))
        (read,) = load(tmp_path / f"model{form}").constants.values()
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        assert read.tobytes() == array.tobytes()


def test_a_weight_with_the_name_that_safetensors_reserves(tmp_path: Path) -> None:
    b = GraphBuilder()
    weight = np.arange(20, dtype=np.float32)
    graph = b.build({"y": b.add(b.input("x", "float32", [20]), b.constant(weight, name="__metadata__"))})
    save(graph, tmp_path / "model.webnn")
    (read,) = load(tmp_path / "model.webnn").constants.values()
    np.testing.assert_array_equal(read, weight)


def test_weights_are_views_on_the_file(tmp_path: Path) -> None:
    save(every_operator(), tmp_path / "model.webnn")
    graph = load(tmp_path / "model.webnn")
    weight = graph.constants[graph.operands["filter"]]
    assert not weight.flags.owndata
    assert not weight.flags.writeable


def test_other_software_reads_the_weights(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    graph = every_operator()
    save(graph, tmp_path / "model.webnn")
    tensors = safetensors.load_file(tmp_path / "model.safetensors")
    for name, tensor in tensors.items():
        operand = graph.operands[name]
        if operand.data_type.bits == 4:
            assert (tensor.dtype, tensor.shape) == (np.uint8, ((operand.size + 1) // 2,))
            low_first = np.stack([tensor & 15, tensor >> 4], -1).ravel()[: operand.size]
            np.testing.assert_array_equal(low_first.reshape(operand.shape), graph.constants[operand])
        else:
            np.testing.assert_array_equal(tensor, graph.constants[operand])
    assert set(tensors) == {operand.name for operand in graph.constants if not is_inline(operand)}


def test_arrays_without_contiguous_memory_are_written(tmp_path: Path) -> None:
    b = GraphBuilder()
    x = b.input("x", "float32", [300, 40])
    rows = np.arange(40, dtype=np.float32)
    arrays = {"broadcast": np.broadcast_to(rows, (300, 40)), "transposed": np.arange(12000, dtype=np.float32).reshape(40, 300).T}
    y = b.add(b.add(x, b.constant(arrays["broadcast"], name="broadcast")), b.constant(arrays["transposed"], name="transposed"))
    graph = b.build({"y": y})
    save(graph, tmp_path / "model.webnn")
    loaded = load(tmp_path / "model.webnn")
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded.constants[loaded.operands[name]], array)


def test_four_bit_constants_of_one_number_take_no_memory(tmp_path: Path) -> None:
    elements = 30_000_001
    path = tmp_path / "model.webnn"
    nodes = f"y = reshape(c, newShape=[{elements}]);"
    path.write_text(f'webnn_graph "t" v1 {{ consts {{ c: u4[{elements}] @scalar(3); }} nodes {{ {nodes} }} outputs {{ y; }} }}')
    tracemalloc.start()
    graph = load(path)
    validate(graph)
    ((operand, weight),) = graph.weights.items()
    pieces = [(len(piece), bytes(piece[-1:])) for piece in weight.storage()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert sum(size for size, _ in pieces) == operand.nbytes
    assert [last for _, last in pieces] == [b"\x33"] * (len(pieces) - 1) + [b"\x03"]
