import { TYPES } from "./facts.js";

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const byteLength = (tensor) => Math.ceil((product(tensor.shape) * TYPES[tensor.dataType][1]) / 8);
const describe = (tensor) => `${tensor.dataType}[${[tensor.shape].flat().join(", ")}]`;

/** A buffer as the data type's typed array, without a copy. */
const viewOf = (dataType, buffer) => new TYPES[dataType][0](buffer);

export { byteLength, describe, product, viewOf };
