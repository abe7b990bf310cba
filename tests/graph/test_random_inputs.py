"""Inputs that are random numbers: how they are drawn, here and in a module, and that every file says it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.javascript.written import COMPUTING, needs_node, node, write
from webnn_graph import GraphBuilder, legalize, load, run, save
from webnn_graph.data_types import DataType
from webnn_graph.errors import ValidationError, WebNNError
from webnn_graph.feeds import complete
from webnn_graph.formats import save_together
from webnn_graph.graph import Descriptor, Distribution, Graph
from webnn_graph.passes import optimize
from webnn_graph.random_inputs import Generator, drawn
from webnn_graph.runtimes.browser import BrowserSession

NORMAL, UNIFORM = Distribution.NORMAL, Distribution.UNIFORM
LARGE = {float_type: Descriptor(DataType(float_type), (100, 200)) for float_type in ("float32", "float16")}


def noisy(data_type: str = "float32") -> Graph:
    """y = relu(x + n), z = u."""
    b = GraphBuilder("noisy")
    x, n, u = b.input("x", data_type, [3]), b.input("n", data_type, [3], "normal"), b.input("u", data_type, [5], "uniform")
    return b.build({"y": b.add(x, n), "z": b.identity(u)})


def mulberry32(seed: int) -> Iterator[int]:
    """The generator as it was published, one 32-bit number after another."""

    def imul(a: int, b: int) -> int:
        return a * b & 0xFFFFFFFF

    while True:
        seed = seed + 0x6D2B79F5 & 0xFFFFFFFF
        t = imul(seed ^ seed >> 15, seed | 1)
        t ^= t + imul(t ^ t >> 7, t | 61) & 0xFFFFFFFF
        yield t ^ t >> 14


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**40 + 3])
def test_numbers_are_those_of_mulberry32(seed: int) -> None:
    expected = mulberry32(seed & 0xFFFFFFFF)
    generator = Generator(seed)
    uniform = Descriptor(DataType.FLOAT32, (4,))
    for _ in range(3):
        assert (generator.draw(UNIFORM, uniform) * 2**24).tolist() == [next(expected) >> 8 for _ in range(4)]
    radius, angle = (next(expected) >> 8 for _ in range(2))
    normal = math.sqrt(-2 * math.log(1 - radius / 2**24)) * math.cos(2 * math.pi * angle / 2**24)
    assert generator.draw(NORMAL, Descriptor(DataType.FLOAT32, (1,))) == pytest.approx(normal, rel=1e-6)


@pytest.mark.parametrize("data_type", LARGE)
def test_distributions(data_type: str) -> None:
    uniform = Generator(1).draw(UNIFORM, LARGE[data_type]).astype(np.float64)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert np.histogram(uniform, 10, (0, 1))[0] == pytest.approx(2000, rel=0.1)
    normal = Generator(1).draw(NORMAL, LARGE[data_type]).astype(np.float64)
    cumulative = [0.5 * (1 + math.erf(limit / math.sqrt(2))) for limit in (-2, -1, 0, 1, 2)]
    assert [(normal < limit).mean() for limit in (-2, -1, 0, 1, 2)] == pytest.approx(cumulative, abs=0.01)


def test_what_is_not_given_is_drawn_and_a_seed_repeats_it() -> None:
    graph, x = noisy(), np.zeros(3, np.float32)
    first, again, other = run(graph, {"x": x}, seed=1), run(graph, {"x": x}, seed=1), run(graph, {"x": x}, seed=2)
    assert all(np.array_equal(first[name], again[name]) and not np.array_equal(first[name], other[name]) for name in first)
    assert not np.array_equal(run(graph, {"x": x})["y"], run(graph, {"x": x})["y"])
    assert np.array_equal(run(graph, {"x": x, "n": x + 5}, seed=1)["y"], x + 5)
    assert np.array_equal(complete(graph, {}, 1)["n"], first["y"])
    assert set(drawn(graph, {"n": x})) == {"u"}
    with pytest.raises(WebNNError, match="the input x: float32.* is missing"):
        run(graph, {}, seed=1)


@pytest.mark.parametrize("suffix", [".webnn", ".json"])
def test_files_say_it(suffix: str, tmp_path: Path) -> None:
    graph = legalize(optimize(noisy()), "chromium")
    save(graph, tmp_path / f"a{suffix}")
    save_together({tmp_path / f"b{suffix}": graph, tmp_path / f"c{suffix}": graph}, weights="model.safetensors")
    for stem in "abc":
        again = load(tmp_path / f"{stem}{suffix}")
        assert {operand.name: operand.distribution for operand in again.inputs} == {"x": None, "n": NORMAL, "u": UNIFORM}


@pytest.mark.parametrize(
    ("suffix", "old", "new", "says"),
    [
        (".webnn", "random: normal", "random: odd", "the distribution 'odd', which is not known"),
        (".webnn", "n: f32[3]", "n: i32[3]", "n is int32, which is not drawn at random"),
        (".json", '"normal"', '"odd"', "the distribution 'odd', which is not known"),
        (".json", '"normal"', "7", "inputs.n.random: expected a string"),
    ],
)
def test_distributions_that_are_none(suffix: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    save(noisy(), path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(WebNNError, match=says):
        load(path)


def test_a_comment_elsewhere_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.webnn"
    save(noisy(), path)
    path.write_text(
        path.read_text()
        .replace("x: f32[3];", "x: f32[3]; # a comment\n# random: normal")
        .replace("random: uniform", "random: uniform indeed")
    )
    assert [operand.distribution for operand in load(path).inputs] == [None, NORMAL, None]


def test_integers_are_not_random() -> None:
    with pytest.raises(ValidationError, match="input 'x' is int32, which is not drawn"):
        GraphBuilder().input("x", "int32", [2], "normal")


@needs_node
def test_a_module_draws_the_same(tmp_path: Path) -> None:
    b = GraphBuilder("noise")
    n, u = b.input("n", "float32", [500], "normal"), b.input("u", "float16", [4], "uniform")
    graph = b.build({"y": b.relu(n), "z": b.relu(u)})
    script = """
        const bits = (data) => Array.from(new Uint16Array(data.buffer, data.byteOffset, 4));
        const seen = [];
        const write = context.writeTensor;
        context.writeTensor = (tensor, data) => seen.push(data) && write(tensor, data);
        await model.compute({}, { seed: 3 });
        await model.compute({ n: new Float32Array(500) }, { seed: 3 });
        await model.compute({});
        await model.compute({});
        const plain = [0, 1, 2, 4, 6].map((i) => Array.from(seen[i]));
        const missing = await model.compute(null).catch((error) => error.message);
        await model.run({}, {}, { seed: 3 });
        const again = seen[8].every((value, i) => value === seen[0][i]);
        console.log(JSON.stringify([plain, bits(seen[1]), missing, again]));
    """
    (first, _, given, once, twice), half, missing, again = node(write(graph, tmp_path), COMPUTING + script)
    expected = drawn(graph, {}, 3)
    assert np.array(first) == pytest.approx(expected["n"], rel=1e-6, abs=1e-7)
    assert half == expected["u"].view(np.uint16).tolist()
    assert given == [0] * 500
    assert once != twice
    assert again, "run() draws what compute() draws"
    assert missing == "the inputs are given as an object, by name"


def test_a_module_without_random_inputs_has_nothing_of_it(tmp_path: Path) -> None:
    b = GraphBuilder()
    save(b.build({"y": b.relu(b.input("x", "float32", [2]))}), tmp_path / "m.js")
    for path in tmp_path.iterdir():
        assert not {"random", "seed"} & set(path.read_text().replace('"', " ").split())


@pytest.mark.browser
def test_a_browser_draws_the_same(browser: BrowserSession) -> None:
    graph, seed = noisy(), 11
    folder = browser.exchange.folder / "noisy"
    folder.mkdir()
    save(legalize(graph, "chromium"), folder / "model.js")
    page = browser.chromium.open_page()
    drawn_there = f"""async () => {{
        const model = await (await import("/noisy/model.js")).load();
        const {{ y, z }} = await model.compute({{ x: new Float32Array(3) }}, {{ seed: {seed} }});
        return [...y, ...z];
    }}"""
    y, z = np.split(np.array(browser.chromium._do(lambda: page.evaluate(drawn_there))), [3])
    browser.chromium.close_page(page)
    expected = run(graph, {"x": np.zeros(3, np.float32)}, seed=seed)
    assert y == pytest.approx(expected["y"], rel=1e-5)
    assert z == pytest.approx(expected["z"], rel=1e-6)
