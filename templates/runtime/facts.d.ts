// What the files of this folder need to know of a model. A generated module holds both, and they import nothing there.

import type { TYPES } from "./tensors.js";

export interface Tensor {
  name: string;
  dataType: keyof typeof TYPES;
  shape: number[];
  /** How the numbers are distributed that are drawn for an input when it is missing. */
  random?: "normal" | "uniform";
}

/** What build() reads from the weights. */
export const WEIGHTS: Tensor[];
/** The digest of these weights; empty where nothing is known. */
export const weightsDigest: string;
export const inputs: Tensor[];
export const outputs: Tensor[];
/** Names of the inputs that reach an output. */
export const BOUND: Set<string>;
/** By what the graph calls, and for input, output and constant: the data types of what it makes. */
export const DATA_TYPES: Record<string, string[]>;
/** What load() takes. */
export const OPTIONS: string[];
/** The graph, in the calls of MLGraphBuilder; `weight` gives a constant by its name. */
export function graph(builder: any, weight: (name: string) => any): Record<string, any>;
/** Builds the graph on a context, with weights by name. */
export function build(context: any, weights: Map<string, any>): Promise<any>;
