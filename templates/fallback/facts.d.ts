// What the files of this folder need to know of a model. A generated module holds both, and they import nothing there; ort.js stands in
// a file of its own, which is imported where no context of WebNN takes the model.

/** Imports that file. */
export const FALLBACK: () => Promise<any>;
/** Where the ONNX model is, whose weights are those of the module. */
export const onnxUrl: () => URL;
/** The files of weights as the ONNX model reads them: its name for each, a tensor that is in it, and the sum of where those of the model begin. */
export const WEIGHT_FILES: { path: string; has: string; starts: number }[];
/** Imports ONNX Runtime Web, unless load() is given one. */
export const library: () => Promise<any>;
