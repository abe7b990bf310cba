/** Bytes of weights that are built into one graph, unless a single one is larger. */
const AT_ONCE = 2 ** 28;

/** A call of a builder that is made later; also the operand that it gives, or several. */
class Call {
  #several = [];

  constructor(op, args) {
    this.op = op;
    this.args = args;
  }

  *[Symbol.iterator]() {
    for (let i = 0; ; i += 1) yield (this.#several[i] ??= new Call("part", [this, i]));
  }

  /** The call that makes this operand. */
  get maker() {
    return this.op === "part" ? this.args[0] : this;
  }

  /** Whether each graph that reads it makes it anew. */
  get isEverywhere() {
    return this.op === "input" || this.op === "constant" || this.op === "weight";
  }

  /** The operands that it reads. */
  get operands() {
    const found = [];
    mapped(this.args, (operand) => found.push(operand));
    return found;
  }

  /** The names of weights among them that have to be constants: a gather reads rows of tensors, where there are some. */
  constants(held) {
    const isHeld = (operand) => this.op === "gather" && operand === this.args[0] && held.has(operand.args[0]);
    return this.operands.filter((operand) => operand.op === "weight" && !isHeld(operand)).map(({ args }) => args[0]);
  }
}

/** A value of a call's arguments with other operands. */
function mapped(value, replace) {
  if (value instanceof Call) return replace(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, replace));
  if (value?.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each, replace)]));
}

/** The calls that make a graph, in order, and what it returns. */
function recorded(graph) {
  const calls = [];
  const record =
    (op) =>
    (...args) => {
      const call = new Call(op, args);
      if (!call.isEverywhere) calls.push(call);
      return call;
    };
  const results = graph(new Proxy({}, { get: (_, op) => record(op) }), record("weight"));
  return { calls, results };
}

/** Calls in groups of which each needs about `AT_ONCE` bytes of constants. */
function grouped(calls, weights, held) {
  const groups = [[]];
  let names = new Set();
  let bytes = 0;
  for (const call of calls) {
    const added = call.constants(held).filter((name) => !names.has(name));
    const more = added.reduce((sum, name) => sum + weights.get(name).bytes, 0);
    if (bytes && more && bytes + more > AT_ONCE) {
      groups.push([]);
      names = new Set();
      bytes = 0;
    }
    for (const name of added) names.add(name);
    bytes += more;
    groups.at(-1).push(call);
  }
  return groups;
}

/** A graph as several that are computed one behind the other: while one is built, its weights are in memory several times. */
class Chain {
  #graphs = [];
  /** What they read besides what they are given: weights, and what others of them make. */
  #tensors;

  constructor(context, held) {
    this.context = context;
    this.#tensors = Object.fromEntries(held);
    this.held = held;
  }

  /**
   * Builds it of what `graph` calls. `weights` has { bytes, load } by name, load() a promise of { dataType, shape, data }; `held` tensors
   * of weights by name.
   */
  static async of(context, graph, weights, held) {
    const chain = new Chain(context, held);
    try {
      const { calls, results } = recorded(graph);
      await chain.#build(grouped(calls, weights, held), results, weights);
      return chain;
    } catch (error) {
      chain.destroy();
      throw error;
    }
  }

  async #build(groups, results, weights) {
    const placeOf = new Map(groups.flatMap((group, i) => group.map((call) => [call, i])));
    /** By operand that leaves its graph: its name, and once that is built what it is. */
    /** @type {Map<any, any>} */
    const leaving = new Map(Object.entries(results).map(([name, operand]) => [operand, { name }]));
    for (const [i, group] of groups.entries()) {
      for (const operand of group.flatMap((call) => call.operands)) {
        if (operand.isEverywhere || placeOf.get(operand.maker) === i || leaving.has(operand)) continue;
        leaving.set(operand, { name: `between ${leaving.size}`, isInner: true });
      }
    }
    for (const [i, group] of groups.entries()) {
      const outputs = [...leaving].filter(([{ maker }]) => placeOf.get(maker) === i);
      await this.#add(group, outputs, leaving, weights);
    }
  }

  /** Builds a graph of some calls. */
  async #add(group, leaves, leaving, weights) {
    const builder = new MLGraphBuilder(this.context);
    const reads = new Set();
    const made = new Map();
    const once = (key, make) => {
      if (!made.has(key)) made.set(key, make());
      return made.get(key);
    };
    const input = (name, { dataType, shape }) => {
      reads.add(name);
      return builder.input(name, { dataType, shape: [...shape] });
    };
    for (const name of new Set(group.flatMap((call) => call.constants(this.held)))) {
      const tensor = await weights.get(name).load();
      made.set(name, builder.constant(tensor, tensor.data));
    }
    for (const call of group) {
      const constants = call.constants(this.held);
      const operandOf = (operand) => {
        const { op, args } = operand;
        if (op === "weight" && constants.includes(args[0])) return made.get(args[0]);
        if (op === "weight") return once(operand, () => input(args[0], this.held.get(args[0])));
        if (op === "input") return once(operand, () => input(args[0], args[1]));
        if (op === "constant") return once(operand, () => builder.constant(...args));
        return once(operand, () => input(leaving.get(operand).name, leaving.get(operand)));
      };
      const result = builder[call.op](...mapped(call.args, operandOf));
      if (!Array.isArray(result)) made.set(call, result);
      else for (const operand of call) if (!result.length) break; else made.set(operand, result.shift());
    }
    const outputs = {};
    for (const [operand, leaf] of leaves) {
      const { dataType, shape } = made.get(operand);
      Object.assign(leaf, { dataType, shape: [...shape] });
      outputs[leaf.name] = made.get(operand);
      if (leaf.isInner) this.#tensors[leaf.name] = await this.context.createTensor({ dataType, shape: leaf.shape });
    }
    this.#graphs.push({ graph: await builder.build(outputs), reads: [...reads], makes: Object.keys(outputs) });
  }

  /** Puts all of it into the context's queue. */
  dispatch(feeds, results) {
    const tensors = { ...this.#tensors, ...feeds, ...results };
    const some = (names) => Object.fromEntries(names.map((name) => [name, tensors[name]]));
    for (const { graph, reads, makes } of this.#graphs) this.context.dispatch(graph, some(reads), some(makes));
  }

  destroy() {
    for (const { graph } of this.#graphs) graph.destroy();
    for (const [name, tensor] of Object.entries(this.#tensors)) if (!this.held.has(name)) tensor.destroy();
  }
}

export { Chain };
