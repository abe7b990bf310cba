// What sized.js needs to know of a model in several sizes. A generated module holds both, and they import nothing there.

import type { Type } from "../runtime/facts.js";

/** How long an axis is: always so, as a dimension is, by a formula of a dimension, or in each of the sizes. */
export type Extent = number | string | { dim: string; times: number; plus: number; per: number } | number[];

export interface Tensor {
  name: string;
  dataType: string;
  shape: Extent[];
}

/** The smallest first; each has the same dimensions. */
export const sizes: Record<string, number>[];
export const inputs: Tensor[];
export const outputs: Tensor[];
export const padding: "masked" | "zeros" | "exact";
/** The data types of inputs and outputs. */
export const TYPES: Record<string, Type>;
/** Names of the inputs that say which part of the others counts. */
export const MASKS: Set<string>;
/** Imports the module of each size. */
export const MODULES: (() => Promise<any>)[];
