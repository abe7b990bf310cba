import { ModelError } from "./errors.js";
import { DATA_TYPES } from "./facts.js";

const resultOf = (limits) => limits?.output ?? limits?.outputs ?? limits?.output0 ?? limits;

/** Throws if the context says that it does not take what build() makes. */
function checkSupport(context) {
  const limits = context.opSupportLimits();
  for (const [call, dataTypes] of Object.entries(DATA_TYPES)) {
    const refused = dataTypes.find((dataType) => !resultOf(limits[call])?.dataTypes.includes(dataType));
    if (refused) throw new ModelError("unsupported", `the context has no ${call} of ${refused}`);
  }
}

export { checkSupport };
