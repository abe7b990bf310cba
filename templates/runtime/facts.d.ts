// What the files of this folder need to know of a model. A generated module holds both, and they import nothing there.

export interface Tensor {
  name: string;
  dataType: string;
  shape: number[];
  /** How the numbers are distributed that are drawn for an input when it is missing. */
  random?: "normal" | "uniform";
}

/** Of a data type: its typed array, the bits of an element, what safetensors calls it, and the names of arrays it takes if not that one's. */
export type Type = [any, number, string, string[]?];

/** The data types of inputs, outputs and weights. 4-bit elements stand packed in bytes, low nibble first. */
export const TYPES: Record<string, Type>;
/** What build() reads from the weights. */
export const WEIGHTS: Tensor[];
/** The digest of these weights; empty where nothing is known. */
export const weightsDigest: string;
export const inputs: Tensor[];
export const outputs: Tensor[];
/** The inputs that reach an output. */
export const BOUND: Tensor[];
/** By data type, what the graph makes of it: its calls, and input, output and constant. */
export const DATA_TYPES: Record<string, string>;
/** What load() takes. */
export const OPTIONS: string;
/** The graph, in the calls of MLGraphBuilder; `weight` gives a constant by its name. */
export function graph(builder: any, weight: (name: string) => any): Record<string, any>;
/** Builds the graph on a context, with weights by name. */
export function build(context: any, weights: Map<string, any>): Promise<any>;
