import { ModelError } from "./errors.js";
import { OPERATORS, WEIGHTS, inputs, outputs } from "./facts.js";
import { byteLength, describe } from "./tensors.js";

/** Throws if the context says that it does not take what build() makes. */
function checkSupport(context) {
  const limits = context.opSupportLimits();
  const refuse = (what) => {
    throw new ModelError("unsupported", `the context does not take ${what}`);
  };
  for (const [kind, tensors] of Object.entries({ input: inputs, output: outputs, constant: WEIGHTS })) {
    for (const tensor of tensors) {
      const isKnown = limits[kind].dataTypes.includes(tensor.dataType);
      if (!isKnown || byteLength(tensor) > limits.maxTensorByteLength) refuse(`${kind} ${tensor.name} (${describe(tensor)})`);
    }
  }
  for (const [operator, dataTypes] of Object.entries(OPERATORS)) {
    const known = limits[operator] && (limits[operator].output?.dataTypes ?? dataTypes);
    for (const dataType of dataTypes) if (!known?.includes(dataType)) refuse(`${operator} with results of ${dataType}`);
  }
}

export { checkSupport };
