import { graph } from "./facts.js";

/** The constants of a graph, made as their weights arrive: WebNN copies them at once. */
class Constants {
  constructor(context) {
    this.context = context;
    this.builder = new MLGraphBuilder(context);
    this.made = new Map();
  }

  async add(tensor) {
    this.made.set(tensor.name, this.operand(tensor));
  }

  operand(tensor) {
    return this.builder.constant(tensor, tensor.data);
  }

  /** Builds the graph once all are there. */
  async build() {
    return this.builder.build(graph(this.builder, (name) => this.made.get(name)));
  }
}

export { Constants };
