// What the file of this folder needs to know of a model.

/** Calls with the weights that they read, by name, and the constants that they make. */
type Expansion = [(builder: any, ...weights: any[]) => any[], string[], string[]];

/** What is computed before the graph is built; each inner list in one go. */
export const EXPANSIONS: Expansion[][];
/** Names of the weights that nothing else reads. */
export const EXPANDED: Set<string>;
