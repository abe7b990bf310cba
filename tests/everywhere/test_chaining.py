"""A graph that is built in parts computes what it computes as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.everywhere.browsers import Visitor
from tests.everywhere.site import Site
from webnn_graph.own import TEMPLATES

pytestmark = [pytest.mark.browser]
SCRIPT = """
const { Chain } = await import("/templates/generation/chaining.js");
const context = await navigator.ml.createContext();
const float = (shape) => ({ dataType: "float32", shape });
const noise = (count, seed) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));
const shapes = { table: [9, 8], first: [8, 8], second: [8, 16], third: [16, 8] };
const data = Object.fromEntries(Object.entries(shapes).map(([name, [a, b]], i) => [name, noise(a * b, i)]));
function graph(builder, weight) {
  const ids = builder.input("ids", { dataType: "int32", shape: [4] });
  const past = builder.input("past", float([4, 8]));
  const half = builder.constant(float([1]), new Float32Array([0.5]));
  const x = builder.gather(weight("table"), ids, { axis: 0 });
  const scaled = builder.mul(builder.matmul(x, weight("first")), half);
  const present = builder.add(past, scaled);
  const [left, , right] = builder.split(builder.matmul(present, weight("second")), [4, 8, 4], { axis: 1 });
  const both = builder.concat([left, present, right], 1);
  const made = builder.gemm(both, weight("third"), { c: builder.mul(half, x) });
  const logits = builder.gemm(builder.tanh(made), weight("table"), { bTranspose: true });
  return { present, logits };
}
const write = async (descriptor, values) => {
  const tensor = await context.createTensor({ ...descriptor, writable: true, readable: true });
  if (values) context.writeTensor(tensor, values);
  return tensor;
};
const ids = await write({ dataType: "int32", shape: [4] }, Int32Array.of(3, 0, 8, 3));
const feeds = { ids, past: await write(float([4, 8]), noise(32, 9)) };
const outputs = async () => ({ present: await write(float([4, 8])), logits: await write(float([4, 9])) });
const numbers = async ({ present, logits }) => [
  ...new Float32Array(await context.readTensor(present)), ...new Float32Array(await context.readTensor(logits)),
];
const builder = new MLGraphBuilder(context);
const whole = await builder.build(graph(builder, (name) => builder.constant(float(shapes[name]), data[name])));
const expected = await outputs();
context.dispatch(whole, feeds, expected);
const right = await numbers(expected);
const found = [];
for (const size of [0, 2 ** 30]) {
  for (const names of [[], ["table"]]) {
    const held = new Map();
    for (const name of names) held.set(name, await write(float(shapes[name]), data[name]));
    let loaded = 0;
    const load = (name) => async () => ((loaded += 1), { ...float(shapes[name]), data: data[name] });
    const weights = new Map(Object.keys(shapes).map((name) => [name, { bytes: size, load: load(name) }]));
    let builds = 0;
    const build = MLGraphBuilder.prototype.build;
    MLGraphBuilder.prototype.build = function (named) { builds += 1; return build.call(this, named); };
    const chain = await Chain.of(context, graph, weights, held);
    MLGraphBuilder.prototype.build = build;
    const made = await outputs();
    chain.dispatch(feeds, made);
    const values = await numbers(made);
    chain.destroy();
    const difference = Math.max(...values.map((value, i) => Math.abs(value - right[i])));
    found.push([builds, loaded, difference < 1e-5 && values.some((value) => value)]);
  }
}
return found;
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.link("templates", TEMPLATES)
        yield site


@pytest.mark.parametrize("anywhere", ["chromium-147", "chromium-153"], indirect=True)
def test_parts_compute_what_the_whole_does(anywhere: Visitor, site: Site) -> None:
    whole, gathered = [1, 4, True], [1, 4, True]
    in_parts, in_parts_gathered = [5, 5, True], [4, 4, True]
    assert anywhere.visit(site.page(SCRIPT)) == [whole, gathered, in_parts, in_parts_gathered]
