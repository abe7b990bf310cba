import { unsupported } from "./errors.js";
import { DATA_TYPES } from "./facts.js";

/** Throws if the context says that it does not take what build() makes. */
function checkSupport(context) {
  const limits = context.opSupportLimits();
  for (const [dataType, calls] of Object.entries(DATA_TYPES)) {
    for (const call of calls.split(" ")) {
      const limit = limits[call];
      const result = limit?.output ?? limit?.outputs ?? limit?.output0 ?? limit;
      if (!result?.dataTypes.includes(dataType)) throw unsupported(`the context has no ${call} of ${dataType}`);
    }
  }
}

export { checkSupport };
