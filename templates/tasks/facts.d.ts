// What the files of this folder need to know of a model that is asked about pictures. Its module holds both; they import nothing there.

import type { Type } from "../runtime/facts.js";

/** What the model's own module throws. */
export class ModelError extends Error {
  constructor(code: string, message: string, cause?: unknown);
  readonly code: string;
}
/** The data types of the input and of the outputs that are read. */
export const TYPES: Record<string, Type>;
/** The input that is a picture: its name, data type and shape, and what it means with all defaults. */
export const IMAGE: any;
/** Of a picture. */
export const MOST_PIXELS: number;
/** Of one picture that are given. */
export const MOST_BOXES: number;
