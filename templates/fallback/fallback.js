import { onDevice } from "../runtime/devices.js";
import { ModelError, unsupported } from "../runtime/errors.js";
import { Model } from "../runtime/model.js";
import { FALLBACK } from "./facts.js";

/** What a model computes with. */
Object.defineProperty(Model.prototype, "backend", {
  get() {
    const { context, device } = this;
    return "backend" in context ? context.backend : device ? `webnn-${device}` : "webnn";
  },
});

/** What `make(context, how)` gives on a context of WebNN, or on one of the fallback where there is none that takes it. */
async function onAnyDevice(options, make) {
  try {
    return await onDevice(options, make);
  } catch (refusal) {
    if (options?.context || (refusal.code !== "unsupported" && refusal.code !== "lost")) throw refusal;
    try {
      const context = await (await FALLBACK()).contextOf(options);
      return await onDevice({ ...options, context }, () => make(context, { ownsContext: true }));
    } catch (error) {
      if (error instanceof ModelError && error.code !== "unsupported") throw error;
      throw unsupported(`${refusal.message}; and without WebNN: ${error.message}`, error);
    }
  }
}

export { onAnyDevice };
