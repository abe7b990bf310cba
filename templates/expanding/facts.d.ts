// What the files of this folder need to know of a model.

/** Calls with the weights that they read, by name, and the constants that they make. */
type Expansion = [(builder: any, ...weights: any[]) => any[], string[], string[]];

/** What is computed before the graph is built; each inner list in one go. */
export const EXPANSIONS: Expansion[][];
type Numbers = string | { shape: number[]; data: Float32Array | Int8Array | Uint8Array };
/**
 * Constants that are dequantized: the name, then integers, scales and zero points, of weights by their names, then of each axis
 * its length, and in how many blocks it has scales.
 */
export const DEQUANTIZED: [string, Numbers, Numbers, Numbers, [number, number][]][];
/** Names of the constants that nothing else reads. */
export const EXPANDED: Set<string>;
