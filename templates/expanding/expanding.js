import { EXPANSIONS } from "./facts.js";
import { DequantizedConstants, inBytes } from "./dequantizing.js";
import { viewOf } from "../runtime/tensors.js";

/**
 * Constants of which some stand in the file as other expressions, too: WebNN computes them once, several together, in a graph of
 * their own as soon as all that it reads is there.
 */
class ExpandedConstants extends DequantizedConstants {
  #open = EXPANSIONS.map((together) => ({
    together,
    missing: new Set(together.flatMap(([, reads]) => reads)),
    read: new Map(),
    builder: new MLGraphBuilder(this.context),
  }));
  /** What is computed while the next weights arrive: of other files, too, so that each waits for the one before, the last for all. */
  #last = Promise.resolve();

  async add(tensor) {
    const { name } = tensor;
    const added = [super.add(tensor)];
    for (const one of this.#open.filter(({ missing }) => missing.has(name))) {
      const { dataType, shape, data } = inBytes(tensor);
      one.read.set(name, one.builder.constant({ dataType, shape }, data));
      one.missing.delete(name);
      if (one.missing.size) continue;
      added.push(this.#last);
      this.#begin(one);
    }
    await Promise.all(added);
  }

  async finish() {
    await super.finish();
    for (const one of this.#open) if (!one.read.size) this.#begin(one);
    await this.#last;
  }

  #begin(one) {
    this.#last = this.#last.then(() => this.#expand(one));
    this.#last.catch(() => {}); // whoever waits for it is told
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
      this.onBytes(bytes.byteLength);
      bytes.buffer.transfer?.(0);
      tensors[name].destroy();
    }
    graph.destroy();
  }
}

export { ExpandedConstants };
