import { EXPANDED, EXPANSIONS } from "./facts.js";
import { Constants } from "../runtime/constants.js";
import { TYPES } from "../runtime/facts.js";
import { product, viewOf } from "../runtime/tensors.js";

/** A tensor of 4-bit elements in bytes, which every implementation takes; others as they are. */
function inBytes(tensor) {
  const { dataType, shape, data } = tensor;
  if (TYPES[dataType][1] !== 4) return tensor;
  const isSigned = dataType === "int4";
  const bytes = new (isSigned ? Int8Array : Uint8Array)(2 * data.length);
  const value = (nibble) => (isSigned ? (nibble ^ 8) - 8 : nibble);
  for (let i = 0; i < data.length; i += 1) {
    bytes[2 * i] = value(data[i] & 15);
    bytes[2 * i + 1] = value(data[i] >> 4);
  }
  return { dataType: isSigned ? "int8" : "uint8", shape, data: bytes.subarray(0, product(shape)) };
}

/**
 * Constants of which some stand in the file as smaller expressions: WebNN computes them once, several together, in a graph of
 * their own as soon as all that it reads is there.
 */
class ExpandedConstants extends Constants {
  #open = EXPANSIONS.map((together) => ({
    together,
    missing: new Set(together.flatMap(([, reads]) => reads)),
    read: new Map(),
    builder: null,
  }));
  #onBytes;
  /** What is computed while the next weights arrive. */
  #last = Promise.resolve();

  constructor(context, onBytes) {
    super(context);
    this.#onBytes = onBytes;
  }

  async add(tensor) {
    const { name } = tensor;
    if (!EXPANDED.has(name)) await super.add(tensor);
    for (const one of this.#open.filter(({ missing }) => missing.has(name))) {
      const { dataType, shape, data } = inBytes(tensor);
      one.builder ??= new MLGraphBuilder(this.context);
      one.read.set(name, one.builder.constant({ dataType, shape }, data));
      one.missing.delete(name);
      if (one.missing.size) continue;
      const before = this.#last; // of another file, perhaps: each waits for the one before, the last for all
      this.#last = before.then(() => this.#expand(one));
      this.#last.catch(() => {}); // whoever waits for it is told
      await before;
    }
  }

  async build() {
    await this.#last;
    return super.build();
  }

  async #expand({ together, builder, read }) {
    const results = together.flatMap(([expand, reads, makes]) => {
      const made = expand(builder, ...reads.map((name) => read.get(name)));
      return makes.map((name, i) => [name, made[i]]);
    });
    const graph = await builder.build(Object.fromEntries(results));
    const tensors = {};
    for (const [name, { dataType, shape }] of results) {
      tensors[name] = await this.context.createTensor({ dataType, shape, readable: true });
    }
    this.context.dispatch(graph, {}, tensors);
    for (const [name, { dataType, shape }] of results) {
      const bytes = new Uint8Array(await this.context.readTensor(tensors[name]));
      await super.add({ name, dataType, shape: [...shape], data: viewOf(dataType, bytes.buffer) });
      this.#onBytes?.(bytes.byteLength);
      bytes.buffer.transfer?.(0);
      tensors[name].destroy();
    }
    graph.destroy();
  }
}

export { ExpandedConstants };
