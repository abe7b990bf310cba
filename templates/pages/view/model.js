// A scene with what is asked of it: who makes and reads a tensor, what depends on what, what a search finds.

export class Model {
  constructor(scene) {
    this.scene = scene;
    this.maker = new Map(); // operand -> call
    this.readers = new Map(); // operand -> calls
    this.groupOf = []; // call -> its innermost group
    this.parent = [null]; // group -> group around it
    scene.nodes.forEach((node, n) => {
      for (const operand of node.outputs) this.maker.set(operand, n);
      for (const operand of new Set(this.operandsOf(n))) {
        if (!this.readers.has(operand)) this.readers.set(operand, []);
        this.readers.get(operand).push(n);
      }
    });
    scene.groups.forEach((group, g) => {
      for (const [kind, number] of group.vertices.filter(Boolean)) {
        if (kind === "node") this.groupOf[number] = g;
        if (kind === "group") this.parent[number] = g;
      }
    });
    this.texts = scene.nodes.map((node) =>
      [node.op, node.label, ...node.outputs.flatMap((o) => [scene.operands[o].name, ...spellings(scene.operands[o])])].join(" ").toLowerCase(),
    );
  }

  operandsOf(n) {
    return operandsIn(Object.values(this.scene.nodes[n].arguments));
  }

  /** The calls whose name, operator, label, type or shape have all of these words. */
  search(text) {
    const words = text.toLowerCase().replace(/\s*,\s*/g, ",").split(/\s+/).filter(Boolean);
    const found = [];
    if (words.length) this.texts.forEach((known, n) => words.every((word) => known.includes(word)) && found.push(n));
    return found;
  }

  /** The groups around a call or a group, innermost first, without the whole graph. */
  around(kind, number) {
    const groups = [];
    let g = kind === "node" ? this.groupOf[number] : kind === "group" ? this.parent[number] : 0;
    for (; g; g = this.parent[g]) groups.push(g);
    return groups;
  }

  /** The calls that these depend on, themselves included. */
  ancestors(calls) {
    return reached(calls, (n) => this.operandsOf(n).map((operand) => this.maker.get(operand)));
  }

  /** The calls that depend on these, themselves included. */
  descendants(calls) {
    return reached(calls, (n) => this.scene.nodes[n].outputs.flatMap((operand) => this.readers.get(operand) ?? []));
  }

  /** The calls that a box stands for: one, those of a group, the readers of an input, the maker of an output. */
  callsOf({ kind, number }) {
    if (kind === "node") return [number];
    if (kind === "group" || kind === "open") return this.scene.groups[number].calls;
    if (kind === "input") return this.readers.get(number) ?? [];
    return this.maker.has(number) ? [this.maker.get(number)] : [];
  }
}

export function operandsIn(value) {
  if (Array.isArray(value)) return value.flatMap(operandsIn);
  return value !== null && typeof value === "object" ? [value.operand] : [];
}

/** `float32[1, 3]` as people write it, and the ways in which they search for it. */
export function describe({ type, shape }) {
  return `${type}[${shape.join(", ")}]`;
}

function spellings({ type, shape }) {
  return [type, `[${shape.join(",")}]`, shape.join("x"), shape.join("×")];
}

function reached(start, next) {
  const found = new Set(start);
  for (const n of found) for (const other of next(n)) if (other !== undefined) found.add(other);
  return found;
}
